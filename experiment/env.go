package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"

	"toolgen/pipeline/build"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// Semantics is raised whenever the same inputs would give other rows: synthesis,
// selection, scoring, metering or a digest's format. It is part of the lock and of
// every cache key; a lock under another number is not comparable, never different.
const Semantics = 5

// FuelModel names the formula that turns an execution into fuel.
const FuelModel = "weighted instructions + bulk bytes / 8 + 6000 x host calls + 8 x host-call bytes + 2 x bytes of memory growth + virtual sleep"

// Store keeps bytes by key. What it returns is what was put.
type Store interface {
	Get(key string) ([]byte, bool)
	Put(key string, data []byte) error
}

// EnvOptions say how to set a machine up for experiments.
type EnvOptions struct {
	CacheDir string // "": DefaultCacheDir
	NoCache  bool   // nothing is read from or written to the cache but Go's own build cache
	Jobs     int    // how many builds and measurements run at once; 0: one per CPU

	// InProcess does everything in this process, unrestricted: to measure what the processes
	// cost, and for nothing else.
	InProcess bool
}

// Env is a machine that is ready to run experiments: a Go toolchain, a sandbox and a
// cache. None of it shapes a result but what Toolchain tells.
type Env struct {
	builder *build.Builder
	cache   *Cache
	store   Store // nil without a cache
	jobs    int
	slots   chan struct{}
	host    string
	phases  *phases
	own     *sync.Map // keys of what this machine has measured itself since remembering; nil: it does not count

	// fate is asked before each job of a candidate, "inspect", "build", "call" or "command",
	// and may make it fail. It is for tests; nil: nothing fails that does not fail by itself.
	fate func(job, source string) error
}

