package tool

import (
	"slices"
	"strings"
)

func reverse(word string) string {
	letters := []byte(word)
	slices.Reverse(letters)
	return string(letters)
}

// Run reverses every word and keeps the blanks.
func Run(input []byte) ([]byte, error) {
	var out strings.Builder
	word := ""
	for _, r := range string(input) {
		if r == ' ' || r == '\n' {
			out.WriteString(reverse(word))
			out.WriteRune(r)
			word = ""
			continue
		}
		word += string(r)
	}
	out.WriteString(reverse(word))
	return []byte(out.String()), nil
}
