package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
)

// nameEdits change all places of a statement or an expression at which a variable
// stands: s[len(s)-1] is one fault if it should be t[len(t)-1].
var nameEdits = []*operation{
	{
		family: "name", name: "all", verb: "use another variable in all of it",
		match: func(p *Program, n ast.Node) bool { return len(p.repeated(n)) > 0 },
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(9)
			for _, uses := range p.repeated(n) {
				v := p.info.Uses[uses[0]].(*types.Var)
				same := func(t types.Type) bool { return types.Identical(t, v.Type()) }
				for _, w := range p.locals(n, same, 4) {
					if w == v || !p.visible(w, uses[len(uses)-1].Pos()) {
						continue
					}
					c.add(v.Name()+" to "+w.Name(), renaming(p, uses, w.Name())...)
				}
			}
			return c.choices
		},
	},
	{
		family: "name", name: "trade", verb: "exchange two variables in all of it",
		match: func(p *Program, n ast.Node) bool { return len(p.tradeable(n)) > 1 },
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(4)
			groups := p.tradeable(n)
			for i, x := range groups {
				for _, y := range groups[i+1:] {
					v, w := p.info.Uses[x[0]].(*types.Var), p.info.Uses[y[0]].(*types.Var)
					if types.Identical(v.Type(), w.Type()) {
						c.add(v.Name()+" and "+w.Name(), append(renaming(p, x, w.Name()), renaming(p, y, v.Name())...)...)
					}
				}
			}
			return c.choices
		},
	},
	{
		family: "name", name: "step", verb: "change by another amount",
		match: func(p *Program, n ast.Node) bool {
			switch n := n.(type) {
			case *ast.IncDecStmt:
				return true
			case *ast.AssignStmt:
				return n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN
			}
			return false
		},
		choices: stepChoices,
	},
}

func renaming(p *Program, uses []*ast.Ident, name string) []splice {
	var splices []splice
	for _, id := range uses {
		splices = append(splices, splice{p.from(id), p.to(id), name})
	}
	return splices
}

// uses returns the identifiers below a node that use variables, by variable, in the
// order of their first use. Function literals are left out: what they use is used
// later.
func (p *Program) uses(n ast.Node) [][]*ast.Ident {
	var vars []*types.Var
	var groups [][]*ast.Ident
	ast.Inspect(n, func(m ast.Node) bool {
		if _, ok := m.(*ast.FuncLit); ok {
			return false
		}
		if m == nil {
			return true
		}
		if v := p.variable(m); v != nil && p.visible(v, n.Pos()) {
			i := slices.Index(vars, v)
			if i < 0 {
				i = len(vars)
				vars = append(vars, v)
				groups = append(groups, nil)
			}
			groups[i] = append(groups[i], m.(*ast.Ident))
		}
		return true
	})
	return groups
}

// repeated returns the uses of each variable that stands more than once in a simple
// statement, a condition, an index or a slice.
func (p *Program) repeated(n ast.Node) [][]*ast.Ident {
	switch n.(type) {
	case *ast.AssignStmt, *ast.ExprStmt, *ast.ReturnStmt, *ast.IndexExpr, *ast.SliceExpr:
	default:
		if !isClause(p, n) {
			return nil
		}
	}
	return slices.DeleteFunc(p.uses(n), func(uses []*ast.Ident) bool { return len(uses) < 2 })
}

// tradeable returns the uses of each variable in a simple statement or a condition, if
// there are so few variables that exchanging two is a likely slip.
func (p *Program) tradeable(n ast.Node) [][]*ast.Ident {
	switch n.(type) {
	case *ast.AssignStmt, *ast.ExprStmt, *ast.ReturnStmt:
	default:
		if !isClause(p, n) {
			return nil
		}
		if b, ok := n.(*ast.BinaryExpr); ok && p.variable(b.X) != nil && p.variable(b.Y) != nil {
			return nil // the relational operators do this
		}
	}
	if groups := p.uses(n); len(groups) <= 5 {
		return groups
	}
	return nil
}

// isClause tells conditions, and the operands of && and ||.
func isClause(p *Program, n ast.Node) bool {
	parent, ok := p.parent[n].(*ast.BinaryExpr)
	return isCondition(p, n) || ok && slices.Contains(logicals, parent.Op)
}

func stepChoices(p *Program, n ast.Node) []choice {
	c := p.choose(6, p.text(n))
	x, op := ast.Expr(nil), "+="
	step := func(text string) { c.add(text, splice{p.from(n), p.to(n), text}) }
	switch n := n.(type) {
	case *ast.IncDecStmt:
		x = n.X
		if n.Tok == token.DEC {
			op = "-="
		}
	case *ast.AssignStmt:
		x, op = n.Lhs[0], n.Tok.String()
		if isNumber(p.info.TypeOf(x)) {
			step(p.text(x) + map[string]string{"+=": "++", "-=": "--"}[op])
		}
	}
	t := p.info.TypeOf(x)
	for i, a := range p.atoms(n, func(other types.Type) bool { return types.Identical(other, t) }, 4) {
		if a.text != p.text(x) && i < 4 {
			step(p.text(x) + " " + op + " " + a.text)
		}
	}
	if isNumber(t) {
		step(p.text(x) + " " + op + " " + strconv.Itoa(2))
	}
	return c.choices
}
