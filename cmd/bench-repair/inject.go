package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"toolgen/experiment"
	"toolgen/pipeline/faults"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/seed"
	"toolgen/specs"
)

// surplus is how many faults are injected for one that is wanted: some are harmless, and
// of some families programs have few.
const surplus = 3

// subjects makes the faults that the flags ask for: the injected ones, then the corpus.
func (m *machine) subjects(ctx context.Context, opt options, errw io.Writer) ([]*subject, error) {
	var out []*subject
	if opt.faults > 0 {
		injected, err := m.inject(ctx, opt, errw)
		if err != nil {
			return nil, err
		}
		out = pick(injected, opt.faults)
	}
	if opt.corpus != "" && opt.corpus != "none" {
		corpus, err := m.corpusSubjects(opt.corpus, opt.specs)
		if err != nil {
			return nil, err
		}
		out = append(out, corpus...)
	}
	if len(out) == 0 {
		return nil, &experiment.UsageError{Msg: fmt.Sprintf("there is no fault to repair: --spec %q is no spec that ships and none of the corpus", opt.specs)}
	}
	return out, nil
}

// inject makes faults in every style of every spec that ships, and keeps those that are
// failing candidates.
func (m *machine) inject(ctx context.Context, opt options, errw io.Writer) ([]*subject, error) {
	ids, err := specs.List(specs.Shipped())
	if err != nil {
		return nil, err
	}
	type origin struct {
		spec  *specs.Spec
		style string
	}
	var origins []origin
	for _, id := range ids {
		if opt.specs != "" && id != opt.specs {
			continue
		}
		spec, err := specs.Load(specs.Shipped(), id)
		if err != nil {
			return nil, err
		}
		for _, s := range spec.Styles {
			origins = append(origins, origin{spec, s.Name})
		}
	}
	if len(origins) == 0 {
		return nil, nil
	}
	each := max(len(faults.Families), surplus*opt.faults/len(origins))
	found := make([][]*subject, len(origins))
	suites := &suites{machine: m, seed: opt.seed, known: map[string]*suiteOf{}}
	defer suites.close()
	for _, o := range origins { // one after another: they share what they build
		if _, err := suites.of(ctx, o.spec); err != nil {
			return nil, err
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(jobs(opt))
	for i, o := range origins {
		g.Go(func() error {
			list, err := m.injectInto(gctx, o.spec, o.style, suites.known[o.spec.ID], opt.seed, each)
			if err != nil {
				return fmt.Errorf("spec %s, style %s: %w", o.spec.ID, o.style, err)
			}
			found[i] = list
			fmt.Fprintf(errw, "%s, %s: %d faults fail the suite\n", o.spec.ID, o.style, len(list))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []*subject
	for _, list := range found {
		all = append(all, list...)
	}
	return all, nil
}

// injectInto makes n faults of one style and keeps those that fail a search case.
func (m *machine) injectInto(ctx context.Context, spec *specs.Spec, style string, of *suiteOf, sd int64, n int) ([]*subject, error) {
	y := synth.New(spec, spec.License, m.importer())
	params, err := y.DefaultParams(style)
	if err != nil {
		return nil, err
	}
	right, err := y.Source(synth.Genome{Style: style, Params: params})
	if err != nil {
		return nil, err
	}
	list, err := faults.Inject(right, m.importer(), seed.Entropy(sd, "bench-repair", spec.ID, style), n)
	if err != nil {
		return nil, err
	}
	sources := make([]string, len(list))
	for i := range list {
		sources[i] = list[i].Source
	}
	fails, err := m.failing(ctx, of.suite, of.programs, right, sources)
	if err != nil {
		return nil, err
	}
	var out []*subject
	for i, f := range list {
		if !fails[i] {
			continue
		}
		sum := sha256.Sum256([]byte(f.Source))
		s := &subject{
			ID: spec.ID + "/" + style + "/" + hex.EncodeToString(sum[:4]), Spec: spec.ID, Style: style, Family: f.Family, Op: f.Op,
			Inside: f.Inside, Line: f.Line, Description: f.Description, Source: f.Source, spec: spec, right: right,
		}
		if f.Inside {
			s.Undo = f.Undo.Family + " " + f.Undo.Op
		}
		out = append(out, s)
	}
	return out, nil
}

// pick takes n subjects: families take turns, and within a family the programs that the
// faults are in.
func pick(all []*subject, n int) []*subject {
	byFamily := map[string][]*subject{}
	for _, family := range faults.Families {
		var programs []string
		of := map[string][]*subject{}
		for _, s := range all {
			if s.Family == family {
				key := s.Spec + "/" + s.Style
				if of[key] == nil {
					programs = append(programs, key)
				}
				of[key] = append(of[key], s)
			}
		}
		for round := 0; len(programs) > 0; round++ {
			var left []string
			for _, key := range programs {
				if list := of[key]; round < len(list) {
					byFamily[family] = append(byFamily[family], list[round])
					left = append(left, key)
				}
			}
			programs = left
		}
	}
	var out []*subject
	for round := 0; len(out) < n; round++ {
		any := false
		for _, family := range faults.Families {
			if list := byFamily[family]; round < len(list) && len(out) < n {
				out = append(out, list[round])
				any = true
			}
		}
		if !any {
			break
		}
	}
	return out
}

// suites keeps the suite of each spec.
type suites struct {
	machine *machine
	seed    int64
	known   map[string]*suiteOf
}

type suiteOf struct {
	suite    *testgen.Suite
	programs *testgen.Programs
}

func (s *suites) of(ctx context.Context, spec *specs.Spec) (*suiteOf, error) {
	if known := s.known[spec.ID]; known != nil {
		return known, nil
	}
	programs, err := testgen.Prepare(ctx, s.machine.builder, spec)
	if err != nil {
		return nil, err
	}
	made := &suiteOf{programs: programs}
	s.known[spec.ID] = made
	made.suite, err = testgen.Generate(ctx, programs, s.seed, testgen.OwnSizes(spec))
	return made, err
}

func (s *suites) close() {
	for _, of := range s.known { // any order: each is closed once
		of.programs.Close()
	}
}
