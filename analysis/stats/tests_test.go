package stats

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// u counts pairs with y above x, ties half.
func u(x, y []float64) float64 {
	sum := 0.0
	for _, a := range x {
		for _, b := range y {
			switch {
			case b > a:
				sum++
			case b == a:
				sum += 0.5
			}
		}
	}
	return sum
}

// enumerated is the Mann-Whitney test by its definition: every division of the values
// into two samples of these sizes.
func enumerated(x, y []float64) float64 {
	all := slices.Concat(x, y)
	mu := float64(len(x)) * float64(len(y)) / 2
	away := math.Abs(u(x, y) - mu)
	count, far := 0, 0
	for set := range uint(1) << len(all) {
		if bits.OnesCount(set) != len(x) {
			continue
		}
		var a, b []float64
		for i, v := range all {
			if set>>i&1 == 1 {
				a = append(a, v)
			} else {
				b = append(b, v)
			}
		}
		count++
		if math.Abs(u(a, b)-mu) >= away {
			far++
		}
	}
	return float64(far) / float64(count)
}

// Of {2, 1, 3, 5} against five ones: as far away as this division are those that keep
// 2, 3 and 5 on the side of four, with any of the six ones: 6 of C(9,4) = 126, 0.0476.
func TestMannWhitneyPublished(t *testing.T) {
	r := MannWhitney([]float64{2, 1, 3, 5}, []float64{1, 1, 1, 1, 1})
	near(t, "P", r.P, 6.0/126, 1e-15)
	if !r.Exact || r.U != 2.5 { // five halves: the ones against the one
		t.Errorf("%+v", r)
	}
	// Without ties {1, 2, 3} v {4, 5, 6, 7}: the extreme division and its mirror image of C(7,3) = 35.
	near(t, "3 v 4", MannWhitney([]float64{1, 2, 3}, []float64{4, 5, 6, 7}).P, 2.0/35, 1e-15)
	near(t, "all equal", MannWhitney([]float64{1, 1}, []float64{1, 1, 1}).P, 1, 0)
	near(t, "one each", MannWhitney([]float64{1}, []float64{2}).P, 1, 0)
}

func TestMannWhitneyAgainstEnumeration(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		x, y := sample(rng, 1+rng.IntN(6), 1+rng.IntN(9)), sample(rng, 1+rng.IntN(6), 1+rng.IntN(9))
		r := MannWhitney(x, y)
		near(t, fmt.Sprintf("P of %v v %v", x, y), r.P, enumerated(x, y), 1e-12)
		if r.U != u(x, y) || !(r.P > 0 && r.P <= 1) || !r.Exact {
			t.Errorf("%v v %v: %+v, U is %v", x, y, r, u(x, y))
		}
		if back := MannWhitney(y, x); math.Abs(back.P-r.P) > 1e-12 {
			t.Errorf("%v v %v: P %v, the other way round %v", x, y, r.P, back.P)
		}
		if least := MannWhitneyLeast(len(x), len(y)); r.P < least/2-1e-12 {
			t.Errorf("%v v %v: P %v is below half the least, %v", x, y, r.P, least)
		}
		near(t, "Cliff's delta", CliffsDelta(x, y), 2*u(x, y)/float64(len(x)*len(y))-1, 1e-12)
	}
	near(t, "least of 3 and 4", MannWhitneyLeast(3, 4), 2.0/35, 1e-15)
	near(t, "least of 4 and 3", MannWhitneyLeast(4, 3), 2.0/35, 1e-15)
	near(t, "least of 1 and 1", MannWhitneyLeast(1, 1), 1, 0)
}

// At the largest exact size the approximation must be near the exact answer, and just
// beyond it, it takes over and says so.
func TestMannWhitneyApproximation(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, values := range []int{3, 10, 1000} {
		x, y := sample(rng, 40, values), sample(rng, 60, values)
		for i := range y {
			y[i] += float64(values) / 10
		}
		r := MannWhitney(x, y)
		if !r.Exact {
			t.Fatalf("%d values are not exact", len(x)+len(y))
		}
		doubled := make([]int, 0, 100)
		for _, v := range Ranks(slices.Concat(x, y)) {
			doubled = append(doubled, int(2*v))
		}
		z := (math.Abs(r.U-40*60/2) - 0.5) / rankSumDeviation(doubled, 40, 60)
		near(t, "normal against exact", math.Erfc(z/math.Sqrt2), r.P, 0.006)
		more := MannWhitney(append(x, x...), append(y, y...))
		if more.Exact || more.Method == r.Method || !(more.P > 0 && more.P < r.P) {
			t.Errorf("twice the values: %+v after %+v", more, r)
		}
	}
	// 51 v 50 without ties, interleaved and then shifted: sd is sqrt(51*50*102/12).
	var odd, even []float64
	for i := range 51 {
		odd = append(odd, float64(2*i))
	}
	for i := range 50 {
		even = append(even, float64(2*i+13))
	}
	r := MannWhitney(odd, even)
	z := (math.Abs(r.U-51*50/2) - 0.5) / math.Sqrt(51*50*102/12.0)
	near(t, "beyond the exact sizes", r.P, math.Erfc(z/math.Sqrt2), 1e-15)
	if r.Exact || r.U != u(odd, even) || r.P < 0.001 || r.P > 0.1 {
		t.Errorf("%+v", r)
	}
	same := make([]float64, 80)
	if r := MannWhitney(same, same); r.P != 1 || r.Exact {
		t.Errorf("160 equal values: %+v", r)
	}
	far := make([]float64, 5000)
	for i := range far {
		far[i] = 1 + float64(i)
	}
	if r := MannWhitney(make([]float64, 5000), far); !(r.P > 0) {
		t.Errorf("far apart: P %v", r.P)
	}
}

