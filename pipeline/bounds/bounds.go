// Package bounds measures the syntax of a Go program before go/types sees it, and
// says what would keep a type checker, or a compiler, busy without end.
//
// A page of source takes either of them down: twenty doublings of a string constant,
// an alias of a struct of two of the alias before it, an interface that embeds a
// thousand others, forty nested calls of a generic function whose result holds its
// argument twice. Whoever type-checks what strangers wrote calls [Check] first. It
// knows the syntax alone and computes upper bounds: it may take an innocent variable
// for a constant of the same name, never the other way round. Its answer is a pure
// function of the source, so that a refusal is a verdict and no event of a machine.
//
// It takes a fraction of the time that go/types takes, and neither memory nor time
// beyond a small multiple of the size of the source. It judges nothing that go/types
// judges itself: integer constants of more than 512 bits, shifts, the length of number
// literals, unions of more than 100 terms are errors there.
package bounds

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
)

// What a bound is of.
const (
	Size     = "size"      // the syntax: nodes, depth, declarations
	Constant = "constant"  // string constants
	TypeSize = "type_size" // types as they are written
	Generics = "generics"  // types as they are inferred and instantiated
)

// Problem is a bound that is exceeded.
type Problem struct {
	Of      string // one of the constants above
	Pos     token.Pos
	Message string // what was found, and what was expected
}

// Bounds of the syntax. They stand far above what programs of this kind need, and
// so low that neither go/types nor the compiler takes more than seconds.
const (
	maxDepth      = 250    // of the syntax tree
	maxNodes      = 32_000 // of all syntax trees
	maxFuncNodes  = 8_000  // of one function; the back end knows no more than 65,536 blocks
	maxDecls      = 300    // functions, methods and package-level variables: initialization order is cubic in them
	maxIdentBytes = 128    // of an identifier: symbols are made of them
	maxClosures   = 20     // function literals within each other
	maxTypeParams = 20     // of a function or type

	maxStringBytes  = 256 << 10 // of a string constant
	maxStringsBytes = 1 << 20   // of all concatenations of string constants

	maxTypeWeight  = 2_000  // of a struct, an interface or an alias, see scope.weight
	maxTypesWeight = 20_000 // of all of them

	maxLayouts = 100_000 // sum of scope.layout over all declared and instantiated types

	maxLookups   = 300_000_000 // steps, see meter.lookups
	maxCaseParts = 20_000_000  // compared between the types of a type switch

	maxMentions    = 50        // of a type parameter in the declaration of a type, or in a signature
	maxInferred    = 100_000   // parts of an inferred type, written out
	maxInferredSum = 2_000_000 // of all of them
)

// Report is what Check found.
type Report struct {
	Problems []Problem // in no particular order; none if the program may be type-checked
	Strings  int64     // bytes in string literals and concatenations: data of the compiled program
}

// Check measures the files of a package. Nothing before it may recurse into the trees
// without a bound of its own, and nothing after it needs one. The packages that files
// import are asked for the lengths of their string constants; one that the importer
// does not know has none.
func Check(files []*ast.File, imp types.Importer) Report {
	m := &meter{imp: imp}
	for _, file := range files {
		m.measure(file)
	}
	if m.nodes > maxNodes {
		m.object(Size, files[0].Package, "%d nodes in the syntax tree: want at most %d", m.nodes, maxNodes)
	}
	if m.decls > maxDecls {
		m.object(Size, files[0].Package, "%d functions, methods and package-level variables: want at most %d", m.decls, maxDecls)
	}
	if len(m.problems) > 0 {
		return Report{Problems: m.problems} // what follows is linear in bounded trees alone
	}
	pkg := newScope(nil)
	names := make([]*scope, len(files)) // of each file
	for i, file := range files {
		names[i] = newScope(pkg)
		names[i].imports = m.importNames(file)
		pkg.collect(file, names[i])
	}
	for i, file := range files {
		m.weighFile(file, names[i])
	}
	for _, check := range []struct {
		of   string
		what string
		have int64
		most int64
	}{
		{Constant, "bytes in concatenations of string constants", m.strings, maxStringsBytes},
		{TypeSize, "parts in all structs and interfaces, embedded ones included", m.weights, maxTypesWeight},
		{TypeSize, "parts within all types, those of parts included", m.layouts, maxLayouts},
		{TypeSize, "comparisons of parts between the types of type switches", m.caseParts, maxCaseParts},
		{TypeSize, "steps to find methods (the syntax tree's nodes x methods of interfaces x these and the square of embedded fields)", m.lookups(), maxLookups},
	} {
		if check.have > check.most {
			m.object(check.of, files[0].Package, "%s %s: want at most %d", count(check.have), check.what, check.most)
		}
	}
	if m.generic && len(m.problems) == 0 {
		m.boundGrowth(files, names)
	}
	return Report{Problems: m.problems, Strings: m.static}
}

