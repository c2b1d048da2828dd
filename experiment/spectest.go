package experiment

import (
	"context"
	"errors"
	"fmt"

	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// SpecCheck is one thing that `toolgen spec test` proves.
type SpecCheck struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// TestSpec proves a spec: its programs compile and are deterministic, the reference
// answers the examples and written cases as they say, every style compiles, and the
// baseline style passes its whole suite. What it finds wrong is the answer.
func (e *Env) TestSpec(ctx context.Context, s *specs.Spec, sd int64) ([]SpecCheck, error) {
	var checks []SpecCheck
	add := func(ok bool, check, format string, args ...any) {
		checks = append(checks, SpecCheck{check, ok, fmt.Sprintf(format, args...)})
	}
	add(true, "spec.json", "valid; %d examples, %d written cases, %d styles", len(s.Examples), len(s.Cases), len(s.Styles))
	p, err := testgen.Prepare(ctx, e.builder, s)
	if failed, err := asSpecCheck(&checks, "programs", err); failed || err != nil {
		return checks, err
	}
	defer p.Close()
	if s.Reference != nil {
		wrong, err := referenceDisagrees(ctx, s, p)
		if failed, err := asSpecCheck(&checks, "reference", err); failed || err != nil {
			return checks, err
		}
		add(wrong == "", "reference", "%s", orElse(wrong, "answers every example and written case as it says"))
	}
	if s.Generate != nil {
		if failed, err := asSpecCheck(&checks, "deterministic", p.Deterministic(ctx, sd)); failed || err != nil {
			return checks, err
		}
		add(true, "deterministic", "generator and reference answer alike under other entropy")
	}
	x, err := single(s)
	if err != nil {
		return checks, err
	}
	suite, err := testgen.Generate(ctx, p, sd, x.sizes(s))
	if failed, err := asSpecCheck(&checks, "suite", err); failed || err != nil {
		return checks, err
	}
	add(true, "suite", "%d cases under seed %d", len(suite.Cases), sd)
	r := &run{env: e, x: x}
	v := r.newVariator(ctx, s)
	type rendered struct {
		style *specs.Style
		entry *entry
	}
	var styles []rendered
	var entries []*entry
	distinct := map[string]*entry{} // two styles may render to the same source
	for i := range s.Styles {
		st := &s.Styles[i]
		g, err := v.Default(st.Name)
		var id string
		if err == nil {
			id, err = v.ID(g)
		}
		if err != nil {
			add(false, "style "+st.Name, "%v", err)
			continue
		}
		if distinct[id] == nil {
			distinct[id] = &entry{id: id, source: []byte(v.source(id))}
			entries = append(entries, distinct[id])
		}
		styles = append(styles, rendered{st, distinct[id]})
	}
	mo := measureOptions{Options: x.measureOptions()}
	mo.Host = e.host
	if err := e.measure(ctx, entries, suite, func(context.Context) (*testgen.Programs, error) { return p, nil }, mo); err != nil {
		return checks, err
	}
	for _, r := range styles {
		checks = append(checks, styleCheck(r.style, r.entry, suite, x.budget(0)))
	}
	return checks, nil
}

// styleCheck says how a style does under its defaults. It must compile; the baseline
// must pass its whole suite.
func styleCheck(st *specs.Style, en *entry, suite *testgen.Suite, budget evaluate.Budget) SpecCheck {
	c := SpecCheck{Check: "style " + st.Name}
	if d := en.death; d != nil {
		c.Detail = fmt.Sprintf("cannot be measured on this machine: %s %s: %s", d.Job, d.Case, d.Reason)
		return c
	}
	if en.m.Rejected != "" {
		c.Detail = en.m.Rejected + ": " + firstProblem(en.report)
		return c
	}
	ev := evaluate.Judge(en.m, suite, budget)
	c.Detail = fmt.Sprintf("%s, %d of %d search cases, safety %.2f, documentation %.2f", ev.Verdict, ev.CasesPassed, ev.CasesTotal, ev.Safety, ev.Documentation)
	if ev.VirtualMS != nil {
		c.Detail += fmt.Sprintf(", %.2f virtual ms", *ev.VirtualMS)
	}
	if ev.PeakMemoryBytes != nil {
		c.Detail += fmt.Sprintf(", %.1f MiB", float64(*ev.PeakMemoryBytes)/(1<<20))
	}
	c.OK = !st.Baseline || ev.Verdict == evaluate.Pass && allOne(ev.Robustness, ev.ValidateCorrectness, ev.HoldoutCorrectness)
	if !c.OK {
		c.Detail += "; the baseline style must pass its whole suite"
	}
	return c
}

// asSpecCheck turns a fault of the spec into a failed check; other errors stay errors.
func asSpecCheck(checks *[]SpecCheck, check string, err error) (failed bool, other error) {
	if err == nil {
		return false, nil
	}
	var bad *testgen.SpecError
	if errors.As(err, &bad) {
		*checks = append(*checks, SpecCheck{check, false, bad.Error()})
		return true, nil
	}
	return false, err
}

// referenceDisagrees names the first written case that the reference answers in
// another way; "" if there is none.
func referenceDisagrees(ctx context.Context, s *specs.Spec, p *testgen.Programs) (string, error) {
	for _, list := range [][]specs.Case{s.Examples, s.Cases} {
		for _, c := range list {
			got, failed, err := p.Answer(ctx, c.Input)
			if err != nil {
				return "", err
			}
			switch {
			case failed != c.Error:
				return fmt.Sprintf("case %q: an error is %t by the reference, %t by the case", c.Name, failed, c.Error), nil
			case failed || s.Compare == specs.CompareCheck:
			case !evaluate.Equal(s.Compare, c.Output, got):
				return fmt.Sprintf("case %q: the reference answers %.200q, the case says %.200q", c.Name, got, c.Output), nil
			}
		}
	}
	return "", nil
}

func allOne(scores ...*float64) bool {
	for _, s := range scores {
		if s != nil && *s < 1 {
			return false
		}
	}
	return true
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
