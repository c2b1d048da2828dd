package build

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// cloner writes a program under other names. It works on the text, at the places that
// the syntax tree names, so what it leaves alone stays as it is.
type cloner struct {
	r      *Report
	name   string // of the package that it goes to
	suffix string
	pkg    *types.Package
	file   *ast.File

	slot    string               // prefix of the variables that hold what replaces functions
	differs []bool               // by declaration: it is a function that is cloned
	changed map[*types.Func]bool // not nil: only these functions are cloned, and renamed
	splices []cloneSplice
}

type cloneSplice struct {
	from, to int
	text     string
}

func newCloner(r *Report, name, suffix string) *cloner {
	return &cloner{r: r, name: name, suffix: suffix, pkg: r.Package, file: r.Syntax[0]}
}

func (c *cloner) offset(p token.Pos) int { return c.r.Fset.PositionFor(p, false).Offset }

func (c *cloner) put(from, to token.Pos, text string) {
	c.splices = append(c.splices, cloneSplice{c.offset(from), c.offset(to), text})
}

// spliced is a range of the text with the splices in it carried out. Of splices that
// overlap, the one that begins first, or was put first, is.
func (c *cloner) spliced(from, to int) string {
	slices.SortStableFunc(c.splices, func(a, b cloneSplice) int { return a.from - b.from })
	var out strings.Builder
	at := from
	for _, s := range c.splices {
		if s.from < at || s.to > to {
			continue
		}
		out.Write(c.r.text[at:s.from])
		out.WriteString(s.text)
		at = s.to
	}
	out.Write(c.r.text[at:to])
	return out.String()
}

// rename puts the suffix behind the names below a node that are renamed.
func (c *cloner) rename(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && c.renamed(id) {
			c.put(id.End(), id.End(), c.suffix)
		}
		return true
	})
}

// renamed reports whether an identifier names something that gets another name.
func (c *cloner) renamed(id *ast.Ident) bool {
	obj := c.r.Info.Uses[id]
	if obj == nil {
		obj = c.r.Info.Defs[id]
	}
	if obj == nil || id.Name == "_" || id == c.file.Name {
		return false
	}
	if c.changed != nil {
		f, ok := obj.(*types.Func)
		return ok && c.changed[f.Origin()]
	}
	// A field that is an embedded type of the package has its name from that.
	if v, ok := obj.(*types.Var); ok && v.IsField() {
		_, ok := c.pkg.Scope().Lookup(v.Name()).(*types.TypeName)
		return ok && v.Embedded() && v.Pkg() == c.pkg
	}
	return obj.Parent() == c.pkg.Scope()
}

// whole returns the whole program under other names, and the name of the function that
// sets its package-level variables; "" if there is nothing to set.
func (c *cloner) whole() (text, prepare string) {
	c.put(c.file.Name.Pos(), c.file.Name.End(), c.name)
	c.rename(c.file)
	inits := c.renameInits()
	setters, ok := c.deferValues()
	if !ok {
		setters = "" // initialized with the package, for all versions; init still waits
	}
	text = c.spliced(0, len(c.r.text))
	if setters == "" && len(inits) == 0 {
		return text, ""
	}
	prepare = "Prepare" + c.suffix
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\nfunc %s() {\n%s", text, prepare, setters)
	for _, name := range inits {
		fmt.Fprintf(&out, "%s()\n", name)
	}
	out.WriteString("}\n")
	return out.String(), prepare
}

// renameInits makes ordinary functions of the functions init.
func (c *cloner) renameInits() []string {
	var names []string
	for _, decl := range c.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			name := fmt.Sprintf("init%d", len(names))
			c.put(f.Name.Pos(), f.Name.End(), name) // rename adds the suffix
			names = append(names, name+c.suffix)
		}
	}
	return names
}

