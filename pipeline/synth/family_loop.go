package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// loopEdits turn loops round, let them run over something else, and leave more than
// the innermost one.
var loopEdits = []*operation{
	{
		family: "loop", name: "reverse", verb: "run the other way round",
		match: func(p *Program, n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ForStmt:
				return p.counted(n) != nil
			case *ast.RangeStmt:
				return n.Tok == token.DEFINE && (isInteger(p, n.X) && n.Value == nil || isSlice(p.info.TypeOf(n.X)) && pure(n.X))
			}
			return false
		},
		choices: reversals,
	},
	{
		family: "loop", name: "range", verb: "exchange key and value of the range",
		match: func(p *Program, n ast.Node) bool {
			r, ok := n.(*ast.RangeStmt)
			return ok && r.Key != nil
		},
		choices: func(p *Program, n ast.Node) []choice {
			r := n.(*ast.RangeStmt)
			key := p.text(r.Key)
			c := p.choose(2)
			switch {
			case r.Value == nil:
				c.add("value", splice{p.from(r.Key), p.to(r.Key), "_, " + key})
			case key == "_":
				c.add("key", splice{p.from(r.Key), p.to(r.Value), p.text(r.Value)})
			default:
				c.add("both", splice{p.from(r.Key), p.to(r.Value), p.text(r.Value) + ", " + key})
			}
			return c.choices
		},
	},
	{
		family: "loop", name: "element", verb: "use the element itself, not a copy",
		match: func(p *Program, n ast.Node) bool {
			r, ok := n.(*ast.RangeStmt)
			return ok && copiedElement(p, r) != nil
		},
		choices: func(p *Program, n ast.Node) []choice {
			r := n.(*ast.RangeStmt)
			v := copiedElement(p, r)
			key := p.text(r.Key)
			for name := byte('i'); key == "_"; name++ {
				if !named(r, string(name)) {
					key = string(name)
				}
			}
			c := p.choose(1)
			splices := []splice{{p.from(r.Key), p.to(r.Value), key}}
			for _, m := range p.nodes {
				if id, ok := m.(*ast.Ident); ok && p.info.Uses[id] == v {
					splices = append(splices, splice{p.from(id), p.to(id), p.text(r.X) + "[" + key + "]"})
				}
			}
			c.add("", splices...)
			return c.choices
		},
	},
	{
		family: "loop", name: "last", verb: "do behind the loop, for the last round",
		match:   func(p *Program, n ast.Node) bool { return loopBody(n) != nil && isListed(p, n) },
		choices: lastRounds,
	},
	{
		family: "loop", name: "outer", verb: "leave the outer loop, or its round",
		match: func(p *Program, n ast.Node) bool {
			b, ok := n.(*ast.BranchStmt)
			return ok && b.Label == nil && (b.Tok == token.BREAK || b.Tok == token.CONTINUE) && p.outerLoop(b) != nil
		},
		choices: func(p *Program, n ast.Node) []choice {
			b := n.(*ast.BranchStmt)
			loop := p.outerLoop(b)
			label, at := "", []splice(nil)
			if l, ok := p.parent[loop].(*ast.LabeledStmt); ok {
				label = l.Label.Name
			} else {
				for label = "loop"; strings.Contains(p.src, label+":"); label += "2" {
				}
				at = []splice{{p.from(loop), p.from(loop), label + ":\n"}}
			}
			c := p.choose(2)
			for _, word := range []string{"break", "continue"} {
				c.add(word, append([]splice{{p.from(b), p.to(b), word + " " + label}}, at...)...)
			}
			return c.choices
		},
	},
}

// counter is a loop that counts up or down by one.
type counter struct {
	variable    string
	start, stop ast.Expr
	up          bool
	inclusive   bool
}

// counted returns what a loop counts, if it is `for i := a; i < b; i++` or alike.
func (p *Program) counted(f *ast.ForStmt) *counter {
	init, ok := f.Init.(*ast.AssignStmt)
	cond, ok2 := f.Cond.(*ast.BinaryExpr)
	post, ok3 := f.Post.(*ast.IncDecStmt)
	if !ok || !ok2 || !ok3 || init.Tok != token.DEFINE || len(init.Lhs) != 1 || len(init.Rhs) != 1 {
		return nil
	}
	name := p.text(init.Lhs[0])
	if p.text(cond.X) != name || p.text(post.X) != name {
		return nil
	}
	up := post.Tok == token.INC
	switch {
	case up && (cond.Op == token.LSS || cond.Op == token.LEQ):
	case !up && (cond.Op == token.GTR || cond.Op == token.GEQ):
	default:
		return nil
	}
	return &counter{name, init.Rhs[0], cond.Y, up, cond.Op == token.LEQ || cond.Op == token.GEQ}
}

