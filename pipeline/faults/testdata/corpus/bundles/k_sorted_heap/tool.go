package tool

import (
	"container/heap"
	"encoding/json"
	"errors"
)

type ints []int

func (h ints) Len() int           { return len(h) }
func (h ints) Less(i, j int) bool { return h[i] < h[j] }
func (h ints) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ints) Push(x any) {
	if n, ok := x.(int); ok {
		*h = append(*h, n)
	}
}
func (h *ints) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

type request struct {
	K      int   `json:"k"`
	Values []int `json:"values"`
}

// arrange sorts values of which each is at most k places away from its own.
func arrange(values []int, k int) []any {
	sorted := []any{}
	h := &ints{}
	for _, v := range values {
		heap.Push(h, v)
		if h.Len() >= k {
			sorted = append(sorted, heap.Pop(h))
		}
	}
	for h.Len() > 0 {
		sorted = append(sorted, heap.Pop(h))
	}
	return sorted
}

// Run sorts the values of a request.
func Run(input []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	if r.K < 0 {
		return nil, errors.New("k is negative")
	}
	return json.Marshal(arrange(r.Values, r.K))
}
