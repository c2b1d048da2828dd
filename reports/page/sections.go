package page

import (
	"fmt"
	"slices"

	"toolgen/analysis"
	"toolgen/datasets"
	"toolgen/reports"
	"toolgen/reports/figures"
)

func (r *report) fronts() *section {
	points, summaries, growth := reports.Fronts(analysis.ParetoFronts(r.rows, r.Filter, figures.DefaultObjectives[:]))
	return &section{
		ID: "fronts", Title: "Pareto fronts",
		Intro:  "Feasible candidates that no other beats in both virtual time and fitness. Hypervolume is the share of the box between the best and the worst values that the front dominates.",
		Tables: []*tableView{r.view("fronts", points), r.view("front-summaries", summaries), r.view("front-growth", growth)},
	}
}

// leaderboard is every candidate, or where these are too many how many of each style
// had which verdict.
func (r *report) leaderboard() *section {
	all := reports.Leaderboard(r.standings).Brief(reports.Text).Without("seeds", "lineage", "ancestor_id")
	verdicts := func() *reports.Table {
		t := &reports.Table{Title: "Candidates by verdict", Columns: []reports.Column{
			{Name: "experiment"}, {Name: "spec"}, {Name: "style"}, {Name: "final_verdict", Title: "verdict"},
			reports.Number("candidates", "", "", 0), reports.Number("feasible", "", "", 0), reports.Number("best_base_fitness", "best base fitness", "", 4),
		}}
		type key struct{ experiment, spec, style, verdict string }
		type count struct {
			n, feasible int
			best        float64
		}
		counts := map[key]*count{}
		var keys []key
		for i := range r.standings {
			s := &r.standings[i]
			k := key{s.Experiment, s.Spec, styleName(s.Style, s.Label), s.FinalVerdict}
			c := counts[k]
			if c == nil {
				c = &count{best: s.FinalBaseFitness}
				counts[k], keys = c, append(keys, k)
			}
			if c.n++; s.FinalFeasible {
				c.feasible++
			}
			c.best = max(c.best, s.FinalBaseFitness)
		}
		for _, k := range keys {
			c := counts[k]
			t.Add(k.experiment, k.spec, k.style, k.verdict, c.n, c.feasible, c.best)
		}
		return t
	}
	return &section{
		ID: "leaderboard", Title: "Leaderboard", Intro: "Every distinct candidate as it stands at the last budget.",
		Tables: []*tableView{
			view("verdicts", verdicts().Brief(reports.Text), nil),
			limited("leaderboard", all, verdicts, r.anchors, r.Runs, "data/candidates.parquet"),
		},
	}
}

func styleName(style, label *string) string {
	switch {
	case style != nil:
		return *style
	case label != nil:
		return *label
	}
	return "entrant"
}

func (r *report) stability() *section {
	rates, flakes, spreads := reports.Stability(analysis.Stability(r.rows, r.Filter), func(f *analysis.Flake) string {
		return fmt.Sprintf("toolgen replay %s %s --seed %d --case %s --entropy %d", shellQuote(f.Run), reports.ShortID(f.CandidateID), f.Seed, shellQuote(f.Case), f.Entropy)
	})
	s := &section{
		ID: "stability", Title: "Stability",
		Intro:  "A candidate is flaky if it answers differently under other entropy. Intervals are Wilson's, 95 %.",
		Tables: []*tableView{r.view("flake-rates", rates)},
	}
	if len(flakes.Rows) > 0 {
		s.Tables = append(s.Tables, r.view("flakes", flakes))
	}
	s.Tables = append(s.Tables, r.view("seed-spreads", spreads))
	return s
}

// diffsShown is how many handoffs and ancestors are shown in full. The tables have all.
const diffsShown = 40

// handoffs shows what became of failing candidates: the repaired with their patches
// first, then those that failed, with some of their failing cases.
func (r *report) handoffs() *section {
	rates, funnel, challengers, counts := reports.Handoffs(analysis.Handoffs(r.rows, r.Filter))
	s := &section{
		ID: "handoffs", Title: "Handoffs", Intro: "Failing candidates on their way to the repair lab, and what came of it.",
		Tables: []*tableView{r.view("funnel", funnel), r.view("repairs", rates), r.view("handoff-counts", counts)},
	}
	if len(challengers.Rows) > 0 {
		s.Tables = append(s.Tables, r.view("challengers", challengers))
	}
	type item struct {
		run *Run
		h   *datasets.Handoff
	}
	var list []item
	seen := map[seedCandidate]bool{}
	for _, patched := range []bool{true, false} {
		for _, run := range r.Runs {
			for i := range run.rows.Handoffs {
				h := &run.rows.Handoffs[i]
				k := seedCandidate{h.Seed, h.CandidateID}
				if (h.Patch != nil) != patched || seen[k] || !r.keeps(h) {
					continue
				}
				seen[k] = true
				list = append(list, item{run, h})
			}
		}
	}
	for _, it := range list[:min(len(list), diffsShown)] {
		h := it.h
		v := handoffView{
			Title:    reports.Printable(fmt.Sprintf("%s %s of %s, epoch %d: %s, %s", reports.ShortID(h.CandidateID), styleName(h.Style, nil), h.Spec, h.Epoch, h.Reason, h.Outcome)),
			Failures: it.run.failures[seedCandidate{h.Seed, h.CandidateID}],
		}
		if h.Patch != nil {
			v.Patch = diffLines(*h.Patch)
		}
		s.Handoffs = append(s.Handoffs, v)
	}
	if len(list) > diffsShown {
		s.Intro += fmt.Sprintf(" Of %d candidates, %d are shown with their failing cases or patches; `toolgen show` has the others.", len(list), diffsShown)
	}
	return s
}

