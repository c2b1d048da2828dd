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
