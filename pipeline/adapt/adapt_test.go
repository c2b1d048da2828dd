package adapt

import (
	"bytes"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// std reads the standard packages from the export data of the installed toolchain.
var std = sync.OnceValues(func() (types.Importer, error) {
	packages := []string{"encoding/json", "errors", "fmt", "math/big", "sort", "strconv", "strings", "time"}
	out, err := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, packages...)...).Output()
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("%s is not in std", path)
		}
		return os.Open(files[path])
	}), nil
})

func testImporter(t *testing.T) types.Importer {
	t.Helper()
	imp, err := std()
	if err != nil {
		t.Fatalf("go list -export: %v", err)
	}
	return imp
}

// shape is a file with a function, and calls of it: arguments and what comes of them,
// "error: ..." for an error.
type shape struct {
	name, fn, source string
	calls            [][2]string
}

var shapes = []shape{
	{"one result", "Double", "package a\n\nfunc Double(n int) int { return 2 * n }\n", [][2]string{
		{"[21]", "42"}, {"[]", "toolgen: want 1 arguments"}, {"[1,2]", "toolgen: want 1 arguments"}, // which are no errors of the function's
		{`["x"]`, "toolgen: json: cannot unmarshal string into Go value of type int"}, {"7", "toolgen: json: cannot unmarshal number into Go value of type []json.RawMessage"},
	}},
	{"several results", "Split", "package a\n\nfunc Split(n, by int) (quotient, rest int) { return n / by, n % by }\n", [][2]string{{"[17,5]", "[3,2]"}}},
	{"an error beside a result", "Root", `package a

import "errors"

func Root(n float64) (float64, error) {
	if n < 0 {
		return 0, errors.New("negative")
	}
	return n / 2, nil
}
`, [][2]string{{"[3]", "1.5"}, {"[-1]", "error: negative"}}},
	{"an answer that JSON has not", "Inverse", "package a\n\nfunc Inverse(n float64) (float64, error) { return 1 / n, nil }\n", [][2]string{{"[4]", "0.25"}, {"[0]", "toolgen: json: unsupported value: +Inf"}}},
	{"an error alone", "Check", "package a\n\nimport \"errors\"\n\nfunc Check(ok bool) error {\n\tif ok {\n\t\treturn nil\n\t}\n\treturn errors.New(\"bad\")\n}\n",
		[][2]string{{"[true]", "null"}, {"[false]", "error: bad"}}},
	{"variadic", "Sum", "package a\n\nfunc Sum(start int, more ...int) int {\n\tfor _, m := range more {\n\t\tstart += m\n\t}\n\treturn start\n}\n",
		[][2]string{{"[1,[2,3]]", "6"}, {"[1,[]]", "1"}, {"[1,null]", "1"}}},
	{"structs, maps and pointers", "Move", `package a

type point struct {
	X, Y int
	Name *string ` + "`json:\"name,omitempty\"`" + `
}

func Move(p *point, by map[string]int) (*point, map[string]int, []point) {
	if p == nil {
		return nil, nil, nil
	}
	return &point{p.X + by["x"], p.Y + by["y"], p.Name}, by, []point{*p}
}
`, [][2]string{
		{`[{"X":1,"Y":2,"name":"n"},{"x":10}]`, `[{"X":11,"Y":2,"name":"n"},{"x":10},[{"X":1,"Y":2,"name":"n"}]]`},
		{`[null,{}]`, `[null,{},[]]`}, // nil is written as an empty one
	}},
	{"in place", "Sort", "package a\n\nimport \"sort\"\n\nfunc Sort(list []int, counts *[2]int) {\n\tsort.Ints(list)\n\tcounts[0] = len(list)\n}\n",
		[][2]string{{"[[3,1,2],[0,9]]", "[[1,2,3],[3,9]]"}}},
	{"nothing taken", "Answer", "package a\n\nfunc Answer() string { return \"<&>\" }\n", [][2]string{{"[]", `"\u003c\u0026\u003e"`}}},
	{"no names", "Last", "package a\n\nfunc Last(int, ...string) int { return 4 }\n", [][2]string{{`[1,["a"]]`, "4"}}},
	{"nil bytes", "Bytes", "package a\n\nfunc Bytes(b []byte) []byte {\n\tif len(b) > 1 {\n\t\treturn b[:1]\n\t}\n\treturn nil\n}\n",
		[][2]string{{`["YWI="]`, `"YQ=="`}, {`[""]`, `""`}}},
	{"its own Run", "Twice", `package a

// Run is the file's own, and so is the type.
type input struct{ Run string }

func Run(in input) string { return in.Run }

var again = Run

func Twice(in input) string { return Run(in) + again(in) }
`, [][2]string{{`[{"Run":"ab"}]`, `"abab"`}}},
	{"Run itself", "Run", "package a\n\nfunc Run(n int) int {\n\tif n == 0 {\n\t\treturn 1\n\t}\n\treturn n * Run(n-1)\n}\n", [][2]string{{"[5]", "120"}}},
	{"a type Run", "Take", "package a\n\ntype Run []int\n\nfunc Take(r Run) Run {\n\tif len(r) == 0 {\n\t\treturn nil\n\t}\n\treturn r[1:]\n}\n", [][2]string{{"[[1,2]]", "[2]"}, {"[[]]", "[]"}}},
	{"names that an adapter might use", "args", `package a

type err int

type input []err

type r0 struct{ A0 err }

func json() int { return 1 }

func a0(n err) err { return n + err(json()) }

func args(input input, a1 err) (r0, error) { return r0{a0(input[0]) + a1}, nil }
`, [][2]string{{"[[1],5]", `{"A0":7}`}}},
	{"aliases of imports", "Join", `package a // the clause has a comment

import (
	"fmt"
	errors "strings"
	json "time"
	big "math/big"
)

// Join joins.
func Join(list []string, at json.Time, n *big.Int) (string, json.Time, *big.Int) {
	return fmt.Sprint(errors.Join(list, "-")), at.AddDate(0, 0, 1), n.Add(n, n) // the end
}

// The file ends so.
`, [][2]string{{`[["a","b"],"2020-02-28T00:00:00Z",123456789012345678901234567890]`, `["a-b","2020-02-29T00:00:00Z",246913578024691357802469135780]`}}},
	{"comments everywhere", "F", `// A header of the file.

//go:build !ignore

// Package main is a program.
package main /* goes
on */

/* before */ import "strconv" // behind

const (
	one = 1 // one
)

// F does it.
//
//	code
func F( /* in */ n int /* out */) (s string /* of it */) {
	// first
	return strconv.Itoa(n + one) /* last */
}

func main() {}
`, [][2]string{{"[1]", `"2"`}}},
	{"on one line", "F", "package a; import \"strconv\"; func F(n int) string { return strconv.Itoa(n) }", [][2]string{{"[1]", `"1"`}}},
	{"any and unnamed types", "F", "package a\n\nfunc F(v any, w struct{ A [2]int8 }) (any, [2]int8) { return v, w.A }\n", [][2]string{{`[{"k":[1,null]},{"A":[1,2]}]`, `[{"k":[1,null]},[1,2]]`}}},
	{"generic types with their arguments", "F", "package a\n\ntype pair[T any] struct{ A, B T }\n\nfunc (p pair[T]) F() T { return p.A }\n\nfunc F(p pair[int]) []pair[string] { return nil }\n",
		[][2]string{{`[{"A":1,"B":2}]`, "[]"}}},
}

