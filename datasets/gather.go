package datasets

import (
	"encoding/binary"
	"math"
	"slices"
	"unsafe"

	"github.com/parquet-go/parquet-go/format"
)

// page is a data page of a column that is being filled with values, in the form that its
// encoding takes.
type page struct {
	rows    int
	nulls   int   // rows without a value, or without an element
	raw     int64 // bytes of its byte arrays
	indexed bool  // the values are numbers of a dictionary, in int32s

	definition []byte // 1 for a value; only of columns that are nullable or lists
	repetition []byte // 1 for an element that is not the first of its row; only of lists

	int32s  []int32
	int64s  []int64
	doubles []float64
	bytes   []byte // byte arrays, each behind 4 bytes of length; or bools, one byte each

	// The dictionary as it was when the page was full: entries are appended behind it
	// while the page is encoded.
	dictPlain   []byte
	dictEnds    []uint32
	dictDoubles []float64
}

func (p *page) reset() {
	*p = page{definition: p.definition[:0], repetition: p.repetition[:0], int32s: p.int32s[:0], int64s: p.int64s[:0], doubles: p.doubles[:0], bytes: p.bytes[:0]}
}

// values returns how many values the page counts, nulls included.
func (p *page) values() int { return max(p.rows, len(p.definition)) }

// feed brings one column of rows into pages.
type feed struct {
	leaf   *leaf
	layout layout
	chunk  *chunk // with the dictionary
	page   *page
}

// full reports whether the page must end here. It goes by rows, never by calls, so that
// bytes do not depend on how rows were grouped.
func (f *feed) full() bool {
	p := f.page
	switch {
	case p.rows >= f.layout.pageRows:
		return true
	case f.leaf.physical != format.ByteArray:
		return false
	case p.indexed:
		// At once, for values may be large. Doubles can wait for the end of the page.
		return len(f.chunk.bytes.plain) > f.layout.dictionaryBytes
	}
	return len(p.bytes) >= f.layout.pageBytes
}

// begin prepares for the first row of a page: a column whose dictionary has grown too large
// goes on without.
func (f *feed) begin() {
	size := max(len(f.chunk.bytes.plain), 8*len(f.chunk.doubles.values))
	f.page.indexed = f.leaf.encoding == format.RLEDictionary && size <= f.layout.dictionaryBytes
}

// take brings the column of up to n rows, which lie size bytes apart, into the page. It
// stops where the page is full, and reports whether all values are allowed.
func (f *feed) take(rows unsafe.Pointer, size uintptr, n int) (taken int, valid bool) {
	p, c := f.page, f.leaf.column
	if p.rows == 0 {
		f.begin()
	}
	n = min(n, f.layout.pageRows-p.rows)
	at := unsafe.Add(rows, c.offset)
	if c.Nullable {
		p.definition = roomFor(p.definition, n, f.layout.pageRows)
	}
	if p.indexed {
		p.int32s = roomFor(p.int32s, n, f.layout.pageRows)
	}
	valid = true
	switch c.Type {
	case Int32:
		p.int32s = gather(roomFor(p.int32s, n, f.layout.pageRows), at, size, n)
	case Int64:
		before := len(p.int64s)
		p.int64s = roomFor(p.int64s, n, f.layout.pageRows)
		if c.Nullable {
			p.int64s = gatherNullable(p.int64s, p, at, size, n)
		} else {
			p.int64s = gather(p.int64s, at, size, n)
		}
		valid = integersAllowed(p.int64s[before:])
	case Bool:
		p.bytes = gather(roomFor(p.bytes, n, f.layout.pageRows), at, size, n)
	case Double:
		before := len(p.doubles)
		p.doubles = roomFor(p.doubles, n, f.layout.pageRows)
		if c.Nullable {
			p.doubles = gatherNullable(p.doubles, p, at, size, n)
		} else {
			p.doubles = gather(p.doubles, at, size, n)
		}
		valid = doublesAllowed(p.doubles[before:])
		if p.indexed {
			p.int32s = f.chunk.doubles.number(p.int32s, p.doubles)
			p.doubles = p.doubles[:0]
		}
	case String:
		if p.indexed {
			return f.takeIndexed(at, size, n)
		}
		return f.takePlain(at, size, n)
	default:
		return f.takePlain(at, size, n)
	}
	p.rows += n
	return n, valid
}

