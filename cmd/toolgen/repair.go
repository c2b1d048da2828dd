package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/pipeline/repair"
	"toolgen/reports"
)

func (p *program) repairCommand() *cli.Command {
	return &cli.Command{
		Name: "repair", Usage: "the repair lab: search for a smallest edit that repairs a failing program",
		Description: `toolgen repair run --bundle DIR --spec SPEC`,
		Subcommands: []*cli.Command{p.repairRunCommand(), p.repairWatchCommand(), p.repairStatusCommand(), p.repairUnitCommand()},
	}
}

func (p *program) repairRunCommand() *cli.Command {
	return &cli.Command{
		Name: "run", Usage: "repair one program",
		Description: `toolgen repair run --bundle DIR --spec text_deduplicate     DIR holds tool.go; the repaired bundle goes to DIR-repaired
toolgen repair run --bundle DIR --spec ./my_spec --all       every plausible patch, best first`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "bundle", Usage: "`DIR` with the failing tool.go"},
			&cli.StringFlag{Name: "spec", Usage: "the `SPEC` that it fails: an id, or a folder, be it of cases alone"},
			outFlag("`DIR` of the repaired bundle, new or empty; default: the bundle's, with -repaired behind it"),
			&cli.BoolFlag{Name: "all", Usage: "use up the budget and list every plausible patch"},
			&cli.StringFlag{Name: "patches", Usage: fmt.Sprintf("try `N` patches at most (default %d)", experiment.DefaultPatches)},
			&cli.StringFlag{Name: "localizer", Value: repair.LocalizerNames()[0], Usage: "`NAME` of the formula of suspicion: " + strings.Join(repair.LocalizerNames(), ", ")},
			seedFlag("seed `N` of the suite and of the search (default 1)"),
			specsFlag(), noCacheFlag(), formatFlag(),
		}, machineFlags()...),
		Action: p.repairRun,
	}
}

func (p *program) repairRun(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	opt, err := p.repairOptions(c)
	if err != nil {
		return err
	}
	env, err := p.open(c)
	if err != nil {
		return err
	}
	defer env.Close()
	r, err := env.Repair(c.Context, *opt)
	if err != nil {
		return err
	}
	if f == reports.Text {
		p.repairText(r)
	} else if err := p.answer(f, "repair", r, repairTable(r)); err != nil {
		return err
	}
	if r.Outcome != repair.Repaired && r.Outcome != repair.NothingToRepair {
		return errBadNews
	}
	return nil
}

func (p *program) repairOptions(c *cli.Context) (*experiment.RepairOptions, error) {
	if _, err := arguments(c); err != nil {
		return nil, err
	}
	dir := c.String("bundle")
	if dir == "" || c.String("spec") == "" {
		return nil, usagef("repair run needs --bundle DIR and --spec SPEC")
	}
	opt := &experiment.RepairOptions{Localizer: c.String("localizer"), All: c.Bool("all"), Out: c.String("out")}
	patches, err := integer(c, "patches", experiment.DefaultPatches, 1, 1_000_000)
	if err != nil {
		return nil, err
	}
	opt.Patches = int(patches)
	if opt.Seed, err = integer(c, "seed", 1, 0, maxSeed); err != nil {
		return nil, err
	}
	if opt.Source, err = os.ReadFile(filepath.Join(dir, "tool.go")); err != nil {
		return nil, &experiment.UsageError{Msg: "the bundle has no tool.go that can be read", Err: err}
	}
	if opt.Spec, err = experiment.FindSpec(c.String("spec"), c.StringSlice("specs")); err != nil {
		return nil, err
	}
	if opt.Out == "" {
		opt.Out = filepath.Clean(dir) + "-repaired"
	}
	return opt, nil
}

func (p *program) repairText(r *experiment.Repair) {
	p.printf("%s: %s, %d of %d cases, candidate %.12s\n", r.Spec, r.Verdict, r.CasesPassed, r.CasesTotal, r.CandidateID)
	for _, problem := range r.Problems {
		p.printf("  %s\n", reports.Printable(problem))
	}
	for i, place := range r.Places {
		if i == 0 {
			p.printf("\nMost suspicious\n")
		}
		p.printf("  tool.go:%-4d %.2f  %s\n", place.Line, place.Suspicion, reports.Printable(place.Text))
	}
	p.printf("\nTried %d patches, %d plausible, repair fuel %d\n", r.PatchesTried, r.PatchesPlausible, r.RepairFuel)
	p.printf("%s\n", r.Summary())
	for _, e := range r.Edits {
		p.printf("  %s\n", reports.Printable(e.Description))
	}
	if r.Patch != nil {
		if r.Partial {
			p.printf("\nThe best partial patch turns %d of %d failing points:\n", r.Turned, r.Failing)
		}
		p.printf("\n%s", printableLines(*r.Patch))
	}
	if r.HoldoutCorrectness != nil {
		p.printf("\nHeld-out cases: %.4f correct\n", *r.HoldoutCorrectness)
	}
	for i, patch := range r.Plausible {
		p.printf("\nPlausible patch %d: weight %.4f, validate %d/%d, fresh inputs %d/%d\n%s", i+1, patch.Weight, patch.Validate.Passed, patch.Validate.Total, patch.Fresh.Passed, patch.Fresh.Total, printableLines(patch.Patch))
	}
	if r.BundleDir != nil {
		p.printf("\n%s holds the repaired candidate %.12s\n", shellQuote(*r.BundleDir), *r.ChallengerID)
	}
}

func repairTable(r *experiment.Repair) *reports.Table {
	t := &reports.Table{Title: "Repair", Columns: []reports.Column{
		{Name: "outcome"}, {Name: "spec"}, {Name: "candidate_id", Show: reports.ShortID}, {Name: "challenger_id", Show: reports.ShortID},
		{Name: "patches_tried"}, {Name: "patches_plausible"}, {Name: "validate_correctness"}, {Name: "holdout_correctness"}, {Name: "repair_fuel"}, {Name: "bundle_dir"},
	}}
	t.Add(r.Outcome, r.Spec, r.CandidateID, r.ChallengerID, r.PatchesTried, r.PatchesPlausible, r.ValidateCorrectness, r.HoldoutCorrectness, r.RepairFuel, r.BundleDir)
	return t
}
