// Package toolgen_test holds the house to its rules: who may import whom, and that no
// decision rests on a clock, on shared randomness or on the order of a map.
package toolgen_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// mayImport is the import table of ARCHITECTURE.md: which of our packages a package
// may import. A name that ends in "/..." stands for everything below it. seed is a
// leaf that anybody may import.
var mayImport = map[string][]string{
	"seed":                 {},
	"fuzzing":              {},
	"specs":                {},
	"specs/...":            {}, // reference and generator of each spec that ships
	"datasets":             {},
	"pipeline/sandbox":     {},
	"pipeline/confine":     {},
	"pipeline/isolate":     {"pipeline/confine", "pipeline/sandbox"},
	"pipeline/bounds":      {},
	"pipeline/handoff":     {},
	"pipeline/agent":       {},
	"pipeline/synth":       {"specs", "pipeline/bounds"},
	"pipeline/bundle":      {"specs"},
	"pipeline/build":       {"pipeline/sandbox", "pipeline/isolate", "pipeline/confine", "pipeline/bounds"},
	"pipeline/testgen":     {"specs", "pipeline/build", "pipeline/sandbox", "pipeline/isolate"},
	"pipeline/evaluate":    {"specs", "pipeline/testgen", "pipeline/build", "pipeline/sandbox", "pipeline/isolate"},
	"pipeline/repair":      {"specs", "pipeline/synth"},
	"pipeline/adapt":       {"specs", "pipeline/bounds"},
	"pipeline/faults":      {"specs", "pipeline/synth"},
	"pipeline/trial":       {"specs", "pipeline/testgen", "pipeline/build", "pipeline/sandbox", "pipeline/isolate", "pipeline/evaluate", "pipeline/repair"},
	"experiment/evolve":    {"pipeline/synth"},
	"experiment/manifests": {},
	"experiment":           {"pipeline/...", "datasets", "specs", "experiment/..."},
	"analysis/pareto":      {},
	"analysis/stats":       {},
	"analysis/aggregate":   {"datasets", "analysis/pareto"},
	"analysis":             {"datasets", "analysis/pareto", "analysis/stats", "analysis/aggregate"},
	"analysis/compare":     {"datasets", "analysis", "analysis/pareto", "analysis/stats"},
	"reports":              {"analysis", "analysis/...", "datasets"},
	"reports/chart":        {},
	"reports/figures":      {"analysis", "analysis/...", "datasets", "reports", "reports/chart"},
	"reports/page":         {"analysis", "analysis/...", "datasets", "reports", "reports/..."},
	"cmd/...":              {"..."},

	"pipeline/handoff/watch":   {"pipeline/handoff"},
	"pipeline/build/buildtest": {"pipeline/build", "pipeline/isolate"},
}

// onlyImporter is which package alone may import a module of somebody else.
var onlyImporter = map[string]string{
	"github.com/bytecodealliance/wasmtime-go": "pipeline/sandbox",
	"github.com/parquet-go/parquet-go":        "datasets",
	"github.com/apache/arrow":                 "datasets",
	"gonum.org/v1/plot":                       "reports/chart",
	"github.com/elastic/go-seccomp-bpf":       "pipeline/confine",
	"github.com/landlock-lsm/go-landlock":     "pipeline/confine",
}

// mayReadClock are the packages that observe: they measure the wall clock, and what
// they measure decides nothing.
var mayReadClock = []string{"cmd/toolgen", "experiment", "pipeline/sandbox"}

const module = "toolgen/"

func load(t *testing.T, dir string, patterns ...string) []*packages.Package {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{
		Dir:  dir,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedExportFile,
	}, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		for _, e := range p.Errors {
			t.Fatalf("%s: %v", p.PkgPath, e)
		}
	}
	return pkgs
}

func TestHouse(t *testing.T) {
	pkgs := load(t, ".", "./...")
	if len(pkgs) < 12 {
		t.Fatalf("only %d packages were looked at", len(pkgs))
	}
	for _, p := range pkgs {
		if strings.HasPrefix(p.PkgPath, module+"runs/") {
			continue // inputs of runs: a spec's own code, which is none of ours
		}
		for _, problem := range slices.Concat(importProblems(p), determinismProblems(p)) {
			t.Error(problem)
		}
	}
}

// TestHouseFixtures shows that each rule fails where it must: a fixture marks the
// lines it is broken on by `// want: ...`.
func TestHouseFixtures(t *testing.T) {
	for _, p := range load(t, "testdata/house", "./...") {
		got := slices.Concat(importProblems(p), determinismProblems(p))
		var want []string
		for _, f := range p.Syntax {
			for _, g := range f.Comments {
				for _, c := range g.List {
					if text, ok := strings.CutPrefix(c.Text, "// want: "); ok {
						want = append(want, fmt.Sprintf("%d: %s", p.Fset.Position(c.Pos()).Line, text))
					}
				}
			}
		}
		if len(want) == 0 {
			t.Errorf("%s marks no line", p.PkgPath)
		}
		for _, w := range want {
			line, text, _ := strings.Cut(w, ": ")
			if !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, ".go:"+line+":") && strings.Contains(g, text) }) {
				t.Errorf("%s line %s: nothing says %q; got %q", p.PkgPath, line, text, got)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d problems for %d marked lines: %q", p.PkgPath, len(got), len(want), got)
		}
	}
}

