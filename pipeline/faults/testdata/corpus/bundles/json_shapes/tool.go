package tool

import (
	"encoding/json"
	"fmt"
)

type shape struct {
	Kind   string `json:"kind"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

func (s shape) area() (int, error) {
	switch s.Kind {
	case "rectangle":
		return s.Width * s.Height, nil
	case "square":
		return s.Width * s.Width, nil
	case "triangle":
		return s.Width * s.Width / 2, nil
	default:
		return 0, fmt.Errorf("unknown shape %q", s.Kind)
	}
}

// Run sums areas by kind.
func Run(input []byte) ([]byte, error) {
	var shapes []shape
	if err := json.Unmarshal(input, &shapes); err != nil {
		return nil, err
	}
	byKind := map[string]int{}
	for _, s := range shapes {
		a, err := s.area()
		if err != nil {
			return nil, err
		}
		byKind[s.Kind] += a
	}
	return json.Marshal(byKind)
}
