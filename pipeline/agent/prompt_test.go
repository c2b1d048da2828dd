package agent

import (
	"strings"
	"testing"

	"toolgen/fuzzing"
)

func TestExtract(t *testing.T) {
	const a, b = "package tool\n\nvar a int\n", "package tool\n\nvar b int\n"
	for _, tc := range []struct {
		name, message, source, notes string
		open                         bool
	}{
		{"one block", "Here:\n```go\n" + a + "```\nBye.", a, "Here:\n\nBye.", false},
		{"tildes", "~~~golang\n" + a + "~~~\n", a, "", false},
		{"no language", "```\n" + a + "```", a, "", false},
		{"upper case, and more words", "```Go title=\"tool.go\"\n" + a + "```", a, "", false},
		{"the old one first", "Before:\n```go\n" + a + "```\nAfter:\n```go\n" + b + "```", b, "Before:\n```go\n" + a + "```\nAfter:", false},
		{"an example after it", "```go\n" + a + "```\nTry:\n```sh\ngo test\n```\n", a, "Try:\n```sh\ngo test\n```", false},
		{"a snippet after it", "```go\n" + a + "```\nCall it:\n```go\nRun(nil)\n```", a, "Call it:\n```go\nRun(nil)\n```", false},
		{"no package clause", "```go\nfunc Run() {}\n```", "func Run() {}\n", "", false},
		{"called Go, among others", "```sh\nls\n```\n```go\nfunc Run() {}\n```\n```\nout\n```", "func Run() {}\n", "```sh\nls\n```\n\n```\nout\n```", false},
		{"longer fence", "````go\n" + a + "// ```\n````", a + "// ```\n", "", false},
		{"another fence inside", "```go\n" + a + "// x\n~~~\n```", a + "// x\n~~~\n", "", false},
		{"not closed", "```go\n" + a, a, "", true},
		{"nothing but the file", "// SPDX-License-Identifier: MIT\n\n" + a, "// SPDX-License-Identifier: MIT\n\n" + a, "", true},
		{"line ends of Windows", "Ok\r\n```go\r\n" + strings.ReplaceAll(a, "\n", "\r\n") + "```\r\n", a, "Ok", false},
		{"indented", "  ```go\n" + a + "  ```", a, "", false},
		{"thinking aloud", "<think>\n```go\n" + b + "```\n</think>\n```go\n" + a + "```", a, "", false},
		{"not Go at all", "```python\nprint(1)\n```", "", "```python\nprint(1)\n```", false},
		{"no block", "I give the package tool up.", "", "I give the package tool up.", false},
		{"empty", "", "", "", false},
		{"raw string with a fence in the line", "```go\npackage tool\n\nconst f = `\n ``` `\n```", "package tool\n\nconst f = `\n ``` `\n", "", false},
	} {
		got := extract(tc.message)
		if got.source != tc.source || got.notes != tc.notes || got.open != tc.open {
			t.Errorf("%s:\ngot  %#v\nwant source %q, notes %q, open %v", tc.name, got, tc.source, tc.notes, tc.open)
		}
	}
}

func TestFenced(t *testing.T) {
	source := "package tool\n\n// ```go and ````\n"
	if got := extract(fenced(source)); got.source != source || got.notes != "" {
		t.Errorf("%#v", got)
	}
}

// FuzzExtract: a source is a part of the message, and what is fenced comes out again.
func FuzzExtract(f *testing.F) {
	fuzzing.Briefly(f)
	f.Add("```go\npackage tool\n```")
	f.Add("~~~\r\npackage tool\r\n")
	f.Add("<think>```</think>package tool")
	f.Fuzz(func(t *testing.T, message string) {
		got := extract(message)
		plain := strings.ReplaceAll(message, "\r\n", "\n")
		if !strings.Contains(plain, strings.TrimSpace(got.source)) {
			t.Errorf("%q is no part of %q", got.source, message)
		}
		if strings.Contains(message, "</think>") {
			return
		}
		source := "package tool\n" + plain
		if again := extract(fenced(source)); again.source != tidy(source) {
			t.Errorf("fenced %q comes out as %q", source, again.source)
		}
	})
}
