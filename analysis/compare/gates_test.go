package compare

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"toolgen/datasets"
	"toolgen/fuzzing"
)

// The file that the documentation shows.
const exampleGates = `version: 1
defaults: {floor_rel: 0.02, floor_abs: 0, alpha: 0.05, min_seeds: 1, missing: fail, on_inconclusive: report}
gates:
  - {metric: virtual_ms,  scope: {spec: "*"}, direction: min, floor_rel: 0.05}
  - {metric: fitness,     scope: {spec: "*"}, direction: max, floor_abs: 0.005}
  - {metric: flake_rate,  scope: {}, direction: min, limit: 0.01}
  - {metric: repair_rate, scope: {}, direction: max, test: true, min_seeds: 6}
  - {metric: hypervolume, scope: {spec: text_deduplicate}, direction: max}
`

func gatesOf(t testing.TB, text string) *Gates {
	t.Helper()
	g, err := ParseGates("gates.yaml", []byte(text))
	check(t, err)
	return g
}

// one is a gate file with one gate.
func one(t testing.TB, gate string) *Gates { return gatesOf(t, "version: 1\ngates: [{"+gate+"}]") }

func TestGateFile(t *testing.T) {
	g := gatesOf(t, exampleGates)
	if len(g.Gates) != 5 {
		t.Fatalf("%d gates", len(g.Gates))
	}
	if v := g.Gates[0]; v.Metric != "virtual_ms" || *v.Spec != "*" || v.Style != nil || v.Direction != Min || v.Rel != 0.05 || v.Abs != 0 ||
		*v.Alpha != 0.05 || v.MinSeeds != 1 || v.Missing != Fail || v.OnInconclusive != Report || v.Limit != nil || v.Test || v.Line != 4 {
		t.Errorf("%+v", v)
	}
	if v := g.Gates[1]; v.Rel != 0.02 || v.Abs != 0.005 {
		t.Errorf("%+v", v)
	}
	if v := g.Gates[2]; v.Spec != nil || *v.Limit != 0.01 {
		t.Errorf("%+v", v)
	}
	if v := g.Gates[3]; !v.Test || v.MinSeeds != 6 || v.Name() != "repair_rate {} tested" {
		t.Errorf("%+v", v)
	}
	bare := one(t, `metric: novelty, scope: {style: "t?ie"}, direction: max`).Gates[0]
	if bare.Floors != DefaultFloors || bare.Alpha != nil || bare.MinSeeds != 1 || bare.Missing != Fail || bare.OnInconclusive != Report || bare.Spec != nil || *bare.Style != "t?ie" {
		t.Errorf("%+v", bare)
	}
}

