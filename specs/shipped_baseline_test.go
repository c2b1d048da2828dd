package specs_test

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"toolgen/specs"
	flattengenerate "toolgen/specs/json_flatten/generate"
	flattenreference "toolgen/specs/json_flatten/reference"
	dedupgenerate "toolgen/specs/text_deduplicate/generate"
	dedupreference "toolgen/specs/text_deduplicate/reference"
)

// baseline is the two specs of the baseline, with their programs as Go functions.
var baseline = []struct {
	id        string
	generate  func(seed uint64, size int) []byte
	reference func(input []byte) ([]byte, error)
	nasty     []string // inputs that somebody got wrong once, or might
}{
	{"text_deduplicate", dedupgenerate.Generate, dedupreference.Run, nastyTexts()},
	{"json_flatten", flattengenerate.Generate, flattenreference.Run, nastyJSON()},
}

func nastyTexts() []string {
	long := strings.Repeat("abcdefg", 700)
	return []string{
		"", "\n", "\n\n", "a", "a\n", "a\na", "a\n\na", "\r\n\n\r\n", "a\r\na\n", "\x00", "\x00\n\x00\x00\n\x00", "\xff\n\xff\n\xfe",
		"ab\na\nabc\nab\n", "abc\nab\na\n\nabc", "a \na\n a\n", "a\u2028a\n", "\n\x00\n\n", "\x0b\n\x0a\x0b\n", "aa\naaa\na\naaaa\naa",
		long + "\n" + long, long + "\n" + long + "x\n" + long + "y\n" + long[1:] + "\n" + long,
		strings.Repeat("\n", 1000), strings.Repeat("same\n", 1000), strings.Repeat("\x00\n\x00\x00\n", 9),
	}
}

