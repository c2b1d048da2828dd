package testgen

import (
	"errors"
	"strings"
	"testing"

	"toolgen/pipeline/build"
	"toolgen/specs"
)

// wantSpecError holds an error against the role that is at fault and a part of what it says.
func wantSpecError(t *testing.T, name string, err error, role build.Role, part string) {
	t.Helper()
	var bad *SpecError
	if !errors.As(err, &bad) {
		t.Errorf("%s: error %v, want a *SpecError", name, err)
		return
	}
	if bad.Role != role || !strings.Contains(bad.Error(), part) || !strings.Contains(bad.Error(), "moody") {
		t.Errorf("%s: %q of role %q, want one of %q that says %q and names the spec", name, bad, bad.Role, role, part)
	}
}

// TestMoodyPrograms finds every way in which a spec's program can be at fault, in
// one module: what one call does must not reach the next.
func TestMoodyPrograms(t *testing.T) {
	p := prepare(t, moody())
	ctx := t.Context()

	t.Run("generate", func(t *testing.T) {
		for _, tt := range []struct {
			name string
			size int
			role build.Role
			part string
		}{
			{"a generator that panics", boomSize, build.Generate, "no input for you"},
			{"a generator that floods", floodSize, build.Generate, "output_flood"},
			{"a reference that panics", fatalSize, build.Reference, "at its end"},
		} {
			q := p.with(func(s *specs.Spec) { s.Suite.Sizes = []int{tt.size} })
			_, err := Generate(ctx, q, 1, OwnSizes(q.spec))
			wantSpecError(t, tt.name, err, tt.role, tt.part)
			bench := p.with(func(s *specs.Spec) { s.Benchmark = &specs.Benchmark{Size: tt.size, Samples: 3} })
			_, err = Generate(ctx, bench, 1, OwnSizes(bench.spec))
			wantSpecError(t, tt.name+", by the benchmark", err, tt.role, tt.part)
		}
	})

	t.Run("answer", func(t *testing.T) {
		if out, failed, err := p.Answer(ctx, []byte("abc")); string(out) != "ABC" || failed || err != nil {
			t.Errorf("Answer(abc) = %q, %t, %v", out, failed, err)
		}
		if _, failed, err := p.Answer(ctx, []byte("error")); !failed || err != nil {
			t.Errorf("Answer(error): failed %t, %v; an error is an answer", failed, err)
		}
		_, _, err := p.Answer(ctx, []byte("boom"))
		wantSpecError(t, "boom", err, build.Reference, "at its end")
	})

	t.Run("check", func(t *testing.T) {
		for _, tt := range []struct {
			output string
			score  float64
			wrong  string
			fault  string // of the *SpecError
		}{
			{"fine", 1, "", ""},
			{"half", 0.5, "", ""},
			{"wrong", 0, "wrong answer to input", ""},
			{"silent", 0, "refused by the check", ""},
			{"above", 0, "", "1.5"},
			{"below", 0, "", "-0.25"},
			{"nan", 0, "", "NaN"},
			{"boom", 0, "", "at its end"},
		} {
			score, wrong, err := p.Check(ctx, []byte("input"), []byte(tt.output))
			if tt.fault != "" {
				wantSpecError(t, tt.output, err, build.Check, tt.fault)
			} else if score != tt.score || wrong != tt.wrong || err != nil {
				t.Errorf("Check of %q = %v, %q, %v; want %v, %q", tt.output, score, wrong, err, tt.score, tt.wrong)
			}
		}
	})

	t.Run("deterministic", func(t *testing.T) {
		for _, tt := range []struct {
			name  string
			sizes []int
			bench int
			role  build.Role // at fault; "" if none
		}{
			{"honest", []int{0, fewSize, 8, 100}, 200, ""},
			{"a generator that leans on map order", []int{8, mapSize}, 0, build.Generate},
			{"a generator that draws its own numbers", []int{randSize}, 0, build.Generate},
			{"a reference that answers by chance", []int{8, unfairSize}, 0, build.Reference},
			{"a check that scores by chance", []int{8, unsteadySize}, 0, build.Check},
			{"by chance on the benchmark's input alone", []int{8}, unfairSize, build.Reference},
		} {
			q := p.with(func(s *specs.Spec) {
				s.Suite.Sizes = tt.sizes
				if tt.bench > 0 {
					s.Benchmark = &specs.Benchmark{Size: tt.bench, Samples: 3}
				}
			})
			err := q.Deterministic(ctx, 1)
			if tt.role != "" {
				wantSpecError(t, tt.name, err, tt.role, "differs")
			} else if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	})

	t.Run("redraw", func(t *testing.T) { testRedraw(t, p) })
	t.Run("written", func(t *testing.T) { testWritten(t, p) })
}

// testRedraw has a generator with three different inputs for 20 places: three are
// found, for eight more draws are made, and the other places are given up.
func testRedraw(t *testing.T, p *Programs) {
	q := p.with(func(s *specs.Spec) {
		s.Suite = specs.SuiteSizes{Search: 12, Validate: 4, Holdout: 4, Sizes: []int{fewSize}}
		s.Examples = []specs.Case{{Name: "written", Split: Search, Input: []byte("0"), Output: []byte("0")}}
		s.Robustness = []string{"empty", "truncated"} // of one digit, only the empty input is left
	})
	suite, err := Generate(t.Context(), q, 1, OwnSizes(q.spec))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range suite.Cases {
		got = append(got, c.Kind+" "+string(c.Input))
	}
	if len(got) != 4 || got[0] != "search 0" || got[3] != "robustness " ||
		strings.Join(got[1:3], ",") != "search 1,search 2" && strings.Join(got[1:3], ",") != "search 2,search 1" {
		t.Errorf("cases %q; want the written 0, the two other digits in either order, and the empty input", got)
	}
}

// testWritten says what is taken over from written cases under a check.
func testWritten(t *testing.T, p *Programs) {
	q := p.with(func(s *specs.Spec) {
		s.Generate, s.Reference = nil, nil
		s.Examples = []specs.Case{
			{Name: "a", Split: Search, Input: []byte("a"), Output: []byte{}},
			{Name: "b", Split: Search, Input: []byte("b"), Error: true},
			{Name: "c", Split: Search, Input: []byte("c")},
		}
		s.Cases = []specs.Case{
			{Name: "a again", Split: Search, Input: []byte("a"), Output: []byte{}},
			{Name: "a, held out", Split: Holdout, Input: []byte("a"), Output: []byte{}},
		}
	})
	suite, err := Generate(t.Context(), q, 1, Sizes{})
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name, kind         string
		hasWant, wantError bool
	}{{"a", Search, true, false}, {"b", Search, true, true}, {"c", Search, false, false}, {"a, held out", Holdout, true, false}}
	if len(suite.Cases) != len(want) {
		t.Fatalf("%d cases, want %d: %+v", len(suite.Cases), len(want), suite.Cases)
	}
	for i, w := range want {
		c := suite.Cases[i]
		if c.Name != w.name || c.Kind != w.kind || c.HasWant != w.hasWant || c.WantError != w.wantError {
			t.Errorf("case %d is %+v, want %+v", i, c, w)
		}
	}
}

func TestPrepareRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*specs.Spec)
		role   build.Role
		part   string
	}{
		{"a forbidden import", func(s *specs.Spec) {
			s.Generate = file("generate.go", "package generate\n\nimport \"os\"\n\nfunc Generate(uint64, int) []byte { os.Exit(1); return nil }\n")
		}, build.Generate, "unsafe"},
		{"a type error", func(s *specs.Spec) {
			s.Reference = file("reference.go", "package reference\n\nfunc Run(input []byte) ([]byte, error) { return 1 }\n")
		}, build.Reference, "reference.go:3"},
		{"another signature", func(s *specs.Spec) {
			s.Check = file("check.go", "package check\n\nfunc Check(output []byte) (float64, error) { return 1, nil }\n")
		}, build.Check, "build_error"},
		{"a folder without a file", func(s *specs.Spec) { s.Check = []specs.File{} }, build.Check, "0 files"},
	} {
		spec := moody()
		tt.change(spec)
		_, err := Prepare(t.Context(), builder(t), spec)
		wantSpecError(t, tt.name, err, tt.role, tt.part)
	}
}

// TestCasesAlone takes a spec that is nothing but its cases: nothing is built, and
// what only programs could answer is an error.
func TestCasesAlone(t *testing.T) {
	spec := &specs.Spec{ID: "moody", Compare: specs.CompareBytes, Cases: []specs.Case{
		{Name: "v", Split: Validate, Input: []byte("v"), Output: []byte("V")},
		{Name: "s", Split: Search, Input: []byte("s"), Output: []byte("S")},
	}}
	p, err := Prepare(t.Context(), nil, spec) // a builder would be called
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	suite, err := Generate(t.Context(), p, 1, OwnSizes(spec))
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.Cases) != 2 || suite.Cases[0].Kind != Validate || suite.Cases[1].Kind != Search || suite.Bench != nil {
		t.Errorf("suite %+v; want the two cases as written, and no benchmark", suite)
	}
	if err := p.Deterministic(t.Context(), 1); err != nil {
		t.Error(err)
	}
	_, _, err = p.Answer(t.Context(), nil)
	wantSpecError(t, "Answer", err, build.Reference, "has none")
	_, _, err = p.Check(t.Context(), nil, nil)
	wantSpecError(t, "Check", err, build.Check, "has none")
}
