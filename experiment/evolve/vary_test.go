package evolve

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"toolgen/pipeline/synth"
	"toolgen/seed"
)

// toy is a variator over genomes of eight parameters and free edits. Its style "plain"
// has no parameters.
type toy struct {
	noEdits bool
	noAgent bool
	says    string    // what the agent always writes; "": something else each time
	calls   *[]string // what was asked of it, if not nil
}

var axes = []string{"a", "b", "c", "d", "e", "f", "g", "h"}

func (v toy) called(format string, args ...any) {
	if v.calls != nil {
		*v.calls = append(*v.calls, fmt.Sprintf(format, args...))
	}
}

func (v toy) Default(style string) (synth.Genome, error) {
	g := synth.Genome{Style: style, Params: map[string]any{}}
	if style != "plain" {
		for _, a := range axes {
			g.Params[a] = 0.5
		}
	}
	return g, nil
}

func (v toy) Perturb(rng *rand.Rand, g synth.Genome, strength float64) (synth.Genome, error) {
	v.called("perturb %.3f", strength)
	if len(g.Params) == 0 {
		return g, ErrInapplicable
	}
	g = g.Clone()
	a := axes[rng.IntN(len(axes))]
	x := g.Params[a].(float64) + float64((rng.Float64()-0.5)*strength)
	g.Params[a] = math.Round(1000*min(1, max(0, x))) / 1000
	return g, nil
}

func (v toy) Mutate(rng *rand.Rand, g synth.Genome, n int) (synth.Genome, error) {
	v.called("mutate %d", n)
	if v.noEdits {
		return g, ErrInapplicable
	}
	g = g.Clone()
	for range n {
		g.Edits = append(g.Edits, synth.Edit{Op: "toy", Site: rng.IntN(50)})
	}
	return g, nil
}

func (v toy) Cross(rng *rand.Rand, a, b synth.Genome) (synth.Genome, error) {
	v.called("cross")
	if len(a.Params) == 0 {
		return a, ErrInapplicable
	}
	a = a.Clone()
	for _, name := range axes {
		if rng.IntN(2) == 0 {
			a.Params[name] = b.Params[name]
		}
	}
	return a, nil
}

func (v toy) Ask(rng *rand.Rand, g synth.Genome) (synth.Genome, error) {
	v.called("ask %q", g.Style)
	if v.noAgent {
		return g, ErrInapplicable
	}
	if v.says != "" {
		return synth.Genome{Base: v.says}, nil
	}
	return synth.Genome{Base: fmt.Sprint("agent ", rng.IntN(1000))}, nil
}

func (v toy) ID(g synth.Genome) (string, error) {
	text, err := g.Encode()
	return synth.ID("toy", string(text)), err
}

func config() Config {
	return Config{
		Seed: 1, Spec: "toy", Epoch: 1, K: 0.25,
		Population: 12, TournamentSize: 3,
		Styles: []string{"set", "trie", "lsh", "plain"}, Temps: []float64{0.8, 1.0, 1.2},
		Weights: Weights{Params: 0.4, Style: 0.2, Edit: 0.3, Crossover: 0.1},
	}
}

// rankAll ranks a generation, the slots in front being the fitter.
func rankAll(slots []Slot) []Ranked {
	var pop []Individual
	for _, s := range slots {
		pop = append(pop, Individual{
			Slot: s.Slot, ID: s.ID, Genome: s.Genome, AnnealTemp: s.AnnealTemp, HasTemp: s.HasTemp,
			Feasible: true, Fitness: 1 - float64(s.Slot)/100, FinalBaseFitness: 1 - float64(s.Slot)/100,
		})
	}
	return Rank(pop, RankOptions{NoveltyNeighbours: 3})
}

func firstAndSurvivors(t *testing.T, cfg Config, v Variator, n int) ([]Slot, []Ranked) {
	t.Helper()
	slots, err := First(cfg, v)
	if err != nil {
		t.Fatal(err)
	}
	return slots, Survivors(rankAll(slots), n, cfg.Styles)
}

