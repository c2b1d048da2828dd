package synth

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"sync"

	"toolgen/pipeline/bounds"
)

// maxSource bounds what is parsed and type-checked, in bytes.
const maxSource = 1 << 20

// wasmSizes are those of the target that candidates are compiled for.
var wasmSizes = types.SizesFor("gc", "wasm")

// Program is a source that parsed and type-checked, ready to be edited many times.
// It is immutable and safe for concurrent use if its importer is.
type Program struct {
	src    string
	file   *ast.File
	tok    *token.File
	imp    types.Importer
	pkg    *types.Package
	info   *types.Info
	nodes  []ast.Node                    // what edits may touch, in source order, outer before inner
	parent map[ast.Node]ast.Node         // of every node below a function body or a value
	conds  []donor                       // conditions, in source order
	frame  func() *frame                 // computed once, when first needed
	vars   map[*types.Scope][]*types.Var // by scope, in the order of declaration
	places *places
	stock  func() *stock            // computed once, when first needed
	given  map[token.Token][]string // see Offering
	frozen []string                 // functions out of reach of edits; see ParseFrozen
}

// Parse prepares a source for edits. It fails with an *EditError if the source does
// not parse or type-check.
func Parse(src string, imp types.Importer) (*Program, error) { return ParseFrozen(src, imp, nil) }

// ParseFrozen is Parse with functions, no methods, that are out of reach of edits: what
// is in them is neither edited nor used elsewhere, and no edit calls them. Sites are
// numbered as if they had no bodies.
func ParseFrozen(src string, imp types.Importer, frozen []string) (*Program, error) {
	if len(src) > maxSource {
		return nil, &EditError{Reason: BadSource, Detail: fmt.Sprintf("the source has %d bytes, expected at most %d", len(src), maxSource)}
	}
	if at := bounds.Nesting([]byte(src)); at >= 0 {
		line, column := lineColumn(src, at)
		return nil, &EditError{Reason: BadSource, Detail: fmt.Sprintf("the source does not parse: %d:%d: brackets too deep within each other", line, column)}
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "tool.go", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, &EditError{Reason: BadSource, Detail: "the source does not parse: " + err.Error()}
	}
	p := &Program{
		src: src, file: file, tok: fset.File(file.FileStart), imp: imp,
		info: &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{},
			Defs:  map[*ast.Ident]types.Object{},
			Uses:  map[*ast.Ident]types.Object{},
		},
		parent: map[ast.Node]ast.Node{},
		vars:   map[*types.Scope][]*types.Var{},
		places: &places{known: map[placeKey]*surroundings{}},
		frozen: frozen,
	}
	if p.pkg, err = check(fset, file, imp, p.info); err != nil {
		return nil, &EditError{Reason: BadSource, Detail: "the source does not type-check: " + err.Error()}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Body != nil && !(decl.Recv == nil && slices.Contains(frozen, decl.Name.Name)) {
				p.parent[decl.Body] = decl
				p.walk(decl.Body)
			}
		case *ast.GenDecl:
			if decl.Tok == token.VAR || decl.Tok == token.CONST {
				p.walkValues(decl)
			}
		}
	}
	p.conds = findDonors(p)
	scopeVars(p.pkg.Scope(), p.vars)
	p.frame = sync.OnceValue(func() *frame { return newFrame(p) })
	p.stock = sync.OnceValue(func() *stock { return newStock(p) })
	return p, nil
}

// check type-checks a file, if it is within bounds. It stops at the first error; unused
// variables, imports and labels are errors.
func check(fset *token.FileSet, file *ast.File, imp types.Importer, info *types.Info) (*types.Package, error) {
	if problems := bounds.Check([]*ast.File{file}, imp).Problems; len(problems) > 0 {
		return nil, types.Error{Fset: fset, Pos: problems[0].Pos, Msg: problems[0].Message}
	}
	config := types.Config{Importer: imp, Sizes: wasmSizes}
	return config.Check(file.Name.Name, fset, []*ast.File{file}, info)
}

