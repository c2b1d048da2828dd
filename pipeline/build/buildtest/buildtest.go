// Package buildtest is what tests share that build guests: a builder, and the beginning of
// a test binary that its processes can be started from.
package buildtest

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"toolgen/pipeline/build"
	"toolgen/pipeline/isolate"
)

// Main is the body of a TestMain.
func Main(m *testing.M) {
	build.Main()
	code := m.Run()
	if shared.builder != nil {
		shared.builder.Close()
	}
	os.Exit(code)
}

var shared struct {
	once    sync.Once
	builder *build.Builder
	err     error
}

// Builder returns the builder that all tests of a package share. It keeps no modules.
func Builder(t testing.TB) *build.Builder {
	t.Helper()
	shared.once.Do(func() {
		shared.builder, shared.err = build.Open(context.Background(), build.Config{Dir: Dir(t), Host: isolate.NewHost(runtime.GOMAXPROCS(0))})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.builder
}

// Dir is a folder that stays from one test run to the next: a cold build cache costs ten
// seconds.
func Dir(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	return filepath.Join(cache, "toolgen-test")
}

// Inspect asks the gate about files.
func Inspect(t testing.TB, role build.Role, files []build.File) *build.Report {
	t.Helper()
	r, err := Builder(t).Inspect(t.Context(), role, files)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
