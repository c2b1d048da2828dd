package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"toolgen/datasets"
)

// rowOf finds the row of a metric and style ("" is the whole spec).
func rowOf(t *testing.T, r *Result, metric, style, name string) Row {
	t.Helper()
	for _, row := range r.Rows {
		if row.Metric == metric && row.New == name && (row.Style == nil && style == "" || row.Style != nil && *row.Style == style) {
			return row
		}
	}
	t.Fatalf("no row for %s %q %s in %s", metric, style, name, summary(r))
	return Row{}
}

func summary(r *Result) string {
	out := []string{string(r.Answer)}
	for _, row := range r.Rows {
		style := ""
		if row.Style != nil {
			style = *row.Style
		}
		out = append(out, line(row.New, row.Metric, style, row.Verdict, row.Reason))
	}
	for _, g := range r.Gates {
		out = append(out, line("gate", g.Name, g.Verdict))
		for _, c := range g.Checks {
			out = append(out, line("  ", c.New, c.Verdict, c.Reason))
		}
	}
	return strings.Join(out, "\n")
}

func wantAnswer(t *testing.T, r *Result, want Answer) {
	t.Helper()
	if r.Answer != want {
		t.Errorf("answer %s, want %s:\n%s", r.Answer, want, summary(r))
	}
}

// near compares numbers that may differ by rounding.
func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 1e-9*max(1, math.Abs(want)) {
		t.Errorf("%s: %v, want %v", what, show(got), want)
	}
}

func show(v *float64) string {
	if v == nil {
		return "null"
	}
	return fmt.Sprint(*v)
}

func TestARunWithItself(t *testing.T) {
	f := folder{rows: twoStyles(seedsTo(3), 10, 20)}
	r := Compare(read(t, "a", f), []*Experiment{read(t, "b", f)}, Options{})
	wantAnswer(t, r, NoRegression)
	if len(r.Rows) != 9 { // three metrics, the spec and two styles
		t.Errorf("%d rows", len(r.Rows))
	}
	for _, row := range r.Rows {
		if row.Verdict != Same || row.Pairs != 3 || *row.Shift != 0 || *row.Ratio != 1 || *row.CliffsDelta != 0 || row.P != nil {
			t.Errorf("%+v", row)
		}
	}
	if len(r.Differences) != 0 || len(r.Incomparable) != 0 || len(r.NotCompared) != 0 {
		t.Errorf("%+v", r)
	}
	for _, g := range r.Geomeans {
		if g.Ratio != 1 || g.Rows != 1 || g.Of != 1 {
			t.Errorf("%+v", g)
		}
	}
}

// trie is 1.5 times as slow; the spec's best is set (fitter), which did not change.
func TestAStyleSlowedDown(t *testing.T) {
	base := read(t, "a", folder{rows: twoStyles(seedsTo(3), 10, 20)})
	slow := read(t, "b", folder{rows: twoStyles(seedsTo(3), 10, 30)})
	r := Compare(base, []*Experiment{slow}, Options{})
	wantAnswer(t, r, Regression)
	row := rowOf(t, r, "virtual_ms", "trie", "b")
	if row.Verdict != Worse || row.Reason != "+50 %" {
		t.Errorf("%+v", row)
	}
	near(t, "ratio", row.Ratio, 1.5)
	near(t, "base", row.Base, 20*1.02)
	near(t, "shift", row.Shift, 10*1.02)
	near(t, "delta", row.CliffsDelta, 1)
	if len(row.Seeds) != 3 || *row.Seeds[0].Difference < 10 {
		t.Errorf("%+v", row.Seeds)
	}
	if v := rowOf(t, r, "virtual_ms", "", "b").Verdict; v != Same {
		t.Errorf("the spec is %s", v)
	}
	back := Compare(slow, []*Experiment{read(t, "c", folder{rows: twoStyles(seedsTo(3), 10, 20)})}, Options{})
	wantAnswer(t, back, NoRegression)
	if v := rowOf(t, back, "virtual_ms", "trie", "c").Verdict; v != Better {
		t.Errorf("the way back is %s", v)
	}
}

