package bounds

import (
	"go/ast"
	"go/token"
	"go/types"
)

// growth bounds the types of expressions: the number of parts that a type would have
// if it were written out. go/types shares the parts, and yet walks all of them when it
// compares, substitutes and identifies types, so a type that doubles forty times is
// small, and takes for ever.
//
// Without type parameters a type is as large as somebody wrote it. With them it grows
// by calls of generic functions, whose results are made of the types of arguments, and
// by selecting, indexing and calling values of generic types. Each such step gives
// written + factor x size of what it starts from. written is the weight of the largest
// type in the source: what a name stands for is never larger.
type growth struct {
	meter    *meter
	generics *generics
	globals  map[string]*global
	imports  map[string]*types.Package // of the file

	functions int              // within each other, around the node
	locals    map[string]int64 // names declared in them so far, the innermost
	undo      []hidden         // what these hide
	sizes     map[ast.Expr]int64
	total     int64
	told      bool
}

// global is a package-level variable without a type.
type global struct {
	value   ast.Expr
	imports map[string]*types.Package
	size    lazy
}

// hidden is what a name stood for outside of a block.
type hidden struct {
	name  string
	size  int64
	known bool
}

// boundGrowth measures what is inferred. Types as written are bounded already.
func (m *meter) boundGrowth(files []*ast.File, names []*scope) {
	g := &growth{
		meter: m, generics: newGenerics(files, names), globals: map[string]*global{},
		locals: map[string]int64{}, sizes: map[ast.Expr]int64{},
	}
	if most := g.generics.worst(); most > maxMentions {
		m.object(Generics, files[0].Package, "a type parameter is mentioned %s times in one type or signature, embedded ones included: want at most %d", count(most), maxMentions)
		return
	}
	for i, file := range files {
		for _, d := range file.Decls {
			if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.VAR {
				for _, spec := range d.Specs {
					g.declareGlobals(spec.(*ast.ValueSpec), names[i].imports)
				}
			}
		}
	}
	for _, v := range g.globals { // any order: each is computed once, from others
		g.global(v)
	}
	for i, file := range files {
		g.imports = names[i].imports
		g.walk(file)
	}
	if g.total > maxInferredSum && !g.told {
		m.object(Generics, files[0].Package, "inferred types have up to %s parts, written out: want at most %d", count(g.total), maxInferredSum)
	}
}

func (g *growth) declareGlobals(spec *ast.ValueSpec, imports map[string]*types.Package) {
	if spec.Type != nil || len(spec.Values) == 0 {
		return
	}
	for i, name := range spec.Names {
		if g.globals[name.Name] == nil && name.Name != "_" {
			g.globals[name.Name] = &global{value: spec.Values[min(i, len(spec.Values)-1)], imports: imports}
		}
	}
}

// global bounds a package-level variable, before anything local is declared.
func (g *growth) global(v *global) int64 {
	return v.size.get(g.meter.written, func() int64 {
		defer func(imports map[string]*types.Package) { g.imports = imports }(g.imports)
		g.imports = v.imports
		return g.size(v.value)
	})
}

// walk goes through a file in the order of the source. A name is declared when its
// declaration is seen, and forgotten at the end of the block.
func (g *growth) walk(file *ast.File) {
	type frame struct {
		declared int // length of undo before it
		function bool
	}
	var outer []frame
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			last := outer[len(outer)-1]
			outer = outer[:len(outer)-1]
			g.forget(last.declared)
			if last.function {
				g.functions--
			}
			return true
		}
		f := frame{declared: len(g.undo)}
		switch n.(type) {
		case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause, *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt:
		case *ast.FuncDecl, *ast.FuncLit:
			f.function = true
			g.functions++
		default:
			f.declared = -1
		}
		outer = append(outer, f)
		g.visit(n)
		return true
	})
}

// forget undoes declarations down to a mark, if there is one.
func (g *growth) forget(mark int) {
	for mark >= 0 && len(g.undo) > mark {
		h := g.undo[len(g.undo)-1]
		g.undo = g.undo[:len(g.undo)-1]
		if h.known {
			g.locals[h.name] = h.size
		} else {
			delete(g.locals, h.name)
		}
	}
}

// declare gives a name to a size. A function literal in the very declaration may mean
// what the name hides, so it counts for no less.
func (g *growth) declare(e ast.Expr, size int64) {
	if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
		old, known := g.locals[id.Name]
		g.undo = append(g.undo, hidden{id.Name, old, known})
		g.locals[id.Name] = max(size, g.measure(id))
	}
}

