package pareto

import (
	"cmp"
	"slices"
)

const (
	collectorKillers = 16  // points that are tried first
	collectorScan    = 256 // a front up to this long is tried as a whole
	collectorPending = 512 // points that wait before the front is computed anew
)

// Collector finds the front of points that come one after the other, more than memory
// holds. It keeps distinct points alone: of equal points their number, and the least id.
// Memory is that of the front.
//
// Most points of a long stream are far behind the front, so that a comparison with a
// point or two tells. What these let through waits until it is as many as the front, and
// then the front of both is computed: so a stream takes n log n at worst.
//
// The front does not depend on the order of the points, nor on how they are divided
// among collectors that are merged.
type Collector struct {
	dirs    []Direction
	killers []float64 // points of the front, one after the other; those that beat most first
	front   collected
	pending collected
}

// Collected is a distinct point of a front.
type Collected struct {
	Values []float64 // of the objectives
	Count  int64     // points with these values
	ID     int64     // the least of their ids
}

// collected are points, minimized, one after the other.
type collected struct {
	values []float64
	counts []int64
	ids    []int64
}

func (c *collected) len() int { return len(c.ids) }

func (c *collected) add(values []float64, count, id int64) {
	c.values, c.counts, c.ids = append(c.values, values...), append(c.counts, count), append(c.ids, id)
}

// NewCollector returns a collector of points with as many objectives as directions.
func NewCollector(dirs []Direction) *Collector {
	if len(dirs) == 0 {
		panic("pareto: no objectives")
	}
	return &Collector{dirs: slices.Clone(dirs)}
}

// AddRange adds points from to to-1, whose ids are id, id+1 and so on. A point with a
// coordinate that is NaN or infinite takes no part.
func (c *Collector) AddRange(points Points, from, to int, id int64) {
	if len(c.dirs) == 2 {
		c.addRange2(points, from, to, id)
		return
	}
	if len(c.dirs) == 3 {
		c.addRange3(points, from, to, id)
		return
	}
	p := make([]float64, len(c.dirs))
	for i := from; i < to; i++ {
		for j := range p {
			p[j] = c.minimized(j, points[j][i])
		}
		c.add(p, 1, id+int64(i-from))
	}
}

func (c *Collector) minimized(j int, x float64) float64 {
	if c.dirs[j] == Maximize {
		return -x
	}
	return x
}

// sign is 1 for an objective that is minimized, else -1.
func (c *Collector) sign(j int) float64 { return c.minimized(j, 1) }

// addRange2 tries the first killer before anything else. Its comparisons are such that
// NaN is beaten.
func (c *Collector) addRange2(points Points, from, to int, id int64) {
	xs, ys := points[0][from:to], points[1][from:to]
	ys = ys[:len(xs)]
	sx, sy := c.sign(0), c.sign(1)
	for i := 0; i < len(xs); {
		if len(c.killers) > 0 {
			kx, ky := c.killers[0], c.killers[1]
			for i < len(xs) && !(sx*xs[i] <= kx) && !(sy*ys[i] <= ky) {
				i++
			}
			if i == len(xs) {
				return
			}
		}
		c.add([]float64{sx * xs[i], sy * ys[i]}, 1, id+int64(i))
		i++
	}
}

func (c *Collector) addRange3(points Points, from, to int, id int64) {
	xs, ys, zs := points[0][from:to], points[1][from:to], points[2][from:to]
	ys, zs = ys[:len(xs)], zs[:len(xs)]
	sx, sy, sz := c.sign(0), c.sign(1), c.sign(2)
	for i := 0; i < len(xs); {
		if len(c.killers) > 0 {
			kx, ky, kz := c.killers[0], c.killers[1], c.killers[2]
			for i < len(xs) && !(sx*xs[i] <= kx) && !(sy*ys[i] <= ky) && !(sz*zs[i] <= kz) {
				i++
			}
			if i == len(xs) {
				return
			}
		}
		c.add([]float64{sx * xs[i], sy * ys[i], sz * zs[i]}, 1, id+int64(i))
		i++
	}
}

