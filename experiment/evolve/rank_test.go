package evolve

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"toolgen/pipeline/synth"
	"toolgen/seed"
)

var styles = []string{"set", "trie", "lsh", ""}

// population draws individuals whose values tie often, are null at times, and whose
// ids repeat, with the same values under the same id, as in a real generation.
func population(rng *rand.Rand, n int) []Individual {
	null := func(x float64) float64 {
		if rng.IntN(8) == 0 {
			return math.NaN()
		}
		return x
	}
	pop := make([]Individual, 0, n)
	for slot := range n {
		if slot > 0 && rng.IntN(6) == 0 {
			twin := pop[rng.IntN(slot)]
			twin.Slot = slot
			pop = append(pop, twin)
			continue
		}
		ind := Individual{
			Slot:             slot,
			ID:               fmt.Sprintf("%04x", rng.IntN(1<<16)),
			Genome:           synth.Genome{Style: styles[rng.IntN(len(styles))], Edits: make([]synth.Edit, rng.IntN(3))},
			Feasible:         rng.IntN(3) > 0,
			Fitness:          float64(rng.IntN(4)) / 4,
			FinalBaseFitness: float64(rng.IntN(4)) / 4,
			VirtualMS:        null(float64(1 + rng.IntN(3))),
			PeakMemoryBytes:  null(float64(1+rng.IntN(3)) * page),
			Params:           []float64{float64(rng.IntN(3)) / 2},
		}
		if !ind.Feasible {
			ind.Violation = float64(rng.IntN(3))
		}
		for range 3 {
			ind.Objectives = append(ind.Objectives, null(float64(rng.IntN(4))))
		}
		pop = append(pop, ind)
	}
	// Two that drew one id by chance must be the same candidate.
	byID := map[string]Individual{}
	for i, ind := range pop {
		if first, ok := byID[ind.ID]; ok {
			first.Slot = ind.Slot
			pop[i] = first
		} else {
			byID[ind.ID] = ind
		}
	}
	return pop
}

// peel is constrained domination by its definition, over and over: the front is what
// nobody left dominates.
func peel(pop []Ranked) map[string]int {
	dominated := func(a, b Ranked) bool { // b by a
		switch {
		case a.Feasible != b.Feasible:
			return a.Feasible
		case a.Violation != b.Violation:
			return a.Violation < b.Violation
		}
		better := false
		for k := range a.Objectives {
			x, y := a.Objectives[k], b.Objectives[k]
			switch {
			case math.IsNaN(x) && !math.IsNaN(y), x > y:
				return false
			case math.IsNaN(y) && !math.IsNaN(x), x < y:
				better = true
			}
		}
		return better
	}
	ranks := map[string]int{}
	for front := 0; len(ranks) < len(pop); front++ {
		var found []string
		for _, b := range pop {
			if _, done := ranks[b.ID]; done {
				continue
			}
			if !slices.ContainsFunc(pop, func(a Ranked) bool {
				_, done := ranks[a.ID]
				return !done && dominated(a, b)
			}) {
				found = append(found, b.ID)
			}
		}
		for _, id := range found {
			ranks[id] = front
		}
	}
	return ranks
}

func TestRankAgreesWithDefinition(t *testing.T) {
	for round := range 400 {
		rng := seed.Derive(7, "rank", round)
		pop := population(rng, rng.IntN(40))
		ranked := Rank(pop, RankOptions{NoveltyNeighbours: 3})

		lowest := map[string]int{}
		for _, ind := range pop {
			if slot, ok := lowest[ind.ID]; !ok || ind.Slot < slot {
				lowest[ind.ID] = ind.Slot
			}
		}
		if len(ranked) != len(lowest) {
			t.Fatalf("round %d: %d ranked of %d distinct", round, len(ranked), len(lowest))
		}
		want := peel(ranked)
		for i, r := range ranked {
			if r.ParetoRank != want[r.ID] {
				t.Errorf("round %d: %s has Pareto rank %d, by definition %d", round, r.ID, r.ParetoRank, want[r.ID])
			}
			if r.Slot != lowest[r.ID] || r.Place != i {
				t.Errorf("round %d: %s stands for slot %d at place %d; want slot %d, place %d", round, r.ID, r.Slot, r.Place, lowest[r.ID], i)
			}
		}
	}
}

