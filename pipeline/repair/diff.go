package repair

import (
	"fmt"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// Diff is a unified diff that git apply takes, of a file with a name; "" if nothing
// differs.
func Diff(name, from, to string) string {
	if from == to {
		return ""
	}
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: diffLines(from), B: diffLines(to), FromFile: "a/" + name, ToFile: "b/" + name, Context: 3,
	})
	if err != nil {
		panic(fmt.Sprintf("repair: a diff into memory failed: %v", err))
	}
	return text
}

// diffLines splits a text into lines that end as a diff wants them to, with a note
// where the last one has no line feed.
func diffLines(s string) []string {
	lines := strings.SplitAfter(s, "\n")
	last := len(lines) - 1
	if lines[last] == "" {
		return lines[:last]
	}
	lines[last] += "\n\\ No newline at end of file\n"
	return lines
}
