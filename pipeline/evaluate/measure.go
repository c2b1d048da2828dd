// Package evaluate holds a candidate against a suite and says what it is worth.
//
// It has two halves. Measure executes the candidate once per suite, under the most
// generous budget of the manifest, and keeps what every call cost; the result is
// plain data that a cache may keep. Judge is pure: it turns a measurement and a
// budget into a verdict and scores, so that a tighter budget costs no execution.
//
// A failure of the candidate is data in the measurement. A Go error means that the
// machine (or the spec's check) failed, and never becomes a score.
package evaluate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"toolgen/pipeline/build"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
	"toolgen/seed"
)

const (
	// OutputCap is how many bytes a tool may answer; more is an output flood.
	OutputCap = 16 << 20
	// GotCap is how much of a wrong output is kept; its full length is kept beside it.
	GotCap = 64 << 10
	// timedFuel bounds what the timed calls of one candidate cost: as many are made
	// as fit, but at least minTimed.
	timedFuel = 5_000_000_000
	minTimed  = 3
	// strikes is how many cases in a row may exhaust the most generous budget, or
	// OutputCap, before the rest is not run.
	strikes = 3
)

// NotRun is the outcome of a case that was not executed.
const NotRun sandbox.Outcome = "not_run"

// Subject is a candidate that is ready to run.
type Subject struct {
	ID     string
	Batch  string // hash of the composition of its module; "" if it was not built
	Source []byte
	Report *build.Report
	Module *isolate.Module // nil if the gate or the type checker refused it
	Index  uint32
	// Empty is the module of a candidate that does nothing with the same imports.
	// It is set for a candidate with package-level variables or initialization
	// code: what such a one spends before a call, beyond the empty one, is charged.
	Empty *isolate.Module
}

// Options are the limits of a measurement.
type Options struct {
	FuelPerMS   int64   // fuel of one virtual millisecond; > 0
	TimeoutMS   float64 // most generous time budget of the run, in virtual ms; > 0
	MemoryBytes int64   // most generous memory budget; a multiple of 64 KiB
	Reruns      int     // suite runs beside the first, each under other entropy; >= 0
	Host        string  // name of this machine, for the observed samples
}

// Fuel is a time budget in fuel.
func (o Options) Fuel() int64 { return int64(o.TimeoutMS * float64(o.FuelPerMS)) }

// wall is the kill switch that protects the host. Honest code ends by its fuel long before:
// even reads all over the memory take some 10 times the time of what their fuel stands
// for. A chain of nothing but cache misses, each address out of the read before, can take
// more than 100 times (BenchmarkPrices), and is killed.
func (o Options) wall() time.Duration {
	return max(60*time.Second, time.Duration(100*o.TimeoutMS*float64(time.Millisecond)))
}

// Measurement is what a candidate did on a suite.
type Measurement struct {
	Candidate string   `json:"candidate"`
	Suite     string   `json:"suite"` // digest
	Batch     string   `json:"batch,omitempty"`
	Rejected  string   `json:"rejected,omitempty"` // "unsafe" or "build_error"; then nothing below but Problems is set
	Problems  []string `json:"problems,omitempty"`
	Static    Static   `json:"static"`
	Runs      [][]Call `json:"runs,omitempty"`  // Runs[r][c]: run r of case c of the suite; run 0 is the one that counts
	Timed     []Call   `json:"timed,omitempty"` // in the order they were made
	WallNS    []int64  `json:"wall_ns,omitempty"`
	Host      string   `json:"host,omitempty"` // which machine WallNS is from
}

