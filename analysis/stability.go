package analysis

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"toolgen/analysis/stats"
	"toolgen/datasets"
)

// What a rate is by.
const (
	BySpec  = "spec"
	ByStyle = "style"
	ByEpoch = "epoch"
)

// alpha of all intervals that are shown: they are 95 % intervals.
const alpha = 0.05

// Rate is how many of how many, with its Wilson score interval.
type Rate struct {
	Count, Of int
	Share     float64 // Count / Of; 0 if Of is 0
	Lower     float64 // ends of the 95 % interval; 0 and 1 if Of is 0
	Upper     float64
}

func newRate(count, of int) Rate {
	interval := stats.Wilson(count, of, alpha)
	r := Rate{Count: count, Of: of, Lower: interval.Low, Upper: interval.High}
	if of > 0 {
		r.Share = float64(count) / float64(of)
	}
	return r
}

// FlakeRate is how many candidates of a spec, a style of it or an epoch of it are flaky.
type FlakeRate struct {
	Experiment string
	Spec       string
	By         string // BySpec, ByStyle or ByEpoch
	Style      string // of ByStyle: the style, or an entrant's label
	Epoch      *int32 // of ByEpoch
	Flaky      Rate   // of the distinct candidates, counted under each seed, that were run
}

// Flake is a candidate that answered differently under other entropy, and what exposes
// it: `toolgen replay Run CandidateID --seed Seed --case Case --entropy Entropy`.
type Flake struct {
	Experiment  string
	Run         string // folder of the run that holds it
	Seed        int64
	Spec        string
	Style       *string
	Label       *string
	CandidateID string
	FirstEpoch  int32 // of those that the filter keeps
	Epochs      int   // in which it was flaky
	Case        string
	Entropy     int64
}

// ScoreSpread is how far the seeds of an experiment are apart: over the best feasible
// candidate of a style of a spec under each seed, as it stands at the last budget.
type ScoreSpread struct {
	Experiment  string
	Spec        string
	Style       string // or an entrant's label
	Seeds       int    // with a feasible candidate
	OfSeeds     int    // under which the style was played
	BaseFitness Spread
	VirtualMS   *Spread // of the same candidates; null unless all of them have it
}

// Spread is how a sample is spread. Each number is one of the sample's.
type Spread struct {
	N                        int
	Min, Q1, Median, Q3, Max float64 // quantiles as stats.Quantile has them: the median is the lower one
}

func newSpread(values []float64) *Spread {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	q := func(share float64) float64 { return stats.Quantile(values, share) }
	return &Spread{len(values), values[0], q(0.25), q(0.5), q(0.75), values[len(values)-1]}
}

// StabilityReport is the answer of Stability.
type StabilityReport struct {
	Rates   []FlakeRate   // by experiment and spec; the spec itself, then its styles, then its epochs
	Flakes  []Flake       // by experiment, spec, seed and id
	Spreads []ScoreSpread // by experiment, spec and style
}

// Stability tells how stable candidates are. A candidate is flaky if it was in any epoch
// that the filter keeps: what its entropy exposes does not depend on the budget, but
// whether a case is within it does. Candidates that were never run, for the gate or the
// type checker rejected them, are in no rate.
func Stability(runs []*Run, f Filter) *StabilityReport {
	out := &StabilityReport{}
	for _, g := range groups(runs) {
		rows := g.evaluations(&f)
		out.rates(&g, rows)
		out.flakes(&g, rows)
		out.spreads(&g, rows)
	}
	return out
}

// ran says whether a candidate was executed.
func ran(e *datasets.Evaluation) bool {
	return e.Verdict != datasets.VerdictUnsafe && e.Verdict != datasets.VerdictBuildError
}

// tally counts distinct candidates under their seeds.
type tally struct{ all, hit map[seedCandidate]bool }

func (t *tally) add(k seedCandidate, hit bool) {
	if t.all == nil {
		t.all, t.hit = map[seedCandidate]bool{}, map[seedCandidate]bool{}
	}
	if t.all[k] = true; hit {
		t.hit[k] = true
	}
}

func (t *tally) rate() Rate { return newRate(len(t.hit), len(t.all)) }

