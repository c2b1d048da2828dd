package evolve

import (
	"math"
	"slices"
	"testing"
)

func TestAnnealReproducesTheScoresTable(t *testing.T) {
	a := Anneal{TimeoutFromMS: 2000, TimeoutToMS: 1000, MemoryFromMiB: 128, MemoryToMiB: 64, OverEpochs: 40}
	for _, want := range []struct {
		epoch   int
		k       float64
		timeout float64
		mib     int64
	}{
		{-1, 0, 2000, 128},
		{0, 0, 2000, 128},
		{10, 0.25, 1750, 112},
		{20, 0.5, 1500, 96},
		{30, 0.75, 1250, 80},
		{40, 1, 1000, 64},
		{41, 1, 1000, 64},
	} {
		if k, ms, b := a.K(want.epoch), a.TimeoutMS(want.epoch), a.MemoryBytes(want.epoch); k != want.k || ms != want.timeout || b != want.mib<<20 {
			t.Errorf("epoch %d: k %v, %v ms, %d bytes; want %v, %v ms, %d MiB", want.epoch, k, ms, b, want.k, want.timeout, want.mib)
		}
	}
}

func TestMemoryIsWholePages(t *testing.T) {
	for _, a := range []Anneal{
		{MemoryFromMiB: 128, MemoryToMiB: 64, OverEpochs: 40},
		{MemoryFromMiB: 1.03, MemoryToMiB: 0.97, OverEpochs: 7},
		{MemoryFromMiB: 16, MemoryToMiB: 48, OverEpochs: 9}, // loosening is allowed
	} {
		for epoch := range a.OverEpochs + 2 {
			got := a.MemoryBytes(epoch)
			exact := a.MemoryFromMiB + (a.MemoryToMiB-a.MemoryFromMiB)*a.K(epoch)
			lost := exact*(1<<20) - float64(got)
			if got%page != 0 || lost < -1e-6 || lost >= page {
				t.Errorf("%+v, epoch %d: %d bytes, %v lost to rounding", a, epoch, got, lost)
			}
		}
	}
}

// From 2n pages to n over n epochs every budget is a whole number of pages, though
// epoch/n is rarely exact: no page may be lost to that.
func TestMemoryLosesNoPageToRounding(t *testing.T) {
	for over := 1; over <= 100; over++ {
		a := Anneal{MemoryFromMiB: 2 * float64(over) / 16, MemoryToMiB: float64(over) / 16, OverEpochs: over}
		for epoch := range over + 1 {
			if got, want := a.MemoryBytes(epoch), int64(2*over-epoch)*page; got != want {
				t.Fatalf("from %d pages to %d, epoch %d: %d bytes, want %d", 2*over, over, epoch, got, want)
			}
		}
	}
}

func TestAnnealOverNoEpochs(t *testing.T) {
	a := Anneal{TimeoutFromMS: 2000, TimeoutToMS: 1000, MemoryFromMiB: 128, MemoryToMiB: 64}
	if k, ms, b := a.K(0), a.TimeoutMS(0), a.MemoryBytes(0); k != 1 || ms != 1000 || b != 64<<20 {
		t.Errorf("k %v, %v ms, %d bytes; want the second values at once", k, ms, b)
	}
}

func TestPlaying(t *testing.T) {
	specs := []string{"dedupe", "flatten", "top_k"}
	baseline := []Phase{{0, 5, "dedupe"}, {6, 10, "flatten"}, {11, -1, Alternating}}
	for _, c := range []struct {
		name   string
		phases []Phase
		epoch  int
		want   []string
	}{
		{"default", nil, 7, specs},
		{"first", baseline, 0, []string{"dedupe"}},
		{"inclusive end", baseline, 5, []string{"dedupe"}},
		{"second", baseline, 6, []string{"flatten"}},
		{"alternating 11 mod 3", baseline, 11, []string{"top_k"}},
		{"alternating 12 mod 3", baseline, 12, []string{"dedupe"}},
		{"every spec", []Phase{{0, -1, ""}}, 3, specs},
		{"overlap, in the order of specs", []Phase{{0, 9, "top_k"}, {3, 3, "dedupe"}, {3, 3, "top_k"}}, 3, []string{"dedupe", "top_k"}},
		{"gap", []Phase{{0, 2, "top_k"}}, 3, specs},
	} {
		if got := Playing(c.phases, specs, c.epoch); !slices.Equal(got, c.want) {
			t.Errorf("%s: epoch %d plays %q, want %q", c.name, c.epoch, got, c.want)
		}
	}
	if got := Playing(baseline, nil, 11); len(got) != 0 {
		t.Errorf("no specs play %q", got)
	}
}

func TestPlayingAlternatesByParityWithTwoSpecs(t *testing.T) {
	specs := []string{"a", "b"}
	for epoch := 11; epoch < 41; epoch++ {
		if got := Playing([]Phase{{11, -1, Alternating}}, specs, epoch); len(got) != 1 || got[0] != specs[epoch%2] {
			t.Fatalf("epoch %d plays %q", epoch, got)
		}
	}
}

func TestStop(t *testing.T) {
	target, patience := 0.9, 3
	history := func(best ...float64) (out []Progress) {
		for i, b := range best {
			out = append(out, Progress{Epoch: i, Spec: "a", Best: b})
		}
		return out
	}
	for _, c := range []struct {
		name    string
		stop    Stop
		specs   []string
		history []Progress
		want    string
	}{
		{"never", Stop{}, []string{"a"}, history(1, 1, 1, 1, 1, 1), ""},
		{"nothing yet", Stop{&target, &patience}, nil, nil, ""},
		{"below target", Stop{TargetFitness: &target}, []string{"a"}, history(0.5, 0.89), ""},
		{"at target", Stop{TargetFitness: &target}, []string{"a"}, history(0.5, 0.9), "target_fitness"},
		{"target reached earlier", Stop{TargetFitness: &target}, []string{"a"}, history(0.95, 0.5), "target_fitness"},
		{"another spec has not played", Stop{&target, &patience}, []string{"a", "b"}, history(1, 1, 1, 1, 1), ""},
		{"another spec lags", Stop{TargetFitness: &target}, []string{"a", "b"}, append(history(1, 1), Progress{2, "b", 0.2}), ""},
		{"still patient", Stop{Patience: &patience}, []string{"a"}, history(0.5, 0.6, 0.6, 0.6), ""},
		{"out of patience", Stop{Patience: &patience}, []string{"a"}, history(0.5, 0.6, 0.6, 0.6, 0.4), "patience"},
		{"improved at the last moment", Stop{Patience: &patience}, []string{"a"}, history(0.5, 0.6, 0.6, 0.6, 0.7), ""},
		{"nothing to show", Stop{&target, nil}, []string{"a"}, history(math.NaN()), ""},
	} {
		why, over := c.stop.Reached(c.specs, c.history)
		if why != c.want || over != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", c.name, why, over, c.want)
		}
	}
}
