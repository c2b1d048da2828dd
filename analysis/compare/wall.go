package compare

import (
	"fmt"
	"slices"
)

// severalHosts stands for the machine of a candidate that more than one has timed.
const severalHosts = "several machines"

// wallContrasts puts the timed calls of the same candidates side by side: for each style
// and seed, of the candidates that both sides timed on one machine, the one that the base
// ranks best. A candidate is timed under a seed, since the seed makes its input.
//
// What both sides timed on different machines is refused where nothing else is left, and
// noted where it is.
func wallContrasts(base, other *Experiment, alpha float64) (list []*contrast, notes []string, refused *Incomparability) {
	type pair struct{ a, b *Timing }
	timings := map[timingKey]*Timing{}
	for i := range other.Timings {
		timings[other.Timings[i].key()] = &other.Timings[i]
	}
	var pairs []pair // of each style and seed the best, in the order of the base's timings
	elsewhere := 0
	for i := range base.Timings {
		a := &base.Timings[i]
		b := timings[a.key()]
		if b == nil {
			continue
		}
		if a.Host != b.Host || a.Host == severalHosts {
			elsewhere++
			if refused == nil {
				refused = &Incomparability{
					Kind: KindMachine, What: "the machine that measured wall-clock time", Base: a.Host, New: b.Host, BaseName: base.Name, NewName: other.Name,
					Hint: "run both on one machine, each with --no-cache, since the cache keeps what was measured elsewhere",
				}
			}
			continue
		}
		if n := len(pairs) - 1; n < 0 || pairs[n].a.Spec != a.Spec || pairs[n].a.Style != a.Style || pairs[n].a.Seed != a.Seed {
			pairs = append(pairs, pair{a, b})
		} else if a.Rank < pairs[n].a.Rank {
			pairs[n] = pair{a, b}
		}
	}
	for _, p := range pairs {
		list = append(list, newWallContrast(other.Name, p.a, p.b, alpha))
	}
	switch {
	case len(list) > 0 && elsewhere > 0:
		return list, []string{fmt.Sprintf("%s: %s timed on another machine than the base's, left out", other.Name, plural(elsewhere, "candidate"))}, nil
	case len(list) > 0:
		return list, nil, nil
	case refused == nil:
		notes = append(notes, fmt.Sprintf("%s: no feasible candidate was timed on both sides, so there is no wall-clock time to compare", other.Name))
	}
	return nil, notes, refused
}

type timingKey struct {
	spec, style, id string
	seed            int64
}

func (t *Timing) key() timingKey { return timingKey{t.Spec, t.Style, t.CandidateID, t.Seed} }

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
