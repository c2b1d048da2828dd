package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Type 1 of {10, 20, 30, 40}: n q = 1 at 0.25 is the first value, just above it the second.
func TestQuantile(t *testing.T) {
	x := []float64{40, 10, 30, 20}
	for _, c := range []struct{ q, want float64 }{{0, 10}, {0.25, 10}, {0.26, 20}, {0.5, 20}, {0.51, 30}, {0.75, 30}, {0.9, 40}, {1, 40}} {
		if got := Quantile(x, c.q); got != c.want {
			t.Errorf("quantile %v: %v, want %v", c.q, got, c.want)
		}
	}
	if !slices.Equal(x, []float64{40, 10, 30, 20}) {
		t.Errorf("the sample was sorted in place: %v", x)
	}
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for q := 1; q <= 100; q++ {
		if got := Quantile(hundred, float64(q)/100); got != float64(q) {
			t.Errorf("percentile %d of 1..100: %v", q, got)
		}
	}
	if LowerMedian([]float64{3, 1, 2}) != 2 || LowerMedian([]float64{4, 1, 2, 3}) != 2 {
		t.Error("lower median")
	}
}

// The fifth root of 1*2*3*4*5 = 120 is 2.605171.
func TestGeometricMean(t *testing.T) {
	near(t, "of 1 to 5", GeometricMean([]float64{5, 1, 4, 2, 3}), 2.605171084697352, 1e-14)
	for _, x := range [][]float64{nil, {0, 1}, {-1, 1}} {
		if got := GeometricMean(x); !math.IsNaN(got) {
			t.Errorf("of %v: %v", x, got)
		}
	}
}

// The ranks of {1, 2, 3, 4} and {10, 20, 40, 30} differ by 0, 0, 1, 1, so
// rho = 1 - 6*2/(4*15) = 0.8. With ties {1, 1, 2} and {1, 2, 3} the ranks are
// {1.5, 1.5, 3} and {1, 2, 3}: covariance 1.5, variances 1.5 and 2, rho = 1.5/sqrt(3).
func TestSpearman(t *testing.T) {
	near(t, "without ties", Spearman([]float64{1, 2, 3, 4}, []float64{10, 20, 40, 30}), 0.8, 1e-15)
	near(t, "with ties", Spearman([]float64{1, 1, 2}, []float64{1, 2, 3}), 1.5/math.Sqrt(3), 1e-15)
	for _, x := range [][]float64{nil, {1}, {2, 2}} {
		if got := Spearman(x, x); !math.IsNaN(got) {
			t.Errorf("of %v: %v", x, got)
		}
	}
	if got, want := Ranks([]float64{5, 1, 5, 0, 5}), []float64{4, 2, 4, 1, 4}; !slices.Equal(got, want) {
		t.Errorf("ranks %v, want %v", got, want)
	}
}

