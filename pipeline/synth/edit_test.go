package synth

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Each case is the body of a function, an edit, and the body that it leads to.
func TestApply(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		edit       Edit
		want       string
	}{
		{"variable", "i, j := 1, 2\nreturn input[i:j+i], nil", Edit{Family: "variable", Op: "use", Site: 1, Arg: "j"},
			"i, j := 1, 2\nreturn input[j : j+i], nil"},
		{"variable of the package", "n := len(input)\nreturn input[n:n], nil", Edit{Family: "variable", Op: "use", Site: 2, Arg: "size"},
			"n := len(input)\nreturn input[size:n], nil"},
		{"target", "var a, b int // two\na = 1   // here\nreturn input[a:b], nil", Edit{Family: "variable", Op: "target", Site: 0, Arg: "b"},
			"var a, b int // two\nb = 1        // here\nreturn input[a:b], nil"},
		{"relational", "if len(input) < 3 {\nreturn nil, nil\n}\nreturn input, nil", Edit{Family: "operator", Op: "relational", Arg: "<="},
			"if len(input) <= 3 {\nreturn nil, nil\n}\nreturn input, nil"},
		{"operands stay what they were", "return input[1+2*size : 5], nil", Edit{Family: "operator", Op: "arithmetic", Arg: "*"},
			"return input[1*(2*size) : 5], nil"},
		{"operand of another operator", "return input[1-size*2:], nil", Edit{Family: "operator", Op: "arithmetic", Site: 1, Arg: "-"},
			"return input[1-(size-2):], nil"},
		{"bit", "x := size<<1 | 1\nreturn input[x:], nil", Edit{Family: "operator", Op: "bit", Site: 0, Arg: "&"},
			"x := size << 1 & 1\nreturn input[x:], nil"},
		{"logical", "if size > 1 && size < 2 || size == 3 {\nreturn nil, nil\n}\nreturn input, nil", Edit{Family: "operator", Op: "logical", Site: 0, Arg: "&&"},
			"if size > 1 && size < 2 && size == 3 {\nreturn nil, nil\n}\nreturn input, nil"},
		{"logical below", "if size > 1 && size < 2 || size == 3 {\nreturn nil, nil\n}\nreturn input, nil", Edit{Family: "operator", Op: "logical", Site: 1, Arg: "||"},
			"if size > 1 || size < 2 || size == 3 {\nreturn nil, nil\n}\nreturn input, nil"},
		{"assignment", "x := 1\nx += 2\nreturn input[x:], nil", Edit{Family: "operator", Op: "assignment", Site: 1, Arg: "*="},
			"x := 1\nx *= 2\nreturn input[x:], nil"},
		{"increment", "x := 1\nx++\nreturn input[x:], nil", Edit{Family: "operator", Op: "assignment", Site: 1, Arg: "--"},
			"x := 1\nx--\nreturn input[x:], nil"},
		{"swap operands", "return input[10-(size-1):], nil", Edit{Family: "operator", Op: "swap", Site: 0},
			"return input[(size-1)-10:], nil"},
		{"swap operands on the left", "return input[10-size-1:], nil", Edit{Family: "operator", Op: "swap", Site: 0},
			"return input[1-(10-size):], nil"},
		{"keep right", "return input[10-size/2:], nil", Edit{Family: "operator", Op: "keep", Site: 0, Arg: "right"},
			"return input[size/2:], nil"},
		{"negate", "if size > 1 || size < 0 {\nreturn nil, nil\n}\nreturn input, nil", Edit{Family: "conditional", Op: "negate"},
			"if !(size > 1 || size < 0) {\nreturn nil, nil\n}\nreturn input, nil"},
		{"negate not", "ok := true\nif !(ok && size > 1) {\nreturn nil, nil\n}\nreturn input, nil", Edit{Family: "conditional", Op: "negate"},
			"ok := true\nif (ok && size > 1) {\nreturn nil, nil\n}\nreturn input, nil"},
		{"constant condition", "for size > 1 { // wait\nsize--\n}\nreturn input, nil", Edit{Family: "conditional", Op: "constant", Arg: "false"},
			"for false { // wait\nsize--\n}\nreturn input, nil"},
		{"another condition", "if size > 1 {\nsize = 1\n}\nif size < 0 {\nsize = 0\n}\nreturn input, nil", Edit{Family: "conditional", Op: "replace", Site: 1, From: 0},
			"if size > 1 {\nsize = 1\n}\nif size > 1 {\nsize = 0\n}\nreturn input, nil"},
		{"clause", "if size > 1 || size == 0 {\nsize = 1\n}\nif size < 0 {\nsize = 0\n}\nreturn input, nil", Edit{Family: "conditional", Op: "and", Site: 0, From: 1},
			"if (size > 1 || size == 0) && size < 0 {\nsize = 1\n}\nif size < 0 {\nsize = 0\n}\nreturn input, nil"},
		{"number", "return input[8:], nil", Edit{Family: "literal", Op: "number", Arg: "half"}, "return input[4:], nil"},
		{"below zero", "x := size - 0\nreturn input[x:], nil", Edit{Family: "literal", Op: "number", Arg: "-1"}, "x := size - (-1)\nreturn input[x:], nil"},
		{"hexadecimal", "x := 0xFF\nreturn input[x:], nil", Edit{Family: "literal", Op: "number", Arg: "+1"}, "x := 0x100\nreturn input[x:], nil"},
		{"float", "x := 1.5\nreturn input[int(x):], nil", Edit{Family: "literal", Op: "number", Arg: "double"}, "x := 3.0\nreturn input[int(x):], nil"},
		{"char", `return append(input, '\n'), nil`, Edit{Family: "literal", Op: "char", Arg: "+1"}, `return append(input, '\v'), nil`},
		{"string", `return append(input, "end"...), nil`, Edit{Family: "literal", Op: "string"}, `return append(input, ""...), nil`},
		{"bool", "ok := true\nif ok {\nreturn nil, nil\n}\nreturn input, nil", Edit{Family: "literal", Op: "bool", Arg: "false"},
			"ok := false\nif ok {\nreturn nil, nil\n}\nreturn input, nil"},
		{"zero", "var err error\nreturn input, err", Edit{Family: "literal", Op: "zero", Site: 0, Arg: "nil"}, "var err error\nreturn nil, err"},
		{"offset", "return input[len(input)-size:], nil", Edit{Family: "literal", Op: "offset", Arg: "+1"}, "return input[len(input)-size+1:], nil"},
		{"offset taken back", "return input[len(input)-1:], nil", Edit{Family: "literal", Op: "offset", Arg: "+1"}, "return input[len(input):], nil"},
		{"delete", "size++ // why\n// next\nsize--\nreturn input, nil", Edit{Family: "statement", Op: "delete", Site: 1}, "size++ // why\n// next\nreturn input, nil"},
		{"duplicate", "size++ // why\nreturn input, nil", Edit{Family: "statement", Op: "duplicate", Site: 0}, "size++\nsize++ // why\nreturn input, nil"},
		{"swap", "size++ // first\n// between\nsize *= 2 // second\nreturn input, nil", Edit{Family: "statement", Op: "swap", Site: 0},
			"size *= 2 // first\n// between\nsize++ // second\nreturn input, nil"},
		{"guard", "size++\nreturn input[size:], nil", Edit{Family: "statement", Op: "guard_return", Site: 1, Arg: "len(input) == 0"},
			"size++\nif len(input) == 0 {\nreturn nil, nil\n}\nreturn input[size:], nil"},
		{"guard by a condition", "for size > 0 {\nsize--\n}\nreturn input, nil", Edit{Family: "statement", Op: "guard_break", Site: 0, From: 0},
			"for size > 0 {\nif size > 0 {\nbreak\n}\nsize--\n}\nreturn input, nil"},
		{"grown operand", "n := 2\nreturn input[n*size:], nil", Edit{Family: "expression", Op: "grow", Site: 1, Arg: "n + size"},
			"n := 2\nreturn input[(n+size)*size:], nil"},
		{"grown product", "n := 2\nreturn input[n+size:], nil", Edit{Family: "expression", Op: "grow", Site: 0, Arg: "(n+size)*2"},
			"n := 2\nreturn input[(n+size)*2:], nil"},
		{"negated difference", "n := 2\nreturn input[size-n:], nil", Edit{Family: "expression", Op: "grow", Site: 0, Arg: "n - (size-n)"},
			"n := 2\nreturn input[n-(size-n):], nil"},
		{"regrouped to the left", "n := 2\nreturn input[size-n*3:], nil", Edit{Family: "expression", Op: "regroup", Site: 0, Arg: "left"},
			"n := 2\nreturn input[(size-n)*3:], nil"},
		{"regrouped to the right", "n := 2\nreturn input[size*n-3:], nil", Edit{Family: "expression", Op: "regroup", Site: 0, Arg: "right"},
			"n := 2\nreturn input[size*(n-3):], nil"},
		{"clause in front", "if size > 1 || size < 0 {\nreturn nil, nil\n}\nreturn input, nil", Edit{Family: "clause", Op: "and", Site: 0, Arg: "len(input) > 0"},
			"if len(input) > 0 && (size > 1 || size < 0) {\nreturn nil, nil\n}\nreturn input, nil"},
		{"clause behind", "i := 0\nif len(input) > i || i < 0 {\nreturn nil, nil\n}\nreturn input[i:], nil", Edit{Family: "clause", Op: "and", Site: 0, Arg: "input[i] > 0"},
			"i := 0\nif (len(input) > i || i < 0) && input[i] > 0 {\nreturn nil, nil\n}\nreturn input[i:], nil"},
		{"clause replaced", "ok := size > 1\nif !ok && size < 0 {\nreturn nil, nil\n}\nreturn input, nil", Edit{Family: "clause", Op: "replace", Site: 2, Arg: "ok"},
			"ok := size > 1\nif ok && size < 0 {\nreturn nil, nil\n}\nreturn input, nil"},
		{"quotient rounded up", "return input[size/4:], nil", Edit{Family: "expression", Op: "round", Site: 0, Arg: "size + 4 - 1"},
			"return input[(size+4-1)/4:], nil"},
		{"moved out", "for size > 0 {\nsize-- // less\n// twice\nsize--\n}\nreturn input, nil", Edit{Family: "move", Op: "out", Site: 1, Arg: "after"},
			"for size > 0 {\nsize-- // less\n// twice\n}\nsize--\nreturn input, nil"},
		{"else for what follows", "if size > 0 { // big\nsize--\n}\n// or not\nsize++ // small\nreturn input, nil", Edit{Family: "block", Op: "else", Site: 0, Arg: "next"},
			"if size > 0 { // big\nsize--\n} else {\n// or not\nsize++\n} // small\nreturn input, nil"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Apply(function(t, tt.body), tt.edit, testImporter(t))
			if err != nil {
				t.Fatal(err)
			}
			if want := function(t, tt.want); got != want {
				t.Errorf("%s\nof %s\ngives\n%s\nwant\n%s", Describe(tt.edit), tt.body, got, want)
			}
		})
	}
}

