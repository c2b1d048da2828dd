package pareto

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// points makes Points of points.
func points(list ...[]float64) Points {
	p := make(Points, len(list[0]))
	for _, x := range list {
		for j := range x {
			p[j] = append(p[j], x[j])
		}
	}
	return p
}

func (p Points) row(i int) []float64 {
	var out []float64
	for j := range p {
		out = append(out, p[j][i])
	}
	return out
}

// random returns n points of k objectives with so many different values in each: few
// make ties and equal points, many make fronts. With nulls some are NaN or infinite.
func random(rng *rand.Rand, k, n, values int, nulls bool) (Points, []Direction) {
	p, dirs := make(Points, k), make([]Direction, k)
	for j := range p {
		dirs[j] = Direction(rng.IntN(2))
		for range n {
			x := float64(rng.IntN(values)) / 4
			if nulls && rng.IntN(12) == 0 {
				x = []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[rng.IntN(3)]
			}
			p[j] = append(p[j], x)
		}
	}
	return p, dirs
}

// bruteFront holds every point against every other, as the definition does.
func bruteFront(p Points, dirs []Direction) []int {
	out := []int{}
	for i := range p.Len() {
		dominated := !takesPart(p, i)
		for j := range p.Len() {
			dominated = dominated || takesPart(p, j) && Dominates(p.row(j), p.row(i), dirs)
		}
		if !dominated {
			out = append(out, i)
		}
	}
	return out
}

func TestFrontIsWhatTheDefinitionSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 4000 {
		k, n, values := 1+rng.IntN(5), rng.IntN(60), []int{2, 5, 40, 1 << 30}[rng.IntN(4)]
		p, dirs := random(rng, k, n, values, rng.IntN(2) == 0)
		if n == 0 {
			p = make(Points, k)
		}
		got, want := Front(p, dirs), bruteFront(p, dirs)
		if !slices.Equal(got, want) {
			t.Fatalf("front of %v %v: %v, want %v", p, dirs, got, want)
		}
	}
}

// Fronts whose staircases have more ranks than one bitmap, and than two levels of them.
func TestFrontOfManyPoints(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	sphere := func(n int) Points { // all on the front
		p := make(Points, 3)
		for range n {
			a, b := rng.Float64()*math.Pi/2, rng.Float64()*math.Pi/2
			p[0] = append(p[0], -math.Cos(a)*math.Cos(b))
			p[1] = append(p[1], -math.Sin(a)*math.Cos(b))
			p[2] = append(p[2], -math.Sin(b))
		}
		return p
	}
	big := sphere(50_000)
	// Rounding could put one of a pair of neighbours behind the other; none of these is.
	if got := len(Front(big, nil)); got != 50_000 {
		t.Errorf("%d of 50000 points of a sphere are on the front", got)
	}
	cube, dirs := random(rng, 3, 3000, 1<<30, false)
	if got, want := Front(cube, dirs), bruteFront(cube, dirs); !slices.Equal(got, want) {
		t.Errorf("front of a cube: %d points, want %d", len(got), len(want))
	}
	small := sphere(1500)
	for i := range 700 { // shadows of points, which these dominate
		for j := range small {
			small[j] = append(small[j], small[j][i]+float64(i%3)/1e3)
		}
	}
	if got, want := Front(small, nil), bruteFront(small, nil); !slices.Equal(got, want) {
		t.Errorf("front of a sphere and its shadows: %d points, want %d", len(got), len(want))
	}
}

func TestEqualPointsAreAllOnTheFront(t *testing.T) {
	for k := 1; k <= 4; k++ {
		p := make(Points, k)
		for j := range p {
			p[j] = []float64{1, 1, 2, 1}
		}
		if got := Front(p, nil); !slices.Equal(got, []int{0, 1, 3}) {
			t.Errorf("%d objectives: %v", k, got)
		}
	}
}

