package manifests

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (r *reader) searchSpace(o object) SearchSpace {
	s := o.object("search_space", keysOf[SearchSpace]())
	space := SearchSpace{AnnealTemp: []float64{0.8, 1.0, 1.2}}
	styles, paths, found := s.list("impl_style")
	if found && styles == nil && s.get("impl_style").kind == sequence {
		r.add(s.get("impl_style"), s.at("impl_style"), "the search space is empty; leave the key out for all styles of a spec")
	}
	for i, n := range styles {
		style, ok := r.text(paths[i], n, matches(stylePattern, "the name of a style: a-z, 0-9 and _"))
		if ok && slices.Contains(space.ImplStyle, style) {
			r.add(n, paths[i], "style %q stands twice", style)
		} else if ok {
			space.ImplStyle = append(space.ImplStyle, style)
		}
	}
	temps, paths, found := s.list("anneal_temp")
	if !found {
		return space
	}
	space.AnnealTemp = nil
	if temps == nil && s.get("anneal_temp").kind == sequence {
		r.add(s.get("anneal_temp"), s.at("anneal_temp"), "the search space is empty; expected at least one temperature")
	}
	for i, n := range temps {
		t, ok := r.positive(paths[i], n, 10)
		if ok && slices.Contains(space.AnnealTemp, t) {
			r.add(n, paths[i], "temperature %v stands twice", t)
		} else if ok {
			space.AnnealTemp = append(space.AnnealTemp, t)
		}
	}
	return space
}

func (r *reader) budget(o object, epochs int) Budget {
	b := o.object("budget", keysOf[Budget]())
	budget := Budget{TimeoutMS: TimeRange{2000, 1000}, MemoryMiB: MemoryRange{128, 64}}
	if b.get("timeout_ms") != nil {
		t := b.object("timeout_ms", keysOf[TimeRange]())
		before := len(r.list)
		t.required("from")
		t.required("to")
		budget.TimeoutMS = TimeRange{t.positive("from", 0, maxTimeoutMS), t.positive("to", 0, maxTimeoutMS)}
		if len(r.list) == before && budget.TimeoutMS.To > budget.TimeoutMS.From {
			r.growing(t, budget.TimeoutMS.From)
		}
	}
	if b.get("memory_mib") != nil {
		t := b.object("memory_mib", keysOf[MemoryRange]())
		before := len(r.list)
		t.required("from")
		t.required("to")
		budget.MemoryMiB = MemoryRange{
			int(t.integer("from", 0, 1, maxMemoryMiB)), int(t.integer("to", 0, 1, maxMemoryMiB)),
		}
		if len(r.list) == before && budget.MemoryMiB.To > budget.MemoryMiB.From {
			r.growing(t, budget.MemoryMiB.From)
		}
	}
	budget.OverEpochs = int(b.integer("over_epochs", int64(max(epochs-1, 1)), 1, 1_000_000))
	return budget
}

func (r *reader) growing(o object, from any) {
	n := o.get("to")
	r.add(n, o.at("to"), "the budget would grow from %v to %s; budgets are tightened, expected at most %v", from, n.text, from)
}

// checkFuel keeps the fuel of one call within what can be counted and recorded: a unit at
// least, also under the tightest budget, and at most 2^52.
func (r *reader) checkFuel(m *Manifest) {
	rate, most, least := float64(m.FuelPerMS), m.Budget.TimeoutMS.From, m.Budget.TimeoutMS.To
	switch {
	case rate*most > maxFuel:
		r.add(r.tree.at("fuel_per_ms"), "fuel_per_ms", "%d times the budget of %v ms is more fuel than 2^52", m.FuelPerMS, most)
	case rate > 0 && least > 0 && rate*least < 1:
		r.add(r.tree.at("fuel_per_ms"), "fuel_per_ms", "%d times the budget of %v ms is less than a unit of fuel", m.FuelPerMS, least)
	}
}

// shares reads numbers of one mapping that sum to 1. A key that is left out counts 0.
func (r *reader) shares(o object, what string, keys []string, fields ...*float64) {
	before := len(r.list)
	sum := 0.0
	for i, key := range keys {
		*fields[i] = o.number(key, 0, 0, 1)
		sum += *fields[i]
	}
	if len(r.list) == before && math.Abs(sum-1) > 1e-9 {
		r.add(o.node, o.path, "the %s sum to %s; expected 1", what, strconv.FormatFloat(sum, 'g', 10, 64))
	}
}

func (r *reader) weights(o object) FitnessWeights {
	w := FitnessWeights{0.40, 0.25, 0.15, 0.10, 0.10}
	if o.get("fitness_weights") != nil {
		keys := keysOf[FitnessWeights]()
		r.shares(o.object("fitness_weights", keys), "weights", keys,
			&w.Correctness, &w.Safety, &w.Performance, &w.Robustness, &w.Documentation)
	}
	return w
}

