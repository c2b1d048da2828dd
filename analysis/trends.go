package analysis

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"toolgen/datasets"
)

// Trend is a spec in an epoch, or a style of it, over the slots of all seeds.
type Trend struct {
	Experiment string
	Spec       string
	Style      string // of ByStyle: the style, or an entrant's label; "" of BySpec
	Epoch      int32
	Slots      int     // evaluations
	Feasible   int     // of these
	Share      float64 // Slots over the slots of the spec in the epoch, whatever style was asked for
	Fitness    Spread  // with the bonus; the best is Max
	// BestBaseFitness is the highest base fitness of a feasible slot so far, up to this
	// epoch and under the budget of its own epoch: null as long as there was none.
	BestBaseFitness *float64
	VirtualMS       *Spread // of the slots that were timed; the best is Min. Null without any
}

// Trends tells how fitness, virtual time and the shares of the styles went from epoch to
// epoch, by spec or by style of a spec. Seeds are taken together: a sample has the slots
// of all of them. It reads runs that go on, as far as they have come.
func Trends(runs []*Run, f Filter, by string) []Trend {
	type key struct {
		spec, style string
		epoch       int32
	}
	var out []Trend
	for _, g := range groups(runs) {
		// Shares are of all styles.
		whole := f
		whole.Styles = nil
		slots := map[key]int{}
		rows := map[key][]*datasets.Evaluation{}
		for _, e := range g.evaluations(&whole) {
			slots[key{spec: e.Spec, epoch: e.Epoch}]++
			if !f.keeps(e) {
				continue
			}
			k := key{spec: e.Spec, epoch: e.Epoch}
			if by == ByStyle {
				k.style = styleOf(e)
			}
			rows[k] = append(rows[k], e)
		}
		best := map[key]*float64{} // by spec and style
		for _, k := range slices.SortedFunc(maps.Keys(rows), func(a, b key) int {
			return cmp.Or(strings.Compare(a.spec, b.spec), strings.Compare(a.style, b.style), cmp.Compare(a.epoch, b.epoch))
		}) {
			t := Trend{Experiment: g.experiment, Spec: k.spec, Style: k.style, Epoch: k.epoch, Slots: len(rows[k])}
			t.Share = float64(t.Slots) / float64(slots[key{spec: k.spec, epoch: k.epoch}])
			var fitness, ms []float64
			series := key{spec: k.spec, style: k.style}
			for _, e := range rows[k] {
				if fitness = append(fitness, e.Fitness); e.VirtualMS != nil {
					ms = append(ms, *e.VirtualMS)
				}
				if e.Feasible {
					if t.Feasible++; best[series] == nil || e.BaseFitness > *best[series] {
						best[series] = &e.BaseFitness
					}
				}
			}
			t.Fitness, t.VirtualMS, t.BestBaseFitness = *newSpread(fitness), newSpread(ms), best[series]
			out = append(out, t)
		}
	}
	return out
}
