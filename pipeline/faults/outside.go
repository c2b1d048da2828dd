package faults

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"toolgen/pipeline/synth"
)

// outline is a source with its syntax, for changes that no edit of synth makes.
type outline struct {
	src   string
	file  *ast.File
	tok   *token.File
	funcs []*ast.FuncDecl
}

func newOutline(src string) (*outline, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "tool.go", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	o := &outline{src: src, file: file, tok: fset.File(file.FileStart)}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			o.funcs = append(o.funcs, f)
		}
	}
	return o, nil
}

func (o *outline) from(n ast.Node) int    { return o.tok.Offset(n.Pos()) }
func (o *outline) to(n ast.Node) int      { return o.tok.Offset(n.End()) }
func (o *outline) text(n ast.Node) string { return o.src[o.from(n):o.to(n)] }

// function names the function at an offset.
func (o *outline) function(at int) string {
	for _, f := range o.funcs {
		if o.from(f) <= at && at < o.to(f) {
			return f.Name.Name
		}
	}
	return ""
}

// change replaces a range of the source.
type change struct {
	family, op, describe string
	from, to             int
	text                 string
}

// apply carries a change out. It fails with a *synth.EditError if the result does not
// type-check.
func (o *outline) apply(c change, imp types.Importer) (string, error) {
	formatted, err := format.Source([]byte(o.src[:c.from] + c.text + o.src[c.to:]))
	if err != nil {
		return "", &synth.EditError{Reason: synth.BadSyntax, Detail: err.Error()}
	}
	if _, err := synth.Parse(string(formatted), imp); err != nil {
		return "", err
	}
	return string(formatted), nil
}

// changes lists what can be done to the program, in the order of the source.
func (o *outline) changes() []change {
	var cs []change
	add := func(family, op, describe string, n ast.Node, text string) {
		cs = append(cs, change{family, op, describe, o.from(n), o.to(n), text})
	}
	// Initial values stand outside of functions, too.
	ast.Inspect(o.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			o.leaveOut(n.List, add)
		case *ast.CaseClause:
			o.leaveOut(n.Body, add)
		case *ast.SwitchStmt:
			o.leaveOutCases(n.Body, add)
		case *ast.TypeSwitchStmt:
			o.leaveOutCases(n.Body, add)
		case *ast.IfStmt:
			o.branches(n, add)
		case *ast.ForStmt:
			o.direction(n, add)
		case *ast.ValueSpec:
			for _, v := range n.Values {
				o.initial(v, add)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, v := range n.Rhs {
					o.initial(v, add)
				}
			}
			o.step(n, add)
		case *ast.IncDecStmt:
			if _, ok := n.X.(*ast.IndexExpr); ok && n.Tok == token.INC {
				add(WrongStep, "set", "an element is set to 1 instead of counted", n, o.text(n.X)+" = 1")
			}
		case *ast.ExprStmt:
			if call, ok := n.X.(*ast.CallExpr); ok && len(call.Args) == 2 && o.text(call.Fun) == "delete" {
				add(WrongStep, "clear", "all elements are deleted instead of one", n, "clear("+o.text(call.Args[0])+")")
			}
		}
		return true
	})
	for _, f := range o.funcs {
		o.early(f, add)
	}
	return cs
}

type adder func(family, op, describe string, n ast.Node, text string)

// leaveOut lists the statements that may be missing from a list.
func (o *outline) leaveOut(list []ast.Stmt, add adder) {
	for _, s := range list {
		switch s.(type) {
		case *ast.ReturnStmt, *ast.BranchStmt, *ast.DeclStmt, *ast.EmptyStmt, *ast.CaseClause, *ast.CommClause:
			continue
		}
		op := "line"
		if strings.Contains(o.text(s), "\n") {
			op = "block"
			switch s.(type) {
			case *ast.IfStmt:
				op = "if"
			case *ast.ForStmt, *ast.RangeStmt:
				op = "loop"
			}
		}
		add(MissingStatement, op, "a statement is missing: "+headline(o.text(s)), s, "")
	}
}

// headline is the first line of a statement.
func headline(s string) string {
	first, _, more := strings.Cut(s, "\n")
	if more {
		first += " ..."
	}
	return first
}

// leaveOutCases lists the cases that may be missing from a switch.
func (o *outline) leaveOutCases(body *ast.BlockStmt, add adder) {
	for _, s := range body.List {
		if c, ok := s.(*ast.CaseClause); ok && len(body.List) > 1 {
			op := "case"
			if c.List == nil {
				op = "default"
			}
			add(MissingCase, op, "a case is missing: "+headline(o.text(c)), c, "")
		}
	}
}

// branches lists what may go wrong with the branches of an if.
func (o *outline) branches(n *ast.IfStmt, add adder) {
	switch e := n.Else.(type) {
	case *ast.IfStmt:
		rest := ""
		if e.Else != nil {
			rest = " else " + o.text(e.Else)
		}
		add(MissingCase, "else if", "a branch is missing: if "+o.text(e.Cond), n, o.src[o.from(n):o.to(n.Body)]+rest)
	case *ast.BlockStmt:
		head := o.src[o.from(n):o.from(n.Body)]
		add(WrongBranch, "swapped", "the branches are swapped: if "+o.text(n.Cond), n, head+o.text(e)+" else "+o.text(n.Body))
		inner := o.src[o.from(e)+1 : o.to(e)-1]
		add(WrongBranch, "fall through", "what belongs into the else is done always: if "+o.text(n.Cond), n, head+o.text(n.Body)+"\n"+inner)
		add(WrongBranch, "else alone", "one branch is done always: if "+o.text(n.Cond), n, o.text(e))
	}
}