// function puts a body into a formatted source.
func function(t *testing.T, body string) string {
	t.Helper()
	src, err := format.Source([]byte("package tool\n\nvar size int\n\nfunc Run(input []byte) ([]byte, error) {\n" + body + "\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func TestApplyRefuses(t *testing.T) {
	guarded := "if len(input) == 0 {\nreturn nil, nil\n}\nreturn input, nil"
	for _, tt := range []struct {
		name, body string
		edit       Edit
		reason     Reason
	}{
		{"unknown family", guarded, Edit{Family: "magic", Op: "use"}, NoSite},
		{"unknown op", guarded, Edit{Family: "variable", Op: "magic"}, NoSite},
		{"site past the last", guarded, Edit{Family: "conditional", Op: "constant", Site: 1, Arg: "true"}, NoSite},
		{"negative site", guarded, Edit{Family: "conditional", Op: "constant", Site: -1, Arg: "true"}, NoSite},
		{"injected source", guarded, Edit{Family: "variable", Op: "use", Arg: "os.Args"}, NoChoice},
		{"injected guard", guarded, Edit{Family: "statement", Op: "guard_return", Arg: "func() bool { for {} }()"}, NoChoice},
		{"condition past the last", guarded, Edit{Family: "statement", Op: "guard_return", Site: 1, From: 9}, NoChoice},
		{"condition out of sight", "for i := 0; i < 3; i++ {\nsize++\n}\nreturn input, nil", Edit{Family: "statement", Op: "guard_return", Site: 2, From: 0}, NoChoice},
		{"missing return", guarded, Edit{Family: "statement", Op: "delete", Site: 2}, BadTypes},
		{"unused variable", "x := 1\nsize = x\nreturn input, nil", Edit{Family: "statement", Op: "delete", Site: 1}, BadTypes},
		{"equal neighbours", "size++\nsize++\nreturn input, nil", Edit{Family: "statement", Op: "swap", Site: 0}, Unchanged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Apply(function(t, tt.body), tt.edit, testImporter(t))
			var e *EditError
			if !errors.As(err, &e) || e.Reason != tt.reason || e.Edit != tt.edit {
				t.Errorf("got %q and error %v, want reason %s", got, err, tt.reason)
			}
		})
	}
	for _, src := range []string{"", "package", "package tool\nfunc Run() { x }", "package tool\nimport \"os/user\"\n", strings.Repeat("//", maxSource)} {
		_, err := Apply(src, Edit{Family: "statement", Op: "delete"}, testImporter(t))
		var e *EditError
		if !errors.As(err, &e) || e.Reason != BadSource {
			t.Errorf("%.40q: error %v, want reason %s", src, err, BadSource)
		}
	}
}

// An edit that drops the last use of an import is refused, though the frame of the
// function leaves out the other functions; one that drops the last but one is not.
func TestImportsStayUsed(t *testing.T) {
	const once = "package tool\n\nimport \"strings\"\n\nfunc Run(input []byte) ([]byte, error) {\n\tn := 0\n\tn += strings.Count(string(input), \"a\")\n\treturn input[n:], nil\n}\n"
	const twice = once + "\nfunc other(s string) string {\n\treturn strings.ToLower(s)\n}\n"
	e := Edit{Family: "statement", Op: "delete", Site: 1}
	if _, err := Apply(once, e, testImporter(t)); err == nil || !strings.Contains(err.Error(), "imported and not used") {
		t.Errorf("import used once: error %v", err)
	}
	if _, err := Apply(twice, e, testImporter(t)); err != nil {
		t.Errorf("import used twice: %v", err)
	}
}

// Every edit that is accepted leads to another source that is formatted, type-checks,
// and has its header, its signatures and its comments; and checking it inside the
// frame is the same as checking all of it.
func TestEveryEditOfSample(t *testing.T) {
	checkEdits(t, sample, 1)
}

// Sources without a frame, or of which it is of little use, are edited all the same.
func TestEditsWithoutFrame(t *testing.T) {
	const plain = "package tool\n\nfunc Run(input []byte) ([]byte, error) {\n\tn := len(input)\n\treturn input[:n-1], nil\n}\n"
	e := Edit{Family: "literal", Op: "number", Site: 0, Arg: "+1"}
	for name, src := range map[string]string{
		"generic function":     plain + "\nfunc id[T any](t T) T { return t }\n",
		"generic type":         plain + "\ntype box[T any] struct{ t T }\n\nfunc (b box[T]) get() T { return b.t }\n",
		"dependent variable":   plain + "\nvar f = g()\n\nfunc g() int { return 1 }\n",
		"init":                 plain + "\nvar f int\n\nfunc init() { f++ }\n",
		"not formatted":        strings.Replace(plain, "n := len", "n  :=  len", 1),
		"carriage returns":     strings.ReplaceAll(plain, "\n", "\r\n"),
		"comment behind brace": strings.TrimSuffix(plain, "\n") + " // end\n",
	} {
		p, err := Parse(src, testImporter(t))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		unformatted := name == "not formatted" || name == "carriage returns"
		if (p.frame() == nil) != unformatted || !unformatted && p.frame().bodiesMatter == (name == "comment behind brace") {
			t.Errorf("%s: frame %+v", name, p.frame())
		}
		got, err := p.Apply(e)
		if err != nil || !strings.Contains(got, "\treturn input[:n-2], nil\n") || strings.Contains(got, "\r") {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

// An edit that closes a cycle of initialization through a function is refused.
func TestInitializationCycle(t *testing.T) {
	const src = "package tool\n\nvar a, b = f(), 1\n\nfunc f() int { return b }\n"
	_, err := Apply(src, Edit{Family: "variable", Op: "use", Site: 0, Arg: "a"}, testImporter(t))
	if err == nil || !strings.Contains(err.Error(), "cycle") {
		t.Errorf("Apply = %v, want an initialization cycle", err)
	}
}

// repairStride thins out the edits that only repair uses: there are many of them.
const repairStride = 41

// checkEdits proves the properties of one in stride of the edits of a source.
func checkEdits(t *testing.T, src string, stride int) {
	t.Helper()
	imp := testImporter(t)
	p, err := Parse(src, imp)
	if err != nil {
		t.Fatal(err)
	}
	if p.frame() == nil {
		t.Error("the source has no frame")
	}
	whole := *p
	whole.frame = func() *frame { return nil }
	edits := p.Edits()
	if stride == 1 {
		again, err := Enumerate(src, imp)
		if err != nil || !slices.Equal(edits, again) {
			t.Fatalf("two enumerations differ (%v)", err)
		}
	}
	accepted, at := map[string]int{}, 0
	seen := map[Edit]bool{}
	for i, e := range edits {
		if seen[e] {
			t.Fatalf("%s is listed twice", Describe(e))
		}
		seen[e] = true
		if i%stride != 0 || !slices.Contains(variationFamilies, e.Family) && i%repairStride != 0 {
			continue
		}
		from, to, err := p.Span(e)
		if err != nil || from < at || to <= from {
			t.Fatalf("%s: span %d to %d after %d (%v)", Describe(e), from, to, at, err)
		}
		at = from
		got, err := p.Apply(e)
		if want, wantErr := whole.Apply(e); got != want || (err == nil) != (wantErr == nil) {
			t.Fatalf("%s: in the frame %v, as a whole %v:\n%s", Describe(e), err, wantErr, got)
		}
		if err != nil {
			var ee *EditError
			if !errors.As(err, &ee) || ee.Reason != BadTypes && ee.Reason != Unchanged {
				t.Errorf("%s: %v", Describe(e), err)
			}
			continue
		}
		accepted[e.Family]++
		var back Edit
		if data, err := json.Marshal(e); err != nil || json.Unmarshal(data, &back) != nil || back != e {
			t.Errorf("%s does not survive JSON", Describe(e))
		}
		checkResult(t, p, e, from, to, got)
	}
	for _, family := range variationFamilies {
		if stride == 1 && accepted[family] == 0 {
			t.Errorf("no edit of family %s was accepted", family)
		}
	}
}

var importsOf = regexp.MustCompile(`import (\([^)]*\)|"[^"]*")`)

func checkResult(t *testing.T, p *Program, e Edit, from, to int, got string) {
	t.Helper()
	if got == p.src {
		t.Errorf("%s changes nothing", Describe(e))
	}
	if formatted, err := format.Source([]byte(got)); err != nil || string(formatted) != got {
		t.Errorf("%s: the result is not gofmt'ed (%v):\n%s", Describe(e), err, got)
	}
	q, err := Parse(got, p.imp)
	if err != nil {
		t.Errorf("%s: %v", Describe(e), err)
		return
	}
	before, after := skeleton(p.src, t), skeleton(got, t)
	if !slices.Contains(variationFamilies, e.Family) {
		// An import more is fine, and what a receiver is.
		before, after = importsOf.ReplaceAllString(before, ""), importsOf.ReplaceAllString(after, "")
		if e.Family == "declare" && e.Op == "receiver" {
			before, after = strings.ReplaceAll(before, "*", ""), strings.ReplaceAll(after, "*", "")
		}
	}
	if before != after {
		t.Errorf("%s: imports, types or signatures changed from\n%s\nto\n%s", Describe(e), before, after)
	}
	if e.Op == "swap" && e.Family == "statement" {
		_, n, _ := p.site(e)
		to = p.to(p.next(n))
	}
	rest := comments(q.file, func(*ast.Comment) bool { return true })
	for _, c := range comments(p.file, func(c *ast.Comment) bool { return p.to(c) <= from || p.from(c) >= to }) {
		i := slices.Index(rest, c)
		if i < 0 {
			t.Errorf("%s: the comment %q is lost or out of order:\n%s", Describe(e), c, got)
			return
		}
		rest = rest[i+1:]
	}
}

func comments(file *ast.File, keep func(*ast.Comment) bool) []string {
	var texts []string
	for _, group := range file.Comments {
		for _, c := range group.List {
			if keep(c) {
				texts = append(texts, c.Text)
			}
		}
	}
	return texts
}

// skeleton is a source without the bodies of functions and the values of variables.
func skeleton(src string, t *testing.T) string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(src[:file.Name.End()-file.FileStart])
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			decl.Body = nil
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					v.Values = nil
				}
			}
		}
		if err := format.Node(&b, token.NewFileSet(), decl); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestProgramIsSafeForConcurrentUse(t *testing.T) {
	p, err := Parse(sample, &lockedImporter{imp: testImporter(t)})
	if err != nil {
		t.Fatal(err)
	}
	edits := p.Edits()[:200]
	proposals := p.Proposals()
	results := make([][]string, 4)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			for _, e := range edits {
				src, _ := p.Apply(e)
				results[i] = append(results[i], src)
			}
			for j := i; j < len(proposals); j += 101 { // each its own, which is where sharing hurts
				if _, err := p.Realize(proposals[j]); err != nil && !errors.As(err, new(*EditError)) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range results {
		if !reflect.DeepEqual(results[i], results[0]) {
			t.Errorf("goroutine %d got other results", i)
		}
	}
}

func TestDescribeAndLocate(t *testing.T) {
	imp := testImporter(t)
	for _, tt := range []struct {
		edit         Edit
		line, column int
		text         string
	}{
		{Edit{Family: "operator", Op: "relational", Site: 1, Arg: "<="}, 44, 7, "compare by another operator (operator relational, site 1): <="},
		{Edit{Family: "conditional", Op: "replace", Site: 4, From: 5}, 59, 5, "replace the condition (conditional replace, site 4): condition 5"},
		{Edit{Family: "statement", Op: "delete", Site: 0}, 27, 40, "delete the statement (statement delete, site 0)"},
		{Edit{Family: "clause", Op: "or", Site: 0, Arg: "i == 0"}, 28, 47, "ask one thing more by || (clause or, site 0): i == 0"},
		{Edit{Family: "insert", Op: "after", Site: 4, Arg: "total++"}, 52, 3, "insert after the last statement (insert after, site 4): total++"},
		{Edit{Family: "ingredient", Op: "insert", Site: 3, Arg: "if a {\n\tb()\n}"}, 33, 2,
			"insert a statement from elsewhere before the statement (ingredient insert, site 3): if a { ⏎ b() ⏎ }"},
	} {
		line, column, err := Locate(sample, tt.edit, imp)
		if err != nil || line != tt.line || column != tt.column {
			t.Errorf("Locate(%+v) = %d:%d, %v, want %d:%d", tt.edit, line, column, err, tt.line, tt.column)
		}
		if got := Describe(tt.edit); got != tt.text {
			t.Errorf("Describe = %q, want %q", got, tt.text)
		}
	}
	if got := Describe(Edit{Family: "magic", Op: "wand"}); !strings.Contains(got, "unknown") {
		t.Errorf("Describe of an unknown edit = %q", got)
	}
}
