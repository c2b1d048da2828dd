package testgen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"toolgen/pipeline/build"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/sandbox"
	"toolgen/specs"
)

// SpecError says that a program of a spec is at fault: the gate or the compiler refused
// it, it broke off where it had to answer, it answered what it must not, or its job died.
type SpecError struct {
	Spec string
	Role build.Role
	Msg  string

	// Died is set if a job of the program died: on another machine it may not. It is no
	// cause that errors.As finds, for that would be taken for the death of a candidate.
	Died *isolate.DeathError
}

// died makes a *SpecError of the death of a program's job.
func died(spec string, role build.Role, death *isolate.DeathError) *SpecError {
	return &SpecError{Spec: spec, Role: role, Msg: "cannot be run on this machine: " + death.Error(), Died: death}
}

func (e *SpecError) Error() string {
	return fmt.Sprintf("spec %s: %s: %s", e.Spec, e.Role, e.Msg)
}

// limits bounds one call of a spec's program. They are generous (20 s of virtual
// time at the default rate, 1 GiB): a reference may be slow, it is run once a case.
var limits = sandbox.Limits{
	Fuel:        200_000_000_000,
	FuelPerMS:   10_000_000,
	MemoryBytes: 1 << 30,
	OutputBytes: 64 << 20,
	Wall:        10 * time.Minute,
}

// Programs are the compiled generator, reference and check of a spec.
type Programs struct {
	spec  *specs.Spec
	roles map[build.Role]program
}

type program struct {
	module *isolate.Module
	index  uint32
}

// Prepare inspects and compiles the programs of a spec. A spec of cases alone has
// none, and then nothing is built.
func Prepare(ctx context.Context, b *build.Builder, spec *specs.Spec) (*Programs, error) {
	p := &Programs{spec: spec, roles: map[build.Role]program{}}
	var units []build.Unit
	for _, part := range []struct {
		role  build.Role
		files []specs.File
	}{{build.Reference, spec.Reference}, {build.Generate, spec.Generate}, {build.Check, spec.Check}} {
		if part.files == nil {
			continue
		}
		files := make([]build.File, len(part.files))
		for i, f := range part.files {
			files[i] = build.File{Name: f.Name, Data: f.Data}
		}
		report, err := b.Inspect(ctx, part.role, files)
		if err != nil {
			if bad := faultOf(spec.ID, part.role, err); bad != nil {
				return nil, bad
			}
			return nil, fmt.Errorf("spec %s: %s: %w", spec.ID, part.role, err)
		}
		if report.Verdict != "" {
			var msgs []string
			for _, problem := range report.Problems {
				msgs = append(msgs, problem.String())
			}
			return nil, &SpecError{Spec: spec.ID, Role: part.role, Msg: report.Verdict + ": " + strings.Join(msgs, "; ")}
		}
		units = append(units, build.Unit{ID: spec.ID + "/" + string(part.role), Role: part.role, Files: files, Report: report})
	}
	for _, batch := range build.Plan(units) {
		module, err := b.Module(ctx, batch)
		if err != nil {
			p.Close()
			return nil, atFault(ctx, b, spec.ID, batch, err)
		}
		for i, u := range batch.Units {
			p.roles[u.Role] = program{module.For("spec " + spec.ID), uint32(i)}
		}
	}
	return p, nil
}

// atFault names the program that keeps a batch from being built, by building each alone;
// where none does, or the machine fails, it returns the batch's error.
func atFault(ctx context.Context, b *build.Builder, spec string, batch build.Batch, err error) error {
	if faultOf(spec, "", err) == nil {
		return err
	}
	for _, u := range batch.Units {
		alone := err
		if len(batch.Units) > 1 {
			module, err := b.Module(ctx, build.Plan([]build.Unit{u})[0])
			if err == nil {
				module.Close()
				continue
			}
			alone = err
		}
		if bad := faultOf(spec, u.Role, alone); bad != nil {
			return bad
		}
		return alone
	}
	return err
}

// faultOf makes a *SpecError of an error of a build that is the program's fault; nil if it
// is the machine's.
func faultOf(spec string, role build.Role, err error) *SpecError {
	if refused, ok := errors.AsType[*build.BuildError](err); ok {
		return &SpecError{Spec: spec, Role: role, Msg: "accepted by the gate, and yet not compiled: " + refused.Said()}
	}
	if death, ok := isolate.Died(err); ok {
		return died(spec, role, death)
	}
	return nil
}

// Close frees the compiled programs. They must not be in use.
func (p *Programs) Close() error {
	closed := map[*isolate.Module]bool{}
	for _, r := range p.roles { // any order: each is closed once
		if !closed[r.module] {
			closed[r.module] = true
			r.module.Close()
		}
	}
	p.roles = nil
	return nil
}

