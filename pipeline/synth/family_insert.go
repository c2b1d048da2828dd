package synth

import (
	"cmp"
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// insertEdits add a statement that is built from what is in scope. The arg is the
// statement.
var insertEdits = []*operation{
	{
		family: "insert", name: "before", verb: "insert before the statement",
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			return p.insertions(n, insertionsPerSite, func(text string) splice { return splice{p.from(n), p.from(n), text + "\n"} })
		},
	},
	{
		family: "insert", name: "after", verb: "insert after the last statement",
		match: func(p *Program, n ast.Node) bool { return isListed(p, n) && p.next(n) == nil && !leaves(n) },
		choices: func(p *Program, n ast.Node) []choice {
			return p.insertions(n, insertionsPerSite, func(text string) splice { return splice{p.to(n), p.to(n), "\n" + text} })
		},
	},
	{
		family: "insert", name: "inside", verb: "insert into the empty block",
		match: func(p *Program, n ast.Node) bool { return p.emptyAt(n) >= 0 },
		choices: func(p *Program, n ast.Node) []choice {
			at, end := p.emptyAt(n), ""
			if _, ok := n.(*ast.BlockStmt); ok {
				end = "\n"
			}
			return p.insertions(n, insertionsPerSite, func(text string) splice { return splice{at, at, "\n" + text + end} })
		},
	},
	{
		family: "insert", name: "else", verb: "insert an else",
		match: func(p *Program, n ast.Node) bool {
			s, ok := n.(*ast.IfStmt)
			return ok && s.Else == nil
		},
		choices: func(p *Program, n ast.Node) []choice {
			return p.insertions(n, 20, func(text string) splice { return splice{p.to(n), p.to(n), " else {\n" + text + "\n}"} })
		},
	},
}

// leaves reports whether nothing is done after a statement.
func leaves(n ast.Node) bool {
	switch n.(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	}
	return false
}

// emptyAt returns where in a block or a case without statements one can stand, or -1.
func (p *Program) emptyAt(n ast.Node) int {
	switch n := n.(type) {
	case *ast.BlockStmt:
		if len(n.List) > 0 {
			return -1
		}
		switch p.parent[n].(type) {
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			return -1
		}
		return p.tok.Offset(n.Rbrace)
	case *ast.CaseClause:
		if len(n.Body) == 0 {
			return p.tok.Offset(n.Colon) + 1
		}
	}
	return -1
}

// How many statements may be inserted at a site, and from how many variables they are
// built.
const (
	insertionsPerSite = 40
	inserted          = 8
)

func (p *Program) insertions(n ast.Node, limit int, at func(text string) splice) []choice {
	b := insertionBuilder{p: p, n: n}
	b.build()
	slices.SortStableFunc(b.found, func(x, y insertion) int { return cmp.Compare(x.cost, y.cost) })
	c := p.choose(limit)
	for _, in := range b.found {
		c.add(in.text, append([]splice{at(in.text)}, in.more...)...)
	}
	return c.choices
}

type insertion struct {
	text string
	cost int
	more []splice // an import
}

type insertionBuilder struct {
	p     *Program
	n     ast.Node
	found []insertion
}

func (b *insertionBuilder) add(cost int, parts ...string) {
	b.found = append(b.found, insertion{text: strings.Join(parts, ""), cost: cost})
}

func (b *insertionBuilder) same(t types.Type, limit int) []atom {
	return b.p.atoms(b.n, func(other types.Type) bool { return types.Identical(other, t) }, limit)
}

func (b *insertionBuilder) build() {
	loop, breakable := b.p.enclosing(b.n)
	if loop {
		b.add(4, "continue")
	}
	if breakable {
		b.add(4, "break")
	}
	for i, value := range b.p.returns(b.n, 3) {
		b.add(5+2*i, strings.TrimSpace("return "+value))
	}
	taken := 0
	for _, v := range b.p.around(b.n).vars {
		if taken == inserted {
			break
		}
		if v.Parent() == b.p.pkg.Scope() && types.IsInterface(v.Type()) {
			continue // an error of the package
		}
		cost := 2 * taken
		taken++
		b.assignments(cost, v)
		b.stores(cost, v.Name(), v.Type())
		b.fields(cost, v)
		b.calls(cost, v)
	}
}

