// Package generate writes inputs for top_k_words.
package generate

import (
	"math/rand/v2"
	"strconv"
)

const (
	large   = 4096 // from this size on inputs are logs: always valid, always of one shape
	letters = "abcdefghijklmnopqrstuvwxyz"
	symbols = letters + "0123456789"
)

// Generate returns an input with about size words. Small ones vary: words from
// a small or a large vocabulary, skewed or not, in both cases and between
// separators of all kinds; one in ten is malformed. From 4096 words on the
// input is a log in which every other word is a request id that occurs once or
// twice: few words are frequent, most are rare.
func Generate(seed uint64, size int) []byte {
	rng := rand.New(rand.NewPCG(seed, 0x746f705f6b))
	if size >= large {
		return log(rng, size)
	}
	out := append(firstLine(rng, size), '\n')
	if rng.IntN(16) == 0 {
		out = out[:len(out)-1] // k runs into the text: an error, unless there is none or it is digits
	}
	vocabulary := make([]string, 1+rng.IntN(2+size/2))
	for i := range vocabulary {
		vocabulary[i] = word(rng, symbols, 1+rng.IntN(1+rng.IntN(9)))
	}
	separators := []string{" ", " ", " ", "\n", ", ", ". ", "\t", "-", "'", "_", "\r\n", "\u00e9", "\u212a", "\x00", "\xff"}
	if rng.IntN(2) == 0 {
		separators = separators[:5]
	}
	skewed := rng.IntN(2) == 0
	for range size {
		i := rng.IntN(len(vocabulary))
		if skewed {
			i = rng.IntN(i + 1)
		}
		out = appendCased(out, rng, vocabulary[i])
		out = append(out, separators[rng.IntN(len(separators))]...)
	}
	switch rng.IntN(20) {
	case 0:
		out = append(out, word(rng, symbols, 65+rng.IntN(100))...) // too long
	case 1:
		out = append(out, word(rng, symbols, 64)...) // just not too long
	}
	return out
}

// firstLine returns k, mostly valid and mostly below the number of words.
func firstLine(rng *rand.Rand, size int) []byte {
	switch rng.IntN(24) {
	case 0:
		bad := []string{"", "-1", "+1", " 1", "1 ", "1\r", "1000001", "18446744073709551617", "0x1", "ten", "1e3", "\u0661"}
		return []byte(bad[rng.IntN(len(bad))])
	case 1:
		good := []string{"0", "1000000", "007", "00000000000000000000000000000000000001"}
		return []byte(good[rng.IntN(len(good))])
	}
	return strconv.AppendInt(nil, int64(rng.IntN(4+size/4)), 10)
}

// log returns lines of a service's log with about size words.
func log(rng *rand.Rand, size int) []byte {
	common := make([]string, 400)
	for i := range common {
		common[i] = word(rng, letters, 3+rng.IntN(6))
	}
	ids := make([]string, size/2)
	for i := range ids {
		ids[i] = word(rng, symbols, 10+rng.IntN(4))
	}
	out := []byte("100\n")
	for i := range size / 2 {
		// The square of a uniform number skews towards the first words.
		u := rng.Float64()
		out = appendCased(out, rng, common[int(u*u*float64(len(common)))])
		out = append(out, '=')
		out = append(out, ids[rng.IntN(len(ids))]...)
		if i%6 == 5 {
			out = append(out, '\n')
		} else {
			out = append(out, "; "...)
		}
	}
	return out
}

func word(rng *rand.Rand, alphabet string, n int) string {
	w := make([]byte, n)
	for i := range w {
		w[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(w)
}

// appendCased appends w, at times with its first letter or all of them in upper case.
func appendCased(out []byte, rng *rand.Rand, w string) []byte {
	style := rng.IntN(8)
	for i, c := range []byte(w) {
		if 'a' <= c && c <= 'z' && (style == 0 || style == 1 && i == 0) {
			c -= 'a' - 'A'
		}
		out = append(out, c)
	}
	return out
}
