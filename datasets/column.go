package datasets

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Type is the type of a column's values.
type Type string

// The types of columns, each with the Go type of its values.
const (
	String  Type = "string"  // string
	Strings Type = "strings" // []string, a Parquet LIST; empty, never null
	Binary  Type = "binary"  // []byte
	Int32   Type = "int32"   // int32
	Int64   Type = "int64"   // int64
	Double  Type = "double"  // float64
	Bool    Type = "bool"    // bool
)

// Numeric reports whether values of the type are numbers.
func (t Type) Numeric() bool { return t == Int32 || t == Int64 || t == Double }

// Column describes a column of a table.
type Column struct {
	Name     string
	Type     Type
	Nullable bool
	Since    int      // the schema version that added it, from 1
	Values   []string // what an enum may hold; nil where anything goes

	field  int     // index of the struct field
	offset uintptr // of it within the struct
	kind   kind    // the type again
}

// kind is a Type that a switch tells apart at once; there is one for every value written.
type kind uint8

const (
	kindString kind = iota
	kindStrings
	kindBinary
	kindInt32
	kindInt64
	kindDouble
	kindBool
)

var kinds = map[Type]kind{String: kindString, Strings: kindStrings, Binary: kindBinary, Int32: kindInt32, Int64: kindInt64, Double: kindDouble, Bool: kindBool}

// Schema describes a table without the Go type of its rows: what a reader of single
// columns, an export or a lock needs to know.
type Schema struct {
	Name    string   // file name without .parquet, and key in the lock
	Version int      // from 1; a change of the columns raises it
	Columns []Column // in file order
	Key     []string // names of the columns that rows are sorted by; unique together
	Dir     string   // folder of the file within a run: "data", or "observed" for what no lock covers
}

// ID returns the schema's name and version, "evaluations/1".
func (s *Schema) ID() string { return schemaID(s.Name, s.Version) }

func schemaID(name string, version int) string { return name + "/" + strconv.Itoa(version) }

// parseSchemaID splits "evaluations/1".
func parseSchemaID(id string) (name string, version int, ok bool) {
	name, v, _ := strings.Cut(id, "/")
	version, err := strconv.Atoi(v)
	return name, version, err == nil && version >= 1 && name != "" && v == strconv.Itoa(version)
}

// Column returns the column of that name, or nil.
func (s *Schema) Column(name string) *Column {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return &s.Columns[i]
		}
	}
	return nil
}

// at returns the columns that a version of the schema had. Since columns are only
// ever appended, they are a prefix.
func (s *Schema) at(version int) []Column {
	n := slices.IndexFunc(s.Columns, func(c Column) bool { return c.Since > version })
	if n < 0 {
		n = len(s.Columns)
	}
	return s.Columns[:n]
}

// columnsOf derives the columns of a row type from its tags. It panics on a row type
// that breaks the rules in rows.go: that is a programming error, found by any test.
func columnsOf(row reflect.Type) []Column {
	var columns []Column
	for i := range row.NumField() {
		f := row.Field(i)
		tag, ok := f.Tag.Lookup("parquet")
		if !ok {
			panic(fmt.Sprintf("datasets: %s.%s has no parquet tag", row, f.Name))
		}
		name, _, _ := strings.Cut(tag, ",")
		c := Column{Name: name, Since: 1, field: i, offset: f.Offset}
		if since, ok := f.Tag.Lookup("since"); ok {
			v, err := strconv.Atoi(since)
			if err != nil || v < 2 {
				panic(fmt.Sprintf("datasets: %s.%s: since:%q", row, f.Name, since))
			}
			c.Since = v
		}
		if n := len(columns); n > 0 && columns[n-1].Since > c.Since {
			panic(fmt.Sprintf("datasets: %s.%s stands behind a newer column", row, f.Name))
		}
		if enum, ok := f.Tag.Lookup("enum"); ok {
			if c.Values = enums[enum]; c.Values == nil {
				panic(fmt.Sprintf("datasets: %s.%s: no enum %q", row, f.Name, enum))
			}
		}
		t := f.Type
		if t.Kind() == reflect.Pointer {
			c.Nullable = true
			t = t.Elem()
			if k := t.Kind(); k != reflect.String && k != reflect.Int64 && k != reflect.Float64 {
				panic(fmt.Sprintf("datasets: %s.%s: no nullable %s", row, f.Name, t))
			}
		}
		switch {
		case t.Kind() == reflect.String:
			c.Type = String
		case t.Kind() == reflect.Int32:
			c.Type = Int32
		case t.Kind() == reflect.Int64:
			c.Type = Int64
		case t.Kind() == reflect.Float64:
			c.Type = Double
		case t.Kind() == reflect.Bool:
			c.Type = Bool
		case t == reflect.TypeFor[[]byte]():
			c.Type = Binary
			c.Nullable = strings.Contains(tag, ",optional")
		case t == reflect.TypeFor[[]string]():
			c.Type = Strings
		default:
			panic(fmt.Sprintf("datasets: %s.%s has type %s", row, f.Name, f.Type))
		}
		if c.Since > 1 && !c.Nullable && c.Type != Strings {
			panic(fmt.Sprintf("datasets: %s.%s: a column that older files lack must be nullable", row, f.Name))
		}
		c.kind = kinds[c.Type]
		columns = append(columns, c)
	}
	return columns
}
