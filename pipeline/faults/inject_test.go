package faults_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"toolgen/pipeline/build"
	"toolgen/pipeline/build/buildtest"
	"toolgen/pipeline/faults"
	"toolgen/pipeline/synth"
	"toolgen/specs"
)

// TestInject shows what every fault is held to, and that over a few programs every
// family turns up.
func TestInject(t *testing.T) {
	b := builder(t)
	imp := b.Importer()
	count := map[string]int{}
	for i, src := range styleSources(t) {
		list, err := faults.Inject(src, imp, 7, 16)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) < 16 {
			t.Errorf("program %d: %d faults, want 16", i, len(list))
		}
		seen := map[string]bool{src: true}
		funcs := map[string]bool{}
		for _, f := range list {
			count[f.Family]++
			funcs[f.Func] = true
			where := fmt.Sprintf("program %d: %s, %s in line %d: %s", i, f.Family, f.Op, f.Line, f.Description)
			if seen[f.Source] {
				t.Errorf("%s: the source is there already", where)
			}
			seen[f.Source] = true
			if r := buildtest.Inspect(t, build.Tool, files(f.Source)); r.Verdict == build.VerdictBuildError {
				t.Errorf("%s: %v", where, r.Problems)
			}
			if f.Inside != faults.Inside(f.Family) || !slices.Contains(faults.Families, f.Family) {
				t.Errorf("%s: is it inside? %v", where, f.Inside)
			}
			if f.Op == "" || f.Description == "" {
				t.Errorf("%s: does not say what it is", where)
			}
			was, is := strings.Split(src, "\n"), strings.Split(f.Source, "\n")
			if n := f.Line - 1; !slices.Equal(was[:n], is[:n]) || was[n] == is[n] {
				t.Errorf("%s: that is not the first line that differs", where)
			}
			if f.Inside {
				if back, err := synth.Apply(f.Source, f.Undo, imp); err != nil || back != src {
					t.Errorf("%s: %s does not lead back (%v)", where, synth.Describe(f.Undo), err)
				}
			} else if f.Undo != (synth.Edit{}) {
				t.Errorf("%s: is outside and has an edit that undoes it", where)
			}
		}
		if len(funcs) < 2 {
			t.Errorf("program %d: all faults are in %v", i, funcs)
		}
	}
	for _, family := range faults.Families {
		if count[family] == 0 {
			t.Errorf("no fault of the family %q: %v", family, count)
		}
	}
	t.Log(count)
}

// styleSources are the baseline styles of three specs.
func styleSources(t *testing.T) []string {
	t.Helper()
	var sources []string
	for _, id := range []string{"edit_distance_match", "json_flatten", "interval_merge"} {
		spec, err := specs.Load(specs.Shipped(), id)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, render(t, spec, spec.Styles[0].Name))
	}
	return sources
}

func render(t *testing.T, spec *specs.Spec, style string) string {
	t.Helper()
	y := synth.New(spec, "", builder(t).Importer())
	params, err := y.DefaultParams(style)
	if err != nil {
		t.Fatal(err)
	}
	source, err := y.Source(synth.Genome{Style: style, Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestInjectIsReproducible(t *testing.T) {
	imp := builder(t).Importer()
	programs, err := faults.LoadCorpus(corpusDir)
	if err != nil {
		t.Fatal(err)
	}
	src := programs[0].Fixed
	one, err := faults.Inject(src, imp, 1, 12)
	if err != nil {
		t.Fatal(err)
	}
	again, err := faults.Inject(src, imp, 1, 12)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one, again) {
		t.Error("the same seed gives other faults")
	}
	more, err := faults.Inject(src, imp, 1, 16)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one, more[:len(one)]) {
		t.Error("to ask for more changes the first ones")
	}
	other, err := faults.Inject(src, imp, 2, 12)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(one, other) {
		t.Error("another seed gives the same faults")
	}
}

func TestInjectRefuses(t *testing.T) {
	if _, err := faults.Inject("package tool\n\nfunc Run(input []byte) ([]byte, error) { return x, nil }\n", builder(t).Importer(), 1, 1); err == nil || !strings.Contains(err.Error(), "undefined: x") {
		t.Errorf("error %v, want one about x", err)
	}
}

// Undo finds what leads back, and nothing where two edits are needed.
func TestUndo(t *testing.T) {
	const right = "package tool\n\nfunc Run(input []byte) ([]byte, error) {\n\tif len(input) > 3 {\n\t\treturn input[1:], nil\n\t}\n\treturn nil, nil\n}\n"
	imp := builder(t).Importer()
	for _, tt := range []struct {
		faulty string
		want   string // family and op; "" for none
	}{
		{strings.Replace(right, ">", ">=", 1), "operator relational"},
		{strings.NewReplacer(">", "<=", "1:", "2:").Replace(right), ""},
		{right, ""},
	} {
		e, found, err := faults.Undo(tt.faulty, right, imp)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(e.Family + " " + e.Op); got != tt.want || found != (tt.want != "") {
			t.Errorf("%q is undone by %q (%v), want %q", tt.faulty, got, found, tt.want)
		}
	}
}
