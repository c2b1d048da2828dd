package analysis

import (
	"cmp"
	"slices"
	"strings"

	"toolgen/datasets"
)

// Standing is a distinct candidate of an experiment on its leaderboard.
//
// A candidate that competed under several seeds was held against as many suites. Its
// numbers are then the lower medians over those seeds, but for what must hold under
// each of them: it is feasible if it was everywhere, its verdict is the first of the
// list of verdicts that any seed gave it, its peak memory the largest, its stability
// the least.
type Standing struct {
	Experiment       string
	Spec             string
	Rank             int // from 1, within experiment and spec
	Style            *string
	Label            *string // an entrant's name
	CandidateID      string
	Origin           string // where it first appeared
	FirstEpoch       int32
	LastEpoch        int32 // the latest in which it was evaluated
	FinalVerdict     string
	FinalFeasible    bool
	FinalBaseFitness float64
	VirtualMS        *float64 // null without a benchmark, or if the timed calls failed
	PeakMemoryBytes  *int64
	Stability        float64
	Seeds            []int64 // under which it competed, ascending
	// Lineage are its ancestors under the first of its seeds: its first parent, whose
	// first parent, and so on to one without parents. A run that goes on has not written
	// its parents yet, and it is empty.
	Lineage []string
}

// LeaderboardOptions say what a leaderboard shows.
type LeaderboardOptions struct {
	Filter   Filter
	Top      int  // rows per experiment and spec, or per style with PerStyle; 0: all
	PerStyle bool // count Top for each style and entrant by itself
}

// Leaderboard ranks the distinct candidates of each experiment and spec by how they
// stand at the last epoch's budget: feasible first, then base fitness, then virtual
// time, peak memory, and id. In a run that goes on it is their latest epoch's budget.
func Leaderboard(runs []*Run, opt LeaderboardOptions) []Standing {
	var out []Standing
	for _, g := range groups(runs) {
		list := g.standings(&opt.Filter)
		slices.SortFunc(list, compareStandings)
		shown := map[string]int{}
		for i := range list {
			s := &list[i]
			if i > 0 && list[i-1].Spec == s.Spec {
				s.Rank = list[i-1].Rank + 1
			} else {
				s.Rank = 1
			}
			of := s.Spec
			if opt.PerStyle {
				of += "\x00" + deref(s.Style) + "\x00" + deref(s.Label)
			}
			if shown[of]++; opt.Top == 0 || shown[of] <= opt.Top {
				out = append(out, *s)
			}
		}
	}
	return out
}

// appearance is a candidate under one seed.
type appearance struct {
	c         *datasets.Candidate
	label     *string
	virtualMS *float64
	peak      *int64
	stability float64
	last      int32 // epoch
}

// standings folds the appearances of each candidate.
func (g *group) standings(f *Filter) []Standing {
	appearances := map[seedCandidate]*appearance{}
	for _, r := range g.runs {
		for i := range r.Evaluations {
			// What was measured of a candidate under a seed is the same in each of its rows.
			e := &r.Evaluations[i]
			if !f.keeps(e) {
				continue
			}
			k, last := seedCandidate{e.Seed, e.CandidateID}, e.Epoch
			if was := appearances[k]; was != nil {
				last = max(last, was.last)
			}
			appearances[k] = &appearance{label: e.Label, virtualMS: e.VirtualMS, peak: e.PeakMemoryBytes, stability: e.Stability, last: last}
		}
	}
	byID := map[string][]*appearance{}
	var ids []string
	for _, r := range g.runs {
		for i := range r.Candidates {
			c := &r.Candidates[i]
			a := appearances[seedCandidate{c.Seed, c.CandidateID}]
			if a == nil || a.c != nil {
				continue
			}
			a.c = c
			if byID[c.CandidateID] == nil {
				ids = append(ids, c.CandidateID)
			}
			byID[c.CandidateID] = append(byID[c.CandidateID], a)
		}
	}
	var out []Standing
	final := g.finals()
	for _, id := range ids {
		s := g.fold(byID[id])
		s.Lineage = lineage(seedCandidate{s.Seeds[0], id}, final)
		out = append(out, s)
	}
	return out
}

