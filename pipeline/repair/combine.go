package repair

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"

	"toolgen/pipeline/synth"
	"toolgen/seed"
)

const (
	// parents is how many versions that help pairs are made from.
	parents = 8

	// Of the genetic search.
	brood        = 128 // versions of a generation
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
	lists := map[string][]proposal{} // by source
	edits := func(parent *Patch) ([]proposal, error) {
		source := s.source
		if parent != nil {
			source = parent.Source
		}
		if list, ok := lists[source]; ok {
			return list, nil
		}
		// The first localization serves all versions: most of what they are is alike.
		list, err := s.propose(parent, s.suspicion)
		lists[source] = list
		return list, err
	}
	for generation := 0; ; generation++ {
		n := min(s.size(s.opt.Patches), brood)
		if n == 0 {
			return false, nil
		}
		population := s.improvers(mates)
		rng := seed.Derive(s.opt.Seed, "genetic", s.opt.Purpose, generation)
		var versions []Patch
		for attempt := 0; attempt < 20*n && len(versions) < n; attempt++ {
			v, ok, err := s.breed(rng, population, edits)
			if err != nil {
				return false, err
			}
			if ok && !s.seen[v.Source] {
				s.seen[v.Source] = true
				versions = append(versions, v)
			}
		}
		if len(versions) == 0 {
			return false, nil
		}
		s.exhausted = false
		if done, err := s.try(ctx, versions); done || err != nil {
			return done, err
		}
	}
}

// breed makes one version of the population. Where that is empty, it makes pairs of
// edits of the program.
func (s *search) breed(rng *rand.Rand, population []Patch, edits func(*Patch) ([]proposal, error)) (Patch, bool, error) {
	var parent *Patch
	if len(population) > 0 {
		parent = pick(rng, population)
	}
	if parent != nil && rng.Float64() < crossing {
		other := pick(rng, population)
		v := *parent
		v.Edits = slices.Clone(parent.Edits)
		for _, e := range other.Edits {
			if len(v.Edits) >= maxEdits {
				break
			}
			if next, err := synth.Apply(v.Source, e, s.imp); err == nil {
				v.Source, v.Edits = next, append(v.Edits, e)
			}
		}
		return v, len(v.Edits) > len(parent.Edits), nil
	}
	if parent != nil && len(parent.Edits) >= maxEdits {
		return Patch{}, false, nil
	}
	list, err := edits(parent)
	if err != nil || len(list) == 0 {
		return Patch{}, false, err
	}
	c := list[drawRank(rng, len(list))]
	source, err := c.program.Realize(c.Proposal)
	if err != nil {
		return Patch{}, false, nil
	}
	v := Patch{Edits: []synth.Edit{c.Edit}, Source: source, Weight: c.weight}
	if parent != nil {
		v.Edits = append(slices.Clone(parent.Edits), c.Edit)
		return v, true, nil
	}
	// Single edits have been tried.
	second, err := s.propose(&v, s.suspicion)
	if err != nil || len(second) == 0 {
		return Patch{}, false, err
	}
	c = second[drawRank(rng, len(second))]
	if v.Source, err = c.program.Realize(c.Proposal); err != nil {
		return Patch{}, false, nil
	}
	v.Edits, v.Weight = append(v.Edits, c.Edit), c.weight
	return v, true, nil
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
