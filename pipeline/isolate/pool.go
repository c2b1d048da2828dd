package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"toolgen/pipeline/confine"
)

// Host is what the pools of a machine share: who may run while a job is tried again alone.
type Host struct {
	alone     sync.RWMutex
	jobs      int
	inProcess bool
}

// NewHost returns a host whose pools have up to jobs processes each.
func NewHost(jobs int) *Host { return &Host{jobs: max(1, jobs)} }

// InProcess returns a host without processes: everything runs in this one, unrestricted. It
// serves to measure what processes cost, and nothing else.
func InProcess() *Host { return &Host{jobs: 1, inProcess: true} }

// PoolConfig says what the processes of a pool are.
type PoolConfig struct {
	Job    string         // what its jobs are called in a DeathError
	Policy confine.Policy // of each process
	Env    []string       // of each process, beside what every one has
	Setup  any            // for Kind.Open, as JSON
	Blob   []byte         // for Kind.Open

	// Control is a job that succeeds on a machine in good health. It runs in a new process.
	Control Job
}

// Pool keeps processes of a kind. It is safe for concurrent use.
type Pool struct {
	host *Host
	kind string
	cfg  PoolConfig
	open func() (Handler, error) // of a host without processes; nil otherwise
	free chan struct{}           // a place for each process that works

	mu     sync.Mutex
	idle   []*process // the one that worked last is at the end
	busy   map[*process]int64
	closed bool
	watch  func() // ends the watchdog
}

// NewPool returns a pool that has no process yet.
func (h *Host) NewPool(kind Kind, cfg PoolConfig) *Pool {
	p := &Pool{host: h, kind: kind.Name, cfg: cfg, free: make(chan struct{}, h.jobs), busy: map[*process]int64{}}
	if h.inProcess {
		p.watch = func() {}
		p.open = sync.OnceValues(func() (Handler, error) {
			setup, err := json.Marshal(cfg.Setup)
			if err != nil {
				return nil, err
			}
			return kind.Open(setup, cfg.Blob)
		})
		return p
	}
	stop := make(chan struct{})
	p.watch = sync.OnceFunc(func() { close(stop) })
	go p.watchdog(stop)
	return p
}

// Close ends the processes. No job may be under way.
func (p *Pool) Close() {
	p.watch()
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, proc := range idle {
		proc.end()
	}
}

// Job is something to be done by a process.
type Job struct {
	Op      string
	Header  any
	Blob    []byte
	Wall    time.Duration // after it the process is killed
	Memory  int64         // resident bytes above which the process is killed; 0: no limit
	MaxBlob int64         // bytes that it may answer
	needs   *attachment   // what the process must have loaded

	// tenant says who may share a process: jobs of one tenant only follow those of the same. A
	// job that takes its process over can then falsify nobody else's answers.
	tenant string
}

// attachment is something that processes load once for many jobs.
type attachment struct {
	ID     uint64
	blob   []byte
	closed func() bool // it may be dropped
}

// maxAttached is how many attachments a process keeps.
const maxAttached = 6

// Do has a job done and decodes the answer's header into answer, which may be nil. The
// error is the job's own answer, ctx.Err(), a *DeathError, or one of the machine.
func (p *Pool) Do(ctx context.Context, job Job, answer any) ([]byte, error) {
	if p.open != nil {
		return p.here(job, answer)
	}
	header, blob, err := p.first(ctx, job)
	if _, died := isDeath(err); died {
		header, blob, err = p.again(ctx, job)
	}
	if err != nil {
		return nil, err
	}
	if answer != nil {
		if err := json.Unmarshal(header, answer); err != nil {
			return nil, fmt.Errorf("isolate: the answer to %s is not ours: %w", job.Op, err)
		}
	}
	return blob, nil
}

// here does a job in this process.
func (p *Pool) here(job Job, answer any) ([]byte, error) {
	handle, err := p.open()
	if err != nil {
		return nil, err
	}
	header, err := json.Marshal(job.Header)
	if err != nil {
		return nil, err
	}
	got, blob, err := handle(job.Op, header, job.Blob)
	if err != nil {
		return nil, &jobError{err.Error()}
	}
	if answer == nil {
		return blob, nil
	}
	text, err := json.Marshal(got)
	if err != nil {
		return nil, err
	}
	return blob, json.Unmarshal(text, answer)
}

