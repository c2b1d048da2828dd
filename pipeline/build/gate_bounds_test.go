package build

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// Sources that are small, and would take go/types, the compiler or the linker down.
// Each names the rule that stops it: a bound that is lifted makes this test hang or
// run out of memory, which is the point.
func TestInspectStopsBombs(t *testing.T) {
	b := open(t)
	lines := func(n int, format string) string {
		return repeat(n, func(i int) string {
			return strings.NewReplacer("$i", fmt.Sprint(i), "$j", fmt.Sprint(i+1)).Replace(format)
		})
	}
	tests := []struct {
		name, body, rule string
	}{
		{"string doubling", "const c0 = \"0123456789\"\n" + lines(40, "const c$j = c$i + c$i\n") + "const n = len(c40)\n", RuleConstant},
		{"string doubling in blocks", "func f() { const a = \"0123456789\"\n" + lines(40, "{ const a = a + a; _ = len(a)\n") + strings.Repeat("}", 41) + "\n", RuleConstant},
		{"string doubling by repetition", "const big = `" + strings.Repeat("x", 9000) + "`\nconst (\n\tx = big + big\n" + lines(100, "\tx$i\n") + ")\n", RuleConstant},
		{"string doubling by conversion", "type s string\nconst c0 = s(\"0123456789\")\n" + lines(40, "const c$j = c$i + s(string(c$i))\n"), RuleConstant},
		{"long imported constants", "import \"time\"\nconst c0 = time.RFC3339Nano\n" + lines(20, "const c$j = c$i + c$i\n"), RuleConstant},
		{"expression repeated", "const (\n\tx = " + strings.Repeat("iota*", 100) + "1\n" + lines(9000, "\tx$i\n") + ")\n", RuleSize},

		{"nested structs", "type s0 struct{ a, b int }\n" + lines(60, "type s$j struct{ a, b s$i }\n"), RuleTypeSize},
		{"nested structs as arrays", "type s0 [2]int\n" + lines(60, "type s$j [2]s$i\n"), RuleTypeSize},
		{"nested structs by alias", "type s0 = struct{ a, b int }\n" + lines(60, "type s$j = struct{ a, b s$i }\n"), RuleTypeSize},
		{"nested structs in blocks", "func f() { type a = struct{ x, y int }\n" + lines(40, "{ type b = struct{ x, y a }; type a = struct{ x, y b }\n") + strings.Repeat("}", 41) + "\n", RuleTypeSize},
		{"nested structs by type arguments", "type p[T any] struct{ x, y T }\nvar x " + strings.Repeat("p[", 60) + "int" + strings.Repeat("]", 60) + "\n", RuleTypeSize},
		{"the same behind a pointer", "type p[T any] struct{ x, y T }\nvar x *" + strings.Repeat("p[", 60) + "int" + strings.Repeat("]", 60) + "\n", RuleTypeSize},
		{"chain of structs", lines(3900, "type s$i struct{ x s$j }\n") + "type s3900 int\n", RuleTypeSize},
		{"methods embedded in many", "type e0 struct{}\n" + lines(200, "func (e0) m$i() {}\n") + lines(3000, "type e$j struct{ e$i }\n"), RuleTypeSize},
		{"methods embedded in a circle", lines(200, "func (e0) m$i() {}\n") + lines(999, "type e$i struct{ *e$j }\n") + "type e999 struct{ *e0 }\n", RuleTypeSize},
		{"interfaces embedded in many", "type e0 interface {\n" + lines(1000, "\tm$i()\n") + "}\n" + lines(1000, "type e$j interface{ e$i }\n"), RuleTypeSize},
		{"interfaces embedded twice", "type e0 interface { m() }\n" + lines(60, "type e$j interface{ e$i; e$i }\n"), RuleTypeSize},
		{"generic alias", "type a[P any] = struct{ x, y P }\n", RuleTypeSize},
		{"huge array", "type a [1 << 40][1 << 40]int\n", RuleTypeSize},
		{"huge array behind a pointer", "type a *[1 << 30]int\n", RuleTypeSize},
		{"huge array made of constants", "const n = 1 << 20\nfunc f() { var x [n * n]byte; _ = x }\n", RuleTypeSize},
		{"huge literal", "func f() []int { return []int{1 << 27: 1} }\n", RuleTypeSize},
		{"huge literal of bytes", "var x = []byte{1<<62: 1}\n", RuleTypeSize},
		{"many large variables", lines(40, "var x$i [1 << 18]byte\n"), RuleTypeSize},
		{"large channel element", "func f() { _ = make(chan [1 << 16]byte) }\n", RuleTypeSize},
		{"large parameter", "func f([1 << 16]byte) {}\n", RuleTypeSize},
		{"large result of a method of an interface", "type i interface { m() [1 << 20]int }\n", RuleTypeSize},
		{"large receiver", "type t [1 << 16]byte\nfunc (t) m() {}\n", RuleTypeSize},
		{"large frame", "func f(a *[1 << 20]int) (n int) {\n" + lines(100, "\tfor _, v := range *a { n += v }\n") + "\treturn\n}\n", RuleTypeSize},

		{"chain of generic functions", "type a[T any] struct{ x T }\ntype b[T any] struct{ y T }\n" + lines(30, "func f$i[T any]() { f$j[a[T]](); f$j[b[T]]() }\n") + "func f30[T any]() {}\nfunc g() { f0[int]() }\n", RuleGenerics},
		{"chain by permutation", lines(30, "func f$i[A, B, C any]() { f$j[B, A, C](); f$j[A, C, B](); f$j[[]A, B, C]() }\n") + "func f30[A, B, C any]() {}\nfunc g() { f0[int, string, bool]() }\n", RuleGenerics},
		{"chain by local types", lines(30, "func f$i[T any]() { type l struct{ x T }; type m struct{ y T }; f$j[l](); f$j[m]() }\n") + "func f30[T any]() {}\nfunc g() { f0[int]() }\n", RuleGenerics},
		{"chain of generic types", lines(30, "type t$i[T any] struct { l *t$j[[]T]; r *t$j[[1]T] }\n") + "type t30[T any] struct { x T }\nvar x t0[int]\n", RuleGenerics},
		{"chain of methods", lines(30, "type t$i[T any] struct {}\nfunc (t$i[U]) m() { _ = t$j[[]U]{}; _ = t$j[*U]{} }\n") + "type t30[T any] struct { x T }\nvar x t0[int]\n", RuleGenerics},
		{"large type argument", "func f[T any]() { var x T; _ = x }\nfunc g() { f[[5000]byte]() }\n", RuleGenerics},
		{"type argument that grows", "type p[T any] struct{ x, y T }\n" + lines(20, "func f$i[T any]() { f$j[p[T]]() }\n") + "func f20[T any]() {}\nfunc g() { f0[int]() }\n", RuleGenerics},

		{"initialization order", lines(200, "var v$i = f$i()\n") + lines(200, "func f$i() int { return f$j() }\n") + "func f200() int { return 1 }\n", RuleSize},
		{"deep types", "var x " + strings.Repeat("[]", 10000) + "int\n", RuleSize},
		{"deep expressions", "var x = " + strings.Repeat("!", 10000) + "true\n", RuleSize},
		{"deep blocks", "func f() " + strings.Repeat("{", 10000) + strings.Repeat("}", 10000) + "\n", RuleSize},
		{"deep closures", "func f() { " + strings.Repeat("func() {", 30) + strings.Repeat("}()", 30) + "}\n", RuleSize},
		{"long function", "func f(x int) {\n" + lines(3000, "\tx += x\n") + "}\n", RuleSize},
		{"many nodes", lines(200, "func f$i(x int) {"+strings.Repeat("x += x;", 60)+"}\n"), RuleSize},
		{"long identifier", "var " + strings.Repeat("x", 1000) + " int\n", RuleSize},
		{"too deep for the parser", "var x = " + strings.Repeat("(", 110000) + "\n", RuleSize},
		{"too deep for the parser without brackets", "var x = " + strings.Repeat("! ", 110000) + "true\n", RuleSyntax},

		{"shift", "const a = 1 << 1000000000\n", RuleType},
		{"exponent", "const a = 1e1000000000\n", RuleType},
		{"digits", "const a = " + strings.Repeat("9", 100000) + "\n", RuleType},
		{"powers", "const c0 = 1 << 500\n" + lines(100, "const c$j = c$i * c$i\n"), RuleType},
		{"growing instance", "type t[P any] struct{ f *t[t[P]] }\n", RuleType},
		{"growing recursion", "type a[T any] struct{ x T }\nfunc f[P any](n int) { f[a[P]](n - 1) }\n", RuleType},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := inspect(b.packages, Tool, tool(test.body+run))
			if len(r.Problems) == 0 {
				t.Fatal("accepted")
			}
			for _, p := range r.Problems {
				if p.Rule == test.rule {
					return
				}
			}
			t.Errorf("want a problem of rule %s, have %v", test.rule, r.Problems[0])
		})
	}
}

