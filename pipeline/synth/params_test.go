package synth

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"toolgen/seed"
	"toolgen/specs"
)

func testStyle() *specs.Style { return &testSpec("package tool\n").Styles[0] }

func TestValidateParams(t *testing.T) {
	style := testStyle()
	if err := ValidateParams(style, testParams()); err != nil {
		t.Errorf("defaults: %v", err)
	}
	for _, tt := range []struct {
		name  string
		value any
		want  string
	}{
		{"n", nil, `parameter "n": value <nil> has Go type <nil>, which is no int`},
		{"n", 3, "value 3 has Go type int, which is no int"},
		{"n", 3.0, "Go type float64"},
		{"n", int64(-1), "-1, expected 0 to 1e+09"},
		{"n", int64(1e9 + 1), "expected 0 to 1e+09"},
		{"load", int64(1), "Go type int64"},
		{"load", 1.5, "1.5, expected 0 to 1"},
		{"load", math.NaN(), "NaN, expected 0 to 1"},
		{"mode", "d", `d, expected one of "a", "b", "c"`},
		{"fast", "true", "Go type string"},
		{"size", int64(65), "65, expected one of 0, 64, 4096"},
		{"other", int64(1), `parameter "other": the style has no such parameter`},
	} {
		params := testParams()
		params[tt.name] = tt.value
		if err := ValidateParams(style, params); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s = %v: error %v, want %s", tt.name, tt.value, err, tt.want)
		}
	}
	params := testParams()
	delete(params, "mode")
	if err := ValidateParams(style, params); err == nil || !strings.Contains(err.Error(), `"mode": missing, expected one of`) {
		t.Errorf("missing: error %v", err)
	}
}

// Whatever is drawn is valid, something changes, the same generator gives the same,
// and every generator is left where its twin is.
func TestPerturbAndCross(t *testing.T) {
	spec := testSpec("package tool\n")
	y := New(spec, "MIT", nil)
	style := &spec.Styles[0]
	at := map[string]int{}
	for i := range 500 {
		strength := float64(i%5) / 4
		a, b := seed.Derive(1, "perturb", i), seed.Derive(1, "perturb", i)
		g := Genome{Style: "set", Params: RandomParams(a, style), Edits: []Edit{{Family: "f"}}}
		twin := Genome{Style: "set", Params: RandomParams(b, style), Edits: g.Edits}
		before := g.Clone()
		child, twinChild := y.PerturbParams(a, g, strength), y.PerturbParams(b, twin, strength)
		crossed, twinCrossed := y.CrossParams(a, g, child), y.CrossParams(b, twin, twinChild)
		if !child.Equal(twinChild) || !crossed.Equal(twinCrossed) || a.Uint64() != b.Uint64() {
			t.Fatalf("seed 1, %d: two generators with one seed part", i)
		}
		if !g.Equal(before) {
			t.Fatalf("seed 1, %d: the parent changed", i)
		}
		for _, params := range []map[string]any{g.Params, child.Params, crossed.Params} {
			if err := ValidateParams(style, params); err != nil {
				t.Fatalf("seed 1, %d: %v", i, err)
			}
		}
		if maps.Equal(child.Params, g.Params) {
			t.Errorf("seed 1, %d: strength %g changed nothing in %v", i, strength, g.Params)
		}
		for name, v := range child.Params {
			if v != g.Params[name] {
				at[name]++
			}
			if c := crossed.Params[name]; c != v && c != g.Params[name] {
				t.Errorf("seed 1, %d: %s = %v comes from neither parent", i, name, c)
			}
		}
		if len(child.Edits) != 1 {
			t.Errorf("seed 1, %d: the edits are gone", i)
		}
	}
	for _, p := range style.Params {
		if at[p.Name] < 50 {
			t.Errorf("%s changed in %d of 500 perturbations", p.Name, at[p.Name])
		}
	}
}

// A stronger perturbation moves farther.
func TestPerturbGrowsWithStrength(t *testing.T) {
	style := &specs.Style{Name: "s", Params: []specs.Param{{Name: "x", Type: specs.ParamInt, Range: &[2]float64{0, 1000}, Default: int64(500)}}}
	var mean []float64
	for _, strength := range []float64{0, 0.1, 1} {
		sum := 0.0
		for i := range 300 {
			moved := perturb(seed.Derive(1, "strength", i), style, DefaultParams(style), strength)["x"].(int64)
			sum += math.Abs(float64(moved - 500))
		}
		mean = append(mean, sum/300)
	}
	if mean[0] != 1 || !(mean[1] > 10 && mean[1] < 40 && mean[2] > 120 && mean[2] < 300) {
		t.Errorf("mean steps %v at strength 0, 0.1 and 1, want 1, about 20 and about 200", mean)
	}
}

func TestPerturbAtTheEnds(t *testing.T) {
	for _, p := range []specs.Param{
		{Name: "x", Type: specs.ParamInt, Range: &[2]float64{0, 1}, Default: int64(0)},
		{Name: "x", Type: specs.ParamInt, Range: &[2]float64{0, 1}, Default: int64(1)},
		{Name: "x", Type: specs.ParamFloat, Range: &[2]float64{-1, 1}, Default: 1.0},
		{Name: "x", Type: specs.ParamFloat, Range: &[2]float64{-1, 1}, Default: -1.0},
		{Name: "x", Type: specs.ParamFloat, Values: []any{1.5, 0.5}, Default: 1.5},
		{Name: "x", Type: specs.ParamBool, Default: true},
		{Name: "x", Type: specs.ParamString, Values: []any{"a", "b"}, Default: "b"},
	} {
		style := &specs.Style{Name: "s", Params: []specs.Param{p}}
		for i := range 50 {
			moved := perturb(seed.Derive(1, "ends", i), style, DefaultParams(style), 0)
			if err := ValidateParams(style, moved); err != nil || moved["x"] == p.Default {
				t.Errorf("%+v moved to %v (%v)", p, moved["x"], err)
			}
		}
	}
	fixed := &specs.Style{Name: "s", Params: []specs.Param{{Name: "x", Type: specs.ParamInt, Values: []any{int64(4)}, Default: int64(4)}}}
	if moved := perturb(seed.Derive(1, "fixed"), fixed, DefaultParams(fixed), 1); moved["x"] != int64(4) {
		t.Errorf("the only value moved to %v", moved["x"])
	}
}

func TestNormalizedParams(t *testing.T) {
	style := testStyle() // fast, load, mode, n, size
	for _, tt := range []struct {
		params map[string]any
		want   []float64
	}{
		{testParams(), []float64{0, 0.5, 0, 3e-9, 0.5}},
		{map[string]any{"fast": true, "load": 1.0, "mode": "c", "n": int64(1e9), "size": int64(4096)}, []float64{1, 1, 1, 1, 1}},
		{map[string]any{"mode": "b"}, []float64{0, 0, 0.5, 0, 0}},
	} {
		if got := NormalizedParams(style, tt.params); !slices.Equal(got, tt.want) {
			t.Errorf("NormalizedParams(%v) = %v, want %v", tt.params, got, tt.want)
		}
	}
}

// Floats from a range are short in the source.
func TestFloatsAreShort(t *testing.T) {
	a := axisOf(&specs.Param{Name: "x", Type: specs.ParamFloat, Range: &[2]float64{0.1, 0.9}})
	for i := range a.size {
		v := a.at(i)
		if s := fmt.Sprint(v); len(s) > 8 || a.position(v) != i {
			t.Errorf("position %d is %s at %d", i, s, a.position(v))
		}
	}
}
