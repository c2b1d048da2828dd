package experiment

import (
	"context"
	"strings"
	"testing"

	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// hostile sources and the verdict that each must get. `BODY` is the body of Run.
var hostile = []struct{ name, source, verdict string }{
	{"spin", tool("", `for { input = append(input[:0], input...) }`), evaluate.Timeout},
	{"spin without a call", tool("", `for i := 0; ; i++ { input = input[:len(input)+i*0] }`), evaluate.Timeout},
	{"sleep", tool(`"time"`, `time.Sleep(time.Hour);; return input, nil`), evaluate.Timeout},
	{"sleep for ever", tool(`"time"`, `time.Sleep(1<<63 - 1);; return input, nil`), evaluate.Timeout},
	{"deadlock", tool("", `c := make(chan int);; <-c;; return input, nil`), evaluate.Trap},
	{"memory bomb", tool("", `var all [][]byte;; for { all = append(all, make([]byte, 1<<20)); input = all[0] }`), evaluate.OutOfMemory},
	{"one huge allocation", tool("", `b := make([]byte, 1<<30);; b[len(b)-1] = 1;; return b[:1], nil`), evaluate.OutOfMemory},
	{"recursion bomb", tool("", `var f func(n int) int;; f = func(n int) int { return f(n+1) + f(n+2) };; return input[:f(0)], nil`), evaluate.StackOverflow},
	{"output flood", tool("", `return make([]byte, 17<<20), nil`), evaluate.OutputFlood},
	{"panic", tool("", `panic("no")`), evaluate.Trap},
	{"nil map", tool("", `var m map[string]int;; m["a"] = 1;; return input, nil`), evaluate.Trap},
	{"runtime out of range", tool("", `return input[:len(input)+1+cap(input)], nil`), evaluate.Trap},
	{"bulk copies", tool("", `b := make([]byte, 8<<20);; for { copy(b, b[1:]); input = b }`), evaluate.Timeout},
	{"init-time loop", "package tool\n\nfunc init() {\n\tfor {\n\t}\n}\n\nfunc Run(input []byte) ([]byte, error) { return input, nil }\n", evaluate.Timeout},
	{"package state", "package tool\n\nvar calls = make([]int, 1)\n\nfunc Run(input []byte) ([]byte, error) {\n\tcalls[0]++\n\treturn input[:calls[0]-1], nil\n}\n", evaluate.WrongOutput},
	{"random answer", tool(`"math/rand/v2"`, `return []byte{byte(rand.IntN(256))}, nil`), evaluate.WrongOutput},
	{"import of os", tool(`"os"`, `os.Exit(0);; return input, nil`), evaluate.Unsafe},
	{"import of net", tool(`"net"`, `_, err := net.Dial("tcp", "localhost:1");; return input, err`), evaluate.Unsafe},
	{"import of unsafe", tool(`"unsafe"`, `_ = unsafe.Pointer(nil);; return input, nil`), evaluate.Unsafe},
	{"cgo", tool(`"C"`, `return input, nil`), evaluate.Unsafe},
	{"embed", "package tool\n\nimport _ \"embed\"\n\n//go:embed tool.go\nvar s string\n\nfunc Run(input []byte) ([]byte, error) { return []byte(s), nil }\n", evaluate.Unsafe},
	{"linkname", "package tool\n\n//go:linkname now time.now\nfunc now() int64\n\nfunc Run(input []byte) ([]byte, error) { return input[:now()], nil }\n", evaluate.Unsafe},
	{"body elsewhere (assembly)", "package tool\n\nfunc add(a, b int) int\n\nfunc Run(input []byte) ([]byte, error) { return input[:add(1, 2)], nil }\n", ""},
	{"wasmimport", "package tool\n\n//go:wasmimport env f\nfunc f() int32\n\nfunc Run(input []byte) ([]byte, error) { return input[:f()], nil }\n", evaluate.Unsafe},
	{"assignment to io.EOF", tool(`"io"`, `io.EOF = nil;; return input, nil`), evaluate.Unsafe},
	{"nested structs", compileBomb(), evaluate.Unsafe},
	{"constant doubling", constantBomb(), evaluate.Unsafe},
	{"huge array", tool("", `var a [1 << 40]byte;; return a[:1], nil`), evaluate.Unsafe},
	{"no Run", "package tool\n\nfunc Walk(input []byte) ([]byte, error) { return input, nil }\n", ""},
	{"syntax error", "package tool\n\nfunc Run(input []byte {\n", evaluate.BuildError},
	{"type error", tool("", `return 1, nil`), evaluate.BuildError},
}

func tool(imports, body string) string {
	if imports != "" {
		imports = "import " + imports + "\n\n"
	}
	return "// SPDX-License-Identifier: MIT\n\n// Package tool means no good.\npackage tool\n\n" + imports +
		"// Run errs never.\nfunc Run(input []byte) ([]byte, error) {\n\t" + strings.ReplaceAll(body, ";; ", "\n\t") + "\n}\n"
}

func compileBomb() string {
	var b strings.Builder
	b.WriteString("package tool\n\ntype t00 struct{ a, b [1 << 16]int64 }\n")
	for i := 1; i < 40; i++ {
		b.WriteString("type t" + itoa(i) + " struct{ a, b t" + itoa(i-1) + " }\n")
	}
	b.WriteString("\nfunc Run(input []byte) ([]byte, error) {\n\tvar x t39\n\t_ = x\n\treturn input, nil\n}\n")
	return b.String()
}

func constantBomb() string {
	var b strings.Builder
	b.WriteString("package tool\n\nconst c00 = \"0123456789abcdef\"\n")
	for i := 1; i < 40; i++ {
		b.WriteString("const c" + itoa(i) + " = c" + itoa(i-1) + " + c" + itoa(i-1) + "\n")
	}
	b.WriteString("\nfunc Run(input []byte) ([]byte, error) { return []byte(c39), nil }\n")
	return b.String()
}

func itoa(n int) string { return string(rune('0'+n/10)) + string(rune('0'+n%10)) }

// TestHostileSources takes every hostile source through gate, compiler and sandbox.
// One module holds many of them: none may spoil its neighbours.
func TestHostileSources(t *testing.T) {
	env := newEnv(t, EnvOptions{Jobs: 2})
	spec, err := FindSpec("text_deduplicate", nil)
	if err != nil {
		t.Fatal(err)
	}
	x := mustLoad(t, LoadOptions{Manifest: "determinism", Sets: []string{"suite.search=2", "suite.validate=1", "suite.holdout=1"}})
	suite := mustSuite(t, env, x, spec)
	var entries []*entry
	for _, h := range hostile {
		entries = append(entries, &entry{id: synth.ID(spec.ID, h.source), source: []byte(h.source)})
	}
	// An honest neighbour, in the same modules as the hostile ones.
	r := &run{env: env, x: x}
	v := r.newVariator(t.Context(), spec)
	g, err := v.Default("set")
	if err != nil {
		t.Fatal(err)
	}
	id, err := v.ID(g)
	if err != nil {
		t.Fatal(err)
	}
	entries = append(entries, &entry{id: id, source: []byte(v.source(id))})
	opt := measureOptions{Options: x.measureOptions()}
	opt.TimeoutMS = 50
	if err := env.measure(t.Context(), entries, suite, nil, opt); err != nil {
		t.Fatal(err)
	}
	budget := evaluate.Budget{TimeoutMS: opt.TimeoutMS, MemoryBytes: opt.MemoryBytes, FuelPerMS: opt.FuelPerMS}
	for i, h := range hostile {
		ev := evaluate.Judge(entries[i].m, suite, budget)
		switch {
		case h.verdict == "" && ev.Verdict != evaluate.Unsafe && ev.Verdict != evaluate.BuildError:
			t.Errorf("%s: verdict %s, want it refused", h.name, ev.Verdict)
		case h.verdict != "" && ev.Verdict != h.verdict:
			t.Errorf("%s: verdict %s, want %s; %s", h.name, ev.Verdict, h.verdict, why(entries[i].m))
		}
		if ev.Feasible {
			t.Errorf("%s is feasible", h.name)
		}
		t.Logf("%-28s %s", h.name, ev.Verdict)
	}
	if ev := evaluate.Judge(entries[len(entries)-1].m, suite, budget); ev.Verdict != evaluate.Pass {
		t.Errorf("the honest neighbour: %s", ev.Verdict)
	}
}

func why(m *evaluate.Measurement) string {
	if len(m.Problems) > 0 {
		return m.Problems[0]
	}
	for _, c := range m.Runs[0] {
		if !c.Correct {
			return string(c.Outcome) + ": " + c.Message
		}
	}
	return "all correct"
}

func mustSuite(t *testing.T, env *Env, x *Experiment, spec *specs.Spec) *testgen.Suite {
	t.Helper()
	p := &lazyPrograms{env: env, spec: spec}
	defer p.close()
	suite, err := env.suiteFor(context.Background(), spec, 1, x.sizes(spec), true, p.get)
	if err != nil {
		t.Fatal(err)
	}
	return suite
}
