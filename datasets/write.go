package datasets

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"unsafe"

	"github.com/parquet-go/parquet-go/format"
)

// Keys of the metadata in a file's footer.
const (
	metaSchema   = "toolgen.schema"      // "evaluations/1"
	metaRunID    = "toolgen.run_id"      //
	metaIdentity = "toolgen.identity"    // canonical JSON
	metaRows     = "toolgen.rows_sha256" // digest of the rows: what page checksums do not cover, a full read checks by this
)

// TableInfo is what the lock records about a table.
type TableInfo struct {
	Rows       int64  `json:"rows"`
	RowsSHA256 string `json:"rows_sha256"` // Table.Digest
	FileSHA256 string `json:"file_sha256"` // of the file's bytes
}

// Meta is what a file says about its run.
type Meta struct {
	RunID    string
	Identity []byte // canonical JSON of the identity
}

// Meta returns the metadata of the run with this identity.
func (id *Identity) Meta() (Meta, error) {
	canonical, err := id.Canonical()
	if err != nil {
		return Meta{}, err
	}
	sum := sha256.Sum256(canonical)
	return Meta{RunID: hex.EncodeToString(sum[:]), Identity: canonical}, nil
}

// Writer writes one table as Parquet. The bytes depend on the rows and the metadata
// alone, never on how rows were grouped into calls of Append.
type Writer[T any] struct {
	table   *Table[T]
	meta    Meta
	sha256  hash.Hash // of all bytes written
	file    fileWriter
	encoder tableEncoder
	digest  *digester
	last    T // the row before, if there is one
	runID   *Column
	rowsSum string // digest of all rows, once closed
	err     error
}

// blockRows is how many rows are checked, digested and gathered at a time: as many as a
// CPU's nearest caches hold.
const blockRows = 128

// NewWriter returns a writer of the table to w. Close must be called.
func (t *Table[T]) NewWriter(w io.Writer, meta Meta) *Writer[T] {
	return t.newWriter(w, meta, standardLayout)
}

func (t *Table[T]) newWriter(w io.Writer, meta Meta, l layout) *Writer[T] {
	sum := sha256.New()
	st := t.storage()
	tw := &Writer[T]{
		table: t, meta: meta, sha256: sum, digest: t.newDigester(t.Version), runID: t.Column("run_id"),
		file:    fileWriter{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16)},
		encoder: tableEncoder{storage: st, layout: l, size: unsafe.Sizeof(*new(T)), feeds: make([]feed, len(st.leaves))},
	}
	e := &tw.encoder
	for i := range e.feeds {
		e.feeds[i] = feed{leaf: &st.leaves[i], layout: l}
	}
	// Here all is done at once, with one page for each column and one row group.
	pages, used, only := make([]*page, len(st.leaves)), new(scratch), (*group)(nil)
	e.spare = func(leaf int) *page {
		if pages[leaf] == nil {
			pages[leaf] = new(page)
		}
		pages[leaf].reset()
		return pages[leaf]
	}
	e.nextGroup = func() (*group, error) {
		if only == nil {
			only = newGroup(len(st.leaves))
		} else {
			only.reset()
		}
		return only, nil
	}
	e.give = func(j job) error { return e.do(j, used) }
	e.endGroup = tw.file.add
	return tw
}

// Append writes rows, which must follow one another, and what was written before, in
// strictly increasing order of the key. It sorts nothing and changes nothing: a row
// that the schema does not allow, a key that does not increase and a foreign run_id
// are a *RowError. After an error the writer is of no more use.
func (w *Writer[T]) Append(rows []T) error {
	if w.err == nil {
		w.err = w.append(rows)
	}
	return w.err
}

// append leaves nothing behind that reaches into the caller's rows but strings, which do
// not change.
func (w *Writer[T]) append(rows []T) (err error) {
	defer w.recover(&err)
	for len(rows) > 0 {
		block := rows[:min(len(rows), blockRows, w.encoder.room())]
		inOrder := w.inOrder(block)
		first := w.digest.rows
		for i := range block {
			w.digest.add(unsafe.Pointer(&block[i]))
		}
		allowed, err := w.encoder.add(unsafe.Pointer(&block[0]), len(block))
		if err != nil {
			return err
		}
		if !inOrder || !allowed {
			return w.explain(block, first)
		}
		w.last = block[len(block)-1]
		rows = rows[len(block):]
	}
	return nil
}

