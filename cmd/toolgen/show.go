package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/urfave/cli/v2"

	"toolgen/datasets"
	"toolgen/experiment"
	"toolgen/reports"
)

func (p *program) showCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "a candidate: source, verdict, failing cases, diff to its parent, lineage", ArgsUsage: "RUN CANDIDATE",
		Description: `toolgen show RUN 3fa9                   any unique beginning of an id
toolgen show RUN 3fa9 --seed 2 --format json
toolgen show RUN 3fa9 --format csv      its evaluations`,
		Flags:  []cli.Flag{seedFlag("as it was under seed `N`; default: the first that has it"), formatFlag()},
		Action: p.show,
	}
}

func seedFlag(usage string) cli.Flag { return &cli.StringFlag{Name: "seed", Usage: usage} }

// shown is the JSON answer of show.
type shown struct {
	RunID            string         `json:"run_id"`
	Seed             int64          `json:"seed"`
	CandidateID      string         `json:"candidate_id"`
	Spec             string         `json:"spec"`
	Style            *string        `json:"style"`
	Params           string         `json:"params"` // JSON object
	Edits            string         `json:"edits"`  // JSON array
	Origin           string         `json:"origin"`
	ParentIDs        []string       `json:"parent_ids"`
	FirstEpoch       int32          `json:"first_epoch"`
	Agent            *string        `json:"agent"` // who wrote it
	Model            *string        `json:"model"`
	InputTokens      *int64         `json:"input_tokens"`
	OutputTokens     *int64         `json:"output_tokens"`
	License          string         `json:"license"`
	FinalVerdict     string         `json:"final_verdict"`
	FinalCorrectness float64        `json:"final_correctness"`
	FinalBaseFitness float64        `json:"final_base_fitness"`
	FinalFeasible    bool           `json:"final_feasible"`
	Source           string         `json:"source"`
	Diff             *string        `json:"diff"`    // unified, from the first parent; null without one
	Cases            []shownCase    `json:"cases"`   // that failed; those that tell most come first
	Lineage          []ancestor     `json:"lineage"` // itself first, then first parents
	Evaluations      *reports.Table `json:"evaluations"`
}

// shownCase is a recorded case of a candidate.
type shownCase struct {
	CaseID   string  `json:"case_id"`
	Rerun    int32   `json:"rerun"`
	Kind     string  `json:"kind"`
	Verdict  string  `json:"verdict"`
	Input    *octets `json:"input"`
	Expected *octets `json:"expected"`
	Got      *octets `json:"got"`
	Error    *string `json:"error"`
	Trap     *string `json:"trap"`
	Fuel     *int64  `json:"fuel"`
	Entropy  int64   `json:"entropy"`
}

// ancestor is a candidate on the way from the first one to the one that is shown.
type ancestor struct {
	CandidateID      string   `json:"candidate_id"`
	Style            *string  `json:"style"`
	Origin           string   `json:"origin"`
	FirstEpoch       int32    `json:"first_epoch"`
	FinalVerdict     string   `json:"final_verdict"`
	FinalBaseFitness float64  `json:"final_base_fitness"`
	OtherParents     []string `json:"other_parents"` // of a crossover
}

func (p *program) show(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	args, err := arguments(c)
	if err != nil {
		return err
	}
	seed, err := optionalInteger(c, "seed", 0, maxSeed)
	if err != nil {
		return err
	}
	run, err := openRun(args[0])
	if err != nil {
		return err
	}
	s, err := gather(run, args[1], seed)
	if err != nil {
		return err
	}
	switch f {
	case reports.JSON:
		return p.answerJSON("show", s)
	case reports.CSV:
		return s.Evaluations.Render(p.out, f)
	}
	return p.describe(s, f)
}

