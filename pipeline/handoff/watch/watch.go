// Package watch takes jobs from a queue of handoffs, one after another, and has each
// attempted by whatever repairs.
//
// A watcher wakes when the file system tells of a new file (fsnotify), and looks for
// itself every interval, since not every file system tells. Any number of watchers may
// share a queue; package handoff sees to it that they never have the same job.
//
// How an attempt ends decides what becomes of the job:
//
//   - A Result is about the candidate. It ends the job for good: .ok or .fail.
//   - An error is about the machine. The job goes back and is attempted again, a bounded
//     number of times.
//   - An attempt that runs into its time limit has used up its budget: .fail.
//   - An attempt that is cut short because the watcher has to stop goes back as if it had
//     not begun. It is not finished first: who stops a service wants it to stop, and it
//     may be killed soon.
//
// Beside the markers that handoff leaves there are two logs, a JSON object a line:
// runs.log has a line for each attempt, error.log for all that went wrong. Nothing is
// decided by them.
//
// Nothing here must be reproduced, so time limits are in seconds of the wall clock.
package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"time"

	"toolgen/pipeline/handoff"
)

// Attempter repairs. The context ends at the time limit and when the watcher has to stop;
// an attempt that it cuts short must return an error.
type Attempter interface {
	Attempt(ctx context.Context, job *handoff.Job) (Result, error)
}

// Result is what came of an attempt.
type Result struct {
	Outcome    string              // an Outcome of handoff, but for OutcomeError
	Reason     string              // why, for people
	Challenger *handoff.Challenger // what was repaired, with its source; nil if nothing was. Run fills in the handoff's id and the lineage
}

// Options say what is watched, and how.
type Options struct {
	Queue       string           // folder of the queue, made if it is not there
	Challengers string           // folder that challengers go to; "": challengers in the queue
	Logs        string           // folder of runs.log and error.log; "": logs in the queue
	Interval    time.Duration    // how often to look without being told; 0: 5 s
	Timeout     time.Duration    // of one attempt; 0: 180 s
	Grace       time.Duration    // how long an attempt may take to end when its context has; 0: 60 s
	Attempts    int              // how often a job is attempted when the machine fails; 0: 3
	Backoff     time.Duration    // wait before the second attempt, doubled from then on; 0: none
	Settle      time.Duration    // see handoff.Options
	Once        bool             // end when nothing is left to do
	Now         func() time.Time // the clock, for records and leases; required
	Observe     func(Record)     // everything that is logged, as it is logged; may be nil
}

// Summary is what a watcher has done.
type Summary struct {
	Repaired   int
	Fine       int // had nothing to repair
	Failed     int // ended in .fail
	Retried    int // attempts that the machine failed, and that will be made again
	Released   int // given back unfinished
	SetAside   int // files that are no handoffs
	Duplicates int // files that were known already
}

// ErrHung says that an attempt did not end though its context had. The watcher cannot
// end it, but by ending itself: then the claim is free, and the attempt has counted.
var ErrHung = errors.New("an attempt does not end")

type watcher struct {
	opt     Options
	lab     Attempter
	queue   *handoff.Queue
	summary Summary
	lease   time.Duration
	last    string // the last problem that was logged, which is not told again
}

// Run works on a queue until the context ends (its error is returned) or, with Once,
// until nothing is left that it can do: no job waits, and none waits for its next
// attempt. Jobs that other watchers have are theirs.
func Run(ctx context.Context, opt Options, lab Attempter) (Summary, error) {
	opt.Challengers = cmp.Or(opt.Challengers, filepath.Join(opt.Queue, "challengers"))
	opt.Logs = cmp.Or(opt.Logs, filepath.Join(opt.Queue, "logs"))
	opt.Interval = cmp.Or(max(opt.Interval, 0), 5*time.Second)
	opt.Timeout = cmp.Or(max(opt.Timeout, 0), 180*time.Second)
	opt.Grace = cmp.Or(max(opt.Grace, 0), time.Minute)
	w := &watcher{opt: opt, lab: lab, lease: max(opt.Timeout, time.Minute)}
	queue, err := handoff.Open(opt.Queue, handoff.Options{
		Now: opt.Now, Attempts: opt.Attempts, Lease: w.lease, Backoff: opt.Backoff, Settle: opt.Settle, Observe: w.event,
	})
	if err != nil {
		return Summary{}, err
	}
	err = w.loop(ctx, queue)
	return w.summary, errors.Join(err, queue.Close())
}

func (w *watcher) loop(ctx context.Context, queue *handoff.Queue) error {
	w.queue = queue
	bell, err := newBell(w.opt.Queue, filepath.Join(w.opt.Queue, handoff.NewDir))
	if err != nil {
		w.problem(fmt.Errorf("new files are not told of, and are found every %v: %w", w.opt.Interval, err))
	}
	defer bell.close()
	for {
		err := w.drain(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrHung):
			return err
		case err != nil && w.opt.Once:
			return err
		case err != nil:
			w.problem(err)
		default:
			w.last = ""
		}
		wait := w.opt.Interval
		if next, ok := queue.Next(); ok {
			// Not much earlier than it is due, and not at once again.
			wait = min(wait, max(next.Sub(w.opt.Now()), 0)+time.Millisecond)
		} else if w.opt.Once {
			return nil
		}
		if err := bell.wait(ctx, wait); err != nil {
			return err
		}
	}
}

