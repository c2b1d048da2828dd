package analysis

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"toolgen/analysis/pareto"
	"toolgen/datasets"
)

// Objective is a numeric column, and which way it is better.
type Objective struct {
	Column    string
	Direction pareto.Direction
}

func (o Objective) String() string { return o.Column + ":" + o.Direction.String() }

// ObjectiveColumns are the columns that may be objectives: those of evaluations that
// hold numbers, and the final ones of candidates.
func ObjectiveColumns() []string {
	var out []string
	for _, c := range datasets.Evaluations.Columns {
		if c.Type.Numeric() && c.Name != "seed" && c.Name != "epoch" && c.Name != "slot" {
			out = append(out, c.Name)
		}
	}
	return append(out, "final_correctness", "final_base_fitness")
}

// ParseObjective reads "virtual_ms:min" or "fitness:max".
func ParseObjective(s string) (Objective, error) {
	name, direction, _ := strings.Cut(s, ":")
	if !slices.Contains(ObjectiveColumns(), name) {
		return Objective{}, fmt.Errorf("%q is no objective; expected a numeric column of evaluations.parquet such as virtual_ms, fitness or peak_memory_bytes, final_correctness or final_base_fitness", name)
	}
	switch direction {
	case "min":
		return Objective{name, pareto.Minimize}, nil
	case "max":
		return Objective{name, pareto.Maximize}, nil
	}
	return Objective{}, fmt.Errorf("%q does not say which way %s is better; expected %s:min or %s:max", s, name, name, name)
}

// FrontPoint is a candidate on a front.
type FrontPoint struct {
	Experiment  string
	Spec        string
	Seed        int64
	CandidateID string
	Style       *string
	Label       *string
	Epoch       int32     // the latest in which it was evaluated, and whose row has these values
	Values      []float64 // of the objectives, in their order
	Knee        bool      // the front bulges most here, see pareto.Knee
	Tradeoff    *float64  // least loss for a gain of 1, see pareto.Tradeoffs; null for the only point
}

// FrontSummary is what there is to say of the front of a spec.
type FrontSummary struct {
	Experiment string
	Spec       string
	Candidates int       // feasible ones with a value in every objective: what the front is of
	LeftOut    int       // feasible ones without: null in an objective
	OnFront    int       // points, equal ones all counted
	Ideal      []float64 // best value in each objective; nil without candidates
	Nadir      []float64 // worst value in each objective over all feasible evaluations
	// Hypervolume is the share of the box from the best to the worst value of each
	// objective that the front dominates. Best and worst are over all feasible evaluations
	// of the spec that the filter keeps, in any epoch, so that the hypervolumes of
	// FrontGrowth are in the same box; those of two answers are not. It is null if the box
	// is flat, as where an objective is the same for all.
	Hypervolume *float64
}

// FrontGrowth is the front of a spec as it was at an epoch.
type FrontGrowth struct {
	Experiment  string
	Spec        string
	Epoch       int32
	OnFront     int      // candidates on the front of all evaluations up to this epoch
	Hypervolume *float64 // of the same; never falls. In the box of FrontSummary
	EpochOnly   *float64 // of the evaluations of this epoch alone
}

// Fronts is the answer of ParetoFronts.
type Fronts struct {
	Objectives []Objective
	Summaries  []FrontSummary // by experiment and spec
	Points     []FrontPoint   // by experiment, spec, and the first objective, best first
	Growth     []FrontGrowth  // by experiment, spec and epoch
}

// ParetoFronts finds, per experiment and spec, the feasible candidates that no other
// beats in all objectives. A candidate counts once under each seed, for seeds are other
// suites, with the values of the latest of its evaluations that the filter keeps. What is
// not feasible is left out, however quick: it does not do its job. A candidate with a
// null in an objective (no benchmark, failed timed calls) is left out too and counted.
func ParetoFronts(runs []*Run, f Filter, objectives []Objective) *Fronts {
	out := &Fronts{Objectives: objectives}
	for _, g := range groups(runs) {
		final := g.finals()
		bySpec := map[string][]*datasets.Evaluation{}
		for _, e := range g.evaluations(&f) {
			if e.Feasible {
				bySpec[e.Spec] = append(bySpec[e.Spec], e)
			}
		}
		for _, spec := range slices.Sorted(maps.Keys(bySpec)) {
			out.front(&g, spec, bySpec[spec], final)
		}
	}
	return out
}

// finals are the candidates of an experiment by key.
func (g *group) finals() map[seedCandidate]*datasets.Candidate {
	out := map[seedCandidate]*datasets.Candidate{}
	for _, r := range g.runs {
		for i := range r.Candidates {
			c := &r.Candidates[i]
			if k := (seedCandidate{c.Seed, c.CandidateID}); out[k] == nil {
				out[k] = c
			}
		}
	}
	return out
}

