package build

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
)

// Bounds of the syntax. They stand far above what programs of this kind need, and
// so low that neither go/types nor the compiler takes more than seconds. Without
// them a page of source can take either of them down: twenty doublings of a string
// constant, an alias of a struct of two of the alias before it, an interface that
// embeds a thousand others.
const (
	maxDepth      = 250    // of the syntax tree
	maxNodes      = 32_000 // of all syntax trees
	maxFuncNodes  = 8_000  // of one function; the back end knows no more than 65,536 blocks
	maxDecls      = 300    // functions, methods and package-level variables: initialization order is cubic in them
	maxIdentBytes = 128    // of an identifier: symbols are made of them
	maxClosures   = 20     // function literals within each other

	maxStringBytes  = 256 << 10 // of a string constant
	maxStringsBytes = 1 << 20   // of all concatenations of string constants

	maxTypeWeight  = 2_000  // of a struct, an interface or an alias, see scope.weight
	maxTypesWeight = 20_000 // of all of them

	maxLayouts = 100_000 // sum of scope.layout over all declared and instantiated types
)

// bounds is what boundSyntax measures.
type bounds struct {
	nodes, decls     int
	strings, weights int64
	layouts          int64
	static           int64 // string constants; boundTypes adds variables and literals
	tooDeep          bool
}

// boundSyntax measures the trees. Nothing before it may recurse into them without
// a bound of its own, and nothing after it needs one.
func (g *gate) boundSyntax() {
	m := &g.bounds
	for _, file := range g.report.Syntax {
		ast.Walk(treeBound{gate: g}, file)
	}
	if m.tooDeep {
		return
	}
	pkg := newScope(nil)
	names := make([]*scope, len(g.report.Syntax)) // of each file
	for i, file := range g.report.Syntax {
		names[i] = newScope(pkg)
		names[i].imports = g.importNames(file)
		pkg.collect(file, names[i])
	}
	for i, file := range g.report.Syntax {
		ast.Walk(meter{gate: g, scope: names[i], global: true}, file)
	}
	pos := g.report.Syntax[0].Package
	for _, check := range []struct {
		rule string
		what string
		have int64
		most int64
	}{
		{RuleSize, "nodes in the syntax tree", int64(m.nodes), maxNodes},
		{RuleSize, "functions, methods and package-level variables", int64(m.decls), maxDecls},
		{RuleConstant, "bytes in concatenations of string constants", m.strings, maxStringsBytes},
		{RuleTypeSize, "parts in all structs and interfaces, embedded ones included", m.weights, maxTypesWeight},
		{RuleTypeSize, "parts within all types, those of parts included", m.layouts, maxLayouts},
	} {
		if check.have > check.most {
			g.object(check.rule, pos, "%s %s: want at most %d", count(check.have), check.what, check.most)
		}
	}
}

// treeBound counts nodes and bounds what is seen of a single one. It goes no
// deeper than maxDepth itself.
type treeBound struct {
	gate            *gate
	depth, closures int
}

func (t treeBound) Visit(n ast.Node) ast.Visitor {
	if n == nil {
		return nil
	}
	g := t.gate
	g.bounds.nodes++
	if t.depth++; t.depth > maxDepth {
		if !g.bounds.tooDeep {
			g.object(RuleSize, n.Pos(), "the syntax tree is more than %d levels deep", maxDepth)
		}
		g.bounds.tooDeep = true
		return nil
	}
	switch n := n.(type) {
	case *ast.FuncDecl:
		g.bounds.decls++
		if have := countNodes(n); have > maxFuncNodes {
			g.object(RuleSize, n.Name.Pos(), "func %s has %d nodes in its syntax tree: want at most %d", n.Name.Name, have, maxFuncNodes)
		}
	case *ast.FuncLit:
		if t.closures++; t.closures == maxClosures+1 {
			g.object(RuleSize, n.Pos(), "more than %d function literals within each other", maxClosures)
		}
	case *ast.Ident:
		if len(n.Name) > maxIdentBytes {
			g.object(RuleSize, n.Pos(), "an identifier of %d bytes: want at most %d", len(n.Name), maxIdentBytes)
		}
	case *ast.GenDecl:
		eachConst(n, func(_ *ast.Ident, value ast.Expr, repeated bool) {
			if repeated && g.bounds.nodes <= maxNodes {
				g.bounds.nodes += countNodes(value) // it is checked once more
			}
		})
		if n.Tok == token.VAR && t.depth == 2 { // below the file
			for _, spec := range n.Specs {
				g.bounds.decls += len(spec.(*ast.ValueSpec).Names)
			}
		}
	}
	return t
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
func (g *gate) importNames(file *ast.File) map[string]*types.Package {
	names := map[string]*types.Package{}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if p := g.packages.typesOf(path); p != nil {
			name := p.Name()
			if spec.Name != nil {
				name = spec.Name.Name
			}
			names[name] = p
		}
	}
	return names
}

