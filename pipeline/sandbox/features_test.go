package sandbox

import (
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// What Go does not emit is off: holes of an engine live in what few use, and most of its
// advisories speak of these features (SECURITY.md). Some are off by the engine's default alone
// and have no switch in the bindings. Exceptions are one, and wasmtime 47 turns them on: this
// test is what will say so.
func TestFeaturesAreOff(t *testing.T) {
	e := wasmtime.NewEngineWithConfig(newConfig())
	emitted := `(module (memory 1) (table 1 funcref) (func (param i32) (result i64)
		(memory.fill (i32.const 0) (i32.const 0) (i32.const 1)) (i64.extend32_s (i64.trunc_sat_f64_s (f64.const 1)))))`
	if err := wasmtime.ModuleValidate(e, wat(t, emitted)); err != nil {
		t.Fatalf("what Go emits is refused: %v", err)
	}
	for text, why := range map[string]string{ // any order: each on its own
		`(module (func (result i32) (i32x4.extract_lane 0 (v128.const i32x4 0 0 0 0))))`: "SIMD support is not enabled",
		`(module (func (result i32 i32) (i32.const 0) (i32.const 0)))`:                   "multi-value feature is not enabled",
		`(module (table 1 externref))`:                                                   "reference types support is not enabled",
		`(module (type $t (func)) (func (param (ref null $t))))`:                         "reference types support is not enabled",
		`(module (type (struct (field i32))))`:                                           "without the gc feature",
		`(module (rec (type (func)) (type (func))))`:                                     "requires `gc` proposal",
		`(module (memory 1 1 shared))`:                                                   "threads must be enabled",
		`(module (func $f (return_call $f)))`:                                            "tail calls support is not enabled",
		`(module (memory 1) (memory 1))`:                                                 "multiple memories",
		`(module (memory i64 1))`:                                                        "memory64 must be enabled",
		`(module (table i64 1 funcref))`:                                                 "memory64 must be enabled",
		`(module (func (i64.mul_wide_u (i64.const 1) (i64.const 1)) drop drop))`:         "wide arithmetic support is not enabled",
		`(module (tag))`:                             "exceptions proposal not enabled",
		`(module (memory 1 (pagesize 1)))`:           "custom page sizes proposal must be enabled",
		`(module (type $f (func)) (type (cont $f)))`: "stack switching is disabled",
		`(component)`:                                "component model feature is not enabled",
	} {
		if err := wasmtime.ModuleValidate(e, wat(t, text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", text, err, why)
		}
	}
}
