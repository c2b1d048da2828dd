package pareto

import (
	"cmp"
	"fmt"
	"slices"
)

// Hypervolume returns the volume of what the points dominate within the reference
// point: of the union of the boxes that have a point and the reference as corners. A
// point that is not better than the reference in every objective adds nothing. dirs has
// a direction for each objective, or is nil where all are minimized; ref is in the units
// of the points.
//
// It is exact but for rounding. For two objectives it takes n log n, and for three as
// well (Beume, Fonseca, López-Ibáñez, Paquete and Vahrenhold, "On the complexity of
// computing the hypervolume indicator", IEEE TEC 2009: a sweep over the third objective
// that keeps the area of the other two). Every objective beyond multiplies that by n
// (While et al., "A faster algorithm for calculating hypervolume", IEEE TEC 2006:
// slices along the last objective).
func Hypervolume(points Points, dirs []Direction, ref []float64) float64 {
	if len(ref) != len(points) {
		panic(fmt.Sprintf("pareto: a reference of %d coordinates for %d objectives", len(ref), len(points)))
	}
	m := minimize(points, dirs)
	corner := slices.Clone(ref)
	for j := range corner {
		if corner[j]-corner[j] != 0 {
			panic(fmt.Sprintf("pareto: coordinate %d of the reference is %v", j, corner[j]))
		}
		if dirs != nil && dirs[j] == Maximize {
			corner[j] = -corner[j]
		}
	}
	m = m.within(corner)
	if m.k > 3 {
		// What is dominated would be cut along for nothing.
		m = m.only(m.frontK(m.sorted()))
	}
	return m.volume(corner)
}

// within is the points that are better than the reference in every objective.
func (m *minimized) within(ref []float64) *minimized {
	var inside []int
	for i := range m.index {
		better := true
		for j := range ref {
			better = better && m.by[j][i] < ref[j]
		}
		if better {
			inside = append(inside, i)
		}
	}
	return m.only(inside)
}

// only is some of the points.
func (m *minimized) only(list []int) *minimized {
	out := &minimized{k: m.k, by: make([][]float64, m.k)}
	for _, i := range list {
		out.index = append(out.index, m.index[i])
		for j := range m.by {
			out.by[j] = append(out.by[j], m.by[j][i])
		}
	}
	return out
}

func (m *minimized) volume(ref []float64) float64 {
	if m.len() == 0 {
		return 0
	}
	switch m.k {
	case 1:
		return ref[0] - slices.Min(m.by[0])
	case 2:
		return m.area(ref)
	case 3:
		return m.volume3(ref)
	}
	return m.slices(ref)
}

// area adds up the rectangles between the steps of a front of two objectives.
func (m *minimized) area(ref []float64) float64 {
	x, y := m.by[0], m.by[1]
	sum, top := 0.0, ref[1]
	for _, i := range m.sorted() {
		if y[i] < top {
			sum += float64((ref[0] - x[i]) * (top - y[i]))
			top = y[i]
		}
	}
	return sum
}

// volume3 sweeps from the best third objective to the reference. On the way the points
// passed so far dominate an area of the other two, which only grows: what a point adds
// to it is summed up from the steps that it covers, so that nothing is subtracted.
func (m *minimized) volume3(ref []float64) float64 {
	x, y, z := m.by[0], m.by[1], m.by[2]
	order := make([]int, m.len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(z[a], z[b]), cmp.Compare(x[a], x[b]), cmp.Compare(y[a], y[b]))
	})
	ranks, distinct := m.ranks(0)
	stairs := newRankSet(distinct)
	left, height := make([]float64, distinct), make([]float64, distinct) // x and y of the stair at a rank
	volume, area := 0.0, 0.0
	reached := z[order[0]] // so far volume goes
	for _, i := range order {
		rank := ranks[i]
		before := stairs.floor(rank)
		if before >= 0 && height[before] <= y[i] {
			continue
		}
		volume += float64(area * (z[i] - reached))
		reached = z[i]
		top := ref[1] // height of what covers the strip that is being looked at
		if before >= 0 {
			top = height[before]
		}
		from := x[i]
		for next := stairs.next(rank); ; next = stairs.next(rank) {
			to, lower := ref[0], y[i]
			if next >= 0 {
				to, lower = left[next], height[next]
			}
			area += float64((to - from) * (top - y[i]))
			if next < 0 || lower < y[i] {
				break
			}
			stairs.remove(next)
			from, top = to, lower
		}
		stairs.add(rank)
		left[rank], height[rank] = x[i], y[i]
	}
	return volume + float64(area*(ref[2]-reached))
}

// slices cuts along the last objective: between two neighbouring values of it, what is
// dominated is what the points up to there dominate in the other objectives.
func (m *minimized) slices(ref []float64) float64 {
	last := m.by[m.k-1]
	order := make([]int, m.len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(last[a], last[b]), m.compare(a, b)) })
	rest := &minimized{k: m.k - 1, by: make([][]float64, m.k-1)}
	volume := 0.0
	for n, i := range order {
		rest.index = append(rest.index, i)
		for j := range rest.by {
			rest.by[j] = append(rest.by[j], m.by[j][i])
		}
		to := ref[m.k-1]
		if n+1 < len(order) {
			to = last[order[n+1]]
		}
		if to > last[i] {
			volume += float64(rest.volume(ref[:m.k-1]) * (to - last[i]))
		}
	}
	return volume
}
