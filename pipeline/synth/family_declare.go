package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// declareEdits change what variables are: their first values, their types, which of two
// with one name is meant, how long one lives, and what a method has of its receiver.
var declareEdits = []*operation{
	{
		family: "declare", name: "value", verb: "declare it with a value",
		match: func(p *Program, n ast.Node) bool {
			spec := variableSpec(n)
			return spec != nil && len(spec.Names) == 1 && len(spec.Values) == 0
		},
		choices: firstValues,
	},
	{
		family: "declare", name: "outer", verb: "assign to the outer variable",
		match: func(p *Program, n ast.Node) bool {
			a, ok := n.(*ast.AssignStmt)
			return ok && a.Tok == token.DEFINE && len(outerChoices(p, n)) > 0
		},
		choices: outerChoices,
	},
	{
		family: "declare", name: "round", verb: "give each round of the loop its own",
		match: func(p *Program, n ast.Node) bool { return len(ownedByRounds(p, n)) > 0 },
		choices: func(p *Program, n ast.Node) []choice {
			c := p.choose(4)
			at := p.tok.Offset(loopBody(n).Lbrace) + 1
			for _, v := range ownedByRounds(p, n) {
				c.add(v.Name(), splice{at, at, "\n" + v.Name() + " := " + v.Name()})
			}
			return c.choices
		},
	},
	{
		family: "declare", name: "type", verb: "declare it as",
		match: func(p *Program, n ast.Node) bool { return p.declaredNumber(n) != nil },
		choices: func(p *Program, n ast.Node) []choice {
			d := p.declaredNumber(n)
			c := p.choose(3)
			for _, name := range widerTypes(d.v.Type()) {
				c.add(name, p.retype(d, name)...)
			}
			return c.choices
		},
	},
	{
		family: "declare", name: "receiver", verb: "take the receiver by pointer",
		match: func(p *Program, n ast.Node) bool { return p.changedReceiver(n) != nil },
		choices: func(p *Program, n ast.Node) []choice {
			at := p.from(p.changedReceiver(n))
			return []choice{{splices: []splice{{at, at, "*"}}}}
		},
	},
}

// variableSpec returns the only declaration of variables that a statement is, or nil.
func variableSpec(n ast.Node) *ast.ValueSpec {
	s, ok := n.(*ast.DeclStmt)
	if !ok {
		return nil
	}
	if d := s.Decl.(*ast.GenDecl); d.Tok == token.VAR && len(d.Specs) == 1 {
		return d.Specs[0].(*ast.ValueSpec)
	}
	return nil
}

func firstValues(p *Program, n ast.Node) []choice {
	spec := variableSpec(n)
	t := p.info.TypeOf(spec.Type)
	c := p.choose(9)
	add := func(text string, more ...splice) {
		c.add(text, append([]splice{{p.to(spec), p.to(spec), " = " + text}}, more...)...)
	}
	same := func(other types.Type) bool { return types.Identical(other, t) }
	switch {
	case isMap(t):
		add(p.text(spec.Type) + "{}")
	case isBool(t):
		add("true")
	case isNumber(t):
		add("1")
		add("-1")
		for _, text := range p.elements(n, same, 2) {
			add(text)
		}
		if isBasic(t, types.IsInteger) {
			for _, name := range sentinels {
				add(name, p.importing("math")...)
			}
		}
	}
	for _, a := range p.atoms(n, same, 3) {
		add(a.text)
	}
	for _, text := range p.elements(n, same, 1) {
		add(text)
	}
	return c.choices
}

