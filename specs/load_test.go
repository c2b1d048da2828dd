package specs

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"toolgen/fuzzing"
)

var update = flag.Bool("update", false, "write the goldens anew; read them before you commit them")

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs (-want +got), -update writes it anew:\n%s", name, d)
	}
}

// folder returns the skeleton as folder "lines", with files replaced; "" removes one.
func folder(t testing.TB, replace map[string]string) fstest.MapFS {
	t.Helper()
	files, err := Skeleton("lines")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for _, f := range files {
		fsys["lines/"+f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	for name, text := range replace {
		if text == "" {
			delete(fsys, "lines/"+name)
			continue
		}
		fsys["lines/"+name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return fsys
}

// edited returns the skeleton's spec.json with replacements, each of which must apply.
func edited(t testing.TB, oldnew ...string) string {
	t.Helper()
	files, err := Skeleton("lines")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f File) bool { return f.Name == "spec.json" })
	text := string(files[i].Data)
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("spec.json of the skeleton has no %s", oldnew[i])
		}
		text = strings.Replace(text, oldnew[i], oldnew[i+1], 1)
	}
	return text
}

func mustLoad(t testing.TB, fsys fs.FS) *Spec {
	t.Helper()
	s, err := Load(fsys, "lines")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSkeleton(t *testing.T) {
	s := mustLoad(t, folder(t, nil))
	if s.ID != "lines" || len(s.Examples) != 4 || len(s.Cases) != 3 || len(s.Reference) != 1 || len(s.Generate) != 1 {
		t.Errorf("loaded %+v", s)
	}
	want := []Style{
		{Name: "split", Baseline: true, Summary: "split into lines, reverse, join"},
		{Name: "scan", Summary: "one pass from the end, copying line by line", Params: []Param{
			{Name: "reserve", Type: ParamBool, Values: []any{false, true}, Default: true},
			{Name: "spare", Type: ParamInt, Values: []any{int64(0), int64(16), int64(256)}, Default: int64(16)},
		}},
	}
	for i := range want {
		if i < len(s.Styles) {
			want[i].Template = s.Styles[i].Template
		}
	}
	if d := cmp.Diff(want, s.Styles); d != "" {
		t.Errorf("styles, in the order of the file (-want +got)\n%s", d)
	}
	if _, err := Skeleton("Not-an-id"); err == nil {
		t.Error("an id with capitals is accepted")
	}
}

func TestCases(t *testing.T) {
	s := mustLoad(t, folder(t, map[string]string{"cases.jsonl": `
{"input": "a", "output": "a\n"}
{"name": "bytes", "input_base64": "AP8=", "output_base64": "", "split": "holdout"}` + "\r\n" +
		`{"name": "err", "input": "b", "error": true, "split": "validate"}`}))
	want := []Case{
		{Name: "line 2", Split: SplitSearch, Input: []byte("a"), Output: []byte("a\n")},
		{Name: "bytes", Split: SplitHoldout, Input: []byte{0, 0xff}, Output: []byte{}},
		{Name: "err", Split: SplitValidate, Input: []byte("b"), Error: true},
	}
	if d := cmp.Diff(want, s.Cases); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// A spec of cases alone needs two keys.
func TestCasesAlone(t *testing.T) {
	fsys := fstest.MapFS{
		"lines/spec.json":   {Data: []byte(`{"spec_version": 1, "id": "lines"}`)},
		"lines/cases.jsonl": {Data: []byte(`{"input": "", "output": ""}`)},
	}
	s := mustLoad(t, fsys)
	if s.Compare != CompareBytes || s.Reference != nil || s.Benchmark != nil || len(s.Cases) != 1 {
		t.Errorf("loaded %+v", s)
	}
}

// What ships is what lies here, and it loads.
func TestShipped(t *testing.T) {
	shippedIDs, err := List(Shipped())
	if err != nil {
		t.Fatal(err)
	}
	here, err := List(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	here = slices.DeleteFunc(here, func(id string) bool { return id == "skeleton" })
	if d := cmp.Diff(here, shippedIDs); d != "" {
		t.Errorf("folders here and in the binary differ (-here +shipped); see go:embed in shipped.go\n%s", d)
	}
	for _, id := range shippedIDs {
		s, err := Load(Shipped(), id)
		if err != nil {
			t.Error(err)
			continue
		}
		dir, err := LoadDir(id)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Digest() != dir.Digest() {
			t.Errorf("%s: the binary holds other files than the folder", id)
		}
		if s.Origin != OriginShipped || dir.Origin != id {
			t.Errorf("%s: origins %q and %q", id, s.Origin, dir.Origin)
		}
	}
}

// badSpecs are folders that Load refuses: the skeleton with one or more mistakes.
func badSpecs(t testing.TB) []struct {
	name  string
	files map[string]string
} {
	specJSON := func(oldnew ...string) map[string]string {
		return map[string]string{"spec.json": edited(t, oldnew...)}
	}
	cases := func(lines ...string) map[string]string {
		return map[string]string{"cases.jsonl": strings.Join(lines, "\n")}
	}
	const params = `"params": {}`
	return []struct {
		name  string
		files map[string]string
	}{
		{"no spec.json", map[string]string{"spec.json": ""}},
		{"empty", map[string]string{"spec.json": " "}},
		{"no JSON", map[string]string{"spec.json": "{\n  \"id\": lines\n}"}},
		{"cut", map[string]string{"spec.json": "{\n  \"id\": \"lines\""}},
		{"two values", map[string]string{"spec.json": "{} {}"}},
		{"no object", map[string]string{"spec.json": "[1]"}},
		{"empty object", map[string]string{"spec.json": "{}"}},
		{"byte order mark", map[string]string{"spec.json": "\xef\xbb\xbf{}"}},
		{"no UTF-8", map[string]string{"spec.json": "{\n\"id\": \"\xff\"}"}},
		{"deep", map[string]string{"spec.json": strings.Repeat("[", 40) + strings.Repeat("]", 40)}},
		{"key twice", specJSON(`"license": "MIT"`, `"license": "MIT",`+"\n"+`  "title": "again"`)},
		{"unknown keys", specJSON(`"title"`, `"titel"`, `"validate"`, `"validation"`, `"sizes"`, `"size"`, `"input": "a\nb"`, `"in": "a\nb"`, `"summary"`, `"zzz"`)},
		{"types", specJSON(`"spec_version": 1`, `"spec_version": "1"`, `"license": "MIT"`, `"license": null`, `[0, 1, 8, 64]`, `[0, "1", 8.5, -1]`, `"baseline": true`, `"baseline": 1`, `"robustness": [`, `"robustness": [7, `)},
		{"numbers", specJSON(`"search": 20`, `"search": 1e400`, `"holdout": 20`, `"holdout": 9007199254740993`, `"size": 4096`, `"size": 1e9`, `"samples": 30`, `"samples": 2`)},
		{"version", specJSON(`"spec_version": 1`, `"spec_version": 2`)},
		{"id", specJSON(`"id": "lines"`, `"id": "line"`)},
		{"words", specJSON(`"compare": "bytes"`, `"compare": "byte"`, `"long_line"`, `"long_lines"`, `"type": "bool"`, `"type": "boolean"`, `"MIT"`, `"MIT or so"`)},
		{"twice", specJSON(`"empty", `, `"empty", "empty", `)},
		{"media type", specJSON(`"input": {"media_type": "text/plain; charset=utf-8"}`, `"input": {"media_type": "text plain"}`)},
		{"style names", specJSON(`"scan": {`, `"Scan-1": {`)},
		{"style without template", specJSON(`"scan": {`, `"scam": {`)},
		{"template without style", map[string]string{"styles/third.go.tmpl": "package tool"}},
		{"empty template", map[string]string{"styles/scan.go.tmpl": " \n"}},
		{"no baseline", specJSON(`"baseline": true,`, "")},
		{"two baselines", specJSON(`"summary": "one pass`, `"baseline": true, "summary": "one pass`)},
		{"params", specJSON(params, `"params": {
          "a": {"type": "int", "values": [1, 2.5, "3"], "default": 1},
          "b": {"type": "int", "values": [1, 2], "default": 3},
          "c": {"type": "int", "default": 3},
          "d": {"type": "int", "values": [1], "range": [1, 2], "default": 1},
          "e": {"type": "string", "range": [1, 2], "default": "x"},
          "f": {"type": "float", "range": [2, 1], "default": 1},
          "g": {"type": "float", "range": [0.5, 1], "default": 1.5},
          "h": {"type": "bool", "default": "true"},
          "i": {"type": "int", "range": [1], "default": 1},
          "j": {"type": "int", "values": [], "default": 1},
          "k": {"type": "int", "values": [1, 1.0], "default": 1},
          "l": {"type": "int", "range": [1, 2.5]},
          "M": {"type": "bool", "default": true}
        }`)},
		{"examples", specJSON(`"output": "c\nb\na\n"}`, `"output": "c", "error": true}`, `"input": "a\nb", `, "", `"output": "a\n\n"`, `"split": "search"`, `"name": "nothing", "input": ""`, `"name": "nothing", "input": "", "input_base64": ""`)},
		{"example expects nothing", specJSON(`"input": "", "output": ""`, `"input": ""`)},
		{"contradiction", specJSON(`"input": "a\nb", `, `"input": "a\nb\nc\n", `)},
		{"cases", cases(`{"input": "a", "output": "b"`, `{"input": 1, "output": "b"}`, ``, `{"input": "a", "outptu": "b"}`, `{"output": "b"}`, `[]`,
			`{"input_base64": "a", "output": ""}`, `{"input": "x", "output": "1"}`, `{"input": "x", "error": true}`, `{"input": "y", "output": "", "split": "test"}`, `{"input": "", "output": "x"}`)},
		{"check without program", specJSON(`"compare": "bytes"`, `"compare": "check"`)},
		{"program without check", map[string]string{"check/check.go": "package check"}},
		{"no reference", map[string]string{"reference/reference.go": ""}},
		{"no generator", map[string]string{"generate/generate.go": ""}},
		{"no suite", specJSON(`"suite": {"search": 20, "validate": 10, "holdout": 20, "sizes": [0, 1, 8, 64]},`, "")},
		{"no search case", map[string]string{"spec.json": `{"spec_version": 1, "id": "lines"}`, "cases.jsonl": `{"input": "", "output": "", "split": "holdout"}`,
			"reference/reference.go": "", "generate/generate.go": "", "styles/split.go.tmpl": "", "styles/scan.go.tmpl": ""}},
		{"stray files", map[string]string{"styles/scan.tmpl": "x", "refrence/reference.go": "x", "main.go": "x", "reference/a/b.go": "x", "reference/a-b.go": "x", "spec.yaml": "x"}},
		{"source is no text", map[string]string{"reference/reference.go": "package reference\n\n\xff"}},
	}
}

// What Load says of each, whole: where, what, and what was expected.
func TestProblems(t *testing.T) {
	var b bytes.Buffer
	for _, c := range badSpecs(t) {
		_, err := Load(folder(t, c.files), "lines")
		var bad *Error
		if !errors.As(err, &bad) {
			t.Errorf("%s: got %v, want an *Error", c.name, err)
			continue
		}
		fmt.Fprintf(&b, "=== %s\n%v\n\n", c.name, err)
	}
	golden(t, "problems.txt", b.Bytes())
}

// A file that is something else altogether does not fill the screen.
func TestManyProblems(t *testing.T) {
	_, err := Load(folder(t, map[string]string{"cases.jsonl": strings.Repeat("x\n", 250)}), "lines")
	var bad *Error
	if !errors.As(err, &bad) || len(bad.Problems) != 100 || !strings.HasSuffix(err.Error(), "(and 150 more problems)") {
		t.Errorf("got %v", err)
	}
}

func TestLoadUnknown(t *testing.T) {
	for id, want := range map[string]string{
		"text_dedup":  `text_dedup:1:1: no such spec; did you mean "text_deduplicate"?`,
		"../lines":    `../lines:1:1: "../lines" is no id of a spec: expected up to 64 of a-z, 0-9 and _`,
		"json_flaten": `json_flaten:1:1: no such spec; did you mean "json_flatten"?`,
	} {
		if _, err := Load(Shipped(), id); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// A hostile folder: links out of it, a pipe nobody writes to, files without end.
func TestHostileFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lines")
	for _, sub := range []string{"styles", "reference", "generate"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Skeleton("lines")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		write(f.Name, f.Data)
	}
	if _, err := LoadDir(dir); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "reference/linked.go")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(secret), filepath.Join(dir, "check")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "generate/pipe.go"), 0o644); err != nil {
		t.Fatal(err)
	}
	// A file with a hole: large by size, small on the disk.
	if err := os.Truncate(filepath.Join(dir, "styles/scan.go.tmpl"), 1<<40); err != nil {
		t.Fatal(err)
	}
	_, err = LoadDir(dir)
	want := []string{
		"lines/check:1:1: a symbolic link; a spec holds regular files only",
		"lines/generate/pipe.go:1:1: a named pipe; a spec holds regular files only",
		"lines/reference/linked.go:1:1: a symbolic link; a spec holds regular files only",
		"lines/styles/scan.go.tmpl:1:1: the file is larger than 1048576 bytes",
	}
	if err == nil || !cmp.Equal(strings.Split(err.Error(), "\n"), want) {
		t.Errorf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

// Each digest sees what it is for, and nothing else.
func TestDigests(t *testing.T) {
	digests := func(replace map[string]string) [3]string {
		s := mustLoad(t, folder(t, replace))
		return [3]string{s.Digest(), s.TaskDigest(s.Suite), s.StylesDigest()}
	}
	base := digests(nil)
	scan := string(folder(t, nil)["lines/styles/scan.go.tmpl"].Data)
	reference := string(folder(t, nil)["lines/reference/reference.go"].Data)
	generate := string(folder(t, nil)["lines/generate/generate.go"].Data)
	text := edited(t)
	const splitEnd, scanStart = `"params": {}
    },`, `"scan": {`
	swapped := strings.Replace(text, text[strings.Index(text, `"split": {`):strings.Index(text, scanStart)], "", 1)
	swapped = strings.TrimRight(swapped, " }\n") + `}}},
      "split": {"baseline": true, "summary": "split into lines, reverse, join", "params": {}}}}`
	for name, c := range map[string]struct {
		replace      map[string]string
		all, task, s bool // which of Digest, TaskDigest, StylesDigest change
	}{
		"style template":   {map[string]string{"styles/scan.go.tmpl": scan + "\n"}, true, false, true},
		"style summary":    {map[string]string{"spec.json": edited(t, "one pass", "a pass")}, true, false, true},
		"order of styles":  {map[string]string{"spec.json": swapped}, true, false, true},
		"reference":        {map[string]string{"reference/reference.go": reference + "\n"}, true, true, false},
		"reference's name": {map[string]string{"reference/reference.go": "", "reference/a.go": reference}, true, true, false},
		"generator":        {map[string]string{"generate/generate.go": generate + "\n"}, true, true, false},
		"cases":            {map[string]string{"cases.jsonl": ""}, true, true, false},
		"examples":         {map[string]string{"spec.json": edited(t, `"nothing"`, `"none"`)}, true, true, false},
		"suite":            {map[string]string{"spec.json": edited(t, `"search": 20`, `"search": 21`)}, true, true, false},
		"benchmark":        {map[string]string{"spec.json": edited(t, `"samples": 30`, `"samples": 31`)}, true, true, false},
		"layout":           {map[string]string{"spec.json": edited(t, `"search": 20`, `"search":  2e1`)}, true, false, false},
		"schema":           {map[string]string{"spec.json": edited(t, `"title"`, `"$schema": "x", "title"`)}, true, false, false},
		"README":           {map[string]string{"README.md": "other"}, false, false, false},
		"Go test":          {map[string]string{"reference/reference_test.go": "package reference"}, false, false, false},
	} {
		got := digests(c.replace)
		changed := [3]bool{got[0] != base[0], got[1] != base[1], got[2] != base[2]}
		if want := [3]bool{c.all, c.task, c.s}; changed != want {
			t.Errorf("%s: Digest, TaskDigest, StylesDigest changed: %v, want %v", name, changed, want)
		}
	}
	s := mustLoad(t, folder(t, nil))
	if s.TaskDigest(SuiteSizes{Search: 1}) == base[1] {
		t.Error("TaskDigest does not see the sizes in force")
	}
}

// The digests of the skeleton, so that a change of their form does not go unnoticed: it
// is a new semantics number.
func TestDigestForm(t *testing.T) {
	s := mustLoad(t, fstest.MapFS{
		"lines/spec.json":   {Data: []byte(`{"spec_version": 1, "id": "lines"}`)},
		"lines/cases.jsonl": {Data: []byte(`{"input": "", "output": ""}`)},
	})
	got := fmt.Sprintf("%s\n%s\n%s\n", s.Digest(), s.TaskDigest(SuiteSizes{Search: 1, Sizes: []int{2}}), s.StylesDigest())
	golden(t, "digests.txt", []byte(got))
}

func TestSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("s.json", doc); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Compile("s.json"); err != nil {
		t.Error(err)
	}
	golden(t, "spec.schema.json", Schema())
}

// FuzzLoad: no panic; every error is an *Error whose problems have a place in the file.
func FuzzLoad(f *testing.F) {
	fuzzing.Briefly(f)
	f.Add([]byte(edited(f)))
	for _, c := range badSpecs(f) {
		if text, ok := c.files["spec.json"]; ok {
			f.Add([]byte(text))
		}
	}
	base := folder(f, nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := maps.Clone(base)
		fsys["lines/spec.json"] = &fstest.MapFile{Data: data, Mode: 0o644}
		s, err := Load(fsys, "lines")
		if err == nil {
			s.TaskDigest(s.Suite)
			s.StylesDigest()
			return
		}
		var bad *Error
		if !errors.As(err, &bad) || len(bad.Problems) == 0 {
			t.Fatalf("got %v, want an *Error", err)
		}
		for _, p := range bad.Problems {
			f := fsys[p.File]
			if f == nil || p.Message == "" || p.Line < 1 || p.Line > 1+bytes.Count(f.Data, []byte("\n")) || p.Column < 1 || p.Column > 1+len(f.Data) {
				t.Errorf("no place: %+v", p)
			}
		}
	})
}
