package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"toolgen/specs"
)

var update = flag.Bool("update", false, "write the golden files anew")

const dedupe = `// SPDX-License-Identifier: MIT

// Package tool keeps the first of each line.
package tool

import (
	"bytes"
	"errors"
)

// Run answers with an error if there is a NUL byte.
func Run(input []byte) ([]byte, error) {
	if bytes.IndexByte(input, 0) >= 0 {
		return nil, errors.New("NUL byte")
	}
	seen := map[string]bool{}
	var out []byte
	for _, line := range bytes.SplitAfter(input, []byte("\n")) {
		if !seen[string(line)] {
			seen[string(line)] = true
			out = append(out, line...)
		}
	}
	return out, nil
}
`

func input() Input {
	return Input{
		Spec:        &specs.Spec{ID: "text_deduplicate", Title: "Line deduplication", Compare: specs.CompareBytes},
		CandidateID: strings.Repeat("c0", 32),
		Source:      []byte(dedupe),
		License:     "MIT",
		Wasm:        []byte("\x00asm\x01\x00\x00\x00"),
		Cases: []Case{
			{Name: "two alike", Input: []byte("a\nb\na\n"), Want: []byte("a\nb\n")},
			{Name: "empty", Input: nil, Want: nil},
			{Name: "no text", Input: []byte("\xff`\"\\\r\n"), Want: []byte("\xff`\"\\\r\n")},
			{Name: "NUL", Input: []byte{0}, WantError: true},
		},
		Timestamp: time.Date(2026, 1, 1, 1, 0, 0, 0, time.FixedZone("CET", 3600)),
		GoVersion: "go1.26.8",
		Imports:   []string{"bytes", "errors"},
		Packages: []Package{
			{Path: "bytes", Imports: []string{"errors", "io"}, SHA256: strings.Repeat("ab", 32)},
			{Path: "errors", Imports: []string{}},
			{Path: "io"},
			{Path: "sync"}, // of io, but io's imports are unknown
		},
		Version: "1.0.0",
		Build: Build{
			Seed: 7, Genome: json.RawMessage(`{"style":"set","params":{"prealloc":64}}`), Parents: []string{strings.Repeat("0d", 32)},
			SpecDigest: strings.Repeat("5e", 32), ManifestDigest: strings.Repeat("3a", 32), RunID: strings.Repeat("71", 32),
		},
	}
}

func files(t *testing.T, in Input) map[string][]byte {
	t.Helper()
	list, err := Files(in)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string][]byte{}
	for _, f := range list {
		byName[f.Name] = f.Data
	}
	return byName
}

func TestGolden(t *testing.T) {
	got := files(t, input())
	for _, name := range []string{ModuleName, TestName, SBOMName, LicenseName, ProvenanceName} {
		// A second suffix, or the toolchain would take go.mod and tool_test.go for its own.
		path := filepath.Join("testdata", "golden", name+".golden")
		if *update {
			if err := os.WriteFile(path, got[name], 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got[name])); diff != "" {
			t.Errorf("%s (- golden, + now; -update writes it anew):\n%s", name, diff)
		}
	}
	if !bytes.Equal(got[SourceName], []byte(dedupe)) || !bytes.Equal(got[WasmName], input().Wasm) {
		t.Error("the source or the module is not what was passed in")
	}
}

func TestFilesAreDeterministic(t *testing.T) {
	a, b := input(), input()
	slices.Reverse(b.Packages)
	slices.Reverse(b.Imports)
	b.Timestamp = b.Timestamp.UTC()
	if diff := cmp.Diff(files(t, a), files(t, b)); diff != "" {
		t.Errorf("the order of packages or the time zone matters:\n%s", diff)
	}
}

