package analysis

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"

	"toolgen/datasets"
)

func mustBench(t *testing.T, runs []*Run, f Filter) []Benchmark {
	t.Helper()
	list, err := Bench(runs, f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Spec a plays from epoch 0 to 40, spec b from 6 to 39: b's first and last figures are
// those under the manifest's first and last budget all the same.
func TestBench(t *testing.T) {
	r := makeRun("g", []row{
		{1, 0, "a", "set", "a-fit-but-wrong", 1, false, 1, 1, "wrong_output", 2000},
		{1, 0, "a", "set", "a-good", 0.95, true, 40, 1, "", 2000},
		{1, 0, "a", "trie", "a-slower", 0.95, true, 50, 1, "", 2000},
		{1, 20, "a", "trie", "a-in-between", 0.99, true, 1, 1, "", 1500},
		{1, 40, "a", "trie", "a-good", 0.95, true, 40, 1, "", 1000},
		{1, 40, "a", "trie", "a-late", 0.97, true, 30, 1, "", 1000},
		{1, 6, "b", "set", "b-only", 0.985, true, 2000, 1, "", 1850},
		{1, 39, "b", "set", "b-only", 0.9, true, 2000, 1, "", 1025},
	}, map[string]float64{"a-good": 0.96, "a-late": 0.955, "b-only": 0.925})
	got := mustBench(t, []*Run{r}, Filter{})
	want := []Benchmark{
		{Experiment: "exp", Spec: "a", At: First, Epoch: 0, Seed: p(int64(1)), CandidateID: p("a-good"), Style: p("set"),
			VirtualMS: p(40.0), PeakMemoryBytes: p(int64(1)), BudgetTimeoutMS: 2000, BaseFitness: p(0.95)},
		{Experiment: "exp", Spec: "a", At: Last, Epoch: 40, Seed: p(int64(1)), CandidateID: p("a-good"), Style: p("trie"),
			VirtualMS: p(40.0), PeakMemoryBytes: p(int64(1)), BudgetTimeoutMS: 1000, BaseFitness: p(0.96)},
		// Under 2000 ms a tool of 2000 ms has performance 1 (1850/2000 = 0.925 was recorded).
		// Robustness is null, so the weights 0.4 + 0.25 + 0.15 + 0.1 are scaled: all parts are 1.
		{Experiment: "exp", Spec: "b", At: First, Epoch: 6, Seed: p(int64(1)), CandidateID: p("b-only"), Style: p("set"),
			VirtualMS: p(2000.0), PeakMemoryBytes: p(int64(1)), BudgetTimeoutMS: 2000, BaseFitness: p(1.0)},
		{Experiment: "exp", Spec: "b", At: Last, Epoch: 39, Seed: p(int64(1)), CandidateID: p("b-only"), Style: p("set"),
			VirtualMS: p(2000.0), PeakMemoryBytes: p(int64(1)), BudgetTimeoutMS: 1000, BaseFitness: p(0.925)},
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if f := got[i].BaseFitness; f != nil && math.Abs(*f-*want[i].BaseFitness) < 1e-12 {
			got[i].BaseFitness = want[i].BaseFitness
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("row %d:\ngot  %+v\nwant %+v", i, got[i], want[i])
		}
	}
	for seed := range uint64(10) {
		if again := mustBench(t, []*Run{shuffled(r, seed)}, Filter{}); again[1].CandidateID == nil || *again[1].CandidateID != "a-good" || *again[0].CandidateID != "a-good" {
			t.Errorf("rows shuffled by %d change the best: %+v", seed, again)
		}
	}
	if got := mustBench(t, []*Run{r}, Filter{Specs: []string{"b"}}); len(got) != 2 || got[0].Spec != "b" {
		t.Errorf("--spec b: %+v", got)
	}
}

// With nobody feasible the row is there, and null.
func TestBenchWithoutFeasible(t *testing.T) {
	r := makeRun("g", []row{
		{1, 3, "a", "set", "x", 1, false, 1, 1, "wrong_output", 2000},
		{2, 5, "a", "set", "x", 1, false, 1, 1, "wrong_output", 1900},
	}, nil)
	want := []Benchmark{
		{Experiment: "exp", Spec: "a", At: First, Epoch: 3, BudgetTimeoutMS: 2000},
		{Experiment: "exp", Spec: "a", At: Last, Epoch: 5, BudgetTimeoutMS: 1000},
	}
	if got := mustBench(t, []*Run{r}, Filter{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

// Seeds that end at different epochs each have a last one; the best of them all counts.
func TestBenchOverSeeds(t *testing.T) {
	a := makeRun("g", []row{{1, 0, "s", "set", "x", 0.5, true, 9, 1, "", 2000}, {1, 40, "s", "set", "y", 0.6, true, 9, 1, "", 1000}}, nil)
	b := makeRun("g", []row{{2, 0, "s", "set", "z", 0.5, true, 8, 1, "", 2000}, {2, 12, "s", "set", "z", 0.7, true, 8, 1, "", 1700}}, nil)
	for _, runs := range [][]*Run{{a, b}, {b, a}} {
		got := mustBench(t, runs, Filter{})
		if len(got) != 2 || *got[0].CandidateID != "z" || *got[0].Seed != 2 || *got[1].CandidateID != "z" || got[1].Epoch != 12 {
			t.Errorf("got %+v", got)
		}
	}
}

func TestBenchRefusesPartialRuns(t *testing.T) {
	if _, err := Bench([]*Run{{Partial: true}}, Filter{}); !errors.Is(err, datasets.ErrPartial) {
		t.Errorf("error %v, want ErrPartial", err)
	}
}

// Annealing of data.md: 2000 - 1000k over 40 epochs.
func TestRules(t *testing.T) {
	manifest := func(epochs, over int) json.RawMessage {
		m := map[string]any{
			"name": "n", "epochs": epochs, "fuel_per_ms": 10_000_000,
			"budget":          map[string]any{"timeout_ms": map[string]any{"from": 2000, "to": 1000}, "over_epochs": over},
			"fitness_weights": map[string]any{"correctness": 0.4, "safety": 0.25, "performance": 0.15, "robustness": 0.1, "documentation": 0.1},
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for _, test := range []struct {
		epochs, over int
		first, last  float64
	}{
		{41, 40, 2000, 1000}, {11, 40, 2000, 1750}, {31, 40, 2000, 1250}, {100, 40, 2000, 1000}, {1, 0, 1000, 1000},
	} {
		name, rules, err := readRules(manifest(test.epochs, test.over))
		if err != nil || name != "n" || rules.FirstTimeoutMS != test.first || rules.LastTimeoutMS != test.last || rules.Weights.Safety != 0.25 {
			t.Errorf("%d epochs over %d: %+v %v, want %v and %v", test.epochs, test.over, rules, err, test.first, test.last)
		}
	}
	for _, bad := range []string{`[]`, `{}`, `{"epochs":0}`, `{"epochs":3,"budget":{}}`} {
		if _, _, err := readRules(json.RawMessage(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
