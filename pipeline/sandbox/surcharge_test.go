package sandbox

import (
	"bytes"
	"debug/elf"
	"fmt"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// A surcharge is paid for each time that its instruction is executed, and what has none
// costs its unit.
func TestSurcharges(t *testing.T) {
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	fuel := func(repeat int, instr string) int64 {
		t.Helper()
		m, err := e.Compile(wat(t, hostileGuest(map[string]string{"RUN": strings.Repeat(instr+" ", repeat) + "i32.const 0"})))
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		r, err := m.Call(Call{Limits: testLimits})
		if err != nil || r.Outcome != OK {
			t.Fatalf("%s, %v", r.Outcome, err)
		}
		return r.Fuel
	}
	for _, tt := range []struct {
		instr string
		units int64 // of the instructions without a surcharge
		want  int
	}{
		{"f64.const 2 f64.sqrt drop", 2, 20},
		{"f32.const 2 f32.sqrt drop", 2, 20},
		{"f64.const 2 f64.const 3 f64.div drop", 3, 10},
		{"f32.const 2 f32.const 3 f32.div drop", 3, 10},
		{"f64.const 2.5 f64.floor f64.ceil f64.trunc f64.nearest drop", 5, 20},
		{"f32.const 2.5 f32.floor f32.ceil f32.trunc f32.nearest drop", 5, 20},
		{"f64.const 2.5 i64.trunc_f64_s drop f64.const 2.5 i32.trunc_f64_u drop", 4, 10},
		{"f64.const 2.5 i64.trunc_sat_f64_s drop f32.const 2.5 i32.trunc_sat_f32_u drop", 4, 10},
		{"f64.const 2.5 f32.demote_f64 f64.promote_f32 drop", 3, 20},
		{"f64.const 2 f64.const 3 f64.mul f64.const 4 f64.add f64.neg f64.abs drop", 7, 0},
		{"i64.const 7 i64.const 3 i64.div_u i64.const 2 i64.rem_s f64.convert_i64_s drop", 6, 0},
		{"i32.const 0 memory.grow drop", 2, 21 - 1 + growCallFuel},
	} {
		if got, want := fuel(30, tt.instr)-fuel(20, tt.instr), 10*(tt.units+int64(tt.want)); got != want {
			t.Errorf("10 times %s: %d units, want %d", tt.instr, got, want)
		}
	}
}

// A surcharge is no machine code, optimized or not: what it costs is fuel alone.
func TestSurchargesAreNoCode(t *testing.T) {
	wasm := wat(t, fmt.Sprintf(`(module (memory 1) (func (export "f") (param f64) (result f64) local.get 0 %s))`,
		strings.Repeat("f64.sqrt f64.floor (f64.div (local.get 0)) f32.demote_f64 f64.promote_f32 i64.trunc_sat_f64_s f64.convert_i64_s ", 100)))
	for _, level := range []wasmtime.OptLevel{wasmtime.OptLevelNone, wasmtime.OptLevelSpeed} {
		config := newConfig()
		config.SetCraneliftOptLevel(level)
		e := wasmtime.NewEngineWithConfig(config)
		size := func(wasm []byte) int {
			t.Helper()
			m, err := wasmtime.NewModule(e, wasm)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			b, err := m.Serialize()
			if err != nil {
				t.Fatal(err)
			}
			f, err := elf.NewFile(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			return int(f.Section(".text").Size)
		}
		metered, err := Meter(wasm)
		if err != nil {
			t.Fatal(err)
		}
		if len(metered) < len(wasm)+100*3*(20+5+10+10+10+5) {
			t.Fatalf("%d bytes metered, %d before: no surcharges", len(metered), len(wasm))
		}
		if before, after := size(wasm), size(metered); before < 1000 || after > before+64 {
			t.Errorf("level %d: %d bytes of code without surcharges, %d with", level, before, after)
		}
		e.Close()
	}
}