func TestDominates(t *testing.T) {
	nan := math.NaN()
	for _, test := range []struct {
		a, b []float64
		dirs []Direction
		want bool
	}{
		{[]float64{1, 2}, []float64{1, 3}, nil, true},
		{[]float64{1, 2}, []float64{1, 2}, nil, false},
		{[]float64{1, 2}, []float64{0, 3}, nil, false},
		{[]float64{1, 3}, []float64{1, 2}, []Direction{Minimize, Maximize}, true},
		{[]float64{nan, 1}, []float64{1, 2}, nil, false},
		{[]float64{0, 1}, []float64{nan, 2}, nil, false},
	} {
		if got := Dominates(test.a, test.b, test.dirs); got != test.want {
			t.Errorf("%v dominates %v %v: %v", test.a, test.b, test.dirs, got)
		}
	}
}

// The two values that implementations are commonly held against.
//
// {2.3,4.5} {3.4,3.4} {6,1.2}, reference 7: (7-2.3)(7-4.5) + (7-3.4)(4.5-3.4) + (7-6)(3.4-1.2)
// = 11.75 + 3.96 + 2.2 = 17.91.
//
// {1,0,1} {0,1,0}, reference 2: boxes of 1*2*1 = 2 and 2*1*2 = 4 share 1*1*1, so 5.
func TestHypervolumeAnchors(t *testing.T) {
	two := []float64{2, 2, 2}
	for _, test := range []struct {
		p    Points
		dirs []Direction
		ref  []float64
		want float64
	}{
		{points([]float64{2.3, 4.5}, []float64{3.4, 3.4}, []float64{6, 1.2}), nil, []float64{7, 7}, 17.91},
		{points([]float64{1, 0, 1}, []float64{0, 1, 0}), nil, two, 5},
		// The same, with the second objective turned round.
		{points([]float64{1, 0, 1}, []float64{0, -1, 0}), []Direction{Minimize, Maximize, Minimize}, []float64{2, -2, 2}, 5},
		{points([]float64{3}, []float64{1}), nil, []float64{2}, 1},
		// A fourth objective that is 1 better than the reference changes nothing.
		{points([]float64{1, 0, 1, 4}, []float64{0, 1, 0, 4}), nil, []float64{2, 2, 2, 5}, 5},
		// On the reference, or beyond it in one objective, is outside.
		{points([]float64{2, 0, 0}, []float64{0, 0, 9}), nil, two, 0},
		{make(Points, 3), nil, two, 0},
		{points([]float64{math.NaN(), 0}, []float64{math.Inf(-1), 0}, []float64{1, 1}), nil, []float64{2, 2}, 1},
	} {
		if got := Hypervolume(test.p, test.dirs, test.ref); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("hypervolume of %v to %v: %v, want %v", test.p, test.ref, got, test.want)
		}
	}
}

// bruteVolume counts cells of the grid that integer points and reference lie on.
func bruteVolume(p Points, dirs []Direction, ref []float64) float64 {
	cells := 0
	cell := make([]float64, len(ref))
	var count func(j int)
	count = func(j int) {
		if j == len(ref) {
			for i := range p.Len() {
				inside := takesPart(p, i)
				for j, c := range cell {
					if dirs[j] == Maximize {
						inside = inside && p[j][i] >= c+0.25 && c >= ref[j]
					} else {
						inside = inside && p[j][i] <= c && c+0.25 <= ref[j]
					}
				}
				if inside {
					cells++
					return
				}
			}
			return
		}
		for c := 0.0; c < 2; c += 0.25 {
			cell[j] = c
			count(j + 1)
		}
	}
	count(0)
	return float64(cells) / math.Pow(4, float64(len(ref)))
}

func TestHypervolumeIsTheVolumeOfTheUnion(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 1500 {
		k := 1 + rng.IntN(4)
		p, dirs := random(rng, k, rng.IntN(14), 8, rng.IntN(2) == 0)
		ref := make([]float64, k)
		for j := range ref {
			ref[j] = float64(rng.IntN(9)) / 4
		}
		// Multiples of 1/4 that small are exact, and so are their products and sums.
		if got, want := Hypervolume(p, dirs, ref), bruteVolume(p, dirs, ref); got != want {
			t.Fatalf("hypervolume of %v %v to %v: %v, want %v", p, dirs, ref, got, want)
		}
	}
}