// gather finds everything that a run says about a candidate.
func gather(run *datasets.Run, prefix string, seed *int64) (*shown, error) {
	c, err := experiment.FindCandidate(run, prefix, seed)
	if err != nil {
		return nil, err
	}
	candidates, err := datasets.Candidates.ReadRun(run)
	if err != nil {
		return nil, err
	}
	cases, err := datasets.Cases.ReadRun(run)
	if err != nil {
		return nil, err
	}
	evaluations, err := datasets.Evaluations.ReadRun(run)
	if err != nil {
		return nil, err
	}
	s := &shown{
		RunID: c.RunID, Seed: c.Seed, CandidateID: c.CandidateID, Spec: c.Spec, Style: c.Style, Params: c.Params, Edits: c.Edits,
		Origin: c.Origin, ParentIDs: append([]string{}, c.ParentIDs...), FirstEpoch: c.FirstEpoch, License: c.License,
		Agent: c.Agent, Model: c.Model, InputTokens: c.InputTokens, OutputTokens: c.OutputTokens,
		FinalVerdict: c.FinalVerdict, FinalCorrectness: c.FinalCorrectness, FinalBaseFitness: c.FinalBaseFitness, FinalFeasible: c.FinalFeasible,
		Source: c.Source, Cases: []shownCase{}, Evaluations: history(evaluations, c),
	}
	s.ancestry(candidates, c)
	for i := range cases {
		if k := &cases[i]; k.Seed == c.Seed && k.CandidateID == c.CandidateID && k.Verdict != datasets.VerdictPass {
			s.Cases = append(s.Cases, newShownCase(k))
		}
	}
	slices.SortStableFunc(s.Cases, func(a, b shownCase) int { return cmp.Compare(a.tells(), b.tells()) })
	return s, nil
}

// tells orders cases by how much they tell: those that ran before those that did not,
// and what decides a verdict before what moves a score or nothing at all.
func (k *shownCase) tells() int {
	n := slices.Index([]string{datasets.KindSearch, datasets.KindRobustness, datasets.KindValidate, datasets.KindHoldout}, k.Kind)
	if k.Verdict == datasets.VerdictNotRun {
		n += 10
	}
	return n
}

func newShownCase(k *datasets.CaseRow) shownCase {
	out := shownCase{
		CaseID: k.CaseID, Rerun: k.Rerun, Kind: k.Kind, Verdict: k.Verdict, Input: newOctets(k.Input, k.InputBytes),
		Error: k.Error, Trap: k.Trap, Fuel: k.Fuel, Entropy: k.Entropy,
	}
	if k.Expected != nil {
		out.Expected = newOctets(k.Expected, *k.ExpectedBytes)
	}
	if k.Got != nil {
		out.Got = newOctets(k.Got, *k.GotBytes)
	}
	return out
}

// history is what became of a candidate from epoch to epoch.
func history(evaluations []datasets.Evaluation, c *datasets.Candidate) *reports.Table {
	t := &reports.Table{Title: "Evaluations", Columns: []reports.Column{
		reports.Number("epoch", "epoch", "", 0), reports.Number("slot", "slot", "", 0), {Name: "origin"}, {Name: "verdict"},
		reports.Number("cases_passed", "passed", "", 0), reports.Number("cases_total", "of", "", 0),
		reports.Number("safety", "safety", "", 2), reports.Number("performance", "performance", "", 4), reports.Number("robustness", "robustness", "", 4),
		reports.Number("documentation", "documentation", "", 2), reports.Number("stability", "stability", "", 1),
		reports.Number("virtual_ms", "virtual ms", "", 3),
		{Name: "peak_memory_bytes", Title: "peak memory", Unit: "MiB", Right: true, Show: reports.MiB},
		reports.Number("budget_timeout_ms", "budget", "virtual ms", -1),
		{Name: "budget_memory_bytes", Title: "memory budget", Unit: "MiB", Right: true, Show: reports.MiB},
		reports.Number("base_fitness", "base fitness", "", 4), reports.Number("fitness", "fitness", "", 4),
		reports.Number("pareto_rank", "rank", "", 0), {Name: "selected"},
	}}
	for i := range evaluations {
		if e := &evaluations[i]; e.Seed == c.Seed && e.CandidateID == c.CandidateID {
			t.Add(e.Epoch, e.Slot, e.Origin, e.Verdict, e.CasesPassed, e.CasesTotal, e.Safety, e.Performance, e.Robustness, e.Documentation,
				e.Stability, e.VirtualMS, e.PeakMemoryBytes, e.BudgetTimeoutMS, e.BudgetMemoryBytes, e.BaseFitness, e.Fitness, e.ParetoRank, e.Selected)
		}
	}
	return t
}