// 1.5 % slower is beneath the floor of 2 %, 2.5 % is not. Noise: at 10 ms, 1e8 fuel, it is
// 1e8/5000 + 2^20 = 1,068,576 fuel, 0.1068576 ms, so 0.1 ms more is none even without
// floors and 0.11 ms is.
func TestFloorsAndNoise(t *testing.T) {
	base := []contestantRow{{seed: 1, spec: "s", style: "set", id: "x", fitness: 0.9, ms: 10}}
	for _, c := range []struct {
		ms    float64
		floor float64
		want  Verdict
	}{{10.15, 0.02, Same}, {10.25, 0.02, Worse}, {9.75, 0.02, Better}, {10.1, 0, Same}, {10.11, 0, Worse}, {9.9, 0, Same}, {9.89, 0, Better}} {
		other := slices.Clone(base)
		other[0].ms = c.ms
		x := newContrast(read(t, "a", folder{rows: base}), read(t, "b", folder{rows: other}), "virtual_ms", Min, "s", "", false, 0.05)
		if got, why, _ := x.judge(bar{Floors: Floors{Rel: c.floor}}); got != c.want {
			t.Errorf("%v ms with floor %v: %s (%s), want %s", c.ms, c.floor, got, why, c.want)
		}
		if noise := x.row.Seeds[0].Noise; noise != (math.Abs(c.ms-10) < 0.1068576) {
			t.Errorf("%v ms: noise %v", c.ms, noise)
		}
	}
	// At 2000 ms, 2e10 fuel, noise is 2e10/5000 + 2^20 = 5,048,576 fuel or 2.5243e-4 of it. The
	// performance is 1000/2000, its weight 0.15/0.9 without robustness: 2.1036e-5 of fitness.
	half := slices.Clone(base)
	half[0].ms = 2000
	for more, want := range map[float64]Verdict{2.0e-5: Same, 2.2e-5: Better, -2.0e-5: Same, -2.2e-5: Worse} {
		other := slices.Clone(half)
		other[0].fitness += more
		x := newContrast(read(t, "a", folder{rows: half}), read(t, "b", folder{rows: other}), "fitness", Max, "s", "", false, 0.05)
		if got, why, _ := x.judge(bar{}); got != want {
			t.Errorf("fitness %+v: %s (%s), want %s", more, got, why, want)
		}
	}
	// Memory moves by 256 KiB.
	for more, want := range map[int64]Verdict{256 << 10: Same, 256<<10 + 1: Worse} {
		grown := folder{rows: base, evaluate: func(e *datasets.Evaluation) { *e.PeakMemoryBytes += more }}
		x := newContrast(read(t, "a", folder{rows: base}), read(t, "b", grown), "peak_memory_bytes", Min, "s", "", false, 0.05)
		if got, _, _ := x.judge(bar{}); got != want {
			t.Errorf("%d bytes more is %s, want %s", more, got, want)
		}
	}
	// Both floors must be exceeded.
	other := slices.Clone(base)
	other[0].ms = 12
	x := newContrast(read(t, "a", folder{rows: base}), read(t, "b", folder{rows: other}), "virtual_ms", Min, "s", "", false, 0.05)
	for _, c := range []struct {
		floors Floors
		want   Verdict
	}{{Floors{0.1, 1}, Worse}, {Floors{0.1, 3}, Same}, {Floors{0.3, 1}, Same}} {
		if got, _, _ := x.judge(bar{Floors: c.floors}); got != c.want {
			t.Errorf("floors %+v: %s, want %s", c.floors, got, c.want)
		}
	}
}

// The verdict goes by the median: of +50 %, +1 %, -50 % that is +1 %.
func TestMedianDecides(t *testing.T) {
	rows := func(ms ...float64) folder {
		var out []contestantRow
		for i, m := range ms {
			out = append(out, contestantRow{seed: int64(i), spec: "s", style: "set", id: "x", fitness: 0.9, ms: m})
		}
		return folder{rows: out}
	}
	base := read(t, "a", rows(100, 100, 100))
	if v := rowOf(t, Compare(base, []*Experiment{read(t, "b", rows(150, 101, 50))}, Options{}), "virtual_ms", "", "b").Verdict; v != Same {
		t.Errorf("median +1 %% is %s", v)
	}
	// Of two it is their mean: neither direction is favoured.
	two := read(t, "a", rows(100, 100))
	for ms, want := range map[float64]Verdict{70: Better, 99: Same, 130: Worse} {
		if v := rowOf(t, Compare(two, []*Experiment{read(t, "b", rows(100, ms))}, Options{}), "virtual_ms", "", "b").Verdict; v != want {
			t.Errorf("100 and %v is %s, want %s", ms, v, want)
		}
	}
}

