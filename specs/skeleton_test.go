package specs_test

import (
	"os"
	"path/filepath"
	"testing"

	"toolgen/specs"
)

// The skeleton works: its styles compile and answer as its reference does.
func TestSkeletonAgrees(t *testing.T) {
	files, err := specs.Skeleton("my_lines")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "my_lines")
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	spec, err := specs.LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := variants(t, spec)
	for _, v := range all {
		checkShape(t, v.name, v.source)
	}
	agree(t, spec, all, 200)
}
