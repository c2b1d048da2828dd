package analysis

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"toolgen/datasets"
)

// summary is a leaderboard as lines that are easy to compare.
func summary(list []Standing) string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%s %d %s %s", s.Spec, s.Rank, s.CandidateID, deref(s.Style)+deref(s.Label)))
	}
	return strings.Join(out, "\n")
}

// Each candidate beats the next one by exactly one key of the order.
func TestLeaderboardOrder(t *testing.T) {
	r := makeRun("g", []row{
		{1, 0, "b_spec", "set", "z", 0.5, true, 1, 1, "", 0},
		{1, 0, "a_spec", "set", "i-infeasible-but-fit", 1, false, 1, 1, "wrong_output", 0},
		{1, 0, "a_spec", "set", "h-null-time", 0.8, true, 0, 1, "", 0},
		{1, 0, "a_spec", "set", "g-null-memory", 0.8, true, 5, 0, "", 0},
		{1, 0, "a_spec", "set", "f-more-memory", 0.8, true, 5, 200, "", 0},
		{1, 0, "a_spec", "set", "e-later-id", 0.8, true, 5, 100, "", 0},
		{1, 0, "a_spec", "set", "d-first-id", 0.8, true, 5, 100, "", 0},
		{1, 0, "a_spec", "set", "c-faster", 0.8, true, 4, 900, "", 0},
		{1, 0, "a_spec", "trie", "b-fitter", 0.9, true, 99, 900, "", 0},
		{1, 0, "a_spec", "", "a-entrant", 0.95, true, 99, 900, "", 0},
	}, nil)
	want := `a_spec 1 a-entrant a-entrant
a_spec 2 b-fitter trie
a_spec 3 c-faster set
a_spec 4 d-first-id set
a_spec 5 e-later-id set
a_spec 6 f-more-memory set
a_spec 7 g-null-memory set
a_spec 8 h-null-time set
a_spec 9 i-infeasible-but-fit set
b_spec 1 z set`
	for seed := range uint64(20) {
		if got := summary(Leaderboard([]*Run{shuffled(r, seed)}, LeaderboardOptions{})); got != want {
			t.Fatalf("rows shuffled by %d:\n%s\nwant\n%s", seed, got, want)
		}
	}
	top := summary(Leaderboard([]*Run{r}, LeaderboardOptions{Top: 1}))
	if want := "a_spec 1 a-entrant a-entrant\nb_spec 1 z set"; top != want {
		t.Errorf("top 1:\n%s\nwant\n%s", top, want)
	}
	winners := summary(Leaderboard([]*Run{r}, LeaderboardOptions{Top: 1, PerStyle: true}))
	if want := "a_spec 1 a-entrant a-entrant\na_spec 2 b-fitter trie\na_spec 3 c-faster set\nb_spec 1 z set"; winners != want {
		t.Errorf("top 1 per style:\n%s\nwant\n%s", winners, want)
	}
}

// Final columns rank a candidate, not what it was worth in the epoch it lived in.
func TestLeaderboardUsesFinals(t *testing.T) {
	r := makeRun("g", []row{
		{1, 0, "s", "set", "was-best", 0.99, true, 1, 1, "", 0},
		{1, 1, "s", "set", "is-best", 0.90, true, 1, 1, "", 0},
	}, map[string]float64{"was-best": 0.85})
	if got, want := summary(Leaderboard([]*Run{r}, LeaderboardOptions{})), "s 1 is-best set\ns 2 was-best set"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Three seeds: fitness 0.9, 0.7, 0.8 have the lower median 0.8, times 3, 1, 2 have 2.
// Runs of one experiment that were sharded by seed are the same as one run of all.
func TestSeedsFold(t *testing.T) {
	rows := []row{
		{1, 2, "s", "set", "c", 0.9, true, 3, 10, "", 0},
		{2, 1, "s", "set", "c", 0.7, false, 1, 30, "timeout", 0},
		{3, 2, "s", "set", "c", 0.8, true, 2, 20, "wrong_output", 0},
		{3, 2, "s", "set", "only-here", 0.1, true, 0, 0, "", 0},
	}
	one := Leaderboard([]*Run{makeRun("g", rows, nil)}, LeaderboardOptions{})
	want := Standing{
		Experiment: "exp", Spec: "s", Rank: 2, Style: p("set"), CandidateID: "c", Origin: datasets.OriginInitial, FirstEpoch: 1, LastEpoch: 2,
		FinalVerdict: "timeout", FinalFeasible: false, FinalBaseFitness: 0.8, VirtualMS: p(2.0), PeakMemoryBytes: p(int64(30)), Stability: 1,
		Seeds: []int64{1, 2, 3}, Lineage: []string{},
	}
	if i := slices.IndexFunc(one, func(s Standing) bool { return s.CandidateID == "c" }); !reflect.DeepEqual(one[i], want) {
		t.Errorf("got  %+v\nwant %+v", one[i], want)
	}
	var shards []*Run
	for _, seed := range []int64{3, 1, 2} {
		shards = append(shards, makeRun("g", slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.seed != seed }), nil))
	}
	shards = append(shards, shards[0]) // the same rows twice count once
	if got := Leaderboard(shards, LeaderboardOptions{}); !reflect.DeepEqual(got, one) {
		t.Errorf("shards:\n%+v\none run:\n%+v", got, one)
	}
}

