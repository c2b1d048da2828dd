package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// answersPage documents the JSON answers. What stands below the mark is made of answers.
const (
	answersPage = "../../docs/json.md"
	answersMark = "<!-- made by go test ./cmd/toolgen -run TestScripts -update -->\n"
)

// testAnswers asks every command that answers in JSON about a run of the tiny
// experiment, and holds the keys and types of the answers against docs/json.md.
func testAnswers(t *testing.T, made string) {
	t.Helper()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(in("queue"), 0o777); err != nil {
		t.Fatal(err)
	}
	const tiny = "testdata/tiny/"
	id, asked := "", map[string]bool{}
	var page strings.Builder
	for _, args := range [][]string{
		{"bench", made}, {"bundle", made, "ID", "--out", in("bundle")}, {"cache", "dir"}, {"cache", "size"}, {"cache", "clean", "--cache", in("cache")}, {"doctor"},
		{"export", made, "--to", "csv", "-o", in("csv")}, {"handoffs", made},
		{"harness", "--spec", tiny + "caps", "--source", tiny + "mine.go", "--out", in("harnessed")}, {"leaderboard", made}, {"list", filepath.Dir(made)},
		{"manifest", "list"}, {"manifest", "validate", tiny + "tiny.yaml"}, {"pareto", made}, {"plan", tiny + "tiny.yaml"},
		{"plot", "latency", made, "-o", in("latency.svg")}, {"repair", "run", "--bundle", in("harnessed"), "--spec", tiny + "caps"},
		{"repair", "status", "--queue", in("queue")}, {"replay", made, "ID"}, {"report", made, "-o", in("report")}, {"run", tiny + "tiny.yaml", "-o", made},
		{"sbom", made, "ID"}, {"show", made, "ID"}, {"spec", "list"}, {"spec", "show", tiny + "caps"}, {"spec", "test", tiny + "caps"},
		{"stability", made}, {"trends", made}, {"verify", made, "--cached"}, {"version"},
	} {
		var shown []string
		for i, arg := range args {
			if arg == "ID" {
				args[i] = id
			}
			if !strings.HasPrefix(arg, "-") && !strings.ContainsAny(arg, "/") && arg != "ID" && len(shown) < 2 {
				shown = append(shown, arg)
			}
		}
		if name := shown[0]; name != "manifest" && name != "spec" && name != "repair" && name != "cache" {
			shown = shown[:1]
		}
		name := strings.Join(shown, " ")
		asked[name] = true
		var out, errs bytes.Buffer
		code := run(append([]string{"toolgen"}, append(slices.Clone(args), "--format", "json", "-q")...), strings.NewReader(""), &out, &errs)
		if code > 1 || out.Len() == 0 {
			t.Fatalf("toolgen %s: exit %d\n%s%s", strings.Join(args, " "), code, &out, &errs)
		}
		var answer map[string]any
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
			t.Fatalf("toolgen %s: %v\n%s", name, err, &out)
		}
		if name == "bench" {
			id = answer["rows"].([]any)[0].(map[string]any)["candidate_id"].(string)
		}
		kinds := map[string]map[string]bool{}
		collect(kinds, "", answer)
		what := "A document of another standard."
		if schema, ok := answer["schema"].(string); ok {
			what = "Schema `" + schema + "`."
		}
		fmt.Fprintf(&page, "\n## toolgen %s\n\n%s\n\n| key | value |\n| --- | --- |\n", name, what)
		for _, key := range slices.Sorted(maps.Keys(kinds)) {
			fmt.Fprintf(&page, "| `%s` | %s |\n", key, strings.Join(slices.Sorted(maps.Keys(kinds[key])), ", "))
		}
	}
	// No command is forgotten.
	app := (&program{}).app()
	var walk func(prefix string, commands []*cli.Command)
	walk = func(prefix string, commands []*cli.Command) {
		for _, c := range commands {
			name := prefix + c.Name
			for _, f := range c.Flags {
				if slices.Contains(f.Names(), "format") && !asked[name] && name != "compare" {
					t.Errorf("toolgen %s has --format, and docs/json.md does not have its answer", name)
				}
			}
			walk(name+" ", c.Subcommands)
		}
	}
	walk("", app.Commands)
	data, err := os.ReadFile(answersPage)
	if err != nil {
		t.Fatal(err)
	}
	head, body, found := strings.Cut(string(data), answersMark)
	switch {
	case !found:
		t.Errorf("%s has lost its mark, %s", answersPage, answersMark)
	case *update:
		if err := os.WriteFile(answersPage, []byte(head+answersMark+page.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	case body != page.String():
		t.Errorf("%s is not what the commands answer; write it anew with -update, and raise the schema's number if a key is gone or means something else. Now:\n%s", answersPage, page.String())
	}
}

// collect notes of what type the value of each key is.
func collect(kinds map[string]map[string]bool, key string, v any) {
	note := func(kind string) {
		if kinds[key] == nil {
			kinds[key] = map[string]bool{}
		}
		kinds[key][kind] = true
	}
	switch v := v.(type) {
	case map[string]any:
		for k, value := range v { // any order: they are sets
			collect(kinds, strings.TrimPrefix(key+"."+k, "."), value)
		}
		if len(v) == 0 {
			note("object")
		}
	case []any:
		for _, value := range v {
			collect(kinds, key+"[]", value)
		}
		if len(v) == 0 {
			note("list")
		}
	case string:
		note("string")
	case float64:
		note("number")
	case bool:
		note("boolean")
	case nil:
		note("null")
	}
}
