package chart

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/cmpimg"
)

var update = flag.Bool("update", false, "rewrite the golden pictures; look at them before committing")

// drawn is what is in an SVG.
type drawn struct {
	width, height float64
	title, desc   string
	texts         []svgText
	shapes        []shapeElement
}

type svgText struct {
	words         string
	x, y, w, size float64
	turned        bool
}

type shapeElement struct {
	name, title string
	attrs       map[string]string
}

// parse reads an SVG and fails where it is not what a page can hold: well-formed,
// without styles, scripts and references, with a role, a title and a description.
func parse(t *testing.T, svg string) drawn {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	var out drawn
	var open []shapeElement
	number := func(s string) float64 {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			t.Fatalf("%q is no number: %v", s, err)
		}
		return f
	}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch e := token.(type) {
		case xml.StartElement:
			s := shapeElement{name: e.Name.Local, attrs: map[string]string{}}
			if !slices.Contains([]string{"svg", "title", "desc", "path", "circle", "text"}, s.name) {
				t.Errorf("there is an element %s", s.name)
			}
			for _, a := range e.Attr {
				s.attrs[a.Name.Local] = a.Value
				if a.Name.Local == "style" || a.Name.Local == "href" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("<%s %s=%q>", s.name, a.Name.Local, a.Value)
				}
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("<%s %s=%q>", s.name, a.Name.Local, a.Value)
				}
			}
			open = append(open, s)
		case xml.CharData:
			if n := len(open); n > 0 {
				open[n-1].title += string(e)
			}
		case xml.EndElement:
			s := open[len(open)-1]
			open = open[:len(open)-1]
			switch s.name {
			case "title":
				if len(open) == 1 {
					out.title = s.title
				} else {
					open[len(open)-1].attrs["title"] = s.title
				}
			case "desc":
				out.desc = s.title
			case "text":
				out.texts = append(out.texts, svgText{s.title, number(s.attrs["x"]), number(s.attrs["y"]), number(s.attrs["textLength"]), number(s.attrs["font-size"]), s.attrs["transform"] != ""})
			case "svg":
				box := strings.Fields(s.attrs["viewBox"])
				out.width, out.height = number(box[2]), number(box[3])
				if s.attrs["role"] != "img" || s.attrs["aria-labelledby"] == "" {
					t.Errorf("role %q, labelled by %q", s.attrs["role"], s.attrs["aria-labelledby"])
				}
			default:
				s.title = s.attrs["title"]
				out.shapes = append(out.shapes, s)
			}
		}
	}
	if out.title == "" || out.desc == "" {
		t.Errorf("title %q, description %q", out.title, out.desc)
	}
	return out
}

// readable fails if texts overlap or leave the picture.
func (d *drawn) readable(t *testing.T) {
	t.Helper()
	for i, a := range d.texts {
		if a.x < -0.5 || a.x+a.w > d.width+0.5 || a.y-a.size*0.75 < -0.5 || a.y+a.size*0.25 > d.height+0.5 {
			t.Errorf("%q leaves the picture: x %g to %g of %g, y %g of %g", a.words, a.x, a.x+a.w, d.width, a.y, d.height)
		}
		for _, b := range d.texts[i+1:] {
			// From the top of capitals to the baseline.
			wide := min(a.x+a.w, b.x+b.w) - max(a.x, b.x)
			high := min(a.y, b.y) - max(a.y-a.size*0.7, b.y-b.size*0.7)
			if wide > 0.3 && high > 0.3 {
				t.Errorf("%q and %q overlap: %+v %+v", a.words, b.words, a, b)
			}
		}
	}
}

func (d *drawn) says(words string) bool {
	return slices.ContainsFunc(d.texts, func(x svgText) bool { return x.words == words })
}

