package chart

import (
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// xy is a point in the units of the axes.
type xy struct{ x, y float64 }

// points maps those that can be drawn.
func (p *pane) points(list []xy) []vg.Point {
	var out []vg.Point
	for _, v := range list {
		if p.x.holds(v.x) && p.y.holds(v.y) {
			out = append(out, p.at(v.x, v.y))
		}
	}
	return out
}

// line draws a line, and a dot where it has one point only.
func line(list []xy, series int, wide vg.Length) func(*pane) {
	return func(p *pane) {
		pts := p.points(list)
		if len(pts) == 1 {
			p.DrawGlyphNoClip(draw.GlyphStyle{Color: p.th.series(series), Radius: 2.5, Shape: draw.CircleGlyph{}}, pts[0])
			return
		}
		p.StrokeLines(draw.LineStyle{Color: p.th.series(series), Width: wide}, p.ClipLinesXY(pts)...)
	}
}

// band fills what lies between two lines.
func band(low, high []xy, series int, alpha float64) func(*pane) {
	return func(p *pane) {
		pts := p.points(high)
		back := p.points(low)
		slices.Reverse(back)
		if pts = p.ClipPolygonXY(append(pts, back...)); len(pts) > 2 {
			p.FillPolygon(faded(p.th.series(series), alpha), pts)
		}
	}
}

// steps draws a limit that holds from each point on until the next.
func steps(list []xy) func(*pane) {
	return func(p *pane) {
		var pts []vg.Point
		for _, pt := range p.points(list) {
			if n := len(pts); n > 0 {
				pts = append(pts, vg.Point{X: pt.X, Y: pts[n-1].Y})
			}
			pts = append(pts, pt)
		}
		if n := len(pts); n == 1 {
			pts = []vg.Point{{X: p.Min.X, Y: pts[0].Y}, {X: p.Max.X, Y: pts[0].Y}}
		}
		p.hover("budget")
		p.StrokeLines(draw.LineStyle{Color: p.th.Budget, Width: 1.1, Dashes: budgetDashes}, pts)
	}
}

// point is a mark of a cloud.
type point struct {
	at     xy
	series int
	radius vg.Length
	filled bool
	alpha  float64
	title  string
}

// mostNamed is how many points of a cloud have names. In a larger one nobody finds one
// by hovering, and points that fall on one another are drawn once: the picture is the
// same, and it does not grow with the run.
const mostNamed = 400

// cloud draws points in their order.
func cloud(points []point) func(*pane) {
	return func(p *pane) {
		type place struct {
			x, y, series int
			filled       bool
		}
		drawn := map[place]bool{}
		for _, q := range points {
			if !p.x.holds(q.at.x) || !p.y.holds(q.at.y) {
				continue
			}
			at := p.at(q.at.x, q.at.y)
			if len(points) > mostNamed {
				k := place{int(at.X / 2), int(at.Y / 2), q.series, q.filled}
				if drawn[k] {
					continue
				}
				drawn[k] = true
				q.title = ""
			}
			p.hover(q.title)
			p.point(at, q)
		}
	}
}

func (p *pane) point(at vg.Point, q point) {
	color := faded(p.th.series(q.series), q.alpha)
	if q.filled {
		p.DrawGlyphNoClip(draw.GlyphStyle{Color: color, Radius: q.radius, Shape: draw.CircleGlyph{}}, at)
		return
	}
	p.SetLineStyle(draw.LineStyle{Color: color, Width: 0.9})
	p.Stroke(circle(at, q.radius))
}

func circle(at vg.Point, radius vg.Length) vg.Path {
	var path vg.Path
	path.Move(vg.Point{X: at.X + radius, Y: at.Y})
	path.Arc(at, radius, 0, 2*math.Pi)
	path.Close()
	return path
}

// bar fills a horizontal bar of a height in points from x = 0.
func bar(to xy, high vg.Length, series int, alpha float64, title string) func(*pane) {
	return func(p *pane) {
		if !p.x.holds(to.x) || !p.y.holds(to.y) {
			return
		}
		a, b := p.at(0, to.y), p.at(to.x, to.y)
		p.hover(title)
		p.FillPolygon(faded(p.th.series(series), alpha), []vg.Point{{X: a.X, Y: a.Y - high/2}, {X: b.X, Y: b.Y - high/2}, {X: b.X, Y: b.Y + high/2}, {X: a.X, Y: a.Y + high/2}})
	}
}

// beside writes text to the right of a point, or to its left where there is no room.
func beside(at xy, words string) func(*pane) {
	return func(p *pane) {
		if !p.x.holds(at.x) || !p.y.holds(at.y) {
			return
		}
		pt := p.at(at.x, at.y)
		align, x := draw.XLeft, pt.X+4
		if x+width(words, tickSize, false) > p.Max.X+2 {
			align, x = draw.XRight, pt.X-4
		}
		put(&p.Canvas, words, tickSize, false, p.th.Ink, vg.Point{X: x, Y: pt.Y - tickSize*0.35}, align)
	}
}

// names collects names in order and gives each a series.
type names []string

func namesOf(list []string) names {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

func (n names) series(name string) int { return slices.Index(n, name) }

// barText writes a count behind the end of a bar, or within it where there is no room.
func barText(end xy, words string) func(*pane) {
	return func(p *pane) {
		if !p.x.holds(end.x) || !p.y.holds(end.y) {
			return
		}
		pt := p.at(end.x, end.y)
		at, align, clr := vg.Point{X: pt.X + 4, Y: pt.Y - tickSize*0.35}, draw.XLeft, p.th.Ink
		if at.X+width(words, tickSize, false) > p.Max.X+2 {
			at.X, align, clr = pt.X-4, draw.XRight, p.th.Background
		}
		put(&p.Canvas, words, tickSize, false, clr, at, align)
	}
}
