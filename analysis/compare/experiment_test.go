package compare

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"toolgen/analysis"
	"toolgen/datasets"
)

// One seed, one spec: what a point says, by hand.
//
// The best feasible is b: a is fitter and infeasible. b came in epoch 3, the spec began in
// epoch 1. Last budget 1000 ms, so the feasible
// b (100 ms, 0.8), c (50 ms, 0.5) span (0.1, 0.2) and (0.05, 0.5) in the plane: the first
// dominates 0.9 * 0.8 = 0.72, the second adds (0.1 - 0.05) * 0.5 = 0.025. Of four that
// ran one is flaky. Two were attempted, one was repaired.
func TestPoint(t *testing.T) {
	x := read(t, "x", folder{rows: []contestantRow{
		{seed: 1, spec: "s", style: "set", id: "a", fitness: 0.95, ms: 10, infeasible: true, handoff: datasets.OutcomeRepaired, epoch: 2},
		{seed: 1, spec: "s", style: "set", id: "b", fitness: 0.8, ms: 100, epoch: 3},
		{seed: 1, spec: "s", style: "trie", id: "c", fitness: 0.5, ms: 50, epoch: 1},
		{seed: 1, spec: "s", style: "trie", id: "d", fitness: 0.4, ms: 50, flaky: true, handoff: datasets.OutcomeNotRepaired, epoch: 4},
		{seed: 1, spec: "s", style: "trie", id: "e", unbuilt: true, epoch: 4, handoff: datasets.OutcomeNotAttempted},
	}})
	if len(x.Points) != 3 {
		t.Fatalf("%d points", len(x.Points))
	}
	p := x.Points[0]
	if p.Spec != "s" || p.Style != "" || p.Seed != 1 || p.CandidateID == nil || *p.CandidateID != "b" {
		t.Errorf("%+v", p)
	}
	for metric, want := range map[string]float64{
		"virtual_ms": 100, "fitness": 0.8, "base_fitness": 0.8, "peak_memory_bytes": 8 << 20, "cases_total": 0,
		BestFitness: 0.8, EpochsToBest: 2, Hypervolume: 0.745, FlakeRate: 0.25, RepairRate: 0.5,
	} {
		if got, ok := p.Metrics[metric]; !ok || math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v %v, want %v", metric, got, ok, want)
		}
	}
	if _, ok := p.Metrics["robustness"]; ok {
		t.Error("a null is there")
	}
	if p.Counts[FlakeRate] != (Count{1, 4}) || p.Counts[RepairRate] != (Count{1, 2}) {
		t.Errorf("%+v", p.Counts)
	}
	if trie := x.Points[2]; trie.Style != "trie" || *trie.CandidateID != "c" || trie.Counts[FlakeRate] != (Count{1, 2}) || trie.Metrics[EpochsToBest] != 0 {
		t.Errorf("%+v", trie)
	}
	// Flaky in one epoch is flaky; the other columns are those of the last one.
	lives := read(t, "x", folder{rows: []contestantRow{
		{seed: 1, spec: "s", style: "set", id: "a", fitness: 0.8, ms: 5, flaky: true, epoch: 1},
		{seed: 1, spec: "s", style: "set", id: "a", fitness: 0.9, ms: 7, epoch: 2},
		{seed: 1, spec: "s", style: "set", id: "b", fitness: 0.9, ms: 8, epoch: 0},
	}})
	if p := lives.Points[0]; p.Counts[FlakeRate] != (Count{1, 2}) || *p.CandidateID != "a" || p.Metrics["virtual_ms"] != 7 || p.Metrics[EpochsToBest] != 0 {
		t.Errorf("%+v", p)
	}
	none := read(t, "x", folder{rows: []contestantRow{{seed: 1, spec: "s", style: "set", id: "a", infeasible: true, ms: 3}}})
	if p := none.Points[0]; p.CandidateID != nil || p.Metrics[Hypervolume] != 0 {
		t.Errorf("%+v", p)
	} else if _, ok := p.Metrics["virtual_ms"]; ok {
		t.Error("a candidate that is not feasible has a time")
	}
}

// Every numeric column that is no key is a metric, and nothing else of the table is.
func TestMetricsAreTheNumericColumns(t *testing.T) {
	have := strings.Join(Metrics(), " ")
	for _, c := range datasets.Evaluations.Columns {
		numeric := c.Type == datasets.Int32 || c.Type == datasets.Int64 || c.Type == datasets.Double
		key := c.Name == "seed" || c.Name == "epoch" || c.Name == "slot"
		if is := strings.Contains(" "+have+" ", " "+c.Name+" "); is != (numeric && !key) {
			t.Errorf("%s: %v", c.Name, is)
		}
	}
}

// Five shards of one experiment are the experiment, in whatever order they come, and
// twice is no more than once.
func TestShardsFold(t *testing.T) {
	rows := twoStyles(seedsTo(5), 10, 20)
	var whole = folder{rows: rows, manifest: func(m map[string]any) { m["seeds"] = []int{1} }}
	want := read(t, "x", whole)
	var dirs []string
	for _, s := range []int64{4, 1, 5, 2, 3, 1} {
		f := whole
		f.rows = nil
		for _, r := range rows {
			if r.seed == s {
				f.rows = append(f.rows, r)
			}
		}
		dirs = append(dirs, f.write(t))
	}
	groups := Fold(openRuns(t, dirs...))
	if len(groups) != 1 {
		t.Fatalf("%d groups", len(groups))
	}
	got, err := Read("x", groups[0], ReadOptions{})
	check(t, err)
	got.Timings = want.Timings
	if !reflect.DeepEqual(got, want) {
		t.Errorf("shards:\n%+v\nwhole:\n%+v", got, want)
	}
	other := whole
	other.manifest = func(m map[string]any) { m["population"] = 3 }
	if n := len(Fold(openRuns(t, dirs[0], other.write(t), dirs[1]))); n != 2 {
		t.Errorf("%d groups of two experiments", n)
	}
}