// keeps applies the filter to a handoff, whose candidate may be an entrant.
func (r *report) keeps(h *datasets.Handoff) bool {
	in := func(list []analysis.Range, n int64) bool {
		return list == nil || slices.ContainsFunc(list, func(x analysis.Range) bool { return x.From <= n && n <= x.To })
	}
	f := &r.Filter
	return (f.Specs == nil || slices.Contains(f.Specs, h.Spec)) && in(f.Seeds, h.Seed) && in(f.Epochs, int64(h.Epoch)) &&
		(f.Styles == nil || h.Style != nil && slices.Contains(f.Styles, *h.Style))
}

// failing counts the recorded cases.
func (r *report) failing() *section {
	t := &reports.Table{Title: "Recorded cases by verdict", Columns: []reports.Column{
		{Name: "run"}, {Name: "spec"}, {Name: "style"}, {Name: "kind"}, {Name: "verdict"}, reports.Number("candidates", "", "", 0), reports.Number("case_runs", "runs of cases", "", 0),
	}}
	total := 0
	for _, run := range r.Runs {
		for _, c := range run.cases {
			if f := &r.Filter; f.Specs != nil && !slices.Contains(f.Specs, c.spec) || f.Styles != nil && !slices.Contains(f.Styles, c.style) {
				continue
			}
			total += c.runs
			t.Add(run.Dir, c.spec, c.style, c.kind, c.verdict, c.candidates, c.runs)
		}
	}
	if len(r.Runs) == 1 {
		t = t.Without("run")
	}
	return &section{
		ID: "cases", Title: "Failing cases", Intro: "A run records the cases that a candidate fails, each time it was run.",
		Tables: []*tableView{linked(view("cases", t, nil), total, r.Runs, "data/cases.parquet")},
	}
}

// lineages shows each winner's source, and how it came to be.
func (r *report) lineages() *section {
	s := &section{ID: "lineage", Title: "Sources and lineage of the winners", Intro: "From the winner back to the first of its line, with what each step changed."}
	shown, steps := map[string]bool{}, 0
	for i := range r.winners {
		w := &r.winners[i]
		seed := w.Seeds[0]
		c := r.final[seedCandidate{seed, w.CandidateID}]
		if shown[w.CandidateID] || c == nil {
			continue
		}
		shown[w.CandidateID] = true
		t := &reports.Table{Title: "Lineage of " + reports.ShortID(w.CandidateID) + ", youngest first", Columns: []reports.Column{
			{Name: "candidate_id", Title: "candidate", Show: reports.ShortID}, {Name: "style"}, {Name: "origin"}, reports.Number("first_epoch", "epoch", "", 0),
			{Name: "final_verdict", Title: "verdict"}, reports.Number("final_base_fitness", "base fitness", "", 4), {Name: "params"},
		}}
		v := winnerView{
			Anchor: anchor(w.CandidateID),
			Title:  reports.Printable(fmt.Sprintf("%s: %s %s, base fitness %.4f", w.Spec, styleName(w.Style, w.Label), reports.ShortID(w.CandidateID), w.FinalBaseFitness)),
			Source: reports.PrintableLines(c.Source),
		}
		child := c
		for n, id := range append([]string{w.CandidateID}, w.Lineage...) {
			a := r.final[seedCandidate{seed, id}]
			if a == nil {
				break
			}
			t.Add(a.CandidateID, a.Style, a.Origin, a.FirstEpoch, a.FinalVerdict, a.FinalBaseFitness, a.Params)
			if n > 0 && steps < diffsShown {
				if diff := unified(a, child); diff != "" {
					steps++
					v.Steps = append(v.Steps, stepView{reports.Printable(fmt.Sprintf("%s to %s (%s)", reports.ShortID(a.CandidateID), reports.ShortID(child.CandidateID), child.Origin)), diffLines(diff)})
				}
			}
			child = a
		}
		v.Lineage = view("lineage-"+reports.ShortID(w.CandidateID), t, nil)
		s.Winners = append(s.Winners, v)
	}
	return s
}

// components sums the bills of materials up.
func (r *report) components() *section {
	t := &reports.Table{Title: "Components of all candidates", Columns: []reports.Column{
		{Name: "run"}, {Name: "type"}, {Name: "name"}, {Name: "version"}, {Name: "license"}, {Name: "supplier"}, reports.Number("candidates", "", "", 0),
	}}
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	for _, run := range r.Runs {
		for _, c := range run.components {
			t.Add(run.Dir, c.kind, c.name, null(c.version), null(c.license), null(c.supplier), c.candidates)
		}
	}
	if len(r.Runs) == 1 {
		t = t.Without("run")
	}
	total := 0
	for _, run := range r.Runs {
		total += int(run.Lock.Tables[datasets.SBOMs.Name].Rows)
	}
	return &section{
		ID: "sbom", Title: "Bill of materials", Intro: "What the candidates are built of, and how many have it. `toolgen sbom RUN CANDIDATE` writes the CycloneDX document of one.",
		Tables: []*tableView{linked(view("sbom", t, nil), total, r.Runs, "data/sboms.parquet")},
	}
}