func svg(t *testing.T, f *Figure, width, height float64) string {
	t.Helper()
	var out bytes.Buffer
	if err := f.SVG(&out, &Light, width, height); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// some returns a figure of each kind, of a few runs, specs and styles, with values drawn
// from a seed; wild ones are drawn from what no run should hold, but a file may.
func some(seed uint64, runs, specs, styles, epochs int, wild bool) []*Figure {
	rng := rand.New(rand.NewPCG(seed, 7))
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -1, 1e300, 5e-324, math.MaxFloat64}
	value := func(lo, hi float64) float64 {
		if wild && rng.IntN(3) == 0 {
			return odd[rng.IntN(len(odd))]
		}
		return lo + (hi-lo)*rng.Float64()
	}
	var latency []LatencyPanel
	var fitness []FitnessPanel
	var diversity []DiversityPanel
	var pareto []ParetoPanel
	var stability []StabilityPanel
	var handoffs []HandoffPanel
	var clocks []ClockPanel
	for r := range runs {
		run := ""
		if runs > 1 {
			run = fmt.Sprintf("run%d", r)
		}
		for s := range specs {
			spec := fmt.Sprintf("spec_%d", s)
			l, fi, di := LatencyPanel{Run: run, Spec: spec}, FitnessPanel{Run: run, Spec: spec}, DiversityPanel{Run: run, Spec: spec}
			pa, st, cl := ParetoPanel{Run: run, Spec: spec}, StabilityPanel{Run: run, Spec: spec}, ClockPanel{Run: run, Spec: spec, Rho: value(0, 1)}
			for k := range styles {
				style := fmt.Sprintf("style_%02d", k)
				sl := StyleLatency{Style: style}
				for e := range epochs {
					m := value(1, 100)
					sl.Epochs = append(sl.Epochs, Spread{e, m / 2, m, m * 2})
				}
				l.Styles = append(l.Styles, sl)
				for n := range 20 {
					pa.Points = append(pa.Points, ParetoPoint{Name: style, Style: style, X: value(1, 100), Y: value(0, 1), Front: n == 0, Feasible: n%3 != 0})
					cl.Points = append(cl.Points, ClockPoint{Name: style, Style: style, VirtualMS: value(1, 100), WallMS: value(1, 100)})
				}
				st.Rows = append(st.Rows, FlakeRate{style, k % 3, 10, value(0, 0.2), value(0, 0.1), value(0.2, 0.5)})
			}
			for e := range epochs {
				l.Budget = append(l.Budget, BudgetStep{e, 2000 - float64(e)})
				perf := value(0.5, 1)
				fi.Epochs = append(fi.Epochs, FitnessEpoch{Epoch: e, Best: value(0.9, 1), Mean: value(0.5, 0.9), Parts: []Part{{"correctness", &perf}, {"robustness", nil}}})
				es := EpochShares{Epoch: e}
				for k := range styles {
					es.Shares = append(es.Shares, StyleShare{fmt.Sprintf("style_%02d", k), 1 / float64(styles)})
				}
				di.Epochs = append(di.Epochs, es)
			}
			latency, fitness, diversity, pareto, stability, clocks = append(latency, l), append(fitness, fi), append(diversity, di), append(pareto, pa), append(stability, st), append(clocks, cl)
			handoffs = append(handoffs, HandoffPanel{run, spec, []Stage{{"failed", 40}, {"attempted", 30}, {"repaired", 7}, {"won", 0}}})
		}
	}
	return []*Figure{
		Latency("latency", "virtual", latency), Fitness("fitness", fitness), Diversity("diversity", diversity),
		Pareto("pareto", Objective{Name: "virtual ms"}, Objective{Name: "fitness", Max: true}, pareto),
		Stability("stability", "95", "Wilson", stability), Handoffs("handoffs", handoffs), Clocks("clocks", clocks),
	}
}

// Whatever the number of runs, specs, styles and epochs, and in every size that is not
// absurd, no text overlaps another or leaves the picture.
func TestTextsDoNotOverlap(t *testing.T) {
	for _, c := range [][4]int{{1, 1, 1, 1}, {1, 1, 4, 41}, {1, 2, 4, 41}, {1, 3, 7, 5}, {1, 5, 3, 10}, {2, 3, 4, 8}, {4, 2, 2, 3}, {1, 1, 30, 10}} {
		for _, f := range some(1, c[0], c[1], c[2], c[3], false) {
			t.Run(fmt.Sprintf("%s %v", f.Kind, c), func(t *testing.T) {
				d := parse(t, svg(t, f, 0, 0))
				d.readable(t)
				if len(d.texts) < 4 || d.title != f.Title {
					t.Errorf("%d texts, title %q", len(d.texts), d.title)
				}
			})
		}
	}
	for _, f := range some(1, 1, 2, 4, 41, false) {
		for _, size := range [][2]float64{{12, 8}, {7.5, 4}, {5, 4}} {
			t.Run(fmt.Sprintf("%s %v", f.Kind, size), func(t *testing.T) {
				d := parse(t, svg(t, f, size[0], size[1]))
				d.readable(t)
			})
		}
	}
}

