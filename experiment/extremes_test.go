package experiment

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"toolgen/datasets"
	"toolgen/pipeline/build"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
)

// puppetPlay is an input of the puppet (pipeline/sandbox/puppet_test.go says how it is
// spelled): a few host calls with extreme arguments, from a store of what they point to.
func puppetPlay(random *rand.Rand) []byte {
	extremes := []uint64{
		0, 1, 2, 8, 48, 255, 65_535, 65_536, 1 << 20, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<53 - 1, 1 << 53, 1<<63 - 1, 1 << 63, math.MaxUint64,
	}
	const store, grow, output = 200, 202, 204
	var play []byte
	record := func(what byte, args ...uint64) {
		r := append([]byte{what}, make([]byte, 79)...)
		for i, v := range args {
			binary.LittleEndian.PutUint64(r[8+8*i:], v)
		}
		play = append(play, r...)
	}
	if random.IntN(8) == 0 {
		record(grow, 300)
		record(output, evaluate.OutputCap+1)
	}
	for range random.IntN(12) {
		what := byte(random.IntN(46)) // more than there are host functions is nothing
		if random.IntN(2) == 0 {
			what = store + byte(random.IntN(5))
		}
		args := make([]uint64, 9)
		for i := range args {
			if args[i] = 8 * random.Uint64N(8); random.IntN(2) == 0 {
				args[i] = extremes[random.IntN(len(extremes))]
			}
		}
		record(what, args...)
	}
	return play
}

