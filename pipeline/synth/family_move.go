package synth

import (
	"go/ast"
	"slices"
	"strconv"
)

// moveEdits put a statement elsewhere. By one place is statement swap.
var moveEdits = []*operation{
	{
		family: "move", name: "along", verb: "move the statement in its list",
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			list := statements(p.parent[n])
			i := slices.Index(list, n.(ast.Stmt))
			c := p.choose(8)
			for k := 2; k <= farthestMove; k++ {
				if i-k >= 0 {
					c.move(n, "-"+strconv.Itoa(k), p.from(list[i-k]), p.text(n)+"\n")
				}
				if i+k < len(list) {
					c.move(n, "+"+strconv.Itoa(k), p.to(list[i+k]), "\n"+p.text(n))
				}
			}
			return c.choices
		},
	},
	{
		family: "move", name: "branch", verb: "ask for it after the next one",
		match: func(p *Program, n ast.Node) bool {
			_, _, _, _, ok := p.nextBranch(n)
			return ok
		},
		choices: func(p *Program, n ast.Node) []choice {
			a, b, c, d, _ := p.nextBranch(n)
			return []choice{{splices: []splice{{a, b, p.src[c:d]}, {c, d, p.src[a:b]}}}}
		},
	},
	{
		family: "move", name: "out", verb: "move the statement out of its block",
		match: func(p *Program, n ast.Node) bool { return isListed(p, n) && p.block(n) != nil },
		choices: func(p *Program, n ast.Node) []choice {
			outer := p.block(n)
			c := p.choose(2)
			c.move(n, "before", p.from(outer), p.text(n)+"\n")
			c.move(n, "after", p.to(outer), "\n"+p.text(n))
			return c.choices
		},
	},
	{
		family: "move", name: "in", verb: "move the statement into a block beside it",
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			list := statements(p.parent[n])
			i := slices.Index(list, n.(ast.Stmt))
			c := p.choose(8)
			if i > 0 {
				for j, b := range blocksOf(list[i-1]) {
					c.move(n, "before, end "+strconv.Itoa(j), p.tok.Offset(b.Rbrace), "\n"+p.text(n)+"\n")
					c.move(n, "before, start "+strconv.Itoa(j), p.tok.Offset(b.Lbrace)+1, "\n"+p.text(n)+"\n")
				}
			}
			if i+1 < len(list) {
				for j, b := range blocksOf(list[i+1]) {
					c.move(n, "after, start "+strconv.Itoa(j), p.tok.Offset(b.Lbrace)+1, "\n"+p.text(n)+"\n")
					c.move(n, "after, end "+strconv.Itoa(j), p.tok.Offset(b.Rbrace), "\n"+p.text(n)+"\n")
				}
			}
			return c.choices
		},
	},
}

// nextBranch returns the range of a branch, a case or an if with its block, and that of
// the one that is asked next; ok is false if there is none, or if it declares something.
func (p *Program) nextBranch(n ast.Node) (from, to, nextFrom, nextTo int, ok bool) {
	switch n := n.(type) {
	case *ast.CaseClause:
		list := p.parent[n].(*ast.BlockStmt).List
		if i := slices.Index(list, ast.Stmt(n)) + 1; i < len(list) {
			return p.from(n), p.to(n), p.from(list[i]), p.to(list[i]), true
		}
	case *ast.IfStmt:
		if next, isIf := n.Else.(*ast.IfStmt); isIf && n.Init == nil && next.Init == nil {
			return p.from(n.Cond), p.to(n.Body), p.from(next.Cond), p.to(next.Body), true
		}
	}
	return 0, 0, 0, 0, false
}

// farthestMove bounds by how many places a statement moves.
const farthestMove = 5

// move takes a statement away and puts a text elsewhere.
func (c *chooser) move(n ast.Node, arg string, to int, text string) {
	from, end := c.p.wholeLines(c.p.from(n), c.p.to(n))
	if from <= to && to <= end {
		from, end = c.p.from(n), c.p.to(n)
	}
	if from < to && to < end {
		return
	}
	c.add(arg, splice{from, end, ""}, splice{to, to, text})
}

// block returns the listed statement whose block a statement stands in, or nil.
func (p *Program) block(n ast.Node) ast.Node {
	for m := p.parent[n]; m != nil; m = p.parent[m] {
		switch m.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return nil
		}
		if isListed(p, m) {
			return m
		}
	}
	return nil
}

// blocksOf returns the blocks of an if, all its branches, and of a loop.
func blocksOf(n ast.Stmt) []*ast.BlockStmt {
	switch n := n.(type) {
	case *ast.IfStmt:
		blocks := []*ast.BlockStmt{n.Body}
		if n.Else != nil {
			blocks = append(blocks, blocksOf(n.Else)...)
		}
		return blocks
	case *ast.ForStmt:
		return []*ast.BlockStmt{n.Body}
	case *ast.RangeStmt:
		return []*ast.BlockStmt{n.Body}
	case *ast.BlockStmt:
		return []*ast.BlockStmt{n}
	}
	return nil
}
