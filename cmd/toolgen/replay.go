package main

import (
	"github.com/urfave/cli/v2"

	"toolgen/experiment"
	"toolgen/reports"
)

func (p *program) replayCommand() *cli.Command {
	return &cli.Command{
		Name: "replay", Usage: "execute a candidate again: as recorded, or not", ArgsUsage: "RUN CANDIDATE",
		Description: `toolgen replay RUN 3fa9                          all cases, all scores
toolgen replay RUN 3fa9 --case 81c2              one case, what it read and answered
toolgen replay RUN 3fa9 --case 81c2 --entropy 7  under entropy of your own`,
		Flags: append([]cli.Flag{
			seedFlag("as it was under seed `N`; default: the first that has it"),
			&cli.StringFlag{Name: "case", Usage: "one case, by the beginning of its `ID`"},
			&cli.StringFlag{Name: "entropy", Usage: "of the case: `N` instead of the first run's"},
			specsFlag(), noCacheFlag(), formatFlag(),
		}, machineFlags()...),
		Action: p.replay,
	}
}

// replayed is the JSON answer of replay.
type replayed struct {
	CandidateID string                    `json:"candidate_id"`
	Seed        int64                     `json:"seed"`
	Same        bool                      `json:"same"`     // as recorded; of an unrecorded case: it passes
	Recorded    bool                      `json:"recorded"` // there was something to compare with
	Compared    []experiment.ReplayColumn `json:"compared"`
	Case        *replayedCase             `json:"case"`
}

type replayedCase struct {
	CaseID   string  `json:"case_id"`
	Name     string  `json:"name"`
	Kind     string  `json:"kind"`
	Entropy  int64   `json:"entropy"`
	Verdict  string  `json:"verdict"`
	Input    *octets `json:"input"`
	Expected *octets `json:"expected"` // null: an error
	Got      *octets `json:"got"`
	Error    *string `json:"error"` // the tool's error, or what trapped
	Fuel     int64   `json:"fuel"`
	Peak     int64   `json:"peak_memory_bytes"`
}

func (p *program) replay(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	args, err := arguments(c)
	if err != nil {
		return err
	}
	opt := experiment.ReplayOptions{Case: c.String("case")}
	if opt.Seed, err = optionalInteger(c, "seed", 0, maxSeed); err != nil {
		return err
	}
	if opt.Entropy, err = optionalInteger(c, "entropy", 0, maxSeed); err != nil {
		return err
	}
	if opt.Entropy != nil && opt.Case == "" {
		return usagef("--entropy is that of one case: name it by --case; `toolgen show` lists failing cases")
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
	got, err := env.Replay(c.Context, r, args[1], opt)
	if err != nil {
		return err
	}
	out := replayed{CandidateID: got.CandidateID, Seed: got.Seed, Same: got.Same, Recorded: got.Recorded, Compared: append([]experiment.ReplayColumn{}, got.Compared...)}
	if k := got.Case; k != nil {
		out.Case = &replayedCase{
			CaseID: k.CaseID, Name: k.Name, Kind: k.Kind, Entropy: k.Entropy, Verdict: k.Verdict, Input: newOctets(k.Input, int64(len(k.Input))),
			Fuel: k.Fuel, Peak: k.Peak,
		}
		if k.Expected != nil {
			out.Case.Expected = newOctets(k.Expected, int64(len(k.Expected)))
		}
		if k.Got != nil {
			out.Case.Got = newOctets(k.Got, int64(len(k.Got)))
		}
		if k.Error != "" {
			out.Case.Error = &k.Error
		}
	}
	t := &reports.Table{Columns: []reports.Column{{Name: "column"}, {Name: "recorded"}, {Name: "replayed"}, {Name: "same"}}}
	for _, col := range out.Compared {
		t.Add(col.Column, col.Recorded, col.Replayed, col.Same)
	}
	if f == reports.Text && out.Case != nil {
		p.describeReplayedCase(out.Case)
	}
	if f != reports.Text || len(t.Rows) > 0 {
		if err := p.answer(f, "replay", out, t); err != nil {
			return err
		}
	}
	if f == reports.Text {
		p.printf("%s: candidate %.12s under seed %d\n", p.sayReplayed(&out), out.CandidateID, out.Seed)
	}
	if !out.Same {
		return errBadNews
	}
	return nil
}

func (p *program) describeReplayedCase(k *replayedCase) {
	expected := "an error"
	if k.Expected != nil {
		expected = excerpt(k.Expected)
	}
	got := excerpt(k.Got)
	if k.Error != nil {
		got = cut(*k.Error)
		if k.Verdict != "pass" || k.Expected != nil {
			got = k.Verdict + ": " + got
		}
	}
	p.printf("case %.12s %s (%s), entropy %d\n  input     %s\n  expected  %s\n  got       %s\n  verdict   %s, fuel %d, peak memory %s MiB\n\n",
		k.CaseID, reports.Printable(k.Name), k.Kind, k.Entropy, excerpt(k.Input), expected, got, k.Verdict, k.Fuel, reports.MiB(k.Peak))
}

const unrecorded = " (nothing was recorded to compare with)"

func (p *program) sayReplayed(r *replayed) string {
	switch {
	case r.Recorded && r.Same:
		return p.green("as recorded")
	case r.Recorded:
		return p.red("not as recorded")
	case r.Same:
		return p.green("passes") + unrecorded
	}
	return p.red("fails") + unrecorded
}
