package reports

import (
	"strconv"

	"toolgen/analysis"
)

// Fronts are the tables of Pareto fronts: the points, what there is to say of each
// front, and how the fronts grew.
func Fronts(f *analysis.Fronts) (points, summaries, growth *Table) {
	points = &Table{Title: "Pareto fronts", Columns: []Column{
		{Name: "experiment"}, {Name: "spec"},
		{Name: "candidate_id", Title: "candidate", Show: ShortID}, {Name: "style"}, {Name: "label"},
		Number("seed", "seed", "", 0), Number("epoch", "epoch", "", 0),
	}}
	for _, o := range f.Objectives {
		points.Columns = append(points.Columns, objectiveColumn(o))
	}
	points.Columns = append(points.Columns, Column{Name: "knee"}, Number("tradeoff", "trade-off", "", 3))
	for i := range f.Points {
		p := &f.Points[i]
		row := []any{p.Experiment, p.Spec, p.CandidateID, p.Style, p.Label, p.Seed, p.Epoch}
		for _, v := range p.Values {
			row = append(row, v)
		}
		points.Add(append(row, p.Knee, p.Tradeoff)...)
	}
	summaries = &Table{Title: "Fronts by spec", Columns: []Column{
		{Name: "experiment"}, {Name: "spec"}, Number("candidates", "candidates", "", 0), Number("left_out", "without a value", "", 0),
		Number("on_front", "on the front", "", 0), Number("hypervolume", "hypervolume", "", 4),
	}}
	for _, o := range f.Objectives {
		for _, end := range []string{"best", "worst"} {
			c := objectiveColumn(o)
			c.Name, c.Title = end+"_"+c.Name, end+" "+c.Title
			summaries.Columns = append(summaries.Columns, c)
		}
	}
	for i := range f.Summaries {
		s := &f.Summaries[i]
		row := []any{s.Experiment, s.Spec, s.Candidates, s.LeftOut, s.OnFront, s.Hypervolume}
		for j := range f.Objectives {
			if s.Ideal == nil {
				row = append(row, nil, nil)
			} else {
				row = append(row, s.Ideal[j], s.Nadir[j])
			}
		}
		summaries.Add(row...)
	}
	growth = &Table{Title: "Hypervolume by epoch", Columns: []Column{
		{Name: "experiment"}, {Name: "spec"}, Number("epoch", "epoch", "", 0), Number("on_front", "on the front so far", "", 0),
		Number("hypervolume", "hypervolume so far", "", 4), Number("epoch_hypervolume", "of this epoch alone", "", 4),
	}}
	for i := range f.Growth {
		g := &f.Growth[i]
		growth.Add(g.Experiment, g.Spec, g.Epoch, g.OnFront, g.Hypervolume, g.EpochOnly)
	}
	return points, summaries, growth
}

// objectiveColumn is a column of the values of an objective.
func objectiveColumn(o analysis.Objective) Column {
	c := Number(o.Column, "", "", 4)
	c.Title = c.caption()
	switch o.Column {
	case "virtual_ms":
		c.Show = Decimals(3)
	case "peak_memory_bytes", "budget_memory_bytes":
		c.Title, c.Unit = o.Column[:len(o.Column)-len("_memory_bytes")]+" memory", "MiB"
		c.Show = func(v any) string {
			if f, ok := v.(float64); ok {
				return strconv.FormatFloat(f/(1<<20), 'f', 2, 64)
			}
			return MiB(v)
		}
	case "fuel", "fuel_p10", "fuel_p90", "source_bytes", "cases_total", "cases_passed", "pareto_rank":
		c.Show = Decimals(0)
	}
	return c
}

// share is a number of a rate; null if the rate is of nothing.
func share(r analysis.Rate, v float64) *float64 {
	if r.Of == 0 {
		return nil
	}
	return &v
}

func percent(v any) string {
	f, ok := v.(float64)
	if !ok {
		return Decimals(0)(v)
	}
	return strconv.FormatFloat(100*f, 'f', 1, 64)
}

func percentColumn(name, title string) Column {
	return Column{Name: name, Title: title, Unit: "%", Right: true, Show: percent}
}