// direction turns a counting loop around.
func (o *outline) direction(n *ast.ForStmt, add adder) {
	init, ok1 := n.Init.(*ast.AssignStmt)
	cond, ok2 := n.Cond.(*ast.BinaryExpr)
	post, ok3 := n.Post.(*ast.IncDecStmt)
	if !ok1 || !ok2 || !ok3 || len(init.Lhs) != 1 || len(init.Rhs) != 1 || o.text(init.Lhs[0]) != o.text(cond.X) || o.text(post.X) != o.text(cond.X) {
		return
	}
	i, a, b := o.text(cond.X), o.text(init.Rhs[0]), o.text(cond.Y)
	var head string
	switch {
	case post.Tok == token.INC && cond.Op == token.LSS:
		head = i + " := (" + b + ") - 1; " + i + " >= " + a + "; " + i + "--"
	case post.Tok == token.INC && cond.Op == token.LEQ:
		head = i + " := " + b + "; " + i + " >= " + a + "; " + i + "--"
	case post.Tok == token.DEC && cond.Op == token.GEQ:
		head = i + " := " + b + "; " + i + " <= " + a + "; " + i + "++"
	default:
		return
	}
	add(WrongBranch, "direction", "a loop runs the other way: for "+i, n, "for "+head+" "+o.text(n.Body))
}

// early ends a function in the first round of a loop, as its last statement would.
func (o *outline) early(f *ast.FuncDecl, add adder) {
	list := f.Body.List
	if len(list) == 0 {
		return
	}
	last, ok := list[len(list)-1].(*ast.ReturnStmt)
	if !ok || len(last.Results) == 0 {
		return
	}
	for _, s := range list[:len(list)-1] {
		var body *ast.BlockStmt
		switch s := s.(type) {
		case *ast.ForStmt:
			body = s.Body
		case *ast.RangeStmt:
			body = s.Body
		default:
			continue
		}
		text := o.src[o.from(s):o.to(body)-1] + o.text(last) + "\n}"
		add(WrongBranch, "early return", "the function returns in the first round of a loop", s, text)
	}
}

// initial lists wrong initial values for a right one.
func (o *outline) initial(v ast.Expr, add adder) {
	say := func(text string) {
		add(WrongInitial, "value", "the initial value is "+text+" instead of "+headline(o.text(v)), v, text)
	}
	switch v := v.(type) {
	case *ast.UnaryExpr:
		if lit, ok := v.X.(*ast.CompositeLit); ok && v.Op == token.AND {
			o.fields(lit, add)
		}
	case *ast.BasicLit:
		n, err := strconv.ParseInt(v.Value, 0, 32)
		switch {
		case v.Kind == token.INT && err == nil:
			say(strconv.FormatInt(7*n+13, 10))
			say(strconv.FormatInt(-n-100, 10))
			say(strconv.FormatInt(n/8, 10))
		case v.Value == `""`:
			say(`"?"`)
		}
	case *ast.CompositeLit:
		o.fields(v, add)
		if len(v.Elts) > 0 {
			return
		}
		switch t := v.Type.(type) {
		case *ast.ArrayType:
			if t.Len == nil {
				say("make(" + o.text(t) + ", 1)")
			}
		case *ast.MapType:
			say(o.text(t) + "(nil)")
		}
	case *ast.CallExpr:
		if o.text(v.Fun) != "make" {
			return
		}
		if _, ok := v.Args[0].(*ast.ArrayType); !ok {
			return
		}
		if len(v.Args) == 3 {
			say("make(" + o.text(v.Args[0]) + ", " + o.text(v.Args[2]) + ")")
		} else if len(v.Args) == 2 {
			say("make(" + o.text(v.Args[0]) + ", 2*(" + o.text(v.Args[1]) + ")+3)")
		}
	}
}

// fields are initial values, too.
func (o *outline) fields(lit *ast.CompositeLit, add adder) {
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			o.initial(kv.Value, add)
		}
	}
}

// step lists wrong steps of a data structure.
func (o *outline) step(n *ast.AssignStmt, add adder) {
	if n.Tok != token.ASSIGN {
		return
	}
	if len(n.Lhs) == 2 && len(n.Rhs) == 2 && o.text(n.Lhs[0]) == o.text(n.Rhs[1]) && o.text(n.Lhs[1]) == o.text(n.Rhs[0]) {
		add(WrongStep, "lost swap", "a swap loses one of the two", n, o.text(n.Lhs[0])+" = "+o.text(n.Rhs[0]))
		return
	}
	if len(n.Lhs) != 1 || len(n.Rhs) != 1 {
		return
	}
	to := o.text(n.Lhs[0])
	switch v := n.Rhs[0].(type) {
	case *ast.SliceExpr:
		if o.text(v.X) == to && v.High == nil && v.Low != nil && o.text(v.Low) == "1" {
			add(WrongStep, "other end", "the last element is taken away instead of the first", n, to+" = "+to+"[:len("+to+")-1]")
		}
		if o.text(v.X) == to && v.Low == nil && v.High != nil {
			add(WrongStep, "other end", "the first element is taken away instead of the last", n, to+" = "+to+"[1:]")
		}
	case *ast.CallExpr:
		if o.text(v.Fun) == "append" && len(v.Args) > 1 && o.text(v.Args[0]) == to {
			text := o.text(v)
			rest := strings.TrimPrefix(text[strings.Index(text, to)+len(to):], ",")
			add(WrongStep, "forgotten", "an append forgets what was there before", n, to+" = append("+to+"[:0], "+rest)
		}
	}
}
