package synth

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// clauseEdits build conditions from what is in scope, whether or not the program asks
// any such question. The arg is the condition.
var clauseEdits = []*operation{
	{
		family: "clause", name: "replace", verb: "ask something else",
		match: isQuestion,
		choices: func(p *Program, n ast.Node) []choice {
			e := n.(ast.Expr)
			c := p.choose(32, p.text(n))
			for _, q := range p.conditions(n, 32) {
				c.put(e, q.text, q.prec)
			}
			return c.choices
		},
	},
	{
		family: "clause", name: "and", verb: "ask one thing more by &&",
		match:   isWholeQuestion,
		choices: func(p *Program, n ast.Node) []choice { return p.moreClauses(n.(ast.Expr), token.LAND) },
	},
	{
		family: "clause", name: "or", verb: "ask one thing more by ||",
		match:   isWholeQuestion,
		choices: func(p *Program, n ast.Node) []choice { return p.moreClauses(n.(ast.Expr), token.LOR) },
	},
	{
		family: "clause", name: "loop", verb: "give the endless loop a condition",
		match: func(p *Program, n ast.Node) bool {
			f, ok := n.(*ast.ForStmt)
			return ok && f.Cond == nil && f.Init == nil && f.Post == nil
		},
		choices: func(p *Program, n ast.Node) []choice {
			at := p.tok.Offset(n.(*ast.ForStmt).For) + len("for")
			c := p.choose(20)
			for _, q := range p.conditions(n, 20) {
				c.add(q.text, splice{at, at, " " + q.text})
			}
			return c.choices
		},
	},
}

// isWholeQuestion tells conditions, and truth values that are returned or assigned.
func isWholeQuestion(p *Program, n ast.Node) bool {
	if isCondition(p, n) {
		return true
	}
	e, ok := p.value(n)
	if !ok || p.basicOf(e)&types.IsBoolean == 0 || p.info.Types[e].Value != nil {
		return false
	}
	switch p.parent[n].(type) {
	case *ast.ReturnStmt, *ast.AssignStmt:
		return true
	}
	return false
}

// isQuestion tells whole questions and their clauses, constants included.
func isQuestion(p *Program, n ast.Node) bool {
	if isCondition(p, n) {
		return true
	}
	e, ok := p.value(n)
	if !ok || p.basicOf(e)&types.IsBoolean == 0 {
		return false
	}
	switch parent := p.parent[n].(type) {
	case *ast.ReturnStmt, *ast.AssignStmt:
		return true
	case *ast.BinaryExpr:
		return slices.Contains(logicals, parent.Op)
	}
	return false
}

// moreClauses adds a clause. What may keep the rest from failing (is there anything,
// is it in bounds) stands in front of it, and what may itself fail stands behind.
func (p *Program) moreClauses(e ast.Expr, op token.Token) []choice {
	prec := op.Precedence()
	c := p.choose(24)
	for _, q := range p.conditions(e, 24) {
		clause := q.text
		if q.prec < prec+1 {
			clause = "(" + clause + ")"
		}
		text := p.operand(e, prec) + " " + op.String() + " " + clause
		if !q.fails {
			text = clause + " " + op.String() + " " + p.operand(e, prec+1)
		}
		c.add(q.text, p.inPlace(e, text, prec))
	}
	return c.choices
}

// condition is one that is built. It fails if it may panic: an index is out of
// bounds, or a pointer is nil.
type condition struct {
	text  string
	prec  int
	fails bool
	cost  int // the less the more likely
}

// asked bounds how many variables conditions are built from.
const asked = 7

// conditions returns questions about what is around a node, the likely ones first.
func (p *Program) conditions(n ast.Node, limit int) []condition {
	b := conditionBuilder{p: p, n: n}
	for _, v := range p.around(n).vars {
		// Variables of the package that hold errors are as good as constants.
		if len(b.vars) < asked && !(v.Parent() == p.pkg.Scope() && types.IsInterface(v.Type())) {
			b.vars = append(b.vars, v)
		}
	}
	for i, v := range b.vars {
		b.about(i, atom{v.Name(), v.Type(), v})
	}
	for i, a := range p.around(n).fields {
		if i < asked {
			b.field(i+1, a)
		}
	}
	for i := range b.vars {
		for j := range b.vars {
			if i != j {
				b.pair(i, j)
			}
		}
	}
	b.elements()
	slices.SortStableFunc(b.found, func(x, y condition) int { return cmp.Compare(x.cost, y.cost) })
	return b.found[:min(limit, len(b.found))]
}

type conditionBuilder struct {
	p     *Program
	n     ast.Node
	vars  []*types.Var
	found []condition
}

func (b *conditionBuilder) add(cost int, text string, prec int, fails bool) {
	b.found = append(b.found, condition{text, prec, fails, cost})
}

func (b *conditionBuilder) compare(cost int, x string, op token.Token, y string, fails bool) {
	b.add(cost, x+" "+op.String()+" "+y, op.Precedence(), fails)
}