func TestTwoSeedSets(t *testing.T) {
	base := read(t, "a", folder{rows: twoStyles(seedsTo(5), 10, 20)})
	other := read(t, "b", folder{rows: twoStyles(seedsFrom(6, 10), 10, 20)})
	r := Compare(base, []*Experiment{other}, Options{})
	wantAnswer(t, r, CannotTell)
	if len(r.Differences) != 0 {
		t.Errorf("seeds are no difference of manifests: %+v", r.Differences)
	}
	if row := r.Rows[0]; row.Verdict != Inconclusive || !strings.Contains(row.Reason, "no seed in common") || row.Shift != nil {
		t.Errorf("%+v", row)
	}
	// Generalized, 5 v 5: the least p is 2/C(10,5) = 2/252, and every time of b is
	// above every one of a. Fitness and memory are the same everywhere: p is 1.
	r = Compare(base, []*Experiment{other}, Options{Generalize: true})
	row := rowOf(t, r, "virtual_ms", "", "b")
	near(t, "p", row.P, 2.0/252)
	// Nine tests, three of them at 2/252: q is 2/252 * 9/3.
	near(t, "q", row.Q, 6.0/252)
	if row.Verdict != Worse || row.ShiftInterval == nil || !strings.HasPrefix(row.Method, "exact conditional Mann-Whitney") {
		t.Errorf("%+v", row)
	}
	if v := rowOf(t, r, "fitness", "", "b"); v.Verdict != Undecided || *v.P != 1 {
		t.Errorf("%+v", v)
	}
	wantAnswer(t, r, Regression)
	// 3 v 3 cannot reach 0.05; 4 v 4 can.
	r = Compare(read(t, "a", folder{rows: twoStyles(seedsTo(3), 10, 20)}), []*Experiment{read(t, "b", folder{rows: twoStyles(seedsFrom(4, 6), 10, 20)})}, Options{Generalize: true})
	if row := r.Rows[0]; row.Verdict != Inconclusive || row.SeedsNeeded == nil || *row.SeedsNeeded != 4 {
		t.Errorf("%+v", row)
	}
}

// Five pairs never reach 0.05, and the row says that six do.
func TestGeneralizeByPairs(t *testing.T) {
	run := func(n int64, trie float64, name string) *Experiment {
		return read(t, name, folder{rows: twoStyles(seedsTo(n), 10, trie)})
	}
	r := Compare(run(5, 20, "a"), []*Experiment{run(5, 30, "b")}, Options{Generalize: true})
	row := rowOf(t, r, "virtual_ms", "trie", "b")
	if row.Verdict != Inconclusive || *row.P != 0.0625 || row.SeedsNeeded == nil || *row.SeedsNeeded != 6 || !strings.Contains(row.Reason, "it takes 6") {
		t.Errorf("%+v", row)
	}
	wantAnswer(t, r, CannotTell)
	r = Compare(run(8, 20, "a"), []*Experiment{run(8, 30, "b")}, Options{Generalize: true})
	row = rowOf(t, r, "virtual_ms", "trie", "b")
	// Of 9 tests this is the only one below 1: q = 9 * 2/256 = 0.0703, which is too much.
	near(t, "p", row.P, 2.0/256)
	near(t, "q", row.Q, 18.0/256)
	if row.Verdict != Inconclusive || row.RatioInterval == nil {
		t.Errorf("%+v", row)
	}
	r = Compare(run(9, 20, "a"), []*Experiment{run(9, 30, "b")}, Options{Generalize: true})
	wantAnswer(t, r, Regression)
	for _, row := range r.Rows {
		want := Same
		if row.Metric == "virtual_ms" && row.Style != nil && *row.Style == "trie" {
			want = Worse
		}
		if row.Verdict != want {
			t.Errorf("%+v", row)
		}
	}
}

