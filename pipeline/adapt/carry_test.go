package adapt

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"toolgen/pipeline/repair"
	"toolgen/pipeline/synth"
)

// messy is a file that nobody has formatted.
const messy = `package   mess

import ( "sort"; "errors" )

/*  A comment
      of its own. */
type pair struct { a int; b   int }   // a pair

//go:generate  stringer
func Median ( xs []int ) (m int, err error) {
    if (len(xs)==0) { return 0, errors.New( "no \
numbers" ) }


    sort.Ints(xs) ; p := pair{ 1,
        2, }
    for i:=0;i<len(xs);i++ { if xs[i]<p.a { continue } ; m+=xs[i] }
    switch { case m>7 : return m, nil
    default:
    }
    return  xs[ len(xs)/p.b ],nil }

func last(xs []int) int { return xs[ len(xs)-1 ] }`

func TestCarry(t *testing.T) {
	source := strings.Replace(messy, "\"no \\\nnumbers\"", "`no\n  numbers`", 1)
	tool, err := Wrap("mess.go", []byte(source), "Median", testImporter(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, was, is, own, wantOwn string }{
		{"an operator", "xs[i] < p.a", "xs[i] <= p.a", "xs[i]<p.a", "xs[i]<=p.a"},
		{"an operator in a header", "i < len(xs); i++", "i <= len(xs); i++", "i<len(xs);i++", "i<=len(xs);i++"},
		{"a condition in parentheses", "if len(xs) == 0 {", "if len(xs) == 1 {", "if (len(xs)==0) {", "if (len(xs)==1) {"},
		{"an argument less", "return xs[len(xs)/p.b], nil", "return xs[len(xs)], nil", "xs[ len(xs)/p.b ]", "xs[ len(xs)]"},
		{"a statement more", "\tsort.Ints(xs)\n", "\txs = xs[1:]\n\tsort.Ints(xs)\n", "    sort.Ints(xs) ;", "    xs = xs[1:]\n    sort.Ints(xs) ;"},
		{"a statement more at the end of a line", "\tsort.Ints(xs)\n", "\tsort.Ints(xs)\n\txs = xs[1:]\n", "sort.Ints(xs) ; p", "sort.Ints(xs)\n\txs = xs[1:]\n\tp"},
		{"a statement less", "\tsort.Ints(xs)\n", "", "    sort.Ints(xs) ; p", "    p"},
		{"a statement less between others", "\t\tm += xs[i]\n", "", "{ continue } ; m+=xs[i] }", "{ continue }\n\t}"},
		{"a line in a string", "no\n  numbers", "no\n  number", "no\n  numbers", "no\n  number"},
		{"a field", "b int", "b int8", "b   int", "b   int8"},
		{"the last function", "xs[len(xs)-1]", "xs[len(xs)-2]", "xs[ len(xs)-1 ]", "xs[ len(xs)-2 ]"},
	} {
		version := strings.Replace(tool.Source, c.was, c.is, 1)
		want := strings.Replace(source, c.own, c.wantOwn, 1)
		if version == tool.Source || want == source {
			t.Errorf("%s: it is not in the tool:\n%s", c.name, tool.Source)
			continue
		}
		if got, err := tool.Restore(version); err != nil || got != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, got, want)
		}
	}
}

// TestCarryAny: of a file that nobody has formatted, whatever its lines end in, every
// version comes back as what it is, with most lines as they were, and git apply takes
// the patch of it.
func TestCarryAny(t *testing.T) {
	imp := testImporter(t)
	source := strings.Replace(messy, "\"no \\\nnumbers\"", "`no\n  numbers`", 1)
	mixed := strings.Replace(strings.ReplaceAll(source, "\n", "\r\n"), "7 : return m, nil\r\n", "7 : return m, nil\n", 1)
	for _, own := range []string{source, strings.ReplaceAll(source, "\n", "\r\n"), mixed, "\ufeff" + source} {
		tool, err := Wrap("mess.go", []byte(own), "Median", imp)
		if err != nil {
			t.Fatal(err)
		}
		p, err := synth.ParseFrozen(tool.Source, imp, []string{Entry})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "mess.go"), []byte(own), 0o666); err != nil {
			t.Fatal(err)
		}
		versions, kept := 0, 0
		for i, pr := range p.Proposals() {
			if i%37 != 0 {
				continue
			}
			version, err := p.Realize(pr)
			if err != nil {
				continue
			}
			if err := tool.Check(version); err != nil {
				t.Errorf("%s: %v\n%s", synth.Describe(pr.Edit), err, version)
			}
			got, err := tool.Restore(version)
			if err != nil {
				t.Fatal(err)
			}
			after, err := tool.plain(version)
			if err != nil {
				t.Fatal(err)
			}
			if !sameTokens(strings.ReplaceAll(got, "\r\n", "\n"), after) {
				t.Errorf("%s: it came back as\n%s\nand is\n%s", synth.Describe(pr.Edit), got, after)
			}
			versions++
			patch := repair.Diff("mess.go", own, got)
			if strings.Count("\n"+patch, "\n-") <= 4 {
				kept++
			} else {
				t.Logf("%s", patch)
			}
			if versions%16 == 0 {
				apply := exec.Command("git", "apply", "--check", "-")
				apply.Dir, apply.Stdin = dir, strings.NewReader(patch)
				if out, err := apply.CombinedOutput(); err != nil {
					t.Errorf("git apply: %v\n%s\n%q", err, out, patch)
				}
			}
		}
		t.Logf("%d of %d versions change a few lines", kept, versions)
		if versions < 50 || kept < versions*9/10 {
			t.Errorf("%d of %d versions change a few lines", kept, versions)
		}
	}
}

// TestCarryLarge: a large file that nobody has formatted takes no long time.
func TestCarryLarge(t *testing.T) {
	var own strings.Builder
	own.WriteString("package a\n\nimport ( \"sort\"; \"errors\" )\n\nvar _, _ = sort.Ints, errors.New\n\n")
	for i := range 290 { // as many as a tool may have
		fmt.Fprintf(&own, "func f%d(a,b int)(int){ if (a<b) { return f%d(b,a, ) } ; return  a-b}\n", i, i)
	}
	own.WriteString("func F(a int) int { return  f7(a,1) }\n")
	tool, err := Wrap("a.go", []byte(own.String()), "F", testImporter(t))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for _, n := range []string{"f7", "f240"} {
		was := "return " + n + "(b, a)"
		got, err := tool.Restore(strings.Replace(tool.Source, was, "return "+n+"(b, a+1)", 1))
		if want := strings.Replace(own.String(), "return "+n+"(b,a, )", "return "+n+"(b,a+1 )", 1); err != nil || got != want {
			t.Errorf("%s: %v\n%s", n, err, repair.Diff("a.go", want, got))
		}
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	} else {
		t.Log(took)
	}
}
