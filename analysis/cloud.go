package analysis

import (
	"math"
	"slices"
	"strings"

	"toolgen/datasets"
)

// CloudPoint is a candidate under one seed in the space of some objectives.
type CloudPoint struct {
	Experiment  string
	Spec        string
	Seed        int64
	CandidateID string
	Style       string // or an entrant's label
	Values      []float64
	Feasible    bool
}

// Cloud returns what the fronts of ParetoFronts are the edges of: every candidate that
// has a value in each objective, feasible or not, with the values of the latest of its
// evaluations that the filter keeps; by experiment, spec, seed and id.
func Cloud(runs []*Run, f Filter, objectives []Objective) []CloudPoint {
	var out []CloudPoint
	for _, g := range groups(runs) {
		final := g.finals()
		columns := make([]func(*datasets.Evaluation) float64, len(objectives))
		for j, o := range objectives {
			columns[j] = numberOf(o.Column, final)
		}
		latest := latestRows(g.evaluations(&f))
		slices.SortStableFunc(latest, func(a, b *datasets.Evaluation) int { return strings.Compare(a.Spec, b.Spec) })
		for _, e := range latest {
			p := CloudPoint{Experiment: g.experiment, Spec: e.Spec, Seed: e.Seed, CandidateID: e.CandidateID, Style: styleOf(e), Feasible: e.Feasible}
			for _, of := range columns {
				p.Values = append(p.Values, of(e))
			}
			if !slices.ContainsFunc(p.Values, math.IsNaN) {
				out = append(out, p)
			}
		}
	}
	return out
}
