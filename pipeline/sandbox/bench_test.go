package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// benchTools are realistic guests, by the folder in testdata and the index.
var benchTools = []struct {
	name  string
	guest string
	index uint32
	input func() []byte
}{
	{"dedupe", "light", lightDedupe, func() []byte { return benchText(60_000) }},
	{"words", "light", lightWords, func() []byte { return benchText(60_000) }},
	{"primes", "light", lightPrimes, func() []byte { return []byte("4000000") }},
	{"json", "guest", guestJSON, func() []byte {
		b, err := json.Marshal(strings.Split(string(benchText(20_000)), "\n"))
		if err != nil {
			panic(err)
		}
		return b
	}},
	{"parse", "guest", guestParse, func() []byte {
		return []byte(strings.Repeat("(1+2*(3+4)*(5+(6*7)))+", 50_000) + "1")
	}},
	{"floats", "guest", guestFloats, func() []byte { return []byte("400000") }},
	{"garbage", "guest", guestGarbage, func() []byte { return []byte("40") }},
}

func benchText(lines int) []byte {
	var b strings.Builder
	for i := range lines {
		fmt.Fprintf(&b, "line number %d with some text \n", i*i%7001)
	}
	return []byte(b.String())
}

// BenchmarkRun compares the measured part under full metering with the same
// module as Go wrote it, compiled without fuel, meters and canonical NaNs. The
// figure to look at is run-ns/op, which leaves out the start of the instance.
func BenchmarkRun(b *testing.B) {
	limits := testLimits
	limits.Fuel, limits.MemoryBytes, limits.OutputBytes = 1<<50, 1<<30, 1<<30
	for _, guest := range []string{"light", "guest"} {
		wasm, err := buildGuest(guest)
		if err != nil {
			b.Fatal(err)
		}
		unmetered := newPlain(b, wasm, wasmtime.NewConfig())
		for _, tool := range benchTools {
			if tool.guest != guest {
				continue
			}
			call := Call{Index: tool.index, Input: tool.input(), Entropy: 1, Limits: limits}
			metered := func(m *Module) func() time.Duration {
				return func() time.Duration {
					r, err := m.Call(call)
					if err != nil || r.Outcome != OK {
						b.Fatal(r.Outcome, r.Message, err)
					}
					return r.Wall
				}
			}
			for _, mode := range []struct {
				name string
				run  func() time.Duration
			}{
				{"metered", metered(mustModule(b, guest))},
				{"plain", func() time.Duration { _, _, wall := unmetered.call(b, call); return wall }},
			} {
				b.Run(fmt.Sprintf("tool=%s/mode=%s", tool.name, mode.name), func(b *testing.B) {
					wall, best := time.Duration(0), time.Duration(math.MaxInt64)
					for range b.N {
						w := mode.run()
						wall, best = wall+w, min(best, w)
					}
					b.ReportMetric(float64(wall.Nanoseconds())/float64(b.N), "run-ns/op")
					b.ReportMetric(float64(best.Nanoseconds()), "best-ns")
				})
			}
		}
	}
}

// BenchmarkInstance is what a call costs that does nothing.
func BenchmarkInstance(b *testing.B) {
	for _, guest := range []string{"light", "guest"} {
		b.Run("guest="+guest, func(b *testing.B) {
			m := mustModule(b, guest)
			call := Call{Index: 0, Entropy: 1, Limits: testLimits}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Call(call); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompile is what a new batch costs, and what a cached one costs.
func BenchmarkCompile(b *testing.B) {
	for _, guest := range []string{"light", "guest"} {
		wasm, err := buildGuest(guest)
		if err != nil {
			b.Fatal(err)
		}
		e, err := engine()
		if err != nil {
			b.Fatal(err)
		}
		b.Run("guest="+guest+"/step=meter", func(b *testing.B) {
			for b.Loop() {
				if _, err := Meter(wasm); err != nil {
					b.Fatal(err)
				}
			}
		})
		var code []byte
		b.Run("guest="+guest+"/step=compile", func(b *testing.B) {
			for b.Loop() {
				m, err := e.Compile(wasm)
				if err != nil {
					b.Fatal(err)
				}
				if code, err = m.Serialize(); err != nil {
					b.Fatal(err)
				}
				m.Close()
			}
			b.ReportMetric(float64(len(wasm)), "wasm-bytes")
			b.ReportMetric(float64(len(code)), "code-bytes")
		})
		b.Run("guest="+guest+"/step=deserialize", func(b *testing.B) {
			for b.Loop() {
				m, err := e.Deserialize(code)
				if err != nil {
					b.Fatal(err)
				}
				m.Close()
			}
		})
	}
}
