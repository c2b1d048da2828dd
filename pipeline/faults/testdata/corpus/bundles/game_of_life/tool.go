package tool

import (
	"encoding/json"
	"errors"
)

type board struct {
	Rows  []string `json:"rows"`
	Steps int      `json:"steps"`
}

func alive(rows []string, y, x int) int {
	if y < 0 || y >= len(rows) || x < 0 || x >= len(rows[y]) || rows[y][x] != 'O' {
		return 0
	}
	return 1
}

func neighbours(rows []string, y, x int) int {
	count := 0
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if dy != 0 && dx != 0 {
				count += alive(rows, y+dy, x+dx)
			}
		}
	}
	return count
}

func step(rows []string) []string {
	next := make([]string, len(rows))
	for y, row := range rows {
		line := make([]byte, len(row))
		for x := range line {
			n := neighbours(rows, y, x)
			line[x] = '.'
			if n == 3 || n == 2 && alive(rows, y, x) == 1 {
				line[x] = 'O'
			}
		}
		next[y] = string(line)
	}
	return next
}

// Run plays some steps.
func Run(input []byte) ([]byte, error) {
	var b board
	if err := json.Unmarshal(input, &b); err != nil {
		return nil, err
	}
	if b.Steps < 0 || b.Steps > 20 {
		return nil, errors.New("up to 20 steps")
	}
	for range b.Steps {
		b.Rows = step(b.Rows)
	}
	return json.Marshal(b.Rows)
}
