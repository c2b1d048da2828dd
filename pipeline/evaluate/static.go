package evaluate

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"

	"toolgen/pipeline/build"
)

// Static is what the source shows without being run: six of the ten facts that
// make up the safety score, and the six of the documentation score.
type Static struct {
	Safety        [6]bool `json:"safety"`        // see safetyNames
	Documentation [6]bool `json:"documentation"` // see documentationNames
	Bytes         int64   `json:"bytes"`
}

// Names of the facts, in the order of Static's fields.
var (
	safetyNames = [6]string{
		"gate clean", "no panic or recover", "no goroutine or channel",
		"no package-level mutable variable", "no unchecked type assertion", "errors not discarded",
	}
	documentationNames = [6]string{
		"SPDX header", "package comment", "doc comment on each exported name, starting with it",
		"Run's comment says when it errs", "gofmt-clean", "no line over 120 columns",
	}
)

// Missing names the facts that do not hold, safety first.
func (s Static) Missing() []string {
	var out []string
	for i, ok := range s.Safety {
		if !ok {
			out = append(out, safetyNames[i])
		}
	}
	for i, ok := range s.Documentation {
		if !ok {
			out = append(out, documentationNames[i])
		}
	}
	return out
}

// Inspect reads the facts off a source that the gate accepted.
func Inspect(source []byte, r *build.Report) Static {
	f := findings{info: r.Info, pkg: r.Package, checked: map[*ast.TypeAssertExpr]bool{}}
	for _, file := range r.Syntax {
		f.variables(file)
		ast.Inspect(file, f.visit)
	}
	return Static{
		Safety: [6]bool{true, !f.panics, !f.concurrent, !f.mutable, !f.unchecked, !f.discards},
		Documentation: [6]bool{
			spdx(r.Syntax), packageComment(r.Syntax), exportedComments(r.Syntax),
			runComment(r.Syntax), gofmtClean(source), shortLines(source),
		},
		Bytes: int64(len(source)),
	}
}

// starters run code beside the caller's without a go statement or a channel.
var starters = map[string]bool{
	"time.AfterFunc": true, "context.AfterFunc": true, "(*sync.WaitGroup).Go": true,
	"iter.Pull": true, "iter.Pull2": true,
}

// findings are the unsafe habits of a package.
type findings struct {
	info    *types.Info
	pkg     *types.Package
	checked map[*ast.TypeAssertExpr]bool // type assertions whose ok is taken

	panics, concurrent, mutable, unchecked, discards bool
}

// variables looks for package-level variables that may change. The blank one
// does not; an error or a basic value that nothing assigns to or takes the
// address of does not either (sentinel errors, thresholds).
func (f *findings) variables(file *ast.File) {
	for _, d := range file.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, s := range gen.Specs {
			spec, ok := s.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for _, name := range spec.Names {
				obj := f.info.Defs[name]
				if name.Name == "_" || obj == nil {
					continue
				}
				_, basic := obj.Type().Underlying().(*types.Basic)
				if !basic && !isError(obj.Type()) {
					f.mutable = true
				}
			}
		}
	}
}

func (f *findings) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		f.concurrent = true
		f.dropped(n.Call)
	case *ast.SendStmt, *ast.SelectStmt, *ast.ChanType:
		f.concurrent = true
	case *ast.Ident:
		if fn, ok := f.info.Uses[n].(*types.Func); ok && starters[fn.FullName()] {
			f.concurrent = true
		}
	case *ast.SelectorExpr:
		f.addressed(n)
	case *ast.UnaryExpr:
		f.concurrent = f.concurrent || n.Op == token.ARROW
		if n.Op == token.AND {
			f.touch(n.X)
		}
	case *ast.RangeStmt:
		if t := f.info.TypeOf(n.X); t != nil {
			_, channel := t.Underlying().(*types.Chan)
			f.concurrent = f.concurrent || channel
		}
		if n.Tok == token.ASSIGN {
			f.touch(n.Key)
			f.touch(n.Value)
		}
	case *ast.IncDecStmt:
		f.touch(n.X)
	case *ast.CallExpr:
		if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok {
			if b, ok := f.info.Uses[id].(*types.Builtin); ok && (b.Name() == "panic" || b.Name() == "recover") {
				f.panics = true
			}
		}
	case *ast.TypeSwitchStmt:
		ast.Inspect(n.Assign, func(m ast.Node) bool {
			if a, ok := m.(*ast.TypeAssertExpr); ok && a.Type == nil {
				f.checked[a] = true
			}
			return true
		})
	case *ast.ValueSpec:
		if len(n.Names) == 2 && len(n.Values) == 1 {
			f.taken(n.Values[0])
		}
		f.eachBlank(identExprs(n.Names), n.Values)
	case *ast.AssignStmt:
		f.assign(n)
	case *ast.TypeAssertExpr:
		// Parents are visited first, so a checked one is known by now.
		f.unchecked = f.unchecked || !f.checked[n]
	case *ast.ExprStmt:
		f.dropped(n.X)
	case *ast.DeferStmt:
		f.dropped(n.Call)
	}
	return true
}