// walkValues walks the values of a declaration of variables or constants; names and
// types are no sites.
func (p *Program) walkValues(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		for _, v := range spec.(*ast.ValueSpec).Values {
			p.parent[v] = spec
			p.walk(v)
		}
	}
}

// walk records the nodes below n that edits may touch: statements and expressions,
// without types and labels.
func (p *Program) walk(n ast.Node) {
	var stack []ast.Node
	ast.Inspect(n, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return false
		}
		if len(stack) > 0 {
			p.parent[n] = stack[len(stack)-1]
		}
		switch n := n.(type) {
		case *ast.FuncType, *ast.CommentGroup:
			return false
		case *ast.BranchStmt:
			p.nodes = append(p.nodes, n)
			return false
		case *ast.DeclStmt:
			p.nodes = append(p.nodes, n)
			if decl := n.Decl.(*ast.GenDecl); decl.Tok == token.VAR || decl.Tok == token.CONST {
				p.parent[decl] = n
				for _, spec := range decl.Specs {
					p.parent[spec] = decl
				}
				p.walkValues(decl)
			}
			return false
		case ast.Expr:
			if p.info.Types[n].IsType() {
				return false
			}
		}
		p.nodes = append(p.nodes, n)
		stack = append(stack, n)
		return true
	})
}

// from and to are the range of a node in the source, in bytes.
func (p *Program) from(n ast.Node) int { return p.tok.Offset(n.Pos()) }
func (p *Program) to(n ast.Node) int   { return p.tok.Offset(n.End()) }

// text is a node as written.
func (p *Program) text(n ast.Node) string { return p.src[p.from(n):p.to(n)] }

// Source returns the source that was parsed.
func (p *Program) Source() string { return p.src }

// Edits returns every edit that the source offers; see Enumerate.
func (p *Program) Edits() []Edit {
	return p.edits(func(*operation) bool { return true })
}

// edits returns the edits of some operations.
func (p *Program) edits(of func(*operation) bool) []Edit {
	var edits []Edit
	p.enumerate(of, func(_ ast.Node, e Edit, _ int, _ []splice) { edits = append(edits, e) })
	return edits
}

// enumerate calls yield for every edit of some operations, with its site, its number
// among the choices of the site, and its splices.
func (p *Program) enumerate(of func(*operation) bool, yield func(n ast.Node, e Edit, i int, splices []splice)) {
	count := make([]int, len(operations))
	for _, n := range p.nodes {
		for i, o := range operations {
			if !of(o) || !o.match(p, n) {
				continue
			}
			for j, c := range o.choices(p, n) {
				yield(n, Edit{o.family, o.name, count[i], c.arg, c.from}, j, c.splices)
			}
			count[i]++
		}
	}
}

// site finds the node that an edit is about.
func (p *Program) site(e Edit) (*operation, ast.Node, error) {
	o := operationOf(e)
	if o == nil {
		return nil, nil, &EditError{e, NoSite, "there is no such family and op"}
	}
	count := 0
	for _, n := range p.nodes {
		if !o.match(p, n) {
			continue
		}
		if count == e.Site {
			return o, n, nil
		}
		count++
	}
	return nil, nil, &EditError{e, NoSite, fmt.Sprintf("the source has %d such sites", count)}
}

// Span returns the range in the source, in bytes, of the site of an edit. It fails
// with an *EditError.
func (p *Program) Span(e Edit) (from, to int, err error) {
	_, n, err := p.site(e)
	if err != nil {
		return 0, 0, err
	}
	return p.from(n), p.to(n), nil
}

