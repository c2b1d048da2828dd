package synth

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// callEdits call other functions, with other arguments, or not at all. Exchanging
// arguments is expression exchange.
var callEdits = []*operation{
	{
		family: "call", name: "callee", verb: "call another function of the same type",
		match: func(p *Program, n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			return ok && p.info.Types[call.Fun].IsValue() || ok && p.info.Types[call.Fun].IsBuiltin()
		},
		choices: calleeChoices,
	},
	{
		family: "call", name: "unwrap", verb: "use an argument for the call",
		match: func(p *Program, n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return false
			}
			_, ok = p.value(call)
			return ok
		},
		choices: unwrapChoices,
	},
	{
		family: "call", name: "wrap", verb: "pass the value through a function",
		match: func(p *Program, n ast.Node) bool {
			e, ok := p.value(n)
			return ok && p.place(e).own != nil && p.info.Types[e].Value == nil && p.function(n) != nil
		},
		choices: wrapChoices,
	},
	{
		family: "call", name: "respell", verb: "call it with other arguments",
		match:   func(p *Program, n ast.Node) bool { return len(respelled(p, n)) > 0 },
		choices: respelled,
	},
	{
		family: "call", name: "drop", verb: "drop an argument",
		match: func(p *Program, n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			return ok && len(p.spare(call)) > 0
		},
		choices: func(p *Program, n ast.Node) []choice {
			call := n.(*ast.CallExpr)
			c := p.choose(4)
			for _, e := range p.spare(call) {
				c.add(strconv.Itoa(slices.Index(call.Args, e)), p.without(call.Args, e))
			}
			return c.choices
		},
	},
	{
		family: "call", name: "halve", verb: "halve the argument",
		match: func(p *Program, n ast.Node) bool {
			call, ok := p.parent[n].(*ast.CallExpr)
			if !ok {
				return false
			}
			e, ok := p.value(n)
			return ok && slices.Contains(call.Args, e) && isInteger(p, e) && p.info.Types[e].Value == nil
		},
		choices: func(p *Program, n ast.Node) []choice {
			e := n.(ast.Expr)
			return []choice{p.replace(n, "/2", p.part(e, token.QUO, false)+"/2")}
		},
	},
}

// respellings are what else a call of the library is often meant to be, where the
// arguments are not the same: %1 to %3 stand for those that there are.
var respellings = map[string][]string{
	"strings.Split":      {"strings.SplitN(%1, %2, 2)", "strings.Fields(%1)"},
	"strings.Fields":     {`strings.Split(%1, " ")`},
	"strings.SplitN":     {"strings.Split(%1, %2)"},
	"strings.Replace":    {"strings.ReplaceAll(%1, %2, %3)"},
	"strings.ReplaceAll": {"strings.Replace(%1, %2, %3, 1)"},
	"strings.TrimSpace":  {`strings.TrimRight(%1, "\n")`},
	"strings.Trim":       {"strings.TrimSpace(%1)"},
	"strings.TrimRight":  {"strings.TrimSpace(%1)"},
	"sort.Ints":          {"sort.Sort(sort.Reverse(sort.IntSlice(%1)))"},
	"sort.Strings":       {"sort.Sort(sort.Reverse(sort.StringSlice(%1)))"},
	"sort.Float64s":      {"sort.Sort(sort.Reverse(sort.Float64Slice(%1)))"},
	"bytes.Split":        {"bytes.SplitN(%1, %2, 2)", "bytes.Fields(%1)"},
	"bytes.Fields":       {`bytes.Split(%1, []byte(" "))`},
	"math.Sqrt":          {"%1"},
}

func respelled(p *Program, n ast.Node) []choice {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return nil
	}
	var args []string
	for i, a := range call.Args {
		args = append(args, "%"+strconv.Itoa(i+1), p.text(a))
	}
	c := p.choose(4)
	for _, form := range respellings[p.text(call.Fun)] {
		if len(args) >= 2*strings.Count(form, "%") {
			text := strings.NewReplacer(args...).Replace(form)
			c.add(text, splice{p.from(call), p.to(call), text})
		}
	}
	return c.choices
}

