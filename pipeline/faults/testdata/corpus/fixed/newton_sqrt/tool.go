package tool

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

type solver struct {
	tolerance float64
	limit     int
}

func (s solver) root(x float64) (float64, int) {
	guess := x/2 + 0.5
	steps := 0
	for ; steps < s.limit; steps++ {
		if math.Abs(guess*guess-x) <= s.tolerance {
			break
		}
		guess = (guess + x/guess) / 2
	}
	return guess, steps
}

// Run writes the root of each number to four digits.
func Run(input []byte) ([]byte, error) {
	s := solver{tolerance: 1e-7, limit: 60}
	var lines []string
	for _, f := range strings.Fields(string(input)) {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return nil, err
		}
		if !(x >= 0 && x < 1e6) {
			return nil, errors.New("no root of " + f)
		}
		r, steps := s.root(x)
		lines = append(lines, fmt.Sprintf("%s %.4f %d", f, r, steps))
	}
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}
