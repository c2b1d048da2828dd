package page

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"toolgen/datasets"
)

// evil is what wants out of every context that a page has.
const evil = `</script></style></title></svg>]]>--><script>window.hacked=1</script><img src="https://example.com/x.png" onerror="window.hacked=1">"'` + "`" + `{{.}}<!--` + "\u202e\u2028\x00\x1b[31m"

func hostile() shape {
	s := tame()
	s.name = "evil" + strings.ReplaceAll(evil, "\x00", "")
	s.specs = []string{"a<script>window.hacked=1</script>", `b" onload="window.hacked=1`}
	s.styles = []string{"<b>set", `trie' onclick='window.hacked=1`, "javascript:window.hacked=1"}
	s.source = func(id int) string { return fmt.Sprintf("package tool // %d\n%s\n", id, evil) }
	s.input, s.got, s.trap = evil, evil+"\xff\xfe", strings.ReplaceAll(evil, "\x00", "")
	return s
}

func index(t *testing.T, files []File) string {
	t.Helper()
	if files[0].Name != "index.html" {
		t.Fatalf("the first file is %s", files[0].Name)
	}
	return string(files[0].Data)
}

func TestPageSaysWhatWasRun(t *testing.T) {
	dir := tame().write(t, filepath.Join(t.TempDir(), "tame"))
	run, err := datasets.OpenRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := index(t, build(t, dir))
	// Two specs, four epochs, six slots, all distinct; the last slot of each is wrong.
	for _, want := range []string{
		"Every spec has a winner: 40 of 48 candidates are feasible at the last budget.", "No candidate is flaky.", "has not been verified",
		run.Lock.RunID, run.Lock.ExperimentID, run.Lock.Tables["cases"].RowsSHA256, "go1.26.8", "44.0.0",
		"toolgen verify tame", "toolgen run tame/manifest.yaml -o tame-again", "toolgen report tame -o site",
		`<a href="../tame/data/cases.parquet">`, "BSD-3-Clause", `<span class="add">&#43;new a</span>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	// A name that a URL must quote.
	text = index(t, build(t, tame().write(t, filepath.Join(t.TempDir(), "a #1?%"))))
	if want := `<a href="../a%20%231%3F%25/data/cases.parquet">a #1?%/data/cases.parquet</a>`; !strings.Contains(text, want) || !strings.Contains(text, "toolgen verify &#39;a #1?%&#39;") {
		t.Errorf("the page does not say %q", want)
	}
	s := tame()
	s.feasible = func(int, int) bool { return false }
	text = index(t, build(t, s.write(t, filepath.Join(t.TempDir(), "lost"))))
	if want := "No candidate is feasible at the last budget for alpha, beta."; !strings.Contains(text, want) || !strings.Contains(text, `class="verdict bad"`) {
		t.Errorf("the page does not say %q", want)
	}
}

// The same run gives the same bytes, wherever it lies; the pictures are PNGs and XML.
func TestPageIsAFunctionOfTheRun(t *testing.T) {
	a := build(t, tame().write(t, filepath.Join(t.TempDir(), "tame")))
	b := build(t, tame().write(t, filepath.Join(t.TempDir(), "tame")))
	kinds := map[string]int{}
	for i := range a {
		if a[i].Name != b[i].Name || !bytes.Equal(a[i].Data, b[i].Data) {
			t.Errorf("%s differs", a[i].Name)
		}
		kinds[filepath.Ext(a[i].Name)]++
		switch filepath.Ext(a[i].Name) {
		case ".svg":
			d := xml.NewDecoder(bytes.NewReader(a[i].Data))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%s: %v", a[i].Name, err)
				}
			}
		case ".png":
			if !bytes.HasPrefix(a[i].Data, []byte("\x89PNG\r\n")) {
				t.Errorf("%s is no PNG", a[i].Name)
			}
		}
	}
	if kinds[".svg"] != 8 || kinds[".png"] != 8 || kinds[".html"] != 1 {
		t.Errorf("files: %v", kinds)
	}
	if text := index(t, a); len(text) > 1<<20 || strings.Contains(text, filepath.Dir(t.TempDir())) {
		t.Errorf("%d bytes, or it names a folder of this machine", len(text))
	}
}

