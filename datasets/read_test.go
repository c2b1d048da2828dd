package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"toolgen/fuzzing"
)

// Rows read must be the rows written down to what the digest cannot tell apart: nulls,
// empty values, and no sharing of values between rows.
func TestReadGivesBackEveryValue(t *testing.T) {
	all := rows(Evaluations, 1000, meta(t).RunID)
	data, _ := encode(t, Evaluations, all, meta(t))
	got, err := decode(Evaluations, data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, all) {
		t.Error("rows differ")
	}
	for i := range got {
		if got[i].Style != nil {
			*got[i].Style = fmt.Sprint(i)
		}
	}
	for i := range got {
		if got[i].Style != nil && *got[i].Style != fmt.Sprint(i) {
			t.Fatalf("row %d shares its style with another", i)
		}
	}

	cases := rows(Cases, 1000, meta(t).RunID)
	data, _ = encode(t, Cases, cases, meta(t))
	gotCases, err := decode(Cases, data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range cases {
		a, b := &cases[i], &gotCases[i]
		if (a.Got == nil) != (b.Got == nil) || (a.Expected == nil) != (b.Expected == nil) || !bytes.Equal(a.Got, b.Got) {
			t.Fatalf("row %d: null and empty are mixed up", i)
		}
	}
}

// Whatever happens to a file, reading it gives an error or the rows that were
// written. Never a panic, never other rows.
func TestDamagedFiles(t *testing.T) {
	t.Run("evaluations", func(t *testing.T) {
		damagedFiles(t, Evaluations, []string{"seed", "style", "fuel", "performance", "fitness", "selected"})
	})
	t.Run("candidates", func(t *testing.T) { damagedFiles(t, Candidates, []string{"parent_ids", "source"}) })
	t.Run("cases", func(t *testing.T) { damagedFiles(t, Cases, []string{"got", "input"}) })
	t.Run("samples", func(t *testing.T) { damagedFiles(t, Samples, []string{"sample", "wall_ns"}) })
}

func damagedFiles[T any](t *testing.T, table *Table[T], columns []string) {
	all := rows(table, 300, meta(t).RunID)
	var buf bytes.Buffer
	w := table.newWriter(&buf, meta(t), small(128, 400))
	if err := w.Append(all); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole := buf.Bytes()
	// Of 300 rows in three groups, most bytes are headers, footer and dictionaries:
	// where parquet-go trusts what it reads.
	try := func(what string, data []byte) (failed bool) {
		got, err := decode(table, data)
		if err != nil {
			var fe *FileError
			if !errors.As(err, &fe) || fe.File != "test.parquet" {
				t.Errorf("%s: %T %v does not name the file", what, err, err)
			}
		} else if d := table.Diff(all, got); d != nil {
			t.Errorf("%s: read other rows without an error: %v", what, d)
		}
		f, serr := table.open("test.parquet", bytes.NewReader(data), int64(len(data)), table.pq)
		if serr == nil {
			serr = table.scan(f, columns, func(c *Columns) error { return nil })
		}
		if serr != nil && !errors.As(serr, new(*FileError)) {
			t.Errorf("%s: Scan: %v does not name the file", what, serr)
		}
		return err != nil
	}
	for i := range 50 {
		n := len(whole) * i / 50
		if !try(fmt.Sprintf("cut to %d bytes", n), whole[:n]) {
			t.Errorf("cut to %d of %d bytes: no error", n, len(whole))
		}
	}
	if !try("one byte cut", whole[:len(whole)-1]) || !try("one byte more", append(bytes.Clone(whole), 0)) {
		t.Error("a byte more or less: no error")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	noticed, total := 0, 0
	step := max(1, len(whole)/600)
	if testing.Short() {
		step *= 10
	}
	for i := 0; i < len(whole); i += 1 + rng.IntN(2*step-1) {
		damaged := bytes.Clone(whole)
		switch rng.IntN(3) {
		case 0:
			damaged[i] ^= 1 << rng.IntN(8)
		case 1:
			damaged[i] = byte(rng.Uint32())
		case 2:
			for j := i; j < min(len(damaged), i+8); j++ {
				damaged[j] = 0xff
			}
		}
		if bytes.Equal(damaged, whole) {
			continue
		}
		total++
		if try(fmt.Sprintf("byte %d of %d damaged", i, len(whole)), damaged) {
			noticed++
		}
	}
	// What goes unnoticed lies in statistics, the page index and names of encodings,
	// which reading rows does not use.
	if noticed < total/2 {
		t.Errorf("only %d of %d damages were noticed", noticed, total)
	}
	t.Logf("%d bytes: %d of %d damages were errors, the others left all rows as they were", len(whole), noticed, total)
}

func TestReadTells(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := func(rows any, meta ...string) []byte {
		var buf bytes.Buffer
		w := parquet.NewWriter(&buf, parquet.SchemaOf(rows))
		if err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(meta); i += 2 {
			w.SetKeyValueMetadata(meta[i], meta[i+1])
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	samples, _ := encode(t, Samples, rows(Samples, 10, meta(t).RunID), meta(t))
	hash := strings.Repeat("0", 64)
	type less struct {
		RunID string `parquet:"run_id"`
	}
	type retyped struct {
		RunID       string  `parquet:"run_id"`
		Experiment  string  `parquet:"experiment"`
		Seed        int64   `parquet:"seed"`
		CandidateID string  `parquet:"candidate_id"`
		Sample      int32   `parquet:"sample"`
		WallNS      float64 `parquet:"wall_ns"`
		Fuel        int64   `parquet:"fuel"`
		Entropy     int64   `parquet:"entropy"`
		Host        string  `parquet:"host"`
	}
	type more struct {
		Sample
		Extra string `parquet:"extra"`
	}
	type nullable struct {
		RunID       string `parquet:"run_id"`
		Experiment  string `parquet:"experiment"`
		Seed        int64  `parquet:"seed"`
		CandidateID string `parquet:"candidate_id"`
		Sample      int32  `parquet:"sample"`
		WallNS      *int64 `parquet:"wall_ns"`
		Fuel        int64  `parquet:"fuel"`
		Entropy     int64  `parquet:"entropy"`
		Host        string `parquet:"host"`
	}
	for name, c := range map[string]struct {
		path string
		kind error
		want string
	}{
		"missing":        {filepath.Join(dir, "none"), ErrMissing, ""},
		"folder":         {dir, ErrCorrupt, "not a regular file"},
		"empty":          {write("empty", nil), ErrCorrupt, "too few"},
		"text":           {write("text", []byte("seed,candidate\n1,2\n")), ErrCorrupt, "does not start"},
		"magic alone":    {write("magic", []byte("PAR1\x00\x00\x00\x00PAR1")), ErrCorrupt, ""},
		"huge footer":    {write("huge", []byte("PAR1\xff\xff\xff\xffPAR1")), ErrCorrupt, "claims 4294967295 bytes"},
		"foreign":        {write("foreign", foreign(less{})), ErrForeign, "ToolGen did not write this"},
		"another table":  {write("cases", mustEncode(t, Cases)), ErrForeign, `"cases/1"`},
		"newer":          {write("newer", foreign(less{}, metaSchema, "samples/2", metaRows, hash)), ErrNewer, "samples/2"},
		"odd schema":     {write("odd", foreign(less{}, metaSchema, "samples/x", metaRows, hash)), ErrForeign, "samples/x"},
		"no digest":      {write("nodigest", foreign(Sample{}, metaSchema, "samples/1")), ErrCorrupt, "digest"},
		"missing column": {write("less", foreign(less{}, metaSchema, "samples/1", metaRows, hash)), ErrSchema, `column "experiment" is missing`},
		"extra column":   {write("more", foreign(more{}, metaSchema, "samples/1", metaRows, hash)), ErrSchema, `column "extra" does not belong`},
		"other type":     {write("type", foreign(retyped{}, metaSchema, "samples/1", metaRows, hash)), ErrSchema, `column "wall_ns"`},
		"nullable":       {write("null", foreign(nullable{}, metaSchema, "samples/1", metaRows, hash)), ErrSchema, `column "wall_ns"`},
		"other rows":     {write("rows", foreign(Sample{}, metaSchema, "samples/1", metaRows, hash)), ErrCorrupt, "digest"},
		"whole":          {write("whole", samples), nil, ""},
	} {
		_, err := Samples.Read(c.path)
		if c.kind == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var fe *FileError
		if !errors.Is(err, c.kind) || !errors.As(err, &fe) || fe.File != c.path || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %v with %q", name, err, c.kind, c.want)
		}
	}
	h, err := Samples.ReadHeader(filepath.Join(dir, "whole"))
	if err != nil || h.Table != "samples" || h.Version != 1 || h.Rows != 10 || h.RunID != meta(t).RunID || !bytes.Equal(h.Identity, meta(t).Identity) {
		t.Errorf("header %+v, %v", h, err)
	}
}

func mustEncode[T any](t *testing.T, table *Table[T]) []byte {
	data, _ := encode(t, table, rows(table, 10, meta(t).RunID), meta(t))
	return data
}

// Two generations of one table, to prove what the schema rules promise.
type planet1 struct {
	RunID      string `parquet:"run_id"`
	Experiment string `parquet:"experiment"`
	Seed       int64  `parquet:"seed"`
	Name       string `parquet:"name"`
}

type planet2 struct {
	RunID      string   `parquet:"run_id"`
	Experiment string   `parquet:"experiment"`
	Seed       int64    `parquet:"seed"`
	Name       string   `parquet:"name"`
	Mass       *float64 `parquet:"mass" since:"2"`
	Moons      []string `parquet:"moons,list" since:"2"`
	Motto      *string  `parquet:"motto" since:"2"`
	Visitors   *int64   `parquet:"visitors" since:"2"`
	Flag       []byte   `parquet:"flag,optional" since:"2"`
}

func TestOlderSchemasAreRead(t *testing.T) {
	v1 := newTable[planet1]("planets", 1, "data", nil, "seed", "name")
	v2 := newTable[planet2]("planets", 2, "data", nil, "seed", "name")
	m := Meta{RunID: "r", Identity: []byte("{}")}
	old := []planet1{{"r", "e", 1, "Earth"}, {"r", "e", 1, "Mars"}}
	data, info := encode(t, v1, old, m)

	got, err := decode(v2, data)
	if err != nil {
		t.Fatal(err)
	}
	want := []planet2{{RunID: "r", Experiment: "e", Seed: 1, Name: "Earth"}, {RunID: "r", Experiment: "e", Seed: 1, Name: "Mars"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if v2.digest(got, 1) != info.RowsSHA256 {
		t.Error("the older digest cannot be computed again")
	}
	f, err := v2.open("planets", bytes.NewReader(data), int64(len(data)), v2.pq)
	if err != nil {
		t.Fatal(err)
	}
	err = v2.scan(f, []string{"mass", "name", "moons", "motto", "visitors", "flag"}, func(c *Columns) error {
		if c.Rows != 2 || !math.IsNaN(c.Double("mass")[1]) || c.Valid("mass")[0] || c.String("name").At(1) != "Mars" ||
			c.String("motto").At(0) != "" || c.Valid("motto")[0] || c.Strings("moons")[1] != nil || !math.IsNaN(c.Number("visitors")[0]) || c.String("flag").At(1) != "" {
			t.Error("columns that the file lacks are not null")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}

	mass := 1.0
	data, _ = encode(t, v2, []planet2{{RunID: "r", Name: "Venus", Mass: &mass, Moons: []string{"none"}}}, m)
	if _, err := decode(v1, data); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer file: %v", err)
	}
	if got, err := decode(v2, data); err != nil || *got[0].Mass != 1 || got[0].Moons[0] != "none" {
		t.Errorf("the same version: %v, %v", got, err)
	}
}

func FuzzRead(f *testing.F) {
	fuzzing.Briefly(f)
	m := meta(f)
	for _, n := range []int{0, 1, 40} {
		var buf bytes.Buffer
		w := Cases.newWriter(&buf, m, small(16, 100))
		if err := w.Append(rows(Cases, n, m.RunID)); err != nil {
			f.Fatal(err)
		}
		if _, err := w.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(buf.Bytes())
	}
	list, _ := encode(f, Candidates, rows(Candidates, 20, m.RunID), m)
	f.Add(list)
	f.Add([]byte("PAR1\x00\x00\x00\x00PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := decode(Cases, data); err == nil {
			if _, err := Cases.Write(new(bytes.Buffer), got, Meta{RunID: m.RunID}); err != nil && !errors.Is(err, ErrRow) {
				t.Errorf("rows that were read cannot be written: %v", err)
			}
		}
		decode(Candidates, data)
	})
}

// Null and empty stay apart, whatever stands before and behind them: parquet-go confuses
// them in blocks of rows, see writeRows.
func TestNullsOfEveryPattern(t *testing.T) {
	m := meta(t)
	for n := range 12 {
		all := rows(Cases, n, m.RunID)
		for mask := range 1 << n {
			for i := range all {
				all[i].Got, all[i].GotBytes = nil, nil
				if mask>>i&1 == 1 {
					all[i].Got, all[i].GotBytes = []byte{}, new(int64)
				}
			}
			path := filepath.Join(t.TempDir(), "cases.parquet")
			if _, err := Cases.WriteFile(path, all, m); err != nil {
				t.Fatal(err)
			}
			back, err := Cases.Read(path)
			if err != nil {
				t.Fatalf("%d rows, mask %b: %v", n, mask, err)
			}
			for i := range back {
				if (back[i].Got == nil) != (all[i].Got == nil) {
					t.Fatalf("%d rows, mask %b, row %d: null %t became %t", n, mask, i, all[i].Got == nil, back[i].Got == nil)
				}
			}
			if n > 8 {
				break // enough of them
			}
		}
	}
}
