package synth

import (
	"errors"
	"fmt"
	"go/types"
	"math/rand/v2"
	"slices"

	"toolgen/specs"
)

// maxTries bounds how many edits are tried for each one that Mutate makes.
const maxTries = 256

// ErrNoEdit means that a candidate offers no edit, or that none of those tried
// type-checks and leads to a source that was not there before.
var ErrNoEdit = errors.New("synth: no edit of the candidate applies")

// Synthesizer gives the sources of genomes of one spec and varies the genomes. It
// is safe for concurrent use if its importer and Vet are.
type Synthesizer struct {
	spec    *specs.Spec
	license string
	imp     types.Importer
	memo    memo

	// Vet, if set, is asked about every source that came from a template or is a
	// Base, before it is type-checked: the type checker can be made to take any
	// amount of memory, by doubling constants or types for example. Sources that
	// came about by edits have the types and the constants of one that was vetted.
	// Its error is returned as it is.
	Vet func(source string) error
}

// New returns the synthesizer of a spec. The license is the SPDX id for sources of
// a spec that names none. The importer knows the standard packages that candidates
// may import.
func New(spec *specs.Spec, license string, imp types.Importer) *Synthesizer {
	return &Synthesizer{spec: spec, license: license, imp: imp}
}

// Source returns the source of a genome: its template rendered, or its Base as it
// is, and then its edits. The same genome gives the same bytes. An edit that does
// not apply or type-check is an *EditError, a template that fails a *TemplateError.
func (y *Synthesizer) Source(g Genome) (string, error) {
	src, _, err := y.follow(g)
	return src, err
}

// follow is Source, and says which chain of edits the source is the result of.
func (y *Synthesizer) follow(g Genome) (string, chain, error) {
	src, err := y.base(g)
	if err != nil {
		return "", chain{}, err
	}
	at := chainOf(src)
	vetted := false
	for _, e := range g.Edits {
		if !vetted {
			if err := y.vet(src); err != nil {
				return "", chain{}, err
			}
			vetted = true
		}
		if src, at, err = y.apply(src, at, e); err != nil {
			return "", chain{}, err
		}
	}
	return src, at, nil
}

// apply carries out one more edit, unless its result is remembered.
func (y *Synthesizer) apply(src string, at chain, e Edit) (string, chain, error) {
	at = at.then(e)
	if known, ok := y.memo.get(at); ok {
		return known, at, nil
	}
	result, err := Apply(src, e, y.imp)
	if err != nil {
		return "", chain{}, err
	}
	y.memo.put(at, result)
	return result, at, nil
}

// base returns what the edits of a genome start from.
func (y *Synthesizer) base(g Genome) (string, error) {
	if err := checkShape(y.spec, g); err != nil {
		return "", err
	}
	if g.Style == "" {
		return g.Base, nil
	}
	return Render(y.spec, g.Style, g.Params, y.license)
}

func (y *Synthesizer) vet(src string) error {
	if y.Vet == nil {
		return nil
	}
	return y.Vet(src)
}

// Mutate returns g with up to n more edits, and its source. Each is drawn uniformly
// from a family, which is drawn uniformly first, among those that type-check and
// lead to a source that was not there before. There are fewer than n only if no
// further edit was found within the bounds, and ErrNoEdit if there was none at all.
func (y *Synthesizer) Mutate(rng *rand.Rand, g Genome, n int) (Genome, string, error) {
	if n < 1 {
		return Genome{}, "", fmt.Errorf("synth: mutate by %d edits, expected at least 1", n)
	}
	src, at, err := y.follow(g)
	if err != nil {
		return Genome{}, "", err
	}
	if len(g.Edits) == 0 {
		if err := y.vet(src); err != nil {
			return Genome{}, "", err
		}
	}
	g = g.Clone()
	seen := []string{src}
	for i := range n {
		p, err := Parse(src, y.imp)
		if err != nil {
			return Genome{}, "", err
		}
		e, result, ok := draw(rng, p, seen)
		if !ok && i == 0 {
			return Genome{}, "", ErrNoEdit
		}
		if !ok {
			break
		}
		g.Edits = append(g.Edits, e)
		src = result
		seen = append(seen, src)
		at = at.then(e)
		y.memo.put(at, src)
	}
	return g, src, nil
}

// draw tries edits in random order, none twice, until one applies.
func draw(rng *rand.Rand, p *Program, seen []string) (Edit, string, bool) {
	families := make([][]Edit, len(variationFamilies))
	varied := func(o *operation) bool { return slices.Contains(variationFamilies, o.family) }
	for _, e := range p.edits(varied) {
		i := slices.Index(variationFamilies, e.Family)
		families[i] = append(families[i], e)
	}
	for range maxTries {
		families = slices.DeleteFunc(families, func(es []Edit) bool { return len(es) == 0 })
		if len(families) == 0 {
			break
		}
		f := rng.IntN(len(families))
		i := rng.IntN(len(families[f]))
		e := families[f][i]
		last := len(families[f]) - 1
		families[f][i] = families[f][last]
		families[f] = families[f][:last]
		if result, err := p.Apply(e); err == nil && !slices.Contains(seen, result) {
			return e, result, true
		}
	}
	return Edit{}, "", false
}

// Normalize returns g without the edits that do not apply, and its source. When
// parameters change or genomes are crossed, the edits meet another source than the
// one that they were made for.
func (y *Synthesizer) Normalize(g Genome) (Genome, string, error) {
	src, err := y.base(g)
	if err != nil || len(g.Edits) == 0 {
		return g, src, err
	}
	if err := y.vet(src); err != nil {
		return Genome{}, "", err
	}
	if _, err := Parse(src, y.imp); err != nil {
		return Genome{}, "", err // not the fault of any edit
	}
	var kept []Edit
	at := chainOf(src)
	for _, e := range g.Edits {
		if result, next, err := y.apply(src, at, e); err == nil {
			kept = append(kept, e)
			src, at = result, next
		}
	}
	g = g.Clone()
	g.Edits = kept
	return g, src, nil
}

// DefaultParams returns the parameters of a style at their defaults.
func (y *Synthesizer) DefaultParams(style string) (map[string]any, error) {
	st, err := styleOf(y.spec, style)
	if err != nil {
		return nil, err
	}
	return DefaultParams(st), nil
}

// PerturbParams moves parameters of g: numeric ones by a step that grows with
// strength (0 is the smallest), others by drawing again. At least one changes if
// any can. The edits stay; see Normalize. A genome without a style comes back as
// it was.
func (y *Synthesizer) PerturbParams(rng *rand.Rand, g Genome, strength float64) Genome {
	st, err := styleOf(y.spec, g.Style)
	if err != nil {
		return g.Clone()
	}
	child := g.Clone()
	child.Params = perturb(rng, st, g.Params, strength)
	return child
}

// CrossParams takes each parameter from a or b at even odds, and all else from a.
// Parents of different styles have no parameters to exchange: then the child is a.
func (y *Synthesizer) CrossParams(rng *rand.Rand, a, b Genome) Genome {
	child := a.Clone()
	st, err := styleOf(y.spec, a.Style)
	if err != nil || a.Style != b.Style {
		return child
	}
	child.Params = cross(rng, st, a.Params, b.Params)
	return child
}
