package tool

import (
	"encoding/json"
	"errors"
	"sort"
)

type wire struct {
	A    int `json:"a"`
	B    int `json:"b"`
	Cost int `json:"cost"`
}

type net struct {
	Places int    `json:"places"`
	Wires  []wire `json:"wires"`
}

type groups struct {
	parent []int
}

func newGroups(n int) *groups {
	g := &groups{parent: make([]int, n)}
	for i := range g.parent {
		g.parent[i] = i
	}
	return g
}

func (g *groups) root(i int) int {
	for g.parent[i] != i {
		i = g.parent[i]
	}
	return i
}

// join unites two groups; it reports whether they were two.
func (g *groups) join(a, b int) bool {
	ra, rb := g.root(a), g.root(b)
	if ra == rb {
		return false
	}
	g.parent[ra] = rb
	return true
}

// Run answers the cost of the cheapest net.
func Run(input []byte) ([]byte, error) {
	var n net
	if err := json.Unmarshal(input, &n); err != nil {
		return nil, err
	}
	sort.SliceStable(n.Wires, func(i, j int) bool { return n.Wires[i].Cost < n.Wires[j].Cost })
	g := newGroups(n.Places)
	total, used := 0, 0
	for _, w := range n.Wires {
		if w.A < 0 || w.B < 0 || w.A >= n.Places || w.B >= n.Places {
			return nil, errors.New("no such place")
		}
		if g.join(w.A, w.B) {
			total += w.Cost
			used++
		}
	}
	if used < n.Places-1 {
		return nil, errors.New("not connected")
	}
	return json.Marshal(map[string]int{"cost": total, "wires": used})
}