func TestGateFileProblems(t *testing.T) {
	gate := func(s string) string { return "version: 1\ngates:\n  - {" + s + "}\n" }
	good := `metric: virtual_ms, scope: {spec: "*"}, direction: min`
	for name, c := range map[string]struct{ text, want string }{
		"empty":       {"", "gates.yaml:1:1: the file says nothing"},
		"comment":     {"# nothing\n", "the file says nothing"},
		"list":        {"- 1\n", "gates.yaml:1:1: expected a mapping with the keys version, defaults, gates, got a list"},
		"key":         {"version: 1\ngate: []\n", `gates.yaml:2:1: unknown key "gate"; did you mean "gates"?`},
		"no version":  {"gates: [{" + good + "}]", "gates.yaml:1:1: version: missing; expected version: 1"},
		"version":     {"version: 2\ngates: [{" + good + "}]", "gates.yaml:1:10: version: version 2, but this program reads version 1"},
		"no gates":    {"version: 1\n", "gates: missing"},
		"empty list":  {"version: 1\ngates: []\n", "gates.yaml:2:8: gates: the list is empty"},
		"metric":      {gate(`metric: virtual_m, scope: {spec: "*"}, direction: min`), `gates.yaml:3:14: gates[0].metric: unknown metric "virtual_m"; did you mean "virtual_ms"?`},
		"far metric":  {gate(`metric: zzzzzzzzzzzz, scope: {spec: "*"}, direction: min`), "expected one of anneal_temp,"},
		"no metric":   {gate(`scope: {spec: "*"}, direction: min`), "gates.yaml:3:5: gates[0].metric: missing"},
		"text column": {gate(`metric: verdict, scope: {spec: "*"}, direction: min`), "unknown metric"},
		"no scope":    {gate(`metric: virtual_ms, direction: min`), "gates[0].scope: missing"},
		"whole":       {gate(`metric: virtual_ms, scope: {}, direction: min`), "gates.yaml:3:33: gates[0].scope: {} is the whole experiment"},
		"scope key":   {gate(`metric: virtual_ms, scope: {specs: "*"}, direction: min`), `gates[0].scope: unknown key "specs"; did you mean "spec"?`},
		"glob":        {gate(`metric: virtual_ms, scope: {spec: "[a"}, direction: min`), `"[a" is no pattern`},
		"alias":       {gate(`metric: virtual_ms, scope: {spec: *x}, direction: min`), "gates.yaml:3:"},
		"direction":   {gate(`metric: virtual_ms, scope: {spec: "*"}, direction: down`), `unknown value "down"; expected one of min, max`},
		"no dir":      {gate(`metric: virtual_ms, scope: {spec: "*"}`), "gates[0].direction: missing; expected min or max"},
		"floor":       {gate(good + ", floor_rel: -0.1"), "gates[0].floor_rel: -0.1 is out of range; expected a number from 0 to"},
		"quoted":      {gate(good + `, floor_rel: "0.1"`), `expected a plain number such as 0.05, got the text "0.1"`},
		"exponent":    {gate(good + ", floor_abs: 1e3"), "expected a plain number"},
		"seeds":       {gate(good + ", min_seeds: 0"), "expected a whole number from 1 to 10000"},
		"half seeds":  {gate(good + ", min_seeds: 1.5"), "expected a whole number such as 6, got 1.5"},
		"alpha":       {gate(good + ", alpha: 5"), "gates[0].alpha: 5 is out of range"},
		"test":        {gate(good + ", test: yes"), "expected true or false"},
		"missing":     {gate(good + ", missing: pass"), `unknown value "pass"; expected one of fail, report`},
		"limit floor": {gate(good + ", limit: 3, floor_rel: 0.1"), "says nothing beside a limit"},
		"limit test":  {gate(good + ", limit: 3, test: true"), "says nothing beside a limit"},
		"default":     {"version: 1\ndefaults: {metric: x}\ngates: [{" + good + "}]", `gates.yaml:2:12: defaults: unknown key "metric"`},
		"twice":       {gate(good + ", direction: max"), "stands twice"},
		"two docs":    {"version: 1\ngates: [{" + good + "}]\n---\nversion: 1\n", "a second document"},
		"tab":         {"version: 1\n\tgates: 3\n", "no YAML"},
		"tag":         {gate(good + ", test: !!bool true"), "values are written without tags"},
		"binary":      {"version: \x00", "gates.yaml:1:10: byte 0x00 is no text"},
		"deep":        {"version: " + strings.Repeat("[", 30) + strings.Repeat("]", 30), "nested more than"},
	} {
		_, err := ParseGates("gates.yaml", []byte(c.text))
		ge, ok := errors.AsType[*GatesError](err)
		if !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
			continue
		}
		for _, p := range ge.Problems {
			if p.Line < 1 || p.Column < 1 || p.File != "gates.yaml" {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
	_, err := ParseGates("g", []byte("version: 2\ngates: [{metric: a}, {metric: b}]"))
	if ge, ok := errors.AsType[*GatesError](err); !ok || len(ge.Problems) != 7 {
		t.Errorf("not all problems were found: %v", err)
	}
}

// Whatever stands in a gate file, reading it ends with gates or with a problem that has
// a place; what was read can be used.
func FuzzGateFile(f *testing.F) {
	fuzzing.Briefly(f)
	f.Add([]byte(exampleGates))
	f.Add([]byte("version: 1\ngates: [{metric: fuel, scope: {style: x}, direction: max, limit: 3}]"))
	f.Add([]byte("version: 1\n? {a: b}\n: c\n"))
	f.Add([]byte("&a [*a, *a]"))
	f.Add([]byte("gates: {<<: {a: 1}}"))
	rows := twoStyles([]int64{1}, 10, 20)
	x := read(f, "a", folder{rows: rows})
	y := read(f, "b", folder{rows: rows})
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := ParseGates("f", data)
		if err != nil {
			ge, ok := errors.AsType[*GatesError](err)
			if !ok || len(ge.Problems) == 0 || ge.Problems[0].Line < 1 || ge.Problems[0].Column < 1 {
				t.Fatalf("error %#v", err)
			}
			return
		}
		if len(g.Gates) == 0 {
			t.Fatal("no gates and no error")
		}
		r := Compare(x, []*Experiment{y}, Options{Gates: g})
		if len(r.Gates) != len(g.Gates) {
			t.Fatalf("%d results of %d gates", len(r.Gates), len(g.Gates))
		}
	})
}

