package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"toolgen/pipeline/build"
	"toolgen/pipeline/build/buildtest"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// TestVerdictsOfGuests takes each verdict from an order to the sandbox, through the
// measurement, to the judgement.
func TestVerdictsOfGuests(t *testing.T) {
	g := guest(t, "obedient", obedient)
	opt := options
	opt.FuelPerMS = 10_000_000 // to get to the end of the stack
	for _, tt := range []struct {
		name    string
		suite   []string
		verdict string
		safety  float64 // obedient panics, prints and forgets errors: three facts of ten never hold
	}{
		{"honest", []string{"search: echo a -> a", "bench: echo b -> b"}, Pass, 0.8},
		{"an error that is wanted", []string{"search: error no"}, Pass, 0.8},
		{"an error that is not wanted", []string{"search: error no -> yes"}, WrongOutput, 0.8},
		{"an answer where an error is wanted", []string{"search: echo a"}, WrongOutput, 0.8},
		{"wrong", []string{"search: echo a -> b"}, WrongOutput, 0.8},
		{"wrong only in timed calls", []string{"search: echo a -> a", "bench: echo b -> c"}, WrongOutput, 0.8},
		{"trap", []string{"search: trap x -> x"}, Trap, 0.7},
		{"trap only in timed calls", []string{"search: echo a -> a", "bench: trap x -> x"}, Trap, 0.7},
		{"stack", []string{"search: stack 1 -> x"}, StackOverflow, 0.7},
		{"out of memory", []string{"search: oom -> x"}, OutOfMemory, 0.7},
		{"timeout", []string{"search: spin -> x"}, Timeout, 0.8},
		{"flood", []string{"search: fill 16777217 -> x"}, OutputFlood, 0.7},
		{"a denied host call", []string{"search: print a -> a"}, Pass, 0.7},
		{"robustness alone", []string{"search: echo a -> a", "robustness: trap x -> x"}, Pass, 0.7},
		{"validate and holdout decide nothing", []string{
			"validate: trap x -> x", "holdout: print a -> a", "search: echo a -> a", "validate: oom -> x", "holdout: spin -> x",
		}, Pass, 0.8},
		{"the worst of many", []string{"search: echo a -> b", "search: spin -> x", "search: oom -> x", "search: echo a -> a"}, OutOfMemory, 0.7},
	} {
		suite := orders(1, tt.suite...)
		m := measure(t, g, suite, opt)
		ev := Judge(m, suite, opt.budget())
		if ev.Verdict != tt.verdict || ev.Safety != tt.safety || ev.Stability != 1 {
			t.Errorf("%s: verdict %s, safety %v, stability %v; want %s, %v, 1 (%s; timed %s)", tt.name,
				ev.Verdict, ev.Safety, ev.Stability, tt.verdict, tt.safety, outcomes(m.Runs[0]), outcomes(m.Timed))
		}
	}
}

// TestStrikes reads off which cases are run when some run out of time. Inputs of one
// length are run in the order of the suite.
func TestStrikes(t *testing.T) {
	g := guest(t, "obedient", obedient)
	const ok, fail, spin = "echo abc -> abc", "error ab", "spin abc -> x"
	for _, tt := range []struct {
		name  string
		suite []string
		first string // outcomes of the first run, in the order of the suite
		again string // of the rerun
		timed int
	}{
		{"three in a row", []string{"search: " + spin, "search: " + spin, "search: " + spin, "search: " + ok, "robustness: " + ok, "validate: " + ok, "bench: " + ok},
			"timeout timeout timeout not_run not_run not_run", "not_run not_run not_run not_run not_run not_run", 0},
		{"two, and two", []string{"search: " + spin, "search: " + spin, "search: " + ok, "search: " + spin, "search: " + spin, "bench: " + ok},
			"timeout timeout ok timeout timeout", "not_run not_run ok not_run not_run", 4},
		{"an error breaks the row", []string{"search: " + spin, "search: " + spin, "search: " + fail, "search: " + spin, "bench: " + ok},
			"timeout timeout error timeout", "not_run not_run error not_run", 4},
		{"the longest are run last", []string{"search: spin longer -> x", "search: " + ok, "search: spin long -> x", "search: " + ok, "search: spin longest -> x", "search: spin the longest -> x"},
			"timeout ok timeout ok timeout not_run", "not_run ok not_run ok not_run not_run", 0},
		{"search cases go before others", []string{"robustness: spin -> x", "search: " + spin, "robustness: spin -> x", "search: " + ok, "search: " + ok},
			"timeout timeout timeout ok ok", "not_run not_run not_run ok ok", 0},
		{"robustness cases spare the timed calls", []string{"search: " + ok, "robustness: " + spin, "robustness: " + spin, "robustness: " + spin, "robustness: " + ok, "holdout: " + ok, "bench: " + ok},
			"ok timeout timeout timeout not_run not_run", "ok not_run not_run not_run not_run not_run", 4},
		{"holdout cases end holdout cases alone", []string{"holdout: " + spin, "holdout: " + spin, "holdout: " + spin, "holdout: " + ok, "search: " + ok, "robustness: " + ok, "validate: " + ok, "bench: " + ok},
			"timeout timeout timeout not_run ok ok ok", "not_run not_run not_run not_run ok ok not_run", 4},
		{"and add to no row", []string{"search: " + spin, "search: " + spin, "holdout: " + spin, "holdout: " + ok, "bench: " + ok},
			"timeout timeout timeout ok", "not_run not_run not_run not_run", 4},
		{"a timed call that does not answer is the last", []string{"search: " + ok, "bench: " + spin}, "ok", "ok", 1},
	} {
		m := measure(t, g, orders(1, tt.suite...), options)
		if first, again := outcomes(m.Runs[0]), outcomes(m.Runs[1]); first != tt.first || again != tt.again || len(m.Timed) != tt.timed {
			t.Errorf("%s: runs %q and %q, %d timed calls; want %q, %q, %d", tt.name, first, again, len(m.Timed), tt.first, tt.again, tt.timed)
		}
	}
}

