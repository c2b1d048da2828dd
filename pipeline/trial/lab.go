package trial

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"toolgen/pipeline/build"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/repair"
)

// Lab is where several searches go on side by side. A module costs a second or two by
// itself, and hardly more for what it holds; so what the searches of a lab want
// compiled goes into one module, round by round. What a round holds follows from the
// searches, so a lab's results are a function of all of its programs together.
type Lab struct {
	cfg    LabConfig
	rounds rounds[request, answer]
}

// LabConfig is what a lab works with. All fields but Fate are required.
type LabConfig struct {
	Builder *build.Builder

	// Measure measures versions as any candidate is, and judges them. who[i] is the
	// number of the search that wants versions[i] measured.
	Measure func(ctx context.Context, who []int, versions []string) ([]repair.Confirmation, error)

	// Each runs f for 0 to n-1 on the machine's workers, and Work runs f on one of them.
	Each func(ctx context.Context, n int, f func(ctx context.Context, i int) error) error
	Work func(ctx context.Context, f func() error) error

	// Fate is asked before each job of a version, "inspect", "build" or "call", and may
	// make it fail. It is for tests; nil: nothing fails that does not fail by itself.
	Fate func(job, source string) error
}

// request is what a search asks for: versions to be compiled, or one to be measured.
type request struct {
	base     *build.Report // nil: the versions have nothing in common
	versions []*build.Report
	sources  []string // of versions
	measure  string
}

type answer struct {
	module    *shared                     // nil if none of the round's versions is in one
	index     []int                       // of each version in it; -1: refused, or dead
	deaths    map[int]*isolate.DeathError // by version: of those that the compiler dies of
	confirmed repair.Confirmation
}

// shared is a module that several searches use; the last one closes it.
type shared struct {
	*isolate.Module
	users atomic.Int32
}

func (s *shared) release() {
	if s.users.Add(-1) == 0 {
		s.Close()
	}
}

// NewLab makes a lab.
func NewLab(cfg LabConfig) *Lab {
	l := &Lab{cfg: cfg}
	l.rounds.serve = l.serve
	return l
}

// Run runs searches on benches, all side by side, and returns when all are over. search
// i uses the i-th bench.
func (l *Lab) Run(ctx context.Context, benches []*Bench, search func(ctx context.Context, i int, b *Bench) error) error {
	l.rounds.active = len(benches)
	g, ctx := errgroup.WithContext(ctx)
	for i, b := range benches {
		b.lab, b.who = l, i
		g.Go(func() error {
			defer l.rounds.leave()
			return search(ctx, i, b)
		})
	}
	return g.Wait()
}

// serve carries out the requests of a round.
func (l *Lab) serve(ctx context.Context, who []int, requests []request) ([]answer, error) {
	answers := make([]answer, len(requests))
	var compile, measure []int
	for i := range requests {
		if requests[i].versions != nil {
			compile = append(compile, i)
		} else {
			measure = append(measure, i)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	for len(compile) > 0 {
		n, size := 0, 0
		for n < len(compile) && (n == 0 || size+len(requests[compile[n]].versions) <= build.CloneLimit) {
			size += len(requests[compile[n]].versions)
			n++
		}
		part := compile[:n]
		compile = compile[n:]
		g.Go(func() error { return l.compile(ctx, part, requests, answers) })
	}
	if len(measure) > 0 {
		g.Go(func() error {
			var whose []int
			var versions []string
			for _, i := range measure {
				whose, versions = append(whose, who[i]), append(versions, requests[i].measure)
			}
			confirmed, err := l.cfg.Measure(ctx, whose, versions)
			if err != nil {
				return err
			}
			for k, i := range measure {
				answers[i].confirmed = confirmed[k]
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		for i := range answers {
			if m := answers[i].module; m != nil {
				m.release() // nobody else will
			}
		}
		return nil, err
	}
	return answers, nil
}

// compile makes one module of what some requests want compiled.
func (l *Lab) compile(ctx context.Context, part []int, requests []request, answers []answer) error {
	var all []clone
	for k, i := range part {
		for v, report := range requests[i].versions {
			all = append(all, clone{group: k, base: requests[i].base, report: report, source: requests[i].sources[v]})
		}
	}
	return l.cfg.Work(ctx, func() error {
		m, index, failed, err := l.build(ctx, all)
		if err != nil {
			return err
		}
		var module *shared
		if m != nil {
			module = &shared{Module: m}
			module.users.Store(int32(len(part)))
		}
		for _, i := range part {
			a := &answers[i]
			n := len(requests[i].versions)
			a.module, a.index, a.deaths = module, index[:n], map[int]*isolate.DeathError{}
			for v, err := range failed[:n] {
				if death, died := isolate.Died(err); died {
					a.deaths[v] = death
				}
			}
			index, failed = index[n:], failed[n:]
		}
		return nil
	})
}
