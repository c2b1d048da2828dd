package evolve

import (
	"math"
	"slices"
	"testing"

	"toolgen/pipeline/synth"
	"toolgen/seed"
)

// max 0.02; a trie at temperature 0.8, a quarter through annealing, one slot in four:
// 0.02 * min(1, 0.8*0.75) * 0.75 = 0.009.
func TestDiversityBonus(t *testing.T) {
	for _, c := range []struct {
		name                        string
		correctness, temp, k, share float64
		baseline                    bool
		want                        float64
	}{
		{"as computed", 1, 0.8, 0.25, 0.25, false, 0.009},
		{"capped", 1, 1.2, 0, 0.25, false, 0.015},
		{"at the threshold", 0.9, 1, 0, 0, false, 0.02},
		{"below it", 0.899, 1, 0, 0, false, 0},
		{"baseline", 1, 1, 0, 0, true, 0},
		{"annealed", 1, 1.2, 1, 0, false, 0},
		{"alone", 1, 1, 0, 1, false, 0},
	} {
		got := DiversityBonus(0.02, 0.9, c.correctness, c.temp, c.k, c.share, c.baseline)
		if math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	e1, e2 := synth.Edit{Op: "one"}, synth.Edit{Op: "two"}
	base := Individual{Genome: synth.Genome{Style: "set"}, Params: []float64{0, 0}, VirtualMS: 4, PeakMemoryBytes: page}
	with := func(f func(*Individual)) *Individual {
		ind := base
		f(&ind)
		return &ind
	}
	for _, c := range []struct {
		name string
		a, b *Individual
		want float64
	}{
		{"itself", &base, &base, 0},
		{"a parameter across its range, of two", &base, with(func(i *Individual) { i.Params = []float64{0, 1} }), 0.5 / 4},
		{"another style", &base, with(func(i *Individual) { i.Genome.Style, i.Params = "trie", nil }), 2.0 / 4},
		{"edited", &base, with(func(i *Individual) { i.Genome.Edits = []synth.Edit{e1} }), 1.0 / 4},
		{"an edit more", with(func(i *Individual) { i.Genome.Edits = []synth.Edit{e1} }), with(func(i *Individual) { i.Genome.Edits = []synth.Edit{e1, e2} }), 0.5 / 4},
		{"edits in another order", with(func(i *Individual) { i.Genome.Edits = []synth.Edit{e2, e1} }), with(func(i *Individual) { i.Genome.Edits = []synth.Edit{e1, e2} }), 1.0 / 4},
		{"twice as slow", &base, with(func(i *Individual) { i.VirtualMS = 8 }), 0.25 / 4},
		{"eight times the memory", &base, with(func(i *Individual) { i.PeakMemoryBytes = 8 * page }), 0.375 / 4},
		{"never measured", &base, with(func(i *Individual) { i.VirtualMS, i.PeakMemoryBytes = math.NaN(), math.NaN() }), 1.0 / 4},
		{"other sources without style", &Individual{Genome: synth.Genome{Base: "a"}}, &Individual{Genome: synth.Genome{Base: "b"}}, 2.0 / 4},
	} {
		there, back := Distance(c.a, c.b), Distance(c.b, c.a)
		if math.Abs(there-c.want) > 1e-15 || there != back {
			t.Errorf("%s: %v there, %v back, want %v", c.name, there, back, c.want)
		}
	}
}

func TestNoveltyLooksOnlyAtTheFitter(t *testing.T) {
	mk := func(id string, fitness, param float64) Individual {
		return Individual{ID: id, Genome: synth.Genome{Style: "set"}, Feasible: true, Fitness: fitness, Params: []float64{param}, VirtualMS: 1, PeakMemoryBytes: 1}
	}
	// Distances are a quarter of the differences of the parameter.
	pop := []Individual{mk("a", 0.9, 0), mk("b", 0.8, 1), mk("c", 0.7, 0.5), mk("d", 0.6, 0.5)}
	for _, c := range []struct {
		neighbours int
		want       []float64
	}{
		{1, []float64{math.NaN(), 1.0 / 4, 0.5 / 4, 0}},
		{2, []float64{math.NaN(), 1.0 / 4, 0.5 / 4, 0.25 / 4}},
		{9, []float64{math.NaN(), 1.0 / 4, 0.5 / 4, 1.0 / 3 / 4}},
		{0, []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}},
	} {
		got := novelty(pop, c.neighbours)
		for i := range got {
			if math.IsNaN(got[i]) != math.IsNaN(c.want[i]) || math.Abs(got[i]-c.want[i]) > 1e-15 {
				t.Errorf("%d neighbours: %s has novelty %v, want %v", c.neighbours, pop[i].ID, got[i], c.want[i])
			}
		}
	}
}

