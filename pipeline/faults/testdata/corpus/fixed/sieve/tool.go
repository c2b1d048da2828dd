package tool

import (
	"errors"
	"strconv"
	"strings"
)

func primes(limit int) []int {
	composite := make([]bool, limit+1)
	var found []int
	for n := 2; n <= limit; n++ {
		if composite[n] {
			continue
		}
		found = append(found, n)
		for m := n * n; m <= limit; m += n {
			composite[m] = true
		}
	}
	return found
}

// Run lists the primes up to each number of its input.
func Run(input []byte) ([]byte, error) {
	var b strings.Builder
	for _, f := range strings.Fields(string(input)) {
		limit, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		if limit < 0 || limit > 100_000 {
			return nil, errors.New("limit out of range")
		}
		b.WriteString(f + ":")
		for _, p := range primes(limit) {
			b.WriteString(" " + strconv.Itoa(p))
		}
		b.WriteByte('\n')
	}
	return []byte(b.String()), nil
}
