package faults_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"toolgen/pipeline/build"
	"toolgen/pipeline/sandbox"
)

var shared struct {
	once    sync.Once
	builder *build.Builder
	err     error
}

// builder returns the builder that all tests share. Its folder stays from one test
// run to the next: a cold build cache costs ten seconds.
func builder(t testing.TB) *build.Builder {
	t.Helper()
	shared.once.Do(func() {
		var screening *sandbox.Engine
		if screening, shared.err = sandbox.NewScreeningEngine(); shared.err != nil {
			return
		}
		dir := t.TempDir()
		if cache, err := os.UserCacheDir(); err == nil {
			dir = filepath.Join(cache, "toolgen-test")
		}
		shared.builder, shared.err = build.Open(context.Background(), build.Config{Dir: dir, Screening: screening})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.builder
}

func files(source string) []build.File {
	return []build.File{{Name: "tool.go", Data: []byte(source)}}
}