// add takes a minimized point.
func (c *Collector) add(p []float64, count, id int64) {
	k := len(p)
	for _, x := range p {
		if x-x != 0 {
			return
		}
	}
	for at := 0; at < len(c.killers); at += k {
		if killer := c.killers[at : at+k]; beats(killer, p) {
			if at > 0 { // it moves a place to the front
				before := c.killers[at-k : at]
				for j := range killer {
					killer[j], before[j] = before[j], killer[j]
				}
			}
			return
		}
	}
	if n := c.front.len(); n <= collectorScan {
		for i := range n {
			f := c.front.values[i*k : (i+1)*k]
			if beats(f, p) {
				copy(c.killers[len(c.killers)-k:], f)
				return
			}
			if slices.Equal(f, p) {
				c.front.counts[i] += count
				c.front.ids[i] = min(c.front.ids[i], id)
				return
			}
		}
	}
	c.pending.add(p, count, id)
	if c.pending.len() >= max(collectorPending, c.front.len()) {
		c.settle()
	}
}

// beats says whether a dominates b: both are minimized.
func beats(a, b []float64) bool {
	better := false
	for j, x := range a {
		if x > b[j] {
			return false
		}
		better = better || x < b[j]
	}
	return better
}

// settle makes a front of the front and what waits.
func (c *Collector) settle() {
	k := len(c.dirs)
	pool := collected{
		append(c.front.values, c.pending.values...),
		append(c.front.counts, c.pending.counts...),
		append(c.front.ids, c.pending.ids...),
	}
	points := make(Points, k)
	for j := range points {
		points[j] = make([]float64, pool.len())
		for i := range points[j] {
			points[j][i] = pool.values[i*k+j]
		}
	}
	at := func(i int) []float64 { return pool.values[i*k : (i+1)*k] }
	front := Front(points, nil)
	slices.SortFunc(front, func(a, b int) int { return slices.Compare(at(a), at(b)) })
	c.front = collected{}
	for n, i := range front {
		if n > 0 && slices.Equal(at(i), at(front[n-1])) {
			last := c.front.len() - 1
			c.front.counts[last] += pool.counts[i]
			c.front.ids[last] = min(c.front.ids[last], pool.ids[i])
			continue
		}
		c.front.add(at(i), pool.counts[i], pool.ids[i])
	}
	c.pending = collected{c.pending.values[:0], c.pending.counts[:0], c.pending.ids[:0]}
	c.chooseKillers(Nadir(points, nil))
}

// chooseKillers takes the points of the front that dominate the largest boxes, up to
// the worst of what was seen last.
func (c *Collector) chooseKillers(worst []float64) {
	k := len(c.dirs)
	volumes := make([]float64, c.front.len())
	order := make([]int, c.front.len())
	for i := range order {
		order[i], volumes[i] = i, 1
		for j := range k {
			volumes[i] *= worst[j] - c.front.values[i*k+j]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(volumes[b], volumes[a]) })
	c.killers = c.killers[:0]
	for _, i := range order[:min(len(order), collectorKillers)] {
		c.killers = append(c.killers, c.front.values[i*k:(i+1)*k]...)
	}
}

// Merge adds what another collector of the same objectives has found.
func (c *Collector) Merge(other *Collector) {
	k := len(c.dirs)
	for _, list := range []*collected{&other.front, &other.pending} {
		for i := range list.len() {
			c.add(list.values[i*k:(i+1)*k], list.counts[i], list.ids[i])
		}
	}
}

// Front returns the front of all points so far, best first in the first objective, then
// in the second, and so on.
func (c *Collector) Front() []Collected {
	c.settle()
	k := len(c.dirs)
	out := make([]Collected, c.front.len())
	for i := range out {
		out[i] = Collected{Count: c.front.counts[i], ID: c.front.ids[i]}
		for j, x := range c.front.values[i*k : (i+1)*k] {
			out[i].Values = append(out[i].Values, cmp.Or(c.minimized(j, x), 0)) // no -0
		}
	}
	return out
}
