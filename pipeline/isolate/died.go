package isolate

import (
	"errors"

	"toolgen/pipeline/sandbox"
)

// Died says whether an error is that a job died, by its own fault. This is the one place
// that knows how such a death looks.
func Died(err error) (*DeathError, bool) {
	if d, ok := errors.AsType[*DeathError](err); ok {
		return d, true
	}
	// A call in this process knows no other death, and nobody holds it against a control.
	if wall, ok := errors.AsType[*sandbox.WallError](err); ok {
		return &DeathError{Job: "call", Reason: wall.Error()}, true
	}
	return nil, false
}
