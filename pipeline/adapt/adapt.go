// Package adapt makes a tool of a function, and a spec of its test cases, so that
// people who have a function and tests can have it repaired without knowing what a
// tool is.
//
// The tool is the function's file with a Run around the function, which reads the
// arguments as a JSON array and answers with the result as JSON. Nobody edits that Run,
// and [Tool.Restore] takes it off again. The package executes nothing.
package adapt

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"toolgen/pipeline/bounds"
)

// Entry is the function that is added, and that nobody is to edit.
const Entry = "Run"

const (
	codec    = "toolgenJSON"
	marker   = "// What follows was added by ToolGen around the function, and is not part of it."
	ownEntry = "toolgenOwnRun" // what a Run of the file's own is called meanwhile
)

// Error says what keeps a function, or its cases, from being adapted.
type Error struct {
	File         string
	Line, Column int // from 1; 0: the whole file
	Msg          string
}

func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// Tool is a function as a tool.
type Tool struct {
	Source string // tool.go, formatted

	file   string // its name
	own    []byte // the file as it came
	before string // what Restore makes of Source: the file, but formatted
	pkg    string // the file's own package
	imp    types.Importer
	at     position // where the function is declared

	empty    []string     // of each result but an error: what is written instead of null; "": null
	params   []types.Type // of a variadic one the slice
	results  []types.Type // but an error
	fails    bool         // the last result is an error
	variadic bool
	scope    *types.Package
}

// Wrap makes a tool of a function of a file. The importer knows the packages that a
// tool may import. The error is an *Error.
func Wrap(file string, source []byte, name string, imp types.Importer) (*Tool, error) {
	fset := token.NewFileSet()
	fail := func(pos token.Pos, format string, args ...any) error {
		at := fset.PositionFor(pos, false)
		return &Error{File: file, Line: at.Line, Column: at.Column, Msg: fmt.Sprintf(format, args...)}
	}
	if at := bounds.Nesting(source); at >= 0 {
		return nil, &Error{File: file, Line: 1 + bytes.Count(source[:at], []byte("\n")), Msg: "brackets too deep within each other"}
	}
	syntax, err := parser.ParseFile(fset, file, source, parser.ParseComments|parser.SkipObjectResolution)
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		return nil, &Error{File: file, Line: list[0].Pos.Line, Column: list[0].Pos.Column, Msg: list[0].Msg}
	} else if err != nil {
		return nil, &Error{File: file, Msg: err.Error()}
	}
	if problems := bounds.Check([]*ast.File{syntax}, imp).Problems; len(problems) > 0 {
		return nil, fail(problems[0].Pos, "%s", problems[0].Message)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: imp, Sizes: sizes}
	pkg, err := config.Check(syntax.Name.Name, fset, []*ast.File{syntax}, info)
	var bad types.Error
	if errors.As(err, &bad) {
		return nil, fail(bad.Pos, "%s (the file must stand alone)", bad.Msg)
	} else if err != nil {
		return nil, &Error{File: file, Msg: err.Error()}
	}
	decl, err := find(syntax, name, fail)
	if err != nil {
		return nil, err
	}
	offset := func(p token.Pos) int { return fset.PositionFor(p, false).Offset }
	at := fset.PositionFor(decl.Pos(), false)
	t := &Tool{file: file, own: source, pkg: syntax.Name.Name, imp: imp, scope: pkg, at: position{at.Line, at.Column}}
	imports := afterClause(syntax, source, offset)
	splices := []splice{
		{offset(syntax.Name.Pos()), offset(syntax.Name.End()), "tool"},
		{imports, imports, "\n\nimport " + codec + " \"encoding/json\"\n"},
	}
	for _, group := range syntax.Comments {
		for _, c := range group.List {
			if n := instruction(c.Text); n > 0 {
				splices = append(splices, splice{offset(c.Pos()) + n, offset(c.Pos()) + n, disarmed})
			}
		}
	}
	if own := pkg.Scope().Lookup(Entry); own != nil {
		ast.Inspect(syntax, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && (info.Uses[id] == own || info.Defs[id] == own) {
				splices = append(splices, splice{offset(id.Pos()), offset(id.End()), ownEntry})
			}
			return true
		})
	}
	slices.SortFunc(splices, func(a, b splice) int { return cmp.Compare(a.from, b.from) })
	text := func(n ast.Node) string { return spliced(source, offset(n.Pos()), offset(n.End()), splices) }
	body, err := t.adapter(decl, info.Defs[decl.Name].(*types.Func).Signature(), name, text, fail)
	if err != nil {
		return nil, err
	}
	formatted, err := format.Source(fmt.Appendf(nil, "%s\n%s\n\n%s", spliced(source, 0, len(source), splices), marker, body))
	if err != nil {
		return nil, &Error{File: file, Msg: "the function cannot be wrapped: " + err.Error()}
	}
	t.Source = string(formatted)
	if _, err := checked("tool.go", t.Source, imp); err != nil { // the file has its own len, say
		return nil, &Error{File: file, Msg: "the function cannot be wrapped: " + t.names(ofTool.ReplaceAllString(err.Error(), ""))}
	}
	if t.before, err = t.plain(t.Source); err != nil {
		return nil, &Error{File: file, Msg: "the function cannot be wrapped: " + err.Error()}
	}
	return t, nil
}

