package compare

import (
	"cmp"
	"slices"
	"strings"

	"toolgen/analysis"
	"toolgen/analysis/pareto"
	"toolgen/datasets"
)

// seedCandidate is the key of a candidate in an experiment.
type seedCandidate struct {
	seed int64
	id   string
}

// contestant is a candidate under one seed.
type contestant struct {
	*datasets.Candidate
	style    string               // or an entrant's name
	latest   *datasets.Evaluation // of its last epoch that the filter chooses
	flaky    bool                 // in any of them
	handoffs int                  // that the lab attempted
	repaired bool
	timing   *Timing
}

// take adds what the rows of a run say, of the seeds that are fresh.
func (x *Experiment) take(run *analysis.Run, handoffs []datasets.Handoff, samples []datasets.Sample, fresh func(int64) bool, f *analysis.Filter) {
	all := map[seedCandidate]*contestant{}
	var list []*contestant
	for i := range run.Evaluations {
		e := &run.Evaluations[i]
		if !f.Keeps(e) || !fresh(e.Seed) {
			continue
		}
		k := seedCandidate{e.Seed, e.CandidateID}
		c := all[k]
		if c == nil {
			c = &contestant{}
			all[k] = c
		}
		if c.latest == nil || e.Epoch > c.latest.Epoch || e.Epoch == c.latest.Epoch && e.Slot < c.latest.Slot {
			c.latest = e
		}
		c.flaky = c.flaky || e.Stability < 1
	}
	for i := range run.Candidates {
		row := &run.Candidates[i]
		if c := all[seedCandidate{row.Seed, row.CandidateID}]; c != nil {
			c.Candidate, c.style = row, nameOf(row.Style, c.latest.Label)
			list = append(list, c)
		}
	}
	for i := range handoffs {
		h := &handoffs[i]
		if c := all[seedCandidate{h.Seed, h.CandidateID}]; c != nil && h.Outcome != datasets.OutcomeNotAttempted {
			c.handoffs++
			c.repaired = c.repaired || h.Outcome == datasets.OutcomeRepaired
		}
	}
	for i := range samples {
		s := &samples[i]
		c := all[seedCandidate{s.Seed, s.CandidateID}]
		if c == nil || c.Candidate == nil {
			continue
		}
		if c.timing == nil {
			c.timing = &Timing{Spec: c.Spec, Style: c.style, Seed: c.Seed, CandidateID: c.CandidateID, Host: s.Host}
		}
		if c.timing.Host != s.Host {
			c.timing.Host = severalHosts
		}
		c.timing.WallNS = append(c.timing.WallNS, s.WallNS)
	}
	slices.SortFunc(list, func(a, b *contestant) int {
		return cmp.Or(strings.Compare(a.Spec, b.Spec), strings.Compare(a.style, b.style), cmp.Compare(a.Seed, b.Seed), strings.Compare(a.CandidateID, b.CandidateID))
	})
	// A spec under a seed, then each of its styles.
	for _, bySpec := range split(list, func(a, b *contestant) bool { return a.Spec == b.Spec }) {
		seeds := slices.Clone(bySpec)
		slices.SortStableFunc(seeds, func(a, b *contestant) int { return cmp.Compare(a.Seed, b.Seed) })
		for _, group := range split(seeds, func(a, b *contestant) bool { return a.Seed == b.Seed }) {
			x.point("", group, group)
			for _, style := range split(group, func(a, b *contestant) bool { return a.style == b.style }) {
				if style[0].style != "" {
					x.point(style[0].style, style, group)
				}
			}
		}
	}
}

// split cuts a list where neighbours are not alike.
func split(list []*contestant, alike func(a, b *contestant) bool) [][]*contestant {
	var out [][]*contestant
	for i, c := range list {
		if i == 0 || !alike(list[i-1], c) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], c)
	}
	return out
}

// point adds what is known of the candidates of a scope under one seed. spec are those of
// the whole spec.
func (x *Experiment) point(style string, list, spec []*contestant) {
	list = slices.Clone(list)
	slices.SortFunc(list, compareContestants)
	p := Point{Spec: list[0].Spec, Style: style, Seed: list[0].Seed, Metrics: map[string]float64{}, Counts: map[string]Count{}}
	best := list[0]
	if best.FinalFeasible {
		p.CandidateID = &best.CandidateID
		p.Metrics = numbers(best.latest)
		// As they stand at the last budget, whenever it lived.
		p.Metrics["fitness"], p.Metrics["base_fitness"], p.Metrics["correctness"] = best.FinalBaseFitness, best.FinalBaseFitness, best.FinalCorrectness
	}
	if best.FinalFeasible {
		p.Metrics[BestFitness] = best.FinalBaseFitness
		p.Metrics[EpochsToBest] = float64(epochsToBest(list, spec))
	}
	p.Metrics[Hypervolume] = x.hypervolume(list)
	var flaky, repaired Count
	for rank, c := range list {
		if v := c.FinalVerdict; v != datasets.VerdictUnsafe && v != datasets.VerdictBuildError { // these never ran
			flaky.N++
			if c.flaky {
				flaky.K++
			}
		}
		if c.handoffs > 0 {
			repaired.N++
			if c.repaired {
				repaired.K++
			}
		}
		if c.timing != nil && style != "" && c.FinalFeasible { // how fast a wrong answer comes is nobody's concern
			t := *c.timing
			t.Rank = rank
			x.Timings = append(x.Timings, t)
		}
	}
	for _, rate := range []struct {
		name string
		of   Count
	}{{FlakeRate, flaky}, {RepairRate, repaired}} {
		if rate.of.N > 0 {
			p.Counts[rate.name] = rate.of
			p.Metrics[rate.name] = float64(rate.of.K) / float64(rate.of.N)
		}
	}
	x.Points = append(x.Points, p)
}

// epochsToBest is how many epochs of the spec went by before a feasible candidate of the
// best fitness came. The best stands first in list.
func epochsToBest(list, spec []*contestant) int32 {
	first, start := list[0].FirstEpoch, spec[0].FirstEpoch
	for _, c := range list {
		if c.FinalFeasible && c.FinalBaseFitness == list[0].FinalBaseFitness {
			first = min(first, c.FirstEpoch)
		}
	}
	for _, c := range spec {
		start = min(start, c.FirstEpoch)
	}
	return first - start
}

// compareContestants puts the best first: feasible, then by final base fitness, virtual
// time, peak memory and id, as winners are chosen.
func compareContestants(a, b *contestant) int {
	feasible := func(c *contestant) int {
		if c.FinalFeasible {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(feasible(a), feasible(b)),
		-cmp.Compare(a.FinalBaseFitness, b.FinalBaseFitness),
		nullLast(a.latest.VirtualMS, b.latest.VirtualMS),
		nullLast(a.latest.PeakMemoryBytes, b.latest.PeakMemoryBytes),
		strings.Compare(a.CandidateID, b.CandidateID),
	)
}

func nullLast[T cmp.Ordered](a, b *T) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*a, *b)
}

// hypervolume is that of the feasible candidates in the plane of virtual_ms / budget and
// 1 - base fitness, both minimized, up to (1, 1). Without any it is 0.
func (x *Experiment) hypervolume(list []*contestant) float64 {
	points := pareto.Points{nil, nil}
	for _, c := range list {
		if c.FinalFeasible && c.latest.VirtualMS != nil {
			points[0] = append(points[0], *c.latest.VirtualMS/x.settings.lastTimeoutMS)
			points[1] = append(points[1], 1-c.FinalBaseFitness)
		}
	}
	return pareto.Hypervolume(points, nil, []float64{1, 1})
}
