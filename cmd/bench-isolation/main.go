// Command bench-isolation measures what processes of their own cost: a cold run of the
// baseline, and a search of the repair lab that exhausts a budget of 4,000 versions, each with
// processes and with everything in one process, in turns.
//
// A measurement is a cell, and each cell is a file in the folder that --out names; those
// that are there are not measured again, so it can be interrupted and goes on from there.
// Go's build cache is warm in every cell, and everything else is cold.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"toolgen/experiment"
	"toolgen/pipeline/build"
	"toolgen/pipeline/confine"
	"toolgen/specs"
)

func main() {
	build.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench-isolation:", err)
		os.Exit(1)
	}
}

// The workloads.
const (
	baseline = "baseline"
	versions = "versions"
)

// cell is a measurement.
type cell struct {
	Workload  string         `json:"workload"`
	Processes bool           `json:"processes"`
	Round     int            `json:"round"`
	WallMS    int64          `json:"wall_ms"`
	CPUMS     int64          `json:"cpu_ms"` // of all processes
	Result    string         `json:"result"` // what was computed: the same with processes and without
	Isolation confine.Status `json:"isolation"`
}

func (c cell) name() string {
	mode := "one-process"
	if c.Processes {
		mode = "processes"
	}
	return fmt.Sprintf("%s-%d-%s", c.Workload, c.Round, mode)
}

type options struct {
	out, corpus, manifest string
	rounds, patches       int
	workloads             []string
	measure               string // the cell that this process is to measure
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	var only string
	f := flag.NewFlagSet("bench-isolation", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.out, "out", "runs/bench-isolation", "`folder` of the cells")
	f.StringVar(&o.corpus, "corpus", "pipeline/faults/testdata/corpus", "`folder` of faulty programs")
	f.StringVar(&o.manifest, "manifest", "baseline", "`manifest` that is run")
	f.IntVar(&o.rounds, "rounds", 1, "how often everything is measured")
	f.IntVar(&o.patches, "patches", 4000, "how many versions the lab tries")
	f.StringVar(&only, "workloads", versions+","+baseline, "`list` of what is measured, in this order")
	f.StringVar(&o.measure, "measure", "", "a cell as JSON: measure it here, and write its file")
	if err := f.Parse(args); err != nil {
		return err
	}
	o.workloads = strings.Split(only, ",")
	if o.measure != "" {
		return o.here(ctx)
	}
	cells, err := o.all(ctx, stderr)
	if err != nil {
		return err
	}
	return table(stdout, cells)
}

// all measures the cells that are not there yet, each in a process of its own.
func (o options) all(ctx context.Context, stderr io.Writer) ([]cell, error) {
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return nil, err
	}
	var cells []cell
	for round := range o.rounds {
		for _, workload := range o.workloads {
			if workload != baseline && workload != versions {
				return nil, fmt.Errorf("--workloads %s: want %s, %s or both", workload, versions, baseline)
			}
			for i := range 2 {
				c := cell{Workload: workload, Round: round, Processes: (i+round)%2 == 0} // who is first takes turns
				path := filepath.Join(o.out, c.name()+".json")
				if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
					fmt.Fprintln(stderr, c.name())
					text, err := json.Marshal(c)
					if err != nil {
						return nil, err
					}
					cmd := exec.CommandContext(ctx, confine.Self(), "--out", o.out, "--corpus", o.corpus, "--manifest", o.manifest,
						"--patches", fmt.Sprint(o.patches), "--measure", string(text))
					cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
					cmd.Stdout, cmd.Stderr = stderr, stderr
					if err := cmd.Run(); err != nil {
						return nil, fmt.Errorf("%s: %w", c.name(), err)
					}
				}
				data, err := os.ReadFile(path)
				if err != nil {
					return nil, err
				}
				if err := json.Unmarshal(data, &c); err != nil {
					return nil, fmt.Errorf("%s: %w", path, err)
				}
				cells = append(cells, c)
			}
		}
	}
	return cells, nil
}

