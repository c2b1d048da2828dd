package datasets

import (
	"bufio"
	"encoding/binary"
	"io"
	"sync/atomic"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// createdBy stands in every file. It is constant and ours: parquet-go's own names its
// version, and an upgrade that changes nothing else would change every file's digest.
const createdBy = "toolgen version 1(build datasets)"

// layout says where a file is cut.
type layout struct {
	groupRows       int // of a row group
	pageRows        int // of a page
	pageBytes       int // a page of byte arrays ends with the row that reaches them
	dictionaryBytes int // a column whose dictionary is beyond them goes on plain, to the end of the row group
}

var standardLayout = layout{
	groupRows:       131_072,  // readers decode one at a time, and writers hold two in memory
	pageRows:        32_768,   // 256 KiB of doubles, which stay in a CPU's cache; all columns end a page in the same row, so that a scan gets long batches
	pageBytes:       1 << 20,  // texts of a run resemble one another, and compression sees no further than a page
	dictionaryBytes: 64 << 20, // a reader has to decode all of it
}

// leaf says how a column is stored.
type leaf struct {
	column   *Column
	path     []string
	physical format.Type
	encoding format.Encoding // of data pages
	bounds   bool            // are kept
}

// levels reports whether the column has definition levels, repeated whether it has
// repetition levels besides.
func (l *leaf) levels() bool   { return l.column.Nullable || l.repeated() }
func (l *leaf) repeated() bool { return l.column.Type == Strings }

// codec returns what compresses the column's values.
func (l *leaf) codec() *zstd.Codec {
	if l.physical == format.ByteArray {
		return textCodec
	}
	return numberCodec
}

// storage is how the rows of a table are stored.
type storage struct {
	leaves []leaf
	schema []format.SchemaElement
	orders []format.ColumnOrder
}

// newStorage derives the storage of a table. The schema is what parquet-go makes of the
// row type, taken from a file that it writes; encodings go by type, where no tag says
// otherwise.
func newStorage(s *Schema, pq *parquet.Schema) *storage {
	empty := parquet.NewGenericWriter[any](io.Discard, pq)
	if err := empty.Close(); err != nil {
		panic(err) // of a schema; any test finds it
	}
	meta := empty.File().Metadata()
	st := &storage{schema: meta.Schema, orders: meta.ColumnOrders}
	for i, path := range pq.Columns() {
		node, _ := pq.Lookup(path...)
		l := leaf{column: &s.Columns[i], path: path, physical: format.Type(node.Node.Type().Kind()), bounds: true}
		switch l.physical {
		case format.Boolean:
			l.encoding = format.Plain
		case format.Int32, format.Int64:
			l.encoding = format.DeltaBinaryPacked
		case format.Double:
			l.encoding = format.ByteStreamSplit
		default:
			l.encoding = format.RLEDictionary
		}
		if tag := node.Node.Encoding(); tag != nil {
			l.encoding = tag.Encoding()
		}
		// Bounds serve readers that skip pages by them. Nobody looks for a source between
		// two others, and bounds of a column chunk hold whole values.
		if l.column.Type == Binary || l.physical == format.ByteArray && l.encoding == format.Plain {
			l.bounds = false
		}
		st.leaves = append(st.leaves, l)
	}
	return st
}

// group is a row group that is being filled, encoded or written.
type group struct {
	chunks []chunk
	rows   int
	left   atomic.Int32  // chunks that are not yet encoded
	done   chan struct{} // receives once none is left
}

func newGroup(leaves int) *group {
	g := &group{chunks: make([]chunk, leaves), done: make(chan struct{}, 1)}
	g.reset()
	return g
}

func (g *group) reset() {
	for i := range g.chunks {
		g.chunks[i].reset()
	}
	g.rows = 0
	g.left.Store(int32(len(g.chunks)))
}

// job is a page to be encoded, or, without one, a chunk to be completed.
type job struct {
	leaf  int
	group *group
	page  *page
}

// tableEncoder fills pages from rows and gives them away to be encoded.
type tableEncoder struct {
	storage *storage
	layout  layout
	size    uintptr // of a row
	feeds   []feed
	group   *group

	give      func(job) error        // has a job done
	spare     func(leaf int) *page   // returns an empty page
	nextGroup func() (*group, error) // returns an empty row group
	endGroup  func(g *group) error   // has a full one written, once its jobs are done
}

// add takes n rows of one memory, at most as many as the row group has room for. It
// reports whether all of their values are allowed.
func (e *tableEncoder) add(rows unsafe.Pointer, n int) (valid bool, err error) {
	if e.group == nil {
		if e.group, err = e.nextGroup(); err != nil {
			return false, err
		}
		for i := range e.feeds {
			e.feeds[i].chunk = &e.group.chunks[i]
		}
	}
	valid = true
	for i := range e.feeds {
		f := &e.feeds[i]
		for done := 0; done < n; {
			if f.page == nil {
				f.page = e.spare(i)
			}
			taken, ok := f.take(unsafe.Add(rows, uintptr(done)*e.size), e.size, n-done)
			done += taken
			valid = valid && ok
			if f.full() {
				if err := e.endPage(i); err != nil {
					return false, err
				}
			}
		}
	}
	if e.group.rows += n; e.group.rows == e.layout.groupRows {
		err = e.flush()
	}
	return valid, err
}

// room returns how many rows the row group still takes.
func (e *tableEncoder) room() int {
	if e.group == nil {
		return e.layout.groupRows
	}
	return e.layout.groupRows - e.group.rows
}

func (e *tableEncoder) endPage(leaf int) error {
	f := &e.feeds[leaf]
	p := f.page
	f.page = nil
	if p.indexed {
		d := &f.chunk.bytes
		p.dictPlain, p.dictEnds, p.dictDoubles = d.plain, d.ends, f.chunk.doubles.values
	}
	return e.give(job{leaf, e.group, p})
}

// flush ends the row group.
func (e *tableEncoder) flush() error {
	g := e.group
	if g == nil {
		return nil
	}
	for i := range e.feeds {
		if p := e.feeds[i].page; p != nil && p.rows > 0 {
			if err := e.endPage(i); err != nil {
				return err
			}
		}
		if err := e.give(job{leaf: i, group: g}); err != nil {
			return err
		}
	}
	e.group = nil
	return e.endGroup(g)
}

// do does a job.
func (e *tableEncoder) do(j job, s *scratch) error {
	c, l := &j.group.chunks[j.leaf], &e.storage.leaves[j.leaf]
	if j.page != nil {
		return c.addPage(l, j.page, s)
	}
	return c.end(l, s)
}

// fileWriter puts row groups and the footer into a file.
type fileWriter struct {
	w       *bufio.Writer
	at      int64
	groups  []format.RowGroup
	indexes [][]format.ColumnIndex
	offsets [][]format.OffsetIndex
	rows    int64
}

func (f *fileWriter) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	f.at += int64(n)
	return n, err
}

