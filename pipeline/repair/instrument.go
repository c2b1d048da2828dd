package repair

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// Element is a place of a program that an execution goes through or not.
type Element struct {
	From, To int // range in the source, in bytes
	Kind     ElementKind
}

// ElementKind is what being at a place means.
type ElementKind uint8

// The kinds of elements. A condition is two: that it held, and that it did not.
const (
	Statement ElementKind = iota
	Held
	Failed
)

// Instrumented is a program that answers with where it went: one byte for each of its
// elements, 1 if the execution was there. It answers so even if the program panics,
// runs for too long or calls itself too deep.
type Instrumented struct {
	Source   string
	Elements []Element
}

// Bounds of an instrumented execution. What goes on for longer has long been where it
// goes. Steps are elements passed.
const (
	maxSteps = 1 << 21
	maxCalls = 1500 // deep
)

// Instrument adds a counter to each statement and each condition of a program, those
// of loops and of else-if included.
func Instrument(source string) (Instrumented, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "tool.go", source, parser.SkipObjectResolution)
	if err != nil {
		return Instrumented{}, fmt.Errorf("repair: the program does not parse: %w", err)
	}
	in := &instrumenter{src: source, at: func(p token.Pos) int { return fset.PositionFor(p, false).Offset }}
	for _, decl := range file.Decls {
		ast.Inspect(decl, in.visit)
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "Run" {
			in.put(in.at(f.Name.Pos()), in.at(f.Name.End()), traced)
		}
	}
	// Calls of Run by the program itself must not start a trace of their own.
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "Run" {
				in.put(in.at(id.Pos()), in.at(id.End()), traced)
			}
		}
		return true
	})
	slices.SortStableFunc(in.puts, func(a, b put) int { return cmp.Compare(a.from, b.from) })
	var out strings.Builder
	at := 0
	for _, p := range in.puts {
		if p.from < at {
			continue
		}
		out.WriteString(source[at:p.from])
		out.WriteString(p.text)
		at = p.to
	}
	out.WriteString(source[at:])
	fmt.Fprintf(&out, tracer, len(in.elements), maxSteps, maxCalls)
	return Instrumented{Source: out.String(), Elements: in.elements}, nil
}

const traced = "toolgenTracedRun"

// tracer is added to the program. Its sentinel ends an execution that has been traced
// for long enough; Run's recover takes it, and whatever else is thrown.
const tracer = `

var (
	toolgenTraceHits  [%d]byte
	toolgenTraceSteps int
	toolgenTraceDepth int
)

func toolgenTraceHit(i int) {
	toolgenTraceHits[i] = 1
	toolgenTraceSteps++
	if toolgenTraceSteps > %d {
		panic("traced for long enough")
	}
}

func toolgenTraceCondition(i int, holds bool) bool {
	if holds {
		toolgenTraceHit(i)
	} else {
		toolgenTraceHit(i + 1)
	}
	return holds
}

func toolgenTraceEnter() {
	toolgenTraceDepth++
	if toolgenTraceDepth > %d {
		panic("deep enough")
	}
}

func toolgenTraceLeave() { toolgenTraceDepth-- }

func Run(input []byte) (hits []byte, err error) {
	defer func() {
		_ = recover()
		hits, err = toolgenTraceHits[:], nil
	}()
	_, _ = toolgenTracedRun(input)
	return nil, nil
}
`

type put struct {
	from, to int
	text     string
}

type instrumenter struct {
	src      string
	at       func(token.Pos) int
	puts     []put
	elements []Element
}

func (in *instrumenter) put(from, to int, text string) {
	in.puts = append(in.puts, put{from, to, text})
}

func (in *instrumenter) element(n ast.Node, kind ElementKind) int {
	in.elements = append(in.elements, Element{in.at(n.Pos()), in.at(n.End()), kind})
	return len(in.elements) - 1
}

func (in *instrumenter) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Body != nil {
			in.enter(n.Body)
		}
	case *ast.FuncLit:
		in.enter(n.Body)
	case *ast.BlockStmt:
		in.list(n.List)
	case *ast.CaseClause:
		in.list(n.Body)
	case *ast.CommClause:
		in.list(n.Body)
	case *ast.IfStmt:
		in.condition(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			in.condition(n.Cond)
		}
	case *ast.SwitchStmt:
		if n.Tag == nil {
			for _, clause := range n.Body.List {
				for _, cond := range clause.(*ast.CaseClause).List {
					in.condition(cond)
				}
			}
		}
	}
	return true
}

// enter counts how deep calls are.
func (in *instrumenter) enter(body *ast.BlockStmt) {
	at := in.at(body.Lbrace) + 1
	in.put(at, at, " toolgenTraceEnter(); defer toolgenTraceLeave(); ")
}

func (in *instrumenter) list(stmts []ast.Stmt) {
	for _, s := range stmts {
		switch s.(type) {
		case *ast.CaseClause, *ast.CommClause, *ast.EmptyStmt:
			continue
		}
		i := in.element(s, Statement)
		at := in.at(s.Pos())
		in.put(at, at, fmt.Sprintf("toolgenTraceHit(%d); ", i))
	}
}

func (in *instrumenter) condition(cond ast.Expr) {
	i := in.element(cond, Held)
	in.element(cond, Failed)
	from, to := in.at(cond.Pos()), in.at(cond.End())
	in.put(from, from, fmt.Sprintf("toolgenTraceCondition(%d, bool(", i))
	in.put(to, to, "))")
}
