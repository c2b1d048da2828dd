// Package generate writes inputs for edit_distance_match.
package generate

import (
	"math/rand/v2"
	"strings"
)

const (
	large   = 2048 // from this size on inputs are always valid and always of one shape
	letters = "abcdefghijklmnopqrstuvwxyz"
)

// Generate returns an input with size words and about a quarter as many
// queries. Small ones vary: words of two letters of the alphabet, of syllables
// or of any bytes, short or long, and queries that are words with some edits or
// strings of their own; one in ten is malformed. From 2048 words on the words
// are made of syllables and the queries are twelve words with up to four edits.
func Generate(seed uint64, size int) []byte {
	rng := rand.New(rand.NewPCG(seed, 0x65646974))
	if size >= large {
		return syllables(rng, size)
	}
	longest := 1 + rng.IntN(1+rng.IntN(14))
	if rng.IntN(8) == 0 {
		longest = 64
	}
	text := textOf(rng)
	lines := make([]string, 0, size+size/4+3)
	count := size
	if size == 0 && rng.IntN(3) != 0 {
		count = 1 // no word at all is malformed
	}
	for range count {
		lines = append(lines, cut(text(rng, 1+rng.IntN(longest)), 64))
	}
	words := lines
	if rng.IntN(30) != 0 {
		lines = append(lines, "") // missing, the input is malformed
	}
	for range 1 + size/4 {
		switch {
		case rng.IntN(16) == 0:
			lines = append(lines, "")
		case len(words) == 0 || rng.IntN(4) == 0:
			lines = append(lines, cut(text(rng, rng.IntN(longest+2)), 64))
		default:
			word := words[rng.IntN(len(words))]
			lines = append(lines, cut(edit(rng, word, rng.IntN(6), text), 64))
		}
	}
	switch at := rng.IntN(len(lines)); rng.IntN(20) {
	case 0:
		lines[at] = text(rng, 65+rng.IntN(20)) // too long
	case 1:
		lines[at] = text(rng, 64) // just not too long
	}
	out := strings.Join(lines, "\n")
	if rng.IntN(4) != 0 {
		out += "\n"
	}
	return []byte(out)
}

// syllables returns the large shape.
func syllables(rng *rand.Rand, size int) []byte {
	parts := make([]string, 600)
	for i := range parts {
		parts[i] = fromAlphabet(letters)(rng, 2+rng.IntN(3))
	}
	var out []byte
	words := make([]string, size)
	for i := range words {
		for range 2 + rng.IntN(3) {
			words[i] += parts[rng.IntN(len(parts))]
		}
		out = append(out, words[i]...)
		out = append(out, '\n')
	}
	out = append(out, '\n')
	for range 12 {
		word := words[rng.IntN(len(words))]
		out = append(out, edit(rng, word, rng.IntN(5), fromAlphabet(letters))...)
		out = append(out, '\n')
	}
	return out
}

// textOf draws what words are made of: a function that returns n bytes.
func textOf(rng *rand.Rand) func(*rand.Rand, int) string {
	switch rng.IntN(5) {
	case 0:
		return fromAlphabet("ab")
	case 1:
		return fromAlphabet(letters[:6])
	case 2:
		return fromAlphabet("a\u00e9\u4e16 \t\r\x00\xff\x80\x7f")
	case 3:
		return func(rng *rand.Rand, n int) string {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(rng.IntN(256))
				if b[i] == '\n' {
					b[i] = '\r'
				}
			}
			return string(b)
		}
	}
	return fromAlphabet(letters)
}

func fromAlphabet(alphabet string) func(*rand.Rand, int) string {
	return func(rng *rand.Rand, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return string(b)
	}
}

// edit returns word after n random edits.
func edit(rng *rand.Rand, word string, n int, text func(*rand.Rand, int) string) string {
	for range n {
		at := rng.IntN(len(word) + 1)
		behind := word[at:]
		if rng.IntN(3) != 0 && behind != "" { // delete or replace
			behind = behind[1:]
		}
		added := ""
		if rng.IntN(3) != 0 {
			added = text(rng, 1)
		}
		word = word[:at] + added + behind
	}
	return word
}

func cut(s string, n int) string { return s[:min(n, len(s))] }