func TestTotalOrderIsStrictAndOblivious(t *testing.T) {
	for round := range 200 {
		rng := seed.Derive(8, "order", round)
		pop := population(rng, 2+rng.IntN(30))
		ranked := Rank(pop, RankOptions{NoveltyNeighbours: 3})
		for i := range ranked {
			for j := range ranked {
				if got := compareRanked(&ranked[i], &ranked[j]); sign(got) != sign(i-j) {
					t.Fatalf("round %d: places %d and %d compare as %d: not a strict order", round, i, j, got)
				}
			}
		}
		rng.Shuffle(len(pop), func(i, j int) { pop[i], pop[j] = pop[j], pop[i] })
		again := Rank(pop, RankOptions{NoveltyNeighbours: 3})
		for i := range ranked {
			a, b := ranked[i], again[i]
			if a.ID != b.ID || a.Slot != b.Slot || a.ParetoRank != b.ParetoRank || math.Float64bits(a.Novelty) != math.Float64bits(b.Novelty) {
				t.Fatalf("round %d, place %d: %s (rank %d, novelty %v), shuffled %s (rank %d, novelty %v)",
					round, i, a.ID, a.ParetoRank, a.Novelty, b.ID, b.ParetoRank, b.Novelty)
			}
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// Each key of the total order decides when those before it tie, and only then: the
// pairs differ in one key for the first to come first, and in all later ones against.
func TestTotalOrderKeys(t *testing.T) {
	first := Ranked{Individual: Individual{ID: "b", Feasible: true, VirtualMS: 9, PeakMemoryBytes: 9, Violation: 9}, ParetoRank: 9, Novelty: 0.1}
	null := math.NaN()
	keys := []func(a, b *Ranked){
		func(a, b *Ranked) { a.Feasible, b.Feasible = true, false },
		func(a, b *Ranked) { a.Violation, b.Violation = 1, 2 },
		func(a, b *Ranked) { a.ParetoRank, b.ParetoRank = 0, 1 },
		func(a, b *Ranked) { a.Novelty, b.Novelty = null, 1 },
		func(a, b *Ranked) { a.Novelty, b.Novelty = 0.5, 0.25 },
		func(a, b *Ranked) { a.Fitness, b.Fitness = 0.75, 0.5 },
		func(a, b *Ranked) { a.VirtualMS, b.VirtualMS = 1, 2 },
		func(a, b *Ranked) { a.VirtualMS, b.VirtualMS = 1, null },
		func(a, b *Ranked) { a.PeakMemoryBytes, b.PeakMemoryBytes = 1, 2 },
		func(a, b *Ranked) { a.PeakMemoryBytes, b.PeakMemoryBytes = 1, null },
		func(a, b *Ranked) { a.ID, b.ID = "a", "b" },
	}
	for i, key := range keys {
		a, b := first, first
		for _, later := range keys[i+1:] {
			later(&b, &a)
		}
		key(&a, &b)
		if compareRanked(&a, &b) >= 0 || compareRanked(&b, &a) <= 0 {
			t.Errorf("key %d does not decide: %+v should come before %+v", i, a, b)
		}
	}
}

func TestRankPanicsOnUnequalObjectives(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("individuals with one and with two objectives were ranked")
		}
	}()
	Rank([]Individual{{ID: "a", Objectives: []float64{1}}, {ID: "b", Objectives: []float64{1, 2}}}, RankOptions{})
}

func TestSurvivors(t *testing.T) {
	mk := func(id, style string, final float64) Individual {
		return Individual{ID: id, Genome: synth.Genome{Style: style}, Feasible: true, FinalBaseFitness: final}
	}
	// All tie but for the id, so the total order is a, b, c, d, e.
	ranked := Rank([]Individual{mk("a", "set", 0.1), mk("b", "set", 0.2), mk("c", "trie", 0.3), mk("d", "set", 0.9), mk("e", "lsh", 0.9)}, RankOptions{})
	for _, c := range []struct {
		n    int
		want string
	}{{0, ""}, {1, "d"}, {2, "da"}, {3, "dac"}, {4, "dace"}, {5, "daceb"}, {9, "daceb"}} {
		got := ""
		for _, s := range Survivors(ranked, c.n, []string{"set", "trie", "lsh", "absent"}) {
			got += s.ID
		}
		if got != c.want {
			t.Errorf("%d survivors: %s, want %s", c.n, got, c.want)
		}
	}
}

// Whatever the other candidates of the generations are, the best final base fitness
// never falls, for it survives and is judged the same again.
func TestBestFinalBaseFitnessNeverFalls(t *testing.T) {
	for round := range 50 {
		var alive []Individual
		best := math.Inf(-1)
		for epoch := range 20 {
			rng := seed.Derive(9, "elite", round, epoch)
			pop := append(slices.Clone(alive), population(rng, 12)...)
			for i := range pop[len(alive):] {
				pop[len(alive)+i].ID = fmt.Sprint(epoch, ".", i)
				pop[len(alive)+i].FinalBaseFitness = rng.Float64()
			}
			for i := range pop[:len(alive)] { // a tighter budget moves all but the final figure
				pop[i].Fitness, pop[i].Feasible = rng.Float64(), rng.IntN(2) == 0
			}
			survivors := Survivors(Rank(pop, RankOptions{NoveltyNeighbours: 3}), 1+rng.IntN(6), styles)
			alive = alive[:0]
			top := math.Inf(-1)
			for _, s := range survivors {
				alive = append(alive, s.Individual)
				top = max(top, s.FinalBaseFitness)
			}
			if top < best {
				t.Fatalf("round %d, epoch %d: the best fell from %v to %v", round, epoch, best, top)
			}
			best = top
		}
	}
}