// outerChoices make assignments of a declaration whose variables are there already,
// outside of the block; of those that are not, a declaration of their own.
func outerChoices(p *Program, n ast.Node) []choice {
	a := n.(*ast.AssignStmt)
	var declared strings.Builder
	outer := false
	for _, e := range a.Lhs {
		id, ok := e.(*ast.Ident)
		v, isVar := p.info.Defs[id].(*types.Var)
		if !ok || id.Name == "_" || !isVar {
			continue // the variable is of this block, so := is an assignment to it
		}
		_, obj := p.scope(n.Pos()).LookupParent(id.Name, n.Pos())
		w, isVar := obj.(*types.Var)
		switch {
		case isVar && types.Identical(v.Type(), w.Type()):
			outer = true
		case isListed(p, n):
			declared.WriteString("var " + id.Name + " " + p.named(v.Type()) + "\n")
		default:
			return nil
		}
	}
	if !outer {
		return nil
	}
	at := p.tok.Offset(a.TokPos)
	splices := []splice{{at, at + len(":="), "="}}
	if declared.Len() > 0 {
		splices = append(splices, splice{p.from(n), p.from(n), declared.String()})
	}
	return []choice{{splices: splices}}
}

func loopBody(n ast.Node) *ast.BlockStmt {
	switch n := n.(type) {
	case *ast.ForStmt:
		return n.Body
	case *ast.RangeStmt:
		return n.Body
	}
	return nil
}

// ownedByRounds returns the variables from outside of a loop that the loop changes and
// that a round keeps: in a function literal, or by their address.
func ownedByRounds(p *Program, n ast.Node) []*types.Var {
	body := loopBody(n)
	if body == nil {
		return nil
	}
	var kept []*types.Var
	keep := func(n ast.Node) {
		ast.Inspect(n, func(m ast.Node) bool {
			if id, ok := m.(*ast.Ident); ok {
				if v, ok := p.info.Uses[id].(*types.Var); ok && !v.IsField() && v.Parent() != p.pkg.Scope() && p.visible(v, body.Pos()) && !slices.Contains(kept, v) {
					kept = append(kept, v)
				}
			}
			return true
		})
	}
	ast.Inspect(body, func(m ast.Node) bool {
		switch m := m.(type) {
		case *ast.FuncLit:
			keep(m)
			return false
		case *ast.UnaryExpr:
			if m.Op == token.AND {
				keep(m.X)
			}
		}
		return true
	})
	changed := map[*types.Var]bool{}
	change := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok {
			if v, ok := p.info.Uses[id].(*types.Var); ok {
				changed[v] = true
			}
		}
	}
	targets(n, false, change)
	return slices.DeleteFunc(kept, func(v *types.Var) bool { return !changed[v] })
}

// targets visits what is assigned to below a node, in function literals as well or not.
func targets(n ast.Node, literals bool, visit func(ast.Expr)) {
	ast.Inspect(n, func(m ast.Node) bool {
		switch m := m.(type) {
		case *ast.FuncLit:
			return literals
		case *ast.RangeStmt:
			if m.Tok == token.ASSIGN {
				visit(m.Key)
				visit(m.Value)
			}
		case *ast.AssignStmt:
			for _, e := range m.Lhs {
				visit(e)
			}
		case *ast.IncDecStmt:
			visit(m.X)
		}
		return true
	})
}

// declaredNumber is a declaration of one number of a basic type.
type declaredNumber struct {
	v    *types.Var
	typ  ast.Expr // nil: the type is that of the value
	name *ast.Ident
	init ast.Expr // nil: there is none
}

func (p *Program) declaredNumber(n ast.Node) *declaredNumber {
	d := &declaredNumber{}
	switch n := n.(type) {
	case *ast.DeclStmt:
		spec := variableSpec(n)
		if spec == nil || len(spec.Names) != 1 || len(spec.Values) > 1 {
			return nil
		}
		d.name, d.typ = spec.Names[0], spec.Type
		if len(spec.Values) == 1 {
			d.init = spec.Values[0]
		}
	case *ast.AssignStmt:
		id, ok := n.Lhs[0].(*ast.Ident)
		if !ok || n.Tok != token.DEFINE || len(n.Lhs) != 1 || len(n.Rhs) != 1 {
			return nil
		}
		d.name, d.init = id, n.Rhs[0]
	default:
		return nil
	}
	var ok bool
	if d.v, ok = p.info.Defs[d.name].(*types.Var); !ok || d.v.Name() == "_" || len(widerTypes(d.v.Type())) == 0 {
		return nil
	}
	return d
}

