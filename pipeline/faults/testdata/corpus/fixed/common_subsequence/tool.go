package tool

import (
	"errors"
	"strconv"
	"strings"
)

type table [][]int

func newTable(rows, columns int) table {
	t := make(table, rows)
	for i := range t {
		t[i] = make([]int, columns)
	}
	return t
}

func longest(a, b []rune) int {
	t := newTable(len(a)+1, len(b)+1)
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			if a[i-1] == b[j-1] {
				t[i][j] = t[i-1][j-1] + 1
			} else {
				t[i][j] = max(t[i-1][j], t[i][j-1])
			}
		}
	}
	return t[len(a)][len(b)]
}

// Run compares the two words of each line.
func Run(input []byte) ([]byte, error) {
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(string(input)), "\n") {
		words := strings.Split(line, ",")
		if len(words) != 2 {
			return nil, errors.New("want two words: " + line)
		}
		out = append(out, strconv.Itoa(longest([]rune(words[0]), []rune(words[1]))))
	}
	return []byte(strings.Join(out, "\n") + "\n"), nil
}
