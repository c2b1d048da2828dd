package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/pipeline/handoff"
	"toolgen/pipeline/handoff/watch"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/synth"
	"toolgen/reports"
	"toolgen/specs"
)

// Flags of the commands that work with a queue.

func queueFlag() cli.Flag {
	return &cli.StringFlag{Name: "queue", Usage: "`DIR` of the queue (required)"}
}

func watchFolderFlags() []cli.Flag {
	return []cli.Flag{
		queueFlag(),
		&cli.StringFlag{Name: "challengers", Usage: "`DIR` that repaired candidates go to; default: challengers in the queue"},
		&cli.StringFlag{Name: "logs", Usage: "`DIR` of runs.log and error.log; default: logs in the queue"},
	}
}

func (p *program) repairWatchCommand() *cli.Command {
	return &cli.Command{
		Name: "watch", Usage: "repair what is handed off to a queue, until it is stopped",
		Description: `toolgen repair watch --queue queue
toolgen repair watch --queue queue --challengers challengers --specs ./specs
toolgen repair watch --queue queue --once                     what is there now; exit code 1 if anything failed`,
		Flags: append(append(watchFolderFlags(),
			specsFlag(),
			&cli.StringFlag{Name: "interval", Value: "5s", Usage: "look for new files every `TIME` even if nobody tells of them"},
			&cli.StringFlag{Name: "timeout", Value: "180s", Usage: "give up a repair after `TIME`"},
			&cli.BoolFlag{Name: "once", Usage: "end when nothing is left to do"},
			noCacheFlag(),
		), machineFlags()...),
		Action: p.repairWatch,
	}
}

func (p *program) repairWatch(c *cli.Context) error {
	opt, err := p.watchOptions(c)
	if err != nil {
		return err
	}
	dirs, err := specDirs(c)
	if err != nil {
		return err
	}
	env, err := p.open(c)
	if err != nil {
		return err
	}
	defer env.Close()
	if !opt.Once {
		p.log.Info("watching", "queue", opt.Queue, "interval", opt.Interval.String(), "timeout", opt.Timeout.String())
	}
	s, err := watch.Run(c.Context, *opt, &lab{env, dirs})
	if err != nil {
		return err
	}
	p.printf("%d repaired, %d with nothing to repair, %d failed, %d set aside, %d known already\n", s.Repaired, s.Fine, s.Failed, s.SetAside, s.Duplicates)
	if s.Failed+s.SetAside > 0 {
		return errBadNews
	}
	return nil
}

func (p *program) watchOptions(c *cli.Context) (*watch.Options, error) {
	queue, err := queueOf(c)
	if err != nil {
		return nil, err
	}
	opt := &watch.Options{
		Queue: queue, Challengers: c.String("challengers"), Logs: c.String("logs"), Once: c.Bool("once"), Now: time.Now, Observe: p.observeWatch,
	}
	if opt.Interval, err = duration(c, "interval", 10*time.Millisecond, 24*time.Hour); err != nil {
		return nil, err
	}
	if opt.Timeout, err = duration(c, "timeout", 100*time.Millisecond, 24*time.Hour); err != nil {
		return nil, err
	}
	opt.Backoff = opt.Interval
	return opt, nil
}

// queueOf reads --queue.
func queueOf(c *cli.Context) (string, error) {
	if _, err := arguments(c); err != nil {
		return "", err
	}
	queue := c.String("queue")
	if queue == "" {
		return "", usagef("%s needs --queue DIR", commandPath(c))
	}
	if info, err := os.Stat(queue); err == nil && !info.IsDir() {
		return "", usagef("--queue %s: it is a file, expected a folder", queue)
	}
	return queue, nil
}

// specDirs reads --specs, for a watcher: that a folder is not there must not wait for the
// first handoff whose spec is looked up there.
func specDirs(c *cli.Context) ([]string, error) {
	dirs := c.StringSlice("specs")
	for _, dir := range dirs {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, usagef("--specs %s: %v", dir, err)
		}
	}
	return dirs, nil
}

// duration reads a flag that is a time with its unit.
func duration(c *cli.Context, name string, from, to time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(c.String(name))
	if err != nil || d < from || d > to {
		return 0, usagef("--%s %s: expected a time from %v to %v, as in 90s or 5m", name, c.String(name), from, to)
	}
	return d, nil
}

