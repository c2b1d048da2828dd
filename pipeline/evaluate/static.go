package evaluate

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"strings"
	"unicode/utf8"

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

// maxColumns is the longest line that the documentation score accepts, in runes.
const maxColumns = 120

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
			spdx(source), packageComment(r.Syntax), exportedComments(r.Syntax),
			runComment(r.Syntax), gofmtClean(source), shortLines(source),
		},
		Bytes: int64(len(source)),
	}
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
	case *ast.GoStmt, *ast.SendStmt, *ast.SelectStmt, *ast.ChanType:
		f.concurrent = true
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
		if len(n.Values) == 1 {
			f.blanks(identExprs(n.Names), n.Values[0])
		}
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
	if len(n.Rhs) == 1 {
		f.blanks(n.Lhs, n.Rhs[0])
		return
	}
	for i, r := range n.Rhs {
		f.blanks(n.Lhs[i:i+1], r)
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

// blanks looks for an error among the results that are assigned to the blank.
func (f *findings) blanks(lhs []ast.Expr, rhs ast.Expr) {
	t := f.info.TypeOf(rhs)
	for i, l := range lhs {
		id, ok := ast.Unparen(l).(*ast.Ident)
		if !ok || id.Name != "_" {
			continue
		}
		if tuple, ok := t.(*types.Tuple); ok {
			f.discards = f.discards || i < tuple.Len() && isError(tuple.At(i).Type()) && !f.neverFails(rhs)
		} else if t != nil {
			f.discards = f.discards || isError(t) && !f.neverFails(rhs)
		}
	}
}

// dropped looks for an error among the results of a call that nobody takes.
func (f *findings) dropped(e ast.Expr) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || f.neverFails(call) {
		return
	}
	switch t := f.info.TypeOf(call).(type) {
	case *types.Tuple:
		for i := range t.Len() {
			f.discards = f.discards || isError(t.At(i).Type())
		}
	case nil:
	default:
		f.discards = f.discards || isError(t)
	}
}

// neverFails knows the methods whose documentation says that their error is
// always nil: those of bytes.Buffer, strings.Builder and the hashes.
func (f *findings) neverFails(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || !strings.HasPrefix(sel.Sel.Name, "Write") {
		return false
	}
	t := f.info.TypeOf(sel.X)
	if t == nil {
		return false
	}
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	switch types.TypeString(t, nil) {
	case "bytes.Buffer", "strings.Builder", "hash.Hash", "hash.Hash32", "hash.Hash64", "hash/maphash.Hash":
		return true
	}
	return false
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

func identExprs(ids []*ast.Ident) []ast.Expr {
	out := make([]ast.Expr, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

func spdx(source []byte) bool {
	first, _, _ := bytes.Cut(source, []byte("\n"))
	id, ok := bytes.CutPrefix(first, []byte("// SPDX-License-Identifier: "))
	return ok && len(bytes.TrimSpace(id)) > 0
}

func packageComment(files []*ast.File) bool {
	for _, f := range files {
		if strings.HasPrefix(f.Doc.Text(), "Package "+f.Name.Name) {
			return true
		}
	}
	return false
}

// exportedComments says whether each exported top-level name and method has a doc
// comment that starts with it. In a group, the group's comment serves for all.
func exportedComments(files []*ast.File) bool {
	ok := true
	need := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		for _, d := range docs {
			if strings.HasPrefix(d.Text(), name.Name) {
				return
			}
		}
		ok = false
	}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				need(d.Name, d.Doc)
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						need(s.Name, s.Doc, d.Doc)
					case *ast.ValueSpec:
						if d.Lparen.IsValid() && d.Doc != nil {
							continue
						}
						for _, n := range s.Names {
							need(n, s.Doc, d.Doc)
						}
					}
				}
			}
		}
	}
	return ok
}

// runComment says whether the comment of Run speaks of errors.
func runComment(files []*ast.File) bool {
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "Run" {
				text := strings.ToLower(fn.Doc.Text())
				return strings.Contains(text, "error") || strings.Contains(text, " errs") || strings.Contains(text, "fails")
			}
		}
	}
	return false
}

func gofmtClean(source []byte) bool {
	out, err := format.Source(source)
	return err == nil && bytes.Equal(out, source)
}

func shortLines(source []byte) bool {
	for line := range bytes.Lines(source) {
		if utf8.RuneCount(bytes.TrimRight(line, "\r\n")) > maxColumns {
			return false
		}
	}
	return true
}
