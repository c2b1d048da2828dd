package aggregate

import (
	"math"
	"math/bits"
	"slices"
)

const (
	// selectorKeeps is how many values around a quantile a worker keeps of a group before
	// it drops those that are far from it.
	selectorKeeps = 512
	// selectorMargin is how many standard deviations of a quantile's rank are kept to
	// either side of it. It decides how rarely files are read again, and nothing else: 6
	// are enough by far for values that have nothing to do with each other, and those of
	// one seed do.
	selectorMargin = 6
	// selectorGives is where a worker stops: values that will not thin out, because most of
	// them are equal, are left to a second reading.
	selectorGives = 64 * selectorKeeps
)

// selector keeps as many of the values of a stream as it takes to find both quantiles: at
// first all, then those in two brackets around them. Values outside are counted.
//
// It is the first step of selection by sampling (R. W. Floyd and R. L. Rivest, "Expected
// time bounds for selection", CACM 1975) on a stream: the sample is what came first, and
// what a bracket misses is found out at the end, since ranks are exact.
type selector struct {
	bounds [4]float64 // lowest and highest value of the first bracket, then of the second
	counts [5]int64   // below the first bracket, in it, between, in the second, above
	kept   [2][]float64
	limit  int  // of values in a bracket, before it is narrowed
	two    bool // brackets; else the first alone, and the bounds of the second are +Inf
	gave   bool
}

func newSelector() selector {
	inf := math.Inf(1)
	return selector{bounds: [4]float64{-inf, inf, inf, inf}, limit: selectorKeeps}
}

// add takes a value that is finite. Where it belongs is counted and not asked, for half
// of the branches would be predicted wrongly.
func (s *selector) add(v float64) {
	at := 0
	if v >= s.bounds[0] {
		at++
	}
	if v > s.bounds[1] {
		at++
	}
	if v >= s.bounds[2] {
		at++
	}
	if v > s.bounds[3] {
		at++
	}
	s.counts[at]++
	if at&1 == 1 {
		s.keep(at/2, v)
	}
}

func (s *selector) keep(bracket int, v float64) {
	list := &s.kept[bracket]
	if *list == nil {
		*list = make([]float64, 0, s.limit)
	}
	*list = append(*list, v) // in this form the slice's pointer is not written again
	if len(*list) >= s.limit {
		s.narrow()
	}
}

// n is how many values were added.
func (s *selector) n() int64 {
	return s.counts[0] + s.counts[1] + s.counts[2] + s.counts[3] + s.counts[4]
}

// bracket is the one that holds a quantile, and how many values are below it.
func (s *selector) bracket(quantile int) (at int, before int64) {
	if quantile == 0 || !s.two {
		return 0, s.counts[0]
	}
	return 1, s.counts[0] + s.counts[1] + s.counts[2]
}

// narrow drops what is far from the quantiles.
func (s *selector) narrow() {
	n := s.n()
	var from, to [2]int // what stays, within the kept values of the bracket of each quantile
	for q, share := range quantiles {
		at, before := s.bracket(q)
		margin := selectorMargin*math.Sqrt(float64(n)*share*(1-share)) + 2
		middle, m := float64(rank(share, n)-before), float64(len(s.kept[at]))
		from[q], to[q] = int(max(0, min(m, math.Floor(middle-margin)))), int(max(0, min(m, math.Ceil(middle+margin))))
	}
	if s.two {
		s.cut(0, from[0], to[0])
		s.cut(1, from[1], to[1])
	} else {
		s.split(from, to)
	}
	if most := max(len(s.kept[0]), len(s.kept[1])); most > s.limit/2 {
		if s.limit *= 2; s.limit > selectorGives {
			s.give()
		}
	}
}

// split narrows the one bracket, and makes two of it if there is something to drop
// between the quantiles.
func (s *selector) split(from, to [2]int) {
	var h histogram
	all := s.kept[0]
	h.fill(all)
	low, high := h.low(from[1]), h.high(to[0])
	if from[1] <= to[0] || low <= high || from[0] >= to[0] || from[1] >= to[1] {
		s.cut(0, from[0], to[1])
		return
	}
	s.two = true
	s.kept[1] = append(make([]float64, 0, max(s.limit, len(all))), all...)
	s.bounds = [4]float64{s.bounds[0], high, low, s.bounds[1]}
	s.filter(0)
	s.filter(1)
	first, second := len(s.kept[0]), len(s.kept[1])
	before := len(all) - second
	s.counts = [5]int64{s.counts[0], int64(first), int64(before - first), int64(second), s.counts[2]}
	s.cut(0, from[0], to[0])
	s.cut(1, from[1]-before, to[1]-before)
}

