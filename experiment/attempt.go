package experiment

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"toolgen/datasets"
)

// Run executes an experiment and leaves a run folder behind. While it goes on the
// folder is OUT.partial with metrics.jsonl growing; it becomes OUT by one rename.
// A folder that holds the same run, intact, is left as it is. Candidates that cannot be
// measured on this machine are set aside, and the run is then another one.
func (e *Env) Run(ctx context.Context, x *Experiment, opt RunOptions) (*Summary, error) {
	a := &attempt{env: e.remembering(), opt: opt, start: time.Now(), settling: &settling{found: map[string]SetAside{}}}
	for {
		sum, err := a.run(ctx, x)
		if err == nil {
			return sum, nil
		}
		if err := a.take(err); err != nil {
			return nil, err
		}
		x = x.without(slices.Collect(maps.Keys(a.found)))
	}
}

// attempt is a run under way, which may have to begin anew.
type attempt struct {
	*settling
	env   *Env
	opt   RunOptions
	start time.Time
}

func (a *attempt) run(ctx context.Context, x *Experiment) (*Summary, error) {
	e, opt := a.env, a.opt
	var agents *Rehearsal
	if x.asks() {
		var err error
		if x, agents, err = e.rehearse(ctx, x, a.settling, opt.Ask, opt.Observe); err != nil {
			return nil, err
		}
	}
	identity, err := x.identity(e)
	if err != nil {
		return nil, err
	}
	runID, err := identity.RunID()
	if err != nil {
		return nil, err
	}
	dir := opt.Out
	if dir == "" {
		dir = filepath.Join("runs", x.Manifest.Name+"-"+runID[:8])
	}
	done, err := e.settledIn(x, dir)
	if err == nil && done == nil {
		done, err = inspectOut(dir, runID, opt.Force)
	}
	if err != nil {
		return nil, err
	}
	if done != nil {
		return &Summary{
			Dir: dir, RunID: done.Lock.RunID, UpToDate: true, Rows: rowCounts(done.Lock), Elapsed: time.Since(a.start),
			Agents: agents, SetAside: ReadSetAside(done),
		}, nil
	}
	p, err := newPartial(dir + datasets.PartialSuffix)
	if err != nil {
		return nil, err
	}
	defer p.unlock()
	sum, err := a.fill(ctx, p, x, identity, runID)
	if _, died := errors.AsType[*DiedError](err); died {
		// What comes next has another name.
		if err := os.RemoveAll(p.dir); err != nil {
			return nil, diskError(err)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := p.appear(dir); err != nil {
		return nil, diskError(err)
	}
	sum.Dir, sum.Agents, sum.Elapsed = dir, agents, time.Since(a.start)
	return sum, nil
}

// fill computes the experiment into a partial folder.
func (a *attempt) fill(ctx context.Context, p *partial, x *Experiment, identity datasets.Identity, runID string) (*Summary, error) {
	e := a.env
	if err := p.begin(x, runID); err != nil {
		return nil, diskError(err)
	}
	var commitErr error
	out, err := e.execute(ctx, x, executeOptions{believe: true, recall: true, observe: a.opt.Observe, commit: func(rows []datasets.Evaluation) {
		if commitErr == nil {
			commitErr = p.commit(stamp(rows, runID, x.Manifest.Name))
		}
	}})
	if err == nil {
		err = commitErr
	}
	if err != nil {
		return nil, diskError(err)
	}
	bundles, unbundled, err := e.bundles(ctx, x, out)
	if err != nil {
		return nil, err
	}
	info := e.hostInfo(out, a.start, a.opt.Tags)
	lock, err := p.finish(x, identity, out, bundles, a.list(), info)
	if err != nil {
		return nil, diskError(err)
	}
	return &Summary{
		RunID: runID, Rows: rowCounts(lock), Executed: out.executed, Cached: out.cached, Observed: info,
		SetAside: a.list(), Unbundled: unbundled,
	}, nil
}
