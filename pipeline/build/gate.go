package build

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"toolgen/pipeline/bounds"
)

// Verdicts of the gate. An accepted source has none, "".
const (
	VerdictUnsafe     = "unsafe"      // breaks a rule that keeps this machine, the measurement or the neighbours safe
	VerdictBuildError = "build_error" // is no Go program of the shape that its role asks for
)

// Report is what Inspect found.
type Report struct {
	Verdict  string    // "", VerdictUnsafe or VerdictBuildError; unsafe if both apply
	Problems []Problem // sorted by position; empty if there is no verdict; at most maxProblems

	Imports   []string // direct imports, sorted
	ImportSet []string // their transitive closure united with the base set's, sorted; nil if there is a verdict

	// Alone says that the unit would weigh on its neighbours in a batch: it has
	// package-level variables, init functions, initial values that may run code or
	// panic, or much static data. It is compiled by itself, and its initialization is
	// charged.
	Alone bool

	// What the parser and the type checker found. Positions must be read with
	// Fset.PositionFor(pos, false). Nil if the source was not parsed; Package and
	// Info also if it was not type-checked.
	Fset    *token.FileSet
	Syntax  []*ast.File // in the order of file names
	Package *types.Package
	Info    *types.Info

	source string // hashSource of what was inspected
	text   []byte // of a source of one file
}

// Problem is something that the gate objects to.
type Problem struct {
	Rule    string // one of the Rule constants
	File    string // base name; "" if the problem is in no file
	Line    int    // from 1; 0 if the problem is of the whole file
	Column  int    // from 1, in bytes
	Message string // what was found, and what was expected
}

// String formats p like a compiler's message.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
		}
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "%s (%s)", p.Message, p.Rule)
	return b.String()
}

// The rules. The first four make a build_error, all others unsafe.
const (
	RuleSyntax  = "syntax"  // it parses
	RuleType    = "type"    // it type-checks
	RulePackage = "package" // the package has the name of the role
	RuleEntry   = "entry"   // the entry function has the signature of the role

	RuleFile      = "file"          // one or more files with plain names and UTF-8 text
	RuleSize      = bounds.Size     // size of the source, depth and number of its nodes
	RuleDirective = "directive"     // no comment that a compiler or the go command obeys
	RuleImport    = "import"        // only pure standard packages
	RuleConstant  = bounds.Constant // string constants have a bounded length
	RuleTypeSize  = bounds.TypeSize // types have bounded size and structure
	RuleGenerics  = bounds.Generics // instantiation ends, and soon
	RuleAssign    = "assignment"    // nothing imported is modified
	RuleGate      = "gate"          // the gate can cope with it
)

func verdictOf(rule string) string {
	switch rule {
	case RuleSyntax, RuleType, RulePackage, RuleEntry:
		return VerdictBuildError
	}
	return VerdictUnsafe
}

// Bounds of a report, against sources that are nothing but mistakes.
const (
	maxProblems = 100
	maxMessage  = 500 // bytes
)

// gate collects the findings of one inspection.
type gate struct {
	packages *packages
	role     Role
	files    []File // sorted by name
	report   *Report
	static   int64 // bytes of data: of strings, variables and composite literals
}

// inspect judges files in this process.
func inspect(p *packages, role Role, files []File) *Report {
	g := &gate{
		packages: p,
		role:     role,
		files:    sortFiles(files),
		report:   &Report{source: hashSource(role, files)},
	}
	if len(files) == 1 {
		g.report.text = files[0].Data
	}
	g.inspect()
	g.conclude()
	return g.report
}

// boundSyntax keeps from the type checker what would keep it busy without end.
func (g *gate) boundSyntax() {
	r := bounds.Check(g.report.Syntax, g.packages)
	for _, p := range r.Problems {
		g.object(p.Of, p.Pos, "%s", p.Message)
	}
	g.static = r.Strings
}

// inspect runs the checks in order. Each stage relies on what the ones before it
// have bounded, so the first stage that objects is the last.
func (g *gate) inspect() {
	// A crash of the type checker, or of the gate, is a defect of theirs. But what
	// brings it about is no less refused, and other sources are no less inspected.
	defer func() {
		if p := recover(); p != nil {
			g.object(RuleGate, token.NoPos, "the gate gave up: %v", p)
		}
	}()
	stages := []func(){
		g.checkFiles,
		g.parse,
		g.boundSyntax,
		g.checkSyntax,
		g.checkTypes,
		g.boundTypes,
	}
	for _, stage := range stages {
		stage()
		if len(g.report.Problems) > 0 {
			return
		}
	}
	g.report.ImportSet = g.packages.closure(g.report.Imports)
	g.report.Alone = g.alone()
}

// conclude sorts the problems and derives the verdict.
func (g *gate) conclude() {
	r := g.report
	slices.SortStableFunc(r.Problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Message, b.Message),
		)
	})
	r.Problems = slices.Compact(r.Problems)
	for _, p := range r.Problems {
		if r.Verdict != VerdictUnsafe {
			r.Verdict = verdictOf(p.Rule)
		}
	}
	if n := len(r.Problems); n > maxProblems {
		r.Problems = r.Problems[:maxProblems:maxProblems]
	}
}

// object adds a problem at a position, which may be token.NoPos.
func (g *gate) object(rule string, pos token.Pos, format string, args ...any) {
	p := Problem{Rule: rule, Message: bound(fmt.Sprintf(format, args...))}
	if pos.IsValid() {
		// Not Position: a //line comment would move it.
		at := g.report.Fset.PositionFor(pos, false)
		p.File, p.Line, p.Column = at.Filename, at.Line, at.Column
	}
	g.report.Problems = append(g.report.Problems, p)
}

// bound cuts a message to maxMessage bytes of valid UTF-8.
func bound(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage-len("...")] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}

func sortFiles(files []File) []File {
	return slices.SortedStableFunc(slices.Values(files), func(a, b File) int {
		return cmp.Compare(a.Name, b.Name)
	})
}
