package experiment

import (
	"context"
	"fmt"

	"toolgen/datasets"
	"toolgen/experiment/evolve"
	"toolgen/pipeline/adapt"
	"toolgen/pipeline/bundle"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// DefaultPatches is how many patches a repair on its own tries at most: half a minute of
// two cores for a program of 60 lines. A tournament has its manifest's number.
const DefaultPatches = 4000

// RepairOptions name one failing program and what to hold it against. The budget is the
// default manifest's.
type RepairOptions struct {
	Spec      *specs.Spec
	Source    []byte                // tool.go
	Style     string                // that it was made in; "": none or unknown
	Seed      int64                 // of the suite and of the search
	Epoch     int                   // whose budget the program is held to
	Next      int                   // epoch whose budget a repair must keep
	Patches   int                   // 0: DefaultPatches
	Localizer string                // "": ochiai
	Frozen    []string              // functions that are not to be edited
	All       bool                  // list every plausible patch
	Out       string                // folder of the repaired bundle, new or empty; "": none is written
	Observe   func(repair.Progress) // may be nil

	adapted *adapted // what the user has; nil: Source
}

// adapted is a function's file, of which Source was made.
type adapted struct {
	*adapt.Tool
	file string // its name in a patch
	code string // what it holds
}

// restore turns a version of Source into what the user has, and a diff of that.
func (p *patient) restore(source string) (own, patch string, err error) {
	if p.adapted == nil {
		return source, repair.Diff(bundle.SourceName, p.c.source, source), nil
	}
	if own, err = p.adapted.Restore(source); err != nil {
		return "", "", fmt.Errorf("%s: %w", p.adapted.file, err)
	}
	return own, repair.Diff(p.adapted.file, p.adapted.code, own), nil
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
	File                string         `json:"file"`       // that Patch and Places are about
	Places              []repair.Place `json:"places"`     // the most suspicious lines
	Plausible           []RepairPatch  `json:"plausible"`  // with All
	BundleDir           *string        `json:"bundle_dir"` // null: none was written

	Died        *SetAside    `json:"-"` // set if the program cannot be measured on this machine: then there is no verdict
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

func (p *patient) edits(edits []synth.Edit) []RepairEdit {
	out := make([]RepairEdit, len(edits))
	for i, e := range edits {
		if p.adapted != nil {
			e.Arg = p.adapted.Text(e.Arg)
		}
		out[i] = RepairEdit{e, synth.Describe(e)}
	}
	return out
}

// Repair holds a program against a spec's suite and, if it fails, searches for a
// repair. What the gate refuses is no case for the lab: Outcome is error then. A program
// that cannot be measured on this machine is a *DiedError; versions of it that cannot are
// passed over.
func (e *Env) Repair(ctx context.Context, opt RepairOptions) (*Repair, error) {
	list, err := e.RepairAll(ctx, []RepairOptions{opt})
	if err != nil {
		return nil, err
	}
	if died := list[0].Died; died != nil {
		return nil, &DiedError{[]SetAside{*died}}
	}
	return list[0], nil
}

// RepairAll repairs programs side by side, in less time than one after another: what
// their searches compile shares modules. The results are those of Repair but for fuel,
// which a module's other content moves by some parts in ten thousand, and for a program
// that cannot be measured on this machine: its outcome is error, and Died says why.
func (e *Env) RepairAll(ctx context.Context, opts []RepairOptions) ([]*Repair, error) {
	patients := make([]*patient, len(opts))
	programs := map[*specs.Spec]*lazyPrograms{}
	defer func() {
		for _, p := range programs { // any order: each is closed
			p.close()
		}
	}()
	bySuite := map[string][]*patient{}
	var suites []string // in the order in which they come
	for i, opt := range opts {
		p, err := e.admit(ctx, opt, programs)
		if err != nil {
			return nil, err
		}
		patients[i] = p
		if bySuite[p.suite.Digest] == nil {
			suites = append(suites, p.suite.Digest)
		}
		bySuite[p.suite.Digest] = append(bySuite[p.suite.Digest], p)
	}
	for _, digest := range suites {
		if err := e.examine(ctx, bySuite[digest]); err != nil {
			return nil, err
		}
	}
	var wards []ward
	var ill []*patient
	for _, p := range patients {
		if w := p.ward(); w != nil {
			wards, ill = append(wards, *w), append(ill, p)
		}
	}
	cures, _, err := e.heal(ctx, wards)
	if err != nil {
		return nil, err
	}
	for k, p := range ill {
		if err := e.discharge(ctx, p, cures[k]); err != nil {
			return nil, err
		}
	}
	out := make([]*Repair, len(patients))
	for i, p := range patients {
		out[i] = p.result
	}
	return out, nil
}

// patient is a program on its way through RepairAll.
type patient struct {
	RepairOptions
	x        *Experiment
	programs func(context.Context) (*testgen.Programs, error)
	suite    *testgen.Suite
	c        *contestant
	ev       evaluate.Evaluation
	result   *Repair
}

// admit makes a patient of options. programs are those of the specs that came before.
func (e *Env) admit(ctx context.Context, opt RepairOptions, programs map[*specs.Spec]*lazyPrograms) (*patient, error) {
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
	if programs[opt.Spec] == nil {
		programs[opt.Spec] = &lazyPrograms{env: e, spec: opt.Spec}
	}
	p := &patient{RepairOptions: opt, x: x, programs: programs[opt.Spec].get}
	if p.suite, err = e.suiteFor(ctx, opt.Spec, opt.Seed, x.sizes(opt.Spec), true, p.programs); err != nil {
		return nil, err
	}
	source := string(opt.Source)
	p.c = &contestant{
		id: synth.ID(opt.Spec.ID, source), spec: opt.Spec.ID, style: opt.Style, source: source,
		genome: synth.Genome{Base: source}, origin: evolve.OriginEntrant,
	}
	return p, nil
}

// examine measures the patients of one suite.
func (e *Env) examine(ctx context.Context, list []*patient) error {
	byID := map[string]*entry{}
	var entries []*entry
	for _, p := range list {
		if byID[p.c.id] == nil {
			byID[p.c.id] = &entry{id: p.c.id, source: p.Source}
			entries = append(entries, byID[p.c.id])
		}
	}
	opt := measureOptions{Options: list[0].x.measureOptions(), believe: true, recall: true}
	opt.Host = e.host
	if err := e.measure(ctx, entries, list[0].suite, list[0].programs, opt); err != nil {
		return err
	}
	for _, p := range list {
		if d := byID[p.c.id].death; d != nil {
			died := p.c.setAside(p.Seed, d)
			p.result = &Repair{
				Outcome: datasets.OutcomeError, Spec: p.Spec.ID, Seed: p.Seed, CandidateID: p.c.id, Problems: []string{died.String()},
				File: bundle.SourceName, Edits: []RepairEdit{}, Places: []repair.Place{}, Plausible: []RepairPatch{}, Died: &died,
			}
			continue
		}
		p.c.m, p.c.imports = byID[p.c.id].m, byID[p.c.id].report.Imports
		p.ev = evaluate.Judge(p.c.m, p.suite, p.x.budget(p.Epoch))
		p.result = &Repair{
			Outcome: repair.NothingToRepair, Spec: p.Spec.ID, Seed: p.Seed, CandidateID: p.c.id,
			Verdict: p.ev.Verdict, Problems: append([]string{}, p.c.m.Problems...), CasesPassed: p.ev.CasesPassed, CasesTotal: p.ev.CasesTotal,
			File: bundle.SourceName, Edits: []RepairEdit{}, Places: []repair.Place{}, Plausible: []RepairPatch{},
			Correctness: p.ev.Correctness, Fitness: evaluate.BaseFitness(&p.ev, p.x.weights),
		}
		if p.c.m.Rejected != "" {
			p.result.Outcome = datasets.OutcomeError
		}
		if p.adapted != nil {
			p.result.File = p.adapted.file
			for i, problem := range p.result.Problems {
				p.result.Problems[i] = p.adapted.Message(problem)
			}
		}
	}
	return nil
}

// ward is the patient in the lab; nil if it is no case for it.
func (p *patient) ward() *ward {
	why := reason(&p.ev)
	if why == "" || p.c.m == nil || p.c.m.Rejected != "" {
		return nil
	}
	w := &ward{
		x: p.x, spec: p.Spec, suite: p.suite, programs: p.programs,
		id: p.c.id, source: p.c.source, m: p.c.m, reason: why, safety: p.ev.Safety, budget: p.x.budget(p.Next),
		patches: p.Patches, localizer: p.Localizer, frozen: p.Frozen, all: p.All, believe: true, recall: true, observe: p.Observe,
	}
	if p.adapted != nil {
		w.check = p.adapted.Check
	}
	return w
}

// discharge fills in what came of a search, and writes the bundle of what is repaired.
func (e *Env) discharge(ctx context.Context, p *patient, c *cure) error {
	for _, place := range c.Places {
		if p.adapted != nil {
			place.Line, place.Text = p.adapted.Line(place.Line), p.adapted.Text(place.Text)
		}
		p.result.Places = append(p.result.Places, place)
	}
	if err := p.fill(c); err != nil || c.Outcome != repair.Repaired {
		return err
	}
	id := synth.ID(p.Spec.ID, c.Source)
	p.result.ChallengerID = &id
	if p.Out == "" {
		return nil
	}
	repaired := &contestant{
		id: id, spec: p.Spec.ID, style: p.Style, source: c.Source, genome: synth.Genome{Base: p.c.source, Edits: c.Edits},
		origin: datasets.OriginRepair, parents: []string{p.c.id}, imports: p.c.imports, ancestor: p.c,
	}
	s := shipment{contestant: repaired, seed: p.Seed, suite: p.suite}
	files, err := e.bundle(ctx, p.x, s)
	if err != nil {
		return s.unbundled(err)
	}
	if err := writeBundle(p.Out, files); err != nil {
		return err
	}
	p.result.BundleDir = &p.Out
	return nil
}

// fill takes over what a search found.
func (p *patient) fill(c *cure) error {
	r := p.result
	r.Outcome, r.Turned, r.Failing = c.Outcome, c.Turned, c.Failing
	r.PatchesTried, r.PatchesPlausible, r.RepairFuel = c.Tried, c.Plausible, c.Fuel
	r.ValidateCorrectness, r.HoldoutCorrectness = c.Validate, c.Holdout
	repaired := c.Outcome == repair.Repaired
	r.Partial = c.Source != "" && !repaired
	if c.Source != "" {
		own, patch, err := p.restore(c.Source)
		if err != nil {
			return err
		}
		r.Patch, r.Edits, r.Edited = &patch, p.edits(c.Edits), c.Edits
		if repaired {
			r.Source, r.Turned = []byte(own), c.Failing
		}
	}
	for _, l := range c.Listed {
		_, patch, err := p.restore(l.Source)
		if err != nil {
			return err
		}
		r.Plausible = append(r.Plausible, RepairPatch{Patch: patch, Edits: p.edits(l.Edits), Weight: l.Weight, Validate: l.Validate, Fresh: l.Fresh})
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
