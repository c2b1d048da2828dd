package main

import (
	"bytes"

	"github.com/google/renameio/v2"
	"github.com/urfave/cli/v2"

	"toolgen/analysis"
	"toolgen/analysis/compare"
	"toolgen/datasets"
	"toolgen/experiment"
	"toolgen/reports"
)

// benchfmt is the format of Go's benchmarks, which benchstat reads: of bench alone.
const benchfmt reports.Format = "benchfmt"

func (p *program) benchCommand() *cli.Command {
	return &cli.Command{
		Name: "bench", Usage: "the best of each spec in its first and last epoch: median latency, budget, score", ArgsUsage: "RUN...",
		Description: `toolgen bench runs/baseline-1f2e3d4c
toolgen bench RUN --format md >> README.md
toolgen bench RUN --clock wall
toolgen bench RUN --format benchfmt > new.txt && benchstat old.txt new.txt
toolgen bench RUN --save base.json && toolgen compare base.json OTHER`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: string(reports.Text), Usage: "`FORMAT` of the answer: text, json, csv, md or benchfmt, a line for each seed"},
			&cli.StringFlag{Name: "save", Usage: "write the experiment to `FILE`, which can stand as BASE of compare"},
			clockFlag(),
		}, filterFlags()...),
		Action: p.bench,
	}
}

func (p *program) bench(c *cli.Context) error {
	f := benchfmt
	if c.String("format") != string(benchfmt) {
		var err error
		if f, err = format(c); err != nil {
			return err
		}
	}
	wall, err := wallClock(c)
	if err != nil {
		return err
	}
	var reads []more
	if wall {
		reads = append(reads, (*analysis.Run).ReadSamples)
	}
	s, err := study(c, reads...)
	if err != nil {
		return err
	}
	for _, note := range s.notes {
		return usagef("%s; bench needs runs that are done", note)
	}
	for _, m := range s.merged {
		if wall || c.IsSet("save") {
			return usagef("%s is a folder of tables; --clock wall and --save need the folders of the runs", m.Dir)
		}
	}
	if c.IsSet("save") {
		if err := save(c.String("save"), s); err != nil {
			return err
		}
	}
	if f == benchfmt {
		return p.benchfmt(s)
	}
	list, err := analysis.Bench(s.runs, s.filter)
	if err != nil {
		return err
	}
	t := reports.Bench(list)
	return p.answer(f, "bench", rowsAnswer{t}, t.Brief(f))
}

// benchfmt prints the benchmarks of each seed by itself: benchstat wants samples.
func (p *program) benchfmt(s *studied) error {
	var out bytes.Buffer
	for _, seed := range analysis.Seeds(s.runs, s.filter) {
		f := s.filter
		f.Seeds = []analysis.Range{{From: seed, To: seed}}
		list, err := analysis.Bench(s.runs, f)
		if err != nil {
			return err
		}
		reports.Benchfmt(&out, list)
	}
	_, err := p.out.Write(out.Bytes())
	return err
}

// save writes the experiment that the runs are of.
func save(path string, s *studied) error {
	if path == "" {
		return usagef("--save needs the name of a file")
	}
	folded := compare.Fold(s.opened)
	if len(folded) > 1 {
		return usagef("--save: the runs are of %d experiments; save them one by one", len(folded))
	}
	timings := true
	for _, r := range s.opened {
		// The wall clock is observed, and a run may have been handed on without.
		timings = timings && r.CheckFile(datasets.Samples.Schema) == nil
	}
	x, err := compare.Read(path, folded[0], compare.ReadOptions{Filter: analysis.Filter{Seeds: s.filter.Seeds, Epochs: s.filter.Epochs}, Timings: timings})
	if err != nil {
		return err
	}
	x.Keep(s.filter.Specs, s.filter.Styles, func(int64) bool { return true })
	data, err := x.Marshal()
	if err == nil {
		err = renameio.WriteFile(path, data, 0o666)
	}
	if err != nil {
		return &experiment.MachineError{Msg: "--save cannot be written", Err: err}
	}
	return nil
}
