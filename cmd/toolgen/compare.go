package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/google/renameio/v2"
	"github.com/urfave/cli/v2"

	"toolgen/analysis"
	"toolgen/analysis/compare"
	"toolgen/datasets"
	"toolgen/experiment"
	"toolgen/reports"
)

func (p *program) compareCommand() *cli.Command {
	return &cli.Command{
		Name: "compare", Usage: "hold runs against a base: facts at the same seeds, tests beyond them, gates for CI", ArgsUsage: "BASE NEW...",
		Description: `toolgen compare runs/baseline-1f2e3d4c runs/baseline-5a6b7c8d
toolgen compare base.json shards --gates gates.yaml   a file that bench --save wrote, a folder of runs
toolgen compare BASE NEW --gates gates.yaml --junit gates.xml --summary "$GITHUB_STEP_SUMMARY"
toolgen compare BASE NEW --generalize --alpha 0.01
toolgen compare BASE NEW --clock wall`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "generalize", Usage: "test whether differences hold beyond these seeds"},
			&cli.StringFlag{Name: "gates", Usage: "let the gates of `FILE` decide, YAML"},
			&cli.StringFlag{Name: "junit", Usage: "write a test case for each gate to `FILE`, JUnit XML"},
			&cli.StringFlag{Name: "summary", Usage: "write verdict, tables and a chart to `FILE`, Markdown for a CI step summary"},
			&cli.StringFlag{Name: "json", Usage: "write the answer to `FILE`, as --format json prints it"},
			&cli.StringFlag{Name: "alpha", Value: "0.05", Usage: "`SHARE` of false alarms that tests may give; gates may have their own"},
			&cli.StringSliceFlag{Name: "allow", Usage: "compare in spite of another `WHAT`: toolchain, task, fuel or semantics; may be repeated"},
			clockFlag(),
			formatFlag(),
		}, filterFlags()...),
		Action: p.compare,
	}
}

func clockFlag() cli.Flag {
	return &cli.StringFlag{Name: "clock", Value: "virtual", Usage: "`CLOCK` of the times: virtual, or wall, which only one machine can compare with itself"}
}

// comparing is a comparison as it was asked for.
type comparing struct {
	format reports.Format
	args   []string
	names  []string // of the arguments, short
	opt    compare.Options
	filter analysis.Filter // of seeds and epochs; specs and styles come later
	specs  []string
	styles []string
	gates  string
	files  []sideOutput
}

// sideOutput is a file that the answer goes to as well.
type sideOutput struct {
	flag, path string
	render     func(*compare.Result) ([]byte, error)
}

func (p *program) compare(c *cli.Context) error {
	cmp, err := readComparing(c)
	if err != nil {
		return err
	}
	result, err := cmp.result(c)
	if err != nil {
		failed := compare.Failure(cmp.names[0], cmp.names[1:], cmp.opt.Alpha, err)
		// What cannot be read goes before what cannot be written.
		if werr := cmp.write(failed); werr != nil && exitCode(err) != exitUsage {
			return errors.Join(err, werr)
		}
		return err
	}
	// The files first: stdout may be a pipe that closes early.
	werr := cmp.write(result)
	if cmp.format == reports.CSV {
		err = p.answer(cmp.format, "compare", result, reports.CompareRows(result))
	} else {
		err = p.answer(cmp.format, "compare", result, reports.Compare(result)...)
	}
	if err := errors.Join(werr, err); err != nil {
		return err
	}
	switch result.Answer {
	case compare.NotComparable:
		return &compare.IncomparableError{Reasons: result.Incomparable}
	case compare.Regression:
		return errBadNews
	case compare.CannotTell:
		return errInconclusive
	}
	return nil
}