// TestEveryLimitIsAStrike: whatever limit a candidate exhausts on each case, it is not run
// to it more than three times in a row, and not again under other entropy. Under every
// tighter budget what ended it is still a limit.
func TestEveryLimitIsAStrike(t *testing.T) {
	g := guest(t, "obedient", obedient)
	opt := options
	opt.FuelPerMS = 10_000_000
	const time, memory, output, answer = "spin 16777217 -> x", "oom  16777217 -> x", "fill 16777217 -> x", "echo longer than those -> longer than those"
	for _, row := range [][3]string{
		{output, output, output}, {memory, memory, memory}, {time, time, time},
		{output, time, memory}, {memory, output, time}, {time, memory, output},
	} {
		suite := orders(1, "search: "+answer, "search: "+row[0], "search: "+row[1], "search: "+row[2], "robustness: "+answer, "holdout: "+answer, "bench: "+answer)
		m := measure(t, g, suite, opt)
		for i, c := range m.Runs[0] {
			if limit := i >= 1 && i <= 3; exhausted(c.Outcome) != limit || !limit && c.Outcome != NotRun || m.Runs[1][i].Outcome != NotRun || len(m.Timed) > 0 {
				t.Errorf("%q: %s, then %s; %d timed calls", row, outcomes(m.Runs[0]), outcomes(m.Runs[1]), len(m.Timed))
				break
			}
		}
		for _, b := range []Budget{opt.budget(), {30, 1 * mib, opt.FuelPerMS}, {1e-7, 64 * mib, opt.FuelPerMS}, {15, 32 * mib, opt.FuelPerMS}} {
			for i := 1; i <= 3; i++ {
				if o := b.Outcome(&m.Runs[0][i]); !exhausted(o) {
					t.Errorf("%q: case %d is %s under %v", row, i, o, b)
				}
			}
			if ev := Judge(m, suite, b); !exhausted(sandbox.Outcome(ev.Verdict)) || ev.CasesPassed != 0 || ev.Feasible {
				t.Errorf("%q under %v: %s, %d cases passed", row, b, ev.Verdict, ev.CasesPassed)
			}
		}
	}
	// An answer in between begins the row anew.
	if m := measure(t, g, orders(1, "search: "+output, "search: "+output, "search: echo 16777217 -> 16777217", "search: "+output, "bench: echo a -> a"), opt); outcomes(m.Runs[0]) != "output_flood output_flood ok output_flood" || len(m.Timed) != 4 {
		t.Errorf("two floods, an answer, a flood: %s, %d timed calls", outcomes(m.Runs[0]), len(m.Timed))
	}
}

