// Command bench-repair measures the repair lab: how many faults it repairs, how many of
// these repairs are right, and what that costs.
//
// It injects faults into the styles of the specs that ship, drops those that no search
// case of the suite fails, and hands each of the others to the lab under the default
// budget; then it does the same with a corpus of faulty programs. Faults inside of the
// search space (a single edit undoes them) and outside of it are shown apart.
//
// Faults, outcomes, candidates tried and fuel follow from the flags alone; wall times are
// of this machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"toolgen/experiment"
	"toolgen/pipeline/build"
	"toolgen/pipeline/repair"
)

func main() {
	build.Main()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// Exit codes, as toolgen's.
const (
	exitOK      = 0
	exitUsage   = 2
	exitMachine = 3
)

// options are the flags.
type options struct {
	faults    int
	seed      int64
	patches   int
	localizer string
	corpus    string
	specs     string
	json      string
	replay    string
	list      bool
	learn     bool
	cache     string
	jobs      int
}

func run(args []string, out, errw io.Writer) int {
	var opt options
	f := flag.NewFlagSet("bench-repair", flag.ContinueOnError)
	f.SetOutput(errw)
	f.IntVar(&opt.faults, "faults", 210, "inject `N` faults; 0: the corpus alone")
	f.Int64Var(&opt.seed, "seed", 1, "seed `N` of faults, suites and searches")
	f.IntVar(&opt.patches, "patches", experiment.DefaultPatches, "try `N` patches a fault at most")
	f.StringVar(&opt.localizer, "localizer", repair.LocalizerNames()[0], "`NAME` of the formula of suspicion: "+strings.Join(repair.LocalizerNames(), ", "))
	f.StringVar(&opt.corpus, "corpus", "pipeline/faults/testdata/corpus", "`DIR` of faulty programs; none: leave it out")
	f.StringVar(&opt.specs, "spec", "", "only faults of this `SPEC`: one that ships, or one of the corpus")
	f.StringVar(&opt.json, "json", "", "write every fault and what came of it to `FILE`")
	f.StringVar(&opt.replay, "replay", "", "repair only the fault with this `ID`, and print its program, its patch and what the lab found")
	f.BoolVar(&opt.list, "list", false, "list the faults and repair none")
	f.BoolVar(&opt.learn, "learn", false, "print what each kind of edit repaired, to set priors by")
	f.StringVar(&opt.cache, "cache", "", "`DIR` of a cache, so that an interrupted benchmark goes on (times of what it remembers mean nothing); default: one that is removed at the end")
	f.IntVar(&opt.jobs, "jobs", 0, "repair `N` faults at once; default: one for each CPU")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage
	}
	if err := opt.check(f.Args()); err != nil {
		fmt.Fprintf(errw, "bench-repair: %v\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, opt, out, errw); err != nil {
		fmt.Fprintf(errw, "bench-repair: %v\n", err)
		var usage *experiment.UsageError
		if errors.As(err, &usage) {
			return exitUsage
		}
		return exitMachine
	}
	return exitOK
}

func (o *options) check(rest []string) error {
	if _, err := repair.LocalizerNamed(o.localizer); err != nil {
		return err
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.faults < 0 || o.faults > 10_000:
		return fmt.Errorf("--faults %d: expected 0 to 10000", o.faults)
	case o.seed < 0 || o.seed > 1<<53-1:
		return fmt.Errorf("--seed %d: expected 0 to 2^53-1", o.seed)
	case o.patches < 1:
		return fmt.Errorf("--patches %d: expected 1 or more", o.patches)
	case o.jobs < 0:
		return fmt.Errorf("--jobs %d: expected 1 or more", o.jobs)
	}
	return nil
}

// bench is the benchmark.
func bench(ctx context.Context, opt options, out, errw io.Writer) error {
	m, err := openMachine(ctx, opt)
	if err != nil {
		return err
	}
	defer m.close()
	subjects, err := m.subjects(ctx, opt, errw)
	if err != nil {
		return err
	}
	if opt.replay != "" {
		i := slices.IndexFunc(subjects, func(s *subject) bool { return s.ID == opt.replay })
		if i < 0 {
			return &experiment.UsageError{Msg: fmt.Sprintf("there is no fault %q under these flags; --list lists them", opt.replay)}
		}
		subjects = subjects[i : i+1]
	}
	if opt.list {
		return faultList(subjects).Render(out, "text")
	}
	if err := m.repairAll(ctx, opt, subjects, errw); err != nil {
		if ctx.Err() == nil {
			return err
		}
		fmt.Fprintln(errw, "interrupted: what follows is of the faults that were done")
	}
	done := slices.DeleteFunc(slices.Clone(subjects), func(s *subject) bool { return s.Outcome == "" })
	if err := m.heldout(context.WithoutCancel(ctx), done); err != nil {
		return err
	}
	if opt.json != "" {
		if err := writeJSON(opt.json, opt, done); err != nil {
			return err
		}
	}
	if opt.replay != "" {
		return replayed(out, done)
	}
	return report(out, opt, m.importer(), done)
}

// openMachine sets up an experiment.Env, and beside it a builder of our own for what an
// Env does not offer: hundreds of faulty programs on a suite, to see which fail.
func openMachine(ctx context.Context, opt options) (*machine, error) {
	m := &machine{}
	dir := opt.cache
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "bench-repair-"); err != nil {
			return nil, err
		}
		m.temporary = dir
		// The standard library need not be compiled again.
		if base, err := experiment.DefaultCacheDir(); err == nil {
			if _, err := os.Stat(filepath.Join(base, "go-build")); err == nil {
				if err := os.Symlink(filepath.Join(base, "go-build"), filepath.Join(dir, "go-build")); err != nil {
					return nil, err
				}
			}
		}
	}
	if err := m.open(ctx, dir); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}
