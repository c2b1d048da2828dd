package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

var conditionalEdits = []*operation{
	{
		family: "conditional", name: "negate", verb: "negate the condition",
		match:   isCondition,
		choices: negation,
	},
	{
		family: "conditional", name: "constant", verb: "fix the condition",
		match: isCondition,
		choices: func(p *Program, n ast.Node) []choice {
			return []choice{p.replace(n, "true", "true"), p.replace(n, "false", "false")}
		},
	},
	{
		family: "conditional", name: "replace", verb: "replace the condition", donors: true,
		match: isCondition,
		choices: func(p *Program, n ast.Node) []choice {
			return p.donate(n, func(d donor) []splice { return []splice{{p.from(n), p.to(n), p.text(d.cond)}} })
		},
	},
	{
		family: "conditional", name: "and", verb: "add a clause by &&", donors: true,
		match:   isCondition,
		choices: func(p *Program, n ast.Node) []choice { return p.addClause(n.(ast.Expr), token.LAND) },
	},
	{
		family: "conditional", name: "or", verb: "add a clause by ||", donors: true,
		match:   isCondition,
		choices: func(p *Program, n ast.Node) []choice { return p.addClause(n.(ast.Expr), token.LOR) },
	},
}

// isCondition tells the conditions of if and for, and the cases of a switch without
// a tag.
func isCondition(p *Program, n ast.Node) bool {
	cond, ok := n.(ast.Expr)
	if !ok {
		return false
	}
	switch parent := p.parent[n].(type) {
	case *ast.IfStmt:
		return parent.Cond == cond
	case *ast.ForStmt:
		return parent.Cond == cond
	case *ast.CaseClause:
		if !slices.Contains(parent.List, cond) {
			return false
		}
		s, ok := p.parent[p.parent[parent]].(*ast.SwitchStmt)
		return ok && s.Tag == nil
	}
	return false
}

// negation leaves comparisons alone: the relational operators have their opposite.
func negation(p *Program, n ast.Node) []choice {
	switch e := n.(type) {
	case *ast.BinaryExpr:
		if slices.Contains(relations, e.Op) {
			return nil
		}
		return []choice{{splices: []splice{{p.from(n), p.from(n), "!("}, {p.to(n), p.to(n), ")"}}}}
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			return []choice{{splices: []splice{{p.from(n), p.from(e.X), ""}}}}
		}
	}
	return []choice{{splices: []splice{{p.from(n), p.from(n), "!"}}}}
}

// donor is a condition that may be used elsewhere, and the objects that its names
// must mean there.
type donor struct {
	cond    ast.Expr
	objects []types.Object
}

// findDonors lists the conditions of a program. One whose names are visible nowhere
// else, such as the parameters of a function literal in it, keeps its number.
func findDonors(p *Program) []donor {
	var ds []donor
	for _, n := range p.nodes {
		if isCondition(p, n) {
			cond := n.(ast.Expr)
			ds = append(ds, donor{cond, p.objects(cond)})
		}
	}
	return ds
}

// objects returns what the names in an expression mean, without fields and methods.
func (p *Program) objects(e ast.Expr) []types.Object {
	var objects []types.Object
	selected := map[*ast.Ident]bool{}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			selected[n.Sel] = true
		case *ast.Ident:
			obj := p.info.Uses[n]
			if v, ok := obj.(*types.Var); ok && v.IsField() || obj == nil || selected[n] {
				return true
			}
			if !slices.Contains(objects, obj) {
				objects = append(objects, obj)
			}
		}
		return true
	})
	return objects
}

// donate returns the conditions of the program that can stand at a node, without
// the node itself and those that read the same.
func (p *Program) donate(n ast.Node, use func(donor) []splice) []choice {
	seen := []string{p.text(n)}
	var cs []choice
	for i, d := range p.conds {
		text := p.text(d.cond)
		if slices.Contains(seen, text) || !p.allVisible(d.objects, n.Pos()) {
			continue
		}
		seen = append(seen, text)
		cs = append(cs, choice{from: i, splices: use(d)})
	}
	return cs
}

func (p *Program) allVisible(objects []types.Object, at token.Pos) bool {
	for _, obj := range objects {
		if !p.visible(obj, at) {
			return false
		}
	}
	return true
}

func (p *Program) addClause(cond ast.Expr, op token.Token) []choice {
	prec := op.Precedence()
	return p.donate(cond, func(d donor) []splice {
		clause := " " + op.String() + " " + p.operand(d.cond, prec+1)
		if precedence(cond) < prec {
			return []splice{{p.from(cond), p.from(cond), "("}, {p.to(cond), p.to(cond), ")" + clause}}
		}
		return []splice{{p.to(cond), p.to(cond), clause}}
	})
}
