package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"toolgen/pipeline/confine"
	"toolgen/pipeline/sandbox"
)

// Mode says how an engine compiles.
type Mode string

// The modes.
const (
	Optimizing Mode = "optimizing" // sandbox.NewEngine
	Screening  Mode = "screening"  // sandbox.NewScreeningEngine
)

func (m Mode) open() (*sandbox.Engine, error) {
	if m == Screening {
		return sandbox.NewScreeningEngine()
	}
	return sandbox.NewEngine()
}

// The kinds of processes that hold an engine. A process that compiles sees only modules,
// and one that runs guests is the only one that runs what was compiled.
var (
	Compile = Kind{Name: "compile", Open: openCompile}
	Guest   = Kind{Name: "guest", Open: openGuest}
)

// Bounds of these processes. They are far above what a job of good faith takes.
const (
	compileMemory = 8 << 30
	compileWall   = 20 * time.Minute
	maxModule     = 2 << 30 // bytes of a compiled module
	guestExtra    = 1 << 30 // memory of a guest's process beside the guest's own
	guestMemory   = 4<<30 + 2*guestExtra
)

// keepMemory lets a process keep what it has freed for its next job: the kernel takes longer
// to find and zero a page than these jobs take to fill it.
var keepMemory = []string{
	"MALLOC_TRIM_THRESHOLD_=1073741824", "MALLOC_MMAP_THRESHOLD_=1073741824", "GODEBUG=madvdontneed=0",
}

// Engine compiles modules and runs them, in processes of their own. It is safe for
// concurrent use.
type Engine struct {
	compile, guest *Pool
	local          *sandbox.Engine // instead: everything in this process
	ids            atomic.Uint64
}

// NewEngine returns an engine of a host.
func (h *Host) NewEngine(mode Mode) (*Engine, error) {
	if h.inProcess {
		local, err := mode.open()
		return &Engine{local: local}, err
	}
	e := &Engine{}
	e.compile = h.NewPool(Compile, PoolConfig{
		Job: "compile", Setup: mode, Env: keepMemory, Policy: confine.Policy{DataBytes: compileMemory},
		Control: Job{Op: opCompile, Blob: []byte(controlModule), Wall: compileWall, MaxBlob: maxModule},
	})
	e.guest = h.NewPool(Guest, PoolConfig{
		Job: "call", Setup: mode, Env: keepMemory, Policy: confine.Policy{DataBytes: guestMemory},
		Control: Job{Op: opControl, Wall: time.Minute},
	})
	return e, nil
}

// Close ends the processes. No job may be under way.
func (e *Engine) Close() {
	if e.local != nil {
		e.local.Close()
		return
	}
	e.compile.Close()
	e.guest.Close()
}

// Compile meters and compiles a module, see sandbox.Engine.Compile. What the engine refuses
// is a *RefusedError.
func (e *Engine) Compile(ctx context.Context, wasm []byte) (*Module, error) {
	if e.local != nil {
		m, err := e.local.Compile(wasm)
		if err != nil {
			return nil, &RefusedError{err.Error()}
		}
		return &Module{local: m, closed: new(atomic.Bool)}, nil
	}
	data, err := e.compile.Do(ctx, Job{Op: opCompile, Blob: wasm, Wall: compileWall, Memory: compileMemory, MaxBlob: maxModule}, nil)
	if text, ok := IsAnswer(err); ok {
		return nil, &RefusedError{text}
	}
	if err != nil {
		return nil, err
	}
	return e.module(data), nil
}

// RefusedError says that the engine does not take a module. Use errors.As.
type RefusedError struct{ Text string }

func (e *RefusedError) Error() string { return e.Text }

// Deserialize returns the module that Serialize wrote, see sandbox.Engine.Deserialize; the
// error is a *RefusedError if it was written by another version, configuration or kind of
// CPU.
func (e *Engine) Deserialize(ctx context.Context, data []byte) (*Module, error) {
	if e.local != nil {
		m, err := e.local.Deserialize(data)
		if err != nil {
			return nil, &RefusedError{err.Error()}
		}
		return &Module{local: m, closed: new(atomic.Bool)}, nil
	}
	m := e.module(data)
	_, err := e.guest.Do(ctx, Job{Op: opPing, Wall: startWait, needs: m.a}, nil)
	if text, ok := IsAnswer(err); ok {
		return nil, &RefusedError{text}
	}
	return m, err
}

func (e *Engine) module(data []byte) *Module {
	m := &Module{engine: e, closed: new(atomic.Bool)}
	m.a = &attachment{ID: e.ids.Add(1), blob: data, closed: m.closed.Load}
	return m
}

// Module is a compiled guest. It is immutable and safe for concurrent use.
type Module struct {
	engine *Engine
	a      *attachment
	closed *atomic.Bool
	tenant string
	local  *sandbox.Module
}

// For returns the module as a tenant has it: its calls share no process with those of
// others.
func (m *Module) For(tenant string) *Module {
	own := *m
	own.tenant = tenant
	return &own
}

// Serialize returns the compiled code for Deserialize.
func (m *Module) Serialize() ([]byte, error) {
	if m.local != nil {
		return m.local.Serialize()
	}
	return m.a.blob, nil
}

// Close lets processes drop the module. It may be called more than once.
func (m *Module) Close() {
	if m.local != nil {
		m.local.Close()
	}
	m.closed.Store(true)
}

