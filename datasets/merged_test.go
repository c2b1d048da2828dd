package datasets

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Two runs in one file, a third in its own, all below one folder.
func TestMerged(t *testing.T) {
	one, two, three := Meta{strings.Repeat("1", 64), []byte(`{"n":1}`)}, Meta{strings.Repeat("2", 64), []byte(`{"n":2}`)}, Meta{strings.Repeat("3", 64), []byte(`{"n":3}`)}
	many, err := ManyMeta([]Meta{one, two})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, rows []Evaluation, m Meta) error {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		_, err := Evaluations.WriteFile(path, rows, m)
		return err
	}
	a, b, c := tournament(100, one.RunID), tournament(50, two.RunID), tournament(70, three.RunID)
	if err := write("many.parquet", append(append([]Evaluation{}, a...), b...), many); err != nil {
		t.Fatal(err)
	}
	if err := write("run=3/evaluations.parquet", c, three); err != nil {
		t.Fatal(err)
	}
	m, err := OpenMerged(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Evaluations.ReadMerged(m)
	if err != nil || len(got) != 3 {
		t.Fatalf("%d runs, %v", len(got), err)
	}
	for id, want := range map[string][]Evaluation{one.RunID: a, two.RunID: b, three.RunID: c} {
		if d := Evaluations.Diff(got[id], want); d != nil {
			t.Errorf("run %.3s: %v", id, d)
		}
	}
	if id := m.Identity(two.RunID); !bytes.Equal(id, two.Identity) {
		t.Errorf("identity %s", id)
	}
	if len(m.Paths(Evaluations.Schema)) != 2 || m.Paths(Handoffs.Schema) != nil || m.Identity("4") != nil {
		t.Errorf("%v", m.files)
	}
	// Out of order: the second run before the first.
	if err := write("wrong.parquet", append(append([]Evaluation{}, b...), a...), many); !errors.Is(err, ErrRow) {
		t.Errorf("runs out of order: %v", err)
	}
	os.Remove(filepath.Join(dir, "wrong.parquet"))
	if err := write("again.parquet", a[:1], one); err != nil {
		t.Fatal(err)
	}
	if m, err := OpenMerged(dir); err != nil {
		t.Error(err)
	} else if _, err := Evaluations.ReadMerged(m); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a row twice: %v", err)
	}
	for name, kind := range map[string]error{"foreign": ErrCorrupt, "": ErrNotRun} {
		other := t.TempDir()
		if name != "" {
			if err := os.WriteFile(filepath.Join(other, name+".parquet"), []byte("not Parquet at all"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := OpenMerged(other); !errors.Is(err, kind) {
			t.Errorf("%q: %v, want %v", name, err, kind)
		}
	}
	if _, err := ManyMeta([]Meta{many}); err == nil {
		t.Error("many of many")
	}
}
