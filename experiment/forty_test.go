package experiment

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"toolgen/datasets"
)

// extremists are hostile in ways that cost others something before: code that runs while a
// shared module starts, a type checker without end, a file that the build leaves out.
var extremists = []string{
	tool("", "return input, nil") + "\nvar _ = [4]int([]int(nil))\n",
	tool("", "return input, nil") + "\nvar _ = []int{1}[len(any(nil).(string)):]\n",
	tool("", "_ = "+strings.Repeat("d(", 40)+"input"+strings.Repeat(")", 40)+";; return input, nil") + "\nfunc d[T any](x T) struct{ a, b T } { return struct{ a, b T }{x, x} }\n",
	"//\t+build ignore\n\n" + tool("", "return input, nil"),
	"// +build\rignore\n\n" + tool("", "return input, nil"),
	tool(`"os"`, `os.Stderr.Write(make([]byte, 1<<20));; return input, nil`),
	tool("", `for { print("flood flood flood flood flood flood flood flood") }`),
	tool(`"time"`, `for { time.Now() }`),
}

// honest is a tool that is right now and then, one of many.
func honest(n int) string {
	return tool(`"bytes"`, fmt.Sprintf(`lines := bytes.SplitAfter(input, []byte("\n"));; var out []byte;; for i, l := range lines { if i%%%d != 1 || len(l) > 3 { out = append(out, l...) } };; return out, nil`, n+2))
}

// TestForty plays 20 honest entrants alone, and again beside 20 hostile ones: the run ends
// by itself, and nothing of the honest ones differs but what they share a module with.
func TestForty(t *testing.T) {
	if testing.Short() {
		t.Skip("plays two tournaments, one of them against guests that spend all they may")
	}
	dir := t.TempDir()
	manifest := func(name string, hostileToo bool) *Experiment {
		t.Helper()
		var b strings.Builder
		fmt.Fprintf(&b, "version: 1\nname: %s\nlicense: MIT\nseeds: [1]\nepochs: 1\npopulation: 2\nspecs: [text_deduplicate]\n", name)
		b.WriteString("search_space: {impl_style: [set], anneal_temp: [1.0]}\nbudget: {timeout_ms: {from: 100, to: 100}, memory_mib: {from: 64, to: 64}}\n")
		b.WriteString("selection: {survivors: 2}\nmeasure: {samples: 3}\nsuite: {search: 4, validate: 1, holdout: 1, sizes: [1, 16]}\nrepair: {agent: none}\nentrants:\n")
		add := func(label, source string) {
			if err := os.WriteFile(filepath.Join(dir, label+".go"), []byte(source), 0o666); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "  - {name: %s, spec: text_deduplicate, source: %[1]s.go, keep: true}\n", label)
		}
		for i := range 20 {
			if hostileToo {
				source := hostile[i%len(hostile)].source
				if i < len(extremists) {
					source = extremists[i]
				}
				add(fmt.Sprintf("hostile%02d", i), source)
			}
			add(fmt.Sprintf("honest%02d", i), honest(i))
		}
		path := filepath.Join(dir, name+".yaml")
		if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return mustLoad(t, LoadOptions{Manifest: path})
	}
	type seen struct {
		Row   datasets.Evaluation
		Cases []datasets.CaseRow
		Fuel  int64
	}
	play := func(x *Experiment) map[string]seen {
		t.Helper()
		start := time.Now()
		out, sum := mustRun(t, newEnv(t, EnvOptions{Jobs: 2}), x)
		t.Logf("%s: %d candidates in %.1f s, %d set aside", x.Manifest.Name, sum.Executed, time.Since(start).Seconds(), len(sum.SetAside))
		if len(sum.SetAside) > 0 {
			t.Errorf("set aside: %v", sum.SetAside)
		}
		run, err := datasets.OpenRun(out)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := datasets.Cases.ReadRun(run)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]seen{}
		verdicts := map[string]int{}
		for _, row := range readEvaluations(t, out) {
			if row.Label == nil || !strings.HasPrefix(*row.Label, "honest") {
				verdicts[row.Verdict]++
				continue
			}
			s := seen{Row: row}
			if row.Fuel != nil {
				s.Fuel = *row.Fuel
			}
			// What depends on who else is there: place, rank, module, and fuel by its noise.
			s.Row.RunID, s.Row.Experiment, s.Row.Slot, s.Row.Batch, s.Row.ParetoRank, s.Row.Novelty, s.Row.Selected = "", "", 0, nil, 0, nil, false
			s.Row.Fuel, s.Row.FuelP10, s.Row.FuelP90, s.Row.VirtualMS, s.Row.PeakMemoryBytes = nil, nil, nil, nil, nil
			for _, c := range cases {
				if c.CandidateID == row.CandidateID {
					c.RunID, c.Experiment, c.Fuel, c.PeakMemoryBytes = "", "", nil, nil
					s.Cases = append(s.Cases, c)
				}
			}
			all[*row.Label] = s
		}
		t.Logf("verdicts of the others: %v", verdicts)
		return all
	}
	alone, among := play(manifest("alone", false)), play(manifest("among", true))
	if len(alone) != 20 || len(among) != 20 {
		t.Fatalf("%d and %d honest entrants", len(alone), len(among))
	}
	for label, want := range alone { // any order: each on its own
		got := among[label]
		if d := max(got.Fuel, want.Fuel) - min(got.Fuel, want.Fuel); d > datasets.FuelNoise(want.Fuel) {
			t.Errorf("%s: fuel %d alone, %d among the hostile", label, want.Fuel, got.Fuel)
		}
		got.Fuel = want.Fuel
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs:\n%s", label, diff)
		}
	}
}
