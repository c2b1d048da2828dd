package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"go/types"
	"io"
	"maps"
	"os"
	"slices"

	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/faults"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/synth"
	"toolgen/reports"
)

// fuelPerMS is the rate of the default manifest.
const fuelPerMS = 10_000_000

// report prints the tables.
func report(out io.Writer, opt options, imp types.Importer, subjects []*subject) error {
	var injected, corpus []*subject
	harmless := 0
	for _, s := range subjects {
		switch {
		case s.Outcome == repair.NothingToRepair:
			harmless++ // it failed the screening, and passes as measured
		case s.corpus:
			corpus = append(corpus, s)
		default:
			injected = append(injected, s)
		}
	}
	var tables []*reports.Table
	if len(injected) > 0 {
		t := outcomes("Injected faults")
		for _, family := range faults.Families {
			addOutcome(t, family, filter(injected, func(s *subject) bool { return s.Family == family }))
		}
		addOutcome(t, "all inside", filter(injected, func(s *subject) bool { return s.Inside }))
		addOutcome(t, "all outside", filter(injected, func(s *subject) bool { return !s.Inside }))
		t.Notes = append(t.Notes, fmt.Sprintf("Seed %d, at most %d patches a fault, localizer %s. Inside: a single edit undoes the fault. Medians are over all faults of a row.", opt.seed, opt.patches, opt.localizer))
		if harmless > 0 {
			t.Notes = append(t.Notes, fmt.Sprintf("Left out: %d faults that pass as measured.", harmless))
		}
		tables = append(tables, t)
	}
	if len(corpus) > 0 {
		t := outcomes("Corpus of faulty programs")
		addOutcome(t, "inside", filter(corpus, func(s *subject) bool { return s.Inside }))
		addOutcome(t, "outside", filter(corpus, func(s *subject) bool { return !s.Inside }))
		addOutcome(t, "with validate cases", filter(corpus, func(s *subject) bool { return hasValidate(s) }))
		addOutcome(t, "with search cases alone", filter(corpus, func(s *subject) bool { return !hasValidate(s) }))
		addOutcome(t, "all", corpus)
		tables = append(tables, t)
	}
	if opt.learn {
		t, err := lessons(imp, slices.Concat(injected, corpus))
		if err != nil {
			return err
		}
		tables = append(tables, t)
	}
	for i, t := range tables {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := t.Render(out, reports.Text); err != nil {
			return err
		}
	}
	return nil
}

func filter(list []*subject, keep func(*subject) bool) []*subject {
	return slices.DeleteFunc(slices.Clone(list), func(s *subject) bool { return !keep(s) })
}

func hasValidate(s *subject) bool {
	for _, c := range s.spec.Cases {
		if c.Split == "validate" {
			return true
		}
	}
	return s.spec.Suite.Validate > 0
}

func outcomes(title string) *reports.Table {
	return &reports.Table{Title: title, Columns: []reports.Column{
		{Name: "family"},
		reports.Number("faults", "faults", "", -1), reports.Number("plausible", "plausible", "", -1),
		reports.Number("repaired", "repaired", "", -1), reports.Number("repaired_share", "", "%", 1),
		reports.Number("correct", "correct", "", -1), reports.Number("correct_share", "", "%", 1), reports.Number("exact", "exact", "", -1),
		reports.Number("patches_tried", "median tried", "", -1), reports.Number("repair_virtual_ms", "median fuel", "virtual ms", 1),
		reports.Number("wall_s", fmt.Sprintf("median wall, %d share modules", together), "s", 1),
	}}
}

// addOutcome adds a row, unless it is of nothing.
func addOutcome(t *reports.Table, name string, list []*subject) {
	if len(list) == 0 {
		return
	}
	plausible, repaired, correct, exact := 0, 0, 0, 0
	var tried, fuel, wall []int64
	for _, s := range list {
		if s.Plausible > 0 {
			plausible++
		}
		if s.Outcome == repair.Repaired {
			repaired++
		}
		if s.Correct != nil && *s.Correct {
			correct++
		}
		if s.Exact {
			exact++
		}
		tried, fuel, wall = append(tried, int64(s.Tried)), append(fuel, s.RepairFuel), append(wall, int64(s.WallMS))
	}
	share := func(n int) float64 { return 100 * float64(n) / float64(len(list)) }
	t.Add(name, len(list), plausible, repaired, share(repaired), correct, share(correct), exact,
		evaluate.LowerMedian(tried), float64(evaluate.LowerMedian(fuel))/fuelPerMS, float64(evaluate.LowerMedian(wall))/1000)
}