// The variance under ties, against the mean square of U over every division.
func TestRankSumDeviation(t *testing.T) {
	values := []float64{1, 1, 1, 2, 2, 3, 4, 4}
	var doubled []int
	for _, r := range Ranks(values) {
		doubled = append(doubled, int(2*r))
	}
	sum, count := 0.0, 0
	for set := range uint(1) << len(values) {
		if bits.OnesCount(set) == 3 {
			var a, b []float64
			for i, v := range values {
				if set>>i&1 == 1 {
					a = append(a, v)
				} else {
					b = append(b, v)
				}
			}
			d := u(a, b) - 7.5
			sum, count = sum+d*d, count+1
		}
	}
	near(t, "variance", math.Pow(rankSumDeviation(doubled, 3, 5), 2), sum/float64(count), 1e-12)
}

// {1, 2, 3} v {11, 12, 14}: the nine differences 8 9 9 10 10 11 11 12 13 have median 10.
// At 3 v 3 the least p is 2/20, so there is no interval at 0.05; at 0.1 it is all of them.
func TestHodgesLehmann(t *testing.T) {
	x, y := []float64{3, 1, 2}, []float64{12, 11, 14}
	s := HodgesLehmann(x, y, 0.05)
	if s.Estimate != 10 || s.Coverage != 0 {
		t.Errorf("%+v", s)
	}
	s = HodgesLehmann(x, y, 0.1)
	if s.Interval != (Interval{8, 13}) || !s.Exact {
		t.Errorf("%+v", s)
	}
	near(t, "coverage", s.Coverage, 0.9, 1e-12)
}

// The interval is what the test does not reject: shifts inside have p above alpha, just
// outside p is at most alpha. Without ties, so that the test is that of the interval.
func TestHodgesLehmannInvertsTheTest(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		x, y := make([]float64, 4+rng.IntN(8)), make([]float64, 4+rng.IntN(8))
		for i := range x {
			x[i] = rng.Float64()
		}
		for i := range y {
			y[i] = rng.Float64() * 3
		}
		const alpha = 0.05
		s := HodgesLehmann(x, y, alpha)
		p := func(shift float64) float64 {
			moved := slices.Clone(y)
			for i := range moved {
				moved[i] -= shift
			}
			return MannWhitney(x, moved).P
		}
		if s.Coverage < 1-alpha {
			t.Fatalf("coverage %v", s.Coverage)
		}
		const step = 1e-9
		for _, end := range []struct{ in, out float64 }{{s.Interval.Low + step, s.Interval.Low - step}, {s.Interval.High - step, s.Interval.High + step}} {
			if p(end.in) <= alpha || p(end.out) > alpha {
				t.Errorf("%v v %v: %+v; p inside %v, outside %v", x, y, s, p(end.in), p(end.out))
			}
		}
	}
}

// Beyond the exact sizes the rank moves by one at most.
func TestShiftRankApproximation(t *testing.T) {
	k, below, exact := shiftRank(50, 50, 0.05)
	if !exact || below > 0.025 {
		t.Fatal(k, below, exact)
	}
	sd := math.Sqrt(50 * 50 * 101 / 12.0)
	if approx := int(math.Floor(1250.5 - 1.959964*sd)); approx < k-1 || approx > k+1 {
		t.Errorf("exact %d, normal %d", k, approx)
	}
	k, below, exact = shiftRank(60, 50, 0.05)
	if exact || k < 1 || below > 0.025+1e-9 || below < 0.024 {
		t.Error(k, below, exact)
	}
	// 1 v 200 at 0.001: no rank leaves out so little.
	if k, _, _ := shiftRank(1, 200, 0.001); k > 0 {
		t.Errorf("1 v 200: rank %d", k)
	}
}

func TestHodgesLehmannRatio(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7}
	y := make([]float64, len(x))
	for i := range x {
		y[i] = 1.25 * x[i]
	}
	r, ok := HodgesLehmannRatio(x, y, 0.05)
	if !ok || !(r.Interval.Low <= 1.25 && 1.25 <= r.Interval.High) {
		t.Errorf("%+v %v", r, ok)
	}
	near(t, "ratio", r.Estimate, 1.25, 1e-12)
	if _, ok := HodgesLehmannRatio([]float64{0, 1}, []float64{1, 2}, 0.05); ok {
		t.Error("a ratio to 0")
	}
}

