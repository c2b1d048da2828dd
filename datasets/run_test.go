package datasets

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// newRun writes a run folder with n rows a table.
func newRun(t *testing.T, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "baseline-12345678")
	for _, d := range []string{"data", "observed"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r := &Run{Dir: dir}
	tables := make(map[string]TableInfo)
	put(t, r, Evaluations, n, tables)
	put(t, r, Candidates, n, tables)
	put(t, r, Cases, n, tables)
	put(t, r, Handoffs, n, tables)
	put(t, r, SBOMs, n, tables)
	put(t, r, Samples, n, make(map[string]TableInfo))
	l, err := NewLock(identity(), Platform{"linux", "amd64"}, tables)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, LockFile), []byte(marshal(t, l)), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func put[T any](t *testing.T, r *Run, table *Table[T], n int, tables map[string]TableInfo) {
	t.Helper()
	info, err := table.WriteFile(r.Path(table.Schema), rows(table, n, meta(t).RunID), meta(t))
	if err != nil {
		t.Fatal(err)
	}
	tables[table.Name] = info
}

func open(t *testing.T, dir string) *Run {
	t.Helper()
	r, err := OpenRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRunIsReadVerified(t *testing.T) {
	r := open(t, newRun(t, 50))
	if r.Partial || r.Lock.RunID != meta(t).RunID {
		t.Errorf("partial %v, run %s", r.Partial, r.Lock.RunID)
	}
	if err := r.CheckFiles(); err != nil {
		t.Error(err)
	}
	evals, err := r.ReadEvaluations()
	if err != nil || Evaluations.Diff(evals, rows(Evaluations, 50, "")) != nil {
		t.Errorf("%d evaluations, %v", len(evals), err)
	}
	samples, err := Samples.ReadRun(r)
	if err != nil || len(samples) != 50 {
		t.Errorf("%d samples, %v", len(samples), err)
	}
	n := 0
	err = Handoffs.ScanRun(r, []string{"outcome"}, func(c *Columns) error { n += c.String("outcome").Len(); return nil })
	if err != nil || n != 50 {
		t.Errorf("%d handoffs, %v", n, err)
	}
}

func TestRunDiffersFromItsLock(t *testing.T) {
	other := meta(t)
	other.RunID = strings.Repeat("1", 64)
	for name, c := range map[string]struct {
		change func(dir string, path string)
		kind   error
	}{
		"other rows": {func(dir, path string) {
			if _, err := Cases.WriteFile(path, rows(Cases, 49, meta(t).RunID), meta(t)); err != nil {
				t.Fatal(err)
			}
		}, ErrDigest},
		"another run's": {func(dir, path string) {
			if _, err := Cases.WriteFile(path, rows(Cases, 50, other.RunID), other); err != nil {
				t.Fatal(err)
			}
		}, ErrDigest},
		"a bit": {func(dir, path string) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 1
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}, ErrDigest},
		"gone": {func(dir, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, ErrMissing},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newRun(t, 50)
			path := filepath.Join(dir, "data", "cases.parquet")
			c.change(dir, path)
			r := open(t, dir)
			_, err := Cases.ReadRun(r)
			scanned := Cases.ScanRun(r, []string{"case_id"}, func(*Columns) error { return nil })
			for _, err := range []error{err, scanned, r.CheckFiles(), r.CheckFile(Cases.Schema)} {
				var fe *FileError
				if !errors.Is(err, c.kind) || !errors.As(err, &fe) || fe.File != path {
					t.Errorf("got %v, want %v of %s", err, c.kind, path)
				}
			}
			if _, err := Handoffs.ReadRun(r); err != nil {
				t.Errorf("another table: %v", err)
			}
		})
	}

	// No lock covers samples, but those of another run are refused all the same.
	dir := newRun(t, 5)
	r := open(t, dir)
	if _, err := Samples.WriteFile(r.Path(Samples.Schema), rows(Samples, 5, other.RunID), other); err != nil {
		t.Fatal(err)
	}
	if _, err := Samples.ReadRun(r); !errors.Is(err, ErrDigest) {
		t.Errorf("samples of another run: %v", err)
	}
}

