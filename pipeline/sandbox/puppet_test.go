package sandbox

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"toolgen/fuzzing"
)

var update = flag.Bool("update", false, "write testdata/puppet.wasm anew")

// The puppet is a guest that does what its input spells. The input is a list of records:
// what to do, in a byte that 7 others follow, and nine arguments of 8 bytes in
// little-endian order; an i32 takes the lower half of one. What to do is the place of a
// host function in the order of their names, or one of these.
const (
	puppetStore  = 200 + iota // store the second argument's 8 bytes at the first
	puppetFill                // memory.fill
	puppetGrow                // memory.grow
	puppetStatus              // what toolgen_run will answer
	puppetOutput              // what toolgen_output will answer
)

const (
	puppetArgs   = 9
	puppetRecord = 8 + 8*puppetArgs
	puppetInput  = 1 << 16 // the address of the input; what is below is there to play with
)

var puppetNames = slices.Sorted(maps.Keys(hostFuncs))

// puppet writes the guest.
func puppet() string {
	var b strings.Builder
	b.WriteString("(module\n")
	for i, name := range puppetNames {
		f := hostFuncs[name]
		fmt.Fprintf(&b, "(import \"wasi_snapshot_preview1\" %q (func $h%d", name, i)
		for _, l := range f.params {
			fmt.Fprintf(&b, " (param %s)", map[rune]string{'i': "i32", 'I': "i64"}[l])
		}
		if !f.noResult {
			b.WriteString(" (result i32)")
		}
		b.WriteString("))\n")
	}
	arg := func(i int, t string) string { return fmt.Sprintf("(%s.load offset=%d (local.get $p))", t, 8+8*i) }
	b.WriteString(`(memory (export "memory") 2)
(global $end (mut i32) (i32.const 0)) (global $status (mut i32) (i32.const 0)) (global $output (mut i64) (i64.const 0))
(func (export "_initialize"))
(func (export "toolgen_select") (param i32))
(func (export "toolgen_alloc") (param $n i32) (result i32)
	(drop (memory.grow (i32.shr_u (local.get $n) (i32.const 16))))
	(global.set $end (i32.add (i32.const 65536) (local.get $n)))
	(i32.const 65536))
(func (export "toolgen_output") (result i64) (global.get $output))
(func (export "toolgen_run") (result i32) (local $p i32) (local $what i32)
(local.set $p (i32.const 65536))
(block $done (loop $next
(br_if $done (i32.gt_u (i32.add (local.get $p) (i32.const 80)) (global.get $end)))
(local.set $what (i32.load8_u (local.get $p)))
`)
	do := func(what int, body string) {
		fmt.Fprintf(&b, "(if (i32.eq (local.get $what) (i32.const %d)) (then %s))\n", what, body)
	}
	for i, name := range puppetNames {
		f := hostFuncs[name]
		call := fmt.Sprintf("(call $h%d", i)
		for k, l := range f.params {
			call += " " + arg(k, map[rune]string{'i': "i32", 'I': "i64"}[l])
		}
		call += ")"
		if !f.noResult {
			call = "(drop " + call + ")"
		}
		do(i, call)
	}
	do(puppetStore, "(i64.store "+arg(0, "i32")+" "+arg(1, "i64")+")")
	do(puppetFill, "(memory.fill "+arg(0, "i32")+" "+arg(1, "i32")+" "+arg(2, "i32")+")")
	do(puppetGrow, "(drop (memory.grow "+arg(0, "i32")+"))")
	do(puppetStatus, "(global.set $status "+arg(0, "i32")+")")
	do(puppetOutput, "(global.set $output "+arg(0, "i64")+")")
	b.WriteString("(local.set $p (i32.add (local.get $p) (i32.const 80))) (br $next)))\n(global.get $status)))\n")
	return b.String()
}

// record spells one thing to do.
func record(what int, args ...uint64) []byte {
	b := make([]byte, puppetRecord)
	b[0] = byte(what)
	for i, a := range args {
		binary.LittleEndian.PutUint64(b[8+8*i:], a)
	}
	return b
}

// host spells a host call.
func hostRecord(name string, args ...uint64) []byte {
	i, known := slices.BinarySearch(puppetNames, name)
	if !known {
		panic(name)
	}
	return record(i, args...)
}

