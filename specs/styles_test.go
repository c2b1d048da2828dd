package specs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"toolgen/specs"
)

// A variant is a style under one choice of its parameters, rendered.
type variant struct {
	name   string // "trie layout=siblings"
	source string
}

// variants renders each style of a spec with its defaults, with each value of
// each parameter while the others keep theirs, and with all parameters at their
// first and at their last value, which the defaults may hide.
func variants(t *testing.T, spec *specs.Spec) []variant {
	t.Helper()
	var out []variant
	for _, style := range spec.Styles {
		defaults, first, last := map[string]any{}, map[string]any{}, map[string]any{}
		choices := []map[string]any{defaults, first, last}
		for _, p := range style.Params {
			values := extremes(p)
			defaults[p.Name], first[p.Name], last[p.Name] = p.Default, values[0], values[len(values)-1]
		}
		for _, p := range style.Params {
			for _, v := range extremes(p) {
				choice := map[string]any{}
				for name, value := range defaults {
					choice[name] = value
				}
				choice[p.Name] = v
				choices = append(choices, choice)
			}
		}
		seen := map[string]bool{}
		for _, choice := range choices {
			source := render(t, spec, style, choice)
			if seen[source] {
				continue
			}
			seen[source] = true
			out = append(out, variant{fmt.Sprint(style.Name, " ", choice), source})
		}
	}
	return out
}

// extremes returns the values of a parameter, or the ends of its range.
func extremes(p specs.Param) []any {
	if p.Range == nil {
		return p.Values
	}
	if p.Type == specs.ParamInt {
		return []any{int64(p.Range[0]), int64(p.Range[1])}
	}
	return []any{p.Range[0], p.Range[1]}
}

func render(t *testing.T, spec *specs.Spec, style specs.Style, params map[string]any) string {
	t.Helper()
	tmpl, err := template.New(style.Name).Option("missingkey=error").Parse(style.Template)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, map[string]any{"Params": params, "Spec": spec}); err != nil {
		t.Fatal(err)
	}
	source, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatalf("%s %s %v: %v\n%s", spec.ID, style.Name, params, err, b.Bytes())
	}
	return string(source)
}

// checkShape says what would cost a rendered style points for safety or
// documentation, or its place in a shared batch.
func checkShape(t *testing.T, name, source string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "tool.go", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(source, "\n") {
		if n := len(strings.ReplaceAll(line, "\t", "    ")); n > 120 {
			t.Errorf("%s: line %d has %d columns", name, i+1, n)
		}
	}
	if !strings.HasPrefix(file.Doc.Text(), "Package tool ") {
		t.Errorf("%s: no package comment", name)
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				t.Errorf("%s: package-level variable", name)
			}
		case *ast.FuncDecl:
			exported := d.Recv == nil && d.Name.IsExported()
			if exported && (d.Name.Name != "Run" || !strings.HasPrefix(d.Doc.Text(), "Run ")) {
				t.Errorf("%s: %s is exported and should be Run, with a comment", name, d.Name.Name)
			}
			if d.Name.Name == "Run" && !strings.Contains(d.Doc.Text(), "error") {
				t.Errorf("%s: Run's comment does not say when it errs", name)
			}
			if d.Name.Name == "init" {
				t.Errorf("%s: func init", name)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt, *ast.ChanType, *ast.SelectStmt, *ast.SendStmt:
			t.Errorf("%s: %s: concurrency", name, fset.Position(n.Pos()))
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "panic" || id.Name == "recover") {
				t.Errorf("%s: %s: %s", name, fset.Position(n.Pos()), id.Name)
			}
		}
		return true
	})
}

// agree compiles the variants natively, next to the spec's own programs, and
// compares all of them to the reference: on the written cases, and on a
// generated input and eight damaged copies of it per round. The program is
// testdata/agree.go.txt.
func agree(t *testing.T, spec *specs.Spec, all []variant, rounds int) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", []byte("module agree\n\ngo 1.26\n"))
	for _, f := range spec.Reference {
		write("reference/"+f.Name, f.Data)
	}
	for _, f := range spec.Generate {
		write("generate/"+f.Name, f.Data)
	}
	var imports, table strings.Builder
	for i, v := range all {
		write(fmt.Sprintf("v%d/tool.go", i), []byte(v.source))
		fmt.Fprintf(&imports, "import v%d \"agree/v%d\"\n", i, i)
		fmt.Fprintf(&table, "\t{%q, v%d.Run},\n", v.name, i)
	}
	write("table.go", fmt.Appendf(nil, "package main\n\n%s\nvar tools = []tool{\n%s}\n", &imports, &table))
	program, err := os.ReadFile("testdata/agree.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	write("main.go", program)
	cases, err := json.Marshal(slices.Concat(spec.Examples, spec.Cases))
	if err != nil {
		t.Fatal(err)
	}
	write("cases.json", cases)
	sizes, err := json.Marshal(spec.Suite.Sizes)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", "agree", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd = exec.Command("./agree", strconv.Itoa(rounds), string(sizes))
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