func TestFirstIsTheSearchSpaceInOrder(t *testing.T) {
	cfg := config()
	cfg.Population = 14
	slots, err := First(cfg, toy{})
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for i, s := range slots {
		style, temp := cfg.Styles[i%12/3], cfg.Temps[i%3]
		if s.Slot != i || s.Genome.Style != style || s.AnnealTemp != temp || !s.HasTemp {
			t.Errorf("slot %d holds %s at %v, want %s at %v", i, s.Genome.Style, s.AnnealTemp, style, temp)
		}
		if i < 12 && i%3 == 0 {
			defaults[style] = s.ID
			if s.Origin != OriginInitial || len(s.ParentIDs) != 0 {
				t.Errorf("slot %d: a style's first is %s with parents %v, want initial", i, s.Origin, s.ParentIDs)
			}
			continue
		}
		if s.Origin != OriginParams && s.Origin != OriginEdit || !slices.Equal(s.ParentIDs, []string{defaults[style]}) {
			t.Errorf("slot %d is %s with parents %v, want params or edit of the default of %s", i, s.Origin, s.ParentIDs, style)
		}
	}
	ids := map[string]bool{}
	for _, s := range slots {
		if ids[s.ID] {
			t.Errorf("slot %d repeats a source", s.Slot)
		}
		ids[s.ID] = true
	}
}

func TestFirstIsCutAndMayBeEmpty(t *testing.T) {
	cfg := config()
	cfg.Population = 4
	if slots, err := First(cfg, toy{}); err != nil || len(slots) != 4 || slots[3].Genome.Style != "trie" {
		t.Errorf("four slots: %v, %v", slots, err)
	}
	cfg.Styles = nil
	if slots, err := First(cfg, toy{}); err != nil || len(slots) != 0 {
		t.Errorf("without styles: %v, %v", slots, err)
	}
}

// TestAgentsBeginWhereThereIsNoStyle: each slot is what an agent writes from nothing.
func TestAgentsBeginWhereThereIsNoStyle(t *testing.T) {
	cfg := config()
	cfg.Styles, cfg.Population, cfg.Weights.Agent = nil, 5, 0.1
	var calls []string
	slots, err := First(cfg, toy{calls: &calls})
	if err != nil || len(slots) != 5 {
		t.Fatalf("%d slots, %v", len(slots), err)
	}
	for i, s := range slots {
		if s.Slot != i || s.Origin != OriginAgent || s.Genome.Base == "" || s.AnnealTemp != cfg.Temps[i%3] || len(s.ParentIDs) != 0 {
			t.Errorf("slot %d: %+v", i, s)
		}
	}
	if calls[0] != `ask ""` {
		t.Errorf("it is asked %s, want nothing to go on from", calls[0])
	}
	again, err := First(cfg, toy{})
	if err != nil || !reflect.DeepEqual(again, slots) {
		t.Error("another generation from the same seed")
	}
	if slots, err := First(cfg, toy{noAgent: true}); err != nil || len(slots) != 0 {
		t.Errorf("without an answer: %d slots, %v", len(slots), err)
	}
	cfg.Weights.Agent = 0
	if slots, err := First(cfg, toy{}); err != nil || len(slots) != 0 {
		t.Errorf("nobody may be asked: %d slots, %v", len(slots), err)
	}
}

// TestAgentsAreNotAskedForLong: one that always says the same is asked three times a
// slot, for its answers are dear; if what it says is excluded, nine times in all.
func TestAgentsAreNotAskedForLong(t *testing.T) {
	cfg := config()
	cfg.Styles, cfg.Population, cfg.Weights = nil, 3, Weights{Agent: 1}
	var calls []string
	slots, err := First(cfg, toy{says: "package tool", calls: &calls})
	if err != nil || len(slots) != 3 {
		t.Fatalf("%d slots, %v", len(slots), err)
	}
	if want := 1 + 3 + 3; len(calls) != want {
		t.Errorf("asked %d times, want %d", len(calls), want)
	}
	calls = nil
	cfg.Excluded = func(id string) bool { return id == slots[0].ID }
	if _, err := First(cfg, toy{says: "package tool", calls: &calls}); err == nil || !strings.Contains(err.Error(), "slot 0: 9 answers of agents") {
		t.Errorf("%v, want that all answers are excluded", err)
	}
	if len(calls) != 9 {
		t.Errorf("asked %d times, want 9", len(calls))
	}
}

