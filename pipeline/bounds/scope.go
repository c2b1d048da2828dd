package bounds

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// scope knows the constants and types that a name may stand for, before the type
// checker has looked. It serves to find upper bounds: a variable that hides a
// constant may be taken for the constant, never the other way round.
type scope struct {
	parent  *scope
	consts  map[string]*constDecl
	types   map[string]*typeDecl
	imports map[string]*types.Package // of a file, by the name it uses
}

type constDecl struct {
	scope *scope
	value ast.Expr
	size  lazy // bytes of the string, at most; 0 for a number
}

type typeDecl struct {
	scope   *scope
	spec    *ast.TypeSpec // nil if only methods are declared
	methods int64

	alias, embed, layout lazy // see the methods of scope
}

// lazy is a number that is computed when it is asked for, once.
type lazy struct {
	state int // 0; 1 while being computed; 2
	value int64
}

// get computes the value with f. Asked for while f runs, it is cyclic.
func (l *lazy) get(cyclic int64, f func() int64) int64 {
	switch l.state {
	case 0:
		l.state = 1
		l.value = f()
		l.state = 2
	case 1:
		return cyclic
	}
	return l.value
}

// saturated is more than any bound, and far from overflow when a few are summed.
const saturated = int64(1) << 40

func sum(a, b int64) int64 { return min(a+b, saturated) }

func product(a, b int64) int64 {
	if b > 0 && a > saturated/b {
		return saturated
	}
	return a * b
}

// newScope returns a scope without names; most blocks declare no constants or types,
// so its maps are made when needed.
func newScope(parent *scope) *scope { return &scope{parent: parent} }

func (s *scope) declareConst(name string, c *constDecl) {
	if s.consts == nil {
		s.consts = map[string]*constDecl{}
	}
	if s.consts[name] == nil { // of two declarations the first counts, as in go/types
		s.consts[name] = c
	}
}

func (s *scope) constant(name string) *constDecl {
	for ; s != nil; s = s.parent {
		if c := s.consts[name]; c != nil {
			return c
		}
	}
	return nil
}

func (s *scope) typ(name string) *typeDecl {
	for ; s != nil; s = s.parent {
		if t := s.types[name]; t != nil {
			return t
		}
	}
	return nil
}

func (s *scope) imported(name string) *types.Package {
	for ; s != nil; s = s.parent {
		if p := s.imports[name]; p != nil {
			return p
		}
	}
	return nil
}

// localType returns the type that s itself declares under a name, new if need be:
// methods may be declared before their type.
func (s *scope) localType(name string) *typeDecl {
	t := s.types[name]
	if t == nil {
		if s.types == nil {
			s.types = map[string]*typeDecl{}
		}
		t = &typeDecl{}
		s.types[name] = t
	}
	return t
}

// collect enters the package-level declarations of a file into pkg. Their
// expressions use the file's names.
func (pkg *scope) collect(file *ast.File, names *scope) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			eachConst(d, func(name *ast.Ident, value ast.Expr, _ bool) {
				pkg.declareConst(name.Name, &constDecl{scope: names, value: value})
			})
			for _, spec := range d.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok {
					if t := pkg.localType(spec.Name.Name); t.spec == nil {
						t.spec, t.scope = spec, names
					}
				}
			}
		case *ast.FuncDecl:
			if d.Recv != nil && len(d.Recv.List) == 1 {
				if name := typeName(d.Recv.List[0].Type); name != nil {
					pkg.localType(name.Name).methods++
				}
			}
		}
	}
}

// declare enters the declarations of a function's statement, one after the other:
// each sees those before it, and a type also itself.
func (s *scope) declare(d *ast.GenDecl) {
	eachConst(d, func(name *ast.Ident, value ast.Expr, _ bool) {
		s.declareConst(name.Name, &constDecl{size: lazy{state: 2, value: s.stringSize(value)}})
	})
	for _, spec := range d.Specs {
		if spec, ok := spec.(*ast.TypeSpec); ok && s.types[spec.Name.Name] == nil {
			t := s.localType(spec.Name.Name)
			t.scope, t.spec = s, spec
			s.weight(spec.Name)
			s.embedded(spec.Name)
			s.layout(spec.Name)
		}
	}
}

// eachConst calls f for each constant of d with its expression, which is repeated
// from an earlier one where it is left out.
func eachConst(d *ast.GenDecl, f func(name *ast.Ident, value ast.Expr, repeated bool)) {
	if d.Tok != token.CONST {
		return
	}
	var values []ast.Expr
	for _, spec := range d.Specs {
		spec, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		if len(spec.Values) > 0 {
			values = spec.Values
		}
		for i, name := range spec.Names {
			if i < len(values) {
				f(name, values[i], len(spec.Values) == 0)
			}
		}
	}
}

