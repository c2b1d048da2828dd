package evaluate

import (
	"fmt"
	"go/format"
	"strings"
	"testing"
)

// frame makes a source in which every fact holds out of declarations and the
// statements of a function.
func frame(t *testing.T, imports, decls, body string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("// SPDX-License-Identifier: MIT\n\n// Package tool is framed.\npackage tool\n\n")
	for path := range strings.FieldsSeq(imports) {
		fmt.Fprintf(&b, "import %q\n", path)
	}
	fmt.Fprintf(&b, "\n%s\n\nfunc f() {\n%s\n}\n\n", decls, body)
	b.WriteString("// Run returns its input, and no error.\nfunc Run(input []byte) ([]byte, error) {\n\tf()\n\treturn input, nil\n}\n")
	out, err := format.Source([]byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return string(out)
}

// Short names of the safety facts.
const (
	panics     = "no panic or recover"
	concurrent = "no goroutine or channel"
	mutable    = "no package-level mutable variable"
	unchecked  = "no unchecked type assertion"
	discards   = "errors not discarded"
)

// help are declarations that the snippets use.
const help = `
func fails() error { return nil }

func two() (int, error) { return 0, nil }

func num() int { return 0 }

type parseError struct{ line int }

func (e *parseError) Error() string { return "" }

func concrete() *parseError { return nil }

func answer() any { return nil }
`

func TestSafetyFacts(t *testing.T) {
	for _, tt := range []struct {
		name, imports, decls, body string
		missing                    string
	}{
		{"nothing", "", "", "", ""},

		{"panic", "", "", `panic("x")`, panics},
		{"panic in parentheses, deferred", "", "", `defer (panic)("x")`, panics},
		{"recover in a closure", "", "", `defer func() { _ = recover() }()`, panics},
		{"a function of the same name", "", "func panic(string) {}", `panic("x")`, ""},
		{"a method of the same name", "", "type t struct{}\n\nfunc (t) recover() {}", `t{}.recover()`, ""},

		{"go", "", help, `go num()`, concurrent},
		{"go that drops an error", "", help, `go fails()`, concurrent + "," + discards},
		{"a channel", "", "", `c := make(chan int, 1); _ = c`, concurrent},
		{"a channel type that nothing makes", "", "type t chan int", ``, concurrent},
		{"receive from another's channel", "time", "", `<-time.After(1)`, concurrent},
		{"range over another's channel", "time", "", `for range time.Tick(1) { break }`, concurrent},
		{"range over an integer", "", "", `for range 3 {}`, ""},
		{"range over a function", "maps", "", `for range maps.Keys(map[int]int{}) {}`, ""},
		{"AfterFunc", "time", "", `time.AfterFunc(1, func() {})`, concurrent},
		{"a value of AfterFunc", "time", "", `g := time.AfterFunc; g(1, func() {})`, concurrent},
		{"WaitGroup.Go", "sync", "", `var wg sync.WaitGroup; wg.Go(func() {}); wg.Wait()`, concurrent},
		{"iter.Pull", "iter slices", "", `next, stop := iter.Pull(slices.Values([]int{1})); next(); stop()`, concurrent},
		{"a mutex", "sync", "", `var mu sync.Mutex; mu.Lock(); mu.Unlock()`, ""},

		{"a constant", "", "const x = 1", `_ = x`, ""},
		{"a number that stays", "", "var limit = 10", `_ = limit + 1`, ""},
		{"a number that is assigned to", "", "var n int", `n = 1`, mutable},
		{"in a closure", "", "var n int", `g := func() { n = 1 }; g()`, mutable},
		{"in parentheses", "", "var n int", `(n) += 1`, mutable},
		{"counted", "", "var n int", `n++`, mutable},
		{"by range", "", "var n int", `for n = range 3 {}`, mutable},
		{"its address", "", "var n int", `p := &n; *p = 1`, mutable},
		{"by a method", "", "type counter int\n\nfunc (c *counter) inc() { *c++ }\n\nvar n counter", `n.inc()`, mutable},
		{"by a method value", "", "type counter int\n\nfunc (c *counter) inc() { *c++ }\n\nvar n counter", `g := n.inc; g()`, mutable},
		{"only read by a method", "", "type level int\n\nfunc (l level) up() level { return l + 1 }\n\nvar n level", `_ = n.up()`, ""},
		{"a local of the same name", "", "var n int", `n := n; n = 2; _ = n`, ""},
		{"of a tuple", "", "var n int\n" + help, `n, err := two(); n = 1; _, _ = n, err == nil`, ""},
		{"assigned from a tuple", "", "var n int\n" + help, `var err error; n, err = two(); if err != nil { return }`, mutable},
		{"a sentinel error", "errors", `var errBad = errors.New("bad")`, `_ = errBad == nil`, ""},
		{"a sentinel error that is assigned to", "errors", `var errBad = errors.New("bad")`, `errBad = nil`, mutable},
		{"a map", "", "var m = map[string]int{}", ``, mutable},
		{"a table", "", "var table = [4]byte{1, 2, 3, 4}", ``, mutable},
		{"grouped", "", "var (\n\ta = 1\n\tb, c = \"\", []int{1}\n)", ``, mutable},
		{"the blank", "", "var _ = []int{1}", ``, ""},

		{"unchecked", "", help, `s := answer().(string); _ = s`, unchecked},
		{"checked", "", help, `s, ok := answer().(string); _, _ = s, ok`, ""},
		{"checked by var", "", help, `var s, ok = answer().(string); _, _ = s, ok`, ""},
		{"checked, assigned", "", help, `var ok bool; _, ok = answer().(string); _ = ok`, ""},
		{"checked in if", "", help, `if _, ok := answer().(string); ok { return }`, ""},
		{"checked in for", "", help, `for _, ok := answer().(string); ok; _, ok = answer().(int) {}`, ""},
		{"unchecked in for", "", help, `for ok := answer().(bool); ok; ok = answer().(bool) {}`, unchecked},
		{"checked in switch", "", help, `switch n, ok := answer().(int); { case ok: _ = n }`, ""},
		{"parenthesized", "", help, `s, ok := (answer().(string)); _, _ = s, ok`, ""},
		{"two at once", "", help, `s, n := answer().(string), answer().(int); _, _ = s, n`, unchecked},
		{"an element", "", help, `m := map[int]any{}; var ok bool; m[0], ok = answer().(string); _ = ok`, ""},
		{"as an argument", "", "func g(string) {}\n" + help, `g(answer().(string))`, unchecked},
		{"returned", "", "func g() string { return answer().(string) }\n" + help, ``, unchecked},
		{"one within a checked one", "", help, `s, ok := answer().(interface{ f() any }).f().(string); _, _ = s, ok`, unchecked},
		{"type switch", "", help, `switch answer().(type) { case int: }`, ""},
		{"type switch with a name", "", help, `switch x := answer().(type) { case int: _ = x }`, ""},
		{"unchecked in a type switch", "", help, `switch answer().(interface{ g() any }).g().(type) { case int: }`, unchecked},
		{"unchecked in a case", "", help, `switch x := answer().(type) { case any: _ = x.(int) }`, unchecked},
		{"generic", "", "func as[T any](x any) T { return any(x).(T) }", `_ = as[int](1)`, unchecked},

		{"dropped", "", help, `fails()`, discards},
		{"one of two dropped", "", help, `two()`, discards},
		{"nothing to drop", "", help, `num()`, ""},
		{"deferred", "", help, `defer fails()`, discards},
		{"deferred Close", "compress/flate strings", "", `r := flate.NewReader(strings.NewReader("")); defer r.Close()`, discards},
		{"post statement", "", help, `for i := 0; i < 2; fails() { i++ }`, discards},
		{"a closure's", "", help, `func() error { return nil }()`, discards},
		{"a function value's", "", help, `g := fails; g()`, discards},
		{"generic's", "", "func g[T any](T) error { return nil }", `g(1)`, discards},
		{"blanked", "", help, `_ = fails()`, discards},
		{"one of two blanked", "", help, `n, _ := two(); _ = n`, discards},
		{"the other blanked", "", help, `_, err := two(); if err != nil { return }`, ""},
		{"by var", "", help, `var n, _ = two(); _ = n`, discards},
		{"by var, with two values", "", help, `var n, _ = 1, fails(); _ = n`, discards},
		{"one by one", "", help, `n, _ := 1, fails(); _ = n`, discards},
		{"the error itself", "", help, `err := fails(); _ = err`, discards},
		{"at package level", "", "var _, _ = two()\n" + help, ``, discards},
		{"of a concrete type", "", help, `concrete()`, discards},
		{"of a concrete type, blanked", "", help, `_ = concrete()`, discards},
		{"a proof that a type is an error", "", "var _ error = (*parseError)(nil)\n" + help, ``, ""},
		{"a proof by a value", "", "var _ error = &parseError{}\n" + help, ``, ""},
		{"whether something is an error", "", help, `_, ok := answer().(error); _ = ok`, ""},
		{"whether there is one", "", "var m map[int]error", `_, ok := m[0]; _ = ok`, mutable},
		{"handled", "", help, `if err := fails(); err != nil { return }`, ""},

		{"a builder never fails", "strings", "", `var b strings.Builder; b.WriteString("x"); b.WriteByte(1); _, _ = b.WriteRune('x')`, ""},
		{"nor does a buffer", "bytes", "", `b := bytes.NewBuffer(nil); b.Write(nil); defer b.WriteString("")`, ""},
		{"but where it writes to may", "bytes io", "", `b := bytes.NewBuffer(nil); b.WriteTo(io.Discard)`, discards},
		{"by an alias", "strings", "type sb = strings.Builder", `var b sb; b.WriteString("x")`, ""},
		{"promoted", "strings", "type out struct{ strings.Builder }", `var o out; o.WriteString("x")`, ""},
		{"a field", "strings", "type out struct{ b *strings.Builder }", `o := out{&strings.Builder{}}; o.b.WriteString("x")`, ""},
		{"by fmt", "fmt strings", "", `var b strings.Builder; fmt.Fprintf(&b, "%d", 1); fmt.Fprintln(&b)`, ""},
		{"by io", "bytes io", "", `var b bytes.Buffer; io.WriteString(&b, "x")`, ""},
		{"fmt to whatever", "fmt io", "", `fmt.Fprintln(io.Discard)`, discards},
		{"to where nothing is", "fmt", "", `fmt.Println()`, discards},
		{"a hash", "hash/fnv crypto/sha256", "", `h := fnv.New64a(); h.Write(nil); sha256.New().Write(nil)`, ""},
		{"a buffered writer fails again", "bufio io", "", `w := bufio.NewWriter(io.Discard); w.WriteString(""); if w.Flush() != nil { return }`, ""},
		{"unless it is not asked", "bufio io", "", `w := bufio.NewWriter(io.Discard); w.WriteString(""); w.Flush()`, discards},
		{"a writer of one's own", "", "type w struct{}\n\nfunc (w) Write([]byte) (int, error) { return 0, nil }", `w{}.Write(nil)`, discards},
		{"random bytes", "math/rand", "", `rand.New(rand.NewSource(1)).Read(nil)`, ""},
	} {
		src := frame(t, tt.imports, tt.decls, tt.body)
		got := Inspect([]byte(src), accepted(t, src)).Missing()
		if strings.Join(got, ",") != tt.missing {
			t.Errorf("%s: missing %q, want %q\n%s", tt.name, got, tt.missing, src)
		}
	}
}

// Short names of the documentation facts.
const (
	header  = "SPDX header"
	pkgDoc  = "package comment"
	nameDoc = "doc comment on each exported name, starting with it"
	runDoc  = "Run's comment says when it errs"
	clean   = "gofmt-clean"
	short   = "no line over 120 columns"
)

func TestDocumentationFacts(t *testing.T) {
	good := frame(t, "", "", "")
	edit := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the source", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	decl := func(d string) string { return frame(t, "", d, "") }
	for _, tt := range []struct {
		name, source string
		missing      string
	}{
		{"all there", good, ""},

		{"no header", edit("// SPDX-License-Identifier: MIT\n\n", ""), header},
		{"a header without a licence", edit("Identifier: MIT", "Identifier:"), header},
		{"a header after who wrote it", edit("// SPDX-L", "// SPDX-FileCopyrightText: 2026 the authors\n// SPDX-L"), ""},
		{"a header too late", edit("// SPDX-License-Identifier: MIT\n\n", "") + "\n// SPDX-License-Identifier: MIT\n", header},

		{"no package comment", edit("// Package tool is framed.\n", ""), pkgDoc},
		{"of another name", edit("Package tool is", "Package tools is"), pkgDoc},
		{"apart from the package", edit("framed.\n", "framed.\n\n"), pkgDoc},

		{"Run without a comment", edit("// Run returns its input, and no error.\n", ""), nameDoc + "," + runDoc},
		{"Run that starts otherwise", edit("// Run returns", "// It returns"), nameDoc},
		{"Running is not Run", edit("// Run returns", "// Running returns"), nameDoc},
		{"errors not mentioned", edit(", and no error", ""), runDoc},
		{"errs", edit("and no error", "and errs never"), ""},
		{"a named error", edit("and no error", "or ErrTooLong"), ""},
		{"fails", edit("and no error", "and fails on none"), ""},
		{"deferred is no error", edit("and no error", "deferred and terrible"), runDoc},

		{"an exported type", decl("type Tree struct{}"), nameDoc},
		{"an exported type with a comment", decl("// Tree is one.\ntype Tree struct{}"), ""},
		{"a generic one", decl("// Tree is one.\ntype Tree[K any] struct{ k K }\n\n// Key is one.\nfunc (t *Tree[K]) Key() K { return t.k }"), ""},
		{"a method", decl("// Tree is one.\ntype Tree struct{}\n\nfunc (t *Tree) Add() {}"), nameDoc},
		{"a method of a generic one", decl("// Map is one.\ntype Map[K, V any] struct{}\n\nfunc (m Map[K, V]) Add() {}"), nameDoc},
		{"a method with a comment", decl("// Tree is one.\ntype Tree struct{}\n\n// Add adds.\nfunc (t *Tree) Add() {}"), ""},
		{"methods that nobody sees", decl("type heap []int\n\nfunc (h heap) Len() int { return len(h) }"), ""},
		{"a field is no top-level name", decl("// Tree is one.\ntype Tree struct{ Left, Right *Tree }"), ""},
		{"an embedded name", decl("type node struct{}\n\n// Tree is one.\ntype Tree struct{ node }"), ""},
		{"a constant", decl("const Max = 1"), nameDoc},
		{"a constant with a comment", decl("// Max is the most.\nconst Max = 1"), ""},
		{"a comment for a group", decl("// Limits.\nconst (\n\tMax = 2\n\tMin = 1\n)"), ""},
		{"a group without one", decl("const (\n\tMax = 2\n\tMin = 1\n)"), nameDoc},
		{"one each", decl("const (\n\t// Max is the most.\n\tMax = 2\n\t// Min is the least.\n\tMin = 1\n)"), ""},
		{"types of a group need one each", decl("// Types.\ntype (\n\tA int\n\tB int\n)"), nameDoc},
		{"two names of one declaration", decl("// Min and Max are limits.\nconst Min, Max = 1, 2"), ""},
		{"a directive is no comment", decl("//nolint:all\nconst Max = 1"), nameDoc},
		{"the unexported", decl("const most = 1\n\ntype tree struct{}"), ""},

		{"a space too many", edit("return input, nil", "return  input, nil"), clean},
		{"no final newline", strings.TrimSuffix(good, "\n"), clean},
		{"imports in no order", edit("package tool\n", "package tool\n\nimport (\n\t\"strings\"\n\t\"bytes\"\n)\n\nvar _, _ = bytes.Equal, strings.ToUpper\n"), clean},

		{"120 columns", edit("framed.", "framed. "+strings.Repeat("ž", 120-len("// Package tool is framed. "))), ""},
		{"121 columns", edit("framed.", "framed. "+strings.Repeat("ž", 121-len("// Package tool is framed. "))), short},
	} {
		got := Inspect([]byte(tt.source), accepted(t, tt.source)).Missing()
		if strings.Join(got, ",") != tt.missing {
			t.Errorf("%s: missing %q, want %q\n%s", tt.name, got, tt.missing, tt.source)
		}
	}
	if n := Inspect([]byte(good), accepted(t, good)).Bytes; n != int64(len(good)) {
		t.Errorf("%d bytes, want %d", n, len(good))
	}
}
