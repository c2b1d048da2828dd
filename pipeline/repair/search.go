package repair

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"toolgen/pipeline/synth"
)

const (
	// floor is added to a place's suspicion. On small functions nearly everything is
	// executed by every case, and the fault is where its absence shows as well as
	// where its presence does; so suspicion is a weight, never a cut.
	floor = 0.05

	// firstChunk and lastChunk are how many versions a module holds, and growth how many
	// times more the next one. A module costs two seconds of CPU by itself and a version
	// a few milliseconds, so large ones are cheap by the version; but half of all repairs
	// are among the first hundred.
	firstChunk = 96
	lastChunk  = ScreenLimit
	growth     = 4

	// confirmed is how many plausible versions of a chunk are measured at once, and
	// confirmedLast how many of those that are left when nothing else was found.
	confirmed     = 3
	confirmedLast = 12

	// keptHelpful is how many of the versions that help are kept, at least: more than ever have
	// descendants.
	keptHelpful = 256

	// places is how many suspicious lines a result names.
	places = 5
)

// Search looks for a repair of a program that its executor knows to fail. The importer
// knows the standard packages that programs may import. Errors are the executor's, the
// context's, and a program that does not type-check.
func Search(ctx context.Context, exec Executor, source string, imp types.Importer, opt Options) (*Result, error) {
	score, err := LocalizerNamed(opt.Localizer)
	if err != nil {
		return nil, err
	}
	s := newSearch(exec, source, imp, opt)
	s.localizer = score
	if s.failing == 0 {
		return &Result{Outcome: NothingToRepair}, nil
	}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	return s.conclude(), nil
}

// search is one search under way.
type search struct {
	exec      Executor
	imp       types.Importer
	source    string
	opt       Options
	localizer Localizer

	failing   int
	literals  []string // that edits may use besides the program's own
	suspicion Suspicion
	seen      map[digest]bool // sources that were screened
	measured  map[digest]bool // of these, those that were confirmed, or not
	tried     int
	fuel      int64
	chunk     int // size of the one before

	plausible []Patch
	helpful   []Patch // not plausible, but some points turned
	winner    *Patch
	confirmed Confirmation
	exhausted bool // nothing is left to be tried
	stage     string
}

func newSearch(exec Executor, source string, imp types.Importer, opt Options) *search {
	s := &search{exec: exec, imp: imp, source: source, opt: opt, seen: map[digest]bool{digestOf(source): true}, measured: map[digest]bool{}}
	for _, f := range exec.Points() {
		if f {
			s.failing++
		}
	}
	return s
}

func (s *search) run(ctx context.Context) error {
	suspicions, err := s.localize(ctx, []string{s.source})
	if err != nil {
		return err
	}
	s.suspicion, s.literals = suspicions[0], s.exec.Vocabulary()
	// Most repairs are single edits. A quarter of the budget is left for more, and what
	// a stage leaves over goes to the next.
	if done, err := s.singles(ctx, s.opt.Patches-s.opt.Patches/4); done || err != nil {
		return err
	}
	if done, err := s.pairs(ctx, s.opt.Patches-s.opt.Patches/16); done || err != nil {
		return err
	}
	if done, err := s.genetic(ctx); done || err != nil {
		return err
	}
	return s.confirmLast(ctx)
}

// digest stands for a source: what was seen is many sources.
type digest [16]byte

func digestOf(source string) digest {
	sum := sha256.Sum256([]byte(source))
	return digest(sum[:16])
}

// localize says what is suspicious in each version of the program. One that cannot be
// instrumented is suspected as a whole.
func (s *search) localize(ctx context.Context, sources []string) ([]Suspicion, error) {
	s.enter("localize")
	out := make([]Suspicion, len(sources))
	var traced []Instrumented
	var index []int
	for i, src := range sources {
		if in, err := Instrument(src); err == nil {
			traced, index = append(traced, in), append(index, i)
		}
	}
	if len(traced) == 0 {
		return out, nil
	}
	hits, err := s.exec.Trace(ctx, traced)
	if err != nil {
		return nil, err
	}
	failing := s.exec.Points()
	for k, i := range index {
		out[i] = Localize(traced[k], hits[k], failing, s.localizer)
	}
	return out, nil
}