// inOrder reports whether the rows of a block belong behind the row before, and what is
// allowed beyond single columns.
func (w *Writer[T]) inOrder(block []T) bool {
	for i := range block {
		row, before := &block[i], &w.last
		if i > 0 {
			before = &block[i-1]
		}
		if w.digest.rows+int64(i) > 0 && w.compare(before, row) >= 0 {
			return false
		}
		if w.meta.RunID != ManyRuns && w.run(row) != w.meta.RunID {
			return false
		}
		if w.table.check != nil {
			if _, problem := w.table.check(row); problem != "" {
				return false
			}
		}
	}
	return true
}

// explain returns what is wrong with the first bad row of a block.
func (w *Writer[T]) explain(block []T, first int64) error {
	for i := range block {
		row, before := &block[i], &w.last
		if i > 0 {
			before = &block[i-1]
		}
		column, problem := w.table.validate(row)
		switch {
		case problem != "":
		case first+int64(i) > 0 && w.compare(before, row) >= 0:
			problem = fmt.Sprintf("does not come after the row before it (%s); rows are sorted by %v, without duplicates", w.table.KeyOf(before), w.table.Key)
		case w.meta.RunID != ManyRuns && w.run(row) != w.meta.RunID:
			column, problem = "run_id", fmt.Sprintf("%q, in the file of run %q", w.run(row), w.meta.RunID)
		default:
			continue
		}
		return &RowError{Table: w.table.Name, Row: first + int64(i), Key: w.table.KeyOf(row), Column: column, Problem: problem}
	}
	return fmt.Errorf("writing %s: rows %d to %d are refused without a reason", w.table.Name, first, first+int64(len(block)))
}

// compare orders rows: by key, and where there are many runs, by run before that.
func (w *Writer[T]) compare(a, b *T) int {
	if w.meta.RunID == ManyRuns {
		if c := strings.Compare(w.run(a), w.run(b)); c != 0 {
			return c
		}
	}
	return w.table.Compare(a, b)
}

// run returns the run that a row belongs to.
func (w *Writer[T]) run(row *T) string { return *(*string)(w.runID.value(unsafe.Pointer(row))) }

// Close writes what is left and the footer. It does not close the underlying writer.
func (w *Writer[T]) Close() (TableInfo, error) {
	if w.err == nil {
		w.err = w.flush()
	}
	return w.end()
}

// flush ends the last row group.
func (w *Writer[T]) flush() (err error) {
	defer w.recover(&err)
	return w.encoder.flush()
}

// end writes the footer.
func (w *Writer[T]) end() (TableInfo, error) {
	if w.err == nil && w.rowsSum == "" {
		w.rowsSum = w.digest.sum()
		w.err = w.footer()
	}
	if w.err != nil {
		return TableInfo{}, w.err
	}
	return TableInfo{Rows: w.digest.rows, RowsSHA256: w.rowsSum, FileSHA256: hex.EncodeToString(w.sha256.Sum(nil))}, nil
}

func (w *Writer[T]) footer() (err error) {
	defer w.recover(&err)
	return w.file.end(w.encoder.storage, []format.KeyValue{ // by key
		{Key: metaIdentity, Value: string(w.meta.Identity)}, {Key: metaRows, Value: w.rowsSum},
		{Key: metaRunID, Value: w.meta.RunID}, {Key: metaSchema, Value: w.table.ID()},
	})
}

// recover makes an error of a panic: of a library, or for what no page can hold.
func (w *Writer[T]) recover(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("writing %s: %v", w.table.Name, r)
	}
}

// Write writes rows as one Parquet file to w; see Writer.
func (t *Table[T]) Write(w io.Writer, rows []T, meta Meta) (TableInfo, error) {
	tw := t.NewWriter(w, meta)
	if err := tw.Append(rows); err != nil {
		return TableInfo{}, err
	}
	return tw.Close()
}

// WriteFile writes rows to a new file at path and syncs it. A file that is already
// there is replaced; what appears at path while writing is incomplete, so callers
// write into a folder that they rename when all is done.
func (t *Table[T]) WriteFile(path string, rows []T, meta Meta) (TableInfo, error) {
	f, err := os.Create(path)
	if err != nil {
		return TableInfo{}, err
	}
	info, err := t.Write(f, rows, meta)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return TableInfo{}, fmt.Errorf("%s: %w", path, err)
	}
	return info, nil
}
