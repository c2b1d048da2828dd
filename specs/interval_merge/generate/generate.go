// Package generate writes inputs for interval_merge.
package generate

import (
	"math"
	"math/rand/v2"
	"strconv"
)

const large = 4096 // from this size on inputs are always valid and always of one shape

// Generate returns an input of size lines. Small ones vary: intervals in a
// narrow or the whole range of 64 bits, short or long, overlapping, touching or
// apart, sorted or not; one in ten holds a malformed line. From 4096 lines on
// the intervals are short and uniform over 250 integers a line, and their union
// has about a line for each 20 of the input.
func Generate(seed uint64, size int) []byte {
	rng := rand.New(rand.NewPCG(seed, 0x6d65726765))
	if size >= large {
		return uniform(rng, size)
	}
	shape := rng.IntN(6)
	bad := -1 // the line that is malformed
	if size > 0 && rng.IntN(10) == 0 {
		bad = rng.IntN(size)
	}
	var out []byte
	previous := int64(rng.IntN(1000) - 500) // upper end of the line before
	for i := range size {
		if i == bad {
			out = append(out, malformed(rng)...)
			out = append(out, '\n')
			continue
		}
		lo, hi := int64(0), int64(0)
		switch shape {
		case 0: // dense: most overlap or touch
			lo = int64(rng.IntN(4*size + 1))
			hi = lo + int64(rng.IntN(6))
		case 1: // apart, around zero
			lo = int64(rng.IntN(200*size+1) - 100*size)
			hi = lo + int64(rng.IntN(60))
		case 2: // ascending: overlapping, touching or just apart
			lo = previous + int64(rng.IntN(4)) - 1
			hi = lo + int64(rng.IntN(5))
		case 3: // anywhere, of any length
			lo, hi = int64(rng.Uint64()), int64(rng.Uint64())
		case 4: // near the ends of the range
			lo = math.MinInt64 + int64(rng.IntN(3*size))
			hi = lo + int64(rng.IntN(4))
			if rng.IntN(2) == 0 {
				lo, hi = -1-hi, -1-lo
			}
		case 5: // nested: short ones within a few long ones
			lo = int64(rng.IntN(50 * size))
			hi = lo + int64(rng.IntN(1+rng.IntN(1+rng.IntN(20*size))))
		}
		if lo > hi {
			lo, hi = hi, lo
		}
		previous = hi
		out = appendInt(out, rng, lo)
		out = append(out, ' ')
		out = appendInt(out, rng, hi)
		out = append(out, '\n')
		if rng.IntN(40) == 0 {
			out = append(out, '\n')
		}
	}
	if len(out) > 0 && rng.IntN(4) == 0 {
		out = out[:len(out)-1]
	}
	return out
}

// uniform returns the large shape.
func uniform(rng *rand.Rand, size int) []byte {
	var out []byte
	for range size {
		lo := 1000000 + rng.Int64N(250*int64(size))
		out = strconv.AppendInt(out, lo, 10)
		out = append(out, ' ')
		out = strconv.AppendInt(out, lo+rng.Int64N(1500), 10)
		out = append(out, '\n')
	}
	return out
}

// appendInt appends n, now and then with leading zeros.
func appendInt(out []byte, rng *rand.Rand, n int64) []byte {
	if rng.IntN(50) != 0 {
		return strconv.AppendInt(out, n, 10)
	}
	digits := strconv.FormatInt(n, 10)
	if n < 0 || n == 0 && rng.IntN(2) == 0 {
		out = append(out, '-')
	}
	if n < 0 {
		digits = digits[1:]
	}
	for range 1 + rng.IntN(30) {
		out = append(out, '0')
	}
	return append(out, digits...)
}

func malformed(rng *rand.Rand) string {
	lines := []string{
		"1", "1 2 3", "1  2", " 1 2", "1 2 ", "1\t2", "1,2", "+1 2", "1 +2", "--1 2", "- 2", "1 -", "a b", "1 2\r",
		"2 1", "0 -1", "9223372036854775807 9223372036854775806", "1 9223372036854775808", "-9223372036854775809 1",
		"1 18446744073709551617", "-18446744073709551616 1", "1e3 2e3", "1.0 2", "0x1 0x2", "1_0 20", "\u0661 2", " ", "\x00",
	}
	return lines[rng.IntN(len(lines))]
}