// Runs of different experiments are not held against one another.
func TestExperimentsStayApart(t *testing.T) {
	a := makeRun("a", []row{{1, 0, "s", "set", "x", 0.5, true, 1, 1, "", 0}}, nil)
	b := makeRun("b", []row{{1, 0, "s", "set", "x", 0.9, true, 1, 1, "", 0}}, nil)
	got := Leaderboard([]*Run{b, a}, LeaderboardOptions{})
	if len(got) != 2 || got[0].FinalBaseFitness != 0.5 || got[1].FinalBaseFitness != 0.9 || got[1].Rank != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestFilter(t *testing.T) {
	r := makeRun("g", []row{
		{1, 0, "s", "set", "a", 0.9, true, 1, 1, "", 0},
		{1, 5, "s", "trie", "b", 0.8, true, 1, 1, "", 0},
		{2, 0, "u", "set", "c", 0.7, true, 1, 1, "", 0},
		{2, 9, "u", "", "mine", 0.6, true, 1, 1, "", 0},
	}, nil)
	for _, test := range []struct {
		filter Filter
		want   string
	}{
		{Filter{}, "a b c mine"},
		{Filter{Specs: []string{"s"}}, "a b"},
		{Filter{Styles: []string{"set"}}, "a c"},
		{Filter{Styles: []string{"mine", "trie"}}, "b mine"},
		{Filter{Seeds: []Range{{2, 7}}}, "c mine"},
		{Filter{Epochs: []Range{{4, 9}}}, "b mine"},
		{Filter{Epochs: []Range{{0, 0}, {9, 9}}, Specs: []string{"u"}}, "c mine"},
		{Filter{Seeds: []Range{}}, ""},
	} {
		var ids []string
		for _, s := range Leaderboard([]*Run{r}, LeaderboardOptions{Filter: test.filter}) {
			ids = append(ids, s.CandidateID)
		}
		if got := strings.Join(ids, " "); got != test.want {
			t.Errorf("%+v: %q, want %q", test.filter, got, test.want)
		}
	}
}

// Of a run that goes on, a candidate stands as it did in its latest epoch.
func TestLatest(t *testing.T) {
	list := latest(makeRun("g", []row{
		{1, 1, "s", "set", "a", 0.9, true, 1, 1, "", 0},
		{1, 2, "s", "set", "a", 0.4, false, 1, 1, "timeout", 1500},
		{2, 0, "s", "set", "a", 0.8, true, 1, 1, "", 0},
	}, nil).Evaluations)
	if len(list) != 2 {
		t.Fatalf("%d candidates, want one per seed", len(list))
	}
	if c := list[0]; c.Seed != 1 || c.FirstEpoch != 1 || c.FinalFeasible || c.FinalVerdict != "timeout" || c.FinalBaseFitness != 0.4 {
		t.Errorf("seed 1: %+v", c)
	}
	if c := list[1]; c.Seed != 2 || c.FirstEpoch != 0 || !c.FinalFeasible || c.FinalBaseFitness != 0.8 {
		t.Errorf("seed 2: %+v", c)
	}
}

// The list here must be that of datasets: a verdict that is not in it would sort as
// the worst.
func TestPrecedenceKnowsEveryVerdict(t *testing.T) {
	for _, v := range datasets.Evaluations.Column("verdict").Values {
		if precedence(v) < 0 {
			t.Errorf("verdict %q has no precedence", v)
		}
	}
	if len(verdicts) != len(datasets.Evaluations.Column("verdict").Values) {
		t.Errorf("%d verdicts here, %d in the schema", len(verdicts), len(datasets.Evaluations.Column("verdict").Values))
	}
}