// meter walks a tree whose depth is bounded, and sums up what names stand for.
type meter struct {
	gate   *gate
	scope  *scope
	global bool // not within a function
	chain  bool // within a concatenation, which was measured as a whole
}

func (m meter) Visit(n ast.Node) ast.Visitor {
	total := &m.gate.bounds
	inner := meter{gate: m.gate, scope: m.scope, global: m.global}
	switch n := n.(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
		inner.scope, inner.global = newScope(m.scope), false
	case *ast.GenDecl:
		if !m.global {
			m.scope.declare(n)
		}
		eachConst(n, func(name *ast.Ident, value ast.Expr, repeated bool) {
			if repeated { // and so no node of its own that the walk comes to
				total.strings = sum(total.strings, m.scope.stringSize(value))
			}
		})
	case *ast.BinaryExpr:
		if n.Op == token.ADD {
			inner.chain = true
			if !m.chain {
				size := m.scope.stringSize(n)
				total.strings = sum(total.strings, size)
				total.static = sum(total.static, size)
				if size > maxStringBytes {
					m.gate.object(RuleConstant, n.Pos(), "a string constant of %s bytes: want at most %d", count(size), maxStringBytes)
				}
			}
		}
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			total.static = sum(total.static, int64(len(n.Value)))
		}
	case *ast.ParenExpr:
		inner.chain = m.chain
	case *ast.TypeSpec:
		total.layouts = sum(total.layouts, m.scope.layout(n.Type))
		m.typeSpec(n)
	case *ast.IndexExpr:
		total.layouts = sum(total.layouts, m.scope.layout(n))
	case *ast.IndexListExpr:
		total.layouts = sum(total.layouts, m.scope.layout(n))
	case *ast.StructType:
		m.weigh(n, m.scope.weight(n))
	case *ast.InterfaceType:
		m.weigh(n, m.scope.weight(n))
	}
	return inner
}

func (m meter) typeSpec(n *ast.TypeSpec) {
	switch {
	case n.Assign.IsValid() && n.TypeParams != nil:
		m.gate.object(RuleTypeSize, n.Pos(), "%s is an alias with type parameters: want a defined type", n.Name.Name)
	case n.Assign.IsValid():
		m.weigh(n, m.scope.weight(n.Type))
	case typeName(n.Type) != nil:
		m.weigh(n, m.scope.embedded(n.Type)) // what it brings along, it has once more
	}
}

func (m meter) weigh(n ast.Node, weight int64) {
	m.gate.bounds.weights = sum(m.gate.bounds.weights, weight)
	switch {
	case weight == saturated:
		m.gate.object(RuleTypeSize, n.Pos(), "a type that embeds itself, or has no end of parts: want at most %d", maxTypeWeight)
	case weight > maxTypeWeight:
		m.gate.object(RuleTypeSize, n.Pos(), "a type of %d parts, embedded ones included: want at most %d", weight, maxTypeWeight)
	}
}

// count formats a number that may be saturated.
func count(n int64) string {
	if n >= saturated {
		return "endlessly many"
	}
	return strconv.FormatInt(n, 10)
}
