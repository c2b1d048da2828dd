// Package bundle turns a candidate into a folder that can be shipped: the source, a
// go.mod, the cases as a Go test that stands alone, the tool as a WebAssembly command,
// an SBOM, the licence and where it all comes from.
//
//	tool.go          the candidate, byte for byte what was measured
//	go.mod           no requirements: candidates import the standard library alone
//	tool_test.go     the cases, compared as the spec compares; go test runs it
//	tool.wasm        a WASI command, standard input to standard output; if one was built
//	SBOM.json        CycloneDX 1.6
//	LICENSE          the text of the licence, and Go's for what tool.wasm contains of it
//	provenance.json  in-toto Statement v1 with a SLSA provenance v1 predicate, unsigned
//
// [Files] is a pure function: the same input gives the same bytes, and the only time in
// them is the manifest's. The package builds, runs and measures nothing, and signs
// nothing: provenance.json says what was done and claims no SLSA level.
package bundle

import (
	"encoding/json"
	"fmt"
	"go/version"
	"net/url"
	"regexp"
	"strings"
	"time"

	"toolgen/specs"
)

// Names of the files, in the order in which [Files] returns them.
const (
	SourceName     = "tool.go"
	ModuleName     = "go.mod"
	TestName       = "tool_test.go"
	WasmName       = "tool.wasm"
	SBOMName       = "SBOM.json"
	LicenseName    = "LICENSE"
	ProvenanceName = "provenance.json"
)

// domain is that of module paths and URIs which are names and no addresses: .invalid
// never resolves (RFC 2606), so nobody can claim it.
const domain = "toolgen.invalid"

// Input is all that a bundle is made from.
type Input struct {
	Spec        *specs.Spec // ID, Title and Compare are read
	CandidateID string      // SHA-256, lower-case hex
	Source      []byte      // tool.go
	License     string      // SPDX id or expression; if the source has a header, the same as there
	Wasm        []byte      // tool.wasm; nil: there is none
	Cases       []Case      // for tool_test.go
	Timestamp   time.Time   // the manifest's, to the second
	GoVersion   string      // of the toolchain, "go1.26.8"
	Imports     []string    // standard packages that the source imports
	Packages    []Package   // all standard packages of the program, the imported ones among them
	Supplier    string      // who hands the tool on; "": ToolGen
	Version     string      // of ToolGen itself
	Build       Build
	Ancestor    *Ancestor // of a repaired candidate; nil: it was not made from another
}

// Ancestor is the candidate that a repaired one was made from.
type Ancestor struct {
	CandidateID string // SHA-256, lower-case hex
	Source      []byte // its tool.go
	Patch       string // unified diff from its tool.go to the repaired one
}

// Case is a case of the suite as tool_test.go has it.
type Case struct {
	Name      string
	Input     []byte
	Want      []byte // not looked at if the spec compares by Check
	WantError bool   // the tool must answer with an error
}

// Package is a standard package that the program contains.
type Package struct {
	Path    string   // "encoding/json"
	Imports []string // what it imports itself; nil: unknown
	SHA256  string   // of its source, lower-case hex; "": unknown
}

// Build says how the candidate came about, for provenance.json.
type Build struct {
	Seed           int64
	Genome         json.RawMessage // canonical JSON; nil: none recorded
	Parents        []string        // candidate ids
	SpecDigest     string          // SHA-256, lower-case hex
	ManifestDigest string          // SHA-256, lower-case hex; "": there is no manifest
	RunID          string          // "": no run
}

// File is a file of a bundle.
type File struct {
	Name string // a base name
	Data []byte
}

// Files returns the files of a bundle. The error says what of the input is missing or
// contradicts the rest, such as a licence header that names another licence.
func Files(in Input) ([]File, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	test, err := testSource(in)
	if err != nil {
		return nil, err
	}
	sbom, err := SBOM(in)
	if err != nil {
		return nil, err
	}
	provenance, err := provenanceJSON(in)
	if err != nil {
		return nil, err
	}
	files := []File{
		{SourceName, in.Source},
		{ModuleName, goMod(in)},
		{TestName, test},
	}
	if in.Wasm != nil {
		files = append(files, File{WasmName, in.Wasm})
	}
	return append(files,
		File{SBOMName, sbom},
		File{LicenseName, licenseText(in)},
		File{ProvenanceName, provenance},
	), nil
}

var (
	hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)
	spdx      = regexp.MustCompile(`^[A-Za-z0-9.+:()-]+( [A-Za-z0-9.+:()-]+)*$`)
)

func check(in Input) error {
	if in.Spec == nil || in.Spec.ID == "" {
		return fmt.Errorf("bundle: no spec")
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("bundle: spec %s, candidate %.12s: %s", in.Spec.ID, in.CandidateID, fmt.Sprintf(format, args...))
	}
	for _, d := range []struct {
		name, value string
		optional    bool
	}{
		{"candidate id", in.CandidateID, false},
		{"spec digest", in.Build.SpecDigest, false},
		{"manifest digest", in.Build.ManifestDigest, true},
	} {
		if !hexDigest.MatchString(d.value) && !(d.optional && d.value == "") {
			return fail("%s %q, expected 64 lower-case hex digits", d.name, d.value)
		}
	}
	if !spdx.MatchString(in.License) {
		return fail("licence %q, expected an SPDX id such as MIT", in.License)
	}
	if header := HeaderLicense(in.Source); header != "" && header != in.License {
		return fail("%s says SPDX-License-Identifier: %s, expected %s", SourceName, header, in.License)
	}
	if !version.IsValid(in.GoVersion) {
		return fail("Go version %q, expected one like go1.26.8", in.GoVersion)
	}
	if in.Timestamp.IsZero() {
		return fail("no timestamp, expected the manifest's")
	}
	if a := in.Ancestor; a != nil && !hexDigest.MatchString(a.CandidateID) {
		return fail("ancestor's id %q, expected 64 lower-case hex digits", a.CandidateID)
	}
	listed := map[string]bool{}
	for _, p := range in.Packages {
		if p.SHA256 != "" && !hexDigest.MatchString(p.SHA256) {
			return fail("package %s has SHA-256 %q, expected 64 lower-case hex digits", p.Path, p.SHA256)
		}
		if listed[p.Path] {
			return fail("package %s is listed twice", p.Path)
		}
		listed[p.Path] = true
	}
	for _, path := range in.Imports {
		if !listed[path] {
			return fail("%s imports %s, which is not among the packages", SourceName, path)
		}
	}
	return nil
}

// modulePath is the path of the bundle's module. It has a dot in its first element, so
// that it never is the standard library's, whatever a spec is called.
func modulePath(in Input) string {
	return domain + "/" + url.PathEscape(in.Spec.ID)
}

func goMod(in Input) []byte {
	language := strings.TrimPrefix(version.Lang(in.GoVersion), "go")
	return fmt.Appendf(nil, "module %s\n\ngo %s\n", modulePath(in), language)
}

func (in Input) timestamp() string { return in.Timestamp.UTC().Format(time.RFC3339) }

func (in Input) supplier() string {
	if in.Supplier == "" {
		return "ToolGen"
	}
	return in.Supplier
}
