package tool

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func reduce[T any, A any](items []T, start A, step func(A, T) A) A {
	acc := start
	for _, it := range items {
		acc = step(acc, it)
	}
	return acc
}

func largest[T cmp.Ordered](items []T) T {
	return reduce(items[1:], items[0], func(a, b T) T {
		if b > a {
			return b
		}
		return a
	})
}

// Run reads lines "group number" and writes sum and maximum of each group.
func Run(input []byte) ([]byte, error) {
	groups := map[string][]int{}
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		name, number, ok := strings.Cut(sc.Text(), " ")
		if !ok {
			return nil, fmt.Errorf("bad line %q", sc.Text())
		}
		n, err := strconv.Atoi(number)
		if err != nil {
			return nil, err
		}
		groups[name] = append(groups[name], n)
	}
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		sum := reduce(groups[name], 0, func(a, n int) int { return a + n })
		fmt.Fprintf(&out, "%s sum %d max %d\n", name, sum, largest(groups[name]))
	}
	return out.Bytes(), sc.Err()
}
