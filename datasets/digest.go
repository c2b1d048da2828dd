package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// digester hashes rows in a canonical encoding that no writer, compressor or CPU has a
// say in. It is part of what `semantics` stands for: a change here changes every lock.
//
//	"toolgen rows 1\n" schema id "\n"
//	for each column but run_id: name "\t" type "\n"
//	for each row, for each column but run_id:
//	    0x00                       null
//	    0x01 value                 else
//	        string, binary         uvarint length, bytes
//	        strings                uvarint count, then each as a string
//	        int32, int64           8 bytes, little endian
//	        double                 the 8 bytes of its bits; -0 as 0, every NaN as one
//	        bool                   1 byte
//	number of rows, 8 bytes, little endian
type digester struct {
	columns []Column // without run_id
	hash    hash.Hash
	buf     []byte
	rows    int64

	// Of a writer that hashes elsewhere: takes rows, and returns memory for others.
	take func([]byte) []byte
}

const (
	hashAtOnce = 64 << 10  // bytes, which are still in a CPU's nearest cache
	takeAtOnce = 256 << 10 // bytes: waking another CPU has a price
)

// canonicalNaN stands for every NaN: their payloads differ between CPUs.
var canonicalNaN = math.Float64bits(math.NaN())

func (s *Schema) newDigester(version int) *digester {
	d := &digester{hash: sha256.New()}
	d.buf = append(d.buf, "toolgen rows 1\n"+schemaID(s.Name, version)+"\n"...)
	for _, c := range s.at(version) {
		if c.Name == "run_id" {
			continue
		}
		d.columns = append(d.columns, c)
		d.buf = append(d.buf, c.Name+"\t"+string(c.Type)+"\n"...)
	}
	return d
}

// add hashes one row.
func (d *digester) add(row unsafe.Pointer) {
	d.buf = appendRow(d.buf, d.columns, row)
	d.rows++
	switch {
	case d.take != nil && len(d.buf) >= takeAtOnce:
		d.buf = d.take(d.buf)
	case d.take == nil && len(d.buf) >= hashAtOnce:
		d.hash.Write(d.buf)
		d.buf = d.buf[:0]
	}
}

// sum returns the digest in hex; nothing may be added after it.
func (d *digester) sum() string {
	d.buf = binary.LittleEndian.AppendUint64(d.buf, uint64(d.rows))
	d.hash.Write(d.buf)
	return hex.EncodeToString(d.hash.Sum(nil))
}

// appendRow appends the canonical encoding of the given columns of a row, a struct of the
// table's row type. Short strings and numbers, which most values are, take no call: this
// is where a writer spends most of its time, but for SHA-256.
func appendRow(b []byte, columns []Column, row unsafe.Pointer) []byte {
	for i := range columns {
		c := &columns[i]
		f := c.value(row)
		if f == nil {
			b = append(b, 0)
			continue
		}
		bits := uint64(0)
		switch c.kind {
		case kindString:
			if s := *(*string)(f); len(s) < 0x80 {
				b = append(b, 1, byte(len(s)))
				b = append(b, s...)
				continue
			}
			b = appendValue(b, row, c)
			continue
		case kindInt32:
			bits = uint64(int64(*(*int32)(f)))
		case kindInt64:
			bits = uint64(*(*int64)(f))
		case kindDouble:
			bits = floatBits(*(*float64)(f))
		default:
			b = appendValue(b, row, c)
			continue
		}
		n := len(b)
		b = append(b, 1, 0, 0, 0, 0, 0, 0, 0, 0)
		binary.LittleEndian.PutUint64(b[n+1:], bits)
	}
	return b
}

// appendValue appends the canonical encoding of a column of a row. A nil []byte is null
// where the column is nullable, and of length 0 elsewhere.
func appendValue(b []byte, row unsafe.Pointer, c *Column) []byte {
	f := c.value(row)
	if f == nil {
		return append(b, 0)
	}
	switch c.kind {
	case kindString:
		return appendString(append(b, 1), *(*string)(f))
	case kindInt32:
		return appendBits(b, uint64(int64(*(*int32)(f))))
	case kindInt64:
		return appendBits(b, uint64(*(*int64)(f)))
	case kindDouble:
		return appendBits(b, floatBits(*(*float64)(f)))
	case kindBool:
		if *(*bool)(f) {
			return append(b, 1, 1)
		}
		return append(b, 1, 0)
	case kindBinary:
		data := *(*[]byte)(f)
		return append(binary.AppendUvarint(append(b, 1), uint64(len(data))), data...)
	case kindStrings:
		list := *(*[]string)(f)
		b = binary.AppendUvarint(append(b, 1), uint64(len(list)))
		for _, s := range list {
			b = appendString(b, s)
		}
		return b
	}
	panic("datasets: no encoding for " + string(c.Type))
}

