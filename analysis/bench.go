package analysis

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"toolgen/datasets"
)

// The two moments of a benchmark.
const (
	First = "first"
	Last  = "last"
)

// Benchmark is the best candidate of a spec at the beginning or at the end of an
// experiment. What it is of the candidate is null where none was feasible.
type Benchmark struct {
	Experiment      string
	Spec            string
	At              string // First or Last
	Epoch           int32  // the spec's first or last one
	Seed            *int64
	CandidateID     *string
	Style           *string
	Label           *string
	VirtualMS       *float64 // lower median of the timed calls
	BudgetTimeoutMS float64  // the manifest's first or last budget, virtual ms
	BaseFitness     *float64 // under that budget
	PeakMemoryBytes *int64
	WallMS          *float64 // lower median of the same calls on Hosts; null unless the runs have their samples
	Hosts           []string // that measured WallMS, sorted; several if some calls came from the cache
}

// Bench shows, per spec, the best feasible candidate of the first epoch that the spec
// played, under the manifest's first budget, and the best of its last epoch, under the
// last budget. Best is by base fitness under that budget, then by virtual time, id
// and seed. A run that goes on has no last epoch and is an error, datasets.ErrPartial.
//
// A spec that enters later than epoch 0 was judged under a tighter budget than the
// first. Then only those count that were feasible even so (under a wider budget they
// still are), and of their scores performance alone is computed anew: what robustness
// cases would do with more time is not recorded.
func Bench(runs []*Run, f Filter) ([]Benchmark, error) {
	var out []Benchmark
	for _, r := range runs {
		if r.Partial {
			return nil, fmt.Errorf("run %.8s: %w", r.RunID, datasets.ErrPartial)
		}
		if r.Rules == nil {
			return nil, &datasets.FileError{File: r.Dir, Kind: datasets.ErrMissing, Detail: fmt.Sprintf("the manifest of run %.12s, which says what its budgets are", r.RunID)}
		}
	}
	for _, g := range groups(runs) {
		for _, spec := range g.specs(&f) {
			out = append(out, g.bench(spec, First, &f), g.bench(spec, Last, &f))
		}
	}
	return out, nil
}

// specs are those that were played, sorted.
func (g *group) specs(f *Filter) []string {
	played := map[string]bool{}
	for _, r := range g.runs {
		for i := range r.Evaluations {
			if e := &r.Evaluations[i]; f.keeps(e) {
				played[e.Spec] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(played))
}

// bench finds the best of a spec at one of the two moments. Seeds may end at
// different epochs, so the moment is looked for in each of them.
func (g *group) bench(spec, at string, f *Filter) Benchmark {
	b := Benchmark{Experiment: g.experiment, Spec: spec, At: at, Epoch: -1}
	rules := g.runs[0].Rules
	if b.BudgetTimeoutMS = rules.FirstTimeoutMS; at == Last {
		b.BudgetTimeoutMS = rules.LastTimeoutMS
	}
	var best *datasets.Evaluation
	var bestFitness float64
	for _, r := range g.runs {
		moments := r.moments(spec, at, f)
		final := map[seedCandidate]*datasets.Candidate{}
		for i := range r.Candidates {
			final[seedCandidate{r.Candidates[i].Seed, r.Candidates[i].CandidateID}] = &r.Candidates[i]
		}
		for i := range r.Evaluations {
			e := &r.Evaluations[i]
			if e.Spec != spec || !f.keeps(e) || e.Epoch != moments[e.Seed] {
				continue
			}
			if best == nil && (b.Epoch < 0 || at == First && e.Epoch < b.Epoch || at == Last && e.Epoch > b.Epoch) {
				b.Epoch = e.Epoch
			}
			feasible, fitness := e.Feasible, 0.0
			if at == First {
				fitness = baseFitnessAt(e, rules)
			} else if c := final[seedCandidate{e.Seed, e.CandidateID}]; c != nil {
				feasible, fitness = c.FinalFeasible, c.FinalBaseFitness
			}
			if feasible && (best == nil || better(e, fitness, best, bestFitness)) {
				best, bestFitness = e, fitness
			}
		}
	}
	if best != nil {
		b.PeakMemoryBytes = best.PeakMemoryBytes
		b.WallMS, b.Hosts = g.wall(best.Seed, best.CandidateID)
		b.Epoch, b.Seed, b.CandidateID, b.Style, b.Label = best.Epoch, &best.Seed, &best.CandidateID, best.Style, best.Label
		b.VirtualMS, b.BaseFitness = best.VirtualMS, &bestFitness
	}
	return b
}

// wall is what the timed calls of a candidate took on the machines that made them.
func (g *group) wall(seed int64, id string) (ms *float64, hosts []string) {
	var all []float64
	for _, r := range g.runs {
		for i := range r.Samples {
			if s := &r.Samples[i]; s.Seed == seed && s.CandidateID == id {
				all, hosts = append(all, float64(s.WallNS)/1e6), append(hosts, s.Host)
			}
		}
		if len(all) > 0 {
			m := lowerMedian(all)
			slices.Sort(hosts)
			return &m, slices.Compact(hosts)
		}
	}
	return nil, nil
}

// moments are the first or last epochs of a spec, by seed.
func (r *Run) moments(spec, at string, f *Filter) map[int64]int32 {
	out := map[int64]int32{}
	for i := range r.Evaluations {
		e := &r.Evaluations[i]
		if e.Spec != spec || !f.keeps(e) {
			continue
		}
		if was, seen := out[e.Seed]; !seen || at == First && e.Epoch < was || at == Last && e.Epoch > was {
			out[e.Seed] = e.Epoch
		}
	}
	return out
}

func better(a *datasets.Evaluation, fitness float64, b *datasets.Evaluation, than float64) bool {
	return cmp.Or(
		-cmp.Compare(fitness, than),
		nullLast(a.VirtualMS, b.VirtualMS),
		strings.Compare(a.CandidateID, b.CandidateID),
		cmp.Compare(a.Seed, b.Seed),
	) < 0
}

// baseFitnessAt is the base fitness of a feasible evaluation under the manifest's
// first budget: as recorded where that budget was in force, or performance is not
// touched by it.
func baseFitnessAt(e *datasets.Evaluation, rules *Rules) float64 {
	if e.Performance == nil || e.VirtualMS == nil || *e.VirtualMS <= 0 || e.BudgetTimeoutMS == rules.FirstTimeoutMS {
		return e.BaseFitness
	}
	performance := min(1, rules.FirstTimeoutMS / *e.VirtualMS)
	if performance == *e.Performance {
		return e.BaseFitness
	}
	w, quality := rules.Weights, 1.0
	if e.Quality != nil {
		quality = *e.Quality
	}
	sum := float64(w.Correctness*float64(e.Correctness*quality)) + float64(w.Safety*e.Safety) + float64(w.Performance*performance)
	total := w.Correctness + w.Safety + w.Performance
	if e.Robustness != nil {
		sum += float64(w.Robustness * *e.Robustness)
		total += w.Robustness
	}
	sum += float64(w.Documentation * e.Documentation)
	if total += w.Documentation; math.Abs(total-1) > 1e-9 {
		sum /= total
	}
	return float64(sum * e.Stability)
}
