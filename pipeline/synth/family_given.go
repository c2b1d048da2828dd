package synth

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// givenEdits use literals that are not in the program: somebody has seen them in what it
// must read or write, see Offering. Without such literals they have no choices, but any
// arg of the right form is carried out, so that an edit says all that it needs.
var givenEdits = []*operation{
	{
		family: "given", name: "literal", verb: "use the literal",
		match: func(p *Program, n ast.Node) bool { return isLiteral(p, n) },
		choices: func(p *Program, n ast.Node) []choice {
			lit := n.(*ast.BasicLit)
			return p.givenChoices(n, p.given[lit.Kind], literalInstead)
		},
		free: literalInstead,
	},
	{
		family: "given", name: "case", verb: "add to the case",
		match: func(p *Program, n ast.Node) bool { return labelKind(n) != token.ILLEGAL },
		choices: func(p *Program, n ast.Node) []choice {
			return p.givenChoices(n, p.otherLabels(n), labelMore)
		},
		free: labelMore,
	},
	{
		family: "given", name: "equal", verb: "ask for another value as well",
		match: func(p *Program, n ast.Node) bool {
			_, lit := comparedWith(n)
			_, value := p.value(n)
			return lit != nil && value
		},
		choices: func(p *Program, n ast.Node) []choice {
			_, lit := comparedWith(n)
			return p.givenChoices(n, p.given[lit.Kind], equalMore)
		},
		free: equalMore,
	},
	{
		family: "given", name: "set", verb: "add to the characters",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			_, argument := p.parent[n].(*ast.CallExpr)
			return ok && argument && lit.Kind == token.STRING && len(lit.Value) > len(`"x"`) && !strings.ContainsAny(lit.Value, "% ") && !p.errorText(n)
		},
		choices: func(p *Program, n ast.Node) []choice { return p.givenChoices(n, p.given[token.CHAR], charMore) },
		free:    charMore,
	},
	{
		family: "given", name: "clause", verb: "add the case",
		match:   func(p *Program, n ast.Node) bool { return labelKind(n) != token.ILLEGAL && len(statements(n)) > 0 },
		choices: func(p *Program, n ast.Node) []choice { return p.givenChoices(n, p.newClauses(n), clauseMore) },
		free:    clauseMore,
	},
	{
		family: "given", name: "entry", verb: "add to the map",
		match: func(p *Program, n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || len(lit.Elts) == 0 || !isMap(p.info.TypeOf(lit)) {
				return false
			}
			kv, ok := lit.Elts[0].(*ast.KeyValueExpr)
			return ok && literal(kv.Key)
		},
		choices: func(p *Program, n ast.Node) []choice { return p.givenChoices(n, p.newEntries(n), entryMore) },
		free:    entryMore,
	},
	{
		family: "given", name: "guard", verb: "insert before the statement",
		match:   isListed,
		choices: func(p *Program, n ast.Node) []choice { return p.givenChoices(n, p.givenGuards(n), guardMore) },
		free:    guardMore,
	},
}

// givenPerSite bounds the choices of a site.
const givenPerSite = 24

// Offering returns the program with literals, written as in Go, the likely first, that
// its edits may use besides its own. Proposals lists more then; what an edit means stays
// the same. What is no literal is left out.
func (p *Program) Offering(literals []string) *Program {
	q := *p
	q.given = map[token.Token][]string{}
	for _, text := range literals {
		if lit := literalOf(text); lit != nil && !slices.Contains(q.given[lit.Kind], text) {
			q.given[lit.Kind] = append(q.given[lit.Kind], text)
		}
	}
	return &q
}

// literalOf returns the literal that a text is, or nil.
func literalOf(text string) *ast.BasicLit {
	e, err := parser.ParseExpr(text)
	if err != nil {
		return nil
	}
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Value != text {
		return nil
	}
	return lit
}

func (p *Program) givenChoices(n ast.Node, args []string, free func(p *Program, n ast.Node, arg string) []splice) []choice {
	c := p.choose(givenPerSite)
	for _, arg := range args {
		if splices := free(p, n, arg); splices != nil {
			c.add(arg, splices...)
		}
	}
	return c.choices
}

