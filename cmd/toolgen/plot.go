package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/urfave/cli/v2"

	"toolgen/analysis"
	"toolgen/reports"
	"toolgen/reports/chart"
	"toolgen/reports/figures"
)

func (p *program) plotCommand() *cli.Command {
	return &cli.Command{
		Name: "plot", Usage: "draw a chart: " + orList(figures.Kinds), ArgsUsage: "CHART RUN...",
		Description: `toolgen plot latency runs/baseline-1f2e3d4c -o latency.svg
toolgen plot pareto RUN -o front.png --theme dark --x virtual_ms:min --y peak_memory_bytes:min
toolgen plot diversity BASE NEW -o styles.svg        side by side, on one scale
toolgen plot fitness RUN -o fitness.png --format csv the numbers that it drew, too`,
		Flags: append([]cli.Flag{
			outFlag("write the chart to `FILE`, .png or .svg (required)"),
			&cli.StringFlag{Name: "theme", Value: chart.Light.Name, Usage: "`THEME`: light or dark"},
			&cli.StringFlag{Name: "width", Usage: "width in inches, `IN`; default: what suits the number of panels"},
			&cli.StringFlag{Name: "height", Usage: "height in inches, `IN`; default: as for the width"},
			clockFlag(), xFlag(), yFlag(),
			formatFlag(),
		}, filterFlags()...),
		Action: p.plot,
	}
}

func xFlag() cli.Flag {
	return &cli.StringFlag{Name: "x", Value: "virtual_ms:min", Usage: "`OBJECTIVE` on the horizontal axis of pareto, with min or max"}
}

func yFlag() cli.Flag {
	return &cli.StringFlag{Name: "y", Value: "fitness:max", Usage: "`OBJECTIVE` on the vertical axis"}
}

// plotOptions are the flags of plot, checked.
type plotOptions struct {
	kind          string
	out, ext      string
	theme         *chart.Theme
	width, height float64
}

func readPlotOptions(c *cli.Context) (*plotOptions, error) {
	o := &plotOptions{kind: c.Args().First(), out: c.String("out")}
	if !slices.Contains(figures.Kinds, o.kind) {
		if o.kind == "" {
			return nil, usagef("plot needs a CHART and a RUN; the charts are %s", orList(figures.Kinds))
		}
		return nil, usagef("%q is no chart%s", o.kind, suggest(o.kind, figures.Kinds))
	}
	o.ext = strings.ToLower(strings.TrimPrefix(filepath.Ext(o.out), "."))
	if o.ext != "png" && o.ext != "svg" {
		return nil, usagef("--out %q: expected a name that ends in .png or .svg", o.out)
	}
	i := slices.IndexFunc(chart.Themes, func(t *chart.Theme) bool { return t.Name == c.String("theme") })
	if i < 0 {
		return nil, usagef("--theme %s: expected light or dark", c.String("theme"))
	}
	o.theme = chart.Themes[i]
	for name, to := range map[string]*float64{"width": &o.width, "height": &o.height} {
		if !c.IsSet(name) {
			continue
		}
		v, err := strconv.ParseFloat(c.String(name), 64)
		if err != nil || !(v >= chart.MinInches && v <= chart.MaxInches) {
			return nil, usagef("--%s %s: expected inches, %d to %d", name, c.String(name), chart.MinInches, chart.MaxInches)
		}
		*to = v
	}
	return o, nil
}

func (p *program) plot(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	o, err := readPlotOptions(c)
	if err != nil {
		return err
	}
	if _, err := wallClock(c); err != nil {
		return err
	}
	source := &figures.Source{Clock: c.String("clock")}
	dirs, err := arguments(c)
	if err != nil {
		return err
	}
	for i, flag := range []string{"x", "y"} {
		if source.Objectives[i], err = analysis.ParseObjective(c.String(flag)); err != nil {
			return usagef("--%s: %v", flag, err)
		}
	}
	if source.Objectives[0].Column == source.Objectives[1].Column {
		return usagef("--y: %s is an objective already", source.Objectives[1].Column)
	}
	var reads []more
	switch {
	case o.kind == "clocks" || o.kind == "latency" && source.Clock == figures.Wall:
		reads = append(reads, (*analysis.Run).ReadSamples)
	case o.kind == "handoffs":
		reads = append(reads, (*analysis.Run).ReadHandoffs)
	}
	s, err := studyRuns(c, dirs[1:], reads...)
	if err != nil {
		return err
	}
	source.Runs, source.Filter = s.runs, s.filter
	picture, err := source.Make(o.kind)
	if err != nil {
		return err
	}
	var drawn bytes.Buffer
	draw := picture.Figure.SVG
	if o.ext == "png" {
		draw = picture.Figure.PNG
	}
	if err := draw(&drawn, o.theme, o.width, o.height); err != nil {
		return err
	}
	if err := renameio.WriteFile(o.out, drawn.Bytes(), 0o666); err != nil {
		return err
	}
	for _, note := range s.notes {
		p.notef("%s\n", note)
	}
	if f == reports.Text {
		p.printf("%s\n%s\n", reports.Printable(picture.Figure.Desc), shellQuote(o.out))
		return nil
	}
	return p.answer(f, "plot", struct {
		Chart       string         `json:"chart"`
		Kind        string         `json:"kind"`
		Description string         `json:"description"`
		Notes       []string       `json:"notes"`
		Rows        *reports.Table `json:"rows"`
	}{o.out, o.kind, picture.Figure.Desc, append([]string{}, picture.Table.Notes...), picture.Table}, picture.Table)
}
