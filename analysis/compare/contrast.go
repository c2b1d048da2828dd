package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"toolgen/analysis/stats"
)

// contrast is a metric of a scope on two sides, before it is judged. It is shared by
// the row that shows it and the gates that ask for it.
type contrast struct {
	row        Row
	tested     bool
	least      float64 // the smallest p that so many values can have
	needed     func(alpha float64) int
	worseAbs   float64 // median difference, above 0 is worse; only where compared is above 0
	worseRel   float64
	compared   int // seeds or samples that a difference was taken of
	equal      bool
	lost       []int64 // seeds under which the base alone has a value
	gained     []int64
	noBase     string // why a side has no value at all; "" if it has
	noNew      string
	samples    bool // values are timed calls, not seeds
	unmeasured string
}

// beyond stands for a difference without measure: a value that is gone, or anything
// against 0. It is finite so that medians stay numbers.
const beyond = math.MaxFloat64 / 8

// valueAt is a value under a seed.
type valueAt struct {
	seed  int64
	value float64
	of    map[string]float64 // all metrics of the same candidate
}

// values are those of a metric in a scope, by seed; played are the seeds under which
// the scope has candidates at all. Without a spec it is the rate over all of them.
func (x *Experiment) values(metric, spec, style string) (values []valueAt, played []int64) {
	if spec == "" {
		for _, seed := range x.Seeds() {
			played = append(played, seed)
			if c := x.count(metric, "", "", &seed); c.N > 0 {
				values = append(values, valueAt{seed: seed, value: float64(c.K) / float64(c.N)})
			}
		}
		return values, played
	}
	for _, p := range x.scope(spec, style) {
		played = append(played, p.Seed)
		if v, ok := p.Metrics[metric]; ok {
			values = append(values, valueAt{p.Seed, v, p.Metrics})
		}
	}
	return values, played
}

// count is a rate in a scope, of one seed or of all of them (nil). Without a spec it is
// that of all specs.
func (x *Experiment) count(metric, spec, style string, seed *int64) Count {
	var out Count
	for i := range x.Points {
		p := &x.Points[i]
		if p.Style == style && (spec == "" || p.Spec == spec) && (seed == nil || p.Seed == *seed) {
			out.K += p.Counts[metric].K
			out.N += p.Counts[metric].N
		}
	}
	return out
}

// newContrast takes both sides of a metric. It is nil where neither has a value.
func newContrast(base, other *Experiment, metric string, d Direction, spec, style string, tested bool, alpha float64) *contrast {
	a, playedA := base.values(metric, spec, style)
	b, playedB := other.values(metric, spec, style)
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	c := &contrast{tested: tested, row: Row{
		Metric: metric, Spec: optional(spec), Style: optional(style), New: other.Name, Direction: d, BaseN: len(a), NewN: len(b),
		Method: "facts under the same seeds", Seeds: []SeedDifference{},
	}}
	c.noBase, c.noNew = absence(a, playedA), absence(b, playedB)
	x, y := plain(a), plain(b)
	c.pair(base, other, a, b, playedA, playedB)
	if c.row.Pairs > 0 {
		x, y = c.common() // values under other seeds would move medians that have not moved
	}
	c.describe(x, y, alpha)
	switch {
	case len(x) == 0 || len(y) == 0:
	case !tested || c.row.Pairs > 0:
		c.fromPairs(alpha)
	default:
		c.fromSamples(x, y, alpha)
		c.needed = groupsNeeded
	}
	return c
}

// absence says why a side has no value.
func absence(values []valueAt, played []int64) string {
	switch {
	case len(values) > 0:
		return ""
	case len(played) == 0:
		return "nothing of it was played"
	}
	return fmt.Sprintf("no feasible candidate has one under any of %s", plural(len(played), "seed"))
}

func plain(values []valueAt) []float64 {
	var out []float64
	for _, v := range values {
		out = append(out, v.value)
	}
	return out
}

// describe fills in what is always shown.
func (c *contrast) describe(x, y []float64, alpha float64) {
	middle := func(v []float64) (*float64, *stats.Interval) {
		if len(v) == 0 {
			return nil, nil
		}
		m := stats.LowerMedian(v)
		if i, _, ok := stats.MedianInterval(v, alpha); ok {
			return &m, &i
		}
		return &m, nil
	}
	c.row.Base, c.row.BaseInterval = middle(x)
	c.row.Value, c.row.ValueInterval = middle(y)
	if len(x) > 0 && len(y) > 0 {
		delta := stats.CliffsDelta(x, y)
		c.row.CliffsDelta = &delta
	}
}

// pair puts the values of common seeds side by side.
func (c *contrast) pair(base, other *Experiment, a, b []valueAt, playedA, playedB []int64) {
	at := func(list []valueAt, seed int64) *valueAt {
		i, ok := slices.BinarySearchFunc(list, seed, func(v valueAt, s int64) int { return cmp.Compare(v.seed, s) })
		if !ok {
			return nil
		}
		return &list[i]
	}
	for _, seed := range playedA {
		if !slices.Contains(playedB, seed) {
			continue
		}
		x, y := at(a, seed), at(b, seed)
		if x == nil && y == nil {
			continue
		}
		d := SeedDifference{Seed: seed}
		if x != nil {
			d.Base = &x.value
		}
		if y != nil {
			d.Value = &y.value
		}
		switch {
		case y == nil:
			c.lost = append(c.lost, seed)
		case x == nil:
			c.gained = append(c.gained, seed)
		default:
			c.row.Pairs++
			difference := y.value - x.value
			d.Difference = &difference
			noise := max(base.settings.noise(c.row.Metric, x.of, x.value), other.settings.noise(c.row.Metric, y.of, y.value))
			d.Noise = difference != 0 && math.Abs(difference) <= noise
		}
		c.row.Seeds = append(c.row.Seeds, d)
	}
}

