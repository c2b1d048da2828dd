package experiment

import "fmt"

// Errors of this package fall into the categories of the command line's exit codes.
// They must not be merged: a candidate's failure is a row and never appears here.

// UsageError is input that is wrong: a flag, a manifest, a spec, a file (exit 2).
type UsageError struct {
	Msg string
	Err error // may be nil
}

func (e *UsageError) Error() string { return withCause(e.Msg, e.Err) }
func (e *UsageError) Unwrap() error { return e.Err }

// MachineError is something that this machine lacks or cannot do: no Go toolchain, a
// full disk (exit 3).
type MachineError struct {
	Msg string
	Err error // may be nil
}

func (e *MachineError) Error() string { return withCause(e.Msg, e.Err) }
func (e *MachineError) Unwrap() error { return e.Err }

// IncomparableError says that two things were made by different functions, so that
// a difference would mean nothing (exit 5). It names both sides and how to get them.
type IncomparableError struct {
	What  string // toolchain, sandbox, semantics, ...; or all there is to say
	There string // what the recorded side used; "" if What says it
	Here  string // what this side uses
	Hint  string // how to get there; may be ""
}

func (e *IncomparableError) Error() string {
	s := fmt.Sprintf("not comparable: %s differs: it was made with %s, here is %s", e.What, e.There, e.Here)
	if e.There == "" && e.Here == "" {
		s = "not comparable: " + e.What
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

func withCause(msg string, err error) string {
	if err == nil {
		return msg
	}
	return msg + ": " + err.Error()
}
