package tool

import (
	"errors"
	"fmt"
	"strings"
)

type land struct {
	cells [][]byte
}

// flood turns a region into water and returns its size.
func (l *land) flood(y, x int) int {
	if y < 0 || y >= len(l.cells) || x < 0 || x >= len(l.cells[y]) || l.cells[y][x] != '#' {
		return 0
	}
	l.cells[y][x] = '.'
	size := 1
	size += l.flood(y-1, x)
	size += l.flood(y+1, x)
	size += l.flood(y, x-1)
	size += l.flood(y+1, x)
	return size
}

func parse(text string) (*land, error) {
	l := &land{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if strings.Trim(line, ".#") != "" {
			return nil, errors.New("a map holds . and # only")
		}
		l.cells = append(l.cells, []byte(line))
	}
	return l, nil
}

// Run answers how many regions of # the map has and how large the largest is.
func Run(input []byte) ([]byte, error) {
	l, err := parse(string(input))
	if err != nil {
		return nil, err
	}
	regions, largest := 0, 0
	for y := range l.cells {
		for x := range l.cells[y] {
			if size := l.flood(y, x); size > 0 {
				regions++
				largest = max(largest, size)
			}
		}
	}
	return []byte(fmt.Sprintf("regions %d\nlargest %d\n", regions, largest)), nil
}
