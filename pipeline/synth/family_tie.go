package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// tieEdits decide between equals. Programs that go through a map and keep the greatest,
// or sort by one field of several, answer differently from run to run without that.
var tieEdits = []*operation{
	{
		family: "clause", name: "tie", verb: "decide between equals by",
		match: func(p *Program, n ast.Node) bool {
			_, ok := p.value(n)
			return ok && binary(n, []token.Token{token.LSS, token.LEQ, token.GTR, token.GEQ}) && len(tieChoices(p, n)) > 0
		},
		choices: tieChoices,
	},
}

func tieChoices(p *Program, n ast.Node) []choice {
	b := n.(*ast.BinaryExpr)
	if !pure(b.X) && !lengthOf(p, b.X) || !pure(b.Y) && !lengthOf(p, b.Y) {
		return nil
	}
	strict := token.LSS
	if b.Op == token.GTR || b.Op == token.GEQ {
		strict = token.GTR
	}
	x, y := p.text(b.X), p.text(b.Y)
	c := p.choose(8)
	for _, pair := range p.tied(b) {
		for _, op := range []token.Token{token.LSS, token.GTR} {
			second := pair[0] + " " + op.String() + " " + pair[1]
			c.add(second, p.inPlace(b, x+" "+strict.String()+" "+y+" || "+x+" == "+y+" && "+second, token.LOR.Precedence()))
		}
	}
	return c.choices
}

func lengthOf(p *Program, e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	return ok && p.builtin(call) == "len" && pure(call.Args[0])
}

// tied returns what else can be compared of two values that are compared: other
// fields, variables for the fields of one of them, their keys, or themselves if it is
// their lengths.
func (p *Program) tied(b *ast.BinaryExpr) [][2]string {
	var pairs [][2]string
	switch x := b.X.(type) {
	case *ast.IndexExpr:
		if y, ok := b.Y.(*ast.IndexExpr); ok && p.ordered(x.Index) && types.Identical(p.info.TypeOf(x.Index), p.info.TypeOf(y.Index)) {
			pairs = append(pairs, [2]string{p.text(x.Index), p.text(y.Index)})
		}
	case *ast.CallExpr:
		if y, ok := b.Y.(*ast.CallExpr); ok && p.ordered(x.Args[0]) && len(y.Args) == 1 {
			pairs = append(pairs, [2]string{p.text(x.Args[0]), p.text(y.Args[0])})
		}
	}
	x, isX := p.selected(b.X)
	y, isY := p.selected(b.Y)
	switch {
	case isX && isY:
		for _, f := range p.fields(p.info.TypeOf(x.X)) {
			if f.Name() != x.Sel.Name && isBasic(f.Type(), types.IsOrdered) && slices.Contains(p.fields(p.info.TypeOf(y.X)), f) {
				pairs = append(pairs, [2]string{p.text(x.X) + "." + f.Name(), p.text(y.X) + "." + f.Name()})
			}
		}
	case isX:
		for _, pair := range p.tiedTo(b, x) {
			pairs = append(pairs, [2]string{pair[1], pair[0]})
		}
	case isY:
		pairs = append(pairs, p.tiedTo(b, y)...)
	case p.variable(b.X) != nil && p.variable(b.Y) != nil:
		pairs = append(pairs, p.companions(b)...)
	}
	return pairs
}

// tiedTo returns variables, each with a field of a value that can be compared with it.
func (p *Program) tiedTo(n ast.Node, sel *ast.SelectorExpr) [][2]string {
	var pairs [][2]string
	for _, f := range p.fields(p.info.TypeOf(sel.X)) {
		if f.Name() == sel.Sel.Name || !isBasic(f.Type(), types.IsOrdered) {
			continue
		}
		for _, v := range p.locals(n, func(t types.Type) bool { return types.Identical(t, f.Type()) }, 2) {
			pairs = append(pairs, [2]string{v.Name(), p.text(sel.X) + "." + f.Name()})
		}
	}
	return pairs
}

// companions returns pairs of other variables near two that are compared, the one that
// is declared later first: what belongs to the new value, and what to the best so far.
func (p *Program) companions(b *ast.BinaryExpr) [][2]string {
	x, y := p.variable(b.X), p.variable(b.Y)
	vars := slices.DeleteFunc(p.locals(b, func(t types.Type) bool { return isBasic(t, types.IsOrdered) }, 6), func(v *types.Var) bool { return v == x || v == y })
	var pairs [][2]string
	for i, v := range vars {
		for _, w := range vars[i+1:] {
			if len(pairs) < 2 && types.Identical(v.Type(), w.Type()) {
				later, earlier := v, w
				if v.Pos() < w.Pos() {
					later, earlier = w, v
				}
				pairs = append(pairs, [2]string{later.Name(), earlier.Name()})
			}
		}
	}
	return pairs
}

func (p *Program) ordered(e ast.Expr) bool {
	return p.info.Types[e].Value == nil && isBasic(p.info.TypeOf(e), types.IsOrdered)
}

// selected returns the selection of a field of a value that an expression is.
func (p *Program) selected(e ast.Expr) (*ast.SelectorExpr, bool) {
	sel, ok := e.(*ast.SelectorExpr)
	return sel, ok && p.info.Types[sel.X].IsValue()
}
