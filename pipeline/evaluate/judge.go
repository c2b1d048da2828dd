package evaluate

import (
	"math"
	"slices"

	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
)

// Verdicts, in the order in which the first that applies counts.
const (
	Unsafe        = "unsafe"
	BuildError    = "build_error"
	Trap          = "trap"
	StackOverflow = "stack_overflow"
	OutOfMemory   = "out_of_memory"
	Timeout       = "timeout"
	OutputFlood   = "output_flood"
	WrongOutput   = "wrong_output"
	Flaky         = "flaky"
	Pass          = "pass"
)

// breakdowns are the verdicts that come from one way to die each, by precedence.
var breakdowns = []struct {
	outcome sandbox.Outcome
	verdict string
}{
	{sandbox.Trap, Trap},
	{sandbox.StackOverflow, StackOverflow},
	{sandbox.OutOfMemory, OutOfMemory},
	{sandbox.Timeout, Timeout},
	{sandbox.OutputFlood, OutputFlood},
}

// Budget is what an epoch allows.
type Budget struct {
	TimeoutMS   float64 // virtual milliseconds of each call
	MemoryBytes int64   // linear memory
	FuelPerMS   int64
}

func (b Budget) fuel() int64 { return int64(b.TimeoutMS * float64(b.FuelPerMS)) }

// Weights of the five scores; they sum to 1.
type Weights struct {
	Correctness, Safety, Performance, Robustness, Documentation float64
}

// Evaluation is a measurement judged under a budget. A nil pointer is a part that
// the spec cannot have, or that nothing is known of. Scores, stability among them, lie in
// [0, 1]; Fuel and what follows from it is that of calls that answered, so within the most
// generous budget; Violation is finite, since no call exceeds a budget that is a unit of
// fuel or more by more than the limit of the sandbox.
type Evaluation struct {
	Verdict       string
	Correctness   float64
	Safety        float64
	Performance   *float64
	Robustness    *float64
	Documentation float64
	Quality       *float64

	ValidateCorrectness, HoldoutCorrectness *float64

	Stability    float64
	FlakeCase    string // "" unless flaky
	FlakeEntropy *int64

	CasesTotal, CasesPassed int // search cases

	Fuel, FuelP10, FuelP90 *int64 // of the timed calls
	VirtualMS              *float64
	PeakMemoryBytes        *int64

	Feasible  bool
	Violation float64
}

// unbuilt is the violation of what was never built.
const unbuilt = 5

// Outcome is how a call ends under a budget that is not more generous than the
// one it was measured under. A call beyond the budget would have been ended
// there, whatever it did later. Which of time and memory ran out first is not
// known of a call that exceeds both: memory goes first, as in the verdicts. One
// that stayed within the memory has been stopped by time, also if it asked for
// more than there ever was later on.
func (b Budget) Outcome(c *Call) sandbox.Outcome {
	switch {
	case c.Outcome == NotRun:
		return NotRun
	case c.PeakBytes > b.MemoryBytes:
		return sandbox.OutOfMemory
	case c.Fuel > b.fuel():
		return sandbox.Timeout
	}
	return c.Outcome
}

// Passes says whether a call answers as wanted within a budget.
func (b Budget) Passes(c *Call) bool {
	return c.Correct && answered(b.Outcome(c))
}

