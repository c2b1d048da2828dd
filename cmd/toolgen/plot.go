package main

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/urfave/cli/v2"

	"toolgen/analysis"
	"toolgen/datasets"
	"toolgen/reports"
)

func (p *program) plotCommand() *cli.Command {
	return &cli.Command{
		Name: "plot", Usage: "draw a chart of a run: clocks, wall time against virtual time", ArgsUsage: "clocks RUN",
		Description: `toolgen plot clocks runs/baseline-1f2e3d4c -o clocks.svg`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "write the chart to `FILE`, .png or .svg"},
			&cli.StringFlag{Name: "width", Value: "7", Usage: "`INCHES`"},
			&cli.StringFlag{Name: "height", Value: "5", Usage: "`INCHES`"},
			formatFlag(),
		},
		Action: p.plot,
	}
}

func (p *program) plot(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	if c.Args().Len() != 2 || c.Args().First() != "clocks" {
		return usagef("expected: toolgen plot clocks RUN -o FILE.png; other charts are not part of this version")
	}
	out := c.String("out")
	kind := strings.TrimPrefix(filepath.Ext(out), ".")
	if kind != "png" && kind != "svg" {
		return usagef("--out %q: expected a name that ends in .png or .svg", out)
	}
	var size [2]float64
	for i, name := range []string{"width", "height"} {
		if size[i], err = strconv.ParseFloat(c.String(name), 64); err != nil || !(size[i] >= 2 && size[i] <= 40) {
			return usagef("--%s %s: expected inches, 2 to 40", name, c.String(name))
		}
	}
	dir := c.Args().Get(1)
	run, err := datasets.OpenRun(dir)
	if err != nil {
		return err
	}
	if run.Partial {
		return usagef("%s is not done; its timed calls are written at the end", dir)
	}
	r, err := analysis.Read(run)
	if err != nil {
		return err
	}
	samples, err := datasets.Samples.ReadRun(run)
	if err != nil {
		return err
	}
	clocks := analysis.Clocks(r, samples, r.Rules.FuelPerMS)
	if len(clocks) == 0 {
		return usagef("no candidate of %s was timed, so there is nothing to draw", dir)
	}
	rho := analysis.Agreement(clocks)
	var chart bytes.Buffer
	if err := reports.ClocksChart(&chart, clocks, rho, r.Experiment, kind, size[0], size[1]); err != nil {
		return err
	}
	if err := renameio.WriteFile(out, chart.Bytes(), 0o666); err != nil {
		return err
	}
	t := reports.Clocks(clocks)
	t.Notes = append(t.Notes, "rank correlation (Spearman) "+strconv.FormatFloat(rho, 'f', 4, 64)+" over "+strconv.Itoa(len(clocks))+" candidates; chart: "+out)
	return p.answer(f, "plot", struct {
		Chart    string         `json:"chart"`
		Spearman float64        `json:"spearman"`
		Rows     *reports.Table `json:"rows"`
	}{out, rho, t}, t)
}
