// Package trial tries versions of a failing program, hundreds in one module, for the
// repair lab: it is the executor that package repair asks for.
//
// What decides is a list of points, each a case under one entropy. The points that the
// program fails come first, and a version that fails too many of them is given up, so
// most versions cost two or three calls. A version that passes all points is held
// against more in the same module: other entropy, validate cases, and fresh inputs
// whose answers the spec's reference knows. Every call has a fresh instance: neither
// globals nor garbage leak from one version to the next.
//
// Calls have an allowance of fuel that follows from what the failing program spent, far
// below the budget of an epoch: a version that loops must not cost a second. What is
// slow and right shows when it is confirmed, in an ordinary measurement.
package trial

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	"toolgen/pipeline/build"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
	"toolgen/seed"
)

// Config is what a Bench works with. All fields are required but where it says so.
type Config struct {
	Suite       *testgen.Suite
	Programs    func(context.Context) (*testgen.Programs, error) // the spec's; asked only for checks and fresh inputs
	Sizes       []int                                            // of fresh inputs; nil: none are made
	Candidate   string                                           // id of the failing program, for errors and as the purpose of draws
	Measurement *evaluate.Measurement                            // of the failing program
	Budget      evaluate.Budget                                  // that a repair must keep

	// Robustness makes points of the robustness cases, too: the program is safe but for
	// what it does on them.
	Robustness bool

	// Aside says of a version that it was set aside: it is refused before anything is done
	// with it. Nil: none was.
	Aside func(source string) bool

	// Died is told of a version that a job died of. The search goes on as if that version
	// had been set aside. It may be called concurrently, and of a version more than once.
	// Nil: a death ends the search with its error.
	Died func(source string, err error)
}

const (
	// Allowance of fuel for a call: base, times as much as the program spent at most
	// where it answered, and for each byte of input.
	allowBase  = 50_000_000
	allowTimes = 20
	allowByte  = 100_000

	// patience is how many failing points a version may fail before it is given up, if
	// it has turned none.
	patience = 3

	// others is under how many other entropies a plausible version must pass its points.
	others = 3

	// fresh is how many inputs are made for differential testing.
	fresh = 48

	// traceFuel and traceMemory bound an instrumented call, which ends itself.
	traceFuel   = 5_000_000_000
	traceMemory = 256 << 20
)

// Bench is one failing program and what it is tried on, in a lab.
type Bench struct {
	cfg      Config
	lab      *Lab
	who      int // its number in the lab
	points   []point
	validate []testgen.Case
	freshes  func(context.Context) ([]testgen.Case, error)
	allow    int64
}

var _ repair.Executor = (*Bench)(nil)

// point is a case under one entropy.
type point struct {
	c       *testgen.Case
	entropy int64
	fails   bool // the program, within the budget
	timed   bool // the input of the timed calls
}

// New makes a bench of a measurement.
func New(cfg Config) *Bench {
	b := &Bench{cfg: cfg, allow: allowBase}
	m, suite := cfg.Measurement, cfg.Suite
	spent := int64(0)
	for r, calls := range m.Runs {
		for i := range calls {
			call, c := &calls[i], &suite.Cases[i]
			if c.Kind != testgen.Search && !(cfg.Robustness && c.Kind == testgen.Robustness) {
				continue
			}
			passes := cfg.Budget.Passes(call)
			if r > 0 && (passes || call.Outcome == evaluate.NotRun || !cfg.Budget.Passes(&m.Runs[0][i])) {
				continue // of the reruns only what fails there alone says more
			}
			b.points = append(b.points, point{c: c, entropy: call.Entropy, fails: !passes})
			if call.Outcome == sandbox.OK || call.Outcome == sandbox.ToolError {
				spent = max(spent, call.Fuel)
			}
		}
	}
	if suite.Bench != nil {
		fails := len(m.Timed) == 0
		for i := range m.Timed {
			fails = fails || !cfg.Budget.Passes(&m.Timed[i])
			if call := &m.Timed[i]; call.Outcome == sandbox.OK || call.Outcome == sandbox.ToolError {
				spent = max(spent, call.Fuel)
			}
		}
		entropy := seed.Entropy(suite.Seed, "timed", suite.Spec, 0)
		b.points = append(b.points, point{c: &suite.Bench.Case, entropy: entropy, fails: fails, timed: true})
	}
	b.allow += allowTimes * spent
	slices.SortStableFunc(b.points, func(x, y point) int {
		return cmp.Or(first(x.fails, y.fails), first(!x.timed, !y.timed), cmp.Compare(len(x.c.Input), len(y.c.Input)))
	})
	for i := range suite.Cases {
		if suite.Cases[i].Kind == testgen.Validate {
			b.validate = append(b.validate, suite.Cases[i])
		}
	}
	b.freshes = once(func(ctx context.Context) ([]testgen.Case, error) {
		if cfg.Sizes == nil {
			return nil, nil
		}
		p, err := cfg.Programs(ctx)
		if err != nil {
			return nil, err
		}
		var cases []testgen.Case
		err = b.lab.cfg.Work(ctx, func() error {
			cases, err = testgen.Fresh(ctx, p, suite, "fresh", fresh, cfg.Sizes)
			return err
		})
		return cases, err
	})
	return b
}