// Numbers that nobody expects give a picture all the same.
func TestWildNumbers(t *testing.T) {
	for seed := range uint64(60) {
		for _, f := range some(seed, 1+int(seed%2), 1+int(seed%3), 1+int(seed%5), 1+int(seed%4), true) {
			parse(t, svg(t, f, 0, 0))
			if t.Failed() {
				t.Fatalf("seed %d, %s", seed, f.Kind)
			}
		}
	}
	for _, f := range some(3, 1, 1, 2, 3, true) {
		if err := f.PNG(io.Discard, &Dark, 0, 0); err != nil {
			t.Error(err)
		}
	}
}

func TestNothingToDraw(t *testing.T) {
	for _, f := range []*Figure{
		Latency("t", "wall", nil), Latency("t", "wall", []LatencyPanel{{Spec: "a", Budget: []BudgetStep{{0, 2000}}}}), Fitness("t", nil), Diversity("t", nil),
		Pareto("t", Objective{Name: "a"}, Objective{Name: "b"}, []ParetoPanel{{Spec: "a"}}), Stability("t", "95", "Wilson", []StabilityPanel{{Rows: []FlakeRate{{Name: "a"}}}}),
		Handoffs("t", []HandoffPanel{{Stages: []Stage{{"failed", 0}}}}), Clocks("t", []ClockPanel{{Points: []ClockPoint{{VirtualMS: 0, WallMS: 1}}}}),
	} {
		d := parse(t, svg(t, f, 0, 0))
		if !f.Empty() || len(d.texts) != 2 || !strings.HasPrefix(d.desc, "There is nothing to draw") {
			t.Errorf("%s: %+v", f.Kind, d)
		}
		if err := f.PNG(io.Discard, &Light, 0, 0); err != nil {
			t.Error(err)
		}
	}
}

// The same numbers give the same bytes.
func TestSVGIsAFunctionOfTheNumbers(t *testing.T) {
	a, b := some(5, 2, 2, 3, 9, false), some(5, 2, 2, 3, 9, false)
	for i := range a {
		if svg(t, a[i], 0, 0) != svg(t, b[i], 0, 0) || a[i].Inline() != b[i].Inline() {
			t.Errorf("two charts of %s differ", a[i].Kind)
		}
	}
}

func example() *Figure {
	return Latency("example: latency by epoch", "virtual", []LatencyPanel{{
		Spec: "sort", Budget: []BudgetStep{{0, 100}, {1, 100}, {2, 50}, {3, 50}},
		Styles: []StyleLatency{
			{"heap", []Spread{{0, 8, 10, 20}, {1, 8, 10, 14}, {2, 5, 6, 7}, {3, 5, 6, 7}}},
			{"merge", []Spread{{0, 9, 11, 12}, {1, 9, 10, 11}, {3, 6, 6, 6}}},
		},
	}})
}

// The budget is a line of steps: down where it falls, and nowhere aslant. Names stand
// at the ends of their lines, in their order, though both end at the same height.
func TestLatencyChart(t *testing.T) {
	d := parse(t, svg(t, example(), 0, 0))
	var budget []string
	for _, s := range d.shapes {
		if s.title == "budget" {
			budget = append(budget, s.attrs["d"])
			if s.attrs["stroke-dasharray"] == "" || s.attrs["stroke"] != hex(Light.Budget) {
				t.Errorf("the budget is drawn as %v", s.attrs)
			}
		}
	}
	if len(budget) != 1 {
		t.Fatalf("%d budgets", len(budget))
	}
	var xs, ys []float64
	for p := range strings.SplitSeq(strings.TrimPrefix(budget[0], "M"), "L") {
		var x, y float64
		if _, err := fmt.Sscan(p, &x, &y); err != nil {
			t.Fatal(err)
		}
		xs, ys = append(xs, x), append(ys, y)
	}
	if len(xs) != 7 { // four points, three corners
		t.Fatalf("the budget has %d points: %s", len(xs), budget[0])
	}
	falls := 0
	for i := range xs[1:] {
		if xs[i] != xs[i+1] && ys[i] != ys[i+1] {
			t.Errorf("the budget is aslant between points %d and %d", i, i+1)
		}
		if ys[i+1] > ys[i] { // SVG goes down
			falls++
		}
	}
	if falls != 1 {
		t.Errorf("the budget falls %d times, want once", falls)
	}
	for _, want := range []string{"sort", "virtual ms, log scale", "epoch", "heap", "merge", "time budget", "10", "20", "100", "0", "3"} {
		if !d.says(want) {
			t.Errorf("the chart does not say %q", want)
		}
	}
	if want := "Median latency in virtual milliseconds by epoch. sort heap went from 10 to 6 ms; sort merge went from 11 to 6 ms."; d.desc != want {
		t.Errorf("description %q, want %q", d.desc, want)
	}
}

