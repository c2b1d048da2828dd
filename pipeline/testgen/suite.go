// Package testgen turns a spec and a seed into a suite: the cases that every
// candidate of a tournament is held against.
//
// A suite belongs to a seed and a spec and stays for a whole run. Its parts, in
// this order: the examples of the spec, its written cases, generated search cases,
// robustness cases (generated inputs that a named mutator has damaged), validate
// cases and holdout cases. Generator and reference are programs from strangers, so
// they pass the same gate, compiler and sandbox as a candidate does; what they do
// wrong is a *SpecError, never a candidate's failure.
//
// The package decides nothing about candidates: comparing and scoring is evaluate's.
package testgen

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"toolgen/seed"
	"toolgen/specs"
)

// Kinds of cases. Selection sees search and robustness cases, repair chooses by
// validate cases, and nothing ever decides by holdout cases.
const (
	Search     = specs.SplitSearch
	Validate   = specs.SplitValidate
	Holdout    = specs.SplitHoldout
	Robustness = "robustness"
)

// Case is one input and what a right tool answers to it.
type Case struct {
	ID        string `json:"id"` // SHA-256 of kind and input, lower-case hex
	Name      string `json:"name"`
	Kind      string `json:"kind"` // Search, Robustness, Validate or Holdout
	Input     []byte `json:"input"`
	Want      []byte `json:"want,omitempty"` // what the reference answers; meaningless if HasWant is false
	HasWant   bool   `json:"has_want"`       // false only under CompareCheck, where neither the case nor a reference says it
	WantError bool   `json:"want_error,omitempty"`
}

// Suite is every case of a spec under a seed. It is immutable once generated.
type Suite struct {
	Spec    string `json:"spec"`
	Seed    int64  `json:"seed"`
	Compare string `json:"compare"`
	Cases   []Case `json:"cases"`
	Bench   *Bench `json:"bench,omitempty"` // nil where the spec has no benchmark
	Digest  string `json:"digest"`          // of all of the above but the names of cases
}

// Bench is the input of the timed calls.
type Bench struct {
	Case
	Samples int `json:"samples"` // timed calls at most
}

// Sizes is what is in force for a run: a spec's own numbers, or the manifest's overrides.
type Sizes struct {
	Suite   specs.SuiteSizes
	Samples int // timed calls; ignored without a benchmark
}

// OwnSizes returns the sizes that the spec itself asks for.
func OwnSizes(s *specs.Spec) Sizes {
	z := Sizes{Suite: s.Suite}
	if s.Benchmark != nil {
		z.Samples = s.Benchmark.Samples
	}
	return z
}

// redraws is how often an input that the suite already holds is drawn again
// before its place is given up.
const redraws = 8

// Generate makes the suite of a spec under a seed. The same arguments give the
// same suite, whatever else was generated before. The error is a *SpecError if a
// program of the spec failed, else one of the machine.
func Generate(ctx context.Context, p *Programs, sd int64, sizes Sizes) (*Suite, error) {
	g := generator{ctx: ctx, programs: p, spec: p.spec, seed: sd, seen: map[[32]byte]bool{}, ids: map[string]bool{}}
	g.suite = &Suite{Spec: g.spec.ID, Seed: sd, Compare: g.spec.Compare}
	for _, written := range [][]specs.Case{g.spec.Examples, g.spec.Cases} {
		for _, c := range written {
			hasWant := c.Output != nil || c.Error || g.spec.Compare != specs.CompareCheck
			g.add(Case{Name: c.Name, Kind: c.Split, Input: c.Input, Want: c.Output, HasWant: hasWant, WantError: c.Error})
		}
	}
	if g.spec.Generate != nil {
		if len(sizes.Suite.Sizes) == 0 {
			return nil, fmt.Errorf("testgen: spec %s has a generator, and Sizes.Suite.Sizes is empty: want one size or more", g.spec.ID)
		}
		if err := g.generated(sizes); err != nil {
			return nil, err
		}
	}
	g.suite.Digest = digest(g.suite)
	return g.suite, nil
}

type generator struct {
	ctx      context.Context
	programs *Programs
	spec     *specs.Spec
	seed     int64
	suite    *Suite
	seen     map[[32]byte]bool // inputs that the suite holds
	ids      map[string]bool   // of its cases
}

// add takes a case in, unless one of its kind and input is there already: its id
// would be the same, and the loader of specs has seen to it that it wants the same.
func (g *generator) add(c Case) {
	c.ID = CaseID(c.Kind, c.Input)
	if g.ids[c.ID] {
		return
	}
	g.ids[c.ID] = true
	g.seen[sha256.Sum256(c.Input)] = true
	g.suite.Cases = append(g.suite.Cases, c)
}

