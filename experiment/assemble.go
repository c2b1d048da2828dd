package experiment

import (
	"context"
	"errors"
	"maps"
	"slices"

	"toolgen/pipeline/build"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/testgen"
)

// A batch that is not built as it was planned costs only those that are at fault. Which
// they are follows from the batch, so the batch that is built instead, and its hash, do
// too: whatever is in a cache, verify and replay come to the same.

// assembly is what became of a batch that is not built as it was planned.
type assembly struct {
	Refused map[string]string `json:"refused"` // by candidate id, what the compiler or the engine said of it
	Batches [][]string        `json:"batches"` // what is built instead: ids, in slot order

	died map[string]*death // by candidate id; of a machine, so never kept with the rest
}

// inspect asks the gate about a candidate, which may die of it.
func (e *Env) inspect(ctx context.Context, id string, source []byte, recall bool) (*build.Report, *death, error) {
	key := e.key("death", struct{ Inspected string }{id})
	if recall {
		if d, ok := getJSON[death](e.store, key); ok {
			return nil, d, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if err := e.fated(jobInspect, source); err != nil {
		d := deathOf(err)
		if d == nil {
			return nil, nil, err
		}
		return nil, d, putJSON(e.store, key, d)
	}
	r, err := e.builder.Inspect(ctx, build.Tool, sourceFiles(source))
	if d := deathOf(err); d != nil {
		return nil, d, putJSON(e.store, key, d)
	}
	return r, nil, err
}

// fated is the error that a test has in store for a job.
func (e *Env) fated(job string, source []byte) error {
	if e.fate == nil {
		return nil
	}
	return e.fate(job, string(source))
}

// build builds a batch as it is.
func (e *Env) build(ctx context.Context, batch build.Batch) (*isolate.Module, error) {
	for _, u := range batch.Units {
		if err := e.fated(jobBuild, u.Files[0].Data); err != nil {
			return nil, err
		}
	}
	return e.module(ctx, func() (*isolate.Module, error) { return e.builder.Module(ctx, batch) })
}

// compile builds a batch, or says what becomes of it instead.
func (e *Env) compile(ctx context.Context, batch build.Batch) (*isolate.Module, *assembly, error) {
	m, err := e.build(ctx, batch)
	if err == nil {
		return m, nil, nil
	}
	var a *assembly
	if refused, ok := errors.AsType[*build.BuildError](err); ok {
		a, err = e.sift(ctx, batch, refused)
	} else if _, died := isolate.Died(err); died {
		a, err = e.mourn(ctx, batch, err)
	}
	if err != nil {
		return nil, nil, err
	}
	if a.died == nil {
		err = putJSON(e.store, e.assemblyKey(batch), a)
	}
	return nil, a, err
}

func (e *Env) assemblyKey(batch build.Batch) string {
	return e.key("assembly", struct{ Batch string }{batch.Hash})
}

// assembled is what the cache knows to have become of a batch.
func (e *Env) assembled(batch build.Batch) (*assembly, bool) {
	return getJSON[assembly](e.store, e.assemblyKey(batch))
}

// alone builds some units of a batch by themselves, and keeps nothing but the cache's copy.
func (e *Env) alone(ctx context.Context, units []build.Unit) error {
	m, err := e.build(ctx, build.Plan(units)[0])
	if err == nil {
		m.Close()
	}
	return err
}

// sift finds the units of a batch that are refused when they are built alone. If none is,
// halves of the batch are built instead: each is smaller, and the last one has one unit.
func (e *Env) sift(ctx context.Context, batch build.Batch, refusal *build.BuildError) (*assembly, error) {
	a := &assembly{Refused: map[string]string{}}
	named := slices.DeleteFunc(slices.Clone(batch.Units), func(u build.Unit) bool { return !slices.Contains(refusal.Units, u.ID) })
	if len(named) == len(batch.Units) {
		named = nil // it could not be told
	}
	for _, u := range named {
		if err := a.note(u, e.alone(ctx, []build.Unit{u})); err != nil {
			return nil, err
		}
	}
	if len(a.Refused) == 0 && a.died == nil {
		found, err := build.Blame(len(batch.Units), refusal, atFault, func(some []int) error {
			units := make([]build.Unit, len(some))
			for k, i := range some {
				units[k] = batch.Units[i]
			}
			return e.alone(ctx, units)
		})
		if err != nil {
			return nil, err
		}
		for _, i := range slices.Sorted(maps.Keys(found)) {
			if err := a.note(batch.Units[i], found[i]); err != nil {
				return nil, err
			}
		}
	}
	var rest []string
	for _, u := range batch.Units {
		if _, refused := a.Refused[u.ID]; !refused {
			rest = append(rest, u.ID)
		}
	}
	switch {
	case len(rest) == len(batch.Units):
		a.Batches = [][]string{rest[:len(rest)/2], rest[len(rest)/2:]}
	case len(rest) > 0:
		a.Batches = [][]string{rest}
	}
	return a, nil
}

// note takes down how the build of a unit alone ended. Errors that are nobody's fault it
// returns.
func (a *assembly) note(u build.Unit, err error) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*build.BuildError](err); ok {
		a.Refused[u.ID] = refused.Said()
		return nil
	}
	d := deathOf(err)
	if d == nil {
		return err
	}
	if a.died == nil {
		a.died = map[string]*death{}
	}
	a.died[u.ID] = d
	return nil
}

