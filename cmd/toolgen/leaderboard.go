package main

import (
	"github.com/urfave/cli/v2"

	"toolgen/analysis"
	"toolgen/reports"
)

func (p *program) leaderboardCommand() *cli.Command {
	return &cli.Command{
		Name: "leaderboard", Usage: "who won: distinct candidates as they stand at the last budget", ArgsUsage: "RUN...",
		Description: `toolgen leaderboard runs/quickstart-1f2e3d4c
toolgen leaderboard runs/baseline-* --top 3 --spec json_flatten
toolgen leaderboard RUN --format csv --top 0 > all.csv`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "top", Value: "5", Usage: "show the best `N` of each experiment and spec; 0: all"},
			formatFlag(),
		}, filterFlags()...),
		Action: p.leaderboard,
	}
}

func (p *program) leaderboard(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	top, err := integer(c, "top", 5, 0, 1<<31)
	if err != nil {
		return err
	}
	s, err := study(c)
	if err != nil {
		return err
	}
	list := analysis.Leaderboard(s.runs, analysis.LeaderboardOptions{Filter: s.filter, Top: int(top)})
	t := reports.Leaderboard(list)
	t.Notes = s.notes
	if len(list) == 0 {
		t.Notes = append(t.Notes, "no candidate fits")
	}
	return p.answer(f, "leaderboard", notedRows{append([]string{}, t.Notes...), t}, t.Brief(f))
}

func (p *program) benchCommand() *cli.Command {
	return &cli.Command{
		Name: "bench", Usage: "the best of each spec in its first and last epoch: median latency, budget, score", ArgsUsage: "RUN...",
		Description: `toolgen bench runs/baseline-1f2e3d4c
toolgen bench RUN --format md >> README.md`,
		Flags:  append([]cli.Flag{formatFlag()}, filterFlags()...),
		Action: p.bench,
	}
}

func (p *program) bench(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	s, err := study(c)
	if err != nil {
		return err
	}
	for _, note := range s.notes {
		return usagef("%s; bench needs runs that are done", note)
	}
	list, err := analysis.Bench(s.runs, s.filter)
	if err != nil {
		return err
	}
	t := reports.Bench(list)
	return p.answer(f, "bench", rowsAnswer{t}, t.Brief(f))
}
