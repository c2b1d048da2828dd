package synth

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// valueEdits change literals by what else the program writes, move any integer by
// one, and fill and empty composite literals.
var valueEdits = []*operation{
	{
		family: "value", name: "number", verb: "use another number",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			return ok && (lit.Kind == token.INT || lit.Kind == token.FLOAT)
		},
		choices: otherNumbers,
	},
	{
		family: "value", name: "text", verb: "use another string or character",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			return ok && (lit.Kind == token.STRING || lit.Kind == token.CHAR) && !p.errorText(n)
		},
		choices: func(p *Program, n ast.Node) []choice {
			lit := n.(*ast.BasicLit)
			c := p.choose(10, lit.Value)
			for i, text := range p.stock().texts(lit.Kind) {
				if i < 6 {
					c.put(lit, text, primary)
				}
			}
			for _, text := range []string{" ", "", "\n", ","} {
				if lit.Kind == token.STRING {
					c.put(lit, strconv.Quote(text), primary)
				} else if text != "" {
					c.put(lit, strconv.QuoteRune(rune(text[0])), primary)
				}
			}
			return c.choices
		},
	},
	{
		family: "value", name: "offset", verb: "move by one",
		match: func(p *Program, n ast.Node) bool {
			e, ok := p.value(n)
			if !ok || isBound(p, n) || !isInteger(p, e) || p.info.Types[e].Value != nil && literal(e) {
				return false
			}
			// The left part of a sum is left to the whole of it.
			parent, ok := p.parent[n].(*ast.BinaryExpr)
			return !ok || parent.Op != token.ADD && parent.Op != token.SUB || parent.Y == e && parent.Op == token.SUB
		},
		choices: offsetChoices,
	},
	{
		family: "value", name: "usual", verb: "use a usual number",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			return ok && lit.Kind == token.INT
		},
		choices: func(p *Program, n ast.Node) []choice {
			lit := n.(*ast.BasicLit)
			c := p.choose(len(usualNumbers), lit.Value)
			for _, text := range usualNumbers {
				c.put(lit, text, primary)
			}
			return c.choices
		},
	},
	{
		family: "value", name: "format", verb: "write it in another form",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			return ok && lit.Kind == token.STRING && !p.errorText(n)
		},
		choices: formats,
	},
	{
		family: "value", name: "empty", verb: "use an empty value, nil or a zero",
		match: func(p *Program, n ast.Node) bool {
			e, ok := p.value(n)
			return ok && p.place(e).typ() != nil && !literal(e)
		},
		choices: emptyChoices,
	},
	{
		family: "value", name: "element", verb: "add an element to the literal",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			return ok && elementOf(p.info.TypeOf(lit)) != nil
		},
		choices: elementAdditions,
	},
	{
		family: "value", name: "field", verb: "set a field in the literal",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			return ok && len(fieldAdditions(p, lit)) > 0
		},
		choices: fieldAdditions,
	},
	{
		family: "value", name: "drop", verb: "drop an element of the literal, or a value of the case",
		match: func(p *Program, n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				return len(n.Elts) > 0
			case *ast.CaseClause:
				return len(n.List) > 1
			}
			return false
		},
		choices: func(p *Program, n ast.Node) []choice {
			var list []ast.Expr
			switch n := n.(type) {
			case *ast.CompositeLit:
				list = n.Elts
			case *ast.CaseClause:
				list = n.List
			}
			c := p.choose(4)
			for i, e := range list {
				c.add(strconv.Itoa(i), p.without(list, e))
			}
			return c.choices
		},
	},
}

// without takes one expression out of a list.
func (p *Program) without(list []ast.Expr, e ast.Expr) splice {
	i := slices.Index(list, e)
	switch {
	case i+1 < len(list):
		return splice{p.from(e), p.from(list[i+1]), ""}
	case i > 0:
		return splice{p.to(list[i-1]), p.to(e), ""}
	}
	return splice{p.from(e), p.to(e), ""}
}

func literal(e ast.Expr) bool {
	_, ok := e.(*ast.BasicLit)
	return ok
}

