package experiment

import (
	"os"
	"path/filepath"
	"testing"
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