// elements are the elements of a page, whose markup must be in order but for the
// elements that HTML never closes. What a browser makes of it is in browser_test.go.
func elements(t *testing.T, text string) []xml.StartElement {
	t.Helper()
	text = strings.Replace(strings.Replace(text, styleSheet(), "", 1), script, "", 1)
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "<!DOCTYPE html>")))
	d.AutoClose, d.Entity = []string{"meta", "link"}, xml.HTMLEntity
	d.Strict = false // or AutoClose does nothing
	var out []xml.StartElement
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			out = append(out, e.Copy())
		}
	}
}

// A page of a hostile run has the elements of one of a tame run and no others, and no
// handlers.
func TestHostileRunStaysText(t *testing.T) {
	of := func(s shape) (map[string]int, string) {
		text := index(t, build(t, s.write(t, filepath.Join(t.TempDir(), "run"))))
		count := map[string]int{}
		for _, n := range elements(t, text) {
			count[n.Name.Local]++
			for _, a := range n.Attr {
				if name := strings.ToLower(a.Name.Local); strings.HasPrefix(name, "on") || strings.HasPrefix(strings.ToLower(a.Value), "javascript:") || name == "style" || name == "src" {
					t.Errorf("<%s %s=%q>", n.Name.Local, name, a.Value)
				}
			}
		}
		return count, text
	}
	want, _ := of(tame())
	got, text := of(hostile())
	for _, name := range []string{"script", "style", "img", "iframe", "link", "meta", "svg", "section", "b", "base", "form"} {
		if got[name] != want[name] {
			t.Errorf("%d elements %s, want %d", got[name], name, want[name])
		}
	}
	if want["script"] != 1 || want["svg"] != 8 {
		t.Errorf("a tame page has %v", want)
	}
	if !strings.Contains(text, "&lt;script&gt;window.hacked") {
		t.Error("the page does not show the hostile text, so nothing was tested")
	}
	for _, bad := range []string{"\u202e", "\u2028", "\x00", "\x1b"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %+q", bad)
		}
	}
}

// A table that is too long is counted, and the page says where its rows are.
func TestLongTablesAreCounted(t *testing.T) {
	s := tame()
	s.specs, s.epochs, s.perEpoch = []string{"alpha"}, 50, 101
	s.feasible = func(_, slot int) bool { return slot%10 != 5 }
	text := index(t, build(t, s.write(t, filepath.Join(t.TempDir(), "long"))))
	if !strings.Contains(text, `<div class="table" id="table-leaderboard">`) {
		t.Fatal("there is no leaderboard")
	}
	part := text[strings.Index(text, `id="table-leaderboard"`):]
	part = part[:strings.Index(part, "</div>\n</div>")+1000]
	rows := strings.Count(part[:strings.Index(part, "</table>")], "<tr>")
	// Three styles, two verdicts each, and the heading.
	if rows != 7 || !strings.Contains(part, "This counts 5050 rows.") || !strings.Contains(part, `<a href="../long/data/candidates.parquet">long/data/candidates.parquet</a>`) {
		t.Errorf("%d rows: %s", rows, part)
	}
	// Nor do the charts grow with the candidates for ever.
	if len(text) > 5<<18 {
		t.Errorf("%d bytes", len(text))
	}
}

