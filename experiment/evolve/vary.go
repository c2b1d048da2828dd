package evolve

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"toolgen/pipeline/synth"
	"toolgen/seed"
)

// ErrInapplicable is what a [Variator] answers when a variation cannot be done to a
// genome: no parameters to perturb, nowhere to edit. Another kind is tried instead.
var ErrInapplicable = errors.New("the variation does not apply to this genome")

// Variator does to genomes what [First] and [Next] decide. All of it is deterministic
// given rng. Any error other than [ErrInapplicable] ends the generation.
type Variator interface {
	// Default returns a style with the default value of each parameter, unedited.
	Default(style string) (synth.Genome, error)
	// Perturb moves parameters, farther with more strength (0 or more).
	Perturb(rng *rand.Rand, g synth.Genome, strength float64) (synth.Genome, error)
	// Mutate appends n edits.
	Mutate(rng *rand.Rand, g synth.Genome, n int) (synth.Genome, error)
	// Cross combines two genomes of one style.
	Cross(rng *rand.Rand, a, b synth.Genome) (synth.Genome, error)
	// Ask lets an agent write a variation, or a first genome if g is the zero Genome.
	// [ErrInapplicable] means also that the agent gave no usable answer.
	Ask(rng *rand.Rand, g synth.Genome) (synth.Genome, error)
	// ID returns the id of the candidate that a genome stands for.
	ID(g synth.Genome) (string, error)
}

// Origins of the candidates in a generation's slots.
const (
	OriginInitial   = "initial"
	OriginParams    = "params"
	OriginStyle     = "style"
	OriginEdit      = "edit"
	OriginCrossover = "crossover"
	OriginAgent     = "agent"
	OriginSurvivor  = "survivor"
	OriginEntrant   = "entrant" // given to the slots that stand beside a generation
)

// Weights says how often each kind of variation is drawn. They need not sum to 1; if
// all are 0, edits are drawn.
type Weights struct {
	Params    float64 // other parameter values
	Style     float64 // another style of the search space, its parameters perturbed
	Edit      float64 // edits to the source
	Crossover float64 // parameters of two parents of one style
	Agent     float64 // whatever an agent writes
}

// Config is what a generation of a spec is made from.
type Config struct {
	Seed           int64
	Spec           string
	Epoch          int
	K              float64 // [Anneal.K] of the epoch
	Population     int     // slots to fill
	TournamentSize int     // how many are drawn for each parent; 0 or 1: the first drawn is it
	Styles         []string
	Temps          []float64 // anneal temperatures of the search space; at least one, each finite and 0 or more
	Weights        Weights

	// Seen reports ids that were in this tournament before; nil: none were. What is in
	// the generation under construction need not be reported.
	Seen func(id string) bool
	// Excluded reports ids that must not play; nil: all may.
	Excluded func(id string) bool
}

// ErrExcluded reports that a slot cannot be filled: all that was drawn for it is excluded.
var ErrExcluded = errors.New("they are excluded")

// Slot is a place in a generation.
type Slot struct {
	Slot       int
	ID         string
	Genome     synth.Genome
	AnnealTemp float64
	HasTemp    bool
	Origin     string
	ParentIDs  []string // what it was varied from, the first parent first; none for initial ones and survivors
}

const (
	// redraws is how often a variation that was seen before is drawn again before it is
	// accepted; the slots then share an execution.
	redraws = 8
	// agentRedraws is the same for what an agent wrote, whose answers are dear.
	agentRedraws = 2
	// maxDraws ends a slot whose draws are all excluded.
	maxDraws = 1000
)

// First returns the first generation of a spec: the search space in order, each style
// with each temperature, the temperatures of a style side by side, cut or repeated to
// the population. A slot holds its style's default. If that already stands in a slot
// before it, was seen before or is excluded, the slot holds a variation of it, of the
// same style and temperature, by parameters or edits as they are weighted. Without
// styles there is nothing to begin with: agents write a genome for each slot, if they
// are weighted at all, and a slot stays away where the agent gives no usable answer;
// else First returns no slots.
func First(cfg Config, v Variator) ([]Slot, error) {
	b, err := newBuilder(cfg, v)
	if err != nil {
		return nil, err
	}
	if len(cfg.Styles) == 0 {
		err := b.fromNothing()
		return b.slots, err
	}
	kinds := []weighted{{OriginParams, cfg.Weights.Params}, {OriginEdit, cfg.Weights.Edit}}
	cells := len(cfg.Styles) * len(cfg.Temps)
	for i := range cfg.Population {
		cell := i % cells
		style, temp := cfg.Styles[cell/len(cfg.Temps)], cfg.Temps[cell%len(cfg.Temps)]
		g, err := v.Default(style)
		if err != nil {
			return nil, b.fail(i, fmt.Errorf("style %s: %w", style, err))
		}
		id, err := v.ID(g)
		if err != nil {
			return nil, b.fail(i, fmt.Errorf("style %s: %w", style, err))
		}
		s := Slot{ID: id, Genome: g, AnnealTemp: temp, HasTemp: true, Origin: OriginInitial}
		if b.known(id) || b.excluded(id) {
			parent := Ranked{Individual: Individual{ID: id, Genome: g}}
			s, err = b.draw(i, func(rng *rand.Rand) (Slot, error) {
				return b.vary(rng, parent, nil, temp, kinds, OriginInitial)
			})
			if err != nil {
				return nil, b.fail(i, err)
			}
		}
		b.add(s)
	}
	return b.slots, nil
}

