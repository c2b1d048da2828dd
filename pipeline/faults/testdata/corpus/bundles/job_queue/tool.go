package tool

import (
	"encoding/json"
	"errors"
)

type job struct {
	Name     string `json:"name"`
	Priority int    `json:"priority"`
	seq      int
}

func before(a, b job) bool {
	if a.Priority != b.Priority {
		return a.Priority > b.Priority
	}
	return a.seq < b.seq
}

type queue []job

func (q *queue) push(j job) {
	*q = append(*q, j)
	h := *q
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !before(h[i], h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

func (q *queue) pop() job {
	h := *q
	top := h[0]
	h[0] = h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	for i := 0; ; {
		best, left, right := i, 2*i+1, 2*i+2
		if left < len(h) && before(h[left], h[best]) {
			best = left
		}
		if right < len(h) && before(h[right], h[i]) {
			best = right
		}
		if best == i {
			return top
		}
		h[i], h[best] = h[best], h[i]
		i = best
	}
}

// Run lists the names of the jobs by priority, equal ones as they came.
func Run(input []byte) ([]byte, error) {
	var jobs []job
	if err := json.Unmarshal(input, &jobs); err != nil {
		return nil, err
	}
	var q queue
	for i, j := range jobs {
		if j.Name == "" {
			return nil, errors.New("job without a name")
		}
		j.seq = i
		q.push(j)
	}
	names := []string{}
	for len(q) > 0 {
		names = append(names, q.pop().Name)
	}
	return json.Marshal(names)
}