// lessons counts, for each kind of edit, how often it repaired and how often it was
// proposed: what priors are set by.
func lessons(imp types.Importer, subjects []*subject) (*reports.Table, error) {
	type lesson struct {
		op                                       string
		proposed                                 int
		undoesInjected, undoesCorpus             int
		repaired, correctInjected, correctCorpus int
		prior                                    float64
	}
	byOp := map[string]*lesson{}
	of := func(op string) *lesson {
		if byOp[op] == nil {
			byOp[op] = &lesson{op: op}
		}
		return byOp[op]
	}
	for _, s := range subjects {
		p, err := synth.Parse(s.Source, imp)
		if err != nil {
			return nil, err
		}
		for _, pr := range p.Proposals() {
			l := of(pr.Edit.Family + " " + pr.Edit.Op)
			l.proposed++
			l.prior = synth.Prior(pr.Edit)
		}
		if s.Undo != "" {
			if s.corpus {
				of(s.Undo).undoesCorpus++
			} else {
				of(s.Undo).undoesInjected++
			}
		}
		if s.Outcome != repair.Repaired || len(s.Edits) != 1 {
			continue
		}
		l := of(s.Edits[0].Family + " " + s.Edits[0].Op)
		l.repaired++
		switch {
		case s.Correct == nil || !*s.Correct:
		case s.corpus:
			l.correctCorpus++
		default:
			l.correctInjected++
		}
	}
	// What the search finds first hides what it would have found later, so an edit counts
	// where it repaired and where it is known to lead back. How many faults a proposal is
	// good for is then estimated as a rate of a Poisson process under a Gamma prior that
	// is worth half a fault and says what the priors in force say: an edit that was
	// hardly ever proposed keeps what it has.
	good := func(l *lesson) float64 {
		return float64(max(l.undoesInjected, l.correctInjected) + max(l.undoesCorpus, l.correctCorpus))
	}
	total, weight := 0.0, 0.0
	for _, op := range slices.Sorted(maps.Keys(byOp)) {
		l := byOp[op]
		total += good(l)
		weight += float64(l.prior * float64(l.proposed))
	}
	unit := (total + 0.5) / (weight + 1) // faults a proposal of prior 1 is good for
	const worth = 0.5
	rate := func(l *lesson) float64 {
		return (good(l) + worth) / (float64(l.proposed) + worth/(unit*l.prior))
	}
	list := slices.SortedFunc(maps.Values(byOp), func(a, b *lesson) int {
		return cmp.Or(cmp.Compare(rate(b), rate(a)), cmp.Compare(a.op, b.op))
	})
	t := &reports.Table{Title: "What each kind of edit repaired", Columns: []reports.Column{
		{Name: "edit"}, reports.Number("proposed", "", "", -1),
		reports.Number("undoes_injected", "", "", -1), reports.Number("undoes_corpus", "", "", -1),
		reports.Number("repaired", "", "", -1), reports.Number("correct_injected", "", "", -1), reports.Number("correct_corpus", "", "", -1),
		reports.Number("prior", "", "", 3), reports.Number("fitted", "", "", 4),
	}}
	if len(list) == 0 {
		return t, nil
	}
	most := rate(list[0])
	for _, l := range list {
		t.Add(l.op, l.proposed, l.undoesInjected, l.undoesCorpus, l.repaired, l.correctInjected, l.correctCorpus, l.prior, rate(l)/most)
	}
	t.Notes = append(t.Notes,
		"proposed: edits of this kind over all faulty programs. undoes: faults that it undoes to the byte, with the highest prior of the edits that do. repaired: faults that it alone repaired; correct: of these, right by held-out cases.",
		"fitted: faults that a proposal is good for, the largest 1; where little was seen, near the prior. Faults that are injected show how edits are injected; those of the corpus are what people do.")
	return t, nil
}

// faultList lists faults.
func faultList(subjects []*subject) *reports.Table {
	t := &reports.Table{Columns: []reports.Column{
		{Name: "id"}, {Name: "family"}, {Name: "op"}, {Name: "inside"}, {Name: "undo"}, reports.Number("line", "", "", -1), {Name: "description"},
	}}
	for _, s := range subjects {
		t.Add(s.ID, s.Family, s.Op, s.Inside, s.Undo, s.Line, s.Description)
	}
	return t
}

// replayed prints all that is known of a fault.
func replayed(out io.Writer, subjects []*subject) error {
	for _, s := range subjects {
		fmt.Fprintf(out, "%s: %s, %s, line %d: %s\n", s.ID, s.Family, s.Op, s.Line, s.Description)
		fmt.Fprintf(out, "\nThe fault:\n%s", repair.Diff("tool.go", s.right, s.Source))
		fmt.Fprintf(out, "\n%s (%s), %d tried, %d plausible, %.1f virtual ms, %.1f s\n", s.Outcome, s.Verdict, s.Tried, s.Plausible, float64(s.RepairFuel)/fuelPerMS, s.WallMS/1000)
		for _, p := range s.result.Places {
			fmt.Fprintf(out, "  tool.go:%-4d %.2f  %s\n", p.Line, p.Suspicion, p.Text)
		}
		for _, e := range s.Edits {
			fmt.Fprintf(out, "  %s\n", synth.Describe(e))
		}
		if s.Patch != nil {
			fmt.Fprintf(out, "\nThe patch:\n%s", *s.Patch)
		}
		if s.Correct != nil {
			fmt.Fprintf(out, "\nCorrect by held-out cases: %v\n", *s.Correct)
		}
	}
	return nil
}

// writeJSON keeps every fault.
func writeJSON(file string, opt options, subjects []*subject) error {
	data, err := json.MarshalIndent(struct {
		Seed      int64      `json:"seed"`
		Patches   int        `json:"patches"`
		Localizer string     `json:"localizer"`
		Faults    []*subject `json:"faults"`
	}{opt.seed, opt.patches, opt.localizer, subjects}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o666)
}
