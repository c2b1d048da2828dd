package aggregate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"toolgen/analysis/pareto"
	"toolgen/analysis/stats"
	"toolgen/datasets"
)

const runID = "00000000000000000000000000000000000000000000000000000000000000aa"

// shape is how the virtual times of a test go.
type shape func(rng *rand.Rand, i, n int) float64

var shapes = map[string]shape{
	"random":  func(rng *rand.Rand, i, n int) float64 { return math.Exp(rng.NormFloat64()) },
	"ties":    func(rng *rand.Rand, i, n int) float64 { return float64(rng.IntN(7)) },
	"equal":   func(rng *rand.Rand, i, n int) float64 { return 3 },
	"rising":  func(rng *rand.Rand, i, n int) float64 { return float64(i) },
	"falling": func(rng *rand.Rand, i, n int) float64 { return float64(n - i) },
	// The middle moves, so that what came first says nothing of what comes later.
	"moving": func(rng *rand.Rand, i, n int) float64 { return float64(10*i/n) + rng.Float64() },
	"signs": func(rng *rand.Rand, i, n int) float64 {
		return rng.NormFloat64() * math.Pow(10, float64(rng.IntN(9)-4))
	},
}

// evaluations returns n rows, sorted by key, that belong to few groups.
func evaluations(seed uint64, n int, ms shape) []datasets.Evaluation {
	rng := rand.New(rand.NewPCG(seed, 1))
	var rows []datasets.Evaluation
	for i := range n {
		style := []string{"set", "trie"}[rng.IntN(2)]
		e := datasets.Evaluation{
			RunID: runID, Experiment: "e", Seed: int64(i / 400), Epoch: int32(i / 200 % 2), Spec: []string{"a", "b"}[i/100%2], Slot: int32(i % 100),
			Style: &style, CandidateID: fmt.Sprint(rng.IntN(50)), Origin: datasets.OriginEdit, Verdict: datasets.VerdictPass,
			Fitness: rng.Float64(), Correctness: 1, Safety: 1, Stability: 1,
		}
		if rng.IntN(30) == 0 {
			e.Style = nil
		}
		if memory := rng.Int64N(30); rng.IntN(20) > 0 {
			e.PeakMemoryBytes = &memory
		}
		if v := ms(rng, i, n); rng.IntN(15) > 0 {
			e.VirtualMS = &v
		}
		rows = append(rows, e)
	}
	return rows
}

