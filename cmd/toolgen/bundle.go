package main

import (
	"bytes"
	"encoding/hex"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/reports"
)

func (p *program) bundleCommand() *cli.Command {
	return &cli.Command{
		Name: "bundle", Usage: "any candidate of a run as a folder that can be shipped", ArgsUsage: "RUN CANDIDATE",
		Description: `toolgen bundle RUN 3fa9 -o dedup     source, tests, WebAssembly, SBOM, licence, provenance
cd dedup && go test ./...`,
		Flags: append([]cli.Flag{
			outFlag("`DIR` of the bundle, new or empty (required)"),
			seedFlag("as it was under seed `N`; default: the first that has it"),
			specsFlag(), noCacheFlag(), formatFlag(),
		}, machineFlags()...),
		Action: p.bundle,
	}
}

func (p *program) bundle(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	out := c.String("out")
	r, env, prefix, seed, err := p.candidate(c, func() error {
		if out == "" {
			return usagef("bundle needs -o DIR, a folder that is new or empty")
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer env.Close()
	id, err := env.Bundle(c.Context, r, prefix, seed, out)
	if err != nil {
		return err
	}
	t := &reports.Table{Columns: []reports.Column{{Name: "candidate_id"}, {Name: "bundle_dir"}}}
	t.Add(id, out)
	if f == reports.Text {
		p.printf("%s holds candidate %.12s; `go test ./...` in it runs its tests\n", shellQuote(out), id)
		return nil
	}
	return p.answer(f, "bundle", struct {
		CandidateID string `json:"candidate_id"`
		BundleDir   string `json:"bundle_dir"`
	}{id, out}, t)
}

// candidate opens the run and the machine for commands on RUN CANDIDATE. check runs
// before anything is opened.
func (p *program) candidate(c *cli.Context, check func() error) (r *experiment.Recorded, env *experiment.Env, prefix string, seed *int64, err error) {
	args, err := arguments(c)
	if err != nil {
		return nil, nil, "", nil, err
	}
	if seed, err = optionalInteger(c, "seed", 0, maxSeed); err != nil {
		return nil, nil, "", nil, err
	}
	if err := check(); err != nil {
		return nil, nil, "", nil, err
	}
	if r, err = experiment.OpenRecorded(args[0], c.StringSlice("specs")); err != nil {
		return nil, nil, "", nil, err
	}
	env, err = p.open(c)
	return r, env, args[1], seed, err
}

func (p *program) sbomCommand() *cli.Command {
	return &cli.Command{
		Name: "sbom", Usage: "the bill of materials of a candidate, CycloneDX 1.6 JSON", ArgsUsage: "RUN CANDIDATE",
		Description: `toolgen sbom RUN 3fa9 > SBOM.json
toolgen sbom RUN 3fa9 --format text     its components as a table`,
		Flags: append([]cli.Flag{
			seedFlag("as it was under seed `N`; default: the first that has it"),
			specsFlag(), noCacheFlag(),
			&cli.StringFlag{Name: "format", Value: "json", Usage: "`FORMAT` of the answer: json is the document itself; text, csv and md list its components"},
		}, machineFlags()...),
		Action: p.sbom,
	}
}

func (p *program) sbom(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	r, env, prefix, seed, err := p.candidate(c, func() error { return nil })
	if err != nil {
		return err
	}
	defer env.Close()
	document, err := env.SBOM(c.Context, r, prefix, seed)
	if err != nil {
		return err
	}
	if f == reports.JSON {
		_, err := p.out.Write(document)
		return err
	}
	t, err := components(document)
	if err != nil {
		return err
	}
	if f == reports.Text || f == reports.Markdown {
		t = t.Without("bom_ref", "purl") // long, and made of the others
	}
	return t.Render(p.out, f)
}

// components lists what a CycloneDX document names, the candidate itself first.
func components(document []byte) (*reports.Table, error) {
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(document), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		return nil, err
	}
	t := &reports.Table{Title: "Components", Columns: []reports.Column{
		{Name: "bom_ref", Title: "reference"}, {Name: "type"}, {Name: "name"}, {Name: "version"}, {Name: "license"}, {Name: "supplier"}, {Name: "purl"},
		{Name: "sha256", Show: reports.ShortID},
	}}
	var list []cdx.Component
	if bom.Metadata != nil && bom.Metadata.Component != nil {
		list = append(list, *bom.Metadata.Component)
	}
	if bom.Components != nil {
		list = append(list, *bom.Components...)
	}
	for _, k := range list {
		var license, supplier, sum string
		if k.Licenses != nil {
			for _, l := range *k.Licenses {
				if license = l.Expression; l.License != nil {
					license = l.License.ID
				}
			}
		}
		if k.Supplier != nil {
			supplier = k.Supplier.Name
		}
		if k.Hashes != nil {
			for _, h := range *k.Hashes {
				if _, err := hex.DecodeString(h.Value); err == nil && h.Algorithm == cdx.HashAlgoSHA256 {
					sum = h.Value
				}
			}
		}
		t.Add(k.BOMRef, string(k.Type), k.Name, k.Version, orNull(license), orNull(supplier), orNull(k.PackageURL), orNull(sum))
	}
	return t, nil
}
