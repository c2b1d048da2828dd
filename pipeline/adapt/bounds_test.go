package adapt

import (
	"errors"
	"strings"
	"testing"
)

// A file, and a tool that an agent or an edit made of one, are bounded before go/types
// sees them.
func TestBounded(t *testing.T) {
	const double = "func d[T any](x T) struct{ a, b T } { return struct{ a, b T }{x, x} }\n"
	deep := strings.Repeat("d(", 40) + "a" + strings.Repeat(")", 40)
	for name, body := range map[string]string{
		"inference": double + "func F(a int) int { _ = " + deep + "; return a }\n",
		"brackets":  "func F(a int) int { return " + strings.Repeat("(", 90_000) + "\n",
	} {
		_, err := Wrap("a.go", []byte("package a\n\n"+body), "F", testImporter(t))
		var e *Error
		if !errors.As(err, &e) || e.Line == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	tool, err := Wrap("a.go", []byte("package a\n\n"+double+"\nfunc F(a int) int { _ = d(a); return a }\n"), "F", testImporter(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := tool.Check(tool.Source); err != nil {
		t.Error(err)
	}
	if err := tool.Check(strings.Replace(tool.Source, "d(a)", deep, 1)); err == nil || !strings.Contains(err.Error(), "want at most") {
		t.Errorf("Check: %v", err)
	}
}
