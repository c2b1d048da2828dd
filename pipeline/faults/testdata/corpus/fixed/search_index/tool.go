package tool

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

type index map[string]map[int]int

func (x index) add(word string, line int) {
	if x[word] == nil {
		x[word] = map[int]int{}
	}
	x[word][line]++
}

func (x index) render(least int) string {
	var out strings.Builder
	for _, word := range slices.Sorted(maps.Keys(x)) {
		lines := slices.Sorted(maps.Keys(x[word]))
		total := 0
		for _, n := range x[word] {
			total += n
		}
		if total < least {
			continue
		}
		fmt.Fprintf(&out, "%s %dx %v\n", word, total, lines)
	}
	return out.String()
}

// Run indexes the words of a text that occur at least twice.
func Run(input []byte) ([]byte, error) {
	x := index{}
	for i, line := range strings.Split(string(input), "\n") {
		words := strings.FieldsFunc(line, func(r rune) bool { return !unicode.IsLetter(r) })
		for _, w := range words {
			x.add(strings.ToLower(w), i+1)
		}
	}
	return []byte(x.render(2)), nil
}
