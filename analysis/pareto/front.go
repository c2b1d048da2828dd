package pareto

import "slices"

// Front returns the indexes, ascending, of the points that no other point dominates.
// dirs has a direction for each objective, or is nil where all are minimized.
//
// It takes n log n for up to three objectives. For more, every point is held against
// the front of those before it, which is quadratic at worst.
func Front(points Points, dirs []Direction) []int {
	m := minimize(points, dirs)
	var front []int
	switch order := m.sorted(); m.k {
	case 1, 2:
		front = m.front2(order)
	case 3:
		front = m.front3(order)
	default:
		front = m.frontK(order)
	}
	for n, i := range front {
		front[n] = m.index[i]
	}
	slices.Sort(front)
	return front
}

// front2 sweeps over two objectives (or one): in the order of compare a point is on the
// front if its last objective is below that of all before it, or if it equals one that is.
func (m *minimized) front2(order []int) []int {
	var front []int
	y := m.by[m.k-1]
	for n, i := range order {
		switch {
		case n == 0 || m.k == 2 && y[i] < y[front[len(front)-1]]:
			front = append(front, i)
		case m.compare(i, front[len(front)-1]) == 0:
			front = append(front, i)
		}
	}
	return front
}

// front3 sweeps over three objectives. What is before a point in the order of compare
// is no worse in the first, so that the other two decide. Of these the points so far
// form a staircase: the further in the second, the lower in the third. It is kept by
// rank of the second, see rankSet (Kung, Luccio and Preparata, "On finding the maxima
// of a set of vectors", JACM 1975, whose balanced tree it stands for).
func (m *minimized) front3(order []int) []int {
	var front []int
	z := m.by[2]
	ranks, distinct := m.ranks(1)
	stairs := newRankSet(distinct)
	at := make([]float64, distinct) // third objective of the stair at a rank
	for _, i := range order {
		if n := len(front); n > 0 && m.compare(i, front[n-1]) == 0 {
			front = append(front, i)
			continue
		}
		rank := ranks[i]
		if before := stairs.floor(rank); before >= 0 && at[before] <= z[i] {
			continue
		}
		for next := stairs.next(rank); next >= 0 && at[next] >= z[i]; next = stairs.next(rank) {
			stairs.remove(next)
		}
		stairs.add(rank)
		at[rank] = z[i]
		front = append(front, i)
	}
	return front
}

// frontK holds each point against the front so far. What comes later cannot dominate
// what came before.
func (m *minimized) frontK(order []int) []int {
	var front []int
	for _, i := range order {
		if n := len(front); n > 0 && m.compare(i, front[n-1]) == 0 {
			front = append(front, i)
			continue
		}
		if !slices.ContainsFunc(front, func(f int) bool { return m.noWorse(f, i) }) {
			front = append(front, i)
		}
	}
	return front
}

// noWorse says whether point a is at least as good as b in every objective.
func (m *minimized) noWorse(a, b int) bool {
	for _, column := range m.by {
		if column[a] > column[b] {
			return false
		}
	}
	return true
}