// Open sets the machine up. A missing toolchain and an unusable cache folder are a
// *MachineError.
func Open(ctx context.Context, opt EnvOptions) (*Env, error) {
	dir := opt.CacheDir
	if dir == "" {
		var err error
		if dir, err = DefaultCacheDir(); err != nil {
			return nil, err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	cache, err := OpenCache(dir)
	if err != nil {
		return nil, err
	}
	e := &Env{cache: cache, jobs: opt.Jobs, phases: newPhases()}
	if !opt.NoCache {
		e.store = cache
	}
	if e.jobs <= 0 {
		e.jobs = runtime.GOMAXPROCS(0)
	}
	e.slots = make(chan struct{}, e.jobs)
	if e.host, err = os.Hostname(); err != nil {
		e.host = "unknown"
	}
	cfg := build.Config{Dir: cache.Dir(), Host: isolate.NewHost(e.jobs), Observe: e.phases.enter}
	if opt.InProcess {
		cfg.Host = isolate.InProcess()
	}
	if e.store != nil {
		cfg.Store = e.store
	}
	e.builder, err = build.Open(ctx, cfg)
	if err != nil {
		var missing *build.ToolchainError
		if errors.As(err, &missing) {
			return nil, &MachineError{Msg: err.Error()}
		}
		return nil, diskError(err)
	}
	return e, nil
}

// Close frees the sandbox and keeps the cache within its size.
func (e *Env) Close() error {
	e.builder.Close()
	return e.cache.Trim(cacheLimit)
}

// work runs f when one of the machine's workers is free. A defect in f becomes an error
// that says where it is: a panic in one of many goroutines would end the program with 2,
// Go's exit code, which of ours says that the user is at fault, and a watcher with it.
func (e *Env) work(ctx context.Context, f func() error) (err error) {
	select {
	case e.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-e.slots }()
	if err := ctx.Err(); err != nil {
		return err
	}
	defer func() {
		if defect := recover(); defect != nil {
			err = fmt.Errorf("this is a defect of toolgen: %v\n%s", defect, debug.Stack())
		}
	}()
	return f()
}

// each runs f for 0 to n-1 on the machine's workers. Whatever the order in which
// they end, results belong to indices.
func (e *Env) each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for i := range n {
		g.Go(func() error { return e.work(ctx, func() error { return f(ctx, i) }) })
	}
	return g.Wait()
}

// key is a cache key: what kind of thing it is for, and everything it depends on.
// Machine and versions are always part of it.
func (e *Env) key(kind string, parts any) string {
	return kind + "/" + hashJSON(struct {
		Semantics         int
		Go, Sandbox, Arch string
		FuelModel         string
		Parts             any
	}{Semantics, e.builder.GoVersion(), sandbox.Settings(), runtime.GOARCH, FuelModel, parts})
}

// hashJSON is the SHA-256 of a value's JSON, whose map keys encoding/json sorts.
func hashJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("experiment: %T does not marshal: %v", v, err)) // a programming error
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// suiteFor makes the suite of a spec under a seed, or takes it from the cache if
// that may be believed. programs is called only when it must be generated.
func (e *Env) suiteFor(ctx context.Context, spec *specs.Spec, seed int64, sizes testgen.Sizes, believe bool, programs func(context.Context) (*testgen.Programs, error)) (*testgen.Suite, error) {
	key := e.key("suite", struct {
		Spec  string
		Seed  int64
		Sizes testgen.Sizes
	}{spec.TaskDigest(sizes.Suite), seed, sizes})
	if believe {
		if s, ok := getJSON[testgen.Suite](e.store, key); ok {
			return s, nil
		}
	}
	p, err := programs(ctx)
	if err != nil {
		return nil, err
	}
	var s *testgen.Suite
	err = e.work(ctx, func() error {
		defer e.phases.enter(executing)()
		s, err = testgen.Generate(ctx, p, seed, sizes)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, putJSON(e.store, key, s)
}

// entry is a candidate on its way to a measurement.
type entry struct {
	id     string
	source []byte
	report *build.Report
	m      *evaluate.Measurement // the answer; nil if it died
	death  *death                // what it died of
	cached bool                  // it came from the cache
}

// errNotCached ends a walk that may not execute anything.
var errNotCached = errors.New("not in the cache")

// measureOptions say how measurements come about.
type measureOptions struct {
	evaluate.Options
	believe bool // take measurements from the cache
	recall  bool // take deaths from the cache
	dry     bool // never execute: errNotCached instead
}

// measure fills in the measurement of each entry, or its death. The batches follow from
// the entries and their order alone, so a measurement is the same whether its
// neighbours were in the cache or not.
func (e *Env) measure(ctx context.Context, entries []*entry, suite *testgen.Suite, programs func(context.Context) (*testgen.Programs, error), opt measureOptions) error {
	err := e.each(ctx, len(entries), func(ctx context.Context, i int) (err error) {
		en := entries[i]
		en.report, en.death, err = e.inspect(ctx, en.id, en.source, opt.recall)
		return err
	})
	if err != nil {
		return err
	}
	byID := map[string]*entry{}
	var units []build.Unit
	for _, en := range entries {
		byID[en.id] = en
		if en.death != nil {
			continue
		}
		if en.report.Verdict != "" {
			if err := en.reject(ctx, suite, opt.Options); err != nil {
				return err
			}
			continue
		}
		units = append(units, build.Unit{ID: en.id, Role: build.Tool, Files: sourceFiles(en.source), Report: en.report})
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, batch := range build.Plan(units) {
		g.Go(func() error { return e.measureBatch(ctx, batch, byID, suite, programs, opt) })
	}
	return g.Wait()
}

func sourceFiles(source []byte) []build.File {
	return []build.File{{Name: "tool.go", Data: source}}
}

// reject measures a candidate that was refused: there is nothing to execute.
func (en *entry) reject(ctx context.Context, suite *testgen.Suite, opt evaluate.Options) (err error) {
	en.m, err = evaluate.Measure(ctx, evaluate.Subject{ID: en.id, Source: en.source, Report: en.report}, suite, nil, opt)
	return err
}

// batchKey is the cache's key of what is known of a candidate in a batch.
func (e *Env) batchKey(kind, batch, candidate string, suite *testgen.Suite, options evaluate.Options) string {
	options.Host = "" // who measures shapes no result
	return e.key(kind, struct {
		Batch, Candidate, Suite string
		Options                 evaluate.Options
	}{batch, candidate, suite.Digest, options})
}

func (e *Env) measureBatch(ctx context.Context, batch build.Batch, byID map[string]*entry, suite *testgen.Suite, programs func(context.Context) (*testgen.Programs, error), opt measureOptions) error {
	if opt.believe {
		if a, ok := e.assembled(batch); ok {
			return e.measureInstead(ctx, a, batch, byID, suite, programs, opt)
		}
	}
	key := func(id string) string { return e.batchKey("measurement", batch.Hash, id, suite, opt.Options) }
	missing := map[int]*entry{}
	unbuilt := false
	for i, u := range batch.Units {
		en := byID[u.ID]
		if opt.believe {
			if m, ok := getJSON[evaluate.Measurement](e.store, key(u.ID)); ok && m.Candidate == u.ID && m.Suite == suite.Digest && m.Batch == batch.Hash {
				en.m, en.cached = m, !e.measuredHere(key(u.ID))
				continue
			}
		}
		if opt.recall {
			if d, ok := getJSON[death](e.store, e.batchKey("death", batch.Hash, u.ID, suite, opt.Options)); ok {
				en.death = d
				unbuilt = unbuilt || d.Job != jobCall
				continue
			}
		}
		missing[i] = en
	}
	if len(missing) == 0 || unbuilt { // of a module that is not built nobody is measured
		return nil
	}
	if opt.dry {
		return errNotCached
	}
	die := func(en *entry, d *death) error {
		en.death = d
		return putJSON(e.store, e.batchKey("death", batch.Hash, en.id, suite, opt.Options), d)
	}
	var p *testgen.Programs
	if suite.Compare == specs.CompareCheck {
		var err error
		if p, err = programs(ctx); err != nil {
			return err
		}
	}
	module, instead, err := e.compile(ctx, batch)
	if err != nil {
		return err
	}
	if instead != nil {
		for _, u := range batch.Units {
			if d := instead.died[u.ID]; d != nil {
				if err := die(byID[u.ID], d); err != nil {
					return err
				}
			}
		}
		if instead.died != nil {
			return nil
		}
		return e.measureInstead(ctx, instead, batch, byID, suite, programs, opt)
	}
	defer module.Close()
	var empty *isolate.Module
	if batch.Units[0].Report.Alone {
		empty, err = e.module(ctx, func() (*isolate.Module, error) {
			return e.builder.Empty(ctx, batch.Units[0].Report.ImportSet)
		})
		if err != nil {
			return err
		}
		defer empty.Close()
	}
	g, ctx := errgroup.WithContext(ctx)
	for i := range batch.Units {
		en := missing[i]
		if en == nil {
			continue
		}
		g.Go(func() error {
			return e.work(ctx, func() error {
				s := evaluate.Subject{ID: en.id, Batch: batch.Hash, Source: en.source, Report: en.report, Module: module, Index: uint32(i), Empty: empty}
				m, err := e.execution(ctx, s, suite, p, opt.Options)
				if d := deathOf(err); d != nil {
					return die(en, d)
				}
				if err != nil {
					return err
				}
				en.m = m
				if e.own != nil {
					e.own.Store(key(en.id), true)
				}
				return putJSON(e.store, key(en.id), en.m)
			})
		})
	}
	return g.Wait()
}

// execution executes a candidate on its suite.
func (e *Env) execution(ctx context.Context, s evaluate.Subject, suite *testgen.Suite, p *testgen.Programs, opt evaluate.Options) (*evaluate.Measurement, error) {
	defer e.phases.enter(executing)()
	if err := e.fated(jobCall, s.Source); err != nil {
		return nil, err
	}
	return evaluate.Measure(ctx, s, suite, p, opt)
}

// measuredHere says whether a measurement is one of this machine since remembering.
func (e *Env) measuredHere(key string) bool {
	if e.own == nil {
		return false
	}
	_, own := e.own.Load(key)
	return own
}

// remembering returns a machine that remembers what it measures, for an experiment that
// is computed several times in a row, and counts none of that as cached. Without a cache
// it keeps measurements for as long.
func (e *Env) remembering() *Env {
	with := *e
	with.own = new(sync.Map)
	if e.store == nil {
		with.store = newMemory()
	}
	return &with
}

func (e *Env) module(ctx context.Context, f func() (*isolate.Module, error)) (m *isolate.Module, err error) {
	err = e.work(ctx, func() (err error) {
		m, err = f()
		return err
	})
	return m, err
}
