package synth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A source that go/types would not come to an end with is refused before it is asked,
// and so is an edit that makes such a source of one that was still fine.
func TestBounded(t *testing.T) {
	generic := "package tool\n\nfunc d[T any](x T) struct{ a, b T } { return struct{ a, b T }{x, x} }\n\nfunc f() {\n\t_ = " +
		strings.Repeat("d(", 40) + "1" + strings.Repeat(")", 40) + "\n}\n"
	doubling := "package tool\n\nconst c0 = \"0123456789\"\n"
	for i := range 40 {
		doubling += fmt.Sprintf("const c%d = c%d + c%d\n", i+1, i, i)
	}
	for name, src := range map[string]string{
		"inference": generic, "constants": doubling, "brackets": "package tool\n\nvar x = " + strings.Repeat("(", 90_000),
	} {
		_, err := Parse(src, testImporter(t))
		var e *EditError
		if !errors.As(err, &e) || e.Reason != BadSource {
			t.Errorf("%s: %v", name, err)
		}
	}

	long := strings.Repeat("x", 200<<10)
	src := "package tool\n\nfunc f(a, b string) bool {\n\tif a != \"" + long + "\" {\n\t\treturn false\n\t}\n\treturn a+\"y\" < b\n}\n"
	p, err := Parse(src, testImporter(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"func f(a, b string) bool {\n\tconst c = \"" + long + "\"\n\treturn c+c < b\n}",
		"func f(a, b string) bool {\n\tvar x " + strings.Repeat("[]", 300) + "int\n\treturn x == nil\n}",
	} {
		if alone, e := p.frame().check(p, p.frame().funcs[0], text); e == nil && alone {
			t.Errorf("accepted within the frame: %.60s", text)
		}
		if e := checkSource("package tool\n\n"+text+"\n", testImporter(t)); e == nil || !strings.Contains(e.message, "want at most") && !strings.Contains(e.message, "levels deep") {
			t.Errorf("accepted: %.60s: %v", text, e)
		}
	}
}