// What just passes the bounds compiles: the compiler, too, is given no more than it
// can bear.
func TestBoundsHoldForTheCompiler(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles large sources")
	}
	b := open(t)
	sources := map[string]string{
		"parentheses":   "func f(a int) int { return " + strings.Repeat("(a+", 115) + "1" + strings.Repeat(")", 115) + " }\n",
		"closures":      "func f(a int) int { " + strings.Repeat("func() { a++; ", 19) + strings.Repeat("}();", 19) + " return a }\n",
		"iterators":     "func f(s func(func(int) bool)) (a int) { " + strings.Repeat("for range s { if a++; a == 7 { return };", 60) + strings.Repeat("}", 60) + "; return }\n",
		"literals":      "var x = " + strings.Repeat("[]", 100) + "int" + strings.Repeat("{", 100) + strings.Repeat("}", 100) + "\n",
		"generic calls": "func id[T any](a T) T { return a }\nfunc f(a int) int { return " + strings.Repeat("id(", 100) + "a" + strings.Repeat(")", 100) + " }\n",
		"wrappers":      "type e struct{}\n" + repeat(200, func(i int) string { return fmt.Sprintf("func (e) m%d(a, b string) error { return nil }\n", i) }) + repeat(60, func(i int) string { return fmt.Sprintf("type w%d struct{ e }\nvar _ any = w%d{}\n", i, i) }),
		"blocks":        "func f(a []int) (x int) {\n" + repeat(900, func(i int) string { return fmt.Sprintf("x += a[x&%d]\n", i) }) + "return }\n",
		"labels":        "func f(a int) {" + repeat(800, func(i int) string { return fmt.Sprintf("L%d: if a > %d { goto L%d };", i, i, i*31%800) }) + "}\n",
		"large values":  "type t [1<<16 - 1]byte\nfunc f(a t) t { if a == (t{}) { a = f(f(f(a))) }; c := make(chan t, 1); c <- a; m := map[int]t{1: a}; var i any = a; b := i.(t); for _, x := range a { b[x] = x }; return m[int(b[0])] }\n",
		"instances":     "type a[T any] struct{ x T }\nfunc (y a[T]) m(b map[string]T) (r []T) { for _, v := range b { r = append(r, v, y.x) }; return }\nfunc f[T any](t T) any { return a[T]{t} }\nfunc g() { \n" + repeat(150, func(i int) string { return fmt.Sprintf("f([%d]int{});", i) }) + "}\n",
	}
	var all []source
	for name, body := range sources {
		files := tool(body + run)
		if r := inspect(b.packages, Tool, files); r.Verdict != "" {
			t.Errorf("%s: %s: %v", name, r.Verdict, r.Problems)
		}
		all = append(all, source{strings.ReplaceAll(name, " ", "_") + "/tool.go", files[0].Data})
	}
	if _, err := b.goCommand(t.Context(), all, "", "build", "-trimpath", "./..."); err != nil {
		t.Error(err)
	}
}

