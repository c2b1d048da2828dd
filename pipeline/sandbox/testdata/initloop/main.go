// Initloop is a guest that never gets out of its initialization.
package main

var x int

func init() {
	for {
		x++
	}
}

//go:wasmexport toolgen_select
func toolgenSelect(uint32) {}

//go:wasmexport toolgen_alloc
func toolgenAlloc(uint32) uint32 { return 0 }

//go:wasmexport toolgen_run
func toolgenRun() uint32 { return 0 }

//go:wasmexport toolgen_output
func toolgenOutput() uint64 { return 0 }

func main() {}