// TestWrap compiles the tools of all shapes into one program and calls each.
func TestWrap(t *testing.T) {
	imp := testImporter(t)
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var imports, calls strings.Builder
	var want []string
	for i, s := range shapes {
		tool, err := Wrap("a.go", []byte(s.source), s.fn, imp)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		write(fmt.Sprintf("t%d/tool.go", i), tool.Source)
		fmt.Fprintf(&imports, "\tt%d \"shapes/t%d\"\n", i, i)
		for _, c := range s.calls {
			fmt.Fprintf(&calls, "\tshow(t%d.Run([]byte(%q)))\n", i, c[0])
			want = append(want, c[1])
		}
	}
	if t.Failed() {
		return
	}
	write("go.mod", "module shapes\n\ngo 1.26\n")
	write("main.go", "package main\n\nimport (\n\t\"fmt\"\n"+imports.String()+")\n\nfunc show(out []byte, err error) {\n\tif err != nil {\n\t\tout = []byte(\"error: \" + err.Error())\n\t}\n\tfmt.Printf(\"%s\\n\", out)\n}\n\nfunc main() {\n"+calls.String()+"}\n")
	cmd := exec.Command("go", "run", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d answers, want %d", len(got), len(want))
	}
	n := 0
	for _, s := range shapes {
		for _, c := range s.calls {
			if got[n] != want[n] {
				t.Errorf("%s: %s(%s) = %s, want %s", s.name, s.fn, c[0], got[n], want[n])
			}
			n++
		}
	}
}

