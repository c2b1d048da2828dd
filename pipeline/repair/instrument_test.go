package repair

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// traced programs, and where they go on inputs: the elements they pass, in the order of
// Elements, a statement by its first line, an outcome of a condition with = and what it
// was.
var tracedPrograms = []struct {
	name, source string
	runs         [][2]string
}{
	{"every statement, and else-ifs", `package tool

func Run(input []byte) ([]byte, error) {
	n := len(input)
	if n == 0 {
		return nil, nil
	} else if n == 1 {
		n++
	} else if m := n; m > 3 {
		n--
	} else {
		n = 9
	}
	return input[:0:n], nil
}
`, [][2]string{
		{"", "n := len(input)|if n == 0 {|n == 0=true|return nil, nil"},
		{"a", "n := len(input)|if n == 0 {|return input[:0:n], nil|n == 0=false|n == 1=true|n++"},
		{"abcd", "n := len(input)|if n == 0 {|return input[:0:n], nil|n == 0=false|n == 1=false|m > 3=true|n--"},
		{"ab", "n := len(input)|if n == 0 {|return input[:0:n], nil|n == 0=false|n == 1=false|m > 3=false|n = 9"},
	}},
	{"loops and switches", `package tool

type flag bool

func Run(input []byte) ([]byte, error) {
	sum := 0
outer:
	for i := 0; i < len(input); i++ {
		switch c := input[i]; {
		case c == 'a', flag(c == 'b') == true:
			continue outer
		case c == 'x':
			fallthrough
		default:
			sum++
		}
		switch input[i] {
		case 'x':
			break outer
		}
	}
	for range input {
	}
	switch any(sum).(type) {
	case int:
		sum = 1
	case string:
		sum = 2
	}
	return nil, nil
}
`, [][2]string{
		{"", "sum := 0|outer:|for range input {|switch any(sum).(type) {|return nil, nil|i < len(input)=false|sum = 1"},
		{"ab", "sum := 0|outer:|for range input {|switch any(sum).(type) {|return nil, nil|i < len(input)=true|i < len(input)=false|switch c := input[i]; {|c == 'a'=true|c == 'a'=false|flag(c == 'b') == true=true|continue outer|sum = 1"},
		{"x", "sum := 0|outer:|for range input {|switch any(sum).(type) {|return nil, nil|i < len(input)=true|switch c := input[i]; {|switch input[i] {|c == 'a'=false|flag(c == 'b') == true=false|c == 'x'=true|fallthrough|sum++|break outer|sum = 1"},
	}},
	{"a panic, deferred and recovered from", `package tool

func Run(input []byte) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			out = nil
		}
	}()
	inner(input)
	out = input
	return
}

func inner(b []byte) { b[1] = 0 }
`, [][2]string{
		{"ab", "defer func() {|inner(input)|out = input|return|if r := recover(); r != nil {|r != nil=false|b[1] = 0"},
		{"", "defer func() {|inner(input)|if r := recover(); r != nil {|r != nil=true|out = nil|b[1] = 0"},
	}},
	{"a panic that ends it", "package tool\n\nfunc Run(input []byte) ([]byte, error) {\n\tvar m map[string]int\n\tm[\"a\"] = 1\n\treturn nil, nil\n}\n",
		[][2]string{{"", "var m map[string]int|m[\"a\"] = 1"}}},
	{"an error", "package tool\n\nimport \"errors\"\n\nfunc Run(input []byte) ([]byte, error) { return nil, errors.New(\"no\") }\n",
		[][2]string{{"", "return nil, errors.New(\"no\")"}}},
	{"without end", "package tool\n\nfunc Run(input []byte) ([]byte, error) {\n\tif len(input) == 1 {\n\t\tfor {\n\t\t}\n\t}\n\tif len(input) == 2 {\n\t\tfor i := 0; ; i++ {\n\t\t\t;\n\t\t}\n\t}\n\tif len(input) == 3 {\n\tagain:\n\tonce:\n\t\tif len(input) > 9 {\n\t\t\tgoto once\n\t\t}\n\t\tgoto again\n\t}\n\tif len(input) == 4 {\n\tself:\n\t\tgoto self\n\t}\n\tfor len(input) == 5 {\n\t}\n\tfor range 1 << 62 {\n\t}\n\treturn nil, nil\n}\n",
		[][2]string{
			{"a", "if len(input) == 1 {|len(input) == 1=true|for {"},
			{"ab", "if len(input) == 1 {|if len(input) == 2 {|len(input) == 1=false|len(input) == 2=true|for i := 0; ; i++ {"},
			{"abc", "if len(input) == 1 {|if len(input) == 2 {|if len(input) == 3 {|len(input) == 1=false|len(input) == 2=false|len(input) == 3=true|again:|goto again|len(input) > 9=false"},
			{"abcd", "if len(input) == 1 {|if len(input) == 2 {|if len(input) == 3 {|if len(input) == 4 {|len(input) == 1=false|len(input) == 2=false|len(input) == 3=false|len(input) == 4=true|self:"},
			{"abcde", "if len(input) == 1 {|if len(input) == 2 {|if len(input) == 3 {|if len(input) == 4 {|for len(input) == 5 {|len(input) == 1=false|len(input) == 2=false|len(input) == 3=false|len(input) == 4=false|len(input) == 5=true"},
			{"abcdef", "if len(input) == 1 {|if len(input) == 2 {|if len(input) == 3 {|if len(input) == 4 {|for len(input) == 5 {|for range 1 << 62 {|len(input) == 1=false|len(input) == 2=false|len(input) == 3=false|len(input) == 4=false|len(input) == 5=false"},
		}},
	{"without end, and it takes panics", "package tool\n\nfunc try() {\n\tdefer func() { recover() }()\n\tfor {\n\t\tx++\n\t}\n}\n\nvar x int\n\nfunc Run(input []byte) ([]byte, error) {\n\tfor {\n\t\ttry()\n\t}\n}\n",
		[][2]string{{"", "defer func() { recover() }()|for {|recover()|x++|for {|try()"}}},
	{"deep", "package tool\n\nfunc down(n int) int { return 1 + down(n+1) }\n\nfunc Run(input []byte) ([]byte, error) {\n\tdown(0)\n\treturn nil, nil\n}\n",
		[][2]string{{"", "return 1 + down(n+1)|down(0)"}}},
	{"Run under all of its names", `package tool

type runner struct{ Run func([]byte) ([]byte, error) }

type t int

func (t) Run() bool { return true }

var self func([]byte) ([]byte, error)

func Self(b []byte) ([]byte, error) { return Run(b) }

func Run(input []byte) ([]byte, error) {
	if len(input) == 0 {
		return nil, nil
	}
	self = Self
	f := runner{Run: Run}
	if t(0).Run() {
		if _, err := f.Run(input[1:]); err == nil {
			Run := func() {}
			Run()
		}
	}
	return self(nil)
}
`, [][2]string{
		{"", "if len(input) == 0 {|len(input) == 0=true|return nil, nil"},
		{"a", "return true|return Run(b)|if len(input) == 0 {|self = Self|f := runner{Run: Run}|if t(0).Run() {|return self(nil)|len(input) == 0=true|len(input) == 0=false|return nil, nil|t(0).Run()=true|if _, err := f.Run(input[1:]); err == nil {|err == nil=true|Run := func() {}|Run()"},
	}},
}