// mourn finds the units of a batch that a compiler dies of.
func (e *Env) mourn(ctx context.Context, batch build.Batch, cause error) (*assembly, error) {
	a := &assembly{Refused: map[string]string{}}
	found, err := build.Blame(len(batch.Units), cause, atFault, func(some []int) error {
		units := make([]build.Unit, len(some))
		for k, i := range some {
			units[k] = batch.Units[i]
		}
		return e.alone(ctx, units)
	})
	if err != nil {
		return nil, err
	}
	for _, i := range slices.Sorted(maps.Keys(found)) {
		if err := a.note(batch.Units[i], found[i]); err != nil {
			return nil, err
		}
	}
	if a.died == nil {
		return nil, &MachineError{Msg: "a module is not built, and none of what it holds is at fault by itself", Err: cause}
	}
	return a, nil
}

// atFault says whether what keeps a batch from being built is something in it.
func atFault(err error) bool {
	_, refused := errors.AsType[*build.BuildError](err)
	_, died := isolate.Died(err)
	return refused || died
}

// instead are the batches that are built instead of one.
func (a *assembly) instead(batch build.Batch) []build.Batch {
	var out []build.Batch
	for _, ids := range a.Batches {
		units := slices.DeleteFunc(slices.Clone(batch.Units), func(u build.Unit) bool { return !slices.Contains(ids, u.ID) })
		out = append(out, build.Plan(units)...)
	}
	return out
}

// refusal is the report of a source that the gate accepted and that is not compiled.
func refusal(r *build.Report, said string) *build.Report {
	refused := *r
	refused.Verdict = build.VerdictBuildError
	refused.Problems = []build.Problem{{Rule: build.RuleCompile, Message: "the gate accepts it, and yet it is not compiled: " + said}}
	return &refused
}

// measureInstead measures what became of a batch: verdicts for the refused, and
// measurements in the batches that are built instead.
func (e *Env) measureInstead(ctx context.Context, a *assembly, batch build.Batch, byID map[string]*entry, suite *testgen.Suite, programs func(context.Context) (*testgen.Programs, error), opt measureOptions) error {
	for _, u := range batch.Units {
		said, refused := a.Refused[u.ID]
		if !refused {
			continue
		}
		en := byID[u.ID]
		en.report = refusal(en.report, said)
		if err := en.reject(ctx, suite, opt.Options); err != nil {
			return err
		}
	}
	for _, b := range a.instead(batch) {
		if err := e.measureBatch(ctx, b, byID, suite, programs, opt); err != nil {
			return err
		}
	}
	return nil
}

// seat finds the batch that a unit of a batch was really built in, and its module. If the
// unit was refused there is none, and said is why.
func (e *Env) seat(ctx context.Context, batch build.Batch, id string) (m *isolate.Module, in build.Batch, said string, err error) {
	for {
		m, a, err := e.compile(ctx, batch)
		if err != nil || a == nil {
			return m, batch, "", err
		}
		if a.died != nil {
			for _, u := range batch.Units {
				if d := a.died[u.ID]; d != nil {
					return nil, batch, "", &DiedError{Died: []SetAside{{CandidateID: u.ID, Job: d.Job, Case: d.Case, Reason: d.Reason}}}
				}
			}
		}
		if said, refused := a.Refused[id]; refused {
			return nil, batch, said, nil
		}
		for _, b := range a.instead(batch) {
			if slices.ContainsFunc(b.Units, func(u build.Unit) bool { return u.ID == id }) {
				batch = b
				break
			}
		}
	}
}
