package fuzzing

import (
	"flag"
	"testing"
)

// The flag is the one of package testing, so that a Go release that renames it, or takes
// no count any more, is seen here and not by fuzzing that does not happen.
func TestLimit(t *testing.T) {
	m := flag.Lookup("test.fuzzminimizetime")
	if m == nil {
		t.Fatal("no flag test.fuzzminimizetime")
	}
	was := m.Value.String()
	t.Cleanup(func() { m.Value.Set(was) })
	for asked, want := range map[string]string{m.DefValue: "100x", "7s": "7s", "5x": "5x"} { // any order: each on its own
		if err := m.Value.Set(asked); err != nil {
			t.Fatal(err)
		}
		if err := limit(m); err != nil {
			t.Fatal(err)
		}
		if got := m.Value.String(); got != want {
			t.Errorf("asked for %s: %s, want %s", asked, got, want)
		}
	}
	if limit(nil) == nil {
		t.Error("without the flag it is as if all were well")
	}
}
