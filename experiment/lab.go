package experiment

import (
	"context"
	"fmt"
	"slices"

	"toolgen/datasets"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/pipeline/trial"
	"toolgen/specs"
)

// Baseline is the repair agent that is search: no model, no network.
const Baseline = "baseline"

// patchFuel is the fuel that each patch of a search's budget adds to it: ten virtual
// milliseconds at the default rate. Most patches spend a tenth.
const patchFuel = 100_000_000

// ward is a failing candidate that is in the repair lab.
type ward struct {
	x        *Experiment
	spec     *specs.Spec
	suite    *testgen.Suite
	programs func(context.Context) (*testgen.Programs, error)
	seed     int64

	id, source string
	m          *evaluate.Measurement
	reason     string
	safety     float64         // of the candidate, under the budget that it failed
	budget     evaluate.Budget // that a repair must keep

	patches   int
	localizer string
	frozen    []string // functions that are not to be edited
	all       bool
	believe   bool // take measurements and searches from the cache
	dry       bool // never execute
	observe   func(repair.Progress)
}

// cure is what came of it: plain data that a cache may keep.
type cure struct {
	Outcome   string         `json:"outcome"`
	Source    string         `json:"source,omitempty"` // the repaired one, or the best partial one; "": none
	Edits     []synth.Edit   `json:"edits,omitempty"`
	Tried     int            `json:"tried"`
	Plausible int            `json:"plausible"`
	Fuel      int64          `json:"fuel"`
	Validate  *float64       `json:"validate,omitempty"`
	Holdout   *float64       `json:"holdout,omitempty"`
	Turned    int            `json:"turned"`  // of the best partial patch: points that it passes and the candidate fails
	Failing   int            `json:"failing"` // points that the candidate fails
	Places    []repair.Place `json:"places,omitempty"`
	Listed    []listedPatch  `json:"listed,omitempty"` // with ward.all
}

// listedPatch is a plausible patch, for the list of all.
type listedPatch struct {
	Source   string       `json:"source"`
	Edits    []synth.Edit `json:"edits"`
	Weight   float64      `json:"weight"`
	Validate repair.Share `json:"validate"`
	Fresh    repair.Share `json:"fresh"`
}

// heal searches for a repair, unless the cache remembers what came of it.
func (e *Env) heal(ctx context.Context, w ward) (*cure, error) {
	key := e.key("repair", struct {
		Candidate, Suite, Batch, Task, Reason string
		Options                               evaluate.Options
		Budget                                evaluate.Budget
		Safety                                float64
		Patches                               int
		Localizer                             string
		Frozen                                []string
		All                                   bool
	}{
		w.id, w.suite.Digest, w.m.Batch, w.spec.TaskDigest(w.x.sizes(w.spec).Suite), w.reason,
		w.x.measureOptions(), w.budget, w.safety, w.patches, w.localizer, w.frozen, w.all,
	})
	if w.believe {
		if c, ok := getJSON[cure](e.store, key); ok {
			return c, nil
		}
	}
	if w.dry {
		return nil, errNotCached
	}
	if w.m.Rejected != "" {
		return nil, fmt.Errorf("candidate %s was never built, and is no case for the lab", w.id)
	}
	bench := trial.New(trial.Config{
		Builder: e.builder, Suite: w.suite, Programs: w.programs, Sizes: freshSizes(w.spec), Candidate: w.id,
		Measurement: w.m, Budget: w.budget, Robustness: w.reason == datasets.ReasonUnsafe,
		Measure: func(ctx context.Context, source string) (repair.Confirmation, error) {
			return e.confirm(ctx, w, source)
		},
		Each: func(ctx context.Context, n int, f func(context.Context, int) error) error {
			return e.each(ctx, n, func(ctx context.Context, i int) error {
				defer e.phases.enter(executing)()
				return f(ctx, i)
			})
		},
		Work: e.work,
	})
	r, err := repair.Search(ctx, bench, w.source, e.builder.Importer(), repair.Options{
		Patches: w.patches, Fuel: int64(w.patches) * patchFuel, Localizer: w.localizer, Seed: w.suite.Seed, Purpose: w.id,
		Frozen: w.frozen, All: w.all, Observe: w.observe,
	})
	if err != nil {
		return nil, err
	}
	c := &cure{
		Outcome: r.Outcome, Tried: r.Tried, Plausible: len(r.Plausible), Fuel: r.Fuel, Places: r.Places,
		Validate: r.Confirmed.ValidateCorrectness, Holdout: r.Confirmed.HoldoutCorrectness,
	}
	for _, fails := range bench.Points() {
		if fails {
			c.Failing++
		}
	}
	if r.Patch != nil {
		c.Source, c.Edits, c.Turned = r.Patch.Source, r.Patch.Edits, r.Patch.Turned
	}
	if w.all {
		for _, p := range r.Plausible {
			c.Listed = append(c.Listed, listedPatch{Source: p.Source, Edits: p.Edits, Weight: p.Weight, Validate: p.Validate, Fresh: p.Fresh})
		}
	}
	return c, putJSON(e.store, key, c)
}

// freshSizes are the sizes of inputs for differential testing: the spec's own.
func freshSizes(s *specs.Spec) []int { return slices.Clone(s.Suite.Sizes) }

// confirm measures a version as any candidate is, in a module of its own, and says
// whether that is a repair.
func (e *Env) confirm(ctx context.Context, w ward, source string) (repair.Confirmation, error) {
	en := &entry{id: synth.ID(w.spec.ID, source), source: []byte(source)}
	opt := measureOptions{Options: w.x.measureOptions(), believe: w.believe}
	opt.Host = e.host
	if err := e.measure(ctx, []*entry{en}, w.suite, w.programs, opt); err != nil {
		return repair.Confirmation{}, err
	}
	ev := evaluate.Judge(en.m, w.suite, w.budget)
	c := repair.Confirmation{
		Verdict: ev.Verdict, Fuel: spent(en.m), ValidateCorrectness: ev.ValidateCorrectness, HoldoutCorrectness: ev.HoldoutCorrectness,
	}
	switch {
	case ev.Verdict != evaluate.Pass:
		c.Why = "its verdict is " + ev.Verdict
	case ev.Safety < w.safety:
		c.Why = fmt.Sprintf("its safety is %.2f, and its ancestor's %.2f", ev.Safety, w.safety)
	case w.reason == datasets.ReasonUnsafe && ev.Safety <= w.safety:
		c.Why = fmt.Sprintf("its safety is %.2f, as its ancestor's is", ev.Safety)
	case ev.ValidateCorrectness != nil && *ev.ValidateCorrectness < 1:
		c.Why = fmt.Sprintf("it passes %.0f %% of the validate cases", 100**ev.ValidateCorrectness)
	}
	c.Repaired = c.Why == ""
	return c, nil
}

// spent is the fuel of all calls of a measurement.
func spent(m *evaluate.Measurement) int64 {
	sum := int64(0)
	for _, run := range m.Runs {
		for i := range run {
			sum += run[i].Fuel
		}
	}
	for i := range m.Timed {
		sum += m.Timed[i].Fuel
	}
	return sum
}
