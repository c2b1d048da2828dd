package bounds

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// source makes a file of declarations.
func source(t testing.TB, body string) (*token.FileSet, *ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "tool.go", "package tool\n"+body, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return fset, file
}

func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.NewReplacer("$i", fmt.Sprint(i), "$j", fmt.Sprint(i+1)).Replace(format))
	}
	return b.String()
}

func nested(f string, n int, x string) string {
	return strings.Repeat(f+"(", n) + x + strings.Repeat(")", n)
}

const double = "func d[T any](x T) struct{ a, b T } { return struct{ a, b T }{x, x} }\n"

// Each source grows by a number. At the last number that is accepted go/types is done
// with it in well under a second (see the log); what is refused far above would take it
// for ever. Where least is given, that many must be accepted: honest programs have some.
func TestEdges(t *testing.T) {
	tests := []struct {
		name  string
		of    string
		least int
		most  int
		body  func(n int) string
	}{
		{"nested calls that double", Generics, 6, 20, func(n int) string { return double + "var _ = " + nested("d", n, "1") + "\n" }},
		{"variables that double", Generics, 6, 20, func(n int) string {
			return double + "func f() { v0 := 1\n" + lines(n, "v$j := d(v$i)\n") + fmt.Sprintf("_ = v%d }\n", n)
		}},
		{"variables that hide others", Generics, 6, 20, func(n int) string {
			return double + "func f() { v := 1\n" + strings.Repeat("{ v := d(v)\n", n) + "_ = v\n" + strings.Repeat("}", n) + "}\n"
		}},
		{"package-level variables that double", Generics, 6, 20, func(n int) string { return double + "var v0 = 1\n" + lines(n, "var v$j = d(v$i)\n") }},
		{"package-level variables, last one first", Generics, 6, 20, func(n int) string {
			list := strings.SplitAfter(strings.TrimSuffix(lines(n, "var v$j = d(v$i)\n"), "\n"), "\n")
			slices.Reverse(list)
			return double + strings.Join(list, "\n") + "\nvar v0 = 1\n"
		}},
		{"closures", Generics, 6, 19, func(n int) string {
			return double + "func f() { v := 1\n" + strings.Repeat("func() { v := d(v); ", n) + "_ = v\n" + strings.Repeat("}();", n) + "}\n"
		}},
		{"a closure in the declaration that hides its variable", Generics, 2, 19, func(n int) string {
			return double + "func f() { v := 1\n" + strings.Repeat("{ v := d(v); ", n) + "{ v := func() { _ = " + nested("d", n, "v") + " }; v() }" + strings.Repeat("}", n) + "}\n"
		}},
		{"methods that double", Generics, 6, 20, func(n int) string {
			return "type p[T any] struct{ x T }\nfunc (p[T]) w() p[struct{ a, b T }] { panic(0) }\nfunc f(x p[int]) { _ = x" + strings.Repeat(".w()", n) + " }\n"
		}},
		{"method values that double", Generics, 3, 20, func(n int) string {
			return double + "type p[T any] struct{ x T }\nfunc (p[T]) w(T) T { panic(0) }\nfunc mk[T any](x T) p[T] { panic(0) }\nfunc f() { v0 := 1\n" + lines(n, "v$j := d(mk(v$i).w)\n") + "}\n"
		}},
		{"method values of another package that double", Generics, 3, 20, func(n int) string {
			return "import \"sync/atomic\"\nfunc w[T any](T) *atomic.Pointer[T] { panic(0) }\nfunc f() { v0 := w(1)\n" + lines(n, "v$j := w(v$i.CompareAndSwap)\n") + "}\n"
		}},
		{"fields that double", Generics, 6, 20, func(n int) string {
			return lines(n, "type p$i[T any] struct{ f *p$j[func(T, T)] }\n") + fmt.Sprintf("type p%d[T any] struct{}\nfunc f(x p0[int]) { _ = x%s }\n", n, strings.Repeat(".f", n))
		}},
		{"a field of its own type", Generics, 6, 20, func(n int) string {
			return "type p[T any] struct{ f *p[struct{ a, b T }] }\nfunc f(x p[int]) { _ = x" + strings.Repeat(".f", n) + " }\n"
		}},
		{"elements that double", TypeSize, 5, 20, func(n int) string {
			return lines(n, "type p$i[T any] []p$j[func(T, T)]\n") + fmt.Sprintf("type p%d[T any] struct{}\nfunc f(x p0[int]) { _ = x%s }\n", n, strings.Repeat("[0]", n))
		}},
		{"embedded types that double", Generics, 4, 20, func(n int) string {
			return lines(n, "type p$i[T any] struct{ *p$j[func(T, T)] }\n") + fmt.Sprintf("type p%d[T any] struct{ x T }\nfunc f(x p0[int]) { _ = x.x }\n", n)
		}},
		{"constraints that double", Generics, 4, 20, func(n int) string {
			return "func d[T any, P interface{ struct{ a, b T } }](T) P { panic(0) }\nvar _ = " + nested("d", n, "1") + "\n"
		}},
		{"a chain of constraints", Generics, 4, 18, func(n int) string {
			return "func d[A0 any" + lines(n, ", A$j interface{ struct{ x, y A$i } }") + fmt.Sprintf("](A0) A%d { panic(0) }\nvar _ = d(1)\n", n)
		}},
		{"constraints by a generic interface", Generics, 3, 20, func(n int) string {
			return "type c[T any] interface{ struct{ a, b T } }\nfunc d[T any, P c[T]](T) P { panic(0) }\nvar _ = " + nested("d", n, "1") + "\n"
		}},
		{"pairs of one variable", Generics, 6, 20, func(n int) string {
			return "type pair[K, V any] struct { k K; v V }\nfunc zip[A, B any](a A, b B) pair[A, B] { panic(0) }\nfunc f() { v0 := 1\n" + lines(n, "v$j := zip(v$i, v$i)\n") + "}\n"
		}},
		{"generic functions as arguments", Generics, 4, 20, func(n int) string {
			return double + "func ap[A, B any](a A, f func(A) B) B { panic(0) }\nvar _ = " + strings.Repeat("ap(", n) + "1" + strings.Repeat(", d)", n) + "\n"
		}},
		{"composition", Generics, 2, 18, func(n int) string {
			return double + "func c[A0" + lines(n, ", A$j") + " any](x A0" + lines(n, ", f$i func(A$i) A$j") + fmt.Sprintf(") A%d { panic(0) }\nvar _ = c(1%s)\n", n, strings.Repeat(", d", n))
		}},
		{"results of functions", Generics, 6, 20, func(n int) string {
			return "func d[T any](T) func() (T, T) { panic(0) }\nvar _ = " + nested("d", n, "1") + "\n"
		}},
		{"several results", Generics, 4, 20, func(n int) string {
			return "func d[A, B any](a A, b B) (struct{ x, y A }, struct{ x, y B }) { panic(0) }\nfunc f() { a, b := " + nested("d", n, "1, 2") + "; _, _ = a, b }\n"
		}},
		{"iterators", Generics, 5, 20, func(n int) string {
			return "func d[T any](T) func(func(struct{ a, b T }) bool) { panic(0) }\nfunc f() { v := 1\n" + strings.Repeat("for v := range d(v) {\n", n) + "_ = v\n" + strings.Repeat("}", n) + "}\n"
		}},
		{"methods of interfaces", Generics, 4, 20, func(n int) string {
			return "type i[T any] interface{ m() T }\ntype q[T any] struct{}\nfunc (q[T]) m() T { panic(0) }\nfunc d[T any](i[T]) q[struct{ a, b T }] { panic(0) }\nfunc f(x q[int]) { _ = " + nested("d", n, "x") + " }\n"
		}},
		{"identity", Generics, 60, 1500, func(n int) string {
			return "func id[T any](x T) T { return x }\nfunc f() { v0 := 1\n" + lines(n, "v$j := id(v$i)\n") + "}\n"
		}},
		{"type parameters", Generics, 10, 21, func(n int) string { return "func f[A0" + lines(n-1, ", A$j") + " any]() {}\n" }},

		{"methods of interfaces that are assigned", TypeSize, 40, 400, func(n int) string {
			return "type i interface {\n" + lines(n, "m$i()\n") + "}\ntype j interface {\n" + lines(n, "m$i()\n") + "}\nfunc f(x i, y j) {\n" + strings.Repeat("x = y\n", 1500) + "}\n"
		}},
		{"embedded fields and selectors", TypeSize, 60, 400, func(n int) string {
			return lines(n, "type e$i struct{ x$i int }\n") + "type t struct {\n" + lines(n, "e$i\n") + "}\nfunc f(t t) {\n" + strings.Repeat(fmt.Sprintf("t.x%d = 1\n", n-1), 1300) + "}\n"
		}},
		{"types of a type switch", TypeSize, 100, 500, func(n int) string {
			fields := lines(100, "f$i int\n")
			return "type a = struct {\n" + fields + "}\ntype b = struct {\n" + fields + "}\nfunc f(x any) { switch x.(type) {\n" + lines(n, "case map[a][$i]int, map[b][$i]string:\n") + "} }\n"
		}},
		{"string constants that double", Constant, 10, 20, func(n int) string {
			return "const c0 = \"x\"\n" + lines(n, "const c$j = c$i + c$i\n")
		}},
		{"structs that double", TypeSize, 8, 20, func(n int) string {
			return "type s0 struct{ a, b int }\n" + lines(n, "type s$j struct{ a, b s$i }\n")
		}},
	}
	imp := importer.ForCompiler(token.NewFileSet(), "source", nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			refused := func(n int) []Problem {
				_, file := source(t, test.body(n))
				return Check([]*ast.File{file}, imp).Problems
			}
			problems := refused(test.most)
			if len(problems) == 0 {
				t.Fatalf("%d are accepted", test.most)
			}
			if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Of == test.of }) {
				t.Errorf("want a problem of %s, have %v", test.of, problems)
			}
			last := test.least
			if problems := refused(last); len(problems) > 0 {
				t.Fatalf("%d are refused: %v", last, problems[0].Message)
			}
			for high := test.most; high-last > 1; {
				if mid := (last + high) / 2; len(refused(mid)) == 0 {
					last = mid
				} else {
					high = mid
				}
			}
			fset, file := source(t, test.body(last))
			config := types.Config{Importer: imp, Error: func(error) {}}
			config.Check("tool", fset, []*ast.File{file}, nil)
			t.Logf("%d are accepted, %d are not", last, last+1)
		})
	}
}

