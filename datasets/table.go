package datasets

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// Table is a table with rows of type T: its schema, and the code that writes, reads,
// digests and compares them. One piece of code serves all tables; what they differ in
// is in the row type's tags and the key.
type Table[T any] struct {
	*Schema
	key   []*Column
	check func(row *T) (column, problem string) // rules beyond one column; may be nil
	pq    *parquet.Schema

	storage func() *storage // made when a first row is written
}

// The tables of a run. The first five are deterministic and covered by the lock.
var (
	Evaluations = newTable[Evaluation]("evaluations", 1, "data", nil, "seed", "epoch", "spec", "slot")
	Candidates  = newTable[Candidate]("candidates", 1, "data", nil, "seed", "candidate_id")
	Cases       = newTable("cases", 1, "data", checkCase, "seed", "candidate_id", "case_id", "rerun")
	Handoffs    = newTable[Handoff]("handoffs", 1, "data", nil, "seed", "epoch", "handoff_id")
	SBOMs       = newTable[SBOMComponent]("sboms", 1, "data", nil, "seed", "candidate_id", "bom_ref")
	Samples     = newTable[Sample]("samples", 1, "observed", nil, "seed", "candidate_id", "sample")
)

// Schemas returns the schemas of all tables, the locked ones first, each group by name.
func Schemas() []*Schema {
	return []*Schema{Candidates.Schema, Cases.Schema, Evaluations.Schema, Handoffs.Schema, SBOMs.Schema, Samples.Schema}
}

// Locked reports whether the lock covers the table's rows.
func (s *Schema) Locked() bool { return s.Dir == "data" }

// SchemaVersions returns the versions of the locked tables by name, as they stand in
// the identity of a run.
func SchemaVersions() map[string]int {
	versions := make(map[string]int)
	for _, s := range Schemas() {
		if s.Locked() {
			versions[s.Name] = s.Version
		}
	}
	return versions
}

func newTable[T any](name string, version int, dir string, check func(*T) (string, string), key ...string) *Table[T] {
	row := reflect.TypeFor[T]()
	t := &Table[T]{
		Schema: &Schema{Name: name, Version: version, Columns: columnsOf(row), Key: key, Dir: dir},
		check:  check,
		// Named for the table: the name of a Go type has no place in a file.
		pq: parquet.NewSchema(name, parquet.SchemaOf(new(T))),
	}
	for _, k := range key {
		c := t.Column(k)
		if c == nil || c.Nullable || c.Since > 1 || c.Type != String && c.Type != Int32 && c.Type != Int64 {
			panic("datasets: " + name + " has no key column " + k)
		}
		t.key = append(t.key, c)
	}
	t.storage = sync.OnceValue(func() *storage { return newStorage(t.Schema, t.pq) })
	return t
}