// assignments change the variable itself.
func (b *insertionBuilder) assignments(cost int, v *types.Var) {
	t, name := v.Type(), v.Name()
	for j, a := range b.same(t, 4) {
		if a.obj != v || a.text != name {
			b.add(cost+1+2*j, name, " = ", a.text)
			if w, ok := a.obj.(*types.Var); ok && a.text == w.Name() && w.Pos() > v.Pos() {
				b.add(cost+5+2*j, name, ", ", a.text, " = ", a.text, ", ", name)
			}
		}
	}
	switch {
	case isNumber(t):
		b.add(cost+1, name, "++")
		b.add(cost+1, name, "--")
		b.add(cost+5, name, " = 0")
		for j, text := range b.p.elements(b.n, func(other types.Type) bool { return types.Identical(other, t) }, 2) {
			b.add(cost+6+j, name, " = ", text)
		}
		for j, a := range b.same(t, 3) {
			if a.text != name {
				b.add(cost+3+2*j, name, " += ", a.text)
				b.add(cost+5+2*j, name, " -= ", a.text)
			}
		}
		b.remainder(cost+4, name, t)
		if isInt(t) {
			for j, s := range b.p.locals(b.n, measurable, 2) {
				b.add(cost+6+j, name, " = min(", name, ", len(", s.Name(), "))")
			}
			b.add(cost+8, name, " = max(", name, ", 0)")
		}
	case isBool(t):
		b.add(cost+1, name, " = true")
		b.add(cost+1, name, " = false")
	case isString(t):
		b.add(cost+5, name, ` = ""`)
		for j, a := range b.same(t, 3) {
			if a.text != name {
				b.add(cost+3+2*j, name, " += ", a.text)
			}
		}
	case isSlice(t):
		for j, text := range b.p.appendable(b.n, t, 5) {
			b.add(cost+j, name, " = append(", name, ", ", text, ")")
		}
		b.add(cost+5, name, " = ", name, "[1:]")
		b.add(cost+5, name, " = ", name, "[:len(", name, ")-1]")
		b.add(cost+6, name, " = nil")
	}
}

// remainder keeps an integer below a constant, or a variable.
func (b *insertionBuilder) remainder(cost int, name string, t types.Type) {
	if !isBasic(t, types.IsInteger) {
		return
	}
	taken := 0
	for _, a := range slices.Backward(b.p.atoms(b.n, func(other types.Type) bool {
		return types.Identical(other, t) || isUntyped(other) && isBasic(other, types.IsInteger)
	}, 40)) {
		if a.text != name && taken < 2 {
			b.add(cost+taken, name, " %= ", a.text)
			taken++
		}
	}
}

// stores change elements of a variable or a field.
func (b *insertionBuilder) stores(cost int, name string, of types.Type) {
	var elem types.Type
	var keys []string
	switch t := of.Underlying().(type) {
	case *types.Map:
		elem = t.Elem()
		for _, k := range b.same(t.Key(), 3) {
			keys = append(keys, k.text)
		}
		for j, k := range keys[:min(1, len(keys))] {
			b.add(cost+5+2*j, "delete(", name, ", ", k, ")")
		}
	case *types.Slice:
		elem = t.Elem()
		for _, k := range b.p.locals(b.n, isInt, 2) {
			keys = append(keys, k.Name())
		}
	default:
		return
	}
	for j, k := range keys {
		at := name + "[" + k + "]"
		more := cost + 2*j
		switch st, structure := elem.Underlying().(*types.Struct); {
		case isBool(elem):
			b.add(more, at, " = true")
			b.add(more+3, at, " = false")
		case isNumber(elem):
			b.add(more+1, at, "++")
			b.add(more+4, at, "--")
		case structure && st.NumFields() == 0:
			b.add(more, at, " = ", b.p.named(elem), "{}")
		}
		for l, a := range b.same(elem, 3) {
			b.add(more+2+2*l, at, " = ", a.text)
		}
		for l, other := range keys {
			if other != k {
				b.add(more+3+2*l, at, " = ", name, "[", other, "]")
			}
		}
		if isSlice(elem) {
			for l, text := range b.p.appendable(b.n, elem, 2) {
				b.add(more+2+2*l, at, " = append(", at, ", ", text, ")")
			}
		}
	}
	if isSlice(of) && len(keys) == 2 {
		b.add(cost+6, name, "[", keys[0], "], ", name, "[", keys[1], "] = ", name, "[", keys[1], "], ", name, "[", keys[0], "]")
	}
}