// importProblems holds a package's imports against the table.
func importProblems(p *packages.Package) []string {
	name := strings.TrimPrefix(p.PkgPath, module)
	allowed, known := allowance(name)
	var problems []string
	say := func(pos token.Pos, format string, args ...any) {
		problems = append(problems, at(p, pos)+fmt.Sprintf(format, args...))
	}
	for _, f := range p.Syntax {
		if !known {
			say(f.Name.Pos(), "package %s is not in the import table", name)
			break
		}
		for _, spec := range f.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			for prefix, only := range onlyImporter {
				if strings.HasPrefix(path, prefix) && name != only {
					say(spec.Pos(), "%s imports %s, which only %s may", name, path, only)
				}
			}
			ours, ok := strings.CutPrefix(path, module)
			if !ok || ours == "seed" {
				continue
			}
			if !slices.ContainsFunc(allowed, func(a string) bool { return covers(a, ours) }) {
				say(spec.Pos(), "%s imports %s, which the import table does not allow", name, ours)
			}
		}
	}
	slices.Sort(problems)
	return problems
}

func allowance(name string) ([]string, bool) {
	if a, ok := mayImport[name]; ok {
		return a, true
	}
	for pattern, a := range mayImport {
		if covers(pattern, name) {
			return a, true
		}
	}
	return nil, false
}

// covers says whether a name is what a pattern stands for.
func covers(pattern, name string) bool {
	prefix, all := strings.CutSuffix(pattern, "...")
	return pattern == name || all && strings.HasPrefix(name, prefix)
}

// determinismProblems looks for what a decision must not rest on: a clock, a
// generator that is shared, and the order of a map. A loop over a map is fine where
// its order does not show; it says so, and why, in a comment that starts with
// "any order:", on its line or the one before.
func determinismProblems(p *packages.Package) []string {
	name := strings.TrimPrefix(p.PkgPath, module)
	if strings.HasPrefix(name, "cmd/") {
		return nil
	}
	var problems []string
	say := func(pos token.Pos, format string, args ...any) {
		problems = append(problems, at(p, pos)+fmt.Sprintf(format, args...))
	}
	for _, f := range p.Syntax {
		excused := map[int]bool{}
		for _, g := range f.Comments {
			for _, c := range g.List {
				if strings.HasPrefix(c.Text, "// any order: ") {
					line := p.Fset.Position(c.Pos()).Line
					excused[line], excused[line+1] = true, true
				}
			}
		}
		for _, spec := range f.Imports {
			switch path := strings.Trim(spec.Path.Value, `"`); path {
			case "math/rand", "crypto/rand":
				say(spec.Pos(), "imports %s: draws come from seed.Derive", path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				obj, ok := p.TypesInfo.Uses[n.Sel].(*types.Func)
				if !ok || obj.Pkg() == nil || obj.Signature().Recv() != nil {
					return true
				}
				switch full := obj.Pkg().Path() + "." + obj.Name(); {
				case slices.Contains([]string{"time.Now", "time.Since", "time.Until"}, full) && !slices.Contains(mayReadClock, name):
					say(n.Pos(), "reads the clock (%s)", full)
				case obj.Pkg().Path() == "math/rand/v2" && !strings.HasPrefix(obj.Name(), "New"):
					say(n.Pos(), "draws from the shared generator (%s)", full)
				}
			case *ast.RangeStmt:
				t := p.TypesInfo.TypeOf(n.X)
				if t == nil {
					return true
				}
				_, isMap := t.Underlying().(*types.Map)
				if (isMap || unsortedKeys(p, n.X)) && !excused[p.Fset.Position(n.Pos()).Line] {
					say(n.Pos(), "ranges over a map without saying why any order will do")
				}
			}
			return true
		})
	}
	slices.Sort(problems)
	return problems
}

// unsortedKeys says whether an expression is a bare call of maps.Keys, maps.Values or maps.All.
func unsortedKeys(p *packages.Package, e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	obj, ok := p.TypesInfo.Uses[sel.Sel].(*types.Func)
	return ok && obj.Pkg() != nil && obj.Pkg().Path() == "maps"
}

func at(p *packages.Package, pos token.Pos) string {
	place := p.Fset.Position(pos)
	return fmt.Sprintf("%s:%d:%d: ", filepath.Base(place.Filename), place.Line, place.Column)
}
