package chart

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// Two labels that both want to stand at 50, ten high, stand at 55 and 45; a third far
// away is left alone. At an edge they are pushed inwards: of two at 0, the lower stands
// at 5, the upper at 15.
func TestPlace(t *testing.T) {
	at := func(list []label) (out []string) {
		for _, l := range list {
			out = append(out, fmt.Sprintf("%s %g", l.text, l.at))
		}
		return out
	}
	for _, c := range []struct {
		in   []label
		want string
	}{
		{[]label{{"a", 0, 50}, {"b", 1, 50}, {"c", 2, 90}}, "c 90, a 55, b 45"},
		{[]label{{"a", 0, 0}, {"b", 1, 0}}, "a 15, b 5"},
		{[]label{{"a", 0, 100}, {"b", 1, 100}}, "a 95, b 85"},
		{[]label{{"a", 0, 20}, {"b", 1, 70}}, "b 70, a 20"},
		{nil, ""},
	} {
		if got := strings.Join(at(place(c.in, 0, 100, 10)), ", "); got != c.want {
			t.Errorf("%v: %s, want %s", c.in, got, c.want)
		}
	}
	many := make([]label, 14)
	for i := range many {
		many[i] = label{text: fmt.Sprint(i), at: float64(i)}
	}
	got := place(many, 0, 100, 10)
	if len(got) != 10 || got[9].text != "and 5 more" {
		t.Errorf("%v", at(got))
	}
	if got := place(many, 0, 9, 10); got != nil {
		t.Errorf("there is no room, but %v", at(got))
	}
}

// Labels never overlap, never leave their room and never change places.
func TestPlaceAlways(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		in := make([]label, rng.IntN(15))
		for i := range in {
			in[i] = label{text: fmt.Sprint(i), at: rng.Float64()*140 - 20}
			if rng.IntN(3) == 0 {
				in[i].at = 40
			}
		}
		wanted := map[string]float64{}
		for _, l := range in {
			wanted[l.text] = l.at
		}
		out := place(in, 0, 100, 10)
		for i, l := range out {
			if l.at > 95+1e-9 || l.at < 5-1e-9 {
				t.Fatalf("seed %d: %s stands at %g", seed, l.text, l.at)
			}
			if i > 0 && out[i-1].at-l.at < 10-1e-9 {
				t.Fatalf("seed %d: %s at %g and %s at %g", seed, out[i-1].text, out[i-1].at, l.text, l.at)
			}
			if i > 0 && !strings.HasPrefix(l.text, "and") && wanted[out[i-1].text] < wanted[l.text] {
				t.Fatalf("seed %d: %s and %s changed places", seed, out[i-1].text, l.text)
			}
		}
	}
}

