// Package experiment runs tournaments: a manifest becomes a plan, the plan becomes
// rows, and the rows become a run folder that can be verified.
//
// Its one idea is that a run is a pure function of manifest, inputs, seeds and
// toolchain. [Env.execute] computes the function; all else is about where its
// arguments come from (Load), where its value goes (Run), and computing it again to
// see that it is the same (Verify, Replay). How many workers there are, what a cache
// holds and when a process was killed have no say in a row.
//
//   - experiment.go: the arguments: a manifest with all that it names
//   - env.go, cache.go: the machine: workers, toolchain, cache, measurements
//   - tournament.go, rows.go: the function
//   - agents.go, requests.go: what agents have to do with it
//   - assemble.go, setaside.go: what is not compiled, and what cannot be measured
//   - attempt.go, runfolder.go, identity.go: its value on disk, and its name
//   - verify.go, replay.go: computing it again
//   - harness.go, spectest.go: one candidate, one spec
//
// What is decided about candidates is decided in evolve and evaluate.
package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"toolgen/datasets"
	"toolgen/experiment/evolve"
	"toolgen/experiment/manifests"
	"toolgen/pipeline/agent"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/handoff"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// Experiment is a manifest with everything it names. It is immutable.
type Experiment struct {
	Manifest *manifests.Manifest
	Specs    []*specs.Spec // in the order of the manifest

	entrants  []entrant
	waiting   []handoff.Challenger // from the manifest's folder of challengers, sorted by id
	agents    []agent.Agent        // of the manifest, sorted by name
	cassette  string               // folder of what they answered; "" if the experiment comes from a lock
	exchanges []*agent.Exchange    // that the run reads, sorted by key; see settled
	aside     map[string]bool      // ids of candidates that are set aside; see setaside.go
	anneal    evolve.Anneal
	phases    []evolve.Phase
	stop      evolve.Stop
	weights   evaluate.Weights
	values    []func(*datasets.Evaluation) float64 // of the objectives, less is better
}

// entrant is a contestant of the user's own.
type entrant struct {
	id, name, spec, source string
	keep                   bool
}

// LoadOptions say where an experiment comes from.
type LoadOptions struct {
	Manifest string   // path of a file, or the name of a manifest that ships
	Sets     []string // key=value overrides
	Seeds    []string // overrides, "7" or "1-5"; nil: those of the manifest
	SpecDirs []string // folders of specs, or specs, that go before those that ship
}

// Load reads a manifest, and the specs and entrants that it names. What is wrong
// with them is a *manifests.Error, a *specs.Error or a *UsageError.
func Load(opt LoadOptions) (*Experiment, error) {
	data, err := os.ReadFile(opt.Manifest)
	name := opt.Manifest
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(opt.Manifest, `/\.`) {
		data, err = manifests.Named(opt.Manifest)
		name = opt.Manifest + ".yaml"
	}
	if err != nil {
		return nil, &UsageError{Msg: "the manifest cannot be read", Err: err}
	}
	m, err := manifests.Parse(name, data, opt.Sets, opt.Seeds)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(opt.Manifest)
	return resolve(m, finder{
		spec: func(ref string) (*specs.Spec, error) { return findSpec(ref, dir, opt.SpecDirs) },
		source: func(e manifests.Entrant) ([]byte, error) {
			return os.ReadFile(filepath.Join(dir, filepath.FromSlash(e.Source)))
		},
		dir: dir, cassette: within(dir, m.Cassettes), challengers: within(dir, m.Challengers),
	})
}

