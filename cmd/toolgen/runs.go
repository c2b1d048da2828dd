package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"toolgen/analysis"
	"toolgen/datasets"
	"toolgen/experiment"
)

// Reading runs for commands that study them.

func filterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "spec", Usage: "only this `SPEC`; may be repeated"},
		&cli.StringSliceFlag{Name: "style", Usage: "only this `STYLE`, or entrant; may be repeated"},
		&cli.StringSliceFlag{Name: "seed", Usage: "only seed `N`, or seeds A-B; may be repeated"},
		&cli.StringSliceFlag{Name: "epoch", Usage: "only what was evaluated in epoch `N`, or epochs A-B; may be repeated"},
	}
}

// studied are the runs that a command was given, and the rows it shall look at.
type studied struct {
	runs   []*analysis.Run
	opened []*datasets.Run    // that they were read from
	merged []*datasets.Merged // folders of tables; of their runs nothing more can be read
	filter analysis.Filter
	notes  []string // how far runs have come that go on
}

// study reads the runs that the arguments name, and more of them where a command needs it.
func study(c *cli.Context, reads ...more) (*studied, error) {
	dirs, err := arguments(c)
	if err != nil {
		return nil, err
	}
	return studyRuns(c, dirs, reads...)
}

// studyRuns reads the runs in these folders.
func studyRuns(c *cli.Context, dirs []string, reads ...more) (*studied, error) {
	s := &studied{}
	var err error
	if s.filter.Seeds, err = ranges(c, "seed"); err != nil {
		return nil, err
	}
	if s.filter.Epochs, err = ranges(c, "epoch"); err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if err := s.read(dir, reads); err != nil {
			return nil, err
		}
	}
	if s.filter.Specs, err = s.names(c, "spec", func(e *datasets.Evaluation) []*string { return []*string{&e.Spec} }); err != nil {
		return nil, err
	}
	s.filter.Styles, err = s.names(c, "style", func(e *datasets.Evaluation) []*string { return []*string{e.Style, e.Label} })
	return s, err
}

// read reads what an argument names.
func (s *studied) read(dir string, reads []more) error {
	runs, merged, err := locate(dir)
	if err != nil {
		return err
	}
	for _, opened := range runs {
		if err := s.readRun(opened, reads); err != nil {
			return err
		}
	}
	if merged == nil {
		return nil
	}
	of, err := analysis.ReadMerged(merged)
	if err != nil {
		return err
	}
	s.runs, s.merged = append(s.runs, of...), append(s.merged, merged)
	return nil
}

// locate opens what an argument names: a run, a folder of runs, or a folder of tables that
// hold the rows of many runs.
func locate(dir string) ([]*datasets.Run, *datasets.Merged, error) {
	opened, err := openRun(dir)
	if !errors.Is(err, datasets.ErrNotRun) {
		return []*datasets.Run{opened}, nil, err
	}
	entries, rerr := os.ReadDir(dir)
	if rerr != nil {
		return nil, nil, err // no folder at all
	}
	var runs []*datasets.Run
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		opened, err := datasets.OpenRun(filepath.Join(dir, e.Name()))
		if errors.Is(err, datasets.ErrNotRun) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		runs = append(runs, opened)
	}
	if runs != nil {
		return runs, nil, nil
	}
	merged, err := datasets.OpenMerged(dir)
	return nil, merged, err
}

func (s *studied) readRun(opened *datasets.Run, reads []more) error {
	r, err := analysis.Read(opened)
	if err != nil {
		return err
	}
	for _, read := range reads {
		if err := read(r, opened); err != nil {
			return err
		}
	}
	if r.Partial {
		s.notes = append(s.notes, howFar(opened.Dir, r))
	}
	s.runs, s.opened = append(s.runs, r), append(s.opened, opened)
	return nil
}

// openRun opens a run. The folder of a run that goes on may be named as it will be.
func openRun(dir string) (*datasets.Run, error) {
	r, err := datasets.OpenRun(dir)
	if errors.Is(err, datasets.ErrMissing) {
		if partial, perr := datasets.OpenRun(filepath.Clean(dir) + datasets.PartialSuffix); perr == nil {
			return partial, nil
		}
		return nil, &experiment.UsageError{Msg: "there is no such run", Err: err}
	}
	return r, err
}

// names reads a filter by name. A name that no run knows is a mistake.
func (s *studied) names(c *cli.Context, flag string, of func(*datasets.Evaluation) []*string) ([]string, error) {
	wanted := c.StringSlice(flag)
	if len(wanted) == 0 {
		return nil, nil
	}
	var known []string
	for _, r := range s.runs {
		for i := range r.Evaluations {
			for _, name := range of(&r.Evaluations[i]) {
				if name != nil && !slices.Contains(known, *name) {
					known = append(known, *name)
				}
			}
		}
	}
	slices.Sort(known)
	for _, w := range wanted {
		if !slices.Contains(known, w) {
			return nil, usagef("--%s %s: there is none of that name in these runs%s", flag, w, suggest(w, known))
		}
	}
	return wanted, nil
}

// ranges reads a filter by number: N or A-B.
func ranges(c *cli.Context, flag string) ([]analysis.Range, error) {
	var out []analysis.Range
	for _, s := range c.StringSlice(flag) {
		from, to, isRange := strings.Cut(s, "-")
		if !isRange {
			to = from
		}
		a, ok1 := plainInteger(from)
		b, ok2 := plainInteger(to)
		if !ok1 || !ok2 || a > b {
			return nil, usagef("--%s %s: expected a number such as 7, or a range such as 1-5", flag, s)
		}
		out = append(out, analysis.Range{From: a, To: b})
	}
	return out, nil
}

// howFar says "epoch 12 of 41" of a run that goes on, for each seed that has begun.
func howFar(dir string, r *analysis.Run) string {
	var total struct {
		Epochs int `json:"epochs"`
	}
	of := ""
	// The run may become whole while we look, or have been killed before it wrote the
	// file; then how far it was to go is not known.
	if data, err := os.ReadFile(filepath.Join(dir, datasets.PartialMark)); err == nil && json.Unmarshal(data, &total) == nil && total.Epochs > 0 {
		of = fmt.Sprintf(" of %d", total.Epochs)
	}
	seeds, played := r.Epochs()
	if len(seeds) == 0 {
		return fmt.Sprintf("%s goes on or was interrupted: no epoch%s is done yet", dir, of)
	}
	parts := make([]string, len(seeds))
	for i := range seeds {
		parts[i] = fmt.Sprintf("epoch %d%s", played[i], of)
		if len(seeds) > 1 {
			parts[i] += fmt.Sprintf(" under seed %d", seeds[i])
		}
	}
	return fmt.Sprintf("%s goes on or was interrupted: %s; candidates stand as they did in their latest epoch", dir, strings.Join(parts, ", "))
}
