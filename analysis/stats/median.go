package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// MedianInterval is an interval of the median of whatever the sample was drawn from,
// between two of its values: [x_(k), x_(n+1-k)] with the largest k for which
// P(B < k) <= alpha/2, B binomial (n, 1/2). It assumes nothing about the distribution;
// its coverage is 1 - 2 P(B < k), and more under ties. ok is false where even the whole
// range covers too little: at alpha 0.05 it takes 6 values. David and Nagaraja, Order
// Statistics, 3rd ed., section 7.1.
func MedianInterval(x []float64, alpha float64) (interval Interval, coverage float64, ok bool) {
	checkAlpha(alpha)
	s := sorted(x)
	n := len(s)
	if n == 0 {
		return Interval{}, 0, false
	}
	below := func(k int) float64 { return distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(k - 1)) }
	// The quantile of the normal approximation is near; walk from there.
	k := max(1, int(float64(n)/2+distuv.UnitNormal.Quantile(alpha/2)*math.Sqrt(float64(n))/2))
	for k > 0 && below(k) > alpha/2 {
		k--
	}
	for 2*(k+1) <= n+1 && below(k+1) <= alpha/2 {
		k++
	}
	if k < 1 {
		return Interval{}, 0, false
	}
	return Interval{s[k-1], s[n-k]}, 1 - 2*below(k), true
}

// MedianIntervalNeeds is the smallest sample that MedianInterval answers for:
// 2 / 2^n <= alpha.
func MedianIntervalNeeds(alpha float64) int {
	checkAlpha(alpha)
	n := 1
	for math.Ldexp(2, -n) > alpha {
		n++
	}
	return n
}
