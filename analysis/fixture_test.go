package analysis

import (
	"math/rand/v2"

	"toolgen/datasets"
)

// row is a candidate in a slot, with what a test is about; the rest has values that
// let it pass.
type row struct {
	seed     int64
	epoch    int32
	spec     string
	style    string // "" for an entrant, whose label is then its id
	id       string
	fitness  float64
	feasible bool
	ms       float64 // 0 is null
	peak     int64   // 0 is null
	verdict  string  // "" is pass
	budget   float64 // 0 is 2000
}

func p[T any](v T) *T { return &v }

// makeRun builds a run from rows. finals are final base fitnesses that differ from
// the one in the rows, by id.
func makeRun(group string, rows []row, finals map[string]float64) *Run {
	r := &Run{
		Experiment: "exp", RunID: group, Group: group,
		Rules: &Rules{FirstTimeoutMS: 2000, LastTimeoutMS: 1000, Weights: Weights{0.4, 0.25, 0.15, 0.1, 0.1}},
	}
	for i, x := range rows {
		e := datasets.Evaluation{
			RunID: group, Experiment: "exp", Seed: x.seed, Epoch: x.epoch, Slot: int32(i), Spec: x.spec, CandidateID: x.id,
			Origin: datasets.OriginInitial, Verdict: x.verdict, Feasible: x.feasible, BaseFitness: x.fitness, Fitness: x.fitness,
			Correctness: 1, Safety: 1, Documentation: 1, Stability: 1, BudgetTimeoutMS: x.budget,
		}
		if e.Verdict == "" {
			e.Verdict = datasets.VerdictPass
		}
		if x.budget == 0 {
			e.BudgetTimeoutMS = 2000
		}
		if x.style != "" {
			e.Style = p(x.style)
		} else {
			e.Label = p(x.id)
		}
		if x.ms > 0 {
			e.VirtualMS, e.Performance = p(x.ms), p(min(1, e.BudgetTimeoutMS/x.ms))
		}
		if x.peak > 0 {
			e.PeakMemoryBytes = p(x.peak)
		}
		r.Evaluations = append(r.Evaluations, e)
	}
	r.Candidates = latest(r.Evaluations)
	for i := range r.Candidates {
		if f, ok := finals[r.Candidates[i].CandidateID]; ok {
			r.Candidates[i].FinalBaseFitness = f
		}
	}
	return r
}

// shuffled is a run with its rows in another order.
func shuffled(r *Run, seed uint64) *Run {
	s := *r
	rng := rand.New(rand.NewPCG(seed, 0))
	s.Evaluations = append([]datasets.Evaluation{}, r.Evaluations...)
	s.Candidates = append([]datasets.Candidate{}, r.Candidates...)
	rng.Shuffle(len(s.Evaluations), func(i, j int) { s.Evaluations[i], s.Evaluations[j] = s.Evaluations[j], s.Evaluations[i] })
	rng.Shuffle(len(s.Candidates), func(i, j int) { s.Candidates[i], s.Candidates[j] = s.Candidates[j], s.Candidates[i] })
	return &s
}

// randomRun is a run of n candidates with random values.
func randomRun(seed uint64, n int) *Run {
	rng := rand.New(rand.NewPCG(seed, 1))
	var rows []row
	for i := range n {
		rows = append(rows, row{
			seed: 1 + rng.Int64N(3), epoch: rng.Int32N(12), spec: []string{"a", "b"}[rng.IntN(2)], style: []string{"set", "trie", "lsh", ""}[rng.IntN(4)],
			id: "c" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)), fitness: float64(rng.IntN(100)) / 100, feasible: rng.IntN(4) > 0,
			ms: float64(rng.IntN(60)), peak: int64(1 + rng.IntN(50)),
		})
	}
	return makeRun("random", rows, nil)
}