// Judge is the verdict and the scores of a measurement under a budget. It is pure.
func Judge(m *Measurement, suite *testgen.Suite, b Budget) Evaluation {
	ev := Evaluation{Stability: 1}
	for i := range suite.Cases {
		if suite.Cases[i].Kind == testgen.Search {
			ev.CasesTotal++
		}
	}
	if m.Rejected != "" {
		// Parts that the spec has count 0; parts that it cannot have stay null.
		ev.Verdict, ev.Violation = m.Rejected, unbuilt
		zero := func(has bool) *float64 {
			if !has {
				return nil
			}
			return new(float64)
		}
		ev.Performance = zero(suite.Bench != nil)
		ev.Robustness = zero(has(suite, testgen.Robustness))
		ev.ValidateCorrectness = zero(has(suite, testgen.Validate))
		ev.HoldoutCorrectness = zero(has(suite, testgen.Holdout))
		ev.Quality = zero(suite.Compare == checkCompare)
		return ev
	}
	t := tally(m, suite, b)
	ev.CasesPassed = t.passed[testgen.Search]
	ev.Correctness = share(ev.CasesPassed, ev.CasesTotal)
	ev.Robustness = t.share(suite, testgen.Robustness)
	ev.ValidateCorrectness = t.share(suite, testgen.Validate)
	ev.HoldoutCorrectness = t.share(suite, testgen.Holdout)
	if suite.Compare == checkCompare {
		ev.Quality = t.meanQuality()
	}
	if t.peak > 0 {
		ev.PeakMemoryBytes = &t.peak
	}
	ev.timing(m, suite, b)
	ev.Safety = float64(count(m.Static.Safety[:])+count([]bool{!t.denied, !t.trapped, t.peak <= b.MemoryBytes && !t.outOfMemory, !t.flooded})) / 10
	ev.Documentation = float64(count(m.Static.Documentation[:])) / 6
	if c, entropy, ok := flake(m, suite, b); ok {
		ev.Stability, ev.FlakeCase, ev.FlakeEntropy = 0.5, c, &entropy
	}
	ev.Verdict = t.verdict()
	if ev.Verdict == Pass && ev.Stability < 1 {
		ev.Verdict = Flaky
	}
	ev.Feasible = ev.Verdict == Pass && ev.Safety == 1
	ev.Violation = (1 - ev.Correctness) + (1 - ev.Safety) + (1 - ev.Stability) +
		max(0, float64(t.worst)/float64(b.fuel())-1) + max(0, float64(t.peak)/float64(b.MemoryBytes)-1)
	return ev
}

// sums are what the calls of a first run come to under a budget.
type sums struct {
	passed  map[string]int // by kind
	quality float64        // sum of the check's scores over passed search cases
	scored  int            // how many of those the check has scored: an error that is wanted has no score
	peak    int64          // largest over search and robustness cases and timed calls
	worst   int64          // fuel of the dearest search case or timed call

	denied, trapped, outOfMemory, flooded bool // on any search, robustness or timed call

	ways  map[sandbox.Outcome]bool // outcomes of search cases and timed calls
	wrong bool                     // a search case or timed call answered wrongly
}

func tally(m *Measurement, suite *testgen.Suite, b Budget) sums {
	t := sums{passed: map[string]int{}, ways: map[sandbox.Outcome]bool{}}
	for i := range m.Runs[0] {
		c, kind := &m.Runs[0][i], suite.Cases[i].Kind
		ok := b.Passes(c)
		if ok {
			t.passed[kind]++
		}
		switch kind {
		case testgen.Search:
			if ok {
				t.quality += c.Score
				if c.Outcome == sandbox.OK {
					t.scored++
				}
			}
			t.deciding(c, b)
			t.safety(c, b)
		case testgen.Robustness:
			t.safety(c, b)
		}
	}
	for i := range m.Timed {
		t.deciding(&m.Timed[i], b)
		t.safety(&m.Timed[i], b)
	}
	return t
}

// deciding counts a call that the verdict looks at.
func (t *sums) deciding(c *Call, b Budget) {
	o := b.Outcome(c)
	t.ways[o] = true
	t.worst = max(t.worst, c.Fuel)
	t.wrong = t.wrong || answered(o) && !c.Correct || o == NotRun
}

// safety counts a call that the safety score looks at.
func (t *sums) safety(c *Call, b Budget) {
	o := b.Outcome(c)
	t.peak = max(t.peak, c.PeakBytes)
	t.denied = t.denied || len(c.Denied) > 0
	t.trapped = t.trapped || o == sandbox.Trap || o == sandbox.StackOverflow
	t.outOfMemory = t.outOfMemory || o == sandbox.OutOfMemory
	t.flooded = t.flooded || o == sandbox.OutputFlood
}

// meanQuality is the mean score of the check over the search cases that passed. Where
// all of them are errors as wanted, nothing could be better; where none passed, nothing
// is worth anything.
func (t *sums) meanQuality() *float64 {
	q := 0.0
	switch {
	case t.scored > 0:
		q = t.quality / float64(t.scored)
	case t.passed[testgen.Search] > 0:
		q = 1
	}
	return &q
}

func (t *sums) verdict() string {
	for _, w := range breakdowns {
		if t.ways[w.outcome] {
			return w.verdict
		}
	}
	if t.wrong {
		return WrongOutput
	}
	return Pass
}