func (out *StabilityReport) rates(g *group, rows []*datasets.Evaluation) {
	type key struct {
		spec, style string
		epoch       int32
		by          int // 0 spec, 1 style, 2 epoch: the order in which they are shown
	}
	tallies := map[key]*tally{}
	for _, e := range rows {
		if !ran(e) {
			continue
		}
		for _, k := range []key{{spec: e.Spec}, {spec: e.Spec, style: styleOf(e), by: 1}, {spec: e.Spec, epoch: e.Epoch, by: 2}} {
			if tallies[k] == nil {
				tallies[k] = &tally{}
			}
			tallies[k].add(seedCandidate{e.Seed, e.CandidateID}, e.Stability < 1)
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(tallies), func(a, b key) int {
		return cmp.Or(strings.Compare(a.spec, b.spec), cmp.Compare(a.by, b.by), strings.Compare(a.style, b.style), cmp.Compare(a.epoch, b.epoch))
	}) {
		r := FlakeRate{Experiment: g.experiment, Spec: k.spec, By: []string{BySpec, ByStyle, ByEpoch}[k.by], Style: k.style, Flaky: tallies[k].rate()}
		if k.by == 2 {
			r.Epoch = &k.epoch
		}
		out.Rates = append(out.Rates, r)
	}
}

func (out *StabilityReport) flakes(g *group, rows []*datasets.Evaluation) {
	owner := g.owners()
	found := map[seedCandidate]*Flake{}
	epochs := map[seedCandidate]map[int32]bool{}
	for _, e := range rows { // by key: the first row is of the first epoch
		if e.FlakeCase == nil || e.FlakeEntropy == nil {
			continue
		}
		k := seedCandidate{e.Seed, e.CandidateID}
		if found[k] == nil {
			found[k] = &Flake{
				Experiment: g.experiment, Run: owner[e.Seed].Dir, Seed: e.Seed, Spec: e.Spec, Style: e.Style, Label: e.Label,
				CandidateID: e.CandidateID, FirstEpoch: e.Epoch, Case: *e.FlakeCase, Entropy: *e.FlakeEntropy,
			}
			epochs[k] = map[int32]bool{}
		}
		epochs[k][e.Epoch] = true
	}
	for _, k := range slices.SortedFunc(maps.Keys(found), func(a, b seedCandidate) int {
		return cmp.Or(strings.Compare(found[a].Spec, found[b].Spec), cmp.Compare(a.seed, b.seed), strings.Compare(a.id, b.id))
	}) {
		found[k].Epochs = len(epochs[k])
		out.Flakes = append(out.Flakes, *found[k])
	}
}

func (out *StabilityReport) spreads(g *group, rows []*datasets.Evaluation) {
	type key struct{ spec, style string }
	final := g.finals()
	best := map[key]map[int64]*datasets.Evaluation{} // nil: nobody feasible
	for _, e := range rows {
		k := key{e.Spec, styleOf(e)}
		if best[k] == nil {
			best[k] = map[int64]*datasets.Evaluation{}
		}
		c, was := final[seedCandidate{e.Seed, e.CandidateID}], best[k][e.Seed]
		switch {
		case c == nil || !c.FinalFeasible:
			best[k][e.Seed] = was
		case was == nil || better(e, c.FinalBaseFitness, was, final[seedCandidate{was.Seed, was.CandidateID}].FinalBaseFitness):
			best[k][e.Seed] = e
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(best), func(a, b key) int {
		return cmp.Or(strings.Compare(a.spec, b.spec), strings.Compare(a.style, b.style))
	}) {
		var fitness, ms []float64
		for _, seed := range slices.Sorted(maps.Keys(best[k])) {
			e := best[k][seed]
			if e == nil {
				continue
			}
			fitness = append(fitness, final[seedCandidate{e.Seed, e.CandidateID}].FinalBaseFitness)
			if e.VirtualMS != nil {
				ms = append(ms, *e.VirtualMS)
			}
		}
		s := ScoreSpread{Experiment: g.experiment, Spec: k.spec, Style: k.style, Seeds: len(fitness), OfSeeds: len(best[k])}
		if len(fitness) > 0 {
			s.BaseFitness = *newSpread(fitness)
		}
		if len(ms) == len(fitness) {
			s.VirtualMS = newSpread(ms)
		}
		out.Spreads = append(out.Spreads, s)
	}
}