func (g *growth) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		g.parameters(n.Recv, n.Type)
	case *ast.FuncLit:
		g.parameters(nil, n.Type)
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return
		}
		sizes := make([]int64, len(n.Rhs))
		for i, e := range n.Rhs {
			sizes[i] = g.size(e)
		}
		for i, e := range n.Lhs {
			g.declare(e, sizes[min(i, len(sizes)-1)])
		}
	case *ast.RangeStmt:
		if size := g.part(g.size(n.X)); n.Tok == token.DEFINE {
			g.declare(n.Key, size)
			g.declare(n.Value, size)
		}
	case *ast.ValueSpec:
		size := g.meter.written
		for _, e := range n.Values {
			size = max(size, g.size(e))
		}
		if g.functions > 0 {
			for _, name := range n.Names {
				g.declare(name, size)
			}
		}
	case *ast.TypeSpec:
		if g.functions > 0 {
			g.declare(n.Name, g.meter.written)
		}
	case ast.Expr:
		g.size(n)
	}
}

func (g *growth) parameters(recv *ast.FieldList, t *ast.FuncType) {
	for _, list := range []*ast.FieldList{recv, t.TypeParams, t.Params, t.Results} {
		if list != nil {
			for _, f := range list.List {
				for _, name := range f.Names {
					g.declare(name, g.meter.written)
				}
			}
		}
	}
}

// part bounds an element, a result or the like of a value.
func (g *growth) part(size int64) int64 { return max(size, g.grown(size, g.generics.unwrapped)) }

// grown bounds what is found by way of a declaration that mentions a type parameter so
// many times.
func (g *growth) grown(size, mentions int64) int64 {
	return sum(g.meter.written, product(size, product(max(1, mentions), g.generics.embedded)))
}

// size bounds the type of an expression. A type itself counts as what is written.
func (g *growth) size(e ast.Expr) int64 {
	if n, ok := g.sizes[e]; ok {
		return n
	}
	n := g.measure(e)
	switch e.(type) {
	case *ast.CallExpr, *ast.SelectorExpr, *ast.IndexExpr, *ast.IndexListExpr, *ast.SliceExpr, *ast.StarExpr, *ast.UnaryExpr, *ast.BinaryExpr:
		g.sizes[e] = n
		if n > 4*g.meter.written {
			g.total = sum(g.total, n)
		}
		if n > maxInferred && !g.told {
			g.told = true
			g.meter.object(Generics, e.Pos(), "an inferred type has up to %s parts, written out: want at most %d", count(n), maxInferred)
		}
	}
	return n
}

func (g *growth) measure(e ast.Expr) int64 {
	written := g.meter.written
	switch e := e.(type) {
	case *ast.Ident:
		if n, ok := g.locals[e.Name]; ok {
			return n
		}
		if v := g.globals[e.Name]; v != nil {
			return g.global(v)
		}
	case *ast.ParenExpr:
		return g.size(e.X)
	case *ast.StarExpr:
		return g.part(g.size(e.X))
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return sum(1, g.size(e.X))
		}
		return g.part(g.size(e.X)) // received from a channel, at most
	case *ast.BinaryExpr:
		return max(g.size(e.X), g.size(e.Y))
	case *ast.SliceExpr:
		return sum(1, g.part(g.size(e.X)))
	case *ast.IndexExpr:
		return g.part(g.size(e.X))
	case *ast.IndexListExpr:
		return g.part(g.size(e.X))
	case *ast.TypeAssertExpr:
		return max(written, g.size(e.X)) // of the variable of a type switch
	case *ast.SelectorExpr:
		if g.imported(e) != nil {
			return written
		}
		size := g.size(e.X)
		return max(size, g.grown(size, max(g.generics.fields[e.Sel.Name], g.generics.methods[e.Sel.Name])))
	case *ast.CallExpr:
		return g.call(e)
	}
	return written
}

// imported returns what a selector names in another package.
func (g *growth) imported(e *ast.SelectorExpr) types.Object {
	id, ok := e.X.(*ast.Ident)
	if !ok {
		return nil
	}
	if _, local := g.locals[id.Name]; local {
		return nil
	}
	if p := g.imports[id.Name]; p != nil {
		return p.Scope().Lookup(e.Sel.Name)
	}
	return nil
}

