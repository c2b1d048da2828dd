package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
)

// expressionEdits put another value in the place of one: what is in scope, or what
// is there with something done to it.
var expressionEdits = []*operation{
	{
		family: "expression", name: "variable", verb: "use a variable for the expression",
		match:   isSite,
		choices: variableChoices,
	},
	{
		family: "expression", name: "field", verb: "use a field for the expression",
		match:   isSite,
		choices: fieldChoices,
	},
	{
		family: "expression", name: "element", verb: "use an element for the expression",
		match:   isSite,
		choices: elementChoices,
	},
	{
		family: "expression", name: "length", verb: "use a length for the expression",
		match: func(p *Program, n ast.Node) bool {
			e, ok := p.value(n)
			return ok && p.place(e).takes(types.Typ[types.Int])
		},
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(6, p.text(n))
			for _, v := range p.locals(n, measurable, 3) {
				c.put(n.(ast.Expr), "len("+v.Name()+")", primary)
				c.put(n.(ast.Expr), "len("+v.Name()+") - 1", token.SUB.Precedence())
			}
			return c.choices
		},
	},
	{
		family: "expression", name: "target", verb: "assign to another place of the same type",
		match: func(p *Program, n ast.Node) bool {
			e, ok := n.(ast.Expr)
			return ok && p.assigned(n) && p.info.Types[e].IsValue()
		},
		choices: targetChoices,
	},
	{
		family: "expression", name: "grow", verb: "calculate with one more operand",
		match:   isGrowing,
		choices: growChoices,
	},
	{
		family: "expression", name: "unary", verb: "add or remove a unary operator",
		match: func(p *Program, n ast.Node) bool {
			if u, ok := n.(*ast.UnaryExpr); ok {
				return slices.Contains([]token.Token{token.SUB, token.NOT, token.XOR}, u.Op)
			}
			e, ok := p.value(n)
			return ok && p.basicOf(e)&(types.IsNumeric|types.IsBoolean) != 0 && p.info.Types[e].Value == nil && !isCondition(p, n)
		},
		choices: unaryChoices,
	},
	{
		family: "expression", name: "round", verb: "round the quotient otherwise",
		match: func(p *Program, n ast.Node) bool {
			return binary(n, []token.Token{token.QUO}) && p.basicOf(n.(ast.Expr))&types.IsInteger != 0
		},
		choices: func(p *Program, n ast.Node) []choice {
			b := n.(*ast.BinaryExpr)
			x := ast.Unparen(b.X)
			c := p.choose(3)
			for _, more := range []string{"1", p.part(b.Y, token.ADD, false) + " - 1", p.part(b.Y, token.QUO, false) + "/2"} {
				c.add(p.part(x, token.ADD, false)+" + "+more, splice{p.from(b.X), p.to(b.X), "(" + p.part(x, token.ADD, false) + " + " + more + ")"})
			}
			return c.choices
		},
	},
	{
		family: "expression", name: "regroup", verb: "calculate in another order",
		match: func(p *Program, n ast.Node) bool {
			return len(regroupings(p, n)) > 0
		},
		choices: regroupings,
	},
	{
		family: "expression", name: "modulo", verb: "use the remainder that is not negative",
		match: func(p *Program, n ast.Node) bool {
			b, ok := n.(*ast.BinaryExpr)
			return ok && b.Op == token.REM && (pure(b.Y) || lengthOf(p, b.Y)) && isBasic(p.info.TypeOf(b), types.IsInteger) && p.info.Types[b].Value == nil
		},
		choices: func(p *Program, n ast.Node) []choice {
			b := n.(*ast.BinaryExpr)
			y := p.part(b.Y, token.REM, true)
			text := "(" + p.text(b) + " + " + y + ") % " + y
			return []choice{{splices: []splice{p.inPlace(b, text, token.REM.Precedence())}}}
		},
	},
	{
		family: "expression", name: "exchange", verb: "exchange two values of a list",
		match: func(p *Program, n ast.Node) bool {
			return len(listed(n)) > 1
		},
		choices: exchangeChoices,
	},
}

