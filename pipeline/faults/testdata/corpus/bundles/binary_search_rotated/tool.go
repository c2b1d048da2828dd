package tool

import (
	"encoding/json"
	"errors"
)

type question struct {
	Values []int `json:"values"`
	Want   int   `json:"want"`
}

// find looks for a value in distinct sorted values that were rotated.
func find(values []int, want int) int {
	lo, hi := 0, len(values)-1
	for lo <= hi {
		mid := (lo + hi) / 2
		switch {
		case values[mid] == want:
			return mid
		case values[lo] <= values[mid]:
			if values[lo] < want && want < values[mid] {
				hi = mid - 1
			} else {
				lo = mid + 1
			}
		default:
			if values[mid] < want && want <= values[hi] {
				lo = mid + 1
			} else {
				hi = mid - 1
			}
		}
	}
	return -1
}

// Run answers the index of each wanted value, or -1.
func Run(input []byte) ([]byte, error) {
	var qs []question
	if err := json.Unmarshal(input, &qs); err != nil {
		return nil, err
	}
	if len(qs) == 0 {
		return nil, errors.New("no question")
	}
	found := make([]int, len(qs))
	for i, q := range qs {
		found[i] = find(q.Values, q.Want)
	}
	return json.Marshal(found)
}