func isLiteral(p *Program, n ast.Node) bool {
	lit, ok := n.(*ast.BasicLit)
	return ok && lit.Kind != token.IMAG && !p.errorText(n)
}

func literalInstead(p *Program, n ast.Node, arg string) []splice {
	lit := n.(*ast.BasicLit)
	if g := literalOf(arg); g == nil || g.Kind != lit.Kind || arg == lit.Value {
		return nil
	}
	return []splice{p.inPlace(lit, arg, primary)}
}

// labelKind is what kind of literals a case lists, or ILLEGAL if it lists others.
func labelKind(n ast.Node) token.Token {
	c, ok := n.(*ast.CaseClause)
	if !ok || len(c.List) == 0 {
		return token.ILLEGAL
	}
	lit, ok := c.List[0].(*ast.BasicLit)
	if !ok {
		return token.ILLEGAL
	}
	return lit.Kind
}

// otherLabels are literals, given or of the program, that no case of the switch has.
func (p *Program) otherLabels(n ast.Node) []string {
	if len(p.given) == 0 {
		return nil
	}
	kind := labelKind(n)
	var taken, free []string
	for _, s := range p.parent[n].(*ast.BlockStmt).List {
		if c, ok := s.(*ast.CaseClause); ok {
			for _, e := range c.List {
				taken = append(taken, p.text(e))
			}
		}
	}
	for _, text := range slices.Concat(p.given[kind], p.stock().texts(kind)) {
		if !slices.Contains(taken, text) && !slices.Contains(free, text) {
			free = append(free, text)
		}
	}
	return free
}

func labelMore(p *Program, n ast.Node, arg string) []splice {
	list := n.(*ast.CaseClause).List
	if lit := literalOf(arg); lit == nil || lit.Kind != labelKind(n) {
		return nil
	}
	at := p.to(list[len(list)-1])
	return []splice{{at, at, ", " + arg}}
}

// comparedWith returns the parts of x == lit or x != lit, or nil.
func comparedWith(n ast.Node) (ast.Expr, *ast.BasicLit) {
	b, ok := n.(*ast.BinaryExpr)
	if !ok || b.Op != token.EQL && b.Op != token.NEQ || !pure(b.X) {
		return nil, nil
	}
	lit, _ := b.Y.(*ast.BasicLit)
	return b.X, lit
}

func equalMore(p *Program, n ast.Node, arg string) []splice {
	x, lit := comparedWith(n)
	if g := literalOf(arg); g == nil || g.Kind != lit.Kind || arg == lit.Value {
		return nil
	}
	b, and := n.(*ast.BinaryExpr), token.LOR
	if b.Op == token.NEQ {
		and = token.LAND
	}
	text := p.text(b) + " " + and.String() + " " + p.text(x) + " " + b.Op.String() + " " + arg
	if parent, ok := p.parent[b].(*ast.BinaryExpr); ok && parent.Op == and {
		return []splice{{p.from(b), p.to(b), text}} // one more of several
	}
	return []splice{p.inPlace(b, text, and.Precedence())}
}

func charMore(p *Program, n ast.Node, arg string) []splice {
	lit := n.(*ast.BasicLit)
	text, err := strconv.Unquote(lit.Value)
	g := literalOf(arg)
	if err != nil || g == nil || g.Kind != token.CHAR {
		return nil
	}
	char, err := strconv.Unquote(arg)
	if err != nil || strings.Contains(text, char) {
		return nil
	}
	return []splice{{p.from(lit), p.to(lit), strconv.Quote(text + char)}}
}