// Package bounds takes it that a result of an imported generic function holds each type
// parameter once, and that all it holds are parts of one argument. Else types could grow
// by calling it.
func TestImportedGenericsDoNotMultiply(t *testing.T) {
	b := open(t)
	for _, path := range Importable() {
		imported, err := b.Importer().Import(path)
		if err != nil {
			t.Fatal(err)
		}
		scope := imported.Scope()
		for _, name := range scope.Names() {
			f, ok := scope.Lookup(name).(*types.Func)
			if !ok || !f.Exported() || f.Signature().TypeParams() == nil {
				continue
			}
			sig := f.Signature()
			var from []string // the parameter that binds each type parameter of the results
			for p := range sig.TypeParams().TypeParams() {
				n := strings.Count(typeWords(sig.Results()), " "+p.Obj().Name()+" ")
				if n == 0 {
					continue
				}
				if n > 1 {
					t.Errorf("%s.%s returns its type parameter %s %d times: %s", path, name, p, n, sig)
				}
				bound := "a constraint"
				for v := range sig.Params().Variables() {
					if strings.Contains(typeWords(v.Type()), " "+p.Obj().Name()+" ") {
						bound = v.Name()
						break
					}
				}
				from = append(from, bound)
			}
			if len(slices.Compact(from)) > 1 {
				t.Errorf("%s.%s returns what it makes of several arguments: %s", path, name, sig)
			}
		}
	}
}

// typeWords is a type as words between spaces.
func typeWords(t types.Type) string {
	text := types.TypeString(t, nil)
	return " " + strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }), "  ") + " "
}
