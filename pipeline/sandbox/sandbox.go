package sandbox

import (
	"errors"
	"fmt"
	"time"
)

// Outcome says how a call ended. Every outcome is an answer about the guest;
// what went wrong with the machine instead is a Go error of [Module.Call].
type Outcome string

const (
	OK            Outcome = "ok"             // the tool answered
	ToolError     Outcome = "error"          // the tool returned an error, which is an answer too
	Trap          Outcome = "trap"           // panic, exit, deadlock, or a WebAssembly trap
	StackOverflow Outcome = "stack_overflow" // calls nested deeper than the sandbox allows
	OutOfMemory   Outcome = "out_of_memory"  // ended after a refused memory.grow
	Timeout       Outcome = "timeout"        // more fuel needed than Limits.Fuel
	OutputFlood   Outcome = "output_flood"   // more output, or text on stderr, than Limits.OutputBytes
)

// Limits bound one call. Each of the two phases of a call (initialization; the
// measured part) may spend Fuel. There are no defaults: a zero is an error,
// except for OutputBytes, where zero allows only the empty output.
type Limits struct {
	Fuel        int64         // units of fuel, see the package comment; 1 to [MaxFuel]
	FuelPerMS   int64         // units of fuel that a virtual millisecond of sleep costs; > 0
	MemoryBytes int64         // linear memory; a positive multiple of 64 KiB, at most 4 GiB
	OutputBytes int           // bytes of output, and separately of text on stderr; >= 0
	Wall        time.Duration // after it the process that runs the call is killed, by package isolate; > 0
}

// MaxFuel is the most that Limits.Fuel may be, so that every number of a [Result], and
// the sum of the fuel of two calls, stays below 2^53, which readers of JSON can hold.
const MaxFuel = 1 << 52

// check validates l once, where it enters the package.
func (l Limits) check() error {
	bad := func(field string, got any, want string) error {
		return fmt.Errorf("sandbox: Limits.%s is %v, want %s", field, got, want)
	}
	switch {
	case l.Fuel <= 0 || l.Fuel > MaxFuel:
		return bad("Fuel", l.Fuel, "1 to 2^52")
	case l.FuelPerMS <= 0:
		return bad("FuelPerMS", l.FuelPerMS, "more than 0")
	case l.MemoryBytes <= 0 || l.MemoryBytes%pageBytes != 0 || l.MemoryBytes > maxPages*pageBytes:
		return bad("MemoryBytes", l.MemoryBytes, "a positive multiple of 65536, at most 4 GiB")
	case l.OutputBytes < 0:
		return bad("OutputBytes", l.OutputBytes, "0 or more")
	case l.Wall <= 0:
		return bad("Wall", l.Wall, "more than 0")
	}
	return nil
}

// Call is the input of one call: everything its result depends on, besides the
// module and [Settings].
type Call struct {
	Index   uint32 // which function of the batch
	Input   []byte // handed to the guest; at most 4 GiB
	Entropy int64  // seed of all that the guest can observe as random: random_get and the clock's start
	Limits  Limits
}

// Result is what a call did. All fields but Wall are a pure function of module,
// Call and Settings. Every field is bounded, whatever the guest does, as its comment
// says: nothing that a guest can measure up to is a number that a table refuses.
type Result struct {
	Outcome Outcome
	// Output is the tool's output when Outcome is OK, and nil otherwise; at most
	// Limits.OutputBytes.
	Output []byte
	// Message is the tool's error text, or what ended the call. Valid UTF-8, at
	// most 4 KiB, without addresses and goroutine numbers.
	Message string
	// Fuel is what the measured part alone spent, 0 to Limits.Fuel. If Outcome is
	// Timeout, and only then, it is Limits.Fuel + 1: a call that runs out of fuel
	// costs one unit more than it was allowed, however dear the last charge was. When
	// a call ends before its measured part, it is what was spent until then, as is
	// InitFuel.
	Fuel int64
	// InitFuel is what _initialize, toolgen_select and toolgen_alloc spent, 0 to
	// Limits.Fuel + 1.
	InitFuel int64
	// PeakMemoryBytes is the size of linear memory at the end: it never shrinks. It is
	// at most Limits.MemoryBytes, but for a module whose own data is larger: then it
	// is the size of that, at most 4 GiB, and nothing was run.
	PeakMemoryBytes int64
	// Denied names the host functions that were called and refused, sorted,
	// each once: some of the functions of WASI preview 1.
	Denied []string
	// Wall is the wall-clock time of the measured part, on this machine.
	Wall time.Duration
}

// ErrHostMemory reports that the host, not the limit of the call, refused
// memory to a guest. Use errors.Is.
var ErrHostMemory = errors.New("sandbox: the host refused memory that the call's limit allows")

const (
	pageBytes = 64 << 10 // a WebAssembly page
	maxPages  = 1 << 16  // of a 32-bit linear memory
)
