package repair

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"toolgen/pipeline/synth"
)

// faulty is the program of these tests. It is never run: what a version is worth is
// read off its text.
const faulty = `package tool

func Run(input []byte) ([]byte, error) {
	n := len(input)
	if n < 3 {
		return input[:n/2], nil
	}
	if n > 17 {
		return help(input), nil
	}
	return input, nil
}

func help(b []byte) []byte {
	if len(b) > 100 {
		return nil
	}
	return b
}
`

// fake is an executor that reads versions.
type fake struct {
	points  []check // the failing ones first
	failing int
	hits    func(in Instrumented, point int) []byte // nil: no traces

	validate, fresh func(source string) Share // nil: no such cases
	repaired        func(source string) bool  // nil: all
	holdout         float64
	fuel            int64
	delay           func()
	fail            string // the method that fails

	screened, confirmed []string
	chunks              []int
}

type check func(source string) bool

func has(text string) check { return func(s string) bool { return strings.Contains(s, text) } }

var errMachine = errors.New("the machine is broken")

func (f *fake) Vocabulary() []string { return nil }

func (f *fake) Points() []bool {
	out := make([]bool, len(f.points))
	for i := range f.failing {
		out[i] = true
	}
	return out
}

func (f *fake) Trace(_ context.Context, versions []Instrumented) ([][][]byte, error) {
	if f.fail == "trace" {
		return nil, errMachine
	}
	hits := make([][][]byte, len(versions))
	for v := range versions {
		hits[v] = make([][]byte, len(f.points))
		for i := range f.points {
			if f.hits != nil {
				hits[v][i] = f.hits(versions[v], i)
			}
		}
	}
	return hits, nil
}

func (f *fake) Screen(_ context.Context, base string, versions []string) ([]Screening, error) {
	if f.fail == "screen" {
		return nil, errMachine
	}
	if f.delay != nil {
		f.delay()
	}
	f.chunks = append(f.chunks, len(versions))
	f.screened = append(f.screened, versions...)
	out := make([]Screening, len(versions))
	for i, v := range versions {
		out[i].Fuel = f.fuel
		passed := 0
		for k, p := range f.points {
			switch ok := p(v); {
			case ok && k < f.failing:
				out[i].Turned++
				passed++
			case ok:
				passed++
			case k >= f.failing:
				out[i].Broken++
			}
		}
		if out[i].Plausible = passed == len(f.points); !out[i].Plausible {
			continue
		}
		if f.validate != nil {
			out[i].Validate = f.validate(v)
		}
		if f.fresh != nil {
			out[i].Fresh = f.fresh(v)
		}
	}
	return out, nil
}

func (f *fake) Confirm(_ context.Context, source string) (Confirmation, error) {
	if f.fail == "confirm" {
		return Confirmation{}, errMachine
	}
	f.confirmed = append(f.confirmed, source)
	return Confirmation{Repaired: f.repaired == nil || f.repaired(source), Fuel: 3, HoldoutCorrectness: &f.holdout}, nil
}

// Two faults: n < 3 is to be n <= 3, n > 17 is to be n >= 17. The rest is to stay.
var kept = []check{has("return input, nil\n}\n"), has("return input[:n/2], nil"), has("return help(input), nil"), has("n := len(input)")}

func single() *fake {
	return &fake{points: append([]check{has("if n <= 3 {")}, kept...), failing: 1, fuel: 10}
}

func double() *fake {
	return &fake{points: append([]check{has("if n <= 3 {"), has("if n >= 17 {")}, kept...), failing: 2, fuel: 10}
}

