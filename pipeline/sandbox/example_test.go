package sandbox

import (
	"fmt"
	"time"
)

// try runs a hostile tool of testdata/guest and prints what came of it.
func try(tool uint32, input string) {
	m, err := module("guest") // NewEngine, then Compile
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := m.Call(Call{
		Index:   tool,
		Input:   []byte(input),
		Entropy: 42,
		Limits: Limits{
			Fuel:        1_000_000_000, // 100 virtual milliseconds
			FuelPerMS:   10_000_000,
			MemoryBytes: 64 << 20,
			OutputBytes: 1 << 20,
			Wall:        time.Minute,
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %s %v\n", r.Outcome, r.Message, r.Denied)
}

func Example_loop() {
	try(guestLoop, "")
	// Output: timeout: out of fuel []
}

func Example_sleep() {
	try(guestSleep, "101")
	// Output: timeout: out of fuel []
}

func Example_memory() {
	try(guestMemoryBomb, "")
	// Output: out_of_memory: the memory limit refused the guest more memory []
}

func Example_recursion() {
	try(guestRecursionBomb, "")
	// Output: stack_overflow: calls are nested too deeply []
}

func Example_outputFlood() {
	try(guestOutputFlood, "10000000")
	// Output: output_flood: 10000000 bytes of output, 1048576 allowed []
}

func Example_hostCall() {
	try(guestOpenFile, "")
	// Output: ok:  [path_open]
}

func Example_panic() {
	try(guestPanics, "index")
	// Output: trap: panic: runtime error: slice bounds out of range [7:5] []
}

func Example_deadlock() {
	try(guestDeadlock, "")
	// Output: trap: fatal error: all goroutines are asleep - deadlock! []
}
