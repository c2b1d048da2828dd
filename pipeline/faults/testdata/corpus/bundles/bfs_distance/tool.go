package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
)

type graph struct {
	next map[string][]string
}

func (g *graph) link(a, b string) {
	g.next[a] = append(g.next[a], b)
	g.next[b] = append(g.next[b], a)
}

// hops returns the length of the shortest way from one place to another, -1 if there is none.
func (g *graph) hops(from, to string) int {
	dist := map[string]int{from: 0}
	queue := []string{from}
	for len(queue) > 0 {
		place := queue[0]
		queue = queue[1:]
		if place == to {
			return dist[place]
		}
		for _, n := range g.next[place] {
			if _, seen := dist[n]; seen {
				continue
			}
			dist[n] = dist[n] + 1
			queue = append(queue, n)
		}
	}
	return -1
}

// Run reads lines "a b" (a road) and "? a b" (a question) and answers each question.
func Run(input []byte) ([]byte, error) {
	g := &graph{next: map[string][]string{}}
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		switch {
		case len(f) == 0:
		case f[0] == "?" && len(f) == 3:
			fmt.Fprintf(&out, "%d\n", g.hops(f[1], f[2]))
		case len(f) == 2:
			g.link(f[0], f[1])
		default:
			return nil, errors.New("bad line: " + sc.Text())
		}
	}
	return out.Bytes(), sc.Err()
}