// TestFlaky runs answers that depend on chance under many seeds: what the verdict
// says must follow from what the calls did, and chance must be found.
func TestFlaky(t *testing.T) {
	g := guest(t, "obedient", obedient)
	opt := options
	opt.Reruns = 2
	for _, order := range []string{"map 2 -> 0", "rand 2 -> 0", "whim x -> x"} {
		seen := map[string]int{}
		for sd := range int64(25) {
			suite := orders(sd, "search: echo a -> a", "search: "+order)
			m := measure(t, g, suite, opt)
			ev := Judge(m, suite, opt.budget())
			same := m.Runs[1][1].Agrees && m.Runs[2][1].Agrees
			want, stability := Pass, 1.0
			if !same {
				want, stability = Flaky, 0.5
			}
			if !m.Runs[0][1].Correct {
				want = WrongOutput
			}
			if ev.Verdict != want || ev.Stability != stability {
				t.Errorf("%s, seed %d: %s, stability %v; want %s, %v", order, sd, ev.Verdict, ev.Stability, want, stability)
			}
			for r := 1; r <= 2; r++ {
				if agrees := m.Runs[r][1].Correct == m.Runs[0][1].Correct; m.Runs[r][1].Agrees != agrees {
					t.Errorf("%s, seed %d: run %d agrees: %t, want %t", order, sd, r, m.Runs[r][1].Agrees, agrees)
				}
			}
			if !same {
				checkReplay(t, g, suite, m, &ev, opt)
			}
			seen[ev.Verdict]++
		}
		if seen[Pass] == 0 || seen[Flaky] == 0 || seen[WrongOutput] == 0 {
			t.Errorf("%s: verdicts %v under 25 seeds; want some of pass, flaky and wrong_output", order, seen)
		}
	}
	// A verdict of a robustness case that changes is a flake; a holdout case's is none.
	for sd := range int64(5) {
		suite := orders(sd, "search: echo a -> a", "robustness: map 1000 -> x", "holdout: map 1000 -> x")
		ev := Judge(measure(t, g, suite, opt), suite, opt.budget())
		if ev.Verdict != Flaky || ev.FlakeCase != "1" {
			t.Errorf("seed %d: %s by case %q, want flaky by the robustness case 1", sd, ev.Verdict, ev.FlakeCase)
		}
	}
}

// checkReplay makes the call that exposed a flake once more.
func checkReplay(t *testing.T, g Subject, suite *testgen.Suite, m *Measurement, ev *Evaluation, opt Options) {
	t.Helper()
	if ev.FlakeCase != "1" || ev.FlakeEntropy == nil {
		t.Fatalf("flake of case %q, want case 1 and its entropy", ev.FlakeCase)
	}
	call, _, err := Answer(t.Context(), g, suite, nil, opt, &suite.Cases[1], *ev.FlakeEntropy)
	if err != nil {
		t.Fatal(err)
	}
	if call.Outcome == m.Runs[0][1].Outcome && call.Correct == m.Runs[0][1].Correct {
		t.Errorf("entropy %d does not expose the flake", *ev.FlakeEntropy)
	}
}

// TestMeasureIsAFunction: all but the clock's time is the same twice, and survives
// a stay in the cache.
func TestMeasureIsAFunction(t *testing.T) {
	g := guest(t, "obedient", obedient)
	suite := orders(3, "search: map 100 -> 7", "search: rand 100 -> 7", "search: alloc 3 -> done", "robustness: trap x -> x",
		"search: print a -> a", "search: error x", "search: fill 100000 -> x", "search: echo -> ", "bench: jitter 1000 -> done")
	a, b := measure(t, g, suite, options), measure(t, g, suite, options)
	if len(a.WallNS) != len(a.Timed) || a.Host != "here" {
		t.Errorf("%d wall times on %q for %d timed calls here", len(a.WallNS), a.Host, len(a.Timed))
	}
	ev := Judge(a, suite, options.budget())
	a.WallNS, b.WallNS = nil, nil
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two measurements differ:\n%s", diff)
	}
	fuels, entropies := map[int64]bool{}, map[int64]bool{}
	for _, c := range a.Timed {
		fuels[c.Fuel], entropies[c.Entropy] = true, true
	}
	if len(fuels) != 4 || len(entropies) != 4 {
		t.Errorf("timed calls with %d entropies cost %d different sums, want 4 and 4", len(entropies), len(fuels))
	}
	if c := a.Runs[0][6]; len(c.Got) != GotCap || c.GotBytes != 100_000 || c.SameBytes {
		t.Errorf("of a wrong output of 100000 bytes %d are kept, and %d are said to be", len(c.Got), c.GotBytes)
	}
	if c := a.Runs[0][4]; !c.SameBytes || c.Got != nil || len(c.Denied) != 1 {
		t.Errorf("a right output is kept, or printing was not denied: %+v", c)
	}
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var kept Measurement
	if err := json.Unmarshal(data, &kept); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ev, Judge(&kept, suite, options.budget())); diff != "" {
		t.Errorf("the cache changes the judgement:\n%s", diff)
	}
}

