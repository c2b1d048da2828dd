package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"sync"
)

// How many of what is in scope an edit may name, nearest first. These bound the
// number of edits of a site, not what a program may contain.
const (
	fieldOwners = 12 // variables whose fields are looked at
	fieldAtoms  = 32 // fields in all
)

// atom is a short expression that an edit may name: a variable, a field of one, or a
// constant.
type atom struct {
	text string
	typ  types.Type
	obj  types.Object // the variable, the variable that has the field, or the constant
}

// surroundings are what is in scope at a place. What the statement there uses comes
// first, then what is declared nearest; variables of the package that it does not use
// come last.
type surroundings struct {
	vars   []*types.Var
	fields []atom
	consts []atom
}

// places remembers surroundings, since many edits ask about the same place. It
// changes how long things take and nothing else.
type places struct {
	mu    sync.Mutex
	known map[placeKey]*surroundings
}

// Names are in scope from the end of a declaration on, so all expressions of a
// statement see the same, save for those behind an initialization, which have a
// scope of their own but may start where their statement does not.
type placeKey struct {
	scope *types.Scope
	stmt  ast.Node
	first bool
}

// around returns the surroundings of a node.
func (p *Program) around(n ast.Node) *surroundings {
	stmt := p.statement(n)
	key := placeKey{p.scope(n.Pos()), stmt, n.Pos() == stmt.Pos()}
	p.places.mu.Lock()
	s := p.places.known[key]
	p.places.mu.Unlock()
	if s == nil {
		s = p.lookAround(stmt, n.Pos())
		p.places.mu.Lock()
		p.places.known[key] = s
		p.places.mu.Unlock()
	}
	return s
}

// statement returns the innermost statement that has the node in it, or the node
// itself if there is none.
func (p *Program) statement(n ast.Node) ast.Node {
	for m := n; m != nil; m = p.parent[m] {
		if _, ok := m.(ast.Stmt); ok {
			return m
		}
	}
	return n
}

func (p *Program) lookAround(stmt ast.Node, at token.Pos) *surroundings {
	s := &surroundings{}
	ast.Inspect(stmt, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v, ok := p.info.Uses[id].(*types.Var); ok && !v.IsField() && v.Name() != "_" &&
				!slices.Contains(s.vars, v) && p.visible(v, at) {
				s.vars = append(s.vars, v)
			}
		}
		return true
	})
	for scope := p.scope(at); scope != nil; scope = scope.Parent() {
		for _, v := range slices.Backward(p.vars[scope]) {
			if v.Name() != "_" && !slices.Contains(s.vars, v) && p.visible(v, at) {
				s.vars = append(s.vars, v)
			}
		}
	}
	for _, v := range s.vars[:min(len(s.vars), fieldOwners)] {
		for _, f := range p.fields(v.Type()) {
			if len(s.fields) < fieldAtoms {
				s.fields = append(s.fields, atom{v.Name() + "." + f.Name(), f.Type(), v})
			}
		}
	}
	for _, name := range p.pkg.Scope().Names() {
		if c, ok := p.pkg.Scope().Lookup(name).(*types.Const); ok && p.visible(c, at) {
			s.consts = append(s.consts, atom{name, c.Type(), c})
		}
	}
	return s
}

// fields returns the fields that can be selected from a value of a type.
func (p *Program) fields(t types.Type) []*types.Var {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	var fields []*types.Var
	for f := range st.Fields() {
		if f.Name() != "_" && (f.Exported() || f.Pkg() == p.pkg) {
			fields = append(fields, f)
		}
	}
	return fields
}

// atoms returns the variables, fields and constants at a node that the place takes,
// at most limit of them.
func (p *Program) atoms(n ast.Node, takes func(types.Type) bool, limit int) []atom {
	s := p.around(n)
	var as []atom
	for _, v := range s.vars {
		if len(as) < limit && takes(v.Type()) {
			as = append(as, atom{v.Name(), v.Type(), v})
		}
	}
	for _, list := range [][]atom{s.fields, s.consts} {
		for _, a := range list {
			if len(as) < limit && takes(a.typ) {
				as = append(as, a)
			}
		}
	}
	return as
}

// alternatives is atoms for an expression that shall be combined with another. To a
// field, the same field of another variable comes first.
func (p *Program) alternatives(e ast.Expr, takes func(types.Type) bool, limit int) []atom {
	as := p.atoms(e, takes, limit)
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return as
	}
	var first []atom
	for _, a := range p.around(e).fields {
		if strings.HasSuffix(a.text, "."+sel.Sel.Name) && a.text != p.text(e) && takes(a.typ) {
			first = append(first, a)
		}
	}
	for _, a := range as {
		if !slices.Contains(first, a) {
			first = append(first, a)
		}
	}
	return first[:min(len(first), limit)]
}