func (g *generator) generated(sizes Sizes) error {
	z := sizes.Suite
	if err := g.split(Search, z.Search, z.Sizes); err != nil {
		return err
	}
	if err := g.robustness(z.Sizes); err != nil {
		return err
	}
	if err := g.split(Validate, z.Validate, z.Sizes); err != nil {
		return err
	}
	if err := g.split(Holdout, z.Holdout, z.Sizes); err != nil {
		return err
	}
	if g.spec.Benchmark == nil {
		return nil
	}
	input, err := g.programs.generate(g.ctx, seed.Entropy(g.seed, "bench", g.spec.ID), g.spec.Benchmark.Size)
	if err != nil {
		return err
	}
	c, err := g.answered(Case{Name: "benchmark", Kind: "bench", Input: input})
	if err != nil {
		return err
	}
	c.ID = CaseID(c.Kind, c.Input)
	g.suite.Bench = &Bench{Case: c, Samples: sizes.Samples}
	return nil
}

// split generates the cases of one kind, with the sizes in turn.
func (g *generator) split(kind string, n int, sizes []int) error {
	for i := range n {
		size := sizes[i%len(sizes)]
		err := g.draw(kind, fmt.Sprintf("%s %d, size %d", kind, i, size), func(attempt int) ([]byte, bool, error) {
			input, err := g.programs.generate(g.ctx, seed.Entropy(g.seed, "case", g.spec.ID, kind, i, attempt), size)
			return input, true, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// robustness damages two generated inputs for each mutator: one of the middle
// size and one of the last.
func (g *generator) robustness(sizes []int) error {
	for _, name := range g.spec.Robustness {
		for i, size := range []int{sizes[len(sizes)/2], sizes[len(sizes)-1]} {
			err := g.draw(Robustness, fmt.Sprintf("%s, size %d", name, size), func(attempt int) ([]byte, bool, error) {
				input, err := g.programs.generate(g.ctx, seed.Entropy(g.seed, "case", g.spec.ID, name, i, attempt), size)
				if err != nil {
					return nil, false, err
				}
				damaged, ok := mutate(name, seed.Derive(g.seed, "mutator", g.spec.ID, name, i, attempt), input)
				return damaged, ok, nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// draw adds a case with an input that the suite does not hold yet; after some
// tries it gives the place up. An input may also be refused by who draws it.
func (g *generator) draw(kind, name string, input func(attempt int) (in []byte, ok bool, err error)) error {
	for attempt := range redraws + 1 {
		in, ok, err := input(attempt)
		if err != nil {
			return err
		}
		if !ok || g.seen[sha256.Sum256(in)] {
			continue
		}
		c, err := g.answered(Case{Name: name, Kind: kind, Input: in})
		if err != nil {
			return err
		}
		g.add(c)
		return nil
	}
	return nil
}

// answered fills in what the reference answers.
func (g *generator) answered(c Case) (Case, error) {
	if g.spec.Reference == nil {
		return c, nil
	}
	want, failed, err := g.programs.Answer(g.ctx, c.Input)
	if err != nil {
		return c, err
	}
	c.Want, c.WantError, c.HasWant = want, failed, true
	return c, nil
}

// CaseID is the id of a case: the hash of its kind and input.
func CaseID(kind string, input []byte) string {
	h := sha256.New()
	frame(h, []byte(kind))
	frame(h, input)
	return hex.EncodeToString(h.Sum(nil))
}

func digest(s *Suite) string {
	h := sha256.New()
	frame(h, []byte(s.Spec))
	frame(h, []byte(s.Compare))
	fmt.Fprintf(h, "seed %d, cases %d\n", s.Seed, len(s.Cases))
	one := func(c *Case) {
		frame(h, []byte(c.ID))
		frame(h, c.Want)
		fmt.Fprintf(h, "%t %t\n", c.HasWant, c.WantError)
	}
	for i := range s.Cases {
		one(&s.Cases[i])
	}
	if s.Bench != nil {
		one(&s.Bench.Case)
		fmt.Fprintf(h, "samples %d\n", s.Bench.Samples)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// frame writes bytes with their length, so that no two lists of them hash alike.
func frame(h hash.Hash, b []byte) {
	fmt.Fprintf(h, "%d:", len(b))
	h.Write(b)
}

// Fresh makes n inputs that the suite does not hold, of the sizes in turn, with what
// the reference answers to them. They depend on the suite's seed and on the purpose
// that they are for. The result is empty where the spec has no generator, or nothing
// that says what is right: no reference and no check.
func Fresh(ctx context.Context, p *Programs, s *Suite, purpose string, n int, sizes []int) ([]Case, error) {
	if p.spec.Generate == nil || p.spec.Reference == nil && p.spec.Check == nil || len(sizes) == 0 {
		return nil, nil
	}
	g := generator{ctx: ctx, programs: p, spec: p.spec, seed: s.Seed, seen: map[[32]byte]bool{}, ids: map[string]bool{}, suite: &Suite{}}
	for i := range s.Cases {
		g.seen[sha256.Sum256(s.Cases[i].Input)] = true
	}
	if err := g.split(purpose, n, sizes); err != nil {
		return nil, err
	}
	return g.suite.Cases, nil
}