// fromNothing fills the slots with what agents write.
func (b *builder) fromNothing() error {
	if b.Weights.Agent <= 0 {
		return nil
	}
	for i := range b.Population {
		s, err := b.draw(i, func(rng *rand.Rand) (Slot, error) {
			g, err := b.v.Ask(rng, synth.Genome{})
			return Slot{Genome: g, AnnealTemp: b.Temps[i%len(b.Temps)], HasTemp: true, Origin: OriginAgent}, err
		})
		if errors.Is(err, ErrInapplicable) {
			continue
		}
		if err != nil {
			return b.fail(i, err)
		}
		b.add(s)
	}
	return nil
}

// Next returns a later generation: the survivors in their order, then variations of
// them to the population. survivors is the result of [Survivors]; it must not be empty.
//
// A variation is drawn so: a temperature of the search space, a kind by weight, a
// parent by tournament in the total order, and what the kind does at the strength
// temperature * (1 - K). Edits are Poisson(strength) many, at least one. If a kind does
// not apply, edit, params, style and crossover are tried, in this order; if none does,
// the slot holds its parent again, as a survivor. A variation that was seen before in
// the tournament is drawn again up to eight times and then accepted, or up to two times
// if an agent wrote it, since its answers are dear; one that is
// excluded is drawn again until it is not, and a thousand vain draws are an error.
func Next(cfg Config, v Variator, survivors []Ranked) ([]Slot, error) {
	b, err := newBuilder(cfg, v)
	if err != nil {
		return nil, err
	}
	if len(survivors) == 0 {
		return nil, fmt.Errorf("evolve: spec %s, epoch %d: no survivors to go on from", cfg.Spec, cfg.Epoch)
	}
	for _, s := range survivors[:min(len(survivors), max(cfg.Population, 0))] {
		b.add(Slot{ID: s.ID, Genome: s.Genome, AnnealTemp: s.AnnealTemp, HasTemp: s.HasTemp, Origin: OriginSurvivor})
	}
	w := cfg.Weights
	kinds := []weighted{
		{OriginParams, w.Params}, {OriginStyle, w.Style}, {OriginEdit, w.Edit},
		{OriginCrossover, w.Crossover}, {OriginAgent, w.Agent},
	}
	for i := len(b.slots); i < cfg.Population; i++ {
		s, err := b.draw(i, func(rng *rand.Rand) (Slot, error) {
			temp := cfg.Temps[rng.IntN(len(cfg.Temps))]
			parent := tournament(rng, survivors, cfg.TournamentSize)
			return b.vary(rng, parent, survivors, temp, kinds, OriginSurvivor)
		})
		if err != nil {
			return nil, b.fail(i, err)
		}
		b.add(s)
	}
	return b.slots, nil
}

// builder fills the slots of one generation.
type builder struct {
	Config
	v     Variator
	slots []Slot
	here  map[string]bool // ids in slots
}

func newBuilder(cfg Config, v Variator) (*builder, error) {
	b := &builder{Config: cfg, v: v, here: map[string]bool{}}
	if len(cfg.Temps) == 0 {
		return nil, fmt.Errorf("evolve: spec %s: anneal_temp is empty, expected at least one temperature", cfg.Spec)
	}
	for _, t := range cfg.Temps {
		if !(t >= 0) || math.IsInf(t, 1) {
			return nil, fmt.Errorf("evolve: spec %s: anneal_temp %v, expected a finite number, 0 or more", cfg.Spec, t)
		}
	}
	return b, nil
}

func (b *builder) add(s Slot) {
	s.Slot = len(b.slots)
	b.slots = append(b.slots, s)
	b.here[s.ID] = true
}

func (b *builder) known(id string) bool {
	return b.here[id] || b.Seen != nil && b.Seen(id)
}

func (b *builder) excluded(id string) bool {
	return b.Excluded != nil && b.Excluded(id)
}

func (b *builder) fail(slot int, err error) error {
	return fmt.Errorf("evolve: spec %s, epoch %d, slot %d: %w", b.Spec, b.Epoch, slot, err)
}

