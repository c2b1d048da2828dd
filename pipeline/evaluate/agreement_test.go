package evaluate

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
)

// TestTightBudgetsAgree holds the shortcut that epochs live by against the long way:
// a candidate executed under a generous budget and judged under a tight one, and
// executed under the tight one. They may differ where the documents say so:
//
//   - a call that exceeds both time and memory is out of memory to the shortcut, and
//     whichever comes first to the long way;
//   - three limits in a row that the tight budget sets end the long way alone (no suite
//     here has them);
//   - a timed call beyond the budget still has its cost to the shortcut, which makes
//     its performance a share instead of 0.
func TestTightBudgetsAgree(t *testing.T) {
	// A virtual millisecond must be long enough that memory up to its budget can be had
	// within the time.
	options := options
	options.FuelPerMS = 1 << 24
	obeys := guest(t, "obedient", obedient)
	heavy := guest(t, "heavy", heavyInit)
	type test struct {
		guest Subject
		suite *testgen.Suite
	}
	tests := []test{{heavy, orders(1, "search: a -> done", "search: b -> wrong", "robustness: c -> done", "bench: d -> done")}}
	for i, dear := range []string{
		"work 4800000 -> done", "work 24000000 -> done", "alloc 6 -> done", "alloc 30 -> done", "both 12 -> done",
		"late 14 -> done", "alloc 100 -> done", "late 70 -> done", "oom -> done", "trap x -> x", "error x", "print x -> x",
		"jitter 4800000 -> done", "jitter 14400000 -> done", "map 3 -> 1", "rand 3 -> 1",
	} {
		others := [][]string{
			{"robustness: " + dear, "holdout: " + dear},
			{"robustness: echo a -> a", "search: work 11200000 -> done"},
		}[i%2]
		suite := orders(int64(i), append(others, "search: echo b -> b", "search: "+dear, "search: echo abc -> abc", "bench: "+dear)...)
		tests = append(tests, test{obeys, suite})
	}
	var compared, both, late int
	for _, tt := range tests {
		generous := measure(t, tt.guest, tt.suite, options)
		budgets := []Options{{TimeoutMS: 20, MemoryBytes: 64 * mib}, {TimeoutMS: 8, MemoryBytes: 32 * mib}, {TimeoutMS: 30, MemoryBytes: 16 * mib}, {TimeoutMS: 5, MemoryBytes: 12 * mib}}
		// As many units as the dearest answer needs, and one less; not so few that the Go
		// runtime does not get to the call.
		most := options.Fuel() / 20
		for _, c := range generous.Runs[0] {
			if answered(c.Outcome) {
				most = max(most, c.Fuel)
			}
		}
		for _, fuel := range []int64{most, most - 1} {
			budgets = append(budgets, Options{TimeoutMS: float64(fuel) / float64(options.FuelPerMS), MemoryBytes: 64 * mib})
		}
		for _, tight := range budgets {
			tight.FuelPerMS, tight.Reruns = options.FuelPerMS, options.Reruns
			b := tight.budget()
			direct := measure(t, tt.guest, tt.suite, tight)
			name := fmt.Sprintf("%s under %.4g ms and %d MiB", tt.suite.Digest, tight.TimeoutMS, tight.MemoryBytes/mib)
			exceeds := false
			for r := range direct.Runs {
				for i := range direct.Runs[r] {
					exceeds = compareCalls(t, fmt.Sprintf("%s, run %d, case %d", name, r, i), b,
						&generous.Runs[r][i], &direct.Runs[r][i], &generous.Runs[0][i]) || exceeds
				}
			}
			for i := range direct.Timed {
				exceeds = compareCalls(t, fmt.Sprintf("%s, timed call %d", name, i), b, &generous.Timed[i], &direct.Timed[i], &generous.Timed[i]) || exceeds
			}
			short, long := Judge(generous, tt.suite, b), Judge(direct, tt.suite, b)
			if exceeds {
				both++
				continue
			}
			if last := direct.Timed[len(direct.Timed)-1]; !answered(last.Outcome) {
				late++
				if *long.Performance != 0 {
					t.Errorf("%s: performance %v without an answer", name, *long.Performance)
				}
				short.Performance, short.Fuel, short.FuelP10, short.FuelP90, short.VirtualMS = new(float64), nil, nil, nil, nil
			}
			// How far a failed call went is known to the shortcut alone.
			short.PeakMemoryBytes, short.Violation = long.PeakMemoryBytes, long.Violation
			if diff := cmp.Diff(long, short); diff != "" {
				t.Errorf("%s: executed (-) and judged (+) under the tight budget:\n%s", name, diff)
			}
			compared++
		}
	}
	t.Logf("%d compared, %d of them with a late timed call; %d exceed both", compared, late, both)
	if compared < 60 || late == 0 || both == 0 {
		t.Errorf("%d compared, %d late, %d exceed both: the test has lost its subject", compared, late, both)
	}
}

// compareCalls holds a call under a tight budget against the generous one. It reports
// whether the call exceeds time and memory.
func compareCalls(t *testing.T, name string, b Budget, generous, direct, first *Call) (exceeds bool) {
	t.Helper()
	want := b.Outcome(generous)
	if generous.PeakBytes > b.MemoryBytes && generous.Fuel > b.fuel() {
		if want != sandbox.OutOfMemory || direct.Outcome != sandbox.OutOfMemory && direct.Outcome != sandbox.Timeout && direct.Outcome != NotRun {
			t.Errorf("%s: exceeds both, and is %s by judgement, %s by execution", name, want, direct.Outcome)
		}
		return true
	}
	if direct.Outcome == NotRun {
		if want != NotRun && !exhausted(b.Outcome(first)) {
			t.Errorf("%s: was not run, and is %s by judgement", name, want)
		}
		return false
	}
	if direct.Outcome != want {
		t.Errorf("%s: %s by judgement, %s by execution (fuel %d and %d of %d, peak %d and %d of %d)", name, want, direct.Outcome,
			generous.Fuel, direct.Fuel, b.fuel(), generous.PeakBytes, direct.PeakBytes, b.MemoryBytes)
		return false
	}
	if answered(want) && (direct.Fuel != generous.Fuel || direct.PeakBytes != generous.PeakBytes || direct.Correct != generous.Correct) {
		t.Errorf("%s: fuel %d, peak %d, correct %t by execution; %d, %d, %t by judgement", name,
			direct.Fuel, direct.PeakBytes, direct.Correct, generous.Fuel, generous.PeakBytes, generous.Correct)
	}
	return false
}
