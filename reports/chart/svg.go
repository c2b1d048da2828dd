package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"
	"unicode"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas is a vg.Canvas that writes SVG without styles and scripts. Text gets the
// length that it was measured to have, so that labels which do not overlap here do not
// overlap in a browser that has another typeface.
type svgCanvas struct {
	height float64
	paint  func(color.RGBA) string
	body   bytes.Buffer
	tip    string // title of the next mark
	state  svgState
	stack  []svgState
}

type svgState struct {
	width  float64
	dashes []vg.Length
	offset vg.Length
	color  color.NRGBA
	m      [6]float64 // from the user's coordinates to the canvas's, both upwards: x' = m0 x + m2 y + m4, y' = m1 x + m3 y + m5
}

var _ vg.Canvas = (*svgCanvas)(nil)

func newSVG(height vg.Length, paint func(color.RGBA) string) *svgCanvas {
	c := &svgCanvas{height: height.Points(), paint: paint}
	c.state.m = [6]float64{1, 0, 0, 1, 0, 0}
	vg.Initialize(c)
	return c
}

func (c *svgCanvas) SetLineWidth(w vg.Length) { c.state.width = w.Points() }

func (c *svgCanvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.state.dashes, c.state.offset = pattern, offset
}

func (c *svgCanvas) SetColor(clr color.Color) {
	if clr == nil {
		clr = color.Black
	}
	c.state.color = color.NRGBAModel.Convert(clr).(color.NRGBA)
}

func (c *svgCanvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	c.concat([6]float64{cos, sin, -sin, cos, 0, 0})
}

func (c *svgCanvas) Translate(pt vg.Point) {
	c.concat([6]float64{1, 0, 0, 1, pt.X.Points(), pt.Y.Points()})
}

func (c *svgCanvas) Scale(x, y float64) { c.concat([6]float64{x, 0, 0, y, 0, 0}) }

// concat lets a transform happen before those that are there.
func (c *svgCanvas) concat(n [6]float64) {
	m := c.state.m
	c.state.m = [6]float64{
		float64(m[0]*n[0]) + float64(m[2]*n[1]), float64(m[1]*n[0]) + float64(m[3]*n[1]),
		float64(m[0]*n[2]) + float64(m[2]*n[3]), float64(m[1]*n[2]) + float64(m[3]*n[3]),
		float64(m[0]*n[4]) + float64(m[2]*n[5]) + m[4], float64(m[1]*n[4]) + float64(m[3]*n[5]) + m[5],
	}
}

func (c *svgCanvas) Push() { c.stack = append(c.stack, c.state) }

