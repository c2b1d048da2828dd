package pareto

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// collect is Front by way of a Collector: distinct points, counted.
func collect(p Points, dirs []Direction) []Collected {
	var out []Collected
	front := Front(p, dirs)
	slices.SortFunc(front, func(a, b int) int {
		for j := range p {
			x, y := p[j][a], p[j][b]
			if dirs[j] == Maximize {
				x, y = y, x
			}
			if x != y {
				if x < y {
					return -1
				}
				return 1
			}
		}
		return a - b
	})
	for _, i := range front {
		if n := len(out); n > 0 && slices.Equal(out[n-1].Values, p.row(i)) {
			out[n-1].Count++
			continue
		}
		out = append(out, Collected{Values: p.row(i), Count: 1, ID: int64(i)})
	}
	return out
}

// Streams that are short and long, with fronts that are short and long, in pieces that
// go to several collectors: the front is always that of the whole.
func TestCollector(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for round := range 400 {
		k, n := 1+rng.IntN(4), []int{0, 10, 600, 4000}[rng.IntN(4)]
		p, dirs := random(rng, k, n, []int{3, 20, 1 << 40}[rng.IntN(3)], rng.IntN(2) == 0)
		if n == 0 {
			p = make(Points, k)
		}
		if k > 1 && round%3 == 0 { // a long front: the objectives contradict each other
			for i := range n {
				p[1][i] = -p[0][i]
			}
			dirs[1] = dirs[0]
		}
		parts := make([]*Collector, 1+rng.IntN(3))
		for i := range parts {
			parts[i] = NewCollector(dirs)
		}
		for from := 0; from < n; {
			to := min(n, from+1+rng.IntN(100))
			parts[rng.IntN(len(parts))].AddRange(p, from, to, int64(from))
			from = to
		}
		for _, other := range parts[1:] {
			parts[0].Merge(other)
		}
		got, want := parts[0].Front(), collect(p, dirs)
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: front of %d points with %d objectives %v:\n%v\nwant\n%v", round, n, k, dirs, got, want)
		}
	}
}

// Memory is that of the front: a stream of which nothing stays leaves nothing behind.
func TestCollectorForgets(t *testing.T) {
	c := NewCollector([]Direction{Minimize, Minimize, Minimize})
	rng := rand.New(rand.NewPCG(8, 8))
	for range 200 {
		p, _ := random(rng, 3, 500, 1<<20, false)
		c.AddRange(p, 0, 500, 0)
	}
	if n := c.front.len() + c.pending.len(); n > 3*collectorPending {
		t.Errorf("%d points are kept", n)
	}
	if n := cap(c.pending.ids); n > 8*collectorPending {
		t.Errorf("room for %d points", n)
	}
}

// A later point may beat all before it.
func TestCollectorOfAFallingStream(t *testing.T) {
	c := NewCollector([]Direction{Minimize, Maximize})
	for i := range 20_000 {
		x := float64(20_000 - i)
		c.AddRange(Points{{x}, {-x}}, 0, 1, int64(i))
	}
	if got := c.Front(); len(got) != 1 || got[0].Values[0] != 1 || got[0].ID != 19_999 {
		t.Errorf("front %v", got)
	}
}