func TestSeveralRuns(t *testing.T) {
	other := tame()
	other.name, other.styles = "other", []string{"set", "graph"}
	text := index(t, build(t, tame().write(t, filepath.Join(t.TempDir(), "tame")), other.write(t, filepath.Join(t.TempDir(), "second"))))
	for _, want := range []string{"ToolGen report: tame, other", "other: alpha</text>", "tame: alpha</text>", "toolgen verify second", "toolgen report tame second -o site", "<th scope=\"col\">experiment</th>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// The policy allows the style and the script that are in the page, and names no host.
func TestPolicy(t *testing.T) {
	text := index(t, build(t, tame().write(t, filepath.Join(t.TempDir(), "tame"))))
	for _, of := range []string{"style", "script"} {
		m := regexp.MustCompile(`(?s)<`+of+`>(.*?)</`+of+`>`).FindAllStringSubmatch(text, -1)
		if len(m) != 1 || (m[0][1] != styleSheet() && m[0][1] != script) {
			t.Errorf("%d elements %s, or its text is not what the policy has the digest of", len(m), of)
		}
	}
	for _, bad := range []string{"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} {
		if strings.Contains(policy(), bad) {
			t.Errorf("the policy allows %s: %s", bad, policy())
		}
	}
	if !strings.HasPrefix(policy(), "default-src 'none'; ") {
		t.Error(policy())
	}
}

// Ids are unique, and links within the page lead somewhere.
func TestLinksAndIDs(t *testing.T) {
	for _, s := range []shape{tame(), hostile()} {
		ids := map[string]bool{}
		var wanted []string
		for _, n := range elements(t, index(t, build(t, s.write(t, filepath.Join(t.TempDir(), "run"))))) {
			for _, a := range n.Attr {
				switch a.Name.Local {
				case "id":
					if ids[a.Value] {
						t.Errorf("id %q stands twice", a.Value)
					}
					ids[a.Value] = true
				case "aria-labelledby":
					wanted = append(wanted, strings.Fields(a.Value)...)
				case "href":
					if id, ok := strings.CutPrefix(a.Value, "#"); ok {
						wanted = append(wanted, id)
					}
				}
			}
		}
		for _, id := range wanted {
			if !ids[id] {
				t.Errorf("nothing has the id %q", id)
			}
		}
		if len(wanted) < 20 {
			t.Errorf("only %d links and names were looked at", len(wanted))
		}
	}
}

func TestWrite(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "deep", "site")
	list := func() []string {
		var out []string
		err := filepath.WalkDir(parent, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				rel, _ := filepath.Rel(parent, path)
				out = append(out, filepath.ToSlash(rel))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(out)
		return out
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(Write(dir, []File{{"index.html", []byte("one")}, {"charts/a.svg", []byte("a")}}))
	if got, want := list(), []string{"deep/site/charts/a.svg", "deep/site/index.html", "deep/site/report.json"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	// An earlier report goes, with what a new one does not have; nothing is left behind.
	must(Write(dir, []File{{"index.html", []byte("two")}, {"charts/b.svg", []byte("b")}}))
	if got, want := list(), []string{"deep/site/charts/b.svg", "deep/site/index.html", "deep/site/report.json"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "index.html")); string(data) != "two" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if other, err := os.ReadDir(filepath.Join(parent, "deep")); len(other) != 1 || err != nil {
		t.Errorf("%v, %v", other, err)
	}
	// A note that somebody put there is not ours to remove.
	must(os.WriteFile(filepath.Join(dir, "charts", "notes.txt"), nil, 0o666))
	before := list()
	if err := Write(dir, []File{{"index.html", []byte("three")}}); !errors.Is(err, ErrNotReport) || !strings.Contains(err.Error(), "charts/notes.txt") {
		t.Errorf("a folder with a stranger's file: %v", err)
	}
	if got := list(); !slices.Equal(got, before) {
		t.Errorf("files %q, were %q", got, before)
	}
	for _, c := range []struct {
		name    string
		prepare func(path string)
		refused bool
	}{
		{"empty", func(p string) { must(os.Mkdir(p, 0o777)) }, false},
		{"a file", func(p string) { must(os.WriteFile(p, nil, 0o666)) }, true},
		{"index alone", func(p string) { must(os.Mkdir(p, 0o777)); must(os.WriteFile(p+"/index.html", nil, 0o666)) }, true},
		{"a folder within", func(p string) { must(os.MkdirAll(p+"/.git", 0o777)) }, true},
		{"a false mark", func(p string) { must(os.Mkdir(p, 0o777)); must(os.WriteFile(p+"/report.json", []byte("{}"), 0o666)) }, true},
		{"a link", func(p string) { must(os.Symlink(parent, p)) }, true},
	} {
		path := filepath.Join(parent, c.name)
		c.prepare(path)
		if err := Write(path, []File{{"index.html", nil}}); (err != nil) != c.refused || err != nil && !errors.Is(err, ErrNotReport) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Where folders cannot change places in one step, they do in two.
	a, b := filepath.Join(parent, "a"), filepath.Join(parent, "b")
	for _, p := range []string{a, b} {
		must(os.Mkdir(p, 0o777))
		must(os.WriteFile(filepath.Join(p, filepath.Base(p)), nil, 0o666))
	}
	must(exchangeInSteps(a, b))
	for _, p := range []string{a + "/b", b + "/a"} {
		if _, err := os.Stat(p); err != nil {
			t.Error(err)
		}
	}
}
