package analysis

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"toolgen/datasets"
)

// flaky marks a candidate's rows of a run from an epoch on.
func flaky(r *Run, id string, from int32) {
	for i := range r.Evaluations {
		if e := &r.Evaluations[i]; e.CandidateID == id && e.Epoch >= from {
			e.Stability, e.FlakeCase, e.FlakeEntropy = 0.5, p("case-of-"+id), p(int64(77))
		}
	}
}

// Spec s: under seed 1 a, b, c and under seed 2 a ran, x was rejected; b is flaky.
// 1 of 4, Wilson: z = 1.959964, z² = 3.841459, n = 4, p = 0.25:
// middle (0.25 + 3.841459/8) / (1 + 3.841459/4) = 0.730182/1.960365 = 0.372472;
// half z sqrt(0.25*0.75/4 + 3.841459/64)/1.960365 = 1.959964*0.326967/1.960365 = 0.326900.
func TestStability(t *testing.T) {
	r := makeRun("g", []row{
		{1, 0, "s", "set", "a", 0.9, true, 10, 1, "", 0},
		{1, 0, "s", "lsh", "b", 0.8, false, 20, 1, "flaky", 0},
		{1, 1, "s", "lsh", "b", 0.8, false, 20, 1, "flaky", 0},
		{1, 1, "s", "set", "c", 0.7, true, 5, 1, "", 0},
		{1, 1, "s", "set", "x", 0, false, 0, 0, "build_error", 0},
		{2, 0, "s", "set", "a", 0.6, true, 30, 1, "", 0},
		{2, 0, "s", "lsh", "u", 0, false, 0, 0, "unsafe", 0},
	}, nil)
	r.Dir = "runs/one"
	flaky(r, "b", 0)
	got := Stability([]*Run{r, r}, Filter{})
	var lines []string
	for _, x := range got.Rates {
		epoch := "-"
		if x.Epoch != nil {
			epoch = fmt.Sprint(*x.Epoch)
		}
		lines = append(lines, fmt.Sprintf("%s %s %q %s %d/%d %.4f %.4f..%.4f", x.By, x.Spec, x.Style, epoch, x.Flaky.Count, x.Flaky.Of, x.Flaky.Share, x.Flaky.Lower, x.Flaky.Upper))
	}
	want := `spec s "" - 1/4 0.2500 0.0456..0.6994
style s "lsh" - 1/1 1.0000 0.2065..1.0000
style s "set" - 0/3 0.0000 0.0000..0.5615
epoch s "" 0 1/3 0.3333 0.0615..0.7923
epoch s "" 1 1/2 0.5000 0.0945..0.9055`
	if s := strings.Join(lines, "\n"); s != want {
		t.Errorf("rates\n%s\nwant\n%s", s, want)
	}
	flakes := []Flake{{Experiment: "exp", Run: "runs/one", Seed: 1, Spec: "s", Style: p("lsh"), CandidateID: "b", FirstEpoch: 0, Epochs: 2, Case: "case-of-b", Entropy: 77}}
	if !reflect.DeepEqual(got.Flakes, flakes) {
		t.Errorf("flakes %+v", got.Flakes)
	}
	// The best of set is a under both seeds: 0.9 and 0.6, of which the lower one is the median.
	spreads := []ScoreSpread{
		{Experiment: "exp", Spec: "s", Style: "lsh", OfSeeds: 2},
		{Experiment: "exp", Spec: "s", Style: "set", Seeds: 2, OfSeeds: 2,
			BaseFitness: Spread{2, 0.6, 0.6, 0.6, 0.9, 0.9}, VirtualMS: &Spread{2, 10, 10, 10, 30, 30}},
	}
	if !reflect.DeepEqual(got.Spreads, spreads) {
		t.Errorf("spreads\n%+v\nwant\n%+v", got.Spreads, spreads)
	}
	for seed := range uint64(5) {
		if again := Stability([]*Run{shuffled(r, seed)}, Filter{}); !reflect.DeepEqual(again, got) {
			t.Fatalf("rows shuffled by %d change the answer", seed)
		}
	}
	if got := Stability([]*Run{r}, Filter{Epochs: []Range{{1, 1}}, Styles: []string{"lsh"}}); len(got.Flakes) != 1 || got.Flakes[0].FirstEpoch != 1 || got.Rates[0].Flaky.Of != 1 {
		t.Errorf("epoch 1 of lsh: %+v", got)
	}
}

