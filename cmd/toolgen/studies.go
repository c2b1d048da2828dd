package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"toolgen/analysis"
	"toolgen/datasets"
	"toolgen/reports"
)

// The commands that turn the rows of runs into statistics.

func (p *program) paretoCommand() *cli.Command {
	return &cli.Command{
		Name: "pareto", Usage: "fronts: the feasible candidates that no other beats in all objectives", ArgsUsage: "RUN...",
		Description: `toolgen pareto runs/baseline-1f2e3d4c
toolgen pareto RUN --spec json_flatten --z peak_memory_bytes:min
toolgen pareto RUN --x source_bytes:min --y final_base_fitness:max --format csv`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "x", Value: "virtual_ms:min", Usage: "first objective: a numeric `COLUMN` of evaluations.parquet, and :min or :max"},
			&cli.StringFlag{Name: "y", Value: "fitness:max", Usage: "second objective, `COLUMN`:min or :max"},
			&cli.StringFlag{Name: "z", Usage: "third objective, `COLUMN`:min or :max; default: none"},
			formatFlag(),
		}, filterFlags()...),
		Action: p.pareto,
	}
}

func (p *program) pareto(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	var objectives []analysis.Objective
	names := []string{}
	for _, flag := range []string{"x", "y", "z"} {
		if flag == "z" && !c.IsSet(flag) {
			continue
		}
		o, err := analysis.ParseObjective(c.String(flag))
		if err != nil {
			return usagef("--%s: %v", flag, err)
		}
		for _, other := range objectives {
			if other.Column == o.Column {
				return usagef("--%s: %s is an objective already", flag, o.Column)
			}
		}
		objectives, names = append(objectives, o), append(names, o.String())
	}
	s, err := study(c)
	if err != nil {
		return err
	}
	points, summaries, growth := reports.Fronts(analysis.ParetoFronts(s.runs, s.filter, objectives))
	notes := append([]string{}, s.notes...)
	if len(points.Rows) == 0 {
		notes = append(notes, "no feasible candidate fits")
	}
	summaries.Notes = []string{"hypervolume: the share of the box between the best and the worst values that the front dominates"}
	points.Notes = notes
	return p.answer(f, "pareto", struct {
		Notes      []string       `json:"notes"`
		Objectives []string       `json:"objectives"`
		Rows       *reports.Table `json:"rows"`
		Fronts     *reports.Table `json:"fronts"`
		Growth     *reports.Table `json:"growth"`
	}{notes, names, points, summaries, growth}, points.Brief(f), summaries.Brief(f), growth.Brief(f))
}

func (p *program) stabilityCommand() *cli.Command {
	return &cli.Command{
		Name: "stability", Usage: "which candidates are flaky, what exposes each of them, and how far the seeds are apart", ArgsUsage: "RUN...",
		Description: `toolgen stability runs/baseline-1f2e3d4c
toolgen stability RUN --style lsh --format json`,
		Flags: append([]cli.Flag{formatFlag()}, filterFlags()...), Action: p.stability,
	}
}

func (p *program) stability(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	s, err := study(c)
	if err != nil {
		return err
	}
	rates, flakes, spreads := reports.Stability(analysis.Stability(s.runs, s.filter), replayCommand)
	notes := append([]string{}, s.notes...)
	if len(rates.Rows) == 0 {
		notes = append(notes, "no candidate that was run fits")
	}
	rates.Notes = notes
	if len(flakes.Rows) == 0 {
		flakes.Notes = []string{"no flake was found"}
	}
	return p.answer(f, "stability", struct {
		Notes   []string       `json:"notes"`
		Rows    *reports.Table `json:"rows"`
		Flakes  *reports.Table `json:"flakes"`
		Spreads *reports.Table `json:"spreads"`
	}{notes, rates, flakes, spreads}, rates.Brief(f), flakes.Brief(f), spreads.Brief(f))
}

// replayCommand is what shows a flake.
func replayCommand(x *analysis.Flake) string {
	return fmt.Sprintf("toolgen replay %s %s --seed %d --case %s --entropy %d", shellQuote(x.Run), reports.ShortID(x.CandidateID), x.Seed, shellQuote(x.Case), x.Entropy)
}

func (p *program) handoffsCommand() *cli.Command {
	return &cli.Command{
		Name: "handoffs", Usage: "what the repair lab was given, what it repaired, and how the challengers fared", ArgsUsage: "RUN...",
		Description: `toolgen handoffs runs/baseline-1f2e3d4c
toolgen handoffs RUN --style lsh --epoch 0-9 --format md`,
		Flags: append([]cli.Flag{formatFlag()}, filterFlags()...), Action: p.handoffs,
	}
}

func (p *program) handoffs(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	s, err := study(c, (*analysis.Run).ReadHandoffs)
	if err != nil {
		return err
	}
	for _, m := range s.merged {
		if len(m.Paths(datasets.Handoffs.Schema)) == 0 {
			return &datasets.FileError{File: m.Dir, Kind: datasets.ErrMissing, Detail: "there is no table of handoffs below it"}
		}
	}
	rates, funnel, challengers, counts := reports.Handoffs(analysis.Handoffs(s.runs, s.filter))
	notes := []string{}
	if len(rates.Rows) == 0 {
		notes = append(notes, "no handoff fits")
	}
	rates.Notes = notes
	if len(challengers.Rows) == 0 {
		challengers.Notes = []string{"nothing was repaired"}
	}
	return p.answer(f, "handoffs", struct {
		Notes       []string       `json:"notes"`
		Rows        *reports.Table `json:"rows"`
		Funnel      *reports.Table `json:"funnel"`
		Challengers *reports.Table `json:"challengers"`
		Counts      *reports.Table `json:"counts"`
	}{notes, rates, funnel, challengers, counts}, rates.Brief(f), funnel.Brief(f), challengers.Brief(f), counts.Brief(f))
}

func (p *program) trendsCommand() *cli.Command {
	return &cli.Command{
		Name: "trends", Usage: "fitness, virtual time and the shares of the styles from epoch to epoch", ArgsUsage: "RUN...",
		Description: `toolgen trends runs/baseline-1f2e3d4c
toolgen trends RUN --by style --spec json_flatten
toolgen trends RUN.partial --epoch 10-20`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "by", Value: analysis.BySpec, Usage: "a row for each `KEY` and epoch: spec or style"},
			formatFlag(),
		}, filterFlags()...),
		Action: p.trends,
	}
}

func (p *program) trends(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	by := c.String("by")
	if by != analysis.BySpec && by != analysis.ByStyle {
		return usagef("--by %s: expected %s or %s", by, analysis.BySpec, analysis.ByStyle)
	}
	s, err := study(c)
	if err != nil {
		return err
	}
	t := reports.Trends(analysis.Trends(s.runs, s.filter, by))
	t.Notes = s.notes
	if len(t.Rows) == 0 {
		t.Notes = append(t.Notes, "no evaluation fits")
	}
	shown := t.Brief(f)
	if by == analysis.BySpec && (f == reports.Text || f == reports.Markdown) {
		shown = shown.Without("style", "share")
	}
	return p.answer(f, "trends", notedRows{append([]string{}, t.Notes...), t}, shown)
}

// notedRows is the JSON of an answer that is a table, and may be about runs that go on.
type notedRows struct {
	Notes []string       `json:"notes"`
	Rows  *reports.Table `json:"rows"`
}

// more is what a command reads of a run beyond its evaluations and candidates.
type more func(*analysis.Run, *datasets.Run) error
