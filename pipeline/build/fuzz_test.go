package build

import (
	"strings"
	"testing"

	"toolgen/fuzzing"
)

// FuzzInspect throws garbage at the gate. It must answer, and consistently; that
// what it accepts compiles is checked on fixed sources elsewhere.
func FuzzInspect(f *testing.F) {
	fuzzing.Briefly(f)
	b := open(f)
	for _, src := range []string{
		"", "package tool", "package tool\n" + run, "package tool\n" + distinct,
		"package tool\nimport \"io\"\nfunc f() { io.EOF = nil }\n" + run,
		"package tool\ntype t[P any] struct{ x, y P; n *t[[]P] }\nvar _ t[int]\n" + run,
		"package tool\nconst (\n\ta = \"x\" + b\n\tb = a\n\tc\n)\n" + run,
		"package tool\ntype a = b\ntype b = *struct{ a; c }\ntype c interface { c; m() interface { c } }\n" + run,
		"package tool\nfunc (t) init() {}\nfunc init() { init() }\ntype t [c]int\nconst c = len(t{})\n" + run,
		"package tool\nfunc f[T interface{ ~[]E }, E any](x T) { for range x { f(x[:]) } }\nvar _ = f[[]int]\n" + run,
		"package tool\n/*line x:1*/\n//go:embed x\nvar x = []int{1<<40: 2, 'a': 3}\n" + run,
		"package tool\nfunc f() { L: for range 10 { switch x := any(1).(type) { case int: goto L; _ = x } } }\n" + run,
		"package tool\nfunc d[T any](x T) struct{ a, b T } { panic(0) }\ntype p[K, V any] struct{ *q[V]; f func(K) p[K, V] }\ntype q[T any] map[int]T\nfunc (x p[K, V]) m() q[K] { return nil }\nfunc f() { x := p[int, string]{}; y := d(d(x.f)); _ = y }\n" + run,
		"package tool\ntype c[T any] interface{ ~[]T | p }\ntype p interface{ m(p) }\nfunc f[S c[E], E any](s S, g func(S) E) (E, S) { return g(s), s }\n" + run,
		"//\t+build ignore\n\n/* x */ package tool\nvar _ = [4]int([]int(nil))\nvar _ any = []any{&struct{ x []int }{nil}, (*int)(nil), Run}\n" + run,
		"package tool\nvar x = func() { defer func() { recover() }(); select {} }\n" + run,
	} {
		f.Add(src, "package tool\n")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		if len(first)+len(second) > 4<<10 {
			t.Skip("the engine spends its time on making long inputs shorter")
		}
		files := []File{{"a.go", []byte(first)}, {"b.go", []byte(second)}}
		r := inspect(b.packages, Tool, files)
		if (r.Verdict == "") != (len(r.Problems) == 0) {
			t.Errorf("verdict %q and %d problems", r.Verdict, len(r.Problems))
		}
		if r.Verdict == "" && (r.Package == nil || len(r.ImportSet) == 0 || Plan([]Unit{{Report: r}})[0].Hash == "") {
			t.Error("accepted, and yet not complete")
		}
		for _, p := range r.Problems {
			if p.Rule == RuleGate {
				t.Errorf("crashed: %v", p)
			}
			if lines := strings.Count(map[string]string{"a.go": first, "b.go": second}[p.File], "\n") + 1; p.Line < 0 || p.Line > lines {
				t.Errorf("problem in line %d of %d: %v", p.Line, lines, p)
			}
		}
		if again := inspect(b.packages, Tool, []File{files[1], files[0]}); again.Verdict != r.Verdict || len(again.Problems) != len(r.Problems) {
			t.Errorf("%s %v, and in another order %s %v", r.Verdict, r.Problems, again.Verdict, again.Problems)
		}
	})
}