func TestFilter(t *testing.T) {
	dir := folder{rows: twoStyles(seedsTo(3), 10, 20)}.write(t)
	x, err := Read("x", openRuns(t, dir), ReadOptions{Filter: analysis.Filter{Styles: []string{"trie"}, Seeds: []analysis.Range{{From: 2, To: 9}}}})
	check(t, err)
	if len(x.Points) != 4 || x.Points[0].Metrics["virtual_ms"] < 20 {
		t.Errorf("%+v", x.Points)
	}
	all, err := Read("x", openRuns(t, dir), ReadOptions{Filter: everything})
	check(t, err)
	all.Keep([]string{"flatten"}, []string{"trie"}, func(s int64) bool { return s >= 2 })
	if len(all.Points) != 2 || all.Points[0].Style != "trie" {
		t.Errorf("%+v", all.Points)
	}
}

func TestPartialRunsAreRefused(t *testing.T) {
	_, err := Read("x", []*datasets.Run{{Dir: "d", Partial: true}}, ReadOptions{})
	if !errors.Is(err, datasets.ErrPartial) {
		t.Errorf("error %v, want ErrPartial", err)
	}
}

func TestSavedIsTheSame(t *testing.T) {
	rows := twoStyles(seedsTo(3), 10, 20)
	rows[0].wall = []int64{5, 6, 7}
	x := read(t, "x", folder{rows: rows})
	data, err := x.Marshal()
	check(t, err)
	if !IsSaved(data) {
		t.Error("not recognized")
	}
	again, err := Parse("x", data)
	check(t, err)
	if again.Identity.Seeds[2] != 3 {
		t.Errorf("seeds %v", again.Identity.Seeds)
	}
	back, err := again.Marshal()
	check(t, err)
	if !bytes.Equal(back, data) {
		t.Errorf("saved again:\n%s\nbefore:\n%s", back, data)
	}
	if !reflect.DeepEqual(again.Points, x.Points) || !reflect.DeepEqual(again.Timings, x.Timings) || again.settings != x.settings || again.Experiment != x.Experiment {
		t.Errorf("read:\n%+v\nsaved:\n%+v", again, x)
	}
}

func TestSavedThatCannotBeRead(t *testing.T) {
	x := read(t, "x", folder{rows: twoStyles(seedsTo(2), 10, 20)})
	data, err := x.Marshal()
	check(t, err)
	text := string(data)
	for name, c := range map[string]struct{ data, want string }{
		"empty":    {"", "no saved experiment"},
		"cut":      {text[:len(text)/2], "no saved experiment: line "},
		"other":    {`{"schema":"toolgen/bench/1"}`, "`toolgen bench RUN --save FILE` writes"},
		"newer":    {strings.Replace(text, SavedSchema, "toolgen/saved/2", 1), "a newer ToolGen reads it"},
		"number":   {strings.Replace(text, `"virtual_ms": 1`, `"virtual_ms": 7`, 1), "it was edited or damaged"},
		"identity": {strings.Replace(text, `"semantics": 1`, `"semantics": 2`, 1), "it was edited: experiment_id"},
		"unknown":  {strings.Replace(text, `"points"`, `"pionts"`, 1), "unknown field"},
		"trailing": {text + "{}", "no saved experiment"},
		"type":     {strings.Replace(text, `"points": [`, `"points": 3, "x": [`, 1), "line "},
		"null":     {"null", "its schema is"},
	} {
		if c.data == text {
			t.Errorf("%s: the test changes nothing", name)
		}
		_, err := Parse("base.json", []byte(c.data))
		if _, ok := errors.AsType[*SavedError](err); !ok || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "base.json: ") {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// What the digest does not cover is checked: whoever writes these files may have bugs.
func TestSavedPointsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Experiment)
		want   string
	}{
		"order": {func(x *Experiment) { x.Points[0], x.Points[1] = x.Points[1], x.Points[0] }, "not behind"},
		"seed":  {func(x *Experiment) { x.Points[5].Seed = 99 }, "seed 99"},
		"spec":  {func(x *Experiment) { x.Points[5].Spec = "zzz" }, "spec \"zzz\""},
		"count": {func(x *Experiment) { x.Points[5].Counts = map[string]Count{FlakeRate: {3, 2}} }, "counts 3 of 2"},
		"large": {func(x *Experiment) { x.Points[5].Metrics["virtual_ms"] = 1e200 }, "points[5] has virtual_ms 1e+200"},
		"tiny":  {func(x *Experiment) { x.Points[5].Metrics["virtual_ms"] = -1e-200 }, "points[5] has virtual_ms"},
		"times": {func(x *Experiment) { x.Timings = []Timing{{Spec: "flatten"}} }, "no times"},
	} {
		x := read(t, "x", folder{rows: twoStyles(seedsTo(2), 10, 20)})
		c.change(x)
		data, err := x.Marshal()
		check(t, err)
		if _, err := Parse("f", data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
