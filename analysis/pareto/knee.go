package pareto

import (
	"cmp"
	"math"
	"slices"
)

// Knee returns the index of the point of a front where it bulges most: along the front,
// what is gained in one objective before that point is worth more than what is lost in
// another, and behind it less. ok is false if the front does not bulge, as with two
// points, or points on a line.
//
// Objectives are scaled to what the front spans, best 0 and worst 1, so units do not
// matter. The knee is the point that lies furthest on the good side of the plane through
// the points that are worst in one objective and best in all others (I. Das, "On
// characterizing the knee of the Pareto curve based on normal-boundary intersection",
// Structural Optimization 18, 1999). For two objectives these are the ends of the front
// itself. Of several such points it is the best one in the first objective, then in the
// second, and so on; of equal points, the first.
//
// front must be one, as At(Front(...)) is: the knee of other points says nothing.
func Knee(front Points, dirs []Direction) (index int, ok bool) {
	m := minimize(front, dirs)
	m.scale()
	best, distance := -1, 1e-9 // what rounding puts off the plane is no bulge
	for _, i := range m.sorted() {
		sum := 0.0
		for j := range m.by {
			sum += m.by[j][i]
		}
		if d := (1 - sum) / math.Sqrt(float64(m.k)); d > distance {
			best, distance = i, d
		}
	}
	if best < 0 || m.k < 2 {
		return 0, false
	}
	equal := best
	for i := range m.len() {
		if m.compare(i, best) == 0 && m.index[i] < m.index[equal] {
			equal = i
		}
	}
	return m.index[equal], true
}

// scale brings every objective to [0, 1], the span of the points. One that does not
// vary is 0 everywhere.
func (m *minimized) scale() {
	for _, column := range m.by {
		if len(column) == 0 {
			continue
		}
		low, high := slices.Min(column), slices.Max(column)
		for i, x := range column {
			if column[i] = 0; high > low {
				column[i] = (x - low) / (high - low)
			}
		}
	}
}

// Tradeoffs returns, for each point of a front, the least that must be given up for a
// gain of 1 when moving on to another point: the sum of what gets worse over the sum of
// what gets better, objectives scaled to what the front spans (best 0, worst 1), least
// over all other points (L. Rachmawati and D. Srinivasan, "Multiobjective evolutionary
// algorithm with controllable focus on the knees of the Pareto front", IEEE TEC 2009,
// equations 3 and 4). It is above 1 where every move loses more than it gains. It is
// +Inf where there is no other point, and NaN for a point that takes no part.
//
// For two objectives it takes n log n, for more n². front must be a front; equal points
// have equal values.
func Tradeoffs(front Points, dirs []Direction) []float64 {
	m := minimize(front, dirs)
	m.scale()
	out := make([]float64, front.Len())
	for i := range out {
		out[i] = math.NaN()
	}
	order := m.sorted()
	distinct := slices.CompactFunc(slices.Clone(order), func(a, b int) bool { return m.compare(a, b) == 0 })
	least := make([]float64, len(distinct))
	for n := range least {
		least[n] = math.Inf(1)
	}
	if m.k == 2 {
		m.tangents(distinct, least)
	} else {
		for a, i := range distinct {
			for b, j := range distinct {
				if a != b {
					least[a] = min(least[a], m.tradeoff(i, j))
				}
			}
		}
	}
	for n, d := 0, 0; n < len(order); n++ {
		if m.compare(order[n], distinct[d]) != 0 {
			d++
		}
		out[m.index[order[n]]] = least[d]
	}
	return out
}

// tradeoff is what is lost over what is gained when moving from one point to another.
// That of points of which one dominates the other is no trade: 0 or +Inf.
func (m *minimized) tradeoff(from, to int) float64 {
	lost, gained := 0.0, 0.0
	for _, column := range m.by {
		if d := column[to] - column[from]; d > 0 {
			lost += d
		} else {
			gained -= d
		}
	}
	return lost / gained
}

// tangents finds the best trades along a front of two objectives, in the order of the
// first. To the right of a point the best one is where the tangent touches the hull of
// the points there, which is the next corner of the hull once the point has joined it
// (Andrew's monotone chain); to the left likewise.
func (m *minimized) tangents(order []int, least []float64) {
	x, y := m.by[0], m.by[1]
	walk := func(sign float64) {
		var hull []int
		for n := len(order) - 1; n >= 0; n-- {
			i := order[n]
			for len(hull) >= 2 {
				a, b := order[hull[len(hull)-1]], order[hull[len(hull)-2]]
				cross := float64((x[a]-x[i])*(y[b]-y[i])) - float64((y[a]-y[i])*(x[b]-x[i]))
				if cross*sign > 0 {
					break
				}
				hull = hull[:len(hull)-1]
			}
			if len(hull) > 0 {
				least[n] = min(least[n], m.tradeoff(i, order[hull[len(hull)-1]]))
			}
			hull = append(hull, n)
		}
	}
	walk(1)
	slices.Reverse(order)
	slices.Reverse(least)
	walk(-1)
	slices.Reverse(order)
	slices.Reverse(least)
}

// Ideal returns the best value of each objective over the points that take part, and
// Nadir the worst: of a front, the span of what can be had. They are nil without points.
func Ideal(points Points, dirs []Direction) []float64 {
	return extremes(points, dirs, slices.Min[[]float64])
}

// Nadir: see Ideal.
func Nadir(points Points, dirs []Direction) []float64 {
	return extremes(points, dirs, slices.Max[[]float64])
}

func extremes(points Points, dirs []Direction, of func([]float64) float64) []float64 {
	m := minimize(points, dirs)
	if m.len() == 0 {
		return nil
	}
	out := make([]float64, m.k)
	for j := range out {
		if out[j] = of(m.by[j]); dirs != nil && dirs[j] == Maximize {
			out[j] = -out[j]
		}
		out[j] = cmp.Or(out[j], 0) // no -0
	}
	return out
}