// lineage follows first parents. A parent is older than its child, but a survivor's
// equal may be born again from its own descendant, so a circle ends the walk.
func lineage(k seedCandidate, final map[seedCandidate]*datasets.Candidate) []string {
	out := []string{}
	seen := map[string]bool{k.id: true}
	for c := final[k]; c != nil && len(c.ParentIDs) > 0 && !seen[c.ParentIDs[0]]; c = final[k] {
		k.id = c.ParentIDs[0]
		seen[k.id] = true
		out = append(out, k.id)
	}
	return out
}

func (g *group) fold(list []*appearance) Standing {
	slices.SortFunc(list, func(a, b *appearance) int { return cmp.Compare(a.c.Seed, b.c.Seed) })
	first := list[0].c
	s := Standing{
		Experiment: g.experiment, Spec: first.Spec, Style: first.Style, Label: list[0].label, CandidateID: first.CandidateID,
		Origin: first.Origin, FirstEpoch: first.FirstEpoch, FinalVerdict: first.FinalVerdict, FinalFeasible: true, Stability: 1,
	}
	var fitness, ms []float64
	for _, a := range list {
		c := a.c
		if c.FirstEpoch < s.FirstEpoch {
			s.FirstEpoch, s.Origin = c.FirstEpoch, c.Origin
		}
		if precedence(c.FinalVerdict) < precedence(s.FinalVerdict) {
			s.FinalVerdict = c.FinalVerdict
		}
		s.FinalFeasible = s.FinalFeasible && c.FinalFeasible
		s.Stability = min(s.Stability, a.stability)
		s.LastEpoch = max(s.LastEpoch, a.last)
		fitness = append(fitness, c.FinalBaseFitness)
		if a.virtualMS != nil {
			ms = append(ms, *a.virtualMS)
		}
		if a.peak != nil && (s.PeakMemoryBytes == nil || *a.peak > *s.PeakMemoryBytes) {
			s.PeakMemoryBytes = a.peak
		}
		s.Seeds = append(s.Seeds, c.Seed)
	}
	s.FinalBaseFitness = lowerMedian(fitness)
	if len(ms) == len(list) {
		m := lowerMedian(ms)
		s.VirtualMS = &m
	}
	return s
}

// verdicts in the order in which the first that applies is given.
var verdicts = []string{
	datasets.VerdictUnsafe, datasets.VerdictBuildError, datasets.VerdictTrap, datasets.VerdictStackOverflow, datasets.VerdictOutOfMemory,
	datasets.VerdictTimeout, datasets.VerdictOutputFlood, datasets.VerdictWrongOutput, datasets.VerdictFlaky, datasets.VerdictPass,
}

func precedence(verdict string) int { return slices.Index(verdicts, verdict) }

func compareStandings(a, b Standing) int {
	return cmp.Or(
		strings.Compare(a.Spec, b.Spec),
		-compareBool(a.FinalFeasible, b.FinalFeasible),
		-cmp.Compare(a.FinalBaseFitness, b.FinalBaseFitness),
		nullLast(a.VirtualMS, b.VirtualMS),
		nullLast(a.PeakMemoryBytes, b.PeakMemoryBytes),
		strings.Compare(a.CandidateID, b.CandidateID),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// nullLast orders numbers ascending, and null behind them.
func nullLast[T cmp.Ordered](a, b *T) int {
	if a == nil || b == nil {
		return compareBool(a == nil, b == nil)
	}
	return cmp.Compare(*a, *b)
}

// lowerMedian is the median of a list that is not empty; of an even count, the lower
// of the two in the middle, so that it is always a value that was measured.
func lowerMedian(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[(len(list)-1)/2]
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