// deferValues takes the initial values out of the declarations of variables and
// returns them as assignments, in the order of initialization. Otherwise every
// instance would initialize all versions. ok is false, and nothing is changed, where
// a variable's type cannot be written in the file.
func (c *cloner) deferValues() (setters string, ok bool) {
	var splices []cloneSplice
	for _, decl := range c.file.Decls {
		d, isGen := decl.(*ast.GenDecl)
		if !isGen || d.Tok != token.VAR {
			continue
		}
		for _, s := range d.Specs {
			s := s.(*ast.ValueSpec)
			if len(s.Values) == 0 {
				continue
			}
			var parts []string
			for _, name := range s.Names {
				if name.Name == "_" {
					continue // its value is computed below
				}
				text, ok := c.typeText(c.r.Info.Defs[name].Type())
				if !ok {
					return "", false
				}
				parts = append(parts, name.Name+c.suffix+" "+text)
			}
			if len(parts) == 0 {
				parts = []string{"_ int"}
			}
			sep := "; "
			if !d.Lparen.IsValid() {
				sep = "; var "
			}
			splices = append(splices, cloneSplice{c.offset(s.Pos()), c.offset(s.End()), strings.Join(parts, sep)})
		}
	}
	var b strings.Builder
	for _, init := range c.r.Info.InitOrder {
		value := c.renamedText(init.Rhs)
		var names []string
		for _, v := range init.Lhs {
			name := "_"
			if v.Name() != "_" {
				name = v.Name() + c.suffix
			}
			names = append(names, name)
		}
		if len(names) > 1 || names[0] != "_" {
			fmt.Fprintf(&b, "%s = %s\n", strings.Join(names, ", "), value)
			continue
		}
		text, ok := c.typeText(init.Lhs[0].Type())
		if !ok {
			return "", false
		}
		fmt.Fprintf(&b, "var _ %s = %s\n", text, value)
	}
	// They cover the renamings inside of them, so they must come first.
	c.splices = append(splices, c.splices...)
	return b.String(), true
}

// renamedText is an expression under the new names.
func (c *cloner) renamedText(e ast.Expr) string {
	part := *c
	part.splices = nil
	part.rename(e)
	return part.spliced(c.offset(e.Pos()), c.offset(e.End()))
}

// own marks the names of the package's types in typeText.
var own = regexp.MustCompile(`\x00\.([\pL_][\pL\pN_]*)`)

// unexported finds names of other packages' types that only those may use.
var unexported = regexp.MustCompile(`[\pL\pN_]\.\p{Ll}`)

// typeText writes a type in the file. ok is false if it names what the file cannot.
func (c *cloner) typeText(t types.Type) (text string, ok bool) {
	names := c.imported()
	ok = true
	text = types.TypeString(t, func(p *types.Package) string {
		if p == c.pkg {
			return "\x00"
		}
		name, imported := names[p.Path()]
		ok = ok && imported
		return name
	})
	ok = ok && !unexported.MatchString(text)
	return own.ReplaceAllString(text, "${1}"+c.suffix), ok
}

// imported are the names by which the file can use packages, by import path.
func (c *cloner) imported() map[string]string {
	names := map[string]string{}
	for _, im := range c.file.Imports {
		if name := c.r.Info.PkgNameOf(im); name != nil && name.Name() != "_" && name.Name() != "." {
			names[name.Imported().Path()] = name.Name()
		}
	}
	return names
}

// share decides whether the version can use base's declarations for all but the functions
// that differ: base then calls the version's in their place (see replaceable). That is so
// if nothing but functions differs, and none of them
//
//   - is a method of a generic type, which no variable can hold;
//   - recovers, which only works where a deferred call calls directly;
//   - may be run by the initialization of the package, which comes before a version is
//     selected.
//
// A variable cannot hold a generic function either, so whoever mentions one that differs
// counts as differing.
func (c *cloner) share(base *Report) bool {
	if base == nil || base.text == nil {
		return false
	}
	for _, im := range c.file.Imports {
		if im.Name != nil && im.Name.Name == "." {
			return false // part would not know who needs it
		}
	}
	if !c.differing(base) {
		return false
	}
	mentions := c.mentions()
	changed := map[*types.Func]bool{}
	var change func(f *types.Func) bool
	change = func(f *types.Func) bool {
		if changed[f] {
			return true
		}
		changed[f] = true
		sig := f.Signature()
		if sig.RecvTypeParams().Len() > 0 {
			return false
		}
		if sig.TypeParams().Len() > 0 {
			for _, by := range mentions[f] {
				if !change(by) {
					return false
				}
			}
		}
		return true
	}
	for i, decl := range c.file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if ok && c.differs[i] && !change(c.r.Info.Defs[d.Name].(*types.Func)) {
			return false
		}
	}
	for i, decl := range c.file.Decls {
		if d, ok := decl.(*ast.FuncDecl); ok && changed[c.function(d)] {
			if c.recovers(d) {
				return false
			}
			c.differs[i] = true
		}
	}
	if c.initializes(changed) {
		return false
	}
	c.changed = changed
	return true
}

