package experiment

import (
	"context"
	"fmt"

	"toolgen/datasets"
	"toolgen/experiment/evolve"
	"toolgen/pipeline/bundle"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/synth"
	"toolgen/specs"
)

// DefaultPatches is how many patches a repair on its own tries at most: a minute or so of
// two cores for a program of 80 lines. A tournament has its manifest's number.
const DefaultPatches = 2500

// RepairOptions name one failing program and what to hold it against. The budget is the
// default manifest's.
type RepairOptions struct {
	Spec      *specs.Spec
	Source    []byte                // tool.go
	Style     string                // that it was made in; "": none or unknown
	Seed      int64                 // of the suite and of the search
	Epoch     int                   // in which it failed, and a repair keeps the budget of the next; 0: the first budget for both
	Patches   int                   // 0: DefaultPatches
	Localizer string                // "": ochiai
	Frozen    []string              // functions that are not to be edited
	All       bool                  // list every plausible patch
	Out       string                // folder of the repaired bundle, new or empty; "": none is written
	Observe   func(repair.Progress) // may be nil

	// restore turns a version of Source into what the user has, and a diff of that; nil:
	// Source is what the user has.
	restore func(source string) (own, patch string, err error)
}

// Repair is what came of it.
type Repair struct {
	Outcome             string         `json:"outcome"`
	Spec                string         `json:"spec"`
	Seed                int64          `json:"seed"`
	CandidateID         string         `json:"candidate_id"` // of the program that failed
	Verdict             string         `json:"verdict"`      // of the program that failed
	Problems            []string       `json:"problems"`     // why the gate or the type checker refused it
	CasesPassed         int            `json:"cases_passed"`
	CasesTotal          int            `json:"cases_total"`
	ChallengerID        *string        `json:"challenger_id"` // null: not repaired
	Patch               *string        `json:"patch"`         // unified diff: the repair, or the best partial one; null: no edit helped
	Partial             bool           `json:"partial"`       // the patch does not repair
	Turned              int            `json:"turned"`        // failing cases that the patch turns
	Failing             int            `json:"failing"`       // of so many, reruns and timed calls included
	PatchesTried        int            `json:"patches_tried"`
	PatchesPlausible    int            `json:"patches_plausible"`
	ValidateCorrectness *float64       `json:"validate_correctness"`
	HoldoutCorrectness  *float64       `json:"holdout_correctness"`
	Edits               []RepairEdit   `json:"edits"`
	RepairFuel          int64          `json:"repair_fuel"`
	Places              []repair.Place `json:"places"`
	Plausible           []RepairPatch  `json:"plausible"`  // with All
	BundleDir           *string        `json:"bundle_dir"` // null: none was written

	Source      []byte       `json:"-"` // the repaired program; nil: not repaired
	Edited      []synth.Edit `json:"-"`
	Correctness float64      `json:"-"` // of the program that failed
	Fitness     float64      `json:"-"`
}

// RepairEdit is an edit for readers and for programs.
type RepairEdit struct {
	synth.Edit
	Description string `json:"description"`
}

// RepairPatch is a plausible patch.
type RepairPatch struct {
	Patch    string       `json:"patch"`
	Edits    []RepairEdit `json:"edits"`
	Weight   float64      `json:"weight"`
	Validate repair.Share `json:"validate"`
	Fresh    repair.Share `json:"fresh"`
}

func repairEdits(edits []synth.Edit) []RepairEdit {
	out := make([]RepairEdit, len(edits))
	for i, e := range edits {
		out[i] = RepairEdit{e, synth.Describe(e)}
	}
	return out
}

