// Package fuzzing holds what the fuzz targets of the repository share. It is for tests
// alone.
package fuzzing

import (
	"errors"
	"flag"
	"testing"
)

// minimizations is how many executions the fuzzer may spend on making an input smaller
// that it found interesting.
const minimizations = "100x"

// Briefly keeps the fuzzer fuzzing; each target calls it first. An input that reaches new code is
// made smaller before anything else is tried, for a minute by default, and the method tries
// every range of bytes that could be left out: quadratic in the length (minimizeBytes in
// internal/fuzz of Go 1.26). With files of a kilobyte and more as seeds nothing else
// happened: ten of seventeen targets came to between 4 and 240 executions in 20 s, and come to
// hundreds or thousands a second with this. Whoever
// asks for another -fuzzminimizetime gets it, which is for a crash that should get smaller.
func Briefly(f *testing.F) {
	f.Helper()
	if err := limit(flag.Lookup("test.fuzzminimizetime")); err != nil {
		f.Fatal(err)
	}
}

// limit sets the flag that f.Fuzz reads, unless somebody has.
func limit(minimize *flag.Flag) error {
	if minimize == nil {
		return errors.New("package testing has no flag test.fuzzminimizetime any more")
	}
	if minimize.Value.String() != minimize.DefValue {
		return nil
	}
	return minimize.Value.Set(minimizations)
}
