package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"

	"toolgen/datasets"
	"toolgen/experiment/evolve"
	"toolgen/pipeline/agent"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/seed"
	"toolgen/specs"
)

// How much of a suite a request quotes. Cases of few bytes say most, to people as to
// models, and what is quoted must fit into a model.
const (
	maxFailingCases  = 8
	maxPassingCases  = 4
	maxExamples      = 4
	maxCaseBytes     = 4 << 10   // input, wanted and got together
	maxRequestSource = 256 << 10 // what the gate accepts at most
	maxProblems      = 10
)

// request puts a question to an agent: what is known of a candidate under a budget. c is
// nil for a synthesis. Cases are those that selection sees: an agent that had seen
// validate or holdout cases would spoil them.
func (x *Experiment) request(task agent.Task, spec *specs.Spec, suite *testgen.Suite, c *contestant, budget evaluate.Budget, sd int64) agent.Request {
	r := agent.Request{
		Task: task, Seed: sd,
		Spec: agent.Spec{
			ID: spec.ID, Title: spec.Title, Description: spec.Description, License: x.license(spec),
			Input: agent.Media{MediaType: spec.InputType}, Output: agent.Media{MediaType: spec.OutputType}, Compare: spec.Compare,
		},
		Budget: agent.Budget{TimeoutMS: budget.TimeoutMS, FuelPerMS: budget.FuelPerMS, MemoryBytes: budget.MemoryBytes},
	}
	for _, e := range spec.Examples {
		if len(r.Spec.Examples) < maxExamples && len(e.Input)+len(e.Output) <= maxCaseBytes {
			r.Spec.Examples = append(r.Spec.Examples, agent.Case{Name: e.Name, Input: e.Input, Output: e.Output, Error: e.Error})
		}
	}
	if c == nil {
		return r
	}
	r.Source = c.source
	if c.m == nil {
		return r
	}
	r.Diagnostics = diagnostics(c, suite, budget)
	if c.m.Rejected != "" {
		return r
	}
	for i := range suite.Cases {
		tc, call := &suite.Cases[i], &c.m.Runs[0][i]
		if tc.Kind != testgen.Search && tc.Kind != testgen.Robustness {
			continue
		}
		q := agent.Case{Name: tc.Name, Input: tc.Input, Error: tc.WantError}
		if tc.HasWant && !tc.WantError {
			q.Output = notNil(tc.Want)
		}
		if budget.Passes(call) {
			r.Passing = append(r.Passing, q)
			continue
		}
		if outcome := budget.Outcome(call); outcome == evaluate.NotRun {
			continue // nothing is known of it
		} else if outcome == sandbox.OK || outcome == sandbox.ToolError {
			q.Verdict = evaluate.WrongOutput
		} else {
			q.Verdict = string(outcome)
		}
		if call.Outcome == sandbox.OK && !call.SameBytes {
			q.Got = notNil(call.Got)
		}
		q.Message = datasets.Text(call.Message)
		r.Failing = append(r.Failing, q)
	}
	r.Failing = shortest(r.Failing, maxFailingCases)
	r.Passing = shortest(r.Passing, maxPassingCases)
	return r
}

// shortest are the n cases of fewest bytes, in order of their length and, where that is
// the same, of the suite.
func shortest(cases []agent.Case, n int) []agent.Case {
	size := func(c agent.Case) int { return len(c.Input) + len(c.Output) + len(c.Got) + len(c.Message) }
	cases = slices.DeleteFunc(cases, func(c agent.Case) bool { return size(c) > maxCaseBytes })
	slices.SortStableFunc(cases, func(a, b agent.Case) int { return cmp.Compare(size(a), size(b)) })
	return cases[:min(n, len(cases))]
}

// diagnostics is what is known about a candidate, in words.
func diagnostics(c *contestant, suite *testgen.Suite, budget evaluate.Budget) string {
	ev := evaluate.Judge(c.m, suite, budget)
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("verdict: %s", ev.Verdict)
	if c.m.Rejected != "" {
		for _, p := range c.m.Problems[:min(maxProblems, len(c.m.Problems))] {
			say("%s", p)
		}
		return datasets.Text(b.String())
	}
	say("%d of %d search cases pass", ev.CasesPassed, ev.CasesTotal)
	if ev.VirtualMS != nil {
		say("a call on the benchmark's input takes %.4g virtual ms", *ev.VirtualMS)
	}
	if ev.PeakMemoryBytes != nil {
		say("it uses up to %d bytes of memory", *ev.PeakMemoryBytes)
	}
	if ev.FlakeCase != "" {
		say("it answers differently when it is run again, on case %s", caseName(suite, ev.FlakeCase))
	}
	if missing := c.m.Static.Missing(); len(missing) > 0 {
		say("it costs score that these do not hold: %s", strings.Join(missing, "; "))
	}
	return datasets.Text(b.String())
}

func caseName(suite *testgen.Suite, id string) string {
	for i := range suite.Cases {
		if c := &suite.Cases[i]; c.ID == id && (c.Kind == testgen.Search || c.Kind == testgen.Robustness) && c.Name != "" {
			return c.Name
		}
	}
	return id
}

// credit says who wrote a candidate.
type credit struct {
	agent string
	usage *agent.Usage // nil: the agent does not say
}

// asker lets agents vary the candidates of one generation.
type asker struct {
	ctx    context.Context // of the generation, which is made in one go
	x      *Experiment
	deck   *agent.Deck
	st     *specState
	budget evaluate.Budget
}

// ask lets an agent, drawn at even odds among those of the manifest in the order of
// their names, write a variation of a genome; or a tool from nothing, if g is the zero
// genome. A candidate is credited to the first who wrote it.
func (k *asker) ask(rng *rand.Rand, v *variator, g synth.Genome) (synth.Genome, error) {
	names := k.deck.Names()
	if len(names) == 0 {
		return g, evolve.ErrInapplicable
	}
	player, err := k.deck.Player(names[rng.IntN(len(names))])
	if err != nil {
		return g, err
	}
	question := rng.Int64N(seed.Max + 1)
	task := agent.Synthesize
	var parent *contestant
	if g.Style != "" || g.Base != "" {
		task = agent.Mutate
		id, err := v.ID(g)
		if err != nil {
			return g, err
		}
		if parent = k.st.contestants[id]; parent == nil {
			return g, fmt.Errorf("candidate %s is a parent and never played", id)
		}
		if len(parent.source) > maxRequestSource || !utf8.ValidString(parent.source) {
			return g, evolve.ErrInapplicable
		}
	}
	source, _, usage, err := player.Propose(k.ctx, k.x.request(task, k.st.spec, k.st.suite, parent, k.budget, question))
	if _, failed := errors.AsType[*agent.Failure](err); failed {
		return g, evolve.ErrInapplicable
	}
	if err != nil {
		return g, err
	}
	id := synth.ID(k.st.spec.ID, source)
	if k.x.aside[id] {
		return g, evolve.ErrInapplicable // as good as no answer
	}
	if v.credits[id] == nil {
		v.credits[id] = &credit{player.Name(), usage}
	}
	return synth.Genome{Base: source}, nil
}
