package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

func checkShare(k, n int) {
	if k < 0 || n < k {
		panic(fmt.Sprintf("stats: %d of %d", k, n))
	}
}

// ClopperPearson is the exact interval of a proportion after k of n: all p that neither
// one-sided binomial test at alpha/2 rejects. Its ends are quantiles of beta
// distributions, B(alpha/2; k, n-k+1) and B(1-alpha/2; k+1, n-k), and 0 and 1 where k
// is 0 or n. Its coverage is never below 1-alpha. Of no trials it is [0, 1]. Clopper and
// Pearson, Biometrika 26 (1934).
func ClopperPearson(k, n int, alpha float64) Interval {
	checkShare(k, n)
	checkAlpha(alpha)
	out := Interval{0, 1}
	if k > 0 {
		out.Low = mathext.InvRegIncBeta(float64(k), float64(n-k+1), alpha/2)
	}
	if k < n {
		// The mirror image: 1-alpha/2 would lose the digits of a small alpha.
		out.High = 1 - mathext.InvRegIncBeta(float64(n-k), float64(k+1), alpha/2)
	}
	return out
}

// Wilson is the score interval of a proportion after k of n, with z the normal quantile
// of 1-alpha/2: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). Its coverage is
// near 1-alpha on average, narrower than ClopperPearson, and may be below: show it,
// decide by the other. Of no trials it is [0, 1]. Wilson, JASA 22 (1927).
func Wilson(k, n int, alpha float64) Interval {
	checkShare(k, n)
	checkAlpha(alpha)
	if n == 0 {
		return Interval{0, 1}
	}
	z, m := -distuv.UnitNormal.Quantile(alpha/2), float64(n)
	p := float64(k) / m
	middle := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	scale := 1 + z*z/m
	out := Interval{max(0, (middle-half)/scale), min(1, (middle+half)/scale)}
	// Where nothing or everything was counted, the end is exact, and rounding is not.
	if k == 0 {
		out.Low = 0
	}
	if k == n {
		out.High = 1
	}
	return out
}