// TestRestore: what was wrapped comes back as it was, to the byte; and an edit of the
// tool is an edit of the file.
func TestRestore(t *testing.T) {
	imp := testImporter(t)
	for _, s := range shapes {
		for _, own := range []string{s.source, strings.ReplaceAll(s.source, "\n", "\r\n")} {
			tool, err := Wrap("a.go", []byte(own), s.fn, imp)
			if err != nil {
				t.Errorf("%s: %v", s.name, err)
				continue
			}
			if got, err := tool.Restore(tool.Source); err != nil || got != own {
				t.Errorf("%s: %v, restored to\n%s\nwant\n%s", s.name, err, got, own)
			}
			if err := tool.Check(tool.Source); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
			more := "func more() {}\n\nfunc " + s.fn + "("
			edited, err := tool.Restore(strings.Replace(tool.Source, "func "+s.fn+"(", more, 1))
			if own != s.source {
				more = strings.ReplaceAll(more, "\n", "\r\n")
			}
			want := strings.Replace(own, "func "+s.fn+"(", more, 1)
			if s.name != "Run itself" && s.name != "on one line" && (err != nil || edited != want) {
				t.Errorf("%s: %v, an edit came back as\n%s\nwant\n%s", s.name, err, edited, want)
			}
		}
	}
	tool, err := Wrap("a.go", []byte(shapes[0].source), "Double", imp)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tool.Restore("package tool\n"); err == nil {
		t.Error("a tool without the mark was restored")
	}
	if err := tool.Check("package tool\n"); err == nil {
		t.Error("a tool without the mark is in order")
	}
}