// splice is a text in place of a range of the source, in bytes.
type splice struct {
	from, to int
	text     string
}

// spliced is a range of the source with the splices in it, which are sorted.
func spliced(source []byte, from, to int, splices []splice) string {
	var out strings.Builder
	for _, s := range splices {
		if s.from < from || to < s.to {
			continue
		}
		out.Write(source[from:s.from])
		out.WriteString(s.text)
		from = s.to
	}
	out.Write(source[from:to])
	return out.String()
}

// afterClause is where imports can be added: behind the package clause, and behind
// comments in its line, so that they stay there.
func afterClause(file *ast.File, source []byte, offset func(token.Pos) int) int {
	at := offset(file.Name.End())
	for at < len(source) && source[at] != '\n' {
		if source[at] == ';' {
			return at + 1
		}
		at++
		for _, c := range file.Comments {
			if from, to := offset(c.Pos()), offset(c.End()); from < at && at < to {
				at = to // be it in a later line
			}
		}
	}
	return at
}

func find(file *ast.File, name string, fail func(token.Pos, string, ...any) error) (*ast.FuncDecl, error) {
	var names []string
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		switch {
		case f.Name.Name != name:
			if f.Recv == nil {
				names = append(names, f.Name.Name)
			}
			continue
		case f.Recv != nil:
			continue
		case f.Type.TypeParams != nil:
			return nil, fail(f.Pos(), "func %s has type parameters; name a function that calls it with the types wanted", name)
		case f.Body == nil:
			return nil, fail(f.Pos(), "func %s has no body", name)
		case name == "init" || name == "_":
			return nil, fail(f.Pos(), "func %s cannot be called", name)
		}
		return f, nil
	}
	have := "no functions"
	if len(names) > 0 {
		have = strings.Join(names, ", ")
	}
	return nil, fail(file.Package, "there is no func %s that is no method; the file has %s", name, have)
}

