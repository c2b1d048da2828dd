package build

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
	state evaluation
	size  int64 // bytes of the string, at most; 0 for a number
}

type typeDecl struct {
	scope   *scope
	spec    *ast.TypeSpec // nil if only methods are declared
	methods int64

	aliasState, embedState evaluation
	alias, embed           int64
}

// evaluation is the state of a lazy value; one that is met busy depends on itself.
type evaluation int

const (
	fresh evaluation = iota
	busy
	done
)

// saturated is more than any bound, and far from overflow when a few are summed.
const saturated = int64(1) << 40

func sum(a, b int64) int64 { return min(a+b, saturated) }

func newScope(parent *scope) *scope {
	return &scope{parent: parent, consts: map[string]*constDecl{}, types: map[string]*typeDecl{}}
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
		t = &typeDecl{}
		s.types[name] = t
	}
	return t
}

// collect enters the package-level declarations of a file into pkg. Their
// expressions use the file's names. Of two declarations the first counts, as in
// go/types.
func (pkg *scope) collect(file *ast.File, names *scope) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			eachConst(d, func(name *ast.Ident, value ast.Expr, _ bool) {
				if pkg.consts[name.Name] == nil {
					pkg.consts[name.Name] = &constDecl{scope: names, value: value}
				}
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
		size := s.stringSize(value)
		if s.consts[name.Name] == nil {
			s.consts[name.Name] = &constDecl{state: done, size: size}
		}
	})
	for _, spec := range d.Specs {
		if spec, ok := spec.(*ast.TypeSpec); ok && s.types[spec.Name.Name] == nil {
			t := &typeDecl{scope: s, spec: spec}
			s.types[spec.Name.Name] = t
			t.aliasWeight()
			t.embedWeight()
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
			return c.evaluate()
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

func (c *constDecl) evaluate() int64 {
	if c.state == fresh {
		c.state = busy
		c.size = c.scope.stringSize(c.value)
		c.state = done
	}
	return c.size // 0 while busy: a cycle is for the type checker to report
}

// weight is the number of parts of a type when aliases and embedded types are
// written out. A defined type counts 1 where it is only mentioned.
func (s *scope) weight(e ast.Expr) int64 {
	switch e := e.(type) {
	case *ast.Ident:
		if t := s.typ(e.Name); t != nil && t.spec != nil && t.spec.Assign.IsValid() {
			return t.aliasWeight()
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

// embedded is the weight of an embedded type: what it brings along, and its methods.
func (s *scope) embedded(e ast.Expr) int64 {
	if name := typeName(e); name != nil {
		if t := s.typ(name.Name); t != nil && t.spec != nil {
			return sum(t.embedWeight(), s.weight(e))
		}
	}
	return s.weight(e)
}

// aliasWeight is the weight of what t stands for; of use for aliases.
func (t *typeDecl) aliasWeight() int64 {
	if t.aliasState == fresh {
		t.aliasState, t.alias = busy, 1 // 1 while busy: the type checker reports the cycle
		t.alias = t.scope.weight(t.spec.Type)
		t.aliasState = done
	}
	return t.alias
}

// embedWeight is the weight of t where it is embedded. It is saturated if t embeds
// itself, by a pointer: then every type on the way has the methods of all others.
func (t *typeDecl) embedWeight() int64 {
	switch t.embedState {
	case fresh:
		t.embedState, t.embed = busy, saturated
		t.embed = sum(t.methods, t.scope.embedded(t.spec.Type))
		t.embedState = done
	}
	return t.embed
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
