package synth

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

var statementEdits = []*operation{
	{
		family: "statement", name: "delete", verb: "delete the statement",
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			from, to := p.wholeLines(p.from(n), p.to(n))
			return []choice{{splices: []splice{{from, to, ""}}}}
		},
	},
	{
		family: "statement", name: "duplicate", verb: "repeat the statement",
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			return []choice{{splices: []splice{{p.to(n), p.to(n), "\n" + p.text(n)}}}}
		},
	},
	{
		family: "statement", name: "swap", verb: "swap the statement with the next one",
		match: func(p *Program, n ast.Node) bool { return isListed(p, n) && p.next(n) != nil },
		choices: func(p *Program, n ast.Node) []choice {
			next := p.next(n)
			return []choice{{splices: []splice{
				{p.from(n), p.to(n), p.text(next)},
				{p.from(next), p.to(next), p.text(n)},
			}}}
		},
	},
	{
		family: "statement", name: "guard_return", verb: "return before the statement if a condition holds", donors: true,
		match: isListed,
		choices: func(p *Program, n ast.Node) []choice {
			values, ok := p.zeroResults(n)
			if !ok {
				return nil
			}
			return p.guards(n, strings.TrimSpace("return "+values))
		},
	},
	{
		family: "statement", name: "guard_continue", verb: "continue before the statement if a condition holds", donors: true,
		match: func(p *Program, n ast.Node) bool {
			loop, _ := p.enclosing(n)
			return isListed(p, n) && loop
		},
		choices: func(p *Program, n ast.Node) []choice { return p.guards(n, "continue") },
	},
	{
		family: "statement", name: "guard_break", verb: "break before the statement if a condition holds", donors: true,
		match: func(p *Program, n ast.Node) bool {
			_, breakable := p.enclosing(n)
			return isListed(p, n) && breakable
		},
		choices: func(p *Program, n ast.Node) []choice { return p.guards(n, "break") },
	},
}

// isListed tells the statements of blocks and clauses from initializations,
// branches and the like, which have no neighbours.
func isListed(p *Program, n ast.Node) bool {
	s, ok := n.(ast.Stmt)
	if !ok {
		return false
	}
	if _, empty := s.(*ast.EmptyStmt); empty {
		return false
	}
	// The cases of a switch are the list of a block, too, but no statements.
	switch s.(type) {
	case *ast.CaseClause, *ast.CommClause:
		return false
	}
	return slices.Contains(statements(p.parent[n]), s)
}

// next returns the statement that follows in the same list, or nil.
func (p *Program) next(n ast.Node) ast.Stmt {
	list := statements(p.parent[n])
	if i := slices.Index(list, n.(ast.Stmt)); i >= 0 && i+1 < len(list) {
		return list[i+1]
	}
	return nil
}

// wholeLines widens a range to whole lines if nothing else stands on them.
func (p *Program) wholeLines(from, to int) (int, int) {
	start := strings.LastIndexByte(p.src[:from], '\n') + 1
	end := strings.IndexByte(p.src[to:], '\n')
	if end < 0 || strings.Trim(p.src[start:from], " \t") != "" || strings.Trim(p.src[to:to+end], " \t\r") != "" {
		return from, to
	}
	return start, to + end + 1
}

// enclosing reports whether the function around a node has the node in a loop, and
// in something that break leaves.
func (p *Program) enclosing(n ast.Node) (loop, breakable bool) {
	for ; n != nil; n = p.parent[n] {
		switch p.parent[n].(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true, true
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			breakable = true
		case *ast.FuncDecl, *ast.FuncLit:
			return false, breakable
		}
	}
	return false, breakable
}

// zeroResults returns the zero values of the results of the function around a node.
func (p *Program) zeroResults(n ast.Node) (string, bool) {
	var signature *types.Signature
	for ; n != nil && signature == nil; n = p.parent[n] {
		switch f := n.(type) {
		case *ast.FuncDecl:
			if obj, ok := p.info.Defs[f.Name].(*types.Func); ok {
				signature = obj.Signature()
			}
		case *ast.FuncLit:
			signature, _ = p.info.Types[f].Type.(*types.Signature)
		}
	}
	if signature == nil {
		return "", false
	}
	var values []string
	for v := range signature.Results().Variables() {
		text, ok := zero(v.Type())
		if !ok {
			switch v.Type().Underlying().(type) {
			case *types.Struct, *types.Array:
				text = types.TypeString(v.Type(), types.RelativeTo(p.pkg)) + "{}"
			default:
				return "", false
			}
		}
		values = append(values, text)
	}
	return strings.Join(values, ", "), true
}

// guardVariables bounds how many variables of a statement a guard asks about.
const guardVariables = 4

// guards returns the choices that insert an if before a statement: on questions
// about the variables that the statement uses, and on conditions of the program.
func (p *Program) guards(n ast.Node, action string) []choice {
	at := p.from(n)
	guard := func(cond string) []splice {
		return []splice{{at, at, "if " + cond + " {\n" + action + "\n}\n"}}
	}
	var cs []choice
	for _, cond := range p.questions(n) {
		cs = append(cs, choice{arg: cond, splices: guard(cond)})
	}
	return append(cs, p.donate(n, func(d donor) []splice { return guard(p.text(d.cond)) })...)
}

// questions are what is often asked about variables: is it zero, empty, nil, true.
func (p *Program) questions(n ast.Node) []string {
	var vars []*types.Var
	ast.Inspect(n, func(m ast.Node) bool {
		if m == nil || len(vars) == guardVariables {
			return false
		}
		if v := p.variable(m); v != nil && !slices.Contains(vars, v) && p.visible(v, n.Pos()) {
			vars = append(vars, v)
		}
		return true
	})
	var asked []string
	for _, v := range vars {
		t, name := v.Type(), v.Name()
		_, isMap := t.Underlying().(*types.Map)
		_, isSlice := t.Underlying().(*types.Slice)
		info := basic(t)
		switch {
		case isMap || isSlice || info&types.IsString != 0:
			asked = append(asked, "len("+name+") == 0")
		case nilable(t):
			asked = append(asked, name+" == nil", name+" != nil")
		case info&types.IsBoolean != 0:
			asked = append(asked, name, "!"+name)
		case info&types.IsNumeric != 0:
			asked = append(asked, name+" == 0")
			if info&types.IsUnsigned == 0 {
				asked = append(asked, name+" < 0")
			}
		}
	}
	return asked
}
