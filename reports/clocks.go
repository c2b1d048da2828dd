package reports

import (
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
	if len(clocks) == 0 {
		return fmt.Errorf("no candidate was timed, so there is nothing to draw")
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
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = decades{}, decades{}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xe4}, color.Gray{0xe4}
	p.Add(grid)

	xs, ys := span{math.Inf(1), 0}, span{math.Inf(1), 0}
	type series struct{ spec, style string }
	points := map[series]plotter.XYs{}
	var order []series
	var specs, styles []string
	for _, c := range clocks {
		s := series{c.Spec, c.Style}
		if points[s] == nil {
			order = append(order, s)
		}
		points[s] = append(points[s], plotter.XY{X: c.VirtualMS, Y: c.WallMS})
		xs.take(c.VirtualMS)
		ys.take(c.WallMS)
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
	p.Legend.Top, p.Legend.Left = false, false
	p.Legend.Padding = vg.Points(2)
	p.X.Min, p.X.Max = xs.lo*0.8, xs.hi*1.25
	p.Y.Min, p.Y.Max = ys.lo*0.8, ys.hi*1.25
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

// decades marks a logarithmic axis: every decade, and 2 and 5 of each if there are few.
type decades struct{}

// Ticks implements plot.Ticker.
func (decades) Ticks(lo, hi float64) []plot.Tick {
	var out []plot.Tick
	for e := math.Floor(math.Log10(lo)); math.Pow(10, e) <= hi; e++ {
		for m := 1; m <= 9; m++ {
			v, err := strconv.ParseFloat(fmt.Sprintf("%de%d", m, int(e)), 64) // 0.3, and not 0.30000000000000004
			if err != nil {
				continue
			}
			if v < lo || v > hi {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 || hi/lo < 1000 && (m == 2 || m == 5) {
				t.Label = strconv.FormatFloat(v, 'f', -1, 64)
			}
			out = append(out, t)
		}
	}
	return out
}
