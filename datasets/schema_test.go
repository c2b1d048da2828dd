package datasets

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// The golden files under testdata/schema are read off files that were written, so
// they show what parquet-go made of the tags: a changed column, type, nullability or
// encoding shows up here, and then the schema version must go up.
func TestSchemaIsFrozen(t *testing.T) {
	t.Run("evaluations", func(t *testing.T) { schemaIsFrozen(t, Evaluations) })
	t.Run("candidates", func(t *testing.T) { schemaIsFrozen(t, Candidates) })
	t.Run("cases", func(t *testing.T) { schemaIsFrozen(t, Cases) })
	t.Run("handoffs", func(t *testing.T) { schemaIsFrozen(t, Handoffs) })
	t.Run("sboms", func(t *testing.T) { schemaIsFrozen(t, SBOMs) })
	t.Run("samples", func(t *testing.T) { schemaIsFrozen(t, Samples) })
}

func schemaIsFrozen[T any](t *testing.T, table *Table[T]) {
	data, _ := encode(t, table, rows(table, 500, meta(t).RunID), meta(t))
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	md := f.Metadata()
	var b strings.Builder
	fmt.Fprintf(&b, "%s  key %s  created by %q\n", table.ID(), strings.Join(table.Key, ", "), md.CreatedBy)
	for _, kv := range md.KeyValueMetadata {
		fmt.Fprintf(&b, "metadata %s\n", kv.Key)
	}
	for _, c := range md.RowGroups[0].Columns {
		m := c.MetaData
		leaf, _ := f.Schema().Lookup(m.PathInSchema...)
		logical := "-"
		if lt := leaf.Node.Type().LogicalType(); lt != nil && lt.Value != nil {
			logical = fmt.Sprint(lt)
		}
		null := "required"
		if leaf.MaxDefinitionLevel == 1 && leaf.MaxRepetitionLevel == 0 {
			null = "nullable"
		} else if leaf.MaxRepetitionLevel == 1 {
			null = "repeated"
		}
		encoding := ""
		for _, s := range m.EncodingStats {
			if s.PageType.String() == "DATA_PAGE_V2" {
				encoding += s.Encoding.String()
			} else {
				encoding += s.PageType.String() + " "
			}
		}
		fmt.Fprintf(&b, "%-32s %-10s %-12s %s  %s %s\n", strings.Join(m.PathInSchema, "."), m.Type, logical, null, encoding, m.Codec)
	}
	golden(t, "schema/"+table.Name+".txt", b.String())
}

func TestRowTypesFollowTheRules(t *testing.T) {
	for _, row := range []any{Evaluation{}, Candidate{}, CaseRow{}, Handoff{}, SBOMComponent{}, Sample{}} {
		typ := reflect.TypeOf(row)
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
			if json := f.Tag.Get("json"); json != name {
				t.Errorf("%s.%s: column %q has the JSON key %q", typ, f.Name, name, json)
			}
		}
		columns := columnsOf(typ)
		for i, want := range []string{"run_id", "experiment", "seed"} {
			if columns[i].Name != want {
				t.Errorf("%s: column %d is %s, want %s", typ, i, columns[i].Name, want)
			}
		}
	}
	if names := SchemaVersions(); len(names) != 5 || names["samples"] != 0 {
		t.Errorf("locked tables: %v, want the five under data/", names)
	}
}

func TestColumnsOfRefusesWhatTheFormatCannotPromise(t *testing.T) {
	for name, row := range map[string]any{
		"no tag": struct{ A string }{},
		"uint64": struct {
			A uint64 `parquet:"a"`
		}{},
		"nullable bool": struct {
			A *bool `parquet:"a"`
		}{},
		"unknown enum": struct {
			A string `parquet:"a" enum:"nothing"`
		}{},
		"new and required": struct {
			A string `parquet:"a" since:"2"`
		}{},
		"old behind new": struct {
			A *string `parquet:"a" since:"2"`
			B string  `parquet:"b"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			columnsOf(reflect.TypeOf(row))
		})
	}
}

func TestSchemaID(t *testing.T) {
	if name, v, ok := parseSchemaID("evaluations/12"); name != "evaluations" || v != 12 || !ok {
		t.Errorf("evaluations/12: %s, %d, %v", name, v, ok)
	}
	for _, bad := range []string{"", "evaluations", "evaluations/", "/1", "evaluations/0", "evaluations/-1", "evaluations/01", "evaluations/1x"} {
		if _, _, ok := parseSchemaID(bad); ok {
			t.Errorf("%q is accepted", bad)
		}
	}
	if !slices.IsSortedFunc(Schemas()[:5], func(a, b *Schema) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("locked schemas are not sorted by name")
	}
}
