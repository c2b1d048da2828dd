package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"reflect"
	"strings"
	"testing"

	"toolgen/analysis/compare"
	"toolgen/analysis/stats"
)

// someRows are rows of two specs held against two sides.
func someRows() []compare.Row {
	return []compare.Row{
		{
			Metric: "virtual_ms", Spec: ptr("flatten"), New: "slow", Direction: compare.Min, Verdict: compare.Worse, Reason: "+50 %, q 0.03", Method: "m",
			BaseN: 6, NewN: 6, Pairs: 6, Base: ptr(10.0), BaseInterval: &stats.Interval{Low: 9, High: 11}, Value: ptr(15.0),
			Shift: ptr(5.0), Ratio: ptr(1.5), RatioInterval: &stats.Interval{Low: 0.999999, High: 1.6}, CliffsDelta: ptr(1.0), P: ptr(0.03125), Q: ptr(0.03125),
		},
		{
			Metric: "virtual_ms", Spec: ptr("flatten"), New: "fast", Direction: compare.Min, Verdict: compare.Undecided, Reason: "q 0.4", Method: "m",
			BaseN: 6, NewN: 5, Base: ptr(10.0), Value: ptr(9.0), Shift: ptr(-1.0), Ratio: ptr(0.9), CliffsDelta: ptr(-0.25), P: ptr(0.2), Q: ptr(0.4),
		},
		{
			Metric: "peak_memory_bytes", Spec: ptr("flatten"), Style: ptr("trie"), New: "slow", Direction: compare.Min, Verdict: compare.Missing,
			Reason: "slow has no value", Method: "m", BaseN: 2, Base: ptr(float64(3 << 19)), SeedsNeeded: ptr(6),
		},
		{
			Metric: "repair_rate", New: "fast", Direction: compare.Max, Verdict: compare.Same, Method: "m", BaseN: 1, NewN: 1, Pairs: 1,
			Base: ptr(0.0), Value: ptr(0.0), Shift: ptr(0.0), CliffsDelta: ptr(0.0),
		},
	}
}

func someResult() *compare.Result {
	return &compare.Result{
		Answer: compare.Regression, Alpha: 0.05, Base: compare.Side{Name: "base"}, News: []compare.Side{{Name: "slow"}, {Name: "fast"}}, Rows: someRows(),
		Geomeans:    []compare.Geomean{{New: "slow", Metric: "virtual_ms", Rows: 2, Of: 3, Ratio: 1.25}, {New: "fast", Metric: "fitness", Rows: 1, Of: 1, Ratio: 1}},
		NotCompared: []compare.NotCompared{{New: "fast", Metric: "fitness", Reason: "weights differ"}},
		Differences: []compare.Difference{{New: "fast", What: "manifest.population", Base: ptr("12"), Value: nil}},
	}
}

func TestCompareSideBySide(t *testing.T) {
	tables := Compare(someResult())
	if len(tables) != 1 {
		t.Fatalf("%d tables", len(tables))
	}
	got := render(t, tables[0], Text)
	want := `base v slow, fast: regression
metric             spec     style                    base    slow                      change  n  effect       q  verdict    fast    change       n  effect    q  verdict
virtual ms         flatten  -      10.000 [9.000, 11.000]  15.000  +50.00 % [0.00, +60.00]  6    1.00  0.0312  worse     9.000  -10.00 %  6 v 5   -0.25  0.4  ~
peak memory (MiB)  flatten  trie                     1.50       -                           -  2 v 0       -       -  missing       -         -       -       -    -  -
repair rate        -        -                      0.0000       -                           -  -       -       -  -        0.0000   +0.0000       1    0.00    -  same
geomean of virtual ms: slow is 1.2500 times the base, over 2 of 3 specs
fitness is not compared with fast: weights differ
fast: manifest.population is none, in the base 12
`
	if normal(got) != normal(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// With one side alone there is room for the reason.
	r := someResult()
	r.News, r.Rows = r.News[:1], r.Rows[:1]
	if got := render(t, Compare(r)[0], Text); !strings.Contains(got, "why") || !strings.Contains(got, "+50 %, q 0.03") {
		t.Errorf("got\n%s", got)
	}
}

// normal is a table with single spaces.
func normal(s string) string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		out = append(out, strings.Join(strings.Fields(l), " "))
	}
	return strings.Join(out, "\n")
}

