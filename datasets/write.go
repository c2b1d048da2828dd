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

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding"
)

// Keys of the metadata in a file's footer.
const (
	metaSchema   = "toolgen.schema"      // "evaluations/1"
	metaRunID    = "toolgen.run_id"      //
	metaIdentity = "toolgen.identity"    // canonical JSON
	metaRows     = "toolgen.rows_sha256" // digest of the rows: what page checksums do not cover, a full read checks by this
)

const (
	// maxGroupRows bounds a row group, since readers decode one at a time. It must be
	// a multiple of 64, for the reason that blockRows gives.
	maxGroupRows = 131_072
	// blockRows is how many rows go to parquet-go at once. It cuts its pages at
	// multiples of 64 rows within what it is given, so blocks of one fixed size make
	// the bytes independent of how a caller groups its rows.
	blockRows = 4096
	// maxDictionaryBytes bounds a column's dictionary in a row group, for a reader has
	// to decode all of it; beyond, the column goes on plain.
	maxDictionaryBytes = 64 << 20
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
// alone (and on the kind of CPU, see the package comment), never on how rows were
// grouped into calls of Append.
type Writer[T any] struct {
	table  *Table[T]
	meta   Meta
	buffer *bufio.Writer
	file   hash.Hash // of all bytes written
	pq     *parquet.GenericWriter[T]
	digest *digester
	block  []T    // rows not yet given to pq, fewer than blockRows
	last   *T     // the row before
	runID  int    // struct field of run_id
	sum    string // digest of all rows, once closed
	err    error
	seen   []string // by column, see Table.validate

	options []parquet.WriterOption
}

// NewWriter returns a writer of the table to w. Close must be called.
func (t *Table[T]) NewWriter(w io.Writer, meta Meta) *Writer[T] {
	return t.newWriter(w, meta, maxGroupRows, maxDictionaryBytes)
}

func (t *Table[T]) newWriter(w io.Writer, meta Meta, groupRows, dictionaryBytes int64) *Writer[T] {
	file := sha256.New()
	buffer := bufio.NewWriterSize(io.MultiWriter(w, file), 1<<20)
	options := []parquet.WriterOption{
		t.pq,
		// Constant and ours: parquet-go's own names its version, and an upgrade that
		// changes nothing else would change every file's digest.
		parquet.CreatedBy("toolgen", "1", "datasets"),
		parquet.DataPageStatistics(false), // the column index has them; here they hold whole values
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault, Concurrency: 1}),
		parquet.MaxRowsPerRowGroup(groupRows),
		parquet.DictionaryMaxBytes(dictionaryBytes),
		// By type, so that nullable columns have them too: parquet-go refuses the
		// tags delta and split on most pointers.
		parquet.DefaultEncodingFor(parquet.Int32, &parquet.DeltaBinaryPacked),
		parquet.DefaultEncodingFor(parquet.Int64, &parquet.DeltaBinaryPacked),
		parquet.DefaultEncodingFor(parquet.Double, &parquet.ByteStreamSplit),
		parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.RLEDictionary),
		parquet.KeyValueMetadata(metaSchema, t.ID()),
		parquet.KeyValueMetadata(metaRunID, meta.RunID),
		parquet.KeyValueMetadata(metaIdentity, string(meta.Identity)),
	}
	// Bounds serve readers that skip pages by them. Nobody looks for a source between
	// two others, and bounds of a column chunk hold whole values.
	for _, path := range t.pq.Columns() {
		leaf, _ := t.pq.Lookup(path...)
		if t.Column(path[0]).Type == Binary || leaf.Node.Encoding() == encoding.Encoding(&parquet.Plain) {
			options = append(options, parquet.SkipPageBounds(path...))
		}
	}
	return &Writer[T]{
		table:  t,
		meta:   meta,
		buffer: buffer,
		file:   file,
		pq:     parquet.NewGenericWriter[T](buffer, options...),
		digest: t.newDigester(t.Version),
		runID:  t.Column("run_id").field,

		seen:    make([]string, len(t.Columns)),
		options: options,
	}
}

