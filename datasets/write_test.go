package datasets

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestSameRowsSameBytes(t *testing.T) {
	t.Run("evaluations", func(t *testing.T) { sameRowsSameBytes(t, Evaluations) })
	t.Run("candidates", func(t *testing.T) { sameRowsSameBytes(t, Candidates) })
	t.Run("cases", func(t *testing.T) { sameRowsSameBytes(t, Cases) })
	t.Run("handoffs", func(t *testing.T) { sameRowsSameBytes(t, Handoffs) })
	t.Run("sboms", func(t *testing.T) { sameRowsSameBytes(t, SBOMs) })
	t.Run("samples", func(t *testing.T) { sameRowsSameBytes(t, Samples) })
}

// Row groups and dictionaries are small here, so that the rows cross many of both.
func sameRowsSameBytes[T any](t *testing.T, table *Table[T]) {
	const n = 8292
	all := rows(table, n, meta(t).RunID)
	write := func(step int) ([]byte, TableInfo) {
		var buf bytes.Buffer
		w := table.newWriter(&buf, meta(t), small(640, 1000))
		for from := 0; from < n; from += step {
			if err := w.Append(all[from:min(n, from+step)]); err != nil {
				t.Fatal(err)
			}
		}
		info, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		return buf.Bytes(), info
	}
	want, info := write(n)
	for _, step := range []int{1, 63, 64, 1000, 7 * blockRows, blockRows + 1, n} {
		if got, i := write(step); !bytes.Equal(got, want) || i != info {
			t.Errorf("appending %d rows at a time gives other bytes", step)
		}
	}
	var wg sync.WaitGroup
	for range 4 { // pools of encoders and buffers are shared
		wg.Go(func() {
			if got, _ := write(500); !bytes.Equal(got, want) {
				t.Error("writing several at a time gives other bytes")
			}
		})
	}
	wg.Wait()

	if info.RowsSHA256 != table.Digest(all) || info.Rows != n {
		t.Errorf("info %+v, digest %s", info, table.Digest(all))
	}
	got, err := decode(table, want)
	if err != nil {
		t.Fatal(err)
	}
	if d := table.Diff(all, got); d != nil || len(got) != n {
		t.Errorf("read back: %v", d)
	}
}

func TestWriteOfNothing(t *testing.T) {
	data, info := encode(t, Handoffs, nil, meta(t))
	if info.Rows != 0 || info.RowsSHA256 != Handoffs.Digest(nil) {
		t.Errorf("info %+v", info)
	}
	if got, err := decode(Handoffs, data); err != nil || len(got) != 0 {
		t.Errorf("read %d rows, %v", len(got), err)
	}
}

func TestWriteRefuses(t *testing.T) {
	run := meta(t).RunID
	nan, big := math.NaN(), int64(1<<53)
	bad := "\xff"
	long := make([]byte, CutBytes+1)
	for name, c := range map[string]struct {
		change func(rows []Evaluation)
		column string
		want   string
	}{
		"key twice":        {func(r []Evaluation) { r[5] = r[4] }, "", "does not come after"},
		"out of order":     {func(r []Evaluation) { r[4], r[5] = r[5], r[4] }, "", "does not come after"},
		"foreign run":      {func(r []Evaluation) { r[5].RunID = "other" }, "run_id", `"other"`},
		"NaN":              {func(r []Evaluation) { r[5].Fitness = nan }, "fitness", "not finite"},
		"nullable NaN":     {func(r []Evaluation) { r[5].Novelty = &nan }, "novelty", "not finite"},
		"infinite":         {func(r []Evaluation) { r[5].Violation = math.Inf(1) }, "violation", "not finite"},
		"beyond 2^53":      {func(r []Evaluation) { r[5].SourceBytes = big }, "source_bytes", "2^53"},
		"below -2^53":      {func(r []Evaluation) { big := -big; r[5].Fuel = &big }, "fuel", "2^53"},
		"not UTF-8":        {func(r []Evaluation) { r[5].Label = &bad }, "label", "UTF-8"},
		"unknown verdict":  {func(r []Evaluation) { r[5].Verdict = "fine" }, "verdict", "none of pass, wrong_output"},
		"verdict of cases": {func(r []Evaluation) { r[5].Verdict = VerdictNotRun }, "verdict", "none of"},
	} {
		t.Run(name, func(t *testing.T) {
			all := rows(Evaluations, 10, run)
			c.change(all)
			_, err := Evaluations.Write(new(bytes.Buffer), all, meta(t))
			var re *RowError
			if !errors.As(err, &re) || !errors.Is(err, ErrRow) {
				t.Fatalf("got %v, want a RowError", err)
			}
			if re.Row != 5 || re.Column != c.column || !strings.Contains(re.Problem, c.want) || !strings.Contains(re.Key, "slot=") {
				t.Errorf("got %v", err)
			}
		})
	}
	for name, row := range map[string]CaseRow{
		"input_bytes":    {Input: []byte("abc"), InputBytes: 2},
		"cut too late":   {Input: long, InputBytes: int64(len(long))},
		"expected":       {ExpectedBytes: new(int64)},
		"expected_bytes": {Expected: []byte{}},
		"got":            {Got: []byte("x"), GotBytes: new(int64)},
	} {
		row.RunID, row.Kind, row.Verdict = run, KindSearch, VerdictPass
		if _, err := Cases.Write(new(bytes.Buffer), []CaseRow{row}, meta(t)); !errors.Is(err, ErrRow) {
			t.Errorf("%s: got %v, want a RowError", name, err)
		}
	}
}