// Call is one execution of a candidate. Its numbers are bounded, whatever the candidate
// does: Fuel by that of the options and one unit (see [sandbox.Result]), which is what a
// Timeout costs and nothing else; PeakBytes by 4 GiB, GotBytes by OutputCap; Score lies in
// [0, 1].
type Call struct {
	Outcome   sandbox.Outcome `json:"outcome"`
	Correct   bool            `json:"correct,omitempty"` // answered as the suite wants
	Agrees    bool            `json:"agrees,omitempty"`  // of a rerun: answered as in run 0
	Score     float64         `json:"score,omitempty"`   // of the spec's check, if correct
	Fuel      int64           `json:"fuel,omitempty"`
	PeakBytes int64           `json:"peak_bytes,omitempty"`
	Entropy   int64           `json:"entropy"`
	Denied    []string        `json:"denied,omitempty"`
	Got       []byte          `json:"got,omitempty"`        // cut at GotCap; only if it differs from what was wanted
	GotBytes  int64           `json:"got_bytes,omitempty"`  // full length of the output
	SameBytes bool            `json:"same_bytes,omitempty"` // the output is the wanted one, to the byte
	Message   string          `json:"message,omitempty"`    // the tool's error, why it trapped, or why the check refused
}

// Entropy is that of run r of a case, the same for every candidate, so that
// two candidates differ by what they are.
func Entropy(suite *testgen.Suite, caseID string, run int) int64 {
	return seed.Entropy(suite.Seed, "entropy", suite.Spec, caseID, run)
}

// Measure executes a candidate. The result is a function of the subject's batch,
// the suite and the options, but for WallNS and Host.
func Measure(ctx context.Context, s Subject, suite *testgen.Suite, programs *testgen.Programs, opt Options) (*Measurement, error) {
	m := &Measurement{Candidate: s.ID, Suite: suite.Digest, Batch: s.Batch}
	if s.Report.Verdict != "" {
		m.Rejected, m.Batch = s.Report.Verdict, ""
		for _, p := range s.Report.Problems {
			m.Problems = append(m.Problems, p.String())
		}
		return m, nil
	}
	m.Static = Inspect(s.Source, s.Report)
	e := newExecutor(ctx, s, suite, programs, opt)
	runs, struckOut, err := e.runs(opt.Reruns)
	if err != nil {
		return nil, err
	}
	m.Runs = runs
	if suite.Bench != nil && !struckOut {
		m.Host = opt.Host
		m.Timed, m.WallNS, err = e.timed()
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Answer executes a candidate on one case under one entropy. It returns the call and
// the output, if there was one.
func Answer(ctx context.Context, s Subject, suite *testgen.Suite, programs *testgen.Programs, opt Options, c *testgen.Case, entropy int64) (Call, []byte, error) {
	call, output, err := newExecutor(ctx, s, suite, programs, opt).call(c, entropy)
	return call.Call, output, err
}

func newExecutor(ctx context.Context, s Subject, suite *testgen.Suite, programs *testgen.Programs, opt Options) *executor {
	return &executor{ctx: ctx, s: s, suite: suite, programs: programs, limits: sandbox.Limits{
		Fuel: opt.Fuel(), FuelPerMS: opt.FuelPerMS, MemoryBytes: opt.MemoryBytes, OutputBytes: OutputCap, Wall: opt.wall(),
	}}
}

type executor struct {
	ctx      context.Context
	s        Subject
	suite    *testgen.Suite
	programs *testgen.Programs
	limits   sandbox.Limits
}

// runs executes every case, and those that count for stability again under other
// entropy. struckOut says that search cases ended it: the timed calls could no
// longer save the candidate.
//
// A case that exhausts a limit is not run again, and three in a row end the rest: time,
// memory or output, since each of them may cost as much as the host allows, on every case,
// and hardly any fuel. The row is that of execution: kind by kind, and within a kind the
// shorter inputs first.
// In the order of the suite sizes take turns, so that a candidate which loops on every
// large input would be run to the end of its time on each of them, for minutes.
//
// Validate and holdout cases have a row of their own, wherever they stand in the
// suite: they move their own scores and nothing else.
func (e *executor) runs(reruns int) (runs [][]Call, struckOut bool, err error) {
	runs = make([][]Call, 1+reruns)
	for r := range runs {
		runs[r] = make([]Call, len(e.suite.Cases))
	}
	var deciding, reported int // strikes in a row
	for _, i := range executionOrder(e.suite.Cases) {
		c := &e.suite.Cases[i]
		for r := range runs {
			runs[r][i] = Call{Outcome: NotRun, Entropy: Entropy(e.suite, c.ID, r)}
		}
		row, decides := &reported, c.Kind == testgen.Search || c.Kind == testgen.Robustness
		if decides {
			row = &deciding
		}
		if deciding == strikes || *row == strikes {
			continue
		}
		first, output, err := e.call(c, runs[0][i].Entropy)
		if err != nil {
			return nil, false, err
		}
		runs[0][i] = first.Call
		if exhausted(first.Outcome) {
			*row++
			struckOut = struckOut || c.Kind == testgen.Search && *row == strikes
			continue
		}
		*row = 0
		if !decides {
			continue
		}
		for r := 1; r <= reruns; r++ {
			again, other, err := e.call(c, runs[r][i].Entropy)
			if err != nil {
				return nil, false, err
			}
			again.Agrees = e.agree(first.Call, again.Call, output, other)
			runs[r][i] = again.Call
		}
	}
	return runs, struckOut, nil
}

// executionOrder is the order in which cases are run, as their indices.
func executionOrder(cases []testgen.Case) []int {
	kinds := []string{testgen.Search, testgen.Robustness, testgen.Validate, testgen.Holdout}
	order := make([]int, len(cases))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &cases[i], &cases[j]
		return cmp.Or(
			cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
			cmp.Compare(len(a.Input), len(b.Input)),
		)
	})
	return order
}

