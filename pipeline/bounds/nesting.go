package bounds

import (
	"go/scanner"
	"go/token"
)

// maxBrackets is how deep brackets may be within each other before anything is parsed.
// Each is a level of the syntax tree at least, so what has more is beyond maxDepth too.
// go/parser goes 100,000 deep, which takes more than a second and 250 MB.
const maxBrackets = 1000

// Nesting returns the offset of the first bracket in a source that is too deep within
// others to be parsed, or -1.
func Nesting(src []byte) int {
	opened := 0
	for _, c := range src {
		if c == '(' || c == '[' || c == '{' {
			opened++
		}
	}
	if opened <= maxBrackets {
		return -1
	}
	depth := 0
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0)
	for {
		pos, tok, _ := s.Scan()
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			if depth++; depth > maxBrackets {
				return file.Offset(pos)
			}
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth = max(0, depth-1)
		case token.EOF:
			return -1
		}
	}
}
