package chart

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"
)

// LatencyPanel is the latency of one spec in one run.
type LatencyPanel struct {
	Run, Spec string // Run is "" where there is only one
	Budget    []BudgetStep
	Styles    []StyleLatency
}

// BudgetStep is the time budget from an epoch on.
type BudgetStep struct {
	Epoch int
	MS    float64
}

// StyleLatency is the latency of a style's candidates, epoch by epoch, ascending.
type StyleLatency struct {
	Style  string
	Epochs []Spread
}

// Spread is the middle of a sample, and what holds all but a tenth of it at each end.
type Spread struct {
	Epoch            int
	P10, Median, P90 float64
}

// Latency draws latency against epoch on a logarithmic scale: for each style the median
// and a band from the 10th to the 90th percentile, and the budget as a line of steps.
// clock is "virtual" or "wall".
func Latency(title, clock string, inputs []LatencyPanel) *Figure {
	xs, ys := newExtent(), newExtent()
	var styles []string
	measured := false
	for _, in := range inputs {
		for _, s := range in.Styles {
			styles = append(styles, s.Style)
			for _, e := range s.Epochs {
				xs.take(float64(e.Epoch))
				ys.takeAboveZero(e.P10, e.Median, e.P90)
				measured = measured || e.Median >= 1/largest && drawable(e.Median)
			}
		}
		for _, b := range in.Budget {
			xs.take(float64(b.Epoch))
			ys.takeAboveZero(b.MS)
		}
	}
	if !measured {
		return nothing("latency", title, "no timed call was measured")
	}
	all := namesOf(styles)
	f := &Figure{
		Kind: "latency", Title: title,
		Note: "Line: median of a style's candidates that answer right. Band: 10th to 90th percentile.",
		keys: []key{{"time budget", -1, dashed}},
	}
	y := logarithmic(clock+" ms, log scale", ys)
	var said []string
	var x *axis
	f.grid, _ = arrange(inputs, func(in *LatencyPanel) (string, string) { return in.Run, in.Spec }, func(in *LatencyPanel) *panel {
		if x == nil {
			x = epochs(xs, 5)
		}
		p := &panel{x: x, y: y}
		for _, s := range in.Styles {
			i := all.series(s.Style)
			var low, mid, high []xy
			for _, e := range s.Epochs {
				low, mid, high = append(low, xy{float64(e.Epoch), e.P10}), append(mid, xy{float64(e.Epoch), e.Median}), append(high, xy{float64(e.Epoch), e.P90})
			}
			lows, highs := unbroken(low), unbroken(high)
			for k := range lows {
				p.marks = append(p.marks, band(lows[k], highs[k], i, 0.14))
			}
			for _, part := range unbroken(mid) {
				p.marks = append(p.marks, line(part, i, lineWidth))
			}
			if n := len(mid); n > 0 {
				p.labels = append(p.labels, endLabel{s.Style, i, mid[n-1]})
				said = append(said, fmt.Sprintf("%s %s went from %s to %s ms", subject(in.Run, in.Spec), s.Style, short(mid[0].y), short(mid[n-1].y)))
			}
		}
		var limit []xy
		for _, b := range in.Budget {
			limit = append(limit, xy{float64(b.Epoch), b.MS})
		}
		p.marks = append(p.marks, steps(limit))
		return p
	})
	f.Desc = "Median latency in " + clock + " milliseconds by epoch. " + sentences(said)
	f.suit(1.9)
	return f
}

// mostSkipped is how many epochs a line may pass over. A curriculum often lets two specs
// take turns; where more is left out, no line shall pretend that something was measured.
const mostSkipped = 1

// unbroken splits points where too many epochs are left out.
func unbroken(list []xy) [][]xy {
	var out [][]xy
	for i, p := range list {
		if i == 0 || p.x-list[i-1].x > mostSkipped+1 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

// subject names a panel in a sentence.
func subject(run, spec string) string { return strings.TrimSpace(run + " " + spec) }

// saidAtMost is how many sentences a description has: it is read aloud.
const saidAtMost = 12

func sentences(said []string) string {
	rest := ""
	if more := len(said) - saidAtMost; more > 0 {
		said, rest = said[:saidAtMost], fmt.Sprintf(" And %d more, which the tables have.", more)
	}
	if len(said) == 0 {
		return ""
	}
	return strings.Join(said, "; ") + "." + rest
}

// FitnessPanel is the fitness of one spec in one run, epoch by epoch, ascending.
type FitnessPanel struct {
	Run, Spec string
	Epochs    []FitnessEpoch
}

// FitnessEpoch is the best base fitness of an epoch, and the means of the scores that it
// is made of. A score that the spec does not have is nil.
type FitnessEpoch struct {
	Epoch int
	Best  float64
	Mean  float64
	Parts []Part
}

// Part is a score.
type Part struct {
	Name string
	Mean *float64
}

// Fitness draws the best base fitness of each epoch, the mean over its candidates, and
// the mean of each score.
func Fitness(title string, inputs []FitnessPanel) *Figure {
	xs, ys := newExtent(), newExtent()
	var parts []string
	for _, in := range inputs {
		for _, e := range in.Epochs {
			xs.take(float64(e.Epoch))
			ys.take(e.Best, e.Mean)
			for _, p := range e.Parts {
				if p.Mean != nil {
					ys.take(*p.Mean)
				}
				parts = append(parts, p.Name)
			}
		}
	}
	if xs.empty() {
		return nothing("fitness", title, "nothing was evaluated")
	}
	all := namesOf(parts)
	f := &Figure{
		Kind: "fitness", Title: title,
		Note: "Thick: best base fitness of the epoch. Thin: means over the epoch's candidates.",
	}
	y := linear("score, 0 to 1", ys, 4)
	y.hi += (y.hi - y.lo) * 0.03
	x := epochs(xs, 5)
	var said []string
	f.grid, _ = arrange(inputs, func(in *FitnessPanel) (string, string) { return in.Run, in.Spec }, func(in *FitnessPanel) *panel {
		p := &panel{x: x, y: y}
		curve := func(name string, series int, wide vg.Length, at func(FitnessEpoch) *float64) []xy {
			var list []xy
			for _, e := range in.Epochs {
				if v := at(e); v != nil {
					list = append(list, xy{float64(e.Epoch), *v})
				}
			}
			for _, part := range unbroken(list) {
				p.marks = append(p.marks, line(part, series, wide))
			}
			if n := len(list); n > 0 {
				p.labels = append(p.labels, endLabel{name, series, list[n-1]})
			}
			return list
		}
		for i, name := range all {
			curve(name, i, 1.1, func(e FitnessEpoch) *float64 {
				for _, part := range e.Parts {
					if part.Name == name {
						return part.Mean
					}
				}
				return nil
			})
		}
		curve("mean fitness", len(all), 1.4, func(e FitnessEpoch) *float64 { return &e.Mean })
		if best := curve("best fitness", -1, 2.2, func(e FitnessEpoch) *float64 { return &e.Best }); len(best) > 0 {
			said = append(said, fmt.Sprintf("%s: best from %s to %s", subject(in.Run, in.Spec), short(best[0].y), short(best[len(best)-1].y)))
		}
		return p
	})
	f.Desc = "Base fitness and the scores it is made of, by epoch. " + sentences(said)
	f.suit(1.9)
	return f
}
