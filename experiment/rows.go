package experiment

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"

	"toolgen/datasets"
	"toolgen/experiment/evolve"
	"toolgen/pipeline/bundle"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/handoff"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// null turns "" into null.
func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// evaluationRow is a slot's row without what ranking adds to it. run_id and
// experiment are filled in when the run is written: they are no results.
func (x *Experiment) evaluationRow(s *slot, seed int64, epoch int, budget evaluate.Budget) datasets.Evaluation {
	ev := &s.ev
	row := datasets.Evaluation{
		Seed: seed, Epoch: int32(epoch), Slot: int32(s.Slot.Slot), Spec: s.c.spec,
		Style: null(s.c.style), Label: null(s.c.label), CandidateID: s.c.id, Origin: s.Origin, Verdict: ev.Verdict,
		Correctness: ev.Correctness, Safety: ev.Safety, Robustness: ev.Robustness, Documentation: ev.Documentation,
		Performance: ev.Performance, Quality: ev.Quality,
		ValidateCorrectness: ev.ValidateCorrectness, HoldoutCorrectness: ev.HoldoutCorrectness,
		Stability: ev.Stability, FlakeCase: null(ev.FlakeCase), FlakeEntropy: ev.FlakeEntropy,
		DiversityBonus: s.bonus, BaseFitness: s.base, Fitness: s.fitness(),
		CasesTotal: int32(ev.CasesTotal), CasesPassed: int32(ev.CasesPassed),
		Fuel: ev.Fuel, FuelP10: ev.FuelP10, FuelP90: ev.FuelP90, VirtualMS: ev.VirtualMS, PeakMemoryBytes: ev.PeakMemoryBytes,
		SourceBytes: int64(len(s.c.source)), Batch: null(s.c.m.Batch),
		BudgetTimeoutMS: budget.TimeoutMS, BudgetMemoryBytes: budget.MemoryBytes,
		Feasible: ev.Feasible, Violation: ev.Violation,
	}
	if s.HasTemp {
		row.AnnealTemp = &s.AnnealTemp
	}
	return row
}

// reason says why a verdict goes to the repair lab; "" if it does not. What the gate
// rejects is not handed off.
func reason(ev *evaluate.Evaluation) string {
	switch ev.Verdict {
	case evaluate.WrongOutput, evaluate.Trap, evaluate.StackOverflow, evaluate.OutputFlood:
		return datasets.ReasonIncorrect
	case evaluate.Timeout, evaluate.OutOfMemory:
		return datasets.ReasonOverBudget
	case evaluate.Flaky:
		return datasets.ReasonFlaky
	case evaluate.Pass:
		if ev.Safety < 1 {
			return datasets.ReasonUnsafe
		}
	}
	return ""
}

// failing is a candidate that fails in an epoch, with its row.
type failing struct {
	*slot
	row datasets.Handoff
}

// failing are the failing candidates of a generation, each once, in total order.
func (x *Experiment) failing(slots []*slot, ranked []evolve.Ranked, seed int64, epoch int) []*failing {
	var list []*failing
	for _, k := range ranked {
		s := slots[k.Slot]
		why := reason(&s.ev)
		if why == "" {
			continue
		}
		list = append(list, &failing{slot: s, row: datasets.Handoff{
			Seed: seed, HandoffID: handoff.ID(seed, epoch, s.c.id), Epoch: int32(epoch), Spec: s.c.spec, Style: null(s.c.style),
			CandidateID: s.c.id, Reason: why, Correctness: s.ev.Correctness, Fitness: s.fitness(),
			FailingCases: int32(s.ev.CasesTotal - s.ev.CasesPassed),
			Agent:        x.Manifest.Repair.Agent, Outcome: datasets.OutcomeNotAttempted,
		}})
	}
	return list
}

func (g *generation) handoffs() []datasets.Handoff {
	rows := make([]datasets.Handoff, len(g.failing))
	for i, f := range g.failing {
		rows[i] = f.row
	}
	return rows
}

