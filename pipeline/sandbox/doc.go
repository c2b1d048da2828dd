// Package sandbox runs a function of a WebAssembly module under limits and
// counts what it costs.
//
// The model: a call is a pure function of module, input, entropy and limits. It
// gets a fresh instance, so nothing can be remembered from one call to the
// next; the host functions it finds are deterministic; and its cost is counted
// in fuel, never in time:
//
//	fuel = weighted instructions + bulk bytes / 8 + 6000 x host calls
//	     + 8 x host-call bytes + 2 x bytes of memory growth + virtual sleep
//
// Instructions are wasmtime's own fuel, a unit each. It charges bulk instructions one
// unit whatever their length; the metering pass (Meter) counts their bytes, and adds to
// the price of those that take far longer than a unit stands for: division and square
// roots of floats, rounding, conversions, memory.grow. A host call has a price, for the
// way out of the guest and back, and so have the bytes that it moves. Memory that the
// guest asks for is charged what the host spends on finding and zeroing it. Sleep moves the
// guest's virtual clock and costs the fuel that as much virtual time of work would.
//
// Fuel is no clock. BenchmarkPrices measures how far it is from one, by class of
// instruction and host call. What depends on operands or on what the caches hold cannot be
// priced by counting (subnormal numbers on some CPUs; reads of memory all over the place,
// each address out of the one before): there time is lost without fuel, and the wall-clock
// kill switch is what ends it.
//
// The steps of a call:
//
//  1. A fresh instance whose memory is bounded by Limits.MemoryBytes.
//  2. Initialization: _initialize starts the Go runtime, toolgen_select chooses
//     the function, toolgen_alloc makes room for the input. It has Limits.Fuel
//     to spend, which Result.InitFuel counts.
//  3. The measured part, again with Limits.Fuel, which Result.Fuel counts:
//     toolgen_run, and toolgen_output, which says where the answer lies.
//
// How a call ended is decided by what is known, in this order: the sum of fuel
// (an exact meter would have ended the call when it crossed the limit, whatever
// happened afterwards), the depth meter and wasmtime's own end of the stack, the
// flood of text, the refused memory.grow, the exit code, other traps. Nothing is
// read out of stderr but the text of the message.
//
// A refused memory.grow makes a call OutOfMemory if it was the last one and the
// call failed after it. Go's allocator tries again in another way before it
// gives up; when that succeeds the guest has survived, and what ends it later is
// judged by itself. A guest that answers in spite of a refusal is OK.
//
// Every number of a result is bounded by the limits: what is spent beyond Limits.Fuel is
// one unit, however dear the last charge was (a sleep of 292 years, say), and a host
// function does nothing that the guest cannot pay for.
//
// No wall clock ends a call here: it would differ from machine to machine, so it is no
// outcome. Package isolate runs calls in processes of their own, and kills them by
// Limits.Wall.
//
// Guests are Go programs for wasip1, built with -buildmode=c-shared, with these
// exports:
//
//	memory, _initialize()
//	toolgen_select(i u32)        the function to run
//	toolgen_alloc(n u32) u32     address of an input buffer of n bytes
//	toolgen_run() u32            0: answered; 1: returned an error, whose text is the output
//	toolgen_output() u64         address<<32 | length of the output
//
// Non-goals: running WebAssembly in general (features that Go does not emit are
// off, and Meter refuses them), caching compiled modules, and scoring. No type
// of wasmtime shows in the API, and a call's input and result are plain data,
// so that execution can move into a jailed child process.
package sandbox