// TestInitializationIsCharged: a table that is made before the call costs what it
// would in it, and what every guest spends before a call costs nothing.
func TestInitializationIsCharged(t *testing.T) {
	heavy, g := guest(t, "heavy", heavyInit), guest(t, "obedient", obedient)
	if heavy.Empty == nil || g.Empty != nil {
		t.Fatal("the gate takes the wrong one for alone")
	}
	suite := orders(1, "search: tables -> done")
	fuel := func(s Subject, opt Options) int64 {
		t.Helper()
		c := measure(t, s, suite, opt).Runs[0][0]
		if !c.Correct {
			t.Fatalf("%s: %s %s", s.ID, c.Outcome, c.Message)
		}
		return c.Fuel
	}
	charged, paid := fuel(heavy, options), fuel(g, options)
	if charged < paid*97/100 || charged > paid*103/100 {
		t.Errorf("a table before the call and one in it cost %d, both in it %d", charged, paid)
	}
	uncharged := heavy
	uncharged.Empty = nil
	if f := fuel(uncharged, options); f < paid*45/100 || f > paid*55/100 {
		t.Errorf("the call alone costs %d of %d, want half", f, paid)
	}
	// Neither part exceeds the budget, and the sum does.
	tight := options
	tight.TimeoutMS = float64(charged-1) / float64(options.FuelPerMS)
	m := measure(t, heavy, suite, tight)
	if c := m.Runs[0][0]; c.Outcome != sandbox.Timeout || c.Fuel != charged || c.Correct || c.Got != nil { // the limit and one
		t.Errorf("with one unit less than it needs: %s with %d fuel, want a timeout with %d", c.Outcome, c.Fuel, charged)
	}
	tight.TimeoutMS = float64(charged) / float64(options.FuelPerMS)
	if f := fuel(heavy, tight); f != charged {
		t.Errorf("with the units that it needs: %d fuel, want %d", f, charged)
	}

	// What ends before the call has spent its fuel once.
	e := newExecutor(t.Context(), heavy, suite, nil, options)
	for _, o := range []sandbox.Outcome{sandbox.Timeout, sandbox.Trap, sandbox.OutOfMemory} {
		call := Call{Outcome: o, Fuel: 12345}
		if err := e.chargeInit(&call, sandbox.Result{Outcome: o, Fuel: 12345, InitFuel: 12345}, nil); err != nil || call.Fuel != 12345 {
			t.Errorf("%s before the call: %d fuel, error %v; want 12345", o, call.Fuel, err)
		}
	}
}

// TestSamples: fewer timed calls when one is dear, but three at least.
func TestSamples(t *testing.T) {
	for _, tt := range []struct {
		most int
		fuel int64
		want int
	}{
		{30, 1, 30},
		{30, timedFuel / 30, 30},
		{30, timedFuel/30 + 1, 29},
		{30, timedFuel / 5, 5},
		{4, timedFuel / 5, 4},
		{30, timedFuel / 2, 3},
		{30, 4 * timedFuel, 3},
		{1, 1, 3},
	} {
		if got := samples(tt.most, tt.fuel); got != tt.want {
			t.Errorf("samples(%d, %d) = %d, want %d", tt.most, tt.fuel, got, tt.want)
		}
	}
}

func TestRejected(t *testing.T) {
	suite := orders(1, "search: echo a -> a")
	for _, tt := range []struct{ source, verdict string }{
		{"package tool\n\nimport \"os\"\n\nfunc Run(b []byte) ([]byte, error) { os.Exit(1); return b, nil }\n", Unsafe},
		{"package tool\n\nfunc Run(b []byte) ([]byte, error) { return b }\n", BuildError},
	} {
		s := Subject{ID: "x", Batch: "y", Source: []byte(tt.source), Report: buildtest.Inspect(t, build.Tool, files(tt.source))}
		m := measure(t, s, suite, options)
		if m.Rejected != tt.verdict || len(m.Problems) == 0 || m.Batch != "" || m.Runs != nil {
			t.Errorf("%+v; want it rejected as %s, with a reason and without a batch", m, tt.verdict)
		}
		if ev := Judge(m, suite, options.budget()); ev.Verdict != tt.verdict || BaseFitness(&ev, weights) != 0 {
			t.Errorf("judged %s, fitness %v; want %s, 0", ev.Verdict, BaseFitness(&ev, weights), tt.verdict)
		}
	}
}

