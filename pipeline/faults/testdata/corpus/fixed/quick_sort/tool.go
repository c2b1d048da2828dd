package tool

import (
	"encoding/json"
)

func quicksort(values []int) []int {
	if len(values) == 0 {
		return []int{}
	}
	pivot := values[0]
	var low, high []int
	for _, v := range values[1:] {
		if v < pivot {
			low = append(low, v)
		} else if v >= pivot {
			high = append(high, v)
		}
	}
	sorted := append(quicksort(low), pivot)
	return append(sorted, quicksort(high)...)
}

// Run sorts a JSON array of integers.
func Run(input []byte) ([]byte, error) {
	var values []int
	if err := json.Unmarshal(input, &values); err != nil {
		return nil, err
	}
	return json.Marshal(quicksort(values))
}
