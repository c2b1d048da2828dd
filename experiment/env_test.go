package experiment

import (
	"context"
	"strings"
	"testing"
)

// A defect in one piece of work is an error that says where, and the workers go on.
func TestDefects(t *testing.T) {
	e := &Env{slots: make(chan struct{}, 1)}
	for range 2 {
		err := e.each(t.Context(), 3, func(_ context.Context, i int) error {
			if i == 1 {
				_ = make([]int, i)[i]
			}
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "a defect of toolgen: runtime error: index out of range") || !strings.Contains(err.Error(), "env_test.go:") {
			t.Errorf("error %v", err)
		}
	}
	if err := e.each(t.Context(), 3, func(context.Context, int) error { return nil }); err != nil || len(e.slots) != 0 {
		t.Errorf("%v, %d workers taken", err, len(e.slots))
	}
}
