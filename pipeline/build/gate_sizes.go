package build

import (
	"go/ast"
	"go/constant"
	"go/types"
	"math"
	"strconv"
)

// saturated is more than any bound, and far from overflow when a few are summed.
const saturated = int64(1) << 40

func sum(a, b int64) int64 { return min(a+b, saturated) }

var wasmSizes = types.SizesFor("gc", "wasm")

// Bounds of storage, in bytes. The compiler gives up on a type of 2^50 bytes, a
// frame above 1 GiB and a channel element of 64 KiB; the linker writes static data
// out in full. Far below, the memory budget of any tool ends.
const (
	maxTypeBytes   = 16 << 20  // of a type
	maxPassedBytes = 64 << 10  // of a parameter, result or channel element, exclusive
	maxFrameBytes  = 256 << 20 // of all values that a function holds, at most
	maxStaticBytes = 8 << 20   // of string constants, package-level variables and composite literals
	maxArgBytes    = 4 << 10   // of a type argument, and so of a type parameter

	// sharedStatic is the most static data of a unit that shares a module: it lies
	// in the linear memory of the neighbours too.
	sharedStatic = 64 << 10
)

// sizer measures types. Type parameters have the size that args gives them, or
// maxArgBytes.
type sizer struct {
	args map[*types.TypeParam]int64
	memo map[types.Type]int64
}

func newSizer(args map[*types.TypeParam]int64) *sizer {
	return &sizer{args: args, memo: map[types.Type]int64{}}
}

// size returns the size of a value of type t, at most math.MaxInt64/2. Types must
// be valid: no type may contain itself.
func (s *sizer) size(t types.Type) int64 {
	if n, ok := s.memo[t]; ok {
		return n
	}
	n := min(s.measure(t), math.MaxInt64/2)
	s.memo[t] = n
	return n
}

func (s *sizer) measure(t types.Type) int64 {
	switch u := types.Unalias(t).(type) {
	case *types.TypeParam:
		if n, ok := s.args[u]; ok {
			return n
		}
		return maxArgBytes
	case *types.Named:
		return s.size(u.Underlying())
	case *types.Array:
		elem := s.size(u.Elem())
		if n := u.Len(); n > 0 && elem > math.MaxInt64/2/n {
			return math.MaxInt64 / 2
		} else {
			return elem * max(n, 0)
		}
	case *types.Struct:
		total := int64(0)
		for f := range u.Fields() {
			total = min(alignUp(total, f.Type())+s.size(f.Type()), math.MaxInt64/2)
		}
		return alignUp(total, u)
	case *types.Tuple:
		total := int64(0)
		for v := range u.Variables() {
			total = min(total+s.size(v.Type())+8, math.MaxInt64/2)
		}
		return total
	case *types.Basic:
		if u.Kind() != types.Invalid && u.Info()&types.IsUntyped == 0 {
			return wasmSizes.Sizeof(u)
		}
	case *types.Slice:
		return 24
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		return 8
	}
	return 16 // an interface; a constraint or an untyped constant has no storage at all
}

// alignUp rounds up to 8, the largest alignment, unless t is smaller.
func alignUp(n int64, t types.Type) int64 {
	a := int64(8)
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsUntyped == 0 {
		a = wasmSizes.Alignof(b)
	}
	return (n + a - 1) / a * a
}

// boundTypes bounds what sound source asks of the compiler.
func (g *gate) boundTypes() {
	for _, file := range g.report.Syntax {
		for _, d := range file.Decls {
			s := &storage{gate: g, sizer: newSizer(nil)}
			ast.Inspect(d, s.visit)
			if s.frame > maxFrameBytes {
				g.object(RuleTypeSize, d.Pos(), "the values that this function holds take up to %d bytes: want at most %d", s.frame, maxFrameBytes)
			}
		}
	}
	if g.static > maxStaticBytes {
		g.object(RuleTypeSize, g.report.Syntax[0].Package, "string constants, package-level variables and composite literals take %s bytes: want at most %d", strconv.FormatInt(g.static, 10), maxStaticBytes)
	}
	g.boundInstances()
}

// storage adds up what a declaration holds.
type storage struct {
	gate  *gate
	sizer *sizer
	frame int64
	seen  map[types.Type]bool
}

