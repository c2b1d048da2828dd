package experiment

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"toolgen/pipeline/adapt"
	"toolgen/pipeline/build"
	"toolgen/pipeline/repair"
	"toolgen/specs"
)

// TestPatchName: git apply takes the names, run in this folder.
func TestPatchName(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"a.go", "a.go"}, {"./a.go", "a.go"}, {"dir/../b/a.go", "b/a.go"}, {"../a.go", "a.go"}, {"../../x/a.go", "a.go"},
		{filepath.Join(wd, "b", "a.go"), "b/a.go"}, {filepath.Join(filepath.Dir(wd), "a.go"), "a.go"}, {"..a.go", "..a.go"},
	} {
		if got := patchName(c[0]); got != c[1] {
			t.Errorf("patchName(%s) = %s, want %s", c[0], got, c[1])
		}
	}
}

// TestImportable: the packages that are named when a file imports others are those that
// the gate lets through.
func TestImportable(t *testing.T) {
	env := newEnv(t, EnvOptions{})
	out, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for path := range strings.Lines(string(out)) {
		path = strings.TrimSpace(path)
		if env.checkImports(t.Context(), "a.go", []byte("package a\n\nimport _ \""+path+"\"\n")) == nil {
			want = append(want, path)
		}
	}
	got := build.Importable()
	slices.Sort(want)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("%s\nand the gate lets through\n%s", got, want)
	}
}

// TestCheckedBench: versions that cannot be handed back are refused, and others are
// screened, each in its place.
func TestCheckedBench(t *testing.T) {
	inner := &screened{}
	b := checkedBench{inner, func(source string) error {
		if strings.HasPrefix(source, "bad") {
			return errors.New(source)
		}
		return nil
	}}
	for _, c := range []struct {
		versions []string
		want     string
	}{
		{[]string{"bad1", "a", "bad2", "b"}, "a b"}, {[]string{"a"}, "a"}, {[]string{"bad"}, ""},
	} {
		inner.versions = nil
		got, err := b.Screen(t.Context(), "base", c.versions)
		if err != nil || strings.Join(inner.versions, " ") != c.want {
			t.Errorf("%q: %v, %q were screened", c.versions, err, inner.versions)
		}
		for i, v := range c.versions {
			want := repair.Screening{Plausible: true, Fuel: int64(v[0])}
			if strings.HasPrefix(v, "bad") {
				want = repair.Screening{Refused: true}
			}
			if got[i] != want {
				t.Errorf("%s: %+v, want %+v", v, got[i], want)
			}
		}
	}
}

type screened struct {
	repair.Executor
	versions []string
}

func (s *screened) Screen(_ context.Context, _ string, versions []string) ([]repair.Screening, error) {
	s.versions = versions
	out := make([]repair.Screening, len(versions))
	for i, v := range versions {
		out[i] = repair.Screening{Plausible: true, Fuel: int64(v[0])}
	}
	return out, nil
}

// TestHealChecks: what cannot be handed back is not executed, and no repair, nor the best
// there is.
func TestHealChecks(t *testing.T) {
	env := newEnv(t, EnvOptions{})
	const code = "package a\n\nfunc F(n int) int { return n - 1 }\n"
	opt := FunctionOptions{File: "a.go", Func: "F", Code: []byte(code), CasesFile: "c", Cases: []byte(`{"args": [1], "want": 2}`)}
	opt.Patches = 40
	got, err := env.RepairFunction(t.Context(), opt)
	if err != nil || got.Outcome != repair.Repaired {
		t.Fatalf("%v: %+v", err, got)
	}
	tool, err := adapt.Wrap(opt.File, opt.Code, opt.Func, env.builder.Importer())
	if err != nil {
		t.Fatal(err)
	}
	spec, err := tool.Spec(opt.CasesFile, opt.Cases, "f")
	if err != nil {
		t.Fatal(err)
	}
	opt.Spec, opt.Source, opt.Frozen = spec, []byte(tool.Source), []string{adapt.Entry}
	programs := map[*specs.Spec]*lazyPrograms{}
	p, err := env.admit(t.Context(), opt.RepairOptions, programs)
	if err == nil {
		err = env.examine(t.Context(), []*patient{p})
	}
	if err != nil {
		t.Fatal(err)
	}
	w := p.ward()
	key := env.cureKey([]ward{*w})
	asked := 0
	w.check = func(string) error { asked++; return errors.New("no") }
	if env.cureKey([]ward{*w}) == key {
		t.Error("searches with a check and without go by the same key")
	}
	w.believe = false
	cures, _, err := env.heal(t.Context(), []ward{*w})
	if err != nil {
		t.Fatal(err)
	}
	if c := cures[0]; asked == 0 || c.Tried != asked || c.Plausible != 0 || c.Fuel != 0 || c.Source != "" || c.Outcome == repair.Repaired {
		t.Errorf("asked of %d versions: %+v", asked, c)
	}
}
