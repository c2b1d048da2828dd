package datasets

import (
	"bytes"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
)

// vector holds the values of one column for some consecutive rows, copied out of
// parquet-go's buffers. One of the slices is set, by the column's type; it has a value
// for every row, nulls included.
type vector struct {
	rows    int
	valid   []bool // nil where no row is null
	int32s  []int32
	int64s  []int64
	doubles []float64 // NaN for null
	bools   []bool
	lists   [][]string
	strings StringValues // also of binary columns
}

// slice returns rows i to j.
func (v *vector) slice(i, j int) vector {
	s := vector{rows: j - i}
	if v.valid != nil {
		s.valid = v.valid[i:j]
	}
	switch {
	case v.int32s != nil:
		s.int32s = v.int32s[i:j]
	case v.int64s != nil:
		s.int64s = v.int64s[i:j]
	case v.doubles != nil:
		s.doubles = v.doubles[i:j]
	case v.bools != nil:
		s.bools = v.bools[i:j]
	case v.lists != nil:
		s.lists = v.lists[i:j]
	default:
		s.strings = StringValues{Dict: v.strings.Dict, Index: v.strings.Index[i:j]}
	}
	return s
}

// pageReader reads the pages of one column chunk as vectors.
type pageReader struct {
	column *Column
	pages  parquet.Pages
	want   int64 // rows of the row group
	rows   int64 // read so far

	dict        parquet.Dictionary // that the next two were made from
	dictStrings []string
	dictDoubles []float64

	// A scan hands a page out once and is done with it, so what a page holds may lie in
	// parquet-go's buffers, or in the one below, until the next page is read. Read keeps
	// pointers into pages and must not share.
	share bool
	held  parquet.Page // whose buffers the last page lies in
	spare vector       // slices that are used again

	dictValues []float64 // of a page, without nulls; used again
}

// next returns the next page, or nil at the end of the row group. It must run under guard.
func (r *pageReader) next() (*vector, error) {
	for r.rows < r.want {
		r.release()
		page, err := r.pages.ReadPage()
		if err != nil {
			return nil, fmt.Errorf("column %s: row %d of %d of a row group: %w", r.column.Name, r.rows, r.want, err)
		}
		v, err := r.decode(page)
		if r.share {
			r.held = page
		} else {
			parquet.Release(page)
		}
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", r.column.Name, err)
		}
		r.rows += int64(v.rows)
		if r.rows > r.want {
			return nil, fmt.Errorf("column %s: more than %d rows in a row group", r.column.Name, r.want)
		}
		if v.rows > 0 {
			return v, nil
		}
	}
	return nil, nil
}

// release gives back the page that was handed out last.
func (r *pageReader) release() {
	if r.held != nil {
		parquet.Release(r.held)
		r.held = nil
	}
}

func (r *pageReader) close() {
	r.release()
	r.pages.Close()
}

// decode copies a page, or shares it. It trusts no count: parquet-go hands out what lies in its
// buffers where a damaged header promises more values than there are.
func (r *pageReader) decode(page parquet.Page) (*vector, error) {
	c := r.column
	rows := int(page.NumRows())
	v := &vector{rows: rows}
	present := rows // values that are stored
	switch {
	case c.Type == Strings:
		present = 0 // fold counts
	case c.Nullable:
		levels := page.DefinitionLevels()
		if len(levels) != rows {
			return nil, fmt.Errorf("%d levels for %d rows", len(levels), rows)
		}
		present = bytes.Count(levels, []byte{1})
		if present < rows {
			v.valid = fit(&r.spare.valid, rows, r.share)
			for i, d := range levels {
				v.valid[i] = d == 1
			}
		}
	}
	switch c.Type {
	case Int32:
		values := page.Data()
		v.int32s = spread(values.Int32(), present, v, 0, &r.spare.int32s, r.share)
		return v, check(v.int32s != nil, present)
	case Int64:
		values := page.Data()
		v.int64s = spread(values.Int64(), present, v, 0, &r.spare.int64s, r.share)
		return v, check(v.int64s != nil, present)
	case Double:
		values, err := r.doubles(page)
		if err != nil {
			return nil, err
		}
		v.doubles = spread(values, present, v, math.NaN(), &r.spare.doubles, r.share)
		return v, check(v.doubles != nil, present)
	case Bool:
		values := page.Data()
		bits := values.Boolean()
		if len(bits) < (present+7)/8 {
			return nil, check(false, present)
		}
		v.bools = fit(&r.spare.bools, rows, r.share)
		for i := range v.bools {
			v.bools[i] = bits[i/8]&(1<<(i%8)) != 0
		}
		return v, nil
	}
	values, err := r.strings(page)
	if err != nil {
		return nil, err
	}
	if c.Type == Strings {
		return v, v.fold(values, page.RepetitionLevels(), page.DefinitionLevels())
	}
	v.strings.Dict = values.Dict
	v.strings.Index = spread(values.Index, present, v, -1, &r.spare.int32s, r.share)
	return v, check(v.strings.Index != nil, present)
}