// Append writes rows, which must follow one another, and what was written before, in
// strictly increasing order of the key. It sorts nothing and changes nothing: a row
// that the schema does not allow, a key that does not increase and a foreign run_id
// are a *RowError. After an error the writer is of no more use.
func (w *Writer[T]) Append(rows []T) error {
	if w.err != nil {
		return w.err
	}
	w.err = w.append(rows)
	return w.err
}

func (w *Writer[T]) append(rows []T) error {
	for i := range rows {
		row := &rows[i]
		if err := w.checkRow(row); err != nil {
			return err
		}
		w.digest.add(unsafe.Pointer(row))
		w.last = row
	}
	if len(rows) > 0 {
		last := rows[len(rows)-1] // the caller may use the slice again
		w.last = &last
	}
	for len(rows) > 0 {
		if len(w.block) == 0 && len(rows) >= blockRows {
			if err := w.write(rows[:blockRows]); err != nil {
				return err
			}
			rows = rows[blockRows:]
			continue
		}
		n := min(len(rows), blockRows-len(w.block))
		w.block = append(w.block, rows[:n]...)
		rows = rows[n:]
		if len(w.block) == blockRows {
			if err := w.write(w.block); err != nil {
				return err
			}
			w.block = w.block[:0]
		}
	}
	return nil
}

// checkRow holds a row against the schema and the row before it.
func (w *Writer[T]) checkRow(row *T) error {
	column, problem := w.table.validate(row, w.seen)
	switch {
	case problem != "":
	case w.last != nil && w.compare(w.last, row) >= 0:
		problem = fmt.Sprintf("does not come after the row before it (%s); rows are sorted by %v, without duplicates", w.table.KeyOf(w.last), w.table.Key)
	case w.meta.RunID != ManyRuns && fieldString(row, w.runID) != w.meta.RunID:
		column, problem = "run_id", fmt.Sprintf("%q, in the file of run %q", fieldString(row, w.runID), w.meta.RunID)
	}
	if problem != "" {
		return &RowError{Table: w.table.Name, Row: w.digest.rows, Key: w.table.KeyOf(row), Column: column, Problem: problem}
	}
	return nil
}

// compare orders rows: by key, and where there are many runs, by run before that.
func (w *Writer[T]) compare(a, b *T) int {
	if w.meta.RunID == ManyRuns {
		if c := strings.Compare(fieldString(a, w.runID), fieldString(b, w.runID)); c != 0 {
			return c
		}
	}
	return w.table.Compare(a, b)
}

// write hands a block to parquet-go, whose panics (a dictionary beyond 4 GiB, for
// one) become errors.
func (w *Writer[T]) write(block []T) (err error) {
	defer w.recover(&err)
	return w.table.writeRows(w.pq, block)
}

// writeRows hands rows to parquet-go, one by one where a column is nullable and binary.
// parquet-go v0.32.0 takes nulls of such a column for empty values behind some patterns
// of nulls and values, such as null, value, null: where it looks for the end of a run of
// values (writeRowsFuncOfOptional), it takes 2^y - 1 shifted by y for a word of ones.
func (t *Table[T]) writeRows(pq *parquet.GenericWriter[T], rows []T) error {
	step := len(rows)
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Nullable && c.Type == Binary {
			step = 1
		}
	}
	for len(rows) > 0 {
		if _, err := pq.Write(rows[:step]); err != nil {
			return err
		}
		rows = rows[step:]
	}
	return nil
}

// Close writes what is left and the footer. It does not close the underlying writer.
func (w *Writer[T]) Close() (TableInfo, error) {
	if w.err == nil {
		w.err = w.close()
	}
	if w.err != nil {
		return TableInfo{}, w.err
	}
	return TableInfo{Rows: w.digest.rows, RowsSHA256: w.sum, FileSHA256: hex.EncodeToString(w.file.Sum(nil))}, nil
}

func (w *Writer[T]) close() (err error) {
	defer w.recover(&err)
	if len(w.block) > 0 {
		if err := w.write(w.block); err != nil {
			return err
		}
	}
	w.sum = w.digest.sum()
	w.pq.SetKeyValueMetadata(metaRows, w.sum)
	if err := w.pq.Close(); err != nil {
		return err
	}
	return w.buffer.Flush()
}

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
