package evaluate

import (
	"math"
	"testing"

	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

const (
	mib       = 1 << 20
	fuelPerMS = 10_000_000
)

// budget is the first budget of the default manifest.
var budget = Budget{TimeoutMS: 2000, MemoryBytes: 128 * mib, FuelPerMS: fuelPerMS}

var weights = Weights{Correctness: 0.40, Safety: 0.25, Performance: 0.15, Robustness: 0.10, Documentation: 0.10}

// sound is a suite of four search, two robustness, one validate and one holdout
// case, and a candidate that does everything right.
func sound() (*Measurement, *testgen.Suite) {
	suite := &testgen.Suite{Compare: specs.CompareBytes, Bench: &testgen.Bench{Samples: 4}}
	m := &Measurement{Runs: [][]Call{nil, nil}}
	for i, kind := range []string{"search", "search", "search", "search", "robustness", "robustness", "validate", "holdout"} {
		suite.Cases = append(suite.Cases, testgen.Case{ID: string(rune('a' + i)), Kind: kind})
		ok := Call{Outcome: sandbox.OK, Correct: true, Fuel: 1000, PeakBytes: 4 * mib, Entropy: int64(i)}
		m.Runs[0] = append(m.Runs[0], ok)
		ok.Agrees, ok.Entropy = true, int64(100+i)
		if kind == "validate" || kind == "holdout" {
			ok = Call{Outcome: NotRun}
		}
		m.Runs[1] = append(m.Runs[1], ok)
	}
	for i := range 4 {
		m.Timed = append(m.Timed, Call{Outcome: sandbox.OK, Correct: true, Fuel: int64(10*fuelPerMS + i), PeakBytes: 8 * mib})
	}
	m.Static = Static{Safety: [6]bool{true, true, true, true, true, true}, Documentation: [6]bool{true, true, true, true, true, true}}
	return m, suite
}

func TestJudgeSound(t *testing.T) {
	m, suite := sound()
	ev := Judge(m, suite, budget)
	if ev.Verdict != Pass || !ev.Feasible || ev.Violation != 0 || ev.CasesPassed != 4 || ev.CasesTotal != 4 {
		t.Errorf("sound candidate: %+v", ev)
	}
	// Four timed calls of 1e8 + 0..3 fuel: the lower median is the second.
	if *ev.Fuel != 10*fuelPerMS+1 || *ev.FuelP10 != 10*fuelPerMS || *ev.FuelP90 != 10*fuelPerMS+3 {
		t.Errorf("fuel quantiles %d %d %d", *ev.Fuel, *ev.FuelP10, *ev.FuelP90)
	}
	if *ev.VirtualMS != float64(10*fuelPerMS+1)/fuelPerMS || *ev.PeakMemoryBytes != 8*mib {
		t.Errorf("virtual_ms %v, peak %d", *ev.VirtualMS, *ev.PeakMemoryBytes)
	}
	if f := BaseFitness(&ev, weights); f != 1 {
		t.Errorf("base fitness %v, want 1", f)
	}
}

// TestVerdicts damages one thing at a time and reads the verdict, and what follows.
func TestVerdicts(t *testing.T) {
	timed := func(o sandbox.Outcome) func(*Measurement) {
		return func(m *Measurement) { m.Timed = []Call{{Outcome: o}} }
	}
	search := func(c Call) func(*Measurement) {
		return func(m *Measurement) { m.Runs[0][1] = c; m.Runs[1][1] = c; m.Runs[1][1].Agrees = true }
	}
	for _, tt := range []struct {
		name        string
		damage      func(*Measurement)
		verdict     string
		correctness float64
		safety      float64
		performance float64
		stability   float64
	}{
		{"wrong answer", search(Call{Outcome: sandbox.OK}), WrongOutput, 0.75, 1, 1, 1},
		{"an error where an output was wanted", search(Call{Outcome: sandbox.ToolError}), WrongOutput, 0.75, 1, 1, 1},
		{"trap", search(Call{Outcome: sandbox.Trap}), Trap, 0.75, 0.9, 1, 1},
		{"stack overflow counts as a trap for safety", search(Call{Outcome: sandbox.StackOverflow}), StackOverflow, 0.75, 0.9, 1, 1},
		{"out of memory", search(Call{Outcome: sandbox.OutOfMemory}), OutOfMemory, 0.75, 0.9, 1, 1},
		{"timeout", search(Call{Outcome: sandbox.Timeout}), Timeout, 0.75, 1, 1, 1},
		{"flood", search(Call{Outcome: sandbox.OutputFlood}), OutputFlood, 0.75, 0.9, 1, 1},
		{"more memory than the budget", search(Call{Outcome: sandbox.OK, Correct: true, PeakBytes: 128*mib + 1}), OutOfMemory, 0.75, 0.9, 1, 1},
		{"memory to the last byte", search(Call{Outcome: sandbox.OK, Correct: true, PeakBytes: 128 * mib}), Pass, 1, 1, 1, 1},
		{"more time than the budget", search(Call{Outcome: sandbox.OK, Correct: true, Fuel: 2000*fuelPerMS + 1}), Timeout, 0.75, 1, 1, 1},
		{"time to the last unit", search(Call{Outcome: sandbox.OK, Correct: true, Fuel: 2000 * fuelPerMS}), Pass, 1, 1, 1, 1},
		{"a denied host call", search(Call{Outcome: sandbox.OK, Correct: true, Denied: []string{"fd_write"}}), Pass, 1, 0.9, 1, 1},
		{"a timed call traps", timed(sandbox.Trap), Trap, 1, 0.9, 0, 1},
		{"a timed call runs out of time", timed(sandbox.Timeout), Timeout, 1, 1, 0, 1},
		{"a timed call answers wrongly", func(m *Measurement) { m.Timed[2].Correct = false }, WrongOutput, 1, 1, 1, 1},
		{"trap goes before timeout", func(m *Measurement) {
			search(Call{Outcome: sandbox.Timeout})(m)
			timed(sandbox.Trap)(m)
		}, Trap, 0.75, 0.9, 0, 1},
		{"a robustness case traps: safety, no verdict", func(m *Measurement) {
			m.Runs[0][4] = Call{Outcome: sandbox.Trap}
			m.Runs[1][4] = Call{Outcome: sandbox.Trap, Agrees: true}
		}, Pass, 1, 0.9, 1, 1},
		{"validate and holdout cases move nothing else", func(m *Measurement) {
			m.Runs[0][6] = Call{Outcome: sandbox.Trap, PeakBytes: 1 << 40, Fuel: 1 << 60}
			m.Runs[0][7] = Call{Outcome: sandbox.Timeout, Denied: []string{"x"}}
		}, Pass, 1, 1, 1, 1},
		{"a rerun disagrees", func(m *Measurement) { m.Runs[1][2].Agrees = false }, Flaky, 1, 1, 1, 0.5},
		{"a robustness rerun disagrees", func(m *Measurement) { m.Runs[1][5].Agrees = false }, Flaky, 1, 1, 1, 0.5},
		{"a rerun ends another way", func(m *Measurement) { m.Runs[1][2].Outcome = sandbox.Trap }, Flaky, 1, 1, 1, 0.5},
		{"wrong goes before flaky", func(m *Measurement) {
			m.Runs[0][1].Correct = false
			m.Runs[1][2].Agrees = false
		}, WrongOutput, 0.75, 1, 1, 0.5},
		{"struck out", func(m *Measurement) {
			for i := range m.Runs[0] {
				m.Runs[0][i] = Call{Outcome: NotRun}
				m.Runs[1][i] = Call{Outcome: NotRun}
				if i < 3 {
					m.Runs[0][i] = Call{Outcome: sandbox.Timeout, Fuel: 2000*fuelPerMS + 1}
				}
			}
			m.Timed = nil
		}, Timeout, 0, 1, 0, 1},
		{"struck out by floods", func(m *Measurement) {
			for i := range m.Runs[0] {
				m.Runs[0][i], m.Runs[1][i] = Call{Outcome: NotRun}, Call{Outcome: NotRun}
				if i < 3 {
					m.Runs[0][i] = Call{Outcome: sandbox.OutputFlood, Fuel: 1}
				}
			}
			m.Timed = nil
		}, OutputFlood, 0, 0.9, 0, 1},
		{"a case that ran out of memory is not run again", func(m *Measurement) {
			m.Runs[0][1] = Call{Outcome: sandbox.OutOfMemory}
			m.Runs[1][1] = Call{Outcome: sandbox.OK, Correct: true}
		}, OutOfMemory, 0.75, 0.9, 1, 1},
	} {
		m, suite := sound()
		tt.damage(m)
		ev := Judge(m, suite, budget)
		if ev.Verdict != tt.verdict || ev.Correctness != tt.correctness || ev.Safety != tt.safety ||
			*ev.Performance != tt.performance || ev.Stability != tt.stability {
			t.Errorf("%s: verdict %s correctness %v safety %v performance %v stability %v, want %s %v %v %v %v", tt.name,
				ev.Verdict, ev.Correctness, ev.Safety, *ev.Performance, ev.Stability,
				tt.verdict, tt.correctness, tt.safety, tt.performance, tt.stability)
		}
		if ev.Feasible != (tt.verdict == Pass && tt.safety == 1) {
			t.Errorf("%s: feasible %v", tt.name, ev.Feasible)
		}
	}
}

// TestTighterBudget holds one measurement against budgets that shrink.
func TestTighterBudget(t *testing.T) {
	m, suite := sound()
	for i := range m.Timed {
		m.Timed[i].Fuel = 1500 * fuelPerMS
		m.Timed[i].PeakBytes = 100 * mib
	}
	for _, tt := range []struct {
		ms, mem     float64
		verdict     string
		performance float64
		violation   float64
	}{
		{2000, 128, Pass, 1, 0},
		{1500, 100, Pass, 1, 0},
		{1000, 128, Timeout, 1000.0 / 1500, 0.5},
		{2000, 80, OutOfMemory, 1, 0.1 + 0.25}, // safety 0.9, and a quarter too much
		{1000, 80, OutOfMemory, 1000.0 / 1500, 0.1 + 0.25 + 0.5},
	} {
		ev := Judge(m, suite, Budget{TimeoutMS: tt.ms, MemoryBytes: int64(tt.mem * mib), FuelPerMS: fuelPerMS})
		if ev.Verdict != tt.verdict || math.Abs(*ev.Performance-tt.performance) > 1e-12 || math.Abs(ev.Violation-tt.violation) > 1e-12 {
			t.Errorf("%v ms, %v MiB: %s, performance %v, violation %v; want %s, %v, %v",
				tt.ms, tt.mem, ev.Verdict, *ev.Performance, ev.Violation, tt.verdict, tt.performance, tt.violation)
		}
	}
}

// TestOutcome puts single calls under a budget of 1000 units and 2 MiB.
func TestOutcome(t *testing.T) {
	b := Budget{TimeoutMS: 1, MemoryBytes: 2 * mib, FuelPerMS: 1000}
	for _, tt := range []struct {
		name string
		call Call
		want sandbox.Outcome
	}{
		{"within", Call{Outcome: sandbox.OK, Fuel: 1000, PeakBytes: 2 * mib}, sandbox.OK},
		{"an error within", Call{Outcome: sandbox.ToolError, Fuel: 1000}, sandbox.ToolError},
		{"too late", Call{Outcome: sandbox.OK, Fuel: 1001}, sandbox.Timeout},
		{"too big", Call{Outcome: sandbox.OK, Fuel: 1, PeakBytes: 2*mib + 1}, sandbox.OutOfMemory},
		{"both", Call{Outcome: sandbox.OK, Fuel: 1001, PeakBytes: 2*mib + 1}, sandbox.OutOfMemory},
		{"trapped in time", Call{Outcome: sandbox.Trap, Fuel: 1000}, sandbox.Trap},
		{"trapped when its time was up", Call{Outcome: sandbox.Trap, Fuel: 1001}, sandbox.Timeout},
		{"flooded when its time was up", Call{Outcome: sandbox.OutputFlood, Fuel: 1001}, sandbox.Timeout},
		{"refused memory in time", Call{Outcome: sandbox.OutOfMemory, Fuel: 1000, PeakBytes: mib}, sandbox.OutOfMemory},
		{"refused memory when its time was up", Call{Outcome: sandbox.OutOfMemory, Fuel: 1001, PeakBytes: mib}, sandbox.Timeout},
		{"timed out with more memory than there is", Call{Outcome: sandbox.Timeout, Fuel: 5000, PeakBytes: 3 * mib}, sandbox.OutOfMemory},
		{"not run", Call{Outcome: NotRun}, NotRun},
	} {
		if got := b.Outcome(&tt.call); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		ok := tt.call
		ok.Correct = true
		if got, want := b.Passes(&ok), answered(tt.want); got != want {
			t.Errorf("%s: passes %t, want %t", tt.name, got, want)
		}
	}
}

// TestFlakesUnderTightBudgets: what the budget ends in the first run is not run
// again, and what it ends in a rerun alone is a flake.
func TestFlakesUnderTightBudgets(t *testing.T) {
	b := Budget{TimeoutMS: 1000, MemoryBytes: 64 * mib, FuelPerMS: fuelPerMS}
	for _, tt := range []struct {
		name          string
		first, again  int64 // fuel
		agrees        bool
		verdict       string
		stability     float64
		generousFlaky bool
	}{
		{"both in time", 1, 2, true, Pass, 1, false},
		{"both in time, other answers", 1, 2, false, Flaky, 0.5, true},
		{"the rerun too late", 1, 1500 * fuelPerMS, true, Flaky, 0.5, false},
		{"the first too late", 1500 * fuelPerMS, 1, true, Timeout, 1, false},
		{"the first too late, other answers", 1500 * fuelPerMS, 1, false, Timeout, 1, true},
	} {
		m, suite := sound()
		m.Runs[0][2].Fuel, m.Runs[1][2].Fuel, m.Runs[1][2].Agrees = tt.first, tt.again, tt.agrees
		ev := Judge(m, suite, b)
		if ev.Verdict != tt.verdict || ev.Stability != tt.stability || (ev.FlakeCase != "") != (tt.stability < 1) {
			t.Errorf("%s: %s, stability %v, flake %q; want %s, %v", tt.name, ev.Verdict, ev.Stability, ev.FlakeCase, tt.verdict, tt.stability)
		}
		if ev := Judge(m, suite, budget); (ev.Verdict == Flaky) != tt.generousFlaky {
			t.Errorf("%s: %s under the generous budget", tt.name, ev.Verdict)
		}
	}
}

func TestRejectedScoresNothing(t *testing.T) {
	_, suite := sound()
	for _, verdict := range []string{Unsafe, BuildError} {
		ev := Judge(&Measurement{Rejected: verdict}, suite, budget)
		if ev.Verdict != verdict || ev.Violation != 5 || ev.Feasible || BaseFitness(&ev, weights) != 0 ||
			*ev.Performance != 0 || *ev.Robustness != 0 || ev.Quality != nil || ev.Fuel != nil {
			t.Errorf("%s: %+v", verdict, ev)
		}
	}
}

// TestBaseFitness holds the weighted sum against data.md.
func TestBaseFitness(t *testing.T) {
	p := func(f float64) *float64 { return &f }
	all := Evaluation{Correctness: 1, Safety: 1, Performance: p(1), Robustness: p(1), Documentation: 1, Stability: 1}
	for _, tt := range []struct {
		name   string
		change func(*Evaluation)
		want   float64
	}{
		{"all right", func(*Evaluation) {}, 1},
		{"correctness 0 and all else 1", func(e *Evaluation) { e.Correctness = 0 }, 0.6},
		{"flaky", func(e *Evaluation) { e.Stability = 0.5 }, 0.5},
		{"quality scales correctness", func(e *Evaluation) { e.Quality = p(0.5) }, 0.8},
		// Without a benchmark the other weights are scaled by 1/0.85: 0.45/0.85.
		{"no benchmark", func(e *Evaluation) { e.Performance = nil; e.Correctness = 0 }, 0.45 / 0.85},
		{"no benchmark, no robustness", func(e *Evaluation) { e.Performance, e.Robustness = nil, nil; e.Correctness = 0 }, 0.35 / 0.75},
	} {
		ev := all
		tt.change(&ev)
		if got := BaseFitness(&ev, weights); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestPerformance(t *testing.T) {
	for _, tt := range []struct{ budget, virtual, want float64 }{
		{2000, 1, 1}, {2000, 2000, 1}, {2000, 4000, 0.5}, {1000, 1500, 2.0 / 3}, {1000, 0, 1},
	} {
		if got := Performance(tt.budget, tt.virtual); got != tt.want {
			t.Errorf("Performance(%v, %v) = %v, want %v", tt.budget, tt.virtual, got, tt.want)
		}
	}
}

func TestQuality(t *testing.T) {
	m, suite := sound()
	suite.Compare = specs.CompareCheck
	m.Runs[0][0].Score, m.Runs[0][1].Score = 1, 0.5
	m.Runs[0][2].Score = 0.75
	m.Runs[0][3] = Call{Outcome: sandbox.OK, Score: 0} // refused
	ev := Judge(m, suite, budget)
	if *ev.Quality != 0.75 || ev.Correctness != 0.75 {
		t.Errorf("quality %v, correctness %v; want the mean 0.75 of the passed three, and 0.75", *ev.Quality, ev.Correctness)
	}
}

func TestQuantile(t *testing.T) {
	ten := []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, tt := range []struct {
		list []int64
		q    float64
		want int64
	}{
		{ten, 0.5, 5}, {ten, 0.1, 1}, {ten, 0.9, 9}, {ten[:3], 0.5, 2}, {ten[:3], 0.1, 1}, {ten[:3], 0.9, 3}, {ten[:1], 0.5, 1},
	} {
		if got := quantile(tt.list, tt.q); got != tt.want {
			t.Errorf("quantile(%v, %v) = %d, want %d", tt.list, tt.q, got, tt.want)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, tt := range []struct {
		compare, want, got string
		equal              bool
	}{
		{specs.CompareBytes, "a\n", "a\n", true},
		{specs.CompareBytes, "a\n", "a", false},
		{specs.CompareLinesUnordered, "b\na\na\n", "a\nb\na\n", true},
		{specs.CompareLinesUnordered, "b\na\n", "a\nb\nb\n", false},
		{specs.CompareJSON, `{"a":1,"b":[1,2]}`, ` {"b":[1.0,2e0],"a":10e-1}`, true},
		{specs.CompareJSON, `[1,2]`, `[2,1]`, false},
		{specs.CompareJSON, `{"a":null}`, `{}`, false},
		{specs.CompareJSON, `1e999999999`, `10e999999998`, true},
		{specs.CompareJSON, `1e999999999`, `1e999999998`, false},
		{specs.CompareJSON, `-0`, `0`, true},
		{specs.CompareJSON, `9007199254740993`, `9007199254740992`, false},
		{specs.CompareJSON, `1 2`, `1 2`, true},
		{specs.CompareJSON, `1 2`, `1`, false},
		{specs.CompareJSON, `"1"`, `1`, false},
		{specs.CompareJSON, ``, ``, true},
		{specs.CompareJSON, "\"\xff\"", "\"\xff\"", true},
		{specs.CompareJSON, "\"\xff\"", "\"\xfe\"", false},
		{specs.CompareJSON, "\"\u00e9\"", `"\u00e9"`, true},
		{specs.CompareJSON, `{"a":[{"b":0.0},-1.50]}`, `{"a":[{"b":-0e7},-15e-1]}`, true},
		{specs.CompareJSON, `1e99999999999999999999`, `1e99999999999999999998`, false},
		{specs.CompareJSON, `[]`, `{}`, false},
		{specs.CompareJSON, `{"a":1}`, `{"a":1,"a":1}`, false}, // a key twice
		{specs.CompareJSON, `[1,[2],{"a":"x,[{"}]`, ` [1 , [2], {"a":"x,\u005b\u007b"} ]`, true},
		{specs.CompareJSON, `["\\",1,"\"",2]`, `["\u005c",1,"\u0022",2]`, true},
		{specs.CompareJSON, `[true,null]`, `[true,false]`, false},
		{specs.CompareLinesUnordered, "a\nb\n", "b\na", false},
		{specs.CompareLinesUnordered, "\n\na\n", "a\n\n\n", true},
	} {
		if got := Equal(tt.compare, []byte(tt.want), []byte(tt.got)); got != tt.equal {
			t.Errorf("Equal(%s, %q, %q) = %v", tt.compare, tt.want, tt.got, got)
		}
	}
}
