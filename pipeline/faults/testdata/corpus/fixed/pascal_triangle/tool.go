package tool

import (
	"errors"
	"strconv"
	"strings"
)

func rows(n int) [][]int {
	var all [][]int
	for r := range n {
		row := make([]int, r+1)
		row[0], row[r] = 1, 1
		for c := 1; c < r; c++ {
			row[c] = all[r-1][c-1] + all[r-1][c]
		}
		all = append(all, row)
	}
	return all
}

func line(row []int) string {
	words := make([]string, len(row))
	for i, v := range row {
		words[i] = strconv.Itoa(v)
	}
	return strings.Join(words, " ")
}

// Run writes as many rows as the number in its input says.
func Run(input []byte) ([]byte, error) {
	n, err := strconv.Atoi(strings.TrimSpace(string(input)))
	if err != nil {
		return nil, err
	}
	if n < 0 || n > 40 {
		return nil, errors.New("0 to 40 rows")
	}
	var b strings.Builder
	for _, row := range rows(n) {
		b.WriteString(line(row) + "\n")
	}
	return []byte(b.String()), nil
}