// What honest programs do stays far from the bounds of inference.
func TestHonestGenerics(t *testing.T) {
	body := `
type number interface{ ~int | ~float64 }
type pair[K, V any] struct { key K; value V }
type cmp[T any] func(a, b T) int
type tree[K, V any] struct { left, right *tree[K, V]; entries []pair[K, V]; compare cmp[K] }
type seq[T any] func(yield func(T) bool)
type set[T comparable] map[T]struct{}
func (t *tree[K, V]) put(k K, v V) (*tree[K, V], V, bool) { t.left, _, _ = t.left.put(k, v); return t, v, t.compare(k, k) == 0 }
func (t *tree[K, V]) all() seq[pair[K, V]] { return func(yield func(pair[K, V]) bool) { for _, e := range t.entries { if !yield(e) { return } } } }
func mapped[T, U any](s []T, f func(T) U) []U { var r []U; for _, x := range s { r = append(r, f(x)) }; return r }
func filtered[S ~[]E, E any](s S, f func(E) bool) S { return s }
func folded[T, A any](s []T, a A, f func(A, T) A) A { for _, x := range s { a = f(a, x) }; return a }
func zipped[A, B any](a []A, b []B) []pair[A, B] { return nil }
func grouped[K comparable, V any](s []V, key func(V) K) map[K][]V { return nil }
func sum[T number](s ...T) (r T) { for _, x := range s { r += x }; return r }
func id[T any](x T) T { return x }
func f(words []string) int {
	lengths := mapped(words, func(s string) int { return len(s) })
	pairs := zipped(words, lengths)
	pairs = filtered(pairs, func(p pair[string, int]) bool { return p.value > 1 })
	twice := zipped(pairs, pairs)
	groups := grouped(twice, func(p pair[pair[string, int], pair[string, int]]) int { return p.key.value })
	for k, g := range groups {
		keys := mapped(mapped(g, func(p pair[pair[string, int], pair[string, int]]) pair[string, int] { return p.key }), id)
		for i, p := range keys { _ = sum(k, i, p.value) }
	}
	t := &tree[string, []pair[string, int]]{}
	for _, p := range pairs { t, _, _ = t.put(p.key, append(t.left.right.left.entries[0].value, p)) }
	for e := range t.all() { for _, p := range e.value { _ = p.key } }
	return folded(mapped(pairs, func(p pair[string, int]) int { return p.value }), 0, func(a, b int) int { return a + b })
}
`
	fset, file := source(t, body)
	if _, err := (&types.Config{}).Check("tool", fset, []*ast.File{file}, nil); err != nil {
		t.Fatal(err)
	}
	if r := Check([]*ast.File{file}, nil); len(r.Problems) > 0 {
		t.Error(r.Problems)
	}
	m := &meter{}
	m.measure(file)
	names := newScope(newScope(nil))
	names.parent.collect(file, names)
	m.weighFile(file, names)
	g := &growth{meter: m, generics: newGenerics([]*ast.File{file}, nil), globals: map[string]*global{}, locals: map[string]int64{}, sizes: map[ast.Expr]int64{}}
	g.walk(file)
	largest := int64(0)
	for _, n := range g.sizes { // any order: the largest counts
		largest = max(largest, n)
	}
	if t.Logf("types of up to %d parts, %d together", largest, g.total); largest > maxInferred/10 || g.total > maxInferredSum/10 {
		t.Errorf("types of up to %d parts, %d together", largest, g.total)
	}
}

// Brackets count where they are some.
func TestNesting(t *testing.T) {
	deep := strings.Repeat("(", maxBrackets+1)
	for src, want := range map[string]int{
		"package p\n":                          -1,
		strings.Repeat("()", 10*maxBrackets):   -1,
		"var x = \"" + deep + "\" // " + deep:  -1,
		deep[1:]:                               -1,
		deep:                                   maxBrackets,
		"{" + strings.Repeat("[", maxBrackets): maxBrackets,
	} {
		if got := Nesting([]byte(src)); got != want {
			t.Errorf("%.40q: %d, want %d", src, got, want)
		}
	}
}