// write writes rows as files of so many rows each.
func write(t testing.TB, rows []datasets.Evaluation, each int) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for from := 0; from < len(rows); from += each {
		path := filepath.Join(dir, fmt.Sprintf("%d.parquet", from))
		if _, err := datasets.Evaluations.WriteFile(path, rows[from:min(len(rows), from+each)], datasets.Meta{RunID: runID, Identity: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// bruteGroups is GroupBy with all rows in memory.
func bruteGroups(rows []datasets.Evaluation, each int) []Group {
	type key struct {
		spec, style string
		epoch       int32
	}
	values, fitness, counts, partial := map[key][]float64{}, map[key]float64{}, map[key]int64{}, map[key]float64{}
	flush := func() {
		for k, v := range partial {
			fitness[k] += v
		}
		clear(partial)
	}
	for i, e := range rows {
		if i%each == 0 {
			flush()
		}
		k := key{spec: e.Spec, style: "~", epoch: e.Epoch}
		if e.Style != nil {
			k.style = *e.Style
		}
		counts[k]++
		partial[k] += e.Fitness
		if e.VirtualMS != nil {
			values[k] = append(values[k], *e.VirtualMS)
		}
	}
	flush()
	var out []Group
	for k := range counts {
		g := Group{Spec: k.spec, Epoch: k.epoch, Rows: counts[k], MeanFitness: fitness[k] / float64(counts[k]), Timed: int64(len(values[k]))}
		if k.style != "~" {
			g.Style = &k.style
		}
		if len(values[k]) > 0 {
			median, p95 := stats.Quantile(values[k], 0.5), stats.Quantile(values[k], 0.95)
			g.MedianMS, g.P95MS = &median, &p95
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b Group) int { return strings.Compare(name(a), name(b)) })
	return out
}

func name(g Group) string {
	style := "~"
	if g.Style != nil {
		style = *g.Style
	}
	return fmt.Sprintf("%s %d %s", g.Spec, g.Epoch, style)
}

// Whatever the values look like, however many workers read, in however many files the
// rows lie: the answer is that of all rows at once, sums to the last bit.
func TestGroupBy(t *testing.T) {
	for what, ms := range shapes {
		for _, size := range []struct{ rows, each int }{{37, 10}, {24_000, 4_000}} {
			rows := evaluations(3, size.rows, ms)
			paths, want := write(t, rows, size.each), bruteGroups(rows, size.each)
			for _, workers := range []int{1, 2, 5} {
				got, err := GroupBy(paths, Options{Workers: workers})
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("%s, %d rows, %d workers:\n%s\nwant\n%s", what, size.rows, workers, show(got), show(want))
				}
			}
		}
	}
}

func show(groups []Group) string {
	var out strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&out, "%s: %d rows, %d timed, fitness %v", name(g), g.Rows, g.Timed, g.MeanFitness)
		if g.MedianMS != nil {
			fmt.Fprintf(&out, ", %v %v", *g.MedianMS, *g.P95MS)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestGroupByNothing(t *testing.T) {
	if got, err := GroupBy(write(t, nil, 1), Options{}); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
	rows := evaluations(1, 5, shapes["equal"])
	for i := range rows {
		rows[i].VirtualMS = nil
	}
	got, err := GroupBy(write(t, rows, 5), Options{})
	if err != nil || len(got) == 0 || got[0].MedianMS != nil || got[0].P95MS != nil || got[0].Timed != 0 {
		t.Errorf("%v %v", show(got), err)
	}
}

// Two streams that are split among selectors, each long enough to be narrowed several
// times: what is found is right, and how much is kept does not grow with the stream.
func TestSelector(t *testing.T) {
	for what, ms := range shapes {
		rng := rand.New(rand.NewPCG(5, 5))
		n := 300_000
		a, b := newSelector(), newSelector()
		parts := []*selector{&a, &b}
		var all []float64
		found, kept := 0, 0
		for i := range n {
			v := ms(rng, i, n)
			all = append(all, v)
			parts[rng.IntN(2)].add(v)
		}
		slices.Sort(all)
		for q, share := range quantiles {
			if v, ok := selectFrom(parts, q, rank(share, int64(n))); ok {
				found++
				if want := stats.Quantile(all, share); v != want {
					t.Errorf("%s: quantile %v is %v, want %v", what, share, v, want)
				}
			}
		}
		for _, s := range parts {
			kept += cap(s.kept[0]) + cap(s.kept[1])
		}
		if kept > 4*selectorGives {
			t.Errorf("%s: room for %d of %d values", what, kept, n)
		}
		// Where order says nothing, one reading is enough; the others show that it need not be.
		if (what == "random" || what == "signs") && found != 2 {
			t.Errorf("%s: %d quantiles found", what, found)
		}
		if parts[0].n()+parts[1].n() != int64(n) {
			t.Errorf("%s: %d values, want %d", what, parts[0].n()+parts[1].n(), n)
		}
	}
}

// The second reading alone finds any rank of any values.
func TestSearch(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for range 300 {
		n := 1 + rng.IntN(300)
		var values []float64
		for range n {
			values = append(values, []float64{rng.NormFloat64(), math.Pow(10, 600*rng.Float64()-300), float64(rng.IntN(3)), -math.MaxFloat64, math.Copysign(0, -1)}[rng.IntN(5)])
		}
		s := &search{rank: 1 + rng.Int64N(int64(n)), high: math.MaxUint64, all: int64(n)}
		if rng.IntN(2) == 0 { // a guess, right or wrong
			s.low, s.high = sortKey(-0.3), sortKey(0.2)
		}
		want := slices.Sorted(slices.Values(values))[s.rank-1]
		for round := 0; !s.found; round++ {
			var counts [2]bins
			for i, v := range values {
				s.count(&counts[i%2], v)
			}
			counts[0].add(&counts[1])
			if !s.descend(&counts[0]) || round > 9 {
				t.Fatalf("rank %d of %v is not found in %d readings", s.rank, values, round)
			}
		}
		if s.value != want {
			t.Fatalf("%v, want %v", s.value, want)
		}
	}
	gone := &search{rank: 1, high: math.MaxUint64, all: 2}
	var counts bins
	gone.count(&counts, 1)
	if gone.descend(&counts) {
		t.Error("a value is gone, and nobody has noticed")
	}
}

func TestNth(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 3000 {
		list := make([]float64, 1+rng.IntN(400))
		for i := range list {
			list[i] = float64(rng.IntN(1 + rng.IntN(100)))
		}
		if rng.IntN(4) == 0 {
			list[0] = []float64{0, -5, 1e300, math.Copysign(0, -1)}[rng.IntN(4)]
		}
		want, k := slices.Sorted(slices.Values(list)), rng.IntN(len(list))
		if got := nth(list, k); got != want[k] {
			t.Fatalf("%d of %v: %v", k, want, got)
		}
	}
}

func TestFronts(t *testing.T) {
	objectives := []Objective{{"virtual_ms", pareto.Minimize}, {"fitness", pareto.Maximize}, {"peak_memory_bytes", pareto.Minimize}}
	for what, ms := range shapes {
		rows := evaluations(4, 3000, ms)
		paths := write(t, rows, 700)
		for k := 1; k <= 3; k++ {
			var want []SpecFront
			for _, spec := range []string{"a", "b"} {
				p, ids, dirs := make(pareto.Points, k), []int64{}, []pareto.Direction{}
				for j := range k {
					dirs = append(dirs, objectives[j].Direction)
				}
				for i := range rows {
					if rows[i].Spec != spec {
						continue
					}
					ids = append(ids, int64(i/700)*GroupRows+int64(i%700))
					for j := range k {
						p[j] = append(p[j], datasets.Evaluations.Number(&rows[i], objectives[j].Column))
					}
				}
				c := pareto.NewCollector(dirs)
				for n, id := range ids {
					c.AddRange(p, n, n+1, id)
				}
				front := c.Front()
				if index := pareto.Front(p, dirs); len(front) > len(index) || len(front) == 0 {
					t.Fatalf("%d distinct points of %d", len(front), len(index))
				}
				want = append(want, SpecFront{spec, front})
			}
			for _, workers := range []int{1, 3} {
				got, err := Fronts(paths, objectives[:k], Options{Workers: workers})
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("%s, %d objectives, %d workers: %v\n%+v\nwant\n%+v", what, k, workers, err, got, want)
				}
			}
		}
	}
}