// The columns of CSV are the keys of the JSON, intervals as _low and _high; per seed there
// are rows in JSON alone.
func TestCompareRowsHaveTheKeysOfJSON(t *testing.T) {
	tab := CompareRows(someResult())
	var want []string
	row := reflect.TypeFor[compare.Row]()
	for i := range row.NumField() {
		f := row.Field(i)
		name := f.Tag.Get("json")
		switch {
		case name == "seeds":
		case f.Type == reflect.TypeFor[*stats.Interval]():
			name = strings.TrimSuffix(name, "_interval")
			want = append(want, name+"_low", name+"_high")
		default:
			want = append(want, name)
		}
	}
	var got []string
	for _, c := range tab.Columns {
		got = append(got, c.Name)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("columns\n%v\nwant\n%v", got, want)
	}
	first := strings.Split(render(t, tab, CSV), "\n")[1]
	if first != `virtual_ms,flatten,,slow,,,min,worse,"+50 %, q 0.03",m,6,6,6,10,9,11,15,,,5,,,1.5,0.999999,1.6,1,0.03125,0.03125,` {
		t.Errorf("got %s", first)
	}
}

func gated() *compare.Result {
	r := someResult()
	gate := compare.Gate{Metric: "virtual_ms", Spec: ptr("*"), Direction: compare.Min}
	r.Gates = []compare.GateResult{
		{Name: "virtual_ms {spec: *}", Verdict: compare.GateFail, Gate: gate, Checks: []compare.Check{
			{New: "slow", Spec: ptr("a"), Verdict: compare.GatePass, Reason: "no difference"},
			{New: "slow", Spec: ptr("b"), Verdict: compare.GateFail, Reason: "worse: +50 %", Base: ptr(10.0), Value: ptr(15.0)},
		}},
		{Name: "tested", Verdict: compare.GateInconclusive, Gate: gate, Checks: []compare.Check{{New: "slow", Verdict: compare.GateInconclusive, Reason: "it takes 6"}}},
		{Name: "fine", Verdict: compare.GatePass, Gate: gate, Checks: []compare.Check{{New: "slow", Verdict: compare.GatePass, Reason: "ok"}}},
	}
	return r
}

// readJUnit reads what a CI system would.
func readJUnit(t *testing.T, r *compare.Result) junitSuites {
	t.Helper()
	var out bytes.Buffer
	if err := JUnit(&out, r); err != nil {
		t.Fatal(err)
	}
	for dec := xml.NewDecoder(bytes.NewReader(out.Bytes())); ; {
		if _, err := dec.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, &out)
		}
	}
	var suites junitSuites
	if err := xml.Unmarshal(out.Bytes(), &suites); err != nil {
		t.Fatal(err)
	}
	return suites
}

