package tool

import (
	"encoding/json"
	"errors"
)

type entry struct {
	Op    string `json:"op"`
	Value int    `json:"value"`
}

type result struct {
	Total int   `json:"total"`
	Steps []int `json:"steps"`
}

func (r *result) record(total int) { r.Total = total }

func play(entries []entry) (r result, err error) {
	total := 0
	defer r.record(total)
	r.Steps = []int{}
	for _, e := range entries {
		switch e.Op {
		case "add":
			total += e.Value
		case "sub":
			total -= e.Value
		case "reset":
			total = e.Value
		default:
			return r, errors.New("no such operation")
		}
		r.Steps = append(r.Steps, total)
	}
	return r, nil
}

// Run plays a journal.
func Run(input []byte) ([]byte, error) {
	var entries []entry
	if err := json.Unmarshal(input, &entries); err != nil {
		return nil, err
	}
	r, err := play(entries)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}
