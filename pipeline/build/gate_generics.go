package build

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// Bounds of instantiation. A chain of thirty generic functions, each of which calls
// the next with two different types, type-checks in no time and has 2^30 instances.
const (
	maxInstanceNodes = 200_000 // syntax nodes of all instances
	maxArgsText      = 2_000   // bytes of an instance's type arguments, written out
	importedNodes    = 500     // what an instance of a function or type of another package counts
)

// boundInstances follows instantiation as the compiler does, from the code that is
// not generic on, and stops as soon as it costs too much.
func (g *gate) boundInstances() {
	if len(g.report.Info.Instances) == 0 {
		return
	}
	in := &instances{gate: g, owners: map[types.Object]*owner{}, ids: map[types.Object]int{}, seen: map[string]bool{}}
	root := &owner{}
	for _, file := range g.report.Syntax {
		for _, d := range file.Decls {
			in.collect(root, d)
		}
	}
	in.follow(root, nil)
	for len(in.queue) > 0 && !in.over {
		next := in.queue[len(in.queue)-1]
		in.queue = in.queue[:len(in.queue)-1]
		in.follow(next.owner, next.args)
	}
}

// owner is a generic function, or a generic type with its methods.
type owner struct {
	params [][]*types.TypeParam // of the declaration, and of each method's receiver
	nodes  int                  // of its syntax
	uses   []use                // what it instantiates
}

// use is an instantiation in the source.
type use struct {
	id     *ast.Ident
	target types.Object
	args   *types.TypeList
}

// argument is a type argument without type parameters.
type argument struct {
	text string // identifies the type
	size int64  // bytes
}

type instance struct {
	owner *owner
	args  []argument
}

type instances struct {
	gate   *gate
	owners map[types.Object]*owner
	ids    map[types.Object]int // numbers declared types, since local ones share names
	seen   map[string]bool
	queue  []instance
	nodes  int
	over   bool
}

func (in *instances) owner(obj types.Object) *owner {
	o := in.owners[obj]
	if o == nil {
		o = &owner{}
		in.owners[obj] = o
	}
	return o
}

// collect finds the uses of a declaration, and whose they are.
func (in *instances) collect(root *owner, d ast.Decl) {
	info := in.gate.report.Info
	gather := func(o *owner, n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			o.nodes++
			if id, ok := n.(*ast.Ident); ok {
				if inst, ok := info.Instances[id]; ok {
					if obj := info.Uses[id]; obj != nil {
						o.uses = append(o.uses, use{id, origin(obj), inst.TypeArgs})
					}
				}
			}
			return true
		})
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		fn := info.Defs[d.Name].(*types.Func)
		sig := fn.Signature()
		switch {
		case sig.TypeParams() != nil:
			o := in.owner(fn)
			o.params = append(o.params, params(sig.TypeParams()))
			gather(o, d)
		case sig.RecvTypeParams() != nil:
			t := sig.Recv().Type()
			if p, ok := types.Unalias(t).(*types.Pointer); ok {
				t = p.Elem()
			}
			o := in.owner(types.Unalias(t).(*types.Named).Origin().Obj())
			o.params = append(o.params, params(sig.RecvTypeParams()))
			gather(o, d)
		default:
			gather(root, d)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			o := root
			if spec, ok := spec.(*ast.TypeSpec); ok {
				if named, ok := info.Defs[spec.Name].Type().(*types.Named); ok && named.TypeParams() != nil {
					o = in.owner(named.Obj())
					o.params = append(o.params, params(named.TypeParams()))
				}
			}
			gather(o, spec)
		}
	}
}

func origin(obj types.Object) types.Object {
	switch obj := obj.(type) {
	case *types.Func:
		return obj.Origin()
	case *types.TypeName:
		if n, ok := types.Unalias(obj.Type()).(*types.Named); ok {
			return n.Origin().Obj()
		}
	}
	return obj
}

func params(list *types.TypeParamList) []*types.TypeParam {
	var ps []*types.TypeParam
	for p := range list.TypeParams() {
		ps = append(ps, p)
	}
	return ps
}

