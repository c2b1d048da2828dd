package tool

import (
	"encoding/json"
	"errors"
)

func spiral(m [][]int) []int {
	out := []int{}
	if len(m) == 0 {
		return out
	}
	top, bottom := 0, len(m)-1
	left, right := 0, len(m[0])-1
	for top <= bottom && left <= right {
		for c := left; c <= right; c++ {
			out = append(out, m[top][c])
		}
		top++
		for r := top; r <= bottom; r++ {
			out = append(out, m[r][right])
		}
		right--
		if top <= bottom {
			for c := right; c >= left; c-- {
				out = append(out, m[bottom][c])
			}
			bottom--
		}
		if left <= right {
			for r := bottom; r >= top; r-- {
				out = append(out, m[r][left])
			}
			left++
		}
	}
	return out
}

// Run walks the matrix clockwise from its upper left corner.
func Run(input []byte) ([]byte, error) {
	var m [][]int
	if err := json.Unmarshal(input, &m); err != nil {
		return nil, err
	}
	for _, row := range m {
		if len(row) != len(m[0]) {
			return nil, errors.New("ragged matrix")
		}
	}
	return json.Marshal(spiral(m))
}