// function is what a declaration declares; nil for init and _, which have no name.
func (c *cloner) function(d *ast.FuncDecl) *types.Func {
	if d.Recv == nil && d.Name.Name == "init" || d.Name.Name == "_" {
		return nil
	}
	return c.r.Info.Defs[d.Name].(*types.Func)
}

// differing finds the functions that have another text than in base. It reports false if
// anything else differs.
func (c *cloner) differing(base *Report) bool {
	b := newCloner(base, "", "")
	if len(c.file.Decls) != len(b.file.Decls) || c.file.Name.Name != b.file.Name.Name {
		return false
	}
	c.differs = make([]bool, len(c.file.Decls))
	for i, decl := range c.file.Decls {
		old := b.file.Decls[i]
		if bytes.Equal(c.text(decl), b.text(old)) {
			continue
		}
		f, isFunc := decl.(*ast.FuncDecl)
		g, wasFunc := old.(*ast.FuncDecl)
		if !isFunc || !wasFunc || c.function(f) == nil || f.Name.Name != g.Name.Name ||
			!bytes.Equal(c.text(f.Type), b.text(g.Type)) || !sameReceiver(c, f, b, g) {
			return false
		}
		c.differs[i] = true
	}
	return true
}

func sameReceiver(c *cloner, f *ast.FuncDecl, b *cloner, g *ast.FuncDecl) bool {
	if f.Recv == nil || g.Recv == nil {
		return f.Recv == nil && g.Recv == nil
	}
	return bytes.Equal(c.text(f.Recv), b.text(g.Recv))
}

func (c *cloner) text(n ast.Node) []byte { return c.r.text[c.offset(n.Pos()):c.offset(n.End())] }

// recovers reports whether a function calls recover.
func (c *cloner) recovers(d *ast.FuncDecl) bool {
	found := false
	ast.Inspect(d, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			found = found || c.r.Info.Uses[id] == types.Universe.Lookup("recover")
		}
		return !found
	})
	return found
}

// mentions lists by whom each function is mentioned.
func (c *cloner) mentions() map[*types.Func][]*types.Func {
	mentions := map[*types.Func][]*types.Func{}
	for _, decl := range c.file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if by := c.function(d); by != nil {
			for _, f := range c.mentioned(d) {
				mentions[f] = append(mentions[f], by)
			}
		}
	}
	return mentions
}

// mentioned lists the package's functions and methods that are named below a node.
func (c *cloner) mentioned(n ast.Node) []*types.Func {
	var list []*types.Func
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if f, ok := c.r.Info.Uses[id].(*types.Func); ok && f.Pkg() == c.pkg {
				list = append(list, f.Origin())
			}
		}
		return true
	})
	return list
}

// initializes reports whether the initialization of the package may run one of some
// functions: by its name, or, if it is a method, because something is called where a
// value that has methods is at hand.
func (c *cloner) initializes(funcs map[*types.Func]bool) bool {
	methods := false
	for f := range funcs { // any order: any of them will do
		methods = methods || f.Signature().Recv() != nil
	}
	bodies := map[*types.Func]ast.Node{}
	var nodes []ast.Node
	for _, decl := range c.file.Decls {
		if d, ok := decl.(*ast.FuncDecl); ok {
			if f := c.function(d); f != nil {
				bodies[f] = d
			} else if d.Name.Name == "init" {
				nodes = append(nodes, d)
			}
		}
	}
	for _, init := range c.r.Info.InitOrder {
		nodes = append(nodes, init.Rhs)
	}
	seen := map[*types.Func]bool{}
	for len(nodes) > 0 {
		n := nodes[0]
		nodes = nodes[1:]
		if methods && c.callsWithMethods(n) {
			return true
		}
		for _, f := range c.mentioned(n) {
			if funcs[f] {
				return true
			}
			if body := bodies[f]; body != nil && !seen[f] {
				seen[f] = true
				nodes = append(nodes, body)
			}
		}
	}
	return false
}

