package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type matrix [][]int

func parse(text string) (matrix, error) {
	var m matrix
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var row []int
		for _, f := range strings.Fields(line) {
			n, err := strconv.Atoi(f)
			if err != nil {
				return nil, err
			}
			row = append(row, n)
		}
		if len(m) > 0 && len(row) != len(m[0]) {
			return nil, errors.New("rows of different length")
		}
		m = append(m, row)
	}
	return m, nil
}

func (m matrix) times(o matrix) (matrix, error) {
	if len(m[0]) != len(o) {
		return nil, errors.New("sizes do not match")
	}
	p := make(matrix, len(m))
	for i := range m {
		p[i] = make([]int, len(o[0]))
		for j := range o[0] {
			for k := range o {
				p[i][j] += m[i][k] * o[k][j]
			}
		}
	}
	return p, nil
}

// Run multiplies two matrices that a line of = separates.
func Run(input []byte) ([]byte, error) {
	left, right, ok := strings.Cut(string(input), "=\n")
	if !ok {
		return nil, errors.New("want two matrices")
	}
	a, err := parse(left)
	if err != nil {
		return nil, err
	}
	b, err := parse(right)
	if err != nil {
		return nil, err
	}
	p, err := a.times(b)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	for _, row := range p {
		words := strings.Trim(fmt.Sprint(row), "[]")
		out.WriteString(words + "\n")
	}
	return []byte(out.String()), nil
}
