package analysis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"toolgen/analysis/aggregate"
	"toolgen/analysis/pareto"
	"toolgen/datasets"
	"toolgen/fuzzing"
)

// merged writes the tables of a random run into a folder, and returns the evaluations'
// bytes.
func merged(t testing.TB) (dir string, data []byte) {
	t.Helper()
	dir = t.TempDir()
	r := randomRun(3, 300)
	for i := range r.Evaluations {
		r.Evaluations[i].CandidateID, r.Evaluations[i].Slot = fmt.Sprint(r.Evaluations[i].CandidateID), int32(i)
	}
	datasets.Evaluations.Sort(r.Evaluations)
	r.Candidates = latest(r.Evaluations)
	datasets.Candidates.Sort(r.Candidates)
	meta := datasets.Meta{RunID: "random", Identity: []byte("null")}
	path := filepath.Join(dir, "evaluations.parquet")
	if _, err := datasets.Evaluations.WriteFile(path, r.Evaluations, meta); err != nil {
		t.Fatal(err)
	}
	if _, err := datasets.Candidates.WriteFile(filepath.Join(dir, "candidates.parquet"), r.Candidates, meta); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return dir, data
}

// answers are what the studies say of a folder of tables.
func answers(dir string) (string, error) {
	m, err := datasets.OpenMerged(dir)
	if err != nil {
		return "", err
	}
	runs, err := ReadMerged(m)
	if err != nil {
		return "", err
	}
	o := []Objective{{"virtual_ms", pareto.Minimize}, {"fitness", pareto.Maximize}}
	fronts, stability, handoffs := ParetoFronts(runs, Filter{}, o), Stability(runs, Filter{}), Handoffs(runs, Filter{})
	text, err := json.Marshal([]any{fronts, stability, handoffs, Trends(runs, Filter{}, ByStyle), Leaderboard(runs, LeaderboardOptions{})})
	return strings.ReplaceAll(string(text), dir, "DIR"), err
}

// streamed are what the engine says of the same file, which it reads by column.
func streamed(path string) (string, error) {
	groups, err := aggregate.GroupBy([]string{path}, aggregate.Options{Workers: 2})
	if err != nil {
		return "", err
	}
	fronts, err := aggregate.Fronts([]string{path}, []aggregate.Objective{{Column: "virtual_ms"}, {Column: "peak_memory_bytes"}, {Column: "fitness", Direction: pareto.Maximize}}, aggregate.Options{Workers: 2})
	if err != nil {
		return "", err
	}
	out := fmt.Sprint(fronts)
	for _, g := range groups {
		out += fmt.Sprintln(g.Spec, deref(g.Style), g.Epoch, g.Rows, g.Timed, g.MeanFitness)
		if g.MedianMS != nil {
			out += fmt.Sprint(*g.MedianMS, *g.P95MS)
		}
	}
	return out, nil
}

// damaged looks at a file of evaluations: it is read as it was, or refused with an error
// that names it. The engine reads pages alone, which have checksums; a footer that was
// changed so that it still fits is for the digest to find, which only reading whole rows
// computes, or the lock.
func damaged(t testing.TB, dir string, data []byte, want, wantStreamed string, footer bool) {
	path := filepath.Join(dir, "evaluations.parquet")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	var fe *datasets.FileError
	switch got, err := answers(dir); {
	case err == nil && got != want:
		t.Fatal("another answer, and no error")
	case err != nil && (!errors.As(err, &fe) || fe.File == ""):
		t.Fatalf("an error that names no file: %v", err)
	}
	switch got, err := streamed(path); {
	case err == nil && got != wantStreamed && !footer:
		t.Fatal("the engine has another answer, and no error")
	case err != nil && (!errors.As(err, &fe) || fe.File == ""):
		t.Fatalf("an error of the engine that names no file: %v", err)
	}
}

func TestDamage(t *testing.T) {
	dir, data := merged(t)
	want, err := answers(dir)
	if err != nil {
		t.Fatal(err)
	}
	wantStreamed, err := streamed(filepath.Join(dir, "evaluations.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	footer := len(data) - 8 - int(uint32(data[len(data)-8])|uint32(data[len(data)-7])<<8|uint32(data[len(data)-6])<<16)
	for n := 0; n < len(data); n += 1 + len(data)/60 {
		damaged(t, dir, data[:n], want, wantStreamed, false)
	}
	for n := 0; n < len(data); n += 1 + len(data)/400 {
		flipped := bytes.Clone(data)
		flipped[n] ^= 1 << (n % 8)
		damaged(t, dir, flipped, want, wantStreamed, n >= footer)
	}
	damaged(t, dir, data, want, wantStreamed, false)
}

// FuzzStudies: no bytes in the place of a table make the studies panic, or answer as if
// nothing were wrong.
func FuzzStudies(f *testing.F) {
	fuzzing.Briefly(f)
	dir, data := merged(f)
	want, err := answers(dir)
	if err != nil {
		f.Fatal(err)
	}
	wantStreamed, err := streamed(filepath.Join(dir, "evaluations.parquet"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte("PAR1PAR1"))
	candidates, err := os.ReadFile(filepath.Join(dir, "candidates.parquet"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(candidates)
	f.Fuzz(func(t *testing.T, data []byte) {
		// The folder is the one of this process, and executions follow one another: a new one
		// for each took as long as the studies. Where the fuzzer has put its bytes is not known, so
		// the footer could be meant.
		damaged(t, dir, data, want, wantStreamed, true)
	})
}