// A test that could not have seen anything takes no certainty from the others.
func TestHopelessTestsAreNotCounted(t *testing.T) {
	rows := func(trie float64) folder {
		f := folder{rows: twoStyles(seedsTo(9), 10, trie)}
		for s := range int64(3) {
			f.rows = append(f.rows, contestantRow{seed: s + 1, spec: "zz", style: "set", id: "z", fitness: 0.5, ms: 5})
		}
		return f
	}
	r := Compare(read(t, "a", rows(20)), []*Experiment{read(t, "b", rows(30))}, Options{Generalize: true})
	near(t, "q", rowOf(t, r, "virtual_ms", "trie", "b").Q, 9*2.0/512) // nine tests, not fifteen
	if last := r.Rows[len(r.Rows)-1]; last.Verdict != Inconclusive || *last.Q != *last.P {
		t.Errorf("%+v", last)
	}
}

func TestThreeSideBySide(t *testing.T) {
	base := read(t, "a", folder{rows: twoStyles(seedsTo(2), 10, 20)})
	r := Compare(base, []*Experiment{
		read(t, "slow", folder{rows: twoStyles(seedsTo(2), 12, 20)}),
		read(t, "fast", folder{rows: twoStyles(seedsTo(2), 8, 20)}),
	}, Options{})
	wantAnswer(t, r, Regression)
	if len(r.News) != 2 || rowOf(t, r, "virtual_ms", "", "slow").Verdict != Worse || rowOf(t, r, "virtual_ms", "", "fast").Verdict != Better {
		t.Error(summary(r))
	}
	for i, want := range []float64{1.2, 0.8} {
		if g := r.Geomeans[i]; math.Abs(g.Ratio-want) > 1e-12 || g.Metric != "virtual_ms" {
			t.Errorf("geomean %+v, want %v", g, want)
		}
	}
}

// A spec that only one side has takes no part in the geometric mean.
func TestGeomeanOverWhatBothHave(t *testing.T) {
	with := func(extra ...contestantRow) folder {
		return folder{rows: append([]contestantRow{
			{seed: 1, spec: "a", style: "set", id: "x", fitness: 0.9, ms: 10}, {seed: 1, spec: "b", style: "set", id: "y", fitness: 0.9, ms: 10},
		}, extra...)}
	}
	other := with()
	other.rows[0].ms, other.rows[1].ms = 20, 80
	r := Compare(read(t, "a", with(contestantRow{seed: 1, spec: "c", style: "set", id: "z", fitness: 0.9, ms: 1})), []*Experiment{read(t, "b", other)}, Options{})
	if g := r.Geomeans[0]; math.Abs(g.Ratio-4) > 1e-12 || g.Rows != 2 || g.Of != 3 { // sqrt(2 * 8)
		t.Errorf("%+v", g)
	}
	wantAnswer(t, r, Regression)
}