func puppetModule(t testing.TB) *Module {
	t.Helper()
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.Compile(wat(t, puppet()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// The puppet lies in testdata for packages that may not compile WebAssembly text.
func TestPuppetIsKept(t *testing.T) {
	const path = "testdata/puppet.wasm"
	want := wat(t, puppet())
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not the puppet that host functions make (error %v); go test ./pipeline/sandbox -run Puppet -update", path, err)
	}
}

// extremes are numbers that arithmetic goes wrong with.
var extremes = []uint64{
	0, 1, 2, 7, 8, 48, 64, 255, 1000, 4096, 65_528, 65_535, 65_536, 131_064, 131_072, 1 << 20, 1 << 24,
	1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<53 - 1, 1 << 53, 1<<63 - 1, 1 << 63, math.MaxUint64 - 999, math.MaxUint64,
}

// puppetPlays are inputs of the puppet: every host function with extreme arguments, and
// those that do something with what drives them to their ends.
func puppetPlays() map[string][]byte {
	plays := map[string][]byte{}
	for _, name := range puppetNames {
		n := len(hostFuncs[name].params)
		for _, e := range extremes {
			plays[fmt.Sprintf("%s of %#x", name, e)] = hostRecord(name, slices.Repeat([]uint64{e}, n)...)
		}
	}
	join := func(records ...[]byte) []byte { return bytes.Join(records, nil) }
	for _, wait := range extremes {
		for _, clock := range []uint64{0, 1, 2, math.MaxUint32} {
			for _, flags := range []uint64{0, 1, 0xffff} {
				plays[fmt.Sprintf("sleep %#x by clock %d, flags %d", wait, clock, flags)] = join(
					record(puppetStore, 16, clock), record(puppetStore, 24, wait), record(puppetStore, 40, flags),
					hostRecord("poll_oneoff", 0, 4096, 1, 64), hostRecord("clock_time_get", 0, 0, 0), hostRecord("clock_time_get", 1, 0, 0),
					// And again, from wherever the clock is now.
					hostRecord("poll_oneoff", 0, 4096, 1, 64))
			}
		}
		plays[fmt.Sprintf("text of %#x", wait)] = join(
			record(puppetStore, 0, wait<<32), record(puppetStore, 8, wait), hostRecord("fd_write", 2, 0, 2, 64))
		plays[fmt.Sprintf("output %#x", wait)] = record(puppetOutput, wait)
		plays[fmt.Sprintf("status %#x", wait)] = record(puppetStatus, wait)
		plays[fmt.Sprintf("grow by %#x", wait)] = join(record(puppetGrow, wait), record(puppetGrow, wait))
		plays[fmt.Sprintf("exit %#x after text", wait)] = join(record(puppetStore, 0, 1000<<32|128), hostRecord("fd_write", 2, 0, 1, 64), hostRecord("proc_exit", wait))
	}
	plays["many subscriptions"] = hostRecord("poll_oneoff", 0, 65_536, 1365, 64)
	plays["many files"] = join(record(puppetFill, 0, 1, 65_520), hostRecord("poll_oneoff", 0, 65_536, 1365, 64))
	plays["random everywhere"] = hostRecord("random_get", 0, 131_072)
	plays["text without end"] = join(record(puppetStore, 0, 65_000<<32), bytes.Repeat(hostRecord("fd_write", 2, 0, 1, 65_528), 300))
	plays["text of control bytes"] = join(record(puppetFill, 256, 0xff, 1000), record(puppetStore, 0, 1000<<32|256),
		record(puppetStore, 256, binary.LittleEndian.Uint64([]byte("panic: \xff"))), hostRecord("fd_write", 2, 0, 1, 64), hostRecord("proc_exit", 2))
	plays["all that is denied"] = func() []byte {
		var all []byte
		for _, name := range slices.Backward(puppetNames) {
			if hostFuncs[name].call == nil {
				all = append(all, hostRecord(name)...)
			}
		}
		return append(all, all...)
	}()
	return plays
}

// puppetLimits are under which the puppet is played: small, the default, and as large as
// they may be.
var puppetLimits = []Limits{
	{Fuel: 100_000, FuelPerMS: 1, MemoryBytes: 4 << 20, OutputBytes: 1000, Wall: time.Minute},
	{Fuel: 20_000_000_000, FuelPerMS: 10_000_000, MemoryBytes: 64 << 20, OutputBytes: 16 << 20, Wall: time.Minute},
	{Fuel: MaxFuel, FuelPerMS: math.MaxInt64, MemoryBytes: 64 << 20, OutputBytes: 16 << 20, Wall: time.Minute},
	{Fuel: MaxFuel, FuelPerMS: 1, MemoryBytes: 64 << 20, OutputBytes: 16 << 20, Wall: time.Minute},
}

// No host call, however extreme its arguments, is an error of the machine, or makes a
// number that is out of bounds.
func TestHostCallsAreBounded(t *testing.T) {
	m := puppetModule(t)
	seen := map[Outcome]int{}
	play := func(name string, input []byte, l Limits) {
		c := Call{Input: input, Entropy: 1, Limits: l}
		r, err := m.Call(c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		checkBounds(t, name, c, r)
		seen[r.Outcome]++
	}
	for name, input := range puppetPlays() { // any order: each is for itself
		for i, l := range puppetLimits {
			play(fmt.Sprintf("%s, limits %d", name, i), input, l)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 3000 {
		play(fmt.Sprintf("play %d", n), randomPlay(random), puppetLimits[n%len(puppetLimits)])
	}
	t.Logf("outcomes %v", seen)
	for _, o := range []Outcome{OK, ToolError, Trap, OutOfMemory, Timeout, OutputFlood} {
		if seen[o] == 0 {
			t.Errorf("nothing ended as %s: the test has lost its subject", o)
		}
	}
}

// randomPlay makes a play of what a guest may do, mostly at addresses that exist.
func randomPlay(random *rand.Rand) []byte {
	pick := func() uint64 {
		if random.IntN(2) == 0 {
			return 8 * random.Uint64N(8)
		}
		return extremes[random.IntN(len(extremes))]
	}
	var play []byte
	for range 1 + random.IntN(12) {
		what := random.IntN(len(puppetNames))
		if random.IntN(2) == 0 {
			what = puppetStore + random.IntN(5)
		}
		var args []uint64
		for range puppetArgs {
			args = append(args, pick())
		}
		play = append(play, record(what, args...)...)
	}
	return play
}

func FuzzHost(f *testing.F) {
	fuzzing.Briefly(f)
	plays := puppetPlays()
	for _, name := range slices.Sorted(maps.Keys(plays)) {
		f.Add(plays[name], int64(1_000_000), int64(1000))
	}
	m := puppetModule(f)
	f.Fuzz(func(t *testing.T, input []byte, fuel, perMS int64) {
		if len(input) > 1<<20 {
			return
		}
		c := Call{Input: input, Limits: Limits{
			Fuel: max(1, fuel%2_000_000_000), FuelPerMS: max(1, perMS), MemoryBytes: 8 << 20, OutputBytes: 1 << 20, Wall: time.Minute,
		}}
		r, err := m.Call(c)
		if err != nil {
			t.Fatal(err)
		}
		checkBounds(t, "", c, r)
	})
}
