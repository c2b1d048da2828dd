package reports

import (
	"reflect"
	"slices"

	"toolgen/analysis"
)

// Leaderboard is the table of standings.
func Leaderboard(list []analysis.Standing) *Table {
	t := &Table{Title: "Leaderboard", Columns: []Column{
		{Name: "experiment"},
		{Name: "spec"},
		Number("rank", "rank", "", 0),
		{Name: "style"},
		{Name: "label"},
		{Name: "candidate_id", Title: "candidate", Show: ShortID},
		{Name: "origin"},
		Number("first_epoch", "epoch", "", 0),
		{Name: "final_verdict", Title: "verdict"},
		{Name: "final_feasible", Title: "feasible"},
		Number("final_base_fitness", "base fitness", "", 4),
		Number("virtual_ms", "virtual ms", "", 3),
		{Name: "peak_memory_bytes", Title: "peak memory", Unit: "MiB", Right: true, Show: MiB},
		Number("stability", "stability", "", 1),
		{Name: "seeds"},
		Number("last_epoch", "last epoch", "", 0),
		Number("generation", "generation", "", 0),
		{Name: "ancestor_id", Title: "first ancestor", Show: ShortID},
		{Name: "lineage"},
	}}
	for i := range list {
		s := &list[i]
		var ancestor *string
		if n := len(s.Lineage); n > 0 {
			ancestor = &s.Lineage[n-1]
		}
		t.Add(s.Experiment, s.Spec, s.Rank, s.Style, s.Label, s.CandidateID, s.Origin, s.FirstEpoch, s.FinalVerdict, s.FinalFeasible,
			s.FinalBaseFitness, s.VirtualMS, s.PeakMemoryBytes, s.Stability, s.Seeds,
			s.LastEpoch, len(s.Lineage), ancestor, s.Lineage)
	}
	return t
}

// Bench is the table of benchmarks: tool, median latency, budget, score.
func Bench(list []analysis.Benchmark) *Table {
	t := &Table{Title: "Benchmark", Columns: []Column{
		{Name: "experiment"},
		{Name: "spec", Title: "tool"},
		{Name: "at"},
		Number("epoch", "epoch", "", 0),
		Number("virtual_ms", "median latency", "virtual ms", 3),
		Number("budget_timeout_ms", "budget", "virtual ms", -1),
		Number("base_fitness", "score", "", 4),
		{Name: "style"},
		{Name: "label"},
		{Name: "candidate_id", Title: "candidate", Show: ShortID},
		Number("seed", "seed", "", 0),
		Number("wall_ms", "median latency", "wall ms", 3),
		{Name: "host"},
	}}
	for i := range list {
		b := &list[i]
		t.Add(b.Experiment, b.Spec, b.At, b.Epoch, b.VirtualMS, b.BudgetTimeoutMS, b.BaseFitness, b.Style, b.Label, b.CandidateID, b.Seed, b.WallMS, b.Hosts)
	}
	return t
}

// Brief is the table for a format. People are spared the column of the experiment
// where there is only one, those that have nothing to say where nobody has a value
// (labels, wall clock), and the whole lineage; programs get all columns, whatever the
// rows hold.
func (t *Table) Brief(f Format) *Table {
	if f == JSON || f == CSV {
		return t
	}
	var idle []string
	for i, c := range t.Columns {
		switch c.Name {
		case "experiment":
			if t.same(i) {
				idle = append(idle, c.Name)
			}
		case "label", "wall_ms", "host":
			if t.empty(i) {
				idle = append(idle, c.Name)
			}
		case "lineage":
			idle = append(idle, c.Name)
		}
	}
	return t.Without(idle...)
}

// Without is the table without some of its columns.
func (t *Table) Without(names ...string) *Table {
	out := &Table{Title: t.Title, Notes: t.Notes, Rows: make([][]any, len(t.Rows))}
	for i, c := range t.Columns {
		if slices.Contains(names, c.Name) {
			continue
		}
		out.Columns = append(out.Columns, c)
		for n := range t.Rows {
			out.Rows[n] = append(out.Rows[n], t.Rows[n][i])
		}
	}
	return out
}

// empty says whether a column holds nothing but nulls and empty lists.
func (t *Table) empty(i int) bool {
	for _, row := range t.Rows {
		v := value(row[i])
		if k := reflect.ValueOf(v); v != nil && (k.Kind() != reflect.Slice || k.Len() > 0) {
			return false
		}
	}
	return true
}

// same says whether a column of scalars holds the same value in every row.
func (t *Table) same(i int) bool {
	for _, row := range t.Rows {
		if value(row[i]) != value(t.Rows[0][i]) {
			return false
		}
	}
	return true
}
