package figures

import (
	"slices"

	"toolgen/analysis"
	"toolgen/datasets"
	"toolgen/reports"
	"toolgen/reports/chart"
)

// byPanel calls add for each experiment and spec, with the epochs of both.
func (s *Source) byPanel(latency func(*datasets.Evaluation) *float64, add func(run string, list []analysis.Epoch)) {
	s.each(func(name string, runs []int) {
		epochs := analysis.Epochs(s.subset(runs), s.Filter, latency)
		for i := 0; i < len(epochs); {
			j := i
			for j < len(epochs) && epochs[j].Spec == epochs[i].Spec {
				j++
			}
			add(name, epochs[i:j])
			i = j
		}
	})
}

func (s *Source) latencyOf() (string, func(*datasets.Evaluation) *float64) {
	if s.Clock != Wall {
		return Virtual, ofRight(analysis.VirtualLatency)
	}
	return Wall, ofRight(analysis.WallLatency(s.Runs))
}

// ofRight is the latency of candidates that answer right or ran out of a budget. One
// that answers wrongly often does so because it does next to nothing, and that is not
// the latency of its style.
func ofRight(latency func(*datasets.Evaluation) *float64) func(*datasets.Evaluation) *float64 {
	right := []string{datasets.VerdictPass, datasets.VerdictFlaky, datasets.VerdictTimeout, datasets.VerdictOutOfMemory}
	return func(e *datasets.Evaluation) *float64 {
		if !slices.Contains(right, e.Verdict) {
			return nil
		}
		return latency(e)
	}
}

func (s *Source) latency() Picture {
	clock, latency := s.latencyOf()
	t := &reports.Table{Title: "Latency by epoch", Columns: []reports.Column{
		{Name: "experiment"}, {Name: "spec"}, reports.Number("epoch", "epoch", "", 0), {Name: "style"}, reports.Number("candidates", "", "", 0),
		reports.Number(clock+"_ms_p10", "10th percentile", clock+" ms", 3), reports.Number(clock+"_ms", "median", clock+" ms", 3),
		reports.Number(clock+"_ms_p90", "90th percentile", clock+" ms", 3), reports.Number("budget_timeout_ms", "budget", "virtual ms", -1),
	}}
	var panels []chart.LatencyPanel
	s.byPanel(latency, func(run string, list []analysis.Epoch) {
		p := chart.LatencyPanel{Run: run, Spec: list[0].Spec}
		for _, e := range list {
			p.Budget = append(p.Budget, chart.BudgetStep{Epoch: int(e.Epoch), MS: e.BudgetTimeoutMS})
			for _, st := range e.Styles {
				if st.Latency == nil {
					continue
				}
				t.Add(e.Experiment, e.Spec, e.Epoch, named(st.Style), st.Latency.N, st.Latency.P10, st.Latency.Median, st.Latency.P90, e.BudgetTimeoutMS)
				i := slices.IndexFunc(p.Styles, func(l chart.StyleLatency) bool { return l.Style == named(st.Style) })
				if i < 0 {
					i = len(p.Styles)
					p.Styles = append(p.Styles, chart.StyleLatency{Style: named(st.Style)})
				}
				p.Styles[i].Epochs = append(p.Styles[i].Epochs, chart.Spread{Epoch: int(e.Epoch), P10: st.Latency.P10, Median: st.Latency.Median, P90: st.Latency.P90})
			}
		}
		panels = append(panels, p)
	})
	return Picture{chart.Latency(s.title("latency by epoch"), clock, panels), t}
}

func (s *Source) fitness() Picture {
	t := &reports.Table{Title: "Fitness by epoch", Columns: []reports.Column{
		{Name: "experiment"}, {Name: "spec"}, reports.Number("epoch", "epoch", "", 0), reports.Number("slots", "", "", 0),
		reports.Number("best_base_fitness", "best", "", 4), reports.Number("base_fitness", "mean", "", 4), reports.Number("correctness", "", "", 4), reports.Number("safety", "", "", 4),
		reports.Number("performance", "", "", 4), reports.Number("robustness", "", "", 4), reports.Number("documentation", "", "", 4),
	}}
	var panels []chart.FitnessPanel
	s.byPanel(analysis.VirtualLatency, func(run string, list []analysis.Epoch) {
		p := chart.FitnessPanel{Run: run, Spec: list[0].Spec}
		for _, e := range list {
			t.Add(e.Experiment, e.Spec, e.Epoch, e.Slots, e.BestBaseFitness, e.MeanBaseFitness, e.Correctness, e.Safety, e.Performance, e.Robustness, e.Documentation)
			p.Epochs = append(p.Epochs, chart.FitnessEpoch{
				Epoch: int(e.Epoch), Best: e.BestBaseFitness, Mean: e.MeanBaseFitness,
				Parts: []chart.Part{{Name: "correctness", Mean: &e.Correctness}, {Name: "safety", Mean: &e.Safety}, {Name: "performance", Mean: e.Performance},
					{Name: "robustness", Mean: e.Robustness}, {Name: "documentation", Mean: &e.Documentation}},
			})
		}
		panels = append(panels, p)
	})
	return Picture{chart.Fitness(s.title("fitness and its parts by epoch"), panels), t}
}

func (s *Source) diversity() Picture {
	t := &reports.Table{Title: "Styles by epoch", Columns: []reports.Column{
		{Name: "experiment"}, {Name: "spec"}, reports.Number("epoch", "epoch", "", 0), {Name: "style"}, reports.Number("slots", "", "", 0), reports.Number("share", "", "", 4),
	}}
	var panels []chart.DiversityPanel
	s.byPanel(analysis.VirtualLatency, func(run string, list []analysis.Epoch) {
		p := chart.DiversityPanel{Run: run, Spec: list[0].Spec}
		for _, e := range list {
			shares := chart.EpochShares{Epoch: int(e.Epoch)}
			for _, st := range e.Styles {
				t.Add(e.Experiment, e.Spec, e.Epoch, named(st.Style), st.Slots, st.Share)
				shares.Shares = append(shares.Shares, chart.StyleShare{Style: named(st.Style), Share: st.Share})
			}
			p.Epochs = append(p.Epochs, shares)
		}
		panels = append(panels, p)
	})
	return Picture{chart.Diversity(s.title("styles by epoch"), panels), t}
}
