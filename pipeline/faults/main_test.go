package faults_test

import (
	"testing"

	"toolgen/pipeline/build"
	"toolgen/pipeline/build/buildtest"
)

func TestMain(m *testing.M) { buildtest.Main(m) }

func builder(t testing.TB) *build.Builder { return buildtest.Builder(t) }

func files(source string) []build.File {
	return []build.File{{Name: "tool.go", Data: []byte(source)}}
}