// atLeast is P(B >= k) of a binomial, by its sum.
func atLeast(k, n int, p float64) float64 {
	sum := 0.0
	for i := k; i <= n; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

// Published: 20 of 100 at 0.05 is 0.12666 to 0.29184. For every small n the ends are
// where the binomial tail is alpha/2, by definition.
func TestClopperPearson(t *testing.T) {
	got := ClopperPearson(20, 100, 0.05)
	near(t, "20/100 low", got.Low, 0.12666, 5e-6)
	near(t, "20/100 high", got.High, 0.29184, 5e-6)
	for _, alpha := range []float64{0.001, 0.05, 0.3} {
		for n := 1; n <= 25; n++ {
			for k := 0; k <= n; k++ {
				i := ClopperPearson(k, n, alpha)
				if k == 0 && i.Low != 0 || k == n && i.High != 1 || !(i.Low < i.High) {
					t.Fatalf("%d/%d at %v: %v", k, n, alpha, i)
				}
				if k > 0 {
					near(t, "P(B >= k) at the low end", atLeast(k, n, i.Low), alpha/2, 1e-9)
				}
				if k < n {
					near(t, "P(B <= k) at the high end", 1-atLeast(k+1, n, i.High), alpha/2, 1e-9)
				}
			}
		}
	}
	if got := ClopperPearson(0, 0, 0.05); got != (Interval{0, 1}) {
		t.Errorf("of no trials: %v", got)
	}
	// The rule of three's exact form: 1 - 0.025^(1/n).
	near(t, "0/30", ClopperPearson(0, 30, 0.05).High, 1-math.Pow(0.025, 1.0/30), 1e-12)
	big := ClopperPearson(10, 1_000_000, 0.05)
	near(t, "10 in a million, high", big.High*1e6, 18.39, 0.01) // of Poisson 10: 18.39036
	near(t, "10 in a million, low", big.Low*1e6, 4.795, 0.01)   // 4.795389
}

// Published: 3 of 10 at 0.05 is 0.10779 to 0.60322. The ends solve (p - k/n)² = z² p(1-p)/n.
func TestWilson(t *testing.T) {
	got := Wilson(3, 10, 0.05)
	near(t, "3/10 low", got.Low, 0.10779, 5e-6)
	near(t, "3/10 high", got.High, 0.60322, 5e-6)
	const z = 1.959963984540054
	for n := 1; n <= 30; n++ {
		for k := 0; k <= n; k++ {
			i := Wilson(k, n, 0.05)
			for _, p := range []float64{i.Low, i.High} {
				d := p - float64(k)/float64(n)
				near(t, "score equation", d*d, z*z*p*(1-p)/float64(n), 1e-12)
			}
		}
	}
	if got := Wilson(0, 0, 0.05); got != (Interval{0, 1}) {
		t.Errorf("of no trials: %v", got)
	}
}

// Five values cover 1 - 2/32 = 0.9375, six 1 - 2/64 = 0.96875. Of ten, [x_2, x_9]
// covers 1 - 2 (1+10)/1024 = 0.978516 and [x_3, x_8] only 0.890625.
func TestMedianInterval(t *testing.T) {
	x := []float64{5, 3, 1, 4, 2, 6, 10, 9, 8, 7}
	if _, _, ok := MedianInterval(x[:5], 0.05); ok {
		t.Error("five values have an interval")
	}
	i, c, ok := MedianInterval(x[:6], 0.05)
	if !ok || i != (Interval{1, 6}) {
		t.Errorf("of six: %v %v", i, ok)
	}
	near(t, "coverage of six", c, 0.96875, 1e-12)
	i, c, ok = MedianInterval(x, 0.05)
	if !ok || i != (Interval{2, 9}) {
		t.Errorf("of ten: %v %v", i, ok)
	}
	near(t, "coverage of ten", c, 1002.0/1024, 1e-12)
	if n := MedianIntervalNeeds(0.05); n != 6 {
		t.Errorf("it takes %d values", n)
	}
	// For any n: what is answered covers enough, and one step further in does not.
	for _, alpha := range []float64{0.01, 0.05, 0.5} {
		for n := 1; n <= 300; n++ {
			y := make([]float64, n)
			for j := range y {
				y[j] = float64(j + 1)
			}
			i, c, ok := MedianInterval(y, alpha)
			if ok != (n >= MedianIntervalNeeds(alpha)) {
				t.Fatalf("n %d at %v: %v", n, alpha, ok)
			}
			if !ok {
				continue
			}
			k := int(i.Low)
			if int(i.High) != n+1-k || c < 1-alpha {
				t.Fatalf("n %d at %v: %v covers %v", n, alpha, i, c)
			}
			if tail := 1 - atLeast(k+1, n, 0.5); 2*(k+1) <= n+1 && tail <= alpha/2 {
				t.Fatalf("n %d at %v: %v is too wide, one further leaves out %v", n, alpha, i, tail)
			}
		}
	}
}

func TestMistakesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"alpha 0":             func() { Wilson(1, 2, 0) },
		"alpha NaN":           func() { ClopperPearson(1, 2, math.NaN()) },
		"3 of 2":              func() { ClopperPearson(3, 2, 0.05) },
		"NaN in a sample":     func() { MannWhitney([]float64{1}, []float64{math.NaN()}) },
		"an infinite one":     func() { SignFlip([]float64{math.Inf(1)}) },
		"an empty sample":     func() { MannWhitney(nil, []float64{1}) },
		"a shift of nothing":  func() { HodgesLehmann([]float64{1}, nil, 0.05) },
		"a p-value above 1":   func() { BenjaminiHochberg([]float64{0.5, 1.5}) },
		"pairs without":       func() { Spearman([]float64{1}, nil) },
		"quantile of nothing": func() { Quantile(nil, 0.5) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// sample draws n values from few, so that there are ties.
func sample(rng *rand.Rand, n, values int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(rng.IntN(values))
	}
	return x
}
