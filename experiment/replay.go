package experiment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"toolgen/datasets"
	"toolgen/pipeline/build"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// FindCandidate finds a candidate of a run by a prefix of its id, under the given
// seed or, if that is nil, under the first seed that has it.
func FindCandidate(run *datasets.Run, prefix string, seed *int64) (*datasets.Candidate, error) {
	rows, err := datasets.Candidates.ReadRun(run)
	if err != nil {
		return nil, err
	}
	var found *datasets.Candidate
	for i := range rows {
		c := &rows[i]
		if !strings.HasPrefix(c.CandidateID, prefix) || seed != nil && c.Seed != *seed {
			continue
		}
		if found == nil {
			found = c
		} else if found.CandidateID != c.CandidateID {
			return nil, &UsageError{Msg: fmt.Sprintf("%q is the start of several ids, such as %.16s and %.16s; write more of it", prefix, found.CandidateID, c.CandidateID)}
		}
	}
	if found == nil {
		for _, s := range ReadSetAside(run) {
			if strings.HasPrefix(s.CandidateID, prefix) {
				return nil, &UsageError{Msg: fmt.Sprintf("candidate %.16s was set aside, and is in no table: %s", s.CandidateID, &s)}
			}
		}
		under := ""
		if seed != nil {
			under = fmt.Sprintf(" under seed %d", *seed)
		}
		return nil, &UsageError{Msg: fmt.Sprintf("the run has no candidate whose id starts with %q%s; `toolgen leaderboard` lists ids", prefix, under)}
	}
	return found, nil
}

// ReplayOptions say what to execute again.
type ReplayOptions struct {
	Seed    *int64 // nil: the first seed that has the candidate
	Case    string // prefix of a case's id; "": all cases
	Entropy *int64 // of the case; nil: as in the first run
}

// Replay is what executing a candidate again showed.
type Replay struct {
	CandidateID string         `json:"candidate_id"`
	Seed        int64          `json:"seed"`
	Same        bool           `json:"same"`     // as recorded; of an unrecorded case: it passes
	Recorded    bool           `json:"recorded"` // there was something to compare with
	Compared    []ReplayColumn `json:"compared"`
	Case        *ReplayCase    `json:"case"` // of a replay of one case
}

// ReplayColumn is a recorded value beside the one that was computed again.
type ReplayColumn struct {
	Column   string `json:"column"`
	Recorded string `json:"recorded"`
	Replayed string `json:"replayed"`
	Same     bool   `json:"same"`
}

