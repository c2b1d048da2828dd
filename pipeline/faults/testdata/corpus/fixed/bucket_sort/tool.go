package tool

import (
	"errors"
	"strconv"
	"strings"
)

const buckets = 100

func count(values []int) ([]int, error) {
	counts := make([]int, buckets)
	for _, v := range values {
		if v < 0 || v >= buckets {
			return nil, errors.New("value out of range")
		}
		counts[v]++
	}
	return counts, nil
}

func spread(counts []int) []string {
	var sorted []string
	for v := 0; v < len(counts); v++ {
		for range counts[v] {
			sorted = append(sorted, strconv.Itoa(v))
		}
	}
	return sorted
}

// Run sorts the numbers from 0 to 99 of its input.
func Run(input []byte) ([]byte, error) {
	var values []int
	for _, f := range strings.Fields(string(input)) {
		v, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	counts, err := count(values)
	if err != nil {
		return nil, err
	}
	return []byte(strings.Join(spread(counts), " ") + "\n"), nil
}