// isSite tells expressions for which another value of their type may stand.
func isSite(p *Program, n ast.Node) bool {
	e, ok := p.value(n)
	return ok && p.place(e).typ() != nil
}

// How many choices an expression has of each kind.
const (
	variablesPerSite = 8
	fieldsPerSite    = 6
	elementsPerSite  = 6
)

// variableChoices leaves to variable use what that does already: variables of the
// same type for a variable.
func variableChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	pl := p.place(e)
	used := p.variable(n)
	c := p.choose(variablesPerSite, p.text(n))
	takes := func(t types.Type) bool {
		return pl.takes(t) && !(used != nil && types.Identical(t, used.Type()))
	}
	s := p.around(n)
	for _, v := range s.vars {
		if takes(v.Type()) {
			c.put(e, v.Name(), primary)
		}
	}
	for _, k := range s.consts {
		if takes(k.typ) {
			c.put(e, k.text, primary)
		}
	}
	return c.choices
}

// fieldChoices are other fields of the same value, fields of what is there, the value
// that has the field, and fields of variables.
func fieldChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	pl := p.place(e)
	c := p.choose(fieldsPerSite, p.text(n))
	if sel, ok := e.(*ast.SelectorExpr); ok && p.info.Types[sel.X].IsValue() {
		for _, f := range p.fields(p.info.TypeOf(sel.X)) {
			if pl.takes(f.Type()) {
				c.put(e, p.text(sel.X)+"."+f.Name(), primary)
			}
		}
		if pl.takes(p.info.TypeOf(sel.X)) {
			c.put(e, p.text(sel.X), precedence(sel.X))
		}
	}
	if pl.own != nil && tightness(e) == primary && p.info.Types[e].Value == nil {
		for _, f := range p.fields(pl.own) {
			if pl.takes(f.Type()) {
				c.put(e, p.text(e)+"."+f.Name(), primary)
			}
		}
	}
	for _, a := range p.around(n).fields {
		if pl.takes(a.typ) {
			c.put(e, a.text, primary)
		}
	}
	return c.choices
}

// elementChoices are elements of slices, arrays, strings and maps in scope.
func elementChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	c := p.choose(elementsPerSite, p.text(n))
	for _, text := range p.elements(n, p.place(e).takes, elementsPerSite) {
		c.put(e, text, primary)
	}
	return c.choices
}

// elements returns elements of variables in scope whose type a test accepts.
func (p *Program) elements(n ast.Node, takes func(types.Type) bool, limit int) []string {
	var texts []string
	vars := p.around(n).vars
	for _, v := range vars {
		if len(texts) >= limit {
			break
		}
		t := v.Type().Underlying()
		if m, ok := t.(*types.Map); ok && takes(m.Elem()) {
			for _, k := range p.atoms(n, func(t types.Type) bool { return types.Identical(t, m.Key()) }, 2) {
				texts = append(texts, v.Name()+"["+k.text+"]")
			}
		}
		if elem := elementOf(t); elem != nil && takes(elem) {
			for _, i := range p.locals(n, isInt, 2) {
				texts = append(texts, v.Name()+"["+i.Name()+"]")
			}
			texts = append(texts, v.Name()+"[0]", v.Name()+"[len("+v.Name()+")-1]")
		}
	}
	return texts[:min(limit, len(texts))]
}

func targetChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	t := p.info.TypeOf(e)
	same := func(other types.Type) bool { return types.Identical(t, other) }
	c := p.choose(12, p.text(n))
	if p.variable(n) == nil {
		for _, v := range p.locals(n, same, 4) {
			c.put(e, v.Name(), primary)
		}
	}
	if sel, ok := e.(*ast.SelectorExpr); ok {
		for _, f := range p.fields(p.info.TypeOf(sel.X)) {
			if same(f.Type()) {
				c.put(e, p.text(sel.X)+"."+f.Name(), primary)
			}
		}
	}
	for _, a := range p.around(n).fields {
		if same(a.typ) {
			c.put(e, a.text, primary)
		}
	}
	for _, text := range p.elements(n, same, 4) {
		c.put(e, text, primary)
	}
	return c.choices
}

