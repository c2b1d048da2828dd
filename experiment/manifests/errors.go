package manifests

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// Error says what is wrong with a manifest: everything that was found.
type Error struct {
	Problems []Problem // sorted by position, never empty
}

// Problem is one thing that is wrong and what was expected.
type Problem struct {
	Position
	Path    string // the key, as in "budget.memory_mib.to"; "" for the file as a whole
	Message string
	Excerpt string // the line, and below it a caret under the column; "" if there is none
}

// Position is a place in a manifest, or in a --set or --seed of the command line.
type Position struct {
	File   string
	Line   int // from 1
	Column int // in characters, from 1
}

func (p Position) String() string {
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

func (p Problem) String() string {
	s := p.Position.String() + ": "
	if p.Path != "" {
		s += p.Path + ": "
	}
	s += p.Message
	if p.Excerpt != "" {
		s += "\n" + p.Excerpt
	}
	return s
}

// Error lists the problems in the form file:line:col: key: message, each followed by its excerpt.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// NewError sorts problems by position and keeps the first hundred. It returns nil if there
// are none.
func NewError(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	list := slices.Clone(problems)
	slices.SortStableFunc(list, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	list = slices.Compact(list)
	if more := len(list) - maxProblems; more > 0 {
		list = list[:maxProblems]
		list[maxProblems-1].Message += fmt.Sprintf(" (and %d more problems)", more)
	}
	return &Error{Problems: list}
}

// maxProblems is how many problems are reported: a file of another kind has one a line.
const maxProblems = 100

// source is a text that positions refer to.
type source struct {
	name   string
	lines  []string
	indent int // characters on the first line that stand before what is parsed
}

// lineBreak matches what YAML 1.1 takes for the end of a line.
var lineBreak = regexp.MustCompile(`\r\n|[\r\n\x{85}\x{2028}\x{2029}]`)

func newSource(name string, text string) *source {
	return &source{name: name, lines: lineBreak.Split(text, -1)}
}

// at returns a node at a place in what is parsed. An end of the text that the YAML library
// places on a line of its own is the end of the last line.
func (s *source) at(line, column int) *node {
	if last := len(s.lines); line > last {
		return &node{src: s, line: last, column: utf8.RuneCountInString(s.lines[last-1]) + 1}
	}
	if line == 1 {
		column += s.indent
	}
	return &node{src: s, line: line, column: column}
}

// excerptWidth is how much of a long line an excerpt shows.
const excerptWidth = 100

// excerpt shows a line with a caret under a column.
func (s *source) excerpt(line, column int) string {
	if s == nil || line < 1 || line > len(s.lines) {
		return ""
	}
	runes := []rune(strings.ToValidUTF8(s.lines[line-1], "\uFFFD"))
	at := min(max(column-1, 0), len(runes))
	from := 0
	if at > excerptWidth-20 {
		from = at - excerptWidth/2
	}
	to := min(len(runes), from+excerptWidth)
	number := fmt.Sprint(line)
	var text, caret strings.Builder
	fmt.Fprintf(&text, "  %s | ", number)
	fmt.Fprintf(&caret, "  %s | ", strings.Repeat(" ", len(number)))
	for i := from; i < to; i++ {
		r := runes[i]
		if r < ' ' && r != '\t' || r == 0x7f {
			r = '\uFFFD' // a manifest must not drive the terminal
		}
		text.WriteRune(r)
		if i < at {
			if r != '\t' {
				r = ' '
			}
			caret.WriteRune(r)
		}
	}
	caret.WriteByte('^')
	return text.String() + "\n" + caret.String()
}

// suggest ends a message about an unknown word: the likely one if any is near, or all of them.
func suggest(word string, known []string) string {
	if len(known) == 0 || len(word) > 100 {
		return ""
	}
	best, distance := "", 1+max(1, utf8.RuneCountInString(word)/3)
	for _, k := range known {
		if len(word) > 2 && strings.HasPrefix(k, word) {
			return fmt.Sprintf("; did you mean %q?", k)
		}
		if d := levenshtein.ComputeDistance(word, k); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; expected " + orList(known)
}

// orList joins quoted words: "a", "b" or "c".
func orList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}