// Points that are doubled, dominated, or in another order change no bit of the volume.
func TestOrderDoesNotShow(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for k := 1; k <= 4; k++ {
		for range 60 {
			n := 1 + rng.IntN(80)
			p, dirs := random(rng, k, n, 1<<30, true)
			for j := range p {
				for i := range p[j] {
					p[j][i] *= 1.1
				}
				p[j] = append(p[j], p[j][:n/2]...)
			}
			ref := make([]float64, k)
			for j, d := range dirs {
				if ref[j] = 1e9; d == Maximize {
					ref[j] = -1
				}
			}
			order := rng.Perm(p.Len())
			q := p.At(order)
			if a, b := Hypervolume(p, dirs, ref), Hypervolume(q, dirs, ref); a != b {
				t.Fatalf("%d objectives: hypervolume %v, in another order %v", k, a, b)
			}
			front := Front(p, dirs)
			if a, b := Hypervolume(p, dirs, ref), Hypervolume(p.At(front), dirs, ref); a != b {
				t.Fatalf("%d objectives: hypervolume %v, of the front alone %v", k, a, b)
			}
			var moved []int
			for _, i := range Front(q, dirs) {
				moved = append(moved, order[i])
			}
			slices.Sort(moved)
			if !slices.Equal(front, moved) {
				t.Fatalf("%d objectives: front %v, in another order %v", k, front, moved)
			}
			f, g := p.At(front), q.At(Front(q, dirs))
			i, ok := Knee(f, dirs)
			j, again := Knee(g, dirs)
			if ok != again || ok && !slices.Equal(f.row(i), g.row(j)) {
				t.Fatalf("%d objectives: knee %d %v, in another order %d %v", k, i, ok, j, again)
			}
		}
	}
}

// (0,1) (0.1,0.2) (1,0): the line through the ends is x + y = 1; the second lies
// (1 - 0.3)/sqrt 2 below it. Scaled and turned round it is the same point.
func TestKnee(t *testing.T) {
	for _, test := range []struct {
		p    Points
		dirs []Direction
		want int // -1: none
	}{
		{points([]float64{0, 1}, []float64{0.1, 0.2}, []float64{0.6, 0.1}, []float64{1, 0}), nil, 1},
		{points([]float64{0, -1000}, []float64{10, -200}, []float64{60, -100}, []float64{100, 0}), []Direction{Minimize, Maximize}, 1},
		{points([]float64{0, 1}, []float64{0.5, 0.5}, []float64{1, 0}), nil, -1},              // on the line
		{points([]float64{0, 1}, []float64{0.75, 0.75}, []float64{1, 0}), nil, -1},            // a dent
		{points([]float64{0, 1}, []float64{1, 0}), nil, -1},                                   // two ends
		{points([]float64{0.3, 0.3}), nil, 0},                                                 // best in everything
		{points([]float64{5, 5}, []float64{5, 5}), nil, 0},                                    // twice
		{points([]float64{0, 3}, []float64{2, 1}, []float64{1, 2}, []float64{3, 0}), nil, -1}, // a line in steps
		{points([]float64{0, 4}, []float64{2, 1}, []float64{1, 2}, []float64{4, 0}), nil, 2},  // both 3/4, the better first
		// Sums 1, 1, 1 and 0.6: the last is (1-0.6)/sqrt 3 below the plane.
		{points([]float64{1, 0, 0}, []float64{0, 1, 0}, []float64{0, 0, 1}, []float64{0.2, 0.2, 0.2}), nil, 3},
		{points([]float64{math.NaN(), 1}), nil, -1},
		{points([]float64{1}), nil, -1},
	} {
		got, ok := Knee(test.p, test.dirs)
		if !ok {
			got = -1
		}
		if got != test.want {
			t.Errorf("knee of %v: %d, want %d", test.p, got, test.want)
		}
	}
}

