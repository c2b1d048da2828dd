package experiment

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"toolgen/datasets"
)

// entrantManifest plays two entrants beside a population: one is kept, the other
// must survive by itself, which it does not. One initial candidate is excluded.
const entrantManifest = `version: 1
name: entrants
license: MIT
seeds: [1]
epochs: 3
population: 3
specs: [text_deduplicate]
search_space: {impl_style: [set], anneal_temp: [1.0]}
selection: {survivors: 2, tournament_size: 2}
measure: {samples: 3}
suite: {search: 4, validate: 1, holdout: 1, sizes: [1, 16]}
entrants:
  - {name: kept, spec: text_deduplicate, source: kept.go, keep: true}
  - {name: hopeless, spec: text_deduplicate, source: hopeless.go}
record: {cases: all, bundles: all}
`

func entrants(t *testing.T, extra string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manifest.yaml": entrantManifest + extra,
		"kept.go":       tool("", `return append([]byte(nil), input...), nil`),
		"hopeless.go":   tool(`"os"`, `os.Exit(1);; return input, nil`),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "manifest.yaml")
}

func TestEntrantsAndRecords(t *testing.T) {
	env := newEnv(t, EnvOptions{})
	manifest := entrants(t, "")
	dir, _ := mustRun(t, env, mustLoad(t, LoadOptions{Manifest: manifest}))
	rows := readEvaluations(t, dir)
	var kept, hopeless []int32
	for _, r := range rows {
		switch {
		case r.Label == nil:
			if r.Style == nil {
				t.Errorf("epoch %d slot %d has neither style nor label", r.Epoch, r.Slot)
			}
		case *r.Label == "kept":
			kept = append(kept, r.Epoch)
		case *r.Label == "hopeless":
			hopeless = append(hopeless, r.Epoch)
			if r.Verdict != datasets.VerdictUnsafe || r.Batch != nil || r.Fitness != 0 || r.Violation != 5 {
				t.Errorf("the hopeless entrant: %+v", r)
			}
		}
	}
	if !slices.Contains(kept, 0) || !slices.Contains(kept, 1) || !slices.Contains(kept, 2) {
		t.Errorf("the kept entrant played in epochs %v", kept)
	}
	if !slices.Equal(hopeless, []int32{0}) {
		t.Errorf("the other entrant played in epochs %v", hopeless)
	}
	run, err := datasets.OpenRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	candidates, err := datasets.Candidates.ReadRun(run)
	if err != nil {
		t.Fatal(err)
	}
	built := 0
	for _, c := range candidates {
		if c.FinalVerdict == datasets.VerdictUnsafe {
			continue
		}
		built++
		if _, err := os.Stat(filepath.Join(dir, "bundles", c.CandidateID, "tool.wasm")); err != nil {
			t.Error(err)
		}
	}
	cases, err := datasets.Cases.ReadRun(run)
	if err != nil {
		t.Fatal(err)
	}
	passed := slices.ContainsFunc(cases, func(c datasets.CaseRow) bool { return c.Verdict == datasets.VerdictPass && c.GotBytes != nil })
	if !passed {
		t.Error("record: {cases: all} left no passed case")
	}

	// The set style under its defaults, excluded on the record, never plays.
	first := rows[0].CandidateID
	excluded, _ := mustRun(t, env, mustLoad(t, LoadOptions{Manifest: entrants(t, "exclude: ["+first+"]\n")}))
	for _, r := range readEvaluations(t, excluded) {
		if r.CandidateID == first {
			t.Errorf("excluded candidate in epoch %d slot %d", r.Epoch, r.Slot)
		}
	}
}

// TestOut asks for a run where something else stands.
func TestOut(t *testing.T) {
	env := newEnv(t, EnvOptions{})
	load := func(sets ...string) *Experiment {
		return mustLoad(t, LoadOptions{Manifest: "determinism", Sets: append([]string{
			"epochs=1", "seeds=[1]", "population=5", "suite.search=1", "suite.validate=1", "suite.holdout=1"}, sets...)})
	}
	out := filepath.Join(t.TempDir(), "run")
	if _, err := env.Run(t.Context(), load(), RunOptions{Out: out}); err != nil {
		t.Fatal(err)
	}
	again, err := env.Run(t.Context(), load(), RunOptions{Out: out})
	if err != nil || !again.UpToDate {
		t.Errorf("the same run again: %+v, %v", again, err)
	}
	if _, err := env.Run(t.Context(), load("name=other"), RunOptions{Out: out}); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("another run in its place: %v", err)
	}
	if _, err := env.Run(t.Context(), load("name=other"), RunOptions{Out: out, Force: true}); err != nil {
		t.Errorf("another run in its place by force: %v", err)
	}
	table := filepath.Join(out, "data", "evaluations.parquet")
	whole, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(table, whole[:len(whole)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := env.Run(t.Context(), load("name=other"), RunOptions{Out: out}); err == nil || !strings.Contains(err.Error(), "files that were changed") {
		t.Errorf("a damaged run in its place: %v", err)
	}
	r, err := OpenRecorded(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := env.Verify(t.Context(), r, VerifyOptions{Believe: true}); err == nil || !strings.Contains(err.Error(), "evaluations.parquet") {
		t.Errorf("verify of a damaged run: %v", err)
	}
	// What is no run is never touched, by force neither.
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "thesis.txt"), []byte("years of work"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, force := range []bool{false, true} {
		if _, err := env.Run(t.Context(), load(), RunOptions{Out: home, Force: force}); err == nil {
			t.Errorf("force %t: a folder that is no run was taken", force)
		}
	}
	if data, err := os.ReadFile(filepath.Join(home, "thesis.txt")); err != nil || string(data) != "years of work" {
		t.Errorf("%q, %v", data, err)
	}
}

// TestTwoAtOnce runs one experiment twice at once with one cache, and tries to run it
// a third time into a folder that is being written.
func TestTwoAtOnce(t *testing.T) {
	cache := newCache(t)
	manifest := filepath.Join(t.TempDir(), "tiny.yaml")
	if err := os.WriteFile(manifest, []byte(tiny), 0o666); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	dirs := []string{filepath.Join(parent, "a"), filepath.Join(parent, "b")}
	errs := make(chan error, len(dirs))
	begun := make(chan struct{}, 100)
	for _, dir := range dirs {
		env, x := newEnv(t, EnvOptions{CacheDir: cache}), mustLoad(t, LoadOptions{Manifest: manifest})
		go func() {
			_, err := env.Run(t.Context(), x, RunOptions{Out: dir, Observe: func(Event) { begun <- struct{}{} }})
			errs <- err
		}()
	}
	<-begun
	_, err := newEnv(t, EnvOptions{CacheDir: cache}).Run(t.Context(), mustLoad(t, LoadOptions{Manifest: manifest}), RunOptions{Out: dirs[0]})
	if err != nil && !strings.Contains(err.Error(), "another process") {
		t.Errorf("a folder that is being written: %v", err)
	}
	for range dirs {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	same(t, "two at once", dirs[0], dirs[1])
}