// cut narrows a bracket to its values from to to-1, in their order, and to a few more.
func (s *selector) cut(bracket, from, to int) {
	list := s.kept[bracket]
	if from >= to || len(list) == 0 {
		// The quantile seems to lie outside the bracket. What is there stays, and the end
		// will show.
		return
	}
	var h histogram
	h.fill(list)
	if to < len(list) {
		s.bounds[2*bracket+1] = min(s.bounds[2*bracket+1], h.high(to-1))
	}
	if from > 0 {
		s.bounds[2*bracket] = max(s.bounds[2*bracket], h.low(from))
	}
	below, above := s.filter(bracket)
	s.counts[2*bracket] += below
	s.counts[2*bracket+2] += above
	s.counts[2*bracket+1] = int64(len(s.kept[bracket]))
}

// filter drops what is not within the bounds of a bracket.
func (s *selector) filter(bracket int) (below, above int64) {
	low, high := s.bounds[2*bracket], s.bounds[2*bracket+1]
	list := s.kept[bracket]
	kept, least := 0, 0
	for _, v := range list {
		list[kept] = v
		if v >= low {
			least++
			if v <= high {
				kept++
			}
		}
	}
	s.kept[bracket] = list[:kept]
	return int64(len(list) - least), int64(least - kept)
}

// give stops keeping values: all that come are counted as above.
func (s *selector) give() {
	inf := math.Inf(-1)
	*s = selector{gave: true, limit: math.MaxInt, bounds: [4]float64{inf, inf, inf, inf}, counts: [5]int64{4: s.n()}}
}

// selectFrom finds the value of a rank, from 1, among all values that were added to
// parts. found is false if it is none that all of them have kept, if they had it.
func selectFrom(parts []*selector, quantile int, rank int64) (value float64, found bool) {
	low, high := math.Inf(-1), math.Inf(1)
	for _, s := range parts {
		if s.gave {
			return 0, false
		}
		at, _ := s.bracket(quantile)
		low, high = max(low, s.bounds[2*at]), min(high, s.bounds[2*at+1])
	}
	var all []float64
	for _, s := range parts {
		at, before := s.bracket(quantile)
		rank -= before
		for _, v := range s.kept[at] {
			if v < low {
				rank--
			} else if v <= high {
				all = append(all, v)
			}
		}
	}
	if rank < 1 || rank > int64(len(all)) {
		return 0, false
	}
	return nth(all, int(rank-1)), true
}

// around is where a quantile must be if each of the parts has kept its own: no quantile
// of all values lies outside the range of those of the parts.
func around(parts []*selector, quantile int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range parts {
		if s.gave {
			return math.Inf(-1), math.Inf(1)
		}
		at, _ := s.bracket(quantile)
		low, high = min(low, s.bounds[2*at]), max(high, s.bounds[2*at+1])
	}
	return low, high
}

// histogram counts values by the leading bits in which they differ: values of doubles
// that are near each other share them. Ends of brackets need not be values, so a
// histogram tells where to cut, at a fifth of what selection takes.
type histogram struct {
	least  uint64 // smallest key
	shift  int
	counts [histogramBins]int32
}

const histogramBins = 512

// fill counts the values of a list that is not empty.
func (h *histogram) fill(list []float64) {
	least, most := list[0], list[0]
	for _, v := range list {
		least, most = min(least, v), max(most, v)
	}
	h.least = sortKey(least)
	h.shift = max(0, bits.Len64(sortKey(most)-h.least)-bits.Len(histogramBins-1))
	for _, v := range list {
		h.counts[((sortKey(v)-h.least)>>h.shift)%histogramBins]++
	}
}

// bin is where the k-th value is counted, from 0, and how many values are before the bin.
func (h *histogram) bin(k int) (bin, before int) {
	for bin < histogramBins-1 && before+int(h.counts[bin]) <= k {
		before += int(h.counts[bin])
		bin++
	}
	return bin, before
}

// low is the least value that would be counted with the k-th.
func (h *histogram) low(k int) float64 {
	bin, _ := h.bin(k)
	return keyValue(h.least + uint64(bin)<<h.shift)
}

// high is the largest value that would be counted with the k-th.
func (h *histogram) high(k int) float64 {
	bin, _ := h.bin(k)
	return keyValue(h.least + uint64(bin+1)<<h.shift - 1)
}

// nth returns the k-th value of a list, from 0, as if it were sorted. It looks at ever
// fewer leading values of the list, which it uses as its memory.
func nth(list []float64, k int) float64 {
	for len(list) > 32 {
		var h histogram
		h.fill(list)
		bin, before := h.bin(k)
		if h.shift == 0 { // all values of a bin are equal
			return keyValue(h.least + uint64(bin))
		}
		kept := 0
		for _, v := range list {
			list[kept] = v
			if int((sortKey(v)-h.least)>>h.shift) == bin {
				kept++
			}
		}
		list, k = list[:kept], k-before
	}
	slices.Sort(list)
	return list[k]
}
