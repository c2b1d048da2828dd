package bundle

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// Component is a component of the SBOM, the tool itself included. Empty strings are
// absent values.
type Component struct {
	BOMRef       string // the purl
	Type         string // application or library
	Name         string
	Version      string
	PURL         string
	License      string // SPDX id or expression
	Supplier     string
	SHA256       string   // lower-case hex
	DependsOn    []string // bom-refs, sorted
	SerialNumber string   // of the SBOM: urn:uuid:...
}

const (
	goSupplier = "The Go Authors"
	goLicense  = "BSD-3-Clause"
)

// Components returns the components of the SBOM, sorted by bom-ref: the tool, the
// standard library, and each of its packages that the program contains. They depend on
// the candidate alone, not on whether a tool.wasm was built.
//
// The library is pkg:golang/stdlib@VERSION, the name under which the Go vulnerability
// database, OSV and Trivy know it (cyclonedx-gomod says std; golang/go#71567), and a
// package is the library's purl with a subpath. The tool depends on the library and on
// what it imports; packages depend on what they import. A package that cannot be
// reached so, because the imports between are unknown, is a dependency of the tool.
func Components(in Input) []Component {
	rows := components(in)
	serial := serialNumber(in, rows)
	for i := range rows {
		rows[i].SerialNumber = serial
	}
	return rows
}

func components(in Input) []Component {
	library := "pkg:golang/stdlib@" + url.PathEscape(strings.TrimPrefix(in.GoVersion, "go"))
	ref := func(path string) string { return library + "#" + path }
	digest := sha256.Sum256(in.Source)

	listed := map[string]Package{}
	for _, p := range in.Packages {
		listed[p.Path] = p
	}
	refs := func(paths []string) []string {
		out := []string{}
		for _, path := range paths {
			if _, ok := listed[path]; ok {
				out = append(out, ref(path))
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	rows := []Component{
		{
			Type: string(cyclonedx.ComponentTypeLibrary), Name: "stdlib", Version: strings.TrimPrefix(in.GoVersion, "go"),
			PURL: library, License: goLicense, Supplier: goSupplier, DependsOn: []string{},
		},
		{
			Type: string(cyclonedx.ComponentTypeApplication), Name: in.Spec.ID, Version: in.CandidateID,
			PURL:    toolURL(in.Spec.ID, in.CandidateID, digest[:]),
			License: in.License, Supplier: in.supplier(), SHA256: hex.EncodeToString(digest[:]),
			DependsOn: append(refs(append(unreachable(in, listed), in.Imports...)), library),
		},
	}
	for _, p := range in.Packages {
		rows = append(rows, Component{
			Type: string(cyclonedx.ComponentTypeLibrary), Name: p.Path, Version: strings.TrimPrefix(in.GoVersion, "go"),
			PURL: ref(p.Path), License: goLicense, Supplier: goSupplier, SHA256: p.SHA256,
			DependsOn: refs(p.Imports),
		})
	}
	for i := range rows {
		rows[i].BOMRef = rows[i].PURL
		slices.Sort(rows[i].DependsOn)
	}
	slices.SortFunc(rows, func(a, b Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	return rows
}

// unreachable lists the packages that no chain of known imports leads to.
func unreachable(in Input, listed map[string]Package) []string {
	reached := map[string]bool{}
	queue := slices.Clone(in.Imports)
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if !reached[path] {
			reached[path] = true
			queue = append(queue, listed[path].Imports...)
		}
	}
	var out []string
	for _, p := range in.Packages {
		if !reached[p.Path] {
			out = append(out, p.Path)
		}
	}
	return out
}

// SBOM returns the candidate's bill of materials as CycloneDX 1.6 JSON. Its serial
// number follows from its content.
func SBOM(in Input) ([]byte, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	rows := components(in)
	data, err := encodeBOM(in, rows, serialNumber(in, rows))
	if err != nil {
		return nil, fmt.Errorf("bundle: SBOM of candidate %.12s: %w", in.CandidateID, err)
	}
	return data, nil
}

// serialNumber is a name-based UUID of version 8 (RFC 9562, appendix B.2): the SHA-256
// of the SBOM without its serial number.
func serialNumber(in Input, rows []Component) string {
	data, err := encodeBOM(in, rows, "")
	if err != nil {
		panic(err) // strings into memory
	}
	u := sha256.Sum256(data)
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

func encodeBOM(in Input, rows []Component, serial string) ([]byte, error) {
	supplier := &cyclonedx.OrganizationalEntity{Name: in.supplier()}
	libraries := []cyclonedx.Component{}
	dependencies := []cyclonedx.Dependency{}
	var tool *cyclonedx.Component
	known := map[string]bool{} // packages whose own imports are known
	for _, p := range in.Packages {
		known[p.Path] = p.Imports != nil
	}
	for _, row := range rows {
		c := cyclonedx.Component{
			BOMRef: row.BOMRef, Type: cyclonedx.ComponentType(row.Type), Name: row.Name, Version: row.Version, PackageURL: row.PURL,
			Supplier: &cyclonedx.OrganizationalEntity{Name: row.Supplier},
			Licenses: licenseChoice(row.License),
		}
		if row.SHA256 != "" {
			c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: row.SHA256}}
		}
		if row.Type == string(cyclonedx.ComponentTypeApplication) {
			c.Description = in.Spec.Title
			c.Pedigree = pedigree(in)
			tool = &c
		} else {
			libraries = append(libraries, c)
			if imports, isPackage := known[row.Name]; isPackage && !imports {
				continue // an empty list would say that it depends on nothing
			}
		}
		dependencies = append(dependencies, cyclonedx.Dependency{Ref: row.BOMRef, Dependencies: &row.DependsOn})
	}
	bom := cyclonedx.NewBOM()
	bom.SerialNumber = serial
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: in.timestamp(),
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{
			Type: cyclonedx.ComponentTypeApplication, Name: "toolgen", Version: in.Version,
		}}},
		Component: tool,
		Supplier:  supplier,
	}
	bom.Components = &libraries
	bom.Dependencies = &dependencies
	var b bytes.Buffer
	err := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cyclonedx.SpecVersion1_6)
	return b.Bytes(), err
}

