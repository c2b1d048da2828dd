package repair

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"slices"

	"toolgen/pipeline/synth"
	"toolgen/seed"
)

const (
	// parents is how many versions that help pairs are made from.
	parents = 8

	// Of the genetic search.
	brood        = 384 // versions of a generation
	mates        = 24  // versions that may be parents
	tournamentOf = 3
	maxEdits     = 4 // longer lists are bred no further: they are patches of the cases
	crossing     = 0.3
)

// pairs adds a second edit to single ones that turn some points without harm. Where
// they go now is traced anew, since what still fails may fail for another reason.
func (s *search) pairs(ctx context.Context, most int) (done bool, err error) {
	improvers := s.improvers(parents)
	if len(improvers) == 0 || s.tried >= most {
		return false, nil
	}
	sources := make([]string, len(improvers))
	for i := range improvers {
		sources[i] = improvers[i].Source
	}
	suspicions, err := s.localize(ctx, sources)
	if err != nil {
		return false, err
	}
	s.enter("pairs")
	var list []proposal
	for i := range improvers {
		v := &improvers[i]
		more, err := s.propose(v, suspicions[i])
		if err != nil {
			return false, err
		}
		// How much the first edit helps says more of it than what it was expected to.
		share := float64(v.Turned-v.Broken) / float64(s.failing)
		for k := range more {
			more[k].weight = float64(more[k].weight/v.Weight) * share
		}
		list = append(list, more...)
	}
	slices.SortStableFunc(list, func(a, b proposal) int { return cmp.Compare(b.weight, a.weight) })
	for {
		n := s.size(most)
		if n == 0 {
			return false, nil
		}
		versions, used := s.next(list, n)
		if list = list[used:]; len(versions) == 0 {
			return false, nil
		}
		if done, err := s.try(ctx, versions); done || err != nil {
			return done, err
		}
	}
}

// genetic breeds versions until the budget is used up: of those that help most, by one
// more edit, drawn by weight, or by the edits of another one.
func (s *search) genetic(ctx context.Context) (done bool, err error) {
	s.enter("genetic")
	b := breeder{search: s, lists: map[string][]proposal{}}
	for generation := 0; ; generation++ {
		n := min(s.size(s.opt.Patches), brood)
		if n == 0 {
			return false, nil
		}
		b.population = s.improvers(mates)
		b.forget()
		b.rng = seed.Derive(s.opt.Seed, "genetic", s.opt.Purpose, generation)
		var versions []Patch
		for attempt := 0; attempt < 20*n && len(versions) < n; attempt++ {
			v, ok, err := b.breed()
			if err != nil {
				return false, err
			}
			if ok && s.fresh(v.Source) {
				versions = append(versions, v)
			}
		}
		if len(versions) == 0 {
			return false, nil
		}
		if done, err := s.try(ctx, versions); done || err != nil {
			return done, err
		}
	}
}

// breeder makes versions of a population.
type breeder struct {
	*search
	rng        *rand.Rand
	population []Patch               // best first; empty as long as nothing helps
	founders   []Patch               // that stand in for it: single edits
	lists      map[string][]proposal // by source
}

// forget drops the lists of versions that are not parents any more.
func (b *breeder) forget() {
	parents := map[string]bool{b.source: true}
	for _, list := range [][]Patch{b.population, b.founders} {
		for i := range list {
			parents[list[i].Source] = true
		}
	}
	maps.DeleteFunc(b.lists, func(source string, _ []proposal) bool { return !parents[source] })
}

// edits lists the edits of a version, once. The first localization serves all versions:
// most of what they are is alike.
func (b *breeder) edits(parent *Patch) ([]proposal, error) {
	source := b.source
	if parent != nil {
		source = parent.Source
	}
	if list, ok := b.lists[source]; ok {
		return list, nil
	}
	list, err := b.propose(parent, b.suspicion)
	b.lists[source] = list
	return list, err
}

// breed makes one version; ok is false if the draw led to none.
func (b *breeder) breed() (v Patch, ok bool, err error) {
	var parent Patch
	if len(b.population) == 0 {
		if parent, ok, err = b.founder(); !ok || err != nil {
			return Patch{}, false, err
		}
	} else {
		parent = *pick(b.rng, b.population)
		if b.rng.Float64() < crossing {
			v = b.cross(&parent, pick(b.rng, b.population))
			return v, len(v.Edits) > len(parent.Edits), nil
		}
	}
	if len(parent.Edits) >= maxEdits {
		return Patch{}, false, nil
	}
	list, err := b.edits(&parent)
	if err != nil {
		return Patch{}, false, err
	}
	return b.draw(&parent, list)
}

// founder returns a version with one edit, drawn by weight. To list what a version offers
// takes longer than to run it, so that few of them found many pairs.
func (b *breeder) founder() (Patch, bool, error) {
	if len(b.founders) == mates {
		return b.founders[b.rng.IntN(mates)], true, nil
	}
	list, err := b.edits(nil)
	if err != nil {
		return Patch{}, false, err
	}
	v, ok, err := b.draw(nil, list)
	if ok {
		b.founders = append(b.founders, v)
	}
	return v, ok, err
}

// draw realizes one edit of a list.
func (b *breeder) draw(parent *Patch, list []proposal) (Patch, bool, error) {
	if len(list) == 0 {
		return Patch{}, false, nil
	}
	c := list[drawRank(b.rng, len(list))]
	source, err := c.program.Realize(c.Proposal)
	if err != nil {
		return Patch{}, false, nil
	}
	v := Patch{Edits: []synth.Edit{c.Edit}, Source: source, Weight: c.weight}
	if parent != nil {
		v.Edits = append(slices.Clone(parent.Edits), c.Edit)
	}
	return v, true, nil
}

// cross adds the edits of another version to one, as far as they still apply.
func (b *breeder) cross(parent, other *Patch) Patch {
	v := *parent
	v.Edits = slices.Clone(parent.Edits)
	for _, e := range other.Edits {
		if len(v.Edits) >= maxEdits {
			break
		}
		if next, err := b.apply(v.Source, e); err == nil {
			v.Source, v.Edits = next, append(v.Edits, e)
		}
	}
	return v
}

// pick is tournament selection: the first of some drawn, for the list is in order.
func pick(rng *rand.Rand, list []Patch) *Patch {
	best := rng.IntN(len(list))
	for range tournamentOf - 1 {
		best = min(best, rng.IntN(len(list)))
	}
	return &list[best]
}

// drawRank draws an index that is the smaller the likelier: the product of two uniform
// numbers.
func drawRank(rng *rand.Rand, n int) int {
	x, y := rng.Float64(), rng.Float64()
	return min(n-1, int(float64(float64(x*y)*float64(n))))
}
