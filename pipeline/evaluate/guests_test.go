package evaluate

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"toolgen/pipeline/build"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// obedient is a guest that does what its input says: one module for every way in
// which a call can end.
const obedient = `package tool

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

func Run(input []byte) ([]byte, error) {
	command, arg, _ := strings.Cut(string(input), " ")
	n, _ := strconv.Atoi(arg)
	switch command {
	case "error":
		return nil, errors.New(arg)
	case "whim":
		if rand.IntN(2) == 0 {
			return nil, errors.New(arg)
		}
	case "spin":
		for {
		}
	case "trap":
		panic(arg)
	case "stack":
		return input[:deep(n)], nil
	case "oom":
		var all [][]byte
		for {
			all = append(all, make([]byte, 1<<20))
			all[len(all)/2][0]++
		}
	case "fill":
		return []byte(strings.Repeat("x", n)), nil
	case "print":
		fmt.Println(arg)
	case "map":
		m := map[int]bool{}
		for i := range n {
			m[i] = true
		}
		for i := range m {
			return strconv.AppendInt(nil, int64(i), 10), nil
		}
	case "rand":
		return strconv.AppendInt(nil, rand.Int64N(int64(n)), 10), nil
	case "work":
		return work(n), nil
	case "jitter":
		return work(n/2 + rand.IntN(n)), nil
	case "alloc":
		alloc(n)
		return work(1), nil
	case "both":
		alloc(n)
		return work(100_000 * n), nil
	case "tables":
		if build()[1] != build()[1] {
			return nil, nil
		}
		return []byte("done"), nil
	case "late":
		work(100_000 * n)
		alloc(n)
		return work(1), nil
	}
	return []byte(arg), nil
}

func deep(n int) int {
	if n < 0 {
		return 0
	}
	return deep(n+1) + deep(n+2)
}

func work(n int) []byte {
	x := uint32(1)
	for i := range n {
		x = x*1664525 + uint32(i)
	}
	if x == 0 {
		return []byte("luck")
	}
	return []byte("done")
}

func alloc(mib int) {
	b := make([]byte, mib<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
}
` + buildTable

// heavyInit makes a table before the call, and another one in it. Obedient makes both in
// the call when it is told to.
const heavyInit = `package tool

var table = build()

func Run(input []byte) ([]byte, error) {
	if build()[1] != table[1] {
		return nil, nil
	}
	return []byte("done"), nil
}
` + buildTable

const buildTable = `
func build() []uint32 {
	t := make([]uint32, 1<<16)
	for round := range 5 {
		for i := range t {
			t[i] = t[i]*31 + uint32(i+round)
		}
	}
	return t
}
`

var guests struct {
	sync.Mutex
	made map[string]Subject
}

// guest compiles a source; alone, with the module that its initialization is held against.
func guest(t testing.TB, name, source string) Subject {
	t.Helper()
	guests.Lock()
	defer guests.Unlock()
	if s, ok := guests.made[name]; ok {
		return s
	}
	report := accepted(t, source)
	batch := build.Plan([]build.Unit{{ID: name, Role: build.Tool, Files: files(source), Report: report}})[0]
	module, err := builder(t).Module(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	s := Subject{ID: name, Batch: batch.Hash, Source: []byte(source), Report: report, Module: module}
	if report.Alone {
		if s.Empty, err = builder(t).Empty(t.Context(), report.ImportSet); err != nil {
			t.Fatal(err)
		}
	}
	if guests.made == nil {
		guests.made = map[string]Subject{}
	}
	guests.made[name] = s
	return s
}

// options are a small budget, that a test may run out of often.
var options = Options{FuelPerMS: 1 << 20, TimeoutMS: 30, MemoryBytes: 64 * mib, Reruns: 1, Host: "here"}

func (o Options) budget() Budget {
	return Budget{TimeoutMS: o.TimeoutMS, MemoryBytes: o.MemoryBytes, FuelPerMS: o.FuelPerMS}
}

// orders makes a suite out of lines "kind: input -> output"; without an arrow an
// error is wanted. The kind bench is the benchmark's.
func orders(seed int64, lines ...string) *testgen.Suite {
	s := &testgen.Suite{Spec: "orders", Seed: seed, Compare: specs.CompareBytes, Digest: fmt.Sprint(seed, lines)}
	for i, line := range lines {
		kind, rest, _ := strings.Cut(line, ": ")
		input, want, answers := strings.Cut(rest, " -> ")
		c := testgen.Case{
			ID: fmt.Sprint(i), Name: line, Kind: kind, Input: []byte(input),
			Want: []byte(want), HasWant: true, WantError: !answers,
		}
		if kind == "bench" {
			s.Bench = &testgen.Bench{Case: c, Samples: 4}
		} else {
			s.Cases = append(s.Cases, c)
		}
	}
	return s
}

func measure(t testing.TB, s Subject, suite *testgen.Suite, opt Options) *Measurement {
	t.Helper()
	m, err := Measure(t.Context(), s, suite, nil, opt)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// outcomes are those of a run, in short.
func outcomes(calls []Call) string {
	var out []string
	for _, c := range calls {
		o := string(c.Outcome)
		if c.Outcome == sandbox.OK && !c.Correct {
			o = "wrong"
		}
		out = append(out, o)
	}
	return strings.Join(out, " ")
}
