package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/bytecodealliance/wasmtime-go/v44"
	"github.com/google/go-cmp/cmp"
)

// The metered guest answers as the one that Go wrote does.
func TestCallAnswersAsUnmetered(t *testing.T) {
	plainGuests := map[string]*plain{}
	plainGuest := func(name string) *plain {
		if p, ok := plainGuests[name]; ok {
			return p
		}
		wasm, err := buildGuest(name)
		if err != nil {
			t.Fatal(err)
		}
		c := wasmtime.NewConfig()
		c.SetCraneliftNanCanonicalization(true)
		plainGuests[name] = newPlain(t, wasm, c)
		return plainGuests[name]
	}
	nested := strings.Repeat("(1+", 2000) + "1" + strings.Repeat(")", 2000)
	for _, tt := range []struct {
		guest  string
		index  uint32
		inputs []string
	}{
		{"guest", guestEcho, []string{"", "x", strings.Repeat("long ", 100_000)}},
		{"guest", guestFail, []string{"", "why"}},
		{"guest", guestJSON, []string{`["b","a ","b"]`, `[]`, `[1]`, `{`}},
		{"guest", guestParse, []string{"1+2*(3+4)", "((", "1+(2*3)*4)", nested}},
		{"guest", guestFloats, []string{"0", "1000"}},
		{"guest", guestGarbage, []string{"3"}},
		{"guest", guestEntropy, []string{""}},
		{"guest", guestLeftBehind, []string{""}},
		{"guest", guestGosched, []string{"50"}},
		{"guest", guestDeepJSON, []string{"2000"}},
		{"light", lightDedupe, []string{"", "a\nb\na\n", string(benchText(3000))}},
		{"light", lightWords, []string{"", "b a b", string(benchText(3000))}},
		{"light", lightPrimes, []string{"100000", "-1", "x"}},
	} {
		unmetered := plainGuest(tt.guest)
		m := mustModule(t, tt.guest)
		for _, input := range tt.inputs {
			c := Call{Index: tt.index, Input: []byte(input), Entropy: 7, Limits: testLimits}
			status, want, _ := unmetered.call(t, c)
			r, err := m.Call(c)
			if err != nil {
				t.Fatal(err)
			}
			ok := r.Outcome == OK && status == 0 && bytes.Equal(r.Output, want) ||
				r.Outcome == ToolError && status == 1 && r.Message == string(want)
			if !ok {
				t.Errorf("%s %d on %.40q: %s %.40q %.40q; unmetered: status %d, %.40q",
					tt.guest, tt.index, input, r.Outcome, r.Output, r.Message, status, want)
			}
		}
	}
}

