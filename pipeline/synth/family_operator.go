package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

var (
	equalities  = []token.Token{token.EQL, token.NEQ}
	relations   = []token.Token{token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ}
	arithmetics = []token.Token{token.ADD, token.SUB, token.MUL, token.QUO, token.REM}
	bits        = []token.Token{token.AND, token.OR, token.XOR, token.AND_NOT, token.SHL, token.SHR}
	logicals    = []token.Token{token.LAND, token.LOR}

	arithmeticAssigns = []token.Token{token.ADD_ASSIGN, token.SUB_ASSIGN, token.MUL_ASSIGN, token.QUO_ASSIGN, token.REM_ASSIGN}
	bitAssigns        = []token.Token{token.AND_ASSIGN, token.OR_ASSIGN, token.XOR_ASSIGN, token.AND_NOT_ASSIGN, token.SHL_ASSIGN, token.SHR_ASSIGN}
)

var operatorEdits = []*operation{
	{
		family: "operator", name: "relational", verb: "compare by another operator",
		match:   func(p *Program, n ast.Node) bool { return binary(n, relations) },
		choices: operatorChoices,
	},
	{
		family: "operator", name: "arithmetic", verb: "calculate by another operator",
		match: func(p *Program, n ast.Node) bool {
			return binary(n, arithmetics) && p.basicOf(n.(ast.Expr))&types.IsString == 0
		},
		choices: operatorChoices,
	},
	{
		family: "operator", name: "bit", verb: "combine bits by another operator",
		match:   func(p *Program, n ast.Node) bool { return binary(n, bits) },
		choices: operatorChoices,
	},
	{
		family: "operator", name: "logical", verb: "swap && and ||",
		match:   func(p *Program, n ast.Node) bool { return binary(n, logicals) },
		choices: operatorChoices,
	},
	{
		family: "operator", name: "assignment", verb: "assign by another operator",
		match: func(p *Program, n ast.Node) bool {
			switch n := n.(type) {
			case *ast.IncDecStmt:
				return true
			case *ast.AssignStmt:
				_, typeSwitch := p.parent[n].(*ast.TypeSwitchStmt)
				return !typeSwitch
			}
			return false
		},
		choices: assignmentChoices,
	},
	{
		family: "operator", name: "swap", verb: "swap the operands",
		match: swappable,
		choices: func(p *Program, n ast.Node) []choice {
			b := n.(*ast.BinaryExpr)
			prec := b.Op.Precedence()
			return []choice{{splices: []splice{
				{p.from(b.X), p.to(b.X), p.operand(b.Y, prec)},
				{p.from(b.Y), p.to(b.Y), p.operand(b.X, prec+1)},
			}}}
		},
	},
	{
		family: "operator", name: "keep", verb: "keep one operand",
		match: func(p *Program, n ast.Node) bool {
			return binary(n, arithmetics) || binary(n, bits) || binary(n, logicals)
		},
		choices: func(p *Program, n ast.Node) []choice {
			b := n.(*ast.BinaryExpr)
			cs := []choice{p.replace(b, "left", p.text(b.X))}
			if !slices.Contains([]token.Token{token.SHL, token.SHR}, b.Op) {
				cs = append(cs, p.replace(b, "right", p.text(b.Y)))
			}
			return cs
		},
	},
}

func binary(n ast.Node, ops []token.Token) bool {
	b, ok := n.(*ast.BinaryExpr)
	return ok && slices.Contains(ops, b.Op)
}

func operatorChoices(p *Program, n ast.Node) []choice {
	b := n.(*ast.BinaryExpr)
	info := p.basicOf(b.X)
	var others []token.Token
	for _, class := range [][]token.Token{relations, arithmetics, bits, logicals} {
		if slices.Contains(class, b.Op) {
			others = class
		}
	}
	if slices.Contains(relations, b.Op) && info&types.IsOrdered == 0 {
		others = equalities
	}
	var cs []choice
	for _, op := range others {
		if op == b.Op || op == token.REM && info&types.IsInteger == 0 {
			continue
		}
		cs = append(cs, choice{arg: op.String(), splices: p.setOperator(b, op)})
	}
	return cs
}

// setOperator replaces an operator and adds the parentheses that keep the operands
// and the parent what they were.
func (p *Program) setOperator(b *ast.BinaryExpr, op token.Token) []splice {
	prec := op.Precedence()
	at := p.tok.Offset(b.OpPos)
	splices := []splice{{at, at + len(b.Op.String()), op.String()}}
	if precedence(b.X) < prec {
		splices = append(splices, p.wrap(b.X)...)
	}
	if precedence(b.Y) <= prec {
		splices = append(splices, p.wrap(b.Y)...)
	}
	if parent, ok := p.parent[b].(*ast.BinaryExpr); ok {
		least := parent.Op.Precedence()
		if parent.Y == ast.Expr(b) {
			least++
		}
		if prec < least {
			splices = append(splices, p.wrap(b)...)
		}
	}
	return splices
}

// swappable leaves out operators for which order is nothing, and comparisons, for
// which swapping operands is turning the operator round.
func swappable(p *Program, n ast.Node) bool {
	b, ok := n.(*ast.BinaryExpr)
	if !ok || p.text(b.X) == p.text(b.Y) {
		return false
	}
	switch b.Op {
	case token.SUB, token.QUO, token.REM, token.SHL, token.SHR, token.AND_NOT, token.LAND, token.LOR:
		return true
	case token.ADD:
		return p.basicOf(b)&types.IsString != 0
	}
	return false
}

func assignmentChoices(p *Program, n ast.Node) []choice {
	if n, ok := n.(*ast.IncDecStmt); ok {
		other := token.INC
		if n.Tok == token.INC {
			other = token.DEC
		}
		return p.setAssignment(n.TokPos, n.Tok, other)
	}
	a := n.(*ast.AssignStmt)
	info := p.basicOf(a.Lhs[0])
	switch {
	case a.Tok == token.DEFINE:
		return p.setAssignment(a.TokPos, a.Tok, token.ASSIGN)
	case a.Tok == token.ASSIGN && (len(a.Lhs) != 1 || len(a.Rhs) != 1):
		return nil
	case a.Tok == token.ASSIGN && info&types.IsNumeric != 0:
		return p.setAssignment(a.TokPos, a.Tok, token.ADD_ASSIGN, token.SUB_ASSIGN)
	case a.Tok == token.ASSIGN && info&types.IsString != 0:
		return p.setAssignment(a.TokPos, a.Tok, token.ADD_ASSIGN)
	case a.Tok == token.ASSIGN:
		return nil
	case info&types.IsString != 0:
		return p.setAssignment(a.TokPos, a.Tok, token.ASSIGN)
	}
	class := arithmeticAssigns
	if slices.Contains(bitAssigns, a.Tok) {
		class = bitAssigns
	}
	return p.setAssignment(a.TokPos, a.Tok, append([]token.Token{token.ASSIGN}, class...)...)
}

func (p *Program) setAssignment(pos token.Pos, old token.Token, others ...token.Token) []choice {
	at := p.tok.Offset(pos)
	var cs []choice
	for _, op := range others {
		if op != old {
			cs = append(cs, choice{arg: op.String(), splices: []splice{{at, at + len(old.String()), op.String()}}})
		}
	}
	return cs
}
