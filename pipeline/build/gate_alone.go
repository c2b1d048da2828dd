package build

import (
	"go/ast"
	"go/token"
	"go/types"
)

// What may stand in the initial value of a blank variable of a unit that shares a module.
const (
	inertBytes    = 4 << 10 // values and addresses of composite literals
	inertElements = 8       // of one literal
)

// alone says whether the unit must not share a module, see Report.Alone. All units of
// a module are initialized before one of them is chosen: what traps there, or takes
// time, does so for everybody.
func (g *gate) alone() bool {
	if g.static > sharedStatic {
		return true
	}
	for _, file := range g.report.Syntax {
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					return true
				}
			case *ast.GenDecl:
				if d.Tok != token.VAR {
					continue
				}
				for _, spec := range d.Specs {
					if g.initializes(spec.(*ast.ValueSpec)) {
						return true
					}
				}
			}
		}
	}
	return false
}

// initializes says whether package-level variables keep something, or may run code.
// What is left are assertions for the compiler, such as var _ I = (*T)(nil).
func (g *gate) initializes(spec *ast.ValueSpec) bool {
	sizer := newSizer(nil)
	bytes := int64(0)
	for _, name := range spec.Names {
		if name.Name != "_" {
			return true
		}
		bytes = sum(bytes, sizer.size(g.report.Info.Defs[name].Type()))
	}
	for _, v := range spec.Values {
		if !g.inert(v, sizer, &bytes) {
			return true
		}
	}
	return bytes > inertBytes
}

// inert says that e is of a kind that the compiler writes down as data or drops:
// evaluating it neither runs code nor panics. It lists what is known to be so, and all
// else runs: calls and operators, of course, but also conversions (of a slice to an
// array, which panics), indexes and slices, dereferences and fields, assertions, method
// values (of nil, which panics), map literals (which the program fills while it starts),
// and instances of generic functions (which are closures over their dictionaries).
// Adds the sizes of literals to bytes.
func (g *gate) inert(e ast.Expr, sizer *sizer, bytes *int64) bool {
	info := g.report.Info
	tv := info.Types[e]
	if tv.Value != nil || tv.IsNil() {
		return true
	}
	switch e := e.(type) {
	case *ast.Ident:
		return g.plainFunc(e)
	case *ast.SelectorExpr: // strings.ToUpper; a field or a method has a selection
		return info.Selections[e] == nil && g.plainFunc(e.Sel)
	case *ast.FuncLit:
		return true // not within a function, so it captures nothing
	case *ast.ParenExpr:
		return g.inert(e.X, sizer, bytes)
	case *ast.UnaryExpr:
		lit, ok := ast.Unparen(e.X).(*ast.CompositeLit)
		return e.Op == token.AND && ok && g.inert(lit, sizer, bytes)
	case *ast.CompositeLit:
		switch tv.Type.Underlying().(type) {
		case *types.Struct, *types.Array, *types.Slice:
		case *types.Pointer: // &T{}, where an outer literal says so
		default:
			return false
		}
		*bytes = sum(*bytes, sum(sizer.size(tv.Type), g.literalSize(e, sizer)))
		if len(e.Elts) > inertElements {
			return false
		}
		for _, elt := range e.Elts {
			if kv, ok := elt.(*ast.KeyValueExpr); ok {
				elt = kv.Value // the key is a field, or a constant index
			}
			if !g.inert(elt, sizer, bytes) {
				return false
			}
		}
		return true
	case *ast.CallExpr: // T(nil)
		return info.Types[e.Fun].IsType() && len(e.Args) == 1 && info.Types[ast.Unparen(e.Args[0])].IsNil()
	}
	return false
}

// plainFunc says that a name is a declared function, of this package or another, and
// no instance of a generic one.
func (g *gate) plainFunc(id *ast.Ident) bool {
	_, function := g.report.Info.Uses[id].(*types.Func)
	_, instance := g.report.Info.Instances[id]
	return function && !instance
}

// literalSize is what a composite literal holds behind its value.
func (g *gate) literalSize(e *ast.CompositeLit, sizer *sizer) int64 {
	t := g.report.Info.TypeOf(e).Underlying()
	if p, ok := t.(*types.Pointer); ok {
		return sizer.size(p.Elem())
	}
	if _, slice := t.(*types.Slice); slice {
		s := &storage{gate: g, sizer: sizer}
		return s.literal(e)
	}
	return 0
}
