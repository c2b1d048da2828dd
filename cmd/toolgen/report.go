package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"toolgen/analysis"
	"toolgen/analysis/compare"
	"toolgen/datasets"
	"toolgen/experiment"
	"toolgen/reports"
	"toolgen/reports/page"
)

func (p *program) reportCommand() *cli.Command {
	return &cli.Command{
		Name: "report", Usage: "runs as one HTML file that needs nothing else, and the charts beside it", ArgsUsage: "RUN...",
		Description: `toolgen report runs/baseline-1f2e3d4c -o site
toolgen report BASE NEW -o compared          side by side
toolgen report RUN -o flattening --spec json_flatten`,
		Flags: append([]cli.Flag{
			outFlag("`DIR` of the report: new, empty, or an earlier report (required)"),
			clockFlag(), formatFlag(),
		}, filterFlags()...),
		Action: p.report,
	}
}

func (p *program) report(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	if _, err := wallClock(c); err != nil {
		return err
	}
	out := c.String("out")
	if out == "" {
		return usagef("report needs -o DIR, a folder that is new, empty or an earlier report")
	}
	if err := page.Check(out); err != nil {
		return reportFolder(err)
	}
	dirs, err := arguments(c)
	if err != nil {
		return err
	}
	s, err := study(c)
	if err != nil {
		return err
	}
	o := page.Options{Filter: s.filter, Clock: c.String("clock"), Out: out}
	for _, dir := range dirs {
		run, err := readForReport(dir, out)
		if err != nil {
			return err
		}
		o.Runs = append(o.Runs, run)
	}
	if o.Comparison, err = compareForReport(dirs, s.filter); err != nil {
		return err
	}
	files, err := page.Build(o)
	if err != nil {
		return err
	}
	if err := page.Write(out, files); err != nil {
		return reportFolder(err)
	}
	index := filepath.Join(out, "index.html")
	if f == reports.Text {
		p.printf("%s\n", shellQuote(index))
		return nil
	}
	t := &reports.Table{Columns: []reports.Column{{Name: "file"}, reports.Number("bytes", "", "", 0)}}
	for _, file := range files {
		t.Add(filepath.Join(out, filepath.FromSlash(file.Name)), len(file.Data))
	}
	return p.answer(f, "report", struct {
		Report string         `json:"report"`
		Files  *reports.Table `json:"files"`
	}{index, t}, t)
}

// compareForReport holds the other experiments against that of the first run, as compare
// does without options; nil if there is only one.
func compareForReport(dirs []string, filter analysis.Filter) (*page.Comparison, error) {
	var runs []*datasets.Run
	for _, dir := range dirs {
		run, err := openRun(dir)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	groups := compare.Fold(runs)
	if len(groups) < 2 {
		return nil, nil
	}
	names := shortNames(dirs)
	var sides []*compare.Experiment
	for i := range runs {
		at := slices.IndexFunc(groups, func(g []*datasets.Run) bool { return slices.Contains(g, runs[i]) })
		if at < 0 {
			continue // it came with an earlier one
		}
		x, err := compare.Read(names[i], groups[at], compare.ReadOptions{Filter: filter})
		if err != nil {
			return nil, err
		}
		groups[at] = nil
		sides = append(sides, x)
	}
	result := compare.Compare(sides[0], sides[1:], compare.Options{Alpha: 0.05})
	return &page.Comparison{Verdict: "Against " + sides[0].Name + ": " + reports.AnswerWords(result.Answer) + ".", Tables: reports.Compare(result)}, nil
}

// readForReport reads a run for a report that will lie in out.
func readForReport(dir, out string) (*page.Run, error) {
	opened, err := openRun(dir)
	if err != nil {
		return nil, err
	}
	if opened.Partial {
		return nil, usagef("%s is not done; a report is of runs that are", dir)
	}
	run, err := page.Read(opened, filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	if note := experiment.ReadVerified(dir, opened.Lock.RunID); note != nil {
		run.Verified = fmt.Sprintf("%s, on %s", note.Time.UTC().Format(time.RFC3339), note.Host)
	}
	run.Link = linkTo(dir, out)
	return run, nil
}

// linkTo is the way from a report's folder to a run; "" if there is none.
func linkTo(dir, out string) string {
	from, err1 := filepath.Abs(out)
	to, err2 := filepath.Abs(dir)
	if err1 != nil || err2 != nil {
		return ""
	}
	rel, err := filepath.Rel(from, to)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// reportFolder makes a mistake of the user out of a folder that is somebody else's.
func reportFolder(err error) error {
	if errors.Is(err, page.ErrNotReport) {
		return &usageError{err.Error()}
	}
	return &experiment.MachineError{Msg: "the report cannot be written", Err: err}
}
