package analysis

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"toolgen/analysis/pareto"
	"toolgen/datasets"
)

func objectives(t *testing.T, names ...string) []Objective {
	t.Helper()
	var out []Objective
	for _, n := range names {
		o, err := ParseObjective(n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

// In the plane of time (best 10, worst 50) and fitness (best 0.9, worst 0.5) the box is
// 40 by 0.4. "quick" is at its best time with the worst fitness, "fit" at the best
// fitness with time 40, "knee" at (20, 0.8), "slow" worst in time. Scaled, best 0 and
// worst 1: quick (0, 1), knee (0.25, 0.25), fit (0.75, 0).
// Hypervolume: (1-0.25)(1-0.25) + (1-0.75)(0.25-0) = 0.5625 + 0.0625 = 0.625.
// Epoch 0 has quick (no area) and slow (1, 0.5) (none): 0.
// Scaled to the front itself, 10..40 and 0.5..0.9: knee is (1/3, 1/4), off the line by
// 1 - 7/12. From quick: 1/3 lost for 3/4 gained = 4/9. From knee: to fit 2/3 lost for 1/4
// = 8/3, to quick 3/4 for 1/3 = 9/4. From fit: to knee 1/4 for 2/3 = 3/8.
func TestParetoFronts(t *testing.T) {
	r := makeRun("g", []row{
		{1, 0, "s", "set", "quick", 0.5, true, 10, 1, "", 0},
		{1, 0, "s", "set", "slow", 0.7, true, 50, 1, "", 0},
		{1, 1, "s", "trie", "knee", 0.8, true, 20, 1, "", 0},
		{1, 1, "s", "trie", "wrong", 1, false, 1, 1, "wrong_output", 0},
		{1, 2, "s", "trie", "untimed", 1, true, 0, 1, "", 0},
		{1, 2, "s", "", "fit", 0.9, true, 40, 1, "", 0},
		{1, 2, "s", "trie", "knee", 0.8, true, 20, 1, "", 0},
		{1, 0, "other", "set", "alone", 0.3, true, 5, 1, "", 0},
	}, nil)
	got := ParetoFronts([]*Run{r}, Filter{}, objectives(t, "virtual_ms:min", "fitness:max"))
	near(t, "hypervolume", got.Summaries[1].Hypervolume, 0.625)
	got.Summaries[1].Hypervolume = nil
	wantSummaries := []FrontSummary{
		{Experiment: "exp", Spec: "other", Candidates: 1, OnFront: 1, Ideal: []float64{5, 0.3}, Nadir: []float64{5, 0.3}},
		{Experiment: "exp", Spec: "s", Candidates: 4, LeftOut: 1, OnFront: 3, Ideal: []float64{10, 0.9}, Nadir: []float64{50, 0.5}},
	}
	if !reflect.DeepEqual(got.Summaries, wantSummaries) {
		t.Errorf("summaries\n%+v\nwant\n%+v", got.Summaries, wantSummaries)
	}
	var points []string
	for _, p := range got.Points {
		trade := math.NaN()
		if p.Tradeoff != nil {
			trade = *p.Tradeoff
		}
		points = append(points, fmt.Sprintf("%s %s%s %d %v %v %.4f", p.CandidateID, deref(p.Style), deref(p.Label), p.Epoch, p.Values, p.Knee, trade))
	}
	want := `alone set 0 [5 0.3] true NaN
quick set 0 [10 0.5] false 0.4444
knee trie 2 [20 0.8] true 2.2500
fit fit 2 [40 0.9] false 0.3750`
	if s := strings.Join(points, "\n"); s != want {
		t.Errorf("points\n%s\nwant\n%s", s, want)
	}
	var growth []string
	for _, x := range got.Growth {
		line := fmt.Sprintf("%s %d %d", x.Spec, x.Epoch, x.OnFront)
		if x.Hypervolume != nil {
			line += fmt.Sprintf(" %.4f %.4f", *x.Hypervolume, *x.EpochOnly)
		}
		growth = append(growth, line)
	}
	// Epoch 1 alone has knee only: 0.75 * 0.75. So far, quick and slow add nothing to it.
	if s, want := strings.Join(growth, "\n"), "other 0 1\ns 0 2 0.0000 0.0000\ns 1 2 0.5625 0.5625\ns 2 3 0.6250 0.6250"; s != want {
		t.Errorf("growth\n%s\nwant\n%s", s, want)
	}
	for seed := range uint64(10) {
		if again := ParetoFronts([]*Run{shuffled(r, seed)}, Filter{}, got.Objectives); !reflect.DeepEqual(again.Points, got.Points) || !reflect.DeepEqual(again.Growth, got.Growth) {
			t.Fatalf("rows shuffled by %d change the answer", seed)
		}
	}
	if got := ParetoFronts([]*Run{r}, Filter{Styles: []string{"fit"}}, got.Objectives); len(got.Points) != 1 || got.Points[0].CandidateID != "fit" {
		t.Errorf("--style fit: %+v", got.Points)
	}
	three := ParetoFronts([]*Run{r}, Filter{Specs: []string{"s"}}, objectives(t, "virtual_ms:min", "final_base_fitness:max", "peak_memory_bytes:min"))
	if len(three.Points) != 3 || len(three.Points[0].Values) != 3 {
		t.Errorf("three objectives: %+v", three.Points)
	}
	if h := three.Summaries[0].Hypervolume; h != nil {
		t.Errorf("hypervolume %v, though all have the same memory", *h)
	}
}

// The same run twice, and shards by seed, give what one run gives.
func TestFrontsFold(t *testing.T) {
	rows := []row{
		{1, 0, "s", "set", "a", 0.5, true, 10, 1, "", 0}, {1, 1, "s", "set", "b", 0.9, true, 20, 1, "", 0},
		{2, 0, "s", "set", "a", 0.6, true, 9, 1, "", 0}, {2, 1, "s", "set", "c", 0.7, true, 20, 1, "", 0},
	}
	one := makeRun("g", rows, nil)
	o := objectives(t, "virtual_ms:min", "fitness:max")
	want := ParetoFronts([]*Run{one}, Filter{}, o)
	if len(want.Points) != 2 {
		t.Fatalf("%+v", want.Points)
	}
	for name, runs := range map[string][]*Run{
		"twice":  {one, one},
		"shards": {makeRun("g", rows[2:], nil), makeRun("g", rows[:2], nil)},
	} {
		if got := ParetoFronts(runs, Filter{}, o); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestHypervolumeNeverFalls(t *testing.T) {
	r := randomRun(7, 400)
	got := ParetoFronts([]*Run{r}, Filter{}, objectives(t, "virtual_ms:min", "fitness:max", "peak_memory_bytes:min"))
	if len(got.Growth) < 10 {
		t.Fatalf("only %d epochs", len(got.Growth))
	}
	for i, x := range got.Growth {
		if x.Hypervolume == nil || *x.Hypervolume < *x.EpochOnly {
			t.Errorf("%+v", x)
		}
		if i > 0 && got.Growth[i-1].Spec == x.Spec && *x.Hypervolume < *got.Growth[i-1].Hypervolume {
			t.Errorf("%s: %v in epoch %d, %v in the one before", x.Spec, *x.Hypervolume, x.Epoch, *got.Growth[i-1].Hypervolume)
		}
	}
}

func TestParseObjective(t *testing.T) {
	if o, err := ParseObjective("fuel_p90:max"); err != nil || o != (Objective{"fuel_p90", pareto.Maximize}) || o.String() != "fuel_p90:max" {
		t.Errorf("%v %v", o, err)
	}
	for _, bad := range []string{"", "virtual_ms", "virtual_ms:", "virtual_ms:least", "spec:min", "seed:min", ":max", "nothing:min", "feasible:max"} {
		if o, err := ParseObjective(bad); err == nil {
			t.Errorf("%q: %v, want an error", bad, o)
		}
	}
	if n := len(ObjectiveColumns()); n < 20 || !slices.Contains(ObjectiveColumns(), "virtual_ms") {
		t.Errorf("%d columns", n)
	}
}

func TestNumber(t *testing.T) {
	e := &datasets.Evaluation{Fuel: p(int64(7)), Correctness: 0.25, CasesTotal: 40}
	for column, want := range map[string]float64{"fuel": 7, "correctness": 0.25, "cases_total": 40, "virtual_ms": math.NaN()} {
		if got := datasets.Evaluations.Number(e, column); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s: %v, want %v", column, got, want)
		}
	}
}

func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 1e-12 {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