func check(ok bool, present int) error {
	if !ok {
		return fmt.Errorf("a page does not hold the %d values that its levels count", present)
	}
	return nil
}

// fit returns a slice of so many elements, for the caller to fill: a new one, or that of
// the page before if it may be used again.
func fit[E any](spare *[]E, n int, share bool) []E {
	if !share {
		return make([]E, n)
	}
	if cap(*spare) < n {
		*spare = make([]E, n)
	}
	return (*spare)[:n]
}

// spread brings the stored values to the rows that are not null. It returns nil if
// there are not exactly as many as present.
func spread[E any](values []E, present int, v *vector, null E, spare *[]E, share bool) []E {
	if len(values) != present {
		return nil
	}
	if share && v.valid == nil && values != nil {
		return values
	}
	out := fit(spare, v.rows, share)
	if v.valid == nil {
		copy(out, values)
		return out
	}
	next := 0
	for i, ok := range v.valid {
		if ok {
			out[i] = values[next]
			next++
		} else {
			out[i] = null
		}
	}
	return out
}

// doubles returns the stored values of a page, which may lie in parquet-go's buffer.
func (r *pageReader) doubles(page parquet.Page) ([]float64, error) {
	data := page.Data()
	dict := page.Dictionary()
	if dict == nil {
		return data.Double(), nil
	}
	if r.dict != dict {
		values := dict.Page().Data()
		r.dict, r.dictDoubles = dict, append([]float64(nil), values.Double()...)
	}
	index := data.Int32()
	out := fit(&r.dictValues, len(index), r.share)
	for i, x := range index {
		if uint(x) >= uint(len(r.dictDoubles)) {
			return nil, fmt.Errorf("index %d into a dictionary of %d", x, len(r.dictDoubles))
		}
		out[i] = r.dictDoubles[x]
	}
	return out, nil
}

// strings returns the stored values of a page of byte arrays. A page without a
// dictionary becomes its own.
func (r *pageReader) strings(page parquet.Page) (StringValues, error) {
	data := page.Data()
	dict := page.Dictionary()
	if dict == nil {
		values, err := split(data.ByteArray())
		index := make([]int32, len(values))
		for i := range index {
			index[i] = int32(i)
		}
		return StringValues{Dict: values, Index: index}, err
	}
	if r.dict != dict {
		values := dict.Page().Data()
		var err error
		if r.dictStrings, err = split(values.ByteArray()); err != nil {
			return StringValues{}, err
		}
		r.dict = dict
	}
	index := data.Int32()
	for _, x := range index {
		if uint(x) >= uint(len(r.dictStrings)) {
			return StringValues{}, fmt.Errorf("index %d into a dictionary of %d", x, len(r.dictStrings))
		}
	}
	return StringValues{Dict: r.dictStrings, Index: index}, nil // spread copies, if it has to
}

// split makes strings of concatenated byte arrays, with one copy for all of them.
func split(data []byte, offsets []uint32) ([]string, error) {
	if len(offsets) == 0 {
		return nil, nil
	}
	all := string(data)
	values := make([]string, len(offsets)-1)
	for i := range values {
		from, to := offsets[i], offsets[i+1]
		if from > to || uint64(to) > uint64(len(all)) {
			return nil, fmt.Errorf("byte array from %d to %d of %d", from, to, len(all))
		}
		values[i] = all[from:to]
	}
	return values, nil
}

// fold makes lists of a page of elements. Level 0 of repetition starts a row; level 0
// of definition is an empty list.
func (v *vector) fold(values StringValues, repetition, definition []byte) error {
	if len(repetition) != len(definition) {
		return fmt.Errorf("%d and %d levels", len(repetition), len(definition))
	}
	v.lists = make([][]string, 0, v.rows)
	next := 0
	for i, level := range repetition {
		if level == 0 {
			v.lists = append(v.lists, nil)
		} else if definition[i] == 0 || len(v.lists) == 0 {
			return fmt.Errorf("a list goes on that has not begun")
		}
		if definition[i] == 0 {
			continue
		}
		if next == values.Len() {
			return check(false, next+1)
		}
		last := &v.lists[len(v.lists)-1]
		*last = append(*last, values.At(next))
		next++
	}
	if next != values.Len() || len(v.lists) != v.rows {
		return check(false, next)
	}
	return nil
}
