package datasets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/parquet-go/parquet-go"
)

// Header is what a table's file says about itself.
type Header struct {
	Table      string
	Version    int // of the schema
	RunID      string
	Identity   []byte // canonical JSON
	Rows       int64
	RowsSHA256 string // Table.Digest of the rows, as written
}

// file is an open table.
type file struct {
	name    string
	reader  io.ReaderAt
	pq      *parquet.File
	header  Header
	columns []Column // those of the file's schema version
	close   func() error
}

// corrupt reports a damaged file.
func (f *file) corrupt(format string, args ...any) error {
	return &FileError{File: f.name, Kind: ErrCorrupt, Detail: fmt.Sprintf(format, args...)}
}

// guard runs fn and turns its errors, and its panics, into errors that name the file.
// parquet-go panics on some damaged files (its issue 537); nothing but calls of
// parquet-go and loops over what it gave may run under it.
func guard(name string, fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &FileError{File: name, Kind: ErrCorrupt, Detail: fmt.Sprint(r)}
		}
	}()
	err = fn()
	var fe *FileError
	if err != nil && !errors.As(err, &fe) {
		err = &FileError{File: name, Kind: ErrCorrupt, Detail: err.Error()}
	}
	return err
}

// openPath opens the file of a table.
func (s *Schema) openPath(path string, pq *parquet.Schema) (*file, error) {
	osf, err := os.Open(path)
	if err != nil {
		return nil, missing(path, err)
	}
	info, err := osf.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		osf.Close()
		return nil, &FileError{File: path, Kind: ErrCorrupt, Detail: err.Error()}
	}
	f, err := s.open(path, osf, info.Size(), pq)
	if err != nil {
		osf.Close()
		return nil, err
	}
	f.close = osf.Close
	return f, nil
}

// missing turns an error of opening a file into a FileError.
func missing(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &FileError{File: path, Kind: ErrMissing}
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &FileError{File: path, Kind: err}
}

// open reads the footer of a table and holds it against the schema.
func (s *Schema) open(name string, r io.ReaderAt, size int64, pq *parquet.Schema) (*file, error) {
	f := &file{name: name, reader: r, close: func() error { return nil }}
	err := guard(name, func() error {
		if err := f.checkEnvelope(r, size); err != nil {
			return err
		}
		var err error
		// The page index speeds up seeking, which nothing here does, and its lengths
		// are allocated before they are checked.
		f.pq, err = parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
		if err != nil {
			return err
		}
		if err := f.readHeader(s); err != nil {
			return err
		}
		if err := f.checkColumns(s, pq); err != nil {
			return err
		}
		return f.checkCounts(size)
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// checkEnvelope checks the magic bytes and the footer's length, which parquet-go
// allocates, up to 4 GiB, before it reads.
func (f *file) checkEnvelope(r io.ReaderAt, size int64) error {
	var head, tail [8]byte
	if size < 12 {
		return f.corrupt("%d bytes are too few for Parquet", size)
	}
	if _, err := r.ReadAt(head[:4], 0); err != nil {
		return err
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil && err != io.EOF {
		return err
	}
	if string(head[:4]) != "PAR1" {
		return f.corrupt("does not start as Parquet does")
	}
	if string(tail[4:]) != "PAR1" {
		return f.corrupt("does not end as Parquet does: truncated?")
	}
	if n := int64(binary.LittleEndian.Uint32(tail[:4])); n > size-12 {
		return f.corrupt("the footer claims %d bytes of %d", n, size)
	}
	return nil
}

// readHeader reads the metadata: whose file is it?
func (f *file) readHeader(s *Schema) error {
	meta := make(map[string]string)
	for _, kv := range f.pq.Metadata().KeyValueMetadata {
		meta[kv.Key] = kv.Value
	}
	id, ok := meta[metaSchema]
	if !ok {
		return &FileError{File: f.name, Kind: ErrForeign, Detail: fmt.Sprintf("no %s in its metadata, want %q: ToolGen did not write this", metaSchema, s.ID())}
	}
	name, version, ok := parseSchemaID(id)
	if !ok || name != s.Name {
		return &FileError{File: f.name, Kind: ErrForeign, Detail: fmt.Sprintf("it holds %q, want %q", id, s.ID())}
	}
	if version > s.Version {
		return &FileError{File: f.name, Kind: ErrNewer, Detail: fmt.Sprintf("it holds %s, this program reads up to %s", id, s.ID())}
	}
	f.header = Header{
		Table:      name,
		Version:    version,
		RunID:      meta[metaRunID],
		Identity:   []byte(meta[metaIdentity]),
		Rows:       f.pq.NumRows(),
		RowsSHA256: meta[metaRows],
	}
	if !isSHA256(f.header.RowsSHA256) {
		return f.corrupt("its metadata has no digest of the rows")
	}
	f.columns = s.at(version)
	return nil
}

// checkColumns holds the file's columns against those of its schema version: names,
// order, types and nullability.
func (f *file) checkColumns(s *Schema, pq *parquet.Schema) error {
	fail := func(format string, args ...any) error {
		return &FileError{File: f.name, Kind: ErrSchema, Detail: schemaID(s.Name, f.header.Version) + ": " + fmt.Sprintf(format, args...)}
	}
	want, have := pq.Fields()[:len(f.columns)], f.pq.Schema().Fields()
	names := func(fields []parquet.Field) map[string]bool {
		m := make(map[string]bool)
		for _, f := range fields {
			m[f.Name()] = true
		}
		return m
	}
	wanted, found := names(want), names(have)
	for _, w := range want {
		if !found[w.Name()] {
			return fail("column %q is missing", w.Name())
		}
	}
	for _, h := range have {
		if !wanted[h.Name()] {
			return fail("column %q does not belong there", h.Name())
		}
	}
	for i, h := range have {
		if len(have) != len(want) || h.Name() != want[i].Name() {
			return fail("column %d is %q, want %q", i, h.Name(), want[i].Name())
		}
		if !parquet.EqualNodes(h, want[i]) {
			return fail("column %q is %s, want %s", h.Name(), h, want[i])
		}
	}
	return nil
}

// checkCounts checks that the counts of the footer agree with each other and that no
// column chunk reaches beyond the file.
func (f *file) checkCounts(size int64) error {
	rows := int64(0)
	leaves := len(f.pq.Schema().Columns())
	for i, g := range f.pq.Metadata().RowGroups {
		if len(g.Columns) != leaves {
			return f.corrupt("row group %d has %d columns, want %d", i, len(g.Columns), leaves)
		}
		if g.NumRows < 0 || g.NumRows > 1<<31 {
			return f.corrupt("row group %d has %d rows", i, g.NumRows)
		}
		for j, c := range g.Columns {
			m := &c.MetaData
			start := m.DataPageOffset
			if m.DictionaryPageOffset != 0 {
				start = m.DictionaryPageOffset
			}
			if start < 4 || m.TotalCompressedSize < 0 || start > size-m.TotalCompressedSize {
				return f.corrupt("row group %d, column %d reaches beyond the file", i, j)
			}
			if m.NumValues < g.NumRows {
				return f.corrupt("row group %d, column %d has %d values for %d rows", i, j, m.NumValues, g.NumRows)
			}
		}
		rows += g.NumRows
	}
	if rows != f.pq.NumRows() {
		return f.corrupt("the footer counts %d rows, its row groups %d", f.pq.NumRows(), rows)
	}
	return nil
}
