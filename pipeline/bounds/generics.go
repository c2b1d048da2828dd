package bounds

import (
	"go/ast"
	"go/types"
)

// generics is what a program declares with type parameters, as far as it tells how
// much larger a type may be than the types that it is made of. All is by name, so of
// two methods of one name the greedier one counts.
type generics struct {
	funcs map[string]*genericFunc

	// How often a type parameter of a generic type occurs at most in the type of a
	// field, in the results of a method, and in all of a method's signature.
	fields, results, methods map[string]int64

	unwrapped int64 // ... in a part of the underlying type of a generic type: an element, a result
	twice     bool  // it does in two parts of one, as in func(T, T) bool
	ofStruct  int64 // ... in a struct
	ofMethods int64 // ... in a method
	ofFaces   int64 // ... in an interface
	embedded  int64 // ... along a chain of embedded types, or of types declared by others

	faces map[string]bool // names of generic interfaces
}

// genericFunc is a declared function with type parameters.
type genericFunc struct {
	params  []string // names of the type parameters
	binds   []int    // by type parameter: the first value parameter that it is inferred from; -1: none
	values  [][]int64
	results []int64   // by type parameter: how often it occurs in the results
	whole   int64     // how often one occurs in all of the signature
	core    [][]int64 // by type parameter: how often each occurs in its constraint
	factor  int64     // what inference makes of an argument; more than 1 if it looks into structs or methods
}

// mentions counts how often each of some type parameters occurs in a type.
func mentions(names []string, exprs ...ast.Expr) []int64 {
	n := make([]int64, len(names))
	for _, e := range exprs {
		if e == nil {
			continue
		}
		ast.Inspect(e, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.Field: // its names are none of types
				for i, k := range mentions(names, node.Type) {
					n[i] += k * int64(max(1, len(node.Names)))
				}
				return false
			case *ast.Ident:
				for i, name := range names {
					if name == node.Name {
						n[i]++
					}
				}
			}
			return true
		})
	}
	return n
}

// most is the largest of some counts.
func most(counts []int64) int64 {
	n := int64(0)
	for _, c := range counts {
		n = max(n, c)
	}
	return n
}

func total(counts []int64) int64 {
	n := int64(0)
	for _, c := range counts {
		n += c
	}
	return n
}

// paramNames are the names of type parameters.
func paramNames(list *ast.FieldList) []string {
	var names []string
	if list != nil {
		for _, f := range list.List {
			for _, name := range f.Names {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

// receiverParams are the names that a method gives to the type parameters of its receiver.
func receiverParams(recv *ast.FieldList) []string {
	var names []string
	if recv == nil || len(recv.List) != 1 {
		return nil
	}
	ast.Inspect(recv.List[0].Type, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IndexExpr:
			if id, ok := n.Index.(*ast.Ident); ok {
				names = append(names, id.Name)
			}
		case *ast.IndexListExpr:
			for _, x := range n.Indices {
				if id, ok := x.(*ast.Ident); ok {
					names = append(names, id.Name)
				}
			}
		}
		return true
	})
	return names
}

// newGenerics reads the declarations of a package, and of the packages that it imports.
func newGenerics(files []*ast.File, names []*scope) *generics {
	g := &generics{
		funcs: map[string]*genericFunc{}, fields: map[string]int64{}, results: map[string]int64{}, methods: map[string]int64{}, faces: map[string]bool{},
		unwrapped: 1, ofStruct: 1, ofMethods: 1, ofFaces: 1, embedded: 1,
	}
	chains := map[string][]chain{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if n.TypeParams != nil {
					g.typ(n, chains)
				}
			case *ast.FuncDecl:
				if names := receiverParams(n.Recv); names != nil {
					g.method(n.Name.Name, names, n.Type)
				}
			}
			return true
		})
	}
	for _, s := range names {
		for _, p := range s.imports { // any order: the largest counts
			g.importMethods(p)
		}
	}
	known := map[string]*lazy{}
	for name := range chains { // any order: the largest counts
		g.embedded = max(g.embedded, gain(name, chains, known))
	}
	for _, file := range files {
		for _, d := range file.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && d.Type.TypeParams != nil {
				g.funcs[d.Name.Name] = g.function(d.Type)
			}
		}
	}
	return g
}

// importMethods notes the methods of another package's generic types. These have no
// fields, and results that hold a type argument once.
func (g *generics) importMethods(p *types.Package) {
	for _, name := range p.Scope().Names() {
		t, ok := p.Scope().Lookup(name).(*types.TypeName)
		if !ok || !t.Exported() {
			continue
		}
		if named, ok := t.Type().(*types.Named); ok && named.TypeParams() != nil {
			for m := range named.Methods() {
				sig := m.Signature()
				for param := range sig.RecvTypeParams().TypeParams() {
					g.methods[m.Name()] = max(g.methods[m.Name()], occurrences(sig, param))
				}
			}
		}
	}
}

// occurrences counts a type parameter in a type.
func occurrences(t types.Type, p *types.TypeParam) int64 {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		if t == p {
			return 1
		}
	case *types.Named:
		n := int64(0)
		for arg := range t.TypeArgs().Types() {
			n += occurrences(arg, p)
		}
		return n
	case *types.Tuple:
		n := int64(0)
		for v := range t.Variables() {
			n += occurrences(v.Type(), p)
		}
		return n
	case *types.Signature:
		return occurrences(t.Params(), p) + occurrences(t.Results(), p)
	case *types.Map:
		return occurrences(t.Key(), p) + occurrences(t.Elem(), p)
	case interface{ Elem() types.Type }: // a pointer, slice, array or channel
		return occurrences(t.Elem(), p)
	}
	return 0
}