// locals returns the variables at a node that a test accepts, at most limit.
func (p *Program) locals(n ast.Node, test func(types.Type) bool, limit int) []*types.Var {
	var vs []*types.Var
	for _, v := range p.around(n).vars {
		if len(vs) < limit && test(v.Type()) {
			vs = append(vs, v)
		}
	}
	return vs
}

// place is what an expression is and what its context wants.
type place struct {
	own  types.Type // nil if it is nil
	want types.Type // nil if the context does not say
}

// place returns the types that the place of an expression takes.
func (p *Program) place(e ast.Expr) place {
	pl := place{want: p.wanted(e)}
	if tv := p.info.Types[e]; tv.Type != nil && !tv.IsNil() {
		pl.own = types.Default(tv.Type)
	}
	return pl
}

// typ is the type that a place is about, or nil if nothing is known.
func (pl place) typ() types.Type {
	if pl.own != nil {
		return pl.own
	}
	return pl.want
}

// takes reports whether a value of a type can stand at the place. Interfaces take
// so much that only values of the very type count.
func (pl place) takes(t types.Type) bool {
	if pl.own != nil && types.Identical(t, pl.own) {
		return true
	}
	if pl.want == nil {
		return false
	}
	if types.IsInterface(pl.want) {
		return types.Identical(t, pl.want)
	}
	if pl.own == nil || types.Identical(pl.own, pl.want) || isUntyped(t) {
		return types.AssignableTo(t, pl.want)
	}
	return types.Identical(t, pl.want)
}

func isUntyped(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Info()&types.IsUntyped != 0
}

// wanted returns the type that the context of an expression asks for, or nil.
func (p *Program) wanted(e ast.Expr) types.Type {
	switch parent := p.parent[e].(type) {
	case *ast.ParenExpr:
		return p.wanted(parent)
	case *ast.ReturnStmt:
		sig := p.signature(parent)
		if i := slices.Index(parent.Results, e); sig != nil && len(parent.Results) == sig.Results().Len() {
			return sig.Results().At(i).Type()
		}
	case *ast.AssignStmt:
		if i := slices.Index(parent.Rhs, e); i >= 0 && parent.Tok == token.ASSIGN && len(parent.Lhs) == len(parent.Rhs) {
			return p.info.TypeOf(parent.Lhs[i])
		}
	case *ast.ValueSpec:
		if parent.Type != nil {
			return p.info.TypeOf(parent.Type)
		}
	case *ast.CallExpr:
		return p.wantedArgument(parent, slices.Index(parent.Args, e))
	case *ast.KeyValueExpr:
		if lit, ok := p.parent[parent].(*ast.CompositeLit); ok {
			return p.wantedElement(lit, parent, parent.Key == e)
		}
	case *ast.CompositeLit:
		return p.wantedElement(parent, e, false)
	case *ast.IndexExpr:
		if t := p.info.TypeOf(parent.X); t != nil && parent.Index == e {
			if m, ok := t.Underlying().(*types.Map); ok {
				return m.Key()
			}
		}
	case *ast.BinaryExpr:
		other := parent.X
		if other == e {
			other = parent.Y
		}
		if tv := p.info.Types[other]; slices.Contains(relations, parent.Op) && tv.Type != nil && !tv.IsNil() {
			return types.Default(tv.Type)
		}
	}
	return nil
}

func (p *Program) wantedArgument(call *ast.CallExpr, i int) types.Type {
	if i < 0 || p.info.Types[call.Fun].IsType() {
		return nil
	}
	sig, ok := p.info.TypeOf(call.Fun).(*types.Signature)
	if !ok {
		return nil
	}
	params := sig.Params()
	switch {
	case sig.Variadic() && i >= params.Len()-1:
		t := params.At(params.Len() - 1).Type()
		if s, ok := t.Underlying().(*types.Slice); ok && !call.Ellipsis.IsValid() {
			return s.Elem()
		}
		return t
	case i < params.Len():
		return params.At(i).Type()
	}
	return nil
}

func (p *Program) wantedElement(lit *ast.CompositeLit, e ast.Expr, key bool) types.Type {
	t := p.info.TypeOf(lit)
	if t == nil {
		return nil
	}
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem() // &T left out
	}
	switch t := t.Underlying().(type) {
	case *types.Map:
		if key {
			return t.Key()
		}
		return t.Elem()
	case *types.Slice:
		return t.Elem()
	case *types.Array:
		return t.Elem()
	case *types.Struct:
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				if f, ok := p.info.Uses[id].(*types.Var); ok {
					return f.Type()
				}
			}
		} else if i := slices.Index(lit.Elts, e); i >= 0 && i < t.NumFields() {
			return t.Field(i).Type()
		}
	}
	return nil
}