// ReplayCase is one case, executed again.
type ReplayCase struct {
	CaseID   string `json:"case_id"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Entropy  int64  `json:"entropy"`
	Verdict  string `json:"verdict"`
	Input    []byte `json:"input"`
	Expected []byte `json:"expected"`
	Got      []byte `json:"got"`
	Error    string `json:"error"` // the tool's error, or what trapped
	Fuel     int64  `json:"fuel"`
	Peak     int64  `json:"peak_memory_bytes"`
}

// Replay executes a candidate of a run again, in the module that it was measured in,
// and compares with what was recorded.
func (e *Env) Replay(ctx context.Context, r *Recorded, prefix string, opt ReplayOptions) (*Replay, error) {
	if r.Run == nil {
		return nil, &UsageError{Msg: "a lock alone holds no candidates; name a run folder"}
	}
	if err := r.Comparable(e); err != nil {
		return nil, err
	}
	row, err := FindCandidate(r.Run, prefix, opt.Seed)
	if err != nil {
		return nil, err
	}
	evals, err := datasets.Evaluations.ReadRun(r.Run)
	if err != nil {
		return nil, err
	}
	w, err := e.rebuild(ctx, r, row, evals)
	if err != nil {
		return nil, nothingToSay(err)
	}
	defer w.close()
	out := &Replay{CandidateID: row.CandidateID, Seed: row.Seed}
	if opt.Case != "" {
		return out, nothingToSay(w.replayCase(ctx, r, row, opt, out))
	}
	return out, nothingToSay(w.replayAll(ctx, evals, row, out))
}

// workbench is one candidate of a run, ready to be executed as it was.
type workbench struct {
	env      *Env
	x        *Experiment
	spec     *specs.Spec
	suite    *testgen.Suite
	programs *lazyPrograms
	subject  evaluate.Subject
}

func (w *workbench) close() {
	w.programs.close()
	if w.subject.Module != nil {
		w.subject.Module.Close()
	}
	if w.subject.Empty != nil {
		w.subject.Empty.Close()
	}
}

// rebuild makes the module that a candidate was measured in. Its neighbours are those
// that were new in the candidate's first epoch, in slot order.
func (e *Env) rebuild(ctx context.Context, r *Recorded, row *datasets.Candidate, evals []datasets.Evaluation) (*workbench, error) {
	x := r.Experiment
	w := &workbench{env: e, x: x, spec: specOf(x, row.Spec)}
	if w.spec == nil {
		return nil, &UsageError{Msg: fmt.Sprintf("candidate %s is of spec %s, which the run's manifest does not name", row.CandidateID, row.Spec)}
	}
	w.programs = &lazyPrograms{env: e, spec: w.spec}
	candidates, err := datasets.Candidates.ReadRun(r.Run)
	if err != nil {
		return nil, err
	}
	byID := map[string]*datasets.Candidate{}
	for i := range candidates {
		if c := &candidates[i]; c.Seed == row.Seed && c.Spec == row.Spec && c.FirstEpoch == row.FirstEpoch {
			byID[c.CandidateID] = c
		}
	}
	var units []build.Unit
	seen := map[string]bool{}
	for i := range evals {
		ev := &evals[i]
		c := byID[ev.CandidateID]
		if ev.Seed != row.Seed || ev.Epoch != row.FirstEpoch || ev.Spec != row.Spec || c == nil || seen[c.CandidateID] {
			continue
		}
		seen[c.CandidateID] = true
		files := sourceFiles([]byte(c.Source))
		report, d, err := e.inspect(ctx, c.CandidateID, []byte(c.Source), false)
		if err != nil {
			return nil, err
		}
		if d != nil {
			return nil, &DiedError{[]SetAside{{CandidateID: c.CandidateID, Spec: c.Spec, Seed: c.Seed, Job: d.Job, Reason: d.Reason}}}
		}
		if c.CandidateID == row.CandidateID {
			w.subject = evaluate.Subject{ID: c.CandidateID, Source: []byte(c.Source), Report: report}
		}
		if report.Verdict == "" {
			units = append(units, build.Unit{ID: c.CandidateID, Role: build.Tool, Files: files, Report: report})
		}
	}
	if w.subject.Report == nil {
		return nil, &UsageError{Msg: fmt.Sprintf("evaluations.parquet has no row of candidate %s in its first epoch %d", row.CandidateID, row.FirstEpoch)}
	}
	if w.suite, err = e.suiteFor(ctx, w.spec, row.Seed, x.sizes(w.spec), true, w.programs.get); err != nil {
		return nil, err
	}
	for _, batch := range build.Plan(units) {
		i := slices.IndexFunc(batch.Units, func(u build.Unit) bool { return u.ID == row.CandidateID })
		if i < 0 {
			continue
		}
		g, gctx := errgroup.WithContext(ctx)
		g.Go(func() error {
			m, in, said, err := e.seat(gctx, batch, row.CandidateID)
			if err != nil {
				return err
			}
			if m == nil {
				w.subject.Report = refusal(w.subject.Report, said)
				return nil
			}
			w.subject.Module, w.subject.Batch = m, in.Hash
			w.subject.Index = uint32(slices.IndexFunc(in.Units, func(u build.Unit) bool { return u.ID == row.CandidateID }))
			return nil
		})
		if batch.Units[i].Report.Alone {
			g.Go(func() (err error) {
				w.subject.Empty, err = e.module(gctx, func() (*isolate.Module, error) { return e.builder.Empty(gctx, batch.Units[i].Report.ImportSet) })
				return err
			})
		}
		if err := g.Wait(); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

// replayAll measures the candidate again and compares with its row in its first epoch.
func (w *workbench) replayAll(ctx context.Context, evals []datasets.Evaluation, row *datasets.Candidate, out *Replay) error {
	p, err := w.check(ctx)
	if err != nil {
		return err
	}
	var m *evaluate.Measurement
	err = w.env.work(ctx, func() (err error) {
		m, err = w.env.execution(ctx, w.subject, w.suite, p, w.x.measureOptions())
		return err
	})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(evals, func(ev datasets.Evaluation) bool {
		return ev.Seed == row.Seed && ev.Epoch == row.FirstEpoch && ev.CandidateID == row.CandidateID
	})
	recorded := &evals[i]
	ev := evaluate.Judge(m, w.suite, w.x.budget(int(row.FirstEpoch)))
	out.Recorded = true
	col := func(name string, recorded, replayed any) { out.compare(name, show(recorded), show(replayed)) }
	col("verdict", recorded.Verdict, ev.Verdict)
	col("correctness", recorded.Correctness, ev.Correctness)
	col("safety", recorded.Safety, ev.Safety)
	col("performance", recorded.Performance, ev.Performance)
	col("robustness", recorded.Robustness, ev.Robustness)
	col("documentation", recorded.Documentation, ev.Documentation)
	col("quality", recorded.Quality, ev.Quality)
	col("validate_correctness", recorded.ValidateCorrectness, ev.ValidateCorrectness)
	col("holdout_correctness", recorded.HoldoutCorrectness, ev.HoldoutCorrectness)
	col("stability", recorded.Stability, ev.Stability)
	col("base_fitness", recorded.BaseFitness, evaluate.BaseFitness(&ev, w.x.weights))
	col("fuel", recorded.Fuel, ev.Fuel)
	col("fuel_p10", recorded.FuelP10, ev.FuelP10)
	col("fuel_p90", recorded.FuelP90, ev.FuelP90)
	col("virtual_ms", recorded.VirtualMS, ev.VirtualMS)
	col("peak_memory_bytes", recorded.PeakMemoryBytes, ev.PeakMemoryBytes)
	col("violation", recorded.Violation, ev.Violation)
	batch := ""
	if recorded.Batch != nil {
		batch = *recorded.Batch
	}
	col("batch", batch, m.Batch)
	out.Same = !slices.ContainsFunc(out.Compared, func(c ReplayColumn) bool { return !c.Same })
	return nil
}

// check is the spec's check, where its comparison needs one.
func (w *workbench) check(ctx context.Context) (*testgen.Programs, error) {
	if w.suite.Compare != specs.CompareCheck {
		return nil, nil
	}
	return w.programs.get(ctx)
}

// replayCase executes one case again, under the entropy that is asked for.
func (w *workbench) replayCase(ctx context.Context, r *Recorded, row *datasets.Candidate, opt ReplayOptions, out *Replay) error {
	if w.subject.Module == nil {
		return &UsageError{Msg: fmt.Sprintf("candidate %.16s was never built (%s), so none of its cases can be run", row.CandidateID, w.subject.Report.Verdict)}
	}
	var tc *testgen.Case
	for i := range w.suite.Cases {
		c := &w.suite.Cases[i]
		if !strings.HasPrefix(c.ID, opt.Case) {
			continue
		}
		if tc != nil {
			return &UsageError{Msg: fmt.Sprintf("%q is the start of several cases' ids; write more of it", opt.Case)}
		}
		tc = c
	}
	if tc == nil {
		return &UsageError{Msg: fmt.Sprintf("the suite has no case whose id starts with %q; `toolgen show` lists failing cases", opt.Case)}
	}
	cases, err := datasets.Cases.ReadRun(r.Run)
	if err != nil {
		return err
	}
	entropy := evaluate.Entropy(w.suite, tc.ID, 0)
	if opt.Entropy != nil {
		entropy = *opt.Entropy
	}
	p, err := w.check(ctx)
	if err != nil {
		return err
	}
	var call evaluate.Call
	var output []byte
	err = w.env.work(ctx, func() (err error) {
		call, output, err = evaluate.Answer(ctx, w.subject, w.suite, p, w.x.measureOptions(), tc, entropy)
		return err
	})
	if err != nil {
		return err
	}
	out.Case = &ReplayCase{
		CaseID: tc.ID, Name: tc.Name, Kind: tc.Kind, Entropy: entropy, Verdict: caseVerdict(&call), Input: tc.Input,
		Expected: tc.Want, Got: output, Error: call.Message, Fuel: call.Fuel, Peak: call.PeakBytes,
	}
	out.Same = call.Correct
	for i := range cases {
		c := &cases[i]
		if c.Seed != row.Seed || c.CandidateID != row.CandidateID || c.CaseID != tc.ID || c.Entropy != entropy || c.Verdict == datasets.VerdictNotRun {
			continue
		}
		out.Recorded = true
		out.compare("verdict", c.Verdict, out.Case.Verdict)
		out.compare("fuel", show(c.Fuel), show(call.Fuel))
		out.compare("peak_memory_bytes", show(c.PeakMemoryBytes), show(call.PeakBytes))
		if c.Got != nil {
			got, n := datasets.Cut(output)
			out.compare("got", fmt.Sprintf("%d bytes, SHA-256 %.16s", *c.GotBytes, sha256Hex(c.Got)), fmt.Sprintf("%d bytes, SHA-256 %.16s", n, sha256Hex(got)))
		}
		out.Same = !slices.ContainsFunc(out.Compared, func(c ReplayColumn) bool { return !c.Same })
		break
	}
	return nil
}

func (out *Replay) compare(column, recorded, replayed string) {
	out.Compared = append(out.Compared, ReplayColumn{column, recorded, replayed, recorded == replayed})
}

// show is a value as text, exact; a nil pointer is null.
func show(v any) string {
	switch v := v.(type) {
	case *float64:
		if v == nil {
			return "null"
		}
		return fmt.Sprint(*v)
	case *int64:
		if v == nil {
			return "null"
		}
		return fmt.Sprint(*v)
	}
	return fmt.Sprint(v)
}