// stringSize bounds the length of the string constant that e stands for, if it is one.
func (s *scope) stringSize(e ast.Expr) int64 {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			return int64(len(e.Value))
		}
	case *ast.Ident:
		if c := s.constant(e.Name); c != nil {
			// A cycle is for the type checker to report.
			return c.size.get(0, func() int64 { return c.scope.stringSize(c.value) })
		}
	case *ast.ParenExpr:
		return s.stringSize(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return sum(s.stringSize(e.X), s.stringSize(e.Y))
		}
	case *ast.CallExpr: // a conversion, min or max
		most := int64(0)
		for _, arg := range e.Args {
			most = max(most, s.stringSize(arg))
		}
		return most
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			if p := s.imported(x.Name); p != nil {
				if c, ok := p.Scope().Lookup(e.Sel.Name).(*types.Const); ok && c.Val().Kind() == constant.String {
					return int64(len(constant.StringVal(c.Val())))
				}
			}
		}
	}
	return 0
}

// weight is the number of parts of a type when aliases and embedded types are
// written out. A defined type counts 1 where it is only mentioned.
func (s *scope) weight(e ast.Expr) int64 {
	switch e := e.(type) {
	case *ast.Ident:
		if t := s.typ(e.Name); t != nil && t.spec != nil && t.spec.Assign.IsValid() {
			return t.alias.get(1, func() int64 { return t.scope.weight(t.spec.Type) })
		}
	case *ast.ParenExpr:
		return s.weight(e.X)
	case *ast.StarExpr:
		return sum(1, s.weight(e.X))
	case *ast.UnaryExpr: // ~T
		return sum(1, s.weight(e.X))
	case *ast.BinaryExpr: // A | B
		return sum(s.weight(e.X), s.weight(e.Y))
	case *ast.ArrayType:
		return sum(1, s.weight(e.Elt))
	case *ast.ChanType:
		return sum(1, s.weight(e.Value))
	case *ast.Ellipsis:
		return sum(1, s.weight(e.Elt))
	case *ast.MapType:
		return sum(s.weight(e.Key), s.weight(e.Value))
	case *ast.IndexExpr:
		return sum(s.weight(e.X), s.weight(e.Index))
	case *ast.IndexListExpr:
		total := s.weight(e.X)
		for _, x := range e.Indices {
			total = sum(total, s.weight(x))
		}
		return total
	case *ast.FuncType:
		return sum(s.fields(e.Params, false), s.fields(e.Results, false))
	case *ast.StructType:
		return s.fields(e.Fields, true)
	case *ast.InterfaceType:
		return s.fields(e.Methods, true)
	}
	return 1
}

// fields sums the weights of a list. In structs and interfaces what has no name is
// embedded.
func (s *scope) fields(list *ast.FieldList, embeds bool) int64 {
	total := int64(1)
	if list == nil {
		return total
	}
	for _, f := range list.List {
		switch {
		case embeds && len(f.Names) == 0:
			total = sum(total, s.embedded(f.Type))
		default:
			w := s.weight(f.Type)
			for range max(1, len(f.Names)) {
				total = sum(total, w)
			}
		}
	}
	return total
}

// embedded is the weight of an embedded type: what it brings along, and its
// methods. It is saturated if the type embeds itself, by a pointer: then every type
// on the way has the methods of all others. The same goes for an interface literal
// within the interface that it embeds, which go/types accepts and the compiler does
// not (https://go.dev/issue/56103).
func (s *scope) embedded(e ast.Expr) int64 {
	weight := s.weight(e)
	if name := typeName(e); name != nil {
		if t := s.typ(name.Name); t != nil && t.spec != nil {
			return sum(weight, t.embed.get(saturated, func() int64 {
				return sum(t.methods, t.scope.embedded(t.spec.Type))
			}))
		}
	}
	return weight
}

// layout is the number of parts that lie within a value of a type, or that make up
// an interface: what go/types visits, without remembering where it has been, to see
// that no type contains itself.
func (s *scope) layout(e ast.Expr) int64 {
	switch e := e.(type) {
	case *ast.Ident:
		if t := s.typ(e.Name); t != nil && t.spec != nil {
			return t.layout.get(1, func() int64 { return sum(1, t.scope.layout(t.spec.Type)) })
		}
	case *ast.SelectorExpr:
		return 10 // of another package; none is large
	case *ast.ParenExpr:
		return s.layout(e.X)
	case *ast.UnaryExpr:
		return s.layout(e.X)
	case *ast.BinaryExpr:
		return sum(s.layout(e.X), s.layout(e.Y))
	case *ast.ArrayType:
		if e.Len != nil {
			return sum(1, s.layout(e.Elt))
		}
	case *ast.StructType:
		total := int64(1)
		for _, f := range e.Fields.List {
			total = sum(total, product(int64(max(1, len(f.Names))), s.layout(f.Type)))
		}
		return total
	case *ast.InterfaceType:
		total := int64(1)
		for _, f := range e.Methods.List {
			if len(f.Names) == 0 {
				total = sum(total, s.layout(f.Type))
			}
		}
		return total
	case *ast.IndexExpr:
		return product(s.layout(e.X), 1+s.layout(e.Index))
	case *ast.IndexListExpr:
		args := int64(1)
		for _, x := range e.Indices {
			args = sum(args, s.layout(x))
		}
		return product(s.layout(e.X), args)
	}
	return 1
}

// typeName strips pointers, parentheses and type arguments off the name of a type.
func typeName(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x
		default:
			return nil
		}
	}
}
