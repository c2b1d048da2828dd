package main

import (
	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/reports"
)

func (p *program) verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "execute a run again and compare every row", ArgsUsage: "RUN|LOCK",
		Description: `toolgen verify runs/quickstart-1f2e3d4c
toolgen verify other-machine/lock.json --specs ./specs -o recomputed
toolgen verify RUN --cached             quick: believes measurements in the cache`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "cached", Usage: "believe measurements in the cache; the answer says so"},
			outFlag("`DIR` to leave the recomputed run in"),
			specsFlag(), noCacheFlag(), formatFlag(),
		}, machineFlags()...),
		Action: p.verify,
	}
}

func (p *program) verify(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	args, err := arguments(c)
	if err != nil {
		return err
	}
	r, err := experiment.OpenRecorded(args[0], c.StringSlice("specs"))
	if err != nil {
		return err
	}
	env, err := p.open(c)
	if err != nil {
		return err
	}
	defer env.Close()
	g := p.newProgress(r.Experiment)
	v, err := env.Verify(c.Context, r, experiment.VerifyOptions{Believe: c.Bool("cached"), Out: c.String("out"), Observe: g.observe})
	g.end()
	if err != nil {
		return err
	}
	t := &reports.Table{Columns: []reports.Column{
		{Name: "table"}, reports.Number("rows", "rows", "", 0), reports.Number("rows_computed", "computed again", "", 0), {Name: "same"}, {Name: "difference"},
	}}
	for _, check := range v.Tables {
		t.Add(check.Table, check.Rows, check.Recomputed, check.Same, orNull(check.Difference))
	}
	shown := t
	if f == reports.Text || f == reports.Markdown {
		shown = t.Without("difference") // it may be long, and has a line of its own below
	}
	if err := p.answer(f, "verify", v, shown); err != nil {
		return err
	}
	if f == reports.Text || f == reports.Markdown {
		p.printf("\n")
		p.sayVerified(v)
	}
	if !v.Verified {
		return errBadNews
	}
	return nil
}

func (p *program) sayVerified(v *experiment.Verification) {
	for _, check := range v.Tables {
		if check.Difference != "" {
			p.printf("the first difference in %s: %s\n", check.Table, reports.Printable(check.Difference))
		}
	}
	word, and := p.green("verified"), "every candidate was executed again"
	if !v.Verified {
		word = p.red("not verified")
	}
	if v.Believed {
		and = "the cache was believed: what it held was not executed again"
	}
	p.printf("%s: run %.8s; %s\n", word, v.RunID, and)
}

// orNull makes an absent text null.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
