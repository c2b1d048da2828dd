package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"toolgen/fuzzing"
)

// wasmRun instantiates a module without imports, sets the meters if it has
// them, and calls the export f.
type wasmRun struct {
	value any
	trap  wasmtime.TrapCode
	ok    bool // no trap

	bulk        int64 // meters afterwards
	depth, grow int32
}

const (
	testBulk  = 1000 + 8*2*growCallFuel // room for two memory.grow
	testDepth = 100_000
)

func runWasm(t testing.TB, wasm []byte, args ...any) wasmRun {
	t.Helper()
	e := wasmtime.NewEngineWithConfig(newConfig())
	defer e.Close()
	m, err := wasmtime.NewModule(e, wasm)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s := wasmtime.NewStore(e)
	defer s.Close()
	s.Limiter(1<<20, -1, -1, -1, -1)
	if err := s.SetFuel(math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	instance, err := wasmtime.NewInstance(s, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	global := func(name string) *wasmtime.Global {
		if x := instance.GetExport(s, name); x != nil {
			return x.Global()
		}
		return nil
	}
	bulk, depth, grow := global(meterBulk), global(meterDepth), global(meterGrow)
	if bulk != nil {
		if err := errors.Join(bulk.Set(s, wasmtime.ValI64(testBulk)), depth.Set(s, wasmtime.ValI32(testDepth))); err != nil {
			t.Fatal(err)
		}
	}
	var r wasmRun
	r.value, err = instance.GetFunc(s, "f").Call(s, args...)
	var trap *wasmtime.Trap
	switch {
	case err == nil:
		r.ok = true
	case errors.As(err, &trap):
		r.trap = *trap.Code()
	default:
		t.Fatal(err)
	}
	if bulk != nil {
		r.bulk, r.depth, r.grow = bulk.Get(s).I64(), depth.Get(s).I32(), grow.Get(s).I32()
	}
	return r
}

// Each module exports f. The rewritten module answers as the original does, and
// gives all depth back. Without args, Meter must refuse the module.
func TestMeterKeepsAnswers(t *testing.T) {
	i32 := func(from, to int32) (args [][]any) {
		for i := from; i <= to; i++ {
			args = append(args, []any{i})
		}
		return args
	}
	for _, tt := range []struct {
		name string
		wat  string
		args [][]any
	}{
		{"no result", `(module (global $g (mut i32) (i32.const 0)) (func $leaf (global.set $g (i32.const 7)))
			(func (export "f") call $leaf))`, [][]any{{}}},
		{"i32 result", `(module (func $leaf (result i32) i32.const 5) (func (export "f") (result i32) call $leaf))`, [][]any{{}}},
		{"i64 result", `(module (func $leaf (result i64) i64.const -5) (func (export "f") (result i64) call $leaf return))`, [][]any{{}}},
		{"float results", `(module (func $leaf (result f32) f32.const 1.5)
			(func (export "f") (result f64) call $leaf f64.promote_f32 f64.const nan f64.copysign))`, [][]any{{}}},
		{"br to the function's label", `(module (func $leaf)
			(func (export "f") (param i32) (result i32)
				call $leaf
				i32.const 1 local.get 0 i32.eqz br_if 0 drop
				block i32.const 2 local.get 0 i32.const 1 i32.eq br_if 1 drop
					loop i32.const 3 local.get 0 i32.const 2 i32.eq br_if 2 drop end
				end
				i32.const 4 br 0))`, i32(0, 4)},
		{"br to the function's label without result", `(module (global $g (mut i32) (i32.const 0)) (func $leaf)
			(func $w (param i32) call $leaf
				(br_if 0 (i32.eqz (local.get 0)))
				(global.set $g (i32.const 1))
				(if (i32.eq (local.get 0) (i32.const 1)) (then br 1) (else (global.set $g (i32.const 2)) br 0))
				(global.set $g (i32.add (global.get $g) (i32.const 10))))
			(func (export "f") (param i32) (result i32) local.get 0 call $w global.get $g))`, i32(0, 3)},
		{"br_table beyond the function's label", `(module (func $leaf)
			(func (export "f") (param i32) (result i32)
				call $leaf
				block $a block $b
					i32.const 42 local.get 0
					br_table 2 3 2 ;; 3 is too many
				end end
				i32.const 1))`, nil},
		{"br_table", `(module (func $leaf)
			(func (export "f") (param i32) (result i32)
				call $leaf
				block (result i32) block (result i32)
					i32.const 42 local.get 0
					br_table 0 1 2 1
				end i32.const 1 i32.add
				end i32.const 100 i32.add))`, i32(-1, 5)},
		{"return inside nested blocks", `(module (func $leaf)
			(func (export "f") (param i32) (result i64)
				call $leaf
				(if (i32.lt_s (local.get 0) (i32.const 0)) (then (return (i64.const -1))))
				(loop $l
					(block $b
						(if (i32.gt_s (local.get 0) (i32.const 9)) (then
							(block (return (i64.extend_i32_s (local.get 0))))))
						(local.set 0 (i32.add (local.get 0) (i32.const 3)))
						(br $l)))
				unreachable))`, i32(-2, 12)},
		{"values below a return", `(module (func $leaf)
			(func (export "f") (param i32) (result i32)
				call $leaf i32.const 7 i32.const 8 i32.const 9 local.get 0 return))`, i32(0, 2)},
		{"return in a leaf", `(module (func (export "f") (param i32) (result i32) block local.get 0 return end i32.const 3))`, i32(0, 2)},
		{"if with else", `(module (func $leaf (param i32) (result i32) local.get 0)
			(func (export "f") (param i32) (result i32)
				(if (result i32) (local.get 0) (then (call $leaf (i32.const 3))) (else (return (i32.const 4))))))`, i32(0, 1)},
		{"code after return", `(module (memory 1) (func $leaf)
			(func (export "f") (result i32) call $leaf i32.const 1 return
				memory.fill memory.copy memory.grow return br 0))`, [][]any{{}}},
		{"recursion", `(module (func $fib (export "f") (param i32) (result i32)
				(if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
				(i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))`, i32(0, 12)},
		{"call_indirect", `(module (type $t (func (param i32) (result i32))) (table 2 funcref) (elem (i32.const 0) $a $b)
			(func $a (type $t) local.get 0) (func $b (type $t) (i32.mul (local.get 0) (local.get 0)))
			(func (export "f") (param i32) (result i32) (call_indirect (type $t) (i32.const 7) (local.get 0))))`, i32(0, 2)},
		{"bulk memory", `(module (memory 1) (data (i32.const 0) "hello")
			(func (export "f") (param i32) (result i32) (local i64 f32)
				(memory.copy (i32.const 8) (i32.const 0) (local.get 0))
				(memory.fill (i32.const 9) (i32.const 0x21) (i32.const 2))
				(i32.load (i32.const 8))))`, i32(0, 5)},
		{"memory.grow", `(module (memory 1 5) (func $leaf)
			(func (export "f") (param i32) (result i32)
				call $leaf
				(memory.grow (i32.const 1)) drop
				(memory.grow (local.get 0))
				(i32.mul (memory.size) (i32.const 100)) i32.add))`, i32(0, 6)},
		{"sections and constants", `(module
			(type (func)) (memory 1) (global i64 (i64.const -9223372036854775808)) (global (mut f32) (f32.const 1)) (global f64 (f64.const 2))
			(export "m" (memory 0)) (export "g" (global 0))
			(data (i32.const 3) "\00\ff") (data (i32.const 70) "abc")
			(func (export "f") (result i64) (local i32 i32 f32 f64)
				global.get 0 i64.const 0x7fffffffffffffff i64.add i32.const -2147483648 i64.extend_i32_s i64.xor
				f64.const 3.9 i64.trunc_sat_f64_s i64.add (i64.extend8_s (i64.load8_u (i32.const 4))) i64.add))`, [][]any{{}}},
		{"trap", `(module (func $leaf) (func (export "f") (param i32) (result i32) call $leaf (i32.div_s (i32.const 1) (local.get 0))))`, i32(0, 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wasm, err := wasmtime.Wat2Wasm(tt.wat)
			if err != nil {
				t.Fatal(err)
			}
			metered, err := Meter(wasm)
			if tt.args == nil {
				var refused *MeterError
				if !errors.As(err, &refused) {
					t.Fatalf("error %v, want a MeterError", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := Meter(wasm); !bytes.Equal(metered, again) {
				t.Error("metering twice gives different bytes")
			}
			for _, args := range tt.args {
				want, got := runWasm(t, wasm, args...), runWasm(t, metered, args...)
				if want.value != got.value || want.ok != got.ok || want.trap != got.trap {
					t.Errorf("f(%v) = %v, ok %v, trap %v; metered %v, ok %v, trap %v",
						args, want.value, want.ok, want.trap, got.value, got.ok, got.trap)
				}
				if got.ok && got.depth != testDepth {
					t.Errorf("f(%v) leaves %d of depth %d", args, got.depth, testDepth)
				}
			}
		})
	}
}

func TestMeterBulk(t *testing.T) {
	metered, err := Meter(wat(t, `(module (memory 2)
		(func (export "f") (param i32 i32)
			(memory.copy (i32.const 0) (i32.const 64) (local.get 0))
			(memory.fill (i32.const 0) (i32.const 64) (local.get 1))))`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		copy, fill int32
		left       int64
		trap       bool
	}{
		{0, 0, testBulk, false},
		{400, testBulk - 400, 0, false},
		{400, testBulk - 399, -1, true},
		{testBulk + 1, 0, -1, true},
		{-1, 0, testBulk - math.MaxUint32, true}, // lengths are unsigned
	} {
		r := runWasm(t, metered, tt.copy, tt.fill)
		if r.bulk != tt.left || r.ok == tt.trap || tt.trap && r.trap != wasmtime.UnreachableCodeReached {
			t.Errorf("copy %d, fill %d: ok %v, trap %v, %d left; want trap %v, %d left", tt.copy, tt.fill, r.ok, r.trap, r.bulk, tt.trap, tt.left)
		}
	}
}

// Only the last memory.grow counts: a guest that is refused and then gets less
// has survived.
func TestMeterGrow(t *testing.T) {
	metered, err := Meter(wat(t, `(module (memory 1)
		(func (export "f") (param i32 i32) (memory.grow (local.get 0)) drop (memory.grow (local.get 1)) drop))`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ first, second, want int32 }{
		{1, 1, 0}, {100, 1, 0}, {1, 100, 100}, {100, 200, 200}, {-1, -1, -1}, {100, 0, 0},
	} {
		r := runWasm(t, metered, tt.first, tt.second)
		if !r.ok || r.grow != tt.want {
			t.Errorf("grow by %d and %d: ok %v, meter %d, want %d", tt.first, tt.second, r.ok, r.grow, tt.want)
		}
		if paid := testBulk - r.bulk; paid != 2*8*growCallFuel {
			t.Errorf("grow by %d and %d: asking costs %d bytes, want %d, refused or not", tt.first, tt.second, paid, 2*8*growCallFuel)
		}
	}
}

// The depth trap comes at the same depth at every optimization level, and all
// of it is used.
func TestMeterDepth(t *testing.T) {
	const text = `(module (global $n (export "n") (mut i32) (i32.const 0))
		(func $f (export "f") (param i32) (result i64) (local i64 i64)
			(global.set $n (i32.add (global.get $n) (i32.const 1)))
			(local.set 1 (i64.extend_i32_s (local.get 0)))
			(i64.add (local.get 1) (call $f (i32.add (local.get 0) (i32.const 1))))))`
	wasm := wat(t, text)
	metered, err := Meter(wasm)
	if err != nil {
		t.Fatal(err)
	}
	var depths []int32
	for _, level := range []wasmtime.OptLevel{wasmtime.OptLevelNone, wasmtime.OptLevelSpeed} {
		config := newConfig()
		config.SetCraneliftOptLevel(level)
		e := wasmtime.NewEngineWithConfig(config)
		m, err := wasmtime.NewModule(e, metered)
		if err != nil {
			t.Fatal(err)
		}
		s := wasmtime.NewStore(e)
		if err := s.SetFuel(math.MaxInt64); err != nil {
			t.Fatal(err)
		}
		instance, err := wasmtime.NewInstance(s, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		depth := instance.GetExport(s, meterDepth).Global()
		if err := depth.Set(s, wasmtime.ValI32(maxDepth)); err != nil {
			t.Fatal(err)
		}
		_, err = instance.GetFunc(s, "f").Call(s, int32(0))
		var trap *wasmtime.Trap
		if !errors.As(err, &trap) || *trap.Code() != wasmtime.UnreachableCodeReached || depth.Get(s).I32() >= 0 {
			t.Fatalf("level %d: %v, depth %d; want the meter's trap", level, err, depth.Get(s).I32())
		}
		depths = append(depths, instance.GetExport(s, "n").Global().Get(s).I32())
		s.Close()
		m.Close()
		e.Close()
	}
	if want := maxDepth / frameBytes(3); depths[0] != want || depths[1] != want {
		t.Errorf("depths %v, want %d at both levels", depths, want)
	}
}

// What is refused: all that Go does not emit, and all that the added label,
// local, globals and exports would make valid.
func TestMeterRefuses(t *testing.T) {
	for _, tt := range []struct{ name, wat, want string }{
		{"start section", `(module (func $s) (start $s))`, "start section"},
		{"imported global", `(module (import "m" "g" (global i32)))`, "want a function"},
		{"imported memory", `(module (import "m" "m" (memory 1)))`, "want a function"},
		{"two results", `(module (func (result i32 i32) i32.const 1 i32.const 2))`, "2 results"},
		{"block with parameters", `(module (func i32.const 1 (block (param i32) drop)))`, "block type"},
		{"memory.init", `(module (memory 1) (data $d "x") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))))`, "section 12"},
		{"table.grow", `(module (table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1)))))`, "opcode"},
		{"typed select", `(module (func (drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3)))))`, "opcode 0x1c"},
		{"reference", `(module (func (drop (ref.null func))))`, "opcode 0xd0"},
		{"vector", `(module (func (drop (v128.const i32x4 0 0 0 0))))`, "opcode 0xfd"},
		{"atomics", `(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))`, "opcode 0xfe"},
		{"tail call", `(module (func $f return_call $f))`, "opcode 0x12"},
		{"vector local", `(module (func (local v128)))`, "value type"},
		{"meter's export", `(module (global (export "toolgen_meter_bulk") (mut i32) (i32.const 0)))`, "own name"},
	} {
		wasm := wat(t, tt.wat)
		_, err := Meter(wasm)
		checkRefused(t, tt.name, err, tt.want)
	}

	body := func(code ...byte) []byte { // a module with one function without parameters
		b := append([]byte{}, preamble[:]...)
		b = appendSection(b, secType, []byte{1, typeFunc, 0, 0})
		b = appendSection(b, secFunction, []byte{1, 0})
		fn := append([]byte{0}, code...)
		return appendSection(b, secCode, append([]byte{1, byte(len(fn))}, fn...))
	}
	if _, err := Meter(body(opEnd)); err != nil {
		t.Fatalf("the empty function: %v", err)
	}
	for _, tt := range []struct {
		name string
		wasm []byte
		want string
	}{
		{"empty", nil, "unexpected end"},
		{"version", []byte{0, 'a', 's', 'm', 2, 0, 0, 0}, "version 1"},
		{"added global", body(opGlobalGet, 0, 0x1a, opEnd), "global 0 of 0"},
		{"added local", body(opLocalGet, 0, 0x1a, opEnd), "local 0 of 0"},
		{"added label", body(opCall, 0, opBr, 1, opEnd), "label 1 inside 0 blocks"},
		{"added label in a table", body(opCall, 0, opI32Const, 0, opBrTable, 1, 0, 1, opEnd), "label 1 inside 0 blocks"},
		{"no end", body(opCall, 0), "unexpected end"},
		{"code after the end", body(opEnd, opEnd), "1 bytes too many"},
		{"else without if", body(opElse, opEnd), "else outside"},
		{"long number", body(opI32Const, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x1a, opEnd), "longer than 5 bytes"},
		{"large number", body(opCall, 0xff, 0xff, 0xff, 0xff, 0x7f, opEnd), "32 bits"},
		{"second memory", body(0x3f, 1, 0x1a, opEnd), "one memory"},
		{"labels without end", body(opI32Const, 0, opBrTable, 0xff, 0xff, 0xff, 0x7f, opEnd), "elements announced"},
		{"section twice", append(body(opEnd), appendSection(nil, secCode, []byte{0})...), "section 10 after section 10"},
		{"export of an added global", appendSection(append([]byte{}, preamble[:]...), secExport, []byte{1, 1, 'x', kindGlobal, 0}), "global 0 of 0"},
		{"functions without code", appendSection(appendSection(append([]byte{}, preamble[:]...), secType, []byte{1, typeFunc, 0, 0}), secFunction, []byte{1, 0}), "without a code section"},
	} {
		_, err := Meter(tt.wasm)
		checkRefused(t, tt.name, err, tt.want)
	}
}

func checkRefused(t *testing.T, name string, err error, want string) {
	t.Helper()
	var refused *MeterError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: error %v, want a MeterError with %q", name, err, want)
	}
}

// Compiled code takes no more of the stack than frameBytes says and maxDepth
// leaves room for, but for the few functions that frameBytes tells of.
func TestFrameBytes(t *testing.T) {
	for _, guest := range []string{"light", "guest"} {
		wasm, err := buildGuest(guest)
		if err != nil {
			t.Fatal(err)
		}
		weights := functionWeights(t, wasm)
		for _, level := range []wasmtime.OptLevel{wasmtime.OptLevelNone, wasmtime.OptLevelSpeed} {
			frames := nativeFrames(t, wasm, level)
			if len(frames) < 1000 || len(frames) != len(weights) {
				t.Fatalf("%s: %d compiled functions, %d in the module", guest, len(frames), len(weights))
			}
			larger, worst := 0, 0.0
			for f, weight := range weights {
				ratio := float64(frames[f]) / float64(weight)
				worst = max(worst, ratio)
				if ratio > float64(maxWasmStack)/maxDepth {
					larger++
				}
			}
			if 1000*larger > 2*len(weights) || worst > 2 {
				t.Errorf("%s, level %d: %d of %d functions take too much stack, the worst %.2f times the estimate",
					guest, level, larger, len(weights), worst)
			}
		}
	}
}

func FuzzMeter(f *testing.F) {
	fuzzing.Briefly(f)
	for _, text := range []string{
		`(module)`,
		`(module (memory 1) (func $f (export "f") (param i32) (result i32)
			(block (br_table 0 1 0 (local.get 0))) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))
			(drop (memory.grow (i32.const 1))) (return (call $f (i32.const 0)))))`,
		`(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (table 1 funcref) (elem (i32.const 0) 0)
			(global (mut i64) (i64.const 1)) (data (i32.const 0) "") (memory 0)
			(func (export "g") (result f64) (local i64 f32) (if (i32.const 1) (then)) (loop (br 1)) f64.const 1))`,
	} {
		wasm, err := wasmtime.Wat2Wasm(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wasm)
	}
	e := wasmtime.NewEngineWithConfig(newConfig())
	f.Fuzz(func(t *testing.T, wasm []byte) {
		metered, err := Meter(wasm)
		if err != nil {
			var refused *MeterError
			if !errors.As(err, &refused) || refused.Offset < 0 || refused.Offset > len(wasm) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		// Valid modules stay valid, and invalid ones stay invalid. The validator is
		// the one of wasmtime, under the features of the sandbox.
		before, after := wasmtime.ModuleValidate(e, wasm), wasmtime.ModuleValidate(e, metered)
		if (before == nil) != (after == nil) {
			t.Fatalf("before: %v\nafter: %v", before, after)
		}
	})
}

// functionWeights returns the weight of each function with a body, by its
// index.
func functionWeights(t *testing.T, wasm []byte) map[int]int {
	m := meter{wasm: wasm}
	if _, err := m.rewrite(); err != nil {
		t.Fatal(err)
	}
	first := m.section(secImport).count()
	r := m.section(secCode)
	r.count()
	weights := map[int]int{}
	for i, typ := range m.funcs {
		f := r.sub(r.u32())
		locals := m.types[typ].params
		for range f.count() {
			locals += f.u32()
			f.valueType()
		}
		weights[first+i] = int(frameBytes(locals))
	}
	if r.err != nil {
		t.Fatal(fmt.Errorf("code section: %w", r.err))
	}
	return weights
}
