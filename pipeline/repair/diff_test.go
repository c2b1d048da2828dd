package repair

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiff has git apply patches.
func TestDiff(t *testing.T) {
	pairs := [][2]string{
		{"a\nb\n", "a\nc\n"},
		{"a\nb", "a\nb\n"},
		{"a\nb\n", "a\nb"},
		{"a\nb", "a\nc"},
		{"x\nb\nlast", "y\nb\nlast"}, // the last line is context, and has no line feed
		{"a\n", "a\na\n"},
		{"", "a\n"},
		{"a\n", ""},
		{"a", "b"},
		{"a\r\nb\r\n", "a\r\nc\r\n"},
		{"-- a\n++ b\n", "-- b\n++ b\n"},
		{"\n", "\n\n"},
		{"tab\t \nü\n", "tab\t\nü\n"},
	}
	rng := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		lines := make([]string, rng.IntN(30))
		for i := range lines {
			lines[i] = fmt.Sprint(rng.IntN(3))
		}
		return strings.Join(lines, "\n") + strings.Repeat("\n", rng.IntN(2))
	}
	for range 12 {
		pairs = append(pairs, [2]string{text(), text()})
	}
	for i, p := range pairs {
		for _, name := range []string{"tool.go", "some dir/a b.go"} {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(p[0]), 0o666); err != nil {
				t.Fatal(err)
			}
			diff := Diff(name, p[0], p[1])
			if p[0] == p[1] {
				if diff != "" {
					t.Errorf("pair %d: %q", i, diff)
				}
				continue
			}
			cmd := exec.Command("git", "apply", "-")
			cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
			cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "GIT_CONFIG_GLOBAL="+os.DevNull)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("pair %d, %q to %q: %v\n%s%s", i, p[0], p[1], err, out, diff)
				continue
			}
			got, err := os.ReadFile(path)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if string(got) != p[1] {
				t.Errorf("pair %d: %q became %q, want %q\n%s", i, p[0], got, p[1], diff)
			}
		}
	}
	if Diff("a", "x\n", "x\n") != "" {
		t.Error("nothing differs, and there is a diff")
	}
}