// proposal is an edit of a version, and what it is worth trying.
type proposal struct {
	synth.Proposal
	program *synth.Program
	parent  *Patch // nil: the program itself
	weight  float64
}

// propose lists the edits of a version, the most promising first.
func (s *search) propose(parent *Patch, suspicion Suspicion) ([]proposal, error) {
	source, weight := s.source, 1.0
	if parent != nil {
		source, weight = parent.Source, parent.Weight
	}
	p, err := synth.ParseFrozen(source, s.imp, s.opt.Frozen)
	if err != nil {
		return nil, fmt.Errorf("repair: %w", err)
	}
	p = p.Offering(s.literals)
	frozen := frozenRanges(source, s.opt.Frozen)
	var out []proposal
	for _, e := range p.Proposals() {
		if slices.ContainsFunc(frozen, func(r [2]int) bool { return e.From < r[1] && r[0] < e.To }) {
			continue
		}
		w := float64(synth.Prior(e.Edit) * (suspicion.At(e.From, e.To) + floor))
		out = append(out, proposal{Proposal: e, program: p, parent: parent, weight: float64(weight * w)})
	}
	slices.SortStableFunc(out, func(a, b proposal) int { return cmp.Compare(b.weight, a.weight) })
	return out, nil
}

// frozenRanges are where functions stand in a source, in bytes. Methods are not meant.
func frozenRanges(source string, names []string) (ranges [][2]int) {
	if len(names) == 0 {
		return nil
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "tool.go", source, parser.SkipObjectResolution)
	if err != nil {
		return nil // and nothing is proposed either
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && slices.Contains(names, f.Name.Name) {
			ranges = append(ranges, [2]int{fset.Position(f.Pos()).Offset, fset.Position(f.End()).Offset})
		}
	}
	return ranges
}

// next realizes proposals until n versions that were not screened before are there. It
// returns how many proposals that took.
func (s *search) next(list []proposal, n int) (versions []Patch, used int) {
	for used = 0; used < len(list) && len(versions) < n; used++ {
		c := list[used]
		source, err := c.program.Realize(c.Proposal)
		if err != nil || !s.fresh(source) {
			continue
		}
		v := Patch{Edits: []synth.Edit{c.Edit}, Source: source, Weight: c.weight}
		if c.parent != nil {
			v.Edits = append(slices.Clone(c.parent.Edits), c.Edit)
		}
		versions = append(versions, v)
	}
	return versions, used
}

// fresh reports whether a source was not seen before, and sees it.
func (s *search) fresh(source string) bool {
	d := digestOf(source)
	if s.seen[d] {
		return false
	}
	s.seen[d] = true
	return true
}

// maxSpent is where fuel is no longer added up: a number that readers of JSON can hold.
const maxSpent = 1 << 52

// spend adds to what was executed. Versions that sleep cost all that they are allowed, and
// no time: of a thousand in a chunk the sum would be no number that a table holds.
func (s *search) spend(fuel int64) { s.fuel = min(s.fuel+min(fuel, maxSpent), maxSpent) }

// size is how many versions the next chunk may have, with the budget up to most; 0 if
// it is used up.
func (s *search) size(most int) int {
	if s.fuel >= s.opt.Fuel {
		return 0
	}
	if s.chunk == 0 {
		s.chunk = firstChunk
	} else {
		s.chunk = min(growth*s.chunk, lastChunk)
	}
	return max(0, min(s.chunk, most-s.tried))
}

// singles tries every edit by itself.
func (s *search) singles(ctx context.Context, most int) (done bool, err error) {
	s.enter("single edits")
	list, err := s.propose(nil, s.suspicion)
	if err != nil {
		return false, err
	}
	for {
		n := s.size(most)
		if n == 0 {
			return false, nil
		}
		versions, used := s.next(list, n)
		if list = list[used:]; len(versions) == 0 {
			s.exhausted = true
			return false, nil
		}
		if done, err := s.try(ctx, versions); done || err != nil {
			return done, err
		}
	}
}