// isGrowing tells numbers and strings that are calculated, not constants. The left
// part of a sum or product is left to the whole of it.
func isGrowing(p *Program, n ast.Node) bool {
	e, ok := p.value(n)
	if !ok || p.info.Types[e].Value != nil || p.info.Types[e].Type == nil || !isBasic(p.info.Types[e].Type, types.IsInteger|types.IsFloat|types.IsString) {
		return false
	}
	if parent, ok := p.parent[n].(*ast.BinaryExpr); ok && parent.X == e {
		b, ok := e.(*ast.BinaryExpr)
		return !ok || b.Op.Precedence() != parent.Op.Precedence()
	}
	return true
}

func growChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	t := p.place(e).own
	c := p.choose(18)
	with := func(x string, xprec int, op token.Token, y string) {
		if xprec < op.Precedence() {
			x = "(" + x + ")"
		}
		text := x + op.String() + y
		if op.Precedence() == token.ADD.Precedence() {
			text = x + " " + op.String() + " " + y
		}
		c.add(text, p.inPlace(e, text, op.Precedence()))
	}
	text, prec := p.text(e), tightness(e)
	same := func(other types.Type) bool { return types.Identical(other, t) }
	if isString(t) {
		for _, a := range p.atoms(n, same, 3) {
			with(text, prec, token.ADD, a.text)
			with(a.text, primary, token.ADD, p.part(e, token.ADD, true))
		}
		return c.choices
	}
	if pure(e) && prec == primary {
		with(text, prec, token.MUL, text)
	}
	for i, a := range p.alternatives(e, same, 4) {
		if a.text == text {
			continue
		}
		with(text, prec, token.ADD, a.text)
		with(text, prec, token.SUB, a.text)
		with(a.text, primary, token.SUB, p.part(e, token.SUB, true))
		if i < 3 {
			with(text, prec, token.MUL, a.text)
		}
		if i < 2 {
			with(text, prec, token.QUO, a.text)
			if isBasic(t, types.IsInteger) {
				with(text, prec, token.REM, a.text)
			}
		}
	}
	if isInt(t) {
		for _, v := range p.locals(n, measurable, 2) {
			with(text, prec, token.ADD, "len("+v.Name()+")")
			with("len("+v.Name()+")", primary, token.SUB, p.part(e, token.SUB, true))
		}
	}
	with(text, prec, token.MUL, "2")
	if isBasic(t, types.IsInteger) {
		with(text, prec, token.QUO, "2")
	}
	return c.choices
}

func unaryChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	c := p.choose(1)
	u, ok := e.(*ast.UnaryExpr)
	info := p.basicOf(e)
	switch {
	case ok && slices.Contains([]token.Token{token.SUB, token.NOT, token.XOR}, u.Op):
		c.add("drop", splice{p.from(u), p.from(u.X), ""})
	case info&types.IsBoolean != 0 && binary(e, relations):
		// The relational operators have their opposite.
	case info&types.IsBoolean != 0:
		c.add("!", p.inPlace(e, "!"+p.operand(e, token.UnaryPrec), token.UnaryPrec))
	case info&types.IsUnsigned == 0:
		c.add("-", p.inPlace(e, "-"+p.operand(e, token.UnaryPrec), token.UnaryPrec))
	}
	return c.choices
}