// follow instantiates what an instance of o uses.
func (in *instances) follow(o *owner, args []argument) {
	env := map[*types.TypeParam]argument{}
	sizes := map[*types.TypeParam]int64{}
	for _, ps := range o.params {
		for i, p := range ps {
			if i < len(args) {
				env[p], sizes[p] = args[i], args[i].size
			}
		}
	}
	sizer := newSizer(sizes)
	var local strings.Builder // tells local types of this instance from those of others
	for _, a := range args {
		fmt.Fprintf(&local, "%s;", a.text)
	}
	for _, u := range o.uses {
		w := &typeWriter{in: in, env: env, local: local.String()}
		var concrete []argument
		fmt.Fprintf(&w.text, "%d", in.id(u.target))
		for t := range u.args.Types() {
			start := w.text.Len()
			w.write(t)
			size := sizer.size(t)
			if size > maxArgBytes {
				in.gate.object(RuleGenerics, u.id.Pos(), "%s is instantiated with a type of %d bytes: want at most %d, or a pointer", u.id.Name, size, maxArgBytes)
				in.over = true
				return
			}
			concrete = append(concrete, argument{w.text.String()[start:], size})
			w.text.WriteByte(',')
		}
		if w.text.Len() > maxArgsText {
			in.gate.object(RuleGenerics, u.id.Pos(), "the type arguments of %s grow too long", u.id.Name)
			in.over = true
			return
		}
		key := w.text.String()
		if in.seen[key] {
			continue
		}
		in.seen[key] = true
		target, declared := in.owners[u.target]
		if declared {
			in.nodes += target.nodes
			in.queue = append(in.queue, instance{target, concrete})
		} else {
			in.nodes += importedNodes
		}
		if in.nodes > maxInstanceNodes {
			in.gate.object(RuleGenerics, u.id.Pos(), "generic functions and types are instantiated so often that their copies have more than %d syntax nodes", maxInstanceNodes)
			in.over = true
			return
		}
	}
}

func (in *instances) id(obj types.Object) int {
	n, ok := in.ids[obj]
	if !ok {
		n = len(in.ids)
		in.ids[obj] = n
	}
	return n
}

// typeWriter writes a type so that different types have different texts. It stops
// growing past maxArgsText.
type typeWriter struct {
	in    *instances
	env   map[*types.TypeParam]argument
	local string
	text  strings.Builder
}

func (w *typeWriter) write(t types.Type) {
	if w.text.Len() > maxArgsText {
		return
	}
	put := func(parts ...any) {
		for _, p := range parts {
			switch p := p.(type) {
			case types.Type:
				w.write(p)
			default:
				fmt.Fprint(&w.text, p)
			}
		}
	}
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		put(t.Name())
	case *types.TypeParam:
		if a, ok := w.env[t]; ok {
			put(a.text)
		} else { // of a function literal's or interface's own; there are none in Go 1.26
			put("?", w.in.id(t.Obj()))
		}
	case *types.Named:
		put("#", w.in.id(t.Origin().Obj()))
		if obj := t.Obj(); obj.Pkg() == w.in.gate.report.Package && obj.Parent() != obj.Pkg().Scope() {
			put("{", w.local, "}")
		}
		if args := t.TypeArgs(); args != nil {
			put("[")
			for a := range args.Types() {
				put(a, ",")
			}
			put("]")
		}
	case *types.Pointer:
		put("*", t.Elem())
	case *types.Slice:
		put("[]", t.Elem())
	case *types.Array:
		put("[", t.Len(), "]", t.Elem())
	case *types.Chan:
		put("chan", int(t.Dir()), "(", t.Elem(), ")")
	case *types.Map:
		put("map[", t.Key(), "]", t.Elem())
	case *types.Tuple:
		put("(")
		for v := range t.Variables() {
			put(v.Type(), ",")
		}
		put(")")
	case *types.Signature:
		put("func", t.Params(), t.Variadic(), t.Results())
	case *types.Struct:
		put("struct{")
		for i := range t.NumFields() {
			f := t.Field(i)
			put(f.Name(), " ", f.Embedded(), " ", f.Type(), fmt.Sprintf("%q;", t.Tag(i)))
		}
		put("}")
	case *types.Interface:
		put("interface{")
		for m := range t.Methods() {
			put(m.Name(), m.Type(), ";")
		}
		for e := range t.EmbeddedTypes() {
			put(e, ";")
		}
		put("}")
	case *types.Union:
		for term := range t.Terms() {
			put(term.Tilde(), term.Type(), "|")
		}
	default:
		put(fmt.Sprintf("%T", t))
	}
}
