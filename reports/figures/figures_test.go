package figures

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"toolgen/analysis"
	"toolgen/datasets"
	"toolgen/reports"
	"toolgen/reports/chart"
)

func p[T any](v T) *T { return &v }

// made is a run of two epochs: set is right, trie is wrong and quick in the first.
func made(name, group string) *analysis.Run {
	r := &analysis.Run{
		Dir: "runs/" + name, Experiment: name, RunID: group, Group: group,
		Rules: &analysis.Rules{FirstTimeoutMS: 200, LastTimeoutMS: 100, FuelPerMS: 1000},
	}
	for epoch := range int32(2) {
		for slot, style := range []string{"set", "trie"} {
			id := fmt.Sprintf("%s%d%s", style, epoch, strings.Repeat("0", 60))
			verdict, base, ms := datasets.VerdictPass, 1.0, 10*float64(slot+1)
			if epoch == 0 && style == "trie" {
				verdict, base, ms = datasets.VerdictWrongOutput, 0.5, 0.001
			}
			r.Evaluations = append(r.Evaluations, datasets.Evaluation{
				RunID: group, Experiment: name, Seed: 1, Epoch: epoch, Slot: int32(slot), Spec: "sort", Style: &style, CandidateID: id, Origin: datasets.OriginInitial, Verdict: verdict,
				Correctness: base, Safety: 1, Documentation: 1, Stability: 1, BaseFitness: base, Fitness: base, VirtualMS: &ms, Performance: p(1.0), PeakMemoryBytes: p(int64(2 << 20)),
				BudgetTimeoutMS: 200 - 100*float64(epoch), Feasible: verdict == datasets.VerdictPass,
			})
			r.Candidates = append(r.Candidates, datasets.Candidate{
				RunID: group, Experiment: name, Seed: 1, CandidateID: id, Spec: "sort", Style: &style, FirstEpoch: epoch, FinalVerdict: verdict, FinalCorrectness: base, FinalBaseFitness: base, FinalFeasible: base == 1,
			})
			for n := range int32(3) {
				r.Samples = append(r.Samples, datasets.Sample{Seed: 1, CandidateID: id, Sample: n, WallNS: int64(ms * 2e6), Fuel: int64(ms * 1000)})
			}
			if verdict != datasets.VerdictPass {
				r.Handoffs = append(r.Handoffs, datasets.Handoff{
					RunID: group, Experiment: name, Seed: 1, HandoffID: "h", Epoch: epoch, Spec: "sort", Style: &style, CandidateID: id,
					Reason: datasets.ReasonIncorrect, Outcome: datasets.OutcomeNotAttempted,
				})
			}
		}
	}
	return r
}

func draw(t *testing.T, s *Source, kind string) (svg, csv string) {
	t.Helper()
	picture, err := s.Make(kind)
	if err != nil {
		t.Fatal(err)
	}
	if picture.Figure.Kind != kind {
		t.Errorf("the chart %s is called %s", kind, picture.Figure.Kind)
	}
	var a, b bytes.Buffer
	if err := picture.Figure.SVG(&a, &chart.Light, 0, 0); err != nil {
		t.Fatal(err)
	}
	if err := picture.Table.Render(&b, reports.CSV); err != nil {
		t.Fatal(err)
	}
	return a.String(), b.String()
}

// Every kind is drawn, and says in words and in its table what it shows.
func TestCharts(t *testing.T) {
	s := &Source{Runs: []*analysis.Run{made("one", "g")}}
	for kind, want := range map[string]struct{ says, csv string }{
		// The wrong one is left out, however quick.
		"latency":   {"sort set went from 10 to 10 ms; sort trie went from 20 to 20 ms.", "one,sort,1,trie,1,20,20,20,100"},
		"fitness":   {"sort: best from 1 to 1.", "one,sort,0,2,1,0.75,0.75,1,1,,1"},
		"diversity": {"sort in its last epoch: set 50 %, trie 50 %.", "one,sort,1,trie,1,0.5"},
		"pareto":    {"sort: 4 candidates, 2 on the front, 1 not feasible outside.", "one,sort,set0"},
		"stability": {"sort set: 0 of 2 flaky; sort trie: 0 of 2 flaky.", "one,style,sort,set,,2,0,0,0,"},
		"handoffs":  {"sort: failed 1, attempted 0,", "one,sort,failed,1"},
		"clocks":    {"sort: 4 candidates, rho 1.000.", "sort,set,2,10,20,2"},
	} {
		svg, csv := draw(t, s, kind)
		if !strings.Contains(svg, want.says) {
			t.Errorf("%s: nothing says %q in %.900s", kind, want.says, svg)
		}
		if !strings.Contains(csv, want.csv) {
			t.Errorf("%s: nothing says %q in\n%s", kind, want.csv, csv)
		}
	}
	for _, kind := range Kinds {
		if svg, _ := draw(t, &Source{}, kind); !strings.Contains(svg, "There is nothing to draw") {
			t.Errorf("%s of nothing: %.500s", kind, svg)
		}
	}
	if _, err := s.Make("pie"); err == nil {
		t.Error("there is a chart pie")
	}
}

// Wall time is twice the virtual time here.
func TestWallClock(t *testing.T) {
	svg, csv := draw(t, &Source{Runs: []*analysis.Run{made("one", "g")}, Clock: Wall}, "latency")
	if !strings.Contains(svg, "sort set went from 20 to 20 ms") || !strings.Contains(csv, "wall_ms_p10") {
		t.Errorf("%.900s\n%s", svg, csv)
	}
}

// Experiments stand side by side under their names, with the beginnings of their ids
// where they have one name; a run that is given twice is drawn once.
func TestSideBySide(t *testing.T) {
	svg, _ := draw(t, &Source{Runs: []*analysis.Run{made("one", "g"), made("two", "h")}}, "latency")
	for _, want := range []string{">one: sort<", ">two: sort<", ">latency by epoch<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("nothing says %q", want)
		}
	}
	svg, _ = draw(t, &Source{Runs: []*analysis.Run{made("one", "0123456789"), made("one", "abcdefghij")}}, "diversity")
	for _, want := range []string{">one 01234567: sort<", ">one abcdefgh: sort<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("nothing says %q", want)
		}
	}
	for _, kind := range Kinds {
		once, _ := draw(t, &Source{Runs: []*analysis.Run{made("one", "g")}}, kind)
		twice, _ := draw(t, &Source{Runs: []*analysis.Run{made("one", "g"), made("one", "g")}}, kind)
		if once != twice {
			t.Errorf("%s: a run that is given twice is drawn twice", kind)
		}
	}
}

func TestFilter(t *testing.T) {
	for _, kind := range Kinds {
		s := &Source{Runs: []*analysis.Run{made("one", "g")}, Filter: analysis.Filter{Styles: []string{"trie"}}}
		if svg, _ := draw(t, s, kind); strings.Contains(svg, ">set<") {
			t.Errorf("%s shows set, which was filtered out", kind)
		}
	}
}
