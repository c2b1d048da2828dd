package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// sliceEdits take parts of slices and strings, and change indices, appends and what
// shares memory.
var sliceEdits = []*operation{
	{
		family: "slice", name: "cut", verb: "take a part of it",
		match: func(p *Program, n ast.Node) bool {
			e, ok := p.value(n)
			return ok && p.place(e).own != nil && cuttable(p.place(e).own) && p.info.Types[e].Value == nil && !indexed(p, e)
		},
		choices: cutChoices,
	},
	{
		family: "slice", name: "bounds", verb: "drop a bound",
		match: func(p *Program, n ast.Node) bool {
			s, ok := n.(*ast.SliceExpr)
			return ok && !s.Slice3
		},
		choices: func(p *Program, n ast.Node) []choice {
			s := n.(*ast.SliceExpr)
			c := p.choose(5)
			between := func(arg, bounds string) {
				c.add(arg, splice{p.tok.Offset(s.Lbrack) + 1, p.tok.Offset(s.Rbrack), bounds})
			}
			if s.Low != nil {
				c.add("low", splice{p.from(s.Low), p.to(s.Low), ""})
			}
			if s.High != nil {
				c.add("high", splice{p.from(s.High), p.to(s.High), ""})
			}
			c.add("both", p.inPlace(s, p.text(s.X), tightness(s.X)))
			if (s.Low == nil) != (s.High == nil) {
				low, high := "", ""
				if s.Low != nil {
					high = p.text(s.Low)
				} else {
					low = p.text(s.High)
				}
				between("other side", low+":"+high)
			}
			if pure(s.X) {
				between("front", "1:")
				between("back", ":len("+p.text(s.X)+")-1")
			}
			return c.choices
		},
	},
	{
		family: "slice", name: "index", verb: "take another element",
		match: func(p *Program, n ast.Node) bool {
			ix, ok := n.(*ast.IndexExpr)
			return ok && p.info.Types[ix].IsValue() && p.info.TypeOf(ix.X) != nil && elementOf(p.info.TypeOf(ix.X)) != nil
		},
		choices: indexChoices,
	},
	{
		family: "slice", name: "transpose", verb: "exchange the two indices",
		match: func(p *Program, n ast.Node) bool {
			ix, ok := n.(*ast.IndexExpr)
			if !ok || !p.info.Types[ix].IsValue() {
				return false
			}
			inner, ok := ix.X.(*ast.IndexExpr)
			return ok && p.info.Types[inner].IsValue() && p.text(ix.Index) != p.text(inner.Index) &&
				types.Identical(p.info.TypeOf(ix.Index), p.info.TypeOf(inner.Index))
		},
		choices: func(p *Program, n ast.Node) []choice {
			ix := n.(*ast.IndexExpr)
			inner := ix.X.(*ast.IndexExpr)
			return []choice{{splices: []splice{
				{p.from(inner.Index), p.to(inner.Index), p.text(ix.Index)},
				{p.from(ix.Index), p.to(ix.Index), p.text(inner.Index)},
			}}}
		},
	},
	{
		family: "slice", name: "append", verb: "append otherwise",
		match: func(p *Program, n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			return ok && len(call.Args) == 2 && p.builtin(call) == "append"
		},
		choices: appendChoices,
	},
	{
		family: "slice", name: "add", verb: "append to it",
		match: func(p *Program, n ast.Node) bool {
			e, ok := p.value(n)
			return ok && p.place(e).own != nil && isSlice(p.place(e).own) && !indexed(p, e) && !p.appendedTo(e)
		},
		choices: func(p *Program, n ast.Node) []choice {
			e := n.(ast.Expr)
			own := p.place(e).own
			c := p.choose(7)
			lit, ok := e.(*ast.CompositeLit)
			if target := p.assignedBy(e); ok && target != "" && len(lit.Elts) > 0 && !p.keyed(lit) {
				c.put(e, "append("+target+", "+p.src[p.from(lit.Elts[0]):p.to(lit.Elts[len(lit.Elts)-1])]+")", primary)
			}
			if target := p.assignedBy(e); target != "" && target != p.text(e) && !ok {
				c.put(e, "append("+target+", "+p.text(e)+"...)", primary)
			}
			for _, a := range p.appendable(n, own, 5) {
				c.put(e, "append("+p.text(e)+", "+a+")", primary)
			}
			return c.choices
		},
	},
	{
		family: "slice", name: "copy", verb: "use a copy of it",
		match: func(p *Program, n ast.Node) bool {
			e, ok := p.value(n)
			return ok && p.place(e).own != nil && isSlice(p.place(e).own) && pure(unsliced(e)) && !indexed(p, e) && !p.onlyRead(e)
		},
		choices: func(p *Program, n ast.Node) []choice {
			e := n.(ast.Expr)
			c := p.choose(2)
			c.put(e, "append("+p.named(p.place(e).own)+"(nil), "+p.text(e)+"...)", primary)
			if p.imports("slices") {
				c.put(e, "slices.Clone("+p.text(e)+")", primary)
			}
			return c.choices
		},
	},
}