// widerTypes are the types that hold more than a number's.
func widerTypes(t types.Type) []string {
	b, ok := types.Unalias(t).(*types.Basic)
	if !ok {
		return nil
	}
	switch b.Kind() {
	case types.Int8, types.Int16, types.Int32, types.Uint8, types.Uint16, types.Uint32:
		return []string{"int64", "int", "float64"}
	case types.Uint, types.Uint64:
		return []string{"int"}
	case types.Int, types.Int64, types.Float32:
		return []string{"float64"}
	}
	return nil
}

// retype gives a variable another type: values that are assigned to it are converted, and
// its own where something else than a conversion takes it.
func (p *Program) retype(d *declaredNumber, name string) []splice {
	var splices []splice
	convert := func(e ast.Expr, to string) {
		if p.info.Types[e].Value == nil {
			splices = append(splices, splice{p.from(e), p.from(e), to + "("}, splice{p.to(e), p.to(e), ")"})
		}
	}
	switch {
	case d.typ != nil:
		splices = append(splices, splice{p.from(d.typ), p.to(d.typ), name})
		if d.init != nil {
			convert(d.init, name)
		}
	case d.init != nil:
		splices = append(splices, splice{p.from(d.init), p.from(d.init), name + "("}, splice{p.to(d.init), p.to(d.init), ")"})
	}
	own := p.named(d.v.Type())
	for _, n := range p.nodes {
		id, ok := n.(*ast.Ident)
		if !ok || p.info.Uses[id] != d.v {
			continue
		}
		switch parent := p.parent[id].(type) {
		case *ast.AssignStmt:
			if i := slices.Index(parent.Lhs, ast.Expr(id)); i >= 0 {
				if len(parent.Lhs) == len(parent.Rhs) && !p.mentions(parent.Rhs[i], d.v) {
					convert(parent.Rhs[i], name)
				}
				continue
			}
			convert(id, own)
		case *ast.IncDecStmt, *ast.RangeStmt:
		case *ast.CallExpr:
			if !p.info.Types[parent.Fun].IsType() {
				convert(id, own)
			}
		case *ast.BinaryExpr:
			other := parent.X
			if other == ast.Expr(id) {
				other = parent.Y
			}
			if tv := p.info.Types[other]; tv.Value == nil && !p.mentions(other, d.v) {
				convert(other, name)
			}
		default:
			convert(id, own)
		}
	}
	return splices
}

// mentions reports whether a variable is used below a node.
func (p *Program) mentions(n ast.Node, v *types.Var) bool {
	found := false
	ast.Inspect(n, func(m ast.Node) bool {
		if id, ok := m.(*ast.Ident); ok {
			found = found || p.info.Uses[id] == v
		}
		return !found
	})
	return found
}

// changedReceiver returns the type of a receiver that is taken by value and changed, if
// the node is the body of such a method.
func (p *Program) changedReceiver(n ast.Node) ast.Expr {
	decl, ok := p.parent[n].(*ast.FuncDecl)
	if !ok || decl.Recv == nil || p.generic(decl) || len(decl.Recv.List[0].Names) == 0 {
		return nil
	}
	typ, ok := decl.Recv.List[0].Type.(*ast.Ident)
	if !ok {
		return nil
	}
	v := p.info.Defs[decl.Recv.List[0].Names[0]]
	changed := false
	change := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.SelectorExpr:
				e = x.X
				continue
			case *ast.IndexExpr:
				e = x.X
				continue
			case *ast.Ident:
				changed = changed || v != nil && p.info.Uses[x] == v
			}
			return
		}
	}
	targets(decl.Body, true, change)
	if !changed {
		return nil
	}
	return typ
}