func nastyJSON() []string {
	nest := func(n int, open, inner, shut string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(shut, n)
	}
	texts := []string{
		"", " ", "\x00", "0", "-0", "-", "--0", "+1", "01", "-01", "1.", ".1", "1.e1", "1e", "1e+", "1E-05", "1e5.", "0x1", "00", "0 0", "1,", "1e999",
		"true", "tru", "truee", "true false", "nulL", "null\x00", "NaN", "Infinity", "'a'", "/**/1", "1//", "\ufeff1", "\u00a01", "\v1", "1\f",
		"{}", "[]", "{", "[", "}", "]", "{]", "[}", "[]]", "{}}", "{},", "[,]", "[1,]", "[1 2]", "[1]2", "{,}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`,
		`{"a" 1}`, `{"a",1}`, `{1:2}`, `{a:1}`, `{"a"::1}`, `{"a":1}}`, `{"a":1]`, `["a":1]`, `[:]`, `{"a":[}`, `{null:1}`, `{"a":1,,"b":2}`, `[1,,2]`,
		`"`, `"\"`, `"\`, `"\u`, `"\u12"`, `"\u123"`, `"\u12g4"`, `"\U0041"`, `"\x41"`, `"\'"`, `"\u0041"`, `"\u004A\u004a"`, "\"\x1f\"", "\"\x7f\"", "\"\n\"", "\"\t\"", "\"\x00\"",
		"\"\\u\x11\x12\x13\x14\"", `"\u0000"`, `"\u001f\u001F\u0008\u000c\u000a\u000d\u0009"`, `"\b\f\n\r\t\/\\\""`, `"\u2028\u2029\u007f\u0080"`, `"<>&"`,
		`"\ud834\udd1e"`, `"\ud834"`, `"\udd1e"`, `"\ud834\ud834"`, `"\udd1e\ud834"`, `"\ud834\u0041"`, `"\ud834x"`, `"\ud834\n"`, `"\ud834\\udd1e"`, `"\\ud834"`, `"\\\ud834"`,
		`"\ud834\udd1`, `"\ud834\`, `"\ud834\u"`, `"\ud800\udc00\udbff\udfff"`, `"\ud7ff\ue000"`, `"\ufffd"`, `{"\ud834":1}`, `{"\ud834\udd1e":1}`,
		"\"\xff\"", "\"\xc3\x28\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xc0\x80\"", "\"\xe2\x82\"", "\xff", "[1,\xff]", "{\"\xff\":1}", "\"\xef\xbf\xbd\"", "\"\U0010ffff\"",
		`{"":1}`, `{"":{"":1}}`, `{"":{}}`, `{"":[]}`, `[[[]]]`, `[{}]`, `{".":{".":1}}`, `{"a.b":1,"a":{"b":2}}`, `{"a\\.b":1,"a.b":2,"a\u002eb":3}`, `{"\\":1,"\\\\":2,"\u005c":3}`,
		`{"a":1,"a":2}`, `{"a":1,"a":{"b":2}}`, `{"a":{"b":1},"a":3,"a":{"b":4}}`, `{"a":[1,2],"a":{"1":3,"01":4}}`, `{"a":{},"a":[]}`, `{"a":{},"a":{"b":1},"a":{}}`,
		`{"a":{"0":1},"a":["x","y"]}`, `{"a.":{"b":1},"a":{".b":2}}`, `{"\"":{"\n":1}}`, `{"\u0022":1,"\"":2}`, `{"a/b":1,"a\/b":2}`, `{"größe":1,"gr\u00f6\u00dfe":2}`, `{"e\u0301":1,"é":2}`,
		" \t\r\n{ \"a\" : [ 1 , { } , [ ] ] } \n", "[1\x00]", "{\"a\"\x00:1}", "[1]\x00", `["a","b","c","d","e","f","g","h","i","j","k"]`,
		"[" + strings.Repeat("9", 5000) + "]", `["` + strings.Repeat("long ", 20_000) + `"]`, `{"` + strings.Repeat("k", 5_000) + `":[1,2,3]}`,
		"[" + strings.Repeat(`"x",`, 3000) + "0]", "{" + strings.Repeat(`"same":1,`, 3000) + `"same":2}`,
	}
	for _, n := range []int{63, 255, 511, 512, 513, 1000, 5000, 20_000} {
		texts = append(texts, nest(n, "[", "", "]"), nest(n, "[", "0", "]"), nest(n, `{"a":`, "{}", "}"), nest(n, `{"":`, "0", "}"), nest(n, `[{"a":`, "0", "}]"), nest(n, "[", "", ""))
	}
	return texts
}

func TestBaselineExamples(t *testing.T) {
	for _, b := range baseline {
		spec := load(t, b.id)
		if len(spec.Styles) != 4 || !slices.ContainsFunc(spec.Styles, func(s specs.Style) bool { return s.Name == "set" && s.Baseline }) {
			t.Errorf("%s: want the styles set (the baseline), trie, lsh and suffixarray", b.id)
		}
		for _, c := range slices.Concat(spec.Examples, spec.Cases) {
			got, err := b.reference(c.Input)
			if (err != nil) != c.Error || !bytes.Equal(got, c.Output) {
				t.Errorf("%s: %s: reference answers %q, %v, want %q, error %v", b.id, c.Name, got, err, c.Output, c.Error)
			}
		}
	}
}

// TestBaselineGenerators holds the generators to what suites and budgets rely on.
func TestBaselineGenerators(t *testing.T) {
	for _, b := range baseline {
		spec := load(t, b.id)
		for _, size := range spec.Suite.Sizes {
			distinct := map[string]bool{}
			failing := 0
			for seed := range uint64(200) {
				input := b.generate(seed, size)
				if !bytes.Equal(input, b.generate(seed, size)) {
					t.Fatalf("%s: Generate(%d, %d) differs from itself", b.id, seed, size)
				}
				if _, err := b.reference(input); err != nil {
					failing++
				}
				distinct[string(input)] = true
			}
			if len(distinct) < 60 {
				t.Errorf("%s: size %d: %d distinct inputs in 200, want at least 60", b.id, size, len(distinct))
			}
			if b.id == "json_flatten" && (failing < 5 || failing > 100) {
				t.Errorf("%s: size %d: %d of 200 inputs are errors, want 5 to 100", b.id, size, failing)
			}
		}
		for seed := range uint64(3) {
			input := b.generate(seed, spec.Benchmark.Size)
			output, err := b.reference(input)
			if err != nil || len(output) < len(input)/3 {
				t.Errorf("%s: benchmark input of seed %d: output of %d bytes for %d, error %v; a benchmark must have work to do", b.id, seed, len(output), len(input), err)
			}
		}
	}
}

// TestFlattenScanners wants one scanner in all styles of json_flatten. Templates
// cannot include each other, so what is repaired in one must be carried over.
func TestFlattenScanners(t *testing.T) {
	var first string
	for _, style := range load(t, "json_flatten").Styles {
		_, scanner, found := strings.Cut(style.Template, "\n// scanner reads")
		if !found {
			t.Fatalf("style %s has no scanner", style.Name)
		}
		if first == "" {
			first = scanner
		}
		if scanner != first {
			t.Errorf("the scanner of style %s differs from the one of the first style", style.Name)
		}
	}
}

// TestBaselineStylesAgree runs every style, under default and extreme parameters,
// against the reference: on inputs that are easy to get wrong, on generated ones
// and on damaged copies of those.
func TestBaselineStylesAgree(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	for _, b := range baseline {
		t.Run(b.id, func(t *testing.T) {
			spec := *load(t, b.id)
			for i, input := range b.nasty {
				output, err := b.reference([]byte(input))
				spec.Cases = append(spec.Cases, specs.Case{
					Name: fmt.Sprintf("nasty %d", i), Input: []byte(input), Output: output, Error: err != nil,
				})
			}
			all := variants(t, &spec)
			for _, v := range all {
				checkShape(t, v.name, v.source)
				checkImports(t, v.name, v.source)
			}
			agree(t, &spec, all, rounds)
		})
	}
}

// checkImports wants what candidates of all styles import to be light, so that
// they are compiled in one batch.
func checkImports(t *testing.T, name, source string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "tool.go", source, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	light := []string{`"bytes"`, `"errors"`, `"slices"`, `"strconv"`, `"strings"`, `"unicode/utf8"`}
	for _, i := range file.Imports {
		if !slices.Contains(light, i.Path.Value) {
			t.Errorf("%s: imports %s, want only %s", name, i.Path.Value, strings.Join(light, ", "))
		}
	}
}

func load(t *testing.T, id string) *specs.Spec {
	t.Helper()
	spec, err := specs.Load(specs.Shipped(), id)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
