package build

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"toolgen/pipeline/sandbox"
)

// What initializers are made of. All units that share a module must have one import
// set, so the packages are among those that every module has.
const initPrelude = `
import (
	"errors"
	"io"
	"strings"
)

type s struct {
	n int
	p *s
	a any
	f func() int
	l []int
}

func (x s) val() int  { return x.n }
func (x *s) ptr() int { return x.n }

type i interface{ val() int }

type o struct{ *s }

type g[T any] struct{ x, y T }

func (x g[T]) val() int { return 1 }

func zero() int              { return 0 }
func boom() int              { panic("boom") }
func loop() int              { for { } }
func same[T any](x T) T      { return x }
func fail[T any](x T) T      { panic("fail") }

const c = 7

var (
	_ = errors.New
	_ = io.Copy
	_ = strings.ToUpper
)

`

// initializer writes expressions. Of a production, "$t" is an expression of type t.
type initializer struct{ rng *rand.Rand }

var productions = map[string][]string{
	"int": {
		"0", "c", "-c", "len([4]int{})", "len([4]int([]int(nil)))", "len(\"x\" + \"y\")", "cap([2]func() int{boom, nil})", "int(c)", "'x'", "(c)",
		"$int", "$int + $int", "$int / $int", "1 / zero()", "$int % zero()", "1 << zero()", "1 << -boom()", "boom()", "loop()", "zero()", "int($any.(int))", "$any.(int)", "any(nil).(int)",
		"$list[0]", "$list[$int]", "[]int(nil)[0]", "$array[1]", "$ref[1]", "(*[4]int)(nil)[1]", "len($list)", "cap($list)", "len($array)", "len($map)", "$map[1]",
		"(*s)(nil).n", "$ptr.n", "$struct.n", "o{}.n", "i(nil).val()", "$struct.val()", "(&s{}).ptr()", "o{}.ptr()", "o{}.val()", "same($int)", "fail($int)", "same[int](1)", "$func()", "func() int { return boom() }()",
		"max($int, $int)", "min(c, 3)", "copy($list, $list)", "strings.Count($string, $string)", "<-make(chan int)", "<-chan int(nil)", "*$intp", "*new(int)", "*(*int)(nil)", "len(same([4]int{}))",
	},
	"intp":   {"nil", "(*int)(nil)", "new(int)", "&[]int{1}[0]", "&$struct.l[0]", "&(*s)(nil).n", "&s{n: 1}.p.n"},
	"string": {"\"\"", "\"x\" + \"y\"", "string(rune(c))", "string('x')", "$string + $string", "$string[1:]", "\"\"[1:zero()]", "strings.ToUpper($string)", "errors.New(\"\").Error()", "error(nil).Error()", "string($bytes)"},
	"bytes":  {"nil", "[]byte(nil)", "[]byte(\"x\")", "[]byte($string)", "[]byte{1, 2: c}", "make([]byte, $int)", "make([]byte, -boom())"},
	"list": {
		"nil", "[]int{}", "[]int{$int, $int}", "[]int{3: $int, 1: c}", "([]int)(nil)", "$list[:]", "$list[1:]", "$list[:$int]", "[]int(nil)[1:]", "append($list, $int)", "make([]int, $int)", "make([]int, zero()-1)", "(*[4]int)(nil)[:]", "$ref[:]", "$struct.l", "$ptr.l",
	},
	"array": {"[4]int{}", "[4]int{1, $int}", "[4]int{3: $int}", "[...]int{1, 2, 3, $int}", "[4]int($list)", "[4]int([]int(nil))", "[4]int([]int{1})", "*(*[4]int)($list)", "*(*[4]int)(nil)", "([4]int{})", "[2][4]int{{1}}[0]", "fail($array)"},
	"ref":   {"nil", "&[4]int{}", "&[...]int{1, 2, 3, $int}", "(*[4]int)($list)", "(*[4]int)([]int{1})", "(*[4]int)(nil)", "(*[4]int)([]int(nil))", "new([4]int)"},
	"map":   {"nil", "map[int]int{}", "map[int]int{1: $int}", "map[int]int{$int: 1, $int: 2}", "map[int]int{zero(): 1, zero(): 2}", "make(map[int]int)", "(map[int]int)(nil)"},
	"struct": {
		"s{}", "s{n: $int}", "s{$int, $ptr, $any, $func, $list}", "s{a: $any, f: $func}", "*$ptr", "*(*s)(nil)", "*o{}.s", "s(s{})", "$any.(s)", "struct{ s }{}.s", "[]s{{}, {n: 1}}[1]", "same($struct)", "s{l: $list}", "s{p: &s{p: $ptr}}",
	},
	"ptr": {"nil", "&s{}", "&s{n: $int, p: $ptr}", "(*s)(nil)", "new(s)", "&(s{l: $list})", "[]*s{{}, {n: 2}}[0]", "$ptr.p", "o{}.s", "(*s)($ptr)"},
	"any": {
		"nil", "any(nil)", "1", "\"x\"", "any(1)", "$struct", "$ptr", "$list", "$array", "$map", "$func", "any($struct)", "interface{}($array)", "$any", "io.EOF", "errors.New(\"x\")", "g[int]{}", "&g[string]{x: \"\"}", "g[s]{y: $struct}", "[]any{$any, $any}", "map[any]int{$any: 1}", "map[any]int{[]int{}: 1}", "[1]any{$list} == [1]any{$list}", "any([]int{}) == any([]int{})", "struct{ x, y any }{$any, $any}", "[...]func() int{$func}", "strings.ToLower", "errors.Join", "same[string]", "g[int].val", "g[int]{}.val", "[]s{$struct, {n: $int}}", "[]*s{$ptr, {}}", "[2]map[string]int{}", "c == 7", "chan int(nil)", "make(chan int)", "i(nil)", "i($struct)", "($any).(i)", "i(nil).(s)", "[]any{any(nil).(int)}", "1.5", "complex(1, 2)", "[1 << 9]int{}", "[1 << 20]int{}", "&[1 << 18]int{}", "[]int{1 << 16: 1}",
	},
	"func": {"nil", "boom", "zero", "func() int { return boom() }", "func() int { for {} }", "s{}.val", "(*s)(nil).ptr", "(*s)(nil).val", "$ptr.val", "i(nil).val", "$struct.val", "o{}.val", "(func() int)(nil)", "(func() int)(zero)", "same(zero)", "$struct.f", "fail($func)", "g[int]{}.val"},
	"face": {"nil", "s{}", "&s{}", "(*s)(nil)", "$struct", "$ptr", "i(nil)", "g[int]{}", "(*g[string])(nil)", "&o{}", "o{$ptr}", "any(nil).(i)", "(i)($struct)"},
}