func TestJUnit(t *testing.T) {
	s := readJUnit(t, gated())
	if s.Tests != 3 || s.Failures != 1 || s.Errors != 1 || len(s.Suites) != 1 || len(s.Suites[0].Cases) != 3 || s.Suites[0].Tests != 3 {
		t.Fatalf("%+v", s)
	}
	c := s.Suites[0].Cases
	if c[0].Failure == nil || c[0].Failure.Message != "fail slow b: worse: +50 %" || !strings.Contains(c[0].Failure.Text, "pass slow a: no difference") {
		t.Errorf("%+v", c[0].Failure)
	}
	if c[1].Error == nil || c[1].Error.Type != "inconclusive" || c[1].Failure != nil {
		t.Errorf("%+v", c[1])
	}
	if c[2].Error != nil || c[2].Failure != nil || c[2].Out != "pass slow: ok" {
		t.Errorf("%+v", c[2])
	}
	// Without gates, the rows.
	s = readJUnit(t, someResult())
	if s.Tests != 4 || s.Failures != 2 || s.Errors != 0 || s.Suites[0].Cases[0].Name != "virtual_ms flatten slow" {
		t.Errorf("%+v", s)
	}
	// What cannot be compared, or read, and nothing at all: never a suite that passes.
	for name, r := range map[string]*compare.Result{
		"incomparable": {Incomparable: []compare.Incomparability{{What: "wasmtime", NewName: "b"}}},
		"error":        compare.Failure("a", []string{"b"}, 0.05, io.ErrUnexpectedEOF),
		"nothing":      {},
	} {
		if s := readJUnit(t, r); s.Errors != 1 || s.Tests != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestSummary(t *testing.T) {
	var out bytes.Buffer
	if err := Summary(&out, gated()); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	for _, want := range []string{
		"## toolgen compare: regression\n\nbase v slow, fast: regression: 3 gates, 1 fail, 1 pass, 1 inconclusive.\n",
		"| virtual_ms {spec: *} | fail | slow | b | - | 10.000 | 15.000 | worse: +50 % |",
		"```mermaid\nxychart-beta\n    title \"slow in percent of base\"\n    x-axis [\"virtual ms flatten\"]\n    y-axis \"% of the base\" 0 --> 150\n    bar [150.00]\n    line [100]\n```\n",
		"title \"fast in percent of base\"",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the summary does not say %q:\n%s", want, got)
		}
	}
	if strings.Index(got, "### Gates") > strings.Index(got, "### base v") {
		t.Error("the gates stand behind the rows")
	}
	out.Reset()
	if err := Summary(&out, compare.Failure("a", []string{"b"}, 0.05, io.ErrUnexpectedEOF)); err != nil {
		t.Fatal(err)
	}
	if want := "## toolgen compare: error\n\nunexpected EOF\n"; !strings.HasPrefix(out.String(), want) {
		t.Errorf("got\n%s", &out)
	}
}

// The chart keeps the bars that say most.
func TestMermaidKeepsTheLargest(t *testing.T) {
	r := someResult()
	r.Rows = nil
	for i := range 40 {
		row := someRows()[0]
		row.Spec, row.Ratio = ptr(strings.Repeat("x", i+1)), ptr(1+float64(i)/100)
		r.Rows = append(r.Rows, row)
	}
	chart := mermaid(r, "slow")
	if !strings.Contains(chart, "the 16 that differ most of 40") || !strings.Contains(chart, "bar [139.00, 138.00") || strings.Contains(chart, "100.00") {
		t.Errorf("got\n%s", chart)
	}
	r.Rows[0].Ratio = ptr(1e9)
	if chart := mermaid(r, "slow"); !strings.Contains(chart, "bar [1000.00, ") || !strings.Contains(chart, "0 --> 1000\n") {
		t.Errorf("got\n%s", chart)
	}
}

// Names come from folders and manifests, so that they may hold anything.
func TestHostileNames(t *testing.T) {
	evil := "a\"]\n```\n<b>]]>&\x01\x1b[2J|x"
	r := gated()
	for i := range r.Rows {
		r.Rows[i].New, r.Rows[i].Spec, r.Rows[i].Reason = evil, &evil, evil
	}
	for i := range r.Gates {
		r.Gates[i].Name = evil
		r.Gates[i].Checks[0].Reason, r.Gates[i].Checks[0].Spec = evil, &evil
	}
	r.Base.Name, r.News = evil, []compare.Side{{Name: evil}}
	if s := readJUnit(t, r); s.Tests != 3 {
		t.Errorf("%+v", s)
	}
	var out bytes.Buffer
	if err := Summary(&out, r); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n```"); n != 2 { // a chart opens and closes
		t.Errorf("%d fences:\n%s", n, &out)
	}
	if strings.ContainsAny(out.String(), "\x01\x1b") {
		t.Error("control characters in the summary")
	}
	for _, f := range Formats {
		for _, tab := range append(Compare(r), CompareRows(r)) {
			if got := render(t, tab, f); strings.ContainsAny(got, "\x01\x1b") {
				t.Errorf("control characters in %s", f)
			}
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}
