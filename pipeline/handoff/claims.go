package handoff

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// claim is the record of a job in state/claims. It is there from the first claim until
// the job is done; between two attempts it keeps the count.
type claim struct {
	ID        string    `json:"handoff_id"`
	Attempts  int       `json:"attempts"`            // begun
	Watcher   string    `json:"watcher"`             // who has the job; "": nobody
	Renewed   time.Time `json:"renewed,omitzero"`    // when Watcher last said so
	NotBefore time.Time `json:"not_before,omitzero"` // when the next attempt may begin
	LastError string    `json:"last_error,omitempty"`
}

func (q *Queue) claimPath(id string) string { return q.at(filepath.Join(q.claims(), id+".json")) }

// readClaim reads the record of a job; one without a record has an empty one.
func (q *Queue) readClaim(id string) (claim, error) {
	data, _, err := readFile(q.disk, q.claimPath(id), MaxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return claim{ID: id}, nil
	}
	if err != nil && !is[*BadFileError](err) {
		return claim{}, err
	}
	var c claim
	if err != nil || json.Unmarshal(data, &c) != nil || c.ID != id || c.Attempts < 0 {
		// Records appear whole, so something else has damaged it. That there was one
		// says that an attempt was begun.
		return claim{ID: id, Attempts: 1, LastError: "the record of its attempts was damaged"}, nil
	}
	return c, nil
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

func (q *Queue) writeClaim(c claim) error {
	data, err := encodeJSON(c)
	if err != nil {
		return err
	}
	return writeFile(q.disk, q.claimPath(c.ID), data)
}

func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// owned runs f if this Queue has the job; else it is ErrLost.
func (q *Queue) owned(job *Job, f func(c claim, work string) error) error {
	err := q.locked(context.Background(), func() error {
		c, err := q.readClaim(job.ID)
		if err != nil {
			return err
		}
		work := q.at(filepath.Join(WorkDir, FileName(job.ID)))
		there, err := exists(work)
		if err != nil {
			return err
		}
		if !there || c.Watcher != q.token || c.Attempts != job.Attempt {
			return ErrLost
		}
		return f(c, work)
	})
	return q.wrap(err)
}

// Renew says that the job is still being worked on. Call it several times a Lease.
func (q *Queue) Renew(job *Job) error {
	return q.owned(job, func(c claim, _ string) error {
		c.Renewed = q.opt.Now()
		return q.writeClaim(c)
	})
}

// Release gives a job back as if it had not been claimed: the attempt does not count.
func (q *Queue) Release(job *Job) error {
	return q.owned(job, func(c claim, work string) error {
		c.Attempts--
		return q.putBack(c, work)
	})
}

// Retry gives a job back after an attempt that failed for a reason that is not the
// candidate's. If it was the last attempt the job fails with that reason, and gaveUp is
// true.
func (q *Queue) Retry(job *Job, reason string) (gaveUp bool, err error) {
	err = q.owned(job, func(c claim, work string) error {
		c.LastError = clip(reason)
		if c.Attempts >= q.opt.Attempts {
			gaveUp = true
			return q.finish(work, job.raw, Marker{ID: job.ID, Outcome: OutcomeError, Reason: lastReason(c), Attempts: c.Attempts}, Fail)
		}
		c.NotBefore = q.notBefore(c)
		return q.putBack(c, work)
	})
	return gaveUp && err == nil, err
}

// clip keeps a reason short enough for the files that it goes into to be read again.
func clip(reason string) string {
	const longest = 8 << 10
	if len(reason) <= longest {
		return reason
	}
	return strings.ToValidUTF8(reason[:longest], "") + "..."
}

func lastReason(c claim) string {
	attempts := "attempts"
	if c.Attempts == 1 {
		attempts = "attempt"
	}
	return fmt.Sprintf("given up after %d %s; the last error: %s", c.Attempts, attempts, c.LastError)
}

// notBefore is when the next attempt may begin.
func (q *Queue) notBefore(c claim) time.Time {
	if q.opt.Backoff <= 0 {
		return time.Time{}
	}
	wait := min(q.opt.Backoff<<min(max(c.Attempts-1, 0), 10), 1024*q.opt.Backoff)
	return q.opt.Now().Add(wait)
}

// putBack ends a claim, under the lock. The record first: unclaimed work is put back by
// whoever finds it, a claim without work would count an attempt that was none.
func (q *Queue) putBack(c claim, work string) error {
	c.Watcher, c.Renewed = "", time.Time{}
	if err := q.writeClaim(c); err != nil {
		return err
	}
	return moveFile(q.disk, work, q.at(filepath.Join(NewDir, FileName(c.ID))))
}

// Outcomes of a job.
const (
	OutcomeRepaired        = "repaired"
	OutcomeNothingToRepair = "nothing_to_repair" // the candidate passes as it is
	OutcomeNotRepaired     = "not_repaired"
	OutcomeBudgetExhausted = "budget_exhausted"
	OutcomeNotAttempted    = "not_attempted" // there is no spec, or no source that could be repaired
	OutcomeError           = "error"         // the machine failed in each attempt
)

// Marker is the file in ProcessedDir: how a job ended.
type Marker struct {
	ID           string          `json:"handoff_id"`
	Outcome      string          `json:"outcome"`
	Reason       string          `json:"reason"`
	Attempts     int             `json:"attempts"`
	Finished     time.Time       `json:"finished"`
	ChallengerID *string         `json:"challenger_id"` // null if none came of it
	Handoff      json.RawMessage `json:"handoff"`       // the file, as it was put
}

// Ending is the ending of the marker of an outcome.
func Ending(outcome string) string {
	if outcome == OutcomeRepaired || outcome == OutcomeNothingToRepair {
		return OK
	}
	return Fail
}

// Finish ends a job for good. challenger is the id of what was repaired; "" if nothing was.
func (q *Queue) Finish(job *Job, outcome, reason, challenger string) error {
	return q.owned(job, func(c claim, work string) error {
		m := Marker{ID: job.ID, Outcome: outcome, Reason: reason, Attempts: c.Attempts}
		if challenger != "" {
			m.ChallengerID = &challenger
		}
		return q.finish(work, job.raw, m, Ending(outcome))
	})
}

// finish writes the marker and takes away what the job has left, under the lock. From
// the marker on the job is done: what a crash leaves is recognized by it.
func (q *Queue) finish(path string, raw []byte, m Marker, ending string) error {
	m.Finished = q.opt.Now().UTC().Truncate(time.Second)
	m.Handoff, m.Reason = raw, clip(m.Reason)
	data, err := encodeJSON(m)
	if err != nil {
		return err
	}
	if err := writeFile(q.disk, q.at(filepath.Join(ProcessedDir, m.ID+ending)), data); err != nil {
		return err
	}
	return q.clean(path, m.ID)
}

func (q *Queue) clean(path, id string) error {
	if err := removeFile(q.disk, path); err != nil {
		return err
	}
	return removeFile(q.disk, q.claimPath(id))
}

// giveUp fails a job whose attempts are used up, under the lock.
func (q *Queue) giveUp(path, name string, raw []byte, c claim) error {
	if c.LastError == "" {
		c.LastError = "unknown"
	}
	m := Marker{ID: c.ID, Outcome: OutcomeError, Reason: lastReason(c), Attempts: c.Attempts}
	if err := q.finish(path, raw, m, Fail); err != nil {
		return err
	}
	q.opt.Observe(Event{EventGivenUp, name, c.ID, m.Reason})
	return nil
}

// alive says whether the Queue that goes by a token still lives.
func (q *Queue) alive(token string) (bool, error) {
	if token == "" || token != filepath.Base(token) {
		return false, nil
	}
	f, err := q.disk.open(q.at(filepath.Join(q.watchers(), token)))
	if err != nil {
		return false, ignoreMissing(err)
	}
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

var workName = regexp.MustCompile(`^handoff_([0-9a-f]{64})\.json$`)

// TakeBack ends the claims of dead and silent claimers and tidies up after them. Call it
// before Claim, whenever jobs are looked for.
func (q *Queue) TakeBack(ctx context.Context) error {
	files, err := os.ReadDir(q.at(WorkDir))
	if err != nil {
		return q.wrap(err)
	}
	var errs []error
	for _, f := range files {
		if f.Name()[0] == '.' {
			continue
		}
		if err := q.locked(ctx, func() error { return q.review(f.Name()) }); err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", filepath.Join(WorkDir, f.Name()), err))
			if ctx.Err() != nil || errors.Is(err, ErrLocked) {
				break
			}
		}
	}
	errs = append(errs, q.sweep(ctx))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return q.wrap(errors.Join(errs...))
}

// review looks at a file in WorkDir, under the lock.
func (q *Queue) review(name string) error {
	path := q.at(filepath.Join(WorkDir, name))
	if there, err := exists(path); err != nil || !there {
		return err
	}
	match := workName.FindStringSubmatch(name)
	if match == nil {
		// No Queue has put it there. It waits like any other file that was dropped.
		if !incoming(name) {
			return q.setAside(WorkDir, name, "nobody is at work on it, and its name does not end in .json")
		}
		to := q.at(filepath.Join(NewDir, name))
		if there, err := exists(to); err != nil {
			return err
		} else if there {
			return q.setAside(WorkDir, name, "a file of this name was there twice")
		}
		return moveFile(q.disk, path, to)
	}
	id := match[1]
	for _, ending := range []string{OK, Fail} {
		if done, err := exists(q.at(filepath.Join(ProcessedDir, id+ending))); err != nil {
			return err
		} else if done {
			// The marker's writer may have died before it was safe.
			if err := q.disk.sync(q.at(ProcessedDir)); err != nil {
				return err
			}
			return q.clean(path, id)
		}
	}
	c, err := q.readClaim(id)
	if err != nil {
		return err
	}
	live, err := q.alive(c.Watcher)
	if err != nil {
		return err
	}
	silent := q.opt.Now().Sub(c.Renewed).Abs() // a clock may have been set back
	if live && silent < q.opt.Lease {
		return nil
	}
	if c.Watcher != "" {
		c.LastError = "the watcher was killed, or crashed, during the attempt"
		if live {
			c.LastError = fmt.Sprintf("the watcher was silent for %v", silent.Round(time.Second))
		}
		c.NotBefore = q.notBefore(c)
	}
	file := filepath.Join(WorkDir, name)
	if c.Attempts >= q.opt.Attempts {
		data, _, err := readFile(q.disk, path, MaxBytes)
		if err == nil && json.Valid(data) {
			return q.giveUp(path, file, data, c)
		}
		if err != nil && !is[*BadFileError](err) {
			return err
		}
		return q.setAside(WorkDir, name, "it was changed while it was worked on, and is no handoff any more")
	}
	attempt := c.Watcher != ""
	if err := q.putBack(c, path); err != nil {
		return err
	}
	if attempt {
		q.opt.Observe(Event{EventTakenBack, file, id, c.LastError})
	}
	return nil
}

// sweep removes the records of jobs that are gone, and the locks of the dead.
func (q *Queue) sweep(ctx context.Context) error {
	return q.locked(ctx, func() error {
		records, err := os.ReadDir(q.at(q.claims()))
		if err != nil {
			return err
		}
		for _, r := range records {
			id, ok := strings.CutSuffix(r.Name(), ".json")
			if !ok || !hexDigest.MatchString(id) {
				continue
			}
			there := false
			for _, dir := range []string{NewDir, WorkDir} {
				found, err := exists(q.at(filepath.Join(dir, FileName(id))))
				if err != nil {
					return err
				}
				there = there || found
			}
			if !there {
				if err := removeFile(q.disk, q.claimPath(id)); err != nil {
					return err
				}
			}
		}
		locks, err := os.ReadDir(q.at(q.watchers()))
		if err != nil {
			return err
		}
		for _, l := range locks {
			if live, err := q.alive(l.Name()); err != nil {
				return err
			} else if !live {
				if err := ignoreMissing(q.disk.remove(q.at(filepath.Join(q.watchers(), l.Name())))); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