// Apply carries out one edit; see the function Apply.
func (p *Program) Apply(e Edit) (string, error) {
	o, n, err := p.site(e)
	if err != nil {
		return "", err
	}
	choices := o.choices(p, n)
	i := slices.IndexFunc(choices, func(c choice) bool { return c.arg == e.Arg && c.from == e.From })
	if i < 0 && o.free != nil && e.From == 0 {
		if splices := o.free(p, n, e.Arg); splices != nil {
			return p.realize(e, n, splices)
		}
	}
	if i < 0 {
		return "", &EditError{e, NoChoice, fmt.Sprintf("the site has no such choice among its %d", len(choices))}
	}
	return p.realize(e, n, choices[i].splices)
}

// realize carries out the splices that an edit at a node stands for.
func (p *Program) realize(e Edit, n ast.Node, splices []splice) (string, error) {
	changed := p.splice(splices)
	if changed == p.src {
		return "", &EditError{e, Unchanged, "the result is the source"}
	}
	result, failed := p.accept(n, changed, splices)
	if failed != nil {
		failed.Edit = e
		return "", failed
	}
	if result == p.src {
		return "", &EditError{e, Unchanged, "the result is the source"}
	}
	return result, nil
}

// accept type-checks and formats the source that an edit at a node led to: the
// function around the node where that is enough, else all of it.
func (p *Program) accept(n ast.Node, changed string, splices []splice) (string, *EditError) {
	f := p.frame()
	decl := f.within(p, n)
	if decl == nil || slices.ContainsFunc(splices, func(s splice) bool { return s.from < p.from(decl.Body) || s.to > p.to(decl.Body) }) {
		return p.acceptWhole(changed)
	}
	from, to := p.from(decl.Type), p.to(decl)+len(changed)-len(p.src)
	alone, err := f.check(p, decl, changed[from:to])
	if err != nil {
		err.offset += from
		return "", err.edit(changed)
	}
	if !alone {
		if err := checkSource(changed, p.imp); err != nil {
			return "", err.edit(changed)
		}
	}
	if body, ok := f.format(changed[from:to]); ok {
		return changed[:from] + body + changed[to:], nil
	}
	return formatWhole(changed)
}

func (p *Program) acceptWhole(changed string) (string, *EditError) {
	if err := checkSource(changed, p.imp); err != nil {
		return "", err.edit(changed)
	}
	return formatWhole(changed)
}

func formatWhole(changed string) (string, *EditError) {
	result, err := gofmt(changed)
	if err != nil {
		return "", &EditError{Reason: BadSyntax, Detail: "the result cannot be formatted: " + err.Error()}
	}
	return result, nil
}

// edit returns the error as one of an edit that led to the source.
func (e *sourceError) edit(src string) *EditError {
	line, column := lineColumn(src, e.offset)
	what := "type-check"
	if e.reason == BadSyntax {
		what = "parse"
	}
	return &EditError{Reason: e.reason, Detail: fmt.Sprintf("the result does not %s: %d:%d: %s", what, line, column, e.message)}
}

// splice replaces the bytes of a range; nothing is replaced where it is empty.
type splice struct {
	from, to int
	text     string
}

// splice carries out replacements that do not overlap; those at the same place go
// in the order given.
func (p *Program) splice(splices []splice) string {
	splices = slices.Clone(splices)
	slices.SortStableFunc(splices, func(a, b splice) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	var b strings.Builder
	at := 0
	for _, s := range splices {
		b.WriteString(p.src[at:s.from])
		b.WriteString(s.text)
		at = s.to
	}
	b.WriteString(p.src[at:])
	return b.String()
}

// visible reports whether a name means the object at a position.
func (p *Program) visible(obj types.Object, at token.Pos) bool {
	_, found := p.scope(at).LookupParent(obj.Name(), at)
	return found == obj
}

// scope returns the innermost scope at a position.
func (p *Program) scope(at token.Pos) *types.Scope {
	if s := p.pkg.Scope().Innermost(at); s != nil {
		return s
	}
	return p.pkg.Scope()
}

// isFrozen reports whether edits must not name a function of a package.
func (p *Program) isFrozen(f *types.Func) bool {
	return f.Pkg() == p.pkg && slices.Contains(p.frozen, f.Name())
}
