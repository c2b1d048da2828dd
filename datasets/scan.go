package datasets

import (
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
)

// Columns is a batch of consecutive rows, by column. Its slices are valid until the
// callback of the scan returns, except for strings, which may be kept.
//
// Asking for a column that was not selected, or by another type, panics: the
// selection stands next to the callback in the source.
type Columns struct {
	Rows  int   // at least 1
	First int64 // number of the first row in the file, from 0; of ScanFiles, in its row group
	Group int   // number of the row group; of ScanFiles, over all files

	table   string
	columns []*Column
	vectors []vector
}

// StringValues are the values of a string or binary column: indexes into a dictionary,
// so that grouping and comparing need not touch the text. Values of a dictionary may
// repeat, and batches have different dictionaries.
type StringValues struct {
	Dict  []string
	Index []int32 // -1 for null
}

// Len returns the number of rows.
func (s StringValues) Len() int { return len(s.Index) }

// At returns the value of a row of the batch; "" for null.
func (s StringValues) At(i int) string {
	if x := s.Index[i]; x >= 0 {
		return s.Dict[x]
	}
	return ""
}

// Valid returns which rows of a nullable column hold a value; nil if all of them do.
func (c *Columns) Valid(name string) []bool { return c.vector(name).valid }

// Int32 returns the values of an int32 column; 0 for null.
func (c *Columns) Int32(name string) []int32 { return c.vector(name, Int32).int32s }

// Int64 returns the values of an int64 column; 0 for null.
func (c *Columns) Int64(name string) []int64 { return c.vector(name, Int64).int64s }

// Double returns the values of a double column; NaN for null.
func (c *Columns) Double(name string) []float64 { return c.vector(name, Double).doubles }

// Bool returns the values of a bool column.
func (c *Columns) Bool(name string) []bool { return c.vector(name, Bool).bools }

// String returns the values of a string or binary column.
func (c *Columns) String(name string) StringValues { return c.vector(name, String, Binary).strings }

// Strings returns the values of a list column.
func (c *Columns) Strings(name string) [][]string { return c.vector(name, Strings).lists }

// Number returns the values of any numeric column as doubles, exact since integers
// stay below 2^53; NaN for null.
func (c *Columns) Number(name string) []float64 {
	v := c.vector(name, Int32, Int64, Double)
	if v.doubles != nil {
		return v.doubles
	}
	out := make([]float64, v.rows)
	for i := range out {
		switch {
		case v.valid != nil && !v.valid[i]:
			out[i] = math.NaN()
		case v.int32s != nil:
			out[i] = float64(v.int32s[i])
		default:
			out[i] = float64(v.int64s[i])
		}
	}
	return out
}

func (c *Columns) vector(name string, types ...Type) *vector {
	for i, column := range c.columns {
		if column.Name != name {
			continue
		}
		for _, t := range types {
			if t == column.Type {
				return &c.vectors[i]
			}
		}
		if len(types) == 0 {
			return &c.vectors[i]
		}
		panic(fmt.Sprintf("datasets: column %s of %s is %s, not %v", name, c.table, column.Type, types))
	}
	panic(fmt.Sprintf("datasets: column %s of %s was not selected", name, c.table))
}

// Scan calls fn with batches of rows of the table's file at path, in order, reading
// the named columns alone. Batches end where a page of one of the columns ends, so
// their sizes vary. An error of fn ends the scan and is returned as it is; others are
// *FileError, or say that the table has no such column.
//
// Page checksums and counts are checked. What they do not cover (headers, footer) is
// covered by the file's digest, which Table.ScanRun checks first: prefer it.
func (t *Table[T]) Scan(path string, columns []string, fn func(*Columns) error) error {
	f, err := t.openPath(path, t.pq)
	if err != nil {
		return err
	}
	defer f.close()
	return t.scan(f, columns, fn)
}

func (s *Schema) scan(f *file, names []string, fn func(*Columns) error) error {
	batch, err := s.batch(names)
	if err != nil {
		return err
	}
	for g, group := range f.pq.RowGroups() {
		if err := s.scanGroup(f, g, group, batch, fn); err != nil {
			return err
		}
	}
	return nil
}

// batch returns an empty batch of the named columns.
func (s *Schema) batch(names []string) (*Columns, error) {
	b := &Columns{table: s.Name, vectors: make([]vector, len(names))}
	for _, name := range names {
		c := s.Column(name)
		if c == nil {
			return nil, fmt.Errorf("%s has no column %q", s.Name, name)
		}
		b.columns = append(b.columns, c)
	}
	return b, nil
}

// cursor is where a scan stands in a column.
type cursor struct {
	reader *pageReader // nil for a column that the file is too old to have
	page   *vector
	used   int // rows of page that were handed out
}

func (s *Schema) scanGroup(f *file, g int, group parquet.RowGroup, batch *Columns, fn func(*Columns) error) error {
	cursors := make([]cursor, len(batch.columns))
	defer func() {
		for _, c := range cursors {
			if c.reader != nil {
				c.reader.close()
			}
		}
	}()
	for i, c := range batch.columns {
		if c.Since > f.header.Version {
			continue
		}
		if err := guard(f.name, func() (err error) {
			if cursors[i].reader, err = f.column(g, c); err == nil {
				cursors[i].reader.share = true
			}
			return err
		}); err != nil {
			return err
		}
	}
	batch.Group = g
	for left := group.NumRows(); left > 0; left -= int64(batch.Rows) {
		batch.Rows = int(min(left, 1<<20))
		for i := range cursors {
			c := &cursors[i]
			if c.reader == nil {
				continue
			}
			if c.page == nil || c.used == c.page.rows {
				if err := guard(f.name, func() (err error) {
					c.page, err = c.reader.next()
					return err
				}); err != nil {
					return err
				}
				if c.page == nil {
					return f.corrupt("column %s ends %d rows early", batch.columns[i].Name, left)
				}
				c.used = 0
			}
			batch.Rows = min(batch.Rows, c.page.rows-c.used)
		}
		for i := range cursors {
			c := &cursors[i]
			if c.reader == nil {
				batch.vectors[i] = nulls(batch.columns[i].Type, batch.Rows)
				continue
			}
			batch.vectors[i] = c.page.slice(c.used, c.used+batch.Rows)
			c.used += batch.Rows
		}
		// Not under guard: a panic of the caller's is the caller's.
		if err := fn(batch); err != nil {
			return err
		}
		batch.First += int64(batch.Rows)
	}
	return nil
}

// nulls returns the values of a column in a file that is too old to have it.
func nulls(t Type, rows int) vector {
	v := vector{rows: rows, valid: make([]bool, rows)}
	switch t {
	case Int32:
		v.int32s = make([]int32, rows)
	case Int64:
		v.int64s = make([]int64, rows)
	case Double:
		v.doubles = make([]float64, rows)
		for i := range v.doubles {
			v.doubles[i] = math.NaN()
		}
	case Bool:
		v.bools = make([]bool, rows)
	case Strings:
		v.lists, v.valid = make([][]string, rows), nil
	default:
		v.strings.Index = make([]int32, rows)
		for i := range v.strings.Index {
			v.strings.Index[i] = -1
		}
	}
	return v
}
