package synth

import (
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A frame is a program without the bodies of its functions. An edit in one function
// leaves all other bodies as they are, so it is enough to type-check and format
// that function inside the frame: the same verdict and the same bytes as for the
// whole program (a test compares them), at a fraction of the time.
//
// That holds only where bodies do not matter to each other. Programs for which they
// may have no frame: those with generics (infinite instantiation goes through
// bodies), with package variables whose initial values depend on functions
// (initialization cycles do), with functions init or main (which must have a body),
// with dot imports, and those that are not gofmt'ed.
type frame struct {
	header  string                     // package clause and imports
	others  string                     // types, constants and variables
	stubs   []string                   // signatures of the functions, in order
	imports map[*ast.FuncDecl][]string // paths of the packages used in a body
	funcs   []*ast.FuncDecl            // in order
}

// newFrame returns the frame of a program, or nil if it has none.
func newFrame(p *Program) *frame {
	f := &frame{imports: map[*ast.FuncDecl][]string{}}
	end := p.file.Name.End()
	var others strings.Builder
	var paths []string
	for _, decl := range p.file.Decls {
		switch decl := decl.(type) {
		case *ast.GenDecl:
			if decl.Tok == token.IMPORT {
				end = decl.End()
				continue
			}
			if p.entangled(decl) {
				return nil
			}
			others.WriteString(p.text(decl) + "\n")
		case *ast.FuncDecl:
			if decl.Body == nil || p.generic(decl) || decl.Name.Name == "init" || decl.Name.Name == "main" {
				return nil
			}
			f.funcs = append(f.funcs, decl)
			f.stubs = append(f.stubs, p.src[p.from(decl.Type):p.from(decl.Body)]+"\n")
			f.imports[decl] = p.imported(decl.Body)
		}
	}
	for _, spec := range p.file.Imports {
		if spec.Name != nil && spec.Name.Name == "." || slices.Contains(paths, spec.Path.Value) {
			return nil
		}
		paths = append(paths, spec.Path.Value)
	}
	if formatted, err := gofmt(p.src); err != nil || formatted != p.src {
		return nil
	}
	f.header = p.src[:p.tok.Offset(end)] + "\n"
	f.others = others.String()
	return f
}

// entangled reports whether a declaration keeps a program from having a frame.
func (p *Program) entangled(decl *ast.GenDecl) bool {
	found := false
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			found = found || n.TypeParams != nil
		case *ast.Ident:
			if obj := p.info.Uses[n]; decl.Tok == token.VAR && obj != nil && obj.Pkg() == p.pkg {
				switch obj.(type) {
				case *types.Func, *types.Var:
					found = true
				}
			}
		}
		return !found
	})
	return found
}

func (p *Program) generic(decl *ast.FuncDecl) bool {
	obj, ok := p.info.Defs[decl.Name].(*types.Func)
	return !ok || obj.Signature().TypeParams().Len() > 0 || obj.Signature().RecvTypeParams().Len() > 0
}

// imported returns the paths of the packages that are named below a node.
func (p *Program) imported(n ast.Node) []string {
	var paths []string
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if name, ok := p.info.Uses[id].(*types.PkgName); ok && !slices.Contains(paths, name.Imported().Path()) {
				paths = append(paths, name.Imported().Path())
			}
		}
		return true
	})
	return paths
}

// within returns the function of the frame that an edit at n changes, or nil if the
// edit must be checked and formatted as part of the whole program.
func (f *frame) within(p *Program, n ast.Node) *ast.FuncDecl {
	if f == nil {
		return nil
	}
	for n != nil {
		decl, ok := n.(*ast.FuncDecl)
		if !ok {
			n = p.parent[n]
			continue
		}
		// gofmt aligns functions on one line with their neighbours, and comments
		// behind a closing brace with others.
		from, to := p.from(decl.Type), p.to(decl)
		if !strings.Contains(p.src[from:to], "\n") || from > 0 && p.src[from-1] != '\n' || to < len(p.src) && p.src[to] != '\n' {
			return nil
		}
		return decl
	}
	return nil
}

// check type-checks the new text of a function inside the frame, and formats it.
// The second result is false if the function is to be treated with the whole program
// after all.
func (f *frame) check(p *Program, decl *ast.FuncDecl, text string) (string, bool, *sourceError) {
	var b strings.Builder
	b.WriteString(f.header)
	b.WriteString(f.others)
	var elsewhere []string
	for i, other := range f.funcs {
		if other != decl {
			b.WriteString(f.stubs[i])
			elsewhere = append(elsewhere, f.imports[other]...)
		}
	}
	start := b.Len()
	b.WriteString(text)
	if err := checkSource(b.String(), p.imp, elsewhere); err != nil {
		err.offset -= start // may be negative: in the imports
		return "", true, err
	}
	const clause = "package p\n\n"
	formatted, err := gofmt(clause + text + "\n")
	if err != nil {
		return "", false, nil
	}
	body, ok := strings.CutPrefix(strings.TrimSuffix(formatted, "\n"), clause)
	return body, ok && strings.Contains(body, "\n"), nil
}

// sourceError is why a source does not parse or type-check.
type sourceError struct {
	reason  Reason // BadSyntax or BadTypes
	offset  int
	message string
}

// checkSource parses and type-checks a source, in which the packages with the paths
// in spare may be imported without being used.
func checkSource(src string, imp types.Importer, spare []string) *sourceError {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		e := &sourceError{reason: BadSyntax, message: err.Error()}
		var list scanner.ErrorList
		if errors.As(err, &list) && len(list) > 0 {
			e.offset, e.message = list[0].Pos.Offset, list[0].Msg
		}
		return e
	}
	var first *sourceError
	config := types.Config{Importer: imp, Sizes: wasmSizes, Error: func(err error) {
		if first != nil {
			return
		}
		var e types.Error
		if !errors.As(err, &e) {
			first = &sourceError{BadTypes, 0, err.Error()}
			return
		}
		for _, spec := range file.Imports {
			// The imports were fine before the edit, so all that can be wrong with
			// one now is that nothing uses it.
			if spec.Pos() <= e.Pos && e.Pos <= spec.End() && slices.Contains(spare, strings.Trim(spec.Path.Value, "`\"")) {
				return
			}
		}
		first = &sourceError{BadTypes, fset.PositionFor(e.Pos, false).Offset, e.Msg}
	}}
	if _, err := config.Check(file.Name.Name, fset, []*ast.File{file}, nil); err != nil {
		return first
	}
	return nil
}

// gofmt formats a source until that changes nothing any more: gofmt is not
// idempotent around some comments.
func gofmt(src string) (string, error) {
	b := []byte(src)
	for range 5 {
		formatted, err := format.Source(b)
		if err != nil {
			return "", err
		}
		if string(formatted) == string(b) {
			return string(b), nil
		}
		b = formatted
	}
	return "", fmt.Errorf("formatting does not settle")
}
