package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Objective is an axis of a Pareto chart.
type Objective struct {
	Name string // with its unit: "virtual ms"
	Max  bool   // more is better
}

// ParetoPanel is the candidates of one spec in one run.
type ParetoPanel struct {
	Run, Spec   string
	Points      []ParetoPoint
	Reference   *[2]float64 // the worst corner of the hypervolume in the units of X and Y; nil: the worst that is shown
	Hypervolume *float64    // in units of its own; nil: not known
}

// ParetoPoint is a candidate.
type ParetoPoint struct {
	Name     string // shown on hovering
	Style    string
	X, Y     float64
	Front    bool // not dominated
	Feasible bool
}

// Pareto draws candidates in the plane of two objectives, the front as a line of steps,
// and what it dominates shaded.
func Pareto(title string, x, y Objective, inputs []ParetoPanel) *Figure {
	// What is not feasible is often quick and wrong: it may not decide the scale, unless
	// there is nothing else.
	xs, ys := newExtent(), newExtent()
	var styles []string
	for _, feasible := range []bool{true, false} {
		for _, in := range inputs {
			for _, p := range in.Points {
				if p.Feasible == feasible {
					xs.take(p.X)
					ys.take(p.Y)
				}
				styles = append(styles, p.Style)
			}
		}
		if !xs.empty() && !ys.empty() {
			break
		}
	}
	if xs.empty() || ys.empty() {
		return nothing("pareto", title, "no candidate has both figures")
	}
	all := namesOf(styles)
	f := &Figure{
		Kind: "pareto", Title: title,
		Note: fmt.Sprintf("Line: candidates that no other beats in both; %s is better on the horizontal axis, %s on the vertical one. Shaded: what they dominate. Rings: not feasible.", better(x), better(y)),
	}
	for i, s := range all {
		f.keys = append(f.keys, key{s, i, dot})
	}
	ax, ay := scale(x.Name, xs), scale(y.Name, ys)
	var said []string
	f.grid, _ = arrange(inputs, func(in *ParetoPanel) (string, string) { return in.Run, in.Spec }, func(in *ParetoPanel) *panel {
		p := &panel{x: ax, y: ay}
		front := slices.DeleteFunc(slices.Clone(in.Points), func(q ParetoPoint) bool { return !q.Front })
		slices.SortFunc(front, func(a, b ParetoPoint) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
		p.marks = append(p.marks, dominated(front, x.Max, y.Max, in.Reference))
		// What is on the front is drawn last, so that it lies on top.
		outside := 0
		var points []point
		for _, onFront := range []bool{false, true} {
			for _, q := range in.Points {
				if q.Front != onFront {
					continue
				}
				if !ax.shows(q.X) || !ay.shows(q.Y) {
					outside++
					continue
				}
				radius, alpha := vg.Length(2.2), 0.55
				if onFront {
					radius, alpha = 3.4, 1
				}
				name := fmt.Sprintf("%s: %s %s, %s %s", q.Name, x.Name, short(q.X), y.Name, short(q.Y))
				points = append(points, point{xy{q.X, q.Y}, all.series(q.Style), radius, q.Feasible, alpha, name})
			}
		}
		what := fmt.Sprintf("%d candidates, %d on the front", len(in.Points), len(front))
		p.marks = append(p.marks, cloud(points))
		var remark []string
		if in.Hypervolume != nil {
			remark = append(remark, fmt.Sprintf("hypervolume %.4f", *in.Hypervolume))
		}
		if outside > 0 {
			remark = append(remark, fmt.Sprintf("%d not feasible outside", outside))
		}
		if len(remark) > 0 {
			what += ", " + strings.Join(remark, ", ")
			p.remark = strings.Join(remark, ", ")
		}
		said = append(said, subject(in.Run, in.Spec)+": "+what)
		return p
	})
	f.Desc = fmt.Sprintf("Candidates by %s and %s, with the Pareto front. ", x.Name, y.Name) + sentences(said)
	f.suit(2.3)
	return f
}

func better(o Objective) string {
	if o.Max {
		return "more"
	}
	return "less"
}

// scale is logarithmic where values lie orders of magnitude apart.
func scale(name string, e extent) *axis {
	if e.lo >= 1/largest && e.hi > 20*e.lo {
		return logarithmic(name+", log scale", e)
	}
	pad := (e.hi - e.lo) * 0.06
	return linear(name, extent{e.lo - pad, e.hi + pad}, 4)
}

// dominated shades what a front beats, as far as the reference or the edge of the
// panel, and draws the front. front is sorted by x.
func dominated(front []ParetoPoint, xMax, yMax bool, reference *[2]float64) func(*pane) {
	return func(p *pane) {
		if len(front) == 0 {
			return
		}
		worst := vg.Point{X: p.Max.X, Y: p.Min.Y}
		if xMax {
			worst.X = p.Min.X
		}
		if !yMax {
			worst.Y = p.Max.Y
		}
		if reference != nil {
			if p.x.holds(reference[0]) {
				worst.X = min(max(p.at(reference[0], p.y.lo).X, p.Min.X), p.Max.X)
			}
			if p.y.holds(reference[1]) {
				worst.Y = min(max(p.at(p.x.hi, reference[1]).Y, p.Min.Y), p.Max.Y)
			}
		}
		var pts []vg.Point
		for _, q := range front {
			if p.x.holds(q.X) && p.y.holds(q.Y) {
				pts = append(pts, p.at(q.X, q.Y))
			}
		}
		if len(pts) == 0 {
			return
		}
		if xMax {
			slices.Reverse(pts) // from the best x to the worst
		}
		edge := stairs(pts, worst)
		p.FillPolygon(faded(p.th.Muted, 0.10), append(slices.Clone(edge), worst))
		p.StrokeLines(draw.LineStyle{Color: p.th.Muted, Width: 0.9}, edge)
	}
}

// stairs is the edge of what a front dominates up to the worst corner. From a point to
// the next, which is worse in x and better in y, it goes along x first, then along y.
func stairs(front []vg.Point, worst vg.Point) []vg.Point {
	out := []vg.Point{{X: front[0].X, Y: worst.Y}}
	for i, pt := range front {
		if i > 0 {
			out = append(out, vg.Point{X: pt.X, Y: front[i-1].Y})
		}
		out = append(out, pt)
	}
	return append(out, vg.Point{X: worst.X, Y: front[len(front)-1].Y})
}