// A picture in a page is painted with the page's colours and no others.
func TestInlineHasNoColours(t *testing.T) {
	for _, f := range some(2, 1, 2, 3, 4, false) {
		out := f.Inline()
		d := parse(t, out)
		for _, s := range d.shapes {
			for _, a := range []string{"fill", "stroke"} {
				if v := s.attrs[a]; v != "" && v != "none" && !strings.HasPrefix(v, "var(--chart-") {
					t.Errorf("%s: %s is %q", f.Kind, a, v)
				}
			}
		}
		if strings.Contains(out, "<?xml") || !strings.HasPrefix(out, "<svg") {
			t.Errorf("%s is no element: %.60s", f.Kind, out)
		}
	}
	for _, th := range Themes {
		for i := range th.Series {
			if !strings.Contains(th.CSS(), fmt.Sprintf("--chart-s%d:%s;", i, hex(th.Series[i]))) {
				t.Errorf("%s: series %d is not in %s", th.Name, i, th.CSS())
			}
		}
	}
}

// Text has a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3), and so has it where the lines of
// the dark theme have 3 to 1 (1.4.11). On white Okabe and Ito's orange and sky blue do
// not: that is why every line has its name at its end.
func TestContrast(t *testing.T) {
	for _, th := range Themes {
		for name, c := range map[string]color.RGBA{"ink": th.Ink, "muted": th.Muted, "budget": th.Budget} {
			if r := contrast(c, th.Background); r < 4.5 {
				t.Errorf("%s: %s has a contrast of %.2f", th.Name, name, r)
			}
		}
	}
	for i, c := range Dark.Series {
		if r := contrast(c, Dark.Background); r < 3 {
			t.Errorf("dark: series %d has a contrast of %.2f", i, r)
		}
	}
	// Black on white is 21 to 1 by definition.
	if r := contrast(rgb(0), rgb(0xffffff)); math.Abs(r-21) > 1e-9 {
		t.Errorf("black on white: %g", r)
	}
}

func contrast(a, b color.RGBA) float64 {
	luminance := func(c color.RGBA) float64 {
		of := func(v uint8) float64 {
			if f := float64(v) / 255; f <= 0.04045 {
				return f / 12.92
			} else {
				return math.Pow((f+0.055)/1.055, 2.4)
			}
		}
		return 0.2126*of(c.R) + 0.7152*of(c.G) + 0.0722*of(c.B)
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// The pictures are as somebody has looked at them. Edges may differ between kinds of
// CPU, by so much as no eye sees.
func TestPNG(t *testing.T) {
	for _, th := range Themes {
		var out bytes.Buffer
		if err := example().PNG(&out, th, 4, 2.5); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if size := img.Bounds().Size(); size.X != 576 || size.Y != 360 { // 144 dots an inch
			t.Errorf("size %v", size)
		}
		path := filepath.Join("testdata", "latency-"+th.Name+".png")
		if *update {
			if err := os.WriteFile(path, out.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := cmpimg.EqualApprox("png", out.Bytes(), want, 0.05); !same || err != nil {
			t.Errorf("%s differs (-update rewrites it): %v", path, err)
		}
	}
	for _, side := range []float64{1, 41, math.NaN(), -1} {
		if err := example().PNG(io.Discard, &Light, side, 3); err == nil {
			t.Errorf("a picture %g inches wide was drawn", side)
		}
	}
}

// A cloud of many points does not grow with them.
func TestLargeClouds(t *testing.T) {
	size := func(n int) int {
		rng := rand.New(rand.NewPCG(1, 1))
		in := ParetoPanel{Spec: "a"}
		for i := range n {
			in.Points = append(in.Points, ParetoPoint{Name: "name", Style: "s", X: rng.Float64(), Y: rng.Float64(), Front: i == 0, Feasible: true})
		}
		return len(svg(t, Pareto("t", Objective{Name: "x"}, Objective{Name: "y"}, []ParetoPanel{in}), 0, 0))
	}
	if few, many := size(20000), size(200000); float64(many) > 1.6*float64(few) {
		t.Errorf("20,000 points take %d bytes, ten times as many %d", few, many)
	}
}