// TestExtremesReachTheTables takes guests that do their worst through measurement and
// judgement to the writers of the tables: whatever they do, no row is refused, and no
// number is beyond what its column promises.
func TestExtremesReachTheTables(t *testing.T) {
	env := newEnv(t, EnvOptions{})
	spec, err := FindSpec("text_deduplicate", nil)
	if err != nil {
		t.Fatal(err)
	}
	x := mustLoad(t, LoadOptions{Manifest: "determinism"})
	wasm, err := os.ReadFile("../pipeline/sandbox/testdata/puppet.wasm")
	if err != nil {
		t.Fatal(err)
	}
	engine, err := isolate.NewHost(2).NewEngine(isolate.Optimizing)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	module, err := engine.Compile(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	defer module.Close()
	source := tool("", "return input, nil")
	subject := evaluate.Subject{Batch: "batch", Source: []byte(source), Module: module}
	if subject.Report, err = env.builder.Inspect(t.Context(), build.Tool, sourceFiles(subject.Source)); err != nil || subject.Report.Verdict != "" {
		t.Fatal(err, subject.Report)
	}

	random := rand.New(rand.NewPCG(10, 4))
	var tables Tables
	verdicts := map[string]int{}
	kinds := []string{testgen.Search, testgen.Search, testgen.Robustness, testgen.Validate, testgen.Holdout}
	for n := range 120 {
		// From the smallest budget that a manifest may have to the largest.
		opt := []evaluate.Options{
			{FuelPerMS: 1, TimeoutMS: 100_000}, {FuelPerMS: 10_000_000, TimeoutMS: 2000},
			{FuelPerMS: 1 << 52, TimeoutMS: 1}, {FuelPerMS: 1 << 31, TimeoutMS: 1 << 21}, {FuelPerMS: 1, TimeoutMS: 1},
		}[n%5]
		opt.MemoryBytes, opt.Reruns, opt.Host = 32<<20, 1, "here"
		subject.ID = fmt.Sprintf("%064x", n)
		subject.Empty = []*isolate.Module{nil, module}[n%2] // which it is held against
		suite := &testgen.Suite{Spec: spec.ID, Seed: 1, Compare: spec.Compare, Digest: subject.ID}
		for i, kind := range kinds {
			suite.Cases = append(suite.Cases, testgen.Case{ID: fmt.Sprintf("%064x", i), Kind: kind, Input: puppetPlay(random), HasWant: true, WantError: i == 1})
		}
		suite.Bench = &testgen.Bench{Case: testgen.Case{Input: puppetPlay(random), HasWant: true}, Samples: 3}
		m, err := evaluate.Measure(t.Context(), subject, suite, nil, opt)
		if err != nil {
			t.Fatalf("subject %d: %v", n, err)
		}
		generous := evaluate.Budget{TimeoutMS: opt.TimeoutMS, MemoryBytes: opt.MemoryBytes, FuelPerMS: opt.FuelPerMS}
		tight := evaluate.Budget{TimeoutMS: 1 / float64(opt.FuelPerMS), MemoryBytes: []int64{1 << 16, opt.MemoryBytes}[n%2], FuelPerMS: opt.FuelPerMS}
		c := &contestant{id: subject.ID, spec: spec.ID, source: source, origin: datasets.OriginEntrant, m: m, met: []evaluate.Budget{generous, tight}}
		c.final = evaluate.Judge(m, suite, tight)
		c.finalBase = evaluate.BaseFitness(&c.final, x.weights)
		for epoch, b := range c.met {
			s := &slot{c: c, ev: evaluate.Judge(m, suite, b)}
			s.Slot.Slot, s.Origin = n, c.origin
			s.base = evaluate.BaseFitness(&s.ev, x.weights)
			row := x.evaluationRow(s, suite.Seed, epoch, b)
			verdicts[row.Verdict]++
			checkEvaluation(t, n, &row)
			tables.Evaluations = append(tables.Evaluations, row)
		}
		candidate, err := x.candidateRow(suite.Seed, &specState{spec: spec}, c)
		if err != nil {
			t.Fatal(err)
		}
		tables.Candidates = append(tables.Candidates, candidate)
		tables.Cases = append(tables.Cases, x.caseRows(suite.Seed, suite, c)...)
		tables.Samples = append(tables.Samples, sampleRows(suite.Seed, c)...)
		if sum := spent(m); sum < 0 || sum > sandbox.MaxFuel {
			t.Errorf("subject %d: %d units in all", n, sum)
		}
	}
	t.Logf("verdicts %v", verdicts)
	for _, v := range []string{evaluate.Trap, evaluate.Timeout, evaluate.OutOfMemory, evaluate.OutputFlood, evaluate.WrongOutput} {
		if verdicts[v] == 0 {
			t.Errorf("no subject ends as %s: the test has lost its subject", v)
		}
	}
	if err := tables.sort(); err != nil {
		t.Fatal(err)
	}
	meta := datasets.Meta{RunID: fmt.Sprintf("%064x", 1), Identity: []byte("{}")}
	tables.stamp(meta.RunID, x.Manifest.Name)
	for i := range tables.Samples {
		tables.Samples[i].RunID, tables.Samples[i].Experiment = meta.RunID, x.Manifest.Name
	}
	for name, write := range map[string]func() (datasets.TableInfo, error){
		"evaluations": func() (datasets.TableInfo, error) {
			return datasets.Evaluations.Write(io.Discard, tables.Evaluations, meta)
		},
		"candidates": func() (datasets.TableInfo, error) {
			return datasets.Candidates.Write(io.Discard, tables.Candidates, meta)
		},
		"cases":   func() (datasets.TableInfo, error) { return datasets.Cases.Write(io.Discard, tables.Cases, meta) },
		"samples": func() (datasets.TableInfo, error) { return datasets.Samples.Write(io.Discard, tables.Samples, meta) },
	} { // any order: each is for itself
		if info, err := write(); err != nil || info.Rows == 0 {
			t.Errorf("%s: %d rows, %v", name, info.Rows, err)
		}
	}
}

// checkEvaluation holds a row against the rules of its columns.
func checkEvaluation(t *testing.T, n int, row *datasets.Evaluation) {
	t.Helper()
	for name, v := range map[string]*float64{
		"correctness": &row.Correctness, "safety": &row.Safety, "documentation": &row.Documentation, "stability": &row.Stability,
		"base_fitness": &row.BaseFitness, "robustness": row.Robustness, "performance": row.Performance,
		"validate_correctness": row.ValidateCorrectness, "holdout_correctness": row.HoldoutCorrectness,
	} { // any order: each is for itself
		if v != nil && !(*v >= 0 && *v <= 1) {
			t.Errorf("subject %d: %s %v", n, name, *v)
		}
	}
	if !(row.Violation >= 0 && row.Violation <= 1<<53) {
		t.Errorf("subject %d: violation %v", n, row.Violation)
	}
	for name, v := range map[string]*int64{"fuel": row.Fuel, "fuel_p10": row.FuelP10, "fuel_p90": row.FuelP90} { // any order: each is for itself
		if v != nil && (*v < 0 || *v > sandbox.MaxFuel) {
			t.Errorf("subject %d: %s %d", n, name, *v)
		}
	}
	if v := row.VirtualMS; v != nil && !(*v >= 0 && *v <= sandbox.MaxFuel) {
		t.Errorf("subject %d: virtual_ms %v", n, *v)
	}
	if v := row.PeakMemoryBytes; v != nil && (*v < 0 || *v > 4<<30) {
		t.Errorf("subject %d: peak_memory_bytes %d", n, *v)
	}
}
