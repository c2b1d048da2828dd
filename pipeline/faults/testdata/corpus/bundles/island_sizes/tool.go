package tool

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

type point struct{ r, c int }

var around = []point{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}

type grid struct {
	rows []string
	seen map[point]bool
}

func (g *grid) land(p point) bool {
	return p.r >= 0 && p.r < len(g.rows) && p.c >= 0 && p.c < len(g.rows[p.r]) && g.rows[p.r][p.c] == '#'
}

func (g *grid) size(start point) int {
	stack := []point{start}
	n := 0
	for len(stack) > 0 {
		p := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n++
		for _, d := range around {
			q := point{p.r + d.r, p.c + d.c}
			if g.land(q) && !g.seen[q] {
				g.seen[q] = true
				stack = append(stack, q)
			}
		}
	}
	return n
}

// Run reads rows of # and . and lists the sizes of the islands, largest first.
func Run(input []byte) ([]byte, error) {
	text := strings.TrimSpace(string(input))
	if strings.Trim(text, "#.\n") != "" {
		return nil, errors.New("want # and .")
	}
	g := &grid{strings.Split(text, "\n"), map[point]bool{}}
	sizes := []int{}
	for r, row := range g.rows {
		for c := range row {
			p := point{r, c}
			if g.land(p) && !g.seen[p] {
				sizes = append(sizes, g.size(p))
			}
		}
	}
	sort.Sort(sort.Reverse(sort.IntSlice(sizes)))
	return []byte(fmt.Sprintln(len(sizes), sizes)), nil
}
