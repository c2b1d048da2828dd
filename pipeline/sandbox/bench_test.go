package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

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
// module as Go wrote it, compiled without fuel, epochs and meters.
func BenchmarkRun(b *testing.B) {
	limits := testLimits
	limits.Fuel, limits.MemoryBytes, limits.OutputBytes = 1<<50, 1<<30, 1<<30
	for _, tool := range benchTools {
		call := Call{Index: tool.index, Input: tool.input(), Entropy: 1, Limits: limits}
		for _, mode := range benchModes {
			b.Run(fmt.Sprintf("tool=%s/mode=%s", tool.name, mode.name), func(b *testing.B) {
				m := mode.module(b, tool.guest)
				wall, fuel := 0.0, int64(0)
				b.ResetTimer()
				for range b.N {
					r, err := m.Call(context.Background(), call)
					if err != nil || r.Outcome != OK {
						b.Fatal(r.Outcome, r.Message, err)
					}
					wall += float64(r.Wall.Nanoseconds())
					fuel = r.Fuel
				}
				b.ReportMetric(wall/float64(b.N), "run-ns/op")
				b.ReportMetric(float64(fuel), "fuel/op")
			})
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
				if _, err := m.Call(context.Background(), call); err != nil {
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

var benchModes = []struct {
	name   string
	module func(testing.TB, string) *Module
}{
	{"metered", mustModule},
	{"plain", plainModule},
	{"pass", nil},
	{"fuelpass", func(tb testing.TB, g string) *Module {
		return variant(tb, g, "fuelpass", true, func(c *wasmtime.Config) { c.SetEpochInterruption(false) })
	}},
	{"nospectre", func(tb testing.TB, g string) *Module {
		return variant(tb, g, "nospectre", true, func(c *wasmtime.Config) {
			c.SetCraneliftFlag("enable_table_access_spectre_mitigation", "false")
			c.SetCraneliftFlag("enable_heap_access_spectre_mitigation", "false")
		})
	}},
	{"fuelpassnospectre", func(tb testing.TB, g string) *Module {
		return variant(tb, g, "fuelpassnospectre", true, func(c *wasmtime.Config) {
			c.SetEpochInterruption(false)
			c.SetCraneliftFlag("enable_table_access_spectre_mitigation", "false")
			c.SetCraneliftFlag("enable_heap_access_spectre_mitigation", "false")
		})
	}},
	{"fuelpassnan", func(tb testing.TB, g string) *Module {
		return variant(tb, g, "fuelpassnan", true, func(c *wasmtime.Config) {
			c.SetEpochInterruption(false)
			c.SetCraneliftNanCanonicalization(false)
		})
	}},
}

var variants = map[string]*Module{}

func plainModule(tb testing.TB, g string) *Module { return variant(tb, g, "plain", false, nil) }

func variant(tb testing.TB, g, name string, pass bool, set func(*wasmtime.Config)) *Module {
	key := g + name
	if m := variants[key]; m != nil {
		return m
	}
	w, err := buildGuest(g)
	if err != nil {
		tb.Fatal(err)
	}
	c := newConfig()
	if set == nil {
		c = wasmtime.NewConfig()
	} else {
		set(c)
	}
	e, err := newEngine(c)
	if err != nil {
		tb.Fatal(err)
	}
	if pass {
		w, err = Meter(w)
	}
	if err != nil {
		tb.Fatal(err)
	}
	mm, err := wasmtime.NewModule(e.engine, w)
	if err != nil {
		tb.Fatal(err)
	}
	m := &Module{engine: e, module: mm, maxPages: maxPages}
	variants[key] = m
	return m
}
