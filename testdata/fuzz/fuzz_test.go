// Package fuzz is a fixture of TestFuzzTargets: one target keeps the rule, two break it.
package fuzz

import (
	"testing"

	"toolgen/fuzzing"
)

func FuzzKeeps(f *testing.F) {
	fuzzing.Briefly(f)
	f.Fuzz(func(t *testing.T, data []byte) {})
}

func FuzzForgets(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {})
}

func FuzzLate(f *testing.F) {
	f.Add([]byte("a"))
	fuzzing.Briefly(f)
	f.Fuzz(func(t *testing.T, data []byte) {})
}
