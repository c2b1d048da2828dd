// Package analysis turns the rows of runs into statistics.
//
// It reads what a run left behind and nothing else: neither the pipeline nor the
// experiment that made the rows is known here, so a statistic can be computed from a
// run folder alone, wherever it was made. Every function is pure: the same rows give
// the same answer, in the same order.
//
// Runs that differ only in their seeds are one experiment and are folded; runs that
// differ in anything else are kept apart, and what is best in one is not held against
// the other.
//
// It draws nothing, writes nothing, and decides nothing about candidates: verdicts,
// scores and feasibility stand in the rows.
package analysis

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"toolgen/datasets"
)

// Run is what is known of a run: its rows, and of its manifest what gives them a scale.
type Run struct {
	Dir         string // where it was read from, as it was named
	Experiment  string // the manifest's name
	RunID       string
	Group       string // runs with the same group are one experiment and are folded
	Partial     bool   // it goes on or was interrupted: Candidates say how they stood in their latest epoch
	Rules       *Rules // nil if Partial
	Evaluations []datasets.Evaluation
	Candidates  []datasets.Candidate
	Handoffs    []datasets.Handoff // nil until ReadHandoffs
	Samples     []datasets.Sample  // nil until ReadSamples
}

// Rules are what a manifest says about budgets and fitness.
type Rules struct {
	FirstTimeoutMS float64 // budget of epoch 0, virtual ms
	LastTimeoutMS  float64 // budget of the manifest's last epoch, virtual ms
	Weights        Weights
	FuelPerMS      int64 // fuel of one virtual millisecond
}

// Weights are the shares of the scores in the base fitness.
type Weights struct {
	Correctness   float64 `json:"correctness"`
	Safety        float64 `json:"safety"`
	Performance   float64 `json:"performance"`
	Robustness    float64 `json:"robustness"`
	Documentation float64 `json:"documentation"`
}

// Read reads a run, verified against its lock, or as much of one as there is.
func Read(r *datasets.Run) (*Run, error) {
	evaluations, err := r.ReadEvaluations()
	if err != nil {
		return nil, err
	}
	run := &Run{Dir: r.Dir, Partial: r.Partial, Evaluations: evaluations}
	if r.Partial {
		run.Candidates = latest(evaluations)
		if len(evaluations) > 0 {
			run.Experiment, run.RunID = evaluations[0].Experiment, evaluations[0].RunID
		}
		run.Group = run.RunID
		return run, nil
	}
	if run.Candidates, err = datasets.Candidates.ReadRun(r); err != nil {
		return nil, err
	}
	run.RunID, run.Group = r.Lock.RunID, r.Lock.ExperimentID
	run.Experiment, run.Rules, err = readRules(r.Lock.Identity.Manifest)
	return run, err
}

// ReadHandoffs adds the handoffs of the run that r was read from. A run that goes on has
// none yet and is an error, datasets.ErrPartial.
func (r *Run) ReadHandoffs(from *datasets.Run) (err error) {
	r.Handoffs, err = datasets.Handoffs.ReadRun(from)
	return err
}

// ReadSamples adds the timed calls as some machine measured them; as ReadHandoffs.
func (r *Run) ReadSamples(from *datasets.Run) (err error) {
	r.Samples, err = datasets.Samples.ReadRun(from)
	return err
}

// readRules reads a manifest as it stands in a lock.
func readRules(manifest json.RawMessage) (string, *Rules, error) {
	var m struct {
		Name   string `json:"name"`
		Epochs int    `json:"epochs"`
		Budget struct {
			TimeoutMS struct {
				From float64 `json:"from"`
				To   float64 `json:"to"`
			} `json:"timeout_ms"`
			OverEpochs int `json:"over_epochs"`
		} `json:"budget"`
		FitnessWeights Weights `json:"fitness_weights"`
		FuelPerMS      int64   `json:"fuel_per_ms"`
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return "", nil, fmt.Errorf("the lock's manifest: %w", err)
	}
	if m.Epochs < 1 || m.Budget.TimeoutMS.From <= 0 || m.Budget.TimeoutMS.To <= 0 || m.FuelPerMS <= 0 {
		return "", nil, errors.New("the lock's manifest has no epochs, no time budget or no fuel_per_ms")
	}
	b := m.Budget
	at := func(epoch int) float64 {
		if epoch >= b.OverEpochs {
			return b.TimeoutMS.To
		}
		return b.TimeoutMS.From - float64((b.TimeoutMS.From-b.TimeoutMS.To)*float64(epoch))/float64(b.OverEpochs)
	}
	return m.Name, &Rules{FirstTimeoutMS: at(0), LastTimeoutMS: at(m.Epochs - 1), Weights: m.FitnessWeights, FuelPerMS: m.FuelPerMS}, nil
}