// meter adds up what it sees.
type meter struct {
	imp      types.Importer
	problems []Problem

	nodes, decls     int
	strings, weights int64
	layouts          int64
	static           int64

	methods, embedded int64 // of all interfaces; all embedded fields
	caseParts         int64

	generic bool  // there are type parameters
	written int64 // weight of the largest type as it is written, if so
}

func (m *meter) object(of string, pos token.Pos, format string, args ...any) {
	m.problems = append(m.problems, Problem{of, pos, fmt.Sprintf(format, args...)})
}

// measure counts nodes and bounds what is seen of a single one. It goes no deeper
// than maxDepth itself.
func (m *meter) measure(file *ast.File) {
	var closures [maxDepth + 1]bool // which nodes on the way are function literals
	depth, within := 0, 0
	function, before := (*ast.FuncDecl)(nil), 0 // and the count before it
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			if closures[depth] {
				closures[depth] = false
				within--
			}
			depth--
			if function != nil && depth == 1 {
				if have := m.nodes - before; have > maxFuncNodes {
					m.object(Size, function.Name.Pos(), "func %s has %d nodes in its syntax tree: want at most %d", function.Name.Name, have, maxFuncNodes)
				}
				function = nil
			}
			return true
		}
		m.nodes++
		if depth == maxDepth {
			m.object(Size, n.Pos(), "the syntax tree is more than %d levels deep", maxDepth)
			return false
		}
		depth++
		switch n := n.(type) {
		case *ast.FuncDecl:
			m.decls++
			function, before = n, m.nodes-1
		case *ast.FuncLit:
			closures[depth] = true
			if within++; within == maxClosures+1 {
				m.object(Size, n.Pos(), "more than %d function literals within each other", maxClosures)
			}
		case *ast.FuncType:
			m.typeParams(n.TypeParams)
		case *ast.TypeSpec:
			m.typeParams(n.TypeParams)
		case *ast.Ident:
			if len(n.Name) > maxIdentBytes {
				m.object(Size, n.Pos(), "an identifier of %d bytes: want at most %d", len(n.Name), maxIdentBytes)
			}
		case *ast.GenDecl:
			eachConst(n, func(_ *ast.Ident, value ast.Expr, repeated bool) {
				if repeated && m.nodes <= maxNodes {
					m.nodes += countNodes(value) // it is checked once more
				}
			})
			if n.Tok == token.VAR && depth == 2 { // below the file
				for _, spec := range n.Specs {
					m.decls += len(spec.(*ast.ValueSpec).Names)
				}
			}
		}
		return true
	})
}

func (m *meter) typeParams(list *ast.FieldList) {
	n := list.NumFields()
	m.generic = m.generic || n > 0
	if n > maxTypeParams {
		m.object(Generics, list.Pos(), "%d type parameters: want at most %d", n, maxTypeParams)
	}
}

// countNodes counts the nodes of a tree down to maxDepth.
func countNodes(n ast.Node) int {
	nodes, depth := 0, 0
	ast.Inspect(n, func(n ast.Node) bool {
		if n == nil {
			depth--
			return true
		}
		nodes++
		if depth == maxDepth {
			return false
		}
		depth++
		return true
	})
	return nodes
}

// importNames returns the packages that a file imports by the names it uses.
func (m *meter) importNames(file *ast.File) map[string]*types.Package {
	names := map[string]*types.Package{}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || m.imp == nil {
			continue
		}
		if p, err := m.imp.Import(path); err == nil {
			name := p.Name()
			if spec.Name != nil {
				name = spec.Name.Name
			}
			names[name] = p
		}
	}
	return names
}

// place is where a walk is.
type place struct {
	scope  *scope
	global bool // not within a function
	chain  bool // within a concatenation, which was measured as a whole
}

// weighFile walks a tree whose depth is bounded, and sums up what names stand for.
func (m *meter) weighFile(file *ast.File, names *scope) {
	at := place{scope: names, global: true}
	var outer []place
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			at = outer[len(outer)-1]
			outer = outer[:len(outer)-1]
			return true
		}
		outer = append(outer, at)
		at = m.visit(n, at)
		return true
	})
}

