package reports

import (
	"bytes"
	"math"
	"testing"

	"golang.org/x/perf/benchfmt"

	"toolgen/analysis"
)

// What benchstat reads with must find every number again, in the units that it knows.
func TestBenchfmt(t *testing.T) {
	list := []analysis.Benchmark{
		{Experiment: "base", Spec: "json flatten/2", At: analysis.First, Seed: ptr(int64(1)), VirtualMS: ptr(0.4125), BaseFitness: ptr(0.9731), PeakMemoryBytes: ptr(int64(2883584))},
		{Experiment: "base", Spec: "caps", At: analysis.First},
		{Experiment: "new\nBenchmarkForged 1 1 ns/op", Spec: "caps", At: analysis.Last, Seed: ptr(int64(2)), VirtualMS: ptr(12.5), BaseFitness: ptr(1.0), WallMS: ptr(3.25), Hosts: []string{"m1", "m2"}},
	}
	var out bytes.Buffer
	Benchfmt(&out, list)
	want := `experiment: base
BenchmarkTool/spec=json_flatten_2/at=first 1 412500 virtual-ns/op 0.9731 fitness 2883584 peak-B
experiment: base
# BenchmarkTool/spec=caps/at=first: nobody was feasible
experiment: new\nBenchmarkForged 1 1 ns/op
host: m1, m2
BenchmarkTool/spec=caps/at=last 1 3250000 ns/op 12500000 virtual-ns/op 1 fitness
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r := benchfmt.NewReader(&out, "out")
	var results []*benchfmt.Result
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Error(rec)
		case *benchfmt.Result:
			results = append(results, rec.Clone())
		}
	}
	if err := r.Err(); err != nil || len(results) != 2 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	check := func(r *benchfmt.Result, unit string, want float64) {
		t.Helper()
		if v, ok := r.Value(unit); !ok || math.Abs(v-want) > 1e-12*want { // it scales
			t.Errorf("%s: %v %v, want %v", unit, v, ok, want)
		}
	}
	check(results[0], "virtual-sec/op", 412500*1e-9)
	check(results[0], "fitness", 0.9731)
	check(results[0], "peak-B", 2883584)
	check(results[1], "sec/op", 3250000*1e-9)
	if got := results[0].GetConfig("experiment"); got != "base" {
		t.Errorf("experiment %q", got)
	}
	if got := results[1].GetConfig("host"); got != "m1, m2" {
		t.Errorf("host %q", got)
	}
	if got := string(results[0].Name.Full()); got != "Tool/spec=json_flatten_2/at=first" {
		t.Errorf("name %q", got)
	}
}
