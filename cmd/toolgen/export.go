package main

import (
	"context"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"toolgen/datasets"
	"toolgen/experiment"
	"toolgen/reports"
)

func (p *program) exportCommand() *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "tables of runs as files for other programs, the rows of all runs together", ArgsUsage: "RUN...",
		Description: `toolgen export runs --to parquet -o merged       one file a table; toolgen reads the folder too
toolgen export RUN --to parquet --partition -o lake
toolgen export RUN --to csv --table evaluations -o evaluations.csv
toolgen export RUN --to notebook -o notebook --spec json_flatten`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "to", Usage: "`FORMAT` of the files: " + orList(exportFormats()) + " (required)"},
			&cli.StringSliceFlag{Name: "table", Usage: "only this `TABLE`: " + orList(exportTables()) + "; may be repeated; default: all but samples"},
			&cli.BoolFlag{Name: "partition", Usage: "a file for each experiment and seed, TABLE/experiment=NAME/seed=N/TABLE.parquet"},
			outFlag("`PATH` of the export: a folder that is new or empty, or with one table a new file such as x.csv (required)"),
			formatFlag(),
		}, filterFlags()...),
		Action: p.export,
	}
}

func exportFormats() []string {
	var out []string
	for _, f := range datasets.ExportFormats {
		out = append(out, string(f))
	}
	return out
}

func exportTables() []string {
	var out []string
	for _, s := range datasets.Schemas() {
		out = append(out, s.Name)
	}
	return out
}

func (p *program) export(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	o, err := exportOptions(c)
	if err != nil {
		return err
	}
	dirs, err := arguments(c)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		runs, merged, err := locate(dir)
		if err != nil {
			return err
		}
		o.Runs = append(o.Runs, runs...)
		if merged != nil {
			o.Merged = append(o.Merged, merged)
		}
	}
	if o.Keep, err = exportFilter(c); err != nil {
		return err
	}
	done, err := datasets.Export(c.Context, o)
	if err != nil {
		if cause := context.Cause(c.Context); cause != nil || isUsage(err) {
			return err
		}
		return &experiment.MachineError{Msg: "the export cannot be written", Err: err}
	}
	notes := []string{}
	for _, name := range done.LeftOut {
		notes = append(notes, "left out, since a folder of tables lacks it: "+name)
	}
	t := &reports.Table{Columns: []reports.Column{{Name: "file"}, {Name: "table"}, reports.Number("rows", "", "", 0), reports.Number("bytes", "", "", 0)}, Notes: notes}
	for _, file := range done.Files {
		if file.Table == "" {
			t.Add(file.Path, nil, nil, file.Bytes)
			continue
		}
		t.Add(file.Path, file.Table, file.Rows, file.Bytes)
	}
	return p.answer(f, "export", struct {
		Notes []string       `json:"notes"`
		Out   string         `json:"out"`
		Files *reports.Table `json:"files"`
	}{notes, o.Out, t}, t)
}

// exportOptions are what the flags say without a look at the runs.
func exportOptions(c *cli.Context) (datasets.ExportOptions, error) {
	o := datasets.ExportOptions{Format: datasets.ExportFormat(c.String("to")), Partition: c.Bool("partition"), Out: c.String("out")}
	switch {
	case o.Format == "":
		return o, usagef("export needs --to FORMAT: %s", orList(exportFormats()))
	case !slices.Contains(datasets.ExportFormats, o.Format):
		return o, usagef("--to %s: there is no such format%s", o.Format, suggest(string(o.Format), exportFormats()))
	case o.Out == "":
		return o, usagef("export needs -o PATH, a folder that is new or empty, or with one table a new file")
	case o.Partition && o.Format != datasets.ExportParquet && o.Format != datasets.ExportNotebook:
		return o, usagef("--partition is for --to parquet and --to notebook")
	}
	for _, name := range c.StringSlice("table") {
		if !slices.Contains(exportTables(), name) {
			return o, usagef("--table %s: there is no such table%s", name, suggest(name, exportTables()))
		}
		if !slices.Contains(o.Tables, name) {
			o.Tables = append(o.Tables, name)
		}
	}
	if datasets.IsExportFile(o.Out, o.Format) && (len(o.Tables) != 1 || o.Partition) {
		return o, usagef("-o %s: a file takes one --table and no --partition; name a folder", o.Out)
	}
	err := datasets.CheckExport(o.Out)
	if err != nil && !errors.Is(err, datasets.ErrExists) {
		err = &experiment.MachineError{Msg: "the export cannot be written", Err: err}
	}
	return o, err
}

// exportFilter is what the filters say; nil if there are none. Only where a name has to be
// known are the runs read for it.
func exportFilter(c *cli.Context) (func(*datasets.Evaluation) bool, error) {
	s := &studied{}
	var err error
	if c.IsSet("spec") || c.IsSet("style") {
		s, err = study(c)
	} else if s.filter.Seeds, err = ranges(c, "seed"); err == nil {
		s.filter.Epochs, err = ranges(c, "epoch")
	}
	if err != nil {
		return nil, err
	}
	if f := &s.filter; f.Specs == nil && f.Styles == nil && f.Seeds == nil && f.Epochs == nil {
		return nil, nil
	}
	return s.filter.Keeps, nil
}