// A value that is gone is bad news, one that came is not; what nobody has is no row;
// a style that one side does not play is none either.
func TestMissing(t *testing.T) {
	good := contestantRow{seed: 1, spec: "s", style: "set", id: "x", fitness: 0.9, ms: 10}
	bad := good
	bad.infeasible = true
	one := func(name string, rows ...contestantRow) *Experiment { return read(t, name, folder{rows: rows}) }
	r := Compare(one("a", good), []*Experiment{one("b", bad)}, Options{})
	wantAnswer(t, r, Regression)
	if row := r.Rows[0]; row.Verdict != Missing || row.Base == nil || row.Value != nil {
		t.Errorf("%+v", row)
	}
	r = Compare(one("a", bad), []*Experiment{one("b", good)}, Options{})
	wantAnswer(t, r, NoRegression)
	if row := r.Rows[0]; row.Verdict != New {
		t.Errorf("%+v", row)
	}
	r = Compare(one("a", bad), []*Experiment{one("b", bad)}, Options{})
	wantAnswer(t, r, CannotTell)
	if len(r.Rows) != 0 {
		t.Errorf("%+v", r.Rows)
	}
	noTime := good
	noTime.ms = 0
	r = Compare(one("a", noTime), []*Experiment{one("b", noTime)}, Options{})
	for _, row := range r.Rows {
		if row.Metric == "virtual_ms" {
			t.Errorf("%+v", row)
		}
	}
	trie := contestantRow{seed: 1, spec: "s", style: "trie", id: "t", fitness: 0.8, ms: 20}
	r = Compare(one("a", good, trie), []*Experiment{one("b", good)}, Options{})
	wantAnswer(t, r, NoRegression)
	if len(r.Rows) != 6 {
		t.Error(summary(r))
	}
	// Under one seed of three it is gone: the median is not, but the row says so.
	three := func(name string, lost int) *Experiment {
		var rows []contestantRow
		for s := range 3 {
			row := good
			row.seed, row.infeasible = int64(s), s < lost
			rows = append(rows, row)
		}
		return one(name, rows...)
	}
	r = Compare(three("a", 0), []*Experiment{three("b", 1)}, Options{})
	if row := r.Rows[0]; row.Verdict != Same || !strings.Contains(row.Reason, "none in b under seed 0") {
		t.Errorf("%+v", row)
	}
	r = Compare(three("a", 0), []*Experiment{three("b", 2)}, Options{})
	if row := r.Rows[0]; row.Verdict != Worse || !strings.Contains(row.Reason, "gone under 2 of 3 seeds") {
		t.Errorf("%+v", row)
	}
	wantAnswer(t, r, Regression)
}

func TestNotComparable(t *testing.T) {
	f := folder{rows: twoStyles(seedsTo(2), 10, 20)}
	base := read(t, "a", f)
	for name, c := range map[string]struct {
		identity func(*datasets.Identity)
		manifest func(map[string]any)
		kind     string
		says     string
	}{
		"reference": {identity: func(id *datasets.Identity) {
			id.Specs["flatten"] = datasets.SpecDigests{TaskDigest: digest("another reference"), StylesDigest: id.Specs["flatten"].StylesDigest}
		}, kind: KindTask, says: "the task flatten"},
		"go":        {identity: func(id *datasets.Identity) { id.Toolchain.Go = "go1.27.0" }, kind: KindToolchain, says: "a has go1.26.8, b has go1.27.0"},
		"wasmtime":  {identity: func(id *datasets.Identity) { id.Toolchain.Wasmtime = "45" }, kind: KindToolchain, says: "wasmtime"},
		"settings":  {identity: func(id *datasets.Identity) { id.Toolchain.Settings = "x" }, kind: KindToolchain, says: "settings"},
		"fuel":      {identity: func(id *datasets.Identity) { id.FuelModel = "x" }, kind: KindFuel, says: "fuel model"},
		"rate":      {manifest: func(m map[string]any) { m["fuel_per_ms"] = 5 }, kind: KindFuel, says: "fuel_per_ms"},
		"semantics": {identity: func(id *datasets.Identity) { id.Semantics = 2 }, kind: KindSemantics, says: "number 1"},
	} {
		g := f
		g.identity, g.manifest = c.identity, c.manifest
		other := read(t, "b", g)
		r := Compare(base, []*Experiment{other}, Options{})
		wantAnswer(t, r, NotComparable)
		if len(r.Incomparable) != 1 || r.Incomparable[0].Kind != c.kind || len(r.Rows) != 0 {
			t.Fatalf("%s: %+v", name, r.Incomparable)
		}
		text := (&IncomparableError{r.Incomparable}).Error()
		for _, want := range []string{c.says, "a has ", "b has ", "--allow " + c.kind} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q does not say %q", name, text, want)
			}
		}
		if r := Compare(base, []*Experiment{other}, Options{Allow: []string{c.kind}}); r.Answer == NotComparable || len(r.Rows) == 0 {
			t.Errorf("%s: allowed, and still %s", name, r.Answer)
		}
		// The others are compared all the same.
		r = Compare(base, []*Experiment{other, read(t, "c", f)}, Options{})
		wantAnswer(t, r, NotComparable)
		if len(r.Rows) != 9 {
			t.Errorf("%s: %d rows", name, len(r.Rows))
		}
	}
	// Of specs that only one side plays the task does not matter.
	two := f
	two.rows = append(slices.Clone(f.rows), contestantRow{seed: 1, spec: "other", style: "set", id: "z", fitness: 0.9, ms: 1})
	wantAnswer(t, Compare(base, []*Experiment{read(t, "b", two)}, Options{}), NoRegression)
}