// latest makes candidates out of the evaluations of a run that goes on. Their final
// columns say how they stood in the latest epoch that they were in.
func latest(evaluations []datasets.Evaluation) []datasets.Candidate {
	index := map[seedCandidate]int{}
	var out []datasets.Candidate
	epochs := []int32{}
	for i := range evaluations {
		e := &evaluations[i]
		k := seedCandidate{e.Seed, e.CandidateID}
		n, seen := index[k]
		if !seen {
			n = len(out)
			index[k] = n
			out = append(out, datasets.Candidate{
				RunID: e.RunID, Experiment: e.Experiment, Seed: e.Seed, CandidateID: e.CandidateID, Spec: e.Spec, Style: e.Style,
				Origin: e.Origin, FirstEpoch: e.Epoch, SourceBytes: e.SourceBytes,
			})
			epochs = append(epochs, e.Epoch)
		}
		c := &out[n]
		if e.Epoch < c.FirstEpoch {
			c.FirstEpoch, c.Origin = e.Epoch, e.Origin
		}
		if !seen || e.Epoch >= epochs[n] {
			epochs[n] = e.Epoch
			c.FinalVerdict, c.FinalCorrectness, c.FinalBaseFitness, c.FinalFeasible = e.Verdict, e.Correctness, e.BaseFitness, e.Feasible
		}
	}
	slices.SortFunc(out, func(a, b datasets.Candidate) int { return datasets.Candidates.Compare(&a, &b) })
	return out
}

// seedCandidate is the key of a candidate in a run.
type seedCandidate struct {
	seed int64
	id   string
}

// Epochs returns how many epochs of each seed have been played, in the order of the seeds.
func (r *Run) Epochs() (seeds []int64, played []int) {
	at := map[int64]int{}
	for i := range r.Evaluations {
		e := &r.Evaluations[i]
		at[e.Seed] = max(at[e.Seed], int(e.Epoch)+1)
	}
	seeds = slices.Sorted(maps.Keys(at))
	for _, s := range seeds {
		played = append(played, at[s])
	}
	return seeds, played
}

// Filter chooses rows. What is nil chooses all.
type Filter struct {
	Specs  []string
	Styles []string // names of styles, or of entrants
	Seeds  []Range
	Epochs []Range // of a candidate: any in which it was evaluated
}

// Range is a range of numbers, both ends included.
type Range struct{ From, To int64 }

func within(list []Range, n int64) bool {
	return list == nil || slices.ContainsFunc(list, func(r Range) bool { return r.From <= n && n <= r.To })
}

func (f *Filter) keeps(e *datasets.Evaluation) bool {
	return (f.Specs == nil || slices.Contains(f.Specs, e.Spec)) &&
		(f.Styles == nil || e.Style != nil && slices.Contains(f.Styles, *e.Style) || e.Label != nil && slices.Contains(f.Styles, *e.Label)) &&
		within(f.Seeds, e.Seed) && within(f.Epochs, int64(e.Epoch))
}

// group is an experiment: runs that differ only in their seeds. A row that several of
// them hold counts once.
type group struct {
	experiment, id string
	runs           []*Run
}

// owners are the runs by the seeds whose rows are taken from them: two runs of one
// experiment that share a seed hold the same rows for it, and the first is asked.
func (g *group) owners() map[int64]*Run {
	out := map[int64]*Run{}
	for _, r := range g.runs {
		for i := range r.Evaluations {
			if seed := r.Evaluations[i].Seed; out[seed] == nil {
				out[seed] = r
			}
		}
	}
	return out
}

// evaluations are the rows of an experiment that a filter keeps, each once, by key.
func (g *group) evaluations(f *Filter) []*datasets.Evaluation {
	var out []*datasets.Evaluation
	owner := g.owners()
	for _, r := range g.runs {
		for i := range r.Evaluations {
			if e := &r.Evaluations[i]; owner[e.Seed] == r && f.keeps(e) {
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b *datasets.Evaluation) int {
		return cmp.Or(cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.Epoch, b.Epoch), strings.Compare(a.Spec, b.Spec), cmp.Compare(a.Slot, b.Slot))
	})
	return out
}

// styleOf is the name that a row goes by: its style, or the label of an entrant.
func styleOf(e *datasets.Evaluation) string {
	if e.Style != nil {
		return *e.Style
	}
	return deref(e.Label)
}

// groups folds runs, in the order of their names and ids.
func groups(runs []*Run) []group {
	var out []group
	for _, r := range runs {
		i := slices.IndexFunc(out, func(g group) bool { return g.id == r.Group })
		if i < 0 {
			i = len(out)
			out = append(out, group{experiment: r.Experiment, id: r.Group})
		}
		if !slices.Contains(out[i].runs, r) {
			out[i].runs = append(out[i].runs, r)
		}
	}
	slices.SortFunc(out, func(a, b group) int {
		if c := strings.Compare(a.experiment, b.experiment); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	return out
}

// Seeds are those of the runs that a filter keeps, ascending.
func Seeds(runs []*Run, f Filter) []int64 {
	seen := map[int64]bool{}
	for _, r := range runs {
		for i := range r.Evaluations {
			if e := &r.Evaluations[i]; f.keeps(e) {
				seen[e.Seed] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