func (t *sums) share(suite *testgen.Suite, kind string) *float64 {
	total := 0
	for i := range suite.Cases {
		if suite.Cases[i].Kind == kind {
			total++
		}
	}
	if total == 0 {
		return nil
	}
	s := share(t.passed[kind], total)
	return &s
}

func has(suite *testgen.Suite, kind string) bool {
	return slices.ContainsFunc(suite.Cases, func(c testgen.Case) bool { return c.Kind == kind })
}

// timing fills in what the timed calls cost, and the performance score. A call
// that gave no answer under the most generous budget leaves the cost unknown and
// the score 0; one that answered later than this budget allows keeps its cost, and
// the score falls with it.
func (ev *Evaluation) timing(m *Measurement, suite *testgen.Suite, b Budget) {
	if suite.Bench == nil {
		return
	}
	ev.Performance = new(float64)
	if len(m.Timed) == 0 {
		return
	}
	fuel := make([]int64, 0, len(m.Timed))
	for i := range m.Timed {
		if !answered(m.Timed[i].Outcome) {
			return
		}
		fuel = append(fuel, m.Timed[i].Fuel)
	}
	slices.Sort(fuel)
	median, p10, p90 := quantile(fuel, 0.5), quantile(fuel, 0.1), quantile(fuel, 0.9)
	ev.Fuel, ev.FuelP10, ev.FuelP90 = &median, &p10, &p90
	ms := float64(median) / float64(b.FuelPerMS)
	ev.VirtualMS = &ms
	*ev.Performance = Performance(b.TimeoutMS, ms)
}

// LowerMedian is the median of a list, the lower one of an even count. The list must
// not be empty; it is left as it is.
func LowerMedian(list []int64) int64 {
	return quantile(slices.Sorted(slices.Values(list)), 0.5)
}

// quantile is the smallest value of a sorted list that at least the share q of it
// does not exceed (the inverse of the empirical distribution, R's type 1): the
// lower median of an even count.
func quantile(sorted []int64, q float64) int64 {
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[max(0, i)]
}

// Performance is min(1, budget / virtual), both in virtual milliseconds.
func Performance(budgetMS, virtualMS float64) float64 {
	if virtualMS <= budgetMS {
		return 1
	}
	return budgetMS / virtualMS
}

// flake finds the first rerun of a case that disagrees with the first run: by its
// answer, or by how it ends under the budget. A case that exhausts a limit under
// this budget is passed over, since it would not have been run again.
func flake(m *Measurement, suite *testgen.Suite, b Budget) (caseID string, entropy int64, ok bool) {
	if len(m.Runs) < 2 {
		return "", 0, false
	}
	first := m.Runs[0]
	for _, run := range m.Runs[1:] {
		for i := range run {
			c := &run[i]
			if c.Outcome == NotRun {
				continue
			}
			before, after := b.Outcome(&first[i]), b.Outcome(c)
			if exhausted(before) {
				continue
			}
			if before != after || answered(after) && (!c.Agrees || b.Passes(&first[i]) != b.Passes(c)) {
				return suite.Cases[i].ID, c.Entropy, true
			}
		}
	}
	return "", 0, false
}

// BaseFitness is the weighted sum of the scores, times stability. Correctness is
// multiplied by quality where the spec has one. The weights of parts that the spec
// cannot have go to the others in proportion.
func BaseFitness(ev *Evaluation, w Weights) float64 {
	quality := 1.0
	if ev.Quality != nil {
		quality = *ev.Quality
	}
	sum, total := 0.0, 0.0
	add := func(weight, score float64) {
		sum += float64(weight * score)
		total += weight
	}
	add(w.Correctness, float64(ev.Correctness*quality))
	add(w.Safety, ev.Safety)
	if ev.Performance != nil {
		add(w.Performance, *ev.Performance)
	}
	if ev.Robustness != nil {
		add(w.Robustness, *ev.Robustness)
	}
	add(w.Documentation, ev.Documentation)
	if total == 0 {
		return 0
	}
	if math.Abs(total-1) > 1e-9 {
		sum /= total
	}
	return float64(sum * ev.Stability)
}

func share(part, total int) float64 {
	if total == 0 {
		return 0
	}
	return float64(part) / float64(total)
}

func count(facts []bool) int {
	n := 0
	for _, f := range facts {
		if f {
			n++
		}
	}
	return n
}
