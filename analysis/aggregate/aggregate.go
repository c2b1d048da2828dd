// Package aggregate answers questions about more evaluations than memory holds: what
// groups of them have in common, and the fronts of each spec.
//
// It reads the files of evaluations by column and by row group, several at a time, and
// keeps what it needs of them: sums, a few hundred values around a quantile, the points
// of a front. So memory depends on the number of groups and not on the number of rows.
//
// Answers do not depend on the number of workers. Sums are added up within a row group
// in the order of its rows, and over row groups in their order; quantiles and fronts are
// exact, and so have no order to depend on.
//
// # Non-goals
//
// It folds no seeds and judges no candidate, and it knows no runs: rows of many runs may
// lie in one file, and the files of a run need not lie in its folder. analysis does all
// that for rows that fit.
package aggregate

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"toolgen/datasets"
)

// Group is what the evaluations of a style of a spec in an epoch have in common.
type Group struct {
	Spec        string
	Style       *string // nil: entrants
	Epoch       int32
	Rows        int64
	MeanFitness float64
	Timed       int64    // rows with a virtual time
	MedianMS    *float64 // lower median of the virtual times; nil without any
	P95MS       *float64 // the ceil(0.95 n)-th of them; nil without any
}

// quantiles are those that a Group has.
var quantiles = [2]float64{0.5, 0.95}

// Options say how files are read.
type Options struct {
	Workers int // row groups read at once; 0: one for each CPU
}

// GroupBy returns the groups of the evaluations in files, by spec, epoch and style. Errors
// are those of datasets.Table.ScanFiles.
func GroupBy(paths []string, o Options) ([]Group, error) {
	g := &grouping{index: map[groupKey]int{}}
	workers := o.workers()
	g.workers = make([]*groupWorker, workers)
	for w := range g.workers {
		g.workers[w] = &groupWorker{specs: names{}, styles: names{}, cells: map[cellKey][]int32{}}
	}
	err := datasets.Evaluations.ScanFiles(paths, datasets.GroupScan{
		Columns: []string{"spec", "style", "epoch", "virtual_ms", "fitness"},
		Workers: workers,
		Batch:   func(w int, c *datasets.Columns) error { return g.workers[w].batch(c) },
		Done:    func(w, _ int) error { g.done(g.workers[w]); return nil },
	})
	if err != nil {
		return nil, err
	}
	return g.finish(paths, o)
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return defaultWorkers()
}

// groupKey names a group.
type groupKey struct {
	spec, style string
	styled      bool
	epoch       int32
}

// names numbers the names of a column in the order in which they come.
type names map[string]int32

func (n names) number(s string) int32 {
	x, ok := n[s]
	if !ok {
		x = int32(len(n))
		n[s] = x
	}
	return x
}

// dictionary translates the indexes of a file's dictionary into numbers of names. A row
// group has one, and its batches share it.
type dictionary struct {
	of      []string
	numbers []int32 // by index + 1; the first is null, -1
}

func (d *dictionary) translate(v datasets.StringValues, n names) []int32 {
	if len(d.of) != len(v.Dict) || len(v.Dict) > 0 && &d.of[0] != &v.Dict[0] || d.numbers == nil {
		d.of = v.Dict
		d.numbers = append(d.numbers[:0], -1)
		for _, s := range v.Dict {
			d.numbers = append(d.numbers, n.number(s))
		}
	}
	return d.numbers
}

// cellKey is a spec in an epoch; its styles lie side by side.
type cellKey struct{ spec, epoch int32 }

// groupWorker is what a worker knows of the groups.
type groupWorker struct {
	specs, styles       names
	specDict, styleDict dictionary
	cells               map[cellKey][]int32 // numbers of groups by style + 1, -1 for none
	groups              []localGroup
	touched             []int32 // groups of the row group that is being read
}

// localGroup is a group as a worker knows it.
type localGroup struct {
	sums              // of the row group that is being read
	selector selector // of the virtual times of all row groups of this worker
	key      groupKey
	global   int // number of the group in the grouping; -1 for not known yet
}

// sums are of the rows of a group.
type sums struct {
	rows    int64
	fitness float64
}

