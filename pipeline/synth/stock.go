package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
)

// stock is what a program has that edits may use elsewhere in it, in source order.
type stock struct {
	exprs      map[string][]ingredient // by type
	statements []ingredient
	literals   map[token.Token][]string // distinct, as written
}

// ingredient is a part of a program, and the objects that its names must mean where
// it is used.
type ingredient struct {
	node    ast.Node
	text    string
	objects []types.Object
}

// Longer ones than these are hardly ever what is missing, in bytes.
const (
	longestExpression = 60
	longestStatement  = 200
)

func newStock(p *Program) *stock {
	s := &stock{exprs: map[string][]ingredient{}, literals: map[token.Token][]string{}}
	for _, n := range p.nodes {
		if lit, ok := n.(*ast.BasicLit); ok && !slices.Contains(s.literals[lit.Kind], lit.Value) && len(lit.Value) <= longestExpression && !p.errorText(lit) {
			s.literals[lit.Kind] = append(s.literals[lit.Kind], lit.Value)
		}
		if isListed(p, n) && p.to(n)-p.from(n) <= longestStatement {
			s.statements = append(s.statements, ingredient{n, p.text(n), p.outer(n)})
		}
		if e, ok := p.value(n); ok && worthReuse(p, e) {
			key := typeKey(p.place(e).own)
			s.exprs[key] = append(s.exprs[key], ingredient{n, p.text(n), p.outer(n)})
		}
	}
	return s
}

// texts returns the literals of a kind, as written, each once.
func (s *stock) texts(kind token.Token) []string { return s.literals[kind] }

// worthReuse leaves out what edits get at otherwise: names, literals and constants.
func worthReuse(p *Program, e ast.Expr) bool {
	if p.to(e)-p.from(e) > longestExpression || p.info.Types[e].Value != nil || p.place(e).own == nil {
		return false
	}
	switch e := e.(type) {
	case *ast.Ident, *ast.BasicLit, *ast.FuncLit:
		return false
	case *ast.CompositeLit:
		return len(e.Elts) > 0
	case *ast.ParenExpr:
		return false
	}
	whole := true
	ast.Inspect(e, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			whole = false
		}
		return whole
	})
	return whole
}

// typeKey is the same for identical types.
func typeKey(t types.Type) string {
	return types.TypeString(t, func(pkg *types.Package) string { return strconv.Quote(pkg.Path()) })
}

// outer returns what the names in a node mean, without fields, methods, what is in
// the universe, and what is declared inside.
func (p *Program) outer(n ast.Node) []types.Object {
	var objects []types.Object
	ast.Inspect(n, func(m ast.Node) bool {
		switch m := m.(type) {
		case *ast.SelectorExpr:
			if p.packageOf(m.X) != nil || p.info.Types[m.X].IsValue() || p.info.Types[m.X].IsType() {
				objects = append(objects, p.outer(m.X)...)
				return false
			}
		case *ast.Ident:
			obj := p.info.Uses[m]
			if obj == nil || n.Pos() <= obj.Pos() && obj.Pos() < n.End() {
				return true
			}
			switch obj := obj.(type) {
			case *types.Var:
				if obj.IsField() {
					return true
				}
			case *types.Label:
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

// nearby calls take for the ingredients of a list from the nearest to the farthest
// from a node, those whose names mean the same there, until it returns false or
// enough have been looked at.
func (p *Program) nearby(list []ingredient, n ast.Node, take func(ingredient) bool) {
	const looked = 80
	at := n.Pos()
	right, _ := slices.BinarySearchFunc(list, at, func(in ingredient, at token.Pos) int { return int(in.node.Pos() - at) })
	left := right - 1
	for range looked {
		var in ingredient
		switch {
		case left < 0 && right >= len(list):
			return
		case right >= len(list) || left >= 0 && at-list[left].node.Pos() <= list[right].node.Pos()-at:
			in = list[left]
			left--
		default:
			in = list[right]
			right++
		}
		if in.node != n && p.allVisible(in.objects, at) && !take(in) {
			return
		}
	}
}