// agree says whether two runs of a case ended alike and gave the same answer: by
// the spec's comparison, or under a check the same error or none.
func (e *executor) agree(a, b Call, outputA, outputB []byte) bool {
	switch {
	case a.Outcome != b.Outcome:
		return false
	case a.Outcome != sandbox.OK:
		return true
	case e.suite.Compare == checkCompare:
		return a.Correct == b.Correct && a.Message == b.Message
	}
	return Equal(e.suite.Compare, outputA, outputB)
}

// timed makes the timed calls, fewer when one is dear. A call that gives no answer
// ends them: it decides the verdict, and the rest could not.
func (e *executor) timed() (calls []Call, wall []int64, err error) {
	b := e.suite.Bench
	n := b.Samples
	for i := 0; i < n; i++ {
		call, _, err := e.call(&b.Case, seed.Entropy(e.suite.Seed, "timed", e.suite.Spec, i))
		if err != nil {
			return nil, nil, err
		}
		calls, wall = append(calls, call.Call), append(wall, call.wall.Nanoseconds())
		if !answered(call.Outcome) {
			break
		}
		if i == 0 && call.Fuel > 0 {
			n = samples(n, call.Fuel)
		}
	}
	return calls, wall, nil
}

// samples is how many timed calls are made of the most that are asked for, by what
// the first one cost.
func samples(most int, fuel int64) int {
	return int(max(minTimed, min(int64(most), timedFuel/fuel)))
}

// answered says whether an outcome is an answer: an output or an error.
func answered(o sandbox.Outcome) bool { return o == sandbox.OK || o == sandbox.ToolError }

// exhausted says whether an outcome is a limit that was reached. Under a tighter budget it
// may be another one of them, and is never anything else (see Budget.Outcome). So what
// ends a measurement would have ended it under any tighter budget too, and there is no
// case that was not run and would have been.
func exhausted(o sandbox.Outcome) bool {
	return o == sandbox.Timeout || o == sandbox.OutOfMemory || o == sandbox.OutputFlood
}

type timedCall struct {
	Call
	wall time.Duration
}

