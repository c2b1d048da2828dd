package tool

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type customer struct {
	name   string
	amount int
}

// top returns the k first of the items in the given order.
func top[T any](items []T, k int, order func(a, b T) int) []T {
	slices.SortFunc(items, order)
	return items[:k]
}

func byAmount(a, b customer) int {
	if c := cmp.Compare(b.amount, a.amount); c != 0 {
		return c
	}
	return strings.Compare(a.name, b.name)
}

// Run reads k on the first line and "name amount" on the others.
func Run(input []byte) ([]byte, error) {
	lines := strings.Split(strings.TrimSpace(string(input)), "\n")
	k, err := strconv.Atoi(lines[0])
	if err != nil || k < 0 {
		return nil, errors.New("bad count")
	}
	sums := map[string]int{}
	for _, line := range lines[1:] {
		var name string
		var amount int
		if _, err := fmt.Sscan(line, &name, &amount); err != nil {
			return nil, err
		}
		sums[name] += amount
	}
	var all []customer
	for name, amount := range sums {
		all = append(all, customer{name, amount})
	}
	var out strings.Builder
	for i, c := range top(all, k, byAmount) {
		fmt.Fprintf(&out, "%d. %s %d\n", i+1, c.name, c.amount)
	}
	return []byte(out.String()), nil
}
