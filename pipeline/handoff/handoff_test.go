package handoff

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func example() Handoff {
	style := "set"
	return Handoff{
		TS: time.Date(2026, 1, 1, 1, 0, 0, 999, time.FixedZone("CET", 3600)), Source: "toolgen",
		SpecPath: "inputs/specs/text_deduplicate", BundleDir: "bundles/<x>", Epoch: 3, ImplStyle: &style,
		Reason: "toolgen_incorrect", Metrics: Metrics{Correctness: 0.5, Fitness: 0.8},
		Seed: 7, CandidateID: strings.Repeat("c0", 32),
	}
}

// The file is a contract: its bytes are frozen, and so is the id.
func TestFileFormat(t *testing.T) {
	const want = `{
  "ts": "2026-01-01T00:00:00Z",
  "source": "toolgen",
  "spec_path": "inputs/specs/text_deduplicate",
  "bundle_dir": "bundles/<x>",
  "epoch": 3,
  "impl_style": "set",
  "reason": "toolgen_incorrect",
  "metrics": {
    "correctness": 0.5,
    "fitness": 0.8
  },
  "handoff_id": "ID",
  "seed": 7,
  "candidate_id": "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0",
  "schema_version": 1
}
`
	const id = "3f5ad34453f8bfd47b9781b6ce83ac9558e2ed54440bb0eba88a8f4111a9175c"
	queue := filepath.Join(t.TempDir(), "a", "queue")
	path, written, err := Put(queue, example())
	if err != nil || !written {
		t.Fatalf("written %v, %v", written, err)
	}
	if wantPath := filepath.Join(queue, "new", "handoff_"+id+".json"); path != wantPath {
		t.Errorf("path %s, want %s", path, wantPath)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != strings.Replace(want, "ID", id, 1) {
		t.Errorf("%v, file:\n%s", err, got)
	}
	for _, dir := range []string{"new", "work", "processed"} {
		if info, err := os.Stat(filepath.Join(queue, dir)); err != nil || !info.IsDir() {
			t.Errorf("folder %s: %v", dir, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o044 == 0 {
		t.Errorf("others cannot read the file: %v, %v", info.Mode(), err)
	}
}

func TestIDTellsItsPartsApart(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{ID(1, 1, "a"), ID(1, 1, "b"), ID(1, 2, "a"), ID(2, 1, "a"), ID(11, 1, "a"), ID(1, 11, "a"), ID(1, 1, ""), ID(1, 1, "1:a")} {
		if seen[id] {
			t.Errorf("%s stands for two handoffs", id)
		}
		seen[id] = true
	}
}

func TestNoStyleIsNull(t *testing.T) {
	h := example()
	h.ImplStyle = nil
	path, _, err := Put(t.TempDir(), h)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), `"impl_style": null`) {
		t.Errorf("%v:\n%s", err, data)
	}
}

func TestWhatIsKnownIsNotPutAgain(t *testing.T) {
	id := ID(7, 3, strings.Repeat("c0", 32))
	for _, known := range []string{
		"new/handoff_" + id + ".json", "work/handoff_" + id + ".json", "processed/" + id + ".ok", "processed/" + id + ".fail",
	} {
		queue := t.TempDir()
		file := filepath.Join(queue, known)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("as it was"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, written, err := Put(queue, example()); err != nil || written {
			t.Errorf("%s: written %v, %v; want neither", known, written, err)
		}
		if got := list(t, queue); len(got) != 1 || got[0] != filepath.FromSlash(known) {
			t.Errorf("%s: the queue now holds %v", known, got)
		}
		if data, err := os.ReadFile(file); err != nil || string(data) != "as it was" {
			t.Errorf("%s was changed: %s, %v", known, data, err)
		}
	}
	queue := t.TempDir()
	other := example()
	other.Epoch++
	for _, h := range []Handoff{example(), other, example()} {
		if _, _, err := Put(queue, h); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, queue); len(got) != 2 {
		t.Errorf("two handoffs, one put twice: %v", got)
	}
}

// Whoever watches the folder sees whole files under their names, nothing half written.
func TestWatchersSeeWholeFiles(t *testing.T) {
	queue := t.TempDir()
	const handoffs = 50
	var writers sync.WaitGroup
	for range 2 { // both put all, so most are put at the same time
		writers.Go(func() {
			for epoch := range handoffs {
				h := example()
				h.Epoch = epoch
				if _, _, err := Put(queue, h); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		matches, err := filepath.Glob(filepath.Join(queue, NewDir, "handoff_*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range matches {
			var h Handoff
			data, err := os.ReadFile(path)
			if err == nil {
				err = json.Unmarshal(data, &h)
			}
			if err != nil || filepath.Base(path) != FileName(h.ID) {
				t.Fatalf("%s: %v:\n%s", path, err, data)
			}
		}
	}
	if got := list(t, queue); len(got) != handoffs {
		t.Errorf("%d files for %d handoffs: %v", len(got), handoffs, got)
	}
}

func TestBadHandoffs(t *testing.T) {
	for want, change := range map[string]func(*Handoff){
		"expected 64 lower-case hex": func(h *Handoff) { h.CandidateID = "../../etc" },
		"no reason":                  func(h *Handoff) { h.Reason = "" },
		"seed -1, expected 0 to":     func(h *Handoff) { h.Seed = -1 },
		"handoff_id 12":              func(h *Handoff) { h.ID = "12" },
		"schema_version 2":           func(h *Handoff) { h.SchemaVersion = 2 },
		"NaN":                        func(h *Handoff) { h.Metrics.Fitness = math.NaN() },
	} {
		queue := filepath.Join(t.TempDir(), "queue")
		h := example()
		change(&h)
		if _, _, err := Put(queue, h); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
		if _, err := os.Stat(queue); err == nil {
			t.Errorf("%s: the queue was created", want)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Put(file, example()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a queue that is a file: %v", err)
	}
}

// list returns the files of a queue, hidden ones included.
func list(t *testing.T, queue string) (out []string) {
	t.Helper()
	for _, dir := range []string{NewDir, WorkDir, ProcessedDir} {
		entries, err := os.ReadDir(filepath.Join(queue, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}
