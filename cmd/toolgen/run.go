package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"toolgen/analysis"
	"toolgen/datasets"
	"toolgen/experiment"
	"toolgen/pipeline/confine"
	"toolgen/reports"
)

// experimentFlags are those of run, and of plan, which says what run would do.
func experimentFlags() []cli.Flag {
	return append([]cli.Flag{
		outFlag("`DIR` of the run; default: runs/<name>-<first 8 of the run id>"),
		&cli.BoolFlag{Name: "force", Usage: "replace the run that stands in DIR; what is no run is never touched"},
		&cli.StringSliceFlag{Name: "seed", Usage: "seed `N`, or seeds A-B, instead of the manifest's; may be repeated"},
		&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` instead of the manifest's, as in budget.timeout_ms.from=500; may be repeated"},
		&cli.StringSliceFlag{Name: "tag", Usage: "`KEY=VALUE` to keep in observed/host.json; no digest covers it; may be repeated"},
		specsFlag(), noCacheFlag(),
		&cli.BoolFlag{Name: "ask", Usage: "let agents answer what the cassette lacks, in a rehearsal, and then run from the cassette"},
		&cli.StringFlag{Name: "executor", Value: "local", Usage: "where candidates are executed, `NAME`: local"},
		formatFlag(),
	}, machineFlags()...)
}

// loadExperiment reads the manifest that the arguments name.
func loadExperiment(c *cli.Context) (*experiment.Experiment, error) {
	args, err := arguments(c)
	if err != nil {
		return nil, err
	}
	if e := c.String("executor"); e != "" && e != "local" {
		return nil, usagef("--executor %s: expected local", e)
	}
	return experiment.Load(experiment.LoadOptions{
		Manifest: args[0], Sets: c.StringSlice("set"), Seeds: c.StringSlice("seed"), SpecDirs: c.StringSlice("specs"),
	})
}

func (p *program) runCommand() *cli.Command {
	return &cli.Command{
		Name: "run", Usage: "play the tournament of a manifest; leaves a run folder", ArgsUsage: "MANIFEST",
		Description: `toolgen run quickstart
toolgen run my.yaml --seed 1-5 -j 8
toolgen run baseline --set epochs=11 --set population=8 -o runs/short
toolgen run my.yaml --specs ../specs --tag branch=main
toolgen run my.yaml --ask               let agents answer what nobody has asked them yet`,
		Flags: experimentFlags(), Action: p.run,
	}
}

// ran is the JSON answer of run. Figures of this machine and this time are not in it:
// they stand in observed/host.json.
type ran struct {
	RunID    string           `json:"run_id"`
	Dir      string           `json:"dir"`
	UpToDate bool             `json:"up_to_date"`
	Rows     map[string]int64 `json:"rows"`      // by table
	Winners  *reports.Table   `json:"winners"`   // the best of each spec and style
	SetAside *reports.Table   `json:"set_aside"` // candidates that cannot be measured on the machine that made the run
}

func (p *program) run(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	tags, err := keyValues(c, "tag")
	if err != nil {
		return err
	}
	x, err := loadExperiment(c)
	if err != nil {
		return err
	}
	env, err := p.open(c)
	if err != nil {
		return err
	}
	defer env.Close()
	p.sayIsolation()
	g := p.newProgress(x)
	sum, err := env.Run(c.Context, x, experiment.RunOptions{Out: c.String("out"), Force: c.Bool("force"), Ask: c.Bool("ask"), Tags: tags, Observe: g.observe})
	g.end()
	if err != nil {
		return err
	}
	p.sayAsked(sum.Agents)
	for _, id := range slices.Sorted(maps.Keys(sum.Unbundled)) {
		p.log.Warn("a candidate has no bundle: it is not compiled as a command", "candidate", id, "compiler", reports.Printable(sum.Unbundled[id]))
	}
	recorded, err := datasets.OpenRun(sum.Dir)
	if err != nil {
		return err
	}
	rows, err := analysis.Read(recorded)
	if err != nil {
		return err
	}
	list := analysis.Leaderboard([]*analysis.Run{rows}, analysis.LeaderboardOptions{Top: 1, PerStyle: true})
	winners := reports.Leaderboard(list).Without("last_epoch", "generation", "ancestor_id")
	winners.Title = "The best of each spec and style"
	switch {
	case sum.UpToDate:
	case isTerminal(p.err) && !p.logJSON:
		p.notef("%d candidates, %d of them from the cache, in %.1f s\n\n", sum.Executed, sum.Cached, sum.Elapsed.Seconds())
	default:
		p.log.Info("done", "candidates_measured", sum.Executed, "candidates_cached", sum.Cached, "seconds", sum.Elapsed.Seconds())
	}
	answer := ran{RunID: sum.RunID, Dir: sum.Dir, UpToDate: sum.UpToDate, Rows: sum.Rows, Winners: winners, SetAside: setAsideTable(sum.SetAside)}
	if err := p.answer(f, "run", answer, winners.Brief(f)); err != nil || f != reports.Text {
		return err
	}
	if sum.UpToDate {
		p.printf("\nup to date: %s holds this run, and its files are as its lock says\n", sum.Dir)
	} else {
		p.printf("\n%s: %d evaluations of %d candidates\n", sum.Dir, sum.Rows["evaluations"], sum.Rows["candidates"])
	}
	if n := len(sum.SetAside); n > 0 {
		p.printf("\nset aside: %d that cannot be measured on this machine; the run is settled without (observed/set_aside.json)\n", n)
		for i := range sum.SetAside[:min(n, maxAsideShown)] {
			p.printf("  %s\n", reports.Printable(sum.SetAside[i].String()))
		}
		if n > maxAsideShown {
			p.printf("  and %d more\n", n-maxAsideShown)
		}
	}
	dir := shellQuote(sum.Dir)
	p.printf("\nNext:\n  toolgen verify %s\n  toolgen leaderboard %[1]s\n  toolgen report %[1]s -o %s\n", dir, shellQuote(sum.Dir+"-report"))
	if len(list) > 0 {
		p.printf("  toolgen show %s %s\n  toolgen replay %[1]s %[2]s\n", dir, reports.ShortID(list[0].CandidateID))
	}
	return nil
}

// sayIsolation says which restrictions of processes hold: in a log always, to somebody who
// looks on only if some are missing.
func (p *program) sayIsolation() {
	has := confine.Probe()
	holds := strings.Join(has.Holds(), ", ")
	switch {
	case !has.Complete():
		p.log.Warn("this machine cannot restrict processes as far as others", "holds", holds, "missing", strings.Join(has.Missing(), ", "))
	case !isTerminal(p.err) || p.logJSON:
		p.log.Info("isolation", "holds", holds)
	}
}

// maxAsideShown is how many candidates that were set aside are named at the end of a run.
const maxAsideShown = 5

// setAsideTable is who was set aside. Of a run that was made elsewhere it may be known no
// more than the ids.
func setAsideTable(list []experiment.SetAside) *reports.Table {
	t := &reports.Table{Columns: []reports.Column{
		{Name: "candidate_id", Show: reports.ShortID}, {Name: "spec"}, {Name: "seed"}, {Name: "style"}, {Name: "label"}, {Name: "origin"},
		{Name: "job"}, {Name: "case"}, {Name: "reason"},
	}}
	for _, s := range list {
		var seed any
		if s.Job != "" {
			seed = s.Seed
		}
		t.Add(s.CandidateID, orNull(s.Spec), seed, orNull(s.Style), orNull(s.Label), orNull(s.Origin), orNull(s.Job), orNull(s.Case), orNull(s.Reason))
	}
	return t
}

// sayAsked says what agents had to do with a run. An agent that fails spoils no run, so
// nobody would notice otherwise.
func (p *program) sayAsked(a *experiment.Rehearsal) {
	if a == nil {
		return
	}
	if a.Asked > 0 {
		p.log.Info("agents were asked", "exchanges", a.Exchanges, "asked", a.Asked)
	}
	if a.Failed > 0 {
		p.log.Warn("agents gave no usable answer", "exchanges", a.Exchanges, "failed", a.Failed, "such_as", a.Failure.Error())
	}
}

// keyValues reads a flag that is repeated as KEY=VALUE.
func keyValues(c *cli.Context, flag string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range c.StringSlice(flag) {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return nil, usagef("--%s %s: expected KEY=VALUE", flag, s)
		}
		if _, twice := out[key]; twice {
			return nil, usagef("--%s %s: the key stands twice", flag, s)
		}
		out[key] = value
	}
	return out, nil
}

func (p *program) planCommand() *cli.Command {
	return &cli.Command{
		Name: "plan", Usage: "what run would do, and how much of it the cache answers", ArgsUsage: "MANIFEST",
		Description: `toolgen plan baseline
toolgen plan my.yaml --seed 1-5 --format json`,
		Flags: experimentFlags(), Action: p.plan,
	}
}

func (p *program) plan(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	if _, err := keyValues(c, "tag"); err != nil {
		return err
	}
	x, err := loadExperiment(c)
	if err != nil {
		return err
	}
	env, err := p.open(c)
	if err != nil {
		return err
	}
	defer env.Close()
	plan, err := env.Plan(c.Context, x)
	if err != nil {
		return err
	}
	if out := c.String("out"); out != "" {
		plan.Dir = &out
	}
	t := &reports.Table{Columns: []reports.Column{
		{Name: "spec"}, {Name: "styles"},
		reports.Number("epochs", "epochs", "", 0), reports.Number("slots", "slots", "", 0), reports.Number("suite_cases", "cases", "", 0),
		reports.Number("first_timeout_ms", "first budget", "virtual ms", -1), reports.Number("last_timeout_ms", "last budget", "virtual ms", -1),
		{Name: "first_memory_bytes", Title: "first memory", Unit: "MiB", Right: true, Show: reports.MiB},
		{Name: "last_memory_bytes", Title: "last memory", Unit: "MiB", Right: true, Show: reports.MiB},
	}}
	for _, ph := range plan.Phases {
		t.Add(ph.Spec, ph.Styles, ph.EpochsPlayed, ph.Slots, ph.SuiteCases, ph.FirstBudgetMS, ph.LastBudgetMS, ph.FirstBytes, ph.LastBytes)
	}
	if f == reports.Text {
		run, dir := "not known before agents have answered", "a folder of its name"
		if plan.RunID != nil {
			run = (*plan.RunID)[:8]
		}
		if plan.Dir != nil {
			dir = shellQuote(*plan.Dir)
		}
		p.printf("%s: run %s into %s\n%d seeds, %d epochs, up to %d evaluations\n\n", plan.Name, run, dir, len(plan.Seeds), plan.Epochs, plan.Evaluations)
	}
	if err := p.answer(f, "plan", plan, t); err != nil || f != reports.Text {
		return err
	}
	if plan.SetAside > 0 {
		p.printf("\n%d candidates are known to be beyond this machine, and are set aside\n", plan.SetAside)
	}
	if plan.Missing != nil {
		p.printf("\n%s\n", reports.Printable(*plan.Missing))
	}
	if plan.Complete {
		p.printf("\nthe cache answers all of it: nothing would be executed\n")
	} else {
		p.printf("\nthe cache answers the first %d evaluations\n", plan.Cached)
	}
	return nil
}