// readComparing reads the command line alone, so that its mistakes are found first.
func readComparing(c *cli.Context) (*comparing, error) {
	cmp := &comparing{gates: c.String("gates")}
	var err error
	if cmp.format, err = format(c); err != nil {
		return nil, err
	}
	if cmp.args, err = arguments(c); err != nil {
		return nil, err
	}
	alpha, err := strconv.ParseFloat(c.String("alpha"), 64)
	if err != nil || !(alpha >= 1e-9 && alpha <= 0.5) {
		return nil, usagef("--alpha %s: expected a share such as 0.05, at most 0.5", c.String("alpha"))
	}
	cmp.opt = compare.Options{Alpha: alpha, Generalize: c.Bool("generalize"), Allow: c.StringSlice("allow")}
	for _, kind := range cmp.opt.Allow {
		if !slices.Contains(compare.Kinds, kind) {
			return nil, usagef("--allow %s: expected %s%s", kind, orList(compare.Kinds), suggest(kind, compare.Kinds))
		}
	}
	if cmp.opt.Wall, err = wallClock(c); err != nil {
		return nil, err
	}
	if cmp.filter.Seeds, err = ranges(c, "seed"); err != nil {
		return nil, err
	}
	if cmp.filter.Epochs, err = ranges(c, "epoch"); err != nil {
		return nil, err
	}
	cmp.specs, cmp.styles = c.StringSlice("spec"), c.StringSlice("style")
	for _, out := range []sideOutput{
		{"json", c.String("json"), func(r *compare.Result) ([]byte, error) { return jsonAnswer("compare", r) }},
		{"junit", c.String("junit"), rendered(reports.JUnit)},
		{"summary", c.String("summary"), rendered(reports.Summary)},
	} {
		if !c.IsSet(out.flag) {
			continue
		}
		if info, err := os.Stat(filepath.Dir(out.path)); out.path == "" || err != nil || !info.IsDir() {
			return nil, usagef("--%s %q: expected a file in a folder that is there", out.flag, out.path)
		}
		if info, err := os.Stat(out.path); err == nil && info.IsDir() {
			return nil, usagef("--%s %q: this is a folder", out.flag, out.path)
		}
		for _, before := range cmp.files {
			if filepath.Clean(before.path) == filepath.Clean(out.path) {
				return nil, usagef("--%s and --%s name the same file", before.flag, out.flag)
			}
		}
		cmp.files = append(cmp.files, out)
	}
	cmp.names = shortNames(cmp.args)
	return cmp, nil
}

// wallClock reads --clock.
func wallClock(c *cli.Context) (bool, error) {
	switch clock := c.String("clock"); clock {
	case "virtual":
		return false, nil
	case "wall":
		return true, nil
	default:
		return false, usagef("--clock %s: expected virtual or wall", clock)
	}
}

func rendered(render func(io.Writer, *compare.Result) error) func(*compare.Result) ([]byte, error) {
	return func(r *compare.Result) ([]byte, error) {
		var out bytes.Buffer
		err := render(&out, r)
		return out.Bytes(), err
	}
}

// write writes the files that were asked for, each as a whole or not at all. One that
// cannot be written does not keep the others.
func (cmp *comparing) write(r *compare.Result) error {
	var problems []error
	for _, f := range cmp.files {
		data, err := f.render(r)
		if err == nil {
			err = renameio.WriteFile(f.path, data, 0o666)
		}
		if err != nil {
			problems = append(problems, &experiment.MachineError{Msg: "--" + f.flag + " cannot be written", Err: err})
		}
	}
	return errors.Join(problems...)
}

// result reads both sides and compares them.
func (cmp *comparing) result(c *cli.Context) (*compare.Result, error) {
	if c.IsSet("gates") {
		data, err := os.ReadFile(cmp.gates)
		if err != nil {
			return nil, &experiment.UsageError{Msg: "the gates cannot be read", Err: err}
		}
		if cmp.opt.Gates, err = compare.ParseGates(cmp.gates, data); err != nil {
			return nil, err
		}
	}
	base, news, err := cmp.read()
	if err != nil {
		return nil, err
	}
	all := append([]*compare.Experiment{base}, news...)
	if err := cmp.keep(all); err != nil {
		return nil, err
	}
	return compare.Compare(base, news, cmp.opt), nil
}

