package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/experiment/manifests"
	"toolgen/reports"
)

func (p *program) manifestCommand() *cli.Command {
	overrides := func() []cli.Flag {
		return []cli.Flag{
			&cli.StringSliceFlag{Name: "seed", Usage: "seed `N`, or seeds A-B, instead of the manifest's; may be repeated"},
			&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` instead of the manifest's; may be repeated"},
			specsFlag(), formatFlag(),
		}
	}
	return &cli.Command{
		Name: "manifest", Usage: "list, begin, check and import manifests",
		Description: `toolgen manifest list
toolgen manifest new my-experiment && toolgen manifest validate my-experiment.yaml
toolgen manifest import old.yaml -o manifests`,
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "the manifests that ship, by the names that run takes",
				Description: "toolgen manifest list", Flags: []cli.Flag{formatFlag()}, Action: p.manifestList,
			},
			{
				Name: "new", Usage: "write NAME.yaml, a small manifest to begin with, and the schema for your editor", ArgsUsage: "NAME",
				Description: "toolgen manifest new my-experiment",
				Flags:       []cli.Flag{&cli.StringFlag{Name: "dir", Value: ".", Usage: "`DIR` to write the file in"}}, Action: p.manifestNew,
			},
			{
				Name: "validate", Usage: "check a manifest and all that it names; runs nothing", ArgsUsage: "MANIFEST",
				Description: "toolgen manifest validate my-experiment.yaml", Flags: overrides(), Action: p.manifestValidate,
			},
			{
				Name: "schema", Usage: "the JSON Schema of manifests",
				Description: "toolgen manifest schema > " + manifests.SchemaFile, Action: p.manifestSchema,
			},
			{
				Name: "import", Usage: "read the older form and write this one", ArgsUsage: "FILE",
				Description: "toolgen manifest import old.yaml > new.yaml\ntoolgen manifest import old.yaml -o manifests",
				Flags:       []cli.Flag{outFlag("`DIR` to write NAME.yaml in, for each entry; default: stdout")}, Action: p.manifestImport,
			},
		},
	}
}

func (p *program) manifestList(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	if _, err := arguments(c); err != nil {
		return err
	}
	t := &reports.Table{Columns: []reports.Column{
		{Name: "name"}, reports.Number("epochs", "epochs", "", 0), reports.Number("population", "population", "", 0), {Name: "specs"}, {Name: "description"},
	}}
	for _, name := range manifests.List() {
		data, err := manifests.Named(name)
		if err != nil {
			return err
		}
		m, err := manifests.Parse(name+".yaml", data, nil, nil)
		if err != nil {
			return err
		}
		t.Add(name, m.Epochs, m.Population, m.Specs, m.Description)
	}
	return p.answer(f, "manifest-list", rowsAnswer{t}, t)
}

func (p *program) manifestNew(c *cli.Context) error {
	args, err := arguments(c)
	if err != nil {
		return err
	}
	text, err := manifests.New(args[0])
	if err != nil {
		return usagef("%v", err)
	}
	path := filepath.Join(c.String("dir"), args[0]+".yaml")
	if err := writeNew(path, text); err != nil {
		return err
	}
	// The manifest names the schema, so that editors complete and check. One that is
	// there already may be that of another version; it is the user's.
	schema := filepath.Join(c.String("dir"), manifests.SchemaFile)
	if _, err := os.Lstat(schema); err != nil {
		if err := writeNew(schema, manifests.Schema()); err != nil {
			return err
		}
	}
	p.printf("%s\n\nNext:\n  toolgen plan %[1]s\n  toolgen run %[1]s\n", shellQuote(path))
	return nil
}

func (p *program) manifestValidate(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	args, err := arguments(c)
	if err != nil {
		return err
	}
	x, err := experiment.Load(experiment.LoadOptions{
		Manifest: args[0], Sets: c.StringSlice("set"), Seeds: c.StringSlice("seed"), SpecDirs: c.StringSlice("specs"),
	})
	if err != nil {
		return err
	}
	m := x.Manifest
	t := &reports.Table{Columns: []reports.Column{
		{Name: "name"}, {Name: "seeds"}, reports.Number("epochs", "epochs", "", 0), reports.Number("population", "population", "", 0), {Name: "specs"},
	}}
	var ids []string
	for _, s := range x.Specs {
		ids = append(ids, s.ID)
	}
	t.Add(m.Name, m.Seeds, m.Epochs, m.Population, ids)
	if f == reports.Text {
		p.printf("%s: valid: %s, %d seeds, %d epochs, specs %s\n", shellQuote(args[0]), m.Name, len(m.Seeds), m.Epochs, strings.Join(ids, ", "))
		return nil
	}
	return p.answer(f, "manifest-validate", struct {
		Name       string   `json:"name"`
		Seeds      []int64  `json:"seeds"`
		Epochs     int      `json:"epochs"`
		Population int      `json:"population"`
		Specs      []string `json:"specs"`
	}{m.Name, m.Seeds, m.Epochs, m.Population, ids}, t)
}

func (p *program) manifestSchema(c *cli.Context) error {
	if _, err := arguments(c); err != nil {
		return err
	}
	_, err := p.out.Write(manifests.Schema())
	return err
}

func (p *program) manifestImport(c *cli.Context) error {
	args, err := arguments(c)
	if err != nil {
		return err
	}
	old, err := p.readInput(args[0])
	if err != nil {
		return err
	}
	list, notes, err := manifests.Import(args[0], old)
	for _, n := range notes {
		p.notef("%s: %s\n", args[0], n)
	}
	if err != nil {
		return err
	}
	out := c.String("out")
	switch {
	case len(list) == 0:
		return usagef("%s has no enabled entry of domain toolgen", args[0])
	case out == "" && len(list) > 1:
		return usagef("%s has %d experiments, and a manifest is one: name a folder for them by -o DIR", args[0], len(list))
	case out == "":
		_, err := p.out.Write(list[0].YAML)
		return err
	}
	for _, m := range list {
		path := filepath.Join(out, m.Name+".yaml")
		if err := writeNew(path, m.YAML); err != nil {
			return err
		}
		fmt.Fprintln(p.out, path)
	}
	return nil
}