// schema compiles the official schema, from testdata alone.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range []string{"bom-1.6", "spdx", "jsf-0.82"} {
		f, err := os.Open(filepath.Join("testdata", "schema", name+".schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("http://cyclonedx.org/schema/"+name+".schema.json", doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSBOMIsValidCycloneDX(t *testing.T) {
	s := schema(t)
	validate := func(data []byte) error {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return s.Validate(doc)
	}
	for name, change := range map[string]func(*Input){
		"usual":              func(*Input) {},
		"nothing imported":   func(in *Input) { in.Imports, in.Packages = nil, nil },
		"another licence id": func(in *Input) { in.License, in.Source = "EUPL-1.2", []byte("package tool\n") },
		"licence expression": func(in *Input) { in.License, in.Source = "MIT OR Apache-2.0", []byte("package tool\n") },
		"own reference":      func(in *Input) { in.License, in.Source = "LicenseRef-mine", []byte("package tool\n") },
		"development Go":     func(in *Input) { in.GoVersion = "go1.27rc1" },
		"odd spec id":        func(in *Input) { in.Spec = &specs.Spec{ID: "mine & yours <1>"} },
	} {
		in := input()
		change(&in)
		data, err := SBOM(in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if err := validate(data); err != nil {
			t.Errorf("%s: %v\n%s", name, err, data)
		}
	}
	// The validator can say no.
	good, err := SBOM(input())
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"bomFormat": "CycloneDX"`, `"bomFormat": "SPDX"`},
		{`"id": "BSD-3-Clause"`, `"id": "no such licence"`},
		{`urn:uuid:`, `uuid:`},
		{`"alg": "SHA-256"`, `"alg": "sha256"`},
		{`"timestamp": "2026`, `"timestamp": "26`},
	} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) || validate([]byte(bad)) == nil {
			t.Errorf("with %s the SBOM is still valid, or was not changed", change[1])
		}
	}
}

func TestComponents(t *testing.T) {
	in := input()
	rows := Components(in)
	std := "pkg:golang/stdlib@1.26.8"
	want := map[string][]string{
		in.CandidateID: {std, std + "#bytes", std + "#errors", std + "#sync"}, // sync: no known way leads there
		"stdlib":       {},
		"bytes":        {std + "#errors", std + "#io"},
		"errors":       {}, "io": {}, "sync": {},
	}
	for _, row := range rows {
		key := row.Name
		if row.Type == "application" {
			key = row.Version
		}
		if diff := cmp.Diff(want[key], row.DependsOn); diff != "" {
			t.Errorf("%s depends on (- want, + got):\n%s", key, diff)
		}
		delete(want, key)
		if row.License == "" || row.Supplier == "" || row.PURL == "" || row.Version == "" {
			t.Errorf("%s lacks licence, supplier, purl or version: %+v", key, row)
		}
	}
	if len(want) > 0 {
		t.Errorf("no rows for %v", want)
	}
	if !slices.IsSortedFunc(rows, func(a, b Component) int { return strings.Compare(a.BOMRef, b.BOMRef) }) {
		t.Error("rows are not sorted by bom-ref")
	}

	// The rows are the SBOM, and a tool.wasm has no part in it.
	data, err := SBOM(in)
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		SerialNumber string
		Components   []struct{ Purl string }
	}
	if err := json.Unmarshal(data, &bom); err != nil {
		t.Fatal(err)
	}
	if bom.SerialNumber != rows[0].SerialNumber || len(bom.Components) != len(rows)-1 {
		t.Errorf("the SBOM %s has %d components, the rows %s %d", bom.SerialNumber, len(bom.Components), rows[0].SerialNumber, len(rows)-1)
	}
	in.Wasm = nil
	if !reflect.DeepEqual(rows, Components(in)) {
		t.Error("the rows change with tool.wasm")
	}
	serials := map[string]bool{rows[0].SerialNumber: true}
	for name, change := range map[string]func(*Input){
		"source":   func(in *Input) { in.Source = append(in.Source, '\n') },
		"time":     func(in *Input) { in.Timestamp = in.Timestamp.Add(time.Second) },
		"packages": func(in *Input) { in.Packages = in.Packages[:3] },
	} {
		other := input()
		change(&other)
		if serial := Components(other)[0].SerialNumber; serials[serial] {
			t.Errorf("another %s has the serial number of another SBOM", name)
		} else {
			serials[serial] = true
		}
	}
}

// The bundle stands alone: go test passes in it, and fails when the tool is wrong.
func TestBundlePassesItsOwnTest(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	const echo = "package tool\n\nfunc Run(input []byte) ([]byte, error) { return input, nil }\n"
	for _, c := range []struct {
		compare, source string
		cases           []Case
		pass            bool
	}{
		{specs.CompareBytes, dedupe, input().Cases, true},
		{specs.CompareBytes, strings.Replace(dedupe, "!seen", "seen", 1), input().Cases, false},
		{specs.CompareBytes, echo, []Case{{Name: "error", WantError: true}}, false},
		{specs.CompareLinesUnordered, echo, []Case{{Name: "order", Input: []byte("b\na\na\n"), Want: []byte("a\nb\na\n")}}, true},
		{specs.CompareLinesUnordered, echo, []Case{{Name: "count", Input: []byte("b\na\n"), Want: []byte("a\nb\nb\n")}}, false},
		{specs.CompareJSON, echo, []Case{
			{Name: "values", Input: []byte(` {"b":[1.0,2e0,-0],"a":10e-1}`), Want: []byte(`{"a":1,"b":[1,2,0]}`)},
			{Name: "never computed", Input: []byte(`10e999999998`), Want: []byte(`1e999999999`)},
			{Name: "no JSON", Input: []byte(`1 2`), Want: []byte(`1 2`)},
		}, true},
		{specs.CompareJSON, echo, []Case{{Name: "precision", Input: []byte(`9007199254740993`), Want: []byte(`9007199254740992`)}}, false},
		{specs.CompareJSON, echo, []Case{{Name: "null", Input: []byte(`{"a":null}`), Want: []byte(`{}`)}}, false},
		{specs.CompareCheck, echo, []Case{{Name: "runs", Input: []byte("a"), Want: []byte("ignored")}}, true},
		{specs.CompareCheck, dedupe, []Case{{Name: "does not run", Input: []byte{0}}}, false},
	} {
		name := fmt.Sprintf("%s/%s/pass=%v", c.compare, c.cases[0].Name, c.pass)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input()
			in.Spec = &specs.Spec{ID: "strings", Compare: c.compare} // a name of the standard library must do no harm
			in.Source, in.Cases = []byte(c.source), c.cases
			list, err := Files(in)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "bundle")
			if err := Write(dir, list); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("go", "test", "-vet=all", "./...")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOTOOLCHAIN=local")
			out, err := cmd.CombinedOutput()
			if (err == nil) != c.pass || !c.pass && !bytes.Contains(out, []byte("--- FAIL: TestRun/")) {
				t.Errorf("go test: %v, want it to pass: %v\n%s", err, c.pass, out)
			}
		})
	}
}

func TestBadInputSaysWhatAndWhere(t *testing.T) {
	for want, change := range map[string]func(*Input){
		"no spec":                     func(in *Input) { in.Spec = nil },
		"candidate id":                func(in *Input) { in.CandidateID = "C0FFEE" },
		"spec digest":                 func(in *Input) { in.Build.SpecDigest = "" },
		"expected an SPDX id":         func(in *Input) { in.License = "MIT\n" },
		"expected Apache-2.0":         func(in *Input) { in.License = "Apache-2.0" },
		"Go version":                  func(in *Input) { in.GoVersion = "1.26" },
		"no timestamp":                func(in *Input) { in.Timestamp = time.Time{} },
		"imports fmt":                 func(in *Input) { in.Imports = []string{"fmt"} },
		"package io is listed twice":  func(in *Input) { in.Packages = append(in.Packages, Package{Path: "io"}) },
		"package io has SHA-256":      func(in *Input) { in.Packages[2].SHA256 = "12" },
		`compares by "telepathically`: func(in *Input) { in.Spec = &specs.Spec{ID: "x", Compare: "telepathically"} },
	} {
		in := input()
		change(&in)
		if _, err := Files(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

func TestHeaderLicense(t *testing.T) {
	for source, want := range map[string]string{
		dedupe: "MIT",
		"// Hello.\n// SPDX-License-Identifier:  Apache-2.0 \npackage tool\n": "Apache-2.0",
		"package tool\n// SPDX-License-Identifier: MIT\n":                     "",
		"": "",
	} {
		if got := HeaderLicense([]byte(source)); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}

func TestLicenses(t *testing.T) {
	entries, err := licenses.ReadDir("licenses")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		id := strings.TrimSuffix(e.Name(), ".txt")
		in := input()
		in.License, in.Wasm = id, nil
		text := string(licenseText(in))
		if id == "Go" {
			if !strings.Contains(text, "spdx.org/licenses/Go.html") {
				t.Errorf("Go's notice was taken for a licence with the id Go:\n%s", text)
			}
			continue
		}
		if len(text) < 500 || strings.Contains(text, "<year>") || strings.Contains(text, "<holder>") {
			t.Errorf("%s: %d bytes, with gaps:\n%s", id, len(text), text)
		}
		in.Wasm = []byte{}
		if !strings.Contains(string(licenseText(in)), "The Go Authors") {
			t.Errorf("%s: tool.wasm ships without Go's notice", id)
		}
	}
	in := input()
	in.License = "EUPL-1.2"
	if text := string(licenseText(in)); !strings.Contains(text, "https://spdx.org/licenses/EUPL-1.2.html") {
		t.Errorf("a licence whose text we lack:\n%s", text)
	}
}

func TestWrite(t *testing.T) {
	list := []File{{"a", []byte("1")}, {"b", []byte("2")}}
	root := t.TempDir()
	dir := filepath.Join(root, "bundles", "x")
	if err := Write(dir, list); err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if got, err := os.ReadFile(filepath.Join(dir, f.Name)); err != nil || !bytes.Equal(got, f.Data) {
			t.Errorf("%s: %q, %v", f.Name, got, err)
		}
	}
	if err := Write(dir, []File{{"c", nil}}); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), dir) {
		t.Errorf("into a folder with files: %v, want fs.ErrExist", err)
	}
	empty := filepath.Join(root, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(empty, list); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(file, list); err == nil {
		t.Error("a file was replaced")
	}
	for _, name := range []string{"", ".", "..", "../x", "sub/x", "/x", "a"} {
		if err := Write(filepath.Join(root, "new"), append(list, File{Name: name})); err == nil {
			t.Errorf("file name %q was accepted", name)
		}
	}
	// Nothing is left behind: no temporary folder, nothing half written.
	var left []string
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		left = append(left, filepath.ToSlash(rel))
		return err
	})
	want := []string{".", "bundles", "bundles/x", "bundles/x/a", "bundles/x/b", "empty", "empty/a", "empty/b", "file"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("left behind (- want, + got):\n%s", diff)
	}
}
