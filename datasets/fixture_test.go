package datasets

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files; read them before committing")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -run %s -update rewrites it):\n%s", path, t.Name(), got)
	}
}

func identity() Identity {
	hash := strings.Repeat("0123456789abcdef", 4)
	return Identity{
		Semantics: 1,
		Manifest:  json.RawMessage(`{"name":"base<line>","seeds":[1,2],"weights":{"b":0.40,"a":1.0,"c":1e-9},"epochs":41}`),
		Inputs:    map[string]string{"entrants/mine.go": hash},
		Specs:     map[string]SpecDigests{"json_flatten": {hash, hash}, "text_deduplicate": {hash, hash}},
		Seeds:     []int64{1, 2},
		Toolchain: Toolchain{Go: "go1.26.8", Wasmtime: "v44.0.0", Settings: "fuel nan"},
		FuelModel: "instructions+bytes/8",
		Schemas:   SchemaVersions(),
	}
}

func meta(t testing.TB) Meta {
	t.Helper()
	id := identity()
	m, err := id.Meta()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// rows returns n rows of a table under increasing keys, with every nullable column
// null in about a third of them, and with extremes.
func rows[T any](t *Table[T], n int, runID string) []T {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	out := make([]T, n)
	for i := range out {
		fill(reflect.ValueOf(&out[i]).Elem(), t, rng)
		v := reflect.ValueOf(&out[i]).Elem()
		v.Field(t.Column("run_id").field).SetString(runID)
		v.Field(t.Column("experiment").field).SetString("baseline")
		// The key: the first column counts up slowly, the last fast.
		for k, c := range t.key {
			f, x := c.field, i
			if k < len(t.key)-1 {
				x = i / 7
			}
			if k == 0 {
				x = i / 49
			}
			if v.Field(f).Kind() == reflect.String {
				v.Field(f).SetString(fmt.Sprintf("%08x", x))
			} else {
				v.Field(f).SetInt(int64(x))
			}
		}
		if c, ok := any(&out[i]).(*CaseRow); ok {
			c.InputBytes = int64(len(c.Input))
			c.ExpectedBytes, c.GotBytes = lengthOf(c.Expected), lengthOf(c.Got)
		}
	}
	return out
}

func lengthOf(b []byte) *int64 {
	if b == nil {
		return nil
	}
	n := int64(len(b))
	return &n
}

func fill[T any](v reflect.Value, t *Table[T], rng *rand.Rand) {
	for i := range t.Columns {
		c := &t.Columns[i]
		f := v.Field(c.field)
		if c.Nullable {
			if rng.IntN(3) == 0 {
				f.SetZero()
				continue
			}
			if f.Kind() == reflect.Pointer {
				f.Set(reflect.New(f.Type().Elem()))
				f = f.Elem()
			}
		}
		text := strings.Repeat(string(rune('a'+rng.IntN(26))), rng.IntN(20)) + "é\x00\n"[rng.IntN(2)*2:]
		switch c.Type {
		case String:
			if c.Values != nil {
				text = c.Values[rng.IntN(len(c.Values))]
			} else if rng.IntN(5) == 0 {
				text = ""
			}
			f.SetString(text)
		case Binary:
			f.SetBytes([]byte(text + "\xff\xfe")[:rng.IntN(len(text)+2)])
		case Strings:
			var list []string
			for range rng.IntN(4) {
				list = append(list, text)
			}
			f.Set(reflect.ValueOf(list))
		case Int32:
			f.SetInt([]int64{0, 1, -1 << 31, 1<<31 - 1, int64(rng.Int32())}[rng.IntN(5)])
		case Int64:
			f.SetInt([]int64{0, 1, -maxInteger, maxInteger, rng.Int64N(1 << 40)}[rng.IntN(5)])
		case Double:
			f.SetFloat([]float64{0, 1, -1.7976931348623157e308, 5e-324, rng.Float64()}[rng.IntN(5)])
		case Bool:
			f.SetBool(rng.IntN(2) == 0)
		}
	}
}

// encode writes rows and returns the bytes.
func encode[T any](t testing.TB, table *Table[T], rows []T, m Meta) ([]byte, TableInfo) {
	t.Helper()
	var buf bytes.Buffer
	info, err := table.Write(&buf, rows, m)
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), info
}

func decode[T any](table *Table[T], data []byte) ([]T, error) {
	return table.ReadFrom(bytes.NewReader(data), int64(len(data)), "test.parquet")
}

// small is a layout of which few rows cross every limit.
func small(groupRows, dictionaryBytes int) layout {
	return layout{groupRows: groupRows, pageRows: 100, pageBytes: 500, dictionaryBytes: dictionaryBytes}
}