// regroupings are x op (y op z) for (x op y) op z and the other way round, where the
// operators or their order make that another value, and x * z / y for x / y * z.
func regroupings(p *Program, n ast.Node) []choice {
	b, ok := n.(*ast.BinaryExpr)
	if !ok || !binary(n, arithmetics) && !binary(n, bits) && !binary(n, logicals) {
		return nil
	}
	c := p.choose(3)
	text := func(x ast.Expr, op token.Token, y ast.Expr) string {
		return p.part(x, op, false) + " " + op.String() + " " + p.part(y, op, true)
	}
	if l, ok := ast.Unparen(b.X).(*ast.BinaryExpr); ok && grouped(l.Op, b.Op) {
		right := text(l.Y, b.Op, b.Y)
		if b.Op.Precedence() <= l.Op.Precedence() {
			right = "(" + right + ")"
		}
		c.add("right", p.inPlace(b, p.part(l.X, l.Op, false)+" "+l.Op.String()+" "+right, l.Op.Precedence()))
	}
	if l, ok := b.X.(*ast.BinaryExpr); ok && l.Op == token.QUO && b.Op == token.MUL {
		c.add("divide last", p.inPlace(b, p.part(l.X, token.MUL, false)+" * "+p.part(b.Y, token.MUL, true)+" / "+p.part(l.Y, token.QUO, true), token.MUL.Precedence()))
	}
	if r, ok := ast.Unparen(b.Y).(*ast.BinaryExpr); ok && grouped(b.Op, r.Op) {
		left := text(b.X, b.Op, r.X)
		if b.Op.Precedence() < r.Op.Precedence() {
			left = "(" + left + ")"
		}
		c.add("left", p.inPlace(b, left+" "+r.Op.String()+" "+p.part(r.Y, r.Op, true), r.Op.Precedence()))
	}
	return c.choices
}

// grouped reports whether parentheses matter between two operators of one class.
func grouped(a, b token.Token) bool {
	for _, class := range [][]token.Token{arithmetics, bits, logicals} {
		if slices.Contains(class, a) && slices.Contains(class, b) {
			return a != b || a != token.ADD && a != token.MUL && !slices.Contains(bits[:3], a) && !slices.Contains(logicals, a)
		}
	}
	return false
}

// listed returns the values that a node lists: arguments, results, what is assigned,
// and elements.
func listed(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		return n.Args
	case *ast.ReturnStmt:
		return n.Results
	case *ast.AssignStmt:
		if len(n.Lhs) == len(n.Rhs) {
			return n.Rhs
		}
	case *ast.CompositeLit:
		return n.Elts
	}
	return nil
}

// exchangeable bounds how long a list may be of which two values are exchanged.
const exchangeable = 6

func exchangeChoices(p *Program, n ast.Node) []choice {
	list := listed(n)
	c := p.choose(exchangeable)
	for i := range min(len(list), exchangeable) {
		for j := i + 1; j < min(len(list), exchangeable); j++ {
			x, y := list[i], list[j]
			if kx, ok := x.(*ast.KeyValueExpr); ok {
				ky, ok := y.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				x, y = kx.Value, ky.Value
			}
			if p.text(x) == p.text(y) || !p.exchanges(x, y) {
				continue
			}
			arg := strconv.Itoa(i) + "," + strconv.Itoa(j)
			c.add(arg, splice{p.from(x), p.to(x), p.text(y)}, splice{p.from(y), p.to(y), p.text(x)})
			// f(x+1, y) for f(x, y+1): neighbours in a grid are mixed up like this.
			if b, ok := x.(*ast.BinaryExpr); ok && literal(b.Y) {
				c.add(arg+" operator", p.handOver(b, y)...)
			} else if b, ok := y.(*ast.BinaryExpr); ok && literal(b.Y) {
				c.add(arg+" operator", p.handOver(b, x)...)
			}
		}
	}
	return c.choices
}

// handOver takes an operator and its right operand from an expression and gives them
// to another one.
func (p *Program) handOver(b *ast.BinaryExpr, to ast.Expr) []splice {
	return []splice{
		{p.from(b), p.to(b), p.text(b.X)},
		{p.from(to), p.to(to), p.part(to, b.Op, false) + b.Op.String() + p.text(b.Y)},
	}
}

// exchanges reports whether each of two values can stand in the place of the other.
func (p *Program) exchanges(x, y ast.Expr) bool {
	a, b := p.place(x), p.place(y)
	if a.own == nil || b.own == nil {
		return a.want != nil && b.want != nil && types.Identical(a.want, b.want)
	}
	return types.Identical(a.own, b.own) || a.takes(b.own) && b.takes(a.own)
}