// declared returns the generic function that an expression names.
func (g *growth) declared(e ast.Expr) *genericFunc {
	id := typeName(e)
	if id == nil {
		return nil
	}
	if _, local := g.locals[id.Name]; local {
		return nil
	}
	return g.generics.funcs[id.Name]
}

// call bounds the results of a call.
func (g *growth) call(e *ast.CallExpr) int64 {
	if f := g.declared(e.Fun); f != nil {
		return g.infer(f, g.arguments(e.Args))
	}
	switch fun := ast.Unparen(e.Fun).(type) {
	case *ast.SelectorExpr:
		if g.imported(fun) != nil {
			// No result of an imported function is made of more than one argument, nor of one
			// twice: TestImportedGenericsDoNotMultiply in package build.
			return sum(g.meter.written, largest(g.arguments(e.Args)))
		}
		size := g.size(fun.X)
		field := g.grown(size, g.generics.fields[fun.Sel.Name])
		if g.generics.fields[fun.Sel.Name] == 0 {
			field = size
		}
		return max(g.part(field), g.grown(size, g.generics.results[fun.Sel.Name]))
	case *ast.Ident:
		if _, local := g.locals[fun.Name]; !local && g.globals[fun.Name] == nil {
			// A function without type parameters, a conversion, or a built-in function: new
			// points to its argument, append and max return one.
			return sum(sum(1, g.meter.written), largest(g.arguments(e.Args)))
		}
	}
	return g.part(g.size(e.Fun))
}

func largest(sizes []int64) int64 {
	n := int64(0)
	for _, s := range sizes {
		n = max(n, s)
	}
	return n
}

// arguments bounds the arguments of a call. A generic function among them takes its
// own type arguments from the others.
func (g *growth) arguments(args []ast.Expr) []int64 {
	sizes := make([]int64, len(args))
	others, factor := g.meter.written, int64(1)
	for i, arg := range args {
		if f := g.declared(arg); f != nil {
			factor = product(factor, max(1, f.whole))
		} else {
			sizes[i] = g.size(arg)
			others = max(others, sizes[i])
		}
	}
	for i := range sizes {
		if sizes[i] == 0 {
			sizes[i] = product(factor, sum(others, g.meter.written))
		}
	}
	return sizes
}

// infer bounds the results of a generic function. A type parameter is bound by the
// first value parameter that mentions it: the type argument is a part of that one's
// type. Two that are bound by one parameter are different parts of it. Others follow
// from constraints, or are written.
func (g *growth) infer(f *genericFunc, args []int64) int64 {
	written := g.meter.written
	var values []int64 // by value parameter
	if len(f.values) > 0 {
		values = make([]int64, len(f.values))
		for i, size := range args {
			j := min(i, len(f.values)-1)
			if len(args) == 1 { // f(g()), for all parameters
				j = 0
			}
			values[j] = max(values[j], g.inferred(f, size))
		}
		if len(args) == 1 {
			for j := range values {
				values[j] = values[0]
			}
		}
	}
	bound := make([]int64, len(f.params))
	for p, j := range f.binds {
		if j < 0 {
			bound[p] = written
			continue
		}
		for k, mentions := range f.values {
			if mentions[p] > 0 {
				bound[p] = max(bound[p], values[k])
			}
		}
	}
	for range f.params { // as long as a chain of constraints may be
		for p := range f.params {
			if f.binds[p] >= 0 {
				continue
			}
			core := written
			for q, mentions := range f.core[p] {
				core = sum(core, product(mentions, bound[q]))
			}
			for q := range f.params {
				if f.core[q][p] > 0 {
					core = max(core, g.inferred(f, bound[q]))
				}
			}
			bound[p] = max(bound[p], core)
		}
	}
	result := written
	shared := make([]int64, len(f.values)) // mentions of what a value parameter binds
	for p, n := range f.results {
		switch j := f.binds[p]; {
		case j < 0:
			result = sum(result, product(n, bound[p]))
		case g.generics.twice || f.factor > 1:
			shared[j] += n
		default:
			shared[j] = max(shared[j], n)
		}
	}
	for j, n := range shared {
		most := int64(0)
		for p, k := range f.binds {
			if k == j {
				most = max(most, bound[p])
			}
		}
		result = sum(result, product(n, most))
	}
	return result
}

// inferred bounds what inference finds in an argument: a part of its type, of the
// underlying type, of a method.
func (g *growth) inferred(f *genericFunc, size int64) int64 {
	return max(size, g.grown(size, max(f.factor, g.generics.unwrapped)))
}
