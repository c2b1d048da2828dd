package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type span struct {
	from, to, sum int
}

// heaviest returns the non-empty stretch with the largest sum, the first of equals.
func heaviest(values []int) span {
	best := span{0, 1, values[0]}
	sum, from := 0, 0
	for i, v := range values {
		if sum < 0 && v < 0 {
			sum, from = 0, i
		}
		sum += v
		if sum > best.sum {
			best = span{from, i + 1, sum}
		}
	}
	return best
}

// Run answers the sum and the place of the heaviest stretch of each line.
func Run(input []byte) ([]byte, error) {
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimRight(string(input), "\n"), "\n") {
		var values []int
		for _, f := range strings.Fields(line) {
			v, err := strconv.Atoi(f)
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		if len(values) == 0 {
			return nil, errors.New("an empty line")
		}
		s := heaviest(values)
		fmt.Fprintf(&b, "%d [%d:%d]\n", s.sum, s.from, s.to)
	}
	return []byte(b.String()), nil
}