// here measures a cell in this process.
func (o options) here(ctx context.Context) error {
	var c cell
	if err := json.Unmarshal([]byte(o.measure), &c); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-isolation-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	userCache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	goBuild := filepath.Join(userCache, "toolgen-bench", "go-build")
	if err := errors.Join(os.MkdirAll(goBuild, 0o777), os.Mkdir(filepath.Join(dir, "cache"), 0o777)); err != nil {
		return err
	}
	if err := os.Symlink(goBuild, filepath.Join(dir, "cache", "go-build")); err != nil {
		return err
	}
	// Opened once before: the standard library is compiled by then.
	opt := experiment.EnvOptions{CacheDir: filepath.Join(dir, "cache"), InProcess: !c.Processes}
	env, err := experiment.Open(ctx, opt)
	if err != nil {
		return err
	}
	if err := env.Close(); err != nil {
		return err
	}
	before, start := cpu(), time.Now()
	if env, err = experiment.Open(ctx, opt); err != nil {
		return err
	}
	switch c.Workload {
	case baseline:
		c.Result, err = runManifest(ctx, env, o.manifest, filepath.Join(dir, "run"))
	default:
		c.Result, err = search(ctx, env, o.corpus, o.patches)
	}
	if err = errors.Join(err, env.Close()); err != nil {
		return err
	}
	c.WallMS, c.CPUMS = time.Since(start).Milliseconds(), (cpu() - before).Milliseconds()
	if c.Processes {
		c.Isolation = confine.Probe()
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(o.out, c.name()+".json")
	if err := os.WriteFile(path+".tmp", append(data, '\n'), 0o666); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// cpu is the processor time of this process and of all that it has waited for.
func cpu() time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return sum
}

// runManifest runs a manifest and returns the digests of its rows.
func runManifest(ctx context.Context, env *experiment.Env, manifest, out string) (string, error) {
	x, err := experiment.Load(experiment.LoadOptions{Manifest: manifest})
	if err != nil {
		return "", err
	}
	s, err := env.Run(ctx, x, experiment.RunOptions{Out: out})
	if err != nil {
		return "", err
	}
	lock, err := os.ReadFile(filepath.Join(s.Dir, "lock.json"))
	if err != nil {
		return "", err
	}
	var l struct {
		Tables map[string]struct {
			Rows   int64  `json:"rows"`
			SHA256 string `json:"rows_sha256"`
		} `json:"tables"`
	}
	if err := json.Unmarshal(lock, &l); err != nil {
		return "", err
	}
	t := l.Tables["evaluations"]
	return fmt.Sprintf("run %.8s, %d evaluations %.12s", s.RunID, t.Rows, t.SHA256), nil
}

// search looks for repairs of two programs for which there is none within the budget, one
// after the other, each with half of it.
func search(ctx context.Context, env *experiment.Env, corpus string, patches int) (string, error) {
	var results []string
	for _, id := range []string{"duration_parser", "roman_numerals"} {
		spec, err := specs.LoadDir(filepath.Join(corpus, "specs", id))
		if err != nil {
			return "", err
		}
		source, err := os.ReadFile(filepath.Join(corpus, "bundles", id, "tool.go"))
		if err != nil {
			return "", err
		}
		r, err := env.Repair(ctx, experiment.RepairOptions{Spec: spec, Source: source, Patches: patches / 2})
		if err != nil {
			return "", err
		}
		results = append(results, fmt.Sprintf("%s: %s, %d versions, %d fuel", id, r.Outcome, r.PatchesTried, r.RepairFuel))
	}
	return strings.Join(results, "; "), nil
}

// table prints the cells, and for each workload the ratio of medians.
func table(w io.Writer, cells []cell) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "workload\tround\tprocesses\twall s\tcpu s\tresult\n")
	by := map[string][]cell{}
	for _, c := range cells {
		fmt.Fprintf(t, "%s\t%d\t%t\t%.1f\t%.1f\t%s\n", c.Workload, c.Round, c.Processes, float64(c.WallMS)/1000, float64(c.CPUMS)/1000, c.Result)
		by[c.Workload] = append(by[c.Workload], c)
	}
	for _, workload := range []string{versions, baseline} {
		list := by[workload]
		if len(list) == 0 {
			continue
		}
		median := func(processes bool, of func(cell) int64) float64 {
			var values []int64
			for _, c := range list {
				if c.Processes == processes {
					values = append(values, of(c))
				}
			}
			slices.Sort(values)
			return float64(values[(len(values)-1)/2]+values[len(values)/2]) / 2
		}
		wall, cpu := func(c cell) int64 { return c.WallMS }, func(c cell) int64 { return c.CPUMS }
		fmt.Fprintf(t, "%s\t\tratio\t%.3f\t%.3f\t\n", workload, median(true, wall)/median(false, wall), median(true, cpu)/median(false, cpu))
		for _, c := range list {
			if c.Result != list[0].Result {
				t.Flush()
				return fmt.Errorf("%s: processes change the result: %s and %s", workload, list[0].Result, c.Result)
			}
		}
	}
	fmt.Fprintf(t, "%d CPUs\n", runtime.NumCPU())
	return t.Flush()
}