// common are the values under the seeds that both sides played.
func (c *contrast) common() (x, y []float64) {
	for _, d := range c.row.Seeds {
		if d.Base != nil {
			x = append(x, *d.Base)
		}
		if d.Value != nil {
			y = append(y, *d.Value)
		}
	}
	return x, y
}

// fromPairs fills in what differences by seed say, and tests them if asked to. A value
// that is gone is worse than any other; one that came is better.
func (c *contrast) fromPairs(alpha float64) {
	sign := c.row.Direction.sign()
	var raw, worseAbs, worseRel, ratios []float64
	c.equal = len(c.lost)+len(c.gained) == 0
	positive := true
	for _, d := range c.row.Seeds {
		if d.Difference == nil {
			continue
		}
		raw = append(raw, *d.Difference)
		counts := *d.Difference
		if d.Noise {
			counts = 0
		}
		c.equal = c.equal && counts == 0
		worseAbs = append(worseAbs, sign*counts)
		worseRel = append(worseRel, sign*relative(counts, *d.Base))
		if *d.Base > 0 && *d.Value > 0 {
			ratios = append(ratios, *d.Value / *d.Base)
		} else {
			positive = false
		}
	}
	if len(raw) > 0 {
		c.row.Shift, c.row.ShiftInterval = middleOf(raw, alpha)
		if positive {
			c.row.Ratio, c.row.RatioInterval = middleOf(ratios, alpha)
		}
	}
	if c.tested && len(raw) > 0 {
		c.testPairs(positive)
	}
	for range c.lost {
		worseAbs, worseRel = append(worseAbs, beyond), append(worseRel, beyond)
	}
	for range c.gained {
		worseAbs, worseRel = append(worseAbs, -beyond), append(worseRel, -beyond)
	}
	if c.compared = len(worseAbs); c.compared > 0 {
		c.worseAbs, c.worseRel = median(worseAbs), median(worseRel)
	}
}

// testPairs asks whether differences by seed lie around none.
func (c *contrast) testPairs(positive bool) {
	var d []float64
	for _, s := range c.row.Seeds {
		switch {
		case s.Difference == nil:
		case s.Noise:
			d = append(d, 0)
		case positive:
			d = append(d, math.Log(*s.Value / *s.Base))
		default:
			d = append(d, *s.Difference)
		}
	}
	test := stats.SignFlip(d)
	c.row.P, c.least = &test.P, stats.SignFlipLeast(len(d))
	c.row.Method = test.Method + ", log-ratios paired by seed"
	if !positive {
		c.row.Method = test.Method + ", differences paired by seed (not all values are above 0)"
	}
	c.needed = pairsNeeded
}

// fromSamples compares two samples without pairs.
func (c *contrast) fromSamples(x, y []float64, alpha float64) {
	test := stats.MannWhitney(x, y)
	c.row.P, c.row.Method, c.least = &test.P, test.Method, stats.MannWhitneyLeast(len(x), len(y))
	shift := stats.HodgesLehmann(x, y, alpha)
	c.row.Shift, c.row.ShiftInterval = &shift.Estimate, intervalOf(shift)
	sign := c.row.Direction.sign()
	c.worseAbs = sign * shift.Estimate
	c.worseRel = sign * relative(shift.Estimate, *c.row.Base)
	if ratio, ok := stats.HodgesLehmannRatio(x, y, alpha); ok {
		c.row.Ratio, c.row.RatioInterval = &ratio.Estimate, intervalOf(ratio)
		c.worseRel = sign * (ratio.Estimate - 1)
	}
	c.compared = min(len(x), len(y))
}

func intervalOf(s stats.Shift) *stats.Interval {
	if s.Coverage == 0 {
		return nil
	}
	return &s.Interval
}

// relative is a difference in units of the base's value.
func relative(difference, base float64) float64 {
	switch {
	case difference == 0:
		return 0
	case base == 0:
		return math.Copysign(beyond, difference)
	}
	return max(-beyond, min(beyond, difference/math.Abs(base)))
}

// median is the middle of differences: the mean of the two in the middle, since the
// lower one would favour one direction.
func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[(len(s)-1)/2]/2 + s[len(s)/2]/2
}

func middleOf(v []float64, alpha float64) (*float64, *stats.Interval) {
	m := median(v)
	if i, _, ok := stats.MedianInterval(v, alpha); ok {
		return &m, &i
	}
	return &m, nil
}

// pairsNeeded is how many pairs it takes for a p-value of alpha.
func pairsNeeded(alpha float64) int {
	n := 1
	for stats.SignFlipLeast(n) > alpha && n < stats.ExactPairs {
		n++
	}
	return n
}

// groupsNeeded is how many values it takes on either side.
func groupsNeeded(alpha float64) int {
	n := 1
	for stats.MannWhitneyLeast(n, n) > alpha {
		n++
	}
	return n
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
