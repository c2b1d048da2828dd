package compare

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"toolgen/analysis"
	"toolgen/datasets"
)

// contestantRow is a candidate in a made-up run, with what a test is about; the rest has
// values that let it pass.
type contestantRow struct {
	seed    int64
	spec    string
	style   string // "" for an entrant, whose label is then its id
	id      string
	fitness float64
	ms      float64 // 0 is null
	peak    int64   // in MiB; 0 is 8

	infeasible, flaky, unbuilt bool
	epoch                      int32  // in which it came and lived
	handoff                    string // an outcome; "" is no handoff
	wall                       []int64
	host                       string // "" is "one"; "one,two" take turns
}

// folder is a made-up run.
type folder struct {
	rows     []contestantRow
	seeds    []int64                    // nil: those of the rows
	identity func(*datasets.Identity)   // changes it
	manifest func(m map[string]any)     // changes it
	evaluate func(*datasets.Evaluation) // changes rows
}

const fuelPerMS = 10_000_000

// write writes the folder of a run with the tables' own writers.
func (f folder) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	seeds := slices.Clone(f.seeds)
	if seeds == nil {
		for _, r := range f.rows {
			seeds = append(seeds, r.seed)
		}
	}
	slices.Sort(seeds)
	seeds = slices.Compact(seeds)
	manifest := map[string]any{
		"name": "made", "epochs": 5, "fuel_per_ms": fuelPerMS, "seeds": seeds,
		"budget": map[string]any{
			"timeout_ms": map[string]any{"from": 2000, "to": 1000}, "memory_mib": map[string]any{"from": 128, "to": 64}, "over_epochs": 4,
		},
		"fitness_weights": map[string]any{"correctness": 0.4, "safety": 0.25, "performance": 0.15, "robustness": 0.1, "documentation": 0.1},
	}
	if f.manifest != nil {
		f.manifest(manifest)
	}
	text, err := json.Marshal(manifest)
	check(t, err)
	id := datasets.Identity{
		Semantics: 1, Manifest: text, Seeds: seeds, Specs: map[string]datasets.SpecDigests{},
		Toolchain: datasets.Toolchain{Go: "go1.26.8", Wasmtime: "44.0.0", Settings: "nan=canonical"},
		FuelModel: "instructions", Schemas: datasets.SchemaVersions(), Inputs: map[string]string{},
	}
	for _, r := range f.rows {
		id.Specs[r.spec] = datasets.SpecDigests{TaskDigest: digest(r.spec + " task"), StylesDigest: digest(r.spec + " styles")}
	}
	if f.identity != nil {
		f.identity(&id)
	}
	meta, err := id.Meta()
	check(t, err)
	var evaluations []datasets.Evaluation
	var candidates []datasets.Candidate
	var handoffs []datasets.Handoff
	var samples []datasets.Sample
	for i, r := range f.rows {
		e := datasets.Evaluation{
			RunID: meta.RunID, Experiment: "made", Seed: r.seed, Epoch: r.epoch, Slot: int32(i), Spec: r.spec, CandidateID: r.id,
			Origin: datasets.OriginInitial, Verdict: datasets.VerdictPass, Feasible: true, BaseFitness: r.fitness, Fitness: r.fitness,
			Correctness: 1, Safety: 1, Documentation: 1, Stability: 1, BudgetTimeoutMS: 1000, BudgetMemoryBytes: 64 << 20, Batch: ptr("batch"),
			PeakMemoryBytes: ptr(max(r.peak, 1) * 8 << 20),
		}
		if r.peak > 0 {
			e.PeakMemoryBytes = ptr(r.peak << 20)
		}
		if r.style != "" {
			e.Style = ptr(r.style)
		} else {
			e.Label = ptr(r.id)
		}
		if r.ms > 0 {
			e.VirtualMS, e.Fuel, e.Performance = ptr(r.ms), ptr(int64(r.ms*fuelPerMS)), ptr(min(1, 1000/r.ms))
		}
		switch {
		case r.flaky:
			e.Verdict, e.Feasible, e.Stability, e.FlakeCase = datasets.VerdictFlaky, false, 0.5, ptr("case")
		case r.unbuilt:
			e.Verdict, e.Feasible, e.Batch, e.PeakMemoryBytes = datasets.VerdictBuildError, false, nil, nil
		case r.infeasible:
			e.Verdict, e.Feasible = datasets.VerdictWrongOutput, false
		}
		if f.evaluate != nil {
			f.evaluate(&e)
		}
		evaluations = append(evaluations, e)
		first := e.Epoch
		if at := slices.IndexFunc(candidates, func(c datasets.Candidate) bool { return c.Seed == e.Seed && c.CandidateID == e.CandidateID }); at >= 0 {
			first = candidates[at].FirstEpoch // it lives on: the last row says how it ends
			candidates = slices.Delete(candidates, at, at+1)
		}
		candidates = append(candidates, datasets.Candidate{
			RunID: e.RunID, Experiment: e.Experiment, Seed: e.Seed, CandidateID: e.CandidateID, Spec: e.Spec, Style: e.Style,
			Params: "{}", Edits: "[]", Origin: e.Origin, FirstEpoch: first, Source: "package tool", License: "MIT",
			FinalVerdict: e.Verdict, FinalCorrectness: e.Correctness, FinalBaseFitness: e.BaseFitness, FinalFeasible: e.Feasible,
		})
		if r.handoff != "" {
			handoffs = append(handoffs, datasets.Handoff{
				RunID: e.RunID, Experiment: e.Experiment, Seed: e.Seed, HandoffID: fmt.Sprint(i), Epoch: e.Epoch, Spec: e.Spec, Style: e.Style,
				CandidateID: e.CandidateID, Reason: datasets.ReasonIncorrect, Agent: "baseline", Outcome: r.handoff,
			})
		}
		host := r.host
		if host == "" {
			host = "one"
		}
		hosts := strings.Split(host, ",")
		for n, wall := range r.wall {
			samples = append(samples, datasets.Sample{
				RunID: e.RunID, Experiment: e.Experiment, Seed: e.Seed, CandidateID: e.CandidateID, Sample: int32(n), WallNS: wall, Fuel: 1, Host: hosts[n%len(hosts)],
			})
		}
	}
	tables := map[string]datasets.TableInfo{}
	for _, sub := range []string{"data", "observed"} {
		check(t, os.Mkdir(filepath.Join(dir, sub), 0o777))
	}
	table(t, datasets.Evaluations, dir, evaluations, meta, tables)
	table(t, datasets.Candidates, dir, candidates, meta, tables)
	table(t, datasets.Handoffs, dir, handoffs, meta, tables)
	table(t, datasets.Cases, dir, nil, meta, tables)
	table(t, datasets.SBOMs, dir, nil, meta, tables)
	table(t, datasets.Samples, dir, samples, meta, nil)
	lock, err := datasets.NewLock(id, datasets.Platform{GOOS: "linux", GOARCH: "amd64"}, tables)
	check(t, err)
	data, err := lock.Marshal()
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, datasets.LockFile), data, 0o666))
	return dir
}

