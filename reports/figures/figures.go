// Package figures makes the charts of runs: it asks analysis for statistics and hands
// them to chart. It is what `toolgen plot` and the report have in common.
//
// It computes nothing and draws nothing.
package figures

import (
	"fmt"
	"math"
	"slices"

	"toolgen/analysis"
	"toolgen/reports"
	"toolgen/reports/chart"
)

// Kinds lists the charts.
var Kinds = []string{"latency", "pareto", "stability", "handoffs", "diversity", "fitness", "clocks"}

// Clocks that latency can be read from.
const (
	Virtual = "virtual"
	Wall    = "wall"
)

// Source is what charts are made of. Only what a chart needs must be there.
type Source struct {
	Runs       []*analysis.Run // with samples for clocks and the wall clock, with handoffs for handoffs
	Filter     analysis.Filter
	Clock      string                // of latency: Virtual or Wall; "" is Virtual
	Objectives [2]analysis.Objective // of pareto: the horizontal and the vertical axis; zero is DefaultObjectives
}

// each visits the experiments in the order of their panels. runs are its runs, name is
// what its panels are called: nothing where it is the only one, its name where names
// differ, and otherwise with the beginning of its id.
func (s *Source) each(visit func(name string, runs []int)) {
	var groups []string
	members := map[string][]int{}
	names := map[string]map[string]bool{} // by name: the groups that have it
	for i, r := range s.Runs {
		if members[r.Group] == nil {
			groups = append(groups, r.Group)
		}
		members[r.Group] = append(members[r.Group], i)
		if names[r.Experiment] == nil {
			names[r.Experiment] = map[string]bool{}
		}
		names[r.Experiment][r.Group] = true
	}
	for _, g := range groups {
		name := s.Runs[members[g][0]].Experiment
		switch {
		case len(groups) == 1:
			name = ""
		case len(names[name]) > 1:
			name = fmt.Sprintf("%s %.8s", name, g)
		}
		visit(name, members[g])
	}
}

// subset is some of the runs.
func (s *Source) subset(index []int) []*analysis.Run {
	out := make([]*analysis.Run, len(index))
	for n, i := range index {
		out[n] = s.Runs[i]
	}
	return out
}

// title is a chart's title, which names the experiment if there is only one.
func (s *Source) title(what string) string {
	if len(s.Runs) == 0 {
		return what
	}
	for _, r := range s.Runs {
		if r.Experiment != s.Runs[0].Experiment {
			return what
		}
	}
	return s.Runs[0].Experiment + ": " + what
}

// Picture is a chart, and the numbers in it as a table.
type Picture struct {
	Figure *chart.Figure
	Table  *reports.Table
}

// Make makes a chart of a kind.
func (s *Source) Make(kind string) (Picture, error) {
	switch kind {
	case "latency":
		return s.latency(), nil
	case "fitness":
		return s.fitness(), nil
	case "diversity":
		return s.diversity(), nil
	case "clocks":
		return s.clocks(), nil
	case "pareto":
		return s.pareto(), nil
	case "stability":
		return s.stability(), nil
	case "handoffs":
		return s.handoffs(), nil
	}
	return Picture{}, fmt.Errorf("figures: there is no chart %q", kind)
}

// named is the name of a style in a chart.
func named(style string) string {
	if style == "" {
		return "entrant"
	}
	return style
}

// clocks draws what was timed in each run, on whatever machine that was.
func (s *Source) clocks() Picture {
	var panels []chart.ClockPanel
	var every []analysis.Clock
	type key struct {
		group string
		seed  int64
		id    string
	}
	seen := map[key]bool{}
	s.each(func(name string, runs []int) {
		from := len(panels)
		for _, i := range runs {
			r := s.Runs[i]
			if r.Rules == nil {
				continue
			}
			list := slices.DeleteFunc(analysis.Clocks(r, r.Samples, r.Rules.FuelPerMS), func(c analysis.Clock) bool {
				k := key{r.Group, c.Seed, c.CandidateID}
				again := seen[k] // a row that several runs of the experiment hold counts once
				seen[k] = true
				return again || !s.keeps(&c)
			})
			every = append(every, list...)
			for _, c := range list {
				k := from + slices.IndexFunc(panels[from:], func(p chart.ClockPanel) bool { return p.Spec == c.Spec })
				if k < from {
					k = len(panels)
					panels = append(panels, chart.ClockPanel{Run: name, Spec: c.Spec})
				}
				panels[k].Points = append(panels[k].Points, chart.ClockPoint{Name: named(c.Style) + " " + reports.ShortID(c.CandidateID), Style: named(c.Style), VirtualMS: c.VirtualMS, WallMS: c.WallMS})
			}
		}
		for i := range panels[from:] {
			p := &panels[from+i]
			p.Rho = analysis.Agreement(clocksOf(p.Points))
		}
	})
	t := reports.Clocks(every)
	if rho := analysis.Agreement(every); !math.IsNaN(rho) {
		t.Notes = append(t.Notes, fmt.Sprintf("rank correlation (Spearman) %.4f over %d candidates", rho, len(every)))
	}
	return Picture{chart.Clocks(s.title("wall time against virtual time"), panels), t}
}

// keeps applies the filter to a clock. An epoch says nothing of it: what a candidate
// takes is measured once.
func (s *Source) keeps(c *analysis.Clock) bool {
	f := &s.Filter
	return (f.Specs == nil || slices.Contains(f.Specs, c.Spec)) && (f.Styles == nil || slices.Contains(f.Styles, c.Style)) &&
		(f.Seeds == nil || slices.ContainsFunc(f.Seeds, func(r analysis.Range) bool { return r.From <= c.Seed && c.Seed <= r.To }))
}

// clocksOf are the points of a panel for analysis.Agreement, which looks at both times
// alone.
func clocksOf(points []chart.ClockPoint) []analysis.Clock {
	out := make([]analysis.Clock, len(points))
	for i, p := range points {
		out[i] = analysis.Clock{VirtualMS: p.VirtualMS, WallMS: p.WallMS}
	}
	return out
}