func TestAxes(t *testing.T) {
	names := func(a *axis) string {
		var out []string
		for _, x := range a.ticks {
			if x.name != "" {
				out = append(out, x.name)
			}
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		a    *axis
		want string
	}{
		{linear("", extent{0, 1}, 4), "0.0 0.5 1.0"},
		{linear("", extent{0, 1}, 5), "0.0 0.2 0.4 0.6 0.8 1.0"},
		{linear("", extent{0.97, 1}, 3), "0.97 0.98 0.99 1.00"},
		{linear("", extent{0, 12345}, 3), "0 5,000 10,000"},
		{linear("", extent{-1, 1}, 2), "-1 0 1"},
		{linear("", extent{7, 7}, 2), "7.0"},
		{epochs(extent{0, 40}, 5), "0 10 20 30 40"},
		{epochs(extent{0, 3}, 5), "0 1 2 3"},
		{epochs(extent{6, 6}, 5), "6"},
		{share("", 4), "0 50 100"},
		{logarithmic("", extent{1, 1000}), "1 10 100 1,000"},
		{logarithmic("", extent{0.02, 0.3}), "0.02 0.05 0.1 0.2"},
		{logarithmic("", extent{5, 5}), "5"},
	} {
		if got := names(c.a); got != c.want {
			t.Errorf("%g to %g: %s, want %s", c.a.lo, c.a.hi, got, c.want)
		}
	}
	a := logarithmic("", extent{1, 100})
	if n := a.norm(10); math.Abs(n-0.5) > 1e-12 {
		t.Errorf("10 is at %g between 1 and 100", n)
	}
	if a.holds(0) || a.holds(-1) || a.holds(math.NaN()) || !a.holds(1e-9) {
		t.Error("a logarithm is of what is above zero")
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1: "1", 14.23: "14.2", 1234567: "1,234,567", 0.012345: "0.0123", 100: "100", 99.96: "100", -1234: "-1,234"} {
		if got := short(v); got != want {
			t.Errorf("%g is %s, want %s", v, got, want)
		}
	}
	for in, want := range map[float64]string{-0.001: "0", 0.005: "0.01", 2.50: "2.5", 10: "10"} {
		if got := number(in); got != want {
			t.Errorf("%g is %s, want %s", in, got, want)
		}
	}
	if got := unbroken([]xy{{0, 1}, {1, 1}, {3, 1}, {6, 1}, {7, 1}}); len(got) != 2 || len(got[0]) != 3 {
		t.Errorf("%v: one epoch may be passed over, two may not", got)
	}
}

// Points (1, 1) and (2, 3) where x is to be small and y large, and the worst corner is
// (4, 0): up at 1, right to 2, up to 3, right to 4.
func TestStairs(t *testing.T) {
	got := stairs([]vg.Point{{X: 1, Y: 1}, {X: 2, Y: 3}}, vg.Point{X: 4, Y: 0})
	want := []vg.Point{{X: 1, Y: 0}, {X: 1, Y: 1}, {X: 2, Y: 1}, {X: 2, Y: 3}, {X: 4, Y: 3}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// In each of the four directions the shaded area has every point of the cloud that the
// front dominates in it, and none of the front inside.
func TestDominated(t *testing.T) {
	for _, max := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
		sign := func(up bool) float64 {
			if up {
				return -1
			}
			return 1
		}
		sx, sy := sign(max[0]), sign(max[1])
		// Minimized, the front is (1, 3), (2, 2), (4, 1), and the others are dominated.
		in := ParetoPanel{Spec: "a"}
		for _, p := range [][3]float64{{1, 3, 1}, {2, 2, 1}, {4, 1, 1}, {3, 3, 0}, {5, 2, 0}, {2, 4, 0}} {
			in.Points = append(in.Points, ParetoPoint{Style: "s", X: sx * p[0], Y: sy * p[1], Front: p[2] == 1, Feasible: true, Name: fmt.Sprint(p[2] == 1)})
		}
		d := parse(t, svg(t, Pareto("t", Objective{Name: "x", Max: max[0]}, Objective{Name: "y", Max: max[1]}, []ParetoPanel{in}), 0, 0))
		var area [][2]float64
		for _, s := range d.shapes {
			if s.attrs["fill-opacity"] == "0.1" {
				for p := range strings.SplitSeq(strings.Trim(s.attrs["d"], "MZ"), "L") {
					var x, y float64
					if _, err := fmt.Sscan(p, &x, &y); err != nil {
						t.Fatal(err)
					}
					area = append(area, [2]float64{x, y})
				}
			}
		}
		if len(area) != 8 {
			t.Fatalf("%v: the area has %d corners", max, len(area))
		}
		points := 0
		for _, s := range d.shapes {
			if s.name != "circle" || s.title == "" {
				continue
			}
			points++
			var x, y float64
			fmt.Sscan(s.attrs["cx"], &x)
			fmt.Sscan(s.attrs["cy"], &y)
			onFront := strings.HasPrefix(s.title, "true")
			// A hair towards the ideal corner and the worst one.
			dx, dy := sx*0.5, -sy*0.5
			if inside(area, x-dx, y-dy) == onFront || !inside(area, x+dx, y+dy) {
				t.Errorf("%v: %s at %g, %g: inside %t and %t", max, s.title, x, y, inside(area, x-dx, y-dy), inside(area, x+dx, y+dy))
			}
		}
		if points != 6 {
			t.Errorf("%v: %d points", max, points)
		}
	}
}

// inside is the rule of even and odd crossings.
func inside(area [][2]float64, x, y float64) bool {
	in := false
	for i := range area {
		a, b := area[i], area[(i+1)%len(area)]
		if (a[1] > y) != (b[1] > y) && x < (b[0]-a[0])*(y-a[1])/(b[1]-a[1])+a[0] {
			in = !in
		}
	}
	return in
}

func TestHostileNames(t *testing.T) {
	evil := "</title><script>x()</script>\u202e\x00\"'&"
	f := Latency(evil, "virtual", []LatencyPanel{{Spec: evil, Styles: []StyleLatency{{evil, []Spread{{0, 1, 2, 3}}}}}})
	out := svg(t, f, 0, 0)
	parse(t, out)
	for _, bad := range []string{"<script", "\u202e", "\x00"} {
		if strings.Contains(out, bad) {
			t.Errorf("the SVG holds %+q", bad)
		}
	}
}