// TestCanceled: to be called off is no fault of the candidate.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Measure(ctx, guest(t, "obedient", obedient), orders(1, "search: echo a -> a"), nil, options)
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "exclude") {
		t.Errorf("error %v, want that of the context alone", err)
	}
}

// TestCheck measures under a check: it accepts what has a figure below 5, and
// half of that is worth more.
func TestCheck(t *testing.T) {
	spec := &specs.Spec{ID: "orders", Compare: specs.CompareCheck, Check: []specs.File{{Name: "check.go", Data: []byte(`package check

import "errors"

func Check(input, output []byte) (float64, error) {
	switch string(output) {
	case "trap":
		panic("no such answer")
	case "odd":
		return 1.5, nil
	}
	if len(output) != 1 || output[0] < '0' || output[0] > '4' {
		return 0, errors.New("want a figure below 5, not " + string(output))
	}
	return 1 - float64(output[0]-'0')/4, nil
}
`)}}}
	p, err := testgen.Prepare(t.Context(), builder(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	g := guest(t, "obedient", obedient)
	judge := func(sd int64, lines ...string) (*Measurement, Evaluation) {
		t.Helper()
		suite := orders(sd, lines...)
		suite.Compare = specs.CompareCheck
		for i := range suite.Cases {
			suite.Cases[i].HasWant = suite.Cases[i].WantError
		}
		opt := options
		opt.Reruns = 4
		m, err := Measure(t.Context(), g, suite, p, opt)
		if err != nil {
			t.Fatal(err)
		}
		return m, Judge(m, suite, opt.budget())
	}
	m, ev := judge(1, "search: echo 0 -> ", "search: echo 2 -> ", "search: echo 9 -> ", "search: error x")
	if ev.Verdict != WrongOutput || ev.Correctness != 0.75 || *ev.Quality != 0.75 {
		// The error that is wanted passes, and the mean is that of 1 and 0.5.
		t.Errorf("%s, correctness %v, quality %v; want wrong_output, 0.75, 0.75", ev.Verdict, ev.Correctness, *ev.Quality)
	}
	if _, ev := judge(1, "search: error x"); *ev.Quality != 1 {
		t.Errorf("nothing but an error that is wanted: quality %v, want 1", *ev.Quality)
	}
	if _, ev := judge(1, "search: echo 9 -> "); *ev.Quality != 0 {
		t.Errorf("nothing that passes: quality %v, want 0", *ev.Quality)
	}
	if c := m.Runs[0][2]; c.Message != "want a figure below 5, not 9" || !bytes.Equal(c.Got, []byte("9")) {
		t.Errorf("refused by %q, got %q", c.Message, c.Got)
	}
	// An answer that the check breaks off on, or gives a score that is none, is a wrong one.
	m, ev = judge(1, "search: echo trap -> ", "search: echo odd -> ", "search: echo 0 -> ", "search: echo 1 -> ")
	if ev.Verdict != WrongOutput || ev.Correctness != 0.5 {
		t.Errorf("answers that upset the check: %s, correctness %v", ev.Verdict, ev.Correctness)
	}
	for i, want := range []string{"the check broke off (trap)", "the check answered the score 1.5"} {
		if got := m.Runs[0][i].Message; !strings.HasPrefix(got, want) {
			t.Errorf("case %d: %q, want %q", i, got, want)
		}
	}
	// Right answers may differ; wrong ones differ by what the check says of them.
	if _, ev := judge(1, "search: rand 5 -> "); ev.Verdict != Pass || ev.Stability != 1 {
		t.Errorf("answers that differ and are right: %s, stability %v", ev.Verdict, ev.Stability)
	}
	if _, ev := judge(1, "search: fill 6 -> "); ev.Verdict != WrongOutput || ev.Stability != 1 {
		t.Errorf("the same wrong answer: %s, stability %v", ev.Verdict, ev.Stability)
	}
	m, ev = judge(1, "search: map 1000000 -> ")
	if ev.Verdict != Timeout {
		t.Errorf("a million entries within %v ms: %s", options.TimeoutMS, outcomes(m.Runs[0]))
	}
	if _, ev := judge(1, "search: jumble -> ", "robustness: map 1000 -> "); ev.Stability != 0.5 || ev.FlakeCase != "1" {
		t.Errorf("wrong answers that differ: stability %v by case %q", ev.Stability, ev.FlakeCase)
	}
}
