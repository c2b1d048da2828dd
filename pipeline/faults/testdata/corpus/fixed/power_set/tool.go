package tool

import (
	"encoding/json"
	"errors"
	"slices"
)

func subsets(items []int) [][]int {
	all := [][]int{}
	var build func(i int, chosen []int)
	build = func(i int, chosen []int) {
		if i == len(items) {
			all = append(all, slices.Clone(chosen))
			return
		}
		build(i+1, chosen)
		build(i+1, append(chosen, items[i]))
	}
	build(0, make([]int, 0, len(items)))
	return all
}

// Run answers all subsets of an array of distinct numbers.
func Run(input []byte) ([]byte, error) {
	var items []int
	if err := json.Unmarshal(input, &items); err != nil {
		return nil, err
	}
	if len(items) > 8 {
		return nil, errors.New("at most 8 items")
	}
	slices.Sort(items)
	return json.Marshal(subsets(items))
}
