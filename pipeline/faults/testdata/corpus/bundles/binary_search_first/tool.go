package tool

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// first returns the lowest index of want in sorted values, -1 if it is not there.
func first(values []int, want int) int {
	lo, hi := 0, len(values)
	for lo < hi {
		mid := lo + (hi-lo)/2
		if values[mid] < want {
			lo = mid + 1
		} else {
			hi = mid - 1
		}
	}
	if lo < len(values) && values[lo] == want {
		return lo
	}
	return -1
}

func numbers(line string) ([]int, error) {
	var out []int
	for _, f := range strings.Fields(line) {
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, fmt.Errorf("%q is no number", f)
		}
		out = append(out, n)
	}
	return out, nil
}

// Run reads a line of values and a line of questions, and answers the place of each.
func Run(input []byte) ([]byte, error) {
	top, bottom, _ := strings.Cut(string(input), "\n")
	values, err := numbers(top)
	if err != nil {
		return nil, err
	}
	slices.Sort(values)
	questions, err := numbers(bottom)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, q := range questions {
		fmt.Fprintf(&b, "%d: %d\n", q, first(values, q))
	}
	return []byte(b.String()), nil
}
