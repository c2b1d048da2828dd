package handoff

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Folders of a queue that only a Queue writes.
const (
	PoisonDir = "poison"
	stateDir  = "state"
)

// Options say how a Queue treats jobs. The zero value lacks the clock.
type Options struct {
	Now      func() time.Time // the clock, of this machine; required
	Attempts int              // how often a job is attempted before it fails for good; 0: 3
	Lease    time.Duration    // a claim that was not renewed for so long is taken back; 0: 10 minutes
	Backoff  time.Duration    // the least wait between a job's first and second attempt, doubled from then on; 0: none
	Settle   time.Duration    // how long a file must lie unchanged before it is called damaged; it may be half written. 0: 2 s
	Observe  func(Event)      // what happened to files beside what was asked for; may be nil

	disk disk // nil: the file system
}

// Events that a Queue reports.
const (
	EventPoison    = "set_aside"  // a file was no handoff and lies in PoisonDir now
	EventDuplicate = "duplicate"  // a file was dropped whose handoff the queue has, or has done
	EventTakenBack = "taken_back" // a claim ended whose claimer is dead or silent
	EventGivenUp   = "given_up"   // as taken_back, and it was the last attempt: the job has failed
)

// Event is something that a Queue did to a file of its own accord.
type Event struct {
	Kind   string
	Name   string // of the file, relative to the queue
	ID     string // of the handoff; "" if it has none
	Reason string
}

// Job is a handoff that is claimed.
type Job struct {
	Handoff      // as its file says; ID is set even in the old form
	Old     bool // the old form: nothing vouches for candidate_id, which may be missing, nor for the seed
	Attempt int  // which attempt this is, from 1

	raw []byte // the file
}

// ErrLost says that a claim has ended: another claimer has the job, or has done it.
var ErrLost = errors.New("the claim has ended: the job was taken back")

// ErrLocked says that another program has held the queue's lock for very long. No
// program of this package holds it longer than a few disk writes take, unless it was
// stopped (SIGSTOP) right then.
var ErrLocked = errors.New("another program holds the queue's lock; is one stopped?")

// Queue works on the handoffs of a folder. Its methods may be called by several
// goroutines at once, but for Claim, Next and TakeBack, which are the loop's.
type Queue struct {
	dir   string
	opt   Options
	disk  disk
	token string   // who claims; the name of a file in state/watchers
	self  *os.File // that file, locked as long as this Queue lives

	pending []entry   // found by the last scan, not looked at
	next    time.Time // when a file that was passed over is due; zero: there is none
}

// entry is a file that may be a handoff.
type entry struct {
	dir, name string // dir: "" or NewDir
	since     time.Time
}

func (e entry) path() string { return filepath.Join(e.dir, e.name) }

