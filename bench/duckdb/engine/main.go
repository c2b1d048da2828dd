// Command engine answers one of the benchmark's questions in a process of its own, so that
// its start and its memory can be measured without DuckDB in it:
//
//	engine groups|front2|front3 FILE
//
// It prints the most memory that it had resident, in KiB. The parent cannot ask for that:
// the kernel counts what the process shared with its parent before it became another
// program.
package main

import (
	"fmt"
	"os"
	"strings"

	"toolgen/analysis/aggregate"
	"toolgen/analysis/pareto"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: engine groups|front2|front3 FILE")
		os.Exit(2)
	}
	objectives := []aggregate.Objective{
		{Column: "virtual_ms", Direction: pareto.Minimize}, {Column: "fitness", Direction: pareto.Maximize}, {Column: "peak_memory_bytes", Direction: pareto.Minimize},
	}
	paths := os.Args[2:]
	var err error
	switch os.Args[1] {
	case "groups":
		_, err = aggregate.GroupBy(paths, aggregate.Options{})
	case "front2", "front3":
		if os.Args[1] == "front2" {
			objectives = objectives[:2]
		}
		_, err = aggregate.Fronts(paths, objectives, aggregate.Options{})
	default:
		err = fmt.Errorf("no question %q", os.Args[1])
	}
	var status []byte
	if err == nil {
		status, err = os.ReadFile("/proc/self/status")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(2)
	}
	for line := range strings.Lines(string(status)) {
		if peak, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Println(strings.Fields(peak)[0])
		}
	}
}
