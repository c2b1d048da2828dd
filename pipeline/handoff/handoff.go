// Package handoff is the queue through which failing candidates reach the repair lab:
// a folder of small JSON files, one a handoff, that any program can read and write.
//
//	QUEUE/new/handoff_<id>.json        written, not claimed; *.json from other programs
//	QUEUE/*.json                       the same, from programs that know no folders
//	QUEUE/work/handoff_<id>.json       claimed, by renaming it
//	QUEUE/processed/<id>.ok or .fail   done: a Marker
//	QUEUE/poison/                      what is no handoff, each with the reason beside it
//	QUEUE/state/                       lock, watchers/ and claims/: the queue's own
//
// The state of a handoff is where its file lies, and a file moves by rename alone, so a
// crash at any moment leaves it in exactly one state. A file appears under its name when
// its content is on disk and not before; names with a leading dot, and in QUEUE and new
// those that do not end in .json, are files being written, or what a crash left of one,
// and are nobody's business.
//
// Put needs no lock and neither does any program that drops a file. Whoever works on
// handoffs opens a Queue. All Queues of a folder take turns by a lock that is held for
// the few steps of one move and that the kernel frees when its holder dies; what holds
// between two steps of one program therefore holds for all of them. A claim is a record
// below state/claims: who has the job, when that was last said, and how many attempts
// were begun. It outlives its claimer, and it bounds the attempts. A claim ends early if
// its claimer is dead, which its own lock tells, or has not renewed it for a while. A
// claimer that was only slow learns by ErrLost that the job is another's by now, so that
// a handoff ends with one marker whoever did what.
//
// Files come from strangers. None is opened before it is known to be a regular file of
// modest size, and then in a way that cannot block or follow a link. What is no handoff
// is moved aside, never deleted.
//
// The package writes into the queue, and challengers into their folder. It knows nothing
// of repair, and it reads no clock: Options.Now does.
package handoff

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"time"
)

// SchemaVersion is the version of the file's format that this package writes. It
// changes when a key changes its meaning or goes away.
const SchemaVersion = 1

// Folders of a queue.
const (
	NewDir       = "new"
	WorkDir      = "work"
	ProcessedDir = "processed"
)

// Endings of the files in ProcessedDir.
const (
	OK   = ".ok"
	Fail = ".fail"
)

// Handoff is a failing candidate on its way to the repair lab. The keys up to metrics
// are as old as the queue: other programs rely on them.
type Handoff struct {
	TS        time.Time `json:"ts"`         // the manifest's in a run, in UTC to the second
	Source    string    `json:"source"`     // who hands over: toolgen
	SpecPath  string    `json:"spec_path"`  // folder of the spec
	BundleDir string    `json:"bundle_dir"` // folder that holds tool.go
	Epoch     int       `json:"epoch"`
	ImplStyle *string   `json:"impl_style"` // null: the candidate has no style
	Reason    string    `json:"reason"`     // toolgen_incorrect, toolgen_over_budget, toolgen_flaky or toolgen_unsafe
	Metrics   Metrics   `json:"metrics"`

	ID            string `json:"handoff_id"` // "": Put fills it in
	Seed          int64  `json:"seed"`
	CandidateID   string `json:"candidate_id"`
	SchemaVersion int    `json:"schema_version"` // 0: Put fills it in
}

// Metrics is how the candidate did in its epoch.
type Metrics struct {
	Correctness float64 `json:"correctness"`
	Fitness     float64 `json:"fitness"`
}

// ID returns the id of a handoff: the SHA-256 of seed, epoch and candidate, in
// lower-case hex. A candidate is handed over once per seed and epoch.
func ID(seed int64, epoch int, candidateID string) string {
	h := sha256.New()
	fmt.Fprintf(h, "toolgen handoff\n%d;%d;%d:%s", seed, epoch, len(candidateID), candidateID)
	return hex.EncodeToString(h.Sum(nil))
}

// FileName is the name of a handoff's file in NewDir and WorkDir.
func FileName(id string) string { return "handoff_" + id + ".json" }

var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Put writes a handoff into a queue, whose folders it creates, and returns the path of
// its file in NewDir. If the queue knows the id already, in whatever state, Put changes
// nothing and written is false. When it returns without an error the handoff survives a
// crash, whoever has written it.
//
// Two programs that put the same handoff at once write the same file. Only if one of
// them is slower than the whole repair that the other set off does the file come back;
// whoever claims files looks into ProcessedDir first.
func Put(queue string, h Handoff) (path string, written bool, err error) {
	return putBy(osDisk{}, queue, h)
}

func putBy(d disk, queue string, h Handoff) (path string, written bool, err error) {
	fail := func(err error) (string, bool, error) {
		return "", false, fmt.Errorf("handoff: queue %s: %w", queue, err)
	}
	data, err := h.encode()
	if err != nil {
		return fail(err)
	}
	id := ID(h.Seed, h.Epoch, h.CandidateID)
	path = filepath.Join(queue, NewDir, FileName(id))
	if err := makeFolder(d, queue); err != nil {
		return fail(err)
	}
	for _, dir := range []string{NewDir, WorkDir, ProcessedDir} {
		if err := d.mkdir(filepath.Join(queue, dir)); err != nil {
			return fail(err)
		}
	}
	if err := d.sync(queue); err != nil {
		return fail(err)
	}
	for _, known := range []string{
		// In the order of a handoff's life: one that moves on meanwhile is met again.
		path,
		filepath.Join(queue, WorkDir, FileName(id)),
		filepath.Join(queue, ProcessedDir, id+OK),
		filepath.Join(queue, ProcessedDir, id+Fail),
	} {
		there, err := exists(known)
		if err != nil {
			return fail(err)
		}
		if there {
			// Whoever has put it there may have died before it was safe.
			if err := d.sync(filepath.Dir(known)); err != nil {
				return fail(err)
			}
			return path, false, nil
		}
	}
	if err := shareFile(d, path, data); err != nil {
		return fail(err)
	}
	return path, true, nil
}

func (h Handoff) encode() ([]byte, error) {
	id := ID(h.Seed, h.Epoch, h.CandidateID)
	switch {
	case !hexDigest.MatchString(h.CandidateID):
		return nil, fmt.Errorf("candidate_id %q, expected 64 lower-case hex digits", h.CandidateID)
	case h.Reason == "":
		return nil, fmt.Errorf("candidate %.12s: no reason", h.CandidateID)
	case !goodSeed(h.Seed):
		return nil, fmt.Errorf("candidate %.12s: %w", h.CandidateID, badSeed(h.Seed))
	case h.ID != "" && h.ID != id:
		return nil, fmt.Errorf("candidate %.12s: handoff_id %s, expected %s", h.CandidateID, h.ID, id)
	case h.SchemaVersion != 0 && h.SchemaVersion != SchemaVersion:
		return nil, fmt.Errorf("candidate %.12s: schema_version %d, expected %d", h.CandidateID, h.SchemaVersion, SchemaVersion)
	}
	h.ID, h.SchemaVersion = id, SchemaVersion
	h.TS = h.TS.UTC().Truncate(time.Second)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(h); err != nil {
		return nil, fmt.Errorf("candidate %.12s: %w", h.CandidateID, err)
	}
	return b.Bytes(), nil
}
