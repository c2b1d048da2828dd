package datasets

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
)

// tables writes a folder of tables of a run, with every type, null and extreme.
func tables(t *testing.T, id string, n int) *Merged {
	t.Helper()
	dir := t.TempDir()
	m := Meta{strings.Repeat(id, 64), []byte(`{"n":` + id + `}`)}
	writeTable(t, dir, Candidates, n, m)
	writeTable(t, dir, Cases, n, m)
	writeTable(t, dir, Evaluations, n, m)
	writeTable(t, dir, Handoffs, n, m)
	writeTable(t, dir, SBOMs, n, m)
	writeTable(t, dir, Samples, n, m)
	out, err := OpenMerged(dir)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func writeTable[T any](t *testing.T, dir string, table *Table[T], n int, m Meta) {
	t.Helper()
	if _, err := table.WriteFile(filepath.Join(dir, table.Name+".parquet"), rows(table, n, m.RunID), m); err != nil {
		t.Fatal(err)
	}
}

// allTables names every table, samples too.
func allTables() []string {
	var out []string
	for _, s := range Schemas() {
		out = append(out, s.Name)
	}
	return out
}

// tree is every file below a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func export(t *testing.T, o ExportOptions) *Exported {
	t.Helper()
	done, err := Export(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// What is exported from two runs reads back as the rows that they have, as one file and
// in partitions; and whichever run is named first, or twice, the bytes are the same.
func TestExportParquet(t *testing.T) {
	one, two := tables(t, "1", 120), tables(t, "2", 77)
	for _, partition := range []bool{false, true} {
		o := ExportOptions{Merged: []*Merged{two, one, two}, Tables: allTables(), Format: ExportParquet, Partition: partition, Out: filepath.Join(t.TempDir(), "a", "out")}
		done := export(t, o)
		m, err := OpenMerged(o.Out)
		if err != nil {
			t.Fatal(err)
		}
		sameRows(t, Candidates, m, one, two)
		sameRows(t, Cases, m, one, two)
		sameRows(t, Evaluations, m, one, two)
		sameRows(t, Handoffs, m, one, two)
		sameRows(t, SBOMs, m, one, two)
		sameRows(t, Samples, m, one, two)
		for _, from := range []*Merged{one, two} {
			for id, identity := range from.runs {
				if !bytes.Equal(m.Identity(id), identity) {
					t.Errorf("identity of %.3s: %s", id, m.Identity(id))
				}
			}
		}
		if partition {
			// Seeds are i/49 of 120 and of 77 rows: 0, 1, 2.
			if got := m.Paths(Evaluations.Schema); len(got) != 3 || !strings.HasSuffix(got[2], "out/evaluations/experiment=baseline/seed=2/evaluations.parquet") {
				t.Errorf("%q", got)
			}
		}
		counted := map[string]int64{}
		for _, f := range done.Files {
			counted[f.Table] += f.Rows
			if info, err := os.Stat(f.Path); err != nil || info.Size() != f.Bytes {
				t.Errorf("%s: %v", f.Path, err)
			}
		}
		for _, name := range allTables() {
			if counted[name] != 197 {
				t.Errorf("%s: %d rows", name, counted[name])
			}
		}
		again := o
		again.Merged, again.Out = []*Merged{one, two}, filepath.Join(t.TempDir(), "out")
		export(t, again)
		if !reflect.DeepEqual(tree(t, o.Out), tree(t, again.Out)) {
			t.Error("the order of the runs shows")
		}
	}
}

func sameRows[T any](t *testing.T, table *Table[T], got *Merged, want ...*Merged) {
	t.Helper()
	have, err := table.ReadMerged(got)
	if err != nil {
		t.Fatal(err)
	}
	if len(have) != len(want) {
		t.Errorf("%s: %d runs", table.Name, len(have))
	}
	for _, w := range want {
		runs, err := table.ReadMerged(w)
		if err != nil {
			t.Fatal(err)
		}
		for id, rows := range runs {
			if d := table.Diff(have[id], rows); d != nil {
				t.Errorf("%s of run %.3s: %v", table.Name, id, d)
			}
		}
	}
}

// The other formats hold the values that Parquet holds, cell by cell.
func TestExportCells(t *testing.T) {
	one, two := tables(t, "1", 100), tables(t, "2", 60)
	for _, f := range []ExportFormat{ExportArrow, ExportCSV, ExportJSONL} {
		o := ExportOptions{Merged: []*Merged{two, one}, Tables: allTables(), Format: f, Out: filepath.Join(t.TempDir(), "out")}
		export(t, o)
		sameCells(t, Candidates, o, one, two)
		sameCells(t, Cases, o, one, two)
		sameCells(t, Evaluations, o, one, two)
		sameCells(t, Handoffs, o, one, two)
		sameCells(t, SBOMs, o, one, two)
		sameCells(t, Samples, o, one, two)
	}
}

func sameCells[T any](t *testing.T, table *Table[T], o ExportOptions, from ...*Merged) {
	t.Helper()
	var want []T
	for _, m := range from {
		runs, err := table.ReadMerged(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, rows := range runs { // any order: one run each
			want = append(want, rows...)
		}
	}
	path := filepath.Join(o.Out, table.Name+"."+string(o.Format))
	var got [][]string
	switch o.Format {
	case ExportArrow:
		got = arrowCells(t, path, table.Schema)
	case ExportCSV:
		got = csvCells(t, path)
	default:
		got = jsonCells(t, path, table.Schema)
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", path, len(got), len(want))
	}
	for i := range want {
		v := reflect.ValueOf(&want[i]).Elem()
		for j, c := range table.Columns {
			w := cell(&c, v.Field(c.field), o.Format)
			if o.Format == ExportCSV {
				w = strings.ReplaceAll(w, "\r\n", "\n") // encoding/csv reads it so
			}
			if got[i][j] != w {
				t.Fatalf("%s row %d, %s: %q, want %q", path, i, c.Name, got[i][j], w)
			}
		}
	}
}

// cell is a value as the tests compare it: "null", or what fmt makes of it.
func cell(c *Column, f reflect.Value, format ExportFormat) string {
	if c.Nullable && f.IsNil() {
		if format == ExportCSV {
			return ""
		}
		return "null"
	}
	f = reflect.Indirect(f)
	switch {
	case c.Type == Binary:
		return base64.StdEncoding.EncodeToString(f.Bytes())
	case c.Type == Strings:
		list := f.Interface().([]string)
		if list == nil {
			list = []string{}
		}
		data, _ := json.Marshal(list)
		return string(data)
	case c.Type == Double && format != ExportArrow:
		s, _ := json.Marshal(f.Float())
		if !strings.ContainsAny(string(s), ".e") {
			s = append(s, ".0"...)
		}
		return string(s)
	}
	return fmt.Sprint(f.Interface())
}

func arrowCells(t *testing.T, path string, s *Schema) [][]string {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ipc.NewFileReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i, c := range s.Columns {
		want := map[Type]arrow.Type{String: arrow.STRING, Strings: arrow.LIST, Binary: arrow.BINARY, Int32: arrow.INT32, Int64: arrow.INT64, Double: arrow.FLOAT64, Bool: arrow.BOOL}[c.Type]
		if g := r.Schema().Field(i); g.Name != c.Name || g.Type.ID() != want || g.Nullable != c.Nullable {
			t.Errorf("%s: field %v of column %v", path, g, c)
		}
	}
	if id, _ := r.Schema().Metadata().GetValue(metaSchema); id != s.ID() {
		t.Errorf("%s: schema %q", path, id)
	}
	var out [][]string
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		if err != nil {
			t.Fatal(err)
		}
		for row := range int(rec.NumRows()) {
			var cells []string
			for _, col := range rec.Columns() {
				text := "null"
				switch col := col.(type) {
				case *array.Float64:
					if col.IsValid(row) {
						text = fmt.Sprint(col.Value(row))
					}
				case *array.List:
					from, to := col.ValueOffsets(row)
					list := []string{}
					for k := from; k < to; k++ {
						list = append(list, col.ListValues().(*array.String).Value(int(k)))
					}
					data, _ := json.Marshal(list)
					text = string(data)
				case *array.String:
					if col.IsValid(row) {
						text = col.Value(row)
					}
				default:
					if col.IsValid(row) {
						text = col.ValueStr(row)
					}
				}
				cells = append(cells, text)
			}
			out = append(out, cells)
		}
	}
	return out
}

func csvCells(t *testing.T, path string) [][]string {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

func jsonCells(t *testing.T, path string, s *Schema) [][]string {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(data)) {
		var values map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &values); err != nil || len(values) != len(s.Columns) {
			t.Fatalf("%s: %d keys: %v", path, len(values), err)
		}
		var cells []string
		for _, c := range s.Columns {
			raw := string(values[c.Name])
			if raw[0] == '"' {
				json.Unmarshal([]byte(raw), &raw)
			} else if c.Type == Strings {
				var list []string
				json.Unmarshal([]byte(raw), &list)
				data, _ := json.Marshal(list)
				raw = string(data)
			}
			cells = append(cells, raw)
		}
		out = append(out, cells)
	}
	return out
}

// Null is nothing, an empty text is "", and what a reader could trip over is quoted.
func TestCSVQuoting(t *testing.T) {
	text := func(s string) *string { return &s }
	for want, s := range map[string]*string{
		"": nil, `""`: text(""), "a": text("a"), `"a,b"`: text("a,b"), `"a""b"`: text(`a"b`), "\"a\nb\"": text("a\nb"), `" a"`: text(" a"),
	} {
		if got := string(appendCSV(nil, &Column{Type: String, Nullable: true}, reflect.ValueOf(s))); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for want, x := range map[string]float64{"1.0": 1, "0.0": 0, "0.1": 0.1, "134217728.0": 1 << 27, "1e-07": 1e-7, "1e+21": 1e21} {
		if got := string(appendDouble(nil, x)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// The rows of other tables are those of the candidates whose evaluations are kept, in
// their epochs where there are epochs.
func TestExportKeep(t *testing.T) {
	dir, m := t.TempDir(), Meta{strings.Repeat("1", 64), []byte(`{"n":1}`)}
	e := tournament(3, m.RunID)
	h := rows(Handoffs, 3, m.RunID)
	c := rows(Candidates, 3, m.RunID)
	for i, at := range []struct {
		id    string
		epoch int32
	}{{"a", 0}, {"a", 1}, {"b", 1}} {
		e[i].Seed, e[i].CandidateID, e[i].Epoch, e[i].Slot = 1, at.id, at.epoch, int32(i)
		h[i].Seed, h[i].CandidateID, h[i].Epoch = 1, at.id, at.epoch
		c[i].Seed, c[i].CandidateID = 1, string(rune('a'+i))
	}
	for _, err := range []error{
		func() error { _, err := Evaluations.WriteFile(filepath.Join(dir, "e.parquet"), e, m); return err }(),
		func() error { _, err := Handoffs.WriteFile(filepath.Join(dir, "h.parquet"), h, m); return err }(),
		func() error { _, err := Candidates.WriteFile(filepath.Join(dir, "c.parquet"), c, m); return err }(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	from, err := OpenMerged(dir)
	if err != nil {
		t.Fatal(err)
	}
	done := export(t, ExportOptions{Merged: []*Merged{from}, Format: ExportJSONL, Out: filepath.Join(t.TempDir(), "out"), Keep: func(e *Evaluation) bool { return e.Epoch == 0 }})
	got := map[string]int64{}
	for _, f := range done.Files {
		got[f.Table] = f.Rows
	}
	// Of epoch 0 is one evaluation, of a; its handoff of epoch 1 is not.
	if want := map[string]int64{"evaluations": 1, "handoffs": 1, "candidates": 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if want := []string{"cases", "sboms"}; !reflect.DeepEqual(done.LeftOut, want) {
		t.Errorf("left out: %q", done.LeftOut)
	}
	// Nothing is kept: the columns are there all the same.
	out := filepath.Join(t.TempDir(), "none")
	export(t, ExportOptions{Merged: []*Merged{from}, Format: ExportParquet, Partition: true, Out: out, Keep: func(*Evaluation) bool { return false }})
	if n, err := Evaluations.Read(filepath.Join(out, "evaluations", "evaluations.parquet")); err != nil || len(n) != 0 {
		t.Errorf("%d rows, %v", len(n), err)
	}
}

// An export is refused, or fails, without a trace.
func TestExportRefusals(t *testing.T) {
	from := tables(t, "1", 6)
	parent := t.TempDir()
	full := filepath.Join(parent, "full")
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(parent, "evaluations.csv")
	if err := os.WriteFile(file, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	before := tree(t, parent)
	broken := tables(t, "2", 6)
	if err := os.Truncate(filepath.Join(broken.Dir, "sboms.parquet"), 100); err != nil {
		t.Fatal(err)
	}
	lacks := tables(t, "3", 6)
	delete(lacks.files, Samples.Name)
	for name, c := range map[string]struct {
		o    ExportOptions
		kind error
	}{
		"full":    {ExportOptions{Format: ExportCSV, Out: full}, ErrExists},
		"file":    {ExportOptions{Format: ExportCSV, Out: file, Tables: []string{"evaluations"}}, ErrExists},
		"broken":  {ExportOptions{Format: ExportArrow, Out: filepath.Join(parent, "new"), Merged: []*Merged{broken}}, ErrCorrupt},
		"lacks":   {ExportOptions{Format: ExportArrow, Out: filepath.Join(parent, "new"), Merged: []*Merged{lacks}, Tables: []string{"samples"}}, ErrMissing},
		"partial": {ExportOptions{Format: ExportArrow, Out: filepath.Join(parent, "new"), Runs: []*Run{{Dir: "x.partial", Partial: true}}}, ErrPartial},
		"unknown": {ExportOptions{Format: ExportArrow, Out: filepath.Join(parent, "new"), Tables: []string{"cats"}}, nil},
	} {
		if c.o.Merged == nil {
			c.o.Merged = []*Merged{from}
		}
		if _, err := Export(t.Context(), c.o); err == nil || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := tree(t, parent); !reflect.DeepEqual(after, before) {
		t.Errorf("it left %d files", len(after))
	}
	if entries, _ := os.ReadDir(parent); len(entries) != 2 {
		t.Errorf("%v", entries)
	}
	// One table into one file; an empty folder makes way.
	single := filepath.Join(parent, "cases.jsonl")
	if done := export(t, ExportOptions{Merged: []*Merged{from}, Format: ExportJSONL, Out: single, Tables: []string{"cases"}}); done.Files[0].Path != single {
		t.Errorf("%v", done.Files)
	}
	if data, err := os.ReadFile(single); err != nil || bytes.Count(data, []byte("\n")) != 6 {
		t.Errorf("%v", err)
	}
	empty := t.TempDir()
	export(t, ExportOptions{Merged: []*Merged{from}, Format: ExportCSV, Out: empty})
	if len(tree(t, empty)) != 5 {
		t.Errorf("%v", tree(t, empty))
	}
}

// The fields that nbformat 4.5 requires, and the paths of the files beside the notebook.
func TestExportNotebook(t *testing.T) {
	for _, partition := range []bool{false, true} {
		out := filepath.Join(t.TempDir(), "out")
		export(t, ExportOptions{Merged: []*Merged{tables(t, "1", 30)}, Format: ExportNotebook, Partition: partition, Out: out, Tables: []string{"evaluations", "samples"}})
		data, err := os.ReadFile(filepath.Join(out, NotebookFile))
		if err != nil {
			t.Fatal(err)
		}
		var n struct {
			Cells []map[string]json.RawMessage `json:"cells"`
			Meta  struct {
				Kernel struct{ Name, Display_name string } `json:"kernelspec"`
			} `json:"metadata"`
			Major int `json:"nbformat"`
			Minor int `json:"nbformat_minor"`
		}
		if err := json.Unmarshal(data, &n); err != nil || n.Major != 4 || n.Minor != 5 || n.Meta.Kernel.Name != "python3" || n.Meta.Kernel.Display_name == "" {
			t.Fatalf("%v %+v", err, n.Meta)
		}
		seen := map[string]bool{}
		for _, c := range n.Cells {
			var id, kind string
			var source []string
			if err := errors.Join(json.Unmarshal(c["id"], &id), json.Unmarshal(c["cell_type"], &kind), json.Unmarshal(c["source"], &source)); err != nil {
				t.Fatal(err)
			}
			if seen[id] || !regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`).MatchString(id) {
				t.Errorf("id %q", id)
			}
			seen[id] = true
			keys := 4
			if kind == "code" {
				keys = 6
				if string(c["execution_count"]) != "null" || string(c["outputs"]) != "[]" {
					t.Errorf("%s: %s %s", id, c["execution_count"], c["outputs"])
				}
			}
			if len(c) != keys || string(c["metadata"]) != "{}" || len(source) == 0 {
				t.Errorf("%s: %v", id, c)
			}
		}
		for id, want := range map[string]bool{"fitness": true, "clocks": true, "winners": false, "handoffs": false} {
			if seen[id] != want {
				t.Errorf("cell %s: %t", id, seen[id])
			}
		}
		for _, m := range regexp.MustCompile(`\(\\"([^"]+\.parquet)\\", 30\)`).FindAllStringSubmatch(string(data), -1) {
			delete(seen, "tables")
			files, err := filepath.Glob(filepath.Join(out, strings.ReplaceAll(m[1], "**", "*/*")))
			if err != nil || len(files) == 0 {
				t.Errorf("%s is not there", m[1])
			}
		}
		if seen["tables"] {
			t.Error("no file is read")
		}
	}
}