// pedigree says whom a repaired candidate was made from, and by which patch.
func pedigree(in Input) *cyclonedx.Pedigree {
	a := in.Ancestor
	if a == nil {
		return nil
	}
	digest := sha256.Sum256(a.Source)
	return &cyclonedx.Pedigree{
		Ancestors: &[]cyclonedx.Component{{
			Type: cyclonedx.ComponentTypeApplication, Name: in.Spec.ID, Version: a.CandidateID,
			PackageURL: toolURL(in.Spec.ID, a.CandidateID, digest[:]),
			Hashes:     &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(digest[:])}},
		}},
		Patches: &[]cyclonedx.Patch{{
			Type: cyclonedx.PatchTypeUnofficial,
			Diff: &cyclonedx.Diff{Text: &cyclonedx.AttachedText{ContentType: "text/x-diff", Content: a.Patch}},
		}},
	}
}

// toolURL is the package URL of a candidate.
func toolURL(spec, candidate string, digest []byte) string {
	return fmt.Sprintf("pkg:generic/%s@%s?checksum=sha256:%x", url.PathEscape(spec), candidate, digest)
}

// licenseChoice says id only for ids that are certainly on the list that the schema
// enumerates. Any other is an expression, which a single id is too.
func licenseChoice(license string) *cyclonedx.Licenses {
	if _, known := fullText(license); known {
		return &cyclonedx.Licenses{{License: &cyclonedx.License{ID: license}}}
	}
	return &cyclonedx.Licenses{{Expression: license}}
}
