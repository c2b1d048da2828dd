package compare

import (
	"fmt"
	"slices"
)

// wallContrasts puts the timed calls of the same candidates side by side: for each style
// and seed, of the candidates that both sides timed on one machine, the one that the base
// ranks best. A candidate is timed under a seed, since the seed makes its input.
//
// What both sides timed on different machines is refused where nothing else is left, and
// noted where it is.
func wallContrasts(base, other *Experiment, alpha float64) (list []*contrast, notes []string, refused *Incomparability) {
	type key struct {
		spec, style string
		seed        int64
	}
	best := map[key]*contrast{}
	rank := map[key]int{}
	var order []key
	elsewhere := 0
	for i := range base.Timings {
		a := &base.Timings[i]
		b := other.timing(a)
		if b == nil {
			continue
		}
		if a.Host != b.Host {
			elsewhere++
			if refused == nil {
				refused = &Incomparability{
					Kind: KindMachine, What: "the machine that measured wall-clock time", Base: a.Host, New: b.Host, BaseName: base.Name, NewName: other.Name,
					Hint: "run both on one machine, each with --no-cache, since the cache keeps what was measured elsewhere",
				}
			}
			continue
		}
		k := key{a.Spec, a.Style, a.Seed}
		if best[k] == nil {
			order = append(order, k)
		} else if rank[k] <= a.Rank {
			continue
		}
		best[k], rank[k] = newWallContrast(other.Name, a, b, alpha), a.Rank
	}
	for _, k := range order {
		list = append(list, best[k])
	}
	if len(list) > 0 {
		if elsewhere > 0 {
			notes = append(notes, fmt.Sprintf("%s: %s timed on another machine than the base's, left out", other.Name, plural(elsewhere, "candidate")))
		}
		return list, notes, nil
	}
	if refused == nil {
		notes = append(notes, fmt.Sprintf("%s: no candidate was timed on both sides, so there is no wall-clock time to compare", other.Name))
	}
	return nil, notes, refused
}

// timing finds the same candidate, under the same seed.
func (x *Experiment) timing(of *Timing) *Timing {
	i := slices.IndexFunc(x.Timings, func(t Timing) bool {
		return t.Seed == of.Seed && t.CandidateID == of.CandidateID && t.Spec == of.Spec && t.Style == of.Style
	})
	if i < 0 {
		return nil
	}
	return &x.Timings[i]
}

func newWallContrast(name string, a, b *Timing, alpha float64) *contrast {
	ms := func(t *Timing) []float64 {
		out := make([]float64, len(t.WallNS))
		for i, ns := range t.WallNS {
			out[i] = float64(ns) / 1e6
		}
		return out
	}
	x, y := ms(a), ms(b)
	c := &contrast{tested: true, samples: true, needed: groupsNeeded, row: Row{
		Metric: WallMS, Spec: &a.Spec, Style: optional(a.Style), New: name, Seed: &a.Seed, CandidateID: &a.CandidateID, Direction: Min,
		BaseN: len(x), NewN: len(y), Seeds: []SeedDifference{},
	}}
	c.describe(x, y, alpha)
	c.fromSamples(x, y, alpha)
	c.row.Method += fmt.Sprintf(", timed calls on %s", a.Host)
	if slices.Equal(a.WallNS, b.WallNS) {
		// The evaluation came out of the cache, with the times that were measured once.
		c.equal, c.row.P, c.row.Method = true, nil, "one measurement, on "+a.Host
	}
	return c
}
