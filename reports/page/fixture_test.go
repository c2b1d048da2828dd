package page

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"toolgen/datasets"
)

func p[T any](v T) *T { return &v }

// shape says what a run in a test is like.
type shape struct {
	name       string // of the experiment
	specs      []string
	styles     []string
	epochs     int
	perEpoch   int
	source     func(id int) string
	input, got string // of failing cases
	trap       string
	feasible   func(epoch, slot int) bool
}

// tame is a run in which nothing is out of the ordinary.
func tame() shape {
	return shape{
		name: "tame", specs: []string{"alpha", "beta"}, styles: []string{"set", "trie", "lsh"}, epochs: 4, perEpoch: 6,
		source: func(id int) string {
			return fmt.Sprintf("// Package tool is candidate %d.\npackage tool\n\nvar n = %d\n", id, id)
		},
		input: "a\nb\n", got: "b",
		feasible: func(_, slot int) bool { return slot != 5 },
	}
}

// write makes a run folder of a shape, and returns it.
func (s shape) write(t *testing.T, dir string) string {
	t.Helper()
	hash := func(parts ...any) string {
		return strings.Repeat(fmt.Sprintf("%08x", crc32.ChecksumIEEE(fmt.Appendln(nil, parts...))), 8)
	}
	id := datasets.Identity{
		Semantics: 1,
		Inputs:    map[string]string{},
		Specs:     map[string]datasets.SpecDigests{},
		Seeds:     []int64{1},
		Toolchain: datasets.Toolchain{Go: "go1.26.8", Wasmtime: "44.0.0", Settings: "metering=1"},
		FuelModel: "instructions", Schemas: datasets.SchemaVersions(),
	}
	manifest, err := json.Marshal(map[string]any{
		"name": s.name, "epochs": s.epochs, "seeds": []int{1}, "fuel_per_ms": 1000,
		"budget":          map[string]any{"timeout_ms": map[string]any{"from": 200, "to": 100}, "over_epochs": 40},
		"fitness_weights": map[string]any{"correctness": 0.4, "safety": 0.25, "performance": 0.15, "robustness": 0.1, "documentation": 0.1},
	})
	if err != nil {
		t.Fatal(err)
	}
	id.Manifest = manifest
	for _, spec := range s.specs {
		id.Specs[spec] = datasets.SpecDigests{TaskDigest: hash("task", spec), StylesDigest: hash("styles", spec)}
	}
	meta, err := id.Meta()
	if err != nil {
		t.Fatal(err)
	}
	var evaluations []datasets.Evaluation
	var candidates []datasets.Candidate
	var cases []datasets.CaseRow
	var handoffs []datasets.Handoff
	var sboms []datasets.SBOMComponent
	var samples []datasets.Sample
	n := 0
	for epoch := range s.epochs {
		for _, spec := range s.specs {
			var before *string
			for slot := range s.perEpoch {
				n++
				cand, style := hash(spec, epoch, slot), s.styles[slot%len(s.styles)]
				feasible, verdict, base := s.feasible(epoch, slot), datasets.VerdictPass, 1.0
				if !feasible {
					verdict, base = datasets.VerdictWrongOutput, 0.8
				}
				ms := float64(1+slot) * 10 / float64(1+epoch)
				evaluations = append(evaluations, datasets.Evaluation{
					RunID: meta.RunID, Experiment: s.name, Seed: 1, Epoch: int32(epoch), Slot: int32(slot), Spec: spec, Style: &style, CandidateID: cand,
					Origin: datasets.OriginInitial, Verdict: verdict, Correctness: base, Safety: 1, Robustness: p(1.0), Documentation: 1, Performance: p(1.0), Stability: 1,
					BaseFitness: base, Fitness: base + 0.001*float64(slot), CasesTotal: 10, CasesPassed: int32(10 * base), Fuel: p(int64(ms * 1000)), FuelP10: p(int64(ms * 1000)), FuelP90: p(int64(ms * 1000)),
					VirtualMS: &ms, PeakMemoryBytes: p(int64(slot+1) << 20), SourceBytes: 100, BudgetTimeoutMS: 200 - float64(epoch), BudgetMemoryBytes: 1 << 27,
					Feasible: feasible, Violation: 1 - base,
				})
				c := datasets.Candidate{
					RunID: meta.RunID, Experiment: s.name, Seed: 1, CandidateID: cand, Spec: spec, Style: &style, Params: "{}", Edits: "[]", Origin: datasets.OriginInitial,
					FirstEpoch: int32(epoch), Source: s.source(n), SourceBytes: 100, License: "MIT", FinalVerdict: verdict, FinalCorrectness: base, FinalBaseFitness: base, FinalFeasible: feasible,
				}
				if before != nil {
					c.Origin, c.ParentIDs = datasets.OriginEdit, []string{*before}
				}
				before = &cand
				candidates = append(candidates, c)
				for k := range 3 {
					samples = append(samples, datasets.Sample{RunID: meta.RunID, Experiment: s.name, Seed: 1, CandidateID: cand, Sample: int32(k), WallNS: int64(ms * 1.5e6), Fuel: int64(ms * 1000), Host: "here"})
				}
				sboms = append(sboms, datasets.SBOMComponent{RunID: meta.RunID, Experiment: s.name, Seed: 1, CandidateID: cand, SerialNumber: "urn:uuid:" + cand[:8], BOMRef: "lib", Type: "library", Name: "strings", Version: "1.26.8", License: p("BSD-3-Clause")})
				if feasible {
					continue
				}
				k := datasets.CaseRow{
					RunID: meta.RunID, Experiment: s.name, Seed: 1, CandidateID: cand, Spec: spec, CaseID: hash("case"), Kind: datasets.KindSearch, Verdict: verdict,
					Input: []byte(s.input), InputBytes: int64(len(s.input)), Expected: []byte("b\na\n"), ExpectedBytes: p(int64(4)), Got: []byte(s.got), GotBytes: p(int64(len(s.got))),
				}
				if s.trap != "" {
					k.Trap, k.Error = &s.trap, &s.trap
				}
				cases = append(cases, k)
				h := datasets.Handoff{
					RunID: meta.RunID, Experiment: s.name, Seed: 1, HandoffID: hash("handoff", cand), Epoch: int32(epoch), Spec: spec, Style: &style, CandidateID: cand,
					Reason: datasets.ReasonIncorrect, Correctness: base, Fitness: base, FailingCases: 1, Agent: "internal", Outcome: datasets.OutcomeNotAttempted,
				}
				if epoch%2 == 0 {
					h.Outcome, h.PatchesTried, h.PatchesPlausible = datasets.OutcomeRepaired, 7, 1
					h.Patch = p("--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new " + s.input + "\n")
					h.ChallengerID = p(hash("challenger", cand))
				}
				handoffs = append(handoffs, h)
			}
		}
	}
	for _, d := range []string{"data", "observed"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r := &datasets.Run{Dir: dir}
	tables := map[string]datasets.TableInfo{}
	put(t, r, datasets.Evaluations, evaluations, meta, tables)
	put(t, r, datasets.Candidates, candidates, meta, tables)
	put(t, r, datasets.Cases, cases, meta, tables)
	put(t, r, datasets.Handoffs, handoffs, meta, tables)
	put(t, r, datasets.SBOMs, sboms, meta, tables)
	put(t, r, datasets.Samples, samples, meta, map[string]datasets.TableInfo{})
	lock, err := datasets.NewLock(id, datasets.Platform{GOOS: "linux", GOARCH: "amd64"}, tables)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(lock)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, datasets.LockFile), data, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func put[T any](t *testing.T, r *datasets.Run, table *datasets.Table[T], rows []T, meta datasets.Meta, tables map[string]datasets.TableInfo) {
	t.Helper()
	table.Sort(rows)
	info, err := table.WriteFile(r.Path(table.Schema), rows, meta)
	if err != nil {
		t.Fatal(err)
	}
	tables[table.Name] = info
}

// build makes the report of runs in folders.
func build(t *testing.T, dirs ...string) []File {
	t.Helper()
	o := Options{Out: "site"}
	for _, dir := range dirs {
		run, err := datasets.OpenRun(dir)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Read(run, filepath.Base(dir))
		if err != nil {
			t.Fatal(err)
		}
		r.Link = "../" + filepath.Base(dir)
		o.Runs = append(o.Runs, r)
	}
	files, err := Build(o)
	if err != nil {
		t.Fatal(err)
	}
	return files
}