// first orders what holds before what does not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// once keeps the first answer that is no error.
func once[T any](f func(context.Context) (T, error)) func(context.Context) (T, error) {
	lock := make(chan struct{}, 1)
	var value T
	done := false
	return func(ctx context.Context) (T, error) {
		lock <- struct{}{}
		defer func() { <-lock }()
		if done {
			return value, nil
		}
		v, err := f(ctx)
		if err == nil {
			value, done = v, true
		}
		return v, err
	}
}

// Points implements repair.Executor.
func (b *Bench) Points() []bool {
	out := make([]bool, len(b.points))
	for i := range b.points {
		out[i] = b.points[i].fails
	}
	return out
}

// Confirm implements repair.Executor.
func (b *Bench) Confirm(ctx context.Context, source string) (repair.Confirmation, error) {
	a, err := b.lab.rounds.ask(ctx, b.who, request{measure: source})
	return a.confirmed, err
}

// Trace implements repair.Executor. The input of the timed calls is left out: it is
// large, and what it goes through the cases go through, too.
func (b *Bench) Trace(ctx context.Context, versions []repair.Instrumented) ([][][]byte, error) {
	hits := make([][][]byte, len(versions))
	sources := make([]string, len(versions))
	for v := range versions {
		hits[v] = make([][]byte, len(b.points))
		sources[v] = versions[v].Source
	}
	m, err := b.compile(ctx, "", sources)
	if err != nil {
		return nil, err
	}
	defer m.release()
	limits := evaluate.Options{FuelPerMS: b.cfg.Budget.FuelPerMS, MemoryBytes: traceMemory}
	limits.TimeoutMS = float64(traceFuel) / float64(limits.FuelPerMS)
	dead := make([]atomic.Bool, len(versions))
	err = b.lab.cfg.Each(ctx, len(versions)*len(b.points), func(ctx context.Context, i int) error {
		v, p := i/len(b.points), &b.points[i%len(b.points)]
		if m.index[v] < 0 || p.timed || dead[v].Load() {
			return nil
		}
		err := b.fate("call", sources[v])
		if err != nil {
			dead[v].Store(true)
			return b.bury(sources[v], err)
		}
		call, output, err := evaluate.Answer(ctx, b.subject(m, v), b.traceSuite(), nil, limits, p.c, p.entropy)
		if err != nil {
			dead[v].Store(true)
			return b.bury(sources[v], err)
		}
		if call.Outcome == sandbox.OK && len(output) == len(versions[v].Elements) {
			hits[v][i%len(b.points)] = slices.Clone(output)
		}
		return nil
	})
	for v := range dead {
		if dead[v].Load() {
			hits[v] = make([][]byte, len(b.points)) // as if it had never been run
		}
	}
	return hits, err
}

// fate asks what a test has in store for a version.
func (b *Bench) fate(job, source string) error {
	if b.lab.cfg.Fate == nil {
		return nil
	}
	return b.lab.cfg.Fate(job, source)
}

// bury takes the death of a version's job off an error: it is told, and no error any more.
func (b *Bench) bury(source string, err error) error {
	if _, died := isolate.Died(err); !died || b.cfg.Died == nil {
		return err
	}
	b.cfg.Died(source, err)
	return nil
}

// traceSuite is the suite with a comparison that needs no check: what a trace answers
// is right anyway.
func (b *Bench) traceSuite() *testgen.Suite {
	s := *b.cfg.Suite
	s.Compare = "bytes"
	return &s
}

// compiled is a module of the versions that the gate accepts.
type compiled struct {
	module *shared // nil if there are none
	index  []int   // of each version in it; -1: refused
}

func (m *compiled) release() {
	if m.module != nil {
		m.module.release()
	}
}

func (b *Bench) subject(m *compiled, v int) evaluate.Subject {
	return evaluate.Subject{ID: b.cfg.Candidate, Module: m.module.Module, Index: uint32(m.index[v])}
}

// compile has versions compiled in the lab's next round. The caller releases the result.
func (b *Bench) compile(ctx context.Context, base string, versions []string) (*compiled, error) {
	m := &compiled{index: make([]int, len(versions))}
	inspect := func(ctx context.Context, source string) (*build.Report, error) {
		if err := b.fate("inspect", source); err != nil {
			return nil, err
		}
		return b.lab.cfg.Builder.Inspect(ctx, build.Tool, []build.File{{Name: "tool.go", Data: []byte(source)}})
	}
	reports := make([]*build.Report, len(versions)) // nil: not to be compiled
	err := b.lab.cfg.Each(ctx, len(versions), func(ctx context.Context, i int) error {
		if b.cfg.Aside != nil && b.cfg.Aside(versions[i]) {
			return nil
		}
		report, err := inspect(ctx, versions[i])
		if err != nil {
			return b.bury(versions[i], err)
		}
		if report.Verdict == "" {
			reports[i] = report
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var r request
	for i, report := range reports {
		m.index[i] = -1
		if report != nil {
			m.index[i] = len(r.versions)
			r.versions, r.sources = append(r.versions, report), append(r.sources, versions[i])
		}
	}
	if len(r.versions) == 0 {
		return m, nil
	}
	if base != "" {
		if r.base, err = inspect(ctx, base); err != nil {
			return nil, err
		}
	}
	a, err := b.lab.rounds.ask(ctx, b.who, r)
	if err != nil {
		return nil, err
	}
	m.module = a.module
	for i, at := range m.index {
		if at < 0 {
			continue
		}
		m.index[i] = a.index[at]
		if death := a.deaths[at]; death != nil {
			if err := b.bury(versions[i], death); err != nil {
				m.release()
				return nil, err
			}
		}
	}
	return m, nil
}