func TestNextKeepsSurvivorsThenVaries(t *testing.T) {
	cfg := config()
	_, survivors := firstAndSurvivors(t, cfg, toy{}, 6)
	cfg.Epoch = 2
	next, err := Next(cfg, toy{}, survivors)
	if err != nil {
		t.Fatal(err)
	}
	alive := map[string]synth.Genome{}
	for _, s := range survivors {
		alive[s.ID] = s.Genome
	}
	if len(next) != cfg.Population {
		t.Fatalf("%d slots, want %d", len(next), cfg.Population)
	}
	ids := map[string]bool{}
	for i, s := range next {
		if ids[s.ID] {
			t.Errorf("slot %d repeats a source though others can be drawn", i)
		}
		ids[s.ID] = true
		if i < len(survivors) {
			if s.ID != survivors[i].ID || s.Origin != OriginSurvivor || s.AnnealTemp != survivors[i].AnnealTemp || len(s.ParentIDs) != 0 {
				t.Errorf("slot %d is %+v, want survivor %s", i, s, survivors[i].ID)
			}
			continue
		}
		want := 1
		if s.Origin == OriginCrossover {
			want = 2
		}
		if len(s.ParentIDs) != want || !slices.Contains(cfg.Temps, s.AnnealTemp) {
			t.Errorf("slot %d: %s at %v with parents %v", i, s.Origin, s.AnnealTemp, s.ParentIDs)
		}
		for _, id := range s.ParentIDs {
			parent, ok := alive[id]
			if !ok {
				t.Errorf("slot %d: parent %s did not survive", i, id)
			} else if (s.Origin == OriginStyle) != (parent.Style != s.Genome.Style) {
				t.Errorf("slot %d: %s from style %s to %s", i, s.Origin, parent.Style, s.Genome.Style)
			}
		}
	}
}

