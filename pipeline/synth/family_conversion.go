package synth

import (
	"go/ast"
	"go/types"
)

// conversionEdits are about faults of types that compile: integer division before a
// conversion, bytes for characters, a number turned to a character. Leaving a
// conversion out is call unwrap.
var conversionEdits = []*operation{
	{
		family: "conversion", name: "distribute", verb: "convert before calculating",
		match: func(p *Program, n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !p.info.Types[call.Fun].IsType() || len(call.Args) != 1 {
				return false
			}
			arg := ast.Unparen(call.Args[0])
			return binary(arg, arithmetics) || binary(arg, bits)
		},
		choices: func(p *Program, n ast.Node) []choice {
			call := n.(*ast.CallExpr)
			b := ast.Unparen(call.Args[0]).(*ast.BinaryExpr)
			fun := p.text(call.Fun)
			text := fun + "(" + p.text(b.X) + ") " + b.Op.String() + " " + fun + "(" + p.text(b.Y) + ")"
			return []choice{{arg: "operands", splices: []splice{p.inPlace(call, text, b.Op.Precedence())}}}
		},
	},
	{
		family: "conversion", name: "gather", verb: "convert after calculating",
		match: func(p *Program, n ast.Node) bool {
			b, ok := n.(*ast.BinaryExpr)
			if !ok || !binary(n, arithmetics) && !binary(n, bits) {
				return false
			}
			x, y := p.converted(b.X), p.converted(b.Y)
			return x != nil && y != nil && p.text(x.Fun) == p.text(y.Fun)
		},
		choices: func(p *Program, n ast.Node) []choice {
			b := n.(*ast.BinaryExpr)
			x, y := p.converted(b.X), p.converted(b.Y)
			text := p.text(x.Fun) + "(" + p.part(x.Args[0], b.Op, false) + " " + b.Op.String() + " " + p.part(y.Args[0], b.Op, true) + ")"
			return []choice{{arg: "result", splices: []splice{p.inPlace(b, text, primary)}}}
		},
	},
	{
		family: "conversion", name: "type", verb: "convert to another type",
		match: func(p *Program, n ast.Node) bool {
			e, ok := n.(ast.Expr)
			return ok && p.converted(e) != nil
		},
		choices: func(p *Program, n ast.Node) []choice {
			call := n.(*ast.CallExpr)
			c := p.choose(8, p.text(call.Fun))
			to := p.info.TypeOf(call.Fun)
			fun := func(text string) { c.add(text, splice{p.from(call.Fun), p.to(call.Fun), text}) }
			if isNumber(to) {
				for _, t := range []string{"int", "int64", "uint64", "float64", "byte", "rune"} {
					fun(t)
				}
			}
			if isSlice(to) {
				fun("[]byte")
				fun("[]rune")
			}
			if isString(to) && isInteger(p, call.Args[0]) && p.imports("strconv") {
				fun("strconv.Itoa")
				if inner := p.converted(call.Args[0]); inner != nil { // string(rune(n))
					c.add("strconv.Itoa of it", splice{p.from(call), p.to(call), "strconv.Itoa(" + p.text(inner.Args[0]) + ")"})
				}
			}
			return c.choices
		},
	},
	{
		family: "conversion", name: "wrap", verb: "convert the value",
		match: func(p *Program, n ast.Node) bool {
			e, ok := p.value(n)
			if !ok || p.info.Types[e].Value != nil || p.place(e).own == nil {
				return false
			}
			own := p.place(e).own
			_, ranged := p.parent[n].(*ast.RangeStmt)
			return isBasic(own, types.IsFloat) || isString(own) && (ranged || p.measured(e))
		},
		choices: func(p *Program, n ast.Node) []choice {
			e := n.(ast.Expr)
			own := p.place(e).own
			c := p.choose(4)
			convert := func(t string) { c.add(t, p.inPlace(e, t+"("+p.text(e)+")", primary)) }
			if isString(own) {
				convert("[]byte")
				convert("[]rune")
				return c.choices
			}
			c.add("int", p.inPlace(e, p.named(own)+"(int("+p.text(e)+"))", primary)) // cut off
			return c.choices
		},
	},
}

// converted returns the conversion of one value that an expression is, or nil.
func (p *Program) converted(e ast.Expr) *ast.CallExpr {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if ok && len(call.Args) == 1 && p.info.Types[call.Fun].IsType() {
		return call
	}
	return nil
}

// measured reports whether len is taken of an expression.
func (p *Program) measured(e ast.Expr) bool {
	call, ok := p.parent[e].(*ast.CallExpr)
	return ok && p.builtin(call) == "len"
}