// A writer that has failed must not go on to produce a file that looks whole.
func TestWriterStaysFailed(t *testing.T) {
	all := rows(Evaluations, 10, meta(t).RunID)
	w := Evaluations.NewWriter(new(bytes.Buffer), meta(t))
	first := w.Append([]Evaluation{all[1], all[0]})
	if first == nil {
		t.Fatal("no error")
	}
	if err := w.Append(all[2:]); err != first {
		t.Errorf("Append after an error: %v", err)
	}
	if _, err := w.Close(); err != first {
		t.Errorf("Close after an error: %v", err)
	}
}

func TestWriteReportsWhatTheDiskSays(t *testing.T) {
	all := rows(Evaluations, 3000, meta(t).RunID)
	data, _ := encode(t, Evaluations, all, meta(t))
	for _, room := range []int{0, 1, 4, len(data) / 2, len(data) - 1} {
		if _, err := Evaluations.Write(&fullDisk{room: room}, all, meta(t)); !errors.Is(err, errFull) {
			t.Errorf("room for %d of %d bytes: %v", room, len(data), err)
		}
	}
}

var errFull = errors.New("no space left on device")

type fullDisk struct{ room int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if len(b) > d.room {
		n := d.room
		d.room = 0
		return n, errFull
	}
	d.room -= len(b)
	return len(b), nil
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "samples.parquet")
	all := rows(Samples, 100, meta(t).RunID)
	info, err := Samples.WriteFile(path, all, meta(t))
	if err != nil {
		t.Fatal(err)
	}
	want, wantInfo := encode(t, Samples, all, meta(t))
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) || info != wantInfo {
		t.Errorf("a file differs from a buffer: %v, %+v, %+v", err, info, wantInfo)
	}
	if _, err := Samples.WriteFile(filepath.Join(path, "x"), all, meta(t)); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

func TestCutAndText(t *testing.T) {
	if b, n := Cut(nil); b != nil || n != 0 {
		t.Error("nil does not stay null")
	}
	if b, n := Cut([]byte{}); b == nil || n != 0 {
		t.Error("empty becomes null")
	}
	if b, n := Cut(make([]byte, CutBytes)); len(b) != CutBytes || n != CutBytes {
		t.Error("what fits is cut")
	}
	if b, n := Cut(make([]byte, CutBytes+1)); len(b) != CutBytes || n != CutBytes+1 {
		t.Error("what does not fit is not cut")
	}
	if got := Text("a\xffb"); got != "a\uFFFDb" {
		t.Errorf("Text: %q", got)
	}
}

func TestSort(t *testing.T) {
	all := rows(Evaluations, 200, "run")
	mixed := append(append([]Evaluation(nil), all[100:]...), all[:100]...)
	Evaluations.Sort(mixed)
	if d := Evaluations.Diff(all, mixed); d != nil {
		t.Error(d)
	}
}

// A parallel writer writes the bytes that a plain one does, however the rows come, and
// refuses the rows that it refuses.
func TestParallelWriter(t *testing.T) {
	m := meta(t)
	for _, n := range []int{0, 1, 64, 5000, 13_000} {
		rows := tournament(n, m.RunID)
		for _, groupRows := range []int{640, 4096, 8192 + 64} {
			l := layout{groupRows: groupRows, pageRows: 1000, pageBytes: 10_000, dictionaryBytes: 20_000}
			var want, got bytes.Buffer
			plain := Evaluations.newWriter(&want, m, l)
			if err := plain.Append(rows); err != nil {
				t.Fatal(err)
			}
			wantInfo, err := plain.Close()
			if err != nil {
				t.Fatal(err)
			}
			parallel := Evaluations.newParallelWriter(&got, m, l)
			for from := 0; from < n; {
				to := min(n, from+1+from%3000)
				part := append([]Evaluation{}, rows[from:to]...)
				if err := parallel.Append(part); err != nil {
					t.Fatal(err)
				}
				clear(part) // the caller may use the slice again
				from = to
			}
			gotInfo, err := parallel.Close()
			if err != nil || gotInfo != wantInfo || !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Fatalf("%d rows in groups of %d: %+v %v, want %+v; %d bytes, want %d", n, groupRows, gotInfo, err, wantInfo, got.Len(), want.Len())
			}
		}
	}
	rows := tournament(500, m.RunID)
	rows[400].Epoch = 0
	w := Evaluations.newParallelWriter(io.Discard, m, small(64, 1000))
	err := w.Append(rows)
	if _, cerr := w.Close(); !errors.Is(err, ErrRow) || !errors.Is(cerr, ErrRow) {
		t.Errorf("a row out of order: %v, then %v", err, cerr)
	}
	w = Evaluations.newParallelWriter(full{}, m, small(64, 1000))
	if err := w.Append(tournament(3000, m.RunID)); err != nil && !strings.Contains(err.Error(), "no space left") {
		t.Error(err)
	}
	if _, err := w.Close(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a full disk: %v", err)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }
