package testgen

import (
	"errors"
	"fmt"
	"testing"

	"toolgen/pipeline/build"
	"toolgen/pipeline/isolate"
)

// A program that is refused or dies is the spec's fault, with its name; a machine that
// fails is nobody's. And its death is never taken for that of a candidate whose answer
// was being checked.
func TestFaultOf(t *testing.T) {
	dead := &isolate.DeathError{Job: "compile", Reason: "out of memory"}
	for what, c := range map[string]struct { // any order: each on its own
		err  error
		bad  bool
		died bool
	}{
		"refused":     {fmt.Errorf("a batch: %w", &build.BuildError{Err: errors.New("too large")}), true, false},
		"dead":        {fmt.Errorf("a batch: %w", dead), true, true},
		"a full disk": {errors.New("no space left on device"), false, false},
	} {
		got := faultOf("moody", build.Check, c.err)
		if (got != nil) != c.bad {
			t.Errorf("%s: %v", what, got)
			continue
		}
		if got == nil {
			continue
		}
		wantSpecError(t, what, got, build.Check, "")
		if _, candidate := isolate.Died(fmt.Errorf("candidate x: %w", got)); candidate || (got.Died != nil) != c.died {
			t.Errorf("%s: it is taken for the death of a candidate: %+v", what, got)
		}
	}
}