func (r *reader) variation(o object) Variation {
	v := Variation{Params: 0.4, Style: 0.2, Edit: 0.3, Crossover: 0.1}
	if o.get("variation") != nil {
		keys := keysOf[Variation]()
		r.shares(o.object("variation", keys), "probabilities", keys,
			&v.Params, &v.Style, &v.Edit, &v.Crossover, &v.Agent)
	}
	return v
}

func (r *reader) diversityBonus(o object) DiversityBonus {
	d := o.object("diversity_bonus", keysOf[DiversityBonus]())
	return DiversityBonus{Max: d.number("max", 0.02, 0, 1), MinCorrectness: d.number("min_correctness", 0.9, 0, 1)}
}

// Columns are the columns of evaluations.parquet that an objective may name, sorted.
//
// Not among them: what the repair lab alone decides by, or nothing at all
// (validate_correctness, holdout_correctness); what follows from the objectives
// (pareto_rank, novelty); and what is the same for everybody (epoch, the budgets).
func Columns() []string { return slices.Clone(columns) }

var columns = []string{
	"base_fitness", "cases_passed", "correctness", "diversity_bonus", "documentation", "fitness", "fuel",
	"fuel_p10", "fuel_p90", "peak_memory_bytes", "performance", "quality", "robustness", "safety",
	"source_bytes", "stability", "violation", "virtual_ms",
}

func (r *reader) selection(o object, m *Manifest) Selection {
	s := o.object("selection", keysOf[Selection]())
	population := int64(m.Population)
	least := len(m.SearchSpace.ImplStyle) + 1 // the best overall and the best of each style
	if m.SearchSpace.ImplStyle == nil {
		least = 1 // the experiment knows the styles
	}
	sel := Selection{
		Survivors:         int(s.integer("survivors", min(population, max(int64(least), population/2)), 1, maxPopulation)),
		TournamentSize:    int(s.integer("tournament_size", min(population, 3), 1, maxPopulation)),
		NoveltyNeighbours: int(s.integer("novelty_neighbours", 3, 1, maxPopulation)),
		Objectives:        []Objective{{"fitness", true}, {"virtual_ms", false}, {"peak_memory_bytes", false}},
	}
	if n := s.get("survivors"); n != nil {
		switch {
		case sel.Survivors > m.Population:
			r.add(n, "selection.survivors", "%d survive of a population of %d", sel.Survivors, m.Population)
		case sel.Survivors < least:
			r.add(n, "selection.survivors", "%d survive; %d styles need at least %d, the best overall and the best of each", sel.Survivors, least-1, least)
		}
	} else if sel.Survivors < least {
		r.add(r.tree.at("population"), "population", "%d is too small; %d styles need at least %d survivors", m.Population, least-1, least)
	}
	if n := s.get("tournament_size"); n != nil && sel.TournamentSize > m.Population {
		r.add(n, "selection.tournament_size", "%d take part of a population of %d", sel.TournamentSize, m.Population)
	}
	items, paths, found := s.list("objectives")
	if !found {
		return sel
	}
	sel.Objectives = nil
	if n := s.get("objectives"); n.kind == sequence && len(items) == 0 {
		r.add(n, "selection.objectives", "the list is empty; expected at least one such as \"fitness:max\"")
	}
	for i, n := range items {
		text, ok := r.text(paths[i], n, nil)
		if !ok {
			continue
		}
		column, direction, _ := strings.Cut(text, ":")
		switch {
		case direction != "max" && direction != "min":
			r.add(n, paths[i], "%q is no objective; expected COLUMN:min or COLUMN:max", text)
		case column == "validate_correctness" || column == "holdout_correctness":
			r.add(n, paths[i], "%s is reported only; selection must not see it", column)
		case !slices.Contains(columns, column):
			r.add(n, paths[i], "unknown column %q%s", column, suggest(column, columns))
		case slices.ContainsFunc(sel.Objectives, func(o Objective) bool { return o.Column == column }):
			r.add(n, paths[i], "column %q stands twice", column)
		default:
			sel.Objectives = append(sel.Objectives, Objective{column, direction == "max"})
		}
	}
	return sel
}

func (r *reader) stop(o object) Stop {
	s := o.object("stop", keysOf[Stop]())
	stop := Stop{Patience: s.optional("patience", 1, maxEpochs)}
	if n := s.get("target_fitness"); n != nil && (n.kind != scalar || n.tag != "!!null") {
		if v, ok := r.positive(s.at("target_fitness"), n, 2); ok {
			stop.TargetFitness = &v
		}
	}
	return stop
}

