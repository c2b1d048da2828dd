// Package adapt makes a tool of a function, and a spec of its test cases, so that
// people who have a function and tests can have it repaired without knowing what a
// tool is.
//
// The tool is the function's file with a Run around the function, which reads the
// arguments as a JSON array and answers with the result as JSON. Nobody edits that Run,
// and [Tool.Restore] takes it off again. The package executes nothing.
package adapt

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// Entry is the function that is added, and that nobody is to edit.
const Entry = "Run"

const (
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

	pkg     string // the file's own package
	nilable []bool // of each result but an error: nil is written as an empty one
	params  int
}

// Wrap makes a tool of a function of a file. The importer knows the packages that a
// tool may import. The error is an *Error.
func Wrap(file string, source []byte, name string, imp types.Importer) (*Tool, error) {
	fset := token.NewFileSet()
	fail := func(pos token.Pos, format string, args ...any) error {
		at := fset.PositionFor(pos, false)
		return &Error{File: file, Line: at.Line, Column: at.Column, Msg: fmt.Sprintf(format, args...)}
	}
	syntax, err := parser.ParseFile(fset, file, source, parser.ParseComments|parser.SkipObjectResolution)
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		return nil, &Error{File: file, Line: list[0].Pos.Line, Column: list[0].Pos.Column, Msg: list[0].Msg}
	} else if err != nil {
		return nil, &Error{File: file, Msg: err.Error()}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: imp}
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
	t := &Tool{pkg: syntax.Name.Name}
	body, err := t.adapter(decl, info.Defs[decl.Name].(*types.Func).Signature(), name, string(source), fset, fail)
	if err != nil {
		return nil, err
	}
	offset := func(p token.Pos) int { return fset.PositionFor(p, false).Offset }
	type splice struct {
		from, to int
		text     string
	}
	splices := []splice{
		{offset(syntax.Name.Pos()), offset(syntax.Name.End()), "tool\n\nimport toolgenJSON \"encoding/json\"\n\nimport toolgenErrors \"errors\"\n"},
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
	var out strings.Builder
	at := 0
	for _, s := range splices {
		out.Write(source[at:s.from])
		out.WriteString(s.text)
		at = s.to
	}
	out.Write(source[at:])
	fmt.Fprintf(&out, "\n%s\n\n%s", marker, body)
	formatted, err := format.Source([]byte(out.String()))
	if err != nil {
		return nil, &Error{File: file, Msg: "the function cannot be wrapped: " + err.Error()}
	}
	t.Source = string(formatted)
	return t, nil
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
		}
		return f, nil
	}
	have := "no functions"
	if len(names) > 0 {
		have = strings.Join(names, ", ")
	}
	return nil, fail(file.Package, "there is no func %s that is no method; the file has %s", name, have)
}