// observeWatch tells on stderr, so in the journal of a service, what the logs say.
func (p *program) observeWatch(r watch.Record) {
	level := slog.LevelInfo
	switch {
	case r.Event != watch.EventAttempt && r.Event != handoff.EventDuplicate, r.Outcome == handoff.OutcomeError, r.Outcome == watch.OutcomeHung:
		level = slog.LevelWarn
	}
	var args []any
	add := func(key, value string) {
		if value != "" {
			args = append(args, key, value)
		}
	}
	if r.ID != "" {
		add("handoff", reports.ShortID(r.ID))
	}
	if r.Attempt > 0 {
		args = append(args, "attempt", r.Attempt)
	}
	add("outcome", r.Outcome)
	if r.ChallengerID != "" {
		add("challenger", reports.ShortID(r.ChallengerID))
	}
	add("file", r.File)
	add("reason", r.Reason)
	p.log.Log(context.Background(), level, r.Event, args...)
}

// repairer is the lab as the watcher needs it.
type repairer interface {
	Repair(ctx context.Context, opt experiment.RepairOptions) (*experiment.Repair, error)
}

var _ repairer = (*experiment.Env)(nil)

// lab has handoffs repaired. What a handoff lacks (a spec, a source) is its own fault and
// ends it; only what the lab calls an error is the machine's.
type lab struct {
	env      repairer
	specDirs []string
}

var _ watch.Attempter = (*lab)(nil)

// Attempt implements watch.Attempter.
func (l *lab) Attempt(ctx context.Context, job *handoff.Job) (watch.Result, error) {
	opt, err := l.options(job)
	if err != nil {
		return watch.Result{Outcome: handoff.OutcomeNotAttempted, Reason: err.Error()}, nil
	}
	r, err := l.env.Repair(ctx, *opt)
	switch {
	case (isUsage(err) || is[*experiment.DiedError](err)) && ctx.Err() == nil: // another attempt would end so, too
		return watch.Result{Outcome: handoff.OutcomeNotAttempted, Reason: err.Error()}, nil
	case err != nil:
		return watch.Result{}, err
	}
	answer := watch.Result{Outcome: r.Outcome, Reason: r.Summary()}
	switch r.Outcome {
	case repair.Repaired:
		for i, e := range r.Edits {
			answer.Reason += []string{": ", "; "}[min(i, 1)] + e.Description
		}
		answer.Challenger = &handoff.Challenger{
			ID: *r.ChallengerID, Spec: r.Spec, ParentIDs: []string{r.CandidateID}, Source: r.Source,
			// Repaired is who passes every search case.
			Metrics: handoff.ChallengerMetrics{Correctness: 1, ValidateCorrectness: r.ValidateCorrectness, HoldoutCorrectness: r.HoldoutCorrectness},
		}
	case handoff.OutcomeError: // the gate has refused the source
		answer.Outcome = handoff.OutcomeNotAttempted
		if len(r.Problems) > 0 {
			answer.Reason += ": " + r.Problems[0]
		}
	}
	return answer, nil
}

// options finds what a job is about.
func (l *lab) options(job *handoff.Job) (*experiment.RepairOptions, error) {
	source, err := bundleSource(job.BundleDir)
	if err != nil {
		return nil, fmt.Errorf("bundle_dir %w", err)
	}
	spec, err := l.spec(job.SpecPath)
	if err != nil {
		return nil, fmt.Errorf("spec_path %s: %w", job.SpecPath, err)
	}
	opt := &experiment.RepairOptions{Spec: spec, Source: source, Seed: job.Seed, Epoch: job.Epoch, Next: job.Epoch + 1}
	if job.ImplStyle != nil {
		opt.Style = *job.ImplStyle
	}
	if id := synth.ID(spec.ID, string(source)); job.CandidateID != "" && job.CandidateID != id {
		return nil, fmt.Errorf("bundle_dir %s holds candidate %.12s by now, and %.12s was handed off", job.BundleDir, id, job.CandidateID)
	}
	return opt, nil
}

// bundleSource reads the source in a bundle. Its errors begin with the folder; what named
// that is to be said before it.
func bundleSource(dir string) ([]byte, error) {
	const name = "tool.go"
	data, err := handoff.ReadFile(filepath.Join(dir, name), handoff.MaxSourceBytes)
	if err == nil {
		return data, nil
	}
	if bad, ok := errors.AsType[*handoff.BadFileError](err); ok {
		return nil, fmt.Errorf("%s: %s: %s", dir, name, bad.Reason)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", dir, err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "tool.") {
			return nil, fmt.Errorf("%s has no tool.go, but %q: the lab repairs Go", dir, f.Name())
		}
	}
	return nil, fmt.Errorf("%s has no tool.go", dir)
}

// spec finds a spec where the handoff says that it is, or else by the last part of that
// path: a queue is often read on another machine, or from another folder.
func (l *lab) spec(specPath string) (*specs.Spec, error) {
	dir := filepath.Clean(specPath)
	if filepath.Base(dir) == "spec.json" {
		dir = filepath.Dir(dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "spec.json")); err == nil {
		return specs.LoadDir(dir)
	}
	return experiment.FindSpec(path.Base(strings.ReplaceAll(dir, `\`, "/")), l.specDirs)
}