// spare returns the arguments that a call can do without: those of a variadic
// parameter, and the capacity of make.
func (p *Program) spare(call *ast.CallExpr) []ast.Expr {
	if call.Ellipsis.IsValid() {
		return nil
	}
	if id, ok := call.Fun.(*ast.Ident); ok && p.info.Types[id].IsBuiltin() {
		if id.Name == "make" && len(call.Args) == 3 {
			return call.Args[2:]
		}
		if (id.Name == "min" || id.Name == "max" || id.Name == "append") && len(call.Args) > 2 {
			return call.Args[1:]
		}
		return nil
	}
	sig, ok := p.info.TypeOf(call.Fun).(*types.Signature)
	if !ok || !sig.Variadic() || len(call.Args) < sig.Params().Len() {
		return nil
	}
	return call.Args[sig.Params().Len()-1:]
}

// calleesPerSite bounds how many other functions a call may call.
const calleesPerSite = 10

func calleeChoices(p *Program, n ast.Node) []choice {
	call := n.(*ast.CallExpr)
	c := p.choose(calleesPerSite, p.text(call.Fun))
	fun := func(text string) { c.add(text, splice{p.from(call.Fun), p.to(call.Fun), text}) }
	if p.info.Types[call.Fun].IsBuiltin() {
		switch p.text(call.Fun) {
		case "min":
			fun("max")
		case "max":
			fun("min")
		}
		return c.choices
	}
	sig, ok := p.info.TypeOf(call.Fun).(*types.Signature)
	if !ok {
		return nil
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		if pkg := p.packageOf(sel.X); pkg != nil {
			for _, name := range p.alike(pkg, sig) {
				fun(p.text(sel.X) + "." + name)
			}
		} else {
			for _, m := range p.methods(p.info.TypeOf(sel.X)) {
				if types.Identical(m.Type(), sig) {
					fun(p.text(sel.X) + "." + m.Name())
				}
			}
			for _, f := range p.fields(p.info.TypeOf(sel.X)) {
				if types.Identical(f.Type(), sig) {
					fun(p.text(sel.X) + "." + f.Name())
				}
			}
		}
	}
	for _, name := range p.alike(p.pkg, sig) {
		if p.visible(p.pkg.Scope().Lookup(name), n.Pos()) {
			fun(name)
		}
	}
	for _, v := range p.locals(n, func(t types.Type) bool { return types.Identical(t, sig) }, 3) {
		if p.variable(call.Fun) == nil {
			fun(v.Name())
		}
	}
	return c.choices
}

// packageOf returns the imported package that an expression names, or nil.
func (p *Program) packageOf(e ast.Expr) *types.Package {
	if id, ok := e.(*ast.Ident); ok {
		if name, ok := p.info.Uses[id].(*types.PkgName); ok {
			return name.Imported()
		}
	}
	return nil
}

// alike returns the functions of a package that have a signature, by name.
func (p *Program) alike(pkg *types.Package, sig *types.Signature) []string {
	var names []string
	for _, name := range pkg.Scope().Names() {
		f, ok := pkg.Scope().Lookup(name).(*types.Func)
		if ok && (f.Exported() || pkg == p.pkg) && types.Identical(f.Type(), sig) && !p.isFrozen(f) {
			names = append(names, name)
		}
	}
	return names
}

// methods returns those that can be called on a variable of a type, by name.
func (p *Program) methods(t types.Type) []*types.Func {
	if t == nil {
		return nil
	}
	if _, ok := t.Underlying().(*types.Pointer); !ok && !types.IsInterface(t) {
		t = types.NewPointer(t)
	}
	set := types.NewMethodSet(t)
	var ms []*types.Func
	for m := range set.Methods() {
		if f, ok := m.Obj().(*types.Func); ok && (f.Exported() || f.Pkg() == p.pkg) {
			ms = append(ms, f)
		}
	}
	return ms
}

