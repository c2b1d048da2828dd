package analysis

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"toolgen/datasets"
)

// HandoffCount is how many handoffs had a reason and an outcome.
type HandoffCount struct {
	Experiment string
	Spec       string
	Style      string // or an entrant's label
	Epoch      int32
	Reason     string
	Outcome    string
	Handoffs   int
}

// RepairRate is how the repair lab did, by spec, style or epoch.
type RepairRate struct {
	Experiment string
	Spec       string
	By         string // BySpec, ByStyle or ByEpoch
	Style      string // of ByStyle: the style, or an entrant's label
	Epoch      *int32 // of ByEpoch
	Handoffs   int
	Repaired   Rate // of those that were attempted, each candidate counted once under each seed
	// PatchesTried is over the attempted handoffs; null without any.
	PatchesTried *Spread
	// FirstRepair is how many patches it took, over the handoffs that were repaired;
	// null without any.
	FirstRepair *Spread
	RepairFuel  int64 // spent on all of them
}

// Challenger is a repaired candidate, and how it fared.
type Challenger struct {
	Experiment          string
	Seed                int64
	Spec                string
	Style               *string
	Label               *string
	HandoffID           string
	Epoch               int32  // of the handoff; it competes from the next one on
	CandidateID         string // that was handed off
	Reason              string
	ChallengerID        string
	PatchesTried        int32
	Epochs              int  // in which it competed after the handoff
	SelectedEpochs      int  // of these, in which it was selected to live on
	Won                 bool // the best feasible of its seed, spec and style at the last budget
	FinalFeasible       bool
	FinalBaseFitness    *float64 // null if it never competed
	AncestorBaseFitness *float64 // of the candidate that was handed off, as it stands at the last budget
	ValidateCorrectness *float64
	HoldoutCorrectness  *float64
}

// Stages of the funnel, in order. Each is a part of the one before.
const (
	StageFailed    = "failed"    // distinct candidates, under each seed, that needed the lab in some epoch
	StageAttempted = "attempted" // that the lab took on
	StagePlausible = "plausible" // for which a patch passed the cases that failed
	StageRepaired  = "repaired"  // and all others
	StageCompeted  = "competed"  // whose challenger entered an epoch
	StageSelected  = "selected"  // whose challenger was selected there, or won
	StageWon       = "won"       // whose challenger is a winner of the run
)

// Stages lists them.
var Stages = []string{StageFailed, StageAttempted, StagePlausible, StageRepaired, StageCompeted, StageSelected, StageWon}

// FunnelStage is how many came how far.
type FunnelStage struct {
	Experiment string
	Spec       string
	Stage      string
	Candidates int
}

// HandoffReport is the answer of Handoffs.
type HandoffReport struct {
	Counts      []HandoffCount // by experiment, spec, style, epoch, reason and outcome
	Rates       []RepairRate   // by experiment and spec; the spec itself, then its styles, then its epochs
	Challengers []Challenger   // by experiment, spec, seed, epoch and handoff
	Funnel      []FunnelStage  // by experiment and spec, in the order of Stages
}

// attempted says whether the lab took a handoff on. A verdict of "error" is one that the
// lab met while it tried.
func attempted(h *handoff) bool { return h.Outcome != datasets.OutcomeNotAttempted }

// Handoffs tells what came of the candidates that failed. Runs must have their handoffs,
// see ReadHandoffs. A handoff is of one candidate in one epoch; a candidate that fails
// again is handed off again. The filter's epochs are those of the handoff, its styles
// those of the candidate that failed.
func Handoffs(runs []*Run, f Filter) *HandoffReport {
	out := &HandoffReport{}
	for _, g := range groups(runs) {
		list := g.handoffs(&f)
		out.counts(&g, list)
		out.rates(&g, list)
		fates := out.challengers(&g, list)
		out.funnel(&g, list, fates)
	}
	return out
}

// handoff is a row with the name that its candidate goes by.
type handoff struct {
	*datasets.Handoff
	label *string
	name  string // style, or label of an entrant
}

