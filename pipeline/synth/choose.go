package synth

import (
	"go/ast"
	"go/token"
	"strings"
)

// chooser collects the choices of a site: no two with the same arg, none that is the
// text that is there, at most limit.
type chooser struct {
	p       *Program
	limit   int
	seen    map[string]bool
	choices []choice
}

func (p *Program) choose(limit int, skip ...string) *chooser {
	c := &chooser{p: p, limit: limit, seen: map[string]bool{}}
	for _, s := range skip {
		c.seen[s] = true
	}
	return c
}

func (c *chooser) full() bool { return len(c.choices) >= c.limit }

// add takes a choice, unless it is known or there are enough.
func (c *chooser) add(arg string, splices ...splice) {
	if c.full() || c.seen[arg] {
		return
	}
	c.seen[arg] = true
	c.choices = append(c.choices, choice{arg: arg, splices: splices})
}

// put takes the choice to put a text, whose outermost operator has the precedence, in
// the place of an expression. The arg is the text.
func (c *chooser) put(e ast.Expr, text string, prec int) {
	c.add(text, c.p.inPlace(e, text, prec))
}

// primary is the precedence of operands.
const primary = token.HighestPrec

// inPlace replaces an expression, in parentheses where its context binds tighter.
func (p *Program) inPlace(e ast.Expr, text string, prec int) splice {
	least := token.LowestPrec
	switch parent := p.parent[e].(type) {
	case *ast.BinaryExpr:
		least = parent.Op.Precedence()
		if parent.Y == e {
			least++
		}
	case *ast.UnaryExpr, *ast.StarExpr:
		least = token.UnaryPrec
	case *ast.SelectorExpr, *ast.TypeAssertExpr:
		least = primary
	case *ast.IndexExpr:
		if parent.X == e {
			least = primary
		}
	case *ast.SliceExpr:
		if parent.X == e {
			least = primary
		}
	case *ast.CallExpr:
		if parent.Fun == e {
			least = primary
		}
	}
	if prec < least || strings.HasSuffix(text, "}") && p.inHeader(e) {
		text = "(" + text + ")"
	}
	return splice{p.from(e), p.to(e), text}
}

// inHeader reports whether a composite literal in the place of an expression would be
// taken for the block of an if, a for or a switch.
func (p *Program) inHeader(e ast.Expr) bool {
	for n := ast.Node(e); ; n = p.parent[n] {
		switch parent := p.parent[n].(type) {
		case *ast.CallExpr:
			if parent.Fun != n {
				return false
			}
		case *ast.IndexExpr:
			if parent.X != n {
				return false
			}
		case *ast.SliceExpr:
			if parent.X != n {
				return false
			}
		case *ast.ParenExpr, *ast.CompositeLit, *ast.BlockStmt, *ast.CaseClause, *ast.CommClause, nil:
			return false
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt:
			return true
		}
	}
}

// tightness is the precedence of an expression as an operand, unary operators told
// from operands.
func tightness(e ast.Expr) int {
	switch e.(type) {
	case *ast.UnaryExpr, *ast.StarExpr:
		return token.UnaryPrec
	}
	return precedence(e)
}

// part is an expression as an operand of an operator, in parentheses if need be.
func (p *Program) part(e ast.Expr, op token.Token, right bool) string {
	least := op.Precedence()
	if right {
		least++
	}
	return p.operand(e, least)
}
