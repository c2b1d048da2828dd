package reports

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"toolgen/analysis"
)

// palette is Okabe and Ito's, which colour-blind people tell apart (jfly.uni-koeln.de/color).
var palette = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0xd5, 0x5e, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0x80, 0x80, 0x80, 0xff},
}

var shapes = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.TriangleGlyph{}, draw.BoxGlyph{}, draw.CrossGlyph{}, draw.PlusGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{},
}

// Clocks is the table behind ClocksChart: for each style of each spec, how many
// candidates were timed, and the middle of them on both clocks.
func Clocks(clocks []analysis.Clock) *Table {
	t := &Table{Title: "Virtual and wall time", Columns: []Column{
		{Name: "spec"}, {Name: "style"}, {Name: "candidates", Right: true},
		Number("virtual_ms", "virtual", "ms, median", 3), Number("wall_ms", "wall", "ms, median", 3), Number("wall_per_virtual", "wall / virtual", "median", 2),
	}}
	for _, s := range analysis.ClocksByStyle(clocks) {
		t.Add(s.Spec, nameOf(s.Style), s.Candidates, s.VirtualMS, s.WallMS, s.Ratio)
	}
	return t
}

// nameOf is a style, or what stands where there is none.
func nameOf(style string) string {
	if style == "" {
		return "entrant"
	}
	return style
}

// ClocksChart draws wall time against virtual time, both logarithmic, a colour for
// each style and a shape for each spec. rho is their rank correlation, format is
// "png" or "svg", the size is in inches.
func ClocksChart(w io.Writer, clocks []analysis.Clock, rho float64, experiment, format string, width, height float64) error {
	clocks = slices.DeleteFunc(slices.Clone(clocks), func(c analysis.Clock) bool { return c.VirtualMS <= 0 || c.WallMS <= 0 })
	if len(clocks) == 0 {
		return errors.New("no candidate was timed, so there is nothing to draw")
	}
	p := plot.New()
	p.Title.Text = fmt.Sprintf("%s: %d candidates on two clocks, Spearman's rho %.3f", experiment, len(clocks), rho)
	p.Title.Padding = vg.Points(8)
	for _, style := range []*text.Style{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Typeface, style.Font.Variant = "Liberation", "Sans"
	}
	p.Title.TextStyle.Font.Size = vg.Points(11)
	p.Legend.TextStyle.Font.Size = vg.Points(8)
	p.X.Label.Text = "virtual time (ms), median of the timed calls"
	p.Y.Label.Text = "wall time (ms), median of the same calls"
	// The axes are linear in the logarithm: with plot.LogScale, gonum/plot 0.17 makes room
	// for the axes' names where they do not stand, a quarter of the picture.
	p.X.Tick.Marker, p.Y.Tick.Marker = decades{}, decades{}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xe4}, color.Gray{0xe4}
	p.Add(grid)

	xs, ys := span{math.Inf(1), math.Inf(-1)}, span{math.Inf(1), math.Inf(-1)}
	type series struct{ spec, style string }
	points := map[series]plotter.XYs{}
	var order []series
	var specs, styles []string
	for _, c := range clocks {
		s := series{c.Spec, c.Style}
		if points[s] == nil {
			order = append(order, s)
		}
		points[s] = append(points[s], plotter.XY{X: math.Log10(c.VirtualMS), Y: math.Log10(c.WallMS)})
		xs.take(math.Log10(c.VirtualMS))
		ys.take(math.Log10(c.WallMS))
		if !slices.Contains(specs, c.Spec) {
			specs = append(specs, c.Spec)
		}
		if !slices.Contains(styles, c.Style) {
			styles = append(styles, c.Style)
		}
	}
	slices.Sort(specs)
	slices.Sort(styles)
	slices.SortFunc(order, func(a, b series) int {
		return slices.Compare([]string{a.spec, a.style}, []string{b.spec, b.style})
	})
	lo, hi := max(xs.lo, ys.lo), max(min(xs.hi, ys.hi), max(xs.lo, ys.lo))
	line, err := plotter.NewLine(plotter.XYs{{X: lo, Y: lo}, {X: hi, Y: hi}})
	if err != nil {
		return err
	}
	line.Color, line.Dashes = color.Gray{0x90}, []vg.Length{vg.Points(4), vg.Points(3)}
	p.Add(line)
	p.Legend.Add("1 virtual ms = 1 ms", line)
	for _, s := range order {
		sc, err := plotter.NewScatter(points[s])
		if err != nil {
			return err
		}
		sc.Color = palette[slices.Index(styles, s.style)%len(palette)]
		sc.Shape = shapes[slices.Index(specs, s.spec)%len(shapes)]
		sc.Radius = vg.Points(3)
		p.Add(sc)
		p.Legend.Add(s.spec+", "+nameOf(s.style), sc)
	}
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(2)
	p.X.Min, p.X.Max = xs.lo-0.1, xs.hi+0.1
	p.Y.Min, p.Y.Max = ys.lo-0.1, ys.hi+0.1
	to, err := p.WriterTo(vg.Length(width)*vg.Inch, vg.Length(height)*vg.Inch, format)
	if err != nil {
		return err
	}
	_, err = to.WriteTo(w)
	return err
}

// span is the range of an axis.
type span struct{ lo, hi float64 }

func (s *span) take(v float64) { s.lo, s.hi = min(s.lo, v), max(s.hi, v) }

// decades marks an axis of logarithms to base ten: every decade, and 2 and 5 of each
// if there are few.
type decades struct{}

// Ticks implements plot.Ticker.
func (decades) Ticks(lo, hi float64) []plot.Tick {
	var out []plot.Tick
	for e := int(math.Floor(lo)); float64(e) <= hi; e++ {
		for m := 1; m <= 9; m++ {
			t := plot.Tick{Value: float64(e) + math.Log10(float64(m))}
			if t.Value < lo || t.Value > hi {
				continue
			}
			if m == 1 || hi-lo < 3 && (m == 2 || m == 5) {
				value, err := strconv.ParseFloat(fmt.Sprintf("%de%d", m, e), 64) // 0.2, and not 0.20000000000000001
				if err != nil {
					continue
				}
				t.Label = strconv.FormatFloat(value, 'f', -1, 64)
			}
			out = append(out, t)
		}
	}
	return out
}