// Manifests and styles may differ, and the differences are listed. Fitness needs the same
// weights and budgets.
func TestDifferences(t *testing.T) {
	f := folder{rows: twoStyles(seedsTo(2), 10, 20)}
	g := f
	g.manifest = func(m map[string]any) {
		m["population"] = 3
		m["fitness_weights"] = map[string]any{"correctness": 0.5, "safety": 0.15, "performance": 0.15, "robustness": 0.1, "documentation": 0.1}
	}
	g.identity = func(id *datasets.Identity) {
		id.Specs["flatten"] = datasets.SpecDigests{TaskDigest: id.Specs["flatten"].TaskDigest, StylesDigest: digest("new styles")}
		id.Inputs["entrants/mine.go"] = digest("mine")
	}
	r := Compare(read(t, "a", f), []*Experiment{read(t, "b", g)}, Options{})
	wantAnswer(t, r, NoRegression)
	var whats []string
	for _, d := range r.Differences {
		whats = append(whats, d.What)
	}
	want := "inputs.entrants/mine.go manifest.fitness_weights.correctness manifest.fitness_weights.safety manifest.population specs.flatten.styles"
	if got := strings.Join(whats, " "); got != want {
		t.Errorf("differences %s, want %s", got, want)
	}
	if d := r.Differences[1]; *d.Base != "0.4" || *d.Value != "0.5" || r.Differences[0].Base != nil {
		t.Errorf("%+v", r.Differences)
	}
	if len(r.NotCompared) != 1 || r.NotCompared[0].Metric != "fitness" || !strings.Contains(r.NotCompared[0].Reason, "0.4/0.25/0.15/0.1/0.1 in the base, 0.5/0.15/0.15/0.1/0.1 in b") {
		t.Errorf("%+v", r.NotCompared)
	}
	for _, row := range r.Rows {
		if row.Metric == "fitness" {
			t.Errorf("%+v", row)
		}
	}
	// From 2000 to 1000 ms over 4 epochs: the third is played under 1500, the fourth under 1250.
	for epochs, ms := range map[int]string{3: "1500", 4: "1250"} {
		h := f
		h.manifest = func(m map[string]any) { m["epochs"] = epochs }
		r = Compare(read(t, "a", f), []*Experiment{read(t, "b", h)}, Options{})
		if len(r.NotCompared) != 1 || !strings.Contains(r.NotCompared[0].Reason, "1000 ms in the base, "+ms+" ms in b") {
			t.Errorf("%+v", r.NotCompared)
		}
	}
}

