package tool

import (
	"encoding/json"
	"errors"
)

const none = 1 << 30

type roads struct {
	Nodes int      `json:"nodes"`
	Edges [][3]int `json:"edges"`
}

type matrix [][]int

func newMatrix(n int) matrix {
	m := make(matrix, n)
	for i := range m {
		m[i] = make([]int, n)
		for j := range m[i] {
			if i != j {
				m[i][j] = none
			}
		}
	}
	return m
}

func (m matrix) close() {
	for k := range m {
		for i := range m {
			for j := range m {
				if over := m[i][k] + m[k][j]; over < m[i][j] {
					m[i][j] = over
				}
			}
		}
	}
}

// Run answers the matrix of distances; -1 stands for no way.
func Run(input []byte) ([]byte, error) {
	var r roads
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	if r.Nodes < 0 || r.Nodes > 30 {
		return nil, errors.New("up to 30 nodes")
	}
	m := newMatrix(r.Nodes)
	for _, e := range r.Edges {
		if e[0] < 0 || e[1] < 0 || e[0] >= r.Nodes || e[1] >= r.Nodes || e[2] < 0 {
			return nil, errors.New("bad edge")
		}
		m[e[0]][e[1]] = min(m[e[0]][e[1]], e[2])
	}
	m.close()
	for _, row := range m {
		for j, d := range row {
			if d >= none {
				row[j] = -1
			}
		}
	}
	return json.Marshal(m)
}
