package aggregate

import (
	"math"
	"runtime"
	"slices"

	"toolgen/datasets"
)

func defaultWorkers() int { return runtime.GOMAXPROCS(0) }

// searchBins is into how many parts a reading of the files divides where a quantile may be.
const searchBins = 256

// search is a quantile that the first reading did not find. Every further one counts the
// values in 256 parts of the range where it must be, until a part has one value only:
// radix selection on the bits of doubles, in at most eight readings, since a double has
// 64 bits. Where the range is short already, as it mostly is, two do.
type search struct {
	group     int
	quantile  int
	rank      int64  // from 1, among all values of the group
	low, high uint64 // keys of the range
	all       int64  // values of the group
	value     float64
	found     bool
}

// sortKey maps doubles to integers in the same order. -0 comes as 0.
func sortKey(v float64) uint64 {
	b := math.Float64bits(v + 0)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

// keyValue is the value of a key.
func keyValue(key uint64) float64 {
	if key>>63 != 0 {
		return math.Float64frombits(key &^ (1 << 63))
	}
	return math.Float64frombits(^key)
}

// bins are counts of what a search looks at.
type bins struct {
	below, above int64 // the range
	count        [searchBins]int64
	least        [searchBins]float64
	most         [searchBins]float64
}

// search finds quantiles by reading the files again and again.
func (g *grouping) search(paths []string, o Options, open []*search) error {
	for open = slices.Clone(open); len(open) > 0; {
		byGroup := make([][]int, len(g.keys)) // searches by group
		for i, s := range open {
			byGroup[s.group] = append(byGroup[s.group], i)
		}
		counts := make([][]bins, len(g.workers)) // by worker and search
		for w := range counts {
			counts[w] = make([]bins, len(open))
		}
		err := datasets.Evaluations.ScanFiles(paths, datasets.GroupScan{
			Columns: []string{"spec", "style", "epoch", "virtual_ms"},
			Workers: len(g.workers),
			Batch: func(w int, c *datasets.Columns) error {
				g.workers[w].look(g, c, byGroup, func(x int, v float64) { open[x].count(&counts[w][x], v) })
				return nil
			},
		})
		if err != nil {
			return err
		}
		for x, s := range open {
			all := counts[0][x]
			for w := range counts[1:] {
				all.add(&counts[w+1][x])
			}
			if !s.descend(&all) {
				return &datasets.FileError{File: paths[0], Kind: datasets.ErrCorrupt, Detail: "it, or one that was read with it, has changed meanwhile"}
			}
		}
		open = slices.DeleteFunc(open, func(s *search) bool { return s.found })
	}
	return nil
}

// look calls fn with the virtual times of groups that are searched. It walks as batch does.
func (w *groupWorker) look(g *grouping, c *datasets.Columns, byGroup [][]int, fn func(x int, v float64)) {
	spec, style, epochs, ms := c.String("spec"), c.String("style"), c.Int32("epoch"), c.Double("virtual_ms")
	specs, styles := w.specDict.translate(spec, w.specs), w.styleDict.translate(style, w.styles)
	for i := 0; i < c.Rows; {
		x, key := spec.Index[i], cellKey{specs[spec.Index[i]+1], epochs[i]}
		cell := w.cells[key]
		for ; i < c.Rows && spec.Index[i] == x && epochs[i] == key.epoch; i++ {
			if ms[i] != ms[i] {
				continue
			}
			s := styles[style.Index[i]+1] + 1
			if int(s) >= len(cell) || cell[s] < 0 {
				cell = w.add(key, s, groupKey{spec: spec.At(i), style: style.At(i), styled: s > 0, epoch: key.epoch})
			}
			local := &w.groups[cell[s]]
			if local.global < 0 { // another worker has read the group before
				n, known := g.index[local.key]
				if !known {
					continue // the files have changed, and descend will see that values are missing
				}
				local.global = n
			}
			for _, x := range byGroup[local.global] {
				fn(x, ms[i])
			}
		}
	}
}

// count takes a value.
func (s *search) count(b *bins, v float64) {
	key := sortKey(v)
	switch {
	case key < s.low:
		b.below++
		return
	case key > s.high:
		b.above++
		return
	}
	n := (key - s.low) / ((s.high-s.low)/searchBins + 1)
	if b.count[n] == 0 {
		b.least[n], b.most[n] = v, v
	}
	b.count[n]++
	b.least[n], b.most[n] = min(b.least[n], v), max(b.most[n], v)
}

// add adds the counts of another worker.
func (b *bins) add(other *bins) {
	b.below, b.above = b.below+other.below, b.above+other.above
	for n, count := range other.count {
		switch {
		case count == 0:
		case b.count[n] == 0:
			b.count[n], b.least[n], b.most[n] = count, other.least[n], other.most[n]
		default:
			b.count[n] += count
			b.least[n], b.most[n] = min(b.least[n], other.least[n]), max(b.most[n], other.most[n])
		}
	}
}

// descend goes on in the part that holds the rank, or outside of the range if that was
// a wrong guess. It fails if the files have changed since they were read first.
func (s *search) descend(b *bins) bool {
	total := b.below + b.above
	for _, n := range b.count {
		total += n
	}
	if total != s.all {
		return false
	}
	rank := s.rank - b.below
	if rank < 1 {
		s.low, s.high = 0, s.low-1
		return true
	}
	for n, count := range b.count {
		if count < rank {
			rank -= count
			continue
		}
		s.value, s.found = b.least[n], b.least[n] == b.most[n]
		s.low, s.high = sortKey(b.least[n]), sortKey(b.most[n])
		return true
	}
	s.low, s.high = s.high+1, math.MaxUint64
	return true
}