// newClauses are copies of a case under other labels, as it is and with another operator
// of arithmetic in the place of its first.
func (p *Program) newClauses(n ast.Node) []string {
	clause := n.(*ast.CaseClause)
	from := p.tok.Offset(clause.Colon)
	tail := p.src[from:p.to(clause)]
	tails := []string{tail}
	var first *ast.BinaryExpr
	for _, s := range clause.Body {
		ast.Inspect(s, func(m ast.Node) bool {
			if b, ok := m.(*ast.BinaryExpr); ok && first == nil && slices.Contains(quotients, b.Op) && isNumber(p.info.TypeOf(b)) {
				first = b
			}
			return first == nil
		})
	}
	if first != nil {
		at := p.tok.Offset(first.OpPos) - from
		for _, op := range quotients {
			if op != first.Op {
				tails = append(tails, tail[:at]+op.String()+tail[at+len(first.Op.String()):])
			}
		}
	}
	var clauses []string
	labels := p.otherLabels(n)
	for _, label := range labels[:min(6, len(labels))] {
		for _, tail := range tails {
			clauses = append(clauses, "case "+label+tail)
		}
	}
	return clauses
}

// quotients are the operators of arithmetic.
var quotients = []token.Token{token.ADD, token.SUB, token.MUL, token.QUO}

func clauseMore(p *Program, n ast.Node, arg string) []splice {
	if !strings.HasPrefix(arg, "case ") || !isExpression("func() { switch {\n"+arg+"\n} }") {
		return nil
	}
	return []splice{{p.to(n), p.to(n), "\n" + arg}}
}

// isExpression reports whether a text is one expression: nothing in it ends what is
// around it.
func isExpression(text string) bool {
	_, err := parser.ParseExpr(text)
	return err == nil
}

// newEntries are entries of a map with given keys and values, or values that are there.
func (p *Program) newEntries(n ast.Node) []string {
	lit := n.(*ast.CompositeLit)
	first := lit.Elts[0].(*ast.KeyValueExpr)
	taken := map[string]bool{}
	var values []string
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			taken[p.text(kv.Key)] = true
			if text := p.text(kv.Value); len(values) < 4 && !slices.Contains(values, text) {
				values = append(values, text)
			}
		}
	}
	if v, ok := first.Value.(*ast.BasicLit); ok {
		values = slices.Concat(p.given[v.Kind], values)
	}
	var entries []string
	for i, key := range p.given[first.Key.(*ast.BasicLit).Kind] {
		for j, value := range values {
			if !taken[key] && i < 6 && j < 6 {
				entries = append(entries, key+": "+value)
			}
		}
	}
	return entries
}

func entryMore(p *Program, n ast.Node, arg string) []splice {
	lit := n.(*ast.CompositeLit)
	if !isExpression("T{" + arg + "}") {
		return nil
	}
	at := p.to(lit.Elts[len(lit.Elts)-1])
	return []splice{{at, at, ", " + arg}}
}

// givenGuards leave before a statement if a variable is, or begins with, what is given.
func (p *Program) givenGuards(n ast.Node) []string {
	if len(p.given) == 0 {
		return nil
	}
	var conds []string
	for _, v := range p.locals(n, isString, 2) {
		for i, g := range p.given[token.STRING] {
			if i < 4 {
				conds = append(conds, "strings.HasPrefix("+v.Name()+", "+g+")", v.Name()+" == "+g)
			}
		}
	}
	for _, v := range p.locals(n, func(t types.Type) bool {
		return types.Identical(t, types.Typ[types.Byte]) || types.Identical(t, types.Typ[types.Rune])
	}, 1) {
		for i, g := range p.given[token.CHAR] {
			if i < 4 {
				conds = append(conds, v.Name()+" == "+g)
			}
		}
	}
	loop, breakable := p.enclosing(n)
	var actions []string
	if loop {
		actions = append(actions, "continue")
	}
	for _, v := range p.returns(n, 2) {
		actions = append(actions, strings.TrimSpace("return "+v))
	}
	if breakable {
		actions = append(actions, "break")
	}
	var guards []string
	for _, cond := range conds {
		for _, action := range actions {
			guards = append(guards, "if "+cond+" {\n"+action+"\n}")
		}
	}
	return guards
}

func guardMore(p *Program, n ast.Node, arg string) []splice {
	if !isExpression("func() {\n" + arg + "\n}") {
		return nil
	}
	splices := []splice{{p.from(n), p.from(n), arg + "\n"}}
	if strings.Contains(arg, "strings.") {
		splices = append(splices, p.importing("strings")...)
	}
	return splices
}
