package experiment

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"toolgen/experiment/evolve"
	"toolgen/experiment/manifests"
	"toolgen/pipeline/build"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/handoff"
	"toolgen/pipeline/synth"
	"toolgen/seed"
	"toolgen/specs"
)

// HarnessOptions name one candidate and what to hold it against. The budgets and
// weights are those of the default manifest.
type HarnessOptions struct {
	Spec       *specs.Spec
	Out        string   // folder of the bundle, new or empty
	Epoch      int      // whose budget is in force
	Style      string   // "": the baseline style
	AnnealTemp *float64 // nil: the style's default; else its parameters, moved by this temperature's strength in this epoch
	Source     []byte   // a source instead of a style; nil: none
	Queue      string   // where a failing candidate is handed off; "": nowhere
	Seed       int64
}

// Harness is what came of one candidate.
type Harness struct {
	Verdict         string        `json:"verdict"`
	Problems        []string      `json:"problems"` // why the gate or the type checker refused it
	CandidateID     string        `json:"candidate_id"`
	Spec            string        `json:"spec"`
	ImplStyle       *string       `json:"impl_style"`
	Params          string        `json:"params"` // JSON object
	Epoch           int           `json:"epoch"`
	Seed            int64         `json:"seed"`
	Scores          Scores        `json:"scores"`
	VirtualMS       *float64      `json:"virtual_ms"`
	WallMS          *float64      `json:"wall_ms"` // lower median of the same calls on this machine
	Fuel            *int64        `json:"fuel"`
	PeakMemoryBytes *int64        `json:"peak_memory_bytes"`
	Budget          HarnessBudget `json:"budget"`
	CasesPassed     int           `json:"cases_passed"`
	CasesTotal      int           `json:"cases_total"`
	FlakeCase       *string       `json:"flake_case"`
	FlakeEntropy    *int64        `json:"flake_entropy"`
	Missing         []string      `json:"missing"`    // facts of the safety and documentation scores that the source does not show
	BundleDir       *string       `json:"bundle_dir"` // null if nothing was built
	Handoff         *string       `json:"handoff"`    // path of the handoff's file; null if there is none
}

// Scores of a candidate; null is a part that the spec does not have.
type Scores struct {
	Correctness   float64  `json:"correctness"`
	Safety        float64  `json:"safety"`
	Performance   *float64 `json:"performance"`
	Robustness    *float64 `json:"robustness"`
	Documentation float64  `json:"documentation"`
	Quality       *float64 `json:"quality"`
	Stability     float64  `json:"stability"`
	BaseFitness   float64  `json:"base_fitness"`
}

// HarnessBudget is the budget that was in force.
type HarnessBudget struct {
	TimeoutMS   float64 `json:"timeout_ms"`
	MemoryBytes int64   `json:"memory_bytes"`
}

// Harness synthesizes one candidate, or takes its source, holds it against the
// spec's suite, writes its bundle, and hands it off if it fails. One that cannot be
// measured on this machine is a *DiedError.
func (e *Env) Harness(ctx context.Context, opt HarnessOptions) (*Harness, error) {
	x, err := single(opt.Spec)
	if err != nil {
		return nil, err
	}
	if opt.Epoch < 0 {
		return nil, &UsageError{Msg: fmt.Sprintf("--epoch %d: epochs count from 0", opt.Epoch)}
	}
	r := &run{env: e, x: x}
	c, err := r.harnessCandidate(ctx, opt)
	if err != nil {
		return nil, err
	}
	programs := &lazyPrograms{env: e, spec: opt.Spec}
	defer programs.close()
	suite, err := e.suiteFor(ctx, opt.Spec, opt.Seed, x.sizes(opt.Spec), true, programs.get)
	if err != nil {
		return nil, err
	}
	entries := []*entry{{id: c.id, source: []byte(c.source)}}
	mo := measureOptions{Options: x.measureOptions(), believe: true, recall: true}
	mo.Host = e.host
	if err := e.measure(ctx, entries, suite, programs.get, mo); err != nil {
		return nil, err
	}
	if d := entries[0].death; d != nil {
		return nil, &DiedError{[]SetAside{c.setAside(opt.Seed, d)}}
	}
	c.m, c.imports = entries[0].m, entries[0].report.Imports
	budget := x.budget(opt.Epoch)
	ev := evaluate.Judge(c.m, suite, budget)
	out := harnessAnswer(x, c, &ev, budget, opt)
	if c.m.Rejected != "" {
		return out, nil
	}
	s := shipment{contestant: c, seed: opt.Seed, suite: suite}
	files, err := e.bundle(ctx, x, s)
	if refused, ok := errors.AsType[*build.BuildError](err); ok {
		out.Problems = append(out.Problems, "there is no bundle: it is not compiled as a command: "+refused.Said())
		return out, nil
	}
	if err != nil {
		return nil, s.unbundled(err)
	}
	if err := writeBundle(opt.Out, files); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(opt.Out)
	if err != nil {
		return nil, err
	}
	out.BundleDir = &dir
	why := reason(&ev)
	if why == "" || opt.Queue == "" {
		return out, nil
	}
	path, _, err := handoff.Put(opt.Queue, handoff.Handoff{
		TS: x.Manifest.Timestamp, Source: "toolgen", SpecPath: specPath(opt.Spec), BundleDir: dir,
		Epoch: opt.Epoch, ImplStyle: out.ImplStyle, Reason: why, Seed: opt.Seed, CandidateID: c.id,
		Metrics: handoff.Metrics{Correctness: ev.Correctness, Fitness: out.Scores.BaseFitness},
	})
	if err != nil {
		return nil, diskError(err)
	}
	out.Handoff = &path
	return out, nil
}

