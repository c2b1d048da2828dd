package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"toolgen/datasets"
	"toolgen/experiment/evolve"
	"toolgen/pipeline/agent"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// executeOptions say how the function is computed. None of them shapes a row.
type executeOptions struct {
	believe bool                        // take measurements and suites from the cache
	recall  bool                        // take deaths from the cache
	dry     bool                        // never execute: end at the first measurement that is not in the cache
	observe func(Event)                 // may be nil; called in the order of commitment within a seed
	commit  func([]datasets.Evaluation) // may be nil; the rows of an epoch, as soon as they are known
	deck    *agent.Deck                 // what agents answer; nil: the exchanges of the experiment, which must be settled
}

// Event is progress: an epoch of a spec that was committed.
type Event struct {
	Seed        int64
	Epoch       int // from 0
	Epochs      int
	Spec        string
	Evaluations int     // slots evaluated so far in this seed
	Executed    int     // distinct candidates measured so far, over all seeds
	Cached      int     // of these, from the cache
	Best        float64 // best final base fitness of the spec so far
}

// Tables are the rows of a run, each table in the order of its key.
type Tables struct {
	Evaluations []datasets.Evaluation
	Candidates  []datasets.Candidate
	Cases       []datasets.CaseRow
	Handoffs    []datasets.Handoff
	SBOMs       []datasets.SBOMComponent
	Samples     []datasets.Sample // observed
}

// outcome is what executing an experiment leaves behind.
type outcome struct {
	tables   Tables
	shown    []shipment // winners and the repaired, in the order of seed and spec
	built    []shipment // everybody that was, in the order of seed, spec and id
	executed int        // distinct candidates that were measured
	cached   int        // of these, from the cache
}

// contestant is a distinct candidate of a seed.
type contestant struct {
	id, spec   string
	style      string // "" for an entrant
	label      string // of an entrant
	source     string
	genome     synth.Genome
	origin     string
	parents    []string
	firstEpoch int
	imports    []string    // direct, sorted
	ancestor   *contestant // of a repaired one: whom it was repaired from
	m          *evaluate.Measurement
	final      evaluate.Evaluation // under the last epoch's budget
	finalBase  float64
	credit     *credit           // nil unless an agent wrote it
	met        []evaluate.Budget // distinct budgets it was held against, in order
}

