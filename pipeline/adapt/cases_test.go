package adapt

import (
	"errors"
	"strings"
	"testing"

	"toolgen/specs"
)

func wrapped(t *testing.T, source string) *Tool {
	t.Helper()
	tool, err := Wrap("a.go", []byte(source), "F", testImporter(t))
	if err != nil {
		t.Fatal(err)
	}
	return tool
}

func TestSpec(t *testing.T) {
	tool := wrapped(t, "package a\n\nfunc F(list []int, by map[string]float64) ([]int, map[string]float64, []byte, *int, error) { return nil, nil, nil, nil, nil }\n")
	spec, err := tool.Spec("cases.jsonl", []byte(`{"name": "one", "args": [ [1, 2], {"a": 1.0} ], "want": [ [1], {}, "", null ]}

{"args": [[], {}], "want": [null, null, null, null], "split": "validate"}
  {"args": [null, null], "error": true, "split": "holdout"}
{"args": [[0], {}], "want": [[1], {"a": 2.0}, null, 7], "split": "search"}`), "f")
	if err != nil {
		t.Fatal(err)
	}
	want := []specs.Case{
		{Name: "one", Split: specs.SplitSearch, Input: []byte(`[[1,2],{"a":1.0}]`), Output: []byte(`[[1],{},"",null]`)},
		{Name: "case 2", Split: specs.SplitValidate, Input: []byte(`[[],{}]`), Output: []byte(`[[],{},"",null]`)}, // nil is written as empty, but for a pointer
		{Name: "case 3", Split: specs.SplitHoldout, Input: []byte(`[null,null]`), Error: true},
		{Name: "case 4", Split: specs.SplitSearch, Input: []byte(`[[0],{}]`), Output: []byte(`[[1],{"a":2.0},"",7]`)},
	}
	if spec.ID != "f" || spec.Compare != specs.CompareJSON || len(spec.Cases) != len(want) {
		t.Fatalf("spec %s compares by %s and has %d cases", spec.ID, spec.Compare, len(spec.Cases))
	}
	for i, w := range want {
		g := spec.Cases[i]
		if g.Name != w.Name || g.Split != w.Split || g.Error != w.Error || string(g.Input) != string(w.Input) || !w.Error && string(squeeze(g.Output)) != string(squeeze(w.Output)) {
			t.Errorf("case %d is %+v (%s to %s), want %+v", i, g, g.Input, g.Output, w)
		}
	}
}

func squeeze(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), " ", "")) }

// TestSpecEmpties: a single result that is nil is answered as an empty one of its kind.
func TestSpecEmpties(t *testing.T) {
	for _, c := range []struct{ result, want string }{
		{"[]string", "[]"}, {"map[string]int", "{}"}, {"[]byte", `""`}, {"*int", "null"}, {"any", "null"},
	} {
		spec, err := wrapped(t, "package a\n\nfunc F() (v "+c.result+") { return }\n").Spec("c", []byte(`{"args": [], "want": null}`), "f")
		if err != nil || string(spec.Cases[0].Output) != c.want {
			t.Errorf("%s: %v, %+v, want %s", c.result, err, spec, c.want)
		}
	}
}

func TestSpecRefuses(t *testing.T) {
	tool := wrapped(t, "package a\n\nfunc F(n int) (int, error) { return n, nil }\n")
	const good = `{"args": [1], "want": 1}` + "\n"
	for _, c := range []struct{ cases, want string }{
		{"", `dir/cases: no cases; expected JSON lines such as {"name": "two", "args": [1, 2], "want": 3}`},
		{"\n \n", "dir/cases: no cases"},
		{good + "\nnonsense", "dir/cases:3: invalid character 'o'"},
		{good + `{"args": [1], "want": 1} {}`, "dir/cases:2: more than one value on the line"},
		{good + `{"args": [1], "want": 1}}`, "dir/cases:2: more than one value on the line"},
		{good + `{"args": [1], "want": 1}]`, "dir/cases:2: more than one value on the line"},
		{good + `[1]`, "dir/cases:2: json: cannot unmarshal array"},
		{good + `{"args": [1], "wants": 1}`, `dir/cases:2: json: unknown field "wants"`},
		{good + `{"want": 1}`, `dir/cases:2: no "args"; expected an array of arguments`},
		{good + `{"args": null, "want": 1}`, `dir/cases:2: no "args"`},
		{good + `{"args": 1, "want": 1}`, "dir/cases:2: json: cannot unmarshal number"},
		{good + `{"args": [], "want": 1}`, "dir/cases:2: 0 arguments, and the function takes 1"},
		{good + `{"args": [1, 2], "want": 1}`, "dir/cases:2: 2 arguments, and the function takes 1"},
		{good + `{"args": [1]}`, `dir/cases:2: expected one of "want" and "error": true`},
		{good + `{"args": [1], "want": 1, "error": true}`, `dir/cases:2: expected one of "want" and "error": true`},
		{good + `{"args": [1], "want": 1, "split": "test"}`, `dir/cases:2: split "test"; expected search, validate or holdout`},
		{`{"args": [1], "want": 1, "split": "holdout"}`, "dir/cases: no case without a split"},
		// What the loader of specs finds is said of the user's file, by its own lines.
		{good + "\n\n" + `{"args": [1], "error": true}`, `dir/cases:4: contradicts the case "case 1"`},
		{strings.Repeat(" ", maxCases+1), "dir/cases: 16777217 bytes of cases, expected at most 16777216"},
	} {
		_, err := tool.Spec("dir/cases", []byte(c.cases), "f")
		bad, ok := errors.AsType[*Error](err)
		if !ok || !strings.HasPrefix(bad.Error(), c.want) {
			t.Errorf("%.60q: %v, want %s", c.cases, err, c.want)
		}
	}
	variadic := wrapped(t, "package a\n\nfunc F(n ...int) int { return len(n) }\n")
	if _, err := variadic.Spec("c", []byte(`{"args": [1, 2], "want": 2}`), "f"); err == nil || !strings.Contains(err.Error(), "c:1: 2 arguments, and the function takes 1, the last of them an array") {
		t.Errorf("variadic: %v", err)
	}
}

func TestSpecID(t *testing.T) {
	for name, want := range map[string]string{ // any order: each by itself
		"Median": "median", "medianOf3": "median_of3", "HTTPGet": "h_t_t_p_get", "_f": "f", "__f_1": "f_1", "Ä1": "function", "größe": "gre",
		strings.Repeat("AB", 40): ("a" + strings.Repeat("_b_a", 40))[:64],
	} {
		got := SpecID(name)
		if got != want {
			t.Errorf("SpecID(%s) = %s, want %s", name, got, want)
		}
		// It is one: a spec can be made under it.
		if _, err := wrapped(t, "package a\n\nfunc F() int { return 1 }\n").Spec("c", []byte(`{"args": [], "want": 1}`), got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