// draw draws a variation for a slot until it may stand there. Each attempt has its own
// generator, so that a slot's fifth draw does not depend on what its first four did.
func (b *builder) draw(slot int, propose func(*rand.Rand) (Slot, error)) (Slot, error) {
	asked := 0
	for attempt := range maxDraws {
		s, err := propose(seed.Derive(b.Seed, "vary", b.Spec, b.Epoch, slot, attempt))
		if err != nil {
			return Slot{}, err
		}
		if s.ID, err = b.v.ID(s.Genome); err != nil {
			return Slot{}, fmt.Errorf("a variation by %s: %w", s.Origin, err)
		}
		most := redraws
		if s.Origin == OriginAgent {
			most = agentRedraws
		}
		if !b.excluded(s.ID) && (attempt >= most || !b.known(s.ID)) {
			return s, nil
		}
		if s.Origin == OriginAgent {
			if asked++; asked > redraws {
				return Slot{}, fmt.Errorf("%d answers of agents in a row are of no use: %w", asked, ErrExcluded)
			}
		}
	}
	return Slot{}, fmt.Errorf("all of %d variations drawn are of no use: %w", maxDraws, ErrExcluded)
}

// weighted is a kind of variation, named by the origin that it gives.
type weighted struct {
	kind   string
	weight float64
}

// fallbacks is tried in order when the kind that was drawn does not apply. Agents are
// not in it: they are asked when they are drawn and at no other time.
var fallbacks = []string{OriginEdit, OriginParams, OriginStyle, OriginCrossover}

// vary makes a variation of a parent by a kind that is drawn. unchanged is the origin
// of the parent itself, which takes the slot if nothing at all applies.
func (b *builder) vary(rng *rand.Rand, parent Ranked, mates []Ranked, temp float64, kinds []weighted, unchanged string) (Slot, error) {
	drawn := drawKind(rng, kinds)
	order := []string{drawn}
	for _, kind := range fallbacks {
		if kind != drawn && slices.ContainsFunc(kinds, func(w weighted) bool { return w.kind == kind }) {
			order = append(order, kind)
		}
	}
	strength := float64(temp * (1 - b.K))
	s := Slot{AnnealTemp: temp, HasTemp: true}
	for _, kind := range order {
		g, parents, err := b.apply(rng, kind, parent, mates, strength)
		if errors.Is(err, ErrInapplicable) {
			continue
		}
		if err != nil {
			return Slot{}, fmt.Errorf("a variation of %s by %s: %w", parent.ID, kind, err)
		}
		s.Genome, s.Origin, s.ParentIDs = g, kind, parents
		return s, nil
	}
	s.Genome, s.Origin = parent.Genome, unchanged
	return s, nil
}

func (b *builder) apply(rng *rand.Rand, kind string, parent Ranked, mates []Ranked, strength float64) (synth.Genome, []string, error) {
	g, parents := parent.Genome, []string{parent.ID}
	switch kind {
	case OriginParams:
		g, err := b.v.Perturb(rng, g, strength)
		return g, parents, err
	case OriginEdit:
		g, err := b.v.Mutate(rng, g, max(1, poisson(rng, strength)))
		return g, parents, err
	case OriginAgent:
		g, err := b.v.Ask(rng, g)
		return g, parents, err
	case OriginStyle:
		var others []string
		for _, style := range b.Styles {
			if style != g.Style {
				others = append(others, style)
			}
		}
		if len(others) == 0 {
			return g, nil, ErrInapplicable
		}
		g, err := b.v.Default(others[rng.IntN(len(others))])
		if err != nil {
			return g, nil, err
		}
		// Perturbed, for the plain default has nearly always been seen.
		perturbed, err := b.v.Perturb(rng, g, strength)
		if errors.Is(err, ErrInapplicable) {
			return g, parents, nil
		}
		return perturbed, parents, err
	case OriginCrossover:
		var alike []Ranked
		for _, m := range mates {
			if m.Genome.Style != "" && m.Genome.Style == g.Style && m.ID != parent.ID {
				alike = append(alike, m)
			}
		}
		if len(alike) == 0 {
			return g, nil, ErrInapplicable
		}
		mate := tournament(rng, alike, b.TournamentSize)
		g, err := b.v.Cross(rng, g, mate.Genome)
		return g, append(parents, mate.ID), err
	}
	panic("evolve: unknown kind of variation " + kind)
}

// tournament returns the best in total order of size draws with replacement.
func tournament(rng *rand.Rand, from []Ranked, size int) Ranked {
	best := from[rng.IntN(len(from))]
	for range size - 1 {
		if c := from[rng.IntN(len(from))]; c.Place < best.Place {
			best = c
		}
	}
	return best
}

func drawKind(rng *rand.Rand, kinds []weighted) string {
	total := 0.0
	for _, k := range kinds {
		total += max(0, k.weight)
	}
	x := float64(rng.Float64() * total)
	last := OriginEdit // of all weights 0
	for _, k := range kinds {
		if k.weight <= 0 {
			continue
		}
		last = k.kind
		if x < k.weight {
			break
		}
		x -= k.weight
	}
	return last
}

// poisson counts the arrivals of a Poisson process with rate 1 before the time mean:
// the gaps are exponential, -ln u. Slower than inversion and without math.Exp, whose
// last bit is not the same on every CPU.
func poisson(rng *rand.Rand, mean float64) int {
	arrivals := 0
	for t := 0.0; ; arrivals++ {
		t -= log2(1 - rng.Float64()) // in units of ln 2; 1-u is in (0, 1]
		if t > mean*math.Log2E {
			return arrivals
		}
	}
}
