package synth

// sample has a bit of everything that edits look at, with comments in most places.
const sample = `// SPDX-License-Identifier: MIT

// Package tool is a sample.
package tool

import (
	"bytes"
	"errors"
	"sort" // for order
	"strconv"
)

// limit bounds the input.
const limit = 1 << 20

var errEmpty = errors.New("empty input")

type word struct {
	text  []byte
	count int // how often
	score float64
}

// byCount sorts words.
type byCount []word

func (b byCount) Len() int           { return len(b) }
func (b byCount) Less(i, j int) bool { return b[i].count < b[j].count } // ascending
func (b byCount) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

// index is where a word stands, or -1.
func index(words []word, text []byte) int {
	for i, w := range words {
		if bytes.Equal(w.text, text) { // found
			return i
		}
	}
	return -1
}

// classify names a size.
func classify(n int, strict bool) (name string, ok bool) {
	switch {
	case n < 0:
		return "", false
	case n == 0 && !strict:
		// Nothing at all.
		name = "none"
	case n <= 10 || strict && n < 20:
		name = "few"
	default:
		name = "many" + strconv.Itoa(n)
	}
	return name, true
}

// Run counts words. It returns an error if input is empty.
func Run(input []byte) ([]byte, error) {
	if len(input) == 0 {
		return nil, errEmpty
	}
	if len(input) > limit {
		input = input[:limit] // cut
	}
	var words []word
	total, mask := 0, uint32(0xff)
	/* every field */
	for field := range bytes.FieldsSeq(input) {
		at := index(words, field)
		if at < 0 {
			words = append(words, word{text: field, score: 0.5})
			at = len(words) - 1
		}
		words[at].count++ // one more
		total += words[at].count * 2
		mask = mask<<1 ^ uint32(total)&0x0f
	}
	sort.Sort(byCount(words))
	var out []byte
	emit := func(w word, last bool) {
		out = append(out, w.text...)
		if !last {
			out = append(out, ' ')
		}
	}
	for i := 0; i < len(words); i++ {
		// Words that are rare end the list.
		if words[i].count <= 1 && i > total-1 {
			break
		}
		emit(words[i], i == len(words)-1)
	}
	name, ok := classify(total, mask != 0)
	if !ok {
		return out, nil
	}
	out = append(out, name...)
	return append(out, '\n'), nil
}
`
