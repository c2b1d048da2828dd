package build

import (
	"bytes"
	"fmt"
	gobuild "go/build"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Every way to break a rule that we know of, with its verdict and the first problem.
func TestInspectRefuses(t *testing.T) {
	b := open(t)
	tests := []struct {
		name    string
		files   []File
		verdict string
		want    string // first problem, or its beginning
	}{
		{"no files", nil, "unsafe", "the source has 0 files"},
		{"assembly", []File{{"tool.s", []byte("TEXT x(SB),$0")}}, "unsafe", "tool.s: not a Go source file"},
		{"cgo file", []File{{"x.c", nil}}, "unsafe", "x.c: not a Go source file"},
		{"test file", []File{{"tool_test.go", []byte("package tool\n" + run)}}, "unsafe", "tool_test.go: a test file"},
		{"system in name", []File{{"tool_linux.go", []byte("package tool\n" + run)}}, "unsafe", "tool_linux.go: the name ends like a platform's"},
		{"our system in name", []File{{"tool_wasip1.go", []byte("package tool\n" + run)}}, "unsafe", "tool_wasip1.go: the name ends like a platform's"},
		{"architecture in name", []File{{"tool_wasm.go", []byte("package tool\n" + run)}}, "unsafe", "tool_wasm.go: the name ends like a platform's"},
		{"path in name", []File{{"../tool.go", []byte("package tool\n" + run)}}, "unsafe", "../tool.go: unusual name"},
		{"hidden name", []File{{"_tool.go", []byte("package tool\n" + run)}}, "unsafe", "_tool.go: unusual name"},
		{"twice", []File{{"a.go", []byte("package tool\n" + run)}, {"a.go", []byte("package tool\n")}}, "unsafe", "a.go: there are two files"},
		{"binary", []File{{"tool.go", []byte("package tool\xff\n")}}, "unsafe", "tool.go: the file is no UTF-8"},
		{"NUL", []File{{"tool.go", []byte("package tool // \x00\n")}}, "unsafe", "tool.go: the file is no UTF-8"},
		{"long", tool(run + "// " + strings.Repeat("x", maxSourceBytes)), "unsafe", "the source is 262"},

		{"embed", tool("import _ \"embed\"\n//go:embed tool.go\nvar s string\n" + run), "unsafe", `tool.go:2:8: "embed" is not allowed`},
		{"embed alone", tool("//go:embed tool.go\nvar s string\n" + run), "unsafe", `tool.go:2:1: "//go:embed"`},
		{"linkname", tool("//go:linkname nanotime runtime.nanotime\nfunc nanotime() int64\n" + run), "unsafe", `tool.go:2:1: "//go:linkname"`},
		{"wasmimport", tool("//go:wasmimport env f\nfunc f()\n" + run), "unsafe", `tool.go:2:1: "//go:wasmimport"`},
		{"wasmexport", tool("//go:wasmexport toolgen_run\nfunc f() {}\n" + run), "unsafe", `tool.go:2:1: "//go:wasmexport"`},
		{"noinline", tool("//go:noinline\nfunc f() {}\n" + run), "unsafe", `tool.go:2:1: "//go:noinline"`},
		{"build constraint", []File{{"tool.go", []byte("//go:build linux\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "//go:build"`},
		{"language version", []File{{"tool.go", []byte("//go:build go1.20\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "//go:build"`},
		{"old build constraint", []File{{"tool.go", []byte("// +build linux\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "// +build"`},
		{"old build constraint without a space", []File{{"tool.go", []byte("//+build linux\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "// +build"`},
		{"old build constraint with a tab", []File{{"tool.go", []byte("//\t+build ignore\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "// +build"`},
		{"old build constraint with spaces", []File{{"tool.go", []byte("//  \t +build ignore\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "// +build"`},
		{"old build constraint with a wide space", []File{{"tool.go", []byte("//\u00a0+build ignore\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "// +build"`},
		{"old build constraint with a carriage return before", []File{{"tool.go", []byte("//\r+build ignore\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "// +build"`},
		{"old build constraint with a carriage return within", []File{{"tool.go", []byte("// +build\rignore\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "// +build"`},
		{"old build constraint with Windows' line ends", []File{{"tool.go", []byte("// +build ignore\r\n\r\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "// +build"`},
		{"old build constraint after a byte order mark", []File{{"tool.go", []byte("\ufeff// +build ignore\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:4: "// +build"`},
		{"empty build constraint", []File{{"tool.go", []byte("// +build\n\npackage tool\n" + run)}}, "unsafe", `tool.go:1:1: "// +build"`},
		{"build constraint behind the package clause", tool("//\t+build ignore\n" + run), "unsafe", `tool.go:2:1: "// +build"`},
		{"package documentation", []File{{"tool.go", []byte("package documentation\n" + run)}}, "build_error", "tool.go:1:9: package documentation: want package tool"},
		{"a line of the C preprocessor", []File{{"tool.go", []byte("#include <x>\npackage tool\n" + run)}}, "build_error", "tool.go:1:1: illegal character"},
		{"line", tool("//line /etc/passwd:1\n" + run), "unsafe", `tool.go:2:1: "//line"`},
		{"line in a general comment", tool("var x = /*line a.go:7*/ 1\n" + run), "unsafe", `tool.go:2:9: "/*line"`},
		{"export", tool("//export f\nfunc f() {}\n" + run), "unsafe", `tool.go:2:1: "//export"`},
		{"directive within a function", tool("func f() {\n\t//go:nosplit\n}\n" + run), "unsafe", `tool.go:3:2: "//go:nosplit"`},

		{"cgo", tool("import \"C\"\n" + run), "unsafe", `tool.go:2:8: "C" is not allowed: no cgo`},
		{"os", tool("import \"os\"\n" + run), "unsafe", `tool.go:2:8: "os" is not allowed`},
		{"net", tool("import (\n\t\"net\"\n)\n" + run), "unsafe", `tool.go:3:2: "net" is not allowed`},
		{"unsafe", tool("import u \"unsafe\"\n" + run), "unsafe", `tool.go:2:8: "unsafe" is not allowed`},
		{"reflect", tool("import \"reflect\"\n" + run), "unsafe", `tool.go:2:8: "reflect" is not allowed`},
		{"syscall", tool("import _ `syscall`\n" + run), "unsafe", `tool.go:2:8: "syscall" is not allowed`},
		{"internal", tool("import _ \"internal/cpu\"\n" + run), "unsafe", `tool.go:2:8: "internal/cpu" is not allowed`},
		{"module", tool("import _ \"example.com/x\"\n" + run), "unsafe", `tool.go:2:8: "example.com/x" is not allowed`},
		{"relative", tool("import _ \"./x\"\n" + run), "unsafe", `tool.go:2:8: "./x" is not allowed`},
		{"the module itself", tool("import _ \"toolgen.guest/c001\"\n" + run), "unsafe", `tool.go:2:8: "toolgen.guest/c001" is not allowed`},
		{"dot import", tool("import . \"strings\"\nvar x = ToUpper(\"\")\n" + run), "unsafe", `tool.go:2:8: dot import of "strings"`},

		{"io.EOF", tool("import \"io\"\nfunc f() { io.EOF = nil }\n" + run), "unsafe", "tool.go:3:12: assignment to io.EOF"},
		{"one of several", tool("import \"io\"\nfunc f(e error) error { e, io.EOF = io.EOF, e; return e }\n" + run), "unsafe", "tool.go:3:28: assignment to io.EOF"},
		{"in parentheses", tool("import \"io\"\nfunc f() { (io.EOF) = nil }\n" + run), "unsafe", "tool.go:3:12: assignment to io.EOF"},
		{"renamed", tool("import x \"io\"\nfunc f() { x.EOF = nil }\n" + run), "unsafe", "tool.go:3:12: assignment to io.EOF"},
		{"address", tool("import \"io\"\nfunc f() *error { return &io.EOF }\n" + run), "unsafe", "tool.go:3:27: address of io.EOF"},
		{"range target", tool("import \"io\"\nfunc f(es []error) { for _, io.EOF = range es {} }\n" + run), "unsafe", "tool.go:3:29: assignment to io.EOF"},
		{"received into", tool("import \"io\"\nfunc f(c chan error) { select { case io.EOF = <-c: } }\n" + run), "unsafe", "tool.go:3:38: assignment to io.EOF"},
		{"table", tool("import \"hash/crc32\"\nfunc f() { crc32.IEEETable[3]++ }\n" + run), "unsafe", "tool.go:3:12: assignment to crc32.IEEETable"},
		{"through a pointer", tool("import \"unicode\"\nfunc f() { unicode.Letter.R16[0].Lo |= 5 }\n" + run), "unsafe", "tool.go:3:12: assignment to unicode.Letter"},
		{"explicit pointer", tool("import \"time\"\nfunc f() { *time.UTC = *time.Local }\n" + run), "unsafe", "tool.go:3:12: assignment to time.UTC"},
		{"map", tool("import \"unicode\"\nfunc f() { unicode.Scripts[\"x\"] = nil }\n" + run), "unsafe", "tool.go:3:12: assignment to unicode.Scripts"},
		{"delete", tool("import \"unicode\"\nfunc f() { delete(unicode.Scripts, \"Latin\") }\n" + run), "unsafe", "tool.go:3:19: delete on unicode.Scripts"},
		{"clear", tool("import \"unicode\"\nfunc f() { clear(unicode.Scripts) }\n" + run), "unsafe", "tool.go:3:18: clear on unicode.Scripts"},
		{"copy", tool("import \"unicode\"\nfunc f() { copy(unicode.CaseRanges, unicode.CaseRanges[1:]) }\n" + run), "unsafe", "tool.go:3:17: copy on unicode.CaseRanges"},

		{"syntax", tool("func Run(\n"), "build_error", "tool.go:2:11: expected ')'"},
		{"empty file", []File{{"tool.go", nil}}, "build_error", "tool.go:1:1: expected"},
		{"imports after declarations", tool(run + "import \"fmt\"\n"), "build_error", "tool.go:3:1: imports must appear before"},
		{"package", []File{{"tool.go", []byte("package main\n" + run)}}, "build_error", "tool.go:1:9: package main: want package tool"},
		{"no entry", tool("func run() {}\n"), "build_error", "tool.go:1:1: there is no func Run: want func Run(input []byte) ([]byte, error)"},
		{"entry is a variable", tool("var Run func(input []byte) ([]byte, error)\n"), "build_error", "tool.go:1:1: there is no func Run"},
		{"entry with another type", tool("func Run(s string) string { return s }\n"), "build_error", "tool.go:2:6: func Run has type func(s string) string"},
		{"generic entry", tool("func Run[T any](input []byte) ([]byte, error) { return nil, nil }\n"), "build_error", "tool.go:2:6: func Run has type"},
		{"entry with a type named byte", tool("type byte int\n" + run), "build_error", "tool.go:3:6: func Run has type"},
		{"no body", tool("func f()\n" + run), "build_error", "tool.go:2:6: func f has no body"},
		{"method without body", tool("type t int\nfunc (t) f()\n" + run), "build_error", "tool.go:3:10: func f has no body"},
		{"undefined", tool("func f() { x = 1 }\n" + run), "build_error", "tool.go:2:12: undefined: x"},
		{"unused variable", tool("func f() { x := 1 }\n" + run), "build_error", "tool.go:2:12: declared and not used: x"},
		{"unused import", tool("import \"fmt\"\n" + run), "build_error", `tool.go:2:8: "fmt" imported and not used`},
		{"missing return", tool("func f() int { }\n" + run), "build_error", "tool.go:2:16: missing return"},
		{"unused label", tool("func f() { L: }\n" + run), "build_error", "tool.go:2:12: label L declared and not used"},
		{"duplicate case", tool("func f(i int) { switch i { case 1: case 1: } }\n" + run), "build_error", "tool.go:2:41: duplicate case 1"},
		{"initialization cycle", tool("var x = f()\nfunc f() int { return x }\n" + run), "build_error", "tool.go:2:5: initialization cycle"},
		{"redeclared", tool("const x = 1\nconst x = 2\n" + run), "build_error", "tool.go:3:7: x redeclared in this block; other declaration of x at tool.go:2:7"},
		{"two packages", []File{{"a.go", []byte("package tool\n" + run)}, {"b.go", []byte("package other\n")}}, "build_error", "b.go:1:9: package other"},
		// go/types accepts these, the compiler does not: https://go.dev/issue/56103.
		{"anonymous interface cycle", tool("type a interface { m() interface { a } }\n" + run), "unsafe", "tool.go:1:1: endlessly many parts"},
		{"anonymous interface cycle by alias", tool("type a = interface { e }\ntype e interface { m() a }\n" + run), "unsafe", "tool.go:1:1: endlessly many parts"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := inspect(b.packages, Tool, test.files)
			if r.Verdict != test.verdict {
				t.Fatalf("verdict %q, want %q; problems: %v", r.Verdict, test.verdict, r.Problems)
			}
			if got := r.Problems[0].String(); !strings.HasPrefix(got, test.want) {
				t.Errorf("first problem:\n\t%s\nwant\n\t%s...", got, test.want)
			}
			if r.ImportSet != nil {
				t.Errorf("a refused source has an import set")
			}
		})
	}
}

// What honest programs do must pass.
func TestInspectAccepts(t *testing.T) {
	b := open(t)
	tests := []struct {
		name  string
		files []File
		alone bool
	}{
		{"least", tool(run), false},
		{"named results", tool("func Run(in []byte) (out []byte, err error) { return }\n"), false},
		{"alias in the signature", tool("type bytes = []byte\nfunc Run(in bytes) (bytes, error) { return in, nil }\n"), false},
		{"several files", []File{{"b.go", []byte("package tool\nfunc g() []byte { return f() }\n")}, {"a-Z_9.go", []byte("package tool\nfunc f() []byte { return nil }\nfunc Run([]byte) ([]byte, error) { return g(), nil }\n")}}, false},
		{"every allowed package", tool("import (\n" + imports(slices.Sorted(maps.Keys(allowed))) + ")\n" + run), false},
		{"comments that look like directives", tool("// go:build linux\n// +builder x\n// a +build\n// line 7\n//golang\nfunc f() { _ = \"//go:embed x\" }\n" + run), false},
		{"imported variables that are read", tool("import (\n\"encoding/base64\"\n\"hash/crc32\"\n\"io\"\n\"time\"\n\"unicode\"\n)\nfunc f(e error, t *crc32.Table) bool { e = io.EOF; t = crc32.IEEETable; x := unicode.Letter; _ = x; _ = base64.StdEncoding.EncodeToString(nil); _ = time.UTC.String(); for range unicode.Scripts {}; return e == io.EOF && t[0] == crc32.IEEETable[0] }\n" + run), false},
		{"local name of an import", tool("func f() { type t struct{ EOF error }; var io t; io.EOF = nil; _ = &io.EOF }\n" + run), false},
		{"constants and types", tool("const c = 1 << 40\ntype t struct { a [c >> 36]int; n *t }\ntype i interface { m(i) }\n" + run), false},
		{"assertion about a type", tool("type t struct{}\nfunc (*t) Error() string { return \"\" }\nvar _ error = (*t)(nil)\nvar _ error = &t{}\nvar _, _ = 1, \"x\"\n" + run), false},
		{"generics", tool("import \"cmp\"\ntype tree[K cmp.Ordered, V any] struct { l, r *tree[K, V]; k K; v V }\nfunc (t *tree[K, V]) put(k K, v V) *tree[K, V] { if t == nil { return &tree[K, V]{k: k, v: v} }; t.l = t.l.put(k, v); return t }\nfunc mapped[T, U any](s []T, f func(T) U) []U { var r []U; for _, x := range s { r = append(r, f(x)) }; return r }\nfunc f() { var t *tree[string, []int]; t = t.put(\"\", nil); _ = mapped(mapped([]int{1}, func(i int) string { return \"\" }), func(s string) [2]byte { return [2]byte{} }) }\n" + run), false},
		{"large array in a function", tool("func f() int { var dp [1000][1000]int; for _, row := range dp { dp[0] = row }; return dp[1][1] }\n" + run), false},
		{"a long chain of strings", tool("const s = \"\" + \n" + strings.Repeat("\t\"all work and no play makes Jack a dull boy\" +\n", 200) + "\"\"\n" + run), false},

		{"variable", tool("var x int\n" + run), true},
		{"variable among constants", tool("const c = 1\nvar (\n\t_ = c\n\tx = c\n)\n" + run), true},
		{"init", tool("func init() {}\n" + run), true},
		{"init loop", tool("func init() { for {} }\n" + run), true},
		{"call for a blank variable", tool("func f() int { for {} }\nvar _ = f()\n" + run), true},
		{"call within a literal", tool("func f() int { for {} }\nvar _ = []int{f()}\n" + run), true},
		{"blank variable that traps", tool("var a []int\nvar _ = a[1]\n" + run), true},
		{"a method named init", tool("type t int\nfunc (t) init() {}\n" + run), false},
		{"a large table", tool("func f() []byte { return []byte(\"" + strings.Repeat("x", sharedStatic+1) + "\") }\n" + run), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := inspect(b.packages, Tool, test.files)
			if r.Verdict != "" {
				t.Fatalf("%s: %v", r.Verdict, r.Problems)
			}
			if r.Alone != test.alone {
				t.Errorf("Alone = %t, want %t", r.Alone, test.alone)
			}
			if r.Package == nil || r.Info == nil || len(r.Syntax) != len(test.files) {
				t.Errorf("an accepted source has no types")
			}
		})
	}
}

// What the gate accepts the go command compiles, as far as its library knows: made of
// pieces that mean something at the head of a file.
func TestAcceptedFilesAreBuilt(t *testing.T) {
	b := open(t)
	pieces := []string{
		"//", "/*", "*/", " ", "\t", "\n", "\n\n", "\r", "\r\n", "\v", "\f", "\u00a0", "\u0085", "\u2028", "\ufeff", "+build", "+build ignore", "go:build ignore", "go:build", "ignore", "!wasip1", "x",
		"// +build ignore", "//go:build !wasm", "// x", "/* x */", "/*\n// +build ignore\n*/", "\n\npackage tool\n", "package tool", ";", "import \"strings\"", "import (\n", ")", "#", "// Code generated by x. DO NOT EDIT.", "//line x.go:1", "`", "'",
	}
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	accepted := 0
	for i := range 8_000 {
		var head strings.Builder
		for range rng.IntN(8) {
			head.WriteString(pieces[rng.IntN(len(pieces))])
		}
		if rng.IntN(4) > 0 {
			head.WriteString("\n\npackage tool\n")
		}
		data := []byte(head.String() + "\n" + run)
		if inspect(b.packages, Tool, []File{{"tool.go", data}}).Verdict != "" {
			continue
		}
		accepted++
		ctx := gobuild.Context{GOOS: "wasip1", GOARCH: "wasm", Compiler: "gc", ReleaseTags: gobuild.Default.ReleaseTags}
		ctx.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		if match, err := ctx.MatchFile("/", "tool.go"); err != nil || !match {
			t.Fatalf("seed %d, source %d is accepted, and left out of the build (%v): %q", seed, i, err, data)
		}
	}
	if accepted < 300 {
		t.Errorf("only %d sources were accepted", accepted)
	}
}

// The checks by name know all that go/build obeys: the last one, which asks it, has
// nothing left to say.
func TestDirectivesAreKnownByName(t *testing.T) {
	for _, space := range []string{"", " ", "\t", "\v", "\f", "\r", "\u00a0", "\u0085", "\u2028", "\u3000", " \t "} {
		for _, rest := range []string{"", " ignore", "\tignore", "\rignore", "\u00a0ignore", " !wasip1", " ignore\r"} {
			text := "//" + space + "+build" + rest
			r := inspect(open(t).packages, Tool, []File{{"tool.go", []byte(text + "\n\npackage tool\n" + run)}})
			if r.Verdict != VerdictUnsafe || r.Problems[0].Line != 1 {
				t.Errorf("%q: %q %v", text, r.Verdict, r.Problems)
			}
		}
	}
}

func imports(paths []string) string {
	var b strings.Builder
	for _, p := range paths {
		fmt.Fprintf(&b, "\t_ %q\n", p)
	}
	return b.String()
}

// repeat calls f for each number below n.
func repeat(n int, f func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i))
	}
	return b.String()
}

func TestInspectRoles(t *testing.T) {
	b := open(t)
	sources := map[Role]string{
		Tool:      "package tool\nfunc Run(input []byte) ([]byte, error) { return nil, nil }\n",
		Reference: "package reference\nfunc Run(input []byte) ([]byte, error) { return nil, nil }\n",
		Generate:  "package generate\nfunc Generate(seed uint64, size int) []byte { return nil }\n",
		Check:     "package check\nfunc Check(input, output []byte) (score float64, err error) { return 1, nil }\n",
	}
	for role := range entries {
		for other, src := range sources {
			r := inspect(b.packages, role, []File{{"x.go", []byte(src)}})
			if ok := r.Verdict == ""; ok != (role == other) {
				t.Errorf("Inspect(%s) of a %s: verdict %q, %v", role, other, r.Verdict, r.Problems)
			}
		}
	}
	if r := inspect(b.packages, "judge", tool(run)); r.Verdict != VerdictBuildError {
		t.Errorf("unknown role: verdict %q", r.Verdict)
	}
}

// All problems are told, once, in the order of their positions.
func TestProblemsAreSorted(t *testing.T) {
	b := open(t)
	r := inspect(b.packages, Tool, []File{
		{"b.go", []byte("package tool\n//go:noinline\nfunc g() {}\nimport \"os\"\n")},
		{"a.go", []byte("package tool\nimport (\n\t\"net\"\n\t\"os\"\n)\n//go:nosplit\nfunc f() {}\n")},
	})
	var got []string
	for _, p := range r.Problems {
		got = append(got, fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, p.Rule))
	}
	want := []string{"a.go:3:2 import", "a.go:4:2 import", "a.go:6:1 directive", "b.go:2:1 directive", "b.go:4:1 syntax", "b.go:4:8 import"}
	if !slices.Equal(got, want) || r.Verdict != VerdictUnsafe {
		t.Errorf("%s: %q\nwant unsafe: %q", r.Verdict, got, want)
	}
	r = inspect(b.packages, Tool, tool("func f() {"+strings.Repeat("x = 1\n", 1000)+"}\n"+run))
	if len(r.Problems) != maxProblems || r.Verdict != VerdictBuildError {
		t.Errorf("%d problems and verdict %q, want the first %d", len(r.Problems), r.Verdict, maxProblems)
	}
}

// A report depends on the set of files alone, also while others inspect.
func TestInspectIsAFunction(t *testing.T) {
	b := open(t)
	files := []File{
		{"a.go", []byte("package tool\nimport (\"sort\"; \"encoding/json\"; \"regexp\")\nvar x = y\nfunc Run(in []byte) ([]byte, error) { sort.Strings(nil); return json.Marshal(regexp.MustCompile(\"x\").String()) }\n")},
		{"b.go", []byte("package tool\nvar y = 1\n")},
		{"c.go", []byte("package tool\nimport \"slices\"\nfunc f(s []string) { slices.Sort(s) }\n")},
	}
	broken := append(slices.Clone(files), File{"d.go", []byte("package tool\nfunc g() { undefined(); x++; y = z }\nvar x int\n")})
	type outcome struct {
		Verdict   string
		Problems  []Problem
		Imports   []string
		ImportSet []string
		Alone     bool
	}
	inspect := func(files []File) outcome {
		r := inspect(b.packages, Tool, files)
		return outcome{r.Verdict, r.Problems, r.Imports, r.ImportSet, r.Alone}
	}
	want := []outcome{inspect(files), inspect(broken)}
	if want[0].Verdict != "" || want[1].Verdict != VerdictBuildError {
		t.Fatalf("%+v", want)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for j, files := range [][]File{files, broken} {
				files = slices.Clone(files)
				rng.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
				if got := inspect(files); !reflect.DeepEqual(got, want[j]) {
					t.Errorf("shuffle %d of source %d: %+v\nwant %+v", i, j, got, want[j])
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkInspect(b *testing.B) {
	builder := open(b)
	body := "func f%d(lines []string) map[string]int {\n\tseen := map[string]int{}\n\tfor i, l := range lines {\n\t\tif l = strings.TrimRight(l, \" \"); len(l) > i {\n\t\t\tseen[l]++\n\t\t}\n\t}\n\treturn seen\n}\n"
	for _, n := range []int{4, 40} {
		files := tool("import \"strings\"\n" + repeat(n, func(i int) string { return fmt.Sprintf(body, i) }) + run)
		b.Run(fmt.Sprintf("lines=%d", 10*n), func(b *testing.B) {
			for b.Loop() {
				if r := inspect(builder.packages, Tool, files); r.Verdict != "" {
					b.Fatal(r.Problems)
				}
			}
		})
	}
}
