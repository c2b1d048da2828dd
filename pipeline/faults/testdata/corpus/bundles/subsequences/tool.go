package tool

import (
	"encoding/json"
	"errors"
)

type request struct {
	Items []string `json:"items"`
	Size  int      `json:"size"`
}

func choose(items []string, size int) [][]string {
	if size == 0 {
		return [][]string{{}}
	}
	var all [][]string
	for i := range items {
		for _, rest := range choose(items[i:], size-1) {
			all = append(all, append([]string{items[i]}, rest...))
		}
	}
	return all
}

// Run answers every choice.
func Run(input []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	if r.Size < 0 || r.Size > 4 || len(r.Items) > 10 {
		return nil, errors.New("too large")
	}
	all := choose(r.Items, r.Size)
	return json.Marshal(map[string]any{"count": len(all), "choices": all})
}
