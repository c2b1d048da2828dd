package build

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/scanner"
	"go/token"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"toolgen/pipeline/bounds"
)

// What the gate accepts as text.
const (
	maxFiles       = 16
	maxSourceBytes = 256 << 10 // all files together
	maxNameBytes   = 64
)

// checkFiles looks at names and bytes, before anything is parsed.
func (g *gate) checkFiles() {
	object := func(rule, file, msg string) {
		g.report.Problems = append(g.report.Problems, Problem{Rule: rule, File: bound(file), Message: msg})
	}
	if _, ok := entries[g.role]; !ok {
		object(RuleEntry, "", "unknown role "+strconv.Quote(string(g.role)))
		return
	}
	if n := len(g.files); n == 0 || n > maxFiles {
		object(RuleFile, "", "the source has "+strconv.Itoa(n)+" files, want 1 to "+strconv.Itoa(maxFiles))
		return
	}
	total := 0
	for i, f := range g.files {
		total += len(f.Data)
		if why := badName(f.Name); why != "" {
			object(RuleFile, f.Name, why)
			continue
		}
		if i > 0 && g.files[i-1].Name == f.Name {
			object(RuleFile, f.Name, "there are two files of this name")
		}
		if !utf8.Valid(f.Data) || bytes.IndexByte(f.Data, 0) >= 0 {
			object(RuleFile, f.Name, "the file is no UTF-8 text, or holds NUL bytes")
		}
		if at := bounds.Nesting(f.Data); at >= 0 {
			line := bytes.Count(f.Data[:at], []byte("\n"))
			g.report.Problems = append(g.report.Problems, Problem{
				Rule: RuleSize, File: f.Name, Line: line + 1, Column: at - bytes.LastIndexByte(f.Data[:at], '\n'),
				Message: "brackets too deep within each other",
			})
		}
	}
	if total > maxSourceBytes {
		object(RuleSize, "", "the source is "+strconv.Itoa(total)+" bytes long, want at most "+strconv.Itoa(maxSourceBytes))
	}
}

// badName says why name is no name of a source file that is compiled always and
// everywhere, or returns "".
func badName(name string) string {
	const want = `want letters, digits, "_" and "-", a letter first, then ".go"`
	stem, ok := strings.CutSuffix(name, ".go")
	switch {
	case !ok || stem == "":
		return "not a Go source file: " + want
	case len(name) > maxNameBytes:
		return "the name is too long: want at most " + strconv.Itoa(maxNameBytes) + " bytes"
	case strings.HasSuffix(stem, "_test"):
		return "a test file is no part of the program"
	}
	for i, c := range []byte(stem) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '_' || c == '-')) {
			return "unusual name: " + want
		}
	}
	// A name like x_linux.go says where the file belongs. What go/build takes on two
	// platforms that have nothing in common, it takes everywhere.
	for _, ctx := range []build.Context{{GOOS: "wasip1", GOARCH: "wasm"}, {GOOS: "plan9", GOARCH: "386"}} {
		ctx.Compiler = "gc"
		ctx.OpenFile = func(string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("package p\n")), nil
		}
		if match, err := ctx.MatchFile(".", name); err != nil || !match {
			return "the name ends like a platform's, so the file would not be compiled everywhere"
		}
	}
	return ""
}

// parse parses all files and looks at their comments and imports, which mean
// something to the go command whether or not the rest is sound.
func (g *gate) parse() {
	r := g.report
	r.Fset = token.NewFileSet()
	imports := map[string]bool{}
	sound := true
	for _, f := range g.files {
		file, err := parser.ParseFile(r.Fset, f.Name, f.Data, parser.ParseComments|parser.AllErrors|parser.SkipObjectResolution)
		sound = sound && err == nil
		if list, ok := err.(scanner.ErrorList); ok {
			for _, e := range list {
				// Positions in scanner errors are adjusted by //line comments, offsets are not.
				pos := r.Fset.File(file.FileStart).Pos(min(e.Pos.Offset, len(f.Data)))
				g.object(RuleSyntax, pos, "%s", e.Msg)
			}
		} else if err != nil {
			g.object(RuleSyntax, file.FileStart, "%s", err)
		}
		for _, group := range file.Comments {
			for _, c := range group.List {
				g.checkComment(c, f.Data)
			}
		}
		for _, spec := range file.Imports {
			g.checkImport(spec, imports)
		}
		if err == nil && len(r.Problems) == 0 {
			g.checkBuilt(f)
		}
		r.Syntax = append(r.Syntax, file)
	}
	if !sound {
		r.Fset, r.Syntax = nil, nil
	}
	r.Imports = slices.Sorted(maps.Keys(imports))
}

// checkComment objects to a comment that is an instruction. It looks at the bytes of
// the file, as the go command and the compiler do: go/parser leaves out carriage
// returns, so to it "// +build\rx" is another word.
func (g *gate) checkComment(c *ast.Comment, text []byte) {
	raw := text[g.report.Fset.PositionFor(c.Pos(), false).Offset:]
	if end := bytes.IndexByte(raw, '\n'); end >= 0 && strings.HasPrefix(c.Text, "//") {
		raw = raw[:end]
	}
	for _, comment := range []string{c.Text, string(raw)} {
		if d := directive(comment); d != "" {
			g.object(RuleDirective, c.Pos(), "%s is an instruction to the compiler or the go command: want none", d)
			return
		}
	}
}

// directive returns the name of the instruction that a comment is, or "".
func directive(comment string) string {
	line, _, _ := strings.Cut(comment, "\n")
	if constraint.IsPlusBuild(line) {
		return strconv.Quote("// +build")
	}
	for _, prefix := range []string{"//go:", "//line ", "/*line ", "//export "} {
		if strings.HasPrefix(comment, prefix) {
			return strconv.Quote(bound(strings.Fields(comment)[0]))
		}
	}
	return ""
}

// checkBuilt asks the go command's own library whether it compiles the file: nothing
// that was inspected may be left out of the program. What it obeys is refused by name
// before, so this objects to what we do not know of.
func (g *gate) checkBuilt(f File) {
	ctx := build.Context{GOOS: "wasip1", GOARCH: "wasm", Compiler: "gc", OpenFile: func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(f.Data)), nil
	}}
	if match, err := ctx.MatchFile(".", f.Name); err != nil || !match {
		g.report.Problems = append(g.report.Problems, Problem{Rule: RuleDirective, File: f.Name, Message: "the go command would not compile the file"})
	}
}

func (g *gate) checkImport(spec *ast.ImportSpec, imports map[string]bool) {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return // the parser has objected
	}
	switch {
	case allowed[path]:
		imports[path] = true
		// A dot import would hide from readers, and from edits, what is imported.
		if spec.Name != nil && spec.Name.Name == "." {
			g.object(RuleImport, spec.Pos(), "dot import of %q: want a name for the package", path)
		}
	case refused[path] != "":
		g.object(RuleImport, spec.Pos(), "%q is not allowed: %s", path, refused[path])
	default:
		g.object(RuleImport, spec.Pos(), "%q is not allowed: want a package of the standard library that only computes", path)
	}
}

// checkSyntax checks the package clause and what the type checker leaves to the
// compiler's front end.
func (g *gate) checkSyntax() {
	for _, file := range g.report.Syntax {
		if want := entries[g.role].pkg; file.Name.Name != want {
			g.object(RulePackage, file.Name.Pos(), "package %s: want package %s", file.Name.Name, want)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body == nil {
				g.object(RuleType, f.Name.Pos(), "func %s has no body", f.Name.Name)
			}
		}
	}
}