// Four candidates fail. w1 is repaired in epoch 0 by the 7th patch into r1, which
// competes in epochs 1 and 2, is selected in 1 and wins. w2 is repaired in epoch 1 into
// r2, which never enters. w3 has a plausible patch that others refuse, is tried again in
// epoch 1, and given up. w4 is not attempted.
func TestHandoffs(t *testing.T) {
	r := makeRun("g", []row{
		{1, 0, "s", "set", "w1", 0.4, false, 10, 1, "wrong_output", 0},
		{1, 0, "s", "lsh", "w3", 0.3, false, 10, 1, "timeout", 0},
		{1, 1, "s", "set", "w2", 0.2, false, 10, 1, "wrong_output", 0},
		{1, 1, "s", "lsh", "w3", 0.3, false, 10, 1, "timeout", 0},
		{1, 1, "s", "set", "r1", 0.9, true, 10, 1, "", 0},
		{1, 2, "s", "set", "r1", 0.9, true, 10, 1, "", 0},
		{1, 2, "s", "lsh", "w4", 0.1, false, 10, 1, "trap", 0},
	}, nil)
	for i := range r.Evaluations {
		r.Evaluations[i].Selected = r.Evaluations[i].CandidateID == "r1" && r.Evaluations[i].Epoch == 1
	}
	handoff := func(epoch int32, style, id, reason, outcome string, tried, plausible int32, challenger *string) {
		r.Handoffs = append(r.Handoffs, datasets.Handoff{
			Seed: 1, Epoch: epoch, HandoffID: fmt.Sprintf("h-%s-%d", id, epoch), Spec: "s", Style: &style, CandidateID: id,
			Reason: reason, Outcome: outcome, PatchesTried: tried, PatchesPlausible: plausible, ChallengerID: challenger, RepairFuel: int64(tried) * 10,
		})
	}
	handoff(0, "set", "w1", datasets.ReasonIncorrect, datasets.OutcomeRepaired, 7, 1, p("r1"))
	handoff(0, "lsh", "w3", datasets.ReasonOverBudget, datasets.OutcomeNotRepaired, 40, 1, nil)
	handoff(1, "set", "w2", datasets.ReasonIncorrect, datasets.OutcomeRepaired, 3, 2, p("r2"))
	handoff(1, "lsh", "w3", datasets.ReasonOverBudget, datasets.OutcomeBudgetExhausted, 50, 0, nil)
	handoff(2, "lsh", "w4", datasets.ReasonIncorrect, datasets.OutcomeNotAttempted, 0, 0, nil)
	got := Handoffs([]*Run{r, r}, Filter{})

	var lines []string
	for _, x := range got.Rates {
		epoch, first := "-", "-"
		if x.Epoch != nil {
			epoch = fmt.Sprint(*x.Epoch)
		}
		if x.FirstRepair != nil {
			first = fmt.Sprint(x.FirstRepair.Median)
		}
		lines = append(lines, fmt.Sprintf("%s %q %s: %d handoffs, %d/%d, first %s, fuel %d", x.By, x.Style, epoch, x.Handoffs, x.Repaired.Count, x.Repaired.Of, first, x.RepairFuel))
	}
	want := `spec "" -: 5 handoffs, 2/3, first 3, fuel 1000
style "lsh" -: 3 handoffs, 0/1, first -, fuel 900
style "set" -: 2 handoffs, 2/2, first 3, fuel 100
epoch "" 0: 2 handoffs, 1/2, first 7, fuel 470
epoch "" 1: 2 handoffs, 1/2, first 3, fuel 530
epoch "" 2: 1 handoffs, 0/0, first -, fuel 0`
	if s := strings.Join(lines, "\n"); s != want {
		t.Errorf("rates\n%s\nwant\n%s", s, want)
	}
	lines = nil
	for _, x := range got.Funnel {
		lines = append(lines, fmt.Sprintf("%s %d", x.Stage, x.Candidates))
	}
	if s, want := strings.Join(lines, ", "), "failed 4, attempted 3, plausible 3, repaired 2, competed 1, selected 1, won 1"; s != want {
		t.Errorf("funnel %s, want %s", s, want)
	}
	lines = nil
	for _, x := range got.Challengers {
		lines = append(lines, fmt.Sprintf("%s->%s epochs %d selected %d won %v entered %v", x.CandidateID, x.ChallengerID, x.Epochs, x.SelectedEpochs, x.Won, x.FinalBaseFitness != nil))
	}
	if s, want := strings.Join(lines, "\n"), "w1->r1 epochs 2 selected 1 won true entered true\nw2->r2 epochs 0 selected 0 won false entered false"; s != want {
		t.Errorf("challengers\n%s\nwant\n%s", s, want)
	}
	if len(got.Counts) != 5 || got.Counts[0] != (HandoffCount{"exp", "s", "lsh", 0, datasets.ReasonOverBudget, datasets.OutcomeNotRepaired, 1}) {
		t.Errorf("counts %+v", got.Counts)
	}
	some := Handoffs([]*Run{r}, Filter{Epochs: []Range{{0, 0}}, Styles: []string{"set"}})
	if len(some.Counts) != 1 || len(some.Challengers) != 1 || some.Challengers[0].Epochs != 2 {
		t.Errorf("epoch 0 of set: %+v", some)
	}
	if none := Handoffs([]*Run{r}, Filter{Seeds: []Range{{5, 6}}}); len(none.Rates)+len(none.Funnel)+len(none.Counts)+len(none.Challengers) != 0 {
		t.Errorf("seed 5: %+v", none)
	}
}

