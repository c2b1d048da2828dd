package tool

import (
	"errors"
	"fmt"
	"strings"
)

type item struct {
	name          string
	weight, value int
}

func parse(text string) (capacity int, items []item, err error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if _, err := fmt.Sscanf(lines[0], "capacity %d", &capacity); err != nil {
		return 0, nil, errors.New("want a line capacity N first")
	}
	for _, line := range lines[1:] {
		var it item
		if _, err := fmt.Sscanf(line, "%s %d %d", &it.name, &it.weight, &it.value); err != nil {
			return 0, nil, fmt.Errorf("want name, weight, value: %q", line)
		}
		items = append(items, it)
	}
	return capacity, items, nil
}

// best fills a table of the best value for each number of items and each capacity.
func best(capacity int, items []item) int {
	table := make([][]int, len(items)+1)
	for i := range table {
		table[i] = make([]int, capacity+1)
	}
	for i, it := range items {
		for c := range capacity + 1 {
			table[i+1][c] = table[i][c]
			if it.weight <= c {
				table[i+1][c] = max(table[i+1][c], table[i][c-it.weight]+it.value)
			}
		}
	}
	return table[len(items)][capacity]
}

// Run answers the value of the best load.
func Run(input []byte) ([]byte, error) {
	capacity, items, err := parse(string(input))
	if err != nil {
		return nil, err
	}
	if capacity < 0 || capacity > 10_000 {
		return nil, errors.New("capacity out of range")
	}
	return []byte(fmt.Sprintf("best %d\n", best(capacity, items))), nil
}