// Stability are the tables of stability: rates of flakes, what exposes each of them,
// and how far the seeds are apart. replay makes the command that shows a flake.
func Stability(r *analysis.StabilityReport, replay func(*analysis.Flake) string) (rates, flakes, spreads *Table) {
	rates = &Table{Title: "Flakes", Columns: []Column{
		{Name: "experiment"}, {Name: "by"}, {Name: "spec"}, {Name: "style"}, Number("epoch", "epoch", "", 0),
		Number("candidates", "candidates", "", 0), Number("flaky", "flaky", "", 0), percentColumn("flake_rate", "rate"),
		percentColumn("lower", "from"), percentColumn("upper", "to"),
	}}
	for i := range r.Rates {
		x := &r.Rates[i]
		rates.Add(x.Experiment, x.By, x.Spec, orNull(x.Style), x.Epoch, x.Flaky.Of, x.Flaky.Count, share(x.Flaky, x.Flaky.Share), share(x.Flaky, x.Flaky.Lower), share(x.Flaky, x.Flaky.Upper))
	}
	flakes = &Table{Title: "What exposes them", Columns: []Column{
		{Name: "experiment"}, {Name: "spec"}, Number("seed", "seed", "", 0), {Name: "candidate_id", Title: "candidate", Show: ShortID}, {Name: "style"}, {Name: "label"},
		Number("first_epoch", "epoch", "", 0), Number("epochs", "epochs", "", 0), {Name: "flake_case", Title: "case", Show: ShortID},
		Number("flake_entropy", "entropy", "", 0), {Name: "replay"},
	}}
	for i := range r.Flakes {
		x := &r.Flakes[i]
		flakes.Add(x.Experiment, x.Spec, x.Seed, x.CandidateID, x.Style, x.Label, x.FirstEpoch, x.Epochs, x.Case, x.Entropy, replay(x))
	}
	spreads = &Table{Title: "The best under each seed", Columns: append([]Column{
		{Name: "experiment"}, {Name: "spec"}, {Name: "style"}, Number("seeds", "seeds", "", 0), Number("of_seeds", "of", "", 0),
	}, append(spreadColumns("base_fitness", "base fitness", "", 4), spreadColumns("virtual_ms", "virtual ms", "", 3)...)...)}
	for i := range r.Spreads {
		x := &r.Spreads[i]
		fitness := &x.BaseFitness
		if x.Seeds == 0 {
			fitness = nil
		}
		spreads.Add(append([]any{x.Experiment, x.Spec, x.Style, x.Seeds, x.OfSeeds}, append(spreadCells(fitness), spreadCells(x.VirtualMS)...)...)...)
	}
	return rates, flakes, spreads
}

func spreadColumns(name, title, unit string, decimals int) []Column {
	var out []Column
	for _, q := range [][2]string{{"min", "least"}, {"q1", "quarter"}, {"median", "median"}, {"q3", "three quarters"}, {"max", "most"}} {
		out = append(out, Number(name+"_"+q[0], title+" "+q[1], unit, decimals))
	}
	return out
}

func spreadCells(s *analysis.Spread) []any {
	if s == nil {
		return make([]any, 5)
	}
	return []any{s.Min, s.Q1, s.Median, s.Q3, s.Max}
}

