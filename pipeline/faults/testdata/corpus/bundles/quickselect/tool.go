package tool

import (
	"encoding/json"
	"errors"
)

type request struct {
	Values []int `json:"values"`
	Ranks  []int `json:"ranks"`
}

func kth(values []int, k int) int {
	pivot := values[len(values)/2]
	var below, above []int
	equal := 0
	for _, v := range values {
		switch {
		case v < pivot:
			below = append(below, v)
		case v > pivot:
			above = append(above, v)
		default:
			equal++
		}
	}
	if k < len(below) {
		return kth(below, k)
	}
	if k < len(below)+equal {
		return pivot
	}
	return kth(above, k-len(below))
}

// Run answers the value of each rank, from 0.
func Run(input []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	out := make([]int, 0, len(r.Ranks))
	for _, k := range r.Ranks {
		if k < 0 || k >= len(r.Values) {
			return nil, errors.New("no such rank")
		}
		out = append(out, kth(r.Values, k))
	}
	return json.Marshal(out)
}