func gateVerdict(t *testing.T, r *Result, want GateVerdict, says string) {
	t.Helper()
	if r.Gates[0].Verdict != want || !strings.Contains(summary(r), says) {
		t.Errorf("gate %s, want %s and %q:\n%s", r.Gates[0].Verdict, want, says, summary(r))
	}
	answers := map[GateVerdict]Answer{GatePass: NoRegression, GateFail: Regression, GateInconclusive: CannotTell}
	if r.Answer != answers[want] {
		t.Errorf("answer %s for a gate that is %s", r.Answer, want)
	}
}

func TestGatesDecide(t *testing.T) {
	base := read(t, "a", folder{rows: twoStyles(seedsTo(3), 10, 20)})
	slow := []*Experiment{read(t, "b", folder{rows: twoStyles(seedsTo(3), 10, 22)})}
	gate := func(g string) *Result { return Compare(base, slow, Options{Gates: one(t, g)}) }
	// trie is 10 % slower, set is not.
	gateVerdict(t, gate(`metric: virtual_ms, scope: {spec: "*"}, direction: min`), GatePass, "no difference")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {spec: "*", style: "*"}, direction: min`), GateFail, "worse: +10 %")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {style: trie}, direction: min, floor_rel: 0.11`), GatePass, "within the floors")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {style: trie}, direction: max`), GatePass, "better: +10 %")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {style: "s*"}, direction: min`), GatePass, "")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {style: trie}, direction: min, floor_abs: 3`), GatePass, "")
	// Too few seeds, and what is missing, is never a pass.
	gateVerdict(t, gate(`metric: virtual_ms, scope: {spec: "*"}, direction: min, min_seeds: 4`), GateInconclusive, "the gate wants 4")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {spec: "*"}, direction: min, min_seeds: 4, on_inconclusive: fail`), GateFail, "the gate wants 4")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {spec: nobody}, direction: min`), GateFail, "missing: nothing that the gate speaks of")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {spec: nobody}, direction: min, missing: report`), GateInconclusive, "missing")
	gateVerdict(t, gate(`metric: quality, scope: {spec: "*"}, direction: max`), GateFail, "missing")
	gateVerdict(t, gate(`metric: repair_rate, scope: {}, direction: max`), GateFail, "missing")
	// So is what only the new side has: there is nothing to hold it against.
	none := twoStyles(seedsTo(3), 10, 20)
	for i := range none {
		none[i].infeasible = true
	}
	r := Compare(read(t, "a", folder{rows: none}), slow, Options{Gates: one(t, `metric: virtual_ms, scope: {spec: "*"}, direction: min`)})
	gateVerdict(t, r, GateFail, "missing: the base has no value: no feasible candidate has one under any of 3 seeds")
	// A limit is about the new side alone: 22 * 1.03 is the slowest.
	gateVerdict(t, gate(`metric: virtual_ms, scope: {style: trie}, direction: min, limit: 22.66`), GatePass, "22.66 at worst")
	gateVerdict(t, gate(`metric: peak_memory_bytes, scope: {spec: "*"}, direction: min, limit: 8388608`), GatePass, "") // what it may be, it may be
	gateVerdict(t, gate(`metric: virtual_ms, scope: {style: trie}, direction: min, limit: 22.5`), GateFail, "broken under seed 3")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {style: trie}, direction: max, limit: 22.3`), GateFail, "broken under seed 1")
	gateVerdict(t, gate(`metric: virtual_ms, scope: {style: gone}, direction: min, limit: 1`), GateFail, "missing")
	// Several gates: red before inconclusive before green.
	r = Compare(base, slow, Options{Gates: gatesOf(t, `version: 1
