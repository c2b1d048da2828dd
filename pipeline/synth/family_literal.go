package synth

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

var literalEdits = []*operation{
	{
		family: "literal", name: "number", verb: "change the number",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			return ok && (lit.Kind == token.INT || lit.Kind == token.FLOAT)
		},
		choices: numberChoices,
	},
	{
		family: "literal", name: "char", verb: "change the character",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			return ok && lit.Kind == token.CHAR
		},
		choices: func(p *Program, n ast.Node) []choice {
			text := n.(*ast.BasicLit).Value
			r, _, _, err := strconv.UnquoteChar(text[1:len(text)-1], '\'')
			if err != nil {
				return nil
			}
			cs := []choice{p.replace(n, "+1", strconv.QuoteRuneToASCII(r+1))}
			if r > 0 {
				cs = append(cs, p.replace(n, "-1", strconv.QuoteRuneToASCII(r-1)))
			}
			return cs
		},
	},
	{
		family: "literal", name: "string", verb: "empty the string",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			return ok && lit.Kind == token.STRING && len(lit.Value) > 2 && !p.errorText(n)
		},
		choices: func(p *Program, n ast.Node) []choice { return []choice{p.replace(n, "", `""`)} },
	},
	{
		family: "literal", name: "bool", verb: "flip the boolean",
		match: func(p *Program, n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			return ok && p.info.Uses[id] != nil && p.info.Uses[id].Parent() == types.Universe && (id.Name == "true" || id.Name == "false")
		},
		choices: func(p *Program, n ast.Node) []choice {
			other := "true"
			if n.(*ast.Ident).Name == "true" {
				other = "false"
			}
			return []choice{p.replace(n, other, other)}
		},
	},
	{
		family: "literal", name: "zero", verb: "use the zero value",
		match:   isValue,
		choices: zeroChoice,
	},
	{
		family: "literal", name: "offset", verb: "move by one",
		match:   isBound,
		choices: offsetChoices,
	},
}

// errorText reports whether a string is only the text of an error: no case of a
// suite depends on that.
func (p *Program) errorText(n ast.Node) bool {
	call, ok := p.parent[n].(*ast.CallExpr)
	if !ok {
		return false
	}
	switch p.text(call.Fun) {
	case "errors.New", "fmt.Errorf", "panic":
		return true
	}
	return false
}

func numberChoices(p *Program, n ast.Node) []choice {
	lit := n.(*ast.BasicLit)
	v := constant.MakeFromLiteral(lit.Value, lit.Kind, 0)
	if v.Kind() == constant.Unknown {
		return nil
	}
	one, two := constant.MakeInt64(1), constant.MakeInt64(2)
	half := constant.BinaryOp(v, token.QUO, two)
	if lit.Kind == token.INT {
		half = constant.BinaryOp(v, token.QUO_ASSIGN, two) // QUO_ASSIGN asks for integer division
	}
	var cs []choice
	seen := []string{lit.Value}
	for _, c := range []struct {
		arg   string
		value constant.Value
	}{
		{"+1", constant.BinaryOp(v, token.ADD, one)},
		{"-1", constant.BinaryOp(v, token.SUB, one)},
		{"0", constant.MakeInt64(0)},
		{"1", one},
		{"double", constant.BinaryOp(v, token.MUL, two)},
		{"half", half},
	} {
		text, ok := numberText(c.value, lit)
		if !ok || slices.Contains(seen, text) {
			continue
		}
		seen = append(seen, text)
		if constant.Sign(c.value) < 0 {
			switch p.parent[n].(type) {
			case *ast.BinaryExpr, *ast.UnaryExpr:
				text = "(" + text + ")" // x - -1 and --1 are other things
			}
		}
		cs = append(cs, p.replace(n, c.arg, text))
	}
	return cs
}

// numberText writes a number as a literal of the same kind and, for hexadecimal
// integers, base.
func numberText(v constant.Value, like *ast.BasicLit) (string, bool) {
	if like.Kind == token.FLOAT {
		f, _ := constant.Float64Val(v)
		text := strconv.FormatFloat(f, 'g', -1, 64)
		if !strings.ContainsAny(text, ".eIN") {
			text += ".0" // or x := 2.0 would become an int
		}
		return text, !strings.ContainsAny(text, "IN")
	}
	i := constant.ToInt(v)
	if i.Kind() != constant.Int || constant.BitLen(i) > 64 {
		return "", false
	}
	if strings.HasPrefix(strings.ToLower(like.Value), "0x") && constant.Sign(i) >= 0 {
		if u, ok := constant.Uint64Val(i); ok {
			return "0x" + strconv.FormatUint(u, 16), true
		}
	}
	return i.ExactString(), true
}

// isValue tells values that are returned, assigned or passed, and that are not
// constant already.
func isValue(p *Program, n ast.Node) bool {
	e, ok := n.(ast.Expr)
	if !ok {
		return false
	}
	switch parent := p.parent[n].(type) {
	case *ast.ReturnStmt:
	case *ast.AssignStmt:
		if parent.Tok != token.ASSIGN || !slices.Contains(parent.Rhs, e) {
			return false
		}
	case *ast.CallExpr:
		if !slices.Contains(parent.Args, e) {
			return false
		}
	default:
		return false
	}
	tv := p.info.Types[e]
	if !tv.IsValue() || tv.Value != nil || tv.IsNil() || tv.Type == nil {
		return false
	}
	_, ok = zero(tv.Type)
	return ok
}

func zeroChoice(p *Program, n ast.Node) []choice {
	text, _ := zero(p.info.Types[n.(ast.Expr)].Type)
	return []choice{p.replace(n, text, text)}
}

// isBound tells integers that bound something: operands of comparisons, indices,
// and bounds of slices. Literals have operations of their own.
func isBound(p *Program, n ast.Node) bool {
	e, ok := n.(ast.Expr)
	if !ok {
		return false
	}
	if _, ok := n.(*ast.BasicLit); ok || p.basicOf(e)&types.IsInteger == 0 {
		return false
	}
	switch parent := p.parent[n].(type) {
	case *ast.BinaryExpr:
		return slices.Contains(relations, parent.Op)
	case *ast.IndexExpr:
		if parent.Index != e || !p.info.Types[parent.X].IsValue() {
			return false
		}
		_, isMap := p.info.Types[parent.X].Type.Underlying().(*types.Map)
		return !isMap
	case *ast.SliceExpr:
		return parent.X != e
	}
	return false
}

// offsetChoices adds or subtracts one, or takes back that this has been done.
func offsetChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	plus, minus := p.text(e)+" + 1", p.text(e)+" - 1"
	if precedence(e) < token.ADD.Precedence() {
		plus, minus = "("+p.text(e)+") + 1", "("+p.text(e)+") - 1"
	}
	if b, ok := e.(*ast.BinaryExpr); ok && p.text(b.Y) == "1" {
		switch b.Op {
		case token.SUB:
			plus = p.text(b.X)
		case token.ADD:
			minus = p.text(b.X)
		}
	}
	return []choice{p.replace(n, "+1", plus), p.replace(n, "-1", minus)}
}
