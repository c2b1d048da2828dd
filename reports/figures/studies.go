package figures

import (
	"toolgen/analysis"
	"toolgen/analysis/pareto"
	"toolgen/reports"
	"toolgen/reports/chart"
)

// DefaultObjectives are those of the pareto chart: quick, and good.
var DefaultObjectives = [2]analysis.Objective{
	{Column: "virtual_ms", Direction: pareto.Minimize},
	{Column: "fitness", Direction: pareto.Maximize},
}

// axisOf is an objective as an axis, what a title calls it, and what its values are
// divided by.
func axisOf(o analysis.Objective) (axis chart.Objective, title string, unit float64) {
	title = reports.Column{Name: o.Column}.Caption()
	name, unit := title, 1.0
	switch o.Column {
	case "virtual_ms":
		title, name = "virtual time", "virtual ms"
	case "peak_memory_bytes":
		title, name, unit = "peak memory", "peak memory, MiB", 1<<20
	case "source_bytes":
		title, name, unit = "size of the source", "source, KiB", 1<<10
	case "final_base_fitness":
		title, name = "base fitness", "base fitness at the last budget"
	case "final_correctness":
		title, name = "correctness", "correctness at the last budget"
	}
	return chart.Objective{Name: name, Max: o.Direction == pareto.Maximize}, title, unit
}

func (s *Source) pareto() Picture {
	if s.Objectives == [2]analysis.Objective{} {
		s.Objectives = DefaultObjectives
	}
	objectives := s.Objectives[:]
	x, xTitle, xUnit := axisOf(objectives[0])
	y, yTitle, yUnit := axisOf(objectives[1])
	all, _, _ := reports.Fronts(analysis.ParetoFronts(s.Runs, s.Filter, objectives))
	var panels []chart.ParetoPanel
	s.each(func(name string, runs []int) {
		subset := s.subset(runs)
		fronts := analysis.ParetoFronts(subset, s.Filter, objectives)
		type key struct {
			spec string
			seed int64
			id   string
		}
		onFront := map[key]bool{}
		for i := range fronts.Points {
			p := &fronts.Points[i]
			onFront[key{p.Spec, p.Seed, p.CandidateID}] = true
		}
		for _, c := range analysis.Cloud(subset, s.Filter, objectives) {
			if n := len(panels); n == 0 || panels[n-1].Run != name || panels[n-1].Spec != c.Spec {
				panels = append(panels, chart.ParetoPanel{Run: name, Spec: c.Spec})
				for i := range fronts.Summaries {
					if f := &fronts.Summaries[i]; f.Spec == c.Spec && f.Hypervolume != nil {
						panels[n].Hypervolume, panels[n].Reference = f.Hypervolume, &[2]float64{f.Nadir[0] / xUnit, f.Nadir[1] / yUnit}
					}
				}
			}
			p := &panels[len(panels)-1]
			p.Points = append(p.Points, chart.ParetoPoint{
				Name: named(c.Style) + " " + reports.ShortID(c.CandidateID), Style: named(c.Style), X: c.Values[0] / xUnit, Y: c.Values[1] / yUnit,
				Front: onFront[key{c.Spec, c.Seed, c.CandidateID}], Feasible: c.Feasible,
			})
		}
	})
	return Picture{chart.Pareto(s.title("Pareto front of "+xTitle+" and "+yTitle), x, y, panels), all}
}

func (s *Source) stability() Picture {
	rates, _, _ := reports.Stability(analysis.Stability(s.Runs, s.Filter), func(*analysis.Flake) string { return "" })
	var panels []chart.StabilityPanel
	s.each(func(name string, runs []int) {
		for _, r := range analysis.Stability(s.subset(runs), s.Filter).Rates {
			if r.By != analysis.ByStyle {
				continue
			}
			if n := len(panels); n == 0 || panels[n-1].Run != name || panels[n-1].Spec != r.Spec {
				panels = append(panels, chart.StabilityPanel{Run: name, Spec: r.Spec})
			}
			p := &panels[len(panels)-1]
			p.Rows = append(p.Rows, chart.FlakeRate{Name: named(r.Style), Flaky: r.Flaky.Count, Total: r.Flaky.Of, Rate: r.Flaky.Share, Low: r.Flaky.Lower, High: r.Flaky.Upper})
		}
	})
	return Picture{chart.Stability(s.title("flaky candidates"), "95", "Wilson", panels), rates}
}

func (s *Source) handoffs() Picture {
	_, funnel, _, _ := reports.Handoffs(analysis.Handoffs(s.Runs, s.Filter))
	var panels []chart.HandoffPanel
	s.each(func(name string, runs []int) {
		for _, st := range analysis.Handoffs(s.subset(runs), s.Filter).Funnel {
			if n := len(panels); n == 0 || panels[n-1].Run != name || panels[n-1].Spec != st.Spec {
				panels = append(panels, chart.HandoffPanel{Run: name, Spec: st.Spec})
			}
			p := &panels[len(panels)-1]
			p.Stages = append(p.Stages, chart.Stage{Name: st.Stage, Count: st.Candidates})
		}
	})
	return Picture{chart.Handoffs(s.title("from failing to repaired"), panels), funnel}
}
