package tool

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type window struct {
	size   int
	buffer []int
}

// push takes a value in and returns the full window, or nil.
func (w *window) push(v int) []int {
	w.buffer = append(w.buffer, v)
	if len(w.buffer) < w.size {
		return nil
	}
	full := w.buffer[:w.size]
	copy(w.buffer, w.buffer[1:])
	w.buffer = w.buffer[:w.size-1]
	return full
}

func sum(values []int) int {
	total := 0
	for _, v := range values {
		total += v
	}
	return total
}

// Run reads the size and then the series; it writes each window, its sum and its range.
func Run(input []byte) ([]byte, error) {
	var numbers []int
	for _, f := range strings.Fields(string(input)) {
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 || numbers[0] < 1 {
		return nil, errors.New("want a size first")
	}
	w := &window{size: numbers[0]}
	var b strings.Builder
	for _, n := range numbers[1:] {
		if full := w.push(n); full != nil {
			fmt.Fprintf(&b, "%v sum %d range %d\n", full, sum(full), slices.Max(full)-slices.Min(full))
		}
	}
	return []byte(b.String()), nil
}
