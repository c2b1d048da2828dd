package sandbox

import (
	"fmt"
	"math"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// Call runs one function of the module in a fresh instance. It is safe for
// concurrent use.
//
// Errors are those of the machine: ErrHostMemory, limits out of range, and what
// wasmtime itself reports. What the guest does wrong is in the result.
//
// Nothing stops a guest from outside, and it ends by its fuel. Wasmtime could stop it by
// an epoch, but the checks for that cost every call 12 % of its time (geometric mean
// over the tools of BenchmarkRun: 1.34 times the unmetered call with epochs, 1.19
// without). Who wants it sooner kills the process that it runs in: package isolate.
func (m *Module) Call(c Call) (Result, error) {
	if err := c.Limits.check(); err != nil {
		return Result{}, err
	}
	if uint64(len(c.Input)) > math.MaxUint32 {
		return Result{}, fmt.Errorf("sandbox: input of %d bytes, want less than 4 GiB", len(c.Input))
	}
	if m.minPages*pageBytes > uint64(c.Limits.MemoryBytes) {
		return Result{
			Outcome:         OutOfMemory,
			Message:         "the module's own data exceeds the memory limit",
			PeakMemoryBytes: int64(m.minPages * pageBytes),
		}, nil
	}
	a, err := m.start(c)
	if err != nil {
		return Result{}, err
	}
	defer a.store.Close()
	return a.run()
}

// attempt is one run of a call. It is the only user of its store, which is not
// safe for concurrent use.
type attempt struct {
	module   *Module
	call     Call
	host     *host
	store    *wasmtime.Store
	instance *wasmtime.Instance

	bulk, depth, grow *wasmtime.Global
	pages             uint64 // size of the memory when the phase began
}

// start makes a fresh instance. No code of the guest runs yet: Meter refuses
// start sections.
func (m *Module) start(c Call) (*attempt, error) {
	a := &attempt{module: m, call: c, host: newHost(c)}
	a.store = wasmtime.NewStoreWithData(m.engine.engine, a.host)
	a.store.Limiter(c.Limits.MemoryBytes, -1, 1, 1, 1)
	var err error
	a.instance, err = m.engine.linker.Instantiate(a.store, m.module)
	if err != nil {
		a.store.Close()
		return nil, fmt.Errorf("sandbox: instantiate: %w", err)
	}
	a.host.memory = a.instance.GetExport(a.store, "memory").Memory()
	a.bulk = a.instance.GetExport(a.store, meterBulk).Global()
	a.depth = a.instance.GetExport(a.store, meterDepth).Global()
	a.grow = a.instance.GetExport(a.store, meterGrow).Global()
	return a, nil
}

func (a *attempt) run() (Result, error) {
	if err := a.depth.Set(a.store, wasmtime.ValI32(maxDepth)); err != nil {
		return Result{}, fmt.Errorf("sandbox: set depth: %w", err)
	}

	var r Result
	var err error
	r.Outcome, r.Message, err = a.initialize()
	if err != nil {
		return Result{}, err
	}
	r.InitFuel = a.spent()
	r.Fuel = r.InitFuel
	if r.Outcome == OK {
		start := now()
		answer, outcome, message, err := a.measured()
		r.Wall = since(start)
		if err != nil {
			return Result{}, err
		}
		r.Outcome, r.Message, r.Fuel = outcome, message, a.spent()
		if outcome == OK {
			a.collect(&r, answer)
		}
	}
	r.PeakMemoryBytes = int64(a.host.memory.DataSize(a.store))
	r.Denied = a.host.denied
	return r, nil
}

// initialize is the part before the measured one.
func (a *attempt) initialize() (Outcome, string, error) {
	if err := a.fill(); err != nil {
		return "", "", err
	}
	_, err := a.invoke("_initialize")
	if err == nil {
		_, err = a.invoke("toolgen_select", int32(a.call.Index))
	}
	var addr int32
	if err == nil {
		addr, err = a.invokeI32("toolgen_alloc", int32(uint32(len(a.call.Input))))
	}
	if outcome, message, err := a.judge(err); outcome != OK || err != nil {
		return outcome, message, err
	}
	room, ok := a.memory(uint32(addr), uint32(len(a.call.Input)))
	if !ok {
		return Trap, "toolgen_alloc answered with a buffer outside of memory", nil
	}
	copy(room, a.call.Input)
	return OK, "", nil
}

// answer is what the guest's functions returned: the status of toolgen_run, and where
// the output lies.
type answer struct {
	status  int32
	address uint32
	length  uint32
}

// measured runs the tool and asks for its output. Asking is part of what is measured: a
// goroutine that the tool has left behind runs on in it, and may do the tool's work there.
func (a *attempt) measured() (is answer, _ Outcome, _ string, _ error) {
	if err := a.fill(); err != nil {
		return is, "", "", err
	}
	var where any
	var err error
	if is.status, err = a.invokeI32("toolgen_run"); err == nil {
		where, err = a.invoke("toolgen_output")
	}
	outcome, message, fault := a.judge(err)
	if err == nil {
		packed := uint64(where.(int64))
		is.address, is.length = uint32(packed>>32), uint32(packed)
	}
	return is, outcome, message, fault
}

// collect fetches the output of a call that ended by itself, within its limits.
func (a *attempt) collect(r *Result, is answer) {
	output, ok := a.memory(is.address, is.length)
	switch {
	case !ok:
		r.Outcome, r.Message = Trap, "toolgen_output answered with an address outside of memory"
	case uint64(is.length) > uint64(a.call.Limits.OutputBytes):
		r.Outcome = OutputFlood
		r.Message = fmt.Sprintf("%d bytes of output, %d allowed", is.length, a.call.Limits.OutputBytes)
	case is.status == 0:
		r.Output = append([]byte{}, output...)
	case is.status == 1:
		r.Outcome, r.Message = ToolError, boundText(string(output[:min(is.length, 2*messageBytes)]))
	default:
		r.Outcome, r.Message = Trap, fmt.Sprintf("toolgen_run answered %d, want 0 or 1", is.status)
	}
}

// memory returns the guest's memory[addr:addr+n] until the guest runs again,
// and whether it lies inside.
func (a *attempt) memory(addr, n uint32) ([]byte, bool) {
	data := a.host.memory.UnsafeData(a.store)
	if uint64(addr)+uint64(n) > uint64(len(data)) {
		return nil, false
	}
	return data[addr : uint64(addr)+uint64(n)], true
}

func (a *attempt) invoke(name string, args ...any) (any, error) {
	return a.instance.GetFunc(a.store, name).Call(a.store, args...)
}

func (a *attempt) invokeI32(name string, args ...any) (int32, error) {
	v, err := a.invoke(name, args...)
	if err != nil {
		return 0, err
	}
	return v.(int32), nil
}

// fill sets all meters to the limit, for the next phase.
func (a *attempt) fill() error {
	if err := a.store.SetFuel(a.fuelTank()); err != nil {
		return fmt.Errorf("sandbox: set fuel: %w", err)
	}
	if err := a.bulk.Set(a.store, wasmtime.ValI64(a.bulkTank())); err != nil {
		return fmt.Errorf("sandbox: set bulk meter: %w", err)
	}
	a.host.charged = 0
	a.pages = a.host.memory.Size(a.store)
	return nil
}

// fuelTank is one more than the limit, so that an empty tank means that the
// limit was crossed.
func (a *attempt) fuelTank() uint64 { return uint64(a.call.Limits.Fuel) + 1 }

// bulkTank is how many bytes cost no more than the limit.
func (a *attempt) bulkTank() int64 { return a.call.Limits.Fuel*8 + 7 }

// spent is the fuel of the current phase, everything included, and at most one more than
// the limit. A meter that is read at the end knows that the limit was crossed; by how much
// says something about the last charge and nothing about the guest, which would have been
// ended at the crossing. A sleep of 292 years is no number that a table could hold.
func (a *attempt) spent() int64 {
	left, err := a.store.GetFuel()
	if err != nil { // only without fuel in the configuration
		panic(err)
	}
	instructions := int64(a.fuelTank() - left)
	bulk := (a.bulkTank() - a.bulk.Get(a.store).I64()) / 8
	grown := int64(a.host.memory.Size(a.store)-a.pages) * pageBytes * growthFuel
	sum := saturatingAdd(saturatingAdd(instructions, bulk), saturatingAdd(grown, a.host.charged))
	return min(sum, a.call.Limits.Fuel+1)
}