// appendBits appends a value of 8 bytes that is not null.
func appendBits(b []byte, v uint64) []byte {
	n := len(b)
	b = append(b, 1, 0, 0, 0, 0, 0, 0, 0, 0)
	binary.LittleEndian.PutUint64(b[n+1:], v)
	return b
}

// value points at the value of a column in a row, as a string, []byte, []string, int32,
// int64, float64 or bool; it is nil for null. Rows are read this way and not by
// reflection because every value that is written or read passes here, and reflection
// took a third of writing a table.
func (c *Column) value(row unsafe.Pointer) unsafe.Pointer {
	f := unsafe.Add(row, c.offset)
	switch {
	case !c.Nullable:
		return f
	case c.kind == kindBinary:
		if *(*[]byte)(f) == nil {
			return nil
		}
		return f
	}
	return *(*unsafe.Pointer)(f)
}

func appendString(b []byte, s string) []byte {
	if len(s) < 0x80 {
		return append(append(b, byte(len(s))), s...)
	}
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func floatBits(f float64) uint64 {
	bits := math.Float64bits(f)
	switch {
	case bits<<1 == 0:
		return 0
	case f != f:
		return canonicalNaN
	}
	return bits
}

// Digest returns the SHA-256, in hex, of the rows in their canonical encoding: of
// every column but run_id, in the order given. Two lists of rows have the same digest
// if and only if Diff finds no difference.
func (t *Table[T]) Digest(rows []T) string { return t.digest(rows, t.Version) }

func (t *Table[T]) digest(rows []T, version int) string {
	d := t.newDigester(version)
	for i := range rows {
		d.add(unsafe.Pointer(&rows[i]))
	}
	return d.sum()
}

// Difference is where two lists of rows part.
type Difference struct {
	Table  string
	Key    string // of the row
	Column string // "" where one side lacks the row
	A, B   string // the two values as text, "null" for null; "" for a row that is there, "no row" for one that is not
}

func (d *Difference) String() string {
	if d.Column == "" {
		if d.A != "" {
			return fmt.Sprintf("%s (%s): only the second has this row", d.Table, d.Key)
		}
		return fmt.Sprintf("%s (%s): only the first has this row", d.Table, d.Key)
	}
	return fmt.Sprintf("%s (%s), column %s: %s, then %s", d.Table, d.Key, d.Column, d.A, d.B)
}

// Diff returns the first difference between two lists of rows that are sorted by key,
// or nil: the smallest key that only one side has, or the first column, in file order,
// in which two rows of one key differ. run_id is left out, as in Digest.
func (t *Table[T]) Diff(a, b []T) *Difference {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	columns := t.newDigester(t.Version).columns
	var x, y []byte
	for i := 0; i < len(a) || i < len(b); i++ {
		order := 0
		switch {
		case i == len(a):
			order = 1
		case i == len(b):
			order = -1
		default:
			order = t.Compare(&a[i], &b[i])
		}
		if order < 0 {
			return &Difference{Table: t.Name, Key: t.KeyOf(&a[i]), B: "no row"}
		}
		if order > 0 {
			return &Difference{Table: t.Name, Key: t.KeyOf(&b[i]), A: "no row"}
		}
		x = appendRow(x[:0], columns, unsafe.Pointer(&a[i]))
		y = appendRow(y[:0], columns, unsafe.Pointer(&b[i]))
		if bytes.Equal(x, y) {
			continue
		}
		for j := range columns {
			c := &columns[j]
			if !bytes.Equal(appendValue(nil, unsafe.Pointer(&a[i]), c), appendValue(nil, unsafe.Pointer(&b[i]), c)) {
				fx, fy := va.Index(i).Field(c.field), vb.Index(i).Field(c.field)
				d := &Difference{Table: t.Name, Key: t.KeyOf(&a[i]), Column: c.Name}
				d.A, d.B = formatPair(formatValue(fx, c), formatValue(fy, c))
				return d
			}
		}
	}
	return nil
}

// formatValue returns a value as text: exact, and in one line.
func formatValue(v reflect.Value, c *Column) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "null"
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case string:
		return strconv.Quote(x)
	case []byte:
		if x == nil && c.Nullable {
			return "null"
		}
		return strconv.Quote(string(x))
	case []string:
		return fmt.Sprintf("%q", x)
	}
	return fmt.Sprint(v.Interface())
}

// formatPair cuts two long texts down to where they part, for a message of one line.
func formatPair(a, b string) (string, string) {
	const before, most = 24, 120
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	cut := func(s string) string {
		if len(s) <= most {
			return s
		}
		from := max(0, same-before)
		to := min(len(s), from+most)
		text := strings.ToValidUTF8(s[from:to], "")
		if from > 0 {
			text = "..." + text
		}
		if to < len(s) {
			text += "..."
		}
		return text
	}
	return cut(a), cut(b)
}
