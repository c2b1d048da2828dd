package tool

import (
	"container/heap"
	"encoding/json"
	"errors"
	"strconv"
)

type edge struct {
	From int `json:"from"`
	To   int `json:"to"`
	Cost int `json:"cost"`
}

type problem struct {
	Nodes int    `json:"nodes"`
	Start int    `json:"start"`
	Edges []edge `json:"edges"`
}

type visit struct{ node, dist int }

type frontier []visit

func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].dist < f[j].dist }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any) {
	if v, ok := x.(visit); ok {
		*f = append(*f, v)
	}
}
func (f *frontier) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}

func distances(p problem) map[string]int {
	out := map[int][]edge{}
	for _, e := range p.Edges {
		out[e.From] = append(out[e.From], e)
	}
	dist := map[string]int{}
	f := &frontier{{p.Start, 0}}
	for f.Len() > 0 {
		v, ok := heap.Pop(f).(visit)
		if !ok {
			break
		}
		name := strconv.Itoa(v.node)
		if _, done := dist[name]; done {
			continue
		}
		dist[name] = v.dist
		for _, e := range out[v.node] {
			heap.Push(f, visit{e.To, v.node + e.Cost})
		}
	}
	return dist
}

// Run answers the distance of every place that can be reached.
func Run(input []byte) ([]byte, error) {
	var p problem
	if err := json.Unmarshal(input, &p); err != nil {
		return nil, err
	}
	for _, e := range p.Edges {
		if e.Cost < 0 || e.From < 0 || e.To < 0 || e.From >= p.Nodes || e.To >= p.Nodes {
			return nil, errors.New("bad edge")
		}
	}
	return json.Marshal(distances(p))
}