var initTypes = map[string]string{
	"int": "int", "intp": "*int", "string": "string", "bytes": "[]byte", "list": "[]int", "array": "[4]int", "ref": "*[4]int", "map": "map[int]int", "struct": "s", "ptr": "*s", "any": "any", "func": "func() int", "face": "i",
}

var initKinds = []string{"int", "intp", "string", "bytes", "list", "array", "ref", "map", "struct", "ptr", "any", "func", "face"}

func (in initializer) expr(kind string, depth int) string {
	list := productions[kind]
	form := list[in.rng.IntN(len(list))]
	for depth == 0 && strings.Contains(form, "$") {
		form = list[in.rng.IntN(len(list))]
	}
	var out strings.Builder
	for {
		before, rest, more := strings.Cut(form, "$")
		out.WriteString(before)
		if !more {
			return out.String()
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r < 'a' || r > 'z' })
		if end < 0 {
			end = len(rest)
		}
		out.WriteString(in.expr(rest[:end], depth-1))
		form = rest[end:]
	}
}

// source writes a unit with one to three initial values.
func (in initializer) source() []File {
	var b strings.Builder
	b.WriteString(initPrelude)
	for range 1 + in.rng.IntN(3) {
		kind := initKinds[in.rng.IntN(len(initKinds))]
		e := in.expr(kind, in.rng.IntN(4))
		switch in.rng.IntN(3) {
		case 0:
			fmt.Fprintf(&b, "var _ = %s\n", e)
		case 1:
			fmt.Fprintf(&b, "var _ any = %s\n", e)
		default:
			fmt.Fprintf(&b, "var _ %s = %s\n", initTypes[kind], e)
		}
	}
	return tool(b.String() + run)
}

