package analysis

import (
	"reflect"
	"testing"

	"toolgen/analysis/pareto"
	"toolgen/datasets"
)

// Two seeds of one experiment. In epoch 0 of spec a there are five slots: three of set
// (10, 30 and, the same candidate again, 10 ms), one of trie without a time, one
// entrant. Of the distinct timed candidates of set, seed 1 has two and seed 2 one.
func epochsExample() []*Run {
	return []*Run{
		makeRun("g", []row{
			{seed: 1, spec: "a", style: "set", id: "x", fitness: 0.9, feasible: true, ms: 10},
			{seed: 1, spec: "a", style: "set", id: "y", fitness: 0.5, ms: 30},
			{seed: 1, spec: "a", style: "set", id: "x", fitness: 0.9, feasible: true, ms: 10},
			{seed: 1, spec: "a", style: "trie", id: "z", fitness: 0.7},
			{seed: 1, epoch: 1, spec: "a", style: "set", id: "x", fitness: 0.8, feasible: true, ms: 10, budget: 1500},
		}, nil),
		makeRun("g", []row{
			{seed: 2, spec: "a", id: "mine", fitness: 1, feasible: true, ms: 5},
			{seed: 2, spec: "a", style: "set", id: "x", fitness: 0.6, ms: 20},
		}, nil),
	}
}

func TestEpochs(t *testing.T) {
	got := Epochs(epochsExample(), Filter{}, VirtualLatency)
	if len(got) != 2 {
		t.Fatalf("%d epochs: %+v", len(got), got)
	}
	e := got[0]
	// (0.9 + 0.5 + 0.9 + 0.7 + 1 + 0.6) / 6 = 4.6 / 6
	if e.Spec != "a" || e.Epoch != 0 || e.Slots != 6 || e.BestBaseFitness != 1 || e.BudgetTimeoutMS != 2000 || e.Robustness != nil {
		t.Errorf("%+v", e)
	}
	near(t, "mean base fitness", &e.MeanBaseFitness, 4.6/6)
	// Performance is 1 wherever there is a time.
	if e.Performance == nil || *e.Performance != 1 || e.Correctness != 1 {
		t.Errorf("%+v", e)
	}
	want := []EpochStyle{
		{Style: "mine", Slots: 1, Share: 1.0 / 6, Latency: &Band{1, 5, 5, 5}},
		// 10 and 30 under seed 1, 20 under seed 2: of three, ceil(0.1 3) = 1, ceil(0.5 3) = 2, ceil(0.9 3) = 3.
		{Style: "set", Slots: 4, Share: 4.0 / 6, Latency: &Band{3, 10, 20, 30}},
		{Style: "trie", Slots: 1, Share: 1.0 / 6},
	}
	if !reflect.DeepEqual(e.Styles, want) {
		t.Errorf("got  %+v\nwant %+v", e.Styles, want)
	}
	if e := got[1]; e.Epoch != 1 || e.BudgetTimeoutMS != 1500 || e.Slots != 1 {
		t.Errorf("%+v", e)
	}
}

// The order of runs and rows does not matter, nor does a run that is given twice.
func TestEpochsInAnyOrder(t *testing.T) {
	runs := epochsExample()
	want := Epochs(runs, Filter{}, VirtualLatency)
	for seed := range uint64(10) {
		again := []*Run{shuffled(runs[1], seed), shuffled(runs[0], seed), shuffled(runs[0], seed+100)}
		if got := Epochs(again, Filter{}, VirtualLatency); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %+v, want %+v", seed, got, want)
		}
	}
	only := Epochs(runs, Filter{Styles: []string{"trie"}}, VirtualLatency)
	if len(only) != 1 || only[0].Slots != 1 || only[0].Styles[0].Style != "trie" {
		t.Errorf("%+v", only)
	}
}

// The median of 1, 2 and 9 ms is 2; a candidate without samples has none.
func TestWallLatency(t *testing.T) {
	r := makeRun("g", []row{{seed: 1, spec: "a", style: "set", id: "x", ms: 10}, {seed: 1, spec: "a", style: "set", id: "y", ms: 20}}, nil)
	for i, ns := range []int64{9e6, 1e6, 2e6} {
		r.Samples = append(r.Samples, datasets.Sample{Seed: 1, CandidateID: "x", Sample: int32(i), WallNS: ns})
	}
	e := Epochs([]*Run{r}, Filter{}, WallLatency([]*Run{r}))[0]
	if want := (&Band{1, 2, 2, 2}); !reflect.DeepEqual(e.Styles[0].Latency, want) {
		t.Errorf("%+v, want %+v", e.Styles[0].Latency, want)
	}
}

func TestCloud(t *testing.T) {
	objectives := []Objective{{"virtual_ms", pareto.Minimize}, {"final_base_fitness", pareto.Maximize}}
	runs := epochsExample()
	got := Cloud(runs, Filter{}, objectives)
	type brief struct {
		seed     int64
		id       string
		ms, fit  float64
		feasible bool
	}
	var list []brief
	for _, c := range got {
		list = append(list, brief{c.Seed, c.CandidateID, c.Values[0], c.Values[1], c.Feasible})
	}
	// z has no time. x of seed 1 stands as in its latest epoch, 1.
	want := []brief{{1, "x", 10, 0.8, true}, {1, "y", 30, 0.5, false}, {2, "mine", 5, 1, true}, {2, "x", 20, 0.6, false}}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("%+v, want %+v", list, want)
	}
	// Every point of a front is in the cloud, with the same values.
	for _, p := range ParetoFronts(runs, Filter{}, objectives).Points {
		found := false
		for _, c := range got {
			found = found || c.Seed == p.Seed && c.CandidateID == p.CandidateID && reflect.DeepEqual(c.Values, p.Values) && c.Feasible
		}
		if !found {
			t.Errorf("%+v is not in the cloud", p)
		}
	}
}
