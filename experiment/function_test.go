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

	"toolgen/pipeline/repair"
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
		if env.checkImports("a.go", []byte("package a\n\nimport _ \""+path+"\"\n")) == nil {
			want = append(want, path)
		}
	}
	got := strings.Fields(importable)
	slices.Sort(got)
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
