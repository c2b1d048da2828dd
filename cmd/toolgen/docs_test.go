package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs are the pages that describe the program as it is today.
var docs = []string{"README.md", "ARCHITECTURE.md", "RATIONALE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/compare.md", "docs/export.md", "docs/isolation.md", "docs/json.md"}

// fence is a fenced block of a page.
type fence struct {
	at    string // README.md:12
	info  []string
	lines []string
}

func readFences(t *testing.T, page string) []fence {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	var out []fence
	open := false
	for i, line := range strings.Split(string(data), "\n") {
		switch info, isFence := strings.CutPrefix(line, "```"); {
		case isFence && !open:
			open = true
			out = append(out, fence{at: fmt.Sprintf("%s:%d", page, i+1), info: strings.Fields(info)})
		case isFence:
			open = false
		case open:
			f := &out[len(out)-1]
			f.lines = append(f.lines, line)
		}
	}
	if open {
		t.Fatalf("%s: a fence is not closed", out[len(out)-1].at)
	}
	return out
}

// TestReadme does what the README says, in order, in a new folder with a new cache:
//
//   - A block fenced as "console" holds commands, "$ toolgen ...", each with what it
//     writes to stdout; a line "..." stands for any lines. "$ echo $?" shows the exit
//     code of the command before it; one whose code is not shown must end with 0.
//   - A block fenced as "yaml NAME" or "go NAME" is the file of that name.
//
// Blocks fenced in any other way are read by people alone.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("plays a tournament")
	}
	fences := readFences(t, "README.md")
	version, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	compare := strings.TrimSpace(string(version)) == figuresOf
	if !compare {
		t.Logf("the figures in the README are those of %s, so output is not compared under %s", figuresOf, version)
	}
	cache := os.Getenv("TOOLGEN_TEST_CACHE")
	if cache == "" {
		cache = t.TempDir()
	}
	t.Setenv("TOOLGEN_CACHE", cache)
	t.Chdir(t.TempDir())
	commands := 0
	for _, f := range fences {
		switch {
		case len(f.info) == 2:
			if err := os.WriteFile(f.info[1], []byte(strings.Join(f.lines, "\n")+"\n"), 0o666); err != nil {
				t.Fatalf("%s: %v", f.at, err)
			}
		case slices.Equal(f.info, []string{"console"}):
			commands += console(t, f, compare)
		}
	}
	if commands < 10 {
		t.Errorf("only %d commands were executed", commands)
	}
}

// console executes the commands of a block, and returns how many they were.
func console(t *testing.T, f fence, compare bool) int {
	t.Helper()
	type step struct {
		command string
		want    []string
	}
	var steps []step
	for _, line := range f.lines {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			steps = append(steps, step{command: command})
		} else if len(steps) > 0 {
			steps[len(steps)-1].want = append(steps[len(steps)-1].want, line)
		} else if line != "" {
			t.Errorf("%s: the block does not begin with a command", f.at)
		}
	}
	code, stderr := 0, ""
	commands := 0
	for i, s := range steps {
		args := strings.Fields(s.command)
		var out string
		switch {
		case s.command == "echo $?":
			out = fmt.Sprintln(code)
		case args[0] == "toolgen":
			var stdout, errs bytes.Buffer
			code = run(args, strings.NewReader(""), &stdout, &errs)
			out, stderr = stdout.String(), errs.String()
			commands++
			if shown := i+1 < len(steps) && steps[i+1].command == "echo $?"; code != 0 && !shown {
				t.Fatalf("%s: %s: exit %d\n%s%s", f.at, s.command, code, out, stderr)
			}
		default:
			t.Fatalf("%s: %s: only toolgen is executed in a block fenced as console", f.at, s.command)
		}
		if (compare || args[0] == "echo") && !matches(trimLines(s.want), trimLines(strings.Split(out, "\n"))) {
			t.Errorf("%s: %s: it writes\n%s\nand the README says\n%s\n%s", f.at, s.command, out, strings.Join(s.want, "\n"), stderr)
		}
	}
	return commands
}

// trimLines leaves out empty lines at the end.
func trimLines(lines []string) []string {
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// matches says whether lines are the wanted ones, where "..." stands for any lines.
func matches(want, got []string) bool {
	for i, w := range want {
		if w == "..." {
			for n := i; n <= len(got); n++ {
				if matches(want[i+1:], got[n:]) {
					return true
				}
			}
			return false
		}
		if i >= len(got) || got[i] != w {
			return false
		}
	}
	return len(got) == len(want)
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		want, got string
		ok        bool
	}{
		{"a b", "a b", true},
		{"a b", "a", false},
		{"a", "a b", false},
		{"a c", "a b", false},
		{"... b", "a b", true},
		{"... b", "b", true},
		{"... b", "a b c", false},
		{"a ...", "a b c", true},
		{"a ... c ... e", "a b c c d e", true},
		{"a ... c ... e", "a b d e", false},
	} {
		if got := matches(strings.Fields(c.want), strings.Fields(c.got)); got != c.ok {
			t.Errorf("%q against %q: %t", c.want, c.got, got)
		}
	}
}

var (
	inlineCode = regexp.MustCompile("`([^`\n]+)`")
	pageLink   = regexp.MustCompile(`\]\(([^)#:]+)\)`)
	target     = regexp.MustCompile(`(?m)^([a-z-]+):`)
)

// TestDocsNameWhatExists holds every command line in the pages against the program,
// every `make` against the Makefile, and every link against the files.
func TestDocsNameWhatExists(t *testing.T) {
	root := filepath.Join("..", "..")
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range target.FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	app := (&program{in: strings.NewReader(""), out: io.Discard, err: io.Discard}).app()
	seen := 0
	for _, page := range docs {
		data, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, m := range inlineCode.FindAllStringSubmatch(string(data), -1) {
			lines = append(lines, m[1])
		}
		for _, f := range readFences(t, page) {
			if !slices.Contains([]string{"console", "sh", "text"}, strings.Join(f.info, " ")) {
				continue
			}
			for _, l := range f.lines {
				lines = append(lines, strings.TrimPrefix(l, "$ "))
			}
		}
		for _, l := range lines {
			l, _, _ = strings.Cut(l, " #")
			for _, end := range []string{" | ", " > ", " >> ", " && ", " || "} {
				l, _, _ = strings.Cut(l, end)
			}
			switch words := strings.Fields(l); {
			case len(words) > 1 && words[0] == "toolgen" && strings.HasPrefix(l, "toolgen "):
				seen++
				if _, err := understand(app, words); err != nil {
					t.Errorf("%s: `%s`: %v", page, l, err)
				}
			case len(words) == 2 && words[0] == "make" && !targets[words[1]]:
				t.Errorf("%s: `%s`: the Makefile has no such target", page, l)
			}
		}
		for _, m := range pageLink.FindAllStringSubmatch(string(data), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: a link leads nowhere: %v", page, err)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d command lines were looked at", seen)
	}
}