// fields change fields of what the variable is or points to.
func (b *insertionBuilder) fields(cost int, v *types.Var) {
	for j, f := range b.p.fields(v.Type()) {
		if j == 4 {
			break
		}
		name := v.Name() + "." + f.Name()
		more := cost + 2 + j
		if types.Identical(f.Type(), v.Type()) {
			b.add(more-1, v.Name(), " = ", name)
		}
		for l, a := range b.same(f.Type(), 3) {
			if a.text != name {
				b.add(more+2*l, name, " = ", a.text)
			}
		}
		switch {
		case isBool(f.Type()):
			b.add(more, name, " = true")
			b.add(more+1, name, " = false")
		case isNumber(f.Type()):
			b.add(more, name, "++")
			b.add(more+2, name, "--")
			b.remainder(more+2, name, f.Type())
		case isSlice(f.Type()):
			for l, text := range b.p.appendable(b.n, f.Type(), 2) {
				b.add(more+2*l, name, " = append(", name, ", ", text, ")")
			}
		case nilable(f.Type()):
			b.add(more+2, name, " = nil")
		}
		b.stores(more+1, name, f.Type())
	}
}

// calls are for the sake of what they do: functions and methods without a result that
// take the variable and nothing else, or one more value of its methods.
func (b *insertionBuilder) calls(cost int, v *types.Var) {
	takes := func(t types.Type) bool {
		sig, ok := t.(*types.Signature)
		return ok && sig.Params().Len() == 1 && sig.Results().Len() == 0 && !sig.Variadic() && sig.TypeParams().Len() == 0 &&
			types.Identical(sig.Params().At(0).Type(), v.Type())
	}
	for _, f := range b.p.locals(b.n, takes, 2) {
		b.add(cost+2, f.Name(), "(", v.Name(), ")")
	}
	for _, name := range b.p.pkg.Scope().Names() {
		if f, ok := b.p.pkg.Scope().Lookup(name).(*types.Func); ok && takes(f.Type()) && b.p.visible(f, b.n.Pos()) && !b.p.isFrozen(f) {
			b.add(cost+4, name, "(", v.Name(), ")")
		}
	}
	if _, named := types.Unalias(v.Type()).(*types.Basic); !named {
		for i, m := range b.p.methods(v.Type()) {
			sig := m.Signature()
			switch {
			case i >= 20 || sig.Results().Len() > 0 || sig.Variadic():
			case sig.Params().Len() == 0:
				b.add(cost+4+i/4, v.Name(), ".", m.Name(), "()")
			case sig.Params().Len() == 1:
				for j, a := range b.same(sig.Params().At(0).Type(), 2) {
					b.add(cost+4+i/4+2*j, v.Name(), ".", m.Name(), "(", a.text, ")")
				}
			}
		}
	}
	for i, name := range b.p.unary(b.p.pkg, v.Type()) {
		if i < 3 && b.p.visible(b.p.pkg.Scope().Lookup(name), b.n.Pos()) {
			b.add(cost+3, v.Name(), " = ", name, "(", v.Name(), ")")
		}
	}
	if isString(v.Type()) && types.Identical(v.Type(), types.Typ[types.String]) {
		for i, name := range []string{"TrimSpace", "ToLower"} {
			b.found = append(b.found, insertion{v.Name() + " = strings." + name + "(" + v.Name() + ")", cost + 5 + i, b.p.importing("strings")})
		}
	}
	if isSlice(v.Type()) {
		b.sorting(cost+5, v)
	}
}

// sorting puts a slice in order, or turns it round: with what the file imports, or else
// with package slices or, by a field, sort.
func (b *insertionBuilder) sorting(cost int, v *types.Var) {
	p, name, elem := b.p, v.Name(), elementOf(v.Type())
	call := func(path, text string) {
		more := p.importing(path)
		if len(more) > 0 && cost > 5+2*2 {
			return // far off, and the package is not even there
		}
		b.found = append(b.found, insertion{text: text, cost: cost, more: more})
	}
	if isBasic(elem, types.IsOrdered) {
		basic := map[string]string{"int": "sort.Ints", "string": "sort.Strings", "float64": "sort.Float64s"}[p.named(elem)]
		if basic != "" && types.Identical(v.Type(), types.NewSlice(elem)) && p.imports("sort") {
			call("sort", basic+"("+name+")")
		} else {
			call("slices", "slices.Sort("+name+")")
		}
	}
	for i, f := range p.fields(elem) {
		if i < 3 && isBasic(f.Type(), types.IsOrdered) {
			call("sort", "sort.Slice("+name+", func(i, j int) bool { return "+name+"[i]."+f.Name()+" < "+name+"[j]."+f.Name()+" })")
		}
	}
	if p.imports("slices") {
		call("slices", "slices.Reverse("+name+")")
	}
}
