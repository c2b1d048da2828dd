package synth

import (
	"go/ast"
	"go/types"
)

// ingredientEdits use what the program has elsewhere, the nearest first. Names must
// mean the same where it is used.
var ingredientEdits = []*operation{
	{
		family: "ingredient", name: "expression", verb: "use an expression from elsewhere",
		match:   isSite,
		choices: func(p *Program, n ast.Node) []choice { return p.borrow(n.(ast.Expr), ingredientsPerSite) },
	},
	{
		family: "ingredient", name: "target", verb: "assign to a place from elsewhere",
		match: func(p *Program, n ast.Node) bool {
			e, ok := n.(ast.Expr)
			return ok && p.assigned(n) && p.info.Types[e].IsValue()
		},
		choices: func(p *Program, n ast.Node) []choice {
			e := n.(ast.Expr)
			c := p.choose(6, p.text(n))
			p.nearby(p.stock().exprs[typeKey(p.info.TypeOf(e))], n, func(in ingredient) bool {
				switch in.node.(type) {
				case *ast.IndexExpr, *ast.SelectorExpr, *ast.StarExpr:
					c.put(e, in.text, tightness(in.node.(ast.Expr)))
				}
				return !c.full()
			})
			return c.choices
		},
	},
	{
		family: "ingredient", name: "assign", verb: "assign an expression from elsewhere before the statement",
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(10)
			at := p.from(n)
			for _, v := range p.locals(n, func(types.Type) bool { return true }, 5) {
				taken := 0
				p.nearby(p.stock().exprs[typeKey(v.Type())], n, func(in ingredient) bool {
					if in.text != v.Name() {
						text := v.Name() + " = " + in.text
						c.add(text, splice{at, at, text + "\n"})
						taken++
					}
					return !c.full() && taken < 3
				})
			}
			return c.choices
		},
	},
	{
		family: "ingredient", name: "statement", verb: "replace by a statement from elsewhere",
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(6, p.text(n))
			p.nearby(p.stock().statements, n, func(in ingredient) bool {
				if !nested(in.node, n) {
					c.add(in.text, splice{p.from(n), p.to(n), in.text})
				}
				return !c.full()
			})
			return c.choices
		},
	},
	{
		family: "ingredient", name: "insert", verb: "insert a statement from elsewhere before the statement",
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(8, p.text(n))
			at := p.from(n)
			p.nearby(p.stock().statements, n, func(in ingredient) bool {
				if !declares(in.node) {
					c.add(in.text, splice{at, at, in.text + "\n"})
				}
				return !c.full()
			})
			return c.choices
		},
	},
	{
		family: "ingredient", name: "append", verb: "insert a statement from elsewhere after the last one",
		match: func(p *Program, n ast.Node) bool { return isListed(p, n) && p.next(n) == nil && !leaves(n) },
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(8, p.text(n))
			p.nearby(p.stock().statements, n, func(in ingredient) bool {
				if !declares(in.node) {
					c.add(in.text, splice{p.to(n), p.to(n), "\n" + in.text})
				}
				return !c.full()
			})
			return c.choices
		},
	},
}

// ingredientsPerSite bounds how many expressions from elsewhere a site may become.
const ingredientsPerSite = 10

// borrow puts expressions from elsewhere in the place of one.
func (p *Program) borrow(e ast.Expr, limit int) []choice {
	pl := p.place(e)
	c := p.choose(limit, p.text(e))
	take := func(in ingredient) bool {
		// What is part of the site already is left to operator keep and call unwrap.
		if !nested(in.node, e) || in.node.Pos() <= e.Pos() && e.End() <= in.node.End() {
			x := in.node.(ast.Expr)
			c.put(e, in.text, tightness(x))
		}
		return !c.full()
	}
	if pl.own != nil {
		p.nearby(p.stock().exprs[typeKey(pl.own)], e, take)
	}
	if pl.want != nil && (pl.own == nil || !types.Identical(pl.own, pl.want)) {
		p.nearby(p.stock().exprs[typeKey(pl.want)], e, take)
	}
	return c.choices
}

// nested reports whether one node has the other in it.
func nested(a, b ast.Node) bool { return a.Pos() < b.End() && b.Pos() < a.End() }

// declares reports whether a statement declares something that only it would use.
func declares(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.DeclStmt:
		return true
	case *ast.AssignStmt:
		return n.Tok.String() == ":="
	}
	return false
}
