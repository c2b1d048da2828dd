package testgen

import (
	"bytes"
	"math/rand/v2"
	"unicode/utf8"
)

// How big a mutator's damage is. The line is longer than bufio.Scanner's 64 KiB;
// the nestings lie below, near and far beyond what a careful tool accepts.
const longLine = 70_000

var (
	nestings    = []int{64, 512, 5000}
	hugeNumbers = []string{
		"9223372036854775808",                 // 2^63
		"-9223372036854775809",                // -2^63 - 1
		"18446744073709551616",                // 2^64
		"1e999",                               // beyond double
		"123456789012345678901234567890e-400", // below double
	}
	badUTF8 = []string{"\xff", "\xc3\x28", "\xed\xa0\x80", "\xf0\x82\x82\xac", "\xe2\x82"}
)

// mutate returns a damaged copy of an input, or false if the input has nothing
// that the mutator could damage. Every name in specs.Mutators is known.
func mutate(name string, rng *rand.Rand, input []byte) ([]byte, bool) {
	switch name {
	case "empty":
		return []byte{}, true
	case "no_final_newline":
		out := bytes.Clone(bytes.TrimRight(input, "\r\n"))
		return out, len(out) < len(input)
	case "invalid_utf8":
		out := sprinkle(rng, input, func() string { return badUTF8[rng.IntN(len(badUTF8))] })
		return out, !utf8.Valid(out) // a piece may complete a broken character that was there
	case "nul_bytes":
		return sprinkle(rng, input, func() string { return "\x00" }), true
	case "long_line":
		line := bytes.Repeat([]byte{byte('a' + rng.IntN(26))}, longLine)
		return insert(input, lineStart(rng, input), append(line, '\n')), true
	case "truncated":
		if len(input) == 0 {
			return nil, false
		}
		return bytes.Clone(input[:rng.IntN(len(input))]), true
	case "deep_nesting":
		n := nestings[rng.IntN(len(nestings))]
		out := bytes.Repeat([]byte("["), n)
		out = append(out, input...)
		return append(out, bytes.Repeat([]byte("]"), n)...), true
	case "huge_number":
		out := hugeNumber(rng, input, hugeNumbers[rng.IntN(len(hugeNumbers))])
		return out, !bytes.Equal(out, input)
	}
	panic("testgen: unknown mutator " + name)
}

// sprinkle inserts one to four pieces at random places.
func sprinkle(rng *rand.Rand, input []byte, piece func() string) []byte {
	out := bytes.Clone(input)
	for range 1 + rng.IntN(4) {
		out = insert(out, rng.IntN(len(out)+1), []byte(piece()))
	}
	return out
}

func insert(input []byte, at int, piece []byte) []byte {
	out := make([]byte, 0, len(input)+len(piece))
	out = append(out, input[:at]...)
	out = append(out, piece...)
	return append(out, input[at:]...)
}

// lineStart is the start of a random line.
func lineStart(rng *rand.Rand, input []byte) int {
	at := rng.IntN(len(input) + 1)
	return bytes.LastIndexByte(input[:at], '\n') + 1
}

// hugeNumber puts a number in the place of a random run of digits, or on a line
// of its own where there is none.
func hugeNumber(rng *rand.Rand, input []byte, number string) []byte {
	type span struct{ from, to int }
	var runs []span
	for i := 0; i < len(input); {
		j := i
		for j < len(input) && input[j] >= '0' && input[j] <= '9' {
			j++
		}
		if j > i {
			runs = append(runs, span{i, j})
			i = j
		}
		i++
	}
	if len(runs) == 0 {
		return insert(input, lineStart(rng, input), []byte(number+"\n"))
	}
	r := runs[rng.IntN(len(runs))]
	out := append([]byte{}, input[:r.from]...)
	out = append(out, number...)
	return append(out, input[r.to:]...)
}
