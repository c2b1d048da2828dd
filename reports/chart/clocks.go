package chart

import (
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ClockPanel is the timed candidates of one spec in one run.
type ClockPanel struct {
	Run, Spec string
	Points    []ClockPoint
	Rho       float64 // Spearman's rank correlation of the two clocks; NaN: not known
}

// ClockPoint is a candidate on both clocks, medians of the same calls.
type ClockPoint struct {
	Name              string
	Style             string
	VirtualMS, WallMS float64
}

// Clocks draws wall time against virtual time, both logarithmic.
func Clocks(title string, inputs []ClockPanel) *Figure {
	xs, ys := newExtent(), newExtent()
	var styles []string
	for _, in := range inputs {
		for _, p := range in.Points {
			if timed(p) {
				xs.take(p.VirtualMS)
				ys.take(p.WallMS)
				styles = append(styles, p.Style)
			}
		}
	}
	if xs.empty() {
		return nothing("clocks", title, "no candidate was timed")
	}
	all := namesOf(styles)
	f := &Figure{
		Kind: "clocks", Title: title,
		Note: "Medians of the timed calls. On the dashes a virtual millisecond takes a millisecond. Rho: Spearman's rank correlation of the clocks.",
	}
	for i, s := range all {
		f.keys = append(f.keys, key{s, i, dot})
	}
	x, y := logarithmic("virtual ms, log scale", xs), logarithmic("wall ms, log scale", ys)
	var said []string
	f.grid, _ = arrange(inputs, func(in *ClockPanel) (string, string) { return in.Run, in.Spec }, func(in *ClockPanel) *panel {
		p := &panel{x: x, y: y}
		p.marks = append(p.marks, diagonal)
		var points []point
		for _, q := range in.Points {
			if timed(q) {
				name := fmt.Sprintf("%s: %s virtual ms, %s wall ms", q.Name, short(q.VirtualMS), short(q.WallMS))
				points = append(points, point{xy{q.VirtualMS, q.WallMS}, all.series(q.Style), 2.6, true, 0.7, name})
			}
		}
		p.marks = append(p.marks, cloud(points))
		words := fmt.Sprintf("%d candidates", len(points))
		if drawable(in.Rho) {
			words += fmt.Sprintf(", rho %.3f", in.Rho)
		}
		p.remark = words
		said = append(said, subject(in.Run, in.Spec)+": "+words)
		return p
	})
	f.Desc = "Wall time against virtual time of each timed candidate. " + sentences(said)
	f.suit(2.3)
	return f
}

// diagonal is where both clocks agree.
func diagonal(p *pane) {
	lo, hi := max(p.x.lo, p.y.lo), min(p.x.hi, p.y.hi)
	if lo >= hi {
		return
	}
	p.hover("1 virtual ms = 1 ms")
	p.StrokeLines(draw.LineStyle{Color: p.th.Muted, Width: 0.8, Dashes: []vg.Length{3, 3}}, []vg.Point{p.at(lo, lo), p.at(hi, hi)})
}

// timed says whether a candidate has a place on two logarithmic axes.
func timed(p ClockPoint) bool {
	return p.VirtualMS >= 1/largest && drawable(p.VirtualMS) && p.WallMS >= 1/largest && drawable(p.WallMS)
}