func (s *storage) visit(n ast.Node) bool {
	info := s.gate.report.Info
	switch n := n.(type) {
	case *ast.FuncType:
		for _, list := range []*ast.FieldList{n.Params, n.Results} {
			s.passed(list, "parameter or result")
		}
	case *ast.FuncDecl:
		s.passed(n.Recv, "receiver")
	case *ast.ChanType:
		if t := info.TypeOf(n.Value); t != nil {
			if size := s.sizer.size(t); size >= maxPassedBytes {
				s.gate.object(RuleTypeSize, n.Pos(), "a channel element of %d bytes: want less than %d", size, maxPassedBytes)
			}
		}
	case *ast.ValueSpec:
		for _, name := range n.Names {
			obj, ok := info.Defs[name].(*types.Var)
			if !ok {
				continue
			}
			size := s.sizer.size(obj.Type())
			if obj.Parent() == obj.Pkg().Scope() {
				s.gate.static = sum(s.gate.static, size)
			} else {
				s.hold(size)
			}
		}
	case *ast.CompositeLit:
		s.gate.static = sum(s.gate.static, s.literal(n))
	case *ast.AssignStmt:
		for _, e := range n.Rhs {
			s.value(e)
		}
	case *ast.ReturnStmt:
		for _, e := range n.Results {
			s.value(e)
		}
	case *ast.RangeStmt:
		s.value(n.X)
	}
	if e, ok := n.(ast.Expr); ok {
		s.expr(e)
	}
	return true
}

// expr bounds the type of an expression, and counts values that come from nowhere.
func (s *storage) expr(e ast.Expr) {
	tv, ok := s.gate.report.Info.Types[e]
	if !ok || tv.Type == nil {
		if id, ok := e.(*ast.Ident); ok {
			if obj := s.gate.report.Info.ObjectOf(id); obj != nil && obj.Type() != nil && obj.Pkg() == s.gate.report.Package {
				s.whole(e, obj.Type())
			}
		}
		return
	}
	s.whole(e, tv.Type)
	switch e.(type) {
	case *ast.CallExpr, *ast.CompositeLit, *ast.TypeAssertExpr:
		if tv.IsValue() {
			s.value(e)
		}
	}
}

// whole bounds the size of a type, once for each type.
func (s *storage) whole(e ast.Expr, t types.Type) {
	if s.seen[t] {
		return
	}
	if s.seen == nil {
		s.seen = map[types.Type]bool{}
	}
	s.seen[t] = true
	if size := s.sizer.size(t); size > maxTypeBytes {
		s.gate.object(RuleTypeSize, e.Pos(), "a type of %d bytes: want at most %d", size, maxTypeBytes)
	}
	// A pointer to it, a slice of it, a map to it: the compiler lays those out too.
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		s.whole(e, u.Elem())
	case *types.Slice:
		s.whole(e, u.Elem())
	case *types.Array:
		s.whole(e, u.Elem())
	case *types.Chan:
		s.whole(e, u.Elem())
	case *types.Map:
		s.whole(e, u.Key())
		s.whole(e, u.Elem())
	}
}

func (s *storage) value(e ast.Expr) {
	if tv, ok := s.gate.report.Info.Types[e]; ok && tv.Type != nil {
		s.hold(s.sizer.size(tv.Type))
	}
}

func (s *storage) hold(size int64) { s.frame = sum(s.frame, size) }

func (s *storage) passed(list *ast.FieldList, what string) {
	if list == nil {
		return
	}
	for _, f := range list.List {
		t := s.gate.report.Info.TypeOf(f.Type)
		if t == nil {
			continue
		}
		size := s.sizer.size(t)
		if size >= maxPassedBytes {
			s.gate.object(RuleTypeSize, f.Pos(), "a %s of %d bytes: want less than %d, or a pointer", what, size, maxPassedBytes)
		}
		s.hold(size)
	}
}

// literal is the static data of a composite literal: its value, or what it points to.
func (s *storage) literal(n *ast.CompositeLit) int64 {
	t := s.gate.report.Info.TypeOf(n)
	if t == nil || len(n.Elts) == 0 {
		return 0
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		length := int64(0)
		next := int64(0)
		for _, elt := range n.Elts {
			if kv, ok := elt.(*ast.KeyValueExpr); ok {
				if v := s.gate.report.Info.Types[kv.Key].Value; v != nil {
					next, _ = constant.Int64Val(constant.ToInt(v))
				}
			}
			next++
			length = max(length, next)
		}
		elem := s.sizer.size(u.Elem())
		if length > 0 && elem > saturated/length {
			return saturated
		}
		if bytes := elem * length; bytes <= maxTypeBytes {
			return bytes
		}
		s.gate.object(RuleTypeSize, n.Pos(), "a literal of %s elements: want at most %d bytes", strconv.FormatInt(length, 10), maxTypeBytes)
		return elem * length
	case *types.Map:
		return int64(len(n.Elts)) * (s.sizer.size(u.Key()) + s.sizer.size(u.Elem()))
	}
	return s.sizer.size(t)
}