// Compare orders rows by the table's key; strings by their bytes. Rows of one table
// with equal keys are the same row.
func (t *Table[T]) Compare(a, b *T) int {
	for _, k := range t.key {
		x, y := k.value(unsafe.Pointer(a)), k.value(unsafe.Pointer(b))
		c := 0
		switch k.Type {
		case String:
			c = strings.Compare(*(*string)(x), *(*string)(y))
		case Int32:
			c = cmp.Compare(*(*int32)(x), *(*int32)(y))
		default:
			c = cmp.Compare(*(*int64)(x), *(*int64)(y))
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// Sort sorts rows by the table's key, as Write demands.
func (t *Table[T]) Sort(rows []T) {
	slices.SortStableFunc(rows, func(a, b T) int { return t.Compare(&a, &b) })
}

// KeyOf returns a row's key for messages: "seed=1 epoch=0 spec=json_flatten slot=3".
func (t *Table[T]) KeyOf(row *T) string {
	v := reflect.ValueOf(row).Elem()
	parts := make([]string, len(t.key))
	for i, c := range t.key {
		parts[i] = fmt.Sprintf("%s=%v", c.Name, v.Field(c.field).Interface())
	}
	return strings.Join(parts, " ")
}

const maxInteger = 1<<53 - 1

// validate returns the first column that the schema does not allow to be as it is, or
// "". The writer asks it only for the words: whether all is well shows when columns are
// gathered, where distinct strings are looked at once.
func (t *Table[T]) validate(row *T) (column, problem string) {
	for i := range t.Columns {
		c := &t.Columns[i]
		f := c.value(unsafe.Pointer(row))
		if f == nil {
			continue
		}
		switch c.Type {
		case String:
			problem = validString(*(*string)(f), c)
		case Strings:
			for _, s := range *(*[]string)(f) {
				if problem = validString(s, c); problem != "" {
					break
				}
			}
		case Int64:
			problem = validInteger(*(*int64)(f))
		case Double:
			problem = validDouble(*(*float64)(f))
		}
		if problem != "" {
			return c.Name, problem
		}
	}
	if t.check != nil {
		return t.check(row)
	}
	return "", ""
}

// stringAllowed reports whether a column may hold a string.
func stringAllowed(s string, c *Column) bool {
	switch {
	case c.Type == Binary:
		return true
	case c.Values != nil:
		return slices.Contains(c.Values, s)
	}
	return utf8.ValidString(s)
}

func validString(s string, c *Column) string {
	switch {
	case stringAllowed(s, c):
		return ""
	case c.Values != nil:
		return fmt.Sprintf("%q is none of %s", s, strings.Join(c.Values, ", "))
	}
	return fmt.Sprintf("%.40q is not UTF-8: pass what a tool has written through Text", s)
}

// integersAllowed reports whether every JSON reader keeps the digits of integers.
func integersAllowed(values []int64) bool {
	beyond := false // no branch within the loop
	for _, v := range values {
		beyond = beyond || uint64(v+maxInteger) > 2*maxInteger
	}
	return !beyond
}

func validInteger(n int64) string {
	if !integersAllowed([]int64{n}) {
		return fmt.Sprintf("%d is beyond 2^53-1, where JSON readers lose digits", n)
	}
	return ""
}

// doublesAllowed reports whether doubles are neither NaN nor infinite.
func doublesAllowed(values []float64) bool {
	const exponent = 0x7FF << 52
	beyond := false
	for _, v := range values {
		beyond = beyond || math.Float64bits(v)&exponent == exponent
	}
	return !beyond
}

func validDouble(f float64) string {
	if !doublesAllowed([]float64{f}) {
		return fmt.Sprintf("%v is not finite; absent is null", f)
	}
	return ""
}

// Text makes a string out of bytes that a tool has written: what is not UTF-8 becomes
// U+FFFD, since readers of Parquet and JSON demand UTF-8.
func Text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// CutBytes is how much of an input or output cases.parquet keeps.
const CutBytes = 64 << 10

// Cut returns the first CutBytes of b, and its full length. It keeps nil apart from
// empty: nil is null.
func Cut(b []byte) ([]byte, int64) {
	if len(b) > CutBytes {
		return bytes.Clone(b[:CutBytes]), int64(len(b))
	}
	return b, int64(len(b))
}

// checkCase holds the binary columns of a case against their lengths.
func checkCase(row *CaseRow) (column, problem string) {
	for _, v := range []struct {
		name   string
		data   []byte
		length *int64
	}{{"input", row.Input, &row.InputBytes}, {"expected", row.Expected, row.ExpectedBytes}, {"got", row.Got, row.GotBytes}} {
		switch {
		case v.length == nil && v.data == nil:
		case v.length == nil:
			return v.name + "_bytes", "null, but " + v.name + " is not"
		case v.data == nil && v.name != "input":
			return v.name, "null, but " + v.name + "_bytes is not"
		case int64(len(v.data)) != min(*v.length, CutBytes):
			return v.name, fmt.Sprintf("%d bytes of %d; want all, or the first %d", len(v.data), *v.length, CutBytes)
		}
	}
	return "", ""
}

// Number returns a row's value in a numeric column as a double, exact since integers
// stay below 2^53; NaN for null. It panics if there is no such column.
func (t *Table[T]) Number(row *T, column string) float64 {
	c := t.Column(column)
	if c == nil || !c.Type.Numeric() {
		panic("datasets: " + t.Name + " has no numeric column " + column)
	}
	f := reflect.ValueOf(row).Elem().Field(c.field)
	if c.Nullable {
		if f.IsNil() {
			return math.NaN()
		}
		f = f.Elem()
	}
	if c.Type == Double {
		return f.Float()
	}
	return float64(f.Int())
}

// fieldString is the string in a field of a row.
func fieldString[T any](row *T, field int) string {
	return reflect.ValueOf(row).Elem().Field(field).String()
}