// Handoffs are the tables of handoffs: how the lab did, how far candidates came, how
// the challengers fared, and the counts.
func Handoffs(r *analysis.HandoffReport) (rates, funnel, challengers, counts *Table) {
	rates = &Table{Title: "Repairs", Columns: []Column{
		{Name: "experiment"}, {Name: "by"}, {Name: "spec"}, {Name: "style"}, Number("epoch", "epoch", "", 0), Number("handoffs", "handoffs", "", 0),
		Number("attempted", "candidates attempted", "", 0), Number("repaired", "repaired", "", 0), percentColumn("repair_rate", "rate"),
		percentColumn("lower", "from"), percentColumn("upper", "to"),
		Number("patches_tried_median", "patches tried", "median", 0), Number("patches_tried_max", "most patches", "", 0),
		Number("first_repair_median", "patches to the repair", "median", 0), Number("repair_fuel", "fuel", "", 0),
	}}
	for i := range r.Rates {
		x := &r.Rates[i]
		var tried, most, first *float64
		if x.PatchesTried != nil {
			tried, most = &x.PatchesTried.Median, &x.PatchesTried.Max
		}
		if x.FirstRepair != nil {
			first = &x.FirstRepair.Median
		}
		rates.Add(x.Experiment, x.By, x.Spec, orNull(x.Style), x.Epoch, x.Handoffs, x.Repaired.Of, x.Repaired.Count, share(x.Repaired, x.Repaired.Share), share(x.Repaired, x.Repaired.Lower), share(x.Repaired, x.Repaired.Upper),
			tried, most, first, x.RepairFuel)
	}
	funnel = &Table{Title: "How far they came", Columns: []Column{{Name: "experiment"}, {Name: "spec"}, {Name: "stage"}, Number("candidates", "candidates", "", 0)}}
	for i := range r.Funnel {
		x := &r.Funnel[i]
		funnel.Add(x.Experiment, x.Spec, x.Stage, x.Candidates)
	}
	challengers = &Table{Title: "How the challengers fared", Columns: []Column{
		{Name: "experiment"}, {Name: "spec"}, {Name: "style"}, {Name: "label"}, Number("seed", "seed", "", 0), Number("epoch", "handed off in", "", 0), {Name: "reason"},
		{Name: "handoff_id", Title: "handoff", Show: ShortID}, {Name: "candidate_id", Title: "candidate", Show: ShortID}, {Name: "challenger_id", Title: "challenger", Show: ShortID},
		Number("patches_tried", "patches tried", "", 0), Number("epochs", "competed in epochs", "", 0), Number("selected_epochs", "selected in", "", 0), {Name: "won"},
		{Name: "final_feasible", Title: "feasible"}, Number("final_base_fitness", "base fitness", "", 4), Number("ancestor_base_fitness", "its ancestor's", "", 4),
		Number("validate_correctness", "validate", "", 3), Number("holdout_correctness", "holdout", "", 3),
	}}
	for i := range r.Challengers {
		x := &r.Challengers[i]
		challengers.Add(x.Experiment, x.Spec, x.Style, x.Label, x.Seed, x.Epoch, x.Reason, x.HandoffID, x.CandidateID, x.ChallengerID, x.PatchesTried, x.Epochs, x.SelectedEpochs, x.Won,
			x.FinalFeasible, x.FinalBaseFitness, x.AncestorBaseFitness, x.ValidateCorrectness, x.HoldoutCorrectness)
	}
	counts = &Table{Title: "Handoffs", Columns: []Column{
		{Name: "experiment"}, {Name: "spec"}, {Name: "style"}, Number("epoch", "epoch", "", 0), {Name: "reason"}, {Name: "outcome"}, Number("handoffs", "handoffs", "", 0),
	}}
	for i := range r.Counts {
		x := &r.Counts[i]
		counts.Add(x.Experiment, x.Spec, orNull(x.Style), x.Epoch, x.Reason, x.Outcome, x.Handoffs)
	}
	return rates, funnel, challengers, counts
}

// Trends is the table of what changed from epoch to epoch.
func Trends(list []analysis.Trend) *Table {
	t := &Table{Title: "Trends", Columns: []Column{
		{Name: "experiment"}, {Name: "spec"}, {Name: "style"}, Number("epoch", "epoch", "", 0), Number("slots", "slots", "", 0), percentColumn("share", "share"),
		Number("feasible", "feasible", "", 0), Number("fitness_best", "best fitness", "", 4), Number("fitness_median", "median", "", 4),
		Number("fitness_q1", "quarter", "", 4), Number("fitness_q3", "three quarters", "", 4), Number("fitness_worst", "worst", "", 4),
		Number("best_base_fitness", "best base fitness so far", "", 4),
		Number("timed", "timed", "", 0), Number("virtual_ms_best", "best virtual ms", "", 3), Number("virtual_ms_median", "median", "", 3),
		Number("virtual_ms_q1", "quarter", "", 3), Number("virtual_ms_q3", "three quarters", "", 3), Number("virtual_ms_worst", "worst", "", 3),
	}}
	for i := range list {
		x := &list[i]
		ms, timed := []any{nil, nil, nil, nil, nil}, 0
		if s := x.VirtualMS; s != nil {
			ms, timed = []any{s.Min, s.Median, s.Q1, s.Q3, s.Max}, s.N
		}
		t.Add(append([]any{x.Experiment, x.Spec, orNull(x.Style), x.Epoch, x.Slots, x.Share, x.Feasible, x.Fitness.Max, x.Fitness.Median, x.Fitness.Q1, x.Fitness.Q3, x.Fitness.Min,
			x.BestBaseFitness, timed}, ms...)...)
	}
	return t
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