// front adds the front of a spec. rows are its feasible evaluations, by key.
func (out *Fronts) front(g *group, spec string, rows []*datasets.Evaluation, final map[seedCandidate]*datasets.Candidate) {
	dirs := make([]pareto.Direction, len(out.Objectives))
	for j, o := range out.Objectives {
		dirs[j] = o.Direction
	}
	columns := make([]func(*datasets.Evaluation) float64, len(out.Objectives))
	for j, o := range out.Objectives {
		columns[j] = numberOf(o.Column, final)
	}
	values := func(rows []*datasets.Evaluation) pareto.Points {
		p := make(pareto.Points, len(columns))
		for j, of := range columns {
			p[j] = make([]float64, len(rows))
			for i, e := range rows {
				p[j][i] = of(e)
			}
		}
		return p
	}
	s := FrontSummary{Experiment: g.experiment, Spec: spec}
	all := values(rows)
	s.Ideal, s.Nadir = pareto.Ideal(all, dirs), pareto.Nadir(all, dirs)
	box := box{ideal: s.Ideal, nadir: s.Nadir, dirs: dirs}

	latest := latestRows(rows)
	points := values(latest)
	index := pareto.Front(points, dirs)
	front := points.At(index)
	for i := range latest {
		if hasNaN(points, i) {
			s.LeftOut++
		} else {
			s.Candidates++
		}
	}
	s.OnFront, s.Hypervolume = len(index), box.share(front)
	out.Summaries = append(out.Summaries, s)

	knee, bulges := pareto.Knee(front, dirs)
	trades := pareto.Tradeoffs(front, dirs)
	list := make([]FrontPoint, len(index))
	for n, i := range index {
		e := latest[i]
		list[n] = FrontPoint{
			Experiment: g.experiment, Spec: spec, Seed: e.Seed, CandidateID: e.CandidateID, Style: e.Style, Label: e.Label, Epoch: e.Epoch,
			Knee: bulges && sameValues(front, n, knee), Tradeoff: finite(trades[n]),
		}
		for j := range points {
			list[n].Values = append(list[n].Values, points[j][i])
		}
	}
	slices.SortFunc(list, func(a, b FrontPoint) int {
		for j := range a.Values {
			c := cmp.Compare(a.Values[j], b.Values[j])
			if dirs[j] == pareto.Maximize {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return cmp.Or(strings.Compare(a.CandidateID, b.CandidateID), cmp.Compare(a.Seed, b.Seed))
	})
	out.Points = append(out.Points, list...)
	out.grow(g.experiment, spec, rows, all, box)
}

// grow adds the fronts of a spec over its epochs. The front so far and the rows of an
// epoch are all that the next front can be of.
func (out *Fronts) grow(experiment, spec string, rows []*datasets.Evaluation, all pareto.Points, box box) {
	byEpoch := map[int32][]int{}
	for i, e := range rows {
		byEpoch[e.Epoch] = append(byEpoch[e.Epoch], i)
	}
	var best []int // rows of the front so far; a candidate may have one in each epoch
	for _, epoch := range slices.Sorted(maps.Keys(byEpoch)) {
		now := byEpoch[epoch]
		pool := slices.Concat(best, now)
		best = best[:0:0]
		distinct := map[seedCandidate]bool{}
		for _, n := range pareto.Front(all.At(pool), box.dirs) {
			e := rows[pool[n]]
			best = append(best, pool[n])
			distinct[seedCandidate{e.Seed, e.CandidateID}] = true
		}
		out.Growth = append(out.Growth, FrontGrowth{
			Experiment: experiment, Spec: spec, Epoch: epoch, OnFront: len(distinct),
			Hypervolume: box.share(all.At(best)), EpochOnly: box.share(all.At(now)),
		})
	}
}

// latestRows is the last row of each candidate under each seed, by seed and id.
func latestRows(rows []*datasets.Evaluation) []*datasets.Evaluation {
	last := map[seedCandidate]*datasets.Evaluation{}
	for _, e := range rows { // by key: the epochs of a seed ascend
		k := seedCandidate{e.Seed, e.CandidateID}
		if was := last[k]; was == nil || e.Epoch > was.Epoch {
			last[k] = e
		}
	}
	return slices.SortedFunc(maps.Values(last), func(a, b *datasets.Evaluation) int {
		return cmp.Or(cmp.Compare(a.Seed, b.Seed), strings.Compare(a.CandidateID, b.CandidateID))
	})
}

// box is what hypervolumes are shares of.
type box struct {
	ideal, nadir []float64
	dirs         []pareto.Direction
}

func (b *box) share(points pareto.Points) *float64 {
	if b.ideal == nil {
		return nil
	}
	// In units of the box: the product of raw spans could leave the range of a double.
	scaled, ref := make(pareto.Points, len(points)), make([]float64, len(points))
	for j := range points {
		span := math.Abs(b.nadir[j] - b.ideal[j])
		if span == 0 {
			return nil
		}
		ref[j], scaled[j] = 1, make([]float64, len(points[j]))
		for i, x := range points[j] {
			scaled[j][i] = math.Abs(x-b.ideal[j]) / span
		}
	}
	v := pareto.Hypervolume(scaled, nil, ref)
	return &v
}

func hasNaN(p pareto.Points, i int) bool {
	return slices.ContainsFunc(p, func(column []float64) bool { return math.IsNaN(column[i]) })
}

func sameValues(p pareto.Points, a, b int) bool {
	return !slices.ContainsFunc(p, func(column []float64) bool { return column[a] != column[b] })
}

// finite is a number, or null where there is none.
func finite(x float64) *float64 {
	if x-x != 0 {
		return nil
	}
	return &x
}

// numberOf returns the values of a column of ObjectiveColumns; NaN for null.
func numberOf(column string, final map[seedCandidate]*datasets.Candidate) func(*datasets.Evaluation) float64 {
	switch column {
	case "final_correctness", "final_base_fitness":
		return func(e *datasets.Evaluation) float64 {
			c := final[seedCandidate{e.Seed, e.CandidateID}]
			switch {
			case c == nil:
				return math.NaN()
			case column == "final_correctness":
				return c.FinalCorrectness
			}
			return c.FinalBaseFitness
		}
	}
	return func(e *datasets.Evaluation) float64 { return datasets.Evaluations.Number(e, column) }
}