// within is a path as a manifest in a folder means it.
func within(dir, name string) string {
	if name = filepath.FromSlash(name); filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// finder looks up what a manifest names.
type finder struct {
	spec   func(ref string) (*specs.Spec, error)
	source func(manifests.Entrant) ([]byte, error)

	// Where agents run, what they answered, and where challengers wait; "" in a lock.
	dir, cassette, challengers string
}

// newExperiment takes over what a manifest says by itself.
func newExperiment(m *manifests.Manifest, list []*specs.Spec) *Experiment {
	x := &Experiment{
		Manifest: m, Specs: list,
		anneal: evolve.Anneal{
			TimeoutFromMS: m.Budget.TimeoutMS.From, TimeoutToMS: m.Budget.TimeoutMS.To,
			MemoryFromMiB: float64(m.Budget.MemoryMiB.From), MemoryToMiB: float64(m.Budget.MemoryMiB.To),
			OverEpochs: m.Budget.OverEpochs,
		},
		stop: evolve.Stop{TargetFitness: m.Stop.TargetFitness, Patience: m.Stop.Patience},
		weights: evaluate.Weights{
			Correctness: m.FitnessWeights.Correctness, Safety: m.FitnessWeights.Safety, Performance: m.FitnessWeights.Performance,
			Robustness: m.FitnessWeights.Robustness, Documentation: m.FitnessWeights.Documentation,
		},
	}
	for _, p := range m.Curriculum {
		x.phases = append(x.phases, evolve.Phase{From: p.Epochs.From, To: p.Epochs.To, Spec: p.Spec})
	}
	return x
}

// resolve looks up what a manifest names. Every problem is reported at once, at the
// key that names what is missing.
func resolve(m *manifests.Manifest, find finder) (*Experiment, error) {
	x := newExperiment(m, nil)
	var problems []manifests.Problem
	for i, ref := range m.Specs {
		s, err := find.spec(ref)
		var bad *specs.Error
		var unreadable *fs.PathError
		if errors.As(err, &bad) && fileMissing(bad) || errors.As(err, &unreadable) {
			problems = append(problems, m.Problem(fmt.Sprintf("specs[%d]", i), "%v", err))
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(s.Styles) == 0 && m.Variation.Agent == 0 && !slices.ContainsFunc(m.Entrants, func(e manifests.Entrant) bool { return e.Spec == s.ID }) {
			problems = append(problems, m.Problem(fmt.Sprintf("specs[%d]", i), "spec %s has no styles, no entrant plays it, and no agent may vary it (variation.agent): nobody would play", s.ID))
		}
		x.Specs = append(x.Specs, s)
	}
	for i, style := range m.SearchSpace.ImplStyle {
		if !slices.ContainsFunc(x.Specs, func(s *specs.Spec) bool { _, ok := s.Style(style); return ok }) {
			problems = append(problems, m.Problem(fmt.Sprintf("search_space.impl_style[%d]", i), "none of the specs has a style %q", style))
		}
	}
	for _, s := range x.Specs {
		if n := len(x.styles(s)); n > 0 && m.Selection.Survivors < n+1 {
			problems = append(problems, m.Problem("selection.survivors", "%d survivors cannot keep the best of %d styles of %s and the best of all: expected at least %d", m.Selection.Survivors, n, s.ID, n+1))
		} else if n == 0 && len(s.Styles) > 0 {
			problems = append(problems, m.Problem("search_space.impl_style", "spec %s has none of these styles", s.ID))
		}
	}
	for i, e := range m.Entrants {
		source, err := find.source(e)
		if err != nil {
			problems = append(problems, m.Problem(fmt.Sprintf("entrants[%d].source", i), "%v", err))
			continue
		}
		x.entrants = append(x.entrants, entrant{id: synth.ID(e.Spec, string(source)), name: e.Name, spec: e.Spec, source: string(source), keep: e.Keep})
	}
	if m.Challengers != "" && find.challengers != "" {
		waiting, err := x.waitingIn(find.challengers)
		if err != nil {
			problems = append(problems, m.Problem("challengers", "%v", err))
		}
		x.waiting = waiting
	}
	agents, bad := agentsOf(m, find.dir)
	x.agents, x.cassette = agents, find.cassette
	problems = append(problems, bad...)
	for i, o := range m.Selection.Objectives {
		value, ok := objective(o.Column)
		if !ok {
			problems = append(problems, m.Problem(fmt.Sprintf("selection.objectives[%d]", i), "%q is no numeric column of evaluations.parquet", o.Column))
			continue
		}
		sign := 1.0
		if o.Maximize {
			sign = -1
		}
		x.values = append(x.values, func(row *datasets.Evaluation) float64 { return sign * value(row) })
	}
	if len(problems) > 0 {
		return nil, manifests.NewError(problems)
	}
	return x, nil
}

// fileMissing says whether the error is that there is no such spec at all, which is
// the manifest's problem and not the spec's.
func fileMissing(e *specs.Error) bool { return !strings.Contains(e.Problems[0].File, "/") }

// findSpec looks a spec up: a folder relative to dir, or an id below one of the
// folders, or one that ships.
func findSpec(ref, dir string, specDirs []string) (*specs.Spec, error) {
	if manifests.IsFolder(ref) {
		path := filepath.FromSlash(ref)
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		return specs.LoadDir(path)
	}
	return FindSpec(ref, specDirs)
}

// FindSpec looks a spec up by its id: below each of the folders, or one of the
// folders itself, then among those that ship. A path to a folder is accepted too.
func FindSpec(ref string, specDirs []string) (*specs.Spec, error) {
	if manifests.IsFolder(ref) {
		return specs.LoadDir(ref)
	}
	for _, d := range specDirs {
		for _, path := range []string{filepath.Join(d, ref), d} {
			abs, err := filepath.Abs(path)
			if err != nil {
				return nil, err
			}
			if filepath.Base(abs) != ref {
				continue
			}
			if _, err := os.Stat(filepath.Join(abs, "spec.json")); err == nil {
				return specs.LoadDir(abs)
			}
		}
	}
	return specs.Load(specs.Shipped(), ref)
}

func (x *Experiment) specIDs() []string {
	ids := make([]string, len(x.Specs))
	for i, s := range x.Specs {
		ids[i] = s.ID
	}
	return ids
}

// playing lists the specs that play in any epoch.
func (x *Experiment) playing() []string {
	plays := map[string]bool{}
	for epoch := range x.Manifest.Epochs {
		for _, id := range evolve.Playing(x.phases, x.specIDs(), epoch) {
			plays[id] = true
		}
	}
	var out []string
	for _, id := range x.specIDs() {
		if plays[id] {
			out = append(out, id)
		}
	}
	return out
}

// styles are the search space of a spec: what the manifest names and the spec has,
// in the order of the manifest.
func (x *Experiment) styles(s *specs.Spec) []string {
	var out []string
	if x.Manifest.SearchSpace.ImplStyle == nil {
		for _, style := range s.Styles {
			out = append(out, style.Name)
		}
		return out
	}
	for _, name := range x.Manifest.SearchSpace.ImplStyle {
		if _, ok := s.Style(name); ok {
			out = append(out, name)
		}
	}
	return out
}

// sizes are the suite sizes in force for a spec.
func (x *Experiment) sizes(s *specs.Spec) testgen.Sizes {
	z := testgen.OwnSizes(s)
	set := func(to *int, from *int) {
		if from != nil {
			*to = *from
		}
	}
	m := x.Manifest
	set(&z.Suite.Search, m.Suite.Search)
	set(&z.Suite.Validate, m.Suite.Validate)
	set(&z.Suite.Holdout, m.Suite.Holdout)
	if m.Suite.Sizes != nil {
		z.Suite.Sizes = m.Suite.Sizes
	}
	if s.Benchmark != nil {
		set(&z.Samples, m.Measure.Samples)
	}
	return z
}

// budget is what an epoch allows.
func (x *Experiment) budget(epoch int) evaluate.Budget {
	return evaluate.Budget{TimeoutMS: x.anneal.TimeoutMS(epoch), MemoryBytes: x.anneal.MemoryBytes(epoch), FuelPerMS: x.Manifest.FuelPerMS}
}

// measureOptions are the limits under which candidates are executed: the most
// generous budget, which is the first, for budgets never grow.
func (x *Experiment) measureOptions() evaluate.Options {
	b := x.budget(0)
	return evaluate.Options{FuelPerMS: b.FuelPerMS, TimeoutMS: b.TimeoutMS, MemoryBytes: b.MemoryBytes, Reruns: x.Manifest.Flake.Reruns}
}

// license is the SPDX id that a spec's candidates bear.
func (x *Experiment) license(s *specs.Spec) string { return license(s, x.Manifest.License) }

func license(s *specs.Spec, otherwise string) string {
	if s.License != "" {
		return s.License
	}
	return otherwise
}

// objectives are a row's values of the manifest's objectives, less is better; NaN is null.
func (x *Experiment) objectives(row *datasets.Evaluation) []float64 {
	out := make([]float64, len(x.values))
	for i, v := range x.values {
		out[i] = v(row)
	}
	return out
}