// try screens versions, and measures the best of those that are plausible. done says
// that a repair was found, and that the search may end.
func (s *search) try(ctx context.Context, versions []Patch) (done bool, err error) {
	sources := make([]string, len(versions))
	for i := range versions {
		sources[i] = versions[i].Source
	}
	screenings, err := s.exec.Screen(ctx, s.source, sources)
	if err != nil {
		return false, err
	}
	var plausible []Patch
	for i := range versions {
		v := versions[i]
		v.Screening = screenings[i]
		s.spend(v.Fuel)
		switch {
		case v.Plausible:
			plausible = append(plausible, v)
		case v.Turned > 0:
			s.helpful = append(s.helpful, v)
		}
	}
	if len(s.helpful) > 4*keptHelpful {
		s.helpful = s.improvers(keptHelpful)
	}
	s.tried += len(versions)
	slices.SortStableFunc(plausible, better)
	s.plausible = append(s.plausible, plausible...)
	s.report()
	if s.winner != nil {
		return false, nil // it is for the list that the search goes on
	}
	found, err := s.confirmBest(ctx, plausible, confirmed)
	return found && !s.opt.All, err
}

// confirmBest measures the first n plausible versions of a list, which is in order, until
// one is a repair.
func (s *search) confirmBest(ctx context.Context, list []Patch, n int) (found bool, err error) {
	stage := s.stage
	defer s.enter(stage)
	for i := range list {
		v := &list[i]
		if n == 0 || !v.Validate.All() || !v.Fresh.All() {
			break // and those that follow are no better
		}
		if s.measured[digestOf(v.Source)] {
			continue
		}
		n--
		s.enter("confirm")
		ok, err := s.confirm(ctx, v)
		if err != nil {
			return false, err
		}
		if ok {
			return true, s.minimize(ctx)
		}
	}
	return false, nil
}

// confirmLast turns to plausible versions that stood behind others in their chunk.
func (s *search) confirmLast(ctx context.Context) error {
	if s.winner != nil {
		return nil
	}
	list := slices.Clone(s.plausible)
	slices.SortStableFunc(list, better)
	_, err := s.confirmBest(ctx, list, confirmedLast)
	return err
}

// better orders plausible patches: by validate cases, fresh inputs, weight, number of
// edits and size.
func better(a, b Patch) int {
	return cmp.Or(
		cmp.Compare(b.Validate.Passed, a.Validate.Passed),
		cmp.Compare(b.Fresh.Passed, a.Fresh.Passed),
		cmp.Compare(b.Weight, a.Weight),
		cmp.Compare(len(a.Edits), len(b.Edits)),
		cmp.Compare(len(a.Source), len(b.Source)),
	)
}

// confirm measures a version and keeps it if it is a repair.
func (s *search) confirm(ctx context.Context, v *Patch) (bool, error) {
	c, err := s.exec.Confirm(ctx, v.Source)
	if err != nil {
		return false, err
	}
	s.spend(c.Fuel)
	s.measured[digestOf(v.Source)] = true
	if c.Repaired {
		s.winner, s.confirmed = v, c
	}
	return c.Repaired, nil
}

// minimize drops the edits of the winner that it does not need.
func (s *search) minimize(ctx context.Context) error {
	if len(s.winner.Edits) < 2 {
		return nil
	}
	s.enter("minimize")
	kept, err := Minimize(s.winner.Edits, func(edits []synth.Edit) (bool, error) {
		source := s.source
		for _, e := range edits {
			next, err := s.apply(source, e)
			if err != nil {
				return false, nil // it leans on one that was left out
			}
			source = next
		}
		if !s.fresh(source) && !slices.ContainsFunc(s.plausible, func(v Patch) bool { return v.Source == source }) {
			return false, nil // that was screened
		}
		screenings, err := s.exec.Screen(ctx, s.source, []string{source})
		if err != nil {
			return false, err
		}
		v := &Patch{Edits: edits, Source: source, Weight: s.winner.Weight, Screening: screenings[0]}
		s.tried++
		s.spend(v.Fuel)
		if !v.Plausible || !v.Validate.All() || !v.Fresh.All() {
			return false, nil
		}
		return s.confirm(ctx, v)
	})
	if err != nil {
		return err
	}
	s.winner.Edits = kept
	return nil
}