func reversals(p *Program, n ast.Node) []choice {
	c := p.choose(1)
	switch n := n.(type) {
	case *ast.ForStmt:
		l := p.counted(n)
		first, last := p.part(l.stop, token.SUB, false), p.text(l.start)
		head := l.variable + " := " + first + "; " + l.variable + " >= " + last + "; " + l.variable + "--"
		switch {
		case l.up && !l.inclusive:
			head = l.variable + " := " + first + " - 1; " + l.variable + " >= " + last + "; " + l.variable + "--"
		case !l.up:
			// Down from n-1 is up below n.
			compare, end := " <= ", p.text(l.start)
			if b, ok := l.start.(*ast.BinaryExpr); ok && b.Op == token.SUB && p.text(b.Y) == "1" {
				compare, end = " < ", p.text(b.X)
			}
			start := p.text(l.stop)
			if !l.inclusive {
				start = p.part(l.stop, token.ADD, false) + " + 1"
			}
			head = l.variable + " := " + start + "; " + l.variable + compare + end + "; " + l.variable + "++"
		}
		c.add("", splice{p.from(n.Init), p.to(n.Post), head})
	case *ast.RangeStmt:
		if isInteger(p, n.X) {
			if n.Key != nil {
				name := p.text(n.Key)
				c.add("", splice{p.from(n.Key), p.to(n.X), name + " := " + p.part(n.X, token.SUB, false) + " - 1; " + name + " >= 0; " + name + "--"})
			}
			return c.choices
		}
		if p.imports("slices") {
			c.add("", splice{p.from(n.X), p.to(n.X), "slices.Backward(" + p.text(n.X) + ")"})
		}
	}
	return c.choices
}

// outerLoop returns the loop around the loop or switch that a branch statement
// leaves, or nil. It is a statement of a list, or has a label.
func (p *Program) outerLoop(b *ast.BranchStmt) ast.Node {
	left := false
	for m := p.parent[b]; m != nil; m = p.parent[m] {
		switch m.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return nil
		case *ast.ForStmt, *ast.RangeStmt:
			_, labeled := p.parent[m].(*ast.LabeledStmt)
			if left && (labeled || isListed(p, m)) {
				return m
			}
			left = true
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			left = left || b.Tok == token.BREAK
		}
	}
	return nil
}

// named reports whether a name stands below a node.
func named(n ast.Node, name string) bool {
	found := false
	ast.Inspect(n, func(m ast.Node) bool {
		if id, ok := m.(*ast.Ident); ok {
			found = found || id.Name == name
		}
		return !found
	})
	return found
}

// copiedElement returns the variable of a range over a slice that holds a copy of each
// element, if the loop changes it: in vain, for the slice stays what it was.
func copiedElement(p *Program, r *ast.RangeStmt) types.Object {
	id, ok := r.Value.(*ast.Ident)
	if !ok || r.Tok != token.DEFINE || id.Name == "_" || !isSlice(p.info.TypeOf(r.X)) || !pure(r.X) {
		return nil
	}
	v := p.info.Defs[id]
	changed := false
	root := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.SelectorExpr:
				e = x.X
				continue
			case *ast.Ident:
				changed = changed || p.info.Uses[x] == v
			}
			return
		}
	}
	targets(r.Body, true, root)
	ast.Inspect(r.Body, func(m ast.Node) bool {
		switch m := m.(type) {
		case *ast.UnaryExpr:
			if m.Op == token.AND {
				root(m.X)
			}
		case *ast.CallExpr: // of a method that takes a pointer, perhaps
			if sel, ok := m.Fun.(*ast.SelectorExpr); ok && p.info.Types[sel.X].IsValue() {
				root(sel.X)
			}
		}
		return true
	})
	if v == nil || !changed {
		return nil
	}
	return v
}

// lastRounds do behind a loop what it does now and then: the first statements of an if in
// it, under what can be asked there of its condition, or of what the statements use. A
// program that collects until something ends must not forget what is collected when the
// input ends.
func lastRounds(p *Program, n ast.Node) []choice {
	c := p.choose(16)
	at := p.to(n)
	visible := func(m ast.Node) bool { return p.allVisible(p.outer(m), n.End()) }
	ast.Inspect(loopBody(n), func(m ast.Node) bool {
		s, ok := m.(*ast.IfStmt)
		if !ok || c.full() {
			return true
		}
		var texts []string // the first statement, the first two, and so on
		text := ""
		for _, st := range s.Body.List {
			if leaves(st) || !visible(st) || len(texts) == 3 {
				break
			}
			text += p.text(st) + "\n"
			texts = append(texts, text)
		}
		if len(texts) == 0 {
			return true
		}
		var conds []string
		for _, e := range conjuncts(s.Cond) {
			if visible(e) && s.Init == nil {
				conds = append(conds, p.text(e))
			}
		}
		ast.Inspect(s.Body.List[0], func(m ast.Node) bool {
			id, ok := m.(*ast.Ident)
			if v, isVar := p.info.Uses[id].(*types.Var); ok && isVar && !v.IsField() && p.visible(v, n.End()) {
				switch t := v.Type(); {
				case measurable(t):
					conds = append(conds, "len("+v.Name()+") > 0")
				case isNumber(t):
					conds = append(conds, v.Name()+" > 0")
				case nilable(t):
					conds = append(conds, v.Name()+" != nil")
				}
			}
			return true
		})
		for _, text := range texts {
			c.add(text, splice{at, at, "\n" + strings.TrimSuffix(text, "\n")})
			for _, cond := range conds {
				guarded := "if " + cond + " {\n" + text + "}"
				c.add(guarded, splice{at, at, "\n" + guarded})
			}
		}
		return true
	})
	return c.choices
}

// conjuncts are the operands of &&, or the expression itself.
func conjuncts(e ast.Expr) []ast.Expr {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.LAND {
		return append(conjuncts(b.X), conjuncts(b.Y)...)
	}
	return []ast.Expr{e}
}
