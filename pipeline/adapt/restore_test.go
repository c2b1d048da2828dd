package adapt

import (
	"go/format"
	"strconv"
	"strings"
	"testing"
)

// TestInstructions: comments that no tool may have are none in the tool, and are what
// they were in the file, also where all of it is formatted.
func TestInstructions(t *testing.T) {
	const own = `// +build !plan9

//go:build !plan9

package a

//go:generate stringer -type=kind

// F does it.
//
//go:noinline
func F(n int) int { /*line x.go:7*/
	//line y.go:3
	return n // go:on
}

//export G
func G() string { return "//go:generate" }
`
	tool, err := Wrap("a.go", []byte(own), "F", testImporter(t))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(tool.Source) {
		for _, bad := range []string{"//go:", "//line", "/*line", "//export", "// +build", "//+build"} {
			if strings.Contains(line, bad) && !strings.Contains(line, `"`) {
				t.Errorf("the tool has %s", line)
			}
		}
	}
	if strings.Count(own[:strings.Index(own, "return n")], "\n")+2 != strings.Count(tool.Source[:strings.Index(tool.Source, "return n")], "\n") {
		t.Errorf("lines moved, but for those of an import:\n%s", tool.Source)
	}
	plain, err := tool.plain(tool.Source)
	if want, e := format.Source([]byte(own)); err != nil || e != nil || plain != string(want) {
		t.Errorf("%v:\n%s", err, plain)
	}
	got, err := tool.Restore(strings.Replace(tool.Source, "return n", "return n + 1", 1))
	if want := strings.Replace(own, "return n", "return n + 1", 1); err != nil || got != want {
		t.Errorf("%v:\n%s", err, got)
	}
}

// TestRestoreImports: an edit that adds an import adds it to the file's, whether that
// has any or not.
func TestRestoreImports(t *testing.T) {
	const body = "\nfunc F(n float64) float64 { return n }\n"
	for _, c := range [][4]string{
		{"", codec + " \"encoding/json\"", "(\n\t" + codec + " \"encoding/json\"\n\t\"math\"\n)", "\nimport \"math\"\n"},
		{"\nimport \"sort\"\n\nvar _ = sort.Ints\n", "\"sort\"", "(\n\t\"math\"\n\t\"sort\"\n)", "\nimport (\n\t\"math\"\n\t\"sort\"\n)\n\nvar _ = sort.Ints\n"},
		{"", codec + " \"encoding/json\"", "(\n\t\"errors\"\n\t" + codec + " \"encoding/json\"\n\t\"math\"\n)", "\nimport (\n\t\"errors\"\n\t\"math\"\n)\n"},
	} {
		own := "package a\n" + c[0] + body
		tool, err := Wrap("a.go", []byte(own), "F", testImporter(t))
		if err != nil {
			t.Fatal(err)
		}
		version := strings.Replace(tool.Source, "import "+c[1], "import "+c[2], 1)
		version = strings.Replace(version, "return n }", "return math.Abs(n) }", 1)
		want := strings.Replace("package a\n"+c[3]+body, "return n", "return math.Abs(n)", 1)
		if got, err := tool.Restore(version); err != nil || got != want {
			t.Errorf("%v:\n%s\nwant\n%s", err, got, want)
		}
		if unused := strings.Contains(c[2], "errors"); unused == (tool.Check(version) == nil) {
			t.Errorf("unused imports are in order: %v", unused)
		}
	}
}

// TestCheck: what leans on the Run that was added is no version of the file.
func TestCheck(t *testing.T) {
	const own = "package a\n\nfunc F(b []byte) ([]byte, error) { return b, nil }\n\nfunc Run() {}\n"
	tool, err := Wrap("a.go", []byte(own), "F", testImporter(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		body string
		ok   bool
	}{
		{"return b, nil", true},
		{"toolgenOwnRun(); return b, nil", true}, // the file's own
		{"return Run(b)", false},
		{"return toolgenJSON.Marshal(b)", false},
	} {
		version := strings.Replace(tool.Source, "return b, nil", c.body, 1)
		if err := tool.Check(version); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.body, err)
		}
	}
	if got, err := tool.Restore(strings.Replace(tool.Source, "return b, nil", "toolgenOwnRun(); return b, nil", 1)); err != nil || !strings.Contains(got, " Run(); return") {
		t.Errorf("%v: %s", err, got)
	}
}

// TestMessage: what is said of the tool is said of the file, by its own lines, columns
// and names.
func TestMessage(t *testing.T) {
	const own = `package   median

import ( "sort"; "fmt" )



func Run ( xs []int ) (m int) {
	sort.Ints(xs) ; fmt.Sprint(xs, )
	if (len(xs)==0) { return 0 }
	return   xs[ len(xs)/2 ] }
`
	tool, err := Wrap("dir/median.go", []byte(own), "Run", testImporter(t))
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string, in int) string {
		t.Helper()
		i := strings.Index(tool.Source, text)
		if i < 0 {
			t.Fatalf("the tool has no %s:\n%s", text, tool.Source)
		}
		i += in
		line := 1 + strings.Count(tool.Source[:i], "\n")
		column := i - strings.LastIndex(tool.Source[:i], "\n")
		return "tool.go:" + strconv.Itoa(line) + ":" + strconv.Itoa(column) + ": "
	}
	for _, c := range [][2]string{
		{at("toolgenOwnRun", 0) + "func toolgenOwnRun is bad (rule)", "dir/median.go:7:6: func Run is bad (rule)"},
		{at("fmt.Sprint", 0) + "x", "dir/median.go:8:18: x"},
		{at("Sprint", 2) + "x", "dir/median.go:8:24: x"},
		{at("len(xs) == 0", 0) + "x", "dir/median.go:9:6: x"},
		{at("xs[len", 0) + "x", "dir/median.go:10:11: x"},
		{at("tool\n", 0) + "x", "dir/median.go:1:11: x"},
		{at("toolgenJSON", 0) + "x", "dir/median.go:1:11: x"},
		{at("toolgenInput", 0) + "x", "dir/median.go:7:1: x"}, // of what was added it is the function
		{"tool.go: x", "dir/median.go: x"},
		{"the source is toolgenOwnRun", "the source is Run"},
	} {
		if got := tool.Message(c[0]); got != c[1] {
			t.Errorf("%s is %s, want %s", c[0], got, c[1])
		}
	}
}