func TestOutcomes(t *testing.T) {
	denied := func(names ...string) []string { return names }
	for _, tt := range []struct {
		name    string
		index   uint32
		input   string
		change  func(*Call)
		outcome Outcome
		message string // a regular expression for all of it
		denied  []string
	}{
		{"answer", guestEcho, "x", nil, OK, ``, nil},
		{"error", guestFail, "that", nil, ToolError, `cannot: that`, nil},
		{"error not in UTF-8", guestFail, "\xff", nil, ToolError, "cannot: \uFFFD", nil},
		{"long error", guestFail, strings.Repeat("ä", 5000), nil, ToolError, `cannot: ä+ \[\.\.\.\]`, nil},
		{"loop", guestLoop, "", nil, Timeout, `out of fuel`, nil},
		{"memory bomb", guestMemoryBomb, "", nil, OutOfMemory, `the memory limit refused .*`, nil},
		{"large slice", guestRetryGrow, "100", nil, OutOfMemory, `the memory limit refused .*`, nil},
		{"slice that fits", guestRetryGrow, "20", nil, OK, ``, nil},
		{"recursion bomb", guestRecursionBomb, "", nil, StackOverflow, `calls are nested too deeply`, nil},
		{"deep recursion", guestParse, strings.Repeat("(", 4000) + "1" + strings.Repeat(")", 4000), nil, OK, ``, nil},
		{"output flood", guestOutputFlood, "1048577", nil, OutputFlood, `1048577 bytes of output, 1048576 allowed`, nil},
		{"as much output as allowed", guestOutputFlood, "1048576", nil, OK, ``, nil},
		{"no output allowed", guestOutputFlood, "0", func(c *Call) { c.Limits.OutputBytes = 0 }, OK, ``, nil},
		{"text flood", guestTextFlood, "", nil, OutputFlood, `more than 1048576 bytes of text on stderr`, nil},
		{"standard streams", guestPrintLine, "", nil, OK, ``, denied("fd_read", "fd_write")},
		{"files", guestOpenFile, "", nil, OK, ``, denied("path_open")},
		{"sleep", guestSleep, "1000", nil, OK, ``, nil},
		{"sleep beyond the limit", guestSleep, "200000", nil, Timeout, `out of fuel`, nil},
		{"sleep for years", guestSleep, "9000000000000", nil, Timeout, `out of fuel`, nil},
		{"copies beyond the limit", guestCopies, "20000", nil, Timeout, `out of fuel`, nil},
		{"spinning on the clock", guestSpinClock, "", nil, Timeout, `out of fuel`, nil},
		{"deadlock", guestDeadlock, "", nil, Trap, `fatal error: all goroutines are asleep - deadlock!`, nil},
		{"panic", guestPanics, "do", nil, Trap, `panic: told to: do`, nil},
		{"index panic", guestPanics, "index", nil, Trap, `panic: runtime error: slice bounds out of range \[7:5\]`, nil},
		{"nil panic", guestPanics, "nil", nil, Trap, `panic: runtime error: invalid memory address or nil pointer dereference`, nil},
		{"panic with an address", guestPanics, "pointer", nil, Trap, `panic: \(\*main\.parser\) 0x\?`, nil},
		{"nested panics", guestPanics, "nested", nil, Trap, `panic: first\n\tpanic: second`, nil},
		{"long panic", guestPanics, "long", nil, Trap, `panic: ä+ \[\.\.\.\]`, nil},
		{"panic in a goroutine", guestPanics, "goroutine", nil, Trap, `panic: elsewhere`, nil},
		{"exit", guestExits, "3", nil, Trap, `exit status 3`, nil},
		{"exit without failure", guestExits, "0", nil, Trap, `exit status 0`, nil},
		{"goroutine left behind", guestLeftBehind, "", nil, OK, ``, nil},
		{"wrong status", guestNoResult, "", nil, Trap, `toolgen_run answered 7, want 0 or 1`, nil},
		{"no such function", 1000, "", nil, Trap, `panic: runtime error: index out of range \[1000\] with length \d+`, nil},
		{"too little memory for the data", guestEcho, "", func(c *Call) { c.Limits.MemoryBytes = pageBytes }, OutOfMemory, `the module's own data .*`, nil},
		{"too little memory for the runtime", guestEcho, strings.Repeat("x", 8<<20), func(c *Call) { c.Limits.MemoryBytes = 8 << 20 }, OutOfMemory, `the memory limit refused .*`, nil},
		{"too little fuel for the runtime", guestEcho, "", func(c *Call) { c.Limits.Fuel = 1000 }, Timeout, `out of fuel`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Call{Index: tt.index, Input: []byte(tt.input), Entropy: 42, Limits: testLimits}
			if tt.change != nil {
				tt.change(&c)
			}
			r, err := mustModule(t, "guest").Call(c)
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome != tt.outcome || !regexp.MustCompile(`(?s)^`+tt.message+`$`).MatchString(r.Message) {
				t.Errorf("%s, message %.200q; want %s, %q", r.Outcome, r.Message, tt.outcome, tt.message)
			}
			if diff := cmp.Diff(tt.denied, r.Denied); diff != "" {
				t.Errorf("denied (-want +got):\n%s", diff)
			}
			checkBounds(t, tt.name, c, r)
		})
	}
}

