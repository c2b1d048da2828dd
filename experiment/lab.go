package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"toolgen/datasets"
	"toolgen/experiment/evolve"
	"toolgen/experiment/manifests"
	"toolgen/pipeline/agent"
	"toolgen/pipeline/bundle"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/pipeline/trial"
	"toolgen/seed"
	"toolgen/specs"
)

// patchFuel is the fuel that each patch of a search's budget adds to it: ten virtual
// milliseconds at the default rate. Most patches spend a tenth.
const patchFuel = 100_000_000

// ward is a failing candidate that is in the repair lab.
type ward struct {
	x        *Experiment
	spec     *specs.Spec
	suite    *testgen.Suite
	programs func(context.Context) (*testgen.Programs, error)

	id, source string
	m          *evaluate.Measurement
	reason     string
	safety     float64         // of the candidate, under the budget that it failed
	budget     evaluate.Budget // that a repair must keep

	patches   int
	localizer string
	proposed  *string  // an agent's version, to be tried instead of a search; nil: a search
	frozen    []string // functions that are not to be edited

	// check says why a version cannot be handed back, whatever it answers; nil: all can.
	check func(source string) error

	all     bool
	aside   map[string]bool // ids of versions that are set aside
	believe bool            // take measurements and searches from the cache
	recall  bool            // take deaths from the cache
	dry     bool            // never execute
	observe func(repair.Progress)
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

// lab sends the best failing candidates of an epoch's generations to the repair lab.
// What is repaired waits as a challenger for its spec's next epoch; if there is none,
// nothing is attempted.
func (r *run) lab(ctx context.Context, states []*specState, epoch int, generations []*generation) error {
	m := r.x.Manifest
	if m.Repair.Agent == manifests.NoAgent {
		return nil
	}
	var attempted []*failing
	var wards []ward
	var of []*specState
	for i, st := range states {
		next := r.x.nextEpoch(st.spec.ID, epoch)
		if next < 0 {
			continue
		}
		list := generations[i].failing
		for _, f := range list[:min(len(list), m.Repair.HandoffsPerEpoch)] {
			attempted, of = append(attempted, f), append(of, st)
			wards = append(wards, ward{
				x: r.x, spec: st.spec, suite: st.suite, programs: r.compiled(st.spec),
				id: f.c.id, source: f.c.source, m: f.c.m, reason: f.row.Reason, safety: f.ev.Safety, budget: r.x.budget(next),
				patches: m.Repair.Patches, aside: r.x.aside, believe: r.opt.believe, recall: r.opt.recall, dry: r.opt.dry,
			})
		}
	}
	cures := make([]*cure, len(wards))
	usages := make([]*agent.Usage, len(wards))
	if m.Repair.Agent != manifests.BaselineAgent {
		player, err := r.deck.Player(m.Repair.Agent)
		if err != nil {
			return err
		}
		for i, f := range attempted {
			if wards[i].proposed, usages[i], cures[i], err = r.consult(ctx, player, of[i], f.c, wards[i]); err != nil {
				return err
			}
		}
	}
	if err := r.heal(ctx, wards, cures); err != nil {
		return err
	}
	for i, f := range attempted {
		if err := f.take(cures[i]); err != nil {
			return err
		}
		if cures[i].Outcome != repair.Repaired {
			continue
		}
		st := of[i]
		var by *credit
		if wards[i].proposed != nil {
			by = &credit{m.Repair.Agent, usages[i]}
		}
		c, err := st.challenge(f.c, cures[i], r.x.nextEpoch(st.spec.ID, epoch), by)
		if err != nil {
			return err
		}
		f.row.ChallengerID = &c.id
		known := slices.ContainsFunc(st.challengers, func(other challenger) bool { return other.c.id == c.id })
		if !known && !r.x.excluded(c.id) {
			st.challengers = append(st.challengers, challenger{c: c, annealTemp: f.AnnealTemp, hasTemp: f.HasTemp})
		}
	}
	return nil
}

// consult lets an agent write a repair. An agent that gives no usable answer has failed
// to repair, and that is the cure.
func (r *run) consult(ctx context.Context, player *agent.Player, st *specState, c *contestant, w ward) (*string, *agent.Usage, *cure, error) {
	question := seed.Entropy(st.suite.Seed, "repair", c.id)
	source, _, usage, err := player.Propose(ctx, r.x.request(agent.Repair, st.spec, st.suite, c, w.budget, question))
	if _, failed := errors.AsType[*agent.Failure](err); failed {
		return nil, nil, &cure{Outcome: datasets.OutcomeError}, nil
	}
	return &source, usage, nil, err
}

// nextEpoch is when a spec plays next; -1 if it does not.
func (x *Experiment) nextEpoch(spec string, epoch int) int {
	for next := epoch + 1; next < x.Manifest.Epochs; next++ {
		if slices.Contains(evolve.Playing(x.phases, x.specIDs(), next), spec) {
			return next
		}
	}
	return -1
}

// take fills in what came of a handoff.
func (f *failing) take(c *cure) error {
	row := &f.row
	row.Outcome, row.PatchesTried, row.PatchesPlausible, row.RepairFuel = c.Outcome, int32(c.Tried), int32(c.Plausible), c.Fuel
	row.ValidateCorrectness, row.HoldoutCorrectness = c.Validate, c.Holdout
	if c.Source == "" {
		return nil
	}
	patch := datasets.Text(repair.Diff(bundle.SourceName, f.c.source, c.Source))
	row.Patch = &patch
	if len(c.Edits) == 0 {
		return nil // an agent's
	}
	edits, err := synth.EncodeEdits(c.Edits)
	row.Edits = null(string(edits))
	return err
}

// challenge makes the contestant that a candidate was repaired to. It may be one that
// was there before: often a repair takes back what a variation broke.
func (st *specState) challenge(ancestor *contestant, c *cure, epoch int, by *credit) (*contestant, error) {
	g, style := ancestor.genome.Clone(), ancestor.style
	if g.Edits = append(g.Edits, c.Edits...); by != nil {
		g, style = synth.Genome{Base: c.Source}, "" // an agent wrote all of it
	}
	id, err := st.vary.ID(g)
	if err != nil {
		return nil, fmt.Errorf("the repair of candidate %s: %w", ancestor.id, err)
	}
	if want := synth.ID(st.spec.ID, c.Source); id != want {
		return nil, fmt.Errorf("the repair of candidate %s: its genome stands for candidate %s, and the lab repaired it to %s", ancestor.id, id, want)
	}
	if !slices.Contains(st.repaired, id) {
		st.repaired = append(st.repaired, id)
	}
	if known := st.contestants[id]; known != nil {
		return known, nil
	}
	made := &contestant{
		id: id, spec: st.spec.ID, style: style, source: c.Source, genome: g, credit: by,
		origin: datasets.OriginRepair, parents: []string{ancestor.id}, firstEpoch: epoch, ancestor: ancestor,
	}
	st.contestants[id] = made
	return made, nil
}

// heal fills in the cures that are not there yet. It is Env.heal, but for what this
// execution has computed already: for a candidate that fails epoch after epoch a repair
// is searched for once for each budget.
func (r *run) heal(ctx context.Context, wards []ward, cures []*cure) error {
	var fresh []ward
	var index []int
	r.mu.Lock()
	for i, w := range wards {
		if cures[i] == nil {
			cures[i] = r.cures[r.env.cureKey([]ward{w})]
		}
		if cures[i] == nil {
			fresh, index = append(fresh, w), append(index, i)
		}
	}
	r.mu.Unlock()
	found, died, err := r.env.heal(ctx, fresh)
	if err != nil {
		return err
	}
	if died != nil {
		return &DiedError{died}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, i := range index {
		cures[i] = found[k]
		r.cures[r.env.cureKey([]ward{wards[i]})] = found[k]
	}
	return nil
}

// cureKey is the cache's key of searches side by side: all that their results depend on.
func (e *Env) cureKey(wards []ward) string {
	type part struct {
		Candidate, Suite, Batch, Task, Reason string
		Options                               evaluate.Options
		Budget                                evaluate.Budget
		Safety                                float64
		Patches                               int
		Localizer                             string
		Frozen                                []string
		All                                   bool
		Proposed                              *string
		Checked                               bool     `json:",omitempty"`
		Aside                                 []string `json:",omitempty"`
	}
	parts := make([]part, len(wards))
	for i, w := range wards {
		parts[i] = part{
			w.id, w.suite.Digest, w.m.Batch, w.spec.TaskDigest(w.x.sizes(w.spec).Suite), w.reason,
			w.x.measureOptions(), w.budget, w.safety, w.patches, w.localizer, w.frozen, w.all, w.proposed, w.check != nil,
			slices.Sorted(maps.Keys(w.aside)),
		}
	}
	return e.key("repair", parts)
}

// heal searches for repairs, side by side, unless the cache remembers what came of it. If
// versions have died, the cures are those of searches that have refused them from then
// on. They follow from this machine, too, and are not kept.
func (e *Env) heal(ctx context.Context, wards []ward) ([]*cure, []SetAside, error) {
	if len(wards) == 0 {
		return nil, nil, nil
	}
	key := e.cureKey(wards)
	if wards[0].believe {
		if kept, ok := getJSON[[]*cure](e.store, key); ok && len(*kept) == len(wards) {
			return *kept, nil, nil
		}
	}
	if wards[0].dry {
		return nil, nil, errNotCached
	}
	graves := make([]*graveyard, len(wards))
	for i := range wards {
		graves[i] = e.openGraveyard(&wards[i])
	}
	lab := trial.NewLab(trial.LabConfig{
		Builder: e.builder,
		Each: func(ctx context.Context, n int, f func(context.Context, int) error) error {
			return e.each(ctx, n, func(ctx context.Context, i int) error {
				defer e.phases.enter(executing)()
				return f(ctx, i)
			})
		},
		Work: e.work,
		Measure: func(ctx context.Context, who []int, versions []string) ([]repair.Confirmation, error) {
			return e.confirm(ctx, wards, graves, who, versions)
		},
		Fate: e.fate,
	})
	benches := make([]*trial.Bench, len(wards))
	for i, w := range wards {
		if w.m.Rejected != "" {
			return nil, nil, fmt.Errorf("candidate %s was never built, and is no case for the lab", w.id)
		}
		benches[i] = trial.New(trial.Config{
			Suite: w.suite, Programs: w.programs, Sizes: freshSizes(w.spec), Candidate: w.id,
			Measurement: w.m, Budget: w.budget, Robustness: w.reason == datasets.ReasonUnsafe,
			Aside: graves[i].refuses, Died: graves[i].bury,
		})
	}
	cures := make([]*cure, len(wards))
	err := lab.Run(ctx, benches, func(ctx context.Context, i int, b *trial.Bench) error {
		w := &wards[i]
		opt := repair.Options{
			Patches: w.patches, Fuel: int64(w.patches) * patchFuel, Localizer: w.localizer, Seed: w.suite.Seed, Purpose: w.id,
			Frozen: w.frozen, All: w.all, Observe: w.observe,
		}
		var r *repair.Result
		var err error
		exec := repair.Executor(b)
		if w.check != nil {
			exec = checkedBench{b, w.check}
		}
		if w.proposed != nil {
			r, err = repair.Try(ctx, exec, w.source, *w.proposed, opt)
		} else {
			r, err = repair.Search(ctx, exec, w.source, e.builder.Importer(), opt)
		}
		if err != nil {
			return err
		}
		cures[i] = newCure(r, b, w.all)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	var died []SetAside
	for _, g := range graves {
		list, err := g.close()
		if err != nil {
			return nil, nil, err
		}
		died = append(died, list...)
	}
	if died != nil {
		return cures, sortedAside(died), nil
	}
	return cures, nil, putJSON(e.store, key, cures)
}

// checkedBench refuses versions that cannot be handed back. No such one is plausible, or
// shown as the best there is.
type checkedBench struct {
	repair.Executor
	check func(source string) error
}

func (b checkedBench) Screen(ctx context.Context, base string, versions []string) ([]repair.Screening, error) {
	out := make([]repair.Screening, len(versions))
	var sound []string
	var index []int
	for i, v := range versions {
		if b.check(v) != nil {
			out[i].Refused = true
			continue
		}
		sound, index = append(sound, v), append(index, i)
	}
	if len(sound) == 0 {
		return out, nil
	}
	screenings, err := b.Executor.Screen(ctx, base, sound)
	if err != nil {
		return nil, err
	}
	for k, i := range index {
		out[i] = screenings[k]
	}
	return out, nil
}

func newCure(r *repair.Result, b *trial.Bench, all bool) *cure {
	c := &cure{
		Outcome: r.Outcome, Tried: r.Tried, Plausible: len(r.Plausible), Fuel: r.Fuel, Places: r.Places,
		Validate: r.Confirmed.ValidateCorrectness, Holdout: r.Confirmed.HoldoutCorrectness,
	}
	for _, fails := range b.Points() {
		if fails {
			c.Failing++
		}
	}
	if r.Patch != nil {
		c.Source, c.Edits, c.Turned = r.Patch.Source, r.Patch.Edits, r.Patch.Turned
	}
	if all {
		for _, p := range r.Plausible {
			c.Listed = append(c.Listed, listedPatch{Source: p.Source, Edits: p.Edits, Weight: p.Weight, Validate: p.Validate, Fresh: p.Fresh})
		}
	}
	return c
}

// freshSizes are the sizes of inputs for differential testing: the spec's own.
func freshSizes(s *specs.Spec) []int { return slices.Clone(s.Suite.Sizes) }

// confirm measures versions as any candidate is, those of a spec together, and says
// which are repairs.
func (e *Env) confirm(ctx context.Context, wards []ward, graves []*graveyard, who []int, versions []string) ([]repair.Confirmation, error) {
	out := make([]repair.Confirmation, len(versions))
	bySuite := map[string][]int{}
	for i := range versions {
		digest := wards[who[i]].suite.Digest
		bySuite[digest] = append(bySuite[digest], i)
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, list := range bySuite { // any order: each spec's are measured by themselves
		g.Go(func() error {
			w := &wards[who[list[0]]]
			var entries []*entry
			byID := map[string]*entry{}
			for _, i := range list {
				id := synth.ID(w.spec.ID, versions[i])
				if byID[id] == nil {
					byID[id] = &entry{id: id, source: []byte(versions[i])}
					entries = append(entries, byID[id])
				}
			}
			opt := measureOptions{Options: w.x.measureOptions(), believe: w.believe, recall: w.recall}
			opt.Host = e.host
			if err := e.measure(ctx, entries, w.suite, w.programs, opt); err != nil {
				return err
			}
			for _, i := range list {
				en := byID[synth.ID(w.spec.ID, versions[i])]
				if en.death != nil {
					graves[who[i]].lay(en.id, versions[i], en.death)
					out[i] = repair.Confirmation{Why: "it cannot be measured on this machine"}
					continue
				}
				out[i] = wards[who[i]].confirmed(en.m)
			}
			return nil
		})
	}
	return out, g.Wait()
}

// confirmed judges the measurement of a version: is it a repair?
func (w *ward) confirmed(m *evaluate.Measurement) repair.Confirmation {
	ev := evaluate.Judge(m, w.suite, w.budget)
	c := repair.Confirmation{
		Verdict: ev.Verdict, Fuel: spent(m), ValidateCorrectness: ev.ValidateCorrectness, HoldoutCorrectness: ev.HoldoutCorrectness,
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
	return c
}

// spent is the fuel of all calls of a measurement, at most sandbox.MaxFuel: calls that
// sleep cost their whole budget each and no time, and the sum goes into a table.
func spent(m *evaluate.Measurement) int64 {
	sum := int64(0)
	add := func(calls []evaluate.Call) {
		for i := range calls {
			sum = min(sum+calls[i].Fuel, sandbox.MaxFuel)
		}
	}
	for _, run := range m.Runs {
		add(run)
	}
	add(m.Timed)
	return sum
}