// specPath is where the repair lab finds a spec: its folder, or the id of one that ships.
func specPath(s *specs.Spec) string {
	if s.Origin == specs.OriginShipped {
		return s.ID
	}
	if abs, err := filepath.Abs(s.Origin); err == nil {
		return abs
	}
	return s.Origin
}

// single is the default experiment on one spec.
func single(s *specs.Spec) (*Experiment, error) {
	m, err := manifests.Parse("harness", []byte("version: 1\nname: harness\nseeds: [1]\nepochs: 41\nspecs: ["+s.ID+"]\n"), nil, nil)
	if err != nil {
		return nil, err
	}
	// A spec of cases alone has no styles of its own, and needs none here.
	return newExperiment(m, []*specs.Spec{s}), nil
}

func (r *run) harnessCandidate(ctx context.Context, opt HarnessOptions) (*contestant, error) {
	s := opt.Spec
	c := &contestant{spec: s.ID, firstEpoch: opt.Epoch, origin: evolve.OriginInitial}
	if opt.Source != nil {
		c.source, c.origin, c.genome = string(opt.Source), evolve.OriginEntrant, synth.Genome{Base: string(opt.Source)}
		c.id = synth.ID(s.ID, c.source)
		return c, nil
	}
	c.style = opt.Style
	if c.style == "" {
		if c.style = baselineStyle(s); c.style == "" {
			return nil, &UsageError{Msg: fmt.Sprintf("spec %s has no styles; name a source by --source", s.ID)}
		}
	}
	if _, ok := s.Style(c.style); !ok {
		return nil, &UsageError{Msg: fmt.Sprintf("spec %s has no style %q; it has %s", s.ID, c.style, styleNames(s))}
	}
	v := r.newVariator(ctx, s)
	g, err := v.Default(c.style)
	if err != nil {
		return nil, err
	}
	if opt.AnnealTemp != nil {
		strength := float64(*opt.AnnealTemp * (1 - r.x.anneal.K(opt.Epoch)))
		rng := seed.Derive(opt.Seed, "harness", s.ID, opt.Epoch)
		if p := v.y.PerturbParams(rng, g, strength); !p.Equal(g) {
			g, c.origin = p, evolve.OriginParams
		}
	}
	if c.id, err = v.ID(g); err != nil {
		return nil, err
	}
	c.genome, c.source = g, v.source(c.id)
	return c, nil
}

func styleNames(s *specs.Spec) string {
	names := ""
	for i, st := range s.Styles {
		if i > 0 {
			names += ", "
		}
		names += st.Name
	}
	return names
}

func harnessAnswer(x *Experiment, c *contestant, ev *evaluate.Evaluation, b evaluate.Budget, opt HarnessOptions) *Harness {
	out := &Harness{
		Verdict: ev.Verdict, Problems: c.m.Problems, CandidateID: c.id, Spec: c.spec, ImplStyle: null(c.style), Params: "{}",
		Epoch: opt.Epoch, Seed: opt.Seed,
		Scores: Scores{
			Correctness: ev.Correctness, Safety: ev.Safety, Performance: ev.Performance, Robustness: ev.Robustness,
			Documentation: ev.Documentation, Quality: ev.Quality, Stability: ev.Stability, BaseFitness: evaluate.BaseFitness(ev, x.weights),
		},
		VirtualMS: ev.VirtualMS, Fuel: ev.Fuel, PeakMemoryBytes: ev.PeakMemoryBytes,
		Budget:      HarnessBudget{TimeoutMS: b.TimeoutMS, MemoryBytes: b.MemoryBytes},
		CasesPassed: ev.CasesPassed, CasesTotal: ev.CasesTotal,
		FlakeCase: null(ev.FlakeCase), FlakeEntropy: ev.FlakeEntropy,
	}
	if c.m.Rejected == "" {
		out.Missing = c.m.Static.Missing()
	}
	if params, err := synth.EncodeParams(c.genome.Params); err == nil {
		out.Params = string(params)
	}
	if ms := medianWall(c.m); ms > 0 {
		out.WallMS = &ms
	}
	return out
}

// medianWall is the lower median of the timed calls in milliseconds; 0 if there are none.
func medianWall(m *evaluate.Measurement) float64 {
	if len(m.WallNS) == 0 {
		return 0
	}
	return float64(evaluate.LowerMedian(m.WallNS)) / float64(time.Millisecond)
}
