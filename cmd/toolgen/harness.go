package main

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/reports"
)

func (p *program) harnessCommand() *cli.Command {
	return &cli.Command{
		Name: "harness", Usage: "synthesize one candidate, or take your own, and hold it against a spec",
		Description: `toolgen harness --spec text_deduplicate --out bundle --impl_style trie
toolgen harness --spec json_flatten --out bundle --epoch 40 --anneal_temp 0.8
toolgen harness --spec ./my_spec --source tool.go --out bundle --queue queue`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "spec", Usage: "the `SPEC`: an id, or a folder (required)"},
			outFlag("`DIR` of the bundle, new or empty (required)"),
			&cli.StringFlag{Name: "epoch", Value: "0", Usage: "epoch `N`, whose budget is in force"},
			&cli.StringFlag{Name: "impl_style", Usage: "`STYLE` to synthesize; default: the baseline style"},
			&cli.StringFlag{Name: "anneal_temp", Usage: "temperature `T` that moves the style's parameters"},
			&cli.StringFlag{Name: "source", Usage: "Go `FILE` to take instead of a style; - reads stdin"},
			&cli.StringFlag{Name: "queue", Usage: "`DIR` of the queue that a failing candidate is handed off to"},
			seedFlag("seed `N` of the suite (default 1)"),
			specsFlag(), noCacheFlag(), formatFlag(),
		}, machineFlags()...),
		Action: p.harness,
	}
}

func (p *program) harness(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	opt, err := p.harnessOptions(c)
	if err != nil {
		return err
	}
	env, err := p.open(c)
	if err != nil {
		return err
	}
	defer env.Close()
	h, err := env.Harness(c.Context, *opt)
	if err != nil {
		return err
	}
	h.Problems, h.Missing = append([]string{}, h.Problems...), append([]string{}, h.Missing...) // [] and not null
	if f == reports.Text {
		p.telemetry(h)
	} else if err := p.answer(f, "harness", h, harnessTable(h)); err != nil {
		return err
	}
	if h.Verdict != "pass" {
		return errBadNews
	}
	return nil
}

func (p *program) harnessOptions(c *cli.Context) (*experiment.HarnessOptions, error) {
	if _, err := arguments(c); err != nil {
		return nil, err
	}
	opt := &experiment.HarnessOptions{Out: c.String("out"), Style: c.String("impl_style"), Queue: c.String("queue")}
	epoch, err := integer(c, "epoch", 0, 0, 1<<31-1)
	if err != nil {
		return nil, err
	}
	opt.Epoch = int(epoch)
	if opt.Seed, err = integer(c, "seed", 1, 0, maxSeed); err != nil {
		return nil, err
	}
	if s := c.String("anneal_temp"); s != "" {
		t, err := strconv.ParseFloat(s, 64)
		if err != nil || !(t > 0 && t <= 10) {
			return nil, usagef("--anneal_temp %s: expected a number above 0 and up to 10", s)
		}
		opt.AnnealTemp = &t
	}
	switch {
	case c.String("spec") == "":
		return nil, usagef("harness needs --spec S: an id (`toolgen spec list`), or a folder")
	case opt.Out == "":
		return nil, usagef("harness needs --out DIR, a folder for the bundle that is new or empty")
	case c.String("source") != "" && opt.Style != "":
		return nil, usagef("--source and --impl_style exclude each other: a source of your own has no style")
	}
	if opt.Spec, err = experiment.FindSpec(c.String("spec"), c.StringSlice("specs")); err != nil {
		return nil, inputError(err)
	}
	if file := c.String("source"); file != "" {
		if opt.Source, err = p.readInput(file); err != nil {
			return nil, err
		}
	}
	return opt, nil
}

// telemetry prints the figures in the form that programs have read for long, and below
// it what else there is to say.
func (p *program) telemetry(h *experiment.Harness) {
	latency := "n/a"
	if h.VirtualMS != nil {
		latency = fmt.Sprintf("%.2fms", *h.VirtualMS)
	}
	p.printf("Performance Telemetry:\n  Median Latency: %s\n  Budget       : %sms\n", latency, strconv.FormatFloat(h.Budget.TimeoutMS, 'f', -1, 64))
	if h.Handoff != nil {
		p.printf("\nCross-Domain Handoff:\n  -> RepairLab queue: %s\n", *h.Handoff)
	}
	if h.FlakeCase != nil {
		entropy := ""
		if h.FlakeEntropy != nil {
			entropy = fmt.Sprintf(" under entropy %d", *h.FlakeEntropy)
		}
		p.printf("\n%s it answers case %.12s differently%s\n", p.red("WARNING: the candidate is FLAKY:"), *h.FlakeCase, entropy)
	}
	word := p.green(h.Verdict)
	if h.Verdict != "pass" {
		word = p.red(h.Verdict)
	}
	p.printf("\nVerdict: %s, base fitness %.4f, %d of %d cases, candidate %.12s\n", word, h.Scores.BaseFitness, h.CasesPassed, h.CasesTotal, h.CandidateID)
	for _, problem := range h.Problems {
		p.printf("  %s\n", reports.Printable(problem))
	}
	for _, m := range h.Missing {
		p.printf("  missing: %s\n", m)
	}
	if h.BundleDir != nil {
		p.printf("Bundle: %s\n", *h.BundleDir)
	}
}

func harnessTable(h *experiment.Harness) *reports.Table {
	t := &reports.Table{Columns: []reports.Column{
		{Name: "candidate_id", Title: "candidate", Show: reports.ShortID}, {Name: "spec"}, {Name: "impl_style"}, {Name: "verdict"},
		reports.Number("correctness", "correctness", "", 4), reports.Number("safety", "safety", "", 2),
		reports.Number("performance", "performance", "", 4), reports.Number("robustness", "robustness", "", 4),
		reports.Number("documentation", "documentation", "", 2), reports.Number("stability", "stability", "", 1),
		reports.Number("base_fitness", "base fitness", "", 4), reports.Number("virtual_ms", "median latency", "virtual ms", 3),
		reports.Number("budget_timeout_ms", "budget", "virtual ms", -1),
		{Name: "peak_memory_bytes", Title: "peak memory", Unit: "MiB", Right: true, Show: reports.MiB}, {Name: "bundle_dir"}, {Name: "handoff"},
	}}
	s := h.Scores
	t.Add(h.CandidateID, h.Spec, h.ImplStyle, h.Verdict, s.Correctness, s.Safety, s.Performance, s.Robustness, s.Documentation, s.Stability,
		s.BaseFitness, h.VirtualMS, h.Budget.TimeoutMS, h.PeakMemoryBytes, h.BundleDir, h.Handoff)
	return t
}

// readInput reads a file that the user named; - is stdin.
func (p *program) readInput(name string) ([]byte, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(p.in)
	} else {
		data, err = os.ReadFile(name)
	}
	return data, inputError(err)
}

// inputError says of an error of the file system that what was named is at fault.
func inputError(err error) error {
	if err == nil || isUsage(err) {
		return err
	}
	return &experiment.UsageError{Msg: "this cannot be read", Err: err}
}