// ancestry follows first parents to a candidate that has none.
func (s *shown) ancestry(candidates []datasets.Candidate, c *datasets.Candidate) {
	byID := map[string]*datasets.Candidate{}
	for i := range candidates {
		if candidates[i].Seed == c.Seed {
			byID[candidates[i].CandidateID] = &candidates[i]
		}
	}
	if len(c.ParentIDs) > 0 {
		if parent := byID[c.ParentIDs[0]]; parent != nil {
			d := diff(parent, c)
			s.Diff = &d
		}
	}
	seen := map[string]bool{} // no lineage is a circle; a table that says so must not hang us
	for at := c; at != nil && !seen[at.CandidateID]; {
		seen[at.CandidateID] = true
		a := ancestor{
			CandidateID: at.CandidateID, Style: at.Style, Origin: at.Origin, FirstEpoch: at.FirstEpoch,
			FinalVerdict: at.FinalVerdict, FinalBaseFitness: at.FinalBaseFitness, OtherParents: []string{},
		}
		var next *datasets.Candidate
		if len(at.ParentIDs) > 0 {
			next = byID[at.ParentIDs[0]]
			a.OtherParents = append(a.OtherParents, at.ParentIDs[1:]...)
		}
		s.Lineage = append(s.Lineage, a)
		at = next
	}
}

func diff(a, b *datasets.Candidate) string {
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: lines(a.Source), B: lines(b.Source), Context: 3,
		FromFile: "parent " + reports.ShortID(a.CandidateID), ToFile: "candidate " + reports.ShortID(b.CandidateID),
	})
	if err != nil {
		panic(err) // it writes into memory
	}
	return text
}

// lines keeps line ends. difflib's own splitter would add an empty line at the end.
func lines(s string) []string { return slices.Collect(strings.Lines(s)) }

// shownCases is how many failing cases text shows.
const shownCases = 5

// describe writes the answer for people.
func (p *program) describe(s *shown, f reports.Format) error {
	p.heading(f, "Candidate "+s.CandidateID)
	line := func(what, format string, args ...any) { p.item(f, what, fmt.Sprintf(format, args...)) }
	line("spec", "%s", s.Spec)
	if s.Style != nil {
		line("style", "%s %s", *s.Style, s.Params)
	}
	line("seed", "%d", s.Seed)
	line("origin", "%s in epoch %d", s.Origin, s.FirstEpoch)
	if s.Agent != nil {
		line("agent", "%s", writtenBy(s))
	}
	if s.Edits != "[]" {
		line("edits", "%s", s.Edits)
	}
	line("verdict", "%s at the last budget", s.FinalVerdict)
	line("correctness", "%.4f", s.FinalCorrectness)
	line("base fitness", "%.4f", s.FinalBaseFitness)
	line("license", "%s", s.License)
	p.printf("\n")

	lineage := &reports.Table{Title: "Lineage, youngest first", Columns: []reports.Column{
		{Name: "candidate_id", Title: "candidate", Show: reports.ShortID}, {Name: "style"}, {Name: "origin"}, reports.Number("first_epoch", "epoch", "", 0),
		{Name: "final_verdict", Title: "verdict"}, reports.Number("final_base_fitness", "base fitness", "", 4), {Name: "other_parents"},
	}}
	for _, a := range s.Lineage {
		var others []string
		for _, id := range a.OtherParents {
			others = append(others, reports.ShortID(id))
		}
		lineage.Add(a.CandidateID, a.Style, a.Origin, a.FirstEpoch, a.FinalVerdict, a.FinalBaseFitness, others)
	}
	for _, t := range []*reports.Table{s.Evaluations, lineage} {
		if err := t.Render(p.out, f); err != nil {
			return err
		}
		p.printf("\n")
	}
	p.describeCases(s, f)
	if s.Diff != nil {
		p.block(f, "Diff to its parent", "diff", *s.Diff)
	}
	p.block(f, "Source", "go", s.Source)
	return nil
}