// Open opens a queue, whose folders it creates. Close it, or every other program has to
// find out that its claims are nobody's.
func Open(dir string, opt Options) (*Queue, error) {
	if opt.Now == nil {
		return nil, errors.New("handoff: no clock")
	}
	opt.Attempts = cmp.Or(max(opt.Attempts, 0), 3)
	opt.Lease = cmp.Or(max(opt.Lease, 0), 10*time.Minute)
	opt.Settle = cmp.Or(max(opt.Settle, 0), 2*time.Second)
	if opt.Observe == nil {
		opt.Observe = func(Event) {}
	}
	q := &Queue{dir: dir, opt: opt, disk: opt.disk}
	if q.disk == nil {
		q.disk = osDisk{}
	}
	if err := makeFolder(q.disk, dir); err != nil {
		return nil, q.wrap(err)
	}
	for _, d := range []string{NewDir, WorkDir, ProcessedDir, PoisonDir, q.watchers(), q.claims()} {
		if err := q.disk.mkdir(q.at(d)); err != nil {
			return nil, q.wrap(err)
		}
	}
	for _, d := range []string{stateDir, "."} {
		if err := q.disk.sync(q.at(d)); err != nil {
			return nil, q.wrap(err)
		}
	}
	// Under the lock, since a file that is not locked yet looks like a dead one's.
	err := q.locked(context.Background(), func() error {
		f, err := os.CreateTemp(q.at(q.watchers()), fmt.Sprintf("%d-*.lock", os.Getpid()))
		if err != nil {
			return err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
		q.self, q.token = f, filepath.Base(f.Name())
		return nil
	})
	if err != nil {
		return nil, q.wrap(err)
	}
	return q, nil
}

// Close ends the claims that this Queue still has: they can be taken back at once.
func (q *Queue) Close() error {
	return errors.Join(ignoreMissing(os.Remove(q.self.Name())), q.self.Close())
}

func (q *Queue) at(name string) string { return filepath.Join(q.dir, name) }
func (q *Queue) watchers() string      { return filepath.Join(stateDir, "watchers") }
func (q *Queue) claims() string        { return filepath.Join(stateDir, "claims") }

func (q *Queue) wrap(err error) error {
	if err == nil || errors.Is(err, ErrLost) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("handoff: queue %s: %w", q.dir, err)
}

// lockTries times lockPause is how long a Queue waits for another's move to end.
const (
	lockTries = 3000
	lockPause = 10 * time.Millisecond
)

// locked runs f while no other Queue of the folder moves anything.
func (q *Queue) locked(ctx context.Context, f func() error) error {
	lock, err := os.OpenFile(q.at(filepath.Join(stateDir, "lock")), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return err
	}
	defer lock.Close() // which unlocks it
	for tries := 0; ; tries++ {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("the file system gives no lock: %w", err)
		}
		if tries == lockTries {
			return ErrLocked
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// Claim takes the job that has waited longest, and nil if no job can be claimed now; Next
// then says whether one will be. On the way it sets aside what is no handoff and drops
// what is known. A file that stands in the way with an error does not keep others from
// being claimed: the errors are returned when nothing else is left.
func (q *Queue) Claim(ctx context.Context) (*Job, error) {
	var errs []error
	for scanned := false; ; {
		if len(q.pending) == 0 {
			if scanned {
				return nil, q.wrap(errors.Join(errs...))
			}
			scanned = true
			q.next = time.Time{}
			var err error
			if q.pending, err = q.scan(); err != nil {
				return nil, q.wrap(err)
			}
			continue
		}
		e := q.pending[0]
		q.pending = q.pending[1:]
		var job *Job
		err := q.locked(ctx, func() (err error) {
			job, err = q.take(e)
			return err
		})
		switch {
		case job != nil && err == nil:
			return job, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, ErrLocked):
			return nil, q.wrap(err)
		case err != nil:
			errs = append(errs, fmt.Errorf("%q: %w", e.path(), err))
		}
	}
}

// Next is when a file is due that Claim has passed over: it may be half written, or its
// next attempt has to wait. ok is false if there is none.
func (q *Queue) Next() (at time.Time, ok bool) { return q.next, !q.next.IsZero() }

// due keeps the earliest moment at which it is worth to look again.
func (q *Queue) due(t time.Time) {
	if q.next.IsZero() || t.Before(q.next) {
		q.next = t
	}
}

// scan lists what may be a handoff, oldest first.
func (q *Queue) scan() ([]entry, error) {
	var list []entry
	for _, dir := range []string{NewDir, ""} {
		files, err := os.ReadDir(q.at(dir))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if !incoming(f.Name()) {
				continue
			}
			info, err := f.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return nil, err
			}
			list = append(list, entry{dir, f.Name(), info.ModTime()})
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int {
		return cmp.Or(a.since.Compare(b.since), strings.Compare(a.path(), b.path()))
	})
	return list, nil
}

// incoming says whether a name is for the queue to look at. Other names belong to files
// that are being written (x.json.tmp), and in the queue's own folder to logs and the like.
func incoming(name string) bool {
	return name[0] != '.' && filepath.Ext(name) == ".json"
}

// take claims one file, under the lock. It returns nil if there is nothing to claim: the
// file is gone, is no handoff, is known, or has to wait.
func (q *Queue) take(e entry) (*Job, error) {
	path := q.at(e.path())
	now := q.opt.Now()
	if err := checkName(e.name); err != nil {
		return nil, q.setAside(e.dir, e.name, err.Error())
	}
	data, info, err := readFile(q.disk, path, MaxBytes)
	if bad, ok := errors.AsType[*BadFileError](err); ok {
		return nil, q.setAside(e.dir, e.name, bad.Reason)
	}
	if err != nil {
		return nil, ignoreMissing(err)
	}
	h, old, err := Parse(data)
	if err != nil {
		// Whoever writes it may be at it. A time far ahead is no reason to wait for it.
		if settled := info.ModTime().Add(q.opt.Settle); settled.After(now) && !settled.After(now.Add(2*q.opt.Settle)) {
			q.due(settled)
			return nil, nil
		}
		return nil, q.setAside(e.dir, e.name, err.Error())
	}
	work := q.at(filepath.Join(WorkDir, FileName(h.ID)))
	where, err := q.known(h.ID)
	if err != nil {
		return nil, err
	}
	if where != "" {
		// Whoever has moved it there may have died before it was safe.
		if err := q.disk.sync(q.at(where)); err != nil {
			return nil, err
		}
		if err := removeFile(q.disk, path); err != nil {
			return nil, err
		}
		if where == ProcessedDir {
			if err := removeFile(q.disk, q.claimPath(h.ID)); err != nil {
				return nil, err
			}
		}
		q.opt.Observe(Event{EventDuplicate, e.path(), h.ID, "the queue has it in " + where})
		return nil, nil
	}
	c, err := q.readClaim(h.ID)
	if err != nil {
		return nil, err
	}
	if c.Attempts >= q.opt.Attempts {
		// They were more when it was put back.
		return nil, q.giveUp(path, e.path(), data, c)
	}
	if c.NotBefore.After(now) {
		q.due(c.NotBefore)
		return nil, nil
	}
	if err := moveFile(q.disk, path, work); err != nil {
		return nil, err
	}
	moved, err := os.Lstat(work)
	if err != nil {
		return nil, err
	}
	if !os.SameFile(moved, info) || !moved.ModTime().Equal(info.ModTime()) || moved.Size() != info.Size() {
		// It was written to, or another put in its place, since it was read. Now it is
		// work that nobody has claimed; TakeBack puts that back, to be read again.
		return nil, nil
	}
	// The count is on disk before the attempt begins: an attempt that takes the machine
	// down with it has counted.
	c.Attempts++
	c.Watcher, c.Renewed, c.NotBefore = q.token, now, time.Time{}
	if err := q.writeClaim(c); err != nil {
		return nil, err
	}
	return &Job{Handoff: h, Old: old, Attempt: c.Attempts, raw: data}, nil
}

// known says in which folder the queue has a handoff that is claimed or done; "" if it
// does not.
func (q *Queue) known(id string) (string, error) {
	for _, name := range []string{
		filepath.Join(WorkDir, FileName(id)),
		filepath.Join(ProcessedDir, id+OK),
		filepath.Join(ProcessedDir, id+Fail),
	} {
		if there, err := exists(q.at(name)); err != nil {
			return "", err
		} else if there {
			return filepath.Dir(name), nil
		}
	}
	return "", nil
}