// read reads the base, and of the other arguments those that differ only in their seeds
// as one.
func (cmp *comparing) read() (base *compare.Experiment, news []*compare.Experiment, err error) {
	type source struct {
		name  string
		saved *compare.Experiment
		runs  []*datasets.Run
		args  int // that name runs of it
	}
	var sources []source // the base, then the others
	for i, arg := range cmp.args {
		saved, runs, err := cmp.open(arg, cmp.names[i])
		if err != nil {
			return nil, nil, err
		}
		if saved != nil {
			sources = append(sources, source{name: cmp.names[i], saved: saved})
			continue
		}
		groups := compare.Fold(runs)
		if i == 0 && len(groups) > 1 {
			return nil, nil, usagef("%s holds runs of %d experiments; name the one that is the base", arg, len(groups))
		}
		for _, g := range groups {
			at := -1
			if i > 0 {
				at = slices.IndexFunc(sources[1:], func(s source) bool {
					return s.runs != nil && s.runs[0].Lock.ExperimentID == g[0].Lock.ExperimentID
				})
			}
			if at >= 0 {
				sources[at+1].runs = append(sources[at+1].runs, g...)
				sources[at+1].args++
				continue
			}
			name := cmp.names[i]
			if len(groups) > 1 {
				name = filepath.Join(name, filepath.Base(g[0].Dir))
			}
			sources = append(sources, source{name: name, runs: g, args: 1})
		}
	}
	var out []*compare.Experiment
	for _, s := range sources {
		x := s.saved
		if x == nil {
			name := s.name
			if s.args > 1 {
				name = fmt.Sprintf("%s and %d more", name, s.args-1)
			}
			if x, err = compare.Read(name, s.runs, compare.ReadOptions{Filter: cmp.filter, Timings: cmp.opt.Wall}); err != nil {
				return nil, nil, err
			}
		}
		out = append(out, x)
	}
	// Sides are told apart by their names alone.
	for i := range out {
		plain := out[i].Name
		for n := 2; slices.ContainsFunc(out[:i], func(x *compare.Experiment) bool { return x.Name == out[i].Name }); n++ {
			out[i].Name = fmt.Sprintf("%s (%d)", plain, n)
		}
	}
	return out[0], out[1:], nil
}

// open opens an argument: the file of a saved experiment, a run, or a folder of runs.
func (cmp *comparing) open(arg, name string) (*compare.Experiment, []*datasets.Run, error) {
	info, err := os.Stat(arg)
	if err == nil && !info.IsDir() {
		data, err := os.ReadFile(arg)
		if err != nil {
			return nil, nil, &experiment.UsageError{Msg: "the saved experiment cannot be read", Err: err}
		}
		x, err := compare.Parse(arg, data)
		if err != nil {
			return nil, nil, err
		}
		if cmp.filter.Epochs != nil {
			return nil, nil, usagef("--epoch: %s is a saved experiment, which has no epochs any more; name its run", arg)
		}
		x.Name = name
		return x, nil, nil
	}
	run, err := openRun(arg)
	if err == nil {
		if run.Partial {
			return nil, nil, usagef("%s is not done; only runs that are done can be compared", run.Dir)
		}
		return nil, []*datasets.Run{run}, nil
	}
	if !errors.Is(err, datasets.ErrNotRun) {
		return nil, nil, err
	}
	entries, rerr := os.ReadDir(arg)
	if rerr != nil {
		return nil, nil, err
	}
	var runs []*datasets.Run
	for _, e := range entries {
		r, rerr := datasets.OpenRun(filepath.Join(arg, e.Name()))
		switch {
		case errors.Is(rerr, datasets.ErrNotRun):
			continue
		case rerr != nil:
			return nil, nil, rerr
		case r.Partial: // left out in silence it would be a shard that nobody misses
			return nil, nil, usagef("%s is not done; only runs that are done can be compared", r.Dir)
		}
		runs = append(runs, r)
	}
	if len(runs) == 0 {
		return nil, nil, err
	}
	return nil, runs, nil
}

// keep filters by spec, style and seed. A name that no side knows is a mistake.
func (cmp *comparing) keep(all []*compare.Experiment) error {
	for _, f := range []struct {
		flag   string
		wanted []string
		of     func(compare.Point) string
	}{{"spec", cmp.specs, func(p compare.Point) string { return p.Spec }}, {"style", cmp.styles, func(p compare.Point) string { return p.Style }}} {
		var known []string
		for _, x := range all {
			for _, point := range x.Points {
				if name := f.of(point); name != "" && !slices.Contains(known, name) {
					known = append(known, name)
				}
			}
		}
		slices.Sort(known)
		for _, w := range f.wanted {
			if !slices.Contains(known, w) {
				return usagef("--%s %s: there is none of that name in these runs%s", f.flag, w, suggest(w, known))
			}
		}
	}
	for _, x := range all {
		x.Keep(cmp.specs, cmp.styles, func(seed int64) bool {
			return cmp.filter.Seeds == nil || slices.ContainsFunc(cmp.filter.Seeds, func(r analysis.Range) bool { return r.From <= seed && seed <= r.To })
		})
	}
	return nil
}

// shortNames are the last parts of paths, where these tell them apart.
func shortNames(paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = filepath.Base(filepath.Clean(path))
		for j, other := range paths {
			if i != j && filepath.Base(filepath.Clean(other)) == out[i] {
				out[i] = filepath.Clean(path)
				break
			}
		}
	}
	return out
}
