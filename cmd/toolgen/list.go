package main

import (
	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/reports"
)

func (p *program) listCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "the runs below a folder", ArgsUsage: "[DIR]",
		Description: `toolgen list
toolgen list /data/runs --format json`,
		Flags: []cli.Flag{formatFlag()}, Action: p.list,
	}
}

func (p *program) list(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	args, err := arguments(c)
	if err != nil {
		return err
	}
	dir := "."
	if len(args) > 0 {
		dir = args[0]
	}
	runs, err := experiment.List(dir)
	if err != nil {
		return err
	}
	t := &reports.Table{Columns: []reports.Column{
		{Name: "dir"}, {Name: "name"}, {Name: "run_id", Title: "run", Show: reports.ShortID}, {Name: "seeds"},
		reports.Number("epochs", "epochs", "", 0), reports.Number("best_fitness", "best fitness", "", 4), {Name: "state"}, {Name: "detail"},
	}}
	for i := range runs {
		r := &runs[i]
		t.Add(r.Dir, r.Name, orNull(r.RunID), r.Seeds, r.Epochs, r.BestFitness, r.State, orNull(r.Detail))
	}
	if len(runs) == 0 {
		t.Notes = append(t.Notes, "there is no run below "+dir)
	}
	return p.answer(f, "list", rowsAnswer{t}, t)
}