func TestFitnessTiesEnd(t *testing.T) {
	a := Individual{ID: "a", Fitness: 1, VirtualMS: 2}
	for _, fitter := range []Individual{
		{ID: "0", Fitness: 2, VirtualMS: 9},
		{ID: "0", Fitness: 1, VirtualMS: 1},
		{ID: "b", Fitness: 1, VirtualMS: 2},
	} {
		if compareFitness(&fitter, &a) <= 0 || compareFitness(&a, &fitter) >= 0 {
			t.Errorf("%+v should be fitter than %+v", fitter, a)
		}
	}
	never := Individual{ID: "z", Fitness: 1, VirtualMS: math.NaN()}
	if compareFitness(&never, &a) >= 0 {
		t.Error("a candidate that was never timed is fitter than one that was")
	}
}

func TestNoveltyIsAShareOfOne(t *testing.T) {
	for round := range 100 {
		nulls := 0
		for _, r := range Rank(population(seed.Derive(3, "novelty", round), 20), RankOptions{NoveltyNeighbours: 3}) {
			if math.IsNaN(r.Novelty) {
				nulls++
			} else if r.Novelty < 0 || r.Novelty > 1 {
				t.Errorf("round %d: %s has novelty %v", round, r.ID, r.Novelty)
			}
		}
		if nulls != 1 {
			t.Errorf("round %d: %d candidates without a fitter one", round, nulls)
		}
	}
}

func TestLog2(t *testing.T) {
	for e := -1074; e <= 1023; e++ {
		if got := log2(math.Ldexp(1, e)); got != float64(e) {
			t.Fatalf("log2(2^%d) = %v", e, got)
		}
	}
	rng := seed.Derive(1, "log2")
	for range 100000 {
		x := math.Ldexp(1+rng.Float64(), rng.IntN(100)-50)
		if got, want := log2(x), math.Log2(x); math.Abs(got-want) > 4e-16*max(1, math.Abs(want)) {
			t.Fatalf("log2(%v) = %v, math.Log2 says %v", x, got, want)
		}
	}
	// Frozen: another value here orders other populations otherwise.
	if got := math.Float64bits(log2(10)); got != 0x400a934f0979a371 {
		t.Errorf("log2(10) = %v, bits %#x", log2(10), got)
	}
}

func TestPoisson(t *testing.T) {
	for _, mean := range []float64{0, 0.3, 1.2, 5} {
		const n = 20000
		rng := seed.Derive(5, "poisson", int(mean*10))
		counts := make([]float64, n)
		sum := 0.0
		for i := range counts {
			counts[i] = float64(poisson(rng, mean))
			sum += counts[i]
		}
		square := 0.0
		for _, c := range counts {
			square += (c - sum/n) * (c - sum/n)
		}
		// The mean of n draws has standard deviation sqrt(mean/n); five of them. A
		// Poisson variable's variance is its mean.
		if math.Abs(sum/n-mean) > 5*math.Sqrt(mean/n) || math.Abs(square/n-mean) > 0.1*mean {
			t.Errorf("mean %v: drawn mean %v, variance %v", mean, sum/n, square/n)
		}
		if mean == 0 && slices.Max(counts) != 0 {
			t.Error("mean 0 drew an arrival")
		}
	}
}