// batch adds rows to the sums and selectors of their groups.
func (w *groupWorker) batch(c *datasets.Columns) error {
	ms, fitness := c.Double("virtual_ms"), c.Double("fitness")
	spec, style, epochs := c.String("spec"), c.String("style"), c.Int32("epoch")
	specs, styles := w.specDict.translate(spec, w.specs), w.styleDict.translate(style, w.styles)
	specIndex, styleIndex := spec.Index[:c.Rows], style.Index[:c.Rows]
	epochs, ms, fitness = epochs[:c.Rows], ms[:c.Rows], fitness[:c.Rows]
	for i := 0; i < len(specIndex); {
		// Rows are sorted by epoch and spec, so a cell is looked up once for many of them.
		x, key := specIndex[i], cellKey{specs[specIndex[i]+1], epochs[i]}
		cell := w.cells[key]
		for ; i < len(specIndex) && specIndex[i] == x && epochs[i] == key.epoch; i++ {
			s := styles[styleIndex[i]+1] + 1
			if int(s) >= len(cell) || cell[s] < 0 {
				cell = w.add(key, s, groupKey{spec: spec.At(i), style: style.At(i), styled: s > 0, epoch: key.epoch})
			}
			g := &w.groups[cell[s]]
			if g.rows == 0 {
				w.touched = append(w.touched, cell[s])
			}
			g.rows++
			g.fitness += fitness[i]
			if v := ms[i]; v == v {
				g.selector.add(v)
			}
		}
	}
	return nil
}

// add makes the group of a style in a cell.
func (w *groupWorker) add(at cellKey, style int32, key groupKey) []int32 {
	cell := w.cells[at]
	for len(cell) <= int(style) {
		cell = append(cell, -1)
	}
	cell[style] = int32(len(w.groups))
	w.cells[at] = cell
	w.groups = append(w.groups, localGroup{selector: newSelector(), key: key, global: -1})
	return cell
}

// grouping is what is known of the groups over all row groups.
type grouping struct {
	workers []*groupWorker
	index   map[groupKey]int
	keys    []groupKey
	sums    []sums
}

// done adds the sums of a row group.
func (g *grouping) done(w *groupWorker) {
	for _, number := range w.touched {
		local := &w.groups[number]
		if local.global < 0 {
			n, known := g.index[local.key]
			if !known {
				n = len(g.keys)
				g.index[local.key] = n
				g.keys, g.sums = append(g.keys, local.key), append(g.sums, sums{})
			}
			local.global = n
		}
		g.sums[local.global].rows += local.rows
		g.sums[local.global].fitness += local.fitness
		local.sums = sums{}
	}
	w.touched = w.touched[:0]
}

// finish computes the quantiles out of what the workers have kept. Where that is not
// enough the files are read again.
func (g *grouping) finish(paths []string, o Options) ([]Group, error) {
	parts := make([][]*selector, len(g.keys))
	for _, w := range g.workers {
		for i := range w.groups {
			local := &w.groups[i]
			parts[local.global] = append(parts[local.global], &local.selector)
		}
	}
	out := make([]Group, len(g.keys))
	var open []*search
	for n, k := range g.keys {
		out[n] = Group{Spec: k.spec, Epoch: k.epoch, Rows: g.sums[n].rows, MeanFitness: g.sums[n].fitness / float64(g.sums[n].rows)}
		if k.styled {
			out[n].Style = &g.keys[n].style
		}
		for _, s := range parts[n] {
			out[n].Timed += s.n()
		}
		if out[n].Timed == 0 {
			continue
		}
		for q, share := range quantiles {
			v, found := selectFrom(parts[n], q, rank(share, out[n].Timed))
			if !found {
				low, high := around(parts[n], q)
				open = append(open, &search{group: n, quantile: q, rank: rank(share, out[n].Timed), low: sortKey(low), high: sortKey(high), all: out[n].Timed})
			}
			out[n].set(q, v)
		}
	}
	if len(open) > 0 {
		if err := g.search(paths, o, open); err != nil {
			return nil, err
		}
		for _, s := range open {
			out[s.group].set(s.quantile, s.value)
		}
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(strings.Compare(a.Spec, b.Spec), cmp.Compare(a.Epoch, b.Epoch), compareStyles(a.Style, b.Style))
	})
	return out, nil
}

func (g *Group) set(quantile int, v float64) {
	if quantile == 0 {
		g.MedianMS = &v
	} else {
		g.P95MS = &v
	}
}

// compareStyles puts entrants behind all styles.
func compareStyles(a, b *string) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return strings.Compare(*a, *b)
}

// rank is which of n values a quantile is, from 1: the ceil(q n)-th, as
// stats.Quantile has it.
func rank(q float64, n int64) int64 {
	return max(1, int64(math.Ceil(float64(n)*q-1e-9)))
}