// call executes the candidate on a case and judges the answer.
func (e *executor) call(c *testgen.Case, entropy int64) (timedCall, []byte, error) {
	r, err := e.execute(e.s.Module, e.s.Index, c.Input, entropy)
	if err != nil {
		return timedCall{}, nil, &CaseError{Case: c.Name, Err: err}
	}
	call := timedCall{wall: r.Wall, Call: Call{
		Outcome: r.Outcome, Fuel: r.Fuel, PeakBytes: r.PeakMemoryBytes, Entropy: entropy,
		Denied: r.Denied, Message: r.Message,
	}}
	if err := e.chargeInit(&call.Call, r, c.Input); err != nil {
		return timedCall{}, nil, err
	}
	if call.Outcome != sandbox.OK {
		call.Correct = call.Outcome == sandbox.ToolError && c.WantError
		return call, nil, nil
	}
	call.GotBytes = int64(len(r.Output))
	call.SameBytes = c.HasWant && !c.WantError && bytes.Equal(r.Output, c.Want)
	switch {
	case c.WantError:
	case e.suite.Compare == checkCompare:
		score, wrong, err := e.check(c.Input, r.Output)
		if err != nil {
			return timedCall{}, nil, &CaseError{Case: c.Name, Err: err}
		}
		call.Correct, call.Score, call.Message = wrong == "", score, wrong
	default:
		call.Correct = call.SameBytes || Equal(e.suite.Compare, c.Want, r.Output)
	}
	if !call.SameBytes {
		// A copy, for a measurement outlives the output.
		call.Got = bytes.Clone(r.Output[:min(len(r.Output), GotCap)])
	}
	return call, r.Output, nil
}

// check asks the spec's check about an answer. What the answer does to the check is the
// candidate's own affair, or one candidate would end a run: a check that breaks off on it,
// or says what no check may, has not taken it, and one that dies of it has died of the
// candidate.
func (e *executor) check(input, output []byte) (score float64, wrong string, err error) {
	score, wrong, err = e.programs.Check(e.ctx, input, output)
	bad, ok := errors.AsType[*testgen.SpecError](err)
	switch {
	case !ok:
		return score, wrong, err
	case bad.Died != nil:
		return 0, "", bad.Died
	}
	return 0, "the check " + bad.Msg, nil
}

// chargeInit adds what the candidate's own initialization cost to a call that got
// beyond it.
func (e *executor) chargeInit(call *Call, r sandbox.Result, input []byte) error {
	if e.s.Empty == nil || !answered(r.Outcome) && r.Fuel == r.InitFuel {
		return nil // the fuel of a call that ended in its initialization is that of the initialization
	}
	idle, err := e.execute(e.s.Empty, 0, input, call.Entropy)
	if _, died := isolate.Died(err); died {
		return fmt.Errorf("a candidate that does nothing: %v", err) // no fault of this one
	}
	if err != nil {
		return err
	}
	call.Fuel = min(call.Fuel+max(0, r.InitFuel-idle.InitFuel), e.limits.Fuel+1)
	if call.Fuel > e.limits.Fuel && call.Outcome != sandbox.Timeout {
		call.Outcome, call.Message = sandbox.Timeout, "out of fuel, that of the initialization included"
	}
	return nil
}

// CaseError says on which case a call ended in an error.
type CaseError struct {
	Case string // its name
	Err  error
}

func (e *CaseError) Error() string { return fmt.Sprintf("case %s: %v", e.Case, e.Err) }
func (e *CaseError) Unwrap() error { return e.Err }

// execute makes one call of a module. That its process died, of the wall clock or otherwise,
// is no verdict: it is an error that names the candidate.
func (e *executor) execute(m *isolate.Module, index uint32, input []byte, entropy int64) (sandbox.Result, error) {
	call := sandbox.Call{Index: index, Input: input, Entropy: entropy, Limits: e.limits}
	r, err := m.Call(e.ctx, call)
	if err != nil && e.ctx.Err() == nil {
		return r, fmt.Errorf("candidate %s of %s (`exclude:` in the manifest takes it out): %w", e.s.ID, e.suite.Spec, err)
	}
	return r, err
}
