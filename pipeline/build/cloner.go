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

	shared  map[*types.Func]bool // not nil: only these functions are cloned, and renamed
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
	if c.shared != nil {
		f, ok := obj.(*types.Func)
		return ok && c.shared[f.Origin()]
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
	return own.ReplaceAllString(text, "$1"+c.suffix), ok
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

// share decides whether the version can use base's declarations for all but some
// functions: those that differ, and those that call them, directly or not. That is so
// if nothing but functions differs, and none of them is found by the language or the
// library instead of by its name: through an interface, or in a variable's initial
// value.
func (c *cloner) share(base *Report) bool {
	if base == nil || base.text == nil {
		return false
	}
	for _, im := range c.file.Imports {
		if im.Name != nil && im.Name.Name == "." {
			return false // part would not know who needs it
		}
	}
	funcs, ok := c.differing(base)
	if !ok {
		return false
	}
	shared := c.callers(funcs)
	dynamic := c.dynamicMethods()
	for f := range shared { // any order: each is looked at by itself
		if f.Signature().Recv() != nil && dynamic[f.Name()] {
			return false
		}
	}
	for _, init := range c.r.Info.InitOrder {
		for _, f := range c.mentioned(init.Rhs) {
			if shared[f] {
				return false
			}
		}
	}
	c.shared = shared
	return true
}

// differing returns the functions that have another text than in base, and the entry.
// ok is false if anything else differs.
func (c *cloner) differing(base *Report) (map[*types.Func]bool, bool) {
	b := newCloner(base, "", "")
	if len(c.file.Decls) != len(b.file.Decls) || c.file.Name.Name != b.file.Name.Name {
		return nil, false
	}
	funcs := map[*types.Func]bool{}
	for i, decl := range c.file.Decls {
		old := b.file.Decls[i]
		same := bytes.Equal(c.text(decl), b.text(old))
		f, isFunc := decl.(*ast.FuncDecl)
		g, wasFunc := old.(*ast.FuncDecl)
		switch {
		case !isFunc || !wasFunc:
			if !same {
				return nil, false
			}
			continue
		case same && (f.Name.Name != "Run" || f.Recv != nil):
			continue
		case f.Name.Name == "init" || f.Name.Name == "_" || !bytes.Equal(c.text(f.Type), b.text(g.Type)) || f.Name.Name != g.Name.Name || !sameReceiver(c, f, b, g):
			return nil, false
		}
		funcs[c.r.Info.Defs[f.Name].(*types.Func)] = true
	}
	return funcs, true
}

func sameReceiver(c *cloner, f *ast.FuncDecl, b *cloner, g *ast.FuncDecl) bool {
	if f.Recv == nil || g.Recv == nil {
		return f.Recv == nil && g.Recv == nil
	}
	return bytes.Equal(c.text(f.Recv), b.text(g.Recv))
}

func (c *cloner) text(n ast.Node) []byte { return c.r.text[c.offset(n.Pos()):c.offset(n.End())] }

// callers adds to functions all those that mention one of them.
func (c *cloner) callers(funcs map[*types.Func]bool) map[*types.Func]bool {
	mentions := map[*types.Func][]*types.Func{} // by whom it is mentioned
	for _, decl := range c.file.Decls {
		if d, ok := decl.(*ast.FuncDecl); ok && d.Name.Name != "init" && d.Name.Name != "_" {
			by := c.r.Info.Defs[d.Name].(*types.Func)
			for _, f := range c.mentioned(d) {
				mentions[f] = append(mentions[f], by)
			}
		}
	}
	all := map[*types.Func]bool{}
	var reach func(f *types.Func)
	reach = func(f *types.Func) {
		if !all[f] {
			all[f] = true
			for _, by := range mentions[f] {
				reach(by)
			}
		}
	}
	for f := range funcs { // any order: the result is a set
		reach(f)
	}
	return all
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

// lookedUp are methods that the library finds by their name in values of any type.
var lookedUp = setOf(`
	String Error Format GoString Scan Is As Unwrap Compare
	MarshalJSON UnmarshalJSON MarshalText UnmarshalText MarshalBinary UnmarshalBinary AppendText AppendBinary
	MarshalXML UnmarshalXML MarshalXMLAttr UnmarshalXMLAttr
	WriteTo ReadFrom ReadByte ReadRune WriteByte WriteString Len Less Swap Push Pop`)

// dynamicMethods are the names of methods that may be called through an interface.
func (c *cloner) dynamicMethods() map[string]bool {
	names := map[string]bool{}
	for name := range lookedUp { // any order: the result is a set
		names[name] = true
	}
	add := func(t types.Type) {
		if i, ok := t.Underlying().(*types.Interface); ok {
			for m := range i.Methods() {
				names[m.Name()] = true
			}
		}
	}
	for _, tv := range c.r.Info.Types { // any order: the result is a set
		if tv.Type == nil {
			continue
		}
		add(tv.Type)
		if sig, ok := tv.Type.Underlying().(*types.Signature); ok {
			for v := range sig.Params().Variables() {
				add(v.Type())
			}
			for v := range sig.Results().Variables() {
				add(v.Type())
			}
			for p := range sig.TypeParams().TypeParams() {
				add(p.Constraint())
			}
		}
	}
	return names
}

// part returns the functions that share left to be cloned, with the imports that they
// use.
func (c *cloner) part() string {
	var out strings.Builder
	out.WriteString("package " + c.name + "\n\n")
	var decls []*ast.FuncDecl
	used := map[*types.PkgName]bool{}
	for _, decl := range c.file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if f, ok := c.r.Info.Defs[d.Name].(*types.Func); !ok || !c.shared[f] {
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
	}
	for _, im := range c.file.Imports {
		if name := c.r.Info.PkgNameOf(im); used[name] {
			fmt.Fprintf(&out, "import %s %s\n", name.Name(), im.Path.Value)
		}
	}
	for _, d := range decls {
		fmt.Fprintf(&out, "\n%s\n", c.spliced(c.offset(d.Pos()), c.offset(d.End())))
	}
	return out.String()
}