func passed(in Instrumented, source, hits string) string {
	var out []string
	for i, el := range in.Elements {
		if hits[i] == 0 {
			continue
		}
		text, _, _ := strings.Cut(source[el.From:el.To], "\n")
		switch el.Kind {
		case Held:
			text += "=true"
		case Failed:
			text += "=false"
		}
		out = append(out, text)
	}
	return strings.Join(out, "|")
}

// TestInstrument compiles traced programs natively and looks at where they say that
// they went.
func TestInstrument(t *testing.T) {
	var all []Instrumented
	var sources []string
	var inputs [][]string
	for _, p := range tracedPrograms {
		in, err := Instrument(p.source)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		all, sources = append(all, in), append(sources, in.Source)
		var of []string
		for _, r := range p.runs {
			of = append(of, r[0])
		}
		inputs = append(inputs, of)
	}
	for i, of := range runAll(t, sources, inputs) {
		p := tracedPrograms[i]
		for k, hits := range of {
			if len(hits) != len(all[i].Elements) {
				t.Errorf("%s on %q: %d bytes for %d elements", p.name, p.runs[k][0], len(hits), len(all[i].Elements))
			} else if got := passed(all[i], p.source, hits); got != p.runs[k][1] {
				t.Errorf("%s on %q went\n%s\nwant\n%s", p.name, p.runs[k][0], got, p.runs[k][1])
			}
		}
	}
	if _, err := Instrument("package tool\n\nfunc Run("); err == nil {
		t.Error("what does not parse was instrumented")
	}
}

// TestInstrumentElements: each statement of a list is an element, each condition two,
// and elements lie where their nodes do.
func TestInstrumentElements(t *testing.T) {
	imp := testImporter(t)
	for _, p := range tracedPrograms {
		in, err := Instrument(p.source)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "tool.go", p.source, 0)
		if err != nil {
			t.Fatal(err)
		}
		statements, conditions := map[[2]int]bool{}, 0
		ast.Inspect(file, func(n ast.Node) bool {
			var list []ast.Stmt
			switch n := n.(type) {
			case *ast.BlockStmt:
				list = n.List
			case *ast.CaseClause:
				list = n.Body
			case *ast.IfStmt:
				conditions++
			case *ast.ForStmt:
				if n.Cond != nil {
					conditions++
				}
			case *ast.SwitchStmt:
				for _, c := range n.Body.List {
					if n.Tag == nil {
						conditions += len(c.(*ast.CaseClause).List)
					}
				}
			}
			for _, s := range list {
				switch s.(type) {
				case *ast.CaseClause, *ast.EmptyStmt:
				default:
					statements[[2]int{fset.Position(s.Pos()).Offset, fset.Position(s.End()).Offset}] = true
				}
			}
			return true
		})
		held, failed := 0, 0
		for _, el := range in.Elements {
			switch el.Kind {
			case Statement:
				if !statements[[2]int{el.From, el.To}] {
					t.Errorf("%s: no statement is %q", p.name, p.source[el.From:el.To])
				}
				delete(statements, [2]int{el.From, el.To})
			case Held:
				held++
			case Failed:
				failed++
			}
		}
		if len(statements) > 0 || held != conditions || failed != conditions {
			t.Errorf("%s: statements %v are no elements; %d and %d outcomes of %d conditions", p.name, statements, held, failed, conditions)
		}
		// And it type-checks.
		traced, err := parser.ParseFile(fset, "tool.go", in.Source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (&types.Config{Importer: imp}).Check("tool", fset, []*ast.File{traced}, nil); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}