func find(t *testing.T, f *fake, opt Options) *Result {
	t.Helper()
	if opt.Fuel == 0 {
		opt.Fuel = 1 << 40
	}
	r, err := Search(t.Context(), f, faulty, testImporter(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	// Always: no version twice, never the program itself, no chunk too large.
	seen := map[string]bool{faulty: true}
	for _, v := range f.screened {
		// But for plausible ones that are a shorter form of a repair.
		if seen[v] && slices.ContainsFunc(f.points, func(p check) bool { return !p(v) }) {
			t.Error("a version was screened twice, or was the program")
		}
		seen[v] = true
	}
	for _, n := range f.chunks {
		if n > ScreenLimit || n == 0 {
			t.Errorf("a chunk of %d", n)
		}
	}
	if r.Tried != len(f.screened) {
		t.Errorf("tried %d, screened %d", r.Tried, len(f.screened))
	}
	if want := f.fuel*int64(len(f.screened)) + 3*int64(len(f.confirmed)); r.Fuel != want {
		t.Errorf("fuel %d, want %d", r.Fuel, want)
	}
	// Always: the edits lead to the source.
	if r.Patch != nil {
		source := faulty
		for _, e := range r.Patch.Edits {
			if source, err = synth.Apply(source, e, testImporter(t)); err != nil {
				t.Fatal(err)
			}
		}
		if source != r.Patch.Source {
			t.Errorf("the edits lead to\n%s\nand the patch is\n%s", source, r.Patch.Source)
		}
	}
	return r
}

func TestSearchSingle(t *testing.T) {
	r := find(t, single(), Options{Patches: 2000})
	if r.Outcome != Repaired || len(r.Patch.Edits) != 1 || r.Patch.Source != strings.Replace(faulty, "n < 3", "n <= 3", 1) {
		t.Fatalf("%s: %+v", r.Outcome, r.Patch)
	}
	if r.Tried > 2*(firstChunk+2*firstChunk) {
		t.Errorf("tried %d, for one of the likeliest edits", r.Tried)
	}
}

func TestSearchPair(t *testing.T) {
	f := double()
	r := find(t, f, Options{Patches: 4000})
	want := strings.NewReplacer("n < 3", "n <= 3", "n > 17", "n >= 17").Replace(faulty)
	if r.Outcome != Repaired || len(r.Patch.Edits) != 2 || r.Patch.Source != want {
		t.Fatalf("%s: %+v", r.Outcome, r.Patch)
	}
	// Where the second fault is beyond all edits, there is half of a repair.
	f = double()
	f.points[1] = func(string) bool { return false }
	part := find(t, f, Options{Patches: 200})
	if part.Outcome != BudgetExhausted || part.Patch == nil || part.Patch.Turned != 1 || part.Patch.Broken != 0 || len(part.Plausible) != 0 {
		t.Errorf("%s: %+v", part.Outcome, part.Patch)
	}
}

// TestSearchBudget: no more patches than allowed, whatever they are, and no chunk more
// once the fuel is spent.
func TestSearchBudget(t *testing.T) {
	hopeless := func() *fake {
		return &fake{points: []check{func(string) bool { return false }, has("")}, failing: 1, fuel: 10}
	}
	for _, patches := range []int{0, 1, 2, 7, 97, 128, 200} {
		f := hopeless()
		r := find(t, f, Options{Patches: patches})
		if r.Tried > patches || r.Outcome != BudgetExhausted && r.Tried == patches {
			t.Errorf("%d patches: tried %d, %s", patches, r.Tried, r.Outcome)
		}
		if patches > 0 && r.Tried == 0 {
			t.Errorf("%d patches: none was tried", patches)
		}
	}
	f := hopeless()
	if r := find(t, f, Options{Patches: 1200, Fuel: 10*firstChunk + 1}); len(f.chunks) != 2 || r.Outcome != BudgetExhausted {
		t.Errorf("fuel for a chunk and a bit: chunks of %v, %s", f.chunks, r.Outcome)
	}
	f = hopeless()
	if r := find(t, f, Options{Patches: 1200, Fuel: 10 * firstChunk}); len(f.chunks) != 1 || r.Outcome != BudgetExhausted {
		t.Errorf("fuel for a chunk: chunks of %v, %s", f.chunks, r.Outcome)
	}
}

// TestSearchChoice: of plausible patches those that pass more validate cases come first,
// then more fresh inputs, then the heavier; and only what passes all is measured.
func TestSearchChoice(t *testing.T) {
	// A version repairs if the first condition is another one, and the rest stays.
	other := func() *fake {
		return &fake{points: append([]check{func(s string) bool { return !strings.Contains(s, "if n < 3 {") }}, kept...), failing: 1}
	}
	plain := find(t, other(), Options{Patches: firstChunk})
	if plain.Outcome != Repaired || len(plain.Plausible) < 4 {
		t.Fatalf("%s, %d plausible", plain.Outcome, len(plain.Plausible))
	}
	if !slices.IsSortedFunc(plain.Plausible, func(a, b Patch) int { return -int(1e9 * (a.Weight - b.Weight)) }) || plain.Patch.Source != plain.Plausible[0].Source {
		t.Error("where all else is alike the heaviest does not come first")
	}
	last, second := plain.Plausible[len(plain.Plausible)-1].Source, plain.Plausible[1].Source
	share := func(best string) func(string) Share {
		return func(s string) Share {
			if s == best {
				return Share{5, 5}
			}
			return Share{4, 5}
		}
	}
	full := func(string) Share { return Share{5, 5} }
	for _, c := range []struct {
		why             string
		validate, fresh func(string) Share
		want            string
	}{
		{"validate cases decide before weight", share(last), full, last},
		{"fresh inputs decide before weight", full, share(last), last},
		{"validate cases decide before fresh inputs", share(second), func(s string) Share {
			if s == second {
				return Share{4, 5}
			}
			return Share{5, 5}
		}, ""},
	} {
		f := other()
		f.validate, f.fresh = c.validate, c.fresh
		r := find(t, f, Options{Patches: firstChunk})
		switch {
		case c.want == "": // the best fails something, so none is measured
			if len(f.confirmed) > 0 || r.Outcome == Repaired || r.Patch.Source != second {
				t.Errorf("%s: %s, %d measured", c.why, r.Outcome, len(f.confirmed))
			}
		case r.Outcome != Repaired || r.Patch.Source != c.want || !slices.Equal(f.confirmed, []string{c.want}):
			t.Errorf("%s: %s\n%s", c.why, r.Outcome, r.Patch.Source)
		}
	}
	// What measurement does not confirm makes room for the next: three of a chunk at most,
	// and some more when all else is done.
	f := other()
	f.repaired = func(s string) bool { return s == second }
	if r := find(t, f, Options{Patches: firstChunk}); r.Outcome != Repaired || r.Patch.Source != second || len(f.confirmed) != 2 {
		t.Errorf("the second is the repair: %s, %d measured", r.Outcome, len(f.confirmed))
	}
	f = other()
	f.repaired = func(string) bool { return false }
	if r := find(t, f, Options{Patches: firstChunk}); r.Outcome != BudgetExhausted || len(f.confirmed) != confirmed*len(f.chunks)+confirmedLast || r.Patch == nil || !r.Patch.Plausible {
		t.Errorf("none is the repair: %s, %d measured", r.Outcome, len(f.confirmed))
	}
}

// TestSearchHoldout: what held-out cases say changes nothing.
func TestSearchHoldout(t *testing.T) {
	var first *Result
	for _, h := range []float64{0, 0.5, 1} {
		f := double()
		f.holdout = h
		r := find(t, f, Options{Patches: 4000})
		if *r.Confirmed.HoldoutCorrectness != h {
			t.Error("it is not reported")
		}
		r.Confirmed.HoldoutCorrectness = nil
		if first == nil {
			first = r
		} else if !reflect.DeepEqual(r, first) {
			t.Errorf("held-out correctness %v leads elsewhere", h)
		}
	}
}

func TestSearchAll(t *testing.T) {
	weak := func() *fake {
		return &fake{points: append([]check{func(s string) bool { return !strings.Contains(s, "if n < 3 {") }}, kept...), failing: 1}
	}
	one := find(t, weak(), Options{Patches: 1000})
	f := weak()
	all := find(t, f, Options{Patches: 1000, All: true})
	if all.Outcome != Repaired || all.Patch.Source != one.Patch.Source || len(f.confirmed) != 1 {
		t.Errorf("%s, %d measured", all.Outcome, len(f.confirmed))
	}
	if all.Tried != 1000 || len(all.Plausible) <= len(one.Plausible) {
		t.Errorf("tried %d, %d plausible; without All %d", all.Tried, len(all.Plausible), len(one.Plausible))
	}
	if !slices.IsSortedFunc(all.Plausible, better) {
		t.Error("the list is not in order")
	}
	want := 0
	for _, v := range f.screened {
		if !slices.ContainsFunc(f.points, func(p check) bool { return !p(v) }) {
			want++
		}
	}
	if len(all.Plausible) != want {
		t.Errorf("%d plausible patches are listed, and there were %d", len(all.Plausible), want)
	}
}

func TestSearchFrozen(t *testing.T) {
	run := faulty[strings.Index(faulty, "func Run"):strings.Index(faulty, "func help")]
	hits := func(in Instrumented, point int) []byte { return []byte(strings.Repeat("\x01", len(in.Elements))) }
	f := double()
	f.hits = hits
	r := find(t, f, Options{Patches: 600, Frozen: []string{"Run", "missing"}})
	edited := 0
	for _, v := range f.screened {
		if !strings.Contains(v, run) {
			t.Fatalf("Run was edited:\n%s", v)
		}
		if help := v[strings.Index(v, "func help"):]; strings.Contains(help, "17") {
			t.Fatalf("a literal of Run, which is frozen, is used elsewhere:\n%s", help)
		}
		if v != faulty {
			edited++
		}
	}
	if edited == 0 || edited != len(f.screened) {
		t.Errorf("%d of %d versions edit help", edited, len(f.screened))
	}
	for _, p := range r.Places {
		if p.Line < 1+strings.Count(faulty[:strings.Index(faulty, "func help")], "\n") {
			t.Errorf("%+v is frozen, and no place to look at", p)
		}
	}
	if len(r.Places) == 0 {
		t.Error("no places")
	}
}

// TestSearchSuspicion: what the failing point alone goes through is tried first.
func TestSearchSuspicion(t *testing.T) {
	f := single()
	f.hits = func(in Instrumented, point int) []byte {
		out := make([]byte, len(in.Elements))
		for e, el := range in.Elements {
			// The failing point goes into help, the others do not.
			if strings.Contains(in.Source, "len(b) > 100") && point == 0 && el.From > strings.Index(faulty, "func help") {
				out[e] = 1
			}
		}
		return out
	}
	find(t, f, Options{Patches: firstChunk})
	help := 0
	for _, v := range f.screened {
		if !strings.HasSuffix(v, faulty[strings.Index(faulty, "func help"):]) {
			help++
		}
	}
	g := single()
	find(t, g, Options{Patches: firstChunk})
	plain := 0
	for _, v := range g.screened {
		if !strings.HasSuffix(v, faulty[strings.Index(faulty, "func help"):]) {
			plain++
		}
	}
	if help <= plain {
		t.Errorf("%d of the first versions edit what is suspicious, %d without suspicion", help, plain)
	}
}

// TestSearchReproducible: the same seed gives the same, however long things take; the
// seed and the purpose matter to the genetic search.
func TestSearchReproducible(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	search := func(opt Options, delay func()) (*fake, *Result) {
		f := &fake{points: []check{has("n <= 3"), has("n >= 17"), has("> 101"), has("n/3"), func(string) bool { return false }, has("")}, failing: 5, delay: delay}
		return f, find(t, f, opt)
	}
	opt := Options{Patches: 2500, Seed: 7, Purpose: "a"}
	f, r := search(opt, nil)
	g, again := search(opt, func() { time.Sleep(time.Duration(rng.IntN(3)) * time.Millisecond) })
	if !reflect.DeepEqual(r, again) || !slices.Equal(f.screened, g.screened) || !slices.Equal(f.chunks, g.chunks) {
		t.Error("the same search went another way")
	}
	if r.Outcome != BudgetExhausted || r.Patch == nil || r.Patch.Turned < 2 {
		t.Errorf("%s: %+v", r.Outcome, r.Patch)
	}
	for _, o := range []Options{{Patches: 2500, Seed: 8, Purpose: "a"}, {Patches: 2500, Seed: 7, Purpose: "b"}} {
		h, _ := search(o, nil)
		if slices.Equal(f.screened, h.screened) {
			t.Errorf("seed %d and purpose %s bred the same", o.Seed, o.Purpose)
		}
	}
}

func TestSearchEnds(t *testing.T) {
	f := single()
	f.failing = 0
	if r := find(t, f, Options{Patches: 10}); r.Outcome != NothingToRepair || r.Patch != nil || len(f.screened) > 0 {
		t.Errorf("%+v", r)
	}
	// Nothing is left to be tried of a program that offers no edits.
	const short = "package tool\n\nfunc Run(input []byte) ([]byte, error) {\n\tpanic(0)\n}\n"
	never := &fake{points: []check{func(string) bool { return false }}, failing: 1}
	r, err := Search(t.Context(), never, short, testImporter(t), Options{Patches: 1000, Fuel: 1, Frozen: []string{"Run"}})
	if err != nil || r.Outcome != NotRepaired || r.Patch != nil || r.Tried != 0 {
		t.Errorf("%v: %+v", err, r)
	}
	for _, fail := range []string{"trace", "screen", "confirm"} {
		f := single()
		f.fail = fail
		if _, err := Search(t.Context(), f, faulty, testImporter(t), Options{Patches: 500, Fuel: 1 << 40}); !errors.Is(err, errMachine) {
			t.Errorf("%s fails: %v", fail, err)
		}
	}
	if _, err := Search(t.Context(), single(), faulty, testImporter(t), Options{Localizer: "x"}); err == nil {
		t.Error("an unknown localizer")
	}
	if _, err := Search(t.Context(), single(), "package tool\n\nfunc Run() { x() }\n", testImporter(t), Options{Patches: 1, Fuel: 1}); err == nil {
		t.Error("a program that does not type-check")
	}
}

func TestSearchObserved(t *testing.T) {
	var seen []Progress
	r := find(t, double(), Options{Patches: 4000, Observe: func(p Progress) { seen = append(seen, p) }})
	stages := map[string]bool{}
	for i, p := range seen {
		stages[p.Stage] = true
		if p.Failing != 2 || p.Patches != 4000 || i > 0 && (p.Tried < seen[i-1].Tried || p.Best < seen[i-1].Best) {
			t.Errorf("progress %d: %+v after %+v", i, p, seen[max(0, i-1)])
		}
	}
	for _, want := range []string{"localize", "single edits", "pairs", "confirm", "minimize"} {
		if !stages[want] {
			t.Errorf("stage %q was not seen in %v", want, slices.Sorted(maps.Keys(stages)))
		}
	}
	if last := seen[len(seen)-1]; last.Tried != r.Tried || last.Best != 2 {
		t.Errorf("in the end: %+v", last)
	}
}

// TestSearchMinimizes: of a repair of two edits one is not needed.
func TestSearchMinimizes(t *testing.T) {
	imp := testImporter(t)
	p, err := synth.Parse(faulty, imp)
	if err != nil {
		t.Fatal(err)
	}
	needed := p.Leading(strings.Replace(faulty, "n < 3", "n <= 3", 1))
	idle := p.Leading(strings.Replace(faulty, "> 100", ">= 100", 1))
	if len(needed) == 0 || len(idle) == 0 {
		t.Fatalf("%d and %d proposals", len(needed), len(idle))
	}
	for _, edits := range [][]synth.Edit{{needed[0].Edit, idle[0].Edit}, {idle[0].Edit, needed[0].Edit}} {
		f := single()
		s := newSearch(f, faulty, imp, Options{Patches: 10})
		source := faulty
		for _, e := range edits {
			if source, err = synth.Apply(source, e, imp); err != nil {
				t.Fatal(err)
			}
		}
		s.winner = &Patch{Edits: edits, Source: source, Weight: 0.5}
		if err := s.minimize(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w := s.winner; len(w.Edits) != 1 || w.Source != strings.Replace(faulty, "n < 3", "n <= 3", 1) {
			t.Errorf("%d edits are left:\n%s", len(w.Edits), w.Source)
		}
		// But not if the measurement says no to the shorter one.
		s = newSearch(f, faulty, imp, Options{Patches: 10})
		s.winner = &Patch{Edits: edits, Source: source}
		f.repaired = func(string) bool { return false }
		if err := s.minimize(t.Context()); err != nil || len(s.winner.Edits) != 2 || s.winner.Source != source {
			t.Errorf("%v: a shorter one that is no repair was taken", err)
		}
	}
}

// TestMinimize: whatever holds is about, the result holds, no single part of it can be
// dropped, its order is kept, and no list is asked about twice.
func TestMinimize(t *testing.T) {
	for sd := range uint64(200) {
		rng := rand.New(rand.NewPCG(sd, 1))
		list := make([]int, 1+rng.IntN(8))
		for i := range list {
			list[i] = i
		}
		// A monotone predicate: some of a few sets must be in it as a whole.
		var sets [][]int
		for range 1 + rng.IntN(3) {
			var set []int
			for _, x := range list {
				if rng.IntN(3) == 0 {
					set = append(set, x)
				}
			}
			sets = append(sets, set)
		}
		covers := func(of []int) bool {
			return slices.ContainsFunc(sets, func(set []int) bool {
				return !slices.ContainsFunc(set, func(x int) bool { return !slices.Contains(of, x) })
			})
		}
		whole := slices.Clone(list)
		asked := map[string]bool{fmt.Sprint(list): true}
		got, err := Minimize(list, func(of []int) (bool, error) {
			if text := fmt.Sprint(of); asked[text] {
				t.Errorf("%v was asked about twice", of)
			} else {
				asked[text] = true
			}
			return covers(of), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(list, whole) {
			t.Fatalf("seed %d: the list was altered", sd)
		}
		if len(got) == 0 || !covers(got) || !slices.IsSorted(got) {
			t.Errorf("seed %d: %v of %v does not hold", sd, got, sets)
		}
		for i := range got {
			if shorter := slices.Delete(slices.Clone(got), i, i+1); len(shorter) > 0 && covers(shorter) {
				t.Errorf("seed %d: %v of %v can do without %d", sd, got, sets, got[i])
			}
		}
	}
	if _, err := Minimize([]int{1, 2}, func([]int) (bool, error) { return false, errMachine }); !errors.Is(err, errMachine) {
		t.Error(err)
	}
}

func TestTry(t *testing.T) {
	right := strings.Replace(faulty, "n < 3", "n <= 3", 1)
	for _, c := range []struct {
		why, version, want string
		tried              int
	}{
		{"a repair", right, Repaired, 1},
		{"the program itself", faulty, NotRepaired, 0},
		{"another program", strings.Replace(faulty, "n < 3", "n < 4", 1), NotRepaired, 1},
	} {
		f := single()
		r, err := Try(t.Context(), f, faulty, c.version, Options{Patches: 500, Fuel: 1})
		if err != nil || r.Outcome != c.want || r.Tried != c.tried || (r.Outcome == Repaired) != (r.Patch != nil && r.Patch.Source == right) {
			t.Errorf("%s: %v, %+v", c.why, err, r)
		}
	}
	f := single()
	f.repaired = func(string) bool { return false }
	if r, err := Try(t.Context(), f, faulty, right, Options{}); err != nil || r.Outcome != NotRepaired || r.Patch == nil {
		t.Errorf("plausible, and not confirmed: %v, %+v", err, r)
	}
	f.failing = 0
	if r, err := Try(t.Context(), f, faulty, right, Options{}); err != nil || r.Outcome != NothingToRepair {
		t.Errorf("nothing fails: %v, %+v", err, r)
	}
	if !(Share{}).All() {
		t.Error("no cases, and not all passed")
	}
}

// TestFrozenRanges: a function is frozen, a method of the same name is not.
func TestFrozenRanges(t *testing.T) {
	const source = "package tool\n\ntype machine int\n\nfunc (m machine) Run() int { return int(m) }\n\nfunc Run(n int) int { return machine(n).Run() }\n"
	from := strings.Index(source, "func Run")
	if got, want := frozenRanges(source, []string{"Run"}), [][2]int{{from, len(source) - 1}}; !slices.Equal(got, want) {
		t.Errorf("frozen: %v, want %v", got, want)
	}
}
