package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"toolgen/seed"
)

const (
	// ExactPairs is up to how many pairs SignFlip tries all flips, 2^20.
	ExactPairs = 20
	// Flips is how many SignFlip draws beyond that.
	Flips = 99_999
)

// SignFlip tests whether paired differences lie around 0, by what their sum would be if
// each had the other sign: the p-value is the share of all 2^n flips whose sum is at
// least as far from 0. It assumes that differences are as likely to have either sign,
// and nothing else. Beyond ExactPairs, Flips flips are drawn, from a generator of
// fixed key, and p is (1 + those as far) / (1 + Flips), which never is 0 (Phipson and
// Smyth, SAGMB 9, 2010). Fisher, The Design of Experiments (1935), section 21. Without
// pairs p is 1.
func SignFlip(differences []float64) Test {
	checkSample(differences)
	// A pair without a difference has no sign and changes no share. Sorted, so that the
	// order of pairs changes neither roundings nor draws.
	order := slices.DeleteFunc(slices.Clone(differences), func(v float64) bool { return v == 0 })
	slices.SortFunc(order, func(a, b float64) int {
		return cmp.Or(cmp.Compare(math.Abs(b), math.Abs(a)), cmp.Compare(a, b))
	})
	d := make([]float64, len(order))
	observed, scale := 0.0, 0.0
	for i, v := range order {
		d[i] = math.Abs(v)
		observed += v
		scale += d[i]
	}
	// Sums that are equal may differ by rounding.
	far := math.Abs(observed) - 1e-12*scale
	if len(d) <= ExactPairs {
		return Test{P: exactFlips(d, far), Exact: true, Method: fmt.Sprintf("sign-flip permutation, all 2^%d flips", len(d))}
	}
	rng := seed.Derive(0, "sign-flip", len(d))
	hits := 0
	for range Flips {
		sum, bits := 0.0, uint64(0)
		for i, v := range d {
			if i%64 == 0 {
				bits = rng.Uint64()
			}
			if bits&1 == 0 {
				v = -v
			}
			bits >>= 1
			sum += v
		}
		if math.Abs(sum) >= far {
			hits++
		}
	}
	return Test{
		P:      float64(1+hits) / (1 + Flips),
		Method: fmt.Sprintf("sign-flip permutation, %d flips drawn", Flips),
	}
}

// exactFlips is the share of all flips of d whose sum is at least far from 0. The first
// sign stays: the other half of the flips are mirror images.
func exactFlips(d []float64, far float64) float64 {
	if len(d) == 0 {
		return 1
	}
	hits := 0
	var flip func(i int, sum float64)
	flip = func(i int, sum float64) {
		if i == len(d) {
			if math.Abs(sum) >= far {
				hits++
			}
			return
		}
		flip(i+1, sum+d[i])
		flip(i+1, sum-d[i])
	}
	flip(1, d[0])
	return float64(hits) / float64(int(1)<<(len(d)-1))
}

// SignFlipLeast is the smallest p-value that so many pairs can have: 2 / 2^n.
func SignFlipLeast(pairs int) float64 {
	if pairs > ExactPairs {
		return 1.0 / (1 + Flips)
	}
	return min(1, math.Ldexp(2, -pairs))
}

// BenjaminiHochberg adjusts the p-values of several tests, in their order: the smallest
// m/j p_(j) over the ranks j from each one's own on, at most 1. Rejecting what is
// adjusted to alpha or less keeps the expected share of false alarms among the
// rejected at alpha, for tests that are independent or positively dependent.
// Benjamini and Hochberg, JRSS B 57 (1995).
func BenjaminiHochberg(p []float64) []float64 {
	order := make([]int, len(p))
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			panic(fmt.Sprintf("stats: a p-value of %v", v))
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	out := make([]float64, len(p))
	least := 1.0
	for j := len(order); j >= 1; j-- {
		i := order[j-1]
		// Rounding must not bring it below p itself.
		least = min(least, max(p[i], p[i]*float64(len(p))/float64(j)))
		out[i] = least
	}
	return out
}