func TestWallClock(t *testing.T) {
	rows := func(host string, wall ...int64) folder {
		return folder{rows: []contestantRow{
			{seed: 1, spec: "s", style: "set", id: "best", fitness: 0.9, ms: 10, wall: wall, host: host},
			{seed: 1, spec: "s", style: "set", id: "second", fitness: 0.8, ms: 10, wall: []int64{1, 2, 3, 4, 5, 6}, host: host},
		}}
	}
	six := []int64{10e6, 11e6, 12e6, 13e6, 14e6, 15e6}
	base := read(t, "a", rows("one", six...))
	// {10..15} v {20..25} ms: p = 2/C(12,6) = 2/924; the shift is 10 ms.
	r := Compare(base, []*Experiment{read(t, "b", rows("one", 20e6, 21e6, 22e6, 23e6, 24e6, 25e6))}, Options{Wall: true})
	wantAnswer(t, r, Regression)
	row := r.Rows[0]
	near(t, "p", row.P, 2.0/924)
	near(t, "shift", row.Shift, 10)
	near(t, "base", row.Base, 12)
	near(t, "delta", row.CliffsDelta, 1)
	if row.Metric != WallMS || row.Verdict != Worse || *row.CandidateID != "best" || *row.Seed != 1 || row.BaseInterval == nil ||
		row.BaseInterval.Low != 10 || row.BaseInterval.High != 15 || row.RatioInterval == nil || row.ShiftInterval == nil {
		t.Errorf("%+v", row)
	}
	for _, row := range r.Rows {
		if row.Metric == "virtual_ms" {
			t.Error("virtual time beside wall time")
		}
	}
	// Across machines it is refused.
	r = Compare(base, []*Experiment{read(t, "b", rows("two", six...))}, Options{Wall: true, Allow: Kinds})
	wantAnswer(t, r, NotComparable)
	if r.Incomparable[0].Kind != KindMachine || !strings.Contains(r.Incomparable[0].String(), "a has one, b has two") {
		t.Errorf("%+v", r.Incomparable)
	}
	// Two machines in one run are no machine, even if the other run had the same two.
	mixed := rows("one,two", six...)
	wantAnswer(t, Compare(read(t, "a", mixed), []*Experiment{read(t, "b", mixed)}, Options{Wall: true}), NotComparable)
	// The same samples are one measurement, which a cache has handed on.
	r = Compare(base, []*Experiment{read(t, "b", rows("one", six...))}, Options{Wall: true})
	if row := r.Rows[0]; row.Verdict != Same || !strings.Contains(row.Reason, "the cache answered") || row.P != nil {
		t.Errorf("%+v", row)
	}
	// Three calls are too few; four would do.
	few := read(t, "a", rows("one", six[:3]...))
	r = Compare(few, []*Experiment{read(t, "b", rows("one", six[3:]...))}, Options{Wall: true})
	if row := r.Rows[0]; row.Verdict != Inconclusive || row.SeedsNeeded == nil || *row.SeedsNeeded != 4 {
		t.Errorf("%+v", row)
	}
	// Where the best was not timed on both sides, the next is compared.
	r = Compare(base, []*Experiment{read(t, "b", rows("one"))}, Options{Wall: true})
	if row := r.Rows[0]; row.CandidateID == nil || *row.CandidateID != "second" {
		t.Errorf("%+v", row)
	}
	none := read(t, "b", folder{rows: []contestantRow{{seed: 1, spec: "s", style: "set", id: "new", fitness: 0.9, ms: 10, wall: six}}})
	r = Compare(base, []*Experiment{none}, Options{Wall: true})
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "no feasible candidate was timed on both sides") {
		t.Errorf("%q", r.Notes)
	}
	wantAnswer(t, r, CannotTell) // what was asked for is not there, and that is no pass
}

// Five shards against a saved file are the whole run against the whole run.
func TestSavedBaseAndShards(t *testing.T) {
	rows, slow := twoStyles(seedsTo(5), 10, 20), twoStyles(seedsTo(5), 10, 30)
	whole := read(t, "a", folder{rows: rows})
	data, err := whole.Marshal()
	check(t, err)
	base, err := Parse("a", data)
	check(t, err)
	var shards []folder
	for _, s := range seedsTo(5) {
		f := folder{}
		for _, r := range slow {
			if r.seed == s {
				f.rows = append(f.rows, r)
			}
		}
		shards = append(shards, f)
	}
	a := summary(Compare(whole, []*Experiment{read(t, "b", folder{rows: slow})}, Options{}))
	b := summary(Compare(base, []*Experiment{read(t, "b", shards...)}, Options{}))
	if a != b || !strings.HasPrefix(b, string(Regression)) {
		t.Errorf("from folders:\n%s\nfrom a file and shards:\n%s", a, b)
	}
}

// Values under seeds that only one side played change nothing: a row that is the same is
// shown with the same medians and no effect.
func TestOnlyCommonSeedsAreShown(t *testing.T) {
	r := Compare(read(t, "a", folder{rows: twoStyles(seedsTo(9), 10, 20)}), []*Experiment{read(t, "b", folder{rows: twoStyles(seedsFrom(2, 3), 10, 20)})}, Options{})
	wantAnswer(t, r, NoRegression)
	for _, row := range r.Rows {
		if row.BaseN != 9 || row.NewN != 2 || row.Pairs != 2 || *row.Base != *row.Value || *row.CliffsDelta != 0 {
			t.Errorf("%+v", row)
		}
	}
}