// Call runs one function of the module in a fresh instance, see sandbox.Module.Call: in a
// process that runs nothing else meanwhile. When ctx ends, or the wall clock strikes, the
// process is killed. Errors are ctx.Err(), a *DeathError, and those of the machine; what the
// guest does wrong is in the result.
func (m *Module) Call(ctx context.Context, c sandbox.Call) (sandbox.Result, error) {
	if m.local != nil {
		if err := ctx.Err(); err != nil {
			return sandbox.Result{}, err
		}
		return m.local.Call(c)
	}
	input := c.Input
	c.Input = nil
	job := Job{
		Op: opCall, Header: guestCall{Module: m.a.ID, Call: c}, Blob: input, needs: m.a, tenant: m.tenant,
		Wall: c.Limits.Wall, Memory: c.Limits.MemoryBytes + guestExtra, MaxBlob: int64(c.Limits.OutputBytes),
	}
	var r sandbox.Result
	out, err := m.engine.guest.Do(ctx, job, &r)
	if err != nil {
		return sandbox.Result{}, err
	}
	if r.Outcome == sandbox.OK {
		if r.Output = out; out == nil {
			r.Output = []byte{}
		}
	}
	return r, nil
}

// What these processes are asked.
const (
	opCompile = "compile" // bytes: WebAssembly; answer: the compiled module
	opCall    = "call"
	opPing    = "ping" // nothing but loading what the job needs
	opControl = "control"
)

type guestCall struct {
	Module uint64
	Call   sandbox.Call
}

func openCompile(setup json.RawMessage, _ []byte) (Handler, error) {
	engine, err := openEngine(setup)
	if err != nil {
		return nil, err
	}
	return func(op string, _ json.RawMessage, wasm []byte) (any, []byte, error) {
		if op != opCompile {
			return nil, nil, fmt.Errorf("isolate: a compiler knows no %q", op)
		}
		m, err := engine.Compile(wasm)
		if err != nil {
			return nil, nil, err
		}
		defer m.Close()
		data, err := m.Serialize()
		return nil, data, err
	}, nil
}

func openEngine(setup json.RawMessage) (*sandbox.Engine, error) {
	var mode Mode
	if err := json.Unmarshal(setup, &mode); err != nil {
		return nil, err
	}
	return mode.open()
}

func openGuest(setup json.RawMessage, _ []byte) (Handler, error) {
	engine, err := openEngine(setup)
	if err != nil {
		return nil, err
	}
	g := &guests{engine: engine, modules: map[uint64]*sandbox.Module{}}
	return g.handle, nil
}

// guests is the state of a process that runs guests.
type guests struct {
	engine  *sandbox.Engine
	modules map[uint64]*sandbox.Module
}

func (g *guests) handle(op string, header json.RawMessage, blob []byte) (any, []byte, error) {
	switch op {
	case opLoad:
		var id uint64
		if err := json.Unmarshal(header, &id); err != nil {
			return nil, nil, err
		}
		m, err := g.engine.Deserialize(blob)
		if err != nil {
			return nil, nil, err
		}
		g.modules[id] = m
		return nil, nil, nil
	case opDrop:
		var id uint64
		if err := json.Unmarshal(header, &id); err != nil {
			return nil, nil, err
		}
		if m := g.modules[id]; m != nil {
			m.Close()
			delete(g.modules, id)
		}
		return nil, nil, nil
	case opPing:
		return nil, nil, nil
	case opControl:
		return nil, nil, g.control()
	case opCall:
		var c guestCall
		if err := json.Unmarshal(header, &c); err != nil {
			return nil, nil, err
		}
		m := g.modules[c.Module]
		if m == nil {
			return nil, nil, fmt.Errorf("isolate: module %d is not loaded", c.Module)
		}
		c.Call.Input = blob
		return g.call(m, c.Call)
	}
	return nil, nil, fmt.Errorf("isolate: a guest's process knows no %q", op)
}

func (g *guests) call(m *sandbox.Module, c sandbox.Call) (any, []byte, error) {
	r, err := m.Call(c)
	if err != nil {
		// An error of the machine, or of ours: another process may do better, and the caller
		// learns of it by the death of this one.
		panic(err)
	}
	out := r.Output
	r.Output = nil
	return r, out, nil
}

// control compiles and runs a module that does nothing.
func (g *guests) control() error {
	m, err := g.engine.Compile([]byte(controlModule))
	if err != nil {
		return err
	}
	defer m.Close()
	_, out, err := g.call(m, sandbox.Call{Limits: sandbox.Limits{Fuel: 1000, FuelPerMS: 1, MemoryBytes: 64 << 10, Wall: time.Minute}})
	if err == nil && len(out) != 0 {
		err = errors.New("isolate: the control module answered")
	}
	return err
}

// controlModule is a guest that answers nothing: TestControlModule has its text.
const controlModule = "\x00asm\x01\x00\x00\x00\x01\x15\x05`\x00\x00`\x01\x7f\x00`\x01\x7f\x01\x7f`\x00\x01\x7f`\x00\x01~" +
	"\x03\x06\x05\x00\x01\x02\x03\x04\x05\x03\x01\x00\x01\aX\x06\x06memory\x02\x00\v_initialize\x00\x00\x0etoolgen_select\x00\x01" +
	"\rtoolgen_alloc\x00\x02\vtoolgen_run\x00\x03\x0etoolgen_output\x00\x04" +
	"\n\x1c\x05\x02\x00\v\x02\x00\v\x05\x00A\xc0\x00\v\x04\x00A\x00\v\t\x00B\x80\x80\x80\x80\x80\b\v"