// rows adds what a tournament leaves behind to an outcome.
func (e *Env) rows(x *Experiment, res *seedResult, out *outcome) error {
	t := &out.tables
	t.Evaluations = append(t.Evaluations, res.evals...)
	t.Handoffs = append(t.Handoffs, res.handoffs...)
	for _, st := range res.states {
		var ids []string
		for id, c := range st.contestants { // any order: sorted below
			if c.m != nil {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		for _, id := range ids {
			c := st.contestants[id]
			row, err := x.candidateRow(res.seed, st, c)
			if err != nil {
				return err
			}
			t.Candidates = append(t.Candidates, row)
			t.Cases = append(t.Cases, x.caseRows(res.seed, st.suite, c)...)
			t.Samples = append(t.Samples, sampleRows(res.seed, c)...)
			if c.m.Rejected == "" {
				s := shipment{contestant: c, seed: res.seed, suite: st.suite}
				rows, err := e.sbomRows(x, s)
				if err != nil {
					return err
				}
				t.SBOMs = append(t.SBOMs, rows...)
				out.built = append(out.built, s)
			}
		}
		shown := winners(st, ids)
		for _, id := range st.repaired {
			if c := st.contestants[id]; c.m != nil { // the others came too late to play
				shown = append(shown, c)
			}
		}
		for _, c := range shown {
			out.shown = append(out.shown, shipment{contestant: c, seed: res.seed, suite: st.suite})
		}
	}
	return nil
}

// winners are the best feasible at the last budget, one for each style; entrants
// are a style of their own.
func winners(st *specState, ids []string) []*contestant {
	best := map[string]*contestant{}
	var styles []string
	for _, id := range ids {
		c := st.contestants[id]
		if !c.final.Feasible {
			continue
		}
		b, ok := best[c.style]
		if !ok {
			styles = append(styles, c.style)
		}
		if !ok || better(c, b) {
			best[c.style] = c
		}
	}
	slices.Sort(styles)
	out := make([]*contestant, len(styles))
	for i, s := range styles {
		out[i] = best[s]
	}
	return out
}

// better says whether a goes before b: by final base fitness, virtual time, peak
// memory and id, as in the total order of selection.
func better(a, b *contestant) bool {
	inf := func(f float64) float64 {
		if math.IsNaN(f) {
			return math.Inf(1)
		}
		return f
	}
	if a.finalBase != b.finalBase {
		return a.finalBase > b.finalBase
	}
	if x, y := inf(orNaN(a.final.VirtualMS)), inf(orNaN(b.final.VirtualMS)); x != y {
		return x < y
	}
	if x, y := inf(intOrNaN(a.final.PeakMemoryBytes)), inf(intOrNaN(b.final.PeakMemoryBytes)); x != y {
		return x < y
	}
	return a.id < b.id
}

func (x *Experiment) candidateRow(seed int64, st *specState, c *contestant) (datasets.Candidate, error) {
	params, err := synth.EncodeParams(c.genome.Params)
	if err != nil {
		return datasets.Candidate{}, err
	}
	edits, err := synth.EncodeEdits(c.genome.Edits)
	if err != nil {
		return datasets.Candidate{}, err
	}
	row := datasets.Candidate{
		Seed: seed, CandidateID: c.id, Spec: c.spec, Style: null(c.style), Params: string(params), Edits: string(edits),
		Origin: c.origin, ParentIDs: c.parents, FirstEpoch: int32(c.firstEpoch),
		Source: datasets.Text(c.source), SourceBytes: int64(len(c.source)), License: x.license(st.spec),
		FinalVerdict: c.final.Verdict, FinalCorrectness: c.final.Correctness, FinalBaseFitness: c.finalBase, FinalFeasible: c.final.Feasible,
	}
	if by := c.credit; by != nil {
		row.Agent = &by.agent
		if u := by.usage; u != nil {
			row.Model, row.InputTokens, row.OutputTokens = null(u.Model), &u.InputTokens, &u.OutputTokens
		}
	}
	return row, nil
}

// caseRows are the cases that fail under any budget the candidate met, or all of
// them if the manifest records all.
func (x *Experiment) caseRows(seed int64, suite *testgen.Suite, c *contestant) []datasets.CaseRow {
	all := x.Manifest.Record.Cases == "all"
	var rows []datasets.CaseRow
	for run, calls := range c.m.Runs {
		for i := range calls {
			call := &calls[i]
			if run > 0 && call.Outcome == evaluate.NotRun {
				continue
			}
			if all || c.fails(run, i) {
				rows = append(rows, caseRow(seed, suite, c, run, i))
			}
		}
	}
	slices.SortFunc(rows, func(a, b datasets.CaseRow) int { return datasets.Cases.Compare(&a, &b) })
	return rows
}

// fails says whether a case fails under any budget that the candidate met; of a
// rerun, also whether it disagrees with the first run.
func (c *contestant) fails(run, i int) bool {
	call := &c.m.Runs[run][i]
	for _, b := range c.met {
		if !b.Passes(call) {
			return true
		}
	}
	return run > 0 && !call.Agrees
}

func caseRow(seed int64, suite *testgen.Suite, c *contestant, run, i int) datasets.CaseRow {
	tc, call := &suite.Cases[i], &c.m.Runs[run][i]
	row := datasets.CaseRow{
		Seed: seed, CandidateID: c.id, Spec: c.spec, CaseID: tc.ID, Rerun: int32(run), Kind: tc.Kind,
		Verdict: caseVerdict(call), Entropy: call.Entropy,
	}
	row.Input, row.InputBytes = datasets.Cut(notNil(tc.Input))
	if tc.HasWant && !tc.WantError {
		var n int64
		row.Expected, n = datasets.Cut(notNil(tc.Want))
		row.ExpectedBytes = &n
	}
	if call.Outcome == evaluate.NotRun {
		return row
	}
	switch {
	case call.Outcome == sandbox.OK && call.SameBytes:
		row.Got, row.GotBytes = row.Expected, row.ExpectedBytes
	case call.Outcome == sandbox.OK:
		row.Got, row.GotBytes = notNil(call.Got), &call.GotBytes
		row.Error = null(datasets.Text(call.Message)) // why the check refused it
	case call.Outcome == sandbox.ToolError:
		msg := datasets.Text(call.Message)
		row.Error = &msg
	default:
		msg := datasets.Text(call.Message)
		row.Trap = &msg
	}
	row.Fuel, row.PeakMemoryBytes = &call.Fuel, &call.PeakBytes
	return row
}

// caseVerdict is how a case ended under the most generous budget.
func caseVerdict(call *evaluate.Call) string {
	switch {
	case call.Correct:
		return evaluate.Pass
	case call.Outcome == sandbox.OK || call.Outcome == sandbox.ToolError:
		return evaluate.WrongOutput
	}
	return string(call.Outcome)
}

// notNil keeps an empty value from being taken for null.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func sampleRows(seed int64, c *contestant) []datasets.Sample {
	var rows []datasets.Sample
	for i, ns := range c.m.WallNS {
		rows = append(rows, datasets.Sample{
			Seed: seed, CandidateID: c.id, Sample: int32(i), WallNS: ns,
			Fuel: c.m.Timed[i].Fuel, Entropy: c.m.Timed[i].Entropy, Host: c.m.Host,
		})
	}
	return rows
}

// sort puts every table in the order of its key.
func (t *Tables) sort() error {
	datasets.Evaluations.Sort(t.Evaluations)
	datasets.Candidates.Sort(t.Candidates)
	datasets.Cases.Sort(t.Cases)
	datasets.Handoffs.Sort(t.Handoffs)
	datasets.SBOMs.Sort(t.SBOMs)
	datasets.Samples.Sort(t.Samples)
	return nil
}

// objective finds a numeric column of evaluations.parquet by its name. The value of
// a null is NaN.
func objective(column string) (func(*datasets.Evaluation) float64, bool) {
	row := reflect.TypeFor[datasets.Evaluation]()
	for i := range row.NumField() {
		f := row.Field(i)
		if f.Tag.Get("json") != column {
			continue
		}
		t := f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if !t.ConvertibleTo(reflect.TypeFor[float64]()) || t.Kind() == reflect.String {
			return nil, false
		}
		return func(r *datasets.Evaluation) float64 {
			v := reflect.ValueOf(r).Elem().Field(i)
			if v.Kind() == reflect.Pointer {
				if v.IsNil() {
					return math.NaN()
				}
				v = v.Elem()
			}
			return v.Convert(reflect.TypeFor[float64]()).Float()
		}, true
	}
	return nil, false
}

// genomeOf puts a candidate's genome together again from its row. A row without a
// style is an entrant, or an edit of one; its source stands for both.
func genomeOf(spec *specs.Spec, row *datasets.Candidate) (synth.Genome, error) {
	if row.Style == nil {
		return synth.Genome{Base: row.Source}, nil
	}
	style, ok := spec.Style(*row.Style)
	if !ok {
		return synth.Genome{}, fmt.Errorf("candidate %s: spec %s has no style %s", row.CandidateID, spec.ID, *row.Style)
	}
	g := synth.Genome{Style: *row.Style}
	var err error
	if g.Params, err = synth.DecodeParams(style, []byte(row.Params)); err != nil {
		return g, fmt.Errorf("candidate %s: %w", row.CandidateID, err)
	}
	if err := json.Unmarshal([]byte(row.Edits), &g.Edits); err != nil {
		return g, fmt.Errorf("candidate %s: edits: %w", row.CandidateID, err)
	}
	return g, nil
}

// sbomRows are the components of what a candidate was built from.
func (e *Env) sbomRows(x *Experiment, s shipment) ([]datasets.SBOMComponent, error) {
	in, err := e.bundleInput(x, s)
	if err != nil {
		return nil, err
	}
	components := bundle.Components(in)
	rows := make([]datasets.SBOMComponent, len(components))
	for i, k := range components {
		rows[i] = datasets.SBOMComponent{
			Seed: s.seed, CandidateID: s.id, SerialNumber: k.SerialNumber, BOMRef: k.BOMRef, Type: k.Type, Name: k.Name,
			Version: k.Version, PURL: null(k.PURL), License: null(k.License), Supplier: null(k.Supplier), SHA256: null(k.SHA256), DependsOn: k.DependsOn,
		}
	}
	return rows, nil
}
