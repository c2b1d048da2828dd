package build

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"toolgen/pipeline/isolate"
)

// twisted holds one of each thing that a clone must rename, or must not.
const twisted = `
import (
	"errors"
	"fmt"
	"sort"
	str "strings"
)

type base struct{ n int }

func (b *base) bump(by int) int { b.n += by * 1; return b.n }

type shape interface{ area() int }

type square struct {
	base
	side int
}

func (s square) area() int { return s.side * s.side * 1 }

type byLen []string

func (b byLen) Len() int           { return len(b) }
func (b byLen) Less(i, j int) bool { return len(b[i]) < len(b[j])*1 }
func (b byLen) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

type pair[K comparable, V any] struct {
	key K
	val V
}

func first[K comparable, V any](ps []pair[K, V]) K { return ps[0*1].key }

const (
	zero = iota
	one
)

var (
	table      = map[string]int{"a": one, "b": helper("bb")}
	x, y       = two()
	errStrange = errors.New("strange")
	count      int
	_          = helper("")
	squares    = map[string][]square{"unit": {{side: 1}}}
)

func init() { count = len(table) }

func init() { count += x * 1 }

func two() (int, []string) { return 2, []string{"q"} }

func helper(s string) int { return len(s) * 1 }

// sum has a parameter without a name, and one that takes many.
func sum(_ string, list ...int) (total int) {
	for _, n := range list {
		total += n
	}
	return total * 1
}

type counter struct{ n int }

func (c *counter) tick(int, string) {
	c.n++ // calls
}

func (counter) String() string { return fmt.Sprint("c", 7 * 1) }

func safely(n int) {
	defer rescue(n)
	panic(n)
}

func rescue(n int) {
	switch r := recover(); n {
	case 1: panic(r)
	}
}

func fact(n int) int {
	if n < 2 {
		return 1
	}
	return n * fact(n-1) * 1
}

func Run(input []byte) ([]byte, error) {
	safely(0)
	c := counter{n: sum("", 1, 2, fact(3))}
	c.tick(1, "")
	if str.HasPrefix(string(input), "!") {
		return nil, errStrange
	}
	s := square{base: base{n: zero}, side: helper(string(input))}
	s.bump(3)
	s.base.n++
	var sh shape = s
	words := str.Fields(string(input))
	sort.Sort(byLen(words))
	count++
	f := s.bump
	ps := []pair[string, int]{{"k", f(2)}}
	helper := func(s string) string { return s + "~" }
	return []byte(fmt.Sprint(sh.area(), s.n, words, table["a"], table["b"], x, y, count, first(ps), helper("z"), sum("", []int{4, 5}...), c.n, c, squares)), nil
}
`

// Every clone answers as the same source does in a module of its own, whatever was
// changed in it, and whoever its neighbours are.
func TestClonesAnswerAlike(t *testing.T) {
	b := open(t)
	base := inspect(b.packages, Tool, tool(twisted))
	sources := []string{twisted}
	for i := range strings.Count(twisted, "*1") + strings.Count(twisted, "* 1") {
		sources = append(sources, nth(twisted, i))
	}
	sources = append(sources,
		strings.Replace(twisted, "one\n)", "_\n\tone\n)", 1),                                     // a constant
		strings.Replace(twisted, `"b": helper`, `"c": helper`, 1),                                // a variable's value
		strings.Replace(twisted, "func two()", "func three() int { return 3 }\n\nfunc two()", 1), // one function more
	)
	var versions []*Report
	for i, src := range sources {
		r := inspect(b.packages, Tool, tool(src))
		if r.Verdict != "" {
			t.Fatalf("source %d: %v", i, r.Problems)
		}
		versions = append(versions, r)
	}
	ctx := context.Background()
	inputs := []string{"", "!", "b aaa cc"}
	answers := map[string][]string{} // by how they were compiled
	show := func(m *isolate.Module, index int) string {
		var s strings.Builder
		for _, input := range inputs {
			r := call(t, m, index, []byte(input))
			fmt.Fprintf(&s, "%s %q %s\n", r.Outcome, r.Output, r.Message)
		}
		return s.String()
	}
	for name, base := range map[string]*Report{"shared": base, "whole": nil} {
		m, refused, err := b.Clones(ctx, []CloneGroup{{base, versions}})
		if err != nil || len(refused) > 0 {
			t.Fatalf("%s: refused %v, error %v", name, refused, err)
		}
		defer m.Close()
		for i := range sources {
			answers[name] = append(answers[name], show(m, i))
		}
	}
	for i := range sources {
		if answers["shared"][i] != answers["whole"][i] {
			t.Errorf("source %d: answers with shared parts\n%swith none\n%s", i, answers["shared"][i], answers["whole"][i])
		}
	}
	for _, i := range []int{0, 3, len(sources) - 1} { // an ordinary module takes a second
		alone, err := b.Module(ctx, Plan([]Unit{unit(t, b, "x", Tool, tool(sources[i]))})[0])
		if err != nil {
			t.Fatal(err)
		}
		if want := show(alone, 0); answers["whole"][i] != want {
			t.Errorf("source %d: answers\n%salone\n%s", i, answers["whole"][i], want)
		}
		alone.Close()
	}
}

