package trial

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"toolgen/pipeline/build/buildtest"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
)

var budget = evaluate.Budget{FuelPerMS: 10_000_000, TimeoutMS: 2000, MemoryBytes: 64 << 20}

func testCase(kind, input string) testgen.Case {
	return testgen.Case{ID: kind + " " + input, Kind: kind, Input: []byte(input), Want: []byte(strings.ToUpper(input)), HasWant: true}
}

// answered is a call that answered, right or wrong.
func answered(right bool, fuel int64) evaluate.Call {
	return evaluate.Call{Outcome: sandbox.OK, Correct: right, Fuel: fuel}
}

// TestPoints: the points are the search cases and the timed calls, what fails first, then
// by size; of reruns only what fails there alone. The allowance follows from the dearest answer.
func TestPoints(t *testing.T) {
	suite := &testgen.Suite{Spec: "caps", Compare: "bytes", Cases: []testgen.Case{
		testCase(testgen.Search, "aaa"), testCase(testgen.Search, "b"), testCase(testgen.Search, "cc"), testCase(testgen.Search, "d"),
		testCase(testgen.Validate, "e"), testCase(testgen.Holdout, "f"), testCase(testgen.Robustness, "g"),
	}, Bench: &testgen.Bench{Case: testCase("timed", "h"), Samples: 2}}
	timeout := evaluate.Call{Outcome: sandbox.Timeout, Fuel: 1 << 40}
	m := &evaluate.Measurement{
		Runs: [][]evaluate.Call{
			{answered(false, 5), answered(true, 70), timeout, answered(true, 5), answered(false, 900), answered(false, 900), answered(false, 900)},
			{answered(false, 5), answered(false, 5), {Outcome: evaluate.NotRun}, answered(true, 5), answered(false, 9), answered(false, 9), answered(false, 9)},
		},
		Timed: []evaluate.Call{answered(true, 60), answered(true, 50)},
	}
	describe := func(b *Bench) (list []string) {
		for _, p := range b.points {
			list = append(list, fmt.Sprintf("%s fails=%v timed=%v", p.c.Input, p.fails, p.timed))
		}
		return list
	}
	b := New(Config{Suite: suite, Measurement: m, Budget: budget, Candidate: "x"})
	want := []string{
		"b fails=true timed=false",                                // the rerun
		"cc fails=true timed=false", "aaa fails=true timed=false", // but not of this one, which fails anyway
		"b fails=false timed=false", "d fails=false timed=false", "h fails=false timed=true",
	}
	if got := describe(b); !reflect.DeepEqual(got, want) {
		t.Errorf("points\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, want := b.Points(), []bool{true, true, true, false, false, false}; !reflect.DeepEqual(got, want) {
		t.Errorf("Points() = %v", got)
	}
	if b.allow != allowBase+20*70 {
		t.Errorf("an allowance of %d", b.allow)
	}
	if len(b.validate) != 1 || string(b.validate[0].Input) != "e" {
		t.Errorf("validate cases %v", b.validate)
	}
	// A program that is unsafe on robustness cases has them as points.
	b = New(Config{Suite: suite, Measurement: m, Budget: budget, Candidate: "x", Robustness: true})
	if got := describe(b); len(got) != 7 || got[0] != "g fails=true timed=false" || got[1] != "b fails=true timed=false" {
		t.Errorf("with robustness cases: %v", got)
	}
	// Without a timed call that answered, the timed calls fail.
	m.Timed = nil
	b = New(Config{Suite: suite, Measurement: m, Budget: budget, Candidate: "x"})
	if p := b.points[3]; !p.timed || !p.fails {
		t.Errorf("without timed calls: %v", describe(b))
	}
}

const caps = `package tool

func Run(input []byte) ([]byte, error) {
	var out []byte
	for _, c := range input {
		BODY
		out = append(out, c)
	}
	return out, nil
}
`

func TestMain(m *testing.M) { buildtest.Main(m) }

// TestScreen: what becomes of versions that repair, help, harm, loop, lean on the order
// of a map, and that are no programs.
func TestScreen(t *testing.T) {
	builder := buildtest.Builder(t)
	suite := &testgen.Suite{Spec: "caps", Seed: 1, Compare: "bytes", Cases: []testgen.Case{
		testCase(testgen.Search, "A"), testCase(testgen.Search, "x"), testCase(testgen.Search, "y"), testCase(testgen.Search, "z"),
		testCase(testgen.Search, "lo"), testCase(testgen.Search, "wxy"), testCase(testgen.Validate, "ab"), testCase(testgen.Validate, "ok"),
	}}
	// The program answers its input: A passes, and the rest fails.
	var run []evaluate.Call
	for i := range suite.Cases {
		run = append(run, answered(i == 0, 1000))
	}
	b := New(Config{Suite: suite, Candidate: "x", Budget: budget, Measurement: &evaluate.Measurement{Runs: [][]evaluate.Call{run}}})
	version := func(body string) string { return strings.Replace(caps, "BODY", body, 1) }
	versions := []string{
		version("if c >= 'a' && c <= 'z' {\nc -= 32\n}"), // right
		version("if c >= 'c' && c <= 'z' {\nc -= 32\n}"), // right on the points, wrong on a validate case
		version("c -= 32"), // turns all, and breaks A
		version("if c >= 'a' && c <= 'y' {\nc -= 32\n}"), // helps
		version("c++"),               // of no use
		version("for c != 'A' {\n}"), // loops where it fails
		version("c = nothing"),
		strings.Replace(version(""), "package tool", "package tool\n\nimport _ \"os\"", 1),
	}
	// Right where the order of a map is by chance: each draws another order.
	byChance := len(versions)
	for i := range 128 {
		versions = append(versions, strings.Replace(caps, "var out []byte", fmt.Sprintf(
			"var out []byte\n\tby := byte(0)\n\tfor range %d {\n\t\tfor k := range map[byte]bool{0: true, 32: true} {\n\t\t\tby = k\n\t\t\tbreak\n\t\t}\n\t}", i+1), 1))
		versions[len(versions)-1] = strings.Replace(versions[len(versions)-1], "BODY", "if c >= 'a' {\nc -= by\n}", 1)
	}
	var got []repair.Screening
	lab := NewLab(LabConfig{
		Builder: builder,
		Measure: nil,
		Each: func(ctx context.Context, n int, f func(context.Context, int) error) error {
			for i := range n {
				if err := f(ctx, i); err != nil {
					return err
				}
			}
			return nil
		},
		Work: func(_ context.Context, f func() error) error { return f() },
	})
	err := lab.Run(t.Context(), []*Bench{b}, func(ctx context.Context, _ int, b *Bench) (err error) {
		got, err = b.Screen(ctx, version(""), versions)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	fuel := make([]int64, len(got))
	for i := range got {
		fuel[i], got[i].Fuel = got[i].Fuel, 0
	}
	want := []repair.Screening{
		{Turned: 5, Plausible: true, Validate: repair.Share{Passed: 2, Total: 2}},
		{Turned: 5, Plausible: true, Validate: repair.Share{Passed: 1, Total: 2}},
		{Turned: 5, Broken: 1},
		{Turned: 4},
		{},
		{},
		{Refused: true},
		{Refused: true},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("version %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	// Three failing points are enough to give up, and a loop ends by its allowance.
	if limit := patience * (b.allow + 2*allowByte); fuel[5] > limit || fuel[5] < patience*allowBase {
		t.Errorf("a version that loops spent %d, at most %d is allowed", fuel[5], limit)
	}
	if fuel[4] >= fuel[0]/2 {
		t.Errorf("a version of no use spent %d, and the repair %d", fuel[4], fuel[0])
	}
	if fuel[6] != 0 || fuel[7] != 0 {
		t.Errorf("versions that are no programs spent %v", fuel[6:8])
	}
	lucky := 0
	for _, g := range got[byChance:] {
		if g.Turned == 5 && g.Broken == 0 {
			lucky++
		}
		if g.Plausible || g.Refused {
			t.Errorf("a version that leans on the order of a map: %+v", g)
		}
	}
	if lucky == 0 {
		t.Error("no version passed the points by chance, so this shows nothing")
	}
}

// TestVocabulary: what failing cases have and passing ones have not comes first, as
// literals; what all have is left out.
func TestVocabulary(t *testing.T) {
	suite := &testgen.Suite{Spec: "caps", Compare: "bytes", Cases: []testgen.Case{
		testCase(testgen.Search, "add 1 #x"), testCase(testgen.Search, "sub 60"), testCase(testgen.Search, "add 1"),
		testCase(testgen.Holdout, "secret"),
	}}
	m := &evaluate.Measurement{Runs: [][]evaluate.Call{{answered(false, 5), answered(false, 5), answered(true, 5), answered(false, 5)}}}
	got := New(Config{Suite: suite, Measurement: m, Budget: budget, Candidate: "x"}).Vocabulary()
	for _, want := range []string{`'#'`, `"#"`, `"sub"`, `"SUB"`, `"60"`, `60`, `'s'`} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	for _, no := range []string{`'1'`, `"add"`, `"1"`, `' '`, `"secret"`} {
		if slices.Contains(got, no) {
			t.Errorf("%s is in %s", no, got)
		}
	}
}