// Answer is what the reference answers to an input: an output, or failed if it
// answers with an error. The spec must have a reference.
func (p *Programs) Answer(ctx context.Context, input []byte) (output []byte, failed bool, err error) {
	r, err := p.call(ctx, build.Reference, input)
	if err != nil {
		return nil, false, err
	}
	return r.Output, r.Outcome == sandbox.ToolError, nil
}

// Check judges an output by the spec's check. wrong says why it is no right
// answer and is "" if it is one; score is its quality in [0, 1].
func (p *Programs) Check(ctx context.Context, input, output []byte) (score float64, wrong string, err error) {
	r, err := p.call(ctx, build.Check, build.EncodeCheck(input, output))
	if err != nil {
		return 0, "", err
	}
	if r.Outcome == sandbox.ToolError {
		if r.Message == "" {
			return 0, "refused by the check", nil
		}
		return 0, r.Message, nil
	}
	score, err = build.DecodeScore(r.Output)
	if err != nil {
		return 0, "", err
	}
	if !(score >= 0 && score <= 1) { // NaN neither
		return 0, "", &SpecError{Spec: p.spec.ID, Role: build.Check, Msg: fmt.Sprintf("answered the score %v; it must lie in [0, 1]", score)}
	}
	return score, "", nil
}

func (p *Programs) generate(ctx context.Context, entropy int64, size int) ([]byte, error) {
	r, err := p.call(ctx, build.Generate, build.EncodeGenerate(uint64(entropy), size))
	if err != nil {
		return nil, err
	}
	if r.Outcome != sandbox.OK {
		return nil, &SpecError{Spec: p.spec.ID, Role: build.Generate, Msg: "answered with an error: " + r.Message}
	}
	return r.Output, nil
}

// call runs a program under one entropy for all: what a spec's program answers
// must not depend on chance, and `spec test` proves that it does not.
func (p *Programs) call(ctx context.Context, role build.Role, input []byte) (sandbox.Result, error) {
	return p.callUnder(ctx, role, input, 0)
}

func (p *Programs) callUnder(ctx context.Context, role build.Role, input []byte, entropy int64) (sandbox.Result, error) {
	pr, ok := p.roles[role]
	if !ok {
		return sandbox.Result{}, &SpecError{Spec: p.spec.ID, Role: role, Msg: "the spec has none"}
	}
	r, err := pr.module.Call(ctx, sandbox.Call{Index: pr.index, Input: input, Entropy: entropy, Limits: limits})
	if death, dead := isolate.Died(err); dead {
		return r, died(p.spec.ID, role, death)
	}
	if err != nil {
		return r, fmt.Errorf("spec %s: %s: %w", p.spec.ID, role, err)
	}
	if r.Outcome != sandbox.OK && r.Outcome != sandbox.ToolError {
		return r, &SpecError{Spec: p.spec.ID, Role: role, Msg: fmt.Sprintf("broke off (%s) on an input of %d bytes: %s", r.Outcome, len(input), r.Message)}
	}
	return r, nil
}

// chances is under how many other entropies Deterministic asks again.
const chances = 3

// Deterministic proves that generator, reference and check answer alike under
// other entropy: on an input of each size, and of the benchmark's. It returns a
// *SpecError if not. A spec without a generator has nothing to be proved by.
func (p *Programs) Deterministic(ctx context.Context, sd int64) error {
	if p.spec.Generate == nil {
		return nil
	}
	sizes := slices.Clone(p.spec.Suite.Sizes)
	if p.spec.Benchmark != nil {
		sizes = append(sizes, p.spec.Benchmark.Size)
	}
	for _, size := range sizes {
		on := fmt.Sprintf("Generate(%d, %d)", sd, size)
		input, err := p.same(ctx, build.Generate, build.EncodeGenerate(uint64(sd), size), on)
		if err != nil {
			return err
		}
		if p.spec.Reference == nil {
			continue
		}
		want, err := p.same(ctx, build.Reference, input.Output, "Run on "+on)
		if err != nil {
			return err
		}
		if p.spec.Check == nil || want.Outcome != sandbox.OK {
			continue
		}
		_, err = p.same(ctx, build.Check, build.EncodeCheck(input.Output, want.Output), "Check on "+on+" and the reference's answer")
		if err != nil {
			return err
		}
	}
	return nil
}

// same calls a program under several entropies and returns what it always answers.
func (p *Programs) same(ctx context.Context, role build.Role, input []byte, call string) (sandbox.Result, error) {
	first, err := p.callUnder(ctx, role, input, 0)
	if err != nil {
		return first, err
	}
	for entropy := int64(1); entropy <= chances; entropy++ {
		again, err := p.callUnder(ctx, role, input, entropy)
		if err != nil {
			return again, err
		}
		if again.Outcome != first.Outcome || !bytes.Equal(again.Output, first.Output) {
			return again, &SpecError{Spec: p.spec.ID, Role: role, Msg: call + " differs between two calls: it must be a function of its arguments (map order, clock, random numbers?)"}
		}
	}
	return first, nil
}