// about asks about one variable: is it zero, empty, nil, true, at a limit.
func (b *conditionBuilder) about(cost int, a atom) {
	cost *= 2
	switch t := a.typ; {
	case measurable(t):
		length := "len(" + a.text + ")"
		b.compare(cost, length, token.EQL, "0", false)
		b.compare(cost, length, token.GTR, "0", false)
		b.compare(cost+1, length, token.LEQ, "1", false)
		b.compare(cost+3, length, token.EQL, "1", false)
		b.compare(cost+3, length, token.GTR, "1", false)
		if isString(t) {
			for i, lit := range b.p.stock().texts(token.STRING) {
				if i < 2 {
					b.compare(cost+4+i, a.text, token.EQL, lit, false)
				}
			}
		}
		if isSlice(t) || isMap(t) {
			b.compare(cost+6, a.text, token.EQL, "nil", false)
		}
	case isBool(t):
		b.add(cost, a.text, primary, false)
		b.add(cost, "!"+a.text, token.UnaryPrec, false)
	case isNumber(t):
		b.compare(cost, a.text, token.EQL, "0", false)
		b.compare(cost, a.text, token.GTR, "0", false)
		if !isBasic(t, types.IsUnsigned) {
			b.compare(cost, a.text, token.LSS, "0", false)
			b.compare(cost+3, a.text, token.GEQ, "0", false)
		}
		b.compare(cost+1, a.text, token.NEQ, "0", false)
		b.compare(cost+2, a.text, token.LEQ, "1", false)
		b.compare(cost+3, a.text, token.EQL, "1", false)
		b.compare(cost+3, a.text, token.GTR, "1", false)
		if isBasic(t, types.IsInteger) {
			for i, lit := range b.p.stock().texts(token.CHAR) {
				if i < 2 && (types.Identical(t, types.Typ[types.Byte]) || types.Identical(t, types.Typ[types.Rune])) {
					b.compare(cost+1+i, a.text, token.EQL, lit, false)
					b.compare(cost+2+i, a.text, token.NEQ, lit, false)
				}
			}
		}
	case nilable(t):
		b.compare(cost, a.text, token.EQL, "nil", false)
		b.compare(cost, a.text, token.NEQ, "nil", false)
	}
}

// field asks about a field: the same questions, but the variable may be nil.
func (b *conditionBuilder) field(cost int, a atom) {
	at := len(b.found)
	b.about(cost, a)
	_, pointer := a.obj.Type().Underlying().(*types.Pointer)
	for i := range b.found[at:] {
		b.found[at+i].fails = pointer
	}
}

// pair asks how one variable stands to another.
func (b *conditionBuilder) pair(i, j int) {
	x, y := b.vars[i], b.vars[j]
	cost := i + j + 2
	identical := types.Identical(x.Type(), y.Type())
	switch {
	case identical && isBasic(x.Type(), types.IsOrdered):
		b.compare(cost, x.Name(), token.LSS, y.Name(), false)
		b.compare(cost+1, x.Name(), token.LEQ, y.Name(), false)
		if i < j {
			b.compare(cost, x.Name(), token.EQL, y.Name(), false)
			b.compare(cost+1, x.Name(), token.NEQ, y.Name(), false)
		}
	case identical && i < j && types.Comparable(x.Type()):
		b.compare(cost, x.Name(), token.EQL, y.Name(), false)
		b.compare(cost, x.Name(), token.NEQ, y.Name(), false)
	case isInt(x.Type()) && measurable(y.Type()):
		length := "len(" + y.Name() + ")"
		b.compare(cost, x.Name(), token.LSS, length, false)
		b.compare(cost, x.Name(), token.GEQ, length, false)
		b.compare(cost+1, x.Name(), token.EQL, length, false)
		b.compare(cost+3, x.Name(), token.EQL, length+"-1", false)
		b.compare(cost+3, x.Name(), token.LSS, length+"-1", false)
	}
	if identical && measurable(x.Type()) {
		b.compare(cost+2, "len("+x.Name()+")", token.LSS, "len("+y.Name()+")", false)
		if i < j {
			b.compare(cost+2, "len("+x.Name()+")", token.EQL, "len("+y.Name()+")", false)
		}
	}
	if m, ok := x.Type().Underlying().(*types.Map); ok && isBool(m.Elem()) && types.Identical(m.Key(), y.Type()) {
		b.add(cost-1, x.Name()+"["+y.Name()+"]", primary, false)
		b.add(cost-1, "!"+x.Name()+"["+y.Name()+"]", token.UnaryPrec, false)
	}
	if s, ok := x.Type().Underlying().(*types.Slice); ok && isBool(s.Elem()) && isInt(y.Type()) {
		b.add(cost, x.Name()+"["+y.Name()+"]", primary, true)
		b.add(cost, "!"+x.Name()+"["+y.Name()+"]", token.UnaryPrec, true)
	}
}

