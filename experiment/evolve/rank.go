package evolve

import (
	"cmp"
	"math"
	"slices"

	"toolgen/pipeline/synth"
)

// Individual is a candidate as one epoch has judged it. NaN stands for null.
type Individual struct {
	Slot       int    // where it stands in its generation
	ID         string // candidate id
	Genome     synth.Genome
	AnnealTemp float64
	HasTemp    bool // AnnealTemp is not null

	Feasible         bool    // verdict pass and safety 1
	Violation        float64 // how far from feasible, 0 or more
	Fitness          float64 // under the epoch's budget, with the bonus
	FinalBaseFitness float64 // under the last budget, without the bonus
	VirtualMS        float64 // NaN: null
	PeakMemoryBytes  float64 // NaN: null

	Objectives []float64 // less is better: negate what is to be maximized; NaN: null, as bad as can be
	Params     []float64 // parameters normalized to [0, 1], in one order for all of a style
}

// Ranked is an individual with its place among the distinct candidates of an epoch.
type Ranked struct {
	Individual
	Place      int     // in the total order; 0 is first
	ParetoRank int     // 0 is the front
	Novelty    float64 // in [0, 1]; NaN (null) for the fittest
}

// RankOptions says how [Rank] ranks.
type RankOptions struct {
	// NoveltyNeighbours is how many nearest fitter neighbours novelty looks at.
	// With 0 novelty is null for all and orders nothing.
	NoveltyNeighbours int
}

// Rank returns the distinct candidates of a spec in an epoch in their total order,
// best first; slots that hold the same candidate are represented by the lowest. The
// result does not depend on the order of pop.
//
// Pareto rank follows Deb's constrained domination (A fast and elitist multiobjective
// genetic algorithm: NSGA-II, 2002, definition 1): the feasible dominate the
// infeasible, among these a lower violation dominates, and otherwise a candidate
// dominates another that it betters in an objective and is worse than in none. The
// total order is: feasible first, violation, Pareto rank, novelty (null, then the most
// novel), fitness, virtual_ms, peak memory, id.
//
// Rank panics if the individuals have different numbers of objectives.
func Rank(pop []Individual, opts RankOptions) []Ranked {
	distinct := slices.Clone(pop)
	slices.SortFunc(distinct, func(a, b Individual) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Slot, b.Slot))
	})
	distinct = slices.CompactFunc(distinct, func(a, b Individual) bool { return a.ID == b.ID })

	ranks := paretoRanks(distinct)
	novelties := novelty(distinct, opts.NoveltyNeighbours)
	out := make([]Ranked, len(distinct))
	for i := range distinct {
		out[i] = Ranked{Individual: distinct[i], ParetoRank: ranks[i], Novelty: novelties[i]}
	}
	slices.SortFunc(out, func(a, b Ranked) int { return compareRanked(&a, &b) })
	for i := range out {
		out[i].Place = i
	}
	return out
}

// compareRanked is the total order: negative if a comes first.
func compareRanked(a, b *Ranked) int {
	return cmp.Or(
		compareConstraints(&a.Individual, &b.Individual),
		cmp.Compare(a.ParetoRank, b.ParetoRank),
		compareNovelty(a.Novelty, b.Novelty),
		worst(a.Fitness, b.Fitness, -1),
		worst(a.VirtualMS, b.VirtualMS, 1),
		worst(a.PeakMemoryBytes, b.PeakMemoryBytes, 1),
		cmp.Compare(a.ID, b.ID),
	)
}

// compareConstraints puts the feasible first, then the lower violation.
func compareConstraints(a, b *Individual) int {
	if a.Feasible != b.Feasible {
		if a.Feasible {
			return -1
		}
		return 1
	}
	return worst(a.Violation, b.Violation, 1)
}

// compareNovelty puts null first, then the more novel: cmp.Compare takes NaN for the
// least of all numbers.
func compareNovelty(a, b float64) int {
	if math.IsNaN(a) || math.IsNaN(b) {
		return cmp.Compare(a, b)
	}
	return cmp.Compare(b, a)
}

// worst compares a and b by sign (1: less is better, -1: more is better), with NaN
// worst of all: negative if a is better.
func worst(a, b float64, sign float64) int {
	return cmp.Compare(orInf(sign*a), orInf(sign*b))
}

func orInf(x float64) float64 {
	if math.IsNaN(x) {
		return math.Inf(1)
	}
	return x
}

// paretoRanks returns each individual's front under constrained domination. Classes of
// equal constraints dominate one another as wholes, so each class is sorted by itself
// and its fronts follow those of the class before.
func paretoRanks(pop []Individual) []int {
	order := make([]int, len(pop))
	for i := range order {
		order[i] = i
	}
	// By constraints, then by objectives: within a class nobody is dominated by one
	// that stands behind it.
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Or(compareConstraints(&pop[i], &pop[j]), compareObjectives(pop[i].Objectives, pop[j].Objectives))
	})
	ranks := make([]int, len(pop))
	var fronts [][]int // of the current class
	first := 0         // rank of the current class's first front
	for n, i := range order {
		if n > 0 && compareConstraints(&pop[order[n-1]], &pop[i]) != 0 {
			first, fronts = first+len(fronts), nil
		}
		// Efficient non-dominated sort (Zhang et al., 2015): the first front that does
		// not dominate i is its own, for what dominates i stands in an earlier one.
		f := 0
		for f < len(fronts) && slices.ContainsFunc(fronts[f], func(j int) bool {
			return dominates(pop[j].Objectives, pop[i].Objectives)
		}) {
			f++
		}
		if f == len(fronts) {
			fronts = append(fronts, nil)
		}
		fronts[f] = append(fronts[f], i)
		ranks[i] = first + f
	}
	return ranks
}

func compareObjectives(a, b []float64) int {
	if len(a) != len(b) {
		panic("evolve: individuals with different numbers of objectives")
	}
	for k := range a {
		if c := worst(a[k], b[k], 1); c != 0 {
			return c
		}
	}
	return 0
}

// dominates reports whether a is better than b somewhere and worse nowhere.
func dominates(a, b []float64) bool {
	better := false
	for k := range a {
		switch worst(a[k], b[k], 1) {
		case 1:
			return false
		case -1:
			better = true
		}
	}
	return better
}
