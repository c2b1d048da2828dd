package sandbox

import (
	"fmt"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

const (
	// WasmtimeVersion is the version of the engine that executes guests. It is
	// that of go.mod; a test compares them.
	WasmtimeVersion = "44.0.0"

	// maxWasmStack is how much native stack wasmtime lets a guest use. It is
	// wasmtime's maximum: above its async_stack_size, 2 MiB, which its C API
	// for Go cannot set, the process aborts.
	maxWasmStack = 2 << 20

	// maxDepth is how much of it calls may take, by the estimate of frameBytes.
	// The quarter that remains is for functions that the estimate is too low for,
	// for one leaf, which goes unmetered, and for host functions. A recursive
	// parser gets some 10,000 calls deep.
	maxDepth = maxWasmStack * 3 / 4

	// growthFuel is the fuel of each byte that the memory grows by. The host must
	// find and zero a page when it is first touched, which no instruction shows: without
	// it, a trie of 80 MiB took three to four times the wall time of what its fuel
	// promised, and the rank correlation of virtual and wall medians over the baseline was
	// 0.85. Measured: 0.22 ms for a MiB, that is 1.6 to 2 units a byte.
	growthFuel = 2

	// threadStack is what a thread needs to run guests: Go's and wasmtime's
	// frames below the guest's stack and the host function's above it.
	threadStack = maxWasmStack + 512<<10
)

// Settings describes everything besides module and Call that shapes results.
// It is one line, the same on every machine, and belongs into locks and cache
// keys.
func Settings() string {
	return fmt.Sprintf("wasmtime=%s metering=%d host=%d optimization=speed nan=canonical fuel"+
		" max_wasm_stack=%d max_depth=%d clock_tick_ns=%d growth_fuel=%d host_call_fuel=%d host_byte_fuel=%d"+
		" features=mvp,mutable-global,sign-extension,saturating-float-to-int,bulk-memory",
		WasmtimeVersion, meteringVersion, hostVersion, maxWasmStack, maxDepth, clockTick, growthFuel, hostCallFuel, hostByteFuel)
}

// Engine compiles modules and runs them. It is safe for concurrent use.
type Engine struct {
	engine *wasmtime.Engine
	linker *wasmtime.Linker
}

// NewEngine returns an engine, or an error if threads of this process have too
// little stack.
func NewEngine() (*Engine, error) {
	if n := threadStackSize(); n > 0 && n < threadStack {
		return nil, fmt.Errorf("sandbox: threads have %d KiB of stack, want %d KiB or more; run under `ulimit -s 8192`",
			n>>10, threadStack>>10)
	}
	return newEngine(newConfig())
}

// NewScreeningEngine returns an engine whose modules answer and cost fuel as those of
// NewEngine do, but are compiled without optimization: in three quarters of the time, to
// code that takes up to three times as long. It serves modules that hold much code of
// which little is run. (Cranelift's single-pass register allocator would halve the time
// once more. But its frames are up to 34 times the estimate of frameBytes, so that the
// depth of calls would end by the machine and not by the meter.)
func NewScreeningEngine() (*Engine, error) {
	c := newConfig()
	c.SetCraneliftOptLevel(wasmtime.OptLevelNone)
	return newEngine(c)
}

func newEngine(config *wasmtime.Config) (*Engine, error) {
	e := &Engine{engine: wasmtime.NewEngineWithConfig(config)}
	e.linker = wasmtime.NewLinker(e.engine)
	if err := defineHost(e.linker); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// newConfig turns on what Go emits and what counts, and everything else off:
// bugs of compilers live in what few programs use.
func newConfig() *wasmtime.Config {
	c := wasmtime.NewConfig()
	c.SetStrategy(wasmtime.StrategyCranelift)
	c.SetCraneliftOptLevel(wasmtime.OptLevelSpeed)
	c.SetCraneliftNanCanonicalization(true) // bits of a NaN differ between CPUs
	c.SetConsumeFuel(true)
	c.SetMaxWasmStack(maxWasmStack)
	c.SetMemoryInitCOWSet(true)
	c.SetNativeUnwindInfo(false)

	c.SetWasmBulkMemory(true)
	c.SetWasmMultiValue(false)
	c.SetWasmReferenceTypes(false)
	c.SetWasmFunctionReferences(false)
	c.SetWasmGC(false)
	c.SetGCSupport(false)
	c.SetWasmSIMD(false)
	c.SetWasmRelaxedSIMD(false)
	c.SetWasmThreads(false)
	c.SetWasmTailCall(false)
	c.SetWasmMultiMemory(false)
	c.SetWasmMemory64(false)
	c.SetWasmWideArithmetic(false)
	c.SetWasmComponentModel(false)
	return c
}

// Close frees the engine, after its last method and the last call of its
// modules have returned. It may be called more than once.
func (e *Engine) Close() {
	if e.linker != nil {
		e.linker.Close()
	}
	e.engine.Close()
}

// Compile meters and compiles a module. It takes a second or two for a batch,
// and uses all cores. Errors: a *MeterError, wasmtime's refusal of an invalid
// module, or exports or imports that are not those of a guest.
func (e *Engine) Compile(wasm []byte) (*Module, error) {
	metered, err := Meter(wasm)
	if err != nil {
		return nil, err
	}
	m, err := wasmtime.NewModule(e.engine, metered)
	if err != nil {
		return nil, fmt.Errorf("sandbox: compile: %w", err)
	}
	return e.newModule(m)
}

// Deserialize returns the module that Serialize wrote. The bytes are machine
// code, so they must be trusted: the caller has checked the digest of what it
// wrote itself. They are refused if another version, configuration or kind of
// CPU wrote them.
func (e *Engine) Deserialize(b []byte) (*Module, error) {
	m, err := wasmtime.NewModuleDeserialize(e.engine, b)
	if err != nil {
		return nil, fmt.Errorf("sandbox: deserialize: %w", err)
	}
	return e.newModule(m)
}

// Module is a compiled guest. It is immutable and safe for concurrent use.
type Module struct {
	engine *Engine
	module *wasmtime.Module

	minPages, maxPages uint64 // as the module declares them
}

func (e *Engine) newModule(module *wasmtime.Module) (*Module, error) {
	m := &Module{engine: e, module: module}
	if err := m.checkTypes(); err != nil {
		module.Close()
		return nil, err
	}
	return m, nil
}

// checkTypes holds the module against the ABI, so that a call cannot fail on
// it.
func (m *Module) checkTypes() error {
	for _, im := range m.module.Imports() {
		name := "(unnamed)"
		if im.Name() != nil {
			name = *im.Name()
		}
		h, known := hostFuncs[name]
		if im.Module() != wasi || !known {
			return fmt.Errorf("sandbox: module imports %q %q, want functions of %s only", im.Module(), name, wasi)
		}
		if got := signature(im.Type().FuncType()); got != h.signature() {
			return fmt.Errorf("sandbox: module imports %s with signature %s, want %s", name, got, h.signature())
		}
	}
	want := map[string]string{
		"_initialize": "()", "toolgen_select": "(i)", "toolgen_alloc": "(i)i",
		"toolgen_run": "()i", "toolgen_output": "()I",
		"memory": "memory", meterBulk: "global", meterDepth: "global", meterGrow: "global",
	}
	for _, ex := range m.module.Exports() {
		w, ok := want[ex.Name()]
		if !ok {
			continue
		}
		got := "another kind of export"
		switch ty := ex.Type(); {
		case ty.FuncType() != nil:
			got = signature(ty.FuncType())
		case ty.GlobalType() != nil:
			got = "global"
		case ty.MemoryType() != nil:
			got = "memory"
			m.minPages, m.maxPages = ty.MemoryType().Minimum(), maxPages
			if has, n := ty.MemoryType().Maximum(); has {
				m.maxPages = n
			}
		}
		if got != w {
			return fmt.Errorf("sandbox: module exports %s as %s, want %s", ex.Name(), got, w)
		}
		delete(want, ex.Name())
	}
	for _, name := range []string{"memory", "_initialize", "toolgen_select", "toolgen_alloc", "toolgen_run",
		"toolgen_output", meterBulk, meterDepth, meterGrow} {
		if _, missing := want[name]; missing {
			return fmt.Errorf("sandbox: module does not export %s", name)
		}
	}
	return nil
}

// Serialize returns the compiled code for Deserialize.
func (m *Module) Serialize() ([]byte, error) {
	b, err := m.module.Serialize()
	if err != nil {
		return nil, fmt.Errorf("sandbox: serialize: %w", err)
	}
	return b, nil
}

// Close frees the module, after its calls have returned. It may be called more
// than once.
func (m *Module) Close() { m.module.Close() }