// adapter writes Run for a function.
func (t *Tool) adapter(decl *ast.FuncDecl, sig *types.Signature, name, source string, fset *token.FileSet, fail func(token.Pos, string, ...any) error) (string, error) {
	if name == Entry {
		name = ownEntry
	}
	text := func(n ast.Node) string {
		return source[fset.PositionFor(n.Pos(), false).Offset:fset.PositionFor(n.End(), false).Offset]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "func %s(input []byte) ([]byte, error) {\n", Entry)
	b.WriteString("var args []toolgenJSON.RawMessage\nif err := toolgenJSON.Unmarshal(input, &args); err != nil {\nreturn nil, err\n}\n")
	fmt.Fprintf(&b, "if len(args) != %d {\nreturn nil, toolgenErrors.New(\"want %d arguments\")\n}\n", sig.Params().Len(), sig.Params().Len())
	var passed []string
	for _, field := range decl.Type.Params.List {
		kind := text(field.Type)
		spread := ""
		if variadic, ok := field.Type.(*ast.Ellipsis); ok {
			kind, spread = "[]"+text(variadic.Elt), "..."
		}
		for range max(1, len(field.Names)) {
			i := len(passed)
			if !writable(sig.Params().At(i).Type(), nil) {
				return "", fail(field.Pos(), "parameter %d of func %s has type %s, which JSON cannot write", i, name, sig.Params().At(i).Type())
			}
			fmt.Fprintf(&b, "var a%d %s\nif err := toolgenJSON.Unmarshal(args[%d], &a%d); err != nil {\nreturn nil, err\n}\n", i, kind, i, i)
			passed = append(passed, fmt.Sprintf("a%d%s", i, spread))
		}
	}
	t.params = len(passed)
	call := fmt.Sprintf("%s(%s)", name, strings.Join(passed, ", "))
	errs := false
	var got, empties []string
	for i, kind := range resultTypes(decl, text) {
		r := sig.Results().At(i).Type()
		if i == sig.Results().Len()-1 && types.Identical(r, types.Universe.Lookup("error").Type()) {
			errs = true
			continue
		}
		if !writable(r, nil) {
			return "", fail(decl.Type.Results.Pos(), "result %d of func %s has type %s, which JSON cannot write", i, name, r)
		}
		_, isSlice := r.Underlying().(*types.Slice)
		_, isMap := r.Underlying().(*types.Map)
		if isSlice || isMap {
			empties = append(empties, fmt.Sprintf("if r%d == nil {\nr%d = %s{}\n}\n", i, i, kind)) // one answer with the empty one
		}
		t.nilable = append(t.nilable, isSlice || isMap)
		got = append(got, fmt.Sprintf("r%d", i))
	}
	left := slices.Clone(got)
	if errs {
		left = append(left, "err")
	}
	if len(left) > 0 {
		fmt.Fprintf(&b, "%s := ", strings.Join(left, ", "))
	}
	b.WriteString(call + "\n")
	if errs {
		b.WriteString("if err != nil {\nreturn nil, err\n}\n")
	}
	b.WriteString(strings.Join(empties, ""))
	switch {
	case len(got) == 1:
		b.WriteString("return toolgenJSON.Marshal(r0)\n}\n")
	case len(got) > 1:
		fmt.Fprintf(&b, "return toolgenJSON.Marshal([]any{%s})\n}\n", strings.Join(got, ", "))
	case errs:
		b.WriteString("return []byte(\"null\"), nil\n}\n")
	default: // it works on what it is given
		var after []string
		for i := range passed {
			after = append(after, fmt.Sprintf("a%d", i))
		}
		fmt.Fprintf(&b, "return toolgenJSON.Marshal([]any{%s})\n}\n", strings.Join(after, ", "))
	}
	return b.String(), nil
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
		for f := range u.Fields() {
			if f.Exported() && !writable(f.Type(), seen) {
				return false
			}
		}
		return true
	case *types.Interface:
		return u.NumMethods() == 0
	}
	return false
}

var added = regexp.MustCompile(`import toolgen(JSON "encoding/json"|Errors "errors")\n\n?`)

// Restore takes off what Wrap added: it turns a repaired tool back into a version of
// the function's file. That is formatted, whether the file was or not.
func (t *Tool) Restore(tool string) (string, error) {
	own, _, found := strings.Cut(tool, marker)
	if !found {
		return "", errors.New("adapt: the tool has lost the mark of what was added to it")
	}
	own = added.ReplaceAllString(own, "")
	own = strings.ReplaceAll(own, ownEntry, Entry)
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "tool.go", own, parser.PackageClauseOnly)
	if err != nil {
		return "", fmt.Errorf("adapt: %w", err)
	}
	from, to := fset.Position(file.Name.Pos()).Offset, fset.Position(file.Name.End()).Offset
	out, err := format.Source([]byte(own[:from] + t.pkg + own[to:]))
	if err != nil {
		return "", fmt.Errorf("adapt: %w", err)
	}
	return strings.TrimRight(string(out), "\n") + "\n", nil
}