func (c *svgCanvas) Pop() {
	c.state = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

// point is where a point lies in SVG, whose y goes down.
func (c *svgCanvas) point(p vg.Point) (x, y float64) {
	px, py, m := p.X.Points(), p.Y.Points(), c.state.m
	return float64(m[0]*px) + float64(m[2]*py) + m[4], c.height - (float64(m[1]*px) + float64(m[3]*py) + m[5])
}

func (c *svgCanvas) Stroke(p vg.Path) {
	if c.state.width <= 0 {
		return
	}
	attrs := fmt.Sprintf(` fill="none" stroke="%s" stroke-width="%s"`, c.paint(c.solid()), number(c.state.width))
	if c.state.color.A != 0xff {
		attrs += fmt.Sprintf(` stroke-opacity="%s"`, number(float64(c.state.color.A)/255))
	}
	if len(c.state.dashes) > 0 {
		parts := make([]string, len(c.state.dashes))
		for i, d := range c.state.dashes {
			parts[i] = number(d.Points())
		}
		attrs += fmt.Sprintf(` stroke-dasharray="%s"`, strings.Join(parts, " "))
		if c.state.offset != 0 {
			attrs += fmt.Sprintf(` stroke-dashoffset="%s"`, number(c.state.offset.Points()))
		}
	}
	c.shape(p, attrs)
}

func (c *svgCanvas) Fill(p vg.Path) {
	attrs := fmt.Sprintf(` fill="%s"`, c.paint(c.solid()))
	if c.state.color.A != 0xff {
		attrs += fmt.Sprintf(` fill-opacity="%s"`, number(float64(c.state.color.A)/255))
	}
	c.shape(p, attrs)
}

func (c *svgCanvas) solid() color.RGBA {
	return color.RGBA{c.state.color.R, c.state.color.G, c.state.color.B, 0xff}
}

// shape writes a path, or a circle where it is one.
func (c *svgCanvas) shape(p vg.Path, attrs string) {
	name := "path"
	if len(p) == 3 && p[1].Type == vg.ArcComp && math.Abs(p[1].Angle) >= 2*math.Pi && p[2].Type == vg.CloseComp {
		name = "circle"
		x, y := c.point(p[1].Pos)
		fmt.Fprintf(&c.body, `<circle cx="%s" cy="%s" r="%s"`, number(x), number(y), number(p[1].Radius.Points()))
	} else {
		fmt.Fprintf(&c.body, `<path d="%s"`, c.path(p))
	}
	c.body.WriteString(attrs)
	if c.tip == "" {
		c.body.WriteString("/>\n")
		return
	}
	fmt.Fprintf(&c.body, "><title>%s</title></%s>\n", escape(c.tip), name)
	c.tip = ""
}

func (c *svgCanvas) path(p vg.Path) string {
	var d strings.Builder
	put := func(op byte, points ...vg.Point) {
		d.WriteByte(op)
		for i, pt := range points {
			if i > 0 {
				d.WriteByte(' ')
			}
			x, y := c.point(pt)
			d.WriteString(number(x) + " " + number(y))
		}
	}
	for _, comp := range p {
		switch comp.Type {
		case vg.MoveComp:
			put('M', comp.Pos)
		case vg.LineComp:
			put('L', comp.Pos)
		case vg.CurveComp:
			op := byte('Q')
			if len(comp.Control) == 2 {
				op = 'C'
			}
			put(op, append(append([]vg.Point{}, comp.Control...), comp.Pos)...)
		case vg.ArcComp:
			// As many chords as no eye tells from an arc: charts draw circles, which do not
			// come here, and little else that is round.
			n := max(2, int(math.Ceil(math.Abs(comp.Angle)/(math.Pi/16))))
			for i := range n + 1 {
				sin, cos := math.Sincos(comp.Start + comp.Angle*float64(i)/float64(n))
				put('L', vg.Point{X: comp.Pos.X + comp.Radius*vg.Length(cos), Y: comp.Pos.Y + comp.Radius*vg.Length(sin)})
			}
		case vg.CloseComp:
			d.WriteByte('Z')
		}
	}
	return d.String()
}

func (c *svgCanvas) FillString(f font.Face, pt vg.Point, s string) {
	if f.Font.Size <= 0 || s == "" {
		return
	}
	x, y := c.point(pt)
	fmt.Fprintf(&c.body, `<text x="%s" y="%s" font-size="%s" fill="%s"`, number(x), number(y), number(f.Font.Size.Points()), c.paint(c.solid()))
	if f.Font.Weight >= xfont.WeightBold {
		c.body.WriteString(` font-weight="bold"`)
	}
	if m := c.state.m; m[1] != 0 || m[2] != 0 {
		fmt.Fprintf(&c.body, ` transform="rotate(%s %s %s)"`, number(-math.Atan2(m[1], m[0])*180/math.Pi), number(x), number(y))
	}
	fmt.Fprintf(&c.body, ` textLength="%s" lengthAdjust="spacingAndGlyphs">%s</text>`+"\n", number(f.Width(s).Points()), escape(s))
}

// DrawImage is of no use to charts, which have no images.
func (c *svgCanvas) DrawImage(vg.Rectangle, image.Image) {
	panic("chart: there are no images in charts")
}

// number has two decimals at most: a hundredth of a point cannot be seen.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// clean replaces what cannot be seen, and might hide or turn around what can, by U+FFFD.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// escape makes text out of what may be markup.
func escape(s string) string {
	var out bytes.Buffer
	if err := xml.EscapeText(&out, []byte(clean(s))); err != nil {
		panic(err) // it writes into memory
	}
	return out.String()
}
