package tool

import (
	"fmt"
	"strings"
)

type report struct {
	counts map[string]int
}

func (r *report) add(word string) {
	word = strings.ToLower(strings.Trim(word, ".,;:!?"))
	if word != "" {
		r.counts[word]++
	}
}

func (r *report) words() []string {
	var words []string
	for w := range r.counts {
		words = append(words, w)
	}
	return words
}

// Run counts words.
func Run(input []byte) ([]byte, error) {
	r := &report{counts: map[string]int{}}
	for _, w := range strings.Fields(string(input)) {
		r.add(w)
	}
	var b strings.Builder
	for _, w := range r.words() {
		fmt.Fprintf(&b, "%s %d\n", w, r.counts[w])
	}
	return []byte(b.String()), nil
}
