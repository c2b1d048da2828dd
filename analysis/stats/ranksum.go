package stats

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// ExactRankSum is up to how many values, of both samples together, MannWhitney and
// HodgesLehmann are exact.
const ExactRankSum = 100

// Test is the outcome of a two-sided test.
type Test struct {
	P      float64 // above 0, at most 1
	Exact  bool    // false: an approximation, which Method names
	Method string  // in words
}

// RankSum is the outcome of MannWhitney.
type RankSum struct {
	Test
	U float64 // pairs with y above x, ties counted half; nx ny / 2 under the null hypothesis
}

// MannWhitney tests whether two samples come from one distribution. The p-value is
// P(|U - mu| >= |u - mu|) over all ways to divide the values that were seen, ties and
// all, into samples of these sizes: the conditional permutation distribution of the sum
// of midranks. So it is right under ties and for unequal sizes, where tables and
// the usual recursion for U are not. Up to ExactRankSum values it is counted
// by dynamic programming over the groups of ties; beyond, it is the normal
// approximation with the variance corrected for ties and a continuity correction of
// one half. Lehmann, Nonparametrics (1975), sections 1.2 to 1.4. Neither sample may be
// empty.
func MannWhitney(x, y []float64) RankSum {
	if len(x) == 0 || len(y) == 0 {
		panic(fmt.Sprintf("stats: a rank test of %d and %d values", len(x), len(y)))
	}
	checkSample(x)
	checkSample(y)
	nx, ny := len(x), len(y)
	n := nx + ny
	doubled := make([]int, n) // ranks in halves: midranks are whole numbers of them
	for i, r := range Ranks(slices.Concat(y, x)) {
		doubled[i] = int(2 * r)
	}
	sum := 0
	for _, r := range doubled[:ny] {
		sum += r
	}
	out := RankSum{U: float64(sum-ny*(ny+1)) / 2}
	away := abs(sum - ny*(n+1))
	if n <= ExactRankSum {
		out.Test = Test{P: exactRankSum(doubled, ny, away), Exact: true, Method: "exact conditional Mann-Whitney"}
		return out
	}
	out.Test = Test{P: 1, Method: "Mann-Whitney, normal approximation corrected for ties and continuity"}
	if sd := rankSumDeviation(doubled, nx, ny); sd > 0 {
		z := max(0, float64(away)/2-0.5) / sd
		out.P = max(math.Erfc(z/math.Sqrt2), math.SmallestNonzeroFloat64)
	}
	return out
}

// exactRankSum is the share of the subsets of m ranks whose sum is at least so far from
// the mean. Ranks, sums and away are in halves.
func exactRankSum(ranks []int, m, away int) float64 {
	n := len(ranks)
	if m > n-m {
		m = n - m // the complement is as far away
	}
	ways := subsets(ranks, m)
	all, far := 0.0, 0.0
	for sum, w := range ways {
		all += w
		if abs(sum-m*(n+1)) >= away {
			far += w
		}
	}
	return min(1, far/all)
}

// subsets returns, by sum, how many subsets of m of the ranks there are. Counts are
// doubles: they reach 1e29, and adding up numbers above 0 keeps their relative error
// near 1e-14.
func subsets(ranks []int, m int) []float64 {
	sortedRanks := slices.Sorted(slices.Values(ranks))
	top := 0
	for _, r := range sortedRanks[len(sortedRanks)-m:] {
		top += r
	}
	ways := make([][]float64, m+1) // by size and sum
	for j := range ways {
		ways[j] = make([]float64, top+1)
	}
	ways[0][0] = 1
	seen, reach := 0, 0 // of the ranks so far, their number and the largest sum of any subset
	for i := 0; i < len(sortedRanks); {
		r, t := sortedRanks[i], 0
		for i < len(sortedRanks) && sortedRanks[i] == r {
			i, t = i+1, t+1
		}
		seen += t
		reach = min(reach+t*r, top)
		for j := min(m, seen); j > 0; j-- {
			choose := 1.0
			for c := 1; c <= min(t, j); c++ { // c of this group's t
				choose = choose * float64(t-c+1) / float64(c)
				from, to := ways[j-c], ways[j]
				for s := c * r; s <= reach; s++ {
					if w := from[s-c*r]; w > 0 {
						to[s] += choose * w
					}
				}
			}
		}
	}
	return ways[m]
}

// rankSumDeviation is the standard deviation of U under the null hypothesis:
// nx ny / 12 (n + 1 - sum(t³ - t) / (n (n-1))), t the sizes of the groups of ties.
func rankSumDeviation(ranks []int, nx, ny int) float64 {
	n, ties := float64(nx+ny), 0.0
	sortedRanks := slices.Sorted(slices.Values(ranks))
	for i := 0; i < len(sortedRanks); {
		j := i
		for j < len(sortedRanks) && sortedRanks[j] == sortedRanks[i] {
			j++
		}
		t := float64(j - i)
		ties += t*t*t - t
		i = j
	}
	return math.Sqrt(max(0, float64(nx)*float64(ny)/12*(n+1-ties/(n*(n-1)))))
}

