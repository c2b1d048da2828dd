package adapt

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"toolgen/pipeline/bounds"
)

// sizes are those of the target that tools are compiled for.
var sizes = types.SizesFor("gc", "wasm")

// disarmed is put into comments that a compiler or the go command obeys, for no tool may
// have such; Restore takes it out. To gofmt they are what they were: comments for
// programs.
const disarmed = "toolgen:disarmed "

// instruction is where a comment that is an instruction goes on behind its first two
// bytes; 0 for other comments.
func instruction(comment string) int {
	if constraint.IsPlusBuild(comment) {
		return len("//")
	}
	for _, prefix := range []string{"//go:", "//line ", "/*line ", "//export "} {
		if strings.HasPrefix(comment, prefix) {
			return len("//")
		}
	}
	return 0
}

// checked parses and type-checks a source. An answer of an agent, or edits, made it.
func checked(name, source string, imp types.Importer) (*types.Package, error) {
	if bounds.Nesting([]byte(source)) >= 0 {
		return nil, fmt.Errorf("%s: brackets too deep within each other", name)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if problems := bounds.Check([]*ast.File{file}, imp).Problems; len(problems) > 0 {
		return nil, types.Error{Fset: fset, Pos: problems[0].Pos, Msg: problems[0].Message}
	}
	config := types.Config{Importer: imp, Sizes: sizes}
	return config.Check(file.Name.Name, fset, []*ast.File{file}, nil)
}

// Check reports why a version of the tool is none of the function's file: what is left
// without the Run that was added would not compile.
func (t *Tool) Check(tool string) error {
	own, err := t.strip(tool)
	if err == nil {
		_, err = checked(t.file, own, t.imp)
	}
	return err
}

// Restore takes off what Wrap added: it turns a repaired tool back into a version of
// the function's file. What an edit did not touch is there to the byte, line ends
// included, as far as that can be told; else all of it is formatted.
func (t *Tool) Restore(tool string) (string, error) {
	after, err := t.plain(tool)
	if err != nil {
		return "", err
	}
	lines := newLineEnds(string(t.own))
	return lines.restore(carry(lines.text, t.before, after)), nil
}

// plain is a version of the function's file, formatted.
func (t *Tool) plain(tool string) (string, error) {
	own, err := t.strip(tool)
	if err != nil {
		return "", err
	}
	out, err := format.Source([]byte(own))
	if err != nil {
		return "", fmt.Errorf("adapt: %w", err)
	}
	return strings.TrimRight(string(out), "\n") + "\n", nil
}

// strip takes off what Wrap added, and formats nothing.
func (t *Tool) strip(tool string) (string, error) {
	end := strings.LastIndex(tool, marker)
	if end < 0 {
		return "", errors.New("adapt: the tool has lost the mark of what was added to it")
	}
	own := tool[:end]
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "tool.go", own, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", fmt.Errorf("adapt: %w", err)
	}
	offset := func(p token.Pos) int { return fset.PositionFor(p, false).Offset }
	splices := []splice{{offset(file.Name.Pos()), offset(file.Name.End()), t.pkg}}
	for _, d := range file.Decls {
		if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.IMPORT {
			splices = append(splices, withoutCodec(d, own, offset)...)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == ownEntry {
			splices = append(splices, splice{offset(id.Pos()), offset(id.End()), Entry})
		}
		return true
	})
	for _, group := range file.Comments {
		for _, c := range group.List {
			if len(c.Text) > 2 && strings.HasPrefix(c.Text[2:], disarmed) {
				from := offset(c.Pos()) + 2
				splices = append(splices, splice{from, from + len(disarmed), ""})
			}
		}
	}
	slices.SortFunc(splices, func(a, b splice) int { return cmp.Compare(a.from, b.from) })
	return spliced([]byte(own), 0, len(own), splices), nil
}