// signature returns that of the function around a node, or nil.
func (p *Program) signature(n ast.Node) *types.Signature {
	for ; n != nil; n = p.parent[n] {
		switch f := n.(type) {
		case *ast.FuncDecl:
			if obj, ok := p.info.Defs[f.Name].(*types.Func); ok {
				return obj.Signature()
			}
			return nil
		case *ast.FuncLit:
			sig, _ := p.info.TypeOf(f).(*types.Signature)
			return sig
		}
	}
	return nil
}

// function returns the declaration around a node, or nil.
func (p *Program) function(n ast.Node) *ast.FuncDecl {
	for ; n != nil; n = p.parent[n] {
		if f, ok := n.(*ast.FuncDecl); ok {
			return f
		}
	}
	return nil
}

// value returns the expression that a node is, if another value may stand there. Not
// so for targets of assignments, operands of &, functions that are called, calls that
// are statements, literals without their type, and what is in parentheses, which
// stand for it.
func (p *Program) value(n ast.Node) (ast.Expr, bool) {
	e, ok := n.(ast.Expr)
	if !ok {
		return nil, false
	}
	tv := p.info.Types[e]
	if !tv.IsValue() || p.assigned(n) {
		return nil, false
	}
	switch e := e.(type) {
	case *ast.FuncLit, *ast.KeyValueExpr:
		return nil, false
	case *ast.CompositeLit:
		if e.Type == nil {
			return nil, false
		}
	case *ast.TypeAssertExpr:
		if e.Type == nil {
			return nil, false
		}
	}
	if _, tuple := tv.Type.(*types.Tuple); tuple {
		return nil, false
	}
	switch parent := p.parent[n].(type) {
	case *ast.ParenExpr, *ast.ExprStmt, *ast.GoStmt, *ast.DeferStmt, nil:
		return nil, false
	case *ast.UnaryExpr:
		return e, parent.Op != token.AND
	case *ast.CallExpr:
		return e, parent.Fun != e
	case *ast.SelectorExpr:
		return e, parent.Sel != n
	case *ast.KeyValueExpr:
		// A field of a struct is no value, but a constant of the same name is.
		lit, ok := p.parent[parent].(*ast.CompositeLit)
		if !ok || parent.Key != e {
			return e, true
		}
		t := p.info.TypeOf(lit)
		_, structure := t.Underlying().(*types.Struct)
		return e, !structure
	}
	return e, true
}

// pure reports whether an expression can be evaluated twice: names, fields, elements
// and literals.
func pure(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident, *ast.BasicLit:
		return true
	case *ast.SelectorExpr:
		return pure(e.X)
	case *ast.IndexExpr:
		return pure(e.X) && pure(e.Index)
	case *ast.BinaryExpr:
		return pure(e.X) && pure(e.Y)
	case *ast.ParenExpr:
		return pure(e.X)
	}
	return false
}

// elementOf returns the type of the elements of a slice, an array or a string, or nil.
func elementOf(t types.Type) types.Type {
	switch t := t.Underlying().(type) {
	case *types.Slice:
		return t.Elem()
	case *types.Array:
		return t.Elem()
	case *types.Basic:
		if t.Info()&types.IsString != 0 {
			return types.Typ[types.Byte]
		}
	}
	return nil
}

func isSlice(t types.Type) bool {
	_, ok := t.Underlying().(*types.Slice)
	return ok
}

func isMap(t types.Type) bool {
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// measurable reports whether len takes a value of the type.
func measurable(t types.Type) bool {
	return isSlice(t) || isMap(t) || isString(t)
}

// cuttable reports whether a value of the type can be cut by s[i:j].
func cuttable(t types.Type) bool { return isSlice(t) || isString(t) }

func isString(t types.Type) bool { return isBasic(t, types.IsString) }
func isBool(t types.Type) bool   { return isBasic(t, types.IsBoolean) }
func isNumber(t types.Type) bool { return isBasic(t, types.IsInteger|types.IsFloat) }

func isBasic(t types.Type, info types.BasicInfo) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&info != 0
}

func isInt(t types.Type) bool { return types.Identical(t, types.Typ[types.Int]) }

// named writes a type as this file would.
func (p *Program) named(t types.Type) string {
	return types.TypeString(t, func(other *types.Package) string {
		if other == p.pkg {
			return ""
		}
		return other.Name()
	})
}
