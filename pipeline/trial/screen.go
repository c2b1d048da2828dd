package trial

import (
	"context"

	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/repair"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/testgen"
	"toolgen/seed"
	"toolgen/specs"
)

// Screen implements repair.Executor.
func (b *Bench) Screen(ctx context.Context, base string, versions []string) ([]repair.Screening, error) {
	out := make([]repair.Screening, len(versions))
	m, err := b.compile(ctx, base, versions)
	if err != nil {
		return nil, err
	}
	defer m.release()
	var check *testgen.Programs
	if b.cfg.Suite.Compare == specs.CompareCheck {
		if check, err = b.cfg.Programs(ctx); err != nil {
			return nil, err
		}
	}
	err = b.lab.cfg.Each(ctx, len(versions), func(ctx context.Context, i int) error {
		if m.index[i] < 0 {
			out[i].Refused = true
			return nil
		}
		v := version{bench: b, ctx: ctx, source: versions[i], subject: b.subject(m, i), check: check, result: &out[i]}
		return v.survive(v.screen())
	})
	if err != nil {
		return nil, err
	}
	return out, b.probe(ctx, m, check, versions, out)
}

// probe holds the plausible versions against what those that are not need not see.
func (b *Bench) probe(ctx context.Context, m *compiled, check *testgen.Programs, versions []string, out []repair.Screening) error {
	var plausible []int
	for i := range out {
		if out[i].Plausible {
			plausible = append(plausible, i)
		}
	}
	if len(plausible) == 0 {
		return nil
	}
	freshes, err := b.freshes(ctx)
	if err != nil {
		return err
	}
	return b.lab.cfg.Each(ctx, len(plausible), func(ctx context.Context, k int) error {
		i := plausible[k]
		v := version{bench: b, ctx: ctx, source: versions[i], subject: b.subject(m, i), check: check, result: &out[i]}
		return v.survive(v.probe(freshes))
	})
}

// version is one version on its way through the points.
type version struct {
	bench   *Bench
	ctx     context.Context
	source  string
	subject evaluate.Subject
	check   *testgen.Programs
	result  *repair.Screening
}

// survive makes a version that has died one that was refused, which is what it will be when
// it has been set aside.
func (v *version) survive(err error) error {
	if err == nil {
		return nil
	}
	*v.result = repair.Screening{Refused: true}
	return v.bench.bury(v.source, err)
}

// probe runs a plausible version under other entropies and on other cases.
func (v *version) probe(freshes []testgen.Case) error {
	if err := v.others(); err != nil || !v.result.Plausible {
		return err
	}
	suite := v.bench.cfg.Suite
	entropy := func(c *testgen.Case) int64 { return evaluate.Entropy(suite, c.ID, 0) }
	var err error
	if v.result.Validate, err = v.share(v.bench.validate, entropy); err != nil {
		return err
	}
	v.result.Fresh, err = v.share(freshes, entropy)
	return err
}

// passes runs the version on a case and says whether it answers as it should.
func (v *version) passes(c *testgen.Case, entropy int64) (bool, error) {
	budget := v.bench.cfg.Budget
	allowed := float64(v.bench.allow+allowByte*int64(len(c.Input))) / float64(budget.FuelPerMS)
	opt := evaluate.Options{FuelPerMS: budget.FuelPerMS, TimeoutMS: min(budget.TimeoutMS, allowed), MemoryBytes: budget.MemoryBytes &^ (64<<10 - 1)}
	if err := v.bench.fate("call", v.source); err != nil {
		return false, err
	}
	call, _, err := evaluate.Answer(v.ctx, v.subject, v.bench.cfg.Suite, v.check, opt, c, entropy)
	v.result.Fuel = min(v.result.Fuel+call.Fuel, sandbox.MaxFuel)
	return call.Correct, err
}

// screen runs the version on the points until it is clear that it is no repair and how
// far it helps: a version that turns none of the first failing points ends there, and
// one that helps ends at the first point that it breaks.
func (v *version) screen() error {
	failed := 0
	for i := range v.bench.points {
		p := &v.bench.points[i]
		if !p.fails && v.result.Turned == 0 {
			return nil // it failed all of the failing ones, which were few
		}
		ok, err := v.passes(p.c, p.entropy)
		if err != nil {
			return err
		}
		switch {
		case ok && p.fails:
			v.result.Turned++
		case !ok && p.fails:
			failed++
			if v.result.Turned == 0 && failed == patience {
				return nil
			}
		case !ok:
			v.result.Broken++
			return nil
		}
	}
	v.result.Plausible = failed == 0
	return nil
}

// others runs a plausible version under other entropies: a program that leans on the
// order of a map passes once in a while.
func (v *version) others() error {
	for k := 1; k <= others; k++ {
		for i := range v.bench.points {
			p := &v.bench.points[i]
			if p.timed {
				continue
			}
			ok, err := v.passes(p.c, seed.Entropy(v.bench.cfg.Suite.Seed, "screen", v.bench.cfg.Suite.Spec, p.c.ID, k))
			if err != nil {
				return err
			}
			if !ok {
				v.result.Plausible = false
				return nil
			}
		}
	}
	return nil
}

func (v *version) share(cases []testgen.Case, entropy func(*testgen.Case) int64) (repair.Share, error) {
	s := repair.Share{Total: len(cases)}
	for i := range cases {
		ok, err := v.passes(&cases[i], entropy(&cases[i]))
		if err != nil {
			return s, err
		}
		if ok {
			s.Passed++
		}
	}
	return s, nil
}