// Whatever the gate lets share a module starts: no initializer of a unit keeps its
// neighbours from answering. TOOLGEN_TEST_INITIALIZERS=N tries N modules of 32.
func TestWhatSharesAModuleStarts(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles modules")
	}
	b := open(t)
	modules := 2
	if s := os.Getenv("TOOLGEN_TEST_INITIALIZERS"); s != "" {
		var err error
		if modules, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	in := initializer{rng}
	tried, alone := 0, 0
	for m := range modules {
		var units []Unit
		known := map[string]bool{}
		for len(units) < BatchSize {
			files := in.source()
			if tried++; tried > 1_000_000 {
				t.Fatal("hardly anything shares a module")
			}
			r := inspect(b.packages, Tool, files)
			switch {
			case r.Verdict != "" || known[string(files[0].Data)]:
			case r.Alone:
				alone++
			default:
				known[string(files[0].Data)] = true
				units = append(units, Unit{ID: fmt.Sprint(len(units)), Role: Tool, Files: files, Report: r})
			}
		}
		batches := Plan(units)
		if len(batches) != 1 {
			t.Fatalf("%d batches", len(batches))
		}
		module, err := b.Module(context.Background(), batches[0])
		if err != nil {
			t.Fatalf("seed %d, module %d: %v", seed, m, err)
		}
		for i := range units {
			if r := call(t, module, i, []byte("x")); r.Outcome != sandbox.OK || string(r.Output) != "x" {
				t.Errorf("seed %d, module %d: unit %d answers %v %q:\n%s", seed, m, i, r.Outcome, r.Message, units[i].Files[0].Data)
			}
		}
		module.Close()
	}
	t.Logf("%d sources, %d of them alone, %d modules shared", tried, alone, modules)
	if alone == 0 {
		t.Error("nothing is alone")
	}
}

// What the test above would see: a unit whose initializer traps, put where the gate
// would not put it, takes its neighbour along.
func TestInitializersTrapNeighbours(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a module")
	}
	b := open(t)
	bad := unit(t, b, "bad", Tool, tool("var _ = [4]int([]int(nil))\n"+run))
	if !bad.Report.Alone {
		t.Fatal("it shares a module")
	}
	bad.Report.Alone = false
	module, err := b.Module(context.Background(), Plan([]Unit{unit(t, b, "good", Tool, tool(run)), bad})[0])
	if err != nil {
		t.Fatal(err)
	}
	defer module.Close()
	if r := call(t, module, 0, []byte("x")); r.Outcome == sandbox.OK {
		t.Error("the neighbour answers")
	}
}

// Each kind of initial value, and whether it may share.
func TestAlone(t *testing.T) {
	b := open(t)
	share := []string{
		"1", "c", "len([4]int([]int(nil)))", "boom", "strings.ToUpper", "(zero)", "func() int { return boom() }", "(*s)(nil)", "error(nil)", "[]int(nil)",
		"s{}", "&s{n: c, p: &s{}}", "[]*s{{}, {n: 1}}", "[...]any{1, nil, s{}}", "[]int{3: 1}", "g[int]{}", "(*g[int])(nil)", "struct{ s }{}",
	}
	alone := []string{
		"zero()", "boom()", "[4]int([]int(nil))", "(*[4]int)([]int(nil))", "[]byte(\"x\")", "any(1)", "any(s{})", "[]int(nil)[0]", "\"xyz\"[zero()]", "1 / zero()", "1 << zero()", "-zero()", "!(zero() == 0)",
		"(*s)(nil).n", "*(*s)(nil)", "s{}.n", "any(nil).(int)", "(*s)(nil).val", "i(nil).val", "s{}.val", "s.val", "(*s).ptr", "map[int]int{}", "map[int]int{zero(): 1, zero(): 2}", "[]map[int]int{{}}",
		"[]int{zero()}", "&s{n: boom()}", "s{l: []int{1}[1:]}", "same[int]", "[]func(int) int{same[int]}", "new(int)", "make([]int, 1)", "append([]int(nil), 1)", "io.EOF", "min(zero(), 1)", "func() int { return 1 }()", "<-chan int(nil)",
		"[1 << 20]int{}", "&[1 << 20]int{}", "[]int{1 << 12: 1}", "[]int{1, 2, 3, 4, 5, 6, 7, 8, 9}", "&[]int{1}[0]", "[1]int{} == [1]int{}", "any(nil) == nil",
	}
	for _, list := range []struct {
		exprs []string
		alone bool
	}{{share, false}, {alone, true}} {
		for _, e := range list.exprs {
			r := inspect(b.packages, Tool, tool(initPrelude+"var _ = "+e+"\n"+run))
			if r.Verdict != "" {
				t.Errorf("%s: %v", e, r.Problems)
			} else if r.Alone != list.alone {
				t.Errorf("%s: Alone = %t, want %t", e, r.Alone, list.alone)
			}
		}
	}
}
