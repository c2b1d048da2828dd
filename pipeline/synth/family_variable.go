package synth

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

var variableEdits = []*operation{
	{
		family: "variable", name: "use", verb: "use another variable of the same type",
		match:   func(p *Program, n ast.Node) bool { return p.variable(n) != nil && !p.assigned(n) },
		choices: otherVariables,
	},
	{
		family: "variable", name: "target", verb: "assign to another variable of the same type",
		match:   func(p *Program, n ast.Node) bool { return p.variable(n) != nil && p.assigned(n) },
		choices: otherVariables,
	},
}

// variable returns the variable that an identifier uses, or nil. Fields, imported
// variables, and identifiers that define a variable are none.
func (p *Program) variable(n ast.Node) *types.Var {
	id, ok := n.(*ast.Ident)
	if !ok {
		return nil
	}
	v, ok := p.info.Uses[id].(*types.Var)
	if !ok || v.IsField() {
		return nil
	}
	switch parent := p.parent[id].(type) {
	case *ast.SelectorExpr:
		if parent.Sel == id {
			return nil
		}
	case *ast.AssignStmt:
		// In a, err := f() an err that was there before is used, but naming another
		// variable would define that one.
		if parent.Tok == token.DEFINE && slices.Contains(parent.Lhs, ast.Expr(id)) {
			return nil
		}
	case *ast.RangeStmt:
		if parent.Tok == token.DEFINE && (parent.Key == id || parent.Value == id) {
			return nil
		}
	}
	return v
}

// assigned reports whether an expression is the target of an assignment.
func (p *Program) assigned(n ast.Node) bool {
	switch parent := p.parent[n].(type) {
	case *ast.AssignStmt:
		return slices.Contains(parent.Lhs, n.(ast.Expr))
	case *ast.IncDecStmt:
		return true
	case *ast.RangeStmt:
		return parent.Key == n || parent.Value == n
	}
	return false
}

func otherVariables(p *Program, n ast.Node) []choice {
	used := p.variable(n)
	var others []*types.Var
	for s := p.scope(n.Pos()); s != nil; s = s.Parent() {
		for _, v := range p.vars[s] {
			if v != used && types.Identical(v.Type(), used.Type()) && p.visible(v, n.Pos()) {
				others = append(others, v)
			}
		}
	}
	slices.SortFunc(others, byPosition)
	var cs []choice
	for _, v := range others {
		cs = append(cs, p.replace(n, v.Name(), v.Name()))
	}
	return cs
}

func byPosition(a, b *types.Var) int { return cmp.Compare(a.Pos(), b.Pos()) }

// scopeVars lists the variables of a scope and of those inside it, each list in
// the order of declaration.
func scopeVars(s *types.Scope, vars map[*types.Scope][]*types.Var) {
	var own []*types.Var
	for _, name := range s.Names() {
		if v, ok := s.Lookup(name).(*types.Var); ok {
			own = append(own, v)
		}
	}
	slices.SortFunc(own, byPosition)
	vars[s] = own
	for i := range s.NumChildren() {
		scopeVars(s.Child(i), vars)
	}
}
