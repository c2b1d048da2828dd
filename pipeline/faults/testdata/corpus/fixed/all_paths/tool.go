package tool

import (
	"encoding/json"
	"errors"
	"slices"
)

type graph struct {
	Edges [][2]string `json:"edges"`
	From  string      `json:"from"`
	To    string      `json:"to"`
}

type walker struct {
	next  map[string][]string
	to    string
	path  []string
	found [][]string
}

func (w *walker) visit(node string) error {
	if slices.Contains(w.path, node) {
		return errors.New("cycle at " + node)
	}
	w.path = append(w.path, node)
	if node == w.to {
		w.found = append(w.found, slices.Clone(w.path))
	}
	for _, n := range w.next[node] {
		if err := w.visit(n); err != nil {
			return err
		}
	}
	w.path = w.path[:len(w.path)-1]
	return nil
}

// Run lists the paths in the order of the edges.
func Run(input []byte) ([]byte, error) {
	var g graph
	if err := json.Unmarshal(input, &g); err != nil {
		return nil, err
	}
	w := &walker{next: map[string][]string{}, to: g.To, found: [][]string{}}
	for _, e := range g.Edges {
		w.next[e[0]] = append(w.next[e[0]], e[1])
	}
	if err := w.visit(g.From); err != nil {
		return nil, err
	}
	return json.Marshal(w.found)
}