// Repair holds a program against a spec's suite and, if it fails, searches for a
// repair. What the gate refuses is no case for the lab: Outcome is error then.
func (e *Env) Repair(ctx context.Context, opt RepairOptions) (*Repair, error) {
	x, err := single(opt.Spec)
	if err != nil {
		return nil, err
	}
	if _, err := repair.LocalizerNamed(opt.Localizer); err != nil {
		return nil, &UsageError{Msg: err.Error()}
	}
	if opt.Patches == 0 {
		opt.Patches = DefaultPatches
	}
	programs := &lazyPrograms{env: e, spec: opt.Spec}
	defer programs.close()
	suite, err := e.suiteFor(ctx, opt.Spec, opt.Seed, x.sizes(opt.Spec), true, programs.get)
	if err != nil {
		return nil, err
	}
	source := string(opt.Source)
	c := &contestant{
		id: synth.ID(opt.Spec.ID, source), spec: opt.Spec.ID, style: opt.Style, source: source,
		genome: synth.Genome{Base: source}, origin: evolve.OriginEntrant,
	}
	entries := []*entry{{id: c.id, source: opt.Source}}
	mo := measureOptions{Options: x.measureOptions(), believe: true}
	mo.Host = e.host
	if err := e.measure(ctx, entries, suite, programs.get, mo); err != nil {
		return nil, err
	}
	c.m, c.imports = entries[0].m, entries[0].report.Imports
	ev := evaluate.Judge(c.m, suite, x.budget(opt.Epoch))
	budget := x.budget(opt.Epoch)
	if opt.Epoch > 0 {
		budget = x.budget(opt.Epoch + 1)
	}
	out := &Repair{
		Outcome: repair.NothingToRepair, Spec: opt.Spec.ID, Seed: opt.Seed, CandidateID: c.id,
		Verdict: ev.Verdict, Problems: append([]string{}, c.m.Problems...), CasesPassed: ev.CasesPassed, CasesTotal: ev.CasesTotal,
		Edits: []RepairEdit{}, Places: []repair.Place{}, Plausible: []RepairPatch{},
		Correctness: ev.Correctness, Fitness: evaluate.BaseFitness(&ev, x.weights),
	}
	if c.m.Rejected != "" {
		out.Outcome = datasets.OutcomeError
		return out, nil
	}
	why := reason(&ev)
	if why == "" {
		return out, nil
	}
	cures, err := e.heal(ctx, []ward{{
		x: x, spec: opt.Spec, suite: suite, programs: programs.get,
		id: c.id, source: source, m: c.m, reason: why, safety: ev.Safety, budget: budget,
		patches: opt.Patches, localizer: opt.Localizer, frozen: opt.Frozen, all: opt.All, believe: true, observe: opt.Observe,
	}})
	if err != nil {
		return nil, err
	}
	cure := cures[0]
	if opt.restore == nil {
		opt.restore = func(version string) (string, string, error) {
			return version, repair.Diff(bundle.SourceName, source, version), nil
		}
	}
	if err := out.fill(cure, opt.restore); err != nil || cure.Outcome != repair.Repaired {
		return out, err
	}
	id := synth.ID(opt.Spec.ID, cure.Source)
	out.ChallengerID = &id
	if opt.Out == "" {
		return out, nil
	}
	repaired := &contestant{
		id: id, spec: opt.Spec.ID, style: opt.Style, source: cure.Source, genome: synth.Genome{Base: source, Edits: cure.Edits},
		origin: datasets.OriginRepair, parents: []string{c.id}, imports: c.imports, ancestor: c,
	}
	files, err := e.bundle(ctx, x, shipment{contestant: repaired, seed: opt.Seed, suite: suite})
	if err != nil {
		return nil, err
	}
	if err := writeBundle(opt.Out, files); err != nil {
		return nil, err
	}
	out.BundleDir = &opt.Out
	return out, nil
}

// fill takes over what a search found.
func (r *Repair) fill(c *cure, restore func(source string) (own, patch string, err error)) error {
	r.Outcome, r.Turned, r.Failing = c.Outcome, c.Turned, c.Failing
	r.PatchesTried, r.PatchesPlausible, r.RepairFuel = c.Tried, c.Plausible, c.Fuel
	r.ValidateCorrectness, r.HoldoutCorrectness = c.Validate, c.Holdout
	r.Places = append(r.Places, c.Places...)
	repaired := c.Outcome == repair.Repaired
	r.Partial = c.Source != "" && !repaired
	if c.Source != "" {
		own, patch, err := restore(c.Source)
		if err != nil {
			return err
		}
		r.Patch, r.Edits, r.Edited = &patch, repairEdits(c.Edits), c.Edits
		if repaired {
			r.Source, r.Turned = []byte(own), c.Failing
		}
	}
	for _, p := range c.Listed {
		_, patch, err := restore(p.Source)
		if err != nil {
			return err
		}
		r.Plausible = append(r.Plausible, RepairPatch{Patch: patch, Edits: repairEdits(p.Edits), Weight: p.Weight, Validate: p.Validate, Fresh: p.Fresh})
	}
	return nil
}

// Summary says an outcome in words.
func (r *Repair) Summary() string {
	switch r.Outcome {
	case repair.Repaired:
		return "repaired"
	case repair.NothingToRepair:
		return "nothing to repair: its verdict is " + r.Verdict
	case datasets.OutcomeError:
		return fmt.Sprintf("refused by the gate (%s), and no case for the lab", r.Verdict)
	case repair.NotRepaired:
		return "not repaired: there is nothing more to try"
	}
	return "not repaired: the budget is used up"
}