// chain leads from a generic type to one that it embeds or is declared by.
type chain struct {
	to    string
	gains int64
}

// gain is how much a type argument may grow on the way along a chain. Types that embed
// themselves were refused before.
func gain(name string, chains map[string][]chain, known map[string]*lazy) int64 {
	l := known[name]
	if l == nil {
		l = &lazy{}
		known[name] = l
	}
	return l.get(1, func() int64 {
		n := int64(1)
		for _, c := range chains[name] {
			n = max(n, product(max(1, c.gains), gain(c.to, chains, known)))
		}
		return n
	})
}

// method notes a method of a generic type.
func (g *generics) method(name string, params []string, t *ast.FuncType) {
	whole := most(mentions(params, t))
	g.methods[name] = max(g.methods[name], whole)
	g.results[name] = max(g.results[name], most(mentions(params, fieldTypes(t.Results)...)))
	g.ofMethods = max(g.ofMethods, whole)
}

// fieldTypes are the types of a list, once for each name.
func fieldTypes(list *ast.FieldList) []ast.Expr {
	var out []ast.Expr
	if list != nil {
		for _, f := range list.List {
			for range max(1, len(f.Names)) {
				out = append(out, f.Type)
			}
		}
	}
	return out
}

// typ notes a generic type.
func (g *generics) typ(spec *ast.TypeSpec, chains map[string][]chain) {
	params := paramNames(spec.TypeParams)
	link := func(e ast.Expr) {
		for _, part := range terms(e) {
			to := typeName(part)
			if to == nil {
				continue
			}
			chains[spec.Name.Name] = append(chains[spec.Name.Name], chain{to.Name, most(mentions(params, part))})
		}
	}
	ast.Inspect(spec.Type, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StructType:
			for _, f := range n.Fields.List {
				k := most(mentions(params, f.Type))
				for _, name := range f.Names {
					g.fields[name.Name] = max(g.fields[name.Name], k)
				}
				if name := typeName(f.Type); len(f.Names) == 0 && name != nil {
					g.fields[name.Name] = max(g.fields[name.Name], k)
					link(f.Type)
				}
			}
		case *ast.InterfaceType:
			for _, f := range n.Methods.List {
				if t, ok := f.Type.(*ast.FuncType); ok && len(f.Names) > 0 {
					g.method(f.Names[0].Name, params, t)
				} else {
					link(f.Type)
				}
			}
		}
		return true
	})
	whole := mentions(params, spec.Type)
	var parts []ast.Expr
	switch t := ast.Unparen(spec.Type).(type) {
	case *ast.StructType:
		g.ofStruct = max(g.ofStruct, most(whole))
		return
	case *ast.InterfaceType:
		g.faces[spec.Name.Name] = true
		g.ofFaces = max(g.ofFaces, most(whole))
		return
	case *ast.MapType:
		parts = []ast.Expr{t.Key, t.Value}
	case *ast.FuncType:
		parts = append(fieldTypes(t.Params), fieldTypes(t.Results)...)
	case *ast.ArrayType:
		parts = []ast.Expr{t.Elt}
	case *ast.ChanType:
		parts = []ast.Expr{t.Value}
	case *ast.StarExpr:
		parts = []ast.Expr{t.X}
	default:
		link(spec.Type)
		parts = []ast.Expr{spec.Type}
	}
	for _, part := range parts {
		g.unwrapped = max(g.unwrapped, most(mentions(params, part)))
	}
	g.twice = g.twice || most(whole) > 1
}

// terms are the parts of a union.
func terms(e ast.Expr) []ast.Expr {
	switch e := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		return append(terms(e.X), terms(e.Y)...)
	case *ast.UnaryExpr:
		return terms(e.X)
	default:
		return []ast.Expr{e}
	}
}

// function reads the signature of a generic function.
func (g *generics) function(t *ast.FuncType) *genericFunc {
	f := &genericFunc{params: paramNames(t.TypeParams), factor: 1}
	for _, e := range fieldTypes(t.Params) {
		f.values = append(f.values, mentions(f.params, e))
	}
	for i := range f.params {
		bound := -1
		for j, v := range f.values {
			if v[i] > 0 {
				bound = j
				break
			}
		}
		f.binds = append(f.binds, bound)
	}
	f.results = mentions(f.params, fieldTypes(t.Results)...)
	f.whole = total(mentions(f.params, t))
	for _, e := range fieldTypes(t.TypeParams) {
		core := mentions(f.params, e)
		if g.viaInterface(e) {
			for i := range core {
				core[i] = product(core[i], product(g.ofFaces, g.embedded))
			}
		}
		f.core = append(f.core, core)
	}
	for _, list := range []*ast.FieldList{t.TypeParams, t.Params} {
		for _, e := range fieldTypes(list) {
			if g.viaInterface(e) {
				f.factor = max(f.factor, g.ofMethods)
			}
			ast.Inspect(e, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.StructType:
					f.factor = max(f.factor, g.ofStruct)
				case *ast.InterfaceType:
					if total(mentions(f.params, n)) > 0 {
						f.factor = max(f.factor, g.ofMethods)
					}
				}
				return true
			})
		}
	}
	return f
}

// viaInterface reports whether a type is made with a generic interface.
func (g *generics) viaInterface(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IndexExpr, *ast.IndexListExpr:
			name := typeName(n.(ast.Expr))
			found = found || name != nil && g.faces[name.Name]
		}
		return true
	})
	return found
}

// worst is the largest number of mentions of a type parameter.
func (g *generics) worst() int64 {
	n := max(g.unwrapped, g.ofStruct, g.ofMethods, g.ofFaces, g.embedded)
	for _, f := range g.funcs { // any order: the largest counts
		n = max(n, f.whole)
	}
	return n
}