func (r *reader) suite(o object) Suite {
	s := o.object("suite", keysOf[Suite]())
	suite := Suite{
		Search:   s.optional("search", 0, 10_000),
		Validate: s.optional("validate", 0, 10_000),
		Holdout:  s.optional("holdout", 0, 10_000),
	}
	items, paths, found := s.list("sizes")
	if n := s.get("sizes"); found && n.kind == sequence && (len(items) == 0 || len(items) > 64) {
		r.add(n, "suite.sizes", "the list holds %d sizes; expected 1 to 64", len(items))
	}
	for i, n := range items {
		if v, ok := r.integer(paths[i], n, 0, 1<<20); ok {
			suite.Sizes = append(suite.Sizes, int(v))
		}
	}
	return suite
}

var spanPattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(-(0|[1-9][0-9]{0,8})?)?$`)

// curriculum reads the phases, which follow each other from epoch 0 to the last.
func (r *reader) curriculum(o object, m *Manifest) []Phase {
	items, paths, _ := o.list("curriculum")
	phases := []Phase{}
	known := []string{Alternating}
	for _, ref := range m.Specs {
		known = append(known, SpecID(ref))
	}
	before := len(r.list)
	next := 0 // the epoch that the next phase must start with
	for i, n := range items {
		p := r.object(paths[i], n, keysOf[Phase]())
		p.required("epochs")
		p.required("spec")
		phase := Phase{Spec: p.text("spec", "", nil)}
		if s := p.get("spec"); s != nil && phase.Spec != "" && !slices.Contains(known, phase.Spec) {
			r.add(s, p.at("spec"), "spec %q is not among specs%s", phase.Spec, suggest(phase.Spec, known))
		}
		e := p.get("epochs")
		if e == nil {
			continue
		}
		ends := spanPattern.FindStringSubmatch(e.text)
		if e.kind != scalar || ends == nil {
			r.add(e, p.at("epochs"), "expected epochs such as \"0-5\", \"6\" or \"11-\", got %s", e.describe())
			continue
		}
		phase.Epochs.From, _ = strconv.Atoi(ends[1])
		switch {
		case ends[2] == "":
			phase.Epochs.To = phase.Epochs.From
		case ends[3] == "":
			phase.Epochs.To = max(m.Epochs-1, phase.Epochs.From)
		default:
			phase.Epochs.To, _ = strconv.Atoi(ends[3])
		}
		from, to := phase.Epochs.From, phase.Epochs.To
		switch {
		case to < from:
			r.add(e, p.at("epochs"), "%s is empty; expected the earlier epoch first", e.text)
		case from > next:
			r.add(e, p.at("epochs"), "starts with epoch %d; %s no phase", from, epochsHave(next, from-1))
		case from < next:
			r.add(e, p.at("epochs"), "starts with epoch %d, which an earlier phase has; expected %d", from, next)
		case to >= m.Epochs:
			r.add(e, p.at("epochs"), "ends with epoch %d; the last of %d epochs is %d", to, m.Epochs, m.Epochs-1)
		}
		next = max(next, to+1)
		phases = append(phases, phase)
	}
	if len(items) > 0 && len(r.list) == before && next < m.Epochs {
		r.add(o.get("curriculum"), "curriculum", "%s no phase; the last may be open, such as \"%d-\"", epochsHave(next, m.Epochs-1), phases[len(phases)-1].Epochs.From)
	}
	return phases
}

func epochsHave(from, to int) string {
	if from == to {
		return fmt.Sprintf("epoch %d has", from)
	}
	return fmt.Sprintf("epochs %d to %d have", from, to)
}

func (r *reader) entrants(o object, m *Manifest) []Entrant {
	items, paths, _ := o.list("entrants")
	entrants := []Entrant{}
	var known []string
	for _, ref := range m.Specs {
		known = append(known, SpecID(ref))
	}
	for i, n := range items {
		e := r.object(paths[i], n, keysOf[Entrant]())
		for _, key := range []string{"name", "spec", "source"} {
			e.required(key)
		}
		entrant := Entrant{
			Name:   e.text("name", "", matches(labelPattern, "a label of up to 64 of A-Z, a-z, 0-9, ., _ and -")),
			Spec:   e.text("spec", "", nil),
			Source: e.text("source", "", fileName),
			Keep:   e.boolean("keep", false),
		}
		if s := e.get("spec"); s != nil && entrant.Spec != "" && !slices.Contains(known, entrant.Spec) {
			r.add(s, e.at("spec"), "spec %q is not among specs%s", entrant.Spec, suggest(entrant.Spec, known))
		}
		if entrant.Name != "" && slices.ContainsFunc(entrants, func(e Entrant) bool { return e.Name == entrant.Name }) {
			r.add(e.get("name"), e.at("name"), "entrant %q stands twice", entrant.Name)
		}
		entrants = append(entrants, entrant)
	}
	return entrants
}
