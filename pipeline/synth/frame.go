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

	"toolgen/pipeline/bounds"
)

// A frame is a program without the bodies of its functions. An edit in one function
// leaves all other bodies as they are, so it is enough to type-check and format
// that function inside the frame: the same verdict and the same bytes as for the
// whole program (a test compares them), at a fraction of the time. The frame is
// parsed once and checked as a file beside the one that the function is in.
//
// That holds only where bodies do not matter to each other. Where they may, the
// function is formatted alone but all of the program is type-checked: programs with
// generics (infinite instantiation goes through bodies), with package variables whose
// initial values depend on functions (initialization cycles do), with functions init
// or main (which must have a body), and with dot imports. Programs that are not
// gofmt'ed have no frame.
type frame struct {
	bodiesMatter bool
	header       string    // package clause and imports
	file         *ast.File // header, types, constants, variables, and functions without bodies
	size         int       // of its source, in bytes
	stubs        []*ast.FuncDecl
	funcs        []*ast.FuncDecl            // of the program, in the order of the stubs
	imports      map[*ast.FuncDecl][]string // paths of the packages used in a body
	shared       []string                   // and of those used outside of bodies
}

// newFrame returns the frame of a program, or nil if it has none.
func newFrame(p *Program) *frame {
	if formatted, err := gofmt(p.src); err != nil || formatted != p.src {
		return nil
	}
	f := &frame{imports: map[*ast.FuncDecl][]string{}}
	end := p.file.Name.End()
	var rest strings.Builder
	for _, decl := range p.file.Decls {
		switch decl := decl.(type) {
		case *ast.GenDecl:
			if decl.Tok == token.IMPORT {
				end = decl.End()
				continue
			}
			f.bodiesMatter = f.bodiesMatter || p.entangled(decl)
			rest.WriteString(p.text(decl) + "\n")
			f.shared = append(f.shared, p.imported(decl)...)
		case *ast.FuncDecl:
			if decl.Body == nil || p.generic(decl) || decl.Name.Name == "init" || decl.Name.Name == "main" {
				f.bodiesMatter = true
				continue
			}
			f.funcs = append(f.funcs, decl)
			rest.WriteString(p.src[p.from(decl.Type):p.from(decl.Body)] + "\n")
			f.imports[decl] = p.imported(decl.Body)
			f.shared = append(f.shared, p.imported(decl.Type)...)
			if decl.Recv != nil {
				f.shared = append(f.shared, p.imported(decl.Recv)...)
			}
		}
	}
	var paths []string
	for _, spec := range p.file.Imports {
		if spec.Name != nil && spec.Name.Name == "." || slices.Contains(paths, spec.Path.Value) {
			f.bodiesMatter = true
		}
		paths = append(paths, spec.Path.Value)
	}
	if f.bodiesMatter {
		return f
	}
	f.header = p.src[:p.tok.Offset(end)] + "\n"
	src := f.header + rest.String()
	f.size = len(src)
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
	if err != nil {
		f.bodiesMatter = true
		return f
	}
	f.file = file
	for _, decl := range file.Decls {
		if decl, ok := decl.(*ast.FuncDecl); ok {
			f.stubs = append(f.stubs, decl)
		}
	}
	return f
}

// entangled reports whether a declaration makes bodies matter to each other.
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

