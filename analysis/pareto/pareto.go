// Package pareto finds what is best where several objectives pull in different
// directions: fronts, the hypervolume that they dominate, their knee, and what is lost
// for what is gained along them.
//
// # Model
//
// Points are given by objective, as columns are, and answers are indexes of points. A
// point dominates another if it is at least as good in every objective and better in
// one. The front are the points that no other dominates. Points that are equal in
// every objective do not dominate one another: either all of them are on the front or
// none is.
//
// A point with a coordinate that is NaN (null, where the column may be null) or infinite
// takes no part: it is on no front, dominates nobody and adds no volume.
//
// Answers depend on the values alone: points in another order give the same front, and
// the same volume to the last bit.
//
// # Cost
//
// Fronts of one, two and three objectives and the hypervolume of two and three take
// n log n, whatever the points look like; for more objectives see Front and Hypervolume.
// Collector finds the front of a stream in the memory that the front takes.
//
// # Non-goals
//
// It knows nothing of candidates and runs. It ranks nothing behind the front: selection
// has its own, experiment/evolve.
package pareto

import (
	"cmp"
	"fmt"
	"slices"
)

// Direction says which values of an objective are better.
type Direction int

// The directions. Points without directions are minimized.
const (
	Minimize Direction = iota
	Maximize
)

func (d Direction) String() string {
	if d == Maximize {
		return "max"
	}
	return "min"
}

// Points are points by objective: Points[j][i] is objective j of point i. All
// objectives have the same length.
type Points [][]float64

// Len is the number of points.
func (p Points) Len() int {
	if len(p) == 0 {
		return 0
	}
	return len(p[0])
}

// At is the points with these indexes.
func (p Points) At(index []int) Points {
	out := make(Points, len(p))
	for j := range p {
		out[j] = make([]float64, len(index))
		for n, i := range index {
			out[j][n] = p[j][i]
		}
	}
	return out
}

// Dominates says whether point a is at least as good as point b in every objective and
// better in one. dirs has a direction for each objective, or is nil where all are
// minimized.
func Dominates(a, b []float64, dirs []Direction) bool {
	better := false
	for j := range a {
		x, y := a[j], b[j]
		if dirs != nil && dirs[j] == Maximize {
			x, y = y, x
		}
		if !(x <= y) {
			return false
		}
		better = better || x < y
	}
	return better
}

// minimized is points as the algorithms want them: every objective minimized, and only
// those points that take part.
type minimized struct {
	k     int         // objectives
	by    [][]float64 // by objective, then by point
	index []int       // of the points as they were given
}

// minimize prepares points. It panics if their shape or the directions make no sense:
// that is a mistake of the caller's program, not of its data.
func minimize(points Points, dirs []Direction) *minimized {
	if len(points) == 0 {
		panic("pareto: no objectives")
	}
	if dirs != nil && len(dirs) != len(points) {
		panic(fmt.Sprintf("pareto: %d directions for %d objectives", len(dirs), len(points)))
	}
	n := points.Len()
	for j := range points {
		if len(points[j]) != n {
			panic(fmt.Sprintf("pareto: objective %d has %d points, the first %d", j, len(points[j]), n))
		}
	}
	m := &minimized{k: len(points), by: make([][]float64, len(points)), index: make([]int, 0, n)}
	for i := range n {
		if takesPart(points, i) {
			m.index = append(m.index, i)
		}
	}
	for j := range points {
		column := make([]float64, len(m.index))
		for n, i := range m.index {
			if column[n] = points[j][i]; dirs != nil && dirs[j] == Maximize {
				column[n] = -column[n]
			}
		}
		m.by[j] = column
	}
	return m
}

func takesPart(points Points, i int) bool {
	for j := range points {
		if x := points[j][i]; x-x != 0 { // NaN or infinite
			return false
		}
	}
	return true
}

func (m *minimized) len() int { return len(m.index) }

// compare orders points by one objective after the other.
func (m *minimized) compare(a, b int) int {
	for _, column := range m.by {
		if c := cmp.Compare(column[a], column[b]); c != 0 {
			return c
		}
	}
	return 0
}

// sorted returns the points in the order of compare: who dominates stands before
// whom it dominates, and equal points stand together.
func (m *minimized) sorted() []int {
	order := make([]int, m.len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, m.compare)
	return order
}

// ranks returns, for each point, the rank of its value in an objective: equal values
// have the same one, and ranks have no gaps.
func (m *minimized) ranks(objective int) (ranks []int, distinct int) {
	column := m.by[objective]
	order := make([]int, m.len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(column[a], column[b]) })
	ranks = make([]int, m.len())
	for n, i := range order {
		if n > 0 && column[i] != column[order[n-1]] {
			distinct++
		}
		ranks[i] = distinct
	}
	return ranks, distinct + 1
}
