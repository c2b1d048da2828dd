package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"toolgen/pipeline/sandbox"
)

// hostile is replaced below.
var hostile = Kind{Name: "hostile", Open: func(json.RawMessage, []byte) (Handler, error) { return nil, errors.New("no") }}

var limitsOfTests = sandbox.Limits{Fuel: 1 << 40, FuelPerMS: 1 << 20, MemoryBytes: 1 << 20, OutputBytes: 1 << 10, Wall: time.Minute}

func engine(t testing.TB) *Engine {
	e, err := NewHost(2).NewEngine(Optimizing)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func TestCall(t *testing.T) {
	e := engine(t)
	m, err := e.Compile(t.Context(), []byte(controlModule))
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Call(t.Context(), sandbox.Call{Limits: limitsOfTests})
	if err != nil || r.Outcome != sandbox.OK {
		t.Fatal(r, err)
	}
	_ = wasmtime.Wat2Wasm
	_ = context.Background
}

func BenchmarkCall(b *testing.B) {
	for _, h := range []struct {
		name string
		host *Host
	}{{"processes", NewHost(2)}, {"in_process", InProcess()}} {
		b.Run(h.name, func(b *testing.B) {
			e, err := h.host.NewEngine(Optimizing)
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			m, err := e.Compile(b.Context(), []byte(controlModule))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := m.Call(b.Context(), sandbox.Call{Limits: limitsOfTests, Input: nil}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