// The limit is exact: a call needs as much as Fuel says and not one unit less,
// whether instructions, copies or sleep make it up.
func TestFuelLimitIsExact(t *testing.T) {
	for _, tt := range []struct {
		index uint32
		input string
	}{{guestJSON, `["` + strings.Repeat(`a","b","`, 10_000) + `"]`}, {guestCopies, "900"}, {guestSleep, "1000"}, {guestGarbage, "20"}} {
		need := run(t, tt.index, tt.input, nil).Fuel
		enough := run(t, tt.index, tt.input, func(c *Call) { c.Limits.Fuel = need })
		less := run(t, tt.index, tt.input, func(c *Call) { c.Limits.Fuel = need - 1 })
		if enough.Outcome != OK || enough.Fuel != need {
			t.Errorf("tool %d with fuel %d: %s, spent %d", tt.index, need, enough.Outcome, enough.Fuel)
		}
		if less.Outcome != Timeout || less.Fuel < need {
			t.Errorf("tool %d with fuel %d: %s, spent %d", tt.index, need-1, less.Outcome, less.Fuel)
		}
	}
}

// Copies, memory and sleep cost what the package comment says.
func TestFuelFormula(t *testing.T) {
	cost := func(index uint32, input string) int64 { return run(t, index, input, nil).Fuel }
	// A copy moves 1 MiB, which is 131,072 units, and takes a few instructions.
	if got := cost(guestCopies, "300") - cost(guestCopies, "200"); got < 100*131_072 || got > 100*131_072+10_000 {
		t.Errorf("100 copies of 1 MiB cost %d, want little more than %d", got, 100*131_072)
	}
	// A page is 64 KiB of growth, and a few instructions ask for it.
	e, err := NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	grow := func(pages string) int64 {
		m, err := e.Compile(wat(t, hostileGuest(map[string]string{"RUN": "i32.const " + pages + " memory.grow drop i32.const 0"})))
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		r, err := m.Call(Call{Limits: testLimits})
		if err != nil || r.Outcome != OK {
			t.Fatalf("%s, %v", r.Outcome, err)
		}
		return r.Fuel
	}
	if got := grow("30") - grow("20"); got != 10*pageBytes*growthFuel {
		t.Errorf("10 pages cost %d, want %d", got, 10*pageBytes*growthFuel)
	}
	// A host call has a price, whatever it does, and so have the bytes that it moves.
	hostCalls := func(n, bytes int) int64 {
		m, err := e.Compile(wat(t, hostileGuest(map[string]string{
			"IMPORTS": `(import "wasi_snapshot_preview1" "random_get" (func $f (param i32 i32) (result i32)))`,
			"RUN":     strings.Repeat(fmt.Sprintf("i32.const 0 i32.const %d call $f drop ", bytes), n) + "i32.const 0",
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		r, err := m.Call(Call{Limits: testLimits})
		if err != nil || r.Outcome != OK {
			t.Fatalf("%s, %v", r.Outcome, err)
		}
		return r.Fuel
	}
	if got, want := hostCalls(30, 0)-hostCalls(20, 0), int64(10*(hostCallFuel+3)); got != want { // two constants and a call
		t.Errorf("10 host calls that move nothing cost %d, want %d", got, want)
	}
	if got, want := hostCalls(1, 50_000)-hostCalls(1, 40_000), int64(10_000*hostByteFuel); got != want {
		t.Errorf("10,000 bytes from the host cost %d, want %d", got, want)
	}
	// 100 ms of sleep are 100 * FuelPerMS.
	want := 100 * testLimits.FuelPerMS
	if got := cost(guestSleep, "200") - cost(guestSleep, "100"); got < want-10_000 || got > want+10_000 {
		t.Errorf("100 ms of sleep cost %d, want about %d", got, want)
	}
}

// Same call, same result to the last unit of fuel: again, at the same time as
// others, and in a module that was serialized.
func TestCallIsPure(t *testing.T) {
	m := mustModule(t, "guest")
	code, err := m.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := e.Deserialize(code)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	type job struct {
		module *Module
		index  uint32
		input  string
	}
	tools := []job{{index: guestJSON, input: `["a","b","a"]`}, {index: guestGarbage, input: "2"}, {index: guestEntropy},
		{index: guestClock}, {index: guestMemoryBomb}, {index: guestRecursionBomb}, {index: guestPanics, input: "pointer"}}
	call := func(j job) Result {
		r, err := j.module.Call(Call{Index: j.index, Input: []byte(j.input), Entropy: 42, Limits: testLimits})
		if err != nil {
			t.Error(err)
		}
		r.Wall = 0
		return r
	}
	for _, tool := range tools {
		want := run(t, tool.index, tool.input, nil)
		want.Wall = 0
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				j := tool
				j.module = []*Module{m, loaded}[i%2]
				if diff := cmp.Diff(want, call(j)); diff != "" {
					t.Errorf("tool %d, module %d (-first +again):\n%s", j.index, i%2, diff)
				}
			})
		}
		wg.Wait()
	}
}

// Entropy decides what is random, and nothing else.
func TestEntropy(t *testing.T) {
	with := func(index uint32, entropy int64) Result {
		return run(t, index, "", func(c *Call) { c.Entropy = entropy })
	}
	for _, tool := range []uint32{guestEntropy, guestClock} {
		a, b, again := with(tool, 1), with(tool, 2), with(tool, 1)
		if a.Outcome != OK || b.Outcome != OK || bytes.Equal(a.Output, b.Output) {
			t.Errorf("tool %d: %s %q and %s %q, want two different answers", tool, a.Outcome, a.Output, b.Outcome, b.Output)
		}
		if !bytes.Equal(a.Output, again.Output) {
			t.Errorf("tool %d: %q, then %q", tool, a.Output, again.Output)
		}
	}
	if a, b := with(guestEcho, 1), with(guestEcho, 2); a.Fuel != b.Fuel {
		t.Errorf("echo costs %d and %d under two entropies", a.Fuel, b.Fuel)
	}
	start, slept, found := strings.Cut(string(with(guestClock, 3).Output), " ")
	if n, err := strconv.ParseInt(start, 10, 64); !found || slept != "3s" || err != nil || n < clockEpoch || n > clockEpoch+clockSpan+1e9 {
		t.Errorf("the clock starts at %s and sleeps for %s, want 3s", start, slept)
	}
}

// What is done when the host asks for the output is part of the call: it costs what it
// does anywhere else, and both together have one limit.
func TestOutputIsMeasured(t *testing.T) {
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	const work = "(local $n i32) (local.set $n (i32.const %d)) (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
	call := func(run, output int, fuel int64) Result {
		t.Helper()
		m, err := e.Compile(wat(t, hostileGuest(map[string]string{
			"RUN": fmt.Sprintf(work, run) + "(i32.const 0)", "OUTPUT": fmt.Sprintf(work, output) + "(i64.const 0)",
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		c := Call{Limits: testLimits}
		c.Limits.Fuel = fuel
		r, err := m.Call(c)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	here, there := call(200_000, 1, testLimits.Fuel), call(1, 200_000, testLimits.Fuel)
	if here.Outcome != OK || there.Outcome != OK || here.Fuel != there.Fuel {
		t.Errorf("%s with %d units in the tool, %s with %d in the output; want the same", here.Outcome, here.Fuel, there.Outcome, there.Fuel)
	}
	if r := call(150_000, 150_000, here.Fuel); r.Outcome != Timeout || r.Fuel != here.Fuel+1 {
		t.Errorf("three quarters of the limit twice: %s with %d units of %d", r.Outcome, r.Fuel, here.Fuel)
	}
}

func TestInitLoopIsTimeout(t *testing.T) {
	r, err := mustModule(t, "initloop").Call(Call{Limits: testLimits})
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != Timeout || r.Fuel <= testLimits.Fuel || r.InitFuel != r.Fuel {
		t.Errorf("%s, fuel %d, init fuel %d; want a timeout with fuel and init fuel above %d", r.Outcome, r.Fuel, r.InitFuel, testLimits.Fuel)
	}
}

func TestLimitsAreChecked(t *testing.T) {
	for field, change := range map[string]func(*Limits){
		"Fuel":                     func(l *Limits) { l.Fuel = 0 },
		"Fuel is 4503599627370497": func(l *Limits) { l.Fuel = MaxFuel + 1 },
		"FuelPerMS":                func(l *Limits) { l.FuelPerMS = -1 },
		"MemoryBytes":              func(l *Limits) { l.MemoryBytes = 100_000 },
		"OutputBytes":              func(l *Limits) { l.OutputBytes = -1 },
		"Wall":                     func(l *Limits) { l.Wall = 0 },
	} {
		l := testLimits
		change(&l)
		_, err := mustModule(t, "light").Call(Call{Limits: l})
		if err == nil || !strings.Contains(err.Error(), "Limits."+field) {
			t.Errorf("bad %s: error %v", field, err)
		}
	}
}

// Calls leave nothing behind. Memory is compared after a warm-up, when
// allocators hold what they hold.
func TestCallsDoNotLeak(t *testing.T) {
	calls := 2000
	if testing.Short() {
		calls = 300
	}
	m := mustModule(t, "light")
	round := func(n int) {
		for i := range n {
			c := Call{Index: lightWords, Input: []byte("b a b"), Entropy: int64(i), Limits: testLimits}
			if r, err := m.Call(c); err != nil || r.Outcome != OK {
				t.Fatal(r.Outcome, r.Message, err)
			}
		}
		runtime.GC()
		runtime.GC() // finalizers of the first
	}
	round(calls / 4)
	before, goroutines := residentBytes(t), runtime.NumGoroutine()
	round(calls)
	if grown := residentBytes(t) - before; grown > 16<<20 {
		t.Errorf("%d calls retain %d bytes", calls, grown)
	} else {
		t.Logf("%d calls retain %d bytes", calls, grown)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines after %d calls, %d before", n, calls, goroutines)
	}
}

func residentBytes(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc")
	}
	var size, resident int
	if _, err := fmt.Sscan(string(status), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}

func TestSettings(t *testing.T) {
	gomod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`wasmtime-go/v\d+ v` + regexp.QuoteMeta(WasmtimeVersion) + `\b`).Match(gomod) {
		t.Errorf("WasmtimeVersion is %s, which is not that of go.mod", WasmtimeVersion)
	}
	if s := Settings(); s != Settings() || strings.Contains(s, "\n") || strings.Contains(s, "%!") {
		t.Errorf("settings %q", s)
	}
}

// hostileGuest is a guest in WebAssembly text, with parts replaced.
func hostileGuest(parts map[string]string) string {
	text := `
(module
	IMPORTS
	(memory (export "memory") MEMORY)
	(func (export "_initialize") INIT)
	(func (export "toolgen_select") (param i32))
	(func (export "toolgen_alloc") (param i32) (result i32) ALLOC)
	(func (export "toolgen_run") (result i32) RUN)
	(func (export "toolgen_output") (result i64) OUTPUT))`
	defaults := map[string]string{"IMPORTS": "", "MEMORY": "1", "INIT": "", "ALLOC": "i32.const 0", "RUN": "i32.const 0", "OUTPUT": "i64.const 0"}
	for name, value := range defaults {
		if v, ok := parts[name]; ok {
			value = v
		}
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

// A guest of any making cannot bring the host down.
func TestHostileModules(t *testing.T) {
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	imports := func(name, sig, run string) map[string]string {
		return map[string]string{
			"IMPORTS": fmt.Sprintf(`(import "wasi_snapshot_preview1" %q (func $f %s))`, name, sig),
			"RUN":     run,
		}
	}
	const ii, iiii = "(param i32 i32) (result i32)", "(param i32 i32 i32 i32) (result i32)"
	for _, tt := range []struct {
		name    string
		parts   map[string]string
		outcome Outcome
		message string
	}{
		{"nothing", nil, OK, ""},
		{"output outside of memory", map[string]string{"OUTPUT": "i64.const 0x0000ffff_00000002"}, Trap, "outside of memory"},
		{"output wraps around", map[string]string{"OUTPUT": "i64.const -1"}, Trap, "outside of memory"},
		{"flood outside of memory", map[string]string{"OUTPUT": "i64.const 0x7fffffff"}, Trap, "outside of memory"},
		{"buffer outside of memory", map[string]string{"ALLOC": "i32.const -1"}, Trap, "outside of memory"},
		{"unreachable", map[string]string{"RUN": "unreachable"}, Trap, "unreachable code"},
		{"unreachable at the start", map[string]string{"INIT": "unreachable"}, Trap, "unreachable code"},
		{"division by zero", map[string]string{"RUN": "i32.const 1 i32.const 0 i32.div_u"}, Trap, "integer division by zero"},
		{"division overflow", map[string]string{"RUN": "i32.const -2147483648 i32.const -1 i32.div_s"}, Trap, "integer overflow"},
		{"conversion", map[string]string{"RUN": "f64.const nan i32.trunc_f64_s"}, Trap, "integer"},
		{"load outside of memory", map[string]string{"RUN": "i32.const -4 i32.load"}, Trap, "memory access out of bounds"},
		{"loop in the output", map[string]string{"OUTPUT": "loop br 0 end unreachable"}, Timeout, "out of fuel"},
		{"grow to the limit and on", map[string]string{"RUN": "loop i32.const 100 memory.grow i32.const -1 i32.ne br_if 0 end unreachable"}, OutOfMemory, ""},
		{"refused, then content with less", map[string]string{"RUN": "i32.const 60000 memory.grow drop i32.const 1 memory.grow drop unreachable"}, Trap, "unreachable code"},
		{"refused, and answers", map[string]string{"RUN": "i32.const 60000 memory.grow drop i32.const 0"}, OK, ""},
		{"refused by the module's own maximum", map[string]string{"MEMORY": "1 2", "RUN": "i32.const 2 memory.grow drop unreachable"}, OutOfMemory, ""},
		{"random outside of memory", imports("random_get", ii, "i32.const 65530 i32.const 7 call $f"), Trap, "address outside of memory"},
		{"random of 4 GiB", imports("random_get", ii, "i32.const 65530 i32.const -1 call $f"), Trap, "address outside of memory"},
		{"random up to the end", imports("random_get", ii, "i32.const 65530 i32.const 6 call $f"), OK, ""},
		{"clock outside of memory", imports("clock_time_get", "(param i32 i64 i32) (result i32)", "i32.const 0 i64.const 0 i32.const 65529 call $f"), Trap, "address outside of memory"},
		{"text outside of memory", imports("fd_write", iiii, "i32.const 0 i32.const 65535 i32.store i32.const 4 i32.const 2 i32.store i32.const 2 i32.const 0 i32.const 1 i32.const 8 call $f"), Trap, "address outside of memory"},
		{"text in too many pieces", imports("fd_write", iiii, "i32.const 2 i32.const 0 i32.const 536870912 i32.const 8 call $f"), Trap, "address outside of memory"},
		{"pieces outside of memory", imports("fd_write", iiii, "i32.const 2 i32.const 65530 i32.const 1 i32.const 8 call $f"), Trap, "address outside of memory"},
		{"empty text, count outside of memory", imports("fd_write", iiii, "i32.const 2 i32.const 0 i32.const 0 i32.const 65533 call $f"), Trap, "address outside of memory"},
		{"poll of nothing", imports("poll_oneoff", iiii, "i32.const 0 i32.const 0 i32.const 0 i32.const 0 call $f i32.const 28 i32.ne"), OK, ""},
		{"poll of too much", imports("poll_oneoff", iiii, "i32.const 0 i32.const 0 i32.const 89478486 i32.const 0 call $f"), Trap, "address outside of memory"},
		{"poll outside of memory", imports("poll_oneoff", iiii, "i32.const 0 i32.const 65520 i32.const 1 i32.const 0 call $f"), Trap, "address outside of memory"},
		{"endless poll", imports("poll_oneoff", iiii, "i32.const 24 i64.const -1 i64.store i32.const 0 i32.const 64 i32.const 1 i32.const 256 call $f"), Timeout, "out of fuel"},
		{"poll into its own subscription", imports("poll_oneoff", iiii, "i32.const 0 i32.const 0 i32.const 2 i32.const 4 call $f"), OK, ""},
		{"arguments outside of memory", imports("args_sizes_get", ii, "i32.const 65533 i32.const 0 call $f"), Trap, "address outside of memory"},
		{"stream outside of memory", imports("fd_fdstat_get", ii, "i32.const 0 i32.const 65520 call $f"), Trap, "address outside of memory"},
		{"signal", imports("proc_raise", "(param i32) (result i32)", "i32.const 9 call $f i32.const 52 i32.ne"), OK, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := e.Compile(wat(t, hostileGuest(tt.parts)))
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			c := Call{Input: []byte("input"), Limits: testLimits}
			c.Limits.Fuel = 1_000_000_000 // more than memory up to its limit costs
			r, err := m.Call(c)
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome != tt.outcome || !strings.Contains(r.Message, tt.message) {
				t.Errorf("%s %q, want %s %q", r.Outcome, r.Message, tt.outcome, tt.message)
			}
			checkBounds(t, tt.name, c, r)
		})
	}
}

// What is no guest is refused when it is compiled.
func TestCompileRefuses(t *testing.T) {
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, wat, want string }{
		{"no exports", `(module)`, "does not export memory"},
		{"wrong signature", strings.Replace(hostileGuest(nil), `"toolgen_select") (param i32)`, `"toolgen_select") (param i64)`, 1), "toolgen_select as (I), want (i)"},
		{"wrong kind", strings.Replace(hostileGuest(nil), `(export "_initialize")`, `(export "init")) (global (export "_initialize") i32 (i32.const 0)) (func`, 1), "_initialize as global, want ()"},
		{"other module", hostileGuest(map[string]string{"IMPORTS": `(import "env" "sched_yield" (func (result i32)))`}), `"env" "sched_yield"`},
		{"unknown function", hostileGuest(map[string]string{"IMPORTS": `(import "wasi_snapshot_preview1" "system" (func (result i32)))`}), `"system"`},
		{"import with a wrong signature", hostileGuest(map[string]string{"IMPORTS": `(import "wasi_snapshot_preview1" "sched_yield" (func (param f32) (result i32)))`}), "signature (?)i, want ()i"},
		{"invalid code", hostileGuest(map[string]string{"RUN": "i64.const 0"}), "compile"},
	} {
		m, err := e.Compile(wat(t, tt.wat))
		if err == nil {
			m.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
	if _, err := e.Deserialize([]byte("garbage")); err == nil {
		t.Error("garbage was deserialized")
	}
}

func TestDeniedIsSortedAndDistinct(t *testing.T) {
	h := newHost(Call{Limits: testLimits})
	for _, name := range []string{"path_open", "fd_read", "sock_send", "fd_read", "path_open", "fd_close"} {
		h.deny(name)
	}
	if want := []string{"fd_close", "fd_read", "path_open", "sock_send"}; !slices.Equal(h.denied, want) {
		t.Errorf("denied %v, want %v", h.denied, want)
	}
}

// checkBounds holds a result against what the comments of Result promise.
func checkBounds(t testing.TB, name string, c Call, r Result) {
	t.Helper()
	if (r.Fuel == c.Limits.Fuel+1) != (r.Outcome == Timeout) || r.Fuel < 0 || r.Fuel > c.Limits.Fuel+1 {
		t.Errorf("%s: %s with fuel %d under a limit of %d", name, r.Outcome, r.Fuel, c.Limits.Fuel)
	}
	if r.InitFuel < 0 || r.InitFuel > c.Limits.Fuel+1 {
		t.Errorf("%s: %d units of initialization under a limit of %d", name, r.InitFuel, c.Limits.Fuel)
	}
	if own := r.Outcome == OutOfMemory && r.Fuel == 0; r.PeakMemoryBytes < 0 || r.PeakMemoryBytes > maxPages*pageBytes ||
		r.PeakMemoryBytes > c.Limits.MemoryBytes && !own {
		t.Errorf("%s: %s with %d bytes of memory under a limit of %d", name, r.Outcome, r.PeakMemoryBytes, c.Limits.MemoryBytes)
	}
	if len(r.Output) > c.Limits.OutputBytes || (r.Output != nil) != (r.Outcome == OK) {
		t.Errorf("%s: %s with %d bytes of output under a limit of %d", name, r.Outcome, len(r.Output), c.Limits.OutputBytes)
	}
	if len(r.Message) > messageBytes || !utf8.ValidString(r.Message) {
		t.Errorf("%s: message of %d bytes, %.40q", name, len(r.Message), r.Message)
	}
	if !slices.IsSorted(r.Denied) || len(slices.Compact(slices.Clone(r.Denied))) != len(r.Denied) {
		t.Errorf("%s: denied %v", name, r.Denied)
	}
	for _, d := range r.Denied {
		if _, known := hostFuncs[d]; !known {
			t.Errorf("%s: denied %q, which is no host function", name, d)
		}
	}
	if r.Wall < 0 {
		t.Errorf("%s: %v of wall-clock time", name, r.Wall)
	}
}

func TestSleepFuel(t *testing.T) {
	const maxInt64 = 1<<63 - 1
	for _, tt := range []struct {
		ns    uint64
		perMS int64
		want  int64
	}{
		{0, 1, 0},
		{1, 1, 1}, // rounded up
		{1_000_000, 7, 7},
		{1_000_001, 7, 8},
		{2_500_000, 10_000_000, 25_000_000},
		{1<<64 - 1, 10_000_000, maxInt64},
		{1<<64 - 1, maxInt64, maxInt64},
		{1 << 63, 999_999, 9223362813482738954}, // 2^63 - 2^63/10^6, rounded up
	} {
		if got := sleepFuel(tt.ns, tt.perMS); got != tt.want {
			t.Errorf("sleepFuel(%d, %d) = %d, want %d", tt.ns, tt.perMS, got, tt.want)
		}
	}
}

// TestPanicText reads the reason of a panic out of what else there may be on stderr.
func TestPanicText(t *testing.T) {
	flood := strings.Repeat("panic: no\n", 1<<20)
	for _, tt := range []struct{ name, stderr, want string }{
		{"nothing", "", ""},
		{"no panic", "some text, no panic: here\n", ""},
		{"a panic", "panic: why\n\ngoroutine 1 [running]:\nmain.main()\n", "panic: why"},
		{"after text", "text\npanic: not yet\npanic: why\n", "panic: why"},
		{"a fatal error, after a panic", "panic: not yet\nfatal error: why\n\nruntime stack:\n", "fatal error: why"},
		{"addresses", "panic: at 0xc000012345, goroutine 17\n", "panic: at 0x?, goroutine ?"},
		{"a flood of them", flood + "panic: why\ngoroutine 1", "panic: why"},
		{"text without end", "panic: why\n" + strings.Repeat("x", 2*panicWindow), ""},
	} {
		if got := panicText([]byte(tt.stderr)); got != tt.want {
			t.Errorf("%s: %.40q, want %q", tt.name, got, tt.want)
		}
	}
}