// roomFor makes room for n more values. A buffer that has grown beyond what small tables
// need gets room for a page at once, and is not copied again.
func roomFor[E any](s []E, n, pageRows int) []E {
	if cap(s)-len(s) < n && len(s) > 1024 {
		n = max(n, pageRows-len(s))
	}
	return slices.Grow(s, n)
}

// gather appends a column of rows to dst, which has room for it.
func gather[E any](dst []E, at unsafe.Pointer, size uintptr, n int) []E {
	fresh := dst[len(dst) : len(dst)+n]
	for i := range fresh {
		fresh[i] = *(*E)(unsafe.Add(at, uintptr(i)*size))
	}
	return dst[:len(dst)+n]
}

// gatherNullable is gather of a nullable column, with its levels.
func gatherNullable[E any](dst []E, p *page, at unsafe.Pointer, size uintptr, n int) []E {
	fresh := dst[len(dst) : len(dst)+n]
	levels := p.definition[len(p.definition) : len(p.definition)+n]
	k := 0
	for i := range levels {
		levels[i] = 0
		if v := *(**E)(unsafe.Add(at, uintptr(i)*size)); v != nil {
			levels[i] = 1
			fresh[k] = *v
			k++
		}
	}
	p.definition = p.definition[:len(p.definition)+n]
	p.nulls += n - k
	return dst[:len(dst)+k]
}

// takeIndexed is take of strings that have a dictionary.
func (f *feed) takeIndexed(at unsafe.Pointer, size uintptr, n int) (taken int, valid bool) {
	p, c, d := f.page, f.leaf.column, &f.chunk.bytes
	index := p.int32s
	valid = true
	full := false
	last, lastIndex := d.last, d.lastIndex
	for taken < n && !full {
		field := unsafe.Add(at, uintptr(taken)*size)
		taken++
		if c.Nullable {
			if field = *(*unsafe.Pointer)(field); field == nil {
				p.definition = append(p.definition, 0)
				p.nulls++
				continue
			}
			p.definition = append(p.definition, 1)
		}
		s := *(*string)(field)
		if lastIndex < 0 || len(s) != len(last) || unsafe.StringData(s) != unsafe.StringData(last) {
			var isNew bool
			if lastIndex, isNew = d.find(s); isNew {
				valid = valid && stringAllowed(s, c)
				full = len(d.plain) > f.layout.dictionaryBytes
			}
			last = s
		}
		p.raw += int64(len(s))
		index = append(index, lastIndex)
	}
	d.last, d.lastIndex = last, lastIndex
	p.int32s = index
	p.rows += taken
	return taken, valid
}

// takePlain is take of strings without a dictionary, of binary columns and of lists.
func (f *feed) takePlain(at unsafe.Pointer, size uintptr, n int) (taken int, valid bool) {
	p, c := f.page, f.leaf.column
	valid = true
	for taken < n && !f.full() {
		field := unsafe.Add(at, uintptr(taken)*size)
		taken++
		p.rows++
		if c.Type == Strings {
			list := *(*[]string)(field)
			if len(list) == 0 {
				p.nulls++
				p.definition, p.repetition = append(p.definition, 0), append(p.repetition, 0)
			}
			for i, s := range list {
				p.definition, p.repetition = append(p.definition, 1), append(p.repetition, byte(min(i, 1)))
				valid = f.add(s) && valid
			}
			continue
		}
		if c.Nullable {
			absent := c.Type == Binary && *(*[]byte)(field) == nil
			if c.Type == String {
				field = *(*unsafe.Pointer)(field)
				absent = field == nil
			}
			if absent {
				p.definition = append(p.definition, 0)
				p.nulls++
				continue
			}
			p.definition = append(p.definition, 1)
		}
		if c.Type == String {
			valid = f.add(*(*string)(field)) && valid
			continue
		}
		data := *(*[]byte)(field)
		f.add(unsafe.String(unsafe.SliceData(data), len(data))) // add keeps copies alone
	}
	return taken, valid
}

// add adds a value by its content, and reports whether it is allowed.
func (f *feed) add(s string) bool {
	p := f.page
	p.raw += int64(len(s))
	if p.indexed {
		index, isNew := f.chunk.bytes.findContent(s)
		p.int32s = append(p.int32s, index)
		return !isNew || stringAllowed(s, f.leaf.column)
	}
	if len(s) > math.MaxInt32-len(p.bytes)-4 {
		panic("a page of more than 2 GiB")
	}
	p.bytes = binary.LittleEndian.AppendUint32(p.bytes, uint32(len(s)))
	p.bytes = append(p.bytes, s...)
	return stringAllowed(s, f.leaf.column)
}
