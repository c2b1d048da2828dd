package toolgen_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestFuzzTargets: every fuzz target begins with fuzzing.Briefly. Without it a target with seeds of
// some size spends its time on making inputs smaller, which looks like fuzzing and is none.
func TestFuzzTargets(t *testing.T) {
	targets, problems := fuzzTargets(t, ".")
	for _, p := range problems {
		t.Error(p)
	}
	if targets < 17 {
		t.Errorf("only %d fuzz targets were looked at", targets)
	}
	if _, problems := fuzzTargets(t, "testdata/fuzz"); len(problems) != 2 {
		t.Errorf("two targets of the fixture break the rule, and it is said of %q", problems)
	}
}

// fuzzTargets counts the fuzz targets below a folder, and tells those that break the rule.
func fuzzTargets(t *testing.T, root string) (targets int, problems []string) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (d.Name() == "testdata" || d.Name() == "runs" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			targets++
			if !beginsBriefly(fn.Body) {
				problems = append(problems, fmt.Sprintf("%s: %s does not begin with fuzzing.Briefly(f)", fset.Position(fn.Pos()), fn.Name.Name))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return targets, problems
}

func beginsBriefly(body *ast.BlockStmt) bool {
	if len(body.List) == 0 {
		return false
	}
	stmt, ok := body.List[0].(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := stmt.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Briefly" {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "fuzzing"
}