// unwrapChoices put an argument, or the receiver, in the place of a call.
func unwrapChoices(p *Program, n ast.Node) []choice {
	call := n.(*ast.CallExpr)
	pl := p.place(call)
	c := p.choose(4)
	conversion := p.info.Types[call.Fun].IsType()
	fits := func(e ast.Expr) bool {
		t := p.info.Types[e].Type
		return t != nil && (pl.takes(types.Default(t)) || conversion)
	}
	for i, arg := range call.Args {
		if fits(arg) {
			c.add(strconv.Itoa(i), p.inPlace(call, p.text(arg), tightness(arg)))
		}
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok && p.info.Types[sel.X].IsValue() && fits(sel.X) {
		c.add("receiver", p.inPlace(call, p.text(sel.X), tightness(sel.X)))
	}
	return c.choices
}

// wrapChoices are min and max with 0 or a variable, and functions of the program and
// of usual packages that take one value of a type and return one.
func wrapChoices(p *Program, n ast.Node) []choice {
	e := n.(ast.Expr)
	t := p.place(e).own
	text := p.text(e)
	c := p.choose(16)
	usual := func(path string, names ...string) {
		for _, name := range names {
			whole := path + "." + name + "(" + text + ")"
			c.add(whole, append([]splice{p.inPlace(e, whole, primary)}, p.importing(path)...)...)
		}
	}
	call := func(fun string, args ...string) {
		whole := fun + "("
		for i, a := range args {
			if i > 0 {
				whole += ", "
			}
			whole += a
		}
		c.add(whole+")", p.inPlace(e, whole+")", primary))
	}
	same := func(other types.Type) bool { return types.Identical(other, t) }
	target := p.assignedBy(e)
	if isNumber(t) && isBasic(t, types.IsOrdered) {
		if target != "" && target != text {
			call("max", target, text)
			call("min", target, text)
		}
		call("max", "0", text)
		call("min", "0", text)
		for _, a := range p.alternatives(e, same, 3) {
			if a.text != text && a.text != target {
				call("max", a.text, text)
				call("min", a.text, text)
			}
		}
		call("max", "1", text)
	}
	for _, name := range p.unary(p.pkg, t) {
		if p.visible(p.pkg.Scope().Lookup(name), n.Pos()) {
			call(name, text)
		}
	}
	if isBasic(t, types.IsFloat) {
		if p.imports("math") {
			usual("math", "Abs", "Floor", "Ceil", "Round", "Sqrt")
		} else {
			usual("math", "Abs", "Round")
		}
	}
	if isString(t) {
		usual("strings", "TrimSpace", "ToLower")
	}
	if b := elementOf(t); isSlice(t) && b != nil && types.Identical(b, types.Typ[types.Byte]) {
		usual("bytes", "TrimSpace", "ToLower")
	}
	return c.choices
}

// assignedBy returns the target that an expression is assigned to, if it is.
func (p *Program) assignedBy(e ast.Expr) string {
	if a, ok := p.parent[e].(*ast.AssignStmt); ok && a.Tok == token.ASSIGN && len(a.Lhs) == len(a.Rhs) {
		if i := slices.Index(a.Rhs, e); i >= 0 && pure(a.Lhs[i]) {
			return p.text(a.Lhs[i])
		}
	}
	return ""
}

// unary returns the functions of a package that take a value of a type and return
// one, by name.
func (p *Program) unary(pkg *types.Package, t types.Type) []string {
	var names []string
	for _, name := range pkg.Scope().Names() {
		f, ok := pkg.Scope().Lookup(name).(*types.Func)
		if !ok || p.isFrozen(f) {
			continue
		}
		sig := f.Signature()
		if sig.Params().Len() == 1 && sig.Results().Len() == 1 && !sig.Variadic() && sig.TypeParams().Len() == 0 &&
			types.Identical(sig.Params().At(0).Type(), t) && types.Identical(sig.Results().At(0).Type(), t) {
			names = append(names, name)
		}
	}
	return names
}