// first tries a job beside others.
func (p *Pool) first(ctx context.Context, job Job) (json.RawMessage, []byte, error) {
	select {
	case p.free <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	defer func() { <-p.free }()
	p.host.alone.RLock()
	defer p.host.alone.RUnlock()
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	proc := p.take(job.needs, job.tenant)
	if proc == nil {
		var err error
		if proc, err = p.start(ctx); err != nil {
			return nil, nil, err
		}
		proc.tenant = job.tenant
	}
	header, blob, err := p.run(ctx, proc, job)
	p.put(proc)
	return header, blob, err
}

// again tries a job alone, and the control job if the process dies once more.
func (p *Pool) again(ctx context.Context, job Job) (json.RawMessage, []byte, error) {
	p.host.alone.Lock()
	defer p.host.alone.Unlock()
	header, blob, err := p.fresh(ctx, job)
	d, died := isDeath(err)
	if !died {
		return header, blob, err
	}
	_, _, err = p.fresh(ctx, p.cfg.Control)
	switch {
	case err == nil:
		return nil, nil, &DeathError{Job: p.cfg.Job, Reason: d.reason}
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	}
	return nil, nil, fmt.Errorf("isolate: %s: the process ended twice without an answer (%s), and so did a control job, so this machine is at fault: %v", p.cfg.Job, d.reason, err)
}

// fresh does a job in a process that does nothing else.
func (p *Pool) fresh(ctx context.Context, job Job) (json.RawMessage, []byte, error) {
	proc, err := p.start(ctx)
	if err != nil {
		return nil, nil, err
	}
	header, blob, err := p.run(ctx, proc, job)
	proc.end()
	return header, blob, err
}

// run does a job in a process, which is gone if the error is a death or the context's.
func (p *Pool) run(ctx context.Context, proc *process, job Job) (json.RawMessage, []byte, error) {
	p.mu.Lock()
	p.busy[proc] = job.Memory
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.busy, proc)
		p.mu.Unlock()
	}()
	if err := proc.load(ctx, job.needs); err != nil {
		return nil, nil, err
	}
	text, err := json.Marshal(job.Header)
	if err != nil {
		return nil, nil, fmt.Errorf("isolate: %w", err)
	}
	return proc.exchange(ctx, request{Op: job.Op, Header: text}, job.Blob, limits{wall: job.Wall, maxBlob: job.MaxBlob})
}

// Operations that every kind with attachments understands.
const (
	opLoad = "load" // Header: the id
	opDrop = "drop"
)

// load gives a process an attachment, and takes others away for which there is no room.
func (p *process) load(ctx context.Context, a *attachment) error {
	if a == nil {
		return nil
	}
	if i := slices.Index(p.has, a); i >= 0 {
		p.has = append(slices.Delete(p.has, i, i+1), a)
		return nil
	}
	l := limits{wall: startWait}
	for i := 0; i < len(p.has); {
		if old := p.has[i]; old.closed() || len(p.has) >= maxAttached {
			if _, _, err := p.exchange(ctx, request{Op: opDrop, Header: idHeader(old)}, nil, l); err != nil {
				return err
			}
			p.has = slices.Delete(p.has, i, i+1)
			continue
		}
		i++
	}
	if _, _, err := p.exchange(ctx, request{Op: opLoad, Header: idHeader(a)}, a.blob, l); err != nil {
		return err
	}
	p.has = append(p.has, a)
	return nil
}

func idHeader(a *attachment) json.RawMessage { return json.RawMessage(fmt.Sprint(a.ID)) }

// take returns an idle process of a tenant, best one that has what is needed; nil if there
// is none.
func (p *Pool) take(needs *attachment, tenant string) *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	best, ready := -1, false
	for i, proc := range p.idle {
		if proc.tenant != tenant {
			continue
		}
		if has := needs == nil || slices.Contains(proc.has, needs); has || !ready {
			best, ready = i, has
		}
	}
	if best < 0 {
		return nil
	}
	proc := p.idle[best]
	p.idle = slices.Delete(p.idle, best, best+1)
	return proc
}

// put keeps a process for the next job, unless it was killed: a clock or a context may have
// ended it just when it had answered.
func (p *Pool) put(proc *process) {
	gone := proc
	p.mu.Lock()
	if !p.closed && !proc.wasKilled() {
		p.idle, gone = append(p.idle, proc), nil
		if len(p.idle) > idlePerJob*p.host.jobs {
			gone, p.idle = p.idle[0], slices.Delete(p.idle, 0, 1)
		}
	}
	p.mu.Unlock()
	if gone != nil {
		gone.end()
	}
}

// idlePerJob is how many processes wait for each that may work: those of candidates and of
// a spec's programs take turns.
const idlePerJob = 2

// watchPeriod is how often resident sizes are looked at.
const watchPeriod = 50 * time.Millisecond

// watchdog kills processes that take more memory than their job may.
func (p *Pool) watchdog(stop <-chan struct{}) {
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		p.mu.Lock()
		for proc, most := range p.busy { // any order: each is looked at by itself
			if most <= 0 {
				continue
			}
			if have := proc.resident(); have > most {
				proc.kill(fmt.Sprintf("out of memory: more than %d MiB", most>>20))
			}
		}
		p.mu.Unlock()
	}
}

// IsAnswer says whether an error of Do is what the job itself answered, and its text.
func IsAnswer(err error) (string, bool) {
	e, ok := errors.AsType[*jobError](err)
	if !ok {
		return "", false
	}
	return e.text, true
}
