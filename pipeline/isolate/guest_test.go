package isolate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"toolgen/pipeline/sandbox"
)

// guestText is a guest in WebAssembly's text format whose measured part is body; it
// answers the n bytes at address 64.
func guestText(body string, n int) string {
	return fmt.Sprintf(`(module
  (memory (export "memory") 1)
  (data (i32.const 64) "answer")
  (func (export "_initialize"))
  (func (export "toolgen_select") (param i32))
  (func (export "toolgen_alloc") (param i32) (result i32) i32.const 128)
  (func (export "toolgen_run") (result i32) %s)
  (func (export "toolgen_output") (result i64) i64.const %d))`, body, int64(64)<<32|int64(n))
}

func wasm(t testing.TB, text string) []byte {
	t.Helper()
	b, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func engine(t testing.TB, h *Host, mode Mode) *Engine {
	t.Helper()
	e, err := h.NewEngine(mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

var limitsOfTests = sandbox.Limits{Fuel: 1 << 40, FuelPerMS: 1 << 20, MemoryBytes: 1 << 20, OutputBytes: 1 << 10, Wall: time.Minute}

func TestControlModule(t *testing.T) {
	const text = `(module
  (memory (export "memory") 1)
  (func (export "_initialize"))
  (func (export "toolgen_select") (param i32))
  (func (export "toolgen_alloc") (param i32) (result i32) i32.const 64)
  (func (export "toolgen_run") (result i32) i32.const 0)
  (func (export "toolgen_output") (result i64) i64.const 0x4000000000))`
	if got := string(wasm(t, text)); got != controlModule {
		t.Errorf("the control module is %q, want %q", controlModule, got)
	}
}

// TestCall: calls in a process are those of the sandbox, with one engine and the other, and
// on a host without processes.
func TestCall(t *testing.T) {
	binary := wasm(t, guestText("i32.const 0", 6))
	var want sandbox.Result
	for i, h := range []*Host{InProcess(), NewHost(2)} {
		for _, mode := range []Mode{Optimizing, Screening} {
			e := engine(t, h, mode)
			m, err := e.Compile(t.Context(), binary)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Call(t.Context(), sandbox.Call{Input: []byte("input"), Limits: limitsOfTests})
			if err != nil {
				t.Fatal(err)
			}
			got.Wall = 0
			if i == 0 && mode == Optimizing {
				want = got
			}
			if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) || string(got.Output) != "answer" {
				t.Errorf("%v %s: %#v, want %#v", h.inProcess, mode, got, want)
			}
			data, err := m.Serialize()
			if err != nil {
				t.Fatal(err)
			}
			again, err := e.Deserialize(t.Context(), data)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := again.Call(t.Context(), sandbox.Call{Limits: limitsOfTests}); err != nil || string(r.Output) != "answer" {
				t.Errorf("%s: read back: %v, %v", mode, r, err)
			}
			var refused *RefusedError
			if _, err := e.Deserialize(t.Context(), []byte("no module")); !errors.As(err, &refused) {
				t.Errorf("%s: no module: %v", mode, err)
			}
			if _, err := e.Compile(t.Context(), []byte("no module")); !errors.As(err, &refused) {
				t.Errorf("%s: no WebAssembly: %v", mode, err)
			}
		}
	}
}

// TestModules has more modules than a process keeps.
func TestModules(t *testing.T) {
	e := engine(t, NewHost(2), Optimizing)
	var modules []*Module
	for i := range 3 * maxAttached {
		m, err := e.Compile(t.Context(), wasm(t, guestText(fmt.Sprintf("i32.const 64 i32.const %d i32.store8 i32.const 0", 'a'+i), 1)))
		if err != nil {
			t.Fatal(err)
		}
		modules = append(modules, m)
	}
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for k := range 60 {
				i := (k*7 + w) % len(modules)
				r, err := modules[i].Call(t.Context(), sandbox.Call{Limits: limitsOfTests})
				if want := string(rune('a' + i)); err != nil || string(r.Output) != want {
					t.Errorf("module %d: %q, %v", i, r.Output, err)
				}
			}
		})
	}
	wg.Wait()
	for _, proc := range e.guest.idle {
		if len(proc.has) > maxAttached {
			t.Errorf("a process holds %d modules", len(proc.has))
		}
	}
}

// TestTenants: a process serves one tenant, and as many processes as there are tenants are
// not kept.
func TestTenants(t *testing.T) {
	e := engine(t, NewHost(2), Optimizing)
	m, err := e.Compile(t.Context(), []byte(controlModule))
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for tenant := range 20 {
			for range 3 {
				if _, err := m.For(fmt.Sprint(tenant)).Call(t.Context(), sandbox.Call{Limits: limitsOfTests}); err != nil {
					t.Fatal(round, err)
				}
			}
		}
	}
	if n := len(e.guest.idle); n != idlePerJob*2 {
		t.Errorf("%d processes are kept, want %d", n, idlePerJob*2)
	}
	seen := map[string]bool{}
	for _, proc := range e.guest.idle {
		if seen[proc.tenant] {
			t.Errorf("two processes of tenant %s, which has one call at a time", proc.tenant)
		}
		seen[proc.tenant] = true
	}
	if e.guest.take(m.a, "somebody else") != nil {
		t.Error("a process of one tenant is given to another")
	}
}

const loop = "(loop br 0) i32.const 0"

// TestGuestKilled: a guest that the wall clock ends is a death, and one that is called off
// is not; both are killed.
func TestGuestKilled(t *testing.T) {
	e := engine(t, NewHost(2), Optimizing)
	m, err := e.Compile(t.Context(), wasm(t, guestText(loop, 0)))
	if err != nil {
		t.Fatal(err)
	}
	limits := limitsOfTests
	limits.Fuel, limits.Wall = sandbox.MaxFuel, 300*time.Millisecond
	_, err = m.Call(t.Context(), sandbox.Call{Limits: limits})
	if dead, ok := errors.AsType[*DeathError](err); !ok || dead.Job != "call" || dead.Reason != "killed by the wall clock after 300ms" {
		t.Errorf("error %v", err)
	}
	limits.Wall = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := m.Call(ctx, sandbox.Call{Limits: limits}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	limits.Fuel = 1 << 20
	if r, err := m.Call(t.Context(), sandbox.Call{Limits: limits}); err != nil || r.Outcome != sandbox.Timeout {
		t.Errorf("afterwards: %v, %v", r, err)
	}
}

// BenchmarkCall is what a call costs that does next to nothing.
func BenchmarkCall(b *testing.B) {
	for _, h := range []struct {
		name string
		host *Host
	}{{"yes", NewHost(2)}, {"no", InProcess()}} {
		b.Run("process="+h.name, func(b *testing.B) {
			m, err := engine(b, h.host, Optimizing).Compile(b.Context(), []byte(controlModule))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := m.Call(b.Context(), sandbox.Call{Limits: limitsOfTests}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
