package synth

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// blockEdits change what a statement is part of: conditions around it, branches,
// loops, and how a loop or a branch is left.
var blockEdits = []*operation{
	{
		family: "block", name: "wrap", verb: "do it only if",
		match: func(p *Program, n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
				return false
			}
			_, declaration := n.(*ast.DeclStmt)
			return isListed(p, n) && !declaration
		},
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(20)
			for _, q := range p.conditions(n, 16) {
				c.enclose(n, q.text)
			}
			p.nearby(p.stock().exprs["bool"], n, func(in ingredient) bool {
				if isCondition(p, in.node) {
					c.enclose(n, in.text)
				}
				return !c.full()
			})
			return c.choices
		},
	},
	{
		family: "block", name: "unwrap", verb: "do it without the condition or loop",
		match: func(p *Program, n ast.Node) bool {
			return isListed(p, n) && len(blocksOf(n.(ast.Stmt))) > 0
		},
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(3)
			for i, b := range blocksOf(n.(ast.Stmt)) {
				if len(b.List) > 0 {
					c.add(strconv.Itoa(i), splice{p.from(n), p.to(n), p.inside(b)})
				}
			}
			return c.choices
		},
	},
	{
		family: "block", name: "else", verb: "change the branches",
		match: func(p *Program, n ast.Node) bool {
			_, ok := n.(*ast.IfStmt)
			return ok
		},
		choices: elseChoices,
	},
	{
		family: "block", name: "loop", verb: "turn if to for, or back",
		match: func(p *Program, n ast.Node) bool {
			switch s := n.(type) {
			case *ast.IfStmt:
				return s.Init == nil && s.Else == nil && isListed(p, n)
			case *ast.ForStmt:
				return s.Init == nil && s.Post == nil && s.Cond != nil
			}
			return false
		},
		choices: func(p *Program, n ast.Node) []choice {
			at := p.from(n)
			if _, ok := n.(*ast.IfStmt); ok {
				return []choice{{arg: "for", splices: []splice{{at, at + len("if"), "for"}}}}
			}
			return []choice{{arg: "if", splices: []splice{{at, at + len("for"), "if"}}}}
		},
	},
	{
		family: "block", name: "defer", verb: "defer the call with what its arguments are then",
		match: func(p *Program, n ast.Node) bool {
			d, ok := n.(*ast.DeferStmt)
			if !ok {
				return false
			}
			_, literal := d.Call.Fun.(*ast.FuncLit)
			return !literal
		},
		choices: func(p *Program, n ast.Node) []choice {
			call := n.(*ast.DeferStmt).Call
			return []choice{p.replace(call, "", "func() { "+p.text(call)+" }()")}
		},
	},
	{
		family: "block", name: "branch", verb: "leave otherwise",
		match: func(p *Program, n ast.Node) bool {
			switch s := n.(type) {
			case *ast.BranchStmt:
				return s.Tok == token.BREAK || s.Tok == token.CONTINUE
			case *ast.ReturnStmt:
				return isListed(p, n)
			}
			return false
		},
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(8, p.text(n))
			loop, breakable := p.enclosing(n)
			leave := func(text string) { c.add(text, splice{p.from(n), p.to(n), text}) }
			if loop {
				leave("continue")
			}
			if breakable {
				leave("break")
			}
			for _, value := range p.returns(n, 6) {
				leave(strings.TrimSpace("return " + value))
			}
			return c.choices
		},
	},
}

// enclose puts a statement into an if.
func (c *chooser) enclose(n ast.Node, cond string) {
	from, to := c.p.from(n), c.p.to(n)
	c.add(cond, splice{from, from, "if " + cond + " {\n"}, splice{to, to, "\n}"})
}

// inside is what stands between the braces of a block, comments included.
func (p *Program) inside(b *ast.BlockStmt) string {
	return strings.Trim(p.src[p.tok.Offset(b.Lbrace)+1:p.tok.Offset(b.Rbrace)], " \t\r\n")
}

// elseChoices put the next statement, or all that follow, into an else, make an if
// that follows an else of it, and take the else away or out.
func elseChoices(p *Program, n ast.Node) []choice {
	s := n.(*ast.IfStmt)
	c := p.choose(6)
	end := p.to(s.Body)
	if s.Else != nil {
		c.add("drop", splice{end, p.to(s.Else), ""})
		if b, ok := s.Else.(*ast.BlockStmt); ok {
			c.add("out", splice{end, p.to(s.Else), "\n" + p.inside(b)})
			c.add("exchange", splice{p.tok.Offset(s.Body.Lbrace) + 1, p.tok.Offset(s.Body.Rbrace), "\n" + p.inside(b) + "\n"},
				splice{p.tok.Offset(b.Lbrace) + 1, p.tok.Offset(b.Rbrace), "\n" + p.inside(s.Body) + "\n"})
		} else if isListed(p, n) {
			c.add("out", splice{end, p.from(s.Else), "\n"}) // else if: an if of its own
		}
		return c.choices
	}
	if !isListed(p, n) {
		return c.choices
	}
	list := statements(p.parent[n])
	i := slices.Index(list, ast.Stmt(s))
	if i+1 == len(list) {
		return nil
	}
	next := list[i+1]
	if _, ok := next.(*ast.IfStmt); ok && strings.TrimSpace(p.src[end:p.from(next)]) == "" { // no comment between
		c.add("if", splice{end, p.from(next), " else "})
	}
	c.add("next", splice{end, end, " else {"}, splice{p.to(next), p.to(next), "\n}"})
	if last := list[len(list)-1]; last != next {
		c.add("rest", splice{end, end, " else {"}, splice{p.to(last), p.to(last), "\n}"})
	}
	return c.choices
}
