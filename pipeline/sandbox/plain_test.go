package sandbox

import (
	"testing"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// plain is a module as Go wrote it, compiled without metering: the yardstick for the answers and the cost of the metered one.
type plain struct {
	engine *Engine
	module *wasmtime.Module
}

func newPlain(t testing.TB, wasm []byte, config *wasmtime.Config) *plain {
	t.Helper()
	e, err := newEngine(config)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasmtime.NewModule(e.engine, wasm)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.Close()
		e.Close()
	})
	return &plain{e, m}
}

// call does what Module.Call does, without limits. It fails the test if the
// guest traps.
func (p *plain) call(t testing.TB, c Call) (status int32, output []byte, wall time.Duration) {
	t.Helper()
	h := newHost(c)
	store := wasmtime.NewStoreWithData(p.engine.engine, h)
	defer store.Close()
	instance, err := p.engine.linker.Instantiate(store, p.module)
	if err != nil {
		t.Fatal(err)
	}
	h.memory = instance.GetExport(store, "memory").Memory()
	invoke := func(name string, args ...any) any {
		v, err := instance.GetFunc(store, name).Call(store, args...)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	invoke("_initialize")
	invoke("toolgen_select", int32(c.Index))
	addr := uint32(invoke("toolgen_alloc", int32(len(c.Input))).(int32))
	copy(h.memory.UnsafeData(store)[addr:], c.Input)
	start := now()
	status = invoke("toolgen_run").(int32)
	wall = since(start)
	packed := uint64(invoke("toolgen_output").(int64))
	output = append(output, h.memory.UnsafeData(store)[packed>>32:][:uint32(packed)]...)
	return status, output, wall
}
