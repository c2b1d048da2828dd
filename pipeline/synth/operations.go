package synth

import (
	"go/ast"
	"go/token"
	"go/types"
)

// An operation is one kind of edit. It recognizes its sites among the nodes of a
// program and says what each may become, the likely first. To add one, write the two
// functions, list it in operations and give it a prior: Enumerate, Proposals, Apply,
// Locate and Describe know it from there.
type operation struct {
	family, name string
	verb         string // for Describe
	donors       bool   // choices without arg are conditions of the program, by number
	match        func(p *Program, n ast.Node) bool
	choices      func(p *Program, n ast.Node) []choice

	// free carries out an arg that is none of the choices; nil: there are no others. It
	// returns nil for an arg of the wrong form.
	free func(p *Program, n ast.Node, arg string) []splice
}

// choice is what a site may become. Its arg and from, together, are unique among
// the choices of a site.
type choice struct {
	arg     string
	from    int
	splices []splice
}

// The families that variation draws from. Those that serve repair alone stay out,
// so that adding one does not change what any run evolves.
var variationFamilies = []string{"variable", "operator", "conditional", "literal", "statement"}

// operations lists every kind of edit. The order decides in which order Enumerate
// lists the edits of one node, and so what Mutate draws: a change here raises the
// semantics number of ToolGen.
var operations []*operation

func init() {
	for _, family := range [][]*operation{
		variableEdits, operatorEdits, conditionalEdits, literalEdits, statementEdits,
		expressionEdits, nameEdits, clauseEdits, tieEdits, guardEdits, valueEdits, callEdits, sliceEdits, insertEdits, moveEdits,
		blockEdits, loopEdits, ingredientEdits, conversionEdits, declareEdits, givenEdits,
	} {
		operations = append(operations, family...)
	}
}

func operationOf(e Edit) *operation {
	for _, o := range operations {
		if o.family == e.Family && o.name == e.Op {
			return o
		}
	}
	return nil
}

// replace is the choice that puts a text in the place of a node.
func (p *Program) replace(n ast.Node, arg, text string) choice {
	return choice{arg: arg, splices: []splice{{p.from(n), p.to(n), text}}}
}

// precedence returns the precedence of an expression as an operand: that of its
// operator, or one above all operators.
func precedence(e ast.Expr) int {
	if b, ok := e.(*ast.BinaryExpr); ok {
		return b.Op.Precedence()
	}
	return token.HighestPrec
}

// operand returns an expression as written, in parentheses if its operator binds
// weaker than the least precedence that its place needs.
func (p *Program) operand(e ast.Expr, least int) string {
	if precedence(e) < least {
		return "(" + p.text(e) + ")"
	}
	return p.text(e)
}

// wrap returns the splices that put parentheses around a node.
func (p *Program) wrap(n ast.Node) []splice {
	return []splice{{p.from(n), p.from(n), "("}, {p.to(n), p.to(n), ")"}}
}

// basic returns what is known of a basic type: its IsInteger, IsString and so on. A
// type parameter may be anything. The result is 0 for all other types.
func basic(t types.Type) types.BasicInfo {
	if t == nil {
		return 0
	}
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return types.IsInteger | types.IsFloat | types.IsString
	}
	if b, ok := t.Underlying().(*types.Basic); ok {
		return b.Info()
	}
	return 0
}

// basicOf is basic for the type of an expression.
func (p *Program) basicOf(e ast.Expr) types.BasicInfo {
	return basic(p.info.Types[e].Type)
}

// nilable reports whether nil is a value of the type.
func nilable(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Interface:
		_, parameter := types.Unalias(t).(*types.TypeParam)
		return !parameter
	}
	return false
}

// zero returns the zero value of a type as source, if it has a short one.
func zero(t types.Type) (string, bool) {
	if nilable(t) {
		return "nil", true
	}
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return "", false
	}
	switch info := basic(t); {
	case info&types.IsString != 0:
		return `""`, true
	case info&types.IsBoolean != 0:
		return "false", true
	case info&types.IsNumeric != 0:
		return "0", true
	}
	return "", false
}

// statements returns the statements that a node holds as a list.
func statements(n ast.Node) []ast.Stmt {
	switch n := n.(type) {
	case *ast.BlockStmt:
		return n.List
	case *ast.CaseClause:
		return n.Body
	case *ast.CommClause:
		return n.Body
	}
	return nil
}