// MannWhitneyLeast is the smallest p-value that samples of these sizes can have without
// ties: 2 / C(nx+ny, nx), which is 1 for two single values. Under ties the other end of
// the distribution may not be as far away, and then p can be half of that.
func MannWhitneyLeast(nx, ny int) float64 {
	p := 2.0
	for i := 1; i <= min(nx, ny); i++ {
		p *= float64(i) / float64(max(nx, ny)+i)
	}
	return min(1, p)
}

// CliffsDelta is how much more often a value of y is above one of x than below:
// (#(y > x) - #(y < x)) / (nx ny), from -1 to 1. Cliff, Psychological Bulletin 114
// (1993). Neither sample may be empty.
func CliffsDelta(x, y []float64) float64 {
	if len(x) == 0 || len(y) == 0 {
		panic(fmt.Sprintf("stats: an effect size of %d and %d values", len(x), len(y)))
	}
	s := sorted(x)
	checkSample(y)
	sum := 0
	for _, v := range y {
		below := sort.SearchFloat64s(s, v)
		above := len(s) - sort.Search(len(s), func(i int) bool { return s[i] > v })
		sum += below - above
	}
	return float64(sum) / (float64(len(x)) * float64(len(y)))
}

// Shift is by how much one sample lies above another.
type Shift struct {
	Estimate float64
	Interval Interval
	Coverage float64 // at least; 0 where the samples are too small for an interval
	Exact    bool    // of Coverage
}

// HodgesLehmann estimates by how much y lies above x: the median of all differences
// y_j - x_i. The interval holds all shifts that the Mann-Whitney test does not reject at
// alpha: [d_(k), d_(nx ny + 1 - k)] of the sorted differences, with the largest k for
// which P(U < k) <= alpha/2 without ties. Under ties a closed interval so made covers
// no less (Noether, JASA 62, 1967). P is exact up to ExactRankSum values, beyond that
// normal. Hodges and Lehmann, Annals of Mathematical Statistics 34 (1963). Neither
// sample may be empty.
func HodgesLehmann(x, y []float64, alpha float64) Shift {
	checkAlpha(alpha)
	if len(x) == 0 || len(y) == 0 {
		panic(fmt.Sprintf("stats: a shift between %d and %d values", len(x), len(y)))
	}
	checkSample(x)
	checkSample(y)
	d := make([]float64, 0, len(x)*len(y))
	for _, a := range x {
		for _, b := range y {
			d = append(d, b-a)
		}
	}
	slices.Sort(d)
	out := Shift{Estimate: median(d)}
	k, below, exact := shiftRank(len(x), len(y), alpha)
	if k >= 1 {
		out.Interval, out.Coverage, out.Exact = Interval{d[k-1], d[len(d)-k]}, 1-2*below, exact
	}
	return out
}

// shiftRank returns the largest k with P(U < k) <= alpha/2 without ties, and that P.
func shiftRank(nx, ny int, alpha float64) (k int, below float64, exact bool) {
	n, m := nx+ny, min(nx, ny)
	if n > ExactRankSum {
		sd := math.Sqrt(float64(nx) * float64(ny) * float64(n+1) / 12)
		mu := float64(nx) * float64(ny) / 2
		k = int(math.Floor(mu + 0.5 + distuv.UnitNormal.Quantile(alpha/2)*sd))
		if k < 1 {
			return 0, 0, false
		}
		return k, distuv.UnitNormal.CDF((float64(k) - 0.5 - mu) / sd), false
	}
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = i + 1
	}
	ways := subsets(ranks, m)[m*(m+1)/2:] // by U
	all := 0.0
	for _, w := range ways {
		all += w
	}
	sum := 0.0
	for k < nx*ny/2 && (sum+ways[k])/all <= alpha/2 {
		sum += ways[k]
		k++
	}
	return k, sum / all, true
}

// HodgesLehmannRatio is HodgesLehmann on a logarithmic scale: how many times x is y?
// ok is false unless all values are above 0.
func HodgesLehmannRatio(x, y []float64, alpha float64) (ratio Shift, ok bool) {
	logs := func(v []float64) []float64 {
		out := make([]float64, len(v))
		for i := range v {
			out[i] = math.Log(v[i])
		}
		return out
	}
	checkSample(x)
	checkSample(y)
	if len(x) > 0 && slices.Min(x) <= 0 || len(y) > 0 && slices.Min(y) <= 0 {
		return Shift{}, false
	}
	s := HodgesLehmann(logs(x), logs(y), alpha)
	s.Estimate = math.Exp(s.Estimate)
	if s.Coverage > 0 {
		s.Interval = Interval{math.Exp(s.Interval.Low), math.Exp(s.Interval.High)}
	}
	return s, true
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