// The lock's own figures are checked too, not the file's bytes alone.
func TestLockOfOtherFigures(t *testing.T) {
	for name, change := range map[string]func(*TableInfo){
		"rows":        func(i *TableInfo) { i.Rows++ },
		"rows_sha256": func(i *TableInfo) { i.RowsSHA256 = strings.Repeat("0", 64) },
	} {
		dir := newRun(t, 20)
		r := open(t, dir)
		info := r.Lock.Tables["sboms"]
		change(&info)
		r.Lock.Tables["sboms"] = info
		if _, err := SBOMs.ReadRun(r); !errors.Is(err, ErrDigest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenRunTellsWhatItFound(t *testing.T) {
	dir := t.TempDir()
	mkdir := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := func(path, text string) string {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty, edited := mkdir("empty"), mkdir("edited")
	file(filepath.Join(edited, LockFile), strings.Replace(marshal(t, lock(t)), `"epochs": 41`, `"epochs": 1`, 1))
	newer := mkdir("newer")
	file(filepath.Join(newer, LockFile), `{"lock": 2}`)
	mkdir("unfinished.partial")
	for path, c := range map[string]struct {
		kind error
		want string
	}{
		filepath.Join(dir, "none"):         {ErrMissing, ""},
		filepath.Join(dir, "unfinished"):   {ErrMissing, "unfinished.partial is there"},
		empty:                              {ErrNotRun, "neither lock.json nor metrics.jsonl"},
		file(filepath.Join(dir, "f"), "x"): {ErrNotRun, "not a folder"},
		edited:                             {ErrLock, "edited/lock.json:"},
		newer:                              {ErrNewer, "newer/lock.json:1:10"},
	} {
		_, err := OpenRun(path)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %v with %q", path, err, c.kind, c.want)
		}
	}
}

func TestPartialRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "baseline.partial")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	want := rows(Evaluations, 20, "r")
	var text []byte
	for i := range want {
		var err error
		if text, err = AppendMetrics(text, &want[i]); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, MetricsFile)
	// The last line is being written.
	if err := os.WriteFile(path, append(slices.Clone(text), `{"run_id":"r","exp`...), 0o644); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	if !r.Partial || r.Lock != nil {
		t.Error("not partial")
	}
	got, err := r.ReadEvaluations()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows, %v; %v", len(got), err, Evaluations.Diff(want, got))
	}
	if _, err := Candidates.ReadRun(r); !errors.Is(err, ErrPartial) {
		t.Errorf("a table of a run under way: %v", err)
	}
	if err := os.WriteFile(path, append(slices.Clone(text), "{}\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadEvaluations(); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "line 21: key \"run_id\" is missing") {
		t.Errorf("got %v", err)
	}
}

func TestMetricsLineIsFrozen(t *testing.T) {
	style, temp, ms, fuel := "set", 0.8, 39.3851553, int64(393851553)
	e := Evaluation{
		RunID: "r", Experiment: "baseline", Seed: 1, Epoch: 2, Slot: 3, Spec: "text_deduplicate", Style: &style, AnnealTemp: &temp,
		CandidateID: "c<d>", Origin: OriginEdit, Verdict: VerdictPass, Correctness: 1, Safety: 1, Documentation: 1, Stability: 1,
		Fitness: 0.1 + 0.2, CasesTotal: 40, CasesPassed: 40, Fuel: &fuel, VirtualMS: &ms, Feasible: true, Violation: 1e-9,
	}
	line, err := AppendMetrics(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "metrics.jsonl", string(line))
	if !strings.Contains(string(line), `"domain":"toolgen"`) {
		t.Error("older recipes will not find the line")
	}
	// The columns come first, in the table's order.
	at := -1
	for _, c := range Evaluations.Columns {
		next := strings.Index(string(line), `"`+c.Name+`":`)
		if next <= at {
			t.Errorf("key %s is missing or out of order", c.Name)
		}
		at = next
	}
	got, err := DecodeMetrics(line)
	if err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("decoded %+v, %v", got, err)
	}
	e.Fitness = math.NaN()
	if out, err := AppendMetrics([]byte("x"), &e); err == nil || string(out) != "x" || !strings.Contains(err.Error(), "slot=3") {
		t.Errorf("NaN: %q, %v", out, err)
	}
	for name, bad := range map[string]string{
		"unknown key":   strings.Replace(string(line), `"domain":`, `"dominion":`, 1),
		"missing key":   strings.Replace(string(line), `"fitness":`, `"Fitness":`, 1),
		"required null": strings.Replace(string(line), `"seed":1`, `"seed":null`, 1),
		"wrong type":    strings.Replace(string(line), `"seed":1`, `"seed":"1"`, 1),
		"twice":         strings.Replace(string(line), `"seed":1`, `"seed":1,"seed":1`, 1),
		"out of range":  strings.Replace(string(line), `"epoch":2`, `"epoch":3000000000`, 1),
		"array":         "[]",
	} {
		if _, err := DecodeMetrics([]byte(bad)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