// handoffs are those that a filter keeps, each once, by spec and key.
func (g *group) handoffs(f *Filter) []*handoff {
	owner := g.owners()
	var out []*handoff
	for _, r := range g.runs {
		labels := map[seedCandidate]*string{}
		for i := range r.Evaluations {
			if e := &r.Evaluations[i]; e.Label != nil {
				labels[seedCandidate{e.Seed, e.CandidateID}] = e.Label
			}
		}
		for i := range r.Handoffs {
			h := &r.Handoffs[i]
			e := &datasets.Evaluation{Seed: h.Seed, Epoch: h.Epoch, Spec: h.Spec, Style: h.Style, Label: labels[seedCandidate{h.Seed, h.CandidateID}]}
			if owner[h.Seed] == r && f.keeps(e) {
				out = append(out, &handoff{h, e.Label, styleOf(e)})
			}
		}
	}
	slices.SortFunc(out, func(a, b *handoff) int {
		return cmp.Or(strings.Compare(a.Spec, b.Spec), cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.Epoch, b.Epoch), strings.Compare(a.HandoffID, b.HandoffID))
	})
	return out
}

func (out *HandoffReport) counts(g *group, list []*handoff) {
	counts := map[HandoffCount]int{}
	for _, h := range list {
		counts[HandoffCount{Experiment: g.experiment, Spec: h.Spec, Style: h.name, Epoch: h.Epoch, Reason: h.Reason, Outcome: h.Outcome}]++
	}
	for _, k := range slices.SortedFunc(maps.Keys(counts), func(a, b HandoffCount) int {
		return cmp.Or(strings.Compare(a.Spec, b.Spec), strings.Compare(a.Style, b.Style), cmp.Compare(a.Epoch, b.Epoch),
			strings.Compare(a.Reason, b.Reason), strings.Compare(a.Outcome, b.Outcome))
	}) {
		n := counts[k]
		k.Handoffs = n
		out.Counts = append(out.Counts, k)
	}
}

