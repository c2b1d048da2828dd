package build

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// languageVersion is what every module that ToolGen writes declares, and what
// sources are checked against.
const languageVersion = "go1.26"

// entry is what a role asks of its package.
type entry struct {
	pkg, fn string
	form    string // of the signature, for messages
	sig     *types.Signature
}

var entries = map[Role]entry{
	Tool:      {"tool", "Run", "func Run(input []byte) ([]byte, error)", signature(list(bytesType), list(bytesType, errorType))},
	Reference: {"reference", "Run", "func Run(input []byte) ([]byte, error)", signature(list(bytesType), list(bytesType, errorType))},
	Generate:  {"generate", "Generate", "func Generate(seed uint64, size int) []byte", signature(list(types.Typ[types.Uint64], types.Typ[types.Int]), list(bytesType))},
	Check:     {"check", "Check", "func Check(input, output []byte) (score float64, err error)", signature(list(bytesType, bytesType), list(types.Typ[types.Float64], errorType))},
}

var (
	bytesType = types.NewSlice(types.Typ[types.Byte])
	errorType = types.Universe.Lookup("error").Type()
)

func list(ts ...types.Type) *types.Tuple {
	var vars []*types.Var
	for _, t := range ts {
		vars = append(vars, types.NewVar(token.NoPos, nil, "", t))
	}
	return types.NewTuple(vars...)
}

func signature(params, results *types.Tuple) *types.Signature {
	return types.NewSignatureType(nil, nil, nil, params, results, false)
}

// checkTypes runs the type checker and checks the entry function.
func (g *gate) checkTypes() {
	r := g.report
	r.Info = &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Instances:  map[*ast.Ident]types.Instance{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Implicits:  map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
		Scopes:     map[ast.Node]*types.Scope{},
	}
	want := entries[g.role]
	config := types.Config{
		GoVersion: languageVersion,
		Importer:  g.packages,
		Sizes:     wasmSizes,
		Error:     g.typeError,
	}
	g.check(&config, want.pkg)
	if r.Package != nil {
		g.checkAssignments()
	}
	if len(r.Problems) > 0 {
		return
	}
	fn, ok := r.Package.Scope().Lookup(want.fn).(*types.Func)
	switch {
	case !ok:
		g.object(RuleEntry, r.Syntax[0].Package, "there is no func %s: want %s", want.fn, want.form)
	case fn.Signature().TypeParams() != nil || !types.Identical(fn.Signature(), want.sig):
		g.object(RuleEntry, fn.Pos(), "func %s has type %s: want %s", want.fn, fn.Signature(), want.form)
	}
}

// enough is what typeError panics with when there are as many problems as a report
// holds: what go/types writes about each may be long, and it has no other way to be
// told to stop.
type enough struct{}

// check runs the type checker.
func (g *gate) check(config *types.Config, path string) {
	defer func() {
		if p := recover(); p != nil && p != (enough{}) {
			panic(p)
		}
	}()
	g.report.Package, _ = config.Check(path, g.report.Fset, g.report.Syntax, g.report.Info)
}

// typeError collects what the type checker reports. It follows up some messages by
// indented ones, such as where a name was declared first.
func (g *gate) typeError(err error) {
	e, ok := err.(types.Error)
	if !ok {
		g.object(RuleType, token.NoPos, "%s", err)
		return
	}
	if more, follows := strings.CutPrefix(e.Msg, "\t"); follows && len(g.report.Problems) > 0 {
		last := &g.report.Problems[len(g.report.Problems)-1]
		at := g.report.Fset.PositionFor(e.Pos, false)
		last.Message = bound(fmt.Sprintf("%s; %s at %s", last.Message, more, at))
		return
	}
	if len(g.report.Problems) == maxProblems {
		panic(enough{})
	}
	g.object(RuleType, e.Pos, "%s", strings.ReplaceAll(bound(e.Msg), "\n\t", "; "))
}

// checkAssignments looks for changes of what other packages declare: instances are
// fresh for each call, but nothing of the standard library should behave otherwise
// than its documentation says. It sees what is written down (io.EOF = x,
// unicode.Letter.R16[0].Lo++, delete(unicode.Categories, k), &io.EOF), not what is
// done through a copy of a pointer.
func (g *gate) checkAssignments() {
	target := func(e ast.Expr, what string) {
		if v := g.importedRoot(e, false); v != nil {
			g.object(RuleAssign, e.Pos(), "%s %s.%s, which belongs to another package", what, v.Pkg().Name(), v.Name())
		}
	}
	for _, file := range g.report.Syntax {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					target(e, "assignment to")
				}
			case *ast.IncDecStmt:
				target(n.X, "assignment to")
			case *ast.RangeStmt:
				target(n.Key, "assignment to")
				target(n.Value, "assignment to")
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					target(n.X, "address of")
				}
			case *ast.SliceExpr:
				if t := g.report.Info.TypeOf(n.X); t != nil {
					if _, array := t.Underlying().(*types.Array); array {
						target(n.X, "address of")
					}
				}
			case *ast.CallExpr:
				if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok && len(n.Args) > 0 {
					if b, ok := g.report.Info.Uses[id].(*types.Builtin); ok {
						switch b.Name() {
						case "delete", "clear", "copy":
							target(n.Args[0], b.Name()+" on")
						}
					}
				}
			case *ast.SelectorExpr:
				// x.M() takes the address of x if M has a pointer receiver and x is none.
				if s := g.report.Info.Selections[n]; s != nil && s.Kind() == types.MethodVal && !s.Indirect() {
					if recv := s.Obj().(*types.Func).Signature().Recv(); recv != nil && isPointer(recv.Type()) && !isPointer(s.Recv()) {
						if v := g.importedRoot(n.X, true); v != nil {
							g.object(RuleAssign, n.Pos(), "address of %s.%s, which belongs to another package", v.Pkg().Name(), v.Name())
						}
					}
				}
			}
			return true
		})
	}
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// importedRoot returns the variable of another package that e is, or is a part of.
// With direct, parts reached through a pointer, a slice or a map do not count.
func (g *gate) importedRoot(e ast.Expr, direct bool) *types.Var {
	info := g.report.Info
	through := func(x ast.Expr) bool { // whether selecting or indexing x stays within the variable
		if !direct {
			return true
		}
		t := info.TypeOf(x)
		if t == nil {
			return false
		}
		switch t.Underlying().(type) {
		case *types.Struct, *types.Array:
			return true
		}
		return false
	}
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			if direct {
				return nil
			}
			e = x.X
		case *ast.IndexExpr:
			if !through(x.X) {
				return nil
			}
			e = x.X
		case *ast.SliceExpr:
			if !through(x.X) {
				return nil
			}
			e = x.X
		case *ast.SelectorExpr:
			if v, ok := info.Uses[x.Sel].(*types.Var); ok && !v.IsField() {
				return g.foreign(v)
			}
			if !through(x.X) {
				return nil
			}
			e = x.X
		case *ast.Ident:
			v, _ := info.Uses[x].(*types.Var)
			return g.foreign(v)
		default:
			return nil
		}
	}
}

// foreign returns v if it is a variable of another package.
func (g *gate) foreign(v *types.Var) *types.Var {
	if v == nil || v.Pkg() == nil || v.Pkg() == g.report.Package || v.Parent() != v.Pkg().Scope() {
		return nil
	}
	return v
}
