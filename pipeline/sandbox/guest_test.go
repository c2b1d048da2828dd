package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// Indices of the tools of testdata/guest.
const (
	guestEcho = iota
	guestFail
	guestJSON
	guestParse
	guestFloats
	guestGarbage
	guestEntropy
	guestClock
	guestLoop
	guestMemoryBomb
	guestRecursionBomb
	guestOutputFlood
	guestTextFlood
	guestPrintLine
	guestOpenFile
	guestSleep
	guestDeadlock
	guestPanics
	guestExits
	guestLeftBehind
	guestCopies
	guestRetryGrow
	guestNoResult
	guestSpinClock
	guestDeepJSON
	guestGosched
)

// Indices of the tools of testdata/light.
const (
	lightDedupe = iota
	lightWords
	lightPrimes
)

var scratch string // the folder that guests are built in

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "sandbox"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// buildGuest compiles testdata/name to WebAssembly, once per test binary.
func buildGuest(name string) ([]byte, error) {
	guestsMu.Lock()
	defer guestsMu.Unlock()
	if wasm, ok := guests[name]; ok {
		return wasm, nil
	}
	out := filepath.Join(scratch, name+".wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -buildid=", "-buildmode=c-shared", "-o", out, "./testdata/"+name)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build guest %s: %w\n%s", name, err, text)
	}
	wasm, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	guests[name] = wasm
	return wasm, nil
}

var (
	guestsMu sync.Mutex
	guests   = map[string][]byte{}

	modulesMu sync.Mutex
	modules   = map[string]*Module{}
	engine    = sync.OnceValues(NewEngine)
)

// module returns the compiled testdata/name, shared by all tests.
func module(name string) (*Module, error) {
	wasm, err := buildGuest(name)
	if err != nil {
		return nil, err
	}
	e, err := engine()
	if err != nil {
		return nil, err
	}
	modulesMu.Lock()
	defer modulesMu.Unlock()
	if m, ok := modules[name]; ok {
		return m, nil
	}
	m, err := e.Compile(wasm)
	if err != nil {
		return nil, err
	}
	modules[name] = m
	return m, nil
}

func mustModule(t testing.TB, name string) *Module {
	t.Helper()
	m, err := module(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var testLimits = Limits{
	Fuel:        2_000_000_000,
	FuelPerMS:   10_000,
	MemoryBytes: 64 << 20,
	OutputBytes: 1 << 20,
	Wall:        5 * time.Minute,
}

// run calls a tool of testdata/guest under testLimits, changed by change.
func run(t testing.TB, index uint32, input string, change func(*Call)) Result {
	t.Helper()
	c := Call{Index: index, Input: []byte(input), Entropy: 42, Limits: testLimits}
	if change != nil {
		change(&c)
	}
	r, err := mustModule(t, "guest").Call(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wat compiles WebAssembly text.
func wat(t testing.TB, text string) []byte {
	t.Helper()
	wasm, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}
