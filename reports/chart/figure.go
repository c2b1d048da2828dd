package chart

import (
	"fmt"
	"image/color"
	"io"
	"slices"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Figure is a chart that can be drawn in any size and theme.
type Figure struct {
	Kind  string // "latency", ...; names files and ids
	Title string
	Note  string // how to read it; may be ""
	Desc  string // what it shows, for those who do not see it

	keys  []key
	grid  [][]*panel // rows of panels, equally long; nil is a hole
	empty string     // what is said where there is nothing to draw
	size  [2]float64 // inches that suit the number of panels
}

// key explains a colour or a mark where no label at a line's end does.
type key struct {
	text   string
	series int // -1: ink
	shape  shape
}

// shape is what a key shows.
type shape int

const (
	dot shape = iota
	ring
	square
	stroke
	dashed
)

// panel is one plot of a figure.
type panel struct {
	title  string
	remark string // stands above the data, at the right
	x, y   *axis
	marks  []func(*pane)
	labels []endLabel
	bare   bool // no grid: rows are named by the y axis
}

// endLabel is a name at the right edge for a line that ends at a point.
type endLabel struct {
	text   string
	series int
	end    xy
}

// pane is the area of a panel in which data are drawn.
type pane struct {
	*panel
	draw.Canvas
	th *Theme
}

func (p *pane) at(x, y float64) vg.Point {
	return vg.Point{X: p.X(p.x.norm(x)), Y: p.Y(p.y.norm(y))}
}

// series is the colour of a series; negative is ink.
func (t *Theme) series(i int) color.RGBA {
	if i < 0 {
		return t.Ink
	}
	return t.Series[min(i, len(t.Series)-1)]
}

// Empty says whether there is nothing to draw.
func (f *Figure) Empty() bool { return f.empty != "" }

// Size is the size in inches that suits the figure.
func (f *Figure) Size() (width, height float64) { return f.size[0], f.size[1] }

// Limits of a picture's sides, in inches.
const (
	MinInches = 2
	MaxInches = 40
)

// resolve replaces a size of 0 by the one that suits the figure.
func (f *Figure) resolve(width, height float64) (w, h vg.Length, err error) {
	if width == 0 {
		width = f.size[0]
	}
	if height == 0 {
		height = f.size[1]
	}
	for _, v := range []float64{width, height} {
		if !(v >= MinInches && v <= MaxInches) {
			return 0, 0, fmt.Errorf("chart: a side of %g inches: expected %d to %d", v, MinInches, MaxInches)
		}
	}
	return vg.Length(width) * vg.Inch, vg.Length(height) * vg.Inch, nil
}

// dotsPerInch of a PNG.
const dotsPerInch = 144

// PNG draws the figure as a picture, 144 dots an inch. Sizes are in inches; 0 is what
// suits the figure.
func (f *Figure) PNG(w io.Writer, th *Theme, width, height float64) error {
	cw, ch, err := f.resolve(width, height)
	if err != nil {
		return err
	}
	c := vgimg.NewWith(vgimg.UseWH(cw, ch), vgimg.UseDPI(dotsPerInch), vgimg.UseBackgroundColor(th.Background))
	f.draw(surface{c, nil}, cw, ch, th)
	_, err = vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

// SVG draws the figure as a document of its own. Sizes are in inches; 0 is what suits
// the figure.
func (f *Figure) SVG(w io.Writer, th *Theme, width, height float64) error {
	cw, ch, err := f.resolve(width, height)
	if err != nil {
		return err
	}
	c := newSVG(ch, hex)
	f.draw(surface{c, &c.tip}, cw, ch, th)
	_, err = fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n%s%s</svg>\n", f.open(cw, ch, fmt.Sprintf(` width="%sin" height="%sin"`, number(float64(cw/vg.Inch)), number(float64(ch/vg.Inch)))), c.body.String())
	return err
}

// Inline draws the figure as an element of an HTML page. Its colours are the custom
// properties of Theme.CSS.
func (f *Figure) Inline() string {
	cw, ch, err := f.resolve(0, 0)
	if err != nil {
		panic(err) // the sizes are ours
	}
	properties := map[color.RGBA]string{}
	Light.each(func(name string, c color.RGBA) { properties[c] = "var(--" + name + ")" })
	c := newSVG(ch, func(c color.RGBA) string {
		if p, ok := properties[c]; ok {
			return p
		}
		return hex(c)
	})
	f.draw(surface{c, &c.tip}, cw, ch, &Light)
	return f.open(cw, ch, "") + c.body.String() + "</svg>\n"
}

// open is the start of an SVG, with its title and description.
func (f *Figure) open(w, h vg.Length, size string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="%[1]s-title %[1]s-desc" viewBox="0 0 %[2]s %[3]s"%[4]s font-family="%[5]s">
<title id="%[1]s-title">%[6]s</title>
<desc id="%[1]s-desc">%[7]s</desc>
`, "chart-"+f.Kind, number(w.Points()), number(h.Points()), size, families, escape(f.Title), escape(f.Desc))
}

// surface is a canvas on which marks may have titles, which SVG shows on hovering.
type surface struct {
	vg.Canvas
	tip *string
}

// hover gives the next mark a title.
func (p *pane) hover(title string) {
	if s, ok := p.Canvas.Canvas.(surface); ok && s.tip != nil {
		*s.tip = title
	}
}

// put writes a line of text whose baseline starts, ends or has its middle at a point.
func put(c *draw.Canvas, s string, points float64, bold bool, clr color.Color, at vg.Point, align text.XAlignment) {
	s = clean(s)
	st := style(points, bold, clr)
	face := fonts.Lookup(st.Font, st.Font.Size)
	c.SetColor(clr)
	at.X += vg.Length(align) * face.Width(s)
	c.FillString(face, at, s)
}

// draw lays the figure out from the top: title, note, keys, panels.
func (f *Figure) draw(s surface, w, h vg.Length, th *Theme) {
	c := draw.NewCanvas(s, w, h)
	c.SetColor(th.Background)
	c.Fill(c.Rectangle.Path())
	c.Min.X += outerSpace
	c.Max.X -= outerSpace
	c.Min.Y += outerSpace
	c.Max.Y -= outerSpace
	room := c.Max.X - c.Min.X
	for _, block := range []struct {
		text   string
		points float64
		bold   bool
		color  color.RGBA
	}{{f.Title, titleSize, true, th.Ink}, {f.Note, noteSize, false, th.Muted}} {
		for _, line := range wrap(block.text, block.points, block.bold, room) {
			c.Max.Y -= vg.Length(block.points)
			put(&c, line, block.points, block.bold, block.color, vg.Point{X: c.Min.X, Y: c.Max.Y + vg.Length(block.points)*0.2}, draw.XLeft)
			c.Max.Y -= vg.Length(block.points * (lineGap - 1))
		}
	}
	if f.Empty() {
		put(&c, fit(f.empty, panelSize, false, room), panelSize, false, th.Muted, c.Center(), draw.XCenter)
		return
	}
	f.drawKeys(&c, th)
	c.Max.Y -= 4
	f.drawGrid(c, s, th)
}

// drawKeys draws the keys in lines from left to right.
func (f *Figure) drawKeys(c *draw.Canvas, th *Theme) {
	if len(f.keys) == 0 {
		return
	}
	const swatch, gap = 12, 14
	c.Max.Y -= 3
	x := c.Min.X
	for _, k := range f.keys {
		text := fit(k.text, labelSize, false, c.Max.X-c.Min.X-swatch)
		need := swatch + width(text, labelSize, false)
		if x > c.Min.X && x+need > c.Max.X {
			x = c.Min.X
			c.Max.Y -= labelSize * 1.4
		}
		drawKey(c, k, th, vg.Point{X: x + 4, Y: c.Max.Y - labelSize*0.6})
		put(c, text, labelSize, false, th.Ink, vg.Point{X: x + swatch, Y: c.Max.Y - labelSize*0.9}, draw.XLeft)
		x += need + gap
	}
	c.Max.Y -= labelSize * 1.4
}

func drawKey(c *draw.Canvas, k key, th *Theme, at vg.Point) {
	col := th.series(k.series)
	line := draw.LineStyle{Color: col, Width: lineWidth}
	switch k.shape {
	case dot:
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: col, Radius: 3, Shape: draw.CircleGlyph{}}, at)
	case ring:
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: col, Radius: 3, Shape: draw.RingGlyph{}}, at)
	case square:
		c.FillPolygon(faded(col, 0.85), []vg.Point{{X: at.X - 4, Y: at.Y - 3.5}, {X: at.X + 4, Y: at.Y - 3.5}, {X: at.X + 4, Y: at.Y + 3.5}, {X: at.X - 4, Y: at.Y + 3.5}})
	case dashed:
		line.Dashes, line.Color = budgetDashes, th.Budget
		c.StrokeLine2(line, at.X-5, at.Y, at.X+6, at.Y)
	case stroke:
		c.StrokeLine2(line, at.X-5, at.Y, at.X+6, at.Y)
	}
}

var budgetDashes = []vg.Length{4, 2}

// The spaces around panels, in points.
const (
	panelGapX  = 14
	panelGapY  = 10
	tickSpace  = 4
	labelSpace = 12 // between the data and the text of a label at a line's end
	labelLine  = labelSize * 1.2
)

// drawGrid draws the panels. Numbers stand at the left and the lowest axes only, where
// panels share them.
func (f *Figure) drawGrid(c draw.Canvas, s surface, th *Theme) {
	rows, cols := len(f.grid), len(f.grid[0])
	left, right := make([]vg.Length, cols), make([]vg.Length, cols)
	yNames := make([]bool, rows)
	for i, row := range f.grid {
		for j, p := range row {
			if p == nil {
				continue
			}
			if j == 0 || p.bare || row[0] == nil || p.y != row[0].y {
				for _, t := range p.y.ticks {
					left[j] = max(left[j], width(t.name, tickSize, false)+tickSpace)
				}
			}
			for _, l := range p.labels {
				right[j] = max(right[j], width(l.text, labelSize, false)+labelSpace)
			}
			yNames[i] = yNames[i] || p.y.name != "" || p.remark != ""
		}
	}
	total := c.Max.X - c.Min.X - panelGapX*vg.Length(cols-1)
	cell := total / vg.Length(cols)
	for j := range cols {
		left[j], right[j] = min(left[j], 0.5*cell), min(right[j], 0.4*cell)
	}
	inner := total
	for j := range cols {
		inner -= left[j] + right[j]
	}
	inner /= vg.Length(cols)
	heads := make([]vg.Length, rows)
	height := c.Max.Y - c.Min.Y - (tickSize*1.3+tickSpace)*2 - panelGapY*vg.Length(rows-1)
	for i, row := range f.grid {
		for _, p := range row {
			if p != nil && p.title != "" {
				heads[i] = panelSize * lineGap
			}
		}
		if yNames[i] {
			heads[i] += tickSize*lineGap + 2
		}
		height -= heads[i]
	}
	height = max(height/vg.Length(rows), 8)
	top := c.Max.Y
	for i, row := range f.grid {
		x := c.Min.X
		for j, p := range row {
			area := vg.Rectangle{
				Min: vg.Point{X: x + left[j], Y: top - heads[i] - height},
				Max: vg.Point{X: x + left[j] + inner, Y: top - heads[i]},
			}
			if p != nil {
				pn := &pane{p, draw.Canvas{Canvas: s, Rectangle: area}, th}
				below := i+1 == rows || f.grid[i+1][j] == nil
				pn.draw(c, x, top, right[j], j == 0 || p.bare || row[0] == nil || p.y != row[0].y, below || p.x != f.grid[i+1][j].x)
			}
			x = area.Max.X + right[j] + panelGapX
		}
		top -= heads[i] + height + panelGapY
	}
}

// draw draws a panel: its names, its frame, its data, the labels at the ends of lines.
func (p *pane) draw(c draw.Canvas, x, top, right vg.Length, yNumbers, xNumbers bool) {
	titleX := p.Min.X
	if yNumbers {
		titleX = x
	}
	if p.title != "" {
		put(&c, fit(p.title, panelSize, true, p.Max.X+right-titleX), panelSize, true, p.th.Ink, vg.Point{X: titleX, Y: top - panelSize}, draw.XLeft)
	}
	if yNumbers && p.y.name != "" {
		put(&c, fit(p.y.name, tickSize, false, p.Max.X+right-titleX), tickSize, false, p.th.Muted, vg.Point{X: titleX, Y: p.Max.Y + 5}, draw.XLeft)
	}
	if p.remark != "" {
		room := p.Max.X + right - titleX
		if yNumbers {
			room -= width(p.y.name, tickSize, false) + 8
		}
		put(&c, fit(p.remark, tickSize, false, room), tickSize, false, p.th.Muted, vg.Point{X: p.Max.X + right, Y: p.Max.Y + 5}, draw.XRight)
	}
	grid := draw.LineStyle{Color: p.th.Grid, Width: 0.6}
	for _, t := range p.y.ticks {
		y := p.Y(p.y.norm(t.at))
		if !p.bare {
			c.StrokeLine2(grid, p.Min.X, y, p.Max.X, y)
		}
		if yNumbers && t.name != "" {
			put(&c, fit(t.name, tickSize, false, p.Min.X-x-tickSpace+0.01), tickSize, false, p.th.Muted, vg.Point{X: p.Min.X - tickSpace, Y: y - tickSize*0.35}, draw.XRight)
		}
	}
	axisLine := draw.LineStyle{Color: p.th.Muted, Width: 0.6}
	last := vg.Length(-1e9)
	for _, t := range p.x.ticks {
		px := p.X(p.x.norm(t.at))
		c.StrokeLine2(grid, px, p.Min.Y, px, p.Max.Y)
		if half := width(t.name, tickSize, false) / 2; xNumbers && t.name != "" && px-half > last+3 {
			put(&c, t.name, tickSize, false, p.th.Muted, vg.Point{X: px, Y: p.Min.Y - tickSize - tickSpace*0.6}, draw.XCenter)
			last = px + half
		}
	}
	if !p.bare {
		c.StrokeLine2(axisLine, p.Min.X, p.Min.Y, p.Max.X, p.Min.Y)
	}
	if xNumbers && p.x.name != "" {
		put(&c, fit(p.x.name, tickSize, false, p.Max.X-p.Min.X+right), tickSize, false, p.th.Muted, vg.Point{X: p.Min.X, Y: p.Min.Y - tickSize*2.4 - tickSpace}, draw.XLeft)
	}
	for _, mark := range p.marks {
		mark(p)
	}
	p.drawLabels(right)
}

// drawLabels names what ends at the right edge. A label that had to move is tied to
// its line.
func (p *pane) drawLabels(right vg.Length) {
	var wanted []label
	for _, l := range p.labels {
		if !p.y.holds(l.end.y) {
			continue
		}
		end := p.at(l.end.x, l.end.y)
		wanted = append(wanted, label{l.text, l.series, end.Y.Points()})
		if p.Max.X-end.X > 4 {
			lead := draw.LineStyle{Color: faded(p.th.series(l.series), 0.6), Width: 0.6, Dashes: []vg.Length{1, 2}}
			p.StrokeLines(lead, []vg.Point{{X: end.X + 2, Y: end.Y}, {X: p.Max.X, Y: end.Y}})
		}
	}
	slack := vg.Length(labelLine / 2)
	for _, l := range place(wanted, (p.Min.Y - slack).Points(), (p.Max.Y + slack).Points(), labelLine) {
		y := vg.Length(l.at)
		text := fit(l.text, labelSize, false, right-labelSpace+0.01)
		if i := slices.IndexFunc(wanted, func(w label) bool { return w.text == l.text && w.series == l.series }); i >= 0 {
			tie := draw.LineStyle{Color: p.th.series(l.series), Width: 0.8}
			p.StrokeLines(tie, []vg.Point{{X: p.Max.X + 1, Y: vg.Length(wanted[i].at)}, {X: p.Max.X + 4, Y: vg.Length(wanted[i].at)}, {X: p.Max.X + 8, Y: y}, {X: p.Max.X + labelSpace - 2, Y: y}})
		}
		put(&p.Canvas, text, labelSize, false, p.th.Ink, vg.Point{X: p.Max.X + labelSpace, Y: y - labelSize*0.35}, draw.XLeft)
	}
}

// nothing is a figure without data.
func nothing(kind, title, why string) *Figure {
	return &Figure{Kind: kind, Title: title, Desc: "There is nothing to draw: " + why + ".", empty: why, size: [2]float64{7.5, MinInches}}
}

// arrange puts panels into rows: one row for each spec if there are several runs, and
// otherwise as many columns as are wide enough.
func arrange[T any](inputs []T, of func(*T) (run, spec string), make func(*T) *panel) (grid [][]*panel, columns int) {
	var runs, specs []string
	for i := range inputs {
		run, spec := of(&inputs[i])
		if !slices.Contains(runs, run) {
			runs = append(runs, run)
		}
		if !slices.Contains(specs, spec) {
			specs = append(specs, spec)
		}
	}
	if len(runs) > 1 {
		grid = rowsOf(len(specs), len(runs))
		for i := range inputs {
			run, spec := of(&inputs[i])
			p := make(&inputs[i])
			p.title = strings.Trim(run+": "+spec, ": ")
			grid[slices.Index(specs, spec)][slices.Index(runs, run)] = p
		}
		return grid, len(runs)
	}
	columns = min(len(inputs), 3)
	if len(inputs) == 4 {
		columns = 2
	}
	grid = rowsOf((len(inputs)+columns-1)/columns, columns)
	for i := range inputs {
		_, spec := of(&inputs[i])
		p := make(&inputs[i])
		p.title = spec
		grid[i/columns][i%columns] = p
	}
	return grid, columns
}

func rowsOf(rows, columns int) [][]*panel {
	grid := make([][]*panel, rows)
	for i := range grid {
		grid[i] = make([]*panel, columns)
	}
	return grid
}

// suit is the size that suits a grid, given the height of a row in inches.
func (f *Figure) suit(row float64) {
	rows, cols := len(f.grid), len(f.grid[0])
	f.size = [2]float64{max(7.5, 2.5*float64(cols)), 1 + row*float64(rows)}
	f.size = [2]float64{min(f.size[0], MaxInches), min(max(f.size[1], MinInches), MaxInches)}
}
