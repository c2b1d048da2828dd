// Package build turns the source of candidates, and of the programs of specs,
// into WebAssembly modules that the sandbox can run.
//
// Source comes from agents and strangers and is hostile until shown otherwise.
// It takes this way:
//
//  1. [ReadFiles] reads a folder, if the source lies in one: regular Go files only.
//  2. [Builder.Inspect] is the gate. It looks at text and syntax first, has
//     package bounds tell what could blow up a type checker, runs go/types against
//     the export data of the toolchain for wasip1/wasm, and then bounds what could
//     blow up a compiler. Its verdict is a pure function of the source and the
//     toolchain, and the only verdict there is: what it accepts compiles.
//  3. [Plan] puts accepted units together: 32 of one import set share a module,
//     since compiling a module costs seconds and a package in it costs hundredths.
//  4. [Builder.Module] writes the Go module of a batch, runs go build on it in an
//     empty folder with a clean environment and limits, meters and compiles the
//     result, and keeps it in the content store.
//
// A batch is part of the function that a run computes: fuel depends on it (by a
// few units in a hundred million), so its composition is decided by Plan from the
// units alone, and its hash identifies it.
//
// What the gate refuses is data, a Verdict with every Problem. A compiler that
// fails on what the gate accepted, a missing toolchain and a full disk are Go
// errors: [*BuildError], [*ToolchainError], and errors that wrap syscall.ENOSPC.
//
// The package decides nothing about behaviour: whether a candidate loops or
// allocates without end is for the sandbox to find out. It is no defence of the
// host against the compiled code either; the sandbox is.
package build