// flips is the sign-flip test by its definition, for whole numbers.
func flips(d []int) float64 {
	observed, far := 0, 0
	for _, v := range d {
		observed += v
	}
	for set := range 1 << len(d) {
		sum := 0
		for i, v := range d {
			if set>>i&1 == 1 {
				v = -v
			}
			sum += v
		}
		if abs(sum) >= abs(observed) {
			far++
		}
	}
	return float64(far) / float64(int(1)<<len(d))
}

func TestSignFlipAgainstEnumeration(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		d := make([]int, rng.IntN(10))
		x := make([]float64, len(d))
		for i := range d {
			d[i] = rng.IntN(9) - 4
			x[i] = float64(d[i]) * 0.1 // not exact in doubles: sums that are equal differ by rounding
		}
		r := SignFlip(x)
		near(t, fmt.Sprint(d), r.P, flips(d), 1e-15)
		if !r.Exact || !(r.P > 0 && r.P <= 1) {
			t.Errorf("%v: %+v", d, r)
		}
	}
	// Five pairs of one sign: 2/32 = 0.0625, and no five pairs go below.
	near(t, "five", SignFlip([]float64{1, 2, 3, 4, 5}).P, 0.0625, 0)
	near(t, "least of five", SignFlipLeast(5), 0.0625, 0)
	near(t, "least of six", SignFlipLeast(6), 0.03125, 0)
	near(t, "least of one", SignFlipLeast(1), 1, 0)
	near(t, "least of none", SignFlipLeast(0), 1, 0)
}

// Beyond twenty pairs flips are drawn: near the exact answer, the same every time, and
// in whatever order the pairs stand. Twenty-two equal differences, 16 up and 6 down:
// P(|B - 11| >= 5) for 22 flips of a coin is 2 * 110056/2^22 = 0.05248.
func TestSignFlipDrawn(t *testing.T) {
	d := make([]float64, 22)
	for i := range d {
		d[i] = 1
		if i < 6 {
			d[i] = -1
		}
	}
	r := SignFlip(d)
	near(t, "drawn", r.P, 0.05248, 0.003)
	if r.Exact || r.Method != "sign-flip permutation, 99999 flips drawn" {
		t.Errorf("%+v", r)
	}
	slices.Reverse(d)
	if again := SignFlip(d); again != r {
		t.Errorf("%+v, then %+v", r, again)
	}
	for i := range d {
		d[i] = 1
	}
	if got := SignFlip(d).P; got < SignFlipLeast(22) {
		t.Errorf("p %v is below the least, %v", got, SignFlipLeast(22))
	}
	// Twenty that differ are exact, whatever number of pairs do not.
	if r := SignFlip(append(make([]float64, 50), d[:20]...)); !r.Exact || r.P != math.Ldexp(1, -19) {
		t.Errorf("%+v", r)
	}
}

// Of 0.01, 0.04, 0.03, 0.005 the ranks are 2, 4, 3, 1: 0.005*4/1, 0.01*4/2, 0.03*4/3 and
// 0.04*4/4 are 0.02, 0.02, 0.04, 0.04.
func TestBenjaminiHochberg(t *testing.T) {
	got := BenjaminiHochberg([]float64{0.01, 0.04, 0.03, 0.005})
	for i, want := range []float64{0.02, 0.04, 0.04, 0.02} {
		near(t, "adjusted", got[i], want, 1e-15)
	}
	if len(BenjaminiHochberg(nil)) != 0 {
		t.Error("of none")
	}
	rng := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		p := make([]float64, 1+rng.IntN(30))
		for i := range p {
			p[i] = math.Round(rng.Float64()*20) / 20
		}
		q := BenjaminiHochberg(p)
		alpha := rng.Float64()
		reject := 0 // by the step-up rule: the largest j with p_(j) <= j alpha / m
		for j, v := range slices.Sorted(slices.Values(p)) {
			if v <= float64(j+1)*alpha/float64(len(p)) {
				reject = j + 1
			}
		}
		rejected := 0
		for i := range p {
			if q[i] < p[i] || q[i] > 1 {
				t.Fatalf("p %v becomes %v", p[i], q[i])
			}
			for k := range p {
				if p[i] < p[k] && q[i] > q[k] || p[i] == p[k] && q[i] != q[k] {
					t.Fatalf("order: p %v %v, adjusted %v %v", p[i], p[k], q[i], q[k])
				}
			}
			if q[i] <= alpha {
				rejected++
			}
		}
		if rejected != reject {
			t.Errorf("%v at %v: %d rejected, step-up says %d", p, alpha, rejected, reject)
		}
	}
}
