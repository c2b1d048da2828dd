package synth

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
)

// imports reports whether the file imports a package under its own name.
func (p *Program) imports(path string) bool {
	for _, spec := range p.file.Imports {
		if spec.Name == nil && spec.Path.Value == strconv.Quote(path) {
			return true
		}
	}
	return false
}

// importing returns what adds an import of a package to the file: nothing if it is there
// under its own name.
func (p *Program) importing(path string) []splice {
	if p.imports(path) {
		return nil
	}
	quoted := strconv.Quote(path)
	at := p.to(p.file.Name)
	added := []splice{{at, at, "\n\nimport " + quoted + "\n"}}
	for _, decl := range p.file.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT || len(d.Specs) == 0 {
			continue
		}
		last := p.to(d.Specs[len(d.Specs)-1])
		added = []splice{{last, last, "\n" + quoted}}
		for _, s := range d.Specs {
			if s.(*ast.ImportSpec).Path.Value > quoted {
				added = []splice{{p.from(s), p.from(s), quoted + "\n"}}
				break
			}
		}
		if !d.Lparen.IsValid() {
			first := p.from(d.Specs[0])
			added = slices.Concat([]splice{{first, first, "(\n"}}, added, []splice{{last, last, "\n)"}})
		}
	}
	return added
}
