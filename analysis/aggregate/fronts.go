package aggregate

import (
	"maps"
	"slices"

	"toolgen/analysis/pareto"
	"toolgen/datasets"
)

// Objective is a numeric column of evaluations, and which way it is better.
type Objective struct {
	Column    string
	Direction pareto.Direction
}

// SpecFront is the front of a spec over all its evaluations that have a value in every
// objective. The id of a point says where the first row with its values stands: its row
// group, over all files, times GroupRows, and its number in it.
type SpecFront struct {
	Spec   string
	Points []pareto.Collected // distinct, best first in the first objective
}

// GroupRows is more than a row group holds.
const GroupRows = 1 << 31

// Fronts returns the front of each spec, by name. Errors are those of
// datasets.Table.ScanFiles. A column that is no number panics.
func Fronts(paths []string, objectives []Objective, o Options) ([]SpecFront, error) {
	columns := []string{"spec"}
	var dirs []pareto.Direction
	for _, x := range objectives {
		columns, dirs = append(columns, x.Column), append(dirs, x.Direction)
	}
	workers := make([]*frontWorker, o.workers())
	for w := range workers {
		workers[w] = &frontWorker{dirs: dirs, names: names{}, values: make(pareto.Points, len(dirs))}
	}
	err := datasets.Evaluations.ScanFiles(paths, datasets.GroupScan{
		Columns: columns,
		Workers: len(workers),
		Batch: func(w int, c *datasets.Columns) error {
			for j, x := range objectives {
				workers[w].values[j] = c.Number(x.Column)
			}
			workers[w].batch(c)
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	fronts := map[string]*pareto.Collector{}
	for _, w := range workers {
		// any order: merging is commutative
		for spec, number := range w.names {
			if fronts[spec] == nil {
				fronts[spec] = w.collectors[number]
			} else {
				fronts[spec].Merge(w.collectors[number])
			}
		}
	}
	var out []SpecFront
	for _, spec := range slices.Sorted(maps.Keys(fronts)) {
		if points := fronts[spec].Front(); len(points) > 0 {
			out = append(out, SpecFront{spec, points})
		}
	}
	return out, nil
}

// frontWorker collects the fronts of what a worker reads.
type frontWorker struct {
	dirs       []pareto.Direction
	names      names
	dict       dictionary
	collectors []*pareto.Collector // by number of the spec
	values     pareto.Points
}

func (w *frontWorker) batch(c *datasets.Columns) {
	spec := c.String("spec")
	numbers := w.dict.translate(spec, w.names)
	for len(w.collectors) < len(w.names) {
		w.collectors = append(w.collectors, pareto.NewCollector(w.dirs))
	}
	index := spec.Index[:c.Rows]
	first := int64(c.Group)*GroupRows + c.First
	for i := 0; i < c.Rows; {
		from, x := i, index[i]
		for i < c.Rows && index[i] == x {
			i++
		}
		w.collectors[numbers[x+1]].AddRange(w.values, from, i, first+int64(from))
	}
}
