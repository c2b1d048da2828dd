package evaluate

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

// accepted inspects a source that the gate must accept.
func accepted(t testing.TB, source string) *build.Report {
	t.Helper()
	r := buildtest.Inspect(t, build.Tool, files(source))
	if r.Verdict != "" {
		t.Fatalf("the gate refuses the test's source: %v\n%s", r.Problems, source)
	}
	return r
}
