package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/schollz/progressbar/v3"
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
toolgen repair run --bundle DIR --spec ./my_spec --all       every plausible patch, best first
toolgen repair run --source median.go --func Median --cases cases.jsonl | git apply
                                                             a function and tests: {"name": "two", "args": [[1, 3]], "want": 2};
                                                             only a repair is printed as a patch that git apply takes`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "bundle", Usage: "`DIR` with the failing tool.go"},
			&cli.StringFlag{Name: "spec", Usage: "the `SPEC` that it fails: an id, or a folder, be it of cases alone"},
			&cli.StringFlag{Name: "source", Usage: "Go `FILE` that stands alone, instead of a bundle"},
			&cli.StringFlag{Name: "func", Usage: "`NAME` of the function in it that fails"},
			&cli.StringFlag{Name: "cases", Usage: "`FILE` of its cases: JSON lines with name, args, and want or error, and split if it is not search"},
			outFlag("`DIR` of the repaired bundle, new or empty; default: the bundle's, with -repaired behind it. Of a function: of the repaired file; default: only the patch is printed"),
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
	g := p.newRepairProgress()
	opt.Observe = g.observe
	var r *experiment.Repair
	if opt.File != "" {
		r, err = env.RepairFunction(c.Context, *opt)
	} else {
		r, err = env.Repair(c.Context, opt.RepairOptions)
	}
	g.end()
	if err != nil {
		return err
	}
	var unwritten error
	written := ""
	if out := c.String("out"); opt.File != "" && out != "" && r.Outcome == repair.Repaired {
		written = filepath.Join(out, filepath.Base(opt.File))
		if unwritten = writeRepaired(written, r.Source); unwritten == nil {
			r.BundleDir = &out
		}
	}
	if f == reports.Text {
		p.repairText(r, written)
	} else if err := p.answer(f, "repair", r, repairTable(r)); err != nil {
		return err
	}
	if unwritten != nil {
		return unwritten // the answer took a while, and was given
	}
	if r.Outcome != repair.Repaired && r.Outcome != repair.NothingToRepair {
		return errBadNews
	}
	return nil
}

// writeRepaired writes the repaired file, and its folder. What is there by now stays.
func writeRepaired(path string, source []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return &experiment.UsageError{Msg: "--out cannot be made", Err: err}
	}
	if err := vacant(filepath.Dir(path), "file"); err != nil {
		return err
	}
	if err := renameio.WriteFile(path, source, 0o644); err != nil {
		return fmt.Errorf("the repaired file: %w", err)
	}
	return nil
}

func (p *program) repairOptions(c *cli.Context) (*experiment.FunctionOptions, error) {
	if _, err := arguments(c); err != nil {
		return nil, err
	}
	opt := &experiment.FunctionOptions{}
	opt.Localizer, opt.All = c.String("localizer"), c.Bool("all")
	patches, err := integer(c, "patches", experiment.DefaultPatches, 1, 1_000_000)
	if err != nil {
		return nil, err
	}
	opt.Patches = int(patches)
	if opt.Seed, err = integer(c, "seed", 1, 0, maxSeed); err != nil {
		return nil, err
	}
	given := func(names ...string) (n int) {
		for _, name := range names {
			if c.String(name) != "" {
				n++
			}
		}
		return n
	}
	bundle, function := given("bundle", "spec"), given("source", "func", "cases")
	switch {
	case bundle == 2 && function == 0:
		return opt, p.bundleOptions(c, &opt.RepairOptions)
	case bundle == 0 && function == 3:
		return opt, functionOptions(c, opt)
	}
	return nil, usagef("repair run needs --bundle DIR and --spec SPEC, or --source FILE, --func NAME and --cases FILE")
}

func (p *program) bundleOptions(c *cli.Context, opt *experiment.RepairOptions) (err error) {
	dir := c.String("bundle")
	if opt.Source, err = bundleSource(dir); err != nil {
		return usagef("--bundle %v", err)
	}
	if opt.Spec, err = experiment.FindSpec(c.String("spec"), c.StringSlice("specs")); err != nil {
		return err
	}
	if opt.Out = c.String("out"); opt.Out == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		if opt.Out = filepath.Clean(dir) + "-repaired"; filepath.Base(opt.Out) != filepath.Base(abs)+"-repaired" {
			opt.Out = abs + "-repaired" // of . or ..
		}
	}
	return vacant(opt.Out, "bundle")
}

// vacant says why a folder cannot be written to: it must be new or empty.
func vacant(dir, what string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usagef("%s, where the repaired %s would go, is no folder that can be read; name a new one by -o", dir, what)
	case len(entries) > 0:
		return usagef("%s, where the repaired %s would go, is not empty; name a new folder by -o", dir, what)
	}
	return nil
}

func functionOptions(c *cli.Context, opt *experiment.FunctionOptions) (err error) {
	opt.File, opt.Func, opt.CasesFile = c.String("source"), c.String("func"), c.String("cases")
	if opt.Code, err = os.ReadFile(opt.File); err != nil {
		return &experiment.UsageError{Msg: "--source cannot be read", Err: err}
	}
	if opt.Cases, err = os.ReadFile(opt.CasesFile); err != nil {
		return &experiment.UsageError{Msg: "--cases cannot be read", Err: err}
	}
	if dirs := c.StringSlice("specs"); len(dirs) > 0 {
		return usagef("--specs %s: a function is held against --cases, and no spec is looked for", dirs[0])
	}
	if out := c.String("out"); out != "" {
		return vacant(out, "file")
	}
	return nil
}

// repairProgress shows how far a search has come, on a terminal.
type repairProgress struct{ bar *progressbar.ProgressBar }

func (p *program) newRepairProgress() *repairProgress {
	g := &repairProgress{}
	if !p.quiet && isTerminal(p.err) {
		g.bar = progressbar.NewOptions(1, progressbar.OptionSetWriter(p.err), progressbar.OptionSetWidth(24), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
		g.bar.Describe("measuring the program")
	}
	return g
}

func (g *repairProgress) observe(ev repair.Progress) {
	if g.bar == nil {
		return
	}
	g.bar.ChangeMax(ev.Patches)
	g.bar.Describe(fmt.Sprintf("%s: %d of %d patches tried, %d plausible, best turns %d of %d", ev.Stage, ev.Tried, ev.Patches, ev.Plausible, ev.Best, ev.Failing))
	g.bar.Set(min(ev.Tried, ev.Patches-1)) // the bar ends with the answer
}

func (g *repairProgress) end() {
	if g.bar != nil {
		g.bar.Clear()
	}
}

// repairText has one diff at most that git apply takes, and only of a repair: what is
// printed goes to it through a pipe. file is where the repaired file of a function went.
func (p *program) repairText(r *experiment.Repair, file string) {
	p.printf("%s: %s, %d of %d cases, candidate %.12s\n", r.Spec, r.Verdict, r.CasesPassed, r.CasesTotal, r.CandidateID)
	for _, problem := range r.Problems {
		p.printf("  %s\n", reports.Printable(problem))
	}
	for i, place := range r.Places {
		if i == 0 {
			p.printf("\nMost suspicious\n")
		}
		p.printf("  %s:%-4d %.2f  %s\n", reports.Printable(r.File), place.Line, place.Suspicion, reports.Printable(place.Text))
	}
	p.printf("\nTried %d patches, %d plausible, repair fuel %d\n", r.PatchesTried, r.PatchesPlausible, r.RepairFuel)
	p.printf("%s\n", r.Summary())
	for _, e := range r.Edits {
		p.printf("  %s\n", reports.Printable(e.Description))
	}
	switch {
	case r.Patch == nil:
	case r.Partial:
		p.printf("\nThe best partial patch turns %d of %d failing points:\n\n%s", r.Turned, r.Failing, shownPatch(*r.Patch))
	case isTerminal(p.out):
		p.printf("\n%s", reports.PrintableLines(*r.Patch))
	default:
		p.printf("\n%s", *r.Patch) // to the byte
	}
	if r.HoldoutCorrectness != nil {
		p.printf("\nHeld-out cases: %.4f correct\n", *r.HoldoutCorrectness)
	}
	for i, patch := range r.Plausible {
		p.printf("\nPlausible patch %d: weight %.4f, validate %d/%d, fresh inputs %d/%d\n\n%s", i+1, patch.Weight, patch.Validate.Passed, patch.Validate.Total, patch.Fresh.Passed, patch.Fresh.Total, shownPatch(patch.Patch))
	}
	switch {
	case r.BundleDir != nil && file != "":
		p.printf("\n%s holds the repaired file\n", shellQuote(file))
	case r.BundleDir != nil:
		p.printf("\n%s holds the repaired candidate %.12s\n", shellQuote(*r.BundleDir), *r.ChallengerID)
	}
}

// shownPatch is a patch to look at: it is indented, so that git apply does not see it.
func shownPatch(patch string) string {
	var out strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(patch, "\r\n", "\n")) {
		out.WriteString("    " + reports.PrintableLines(line))
	}
	return out.String()
}

func repairTable(r *experiment.Repair) *reports.Table {
	t := &reports.Table{Title: "Repair", Columns: []reports.Column{
		{Name: "outcome"}, {Name: "spec"}, {Name: "candidate_id", Show: reports.ShortID}, {Name: "challenger_id", Show: reports.ShortID},
		{Name: "patches_tried"}, {Name: "patches_plausible"}, {Name: "validate_correctness"}, {Name: "holdout_correctness"}, {Name: "repair_fuel"}, {Name: "bundle_dir"},
	}}
	t.Add(r.Outcome, r.Spec, r.CandidateID, r.ChallengerID, r.PatchesTried, r.PatchesPlausible, r.ValidateCorrectness, r.HoldoutCorrectness, r.RepairFuel, r.BundleDir)
	return t
}