func (f *findings) assign(n *ast.AssignStmt) {
	if len(n.Lhs) == 2 && len(n.Rhs) == 1 {
		f.taken(n.Rhs[0])
	}
	if n.Tok != token.DEFINE {
		for _, l := range n.Lhs {
			f.touch(l)
		}
	}
	f.eachBlank(n.Lhs, n.Rhs)
}

// eachBlank pairs the two sides of an assignment.
func (f *findings) eachBlank(lhs, rhs []ast.Expr) {
	if len(rhs) == 1 {
		f.blanks(lhs, rhs[0])
		return
	}
	for i, r := range rhs {
		f.blanks(lhs[i:i+1], r)
	}
}

// taken marks a type assertion whose ok is taken.
func (f *findings) taken(e ast.Expr) {
	if a, ok := ast.Unparen(e).(*ast.TypeAssertExpr); ok {
		f.checked[a] = true
	}
}

// touch marks a package-level variable that is assigned to, or whose address is taken.
func (f *findings) touch(e ast.Expr) {
	if e == nil {
		return
	}
	if id, ok := ast.Unparen(e).(*ast.Ident); ok {
		if v, ok := f.info.Uses[id].(*types.Var); ok && f.pkg != nil && v.Parent() == f.pkg.Scope() {
			f.mutable = true
		}
	}
}

// addressed marks a package-level variable that a method with a pointer receiver
// is taken of: x.inc() is (&x).inc().
func (f *findings) addressed(n *ast.SelectorExpr) {
	sel := f.info.Selections[n]
	if sel == nil || sel.Kind() != types.MethodVal {
		return
	}
	if _, pointer := sel.Recv().Underlying().(*types.Pointer); pointer {
		return
	}
	if _, pointer := sel.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer); pointer {
		f.touch(n.X)
	}
}

// blanks looks for an error among the values that are assigned to the blank.
// Whether a comma-ok form holds an error is a question, and no discarding.
func (f *findings) blanks(lhs []ast.Expr, rhs ast.Expr) {
	call, isCall := ast.Unparen(rhs).(*ast.CallExpr)
	if len(lhs) > 1 && !isCall {
		return
	}
	for i, l := range lhs {
		id, ok := ast.Unparen(l).(*ast.Ident)
		if !ok || id.Name != "_" {
			continue
		}
		if isCall {
			f.discards = f.discards || f.mayFail(call, i)
		} else {
			f.discards = f.discards || isError(f.info.TypeOf(rhs))
		}
	}
}

// dropped looks for an error among the results of a call that nobody takes.
func (f *findings) dropped(e ast.Expr) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return
	}
	n := 1
	if tuple, ok := f.info.TypeOf(call).(*types.Tuple); ok {
		n = tuple.Len()
	}
	for i := range n {
		f.discards = f.discards || f.mayFail(call, i)
	}
}

// mayFail says whether the i-th result of a call is an error that may be one: of
// the interface or of a type that implements it.
func (f *findings) mayFail(call *ast.CallExpr, i int) bool {
	if f.info.Types[call.Fun].IsType() {
		return false // a conversion, as in var _ error = (*T)(nil)
	}
	t := f.info.TypeOf(call)
	if tuple, ok := t.(*types.Tuple); ok {
		if i >= tuple.Len() {
			return false
		}
		t = tuple.At(i).Type()
	}
	return t != nil && types.Implements(t, errorType.Underlying().(*types.Interface)) && !f.neverFails(call)
}

// neverFails knows the calls of the standard library whose documentation says
// that their error is always nil, or that it comes again where it must be looked
// at (bufio.Writer's, by Flush).
func (f *findings) neverFails(call *ast.CallExpr) bool {
	fn, ok := typeutil.Callee(f.info, call).(*types.Func)
	if !ok {
		return false
	}
	switch fn.FullName() {
	case "fmt.Fprint", "fmt.Fprintf", "fmt.Fprintln", "io.WriteString":
		return len(call.Args) > 0 && isSink(f.info.TypeOf(call.Args[0]))
	case "math/rand.Read", "(*math/rand.Rand).Read", "(*math/rand/v2.ChaCha8).Read":
		return true
	}
	switch fn.Name() {
	case "Write", "WriteByte", "WriteRune", "WriteString":
	default:
		return false
	}
	// The method may be promoted from an embedded sink; a hash's Write is that of
	// the io.Writer in it.
	if recv := fn.Signature().Recv(); recv != nil && isSink(recv.Type()) {
		return true
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && isSink(f.info.TypeOf(sel.X))
}

// isSink says whether writing to a type, or to what it points to, never fails.
func isSink(t types.Type) bool {
	if t == nil {
		return false
	}
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	switch types.TypeString(types.Unalias(t), nil) {
	case "bytes.Buffer", "strings.Builder", "bufio.Writer",
		"hash.Hash", "hash.Hash32", "hash.Hash64", "hash/maphash.Hash":
		return true
	}
	return false
}

var errorType = types.Universe.Lookup("error").Type()

func isError(t types.Type) bool { return t != nil && types.Identical(t, errorType) }

func identExprs(ids []*ast.Ident) []ast.Expr {
	out := make([]ast.Expr, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}