func isInteger(p *Program, e ast.Expr) bool { return p.basicOf(e)&types.IsInteger != 0 }

// usualNumbers are sizes and units that people get wrong.
var usualNumbers = []string{"3", "4", "5", "7", "8", "12", "16", "20", "24", "26", "30", "31", "32", "60", "64", "100", "365", "400", "1000", "1024", "3600"}

// verbs finds verbs of package fmt: flags, width, precision, and the verb itself.
var verbs = regexp.MustCompile(`%([-+# 0]*)([0-9]*)(\.[0-9]+)?([a-zA-Z])`)

// formats are other verbs, widths and precisions in a literal, and other white space at
// its end and after its commas.
func formats(p *Program, n ast.Node) []choice {
	lit := n.(*ast.BasicLit)
	text := lit.Value
	c := p.choose(20, text)
	put := func(from, to int, with string) {
		if changed := text[:from] + with + text[to:]; literalOf(changed) != nil {
			c.put(lit, changed, primary)
		}
	}
	for _, at := range verbs.FindAllStringSubmatchIndex(text, 3) {
		part := func(k int) string {
			if at[2*k] < 0 {
				return ""
			}
			return text[at[2*k]:at[2*k+1]]
		}
		flags, width, precision, verb := part(1), part(2), part(3), part(4)
		verbWith := func(flags, width, precision, verb string) { put(at[0], at[1], "%"+flags+width+precision+verb) }
		if n, err := strconv.Atoi(width); err == nil && n < 100 {
			verbWith(flags, strconv.Itoa(n+1), precision, verb)
			verbWith(flags, strconv.Itoa(n-1), precision, verb)
			verbWith("-", width, precision, verb)
			verbWith("", width, precision, verb)
			verbWith("", "", precision, verb)
			if verb == "d" || verb == "x" {
				verbWith("0", width, precision, verb)
			}
		}
		switch verb {
		case "d", "x", "X", "b", "o", "c":
			if width == "" {
				verbWith("0", "2", "", verb)
				verbWith("0", "3", "", verb)
			}
			for _, other := range []string{"d", "x", "X", "c", "b"} {
				verbWith(flags, width, precision, other)
			}
		case "f", "g", "e":
			for _, other := range []string{".2", ".1", ".3", ".0", ""} {
				verbWith(flags, width, other, "f")
			}
			verbWith(flags, width, precision, "g")
		case "s", "q", "v":
			for _, other := range []string{"s", "q", "v", "d"} {
				verbWith(flags, width, precision, other)
			}
			if verb == "v" {
				verbWith("+", width, precision, verb)
			}
		}
	}
	if body := strings.TrimSuffix(text, `\n"`); body != text {
		put(len(body), len(text), `"`)
	} else if strings.HasSuffix(text, `"`) {
		put(len(text)-1, len(text), `\n"`)
	}
	if body := strings.TrimSuffix(text, ` "`); body != text {
		put(len(body), len(text), `"`)
	} else if strings.HasSuffix(text, `,"`) || strings.HasSuffix(text, `:"`) {
		put(len(text)-1, len(text), ` "`)
	}
	return c.choices
}

// sentinels are the limits that searches for a least or a greatest value start from.
var sentinels = []string{"math.MaxInt", "math.MinInt"}

// otherNumbers are -1, 2 and 10, numbers and constants of the program, and limits.
// What is near the number itself is left to literal number.
func otherNumbers(p *Program, n ast.Node) []choice {
	lit := n.(*ast.BasicLit)
	c := p.choose(10, lit.Value)
	if lit.Kind == token.INT {
		for _, v := range []int64{-1, 2, 10} {
			text, _ := numberText(constant.MakeInt64(v), lit)
			prec := primary
			if v < 0 {
				prec = token.ADD.Precedence() // x - -1 and --1 are other things
			}
			c.put(lit, text, prec)
		}
	}
	for i, text := range p.stock().texts(lit.Kind) {
		if i < 5 {
			c.put(lit, text, primary)
		}
	}
	if lit.Kind == token.INT {
		for _, name := range sentinels {
			if p.imports("math") {
				c.put(lit, name, primary)
			}
		}
	} else if p.imports("math") {
		c.put(lit, "math.MaxFloat64", primary)
	}
	return c.choices
}

func emptyChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	pl := p.place(e)
	t := pl.typ()
	c := p.choose(3, p.text(e))
	if pl.want != nil && !types.IsInterface(pl.want) {
		t = pl.want
	}
	switch t.Underlying().(type) {
	case *types.Slice, *types.Map:
		c.put(e, p.named(t)+"{}", primary)
	case *types.Struct, *types.Array:
		c.put(e, p.named(t)+"{}", primary)
	}
	if pl.want != nil && nilable(pl.want) || pl.want == nil && nilable(t) {
		c.put(e, "nil", primary)
	}
	if text, ok := zero(t); ok && text != "nil" {
		c.put(e, text, primary)
	}
	return c.choices
}

// elementAdditions put a value that is in scope at the end or the beginning of a
// literal of a slice, or a nested empty one, as the base of many recursions needs it.
func elementAdditions(p *Program, n ast.Node) []choice {
	lit := n.(*ast.CompositeLit)
	elem := elementOf(p.info.TypeOf(lit))
	c := p.choose(14)
	insert := func(text string) {
		if len(lit.Elts) == 0 {
			c.add(text, splice{p.tok.Offset(lit.Rbrace), p.tok.Offset(lit.Rbrace), text})
			return
		}
		last := lit.Elts[len(lit.Elts)-1]
		c.add(text, splice{p.to(last), p.to(last), ", " + text})
		c.add(text+" first", splice{p.from(lit.Elts[0]), p.from(lit.Elts[0]), text + ", "})
	}
	if isSlice(elem) || isMap(elem) {
		insert("{}")
	}
	if nilable(elem) {
		insert("nil")
	}
	for _, a := range p.atoms(n, func(t types.Type) bool {
		return types.AssignableTo(t, elem) && !types.IsInterface(elem) || types.Identical(t, elem)
	}, 4) {
		insert(a.text)
	}
	switch t := elem.Underlying().(type) {
	case *types.Slice:
		for _, a := range p.atoms(n, func(other types.Type) bool { return types.Identical(other, t.Elem()) }, 3) {
			insert("{" + a.text + "}")
		}
	case *types.Basic:
		if t.Info()&types.IsInteger != 0 {
			insert("0")
			insert("1")
		}
	}
	for _, text := range p.elements(n, func(t types.Type) bool { return types.Identical(t, elem) }, 3) {
		insert(text)
	}
	return c.choices
}

// fieldAdditions set fields that a literal of a struct leaves out: to what is in scope,
// and to what is not the zero value.
func fieldAdditions(p *Program, n ast.Node) []choice {
	lit := n.(*ast.CompositeLit)
	t := p.info.TypeOf(lit)
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem() // &T left out
	}
	if _, ok := t.Underlying().(*types.Struct); !ok {
		return nil
	}
	set := map[string]bool{}
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return nil // all fields are there
		}
		set[p.text(kv.Key)] = true
	}
	c := p.choose(12)
	for _, f := range p.fields(t) {
		if set[f.Name()] {
			continue
		}
		insert := func(text string) {
			text = f.Name() + ": " + text
			if len(lit.Elts) == 0 {
				c.add(text, splice{p.tok.Offset(lit.Rbrace), p.tok.Offset(lit.Rbrace), text})
				return
			}
			last := p.to(lit.Elts[len(lit.Elts)-1])
			c.add(text, splice{last, last, ", " + text})
		}
		switch ft := f.Type(); {
		case isMap(ft):
			insert(p.named(ft) + "{}")
		case isBool(ft):
			insert("true")
		case isNumber(ft):
			insert("1")
		}
		for _, a := range p.atoms(n, func(other types.Type) bool { return types.Identical(other, f.Type()) }, 3) {
			insert(a.text)
		}
	}
	return c.choices
}