func table[T any](t testing.TB, table *datasets.Table[T], dir string, rows []T, meta datasets.Meta, infos map[string]datasets.TableInfo) {
	t.Helper()
	table.Sort(rows)
	info, err := table.WriteFile(filepath.Join(dir, table.Dir, table.Name+".parquet"), rows, meta)
	check(t, err)
	if infos != nil {
		infos[table.Name] = info
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// openRuns opens folders.
func openRuns(t testing.TB, dirs ...string) []*datasets.Run {
	t.Helper()
	var runs []*datasets.Run
	for _, dir := range dirs {
		r, err := datasets.OpenRun(dir)
		check(t, err)
		runs = append(runs, r)
	}
	return runs
}

// read reads made-up runs as one experiment.
func read(t testing.TB, name string, folders ...folder) *Experiment {
	t.Helper()
	var dirs []string
	for _, f := range folders {
		dirs = append(dirs, f.write(t))
	}
	x, err := Read(name, openRuns(t, dirs...), ReadOptions{Timings: true})
	check(t, err)
	return x
}

// twoStyles are seeds of a spec whose styles take these times, under each seed a little
// more than under the one before.
func twoStyles(seeds []int64, set, trie float64) []contestantRow {
	var out []contestantRow
	for _, s := range seeds {
		more := 1 + float64(s)/100
		out = append(out,
			contestantRow{seed: s, spec: "flatten", style: "set", id: fmt.Sprintf("set%d", s), fitness: 0.9, ms: set * more},
			contestantRow{seed: s, spec: "flatten", style: "trie", id: fmt.Sprintf("trie%d", s), fitness: 0.8, ms: trie * more},
		)
	}
	return out
}

func seedsTo(n int64) []int64 { return seedsFrom(1, n) }

func seedsFrom(a, b int64) []int64 {
	var out []int64
	for s := a; s <= b; s++ {
		out = append(out, s)
	}
	return out
}

// everything is the filter that keeps all.
var everything analysis.Filter

// line is a row on one line, for messages.
func line(parts ...any) string { return strings.TrimSuffix(fmt.Sprintln(parts...), "\n") }
