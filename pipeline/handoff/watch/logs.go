package watch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"toolgen/pipeline/handoff"
)

// Events of a Record, beside those of handoff.Event.
const (
	EventAttempt = "attempt"
	EventProblem = "problem" // of the watcher itself
)

// Outcomes of an attempt that does not end its job, beside handoff.OutcomeError.
const (
	OutcomeReleased = "released"
	OutcomeLost     = "lost"
	OutcomeHung     = "hung"
)

// Record is a line of runs.log or error.log.
type Record struct {
	TS           time.Time `json:"ts"`
	Event        string    `json:"event"`
	ID           string    `json:"handoff_id,omitempty"`
	Attempt      int       `json:"attempt,omitempty"`
	Outcome      string    `json:"outcome,omitempty"`
	Reason       string    `json:"reason,omitempty"`
	ChallengerID string    `json:"challenger_id,omitempty"`
	SpecPath     string    `json:"spec_path,omitempty"`
	BundleDir    string    `json:"bundle_dir,omitempty"`
	File         string    `json:"file,omitempty"` // relative to the queue, of an event of the queue
	WallMS       int64     `json:"wall_ms,omitempty"`
}

// Names of the logs. One that has reached maxLog becomes NAME.1 and is begun anew.
const (
	runsLog  = "runs.log"
	errorLog = "error.log"
	maxLog   = 10 << 20
)

// failed says whether a record is for error.log.
func (r *Record) failed() bool {
	if r.Event == EventAttempt {
		return r.Outcome == handoff.OutcomeError || r.Outcome == OutcomeHung
	}
	return r.Event != handoff.EventDuplicate
}

// event takes what the queue did of its own accord.
func (w *watcher) event(e handoff.Event) {
	switch e.Kind {
	case handoff.EventPoison:
		w.summary.SetAside++
	case handoff.EventDuplicate:
		w.summary.Duplicates++
	case handoff.EventGivenUp:
		w.summary.Failed++
	}
	w.record(Record{Event: e.Kind, ID: e.ID, File: e.Name, Reason: e.Reason})
}

// problem tells of an error that the watcher survives, once while it lasts.
func (w *watcher) problem(err error) {
	if err.Error() != w.last {
		w.last = err.Error()
		w.record(Record{Event: EventProblem, Reason: err.Error()})
	}
}

// record writes a record to the logs it belongs to. That a log cannot be written must
// not keep jobs from being done; the observer is told.
func (w *watcher) record(r Record) {
	r.TS = w.opt.Now().UTC().Truncate(time.Millisecond)
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	err := enc.Encode(r)
	if err == nil && r.Event == EventAttempt {
		err = appendLine(filepath.Join(w.opt.Logs, runsLog), line.Bytes(), maxLog)
	}
	if err == nil && r.failed() {
		err = appendLine(filepath.Join(w.opt.Logs, errorLog), line.Bytes(), maxLog)
	}
	if w.opt.Observe == nil {
		return
	}
	w.opt.Observe(r)
	if err != nil {
		w.opt.Observe(Record{TS: r.TS, Event: EventProblem, Reason: fmt.Sprintf("the log cannot be written: %v", err)})
	}
}

// appendLine appends a line to a log that several programs may write to, and begins a
// new log when it would grow beyond limit. What a crash has left of a line is ended
// first, so that it spoils no other.
func appendLine(path string, line []byte, limit int64) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
		if err != nil {
			return err
		}
		again, err := appendTo(f, path, line, limit)
		if err = errors.Join(err, f.Close()); err != nil || !again {
			return err
		}
	}
}

// appendTo is again if the file was full, or another program has put it aside.
func appendTo(f *os.File, path string, line []byte, limit int64) (again bool, err error) {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("%s is no regular file", path)
	}
	if now, err := os.Lstat(path); err != nil || !os.SameFile(now, info) {
		return true, nil
	}
	if info.Size() > 0 && info.Size()+int64(len(line)) > limit {
		return true, os.Rename(path, path+".1")
	}
	last := []byte{'\n'}
	if info.Size() > 0 {
		if _, err := f.ReadAt(last, info.Size()-1); err != nil {
			return false, err
		}
	}
	if last[0] != '\n' {
		line = append([]byte{'\n'}, line...)
	}
	_, err = f.Write(line)
	return false, err
}
