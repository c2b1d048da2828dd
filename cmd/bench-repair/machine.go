package main

import (
	"context"
	"fmt"
	"go/types"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"toolgen/experiment"
	"toolgen/pipeline/build"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/faults"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/seed"
	"toolgen/specs"
)

// subject is a fault, and what came of it. Its exported fields are its record.
type subject struct {
	ID          string `json:"id"` // spec, style and the first digits of the program's hash
	Spec        string `json:"spec"`
	Style       string `json:"style,omitempty"`
	Family      string `json:"family"`
	Op          string `json:"op"`
	Inside      bool   `json:"inside"`
	Undo        string `json:"undo,omitempty"` // family and op of the edit that leads back
	Line        int    `json:"line"`
	Description string `json:"description"`
	Source      string `json:"source"`

	Outcome    string       `json:"outcome"` // "": not attempted
	Verdict    string       `json:"verdict"` // of the faulty program
	Tried      int          `json:"patches_tried"`
	Plausible  int          `json:"patches_plausible"`
	Correct    *bool        `json:"correct"` // null: not repaired, or no held-out cases
	Exact      bool         `json:"exact"`   // the repair is the right program, to the byte
	Validate   *float64     `json:"validate_correctness"`
	Holdout    *float64     `json:"holdout_correctness"`
	RepairFuel int64        `json:"repair_fuel"`
	WallMS     float64      `json:"wall_ms"` // of its group, divided by the size of the group
	Edits      []synth.Edit `json:"edits"`
	Patch      *string      `json:"patch"`
	Repaired   string       `json:"repaired,omitempty"` // source

	spec    *specs.Spec
	right   string
	corpus  bool
	heldout []specs.Case       // of the corpus
	result  *experiment.Repair // what the lab said
}

// corpusFamily is the family of the corpus's programs.
const corpusFamily = "corpus"

// machine is what executes.
type machine struct {
	env       *experiment.Env
	builder   *build.Builder
	temporary string // folder to remove
}

func (m *machine) open(ctx context.Context, dir string) error {
	var err error
	if m.env, err = experiment.Open(ctx, experiment.EnvOptions{CacheDir: dir}); err != nil {
		return err
	}
	m.builder, err = build.Open(ctx, build.Config{Dir: dir, Host: isolate.NewHost(runtime.GOMAXPROCS(0))})
	return err
}

func (m *machine) close() {
	if m.env != nil {
		m.env.Close()
	}
	if m.builder != nil {
		m.builder.Close()
	}
	if m.temporary != "" {
		os.RemoveAll(m.temporary)
	}
}

func (m *machine) importer() types.Importer { return m.builder.Importer() }

// screenFuel is what a faulty program may spend on a case before it counts as failing.
// The right ones spend a hundredth.
const screenFuel = 1_000_000_000

// limits of a call that screens.
func screenOptions() evaluate.Options {
	const perMS = 10_000_000
	return evaluate.Options{FuelPerMS: perMS, TimeoutMS: screenFuel / perMS, MemoryBytes: 128 << 20}
}

// inspect is the gate's report of a tool.
func (m *machine) inspect(ctx context.Context, source string) (*build.Report, error) {
	return m.builder.Inspect(ctx, build.Tool, []build.File{{Name: "tool.go", Data: []byte(source)}})
}

// failing says which programs fail a search case of the suite. They are versions of one
// program, base, or nothing in common if it is "". What the gate refuses fails nothing:
// it is never handed off.
func (m *machine) failing(ctx context.Context, suite *testgen.Suite, programs *testgen.Programs, base string, sources []string) ([]bool, error) {
	var search []testgen.Case
	for _, c := range suite.Cases {
		if c.Kind == testgen.Search {
			search = append(search, c)
		}
	}
	slices.SortStableFunc(search, func(a, b testgen.Case) int { return len(a.Input) - len(b.Input) })
	return m.any(ctx, base, sources, func(i int, s evaluate.Subject) (bool, error) {
		for k := range search {
			c := &search[k]
			call, _, err := evaluate.Answer(ctx, s, suite, programs, screenOptions(), c, evaluate.Entropy(suite, c.ID, 0))
			if err != nil || !call.Correct {
				return true, err
			}
		}
		return false, nil
	})
}

// any compiles programs into modules of clones and asks about each that is accepted.
func (m *machine) any(ctx context.Context, base string, sources []string, ask func(i int, s evaluate.Subject) (bool, error)) ([]bool, error) {
	out := make([]bool, len(sources))
	var of *build.Report
	if base != "" {
		var err error
		if of, err = m.inspect(ctx, base); err != nil {
			return nil, err
		}
	}
	var reports []*build.Report
	var index []int
	for i, src := range sources {
		r, err := m.inspect(ctx, src)
		if err != nil {
			return nil, err
		}
		if r.Verdict == "" {
			reports, index = append(reports, r), append(index, i)
		}
	}
	for len(reports) > 0 {
		n := min(len(reports), build.CloneLimit)
		module, refused, err := m.builder.Clones(ctx, []build.CloneGroup{{Base: of, Versions: reports[:n]}})
		if err != nil {
			return nil, err
		}
		for k := range n {
			if slices.Contains(refused, k) {
				continue
			}
			if out[index[k]], err = ask(index[k], evaluate.Subject{ID: "clone", Module: module, Index: uint32(k)}); err != nil {
				module.Close()
				return nil, err
			}
		}
		module.Close()
		reports, index = reports[n:], index[n:]
	}
	return out, nil
}