// check type-checks the new text of a function inside the frame. The result is false
// if only checking the whole program can tell.
func (f *frame) check(p *Program, decl *ast.FuncDecl, text string) (bool, *sourceError) {
	if f.bodiesMatter {
		return false, nil
	}
	fset := token.NewFileSet()
	fset.AddFile("", fset.Base(), f.size) // the frame was parsed with these positions
	file, e := parseFile(fset, f.header+text)
	if e != nil {
		e.offset -= len(f.header)
		return true, e
	}
	spare := slices.Clone(f.shared)
	rest := *f.file
	rest.Decls = make([]ast.Decl, 0, len(f.file.Decls))
	for _, d := range f.file.Decls {
		i := slices.IndexFunc(f.stubs, func(stub *ast.FuncDecl) bool { return stub == d })
		if i >= 0 && f.funcs[i] == decl {
			continue
		}
		rest.Decls = append(rest.Decls, d)
		if i >= 0 {
			spare = append(spare, f.imports[f.funcs[i]]...)
		}
	}
	own := fset.File(file.FileStart)
	e = checkFiles(fset, []*ast.File{&rest, file}, p.imp, func(path string, at token.Pos) bool {
		return at < file.FileStart || slices.Contains(spare, path)
	})
	if e == nil {
		return true, nil
	}
	if e.at < file.FileStart {
		return false, nil // not in the function, so it is to be found out with all of the program
	}
	e.offset = own.Offset(e.at) - len(f.header) // may be negative: in the imports
	return true, e
}

// format formats the new text of a function. The second result is false if it must be
// formatted with the whole program after all.
func (f *frame) format(text string) (string, bool) {
	const clause = "package p\n\n"
	formatted, err := gofmt(clause + text + "\n")
	if err != nil {
		return "", false
	}
	body, ok := strings.CutPrefix(strings.TrimSuffix(formatted, "\n"), clause)
	return body, ok && strings.Contains(body, "\n")
}

// sourceError is why a source does not parse or type-check.
type sourceError struct {
	reason  Reason // BadSyntax or BadTypes
	offset  int
	message string
	at      token.Pos // the same place as offset, in the file set
}

// checkSource parses and type-checks a source.
func checkSource(src string, imp types.Importer) *sourceError {
	fset := token.NewFileSet()
	file, e := parseFile(fset, src)
	if e != nil {
		return e
	}
	e = checkFiles(fset, []*ast.File{file}, imp, func(string, token.Pos) bool { return false })
	if e != nil {
		e.offset = fset.PositionFor(e.at, false).Offset
	}
	return e
}

func parseFile(fset *token.FileSet, src string) (*ast.File, *sourceError) {
	file, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err == nil {
		return file, nil
	}
	e := &sourceError{reason: BadSyntax, message: err.Error()}
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		e.offset, e.message = list[0].Pos.Offset, list[0].Msg
	}
	return nil, e
}

// checkFiles type-checks the files of a package, in which an import may be unused if
// spare says so of its path and position. The error has no offset yet. An edit may
// double what it is given (a concatenation put in place of an operand, say), and edits
// come from strangers like sources do, so each result is bounded as they are.
func checkFiles(fset *token.FileSet, files []*ast.File, imp types.Importer, spare func(path string, at token.Pos) bool) (first *sourceError) {
	if problems := bounds.Check(files, imp).Problems; len(problems) > 0 {
		return &sourceError{reason: BadTypes, message: problems[0].Message, at: problems[0].Pos}
	}
	config := types.Config{Importer: imp, Sizes: wasmSizes, Error: func(err error) {
		var e types.Error
		if !errors.As(err, &e) {
			first = &sourceError{reason: BadTypes, message: err.Error(), at: files[len(files)-1].FileStart}
			panic(enough{})
		}
		for _, file := range files {
			for _, spec := range file.Imports {
				// The imports were fine before the edit, so all that can be wrong with
				// one now is that nothing uses it.
				if spec.Pos() <= e.Pos && e.Pos <= spec.End() && spare(strings.Trim(spec.Path.Value, "`\""), e.Pos) {
					return
				}
			}
		}
		first = &sourceError{reason: BadTypes, message: e.Msg, at: e.Pos}
		panic(enough{})
	}}
	defer func() {
		if p := recover(); p != nil && p != (enough{}) {
			panic(p)
		}
	}()
	if _, err := config.Check(files[0].Name.Name, fset, files, nil); err != nil {
		return first
	}
	return nil
}

// enough ends a type check at the first error: go/types writes a message about every
// one, which may quote a constant of 256 KB, before it tells that there is one.
type enough struct{}

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
