// Package stats holds the statistics of comparisons: intervals of a proportion and of
// a median, tests whose p-values stay right for small samples and under ties, a
// correction for many tests, effect sizes.
//
// Model. Samples are small: seeds of an experiment, timed calls of a candidate. So
// tests are exact as long as that can be computed, and say so when they are not.
// Every function states its formula and where it is from. What is random (SignFlip
// beyond twenty pairs) is drawn from a generator of fixed key, so that the same
// numbers always give the same answer. The order of a sample never matters, but for
// pairs.
//
// Numbers that a function cannot take (NaN, a share of more than all, an alpha that is
// none) are a mistake of the caller, and panic. A sample that is too small for an
// answer is none: the answer says that it is missing.
//
// Non-goals. It knows neither runs nor metrics, decides nothing, and is no library of
// distributions: gonum has those.
package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Interval is a closed interval.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// checkAlpha panics unless alpha is the error that an interval or a test may make.
func checkAlpha(alpha float64) {
	if !(alpha > 0 && alpha < 1) {
		panic(fmt.Sprintf("stats: alpha %v is not between 0 and 1", alpha))
	}
}

// checkSample panics if one of the numbers is none.
func checkSample(x []float64) {
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			panic(fmt.Sprintf("stats: value %d of a sample is %v", i, v))
		}
	}
}

func sorted(x []float64) []float64 {
	checkSample(x)
	return slices.Sorted(slices.Values(x))
}

// Quantile is the inverse of the empirical distribution function, x_(ceil(n q)): type 1
// of Hyndman and Fan, "Sample quantiles in statistical packages", The American
// Statistician 50 (1996). It is always one of the values. x may not be empty; q is
// from 0 to 1.
func Quantile(x []float64, q float64) float64 {
	if len(x) == 0 || !(q >= 0 && q <= 1) {
		panic(fmt.Sprintf("stats: quantile %v of %d values", q, len(x)))
	}
	s := sorted(x)
	// 0.07*100 is a little above 7 in doubles; the eighth value would be wrong.
	at := math.Ceil(float64(len(s))*q - 1e-9)
	return s[max(int(at), 1)-1]
}

// LowerMedian is the middle value, of an even count the lower one of the two in the
// middle: Quantile(x, 0.5). So it is always a value that was measured.
func LowerMedian(x []float64) float64 { return Quantile(x, 0.5) }

// median is the middle value, of an even count the mean of the two in the middle. s is
// sorted and not empty.
func median(s []float64) float64 {
	n := len(s)
	return s[(n-1)/2]/2 + s[n/2]/2
}

// GeometricMean is exp(mean(log x)). It is NaN for no values, or if one of them is not
// above 0.
func GeometricMean(x []float64) float64 {
	checkSample(x)
	if len(x) == 0 || slices.Min(x) <= 0 {
		return math.NaN()
	}
	return stat.GeometricMean(sorted(x), nil)
}

// Ranks are the ranks of values, from 1; equal ones share the mean of theirs (midranks).
func Ranks(x []float64) []float64 {
	checkSample(x)
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case x[i] < x[j]:
			return -1
		case x[i] > x[j]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return out
}

// Spearman is the rank correlation of pairs: Pearson's of their midranks. It is NaN for
// fewer than two pairs, or if all values of one side are equal.
func Spearman(x, y []float64) float64 {
	if len(x) != len(y) {
		panic(fmt.Sprintf("stats: %d and %d values are no pairs", len(x), len(y)))
	}
	if len(x) < 2 {
		return math.NaN()
	}
	return stat.Correlation(Ranks(x), Ranks(y), nil)
}