func (f *fileWriter) begin() error {
	if f.at > 0 {
		return nil
	}
	_, err := f.Write([]byte("PAR1"))
	return err
}

// add writes a row group.
func (f *fileWriter) add(g *group) error {
	if err := f.begin(); err != nil {
		return err
	}
	if len(f.groups) == parquet.MaxRowGroups {
		return parquet.ErrTooManyRowGroups
	}
	rg := format.RowGroup{NumRows: int64(g.rows), FileOffset: f.at, Ordinal: int16(len(f.groups)), Columns: make([]format.ColumnChunk, len(g.chunks))}
	indexes, offsets := make([]format.ColumnIndex, len(g.chunks)), make([]format.OffsetIndex, len(g.chunks))
	for i := range g.chunks {
		c := &g.chunks[i]
		if len(c.dictPage) > 0 {
			c.meta.DictionaryPageOffset = f.at
			if _, err := f.Write(c.dictPage); err != nil {
				return err
			}
		}
		c.meta.DataPageOffset = f.at
		for j := range c.offsets {
			c.offsets[j].Offset += f.at
		}
		if _, err := f.Write(c.pages); err != nil {
			return err
		}
		rg.Columns[i].MetaData = c.meta
		rg.TotalByteSize += c.meta.TotalUncompressedSize
		rg.TotalCompressedSize += c.meta.TotalCompressedSize
		indexes[i], offsets[i].PageLocations = c.index, c.offsets
	}
	f.groups, f.indexes, f.offsets = append(f.groups, rg), append(f.indexes, indexes), append(f.offsets, offsets)
	f.rows += rg.NumRows
	return nil
}

// end writes the page index and the footer.
func (f *fileWriter) end(st *storage, meta []format.KeyValue) error {
	if err := f.begin(); err != nil {
		return err
	}
	encoder := thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(f))
	for i, list := range f.indexes {
		for j := range list {
			c := &f.groups[i].Columns[j]
			c.ColumnIndexOffset = f.at
			if err := encoder.Encode(&list[j]); err != nil {
				return err
			}
			c.ColumnIndexLength = int32(f.at - c.ColumnIndexOffset)
		}
	}
	for i, list := range f.offsets {
		for j := range list {
			c := &f.groups[i].Columns[j]
			c.OffsetIndexOffset = f.at
			if err := encoder.Encode(&list[j]); err != nil {
				return err
			}
			c.OffsetIndexLength = int32(f.at - c.OffsetIndexOffset)
		}
	}
	footer := f.at
	if err := encoder.Encode(&format.FileMetaData{
		Version: 2, Schema: st.schema, NumRows: f.rows, RowGroups: f.groups, KeyValueMetadata: meta, CreatedBy: createdBy, ColumnOrders: st.orders,
	}); err != nil {
		return err
	}
	if _, err := f.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(f.at-footer)), "PAR1"...)); err != nil {
		return err
	}
	return f.w.Flush()
}