gates:
  - {metric: virtual_ms, scope: {spec: "*"}, direction: min, min_seeds: 9}
  - {metric: virtual_ms, scope: {style: trie}, direction: min}
  - {metric: fitness, scope: {spec: "*"}, direction: max}`)})
	wantAnswer(t, r, Regression)
	if r.Gates[0].Verdict != GateInconclusive || r.Gates[1].Verdict != GateFail || r.Gates[2].Verdict != GatePass {
		t.Error(summary(r))
	}
	// Without a common seed nothing is a fact.
	other := []*Experiment{read(t, "b", folder{rows: twoStyles(seedsFrom(4, 6), 10, 20)})}
	gateVerdict(t, Compare(base, other, Options{Gates: one(t, `metric: virtual_ms, scope: {spec: "*"}, direction: min`)}), GateInconclusive, "no seed in common")
}

// A generalization gate over three seeds cannot tell, over six it can.
func TestTestedGate(t *testing.T) {
	gates := one(t, `metric: virtual_ms, scope: {style: trie}, direction: min, test: true`)
	run := func(n int64, ms float64, name string) *Experiment {
		return read(t, name, folder{rows: twoStyles(seedsTo(n), 10, ms)})
	}
	with := func(n int64, ms float64) *Result {
		return Compare(run(n, 20, "a"), []*Experiment{run(n, ms, "b")}, Options{Gates: gates})
	}
	gateVerdict(t, with(3, 30), GateInconclusive, "3 pairs cannot reach p 0.05; it takes 6")
	gateVerdict(t, with(3, 20), GateInconclusive, "it takes 6")
	gateVerdict(t, with(6, 30), GateFail, "worse: +50 %, q 0.03125")
	gateVerdict(t, with(6, 10), GatePass, "better: -50 %, q 0.03125")
	gateVerdict(t, with(6, 20), GatePass, "no difference")
	// Rows are facts: a gate that is tested does not make tests of them.
	for _, row := range with(6, 30).Rows {
		if row.P != nil {
			t.Errorf("%+v", row)
		}
	}
	// The same contrast in a row and a gate is one test: q is p times 9 rows / 1.
	r := Compare(run(9, 20, "a"), []*Experiment{run(9, 30, "b")}, Options{Gates: gates, Generalize: true})
	near(t, "q", r.Gates[0].Checks[0].Q, 9*2.0/512)
	// A gate that wants more certainty has it.
	strict := one(t, `metric: virtual_ms, scope: {style: trie}, direction: min, test: true, alpha: 0.01`)
	r = Compare(run(6, 20, "a"), []*Experiment{run(6, 30, "b")}, Options{Gates: strict})
	gateVerdict(t, r, GateInconclusive, "6 pairs cannot reach p 0.01; it takes 8")
	// Worse on average, but not beyond chance: six pairs, five up and one down by as much
	// as the largest: not a pass.
	rows := twoStyles(seedsTo(6), 10, 20)
	mixed := twoStyles(seedsTo(6), 10, 30)
	for i := range mixed {
		if mixed[i].seed == 1 {
			mixed[i].ms /= 3
		}
	}
	r = Compare(read(t, "a", folder{rows: rows}), []*Experiment{read(t, "b", folder{rows: mixed})}, Options{Gates: gates})
	gateVerdict(t, r, GateInconclusive, "it may be chance")
}

// Faster wherever both have a value, which is significant, and gone under one seed: that
// is no pass.
func TestFasterButGoneUnderASeed(t *testing.T) {
	fast := twoStyles(seedsTo(8), 10, 10)
	for i := range fast {
		fast[i].infeasible = fast[i].seed == 8 && fast[i].style == "trie"
	}
	r := Compare(read(t, "a", folder{rows: twoStyles(seedsTo(8), 10, 20)}), []*Experiment{read(t, "b", folder{rows: fast})},
		Options{Gates: one(t, `metric: virtual_ms, scope: {style: trie}, direction: min, test: true`)})
	gateVerdict(t, r, GateInconclusive, "-50 %, q 0.015625, but none in b under seed 8")
}

// Of 300 that ran 0 are flaky: the upper Clopper-Pearson bound is 1 - 0.025^(1/300) = 0.01222,
// so a limit of 0.01 is not shown to hold, and 0.0123 is. 12 of 300 have the lower bound
// 0.0208, so 0.02 is broken.
func TestLimitOnARate(t *testing.T) {
	run := func(flaky int) *Experiment {
		var rows []contestantRow
		for i := range 300 {
			rows = append(rows, contestantRow{seed: int64(i % 3), spec: []string{"s", "u"}[i%2], style: "set", id: fmt.Sprint("c", i), fitness: 0.5, ms: 1, flaky: i < flaky})
		}
		return read(t, "b", folder{rows: rows})
	}
	base := read(t, "a", folder{rows: twoStyles(seedsTo(3), 10, 20)})
	gate := func(flaky int, g string) *Result {
		return Compare(base, []*Experiment{run(flaky)}, Options{Gates: one(t, g)})
	}
	r := gate(0, "metric: flake_rate, scope: {}, direction: min, limit: 0.01")
	gateVerdict(t, r, GateInconclusive, "0 of 300")
	if k := r.Gates[0].Checks[0]; *k.Count != (Count{0, 300}) || *k.Value != 0 || math.Abs(k.Bounds.High-0.012221) > 1e-6 || k.Spec != nil {
		t.Errorf("%+v", k)
	}
	gateVerdict(t, gate(0, "metric: flake_rate, scope: {}, direction: min, limit: 0.01, on_inconclusive: fail"), GateFail, "")
	gateVerdict(t, gate(0, "metric: flake_rate, scope: {}, direction: min, limit: 0.0123"), GatePass, "0 of 300")
	gateVerdict(t, gate(12, "metric: flake_rate, scope: {}, direction: min, limit: 0.02"), GateFail, "12 of 300")
	gateVerdict(t, gate(12, "metric: flake_rate, scope: {}, direction: min, limit: 0.03"), GateInconclusive, "12 of 300")
	gateVerdict(t, gate(12, "metric: flake_rate, scope: {}, direction: max, limit: 0.1"), GateFail, "at least 0.1")
	gateVerdict(t, gate(12, "metric: flake_rate, scope: {}, direction: max, limit: 0.02"), GatePass, "at least 0.02")
	gateVerdict(t, gate(12, "metric: flake_rate, scope: {}, direction: max, limit: 0.03"), GateInconclusive, "at least 0.03")
	gateVerdict(t, gate(12, "metric: flake_rate, scope: {}, direction: min, limit: 0.1, min_seeds: 4"), GateInconclusive, "3 seeds, the gate wants 4")
	r = gate(0, `metric: flake_rate, scope: {spec: "*"}, direction: min, limit: 0.5`)
	gateVerdict(t, r, GateFail, "missing") // the base's spec is not played any more
	if len(r.Gates[0].Checks) != 3 || *r.Gates[0].Checks[1].Count != (Count{0, 150}) {
		t.Errorf("%+v", r.Gates[0].Checks)
	}
}

// The rate of the whole experiment is that of all its specs together, by seed.
func TestRateOfAWholeExperiment(t *testing.T) {
	rows := func(repaired int) []contestantRow {
		var out []contestantRow
		for i := range 8 {
			outcome := datasets.OutcomeNotRepaired
			if i < repaired {
				outcome = datasets.OutcomeRepaired
			}
			out = append(out, contestantRow{seed: 1, spec: []string{"s", "u"}[i%2], style: "set", id: fmt.Sprint("c", i), infeasible: true, handoff: outcome})
		}
		return out
	}
	r := Compare(read(t, "a", folder{rows: rows(4)}), []*Experiment{read(t, "b", folder{rows: rows(3)})}, Options{Gates: one(t, "metric: repair_rate, scope: {}, direction: max")})
	gateVerdict(t, r, GateFail, "worse: -25 %")
	if k := r.Gates[0].Checks[0]; *k.Base != 0.5 || *k.Value != 0.375 {
		t.Errorf("%+v", k)
	}
}

// Fitness under other weights is no fitness to hold against: missing, not passed.
func TestGateOnAnotherScale(t *testing.T) {
	f := folder{rows: twoStyles(seedsTo(2), 10, 20)}
	g := f
	g.manifest = func(m map[string]any) { m["epochs"] = 3 }
	r := Compare(read(t, "a", f), []*Experiment{read(t, "b", g)}, Options{Gates: one(t, `metric: hypervolume, scope: {spec: "*"}, direction: max`)})
	gateVerdict(t, r, GateFail, "the last time budget differs")
	// Nothing that can be compared: gates do not pass either.
	g.manifest = func(m map[string]any) { m["fuel_per_ms"] = 3 }
	r = Compare(read(t, "a", f), []*Experiment{read(t, "b", g)}, Options{Gates: one(t, `metric: fuel, scope: {spec: "*"}, direction: max`)})
	wantAnswer(t, r, NotComparable)
	if len(r.Gates) != 1 || r.Gates[0].Verdict != GateInconclusive {
		t.Error(summary(r))
	}
}