func (out *HandoffReport) rates(g *group, list []*handoff) {
	type key struct {
		spec, style string
		epoch       int32
		by          int
	}
	type sums struct {
		handoffs       int
		repaired       tally
		tried, patches []float64
		fuel           int64
	}
	all := map[key]*sums{}
	for _, h := range list {
		for _, k := range []key{{spec: h.Spec}, {spec: h.Spec, style: h.name, by: 1}, {spec: h.Spec, epoch: h.Epoch, by: 2}} {
			s := all[k]
			if s == nil {
				s = &sums{}
				all[k] = s
			}
			s.handoffs++
			s.fuel += h.RepairFuel
			if !attempted(h) {
				continue
			}
			repaired := h.Outcome == datasets.OutcomeRepaired
			s.repaired.add(seedCandidate{h.Seed, h.CandidateID}, repaired)
			if s.tried = append(s.tried, float64(h.PatchesTried)); repaired {
				s.patches = append(s.patches, float64(h.PatchesTried))
			}
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(all), func(a, b key) int {
		return cmp.Or(strings.Compare(a.spec, b.spec), cmp.Compare(a.by, b.by), strings.Compare(a.style, b.style), cmp.Compare(a.epoch, b.epoch))
	}) {
		s := all[k]
		r := RepairRate{
			Experiment: g.experiment, Spec: k.spec, By: []string{BySpec, ByStyle, ByEpoch}[k.by], Style: k.style,
			Handoffs: s.handoffs, Repaired: s.repaired.rate(), PatchesTried: newSpread(s.tried), FirstRepair: newSpread(s.patches), RepairFuel: s.fuel,
		}
		if k.by == 2 {
			r.Epoch = &k.epoch
		}
		out.Rates = append(out.Rates, r)
	}
}

// challengers follows the repaired candidates through the epochs after their handoff.
func (out *HandoffReport) challengers(g *group, list []*handoff) map[*handoff]*Challenger {
	rows := map[seedCandidate][]*datasets.Evaluation{}
	for _, e := range g.evaluations(&Filter{}) {
		k := seedCandidate{e.Seed, e.CandidateID}
		rows[k] = append(rows[k], e)
	}
	final, winners := g.finals(), g.winners()
	fates := map[*handoff]*Challenger{}
	for _, h := range list {
		if h.ChallengerID == nil {
			continue
		}
		k := seedCandidate{h.Seed, *h.ChallengerID}
		c := &Challenger{
			Experiment: g.experiment, Seed: h.Seed, Spec: h.Spec, Style: h.Style, Label: h.label, HandoffID: h.HandoffID, Epoch: h.Epoch, CandidateID: h.CandidateID,
			Reason: h.Reason, ChallengerID: *h.ChallengerID, PatchesTried: h.PatchesTried, Won: winners[k],
			ValidateCorrectness: h.ValidateCorrectness, HoldoutCorrectness: h.HoldoutCorrectness,
		}
		competed, selected := map[int32]bool{}, map[int32]bool{}
		for _, e := range rows[k] {
			if e.Spec != h.Spec || e.Epoch <= h.Epoch {
				continue
			}
			if competed[e.Epoch] = true; e.Selected {
				selected[e.Epoch] = true
			}
		}
		c.Epochs, c.SelectedEpochs = len(competed), len(selected)
		// One that never entered an epoch cannot have won, though another way led to the same source.
		c.Won = c.Won && c.Epochs > 0
		if f := final[k]; f != nil && c.Epochs > 0 {
			c.FinalFeasible, c.FinalBaseFitness = f.FinalFeasible, &f.FinalBaseFitness
		}
		if f := final[seedCandidate{h.Seed, h.CandidateID}]; f != nil {
			c.AncestorBaseFitness = &f.FinalBaseFitness
		}
		fates[h] = c
		out.Challengers = append(out.Challengers, *c)
	}
	return fates
}

// winners are the best feasible candidates of each seed, spec and style at the last
// budget: those whose bundles a run keeps.
func (g *group) winners() map[seedCandidate]bool {
	type key struct {
		seed        int64
		spec, style string
	}
	final := g.finals()
	best := map[key]*datasets.Evaluation{}
	for _, e := range g.evaluations(&Filter{}) {
		c := final[seedCandidate{e.Seed, e.CandidateID}]
		if c == nil || !c.FinalFeasible {
			continue
		}
		k := key{e.Seed, e.Spec, styleOf(e)}
		if was := best[k]; was == nil || better(e, c.FinalBaseFitness, was, final[seedCandidate{was.Seed, was.CandidateID}].FinalBaseFitness) {
			best[k] = e
		}
	}
	out := map[seedCandidate]bool{}
	// any order: a set is made
	for _, e := range best {
		out[seedCandidate{e.Seed, e.CandidateID}] = true
	}
	return out
}

func (out *HandoffReport) funnel(g *group, list []*handoff, fates map[*handoff]*Challenger) {
	reached := map[string]map[string]map[seedCandidate]bool{} // by spec and stage
	for _, h := range list {
		if reached[h.Spec] == nil {
			reached[h.Spec] = map[string]map[seedCandidate]bool{}
		}
		c := fates[h]
		repaired := h.Outcome == datasets.OutcomeRepaired
		competed := repaired && c != nil && c.Epochs > 0
		selected := competed && (c.SelectedEpochs > 0 || c.Won) // after the last epoch nobody is selected
		for i, yes := range []bool{true, attempted(h), attempted(h) && (h.PatchesPlausible > 0 || repaired), repaired, competed, selected, competed && c.Won} {
			stage := reached[h.Spec][Stages[i]]
			if stage == nil {
				stage = map[seedCandidate]bool{}
				reached[h.Spec][Stages[i]] = stage
			}
			if yes {
				stage[seedCandidate{h.Seed, h.CandidateID}] = true
			}
		}
	}
	for _, spec := range slices.Sorted(maps.Keys(reached)) {
		for _, stage := range Stages {
			out.Funnel = append(out.Funnel, FunnelStage{Experiment: g.experiment, Spec: spec, Stage: stage, Candidates: len(reached[spec][stage])})
		}
	}
}