func (p *program) describeCases(s *shown, f reports.Format) {
	if len(s.Cases) == 0 {
		p.printf("No case failed.\n\n")
		return
	}
	// A case that fails in the first run fails again under other entropy, mostly in the
	// same way: once is enough for people.
	var list []shownCase
	seen := map[string]bool{}
	for _, k := range s.Cases {
		if !seen[k.CaseID] {
			list = append(list, k)
		}
		seen[k.CaseID] = true
	}
	var out strings.Builder
	for i := range min(len(list), shownCases) {
		k := &list[i]
		fmt.Fprintf(&out, "%.12s  %s, %s", k.CaseID, k.Kind, k.Verdict)
		if k.Rerun > 0 {
			fmt.Fprintf(&out, ", run %d under entropy %d", k.Rerun, k.Entropy)
		}
		fmt.Fprintf(&out, "\n  input     %s\n  expected  %s\n  got       %s\n", excerpt(k.Input), expectation(k), outcome(k))
	}
	if more := len(list) - shownCases; more > 0 {
		fmt.Fprintf(&out, "and %d more; --format json has them all\n", more)
	}
	p.block(f, fmt.Sprintf("Failing cases (%d)", len(list)), "text", out.String())
}

func expectation(k *shownCase) string {
	if k.Expected == nil {
		return "an error"
	}
	return excerpt(k.Expected)
}

func outcome(k *shownCase) string {
	var parts []string
	if k.Got != nil {
		parts = append(parts, excerpt(k.Got))
	}
	if k.Error != nil {
		parts = append(parts, "error: "+cut(*k.Error))
	}
	if k.Trap != nil {
		parts = append(parts, "trap: "+cut(*k.Trap))
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}

func cut(s string) string { return excerpt(newOctets([]byte(s), int64(len(s)))) }

func (p *program) heading(f reports.Format, title string) {
	if f == reports.Markdown {
		p.printf("### %s\n\n", title)
	} else {
		p.printf("%s\n", title)
	}
}

func (p *program) item(f reports.Format, what, value string) {
	if f == reports.Markdown {
		p.printf("- %s: %s\n", what, reports.Printable(value))
	} else {
		p.printf("  %-12s  %s\n", what, reports.Printable(value))
	}
}

// block writes text of several lines under a title.
func (p *program) block(f reports.Format, title, language, text string) {
	text = reports.PrintableLines(strings.TrimSuffix(text, "\n"))
	if f == reports.Markdown {
		fence := "```"
		for strings.Contains(text, fence) {
			fence += "`"
		}
		text = fence + language + "\n" + text + "\n" + fence
	}
	p.heading(f, title)
	p.printf("%s\n\n", text)
}

// writtenBy names an agent, and what it said of itself.
func writtenBy(s *shown) string {
	by := *s.Agent
	if s.Model != nil {
		by += ", model " + reports.Printable(*s.Model)
	}
	if s.InputTokens != nil && s.OutputTokens != nil {
		by += fmt.Sprintf(", %d tokens in and %d out", *s.InputTokens, *s.OutputTokens)
	}
	return by
}
