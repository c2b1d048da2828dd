package tool

import (
	"encoding/json"
	"slices"
)

// next turns values into the next permutation; after the last one comes the first.
func next(values []int) {
	if len(values) < 2 {
		return
	}
	i := len(values) - 2
	for i >= 0 && values[i] >= values[i+1] {
		i--
	}
	if i >= 0 {
		j := len(values) - 1
		for values[j] < values[i] {
			j--
		}
		values[i], values[j] = values[j], values[i]
	}
	slices.Reverse(values[i+1:])
}

type request struct {
	Values []int `json:"values"`
	Steps  int   `json:"steps"`
}

// Run answers the arrangements that follow.
func Run(input []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	out := [][]int{}
	for range min(r.Steps, 100) {
		next(r.Values)
		out = append(out, slices.Clone(r.Values))
	}
	return json.Marshal(out)
}
