package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Names within a run's folder.
const (
	LockFile      = "lock.json"
	MetricsFile   = "metrics.jsonl"
	PartialSuffix = ".partial" // of the folder while the run goes on
	// PartialMark is a file in such a folder: locked by the process that writes it, and
	// holding what it writes as JSON, run_id, epochs and seeds.
	PartialMark = ".toolgen-partial"
)

// Run is the folder of a run that is done, or of one under way.
type Run struct {
	Dir     string
	Lock    *Lock // nil if Partial
	Partial bool  // the run goes on or was interrupted: metrics.jsonl is all there is

	mu      sync.Mutex
	checked map[string]error // by table: what CheckFile found
}

// OpenRun opens the folder of a run and reads its lock. It reads no table: what
// covers a table is checked when the table is read. Errors are *FileError (ErrNotRun,
// ErrMissing) or *LockError.
func OpenRun(dir string) (*Run, error) {
	info, err := os.Stat(dir)
	if err != nil {
		e := missing(dir, err).(*FileError)
		if partial, perr := os.Stat(dir + PartialSuffix); e.Kind == ErrMissing && perr == nil && partial.IsDir() {
			e.Detail = "but " + dir + PartialSuffix + " is there: that run is not done"
		}
		return nil, e
	}
	if !info.IsDir() {
		return nil, &FileError{File: dir, Kind: ErrNotRun, Detail: "not a folder"}
	}
	path := filepath.Join(dir, LockFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if info, err := os.Stat(filepath.Join(dir, MetricsFile)); err == nil && info.Mode().IsRegular() {
			return &Run{Dir: dir, Partial: true}, nil
		}
		return nil, &FileError{File: dir, Kind: ErrNotRun, Detail: "it has neither " + LockFile + " nor " + MetricsFile}
	}
	if err != nil {
		return nil, missing(path, err)
	}
	lock, err := ReadLock(path, data)
	if err != nil {
		return nil, err
	}
	return &Run{Dir: dir, Lock: lock}, nil
}

// ReadLock is ParseLock with the file's name in its errors.
func ReadLock(path string, data []byte) (*Lock, error) {
	lock, err := ParseLock(data)
	var le *LockError
	if errors.As(err, &le) {
		le.File = path
	}
	return lock, err
}

// Path returns where a table lies.
func (r *Run) Path(s *Schema) string { return filepath.Join(r.Dir, s.Dir, s.Name+".parquet") }

// CheckFile checks the bytes of a table's file against the lock, once for each Run. A
// table that the lock does not cover needs only to be there.
func (r *Run) CheckFile(s *Schema) error {
	if r.Partial {
		return &FileError{File: r.Dir, Kind: ErrPartial, Detail: "it has no " + s.Name + " yet"}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err, ok := r.checked[s.Name]; ok {
		return err
	}
	err := r.checkFile(s)
	if r.checked == nil {
		r.checked = make(map[string]error)
	}
	r.checked[s.Name] = err
	return err
}

func (r *Run) checkFile(s *Schema) error {
	path := r.Path(s)
	f, err := os.Open(path)
	if err != nil {
		return missing(path, err)
	}
	defer f.Close()
	if !s.Locked() {
		return nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return missing(path, err)
	}
	have, want := hex.EncodeToString(hash.Sum(nil)), r.Lock.Tables[s.Name].FileSHA256
	if have != want {
		return &FileError{File: path, Kind: ErrDigest, Detail: fmt.Sprintf("the file has SHA-256 %s, the lock says %s", have, want)}
	}
	return nil
}

// CheckFiles checks the files of all locked tables and returns the first error.
func (r *Run) CheckFiles() error {
	for _, s := range Schemas() {
		if s.Locked() {
			if err := r.CheckFile(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// ReadRun returns all rows of the table of a run, verified: the file's bytes, the
// number of rows and their digest are those of the lock, and the file is this run's.
func (t *Table[T]) ReadRun(r *Run) ([]T, error) {
	if err := r.CheckFile(t.Schema); err != nil {
		return nil, err
	}
	path := r.Path(t.Schema)
	f, err := t.openPath(path, t.pq)
	if err != nil {
		return nil, err
	}
	defer f.close()
	if err := r.checkHeader(t.Schema, f); err != nil {
		return nil, err
	}
	return t.read(f)
}

// ScanRun is Scan of the table of a run, after its file and header were checked
// against the lock. It does not compute the digest of the rows, which takes them all.
func (t *Table[T]) ScanRun(r *Run, columns []string, fn func(*Columns) error) error {
	if err := r.CheckFile(t.Schema); err != nil {
		return err
	}
	f, err := t.openPath(r.Path(t.Schema), t.pq)
	if err != nil {
		return err
	}
	defer f.close()
	if err := r.checkHeader(t.Schema, f); err != nil {
		return err
	}
	return t.scan(f, columns, fn)
}

// checkHeader holds a file's own words against the lock. Since read computes the
// digest of the rows again and holds it against the header, it need not be computed here.
func (r *Run) checkHeader(s *Schema, f *file) error {
	h, info := &f.header, r.Lock.Tables[s.Name]
	fail := func(format string, args ...any) error {
		return &FileError{File: f.name, Kind: ErrDigest, Detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case h.RunID != r.Lock.RunID:
		return fail("it is of run %s, the lock of run %s", h.RunID, r.Lock.RunID)
	case !s.Locked():
	case h.Version != r.Lock.Identity.Schemas[s.Name]:
		return fail("it holds %s, the lock says version %d", schemaID(s.Name, h.Version), r.Lock.Identity.Schemas[s.Name])
	case h.Rows != info.Rows:
		return fail("it has %d rows, the lock says %d", h.Rows, info.Rows)
	case h.RowsSHA256 != info.RowsSHA256:
		return fail("its rows have digest %s, the lock says %s", h.RowsSHA256, info.RowsSHA256)
	}
	return nil
}

// ReadEvaluations returns the evaluations of a run: verified if it is done, and what
// metrics.jsonl has so far if it is not.
func (r *Run) ReadEvaluations() ([]Evaluation, error) {
	if !r.Partial {
		return Evaluations.ReadRun(r)
	}
	path := filepath.Join(r.Dir, MetricsFile)
	f, err := os.Open(path)
	if err != nil {
		return nil, missing(path, err)
	}
	defer f.Close()
	rows, err := ReadMetrics(f)
	if err != nil {
		return nil, &FileError{File: path, Kind: ErrCorrupt, Detail: err.Error()}
	}
	return rows, nil
}
