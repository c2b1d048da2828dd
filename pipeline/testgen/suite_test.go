package testgen

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"toolgen/specs"
)

// TestDraw counts the draws: one, and eight more.
func TestDraw(t *testing.T) {
	for _, tt := range []struct {
		name  string
		input func(attempt int) ([]byte, bool, error)
		draws int
		cases int
	}{
		{"new at once", func(int) ([]byte, bool, error) { return []byte("new"), true, nil }, 1, 2},
		{"never new", func(int) ([]byte, bool, error) { return []byte("old"), true, nil }, 9, 1},
		{"never to be had", func(int) ([]byte, bool, error) { return []byte("new"), false, nil }, 9, 1},
		{"new in the last draw", func(attempt int) ([]byte, bool, error) {
			return []byte(map[bool]string{true: "new", false: "old"}[attempt == 8]), true, nil
		}, 9, 2},
	} {
		g := generator{spec: &specs.Spec{}, suite: &Suite{}, seen: map[[32]byte]bool{}, ids: map[string]bool{}}
		g.add(Case{Kind: Validate, Input: []byte("old")}) // of whatever kind
		draws := 0
		err := g.draw(Search, tt.name, func(attempt int) ([]byte, bool, error) {
			if attempt != draws {
				t.Errorf("%s: draw %d calls itself attempt %d", tt.name, draws, attempt)
			}
			draws++
			return tt.input(attempt)
		})
		if err != nil || draws != tt.draws || len(g.suite.Cases) != tt.cases {
			t.Errorf("%s: %d draws, %d cases, error %v; want %d and %d", tt.name, draws, len(g.suite.Cases), err, tt.draws, tt.cases)
		}
	}
	broken := errors.New("broken")
	g := generator{spec: &specs.Spec{}, suite: &Suite{}}
	if err := g.draw(Search, "", func(int) ([]byte, bool, error) { return nil, true, broken }); err != broken {
		t.Errorf("error %v, want that of the input", err)
	}
}

// TestIntervalMerge makes suites of a spec that ships.
func TestIntervalMerge(t *testing.T) {
	spec, err := specs.Load(specs.Shipped(), "interval_merge")
	if err != nil {
		t.Fatal(err)
	}
	p := prepare(t, spec)
	generate := func(sd int64, sizes Sizes) *Suite {
		t.Helper()
		s, err := Generate(t.Context(), p, sd, sizes)
		if err != nil {
			t.Fatalf("seed %d: %v", sd, err)
		}
		return s
	}
	suite := generate(1, OwnSizes(spec))
	written := len(spec.Examples) + len(spec.Cases)
	of := map[string]int{} // written cases of each kind
	for _, c := range slices.Concat(spec.Examples, spec.Cases) {
		of[c.Split]++
	}

	t.Run("order", func(t *testing.T) {
		var kinds []string
		for _, c := range suite.Cases[written:] {
			kinds = append(kinds, c.Kind)
		}
		if got := slices.Compact(kinds); !slices.Equal(got, []string{Search, Robustness, Validate, Holdout}) {
			t.Errorf("the kinds of generated cases come in the order %q", got)
		}
		for i, c := range slices.Concat(spec.Examples, spec.Cases) {
			if got := suite.Cases[i]; got.Name != c.Name || got.Kind != c.Split || !bytes.Equal(got.Input, c.Input) || !bytes.Equal(got.Want, c.Output) || got.WantError != c.Error {
				t.Errorf("case %d is %q, want %q as it is written", i, got.Name, c.Name)
			}
		}
	})

	t.Run("cases", func(t *testing.T) {
		checkSuite(t, p, suite)
		// Of 40, 20 and 40 only those of size 0 can be given up: it has one input, and
		// the written cases hold it.
		n := count(suite)
		if n[Search] != of[Search]+32 || n[Validate] != of[Validate]+16 || n[Holdout] != of[Holdout]+32 {
			t.Errorf("counts %v; want the written %v and 32 search, 16 validate, 32 holdout cases", n, of)
		}
		// Two for each of seven mutators, but for the empty input, which is written.
		if n[Robustness] != 12 {
			t.Errorf("%d robustness cases, want 12", n[Robustness])
		}
	})

	t.Run("bench", func(t *testing.T) {
		b := suite.Bench
		if b == nil || b.Samples != 30 || !b.HasWant || b.WantError || b.ID != CaseID("bench", b.Input) {
			t.Fatalf("benchmark %.200v", b)
		}
		if lines := bytes.Count(b.Input, []byte("\n")); lines != spec.Benchmark.Size {
			t.Errorf("the benchmark's input has %d lines, want %d", lines, spec.Benchmark.Size)
		}
	})

	t.Run("same seed, same suite", func(t *testing.T) {
		small := Sizes{Suite: specs.SuiteSizes{Search: 10, Validate: 5, Holdout: 5, Sizes: []int{8, 64}}, Samples: 5}
		before := generate(7, small)
		generate(8, OwnSizes(spec)) // whatever is generated in between
		if diff := cmp.Diff(before, generate(7, small)); diff != "" {
			t.Errorf("seed 7 gives two suites:\n%s", diff)
		}
		if other := generate(8, small); other.Digest == before.Digest || shared8(before, other) {
			t.Error("seeds 7 and 8 give the same digest, or a generated input in common")
		}
		data, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		var kept Suite
		if err := json.Unmarshal(data, &kept); err != nil {
			t.Fatal(err)
		}
		if got := digest(&kept); got != before.Digest {
			t.Errorf("digest %s after a stay in the cache, %s before", got, before.Digest)
		}
	})

	t.Run("sizes", func(t *testing.T) {
		s := generate(1, Sizes{Suite: specs.SuiteSizes{Search: 3, Validate: 0, Holdout: 2, Sizes: []int{5}}, Samples: 4})
		if n := count(s); n[Search] != of[Search]+3 || n[Validate] != of[Validate] || n[Holdout] != of[Holdout]+2 || s.Bench.Samples != 4 {
			t.Errorf("counts %v, samples %d; want the written %v and 3 search, no validate and 2 holdout cases, 4 samples", n, s.Bench.Samples, of)
		}
		for _, c := range s.Cases[written : written+3] {
			if !strings.HasSuffix(c.Name, "size 5") {
				t.Errorf("case %q, want it of size 5", c.Name)
			}
		}
		// A case is drawn for its kind and number alone: more of another kind move nothing.
		more := generate(1, Sizes{Suite: specs.SuiteSizes{Search: 6, Validate: 4, Holdout: 2, Sizes: []int{5}}, Samples: 4})
		if !cmp.Equal(more.Cases[written:written+3], s.Cases[written:written+3]) {
			t.Error("the first three search cases depend on how many there are")
		}
		if !cmp.Equal(more.Cases[len(more.Cases)-2:], s.Cases[len(s.Cases)-2:]) {
			t.Error("the holdout cases depend on how many cases of other kinds there are")
		}
		if more.Digest == s.Digest {
			t.Error("more cases, and the same digest")
		}
		if _, err := Generate(t.Context(), p, 1, Sizes{Suite: specs.SuiteSizes{Search: 1}}); err == nil || !strings.Contains(err.Error(), "Sizes") {
			t.Errorf("no sizes: error %v, want one that says so", err)
		}
	})

	t.Run("digest", func(t *testing.T) {
		for name, change := range map[string]func(*Suite){
			"spec":       func(s *Suite) { s.Spec = "other" },
			"seed":       func(s *Suite) { s.Seed++ },
			"compare":    func(s *Suite) { s.Compare = specs.CompareJSON },
			"id":         func(s *Suite) { s.Cases[3].ID = CaseID(Search, []byte("other")) },
			"want":       func(s *Suite) { s.Cases[3].Want = []byte("other") },
			"want error": func(s *Suite) { s.Cases[3].WantError = !s.Cases[3].WantError },
			"has want":   func(s *Suite) { s.Cases[3].HasWant = false },
			"order":      func(s *Suite) { s.Cases[0], s.Cases[1] = s.Cases[1], s.Cases[0] },
			"last case":  func(s *Suite) { s.Cases = s.Cases[:len(s.Cases)-1] },
			"bench":      func(s *Suite) { s.Bench = nil },
			"samples":    func(s *Suite) { s.Bench = &Bench{Case: s.Bench.Case, Samples: 29} },
		} {
			changed := *suite
			changed.Cases = slices.Clone(suite.Cases)
			change(&changed)
			if digest(&changed) == suite.Digest {
				t.Errorf("%s: the digest does not cover it", name)
			}
		}
	})

	t.Run("deterministic", func(t *testing.T) {
		if err := p.Deterministic(t.Context(), 1); err != nil {
			t.Error(err)
		}
	})
}