// callsWithMethods reports whether there are both a call and a value of a type of the
// package that has methods below a node.
func (c *cloner) callsWithMethods(n ast.Node) bool {
	calls, values := false, false
	ast.Inspect(n, func(n ast.Node) bool {
		if _, ok := n.(*ast.CallExpr); ok {
			calls = true
		}
		if e, ok := n.(ast.Expr); ok {
			if t := c.r.Info.TypeOf(e); t != nil {
				if p, ok := t.Underlying().(*types.Pointer); ok {
					t = p.Elem()
				}
				named, ok := t.(*types.Named)
				values = values || ok && named.Obj().Pkg() == c.pkg && named.NumMethods() > 0
			}
		}
		return true
	})
	return calls && values
}

// replaceable makes base call what a variable holds instead of each of some functions,
// unless it is nil: the first thing that such a function does. It returns the file.
func (c *cloner) replaceable(functions []bool) string {
	var vars strings.Builder
	for i, decl := range c.file.Decls {
		if !functions[i] {
			continue
		}
		d := decl.(*ast.FuncDecl)
		if c.r.Info.Defs[d.Name].(*types.Func).Signature().TypeParams().Len() > 0 {
			continue // whoever mentions it is replaced
		}
		var params, args []string
		for _, list := range []*ast.FieldList{d.Recv, d.Type.Params} {
			if list == nil {
				continue
			}
			for _, field := range list.List {
				text := string(c.text(field.Type))
				if len(field.Names) == 0 {
					name := fmt.Sprintf("%s%dp%d", c.slot, i, len(args))
					c.put(field.Type.Pos(), field.Type.Pos(), name+" ")
					params, args = append(params, text), append(args, name)
				}
				for _, id := range field.Names {
					name := id.Name
					if name == "_" {
						name = fmt.Sprintf("%s%dp%d", c.slot, i, len(args))
						c.put(id.Pos(), id.End(), name)
					}
					params, args = append(params, text), append(args, name)
				}
				if _, ok := field.Type.(*ast.Ellipsis); ok {
					args[len(args)-1] += "..."
				}
			}
		}
		results := ""
		call := fmt.Sprintf("%s%d(%s)", c.slot, i, strings.Join(args, ", "))
		if d.Type.Results != nil {
			results = " " + string(c.text(d.Type.Results))
			call = "return " + call
		} else {
			call += "; return"
		}
		fmt.Fprintf(&vars, "\nvar %s%d func(%s)%s\n", c.slot, i, strings.Join(params, ", "), results)
		c.put(d.Body.Lbrace+1, d.Body.Lbrace+1, fmt.Sprintf("\nif %s%d != nil { %s }\n", c.slot, i, call))
	}
	return c.spliced(0, len(c.r.text)) + vars.String()
}

// part returns the functions that differ, with the imports that they use, and prepare, a
// function that puts them in the place of base's.
func (c *cloner) part() (text, prepare string) {
	var out, puts strings.Builder
	out.WriteString("package " + c.name + "\n\n")
	var decls []*ast.FuncDecl
	used := map[*types.PkgName]bool{}
	for i, decl := range c.file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || !c.differs[i] {
			continue
		}
		decls = append(decls, d)
		c.rename(d)
		ast.Inspect(d, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if name, ok := c.r.Info.Uses[id].(*types.PkgName); ok {
					used[name] = true
				}
			}
			return true
		})
		if c.function(d).Signature().TypeParams().Len() > 0 {
			continue
		}
		method := ""
		if d.Recv != nil {
			method = "(" + string(c.text(d.Recv.List[0].Type)) + ")."
		}
		fmt.Fprintf(&puts, "%s%d = %s%s%s\n", c.slot, i, method, d.Name.Name, c.suffix)
	}
	for _, im := range c.file.Imports {
		if name := c.r.Info.PkgNameOf(im); used[name] {
			fmt.Fprintf(&out, "import %s %s\n", name.Name(), im.Path.Value)
		}
	}
	for _, d := range decls {
		fmt.Fprintf(&out, "\n%s\n", c.spliced(c.offset(d.Pos()), c.offset(d.End())))
	}
	prepare = "Prepare" + c.suffix
	fmt.Fprintf(&out, "\nfunc %s() {\n%s}\n", prepare, puts.String())
	return out.String(), prepare
}
