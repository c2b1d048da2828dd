package reports

import (
	"testing"

	"toolgen/analysis"
)

func ptr[T any](v T) *T { return &v }

func TestLeaderboard(t *testing.T) {
	list := []analysis.Standing{
		{LastEpoch: 9, Lineage: []string{"89abcdef01234567", "456789abcdef0123"}, Experiment: "e", Spec: "text_deduplicate", Rank: 1, Style: ptr("trie"), CandidateID: "0123456789abcdef", Origin: "edit", FirstEpoch: 3,
			FinalVerdict: "pass", FinalFeasible: true, FinalBaseFitness: 0.98765, VirtualMS: ptr(0.32149), PeakMemoryBytes: ptr(int64(3 << 19)), Stability: 1, Seeds: []int64{1, 2}},
		{Experiment: "e", Spec: "text_deduplicate", Rank: 2, Label: ptr("mine"), CandidateID: "fedcba9876543210", Origin: "entrant",
			FinalVerdict: "trap", FinalBaseFitness: 0.5, Stability: 0.5, Seeds: []int64{1}},
	}
	got := render(t, Leaderboard(list).Brief(Text), Text)
	want := `Leaderboard
spec              rank  style  label  candidate     origin   epoch  verdict  feasible  base fitness  virtual ms  peak memory (MiB)  stability  seeds  last epoch  generation  first ancestor
text_deduplicate     1  trie   -      0123456789ab  edit         3  pass     yes             0.9877       0.321               1.50        1.0  1 2             9           2  456789abcdef
text_deduplicate     2  -      mine   fedcba987654  entrant      0  trap     no              0.5000           -                  -        0.5  1               0           0  -
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = render(t, Leaderboard(list[:1]), CSV)
	want = `experiment,spec,rank,style,label,candidate_id,origin,first_epoch,final_verdict,final_feasible,final_base_fitness,virtual_ms,peak_memory_bytes,stability,seeds,last_epoch,generation,ancestor_id,lineage
e,text_deduplicate,1,trie,,0123456789abcdef,edit,3,pass,true,0.98765,0.32149,1572864,1,1 2,9,2,456789abcdef0123,89abcdef01234567 456789abcdef0123
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The columns are a contract: scripts read them from CSV whatever the rows hold.
func TestBriefKeepsColumnsOfPrograms(t *testing.T) {
	tab := Bench([]analysis.Benchmark{{Experiment: "e", Spec: "a", At: analysis.First, BudgetTimeoutMS: 2000}})
	for _, f := range []Format{JSON, CSV} {
		if n := len(tab.Brief(f).Columns); n != len(tab.Columns) {
			t.Errorf("%s: %d columns, want %d", f, n, len(tab.Columns))
		}
	}
	got := render(t, tab.Brief(Text), Text)
	want := `Benchmark
tool  at     epoch  median latency (virtual ms)  budget (virtual ms)  score  style  candidate  seed
a     first      0                            -                 2000      -  -      -             -
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// An entrant alone keeps its label, and two experiments their names.
	tab.Add("f", "a", analysis.Last, 1, nil, 1000.0, nil, nil, "mine", nil, nil, 1.5, []string{"host"})
	if n := len(tab.Brief(Text).Columns); n != len(tab.Columns) {
		t.Errorf("%d columns, want all %d", n, len(tab.Columns))
	}
}