// checkSuite holds what is true of every suite.
func checkSuite(t *testing.T, p *Programs, s *Suite) {
	t.Helper()
	ids, inputs := map[string]bool{}, map[string]string{}
	for _, c := range s.Cases {
		if c.ID != CaseID(c.Kind, c.Input) || ids[c.ID] {
			t.Errorf("case %q: id %s is not its own", c.Name, c.ID)
		}
		ids[c.ID] = true
		if before, twice := inputs[string(c.Input)]; twice {
			t.Errorf("cases %q and %q have the same input", before, c.Name)
		}
		inputs[string(c.Input)] = c.Name
		out, failed, err := p.Answer(t.Context(), c.Input)
		if err != nil {
			t.Fatal(err)
		}
		if !c.HasWant || failed != c.WantError || !bytes.Equal(out, c.Want) {
			t.Errorf("case %q wants %.80q (error: %t), the reference answers %.80q (error: %t)", c.Name, c.Want, c.WantError, out, failed)
		}
	}
}

func count(s *Suite) map[string]int {
	n := map[string]int{}
	for _, c := range s.Cases {
		n[c.Kind]++
	}
	return n
}

// shared8 says whether two suites share a generated input of eight lines or more.
func shared8(a, b *Suite) bool {
	inputs := map[string]bool{}
	for _, c := range a.Cases {
		inputs[string(c.Input)] = true
	}
	return slices.ContainsFunc(b.Cases, func(c Case) bool {
		return strings.Contains(c.Name, ", size ") && bytes.Count(c.Input, []byte("\n")) >= 8 && inputs[string(c.Input)]
	})
}

// TestCaseID pins the ids: rows of old runs are found by them.
func TestCaseID(t *testing.T) {
	const want = "2faf3ec57b63fc1d321203ffd3e33efc609a342ce09b883ff6015a740a0b231d"
	if got := CaseID(Search, []byte("a\n")); got != want {
		t.Errorf("CaseID(search, a) = %s, want %s", got, want)
	}
	if CaseID("a", []byte("bc")) == CaseID("ab", []byte("c")) {
		t.Error("kind and input run into each other")
	}
}