func TestGenerationsAreReproducible(t *testing.T) {
	build := func(cfg Config) []Slot {
		_, survivors := firstAndSurvivors(t, cfg, toy{}, 6)
		next, err := Next(cfg, toy{}, survivors)
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	cfg := config()
	if a, b := build(cfg), build(cfg); !reflect.DeepEqual(a, b) {
		t.Errorf("the same generation twice:\n%v\n%v", a, b)
	}
	for name, change := range map[string]func(*Config){
		"seed":  func(c *Config) { c.Seed++ },
		"spec":  func(c *Config) { c.Spec = "other" },
		"epoch": func(c *Config) { c.Epoch++ },
	} {
		other := config()
		change(&other)
		if reflect.DeepEqual(build(cfg), build(other)) {
			t.Errorf("the %s does not matter", name)
		}
	}
	// A slot's draws are its own: a larger population has the smaller one in front.
	larger := config()
	larger.Population = 20
	_, survivors := firstAndSurvivors(t, cfg, toy{}, 6)
	small, err1 := Next(cfg, toy{}, survivors)
	large, err2 := Next(larger, toy{}, survivors)
	if err1 != nil || err2 != nil || !reflect.DeepEqual(small, large[:len(small)]) {
		t.Error("slots draw differently in a larger population")
	}
}

func TestSeenAreDrawnAgainEightTimes(t *testing.T) {
	cfg := config()
	_, survivors := firstAndSurvivors(t, cfg, toy{}, 6)
	cfg.Population = 7
	fresh, err := Next(cfg, toy{}, survivors)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	cfg.Seen = func(id string) bool {
		asked++
		return id == fresh[6].ID
	}
	again, err := Next(cfg, toy{}, survivors)
	if err != nil {
		t.Fatal(err)
	}
	if again[6].ID == fresh[6].ID || asked != 2 {
		t.Errorf("a variation that was seen: asked %d times, same again: %v", asked, again[6].ID == fresh[6].ID)
	}
	draws := 0
	cfg.Seen = func(string) bool { return true }
	cfg.Excluded = func(string) bool { draws++; return false }
	if slots, err := Next(cfg, toy{}, survivors); err != nil || len(slots) != 7 || draws != 9 {
		t.Errorf("everything seen: %d slots after %d draws, %v; want the ninth accepted", len(slots), draws, err)
	}
}

func TestExcludedNeverPlay(t *testing.T) {
	cfg := config()
	plain, survivors := firstAndSurvivors(t, cfg, toy{}, 6)
	varied, err := Next(cfg, toy{}, survivors)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{plain[0].ID: true, plain[1].ID: true, varied[6].ID: true, varied[8].ID: true}
	cfg.Excluded = func(id string) bool { return out[id] }
	first, err := First(cfg, toy{})
	if err != nil {
		t.Fatal(err)
	}
	next, err := Next(cfg, toy{}, survivors[1:])
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(first, next...) {
		if out[s.ID] {
			t.Errorf("slot %d holds an excluded candidate (%s)", s.Slot, s.Origin)
		}
	}
	if first[0].Genome.Style != "set" || first[0].Origin == OriginInitial || first[0].ParentIDs[0] != plain[0].ID {
		t.Errorf("an excluded default was replaced by %+v, want a variation of it", first[0])
	}
	cfg.Excluded = func(string) bool { return true }
	if _, err := Next(cfg, toy{}, survivors); err == nil || !strings.Contains(err.Error(), "spec toy, epoch 1, slot 6") {
		t.Errorf("everything excluded: %v, want an error that says where", err)
	}
}

func TestFallbacks(t *testing.T) {
	plain, err := toy{}.Default("plain")
	if err != nil {
		t.Fatal(err)
	}
	set, _ := toy{}.Default("set")
	alone := []Ranked{{Individual: Individual{ID: "p", Genome: plain}}}
	for _, c := range []struct {
		name    string
		v       toy
		styles  []string
		weights Weights
		parents []Ranked
		want    string
	}{
		{"no parameters", toy{}, []string{"plain", "set"}, Weights{Params: 1}, alone, OriginEdit},
		{"no other style", toy{}, []string{"plain"}, Weights{Style: 1}, alone, OriginEdit},
		{"no mate", toy{}, []string{"plain"}, Weights{Crossover: 1}, alone, OriginEdit},
		{"no mate but itself", toy{}, []string{"set"}, Weights{Crossover: 1}, []Ranked{{Individual: Individual{ID: "s", Genome: set}}}, OriginEdit},
		{"no agent", toy{noAgent: true}, []string{"plain"}, Weights{Agent: 1}, alone, OriginEdit},
		{"an agent", toy{}, []string{"plain"}, Weights{Agent: 1}, alone, OriginAgent},
		{"no edits", toy{noEdits: true}, []string{"plain", "set"}, Weights{Edit: 1}, []Ranked{{Individual: Individual{ID: "s", Genome: set}}}, OriginParams},
		{"neither edits nor parameters", toy{noEdits: true}, []string{"plain", "set"}, Weights{Params: 1}, alone, OriginStyle},
		{"nothing", toy{noEdits: true}, []string{"plain"}, Weights{Params: 1}, alone, OriginSurvivor},
		{"no weights", toy{}, []string{"plain", "set"}, Weights{}, alone, OriginEdit},
	} {
		cfg := config()
		cfg.Styles, cfg.Weights, cfg.Population = c.styles, c.weights, len(c.parents)+1
		slots, err := Next(cfg, c.v, c.parents)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := slots[len(slots)-1].Origin; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestStrengthAnneals(t *testing.T) {
	run := func(k float64) (edits int, strengths []string) {
		var calls []string
		cfg := config()
		cfg.K, cfg.Temps, cfg.Population = k, []float64{3}, 200
		cfg.Weights = Weights{Params: 1, Edit: 1}
		set, _ := toy{}.Default("set")
		if _, err := Next(cfg, toy{calls: &calls}, []Ranked{{Individual: Individual{ID: "s", Genome: set}}}); err != nil {
			t.Fatal(err)
		}
		for _, call := range calls {
			var n int
			if _, err := fmt.Sscanf(call, "mutate %d", &n); err == nil {
				if n < 1 {
					t.Errorf("k %v: a mutation of %d edits", k, n)
				}
				edits = max(edits, n)
			} else if !slices.Contains(strengths, call) {
				strengths = append(strengths, call)
			}
		}
		return edits, strengths
	}
	if edits, strengths := run(0); edits < 5 || !slices.Equal(strengths, []string{"perturb 3.000"}) {
		t.Errorf("at the start at most %d edits, %v; want several, strength 3", edits, strengths)
	}
	if edits, strengths := run(1); edits != 1 || !slices.Equal(strengths, []string{"perturb 0.000"}) {
		t.Errorf("in the end at most %d edits, %v; want one, strength 0", edits, strengths)
	}
}

func TestKindsAreDrawnByWeight(t *testing.T) {
	const n = 20000
	rng := seed.Derive(2, "kinds")
	kinds := []weighted{{OriginParams, 0.4}, {OriginStyle, 0.2}, {OriginEdit, 0.3}, {OriginCrossover, 0.1}, {OriginAgent, 0}}
	counts := map[string]float64{}
	for range n {
		counts[drawKind(rng, kinds)]++
	}
	for _, k := range kinds {
		// Five standard deviations of a share.
		if math.Abs(counts[k.kind]/n-k.weight) > 5*math.Sqrt(k.weight*(1-k.weight)/n) {
			t.Errorf("%s: share %v, want %v", k.kind, counts[k.kind]/n, k.weight)
		}
	}
}

// Of three draws with replacement from six, the best is first with probability
// 1 - (5/6)^3 = 0.421, and last with (1/6)^3 = 0.005.
func TestTournamentPressure(t *testing.T) {
	const n = 20000
	rng := seed.Derive(2, "tournament")
	from := make([]Ranked, 6)
	for i := range from {
		from[i].Place = 10 - i
	}
	counts := map[int]float64{}
	for range n {
		counts[tournament(rng, from, 3).Place]++
	}
	if math.Abs(counts[5]/n-0.4213) > 0.018 || math.Abs(counts[10]/n-0.00463) > 0.0025 {
		t.Errorf("best %v, worst %v", counts[5]/n, counts[10]/n)
	}
}

func TestVariatorErrorsEndTheGeneration(t *testing.T) {
	cfg := config()
	_, survivors := firstAndSurvivors(t, cfg, toy{}, 6)
	boom := errors.New("disk on fire")
	if _, err := Next(cfg, failing{toy{}, boom}, survivors); !errors.Is(err, boom) || !strings.Contains(err.Error(), "slot 6") {
		t.Errorf("%v, want the variator's error and the slot", err)
	}
	if _, err := First(cfg, failing{toy{}, boom}); !errors.Is(err, boom) {
		t.Errorf("%v, want the variator's error", err)
	}
	if _, err := Next(cfg, toy{}, nil); err == nil {
		t.Error("a generation without survivors was built")
	}
	for _, temps := range [][]float64{nil, {math.NaN()}, {-1}, {math.Inf(1)}} {
		cfg.Temps = temps
		if _, err := First(cfg, toy{}); err == nil {
			t.Errorf("anneal temperatures %v were accepted", temps)
		}
	}
}

type failing struct {
	toy
	err error
}

func (v failing) Perturb(*rand.Rand, synth.Genome, float64) (synth.Genome, error) {
	return synth.Genome{}, v.err
}

func (v failing) Mutate(*rand.Rand, synth.Genome, int) (synth.Genome, error) {
	return synth.Genome{}, v.err
}

// The whole loop against as many distinct random candidates. Styles
// have optima of their own, and edits harm, as most do in programs.
func TestEvolutionBeatsRandomSearch(t *testing.T) {
	height := map[string]float64{"set": 0.8, "trie": 0.9, "lsh": 1, "plain": 0.5}
	optimum := []float64{0.9, 0.1, 0.8, 0.35, 0.5, 0.7, 0.15, 0.6}
	score := func(g synth.Genome) float64 {
		f := height[g.Style] - 0.02*float64(len(g.Edits))
		for i, a := range axes {
			if x, ok := g.Params[a].(float64); ok {
				f -= (x - optimum[i]) * (x - optimum[i])
			}
		}
		return f
	}
	const epochs = 40
	wins := 0
	for s := range int64(10) {
		cfg := config()
		cfg.Seed = s
		slots, err := First(cfg, toy{})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		cfg.Seen = func(id string) bool { return seen[id] }
		best := 0.0
		for epoch := 1; epoch <= epochs; epoch++ {
			var pop []Individual
			for _, slot := range slots {
				seen[slot.ID] = true
				f := score(slot.Genome)
				best = max(best, f)
				params := make([]float64, 0, len(axes))
				for _, a := range axes {
					if x, ok := slot.Genome.Params[a].(float64); ok {
						params = append(params, x)
					}
				}
				pop = append(pop, Individual{
					Slot: slot.Slot, ID: slot.ID, Genome: slot.Genome, Feasible: true, Fitness: f, FinalBaseFitness: f,
					VirtualMS: 1, PeakMemoryBytes: 1, Objectives: []float64{-f}, Params: params,
				})
			}
			cfg.Epoch, cfg.K = epoch, float64(epoch)/40
			if slots, err = Next(cfg, toy{}, Survivors(Rank(pop, RankOptions{NoveltyNeighbours: 3}), 6, cfg.Styles)); err != nil {
				t.Fatal(err)
			}
		}
		random := 0.0
		rng := seed.Derive(s, "random search")
		for range len(seen) {
			g, _ := toy{}.Default(cfg.Styles[rng.IntN(3)])
			for _, a := range axes {
				g.Params[a] = rng.Float64()
			}
			random = max(random, score(g))
		}
		if best > random {
			wins++
		}
		t.Logf("seed %d: evolved %.4f, random %.4f, %d candidates", s, best, random, len(seen))
	}
	if wins < 9 {
		t.Errorf("evolution won %d of 10", wins)
	}
}
