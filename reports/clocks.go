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

// ClocksChart draws wall time against virtual time, both logarithmic, a colour for
// each style and a shape for each spec. format is "png" or "svg", the size is in inches.
func ClocksChart(w io.Writer, clocks []analysis.Clock, title, format string, width, height float64) error {
	if len(clocks) == 0 {
		return fmt.Errorf("no candidate was timed, so there is nothing to draw")
	}
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = vg.Points(8)
	p.X.Label.Text = "virtual time (ms), median of the timed calls"
	p.Y.Label.Text = "wall time (ms), median of the same calls"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = decades{}, decades{}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xe4}, color.Gray{0xe4}
	p.Add(grid)

	lo, hi := math.Inf(1), 0.0
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
		lo, hi = min(lo, c.VirtualMS, c.WallMS), max(hi, c.VirtualMS, c.WallMS)
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
		name := s.style
		if name == "" {
			name = "entrant"
		}
		p.Legend.Add(s.spec+", "+name, sc)
	}
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(2)
	p.X.Min, p.Y.Min = lo*0.8, lo*0.8
	p.X.Max, p.Y.Max = hi*1.25, hi*1.25
	to, err := p.WriterTo(vg.Length(width)*vg.Inch, vg.Length(height)*vg.Inch, format)
	if err != nil {
		return err
	}
	_, err = to.WriteTo(w)
	return err
}

// decades marks 1, 2 and 5 of every decade of a logarithmic axis.
type decades struct{}

// Ticks implements plot.Ticker.
func (decades) Ticks(lo, hi float64) []plot.Tick {
	var out []plot.Tick
	for e := math.Floor(math.Log10(lo)); math.Pow(10, e) <= hi; e++ {
		for m := 1; m <= 9; m++ {
			v := float64(m) * math.Pow(10, e)
			if v < lo || v > hi {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 || m == 2 || m == 5 {
				t.Label = strconv.FormatFloat(v, 'g', 3, 64)
			}
			out = append(out, t)
		}
	}
	return out
}
