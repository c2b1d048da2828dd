package reports

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"toolgen/analysis"
)

// Benchfmt writes benchmarks in the format of Go's own, which golang.org/x/perf reads
// and benchstat compares:
//
//	experiment: baseline
//	BenchmarkTool/spec=json_flatten/at=last 1 412563 virtual-ns/op 0.9731 fitness 2883584 peak-B
//
// The name says what was measured and not who won, so that two runs have the same names.
// The virtual median is in nanoseconds, which benchstat scales; wall-clock time, where
// there is one, is sec/op as everybody's is, with the machine as its key. What is null
// is left out; a benchmark without any number is no line, and a line with a comment says so.
func Benchfmt(w io.Writer, list []analysis.Benchmark) {
	for i := range list {
		b := &list[i]
		var values []string
		add := func(v float64, unit string) {
			values = append(values, strconv.FormatFloat(v, 'f', -1, 64)+" "+unit)
		}
		if b.WallMS != nil {
			add(*b.WallMS*1e6, "ns/op")
		}
		if b.VirtualMS != nil {
			add(*b.VirtualMS*1e6, "virtual-ns/op")
		}
		if b.BaseFitness != nil {
			add(*b.BaseFitness, "fitness")
		}
		if b.PeakMemoryBytes != nil {
			add(float64(*b.PeakMemoryBytes), "peak-B")
		}
		name := fmt.Sprintf("BenchmarkTool/spec=%s/at=%s", benchWord(b.Spec), b.At)
		fmt.Fprintf(w, "experiment: %s\n", Printable(b.Experiment))
		if b.WallMS != nil {
			fmt.Fprintf(w, "host: %s\n", Printable(strings.Join(b.Hosts, ", ")))
		}
		if b.Seed != nil && len(values) > 0 {
			fmt.Fprintf(w, "%s 1 %s\n", name, strings.Join(values, " "))
		} else {
			fmt.Fprintf(w, "# %s: nobody was feasible\n", name)
		}
	}
}

// benchWord is a name that is one word, and no part of a path.
func benchWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '/' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, s)
}
