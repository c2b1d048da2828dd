package sandbox

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// nominalNS is what a unit of fuel is worth at the default fuel_per_ms of 10,000,000.
const nominalNS = 0.1

// priced is a row of the table of fuel against time: a loop around an instruction or a
// host call, with the instructions that feed it.
type priced struct {
	class, op string
	// body is what is repeated, in terms of locals. $x of type t carries a value from one
	// repetition to the next; parallel repeats body over four of them.
	body     string
	t        string // type of $x, $y and $z; "" for none
	x, y, z  string // their constants
	parallel bool

	imports, memory, init string // parts of hostileGuest
	once                  string // before the loop
	functions             string
	unroll, times         int // body stands unroll times in a loop that is run so often; 0: 32 times 100,000
	divide                int // of one body, where it holds many operations; 0: 1
}

func (p *priced) ops() int { return p.unroll * p.times / p.divide }

// guest writes the row's guest.
func (p *priced) guest() string {
	if p.unroll == 0 {
		p.unroll, p.times = 32, 100_000
	}
	p.divide = max(1, p.divide)
	var run strings.Builder
	run.WriteString("(local $n i32) (local $at i32) (local $r i64)")
	for _, x := range []string{"x", "x1", "x2", "x3", "y", "z"} {
		if p.t != "" {
			fmt.Fprintf(&run, " (local $%s %s)", x, p.t)
		}
	}
	// The compiler must not know the operands, so they come out of memory.
	var setup strings.Builder
	if p.t != "" {
		for i, x := range []string{"x", "x1", "x2", "x3", "y", "z"} {
			value := or([]string{p.x, p.x, p.x, p.x, p.y, p.z}[i], "1")
			fmt.Fprintf(&setup, "(%s.store (i32.const %d) (%s.const %s))", p.t, 64+8*i, p.t, value)
			fmt.Fprintf(&run, "\n(local.set $%s (%s.load (i32.const %d)))", x, p.t, 64+8*i)
		}
	}
	run.WriteString("\n" + p.once)
	fmt.Fprintf(&run, "\n(local.set $n (i32.const %d))\nloop $again\n", p.times)
	for i := range p.unroll {
		body := p.body
		if p.parallel {
			if i %= 4; i > 0 {
				body = strings.ReplaceAll(body, "$x", fmt.Sprintf("$x%d", i))
			}
		}
		run.WriteString(body + "\n")
	}
	run.WriteString("(local.tee $n (i32.sub (local.get $n) (i32.const 1))) br_if $again end\n")
	if p.t != "" { // all of them matter
		run.WriteString("(i64.store (i32.const 0) ")
		conv := map[string]string{"i64": "%s", "i32": "(i64.extend_i32_u %s)", "f64": "(i64.reinterpret_f64 %s)", "f32": "(i64.extend_i32_u (i32.reinterpret_f32 %s))"}[p.t]
		get := func(x string) string { return fmt.Sprintf(conv, "(local.get $"+x+")") }
		fmt.Fprintf(&run, "(i64.xor (i64.xor %s %s) (i64.xor %s %s)))\n", get("x"), get("x1"), get("x2"), get("x3"))
	}
	run.WriteString("(i64.store (i32.const 8) (local.get $r)) i32.const 0")
	return strings.Replace(hostileGuest(map[string]string{
		"IMPORTS": p.imports, "MEMORY": or(p.memory, "1"), "INIT": p.init + setup.String(), "RUN": run.String(),
	}), "(func (export \"_initialize\")", p.functions+"\n(func (export \"_initialize\")", 1)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// binary is x = x OP y.
func binaryOp(class, t, op, x, y string) []priced {
	p := priced{class: class, op: t + "." + op, t: t, x: x, y: y,
		body: fmt.Sprintf("(local.set $x (%s.%s (local.get $x) (local.get $y)))", t, op)}
	q := p
	q.op, q.parallel = p.op+"/form=parallel", true
	p.op += "/form=chain"
	return []priced{p, q}
}

// divide is x = (z xor x) OP y, so that the dividend stays large.
func divideOp(t, op string) []priced {
	z, y := "0x7edcba9876543210", "0x12345"
	if t == "i32" {
		z, y = "0x7edcba98", "0x123"
	}
	p := priced{class: "divide", op: t + "." + op, t: t, x: "1", y: y, z: z,
		body: fmt.Sprintf("(local.set $x (%s.%s (%s.xor (local.get $z) (local.get $x)) (local.get $y)))", t, op, t)}
	q := p
	q.op, q.parallel = p.op+"/form=parallel", true
	p.op += "/form=chain"
	return []priced{p, q}
}

// unary is x = OP(x).
func unaryOp(class, t, op, x string) []priced {
	p := priced{class: class, op: op, t: t, x: x, body: fmt.Sprintf("(local.set $x %s)", op)}
	if !strings.Contains(op, "(") {
		p.body = fmt.Sprintf("(local.set $x (%s.%s (local.get $x)))", t, op)
		p.op = t + "." + op
	}
	q := p
	q.op, q.parallel = p.op+"/form=parallel", true
	p.op += "/form=chain"
	return []priced{p, q}
}

// hostCall is a host call with constant arguments.
func hostCall(name, label, args, once string, times int) priced {
	f := hostFuncs[name]
	sig := ""
	for _, l := range f.params {
		sig += map[rune]string{'i': " i32", 'I': " i64"}[l]
	}
	result := " (result i32)"
	if sig != "" {
		sig = " (param" + sig + ")"
	}
	return priced{class: "host", op: name + label, unroll: 1, times: times, once: once, memory: "64",
		imports: fmt.Sprintf(`(import "wasi_snapshot_preview1" %q (func $host%s%s))`, name, sig, result),
		body:    args + " call $host drop"}
}

const subnormal = "0x1p-1060"

// touched is memory of 64 MiB that is really there: pages that were never written are one
// page of zeros to the CPU.
const touched = "(memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864))"

func prices() []priced {
	var t []priced
	for _, w := range []string{"i32", "i64"} {
		t = append(t, binaryOp("integer", w, "add", "1", "3")...)
		t = append(t, binaryOp("integer", w, "mul", "1", "3")...)
		t = append(t, binaryOp("integer", w, "shl", "1", "3")...)
		t = append(t, binaryOp("integer", w, "rotl", "1", "3")...)
		for _, op := range []string{"clz", "ctz", "popcnt"} {
			t = append(t, unaryOp("integer", w, op, "77")...)
		}
		for _, op := range []string{"div_s", "div_u", "rem_s", "rem_u"} {
			t = append(t, divideOp(w, op)...)
		}
	}
	for _, w := range []string{"f32", "f64"} {
		small := subnormal
		if w == "f32" {
			small = "0x1p-140"
		}
		for _, op := range []string{"add", "mul", "div", "min", "max", "copysign"} {
			t = append(t, binaryOp("float", w, op, "1.5", "1.0000001")...)
		}
		for _, op := range []string{"sqrt", "floor", "nearest", "abs"} {
			t = append(t, unaryOp("float", w, op, "1.5")...)
		}
		for _, op := range []string{"add", "mul", "div"} {
			t = append(t, binaryOp("nan", w, op, "nan", "1.5")...)
			t = append(t, binaryOp("subnormal", w, op, small, map[string]string{"add": small, "mul": "0.9999999", "div": "1.0000001"}[op])...)
		}
		t = append(t, unaryOp("subnormal", w, "("+w+".sqrt ("+w+".mul (local.get $x) ("+w+".const "+small+")))", "1")...)
	}
	for _, op := range []string{
		"(f64.convert_i64_s (i64.trunc_f64_s (local.get $x)))", "(f64.convert_i64_u (i64.trunc_f64_u (local.get $x)))",
		"(f64.convert_i64_s (i64.trunc_sat_f64_s (local.get $x)))", "(f64.convert_i64_u (i64.trunc_sat_f64_u (local.get $x)))",
		"(f64.convert_i32_s (i32.trunc_f64_s (local.get $x)))", "(f64.convert_i32_u (i32.trunc_sat_f64_u (local.get $x)))",
		"(f64.promote_f32 (f32.demote_f64 (local.get $x)))", "(f64.reinterpret_i64 (i64.reinterpret_f64 (local.get $x)))",
	} {
		t = append(t, unaryOp("convert", "f64", op, "12345678.5")...)
	}

	const random = "(local.set $x (i64.add (i64.mul (local.get $x) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))"
	t = append(t,
		priced{class: "memory", op: "load/form=sequential", memory: "1025", init: touched,
			body: "(local.set $r (i64.add (local.get $r) (i64.load (local.get $at)))) (local.set $at (i32.and (i32.add (local.get $at) (i32.const 8)) (i32.const 0x3fffff8)))"},
		priced{class: "memory", op: "store/form=sequential", memory: "1025", init: touched,
			body: "(i64.store (local.get $at) (local.get $r)) (local.set $at (i32.and (i32.add (local.get $at) (i32.const 8)) (i32.const 0x3fffff8)))"},
		priced{class: "memory", op: "load/form=unaligned", memory: "1025", init: touched,
			body: "(local.set $r (i64.add (local.get $r) (i64.load (local.get $at)))) (local.set $at (i32.and (i32.add (local.get $at) (i32.const 61)) (i32.const 0x3fffff)))"},
		priced{class: "memory", op: "load/form=page", memory: "1025", init: touched,
			body: "(local.set $r (i64.add (local.get $r) (i64.load (local.get $at)))) (local.set $at (i32.and (i32.add (local.get $at) (i32.const 4160)) (i32.const 0x3fffff8)))"},
		priced{class: "memory", op: "load/form=random", memory: "1025", init: touched, t: "i64", x: "1",
			body: random + "(local.set $r (i64.add (local.get $r) (i64.load (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 33))) (i32.const 0x3fffff8)))))"},
		priced{class: "memory", op: "load/form=chase", memory: "1025", init: touched, t: "i64", x: "1", unroll: 8, times: 100_000,
			body: random + "(local.set $x (i64.xor (local.get $x) (i64.load (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 33))) (i32.const 0x3fffff8)))))"},
		priced{class: "memory", op: "store/form=random", memory: "1025", init: touched, t: "i64", x: "1",
			body: random + "(i64.store (i32.and (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 33))) (i32.const 0x3fffff8)) (local.get $x))"},
	)
	for _, n := range []struct{ bytes, times int }{{0, 100_000}, {16, 100_000}, {256, 100_000}, {4096, 50_000}, {65536, 2000}, {1 << 20, 100}, {16 << 20, 5}} {
		for _, op := range []string{"copy", "fill"} {
			source := "(i32.const 33554432)"
			if op == "fill" {
				source = "(i32.const 7)"
			}
			t = append(t, priced{class: "bulk", op: fmt.Sprintf("memory.%s/bytes=%d", op, n.bytes), memory: "1025", init: touched, unroll: 4, times: n.times,
				body: fmt.Sprintf("(memory.%s (i32.const 0) %s (i32.const %d))", op, source, n.bytes)})
		}
	}
	t = append(t,
		priced{class: "growth", op: "memory.grow/form=touched_64KiB", once: "(drop (memory.grow (i32.const 800)))", unroll: 1, times: 800 * 16, divide: 16,
			body: "(i64.store (local.get $at) (i64.const 1)) (local.set $at (i32.add (local.get $at) (i32.const 4096)))"},
		priced{class: "growth", op: "memory.grow/form=untouched_64KiB", unroll: 1, times: 800, body: "(drop (memory.grow (i32.const 1)))"},
		priced{class: "growth", op: "memory.grow/form=refused", unroll: 1, times: 20_000, body: "(drop (memory.grow (i32.const 65000)))"},
		priced{class: "growth", op: "memory.grow/form=zero", unroll: 1, times: 20_000, body: "(drop (memory.grow (i32.const 0)))"},
		priced{class: "growth", op: "memory.size", body: "(local.set $at (i32.xor (local.get $at) (memory.size)))"},
		priced{class: "control", op: "call/form=leaf", body: "(local.set $r (call $leaf (local.get $r)))",
			functions: "(func $leaf (param i64) (result i64) (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 7)) (else (i64.xor (local.get 0) (i64.load (i32.const 16))))))"},
		priced{class: "control", op: "call/form=metered", body: "(local.set $r (call $node (local.get $r)))",
			functions: "(func $leaf (param i64) (result i64) (i64.const 7)) (func $node (param i64) (result i64) (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 7)) (else (if (result i64) (i64.eq (local.get 0) (i64.const 99)) (then (call $leaf (local.get 0))) (else (local.get 0))))))"},
		priced{class: "control", op: "call_indirect", body: "(local.set $r (call_indirect (param i64) (result i64) (local.get $r) (i32.and (i32.wrap_i64 (local.get $r)) (i32.const 1))))",
			functions: "(table 2 funcref) (elem (i32.const 0) $a $b) (func $a (param i64) (result i64) (i64.add (local.get 0) (i64.const 3))) (func $b (param i64) (result i64) (i64.mul (local.get 0) (i64.const 5)))"},
		priced{class: "control", op: "br_if/form=unpredictable", t: "i64", x: "1",
			body: random + "(if (i64.lt_s (local.get $x) (i64.const 0)) (then (i64.store (i32.const 16) (local.get $x))))"},
		priced{class: "control", op: "br_table/form=unpredictable", t: "i64", x: "1",
			body: random + "block block block block (br_table 0 1 2 3 (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 62)))) end (i64.store (i32.const 16) (local.get $x)) end (i64.store (i32.const 24) (local.get $x)) end (i64.store (i32.const 32) (local.get $x)) end"},
		priced{class: "control", op: "select", t: "i64", x: "1", body: "(local.set $x (select (i64.add (local.get $x) (i64.const 3)) (local.get $y) (i32.wrap_i64 (local.get $x))))"},
		priced{class: "control", op: "global", functions: "(global $g (mut i64) (i64.const 1))", body: "(global.set $g (i64.add (global.get $g) (i64.const 3)))"},
	)

	const many = 20_000
	sub := "(i64.store offset=0 (i32.const 1024) (i64.const 0))"
	t = append(t,
		hostCall("sched_yield", "", "", "", many),
		hostCall("args_get", "", "i32.const 0 i32.const 0", "", many),
		hostCall("args_sizes_get", "", "i32.const 64 i32.const 72", "", many),
		hostCall("environ_get", "", "i32.const 0 i32.const 0", "", many),
		hostCall("environ_sizes_get", "", "i32.const 64 i32.const 72", "", many),
		hostCall("clock_time_get", "", "i32.const 1 i64.const 0 i32.const 64", "", many),
		hostCall("clock_time_get", "/form=refused", "i32.const 9 i64.const 0 i32.const 64", "", many),
		hostCall("random_get", "/bytes=8", "i32.const 64 i32.const 8", "", many),
		hostCall("random_get", "/bytes=65536", "i32.const 64 i32.const 65536", "", 200),
		hostCall("random_get", "/bytes=4000000", "i32.const 64 i32.const 4000000", "", 5),
		hostCall("poll_oneoff", "/subscriptions=1", "i32.const 1024 i32.const 2048 i32.const 1 i32.const 64", sub, many),
		hostCall("poll_oneoff", "/subscriptions=1000", "i32.const 65536 i32.const 200000 i32.const 1000 i32.const 64", "", 200),
		hostCall("poll_oneoff", "/subscriptions=10000_of_files", "i32.const 65536 i32.const 1000000 i32.const 10000 i32.const 64", "(memory.fill (i32.const 65536) (i32.const 1) (i32.const 480000))", 50),
		hostCall("fd_fdstat_get", "", "i32.const 1 i32.const 64", "", many),
		hostCall("fd_fdstat_get", "/form=denied", "i32.const 9 i32.const 64", "", many),
		hostCall("fd_fdstat_set_flags", "", "i32.const 1 i32.const 0", "", many),
		hostCall("fd_prestat_get", "", "i32.const 3 i32.const 64", "", many),
		hostCall("fd_write", "/bytes=0", "i32.const 2 i32.const 0 i32.const 0 i32.const 64", "", many),
		hostCall("fd_write", "/bytes=16", "i32.const 2 i32.const 0 i32.const 1 i32.const 64", "(i32.store (i32.const 4) (i32.const 16))", many),
		hostCall("fd_write", "/bytes=65536", "i32.const 2 i32.const 0 i32.const 1 i32.const 64", "(i32.store (i32.const 4) (i32.const 65536))", 240),
		hostCall("fd_write", "/bytes=1048576", "i32.const 2 i32.const 0 i32.const 1 i32.const 64", "(i32.store (i32.const 4) (i32.const 1048576))", 15),
		hostCall("fd_write", "/pieces=100000_of_0", "i32.const 2 i32.const 65536 i32.const 100000 i32.const 64", "", 20),
		hostCall("fd_write", "/form=denied", "i32.const 1 i32.const 0 i32.const 1 i32.const 64", "", many),
		hostCall("path_open", "", "i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i64.const 0 i64.const 0 i32.const 0 i32.const 0", "", many),
		hostCall("proc_raise", "", "i32.const 9", "", many),
		hostCall("sock_shutdown", "", "i32.const 9 i32.const 0", "", many),
	)
	return t
}

// BenchmarkPrices is the table of fuel against time, by class of instruction and host
// call. fuel/op and ns/op include what feeds the operation; off is how many times more
// time it takes than its fuel stands for at the default fuel_per_ms, and above 10 it
// stands out. form=chain hangs each operation on the one before (its latency, the most it
// can cost); form=parallel runs four chains side by side, as honest code nearly always
// does, and is what prices go by.
//
// RATIONALE.md says what has a price for it, and what cannot have one.
func BenchmarkPrices(b *testing.B) {
	e, err := engine()
	if err != nil {
		b.Fatal(err)
	}
	limits := testLimits
	limits.Fuel, limits.FuelPerMS, limits.MemoryBytes, limits.OutputBytes = 1<<50, 10_000_000, 128<<20, 1<<26
	for _, p := range prices() {
		b.Run(fmt.Sprintf("class=%s/op=%s", p.class, strings.NewReplacer(" ", "_", "(", "", ")", "", "local.get_$x", "x").Replace(p.op)), func(b *testing.B) {
			m, err := e.Compile(wat(b, p.guest()))
			if err != nil {
				b.Fatal(err, p.guest())
			}
			defer m.Close()
			best, fuel := math.Inf(1), int64(0)
			for range b.N {
				r, err := m.Call(Call{Limits: limits})
				if err != nil || r.Outcome != OK {
					b.Fatal(r.Outcome, r.Message, err)
				}
				best, fuel = min(best, float64(r.Wall.Nanoseconds())), r.Fuel
			}
			ops := float64(p.ops())
			b.ReportMetric(best/ops, "best-ns/op")
			b.ReportMetric(float64(fuel)/ops, "fuel/op")
			b.ReportMetric(best/(float64(fuel)*nominalNS), "off")
		})
	}
}
