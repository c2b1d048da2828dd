package datasets

import (
	"fmt"
	"io"
	"reflect"
	"slices"
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
			from := len(rows)
			for i := range f.columns {
				pages, err := f.readColumn(g, &f.columns[i])
				if err != nil {
					return err
				}
				if i == 0 {
					// Only now, when the first column has shown as many rows: a
					// damaged count must not make us allocate.
					rows = slices.Grow(rows, int(group.NumRows()))[:from+int(group.NumRows())]
				}
				at := from
				for _, v := range pages {
					assign(reflect.ValueOf(rows[at:at+v.rows]), &f.columns[i], v)
					at += v.rows
				}
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

// readColumn returns the pages of a column of a row group, which hold exactly as many
// rows as the group.
func (f *file) readColumn(group int, c *Column) ([]*vector, error) {
	r, err := f.column(group, c)
	if err != nil {
		return nil, err
	}
	defer r.close()
	var pages []*vector
	for {
		v, err := r.next()
		if v == nil || err != nil {
			return pages, err
		}
		pages = append(pages, v)
	}
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
	if err := f.checkPages(&f.pq.Metadata().RowGroups[group].Columns[leaf.ColumnIndex].MetaData, c.Name, g.NumRows()); err != nil {
		return nil, err
	}
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
		f := rows.Index(i).Field(c.field)
		switch c.Type {
		case String:
			if c.Nullable {
				texts[i] = v.strings.At(i)
				f.Set(reflect.ValueOf(&texts[i]))
			} else {
				f.SetString(v.strings.At(i))
			}
		case Binary:
			f.SetBytes([]byte(v.strings.At(i)))
		case Strings:
			f.Set(reflect.ValueOf(v.lists[i]))
		case Int32:
			f.SetInt(int64(v.int32s[i]))
		case Int64:
			if c.Nullable {
				f.Set(reflect.ValueOf(&v.int64s[i]))
			} else {
				f.SetInt(v.int64s[i])
			}
		case Double:
			if c.Nullable {
				f.Set(reflect.ValueOf(&v.doubles[i]))
			} else {
				f.SetFloat(v.doubles[i])
			}
		case Bool:
			f.SetBool(v.bools[i])
		}
	}
}