// elements compares elements of slices and strings: with each other, with the one
// before, and with variables.
func (b *conditionBuilder) elements() {
	for i, s := range b.vars {
		elem := elementOf(s.Type())
		if elem == nil || !isBasic(elem, types.IsOrdered) {
			continue
		}
		for j, k := range b.vars {
			if !isInt(k.Type()) {
				continue
			}
			x := s.Name() + "[" + k.Name() + "]"
			cost := i + j + 2
			if isNumber(elem) {
				b.compare(cost+1, x, token.EQL, "0", true)
				b.compare(cost+1, x, token.GTR, "0", true)
			}
			b.compare(cost+3, x, token.EQL, s.Name()+"["+k.Name()+"-1]", true)
			for l, v := range b.vars {
				switch {
				case types.Identical(v.Type(), elem):
					for _, op := range []token.Token{token.EQL, token.NEQ, token.LSS, token.GTR} {
						b.compare(cost+l, x, op, v.Name(), true)
					}
				case l > j && isInt(v.Type()):
					for _, op := range []token.Token{token.EQL, token.LSS, token.GTR} {
						b.compare(cost+l, x, op, s.Name()+"["+v.Name()+"]", true)
					}
				case l > i && elementOf(v.Type()) != nil && types.Identical(elementOf(v.Type()), elem):
					b.compare(cost+l, x, token.EQL, v.Name()+"["+k.Name()+"]", true)
				}
			}
		}
	}
}

// guardEdits leave before a statement if a condition holds. The arg is the condition
// and what is done.
var guardEdits = []*operation{
	{
		family: "guard", name: "return", verb: "return before the statement if",
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			values := p.returns(n, 5)
			if text, ok := p.failure(n, values); ok {
				values = slices.Insert(values, min(1, len(values)), text)
			}
			c := p.choose(36)
			for i, q := range p.conditions(n, 12) {
				for j, v := range values {
					if i+2*j < 12 { // the likely condition with any value, the others with the first ones
						c.guard(n, q.text, strings.TrimSpace("return "+v))
					}
				}
			}
			return c.choices
		},
	},
	{
		family: "guard", name: "leave", verb: "leave the loop or its round before the statement if",
		match: func(p *Program, n ast.Node) bool {
			_, breakable := p.enclosing(n)
			return isListed(p, n) && breakable
		},
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(20)
			loop, _ := p.enclosing(n)
			for _, q := range p.conditions(n, 10) {
				if loop {
					c.guard(n, q.text, "continue")
				}
				c.guard(n, q.text, "break")
			}
			return c.choices
		},
	},
}

func (c *chooser) guard(n ast.Node, cond, action string) {
	at := c.p.from(n)
	splices := []splice{{at, at, "if " + cond + " {\n" + action + "\n}\n"}}
	if strings.Contains(action, newError) {
		splices = append(splices, c.p.importing("errors")...)
	}
	c.add(cond+": "+action, splices...)
}

// newError is an error for a function that should fail.
const newError = `errors.New("invalid input")`

// failure is what a return at a node could return to say that something is wrong, if the
// function can and none of some other values does.
func (p *Program) failure(n ast.Node, others []string) (string, bool) {
	sig := p.signature(n)
	zeros, ok := p.zeroResults(n)
	if !ok || sig.Results().Len() == 0 {
		return "", false
	}
	last := sig.Results().At(sig.Results().Len() - 1).Type()
	if !types.Identical(last, types.Universe.Lookup("error").Type()) || slices.ContainsFunc(others, func(v string) bool { return !strings.HasSuffix(v, "nil") }) {
		return "", false
	}
	return strings.TrimSuffix(zeros, "nil") + newError, true
}

// returns lists what a return at a node could return: what other returns of the
// function do, zero values, and variables of the type of the only result.
func (p *Program) returns(n ast.Node, limit int) []string {
	sig := p.signature(n)
	if sig == nil {
		return nil
	}
	if sig.Results().Len() == 0 {
		return []string{""}
	}
	var values []string
	take := func(s string) {
		if len(values) < limit && !slices.Contains(values, s) {
			values = append(values, s)
		}
	}
	if zeros, ok := p.zeroResults(n); ok {
		take(zeros)
	}
	if sig.Results().Len() == 1 && isBool(sig.Results().At(0).Type()) {
		take("false")
		take("true")
	}
	for _, in := range p.stock().statements {
		r, ok := in.node.(*ast.ReturnStmt)
		if !ok || len(r.Results) == 0 || p.signature(r) != sig || len(values) >= limit-1 || !p.allVisible(in.objects, n.Pos()) {
			continue
		}
		take(strings.TrimSpace(strings.TrimPrefix(p.text(r), "return")))
	}
	if sig.Results().Len() == 1 {
		t := sig.Results().At(0).Type()
		for _, a := range p.atoms(n, func(other types.Type) bool { return types.Identical(t, other) }, 3) {
			take(a.text)
		}
		if isNumber(t) {
			take("1")
			take("-1")
		}
	}
	return values
}
