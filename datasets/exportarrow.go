package datasets

import (
	"io"
	"os"
	"reflect"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// An Arrow batch ends at so many rows, or so many bytes of text: offsets have 32 bits,
// and a reader holds a batch at a time.
const (
	arrowBatchRows  = 64 << 10
	arrowBatchBytes = 64 << 20
)

// arrowTypes are plain: no dictionaries and no views, since apache-arrow for npm,
// nodejs-polars and DuckDB read these alone the same way.
var arrowTypes = map[Type]arrow.DataType{
	String:  arrow.BinaryTypes.String,
	Strings: arrow.ListOf(arrow.BinaryTypes.String),
	Binary:  arrow.BinaryTypes.Binary,
	Int32:   arrow.PrimitiveTypes.Int32,
	Int64:   arrow.PrimitiveTypes.Int64,
	Double:  arrow.PrimitiveTypes.Float64,
	Bool:    arrow.FixedWidthTypes.Boolean,
}

// arrowSink writes the IPC file format, uncompressed: apache-arrow for npm reads nothing
// else, and nodejs-polars reads files and not streams.
type arrowSink[T any] struct {
	table *Table[T]
	file  *os.File
	w     *ipc.FileWriter
	batch *array.RecordBuilder
	rows  int
	bytes int
}

func (t *Table[T]) newArrowSink(f *os.File, m Meta) (*arrowSink[T], error) {
	fields := make([]arrow.Field, len(t.Columns))
	for i, c := range t.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: arrowTypes[c.Type], Nullable: c.Nullable}
	}
	meta := arrow.NewMetadata([]string{metaSchema, metaRunID, metaIdentity}, []string{t.ID(), m.RunID, string(m.Identity)})
	schema := arrow.NewSchema(fields, &meta)
	mem := memory.NewGoAllocator()
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(schema), ipc.WithAllocator(mem))
	if err != nil {
		return nil, err
	}
	return &arrowSink[T]{table: t, file: f, w: w, batch: array.NewRecordBuilder(mem, schema)}, nil
}

func (s *arrowSink[T]) append(rows []T) error {
	v := reflect.ValueOf(rows)
	for i := range rows {
		for c := range s.table.Columns {
			s.bytes += appendArrow(s.batch.Field(c), &s.table.Columns[c], v.Index(i).Field(s.table.Columns[c].field))
		}
		if s.rows++; s.rows == arrowBatchRows || s.bytes >= arrowBatchBytes {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendArrow appends a value and returns its length where that is not fixed.
func appendArrow(b array.Builder, c *Column, f reflect.Value) int {
	if c.Nullable {
		if f.IsNil() {
			b.AppendNull()
			return 0
		}
		if c.Type != Binary {
			f = f.Elem()
		}
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(f.String())
		return f.Len()
	case *array.BinaryBuilder:
		if f.IsNil() {
			b.Append([]byte{}) // a column that is never null
		} else {
			b.Append(f.Bytes())
		}
		return f.Len()
	case *array.ListBuilder:
		b.Append(true)
		n := 0
		for i := range f.Len() {
			b.ValueBuilder().(*array.StringBuilder).Append(f.Index(i).String())
			n += f.Index(i).Len()
		}
		return n
	case *array.Int32Builder:
		b.Append(int32(f.Int()))
	case *array.Int64Builder:
		b.Append(f.Int())
	case *array.Float64Builder:
		b.Append(f.Float())
	case *array.BooleanBuilder:
		b.Append(f.Bool())
	default:
		panic("datasets: no Arrow type for column " + c.Name)
	}
	return 0
}

func (s *arrowSink[T]) flush() error {
	if s.rows == 0 {
		return nil
	}
	record := s.batch.NewRecord()
	defer record.Release()
	s.rows, s.bytes = 0, 0
	return s.w.Write(record)
}

// close reads the file again and counts its rows.
func (s *arrowSink[T]) close() (int64, error) {
	defer s.batch.Release()
	if err := s.flush(); err != nil {
		return 0, err
	}
	if err := s.w.Close(); err != nil {
		return 0, err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	r, err := ipc.NewFileReader(s.file)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	rows := int64(0)
	for i := range r.NumRecords() {
		record, err := r.Record(i)
		if err != nil {
			return 0, err
		}
		rows += record.NumRows()
	}
	return rows, nil
}
