package tool

import (
	"encoding/json"
	"errors"
)

type tree struct {
	Name     string `json:"name"`
	Value    int    `json:"value"`
	Children []tree `json:"children"`
}

type sums struct {
	byName map[string]int
	height int
}

func (s *sums) visit(t tree, depth int) (int, error) {
	if depth > 100 {
		return 0, errors.New("too deep")
	}
	s.height = max(s.height, depth)
	total := t.Value
	for _, c := range t.Children {
		sub, err := s.visit(c, depth+1)
		if err != nil {
			return 0, err
		}
		total += sub
	}
	s.byName[t.Name] = total
	return total, nil
}

// Run answers the sum of each subtree and the height of the tree.
func Run(input []byte) ([]byte, error) {
	var t tree
	if err := json.Unmarshal(input, &t); err != nil {
		return nil, err
	}
	s := &sums{byName: map[string]int{}}
	if _, err := s.visit(t, 1); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"sums": s.byName, "height": s.height})
}