// indexed reports whether an expression is the operand of an index, a slice or len:
// offsets and other variables there say the same as a cut would.
func indexed(p *Program, e ast.Expr) bool {
	switch parent := p.parent[e].(type) {
	case *ast.IndexExpr:
		return parent.X == e
	case *ast.SliceExpr:
		return parent.X == e
	case *ast.CallExpr:
		b := p.builtin(parent)
		return b == "len" || b == "cap"
	}
	return false
}

// onlyRead reports whether memory that an expression shares is not kept: it is ranged
// over or compared.
func (p *Program) onlyRead(e ast.Expr) bool {
	switch p.parent[e].(type) {
	case *ast.BinaryExpr:
		return true
	}
	return false
}

// appendedTo reports whether an expression is the first argument of append.
func (p *Program) appendedTo(e ast.Expr) bool {
	call, ok := p.parent[e].(*ast.CallExpr)
	return ok && p.builtin(call) == "append" && call.Args[0] == e
}

// keyed reports whether a literal has elements that can stand only in it.
func (p *Program) keyed(lit *ast.CompositeLit) bool {
	return slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
		_, pair := e.(*ast.KeyValueExpr)
		inner, literal := e.(*ast.CompositeLit)
		return pair || literal && inner.Type == nil
	})
}

func unsliced(e ast.Expr) ast.Expr {
	if s, ok := e.(*ast.SliceExpr); ok {
		return s.X
	}
	return e
}

// builtin returns the name of the builtin function that a call calls, or "".
func (p *Program) builtin(call *ast.CallExpr) string {
	if id, ok := call.Fun.(*ast.Ident); ok && p.info.Types[id].IsBuiltin() {
		return id.Name
	}
	return ""
}

func cutChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	text := p.text(e)
	c := p.choose(12)
	if tightness(e) < primary {
		return nil
	}
	cut := func(bounds string) { c.add("["+bounds+"]", splice{p.to(e), p.to(e), "[" + bounds + "]"}) }
	cut("1:")
	if pure(e) {
		cut(":len(" + text + ")-1")
	}
	for i, v := range p.locals(n, isInt, 3) {
		cut(v.Name() + ":")
		cut(":" + v.Name())
		if i < 2 {
			cut(v.Name() + "+1:")
			cut(":" + v.Name() + "+1")
		}
	}
	return c.choices
}

func indexChoices(p *Program, n ast.Node) []choice {
	ix := n.(*ast.IndexExpr)
	c := p.choose(4, p.text(ix.Index))
	index := func(text string) { c.add(text, splice{p.from(ix.Index), p.to(ix.Index), text}) }
	index("0")
	if pure(ix.X) {
		length := "len(" + p.text(ix.X) + ")"
		index(length + "-1")
		if !literal(ix.Index) && pure(ix.Index) {
			index(length + "-1-" + p.part(ix.Index, token.SUB, true))
			index(length + "-" + p.part(ix.Index, token.SUB, true))
		}
	}
	return c.choices
}

// appendChoices put what is appended in front, append all of a value for the value
// itself, and the other way round.
func appendChoices(p *Program, n ast.Node) []choice {
	call := n.(*ast.CallExpr)
	x, y := call.Args[0], call.Args[1]
	c := p.choose(3)
	t := p.info.TypeOf(x)
	elided := strings.HasPrefix(p.text(y), "{")
	switch {
	case call.Ellipsis.IsValid():
		c.add("exchanged", splice{p.from(x), p.to(x), p.text(y)}, splice{p.from(y), p.to(y), p.text(x)})
		c.add("element", splice{p.to(y), p.tok.Offset(call.Rparen), ""})
	case t != nil && isSlice(t) && !elided:
		c.add("exchanged", splice{p.from(x), p.to(x), p.named(t) + "{" + p.text(y) + "}"}, splice{p.from(y), p.to(y), p.text(x) + "..."})
		c.add("all", splice{p.to(y), p.to(y), "..."})
	}
	return c.choices
}

// appendable returns what can be appended to a slice: what is in scope of the type of
// its elements, or slices of the same type.
func (p *Program) appendable(n ast.Node, t types.Type, limit int) []string {
	elem := elementOf(t)
	if elem == nil {
		return nil
	}
	var texts []string
	for _, a := range p.atoms(n, func(other types.Type) bool { return types.Identical(other, elem) }, limit) {
		texts = append(texts, a.text)
	}
	texts = append(texts, p.elements(n, func(other types.Type) bool { return types.Identical(other, elem) }, 2)...)
	for _, a := range p.atoms(n, func(other types.Type) bool { return types.Identical(other, t) }, 2) {
		texts = append(texts, a.text+"...")
	}
	if isBasic(elem, types.IsInteger) {
		texts = append(texts, "0")
	}
	return texts[:min(len(texts), limit)]
}