// withoutCodec takes the import that Wrap added out of a declaration. An edit may have
// added its own to that.
func withoutCodec(d *ast.GenDecl, source string, offset func(token.Pos) int) []splice {
	isCodec := func(s ast.Spec) bool {
		name := s.(*ast.ImportSpec).Name
		return name != nil && name.Name == codec
	}
	at := slices.IndexFunc(d.Specs, isCodec)
	if at < 0 {
		return nil
	}
	from, to, text := offset(d.Specs[at].Pos()), offset(d.Specs[at].End()), ""
	switch others := len(d.Specs) - 1; {
	case others == 0:
		from, to = offset(d.Pos()), offset(d.End())
		for range 2 {
			if strings.HasPrefix(source[to:], "\n") {
				to++
			}
		}
	case others == 1:
		other := d.Specs[1-at]
		from, to = offset(d.Pos()), offset(d.End())
		text = "import " + source[offset(other.Pos()):offset(other.End())]
	default: // a line of its own
		from = len(strings.TrimRight(source[:from], " \t"))
		from -= len(source[:from]) - len(strings.TrimSuffix(source[:from], "\n"))
	}
	return []splice{{from, to, text}}
}

// names turns what a message or an edit says of the tool into what it says of the file.
func (t *Tool) names(s string) string { return strings.ReplaceAll(s, ownEntry, Entry) }

// ofTool is what a message about the tool begins with.
var ofTool = regexp.MustCompile(`^tool\.go(?::(\d+):(\d+))?: `)

// position is a line and a column, from 1.
type position struct{ line, column int }

// Line returns the line of the function's file that a line of Source stands for. Wrap
// moves lines and formats them, and keeps the file's tokens in their order.
func (t *Tool) Line(line int) int {
	at := t.position(position{line, 1})
	return at.line
}

// Message turns a message about Source, such as "tool.go:3:4: ...", into one about the
// function's file.
func (t *Tool) Message(message string) string {
	m := ofTool.FindStringSubmatch(message)
	if m == nil {
		return t.names(message)
	}
	rest := t.names(message[len(m[0]):])
	if m[1] == "" {
		return t.file + ": " + rest
	}
	var at position
	fmt.Sscan(m[1], &at.line)
	fmt.Sscan(m[2], &at.column)
	at = t.position(at)
	return fmt.Sprintf("%s:%d:%d: %s", t.file, at.line, at.column, rest)
}

// Text is what a part of Source is called in the function's file.
func (t *Tool) Text(text string) string { return t.names(text) }

// The tokens of Source that Wrap put before the first of the file's that is not of the
// package clause: import toolgenJSON "encoding/json".
const (
	clauseTokens = 2
	addedTokens  = 3
)

// position is where in the file a position in Source is. What is in the Run that was
// added is at the function.
func (t *Tool) position(at position) position {
	n := -1 // the token that is at the position, or the first behind it
	var start position
	i := 0
	tokens([]byte(t.Source), func(from, to position) bool {
		if at.line < to.line || at.line == to.line && at.column < to.column || at.line == from.line && at.column <= from.column {
			n, start = i, from
			return false
		}
		i++
		return true
	})
	if end := 1 + strings.Count(t.Source[:strings.LastIndex(t.Source, marker)], "\n"); n < 0 || at.line >= end || start.line >= end {
		return t.at
	}
	switch {
	case n >= clauseTokens+addedTokens:
		n -= addedTokens
	case n >= clauseTokens:
		n = clauseTokens - 1
	}
	found := t.at
	i = 0
	tokens(t.own, func(from, to position) bool {
		if i++; i <= n {
			return true
		}
		found = from
		if start.line == at.line && start.column < at.column { // inside of it
			found.column += at.column - start.column
		}
		return false
	})
	return found
}

// tokens goes through the tokens of a text, each with its first position and the one
// behind it, until it is told that it is enough. Left out is what formatting adds and
// takes away: semicolons, commas at the end of a line, parentheses around a condition.
func tokens(source []byte, each func(from, to position) bool) {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0)
	for {
		pos, tok, text := s.Scan()
		switch tok {
		case token.EOF:
			return
		case token.SEMICOLON, token.COMMA, token.LPAREN, token.RPAREN:
			continue
		}
		if text == "" {
			text = tok.String()
		}
		at := file.PositionFor(pos, false)
		to := position{at.Line, at.Column + len(text)}
		if n := strings.Count(text, "\n"); n > 0 {
			to = position{at.Line + n, len(text) - strings.LastIndex(text, "\n")}
		}
		if !each(position{at.Line, at.Column}, to) {
			return
		}
	}
}