// adapter writes Run for a function. Its names are such as no file has: what the file
// declares must be seen from in there. What keeps it from calling the function, and from
// writing what that answers, is no error, which a case may want of the function: it
// answers with what is no JSON then, and no case wants that.
func (t *Tool) adapter(decl *ast.FuncDecl, sig *types.Signature, name string, text func(ast.Node) string, fail func(token.Pos, string, ...any) error) (string, error) {
	const (
		failed  = "if toolgenErr != nil {\nreturn nil, toolgenErr\n}\n"
		garbled = "if toolgenErr != nil {\nreturn []byte(\"toolgen: \" + toolgenErr.Error()), nil\n}\n"
	)
	var b strings.Builder
	fmt.Fprintf(&b, "func %s(toolgenInput []byte) ([]byte, error) {\n", Entry)
	b.WriteString("var toolgenArgs []toolgenJSON.RawMessage\ntoolgenErr := toolgenJSON.Unmarshal(toolgenInput, &toolgenArgs)\n" + garbled)
	fmt.Fprintf(&b, "if len(toolgenArgs) != %d {\nreturn []byte(\"toolgen: want %d arguments\"), nil\n}\n", sig.Params().Len(), sig.Params().Len())
	var passed, after []string
	for _, field := range decl.Type.Params.List {
		kind := text(field.Type)
		spread := ""
		if variadic, ok := field.Type.(*ast.Ellipsis); ok {
			kind, spread = "[]"+text(variadic.Elt), "..."
		}
		for range max(1, len(field.Names)) {
			i := len(passed)
			if p := sig.Params().At(i).Type(); !writable(p, nil) {
				return "", fail(field.Pos(), "parameter %d of func %s has type %s, which JSON cannot write", i+1, name, p)
			}
			arg := fmt.Sprintf("toolgenArg%d", i)
			fmt.Fprintf(&b, "var %s %s\ntoolgenErr = toolgenJSON.Unmarshal(toolgenArgs[%d], &%s)\n"+garbled, arg, kind, i, arg)
			t.params = append(t.params, sig.Params().At(i).Type())
			passed, after = append(passed, arg+spread), append(after, arg)
		}
	}
	t.variadic = sig.Variadic()
	if name == Entry {
		name = ownEntry
	}
	call := fmt.Sprintf("%s(%s)", name, strings.Join(passed, ", "))
	errs := false
	var got, empties []string
	for i, kind := range resultTypes(decl, text) {
		r := sig.Results().At(i).Type()
		if i == sig.Results().Len()-1 && types.Identical(r, types.Universe.Lookup("error").Type()) {
			errs, t.fails = true, true
			continue
		}
		if !writable(r, nil) {
			return "", fail(decl.Type.Results.Pos(), "result %d of func %s has type %s, which JSON cannot write", i+1, decl.Name.Name, r)
		}
		empty := emptyJSON(r)
		if empty != "" {
			empties = append(empties, fmt.Sprintf("if toolgenResult%d == nil {\ntoolgenResult%d = %s{}\n}\n", i, i, kind)) // one answer with the empty one
		}
		t.empty, t.results = append(t.empty, empty), append(t.results, r)
		got = append(got, fmt.Sprintf("toolgenResult%d", i))
	}
	if len(got) > 0 {
		left := slices.Clone(got)
		if errs {
			left = append(left, "toolgenErr")
		}
		fmt.Fprintf(&b, "%s := ", strings.Join(left, ", "))
	} else if errs {
		b.WriteString("toolgenErr = ")
	}
	b.WriteString(call + "\n")
	if errs {
		b.WriteString(failed)
	}
	b.WriteString(strings.Join(empties, ""))
	answer := "toolgenResult0"
	switch {
	case len(got) == 1:
	case len(got) > 1:
		answer = "[]any{" + strings.Join(got, ", ") + "}"
	case errs:
		b.WriteString("return []byte(\"null\"), nil\n}\n")
		return b.String(), nil
	default: // it works on what it is given
		answer = "[]any{" + strings.Join(after, ", ") + "}"
	}
	b.WriteString("toolgenOutput, toolgenErr := toolgenJSON.Marshal(" + answer + ")\n" + garbled + "return toolgenOutput, nil\n}\n")
	return b.String(), nil
}

// emptyJSON is how an empty value of a type is written that may be nil, too; "" for
// other types, and for types that write themselves.
func emptyJSON(t types.Type) string {
	if method(t, "MarshalJSON") || method(t, "MarshalText") {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Map:
		return "{}"
	case *types.Slice:
		if b, ok := u.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 {
			return `""` // base64
		}
		return "[]"
	}
	return ""
}

// method reports whether values of a type, or pointers to them, have a method.
func method(t types.Type, name string) bool {
	m, _, _ := types.LookupFieldOrMethod(t, true, nil, name)
	_, ok := m.(*types.Func)
	return ok
}

// resultTypes are the types of a function's results, as written.
func resultTypes(decl *ast.FuncDecl, text func(ast.Node) string) (kinds []string) {
	if decl.Type.Results == nil {
		return nil
	}
	for _, field := range decl.Type.Results.List {
		for range max(1, len(field.Names)) {
			kinds = append(kinds, text(field.Type))
		}
	}
	return kinds
}

// writable reports whether encoding/json can read and write values of a type.
func writable(t types.Type, seen []types.Type) bool {
	if slices.Contains(seen, t) {
		return true
	}
	seen = append(slices.Clone(seen), t)
	if (method(t, "MarshalJSON") || method(t, "MarshalText")) && (method(t, "UnmarshalJSON") || method(t, "UnmarshalText")) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsBoolean|types.IsInteger|types.IsFloat|types.IsString) != 0
	case *types.Slice:
		return writable(u.Elem(), seen)
	case *types.Array:
		return writable(u.Elem(), seen)
	case *types.Pointer:
		return writable(u.Elem(), seen)
	case *types.Map:
		key, ok := u.Key().Underlying().(*types.Basic)
		return ok && key.Info()&(types.IsInteger|types.IsString) != 0 && writable(u.Elem(), seen)
	case *types.Struct:
		some := u.NumFields() == 0
		for f := range u.Fields() {
			if f.Exported() && !writable(f.Type(), seen) {
				return false
			}
			some = some || f.Exported() || f.Embedded()
		}
		return some // of a struct without exported fields all would be lost
	case *types.Interface:
		return u.NumMethods() == 0
	}
	return false
}
