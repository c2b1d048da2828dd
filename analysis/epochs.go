package analysis

import (
	"cmp"
	"math"
	"slices"

	"toolgen/analysis/stats"
	"toolgen/datasets"
)

// Epoch is one epoch of a spec in an experiment, over all its seeds.
type Epoch struct {
	Experiment      string
	Spec            string
	Epoch           int32
	BudgetTimeoutMS float64 // in force, virtual ms
	Slots           int
	BestBaseFitness float64 // over the slots, feasible or not
	MeanBaseFitness float64
	Correctness     float64 // means over the slots of the scores that base fitness is made of
	Safety          float64
	Performance     *float64 // over the slots that have one; nil if none has
	Robustness      *float64
	Documentation   float64
	Styles          []EpochStyle // by name
}

// EpochStyle is a style, or an entrant, in an epoch.
type EpochStyle struct {
	Style   string // "" for entrants without a name
	Slots   int
	Share   float64 // of the epoch's slots
	Latency *Band   // of its distinct candidates that were timed; nil if none was
}

// Band is the middle of a sample, and what holds all but a tenth of it at either end.
// Each number is one of the sample's, as stats.Quantile has it.
type Band struct {
	N                int
	P10, Median, P90 float64
}

// Epochs returns every epoch of each spec, by experiment, spec and epoch. latency is
// what a timed candidate took, in ms, nil where it was not timed; VirtualLatency is the
// one that decides.
func Epochs(runs []*Run, f Filter, latency func(*datasets.Evaluation) *float64) []Epoch {
	type key struct {
		spec  string
		epoch int32
	}
	var out []Epoch
	for _, g := range groups(runs) {
		rows := map[key][]*datasets.Evaluation{}
		var keys []key
		for _, e := range g.evaluations(&f) {
			k := key{e.Spec, e.Epoch}
			if rows[k] == nil {
				keys = append(keys, k)
			}
			rows[k] = append(rows[k], e)
		}
		slices.SortFunc(keys, func(a, b key) int { return cmp.Or(cmp.Compare(a.spec, b.spec), cmp.Compare(a.epoch, b.epoch)) })
		for _, k := range keys {
			e := foldEpoch(rows[k], latency)
			e.Experiment, e.Spec, e.Epoch = g.experiment, k.spec, k.epoch
			out = append(out, e)
		}
	}
	return out
}

// VirtualLatency is the virtual time of the timed calls.
func VirtualLatency(e *datasets.Evaluation) *float64 { return e.VirtualMS }

// WallLatency is the wall time of the same calls, as the samples of the runs have it:
// the lower median of each candidate's. Runs must have their samples, see ReadSamples.
func WallLatency(runs []*Run) func(*datasets.Evaluation) *float64 {
	wall := map[seedCandidate][]float64{}
	for _, r := range runs {
		for i := range r.Samples {
			s := &r.Samples[i]
			k := seedCandidate{s.Seed, s.CandidateID}
			wall[k] = append(wall[k], float64(s.WallNS)/1e6)
		}
	}
	return func(e *datasets.Evaluation) *float64 {
		list := wall[seedCandidate{e.Seed, e.CandidateID}]
		if len(list) == 0 {
			return nil
		}
		m := lowerMedian(list)
		return &m
	}
}

// foldEpoch folds rows in the order of their keys, so that sums do not depend on the
// order in which runs were named.
func foldEpoch(rows []*datasets.Evaluation, latency func(*datasets.Evaluation) *float64) Epoch {
	out := Epoch{BudgetTimeoutMS: rows[0].BudgetTimeoutMS, Slots: len(rows), BestBaseFitness: math.Inf(-1)}
	var base, correctness, safety, documentation, performance, robustness []float64
	slots := map[string]int{}
	timed := map[string][]float64{}
	seen := map[seedCandidate]bool{}
	var styles []string
	for _, e := range rows {
		out.BestBaseFitness = max(out.BestBaseFitness, e.BaseFitness)
		base, correctness, safety, documentation = append(base, e.BaseFitness), append(correctness, e.Correctness), append(safety, e.Safety), append(documentation, e.Documentation)
		if e.Performance != nil {
			performance = append(performance, *e.Performance)
		}
		if e.Robustness != nil {
			robustness = append(robustness, *e.Robustness)
		}
		style := styleOf(e)
		if slots[style] == 0 {
			styles = append(styles, style)
		}
		slots[style]++
		if k := (seedCandidate{e.Seed, e.CandidateID}); !seen[k] {
			seen[k] = true
			if ms := latency(e); ms != nil {
				timed[style] = append(timed[style], *ms)
			}
		}
	}
	out.MeanBaseFitness, out.Correctness, out.Safety, out.Documentation = mean(base), mean(correctness), mean(safety), mean(documentation)
	if len(performance) > 0 {
		m := mean(performance)
		out.Performance = &m
	}
	if len(robustness) > 0 {
		m := mean(robustness)
		out.Robustness = &m
	}
	slices.Sort(styles)
	for _, name := range styles {
		s := EpochStyle{Style: name, Slots: slots[name], Share: float64(slots[name]) / float64(len(rows))}
		if len(timed[name]) > 0 {
			ms := timed[name]
			s.Latency = &Band{N: len(ms), P10: stats.Quantile(ms, 0.1), Median: stats.LowerMedian(ms), P90: stats.Quantile(ms, 0.9)}
		}
		out.Styles = append(out.Styles, s)
	}
	return out
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}