// visit weighs a node, and returns the place that is within it.
func (m *meter) visit(n ast.Node, at place) place {
	inner := place{scope: at.scope, global: at.global}
	if m.generic {
		switch n := n.(type) {
		case *ast.Ident, *ast.StarExpr, *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.StructType, *ast.InterfaceType, *ast.IndexExpr, *ast.IndexListExpr:
			m.written = max(m.written, at.scope.weight(n.(ast.Expr)))
		}
	}
	switch n := n.(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
		inner.scope, inner.global = newScope(at.scope), false
	case *ast.GenDecl:
		if !at.global {
			at.scope.declare(n)
		}
		eachConst(n, func(name *ast.Ident, value ast.Expr, repeated bool) {
			if repeated { // and so no node of its own that the walk comes to
				m.strings = sum(m.strings, at.scope.stringSize(value))
			}
		})
	case *ast.BinaryExpr:
		if n.Op == token.ADD {
			inner.chain = true
			if !at.chain {
				size := at.scope.stringSize(n)
				m.strings = sum(m.strings, size)
				m.static = sum(m.static, size)
				if size > maxStringBytes {
					m.object(Constant, n.Pos(), "a string constant of %s bytes: want at most %d", count(size), maxStringBytes)
				}
			}
		}
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			m.static = sum(m.static, int64(len(n.Value)))
		}
	case *ast.ParenExpr:
		inner.chain = at.chain
	case *ast.TypeSpec:
		m.layouts = sum(m.layouts, at.scope.layout(n.Type))
		m.typeSpec(n, at.scope)
	case *ast.IndexExpr:
		m.layouts = sum(m.layouts, at.scope.layout(n))
	case *ast.IndexListExpr:
		m.layouts = sum(m.layouts, at.scope.layout(n))
	case *ast.StructType:
		m.weigh(n, at.scope.weight(n))
		for _, f := range n.Fields.List {
			if len(f.Names) == 0 {
				m.embedded++
			}
		}
	case *ast.InterfaceType:
		m.weigh(n, at.scope.weight(n))
		for _, f := range n.Methods.List {
			m.methods += int64(len(f.Names))
		}
	case *ast.TypeSwitchStmt:
		m.cases(n.Body, at.scope)
	}
	return inner
}

// lookups bounds what go/types does to find methods and fields. To see whether a value
// implements an interface, for every assignment and comparison, it looks for each
// method of the interface in the list of the type's methods from the start, then in the
// types that it embeds; these are held against each other, all pairs of them.
func (m *meter) lookups() int64 {
	searches := product(int64(m.nodes), max(1, m.methods))
	return product(searches, sum(sum(m.methods, 10*m.embedded), product(m.embedded, m.embedded)))
}

// cases adds up what the types of a type switch have in common to compare: each is
// held against all before it.
func (m *meter) cases(body *ast.BlockStmt, s *scope) {
	n, weight := int64(0), int64(0)
	for _, clause := range body.List {
		if clause, ok := clause.(*ast.CaseClause); ok {
			for _, e := range clause.List {
				n++
				weight = max(weight, s.weight(e))
			}
		}
	}
	m.caseParts = sum(m.caseParts, product(n*n/2, weight))
}

func (m *meter) typeSpec(n *ast.TypeSpec, s *scope) {
	switch {
	case n.Assign.IsValid() && n.TypeParams != nil:
		m.object(TypeSize, n.Pos(), "%s is an alias with type parameters: want a defined type", n.Name.Name)
	case n.Assign.IsValid():
		m.weigh(n, s.weight(n.Type))
	case typeName(n.Type) != nil:
		m.weigh(n, s.embedded(n.Type)) // what it brings along, it has once more
	}
}

func (m *meter) weigh(n ast.Node, weight int64) {
	m.weights = sum(m.weights, weight)
	switch {
	case weight == saturated:
		m.object(TypeSize, n.Pos(), "a type that embeds itself, or has no end of parts: want at most %d", maxTypeWeight)
	case weight > maxTypeWeight:
		m.object(TypeSize, n.Pos(), "a type of %d parts, embedded ones included: want at most %d", weight, maxTypeWeight)
	}
}

// count formats a number that may be saturated.
func count(n int64) string {
	if n >= saturated {
		return "endlessly many"
	}
	return strconv.FormatInt(n, 10)
}