// apply is synth.Apply for edits that propose has listed.
func (s *search) apply(source string, e synth.Edit) (string, error) {
	p, err := synth.ParseFrozen(source, s.imp, s.opt.Frozen)
	if err != nil {
		return "", err
	}
	return p.Apply(e)
}

// Minimize returns a list from which no single part can be dropped, one after another
// from the first, so that holds is still true of it. It knows that holds is true of
// the list that it is given, and asks about no list twice.
func Minimize[T any](list []T, holds func([]T) (bool, error)) ([]T, error) {
	for i := 0; i < len(list) && len(list) > 1; {
		shorter := slices.Delete(slices.Clone(list), i, i+1)
		ok, err := holds(shorter)
		if err != nil {
			return nil, err
		}
		if ok {
			list, i = shorter, 0
		} else {
			i++
		}
	}
	return list, nil
}

func (s *search) enter(stage string) {
	s.stage = stage
	s.report()
}

func (s *search) report() {
	if s.opt.Observe == nil {
		return
	}
	best := 0
	for i := range s.helpful {
		if v := &s.helpful[i]; v.Broken == 0 {
			best = max(best, v.Turned)
		}
	}
	if len(s.plausible) > 0 {
		best = s.failing
	}
	s.opt.Observe(Progress{
		Stage: s.stage, Tried: s.tried, Patches: s.opt.Patches, Plausible: len(s.plausible), Best: best, Failing: s.failing,
	})
}

// conclude says what came of the search.
func (s *search) conclude() *Result {
	r := &Result{
		Patch: s.winner, Confirmed: s.confirmed, Plausible: s.plausible,
		Places: s.suspicion.Places(s.source, places, frozenRanges(s.source, s.opt.Frozen)...), Tried: s.tried, Fuel: s.fuel,
	}
	slices.SortStableFunc(r.Plausible, better)
	switch {
	case s.winner != nil:
		r.Outcome = Repaired
		return r
	case s.exhausted && s.tried < s.opt.Patches && s.fuel < s.opt.Fuel:
		r.Outcome = NotRepaired
	default:
		r.Outcome = BudgetExhausted
	}
	if len(r.Plausible) > 0 {
		r.Patch = &r.Plausible[0]
	} else if helpful := s.improvers(1); len(helpful) > 0 {
		r.Patch = &helpful[0]
	}
	return r
}

// improvers are the n best versions that turned some points without breaking others,
// or, if there are none, turned more than they broke.
func (s *search) improvers(n int) []Patch {
	list := slices.DeleteFunc(slices.Clone(s.helpful), func(v Patch) bool { return v.Turned <= v.Broken })
	slices.SortStableFunc(list, func(a, b Patch) int {
		return cmp.Or(
			cmp.Compare(min(a.Broken, 1), min(b.Broken, 1)),
			cmp.Compare(b.Turned-b.Broken, a.Turned-a.Broken),
			cmp.Compare(b.Weight, a.Weight),
			cmp.Compare(len(a.Edits), len(b.Edits)),
			strings.Compare(a.Source, b.Source),
		)
	})
	return list[:min(n, len(list))]
}

// Try holds one version against the executor, as Search does those that it makes
// itself: somebody else, an agent say, has written it.
func Try(ctx context.Context, exec Executor, source, version string, opt Options) (*Result, error) {
	s := newSearch(exec, source, nil, opt)
	if s.failing == 0 {
		return &Result{Outcome: NothingToRepair}, nil
	}
	if version != source {
		if _, err := s.try(ctx, []Patch{{Source: version, Weight: 1}}); err != nil {
			return nil, err
		}
	}
	s.exhausted = true
	r := s.conclude()
	if r.Outcome != Repaired {
		r.Outcome = NotRepaired
	}
	return r, nil
}
