package chart

import (
	"fmt"
	"image/color"
	"strings"

	"golang.org/x/image/font"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Theme is how charts look: everything about colours stands here.
type Theme struct {
	Name       string
	Background color.RGBA
	Ink        color.RGBA // titles and names
	Muted      color.RGBA // numbers on axes, notes
	Grid       color.RGBA
	Budget     color.RGBA // limits that hold for all
	Series     [7]color.RGBA
}

// The palettes are Okabe and Ito's (jfly.uni-koeln.de/color), which colour-blind people
// tell apart, without black and without the yellow that vanishes on white. On a dark
// ground blue and vermilion are lighter, so that every line has a contrast of 3:1. Ours
// is the order, strong colours first, and the grey for what comes after seven names.
var (
	Light = Theme{
		Name: "light", Background: rgb(0xffffff), Ink: rgb(0x1b1f24), Muted: rgb(0x57606a), Grid: rgb(0xe3e6ea), Budget: rgb(0x24292f),
		Series: [7]color.RGBA{rgb(0x0072b2), rgb(0xd55e00), rgb(0x009e73), rgb(0xcc79a7), rgb(0xe69f00), rgb(0x56b4e9), rgb(0x7d7d7d)},
	}
	Dark = Theme{
		Name: "dark", Background: rgb(0x14181d), Ink: rgb(0xe8ebee), Muted: rgb(0xa3adb8), Grid: rgb(0x2b323a), Budget: rgb(0xf5f7f9),
		Series: [7]color.RGBA{rgb(0x4aa8e8), rgb(0xf58231), rgb(0x2dc795), rgb(0xd98cb8), rgb(0xe9ab1f), rgb(0x8ccdf2), rgb(0x9a9fa5)},
	}
	// Themes lists them, the default first.
	Themes = []*Theme{&Light, &Dark}
)

func rgb(v uint32) color.RGBA { return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff} }

// CSS is the theme as declarations of the custom properties that inline charts are
// painted with.
func (t *Theme) CSS() string {
	var out strings.Builder
	t.each(func(name string, c color.RGBA) { fmt.Fprintf(&out, "--%s:%s;", name, hex(c)) })
	return out.String()
}

// each visits the colours and their names.
func (t *Theme) each(visit func(name string, c color.RGBA)) {
	visit("chart-bg", t.Background)
	visit("chart-ink", t.Ink)
	visit("chart-muted", t.Muted)
	visit("chart-grid", t.Grid)
	visit("chart-budget", t.Budget)
	for i, c := range t.Series {
		visit(fmt.Sprintf("chart-s%d", i), c)
	}
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// faded is a colour through which what lies below is seen.
func faded(c color.RGBA, alpha float64) color.NRGBA {
	return color.NRGBA{c.R, c.G, c.B, uint8(alpha*255 + 0.5)}
}

// Sizes in points.
const (
	titleSize  = 12.5
	noteSize   = 9
	panelSize  = 9.5
	tickSize   = 8
	labelSize  = 8.5
	lineGap    = 1.3 // from line to line, in sizes
	lineWidth  = 1.5
	outerSpace = 10
)

// families is what a browser shall set text in: the typeface that widths were measured
// with, and those that are as wide.
const families = "Liberation Sans, Arial, Helvetica, sans-serif"

var fonts = plotfont.NewCache(liberation.Collection())

// style is text of a size and colour, left-aligned on its baseline.
func style(points float64, bold bool, c color.Color) text.Style {
	f := plotfont.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(points)}
	if bold {
		f.Weight = font.WeightBold
	}
	return text.Style{Font: f, Color: c, Handler: text.Plain{Fonts: fonts}}
}

// width is how wide a line of text is.
func width(s string, points float64, bold bool) vg.Length {
	st := style(points, bold, nil)
	face := fonts.Lookup(st.Font, st.Font.Size)
	return face.Width(clean(s))
}

// fit cuts a line of text to a width; what is cut shows as an ellipsis.
func fit(s string, points float64, bold bool, room vg.Length) string {
	if width(s, points, bold) <= room {
		return s
	}
	runes := []rune(s)
	for len(runes) > 1 {
		runes = runes[:len(runes)-1]
		if cut := strings.TrimRight(string(runes), " ") + "…"; width(cut, points, bold) <= room {
			return cut
		}
	}
	return "…"
}

// wrap breaks text into lines of a width, between words.
func wrap(s string, points float64, bold bool, room vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case width(line+" "+word, points, bold) <= room:
			line += " " + word
		default:
			lines = append(lines, fit(line, points, bold, room))
			line = word
		}
	}
	if line != "" {
		lines = append(lines, fit(line, points, bold, room))
	}
	return lines
}