// drain works until nothing can be claimed. What stands in the way of one job does not
// stand in the way of the next.
func (w *watcher) drain(ctx context.Context) error {
	var errs []error
	for ctx.Err() == nil {
		if err := w.queue.TakeBack(ctx); err != nil {
			errs = append(errs, err)
		}
		job, err := w.queue.Claim(ctx)
		if job == nil {
			return errors.Join(append(errs, err)...)
		}
		if err := w.work(ctx, job); err != nil {
			if errors.Is(err, ErrHung) {
				return err
			}
			errs = append(errs, fmt.Errorf("job %.12s: %w", job.ID, err))
		}
	}
	return ctx.Err()
}

// answer is how an attempt ended.
type answer struct {
	result  Result
	err     error
	expired bool // it ran into its time limit
	lost    bool // the job was taken away meanwhile
}

// work has a job attempted and decides what becomes of it.
func (w *watcher) work(ctx context.Context, job *handoff.Job) error {
	start := w.opt.Now()
	a, err := w.attempt(ctx, job)
	if err == nil {
		err = a.check()
	}
	if err != nil {
		a.err = err
	}
	r := Record{
		Event: EventAttempt, ID: job.ID, Attempt: job.Attempt, SpecPath: job.SpecPath, BundleDir: job.BundleDir,
		WallMS: w.opt.Now().Sub(start).Milliseconds(), Outcome: a.result.Outcome, Reason: a.result.Reason,
	}
	challenger := ""
	if a.err == nil && a.result.Challenger != nil {
		challenger = a.result.Challenger.ID
		c := *a.result.Challenger
		c.HandoffID, c.Lineage = job.ID, handoff.LineageRepaired
		// Before the marker: a crash in between writes the same file again.
		if _, err := handoff.WriteChallenger(w.opt.Challengers, c); err != nil {
			a.err, challenger = err, ""
		}
	}
	r.ChallengerID = challenger
	stopped := ctx.Err() != nil
	done := a.err == nil && (!stopped || handoff.Ending(a.result.Outcome) == handoff.OK)
	switch {
	case errors.Is(a.err, ErrHung):
		r.Outcome, r.Reason = OutcomeHung, fmt.Sprintf("it did not end within %v of being told to", w.opt.Grace)
		w.record(r)
		return a.err
	case a.lost:
		r.Outcome, r.Reason = OutcomeLost, handoff.ErrLost.Error()
		w.record(r)
		return nil
	case done:
		w.record(r)
		return w.finish(job, a.result.Outcome, a.result.Reason, challenger)
	case stopped:
		// A result that says no may be one that had to come too early.
		r.Outcome, r.Reason = OutcomeReleased, "the watcher was told to stop"
		w.record(r)
		err := w.queue.Release(job)
		if err == nil {
			w.summary.Released++
		}
		return notLost(err)
	case a.expired:
		r.Outcome, r.Reason = handoff.OutcomeBudgetExhausted, fmt.Sprintf("no repair within %v", w.opt.Timeout)
		w.record(r)
		return w.finish(job, r.Outcome, r.Reason, "")
	}
	r.Outcome, r.Reason = handoff.OutcomeError, a.err.Error()
	w.record(r)
	gaveUp, err := w.queue.Retry(job, r.Reason)
	switch {
	case gaveUp:
		w.summary.Failed++
	case err == nil:
		w.summary.Retried++
	}
	return notLost(err)
}

// check says what no attempt may answer.
func (a *answer) check() error {
	switch o := a.result.Outcome; {
	case a.err != nil:
		return nil
	case o != handoff.OutcomeRepaired && o != handoff.OutcomeNothingToRepair && o != handoff.OutcomeNotRepaired &&
		o != handoff.OutcomeBudgetExhausted && o != handoff.OutcomeNotAttempted:
		return fmt.Errorf("the attempt answers %q, which is no outcome", o)
	case (o == handoff.OutcomeRepaired) != (a.result.Challenger != nil):
		return fmt.Errorf("the attempt answers %s, and challenger: %t", o, a.result.Challenger != nil)
	}
	return nil
}

func (w *watcher) finish(job *handoff.Job, outcome, reason, challenger string) error {
	err := w.queue.Finish(job, outcome, reason, challenger)
	switch {
	case err != nil:
	case outcome == handoff.OutcomeRepaired:
		w.summary.Repaired++
	case outcome == handoff.OutcomeNothingToRepair:
		w.summary.Fine++
	default:
		w.summary.Failed++
	}
	return notLost(err)
}

// notLost leaves out that the job is another's by now: that is no problem of this watcher's.
func notLost(err error) error {
	if errors.Is(err, handoff.ErrLost) {
		return nil
	}
	return err
}

// attempt runs one attempt and keeps its claim alive. The error is ErrHung.
func (w *watcher) attempt(ctx context.Context, job *handoff.Job) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.opt.Timeout)
	defer cancel()
	ended := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if defect := recover(); defect != nil {
				a = answer{err: fmt.Errorf("this is a defect: %v\n%s", defect, debug.Stack())}
			}
			ended <- a
		}()
		a.result, a.err = w.lab.Attempt(ctx, job)
	}()
	renew := time.NewTicker(w.lease / 4)
	defer renew.Stop()
	over := ctx.Done()
	var grace <-chan time.Time
	lost := false
	for {
		select {
		case a := <-ended:
			a.lost, a.expired = lost, errors.Is(ctx.Err(), context.DeadlineExceeded)
			return a, nil
		case <-renew.C:
			switch err := w.queue.Renew(job); {
			case errors.Is(err, handoff.ErrLost):
				lost = true
				cancel()
			case err != nil:
				w.problem(fmt.Errorf("job %.12s: its claim is not renewed: %w", job.ID, err))
			}
		case <-over:
			over, grace = nil, time.After(w.opt.Grace)
		case <-grace:
			return answer{}, ErrHung
		}
	}
}
