package datasets

import (
	"fmt"
	"io"
	"reflect"
)

// Read returns all rows of the table's file at path. It reads older schema versions
// too, whose missing columns are null. Rows that are returned are the rows that were
// written: checksums cover the pages, and the digest in the metadata everything else.
// Errors are *FileError.
func (t *Table[T]) Read(path string) ([]T, error) {
	f, err := t.openPath(path, t.pq)
	if err != nil {
		return nil, err
	}
	defer f.close()
	return t.read(f)
}

// ReadFrom is Read of an open file of the given size; name stands in errors.
func (t *Table[T]) ReadFrom(r io.ReaderAt, size int64, name string) ([]T, error) {
	f, err := t.open(name, r, size, t.pq)
	if err != nil {
		return nil, err
	}
	return t.read(f)
}

// ReadHeader returns what the table's file at path says about itself, without reading
// its rows.
func (t *Table[T]) ReadHeader(path string) (*Header, error) {
	f, err := t.openPath(path, t.pq)
	if err != nil {
		return nil, err
	}
	defer f.close()
	return &f.header, nil
}

func (t *Table[T]) read(f *file) ([]T, error) {
	var rows []T
	err := guard(f.name, func() error {
		for g, group := range f.pq.RowGroups() {
			n := group.NumRows()
			from := len(rows)
			for i := range f.columns {
				r, err := f.column(g, &f.columns[i])
				if err != nil {
					return err
				}
				at := from
				for {
					v, err := r.next()
					if err != nil {
						r.pages.Close()
						return err
					}
					if v == nil {
						break
					}
					// Room only for rows that have been seen: a damaged count must not
					// make us allocate.
					for len(rows) < at+v.rows {
						rows = append(rows, make([]T, at+v.rows-len(rows))...)
					}
					assign(reflect.ValueOf(rows[at:at+v.rows]), &f.columns[i], v)
					at += v.rows
				}
				r.pages.Close()
			}
			if int64(len(rows)-from) != n {
				return f.corrupt("%d rows in row group %d, want %d", len(rows)-from, g, n)
			}
		}
		if digest := t.digest(rows, f.header.Version); digest != f.header.RowsSHA256 {
			return f.corrupt("its rows have digest %s, its metadata says %s", digest, f.header.RowsSHA256)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// column returns a reader of a column of a row group.
func (f *file) column(group int, c *Column) (*pageReader, error) {
	path := []string{c.Name}
	if c.Type == Strings {
		path = append(path, "list", "element")
	}
	leaf, ok := f.pq.Schema().Lookup(path...)
	if !ok {
		return nil, fmt.Errorf("column %s is not where it should be", c.Name)
	}
	g := f.pq.RowGroups()[group]
	return &pageReader{column: c, pages: g.ColumnChunks()[leaf.ColumnIndex].Pages(), want: g.NumRows()}, nil
}

// assign sets a column of rows, a reflected slice of structs. Values of nullable
// columns are pointers into slices of a page's length, one value for each row: no row
// shares a value with another.
func assign(rows reflect.Value, c *Column, v *vector) {
	var texts []string
	if c.Type == String && c.Nullable {
		texts = make([]string, v.rows)
	}
	for i := range v.rows {
		if v.valid != nil && !v.valid[i] {
			continue
		}
		switch p := rows.Index(i).Field(c.field).Addr().Interface().(type) {
		case *string:
			*p = v.strings.At(i)
		case **string:
			texts[i] = v.strings.At(i)
			*p = &texts[i]
		case *[]byte:
			*p = []byte(v.strings.At(i))
		case *[]string:
			*p = v.lists[i]
		case *int32:
			*p = v.int32s[i]
		case *int64:
			*p = v.int64s[i]
		case **int64:
			*p = &v.int64s[i]
		case *float64:
			*p = v.doubles[i]
		case **float64:
			*p = &v.doubles[i]
		case *bool:
			*p = v.bools[i]
		}
	}
}