// Epoch 0 of s: 0.2, 0.4 (not feasible), 0.6 and 0.8; times 10, 20 and 40, one untimed.
// Of four values the quantiles are the first, second and third.
func TestTrends(t *testing.T) {
	r := makeRun("g", []row{
		{1, 0, "s", "set", "a", 0.2, true, 10, 1, "", 0},
		{1, 0, "s", "set", "b", 0.4, false, 20, 1, "trap", 0},
		{2, 0, "s", "lsh", "c", 0.6, true, 40, 1, "", 0},
		{2, 0, "s", "", "mine", 0.8, true, 0, 1, "", 0},
		{1, 1, "s", "set", "a", 0.1, true, 10, 1, "", 0},
		{1, 2, "s", "lsh", "d", 0.9, false, 0, 1, "trap", 0},
	}, nil)
	got := Trends([]*Run{r}, Filter{}, BySpec)
	want := []Trend{
		{Experiment: "exp", Spec: "s", Epoch: 0, Slots: 4, Feasible: 3, Share: 1, Fitness: Spread{4, 0.2, 0.2, 0.4, 0.6, 0.8}, BestBaseFitness: p(0.8), VirtualMS: &Spread{3, 10, 10, 20, 40, 40}},
		{Experiment: "exp", Spec: "s", Epoch: 1, Slots: 1, Feasible: 1, Share: 1, Fitness: Spread{1, 0.1, 0.1, 0.1, 0.1, 0.1}, BestBaseFitness: p(0.8), VirtualMS: &Spread{1, 10, 10, 10, 10, 10}},
		{Experiment: "exp", Spec: "s", Epoch: 2, Slots: 1, Feasible: 0, Share: 1, Fitness: Spread{1, 0.9, 0.9, 0.9, 0.9, 0.9}, BestBaseFitness: p(0.8)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	var lines []string
	for _, x := range Trends([]*Run{r, r}, Filter{Epochs: []Range{{0, 1}}}, ByStyle) {
		lines = append(lines, fmt.Sprintf("%s %d %d %.2f", x.Style, x.Epoch, x.Slots, x.Share))
	}
	if s, want := strings.Join(lines, ", "), "lsh 0 1 0.25, mine 0 1 0.25, set 0 2 0.50, set 1 1 1.00"; s != want {
		t.Errorf("by style: %s, want %s", s, want)
	}
	// A share is of all styles, though only one is shown.
	if one := Trends([]*Run{r}, Filter{Styles: []string{"set"}}, BySpec); len(one) != 2 || one[0].Share != 0.5 || one[0].Slots != 2 {
		t.Errorf("set alone: %+v", one)
	}
	for seed := range uint64(5) {
		if again := Trends([]*Run{shuffled(r, seed)}, Filter{}, BySpec); !reflect.DeepEqual(again, want) {
			t.Fatalf("rows shuffled by %d change the answer", seed)
		}
	}
}

// d descends from c, c from a and b, a from nobody; e and f from one another.
func TestLineage(t *testing.T) {
	r := makeRun("g", []row{
		{1, 0, "s", "set", "a", 0.9, true, 1, 1, "", 0}, {1, 1, "s", "set", "c", 0.8, true, 1, 1, "", 0}, {1, 4, "s", "set", "d", 0.7, true, 1, 1, "", 0},
		{1, 5, "s", "set", "d", 0.7, true, 1, 1, "", 0}, {1, 1, "s", "set", "e", 0.6, true, 1, 1, "", 0}, {1, 1, "s", "set", "f", 0.5, true, 1, 1, "", 0},
	}, nil)
	parents := map[string][]string{"c": {"a", "b"}, "d": {"c"}, "e": {"f"}, "f": {"e"}}
	for i := range r.Candidates {
		r.Candidates[i].ParentIDs = parents[r.Candidates[i].CandidateID]
	}
	want := map[string]string{"a": "", "c": "a", "d": "c a", "e": "f", "f": "e"}
	for _, s := range Leaderboard([]*Run{r}, LeaderboardOptions{}) {
		if got := strings.Join(s.Lineage, " "); got != want[s.CandidateID] {
			t.Errorf("%s: %q, want %q", s.CandidateID, got, want[s.CandidateID])
		}
		if s.CandidateID == "d" && (s.FirstEpoch != 4 || s.LastEpoch != 5) {
			t.Errorf("d lived from %d to %d, want 4 to 5", s.FirstEpoch, s.LastEpoch)
		}
	}
}

// The best of seed 1 was timed at 3, 1 and 2 ms on two machines.
func TestBenchWall(t *testing.T) {
	r := makeRun("g", []row{{1, 0, "s", "set", "a", 0.9, true, 1, 1, "", 0}, {1, 0, "s", "set", "b", 0.8, true, 1, 1, "", 0}}, nil)
	for i, ns := range []int64{3e6, 1e6, 2e6} {
		r.Samples = append(r.Samples, datasets.Sample{Seed: 1, CandidateID: "a", Sample: int32(i), WallNS: ns, Host: []string{"m2", "m1", "m2"}[i]},
			datasets.Sample{Seed: 1, CandidateID: "b", Sample: int32(i), WallNS: 9e9, Host: "m3"}, datasets.Sample{Seed: 2, CandidateID: "a", Sample: int32(i), WallNS: 9e9, Host: "m3"})
	}
	got := mustBench(t, []*Run{r}, Filter{})
	if b := got[0]; b.WallMS == nil || *b.WallMS != 2 || !reflect.DeepEqual(b.Hosts, []string{"m1", "m2"}) {
		t.Errorf("%+v", b)
	}
}
