package datasets

import (
	"errors"
	"fmt"
)

// The categories of errors of this package. Every error about a file is a *FileError
// (or, in a lock, a *LockError) that is one of these under errors.Is. ErrRow alone
// speaks of rows that a caller wanted to write.
var (
	// ErrNotRun: the folder is neither a run nor a run under way.
	ErrNotRun = errors.New("not a run folder")
	// ErrPartial: the run is not done, it has metrics.jsonl and no tables.
	ErrPartial = errors.New("the run is not done")
	// ErrMissing: a file of the run is not there.
	ErrMissing = errors.New("file is missing")
	// ErrForeign: readable Parquet, but not a table of ToolGen, or another table.
	ErrForeign = errors.New("not this table")
	// ErrSchema: the columns are not those of the schema that the file claims.
	ErrSchema = errors.New("columns do not fit the schema")
	// ErrNewer: written by a later version than this reader knows.
	ErrNewer = errors.New("written by a newer version")
	// ErrCorrupt: damaged, truncated or no Parquet at all.
	ErrCorrupt = errors.New("damaged file")
	// ErrDigest: intact by itself, but not what the lock recorded.
	ErrDigest = errors.New("digest differs from the lock")
	// ErrLock: the lock breaks its format or was edited.
	ErrLock = errors.New("invalid lock")
	// ErrRow: a row that the schema does not allow, or rows out of order.
	ErrRow = errors.New("invalid row")
)

// FileError is an error about one file.
type FileError struct {
	File   string
	Kind   error  // one of the categories above, or an error of the operating system
	Detail string // what was found, and what was expected; may be ""
}

func (e *FileError) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("%s: %v", e.File, e.Kind)
	}
	return fmt.Sprintf("%s: %v: %s", e.File, e.Kind, e.Detail)
}

func (e *FileError) Unwrap() error { return e.Kind }

// RowError is a row that cannot be written.
type RowError struct {
	Table   string
	Row     int64  // from 0, in the order of writing
	Key     string // the row's key, "seed=1 epoch=0 ..."
	Column  string // "" where the whole row is meant
	Problem string
}

func (e *RowError) Error() string {
	at := fmt.Sprintf("%s row %d (%s)", e.Table, e.Row, e.Key)
	if e.Column != "" {
		at += ", column " + e.Column
	}
	return at + ": " + e.Problem
}

// Is reports that every RowError is an ErrRow.
func (e *RowError) Is(target error) bool { return target == ErrRow }