// Of (0,1) (0.1,0.2) (1,0): from the first, 0.1 lost buys 0.8, and 1 buys 1; from the
// second, 0.8 buys 0.1 or 0.9 buys 0.2; from the last, 0.2 buys 0.9 or 1 buys 1.
func TestTradeoffs(t *testing.T) {
	got := Tradeoffs(points([]float64{0, 1}, []float64{0.1, 0.2}, []float64{1, 0}, []float64{0.1, 0.2}), nil)
	for i, want := range []float64{0.125, 4.5, 2.0 / 9, 4.5} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("point %d: %v, want %v", i, got[i], want)
		}
	}
	if got := Tradeoffs(points([]float64{7, 7}, []float64{math.NaN(), 0}), nil); !math.IsInf(got[0], 1) || !math.IsNaN(got[1]) {
		t.Errorf("alone: %v", got)
	}
}

func TestTradeoffsAreTheLeastOfAll(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 1500 {
		k := 2 + rng.IntN(3)
		p, dirs := random(rng, k, 1+rng.IntN(40), []int{9, 1 << 30}[rng.IntN(2)], false)
		f := p.At(Front(p, dirs))
		m := minimize(f, dirs)
		m.scale()
		got := Tradeoffs(f, dirs)
		for i := range got {
			want := math.Inf(1)
			for j := range got {
				if m.compare(i, j) != 0 {
					want = min(want, m.tradeoff(i, j))
				}
			}
			if math.Abs(got[i]-want) > 1e-9*want && got[i] != want {
				t.Fatalf("point %d of %v %v: %v, want %v", i, f, dirs, got[i], want)
			}
		}
	}
}

func TestIdealAndNadir(t *testing.T) {
	p := points([]float64{1, 9}, []float64{3, 2}, []float64{math.NaN(), 100})
	dirs := []Direction{Minimize, Maximize}
	if got := Ideal(p, dirs); !slices.Equal(got, []float64{1, 9}) {
		t.Errorf("ideal %v", got)
	}
	if got := Nadir(p, dirs); !slices.Equal(got, []float64{3, 2}) {
		t.Errorf("nadir %v", got)
	}
	if Ideal(make(Points, 2), nil) != nil {
		t.Error("an ideal of nothing")
	}
}

func TestRankSet(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for _, n := range []int{1, 63, 64, 65, 4096, 4097, 300_000} {
		s, in := newRankSet(n), map[int]bool{}
		for range 400 {
			x := rng.IntN(n)
			if rng.IntN(3) == 0 {
				s.remove(x)
				delete(in, x)
			} else {
				s.add(x)
				in[x] = true
			}
			y := rng.IntN(n)
			floor, next := -1, -1
			// any order: the largest and the smallest are looked for
			for z := range in {
				if z <= y {
					floor = max(floor, z)
				} else if next < 0 || z < next {
					next = z
				}
			}
			if s.floor(y) != floor || s.next(y) != next {
				t.Fatalf("%d numbers, at %d: %d and %d, want %d and %d", n, y, s.floor(y), s.next(y), floor, next)
			}
		}
	}
}

func TestShapesThatMakeNoSense(t *testing.T) {
	for name, fn := range map[string]func(){
		"no objectives":    func() { Front(nil, nil) },
		"ragged":           func() { Front(Points{{1}, {1, 2}}, nil) },
		"directions":       func() { Front(Points{{1}, {1}}, []Direction{Minimize}) },
		"reference":        func() { Hypervolume(Points{{1}, {1}}, nil, []float64{1}) },
		"reference is NaN": func() { Hypervolume(Points{{1}, {1}}, nil, []float64{1, math.NaN()}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			fn()
		})
	}
}

// A latency and a fitness: the second candidate is dominated, the last has no latency.
func ExampleFront() {
	ms := []float64{40, 55, 12, math.NaN()}
	fitness := []float64{0.97, 0.95, 0.91, 0.99}
	p, dirs := Points{ms, fitness}, []Direction{Minimize, Maximize}
	fmt.Println(Front(p, dirs))
	fmt.Printf("%.2f\n", Hypervolume(p, dirs, []float64{100, 0.9}))
	// Output:
	// [0 2]
	// 4.48
}