// execute computes the function: every seed a tournament of its own, committed in
// the order of the seeds whatever the order in which they end. If candidates die it is a
// *DiedError that names those that each seed has met until its first epoch in which one
// died: who is named follows from who dies, and never from which seed was quick.
func (e *Env) execute(ctx context.Context, x *Experiment, opt executeOptions) (*outcome, error) {
	r := &run{env: e, x: x, opt: opt, programs: map[string]*lazyPrograms{}, cures: map[string]*cure{}}
	if r.deck = opt.deck; r.deck == nil {
		var err error
		if r.deck, err = agent.Replay(x.exchanges, x.agents); err != nil {
			return nil, err
		}
	}
	for _, s := range x.Specs {
		r.programs[s.ID] = &lazyPrograms{env: e, spec: s}
	}
	defer func() {
		for _, p := range r.programs { // any order: all are closed
			p.close()
		}
	}()
	results := make([]*seedResult, len(x.Manifest.Seeds))
	died := make([][]SetAside, len(x.Manifest.Seeds))
	g, gctx := errgroup.WithContext(ctx)
	// Two tournaments at a time keep the workers busy while one waits for a build.
	g.SetLimit(max(1, min(2, e.jobs)))
	for i, seed := range x.Manifest.Seeds {
		g.Go(func() error {
			res, err := r.tournament(gctx, seed)
			if d, dead := errors.AsType[*DiedError](err); dead {
				died[i] = d.Died
				return nil
			}
			if err != nil {
				return fmt.Errorf("seed %d: %w", seed, err)
			}
			results[i] = res
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	if all := sortedAside(slices.Concat(died...)); len(all) > 0 {
		return nil, &DiedError{all}
	}
	out := &outcome{executed: r.executed, cached: r.cached}
	for _, res := range results {
		if err := e.rows(x, res, out); err != nil {
			return nil, err
		}
	}
	return out, out.tables.sort()
}

// run is one execution of an experiment.
type run struct {
	env      *Env
	x        *Experiment
	opt      executeOptions
	deck     *agent.Deck
	programs map[string]*lazyPrograms

	mu               sync.Mutex // of what follows, and of the callbacks
	executed, cached int
	cures            map[string]*cure // what the lab has computed in this execution, by key
}

// lazyPrograms compiles the programs of a spec when they are first needed: a warm
// run needs none.
type lazyPrograms struct {
	env  *Env
	spec *specs.Spec
	mu   sync.Mutex
	p    *testgen.Programs
}

func (l *lazyPrograms) get(ctx context.Context) (*testgen.Programs, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.p != nil {
		return l.p, nil
	}
	var err error
	l.p, err = testgen.Prepare(ctx, l.env.builder, l.spec)
	return l.p, err
}

// compiled gives the programs of a spec; a dry run has none and ends where one is needed.
func (r *run) compiled(s *specs.Spec) func(context.Context) (*testgen.Programs, error) {
	if r.opt.dry {
		return func(context.Context) (*testgen.Programs, error) { return nil, errNotCached }
	}
	return r.programs[s.ID].get
}

func (l *lazyPrograms) close() {
	if l.p != nil {
		l.p.Close()
	}
}

// seedResult is a tournament that is over.
type seedResult struct {
	seed     int64
	states   []*specState // in the order of the manifest
	evals    []datasets.Evaluation
	handoffs []datasets.Handoff
}

// specState is a spec within a tournament.
type specState struct {
	spec        *specs.Spec
	suite       *testgen.Suite
	vary        *variator
	contestants map[string]*contestant
	survivors   []evolve.Ranked
	played      bool
	lastRows    []int // indices into the result's evaluations of its latest epoch
	best        float64
	challengers []challenger // from the lab, for the spec's next epoch
	repaired    []string     // ids of all challengers there were
}

// challenger is a repaired candidate that waits for its spec's next epoch.
type challenger struct {
	c          *contestant
	annealTemp float64 // of its ancestor's slot
	hasTemp    bool
}

// tournament plays all epochs of a seed. Specs that play in the same epoch do not
// look at one another, so they are played side by side.
func (r *run) tournament(ctx context.Context, seed int64) (*seedResult, error) {
	res := &seedResult{seed: seed}
	byID := map[string]*specState{}
	for _, s := range r.x.Specs {
		st := &specState{spec: s, vary: r.newVariator(ctx, s), contestants: map[string]*contestant{}, best: math.NaN()}
		res.states = append(res.states, st)
		byID[s.ID] = st
	}
	playsAtAll := r.x.playing()
	var history []evolve.Progress
	evaluated := 0
	for epoch := range r.x.Manifest.Epochs {
		playing := evolve.Playing(r.x.phases, r.x.specIDs(), epoch)
		generations := make([]*generation, len(playing))
		g, gctx := errgroup.WithContext(ctx)
		for i, id := range playing {
			g.Go(func() (err error) {
				generations[i], err = r.play(gctx, byID[id], seed, epoch)
				if d, dead := errors.AsType[*DiedError](err); dead {
					generations[i] = &generation{died: d.Died}
					return nil
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		var died []SetAside
		for _, g := range generations {
			died = append(died, g.died...)
		}
		if died != nil {
			return nil, &DiedError{sortedAside(died)}
		}
		for i, id := range playing {
			st := byID[id]
			first := len(res.evals)
			res.evals = append(res.evals, generations[i].rows...)
			st.lastRows = st.lastRows[:0]
			for n := range generations[i].rows {
				st.lastRows = append(st.lastRows, first+n)
			}
			history = append(history, evolve.Progress{Epoch: epoch, Spec: id, Best: st.best})
			evaluated += len(generations[i].rows)
			r.committedEpoch(st, generations[i], Event{Seed: seed, Epoch: epoch, Epochs: r.x.Manifest.Epochs, Spec: id, Evaluations: evaluated, Best: st.best})
		}
		if _, over := r.x.stop.Reached(playsAtAll, history); over {
			for i := range playing {
				res.handoffs = append(res.handoffs, generations[i].handoffs()...)
			}
			break
		}
		states := make([]*specState, len(playing))
		for i, id := range playing {
			states[i] = byID[id]
		}
		if err := r.lab(ctx, states, epoch, generations); err != nil {
			return nil, err
		}
		for i := range playing {
			res.handoffs = append(res.handoffs, generations[i].handoffs()...)
		}
	}
	// What was chosen in a spec's last epoch had no next one to survive into.
	for _, st := range res.states {
		for _, i := range st.lastRows {
			res.evals[i].Selected = false
		}
	}
	return res, nil
}

func (r *run) committedEpoch(st *specState, g *generation, ev Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.executed += g.executed
	r.cached += g.cached
	ev.Executed, ev.Cached = r.executed, r.cached
	if r.opt.commit != nil {
		r.opt.commit(g.rows)
	}
	if r.opt.observe != nil {
		r.opt.observe(ev)
	}
}

// generation is an epoch of a spec that was played.
type generation struct {
	rows             []datasets.Evaluation
	failing          []*failing // in total order
	died             []SetAside // then there is nothing else
	executed, cached int
}

// slot is a place in a generation, with the candidate that fills it.
type slot struct {
	evolve.Slot
	c     *contestant
	ev    evaluate.Evaluation
	base  float64
	bonus float64
}

func (s *slot) fitness() float64 { return s.base + s.bonus }

// play plays one epoch of a spec: the next generation is made, what is new in it is
// measured, and everybody is judged under the epoch's budget and ranked.
func (r *run) play(ctx context.Context, st *specState, seed int64, epoch int) (*generation, error) {
	if st.suite == nil {
		var err error
		st.suite, err = r.env.suiteFor(ctx, st.spec, seed, r.x.sizes(st.spec), r.opt.believe, r.compiled(st.spec))
		if err != nil {
			return nil, err
		}
	}
	slots, err := r.fill(ctx, st, seed, epoch)
	if err != nil {
		return nil, err
	}
	g := &generation{}
	if err := r.measureNew(ctx, st, slots, epoch, g); err != nil {
		return nil, err
	}
	budget := r.x.budget(epoch)
	r.judge(st, slots, epoch, budget)
	r.commit(st, slots, seed, epoch, budget, g)
	st.played = true
	return g, nil
}

// fill makes the slots of the next generation: the population, and beside it the
// challengers from the lab, in the total order of their ancestors, and the entrants, in
// the order of the manifest.
func (r *run) fill(ctx context.Context, st *specState, seed int64, epoch int) ([]*slot, error) {
	m := r.x.Manifest
	st.vary.asker = &asker{ctx: ctx, x: r.x, deck: r.deck, st: st, budget: r.x.budget(epoch)}
	cfg := evolve.Config{
		Seed: seed, Spec: st.spec.ID, Epoch: epoch, K: r.x.anneal.K(epoch),
		Population: m.Population, TournamentSize: m.Selection.TournamentSize,
		Styles: r.x.styles(st.spec), Temps: m.SearchSpace.AnnealTemp,
		Weights: evolve.Weights{
			Params: m.Variation.Params, Style: m.Variation.Style, Edit: m.Variation.Edit,
			Crossover: m.Variation.Crossover, Agent: m.Variation.Agent,
		},
		Seen:     func(id string) bool { _, seen := st.contestants[id]; return seen },
		Excluded: r.x.excluded,
	}
	var planned []evolve.Slot
	var err error
	if st.played && len(st.survivors) > 0 {
		planned, err = evolve.Next(cfg, st.vary, st.survivors)
	} else {
		planned, err = evolve.First(cfg, st.vary)
	}
	if errors.Is(err, evolve.ErrExcluded) {
		return nil, r.x.nobodyLeft(st.spec.ID, err.Error())
	}
	if err != nil {
		return nil, err
	}
	var slots []*slot
	for _, p := range planned {
		c := st.contestants[p.ID]
		if c == nil {
			c = &contestant{
				id: p.ID, spec: st.spec.ID, style: p.Genome.Style, source: st.vary.source(p.ID),
				genome: p.Genome, origin: p.Origin, parents: p.ParentIDs, firstEpoch: epoch,
			}
			if p.Origin == evolve.OriginAgent {
				c.credit = st.vary.credits[p.ID]
			}
			st.contestants[p.ID] = c
		}
		slots = append(slots, &slot{Slot: p, c: c})
	}
	if !st.played {
		st.challengers = r.x.welcome(st, epoch)
	}
	for _, ch := range st.challengers {
		slots = append(slots, &slot{c: ch.c, Slot: evolve.Slot{
			Slot: len(slots), ID: ch.c.id, Genome: ch.c.genome, Origin: datasets.OriginRepair,
			AnnealTemp: ch.annealTemp, HasTemp: ch.hasTemp, ParentIDs: ch.c.parents,
		}})
	}
	st.challengers = nil
	for _, en := range r.x.entrants {
		if en.spec != st.spec.ID || st.played && !en.keep || cfg.Excluded(en.id) {
			continue
		}
		c := st.contestants[en.id]
		if c == nil {
			c = &contestant{
				id: en.id, spec: st.spec.ID, label: en.name, source: en.source,
				genome: synth.Genome{Base: en.source}, origin: evolve.OriginEntrant, firstEpoch: epoch,
			}
			st.contestants[en.id] = c
		}
		slots = append(slots, &slot{c: c, Slot: evolve.Slot{Slot: len(slots), ID: en.id, Genome: c.genome, Origin: evolve.OriginEntrant}})
	}
	if len(slots) == 0 {
		return nil, r.x.nobodyLeft(st.spec.ID, "no style in the search space, no entrant, and no agent that wrote one")
	}
	return slots, nil
}

// measureNew measures the distinct candidates that no epoch before has measured, in
// slot order.
func (r *run) measureNew(ctx context.Context, st *specState, slots []*slot, epoch int, g *generation) error {
	var entries []*entry
	queued := map[string]bool{}
	for _, s := range slots {
		if s.c.m == nil && !queued[s.c.id] {
			queued[s.c.id] = true
			entries = append(entries, &entry{id: s.c.id, source: []byte(s.c.source)})
		}
	}
	opt := measureOptions{Options: r.x.measureOptions(), believe: r.opt.believe, recall: r.opt.recall, dry: r.opt.dry}
	opt.Host = r.env.host
	if err := r.env.measure(ctx, entries, st.suite, r.compiled(st.spec), opt); err != nil {
		return err
	}
	var died []SetAside
	for _, en := range entries {
		if en.death != nil {
			died = append(died, st.contestants[en.id].setAside(st.suite.Seed, en.death))
		}
	}
	if died != nil {
		return &DiedError{died}
	}
	last := r.x.budget(r.x.Manifest.Epochs - 1)
	for _, en := range entries {
		c := st.contestants[en.id]
		c.m, c.imports = en.m, en.report.Imports
		c.final = evaluate.Judge(c.m, st.suite, last)
		c.finalBase = evaluate.BaseFitness(&c.final, r.x.weights)
		g.executed++
		if en.cached {
			g.cached++
		}
	}
	return nil
}

// judge holds every slot against the epoch's budget. The diversity bonus looks at
// the share of a style among the slots, so it comes after all else.
func (r *run) judge(st *specState, slots []*slot, epoch int, budget evaluate.Budget) {
	slotsOf := map[string]int{} // by style
	for _, s := range slots {
		s.ev = evaluate.Judge(s.c.m, st.suite, budget)
		s.base = evaluate.BaseFitness(&s.ev, r.x.weights)
		slotsOf[s.c.style]++
		if !slices.Contains(s.c.met, budget) {
			s.c.met = append(s.c.met, budget)
		}
	}
	baseline := baselineStyle(st.spec)
	for _, s := range slots {
		if s.c.style == "" || !s.HasTemp {
			continue
		}
		d := r.x.Manifest.DiversityBonus
		s.bonus = evolve.DiversityBonus(d.Max, d.MinCorrectness, s.ev.Correctness, s.AnnealTemp, r.x.anneal.K(epoch), float64(slotsOf[s.c.style])/float64(len(slots)), s.c.style == baseline)
	}
}

// commit ranks the slots, chooses the survivors, and writes the rows.
func (r *run) commit(st *specState, slots []*slot, seed int64, epoch int, budget evaluate.Budget, g *generation) {
	rows := make([]datasets.Evaluation, len(slots))
	individuals := make([]evolve.Individual, len(slots))
	for i, s := range slots {
		rows[i] = r.x.evaluationRow(s, seed, epoch, budget)
		individuals[i] = evolve.Individual{
			Slot: i, ID: s.c.id, Genome: s.c.genome, AnnealTemp: s.AnnealTemp, HasTemp: s.HasTemp,
			Feasible: s.ev.Feasible, Violation: s.ev.Violation, Fitness: s.fitness(), FinalBaseFitness: s.c.finalBase,
			VirtualMS: orNaN(s.ev.VirtualMS), PeakMemoryBytes: intOrNaN(s.ev.PeakMemoryBytes),
			Objectives: r.x.objectives(&rows[i]), Params: st.vary.normalized(s.c.genome),
		}
		if math.IsNaN(st.best) || s.c.finalBase > st.best {
			st.best = s.c.finalBase
		}
	}
	ranked := evolve.Rank(individuals, evolve.RankOptions{NoveltyNeighbours: r.x.Manifest.Selection.NoveltyNeighbours})
	st.survivors = evolve.Survivors(ranked, r.x.Manifest.Selection.Survivors, r.x.styles(st.spec))
	byID := map[string]evolve.Ranked{}
	for _, k := range ranked {
		byID[k.ID] = k
	}
	for i := range rows {
		k := byID[rows[i].CandidateID]
		rows[i].ParetoRank = int32(k.ParetoRank)
		if !math.IsNaN(k.Novelty) {
			rows[i].Novelty = &k.Novelty
		}
		rows[i].Selected = slices.ContainsFunc(st.survivors, func(s evolve.Ranked) bool { return s.ID == k.ID })
	}
	g.rows = rows
	g.failing = r.x.failing(slots, ranked, seed, epoch)
}

func orNaN(f *float64) float64 {
	if f == nil {
		return math.NaN()
	}
	return *f
}

func intOrNaN(n *int64) float64 {
	if n == nil {
		return math.NaN()
	}
	return float64(*n)
}

func baselineStyle(s *specs.Spec) string {
	for _, style := range s.Styles {
		if style.Baseline {
			return style.Name
		}
	}
	return ""
}

// vetError is the gate's word on a source before it is edited. What the gate refuses
// is not varied by edits: type-checking it might take any amount of memory.
type vetError struct{ msg string }

func (e *vetError) Error() string { return e.msg }

// variator is evolve's hand on genomes, for one spec of one seed. It remembers the
// sources of what it made, for every draw is asked for its id first.
type variator struct {
	spec    *specs.Spec
	y       *synth.Synthesizer
	sources map[string]string
	credits map[string]*credit // by id: what agents wrote
	asker   *asker             // of the generation that is being made; nil: nobody is asked
}

var _ evolve.Variator = (*variator)(nil)

func (r *run) newVariator(ctx context.Context, s *specs.Spec) *variator {
	y := synth.New(s, r.x.license(s), r.env.builder.Importer())
	y.Vet = func(source string) error {
		id := synth.ID(s.ID, source)
		if r.x.aside[id] {
			return &vetError{"it is set aside"}
		}
		report, d, err := r.env.inspect(ctx, id, []byte(source), r.opt.recall)
		switch {
		case d != nil:
			return &DiedError{[]SetAside{{CandidateID: id, Spec: s.ID, Origin: evolve.OriginEdit, Job: d.Job, Reason: d.Reason, Source: source}}}
		case err != nil:
			return err
		case report.Verdict != "":
			return &vetError{report.Verdict + ": " + firstProblem(report)}
		}
		return nil
	}
	return &variator{spec: s, y: y, sources: map[string]string{}, credits: map[string]*credit{}}
}

func (v *variator) Default(style string) (synth.Genome, error) {
	params, err := v.y.DefaultParams(style)
	return synth.Genome{Style: style, Params: params}, err
}

func (v *variator) Perturb(rng *rand.Rand, g synth.Genome, strength float64) (synth.Genome, error) {
	p := v.y.PerturbParams(rng, g, strength)
	if p.Equal(g) {
		return g, evolve.ErrInapplicable
	}
	return v.fit(p)
}

func (v *variator) Mutate(rng *rand.Rand, g synth.Genome, n int) (synth.Genome, error) {
	m, _, err := v.y.Mutate(rng, g, n)
	var refused *vetError
	if errors.Is(err, synth.ErrNoEdit) || errors.As(err, &refused) {
		return g, evolve.ErrInapplicable
	}
	return m, err
}

func (v *variator) Cross(rng *rand.Rand, a, b synth.Genome) (synth.Genome, error) {
	return v.fit(v.y.CrossParams(rng, a, b))
}

// fit leaves out the edits that the source of new parameters has no place for.
func (v *variator) fit(g synth.Genome) (synth.Genome, error) {
	fitted, _, err := v.y.Normalize(g)
	var refused *vetError
	if errors.As(err, &refused) {
		return g, evolve.ErrInapplicable
	}
	return fitted, err
}

func (v *variator) Ask(rng *rand.Rand, g synth.Genome) (synth.Genome, error) {
	if v.asker == nil {
		return g, evolve.ErrInapplicable
	}
	return v.asker.ask(rng, v, g)
}

func (v *variator) ID(g synth.Genome) (string, error) {
	source, err := v.y.Source(g)
	if err != nil {
		return "", err
	}
	id := synth.ID(v.spec.ID, source)
	v.sources[id] = source
	return id, nil
}

func (v *variator) source(id string) string { return v.sources[id] }

// normalized are a genome's parameters for the distance between candidates.
func (v *variator) normalized(g synth.Genome) []float64 {
	style, ok := v.spec.Style(g.Style)
	if !ok {
		return nil
	}
	return synth.NormalizedParams(style, g.Params)
}
