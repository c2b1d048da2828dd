package specs

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// Error says what is wrong with a spec: everything that was found, not the first thing only.
type Error struct {
	Problems []Problem // sorted by file and position, never empty
}

// Problem is one thing that is wrong, where it stands, and what was expected.
type Problem struct {
	File    string // the spec's id, a slash, and the path in its folder; or the id alone
	Line    int    // from 1; also 1 where a file or folder as a whole is meant
	Column  int    // in bytes, from 1
	Message string
}

// Error lists the problems, one a line, in the form file:line:col: message.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// problems collects what is wrong with one spec.
type problems struct {
	id   string
	list []Problem
}

// add records a problem at a line and column of a file of the spec; "" is the folder.
func (ps *problems) add(file string, line, column int, format string, args ...any) {
	name := ps.id
	if file != "" {
		name += "/" + file
	}
	ps.list = append(ps.list, Problem{name, line, column, fmt.Sprintf(format, args...)})
}

// addAt records a problem at an offset in a file's data.
func (ps *problems) addAt(file string, data []byte, offset int, format string, args ...any) {
	line, column := position(data, offset)
	ps.add(file, line, column, format, args...)
}

// about says whether a problem with a file has been recorded.
func (ps *problems) about(file string) bool {
	return slices.ContainsFunc(ps.list, func(p Problem) bool { return p.File == ps.id+"/"+file })
}

// err returns what was collected as an *Error, or nil.
func (ps *problems) err() error {
	if len(ps.list) == 0 {
		return nil
	}
	slices.SortStableFunc(ps.list, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		if a.Column != b.Column {
			return a.Column - b.Column
		}
		return strings.Compare(a.Message, b.Message)
	})
	list := slices.Compact(ps.list)
	if more := len(list) - maxProblems; more > 0 {
		list = list[:maxProblems]
		list[maxProblems-1].Message += fmt.Sprintf(" (and %d more problems)", more)
	}
	return &Error{Problems: list}
}

// maxProblems is how many problems are reported: a file of another format has one a line.
const maxProblems = 100

// position turns an offset into a line and a column, both from 1.
func position(data []byte, offset int) (line, column int) {
	offset = min(max(offset, 0), len(data))
	before := string(data[:offset])
	return 1 + strings.Count(before, "\n"), offset - strings.LastIndexByte(before, '\n')
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
