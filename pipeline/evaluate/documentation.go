package evaluate

import (
	"bytes"
	"go/ast"
	"go/format"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxColumns is the longest line that the documentation score accepts, in runes.
const maxColumns = 120

// spdx says whether each file names its licence before its package clause.
func spdx(files []*ast.File) bool {
	return !slices.ContainsFunc(files, func(f *ast.File) bool {
		for _, group := range f.Comments {
			for _, c := range group.List {
				id, ok := strings.CutPrefix(c.Text, "// SPDX-License-Identifier:")
				if ok && c.Pos() < f.Package && strings.TrimSpace(id) != "" {
					return false
				}
			}
		}
		return true
	})
}

func packageComment(files []*ast.File) bool {
	return slices.ContainsFunc(files, func(f *ast.File) bool {
		return startsWith(f.Doc, "Package "+f.Name.Name)
	})
}

// startsWith says whether a comment starts with a name: Run is no start of Running.
func startsWith(doc *ast.CommentGroup, name string) bool {
	rest, ok := strings.CutPrefix(doc.Text(), name)
	next, _ := utf8.DecodeRuneInString(rest)
	return ok && next != '_' && !unicode.IsLetter(next) && !unicode.IsDigit(next)
}

// exportedComments says whether each exported top-level name, and each exported
// method of an exported type, has a doc comment that starts with it. The comment
// of a group serves for all variables or constants in it, and that of variables
// declared together need start with the first alone.
func exportedComments(files []*ast.File) bool {
	ok := true
	need := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		ok = ok && (!name.IsExported() || slices.ContainsFunc(docs, func(d *ast.CommentGroup) bool {
			return startsWith(d, name.Name)
		}))
	}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil || exportedReceiver(d.Recv) {
					need(d.Name, d.Doc)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						need(s.Name, s.Doc, d.Doc)
					case *ast.ValueSpec:
						if d.Lparen.IsValid() && d.Doc != nil {
							continue
						}
						if i := slices.IndexFunc(s.Names, (*ast.Ident).IsExported); i >= 0 {
							need(s.Names[i], s.Doc, d.Doc)
						}
					}
				}
			}
		}
	}
	return ok
}

// exportedReceiver says whether a method belongs to an exported type. Those of
// others are seen by nobody: sort.Interface's, for one.
func exportedReceiver(recv *ast.FieldList) bool {
	if len(recv.List) != 1 {
		return false
	}
	for t := recv.List[0].Type; ; {
		switch e := t.(type) {
		case *ast.Ident:
			return e.IsExported()
		case *ast.ParenExpr:
			t = e.X
		case *ast.StarExpr:
			t = e.X
		case *ast.IndexExpr:
			t = e.X
		case *ast.IndexListExpr:
			t = e.X
		default:
			return false
		}
	}
}

// errs finds error, errs, ErrTooLong, fails and failure.
var errs = regexp.MustCompile(`(?i)\b(err|fail)`)

// runComment says whether the comment of Run speaks of errors.
func runComment(files []*ast.File) bool {
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "Run" {
				return errs.MatchString(fn.Doc.Text())
			}
		}
	}
	return false
}

func gofmtClean(source []byte) bool {
	out, err := format.Source(source)
	return err == nil && bytes.Equal(out, source)
}

func shortLines(source []byte) bool {
	for line := range bytes.Lines(source) {
		if utf8.RuneCount(bytes.TrimRight(line, "\r\n")) > maxColumns {
			return false
		}
	}
	return true
}