func TestWrapRefuses(t *testing.T) {
	imp := testImporter(t)
	for _, c := range []struct{ name, fn, source, want string }{
		{"no Go", "F", "package a\n\nfunc F( {}\n", "dir/a.go:3:9: "},
		{"no type-check", "F", "package a\n\nfunc F() int { return \"x\" }\n", `dir/a.go:3:23: cannot use "x" (untyped string constant) as int value in return statement (the file must stand alone)`},
		{"another package", "F", "package a\n\nimport \"example.com/x\"\n\nfunc F() { x.Y() }\n", "dir/a.go:3:8: could not import example.com/x"},
		{"another file", "F", "package a\n\nfunc F() int { return elsewhere() }\n", "dir/a.go:3:23: undefined: elsewhere (the file must stand alone)"},
		{"generic", "F", "package a\n\nfunc F[T any](v T) T { return v }\n", "dir/a.go:3:1: func F has type parameters; name a function that calls it with the types wanted"},
		{"method", "F", "package a\n\ntype t int\n\nfunc (t) F() {}\n\nfunc G() {}\n", "dir/a.go:1:1: there is no func F that is no method; the file has G"},
		{"missing", "F", "package a\n", "dir/a.go:1:1: there is no func F that is no method; the file has no functions"},
		{"no function", "F", "package a\n\nvar F = func() {}\n", "dir/a.go:1:1: there is no func F that is no method; the file has no functions"},
		{"init", "init", "package a\n\nfunc init() {}\n", "dir/a.go:3:1: func init cannot be called"},
		{"a channel", "F", "package a\n\nfunc F(n int, c chan int) {}\n", "dir/a.go:3:15: parameter 2 of func F has type chan int, which JSON cannot write"},
		{"a function in Run", "Run", "package a\n\nfunc Run(f func()) {}\n", "dir/a.go:3:10: parameter 1 of func Run has type func(), which JSON cannot write"},
		{"a method set", "F", "package a\n\nfunc F(s interface{ M() }) {}\n", "dir/a.go:3:8: parameter 1 of func F has type interface{M()}, which JSON cannot write"},
		{"a complex result", "F", "package a\n\nfunc F() (int, complex128) { return 0, 0 }\n", "dir/a.go:3:10: result 2 of func F has type complex128, which JSON cannot write"},
		{"an error that is not the last", "F", "package a\n\nfunc F() (error, int) { return nil, 0 }\n", "dir/a.go:3:10: result 1 of func F has type error, which JSON cannot write"},
		{"keys", "F", "package a\n\nfunc F(m map[[2]int]int) {}\n", "dir/a.go:3:8: parameter 1 of func F has type map[[2]int]int, which JSON cannot write"},
		{"inside of a struct", "F", "package a\n\ntype t struct{ A []struct{ F func() } }\n\nfunc F(v t) {}\n", "dir/a.go:5:8: parameter 1 of func F has type a.t, which JSON cannot write"},
		{"its own len", "F", "package a\n\nfunc len() {}\n\nfunc F() {}\n", "dir/a.go: the function cannot be wrapped: too many arguments in call to len"},
		{"nothing exported", "F", "package a\n\ntype t struct{ a, b int }\n\nfunc F(v t) int { return v.a + v.b }\n", "dir/a.go:5:8: parameter 1 of func F has type a.t, which JSON cannot write"},
	} {
		_, err := Wrap("dir/a.go", []byte(c.source), c.fn, imp)
		bad, ok := errors.AsType[*Error](err)
		if !ok || !strings.HasPrefix(bad.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	// A type may hold itself.
	if _, err := Wrap("a.go", []byte("package a\n\ntype tree struct{ Left, Right *tree }\n\nfunc F(t tree) tree { return t }\n"), "F", imp); err != nil {
		t.Error(err)
	}
}

// TestLine: every line of a file that is not formatted is found again.
func TestLine(t *testing.T) {
	const own = `package   median

import ( "sort"; "fmt" )



func Median ( xs []int ) (m int) {
	sort.Ints(xs) ; fmt.Sprint( /* a
	comment */ xs)
	if len(xs) == 0 { return 0 }; m =
		xs[ len(xs)/2 ]
	return m }
`
	tool, err := Wrap("median.go", []byte(own), "Median", testImporter(t))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"sort.Ints(xs)": 8, "if len(xs) == 0 {": 10, "return 0": 10, "m =": 10, "xs[len(xs)/2]": 11, "return m": 12,
	}
	for i, line := range strings.Split(tool.Source, "\n") {
		if w, ok := want[strings.TrimSpace(line)]; ok {
			if got := tool.Line(i + 1); got != w {
				t.Errorf("%s: line %d, want %d", line, got, w)
			}
			delete(want, strings.TrimSpace(line))
		}
	}
	if len(want) > 0 {
		t.Errorf("not in the tool: %v\n%s", want, tool.Source)
	}
	if got := tool.Line(1); got != 1 {
		t.Errorf("the first line is line %d", got)
	}
}