// together is how many subjects are repaired side by side, in modules that they share.
const together = 8

// repairAll hands the subjects to the lab, in groups of neighbours. Several groups are at
// work at once: while one waits for a compiler, which is no more than one CPU at work for
// most of its time, another executes.
func (m *machine) repairAll(ctx context.Context, opt options, subjects []*subject, errw io.Writer) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(jobs(opt))
	var mu sync.Mutex
	done := 0
	for group := range slices.Chunk(subjects, together) {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := m.repair(ctx, opt, group); err != nil {
				return fmt.Errorf("one of the faults %s to %s: %w", group[0].ID, group[len(group)-1].ID, err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, s := range group {
				done++
				fmt.Fprintf(errw, "%3d/%d  %-18s %-20s %4d tried  %6.1f s  %s\n", done, len(subjects), s.Outcome, s.Family, s.Tried, s.WallMS/1000, s.ID)
			}
			return nil
		})
	}
	return g.Wait()
}

func jobs(opt options) int {
	if opt.jobs > 0 {
		return opt.jobs
	}
	return runtime.GOMAXPROCS(0)
}

func (m *machine) repair(ctx context.Context, opt options, group []*subject) error {
	start := time.Now()
	list := make([]experiment.RepairOptions, len(group))
	for i, s := range group {
		list[i] = experiment.RepairOptions{
			Spec: s.spec, Source: []byte(s.Source), Style: s.Style, Seed: opt.seed, Patches: opt.patches, Localizer: opt.localizer,
		}
	}
	results, err := m.env.RepairAll(ctx, list)
	if err != nil {
		return err
	}
	each := float64(time.Since(start).Microseconds()) / 1000 / float64(len(group))
	for i, s := range group {
		s.take(results[i], each)
	}
	return nil
}

// take fills in what came of the subject.
func (s *subject) take(r *experiment.Repair, wallMS float64) {
	s.result, s.WallMS = r, wallMS
	s.Outcome, s.Verdict, s.Tried, s.Plausible, s.RepairFuel = r.Outcome, r.Verdict, r.PatchesTried, r.PatchesPlausible, r.RepairFuel
	s.Validate, s.Holdout, s.Edits, s.Patch = r.ValidateCorrectness, r.HoldoutCorrectness, r.Edited, r.Patch
	if r.Outcome != repair.Repaired {
		return
	}
	s.Repaired, s.Exact = string(r.Source), string(r.Source) == s.right
	if !s.corpus && s.Holdout != nil {
		correct := *s.Holdout == 1
		s.Correct = &correct
	}
}

// heldout says of the repaired programs of the corpus which are right by the held-out
// cases, most of which the lab never had.
func (m *machine) heldout(ctx context.Context, subjects []*subject) error {
	var repaired []*subject
	var sources []string
	for _, s := range subjects {
		if s.corpus && s.Repaired != "" && len(s.heldout) > 0 {
			repaired, sources = append(repaired, s), append(sources, s.Repaired)
		}
	}
	wrong, err := m.any(ctx, "", sources, func(i int, s evaluate.Subject) (bool, error) {
		suite := &testgen.Suite{Spec: repaired[i].Spec, Compare: repaired[i].spec.Compare}
		for k, c := range repaired[i].heldout {
			wanted := testgen.Case{Input: c.Input, Want: c.Output, HasWant: !c.Error, WantError: c.Error}
			for entropy := range 2 {
				call, _, err := evaluate.Answer(ctx, s, suite, nil, screenOptions(), &wanted, seed.Entropy(1, "heldout", suite.Spec, k, entropy))
				if err != nil || !call.Correct {
					return true, err
				}
			}
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	for i, s := range repaired {
		correct := !wrong[i]
		s.Correct = &correct
	}
	return nil
}

// corpusSubjects are the programs of a corpus.
func (m *machine) corpusSubjects(dir, only string) ([]*subject, error) {
	programs, err := faults.LoadCorpus(dir)
	if err != nil {
		return nil, &experiment.UsageError{Msg: "the corpus cannot be read", Err: err}
	}
	var out []*subject
	for _, p := range programs {
		if only != "" && p.Spec.ID != only {
			continue
		}
		undo, inside, err := faults.Undo(p.Source, p.Fixed, m.importer())
		if err != nil {
			return nil, fmt.Errorf("corpus, %s: %w", p.Spec.ID, err)
		}
		s := &subject{
			ID: corpusFamily + "/" + p.Spec.ID, Spec: p.Spec.ID, Family: corpusFamily, Op: "written by hand", Inside: inside, Line: faults.FirstLine(p.Fixed, p.Source),
			Description: p.Spec.Title, Source: p.Source, spec: p.Spec, right: p.Fixed, corpus: true, heldout: p.Heldout,
		}
		if inside {
			s.Undo = undo.Family + " " + undo.Op
		}
		out = append(out, s)
	}
	return out, nil
}