// nth changes the i-th factor 1 of a source.
func nth(src string, i int) string {
	for at := 0; ; i-- {
		n := strings.Index(src[at:], "*1")
		if m := strings.Index(src[at:], "* 1"); n < 0 || m >= 0 && m < n {
			n = m + 1
		}
		at += n + 2
		if i == 0 {
			return src[:at-1] + "2" + src[at:]
		}
	}
}

// What a version shares with the base is not compiled again, and what it must not
// share is.
func TestClonesShare(t *testing.T) {
	b := open(t)
	base := inspect(b.packages, Tool, tool(twisted))
	for _, tt := range []struct {
		change, to string
		cloned     string // "" if all is
	}{
		{"return ps[0*1].key", "return ps[0*2].key", "first Run"},
		{"b.n += by * 1", "b.n += by * 2", "bump"},
		{"s.side * s.side * 1", "s.side * s.side * 2", "area"}, // called through an interface
		{"len(b[j])*1", "len(b[j])*2", "Less"},                 // by the library
		{"return len(s) * 1", "return len(s) * 2", ""},         // in initial values
		{"count += x * 1", "count += x * 2", ""},               // init
		{`case 1: panic(`, `case 2: panic(`, ""},               // recovers
		{`return total * 1`, `return total * 2`, "sum"},
		{`c.n++ // calls`, `c.n-- // calls`, "tick"},
		{"one\n)", "_\n\tone\n)", ""},
		{"count++", "count--", "Run"},
	} {
		r := inspect(b.packages, Tool, tool(strings.Replace(twisted, tt.change, tt.to, 1)))
		c := newCloner(r, "g0", "_m0")
		var cloned []string
		if c.share(base) {
			text, _ := c.part()
			for _, name := range []string{"first", "bump", "area", "Less", "helper", "two", "sum", "tick", "safely", "Run"} {
				if strings.Contains(text, name+"_m0(") && strings.Contains(text, "func") && declares(text, name+"_m0") {
					cloned = append(cloned, name)
				}
			}
		}
		if got := strings.Join(cloned, " "); got != tt.cloned {
			t.Errorf("%q: cloned %q, want %q", tt.to, got, tt.cloned)
		}
	}
}

func declares(text, name string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "func ") && strings.Contains(line, name) {
			return true
		}
	}
	return false
}

// What the compiler alone refuses is left out, and the others stand.
func TestClonesRefused(t *testing.T) {
	out := make([]bool, 3)
	err := error(&commandError{Verb: "build", Text: "exit status 1", Exited: true, Stderr: "# toolgen.guest/g0\ng0/m1.go:3:5: stack frame too large\n"})
	if !leaveOut(err, out) || out[0] || !out[1] || out[2] {
		t.Errorf("left out: %v", out)
	}
	if leaveOut(err, out) {
		t.Error("a version that is left out already is no reason to try again")
	}
	b := open(t)
	r := inspect(b.packages, Tool, tool(twisted))
	sources, err := cloneSources([]CloneGroup{{r, []*Report{r, r}}}, []bool{true, false})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range sources {
		names = append(names, s.path)
	}
	if got := strings.Join(names, " "); got != "g0/base.go g0/m1.go main.go" {
		t.Errorf("sources: %s", got)
	}
}

// 500 versions of a tool of 60 lines: inspected, cloned, built and compiled together,
// and one by one.
func BenchmarkClones(b *testing.B) {
	builder := open(b)
	ctx := context.Background()
	salt := 0
	version := func() *Report {
		salt++
		return inspect(builder.packages, Tool, tool(strings.Replace(twisted, "s.bump(3)", fmt.Sprintf("s.bump(%d)", salt), 1)))
	}
	base := version()
	for _, n := range []int{1, 100, 500} {
		b.Run(fmt.Sprintf("clones=%d", n), func(b *testing.B) {
			for b.Loop() {
				versions := make([]*Report, n)
				for i := range versions {
					versions[i] = version()
				}
				m, _, err := builder.Clones(ctx, []CloneGroup{{base, versions}})
				if err != nil {
					b.Fatal(err)
				}
				m.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*n), "ms/version")
		})
	}
}
