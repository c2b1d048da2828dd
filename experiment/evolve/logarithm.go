package evolve

import "math"

// log2 is the binary logarithm of x > 0, the same to the last bit on every CPU.
// math.Log2 is not: math.Log is assembly on some architectures and is compiled with
// fused multiply-adds on others, and an ulp is enough to turn an order around.
//
// x = m * 2^e with m in [sqrt(1/2), sqrt(2)), and ln m = 2 atanh s for
// s = (m-1)/(m+1). As |s| < 0.172, the first term left out is below 2^-60.
func log2(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	s := (m - 1) / (m + 1)
	square := float64(s * s)
	sum := 0.0
	for k := 21; k >= 1; k -= 2 {
		sum = float64(sum*square) + 1/float64(k)
	}
	return float64(e) + float64(2/math.Ln2*s*sum)
}
