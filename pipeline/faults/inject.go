package faults

import (
	"cmp"
	"errors"
	"fmt"
	"go/types"
	"math/rand/v2"
	"slices"
	"strings"

	"toolgen/pipeline/synth"
	"toolgen/seed"
)

// Families inside of the search space, as the repair lab names them.
const (
	Variable    = "variable"
	Conditional = "conditional"
	Operator    = "operator"
	Literal     = "literal and offset"
	Call        = "call"
	Slice       = "slice and index"
	Statement   = "statement"
	Ingredient  = "ingredient"
)

// Families outside of it.
const (
	MissingStatement = "missing statement"
	WrongBranch      = "wrong branch"
	WrongInitial     = "wrong initial value"
	MissingCase      = "missing case"
	WrongStep        = "wrong step"
	TwoFaults        = "two faults"
)

// Families lists all families, in the order in which tables show them.
var Families = []string{
	Variable, Conditional, Operator, Literal, Call, Slice, Statement, Ingredient,
	MissingStatement, WrongBranch, WrongInitial, MissingCase, WrongStep, TwoFaults,
}

// Inside reports whether a family is one of those inside of the search space.
func Inside(family string) bool {
	i := slices.Index(Families, family)
	return 0 <= i && i <= slices.Index(Families, Ingredient)
}

// Fault is a program with a fault.
type Fault struct {
	Source      string
	Family      string // one of Families
	Op          string // what was done, within the family; of an inside fault the family and op of the edit that was applied
	Line        int    // of the first line of Source that differs, from 1
	Func        string // the function that it is in; "" outside of functions
	Inside      bool
	Undo        synth.Edit // of an inside fault: the edit of Source that leads back; of several the one with the highest prior
	Description string     // for humans
}

// Inject returns up to n different faults of a gofmt'ed program, spread over families,
// operations and functions. Every one type-checks. The same arguments give the same
// faults. There may be fewer than n: a small program offers few of some kinds, and the
// search for them is bounded. It fails if src does not type-check.
func Inject(src string, imp types.Importer, sd int64, n int) ([]Fault, error) {
	p, err := synth.Parse(src, imp)
	if err != nil {
		return nil, err
	}
	outline, err := newOutline(src)
	if err != nil {
		return nil, err
	}
	in := &injector{program: p, outline: outline, imp: imp, rng: seed.Derive(sd, "inject"), seen: map[string]bool{src: true}, count: map[string]int{}}
	in.fill()
	// The families take turns: the next fault is of the one that has fewest.
	for tries := 0; len(in.faults) < n && tries < 8*n+100; tries++ {
		b := in.neediest()
		if b == nil {
			break
		}
		if err := in.try(b); err != nil {
			return nil, err
		}
	}
	return in.faults, nil
}

// injector is an injection under way.
type injector struct {
	program *synth.Program
	outline *outline
	imp     types.Importer
	rng     *rand.Rand

	buckets []*bucket
	seen    map[string]bool // sources
	count   map[string]int  // faults by family
	faults  []Fault
}

// bucket holds ideas for faults of one family, in the order in which they are tried.
type bucket struct {
	family string
	ideas  []idea
	tries  int
}

// idea is a way to break the program, not yet known to type-check.
type idea struct {
	family, op, describe string
	fn                   string
	edit                 *synth.Proposal // or
	change               change
}

// fill makes the buckets.
func (in *injector) fill() {
	byFamily := map[string][]idea{}
	for _, pr := range in.program.Proposals() {
		family := familyOf(pr.Edit)
		byFamily[family] = append(byFamily[family], idea{
			family: family, op: pr.Edit.Family + " " + pr.Edit.Op, describe: synth.Describe(pr.Edit), fn: in.outline.function(pr.From), edit: &pr,
		})
	}
	for _, c := range in.outline.changes() {
		byFamily[c.family] = append(byFamily[c.family], idea{family: c.family, op: c.op, describe: c.describe, fn: in.outline.function(c.from), change: c})
	}
	for _, family := range Families {
		ideas := byFamily[family]
		in.rng.Shuffle(len(ideas), func(i, j int) { ideas[i], ideas[j] = ideas[j], ideas[i] })
		in.buckets = append(in.buckets, &bucket{family: family, ideas: spread(ideas)})
	}
}

// spread orders ideas so that operations and functions take turns.
func spread(ideas []idea) []idea {
	turn := make([]int, len(ideas))
	ops, fns := map[string]int{}, map[string]int{}
	order := make([]int, len(ideas))
	for i := range ideas {
		turn[i] = ops[ideas[i].op] + fns[ideas[i].fn]
		ops[ideas[i].op]++
		fns[ideas[i].fn]++
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(turn[a], turn[b]) })
	out := make([]idea, len(ideas))
	for i, at := range order {
		out[i] = ideas[at]
	}
	return out
}

// neediest is the bucket whose family has fewest faults, counting failed tries a
// little, so that a family that the program does not offer does not hold up the rest;
// nil if all buckets are empty.
func (in *injector) neediest() *bucket {
	var best *bucket
	need := func(b *bucket) int { return 4*in.count[b.family] + b.tries }
	for _, b := range in.buckets {
		if len(b.ideas) == 0 && b.family != TwoFaults || b.family == TwoFaults && len(in.faults) < 2 {
			continue
		}
		if best == nil || need(b) < need(best) {
			best = b
		}
	}
	return best
}

// try makes a fault of the next idea of a bucket.
func (in *injector) try(b *bucket) error {
	b.tries++
	if b.family == TwoFaults {
		return in.pair()
	}
	i := b.ideas[0]
	b.ideas = b.ideas[1:]
	source, err := in.realize(i)
	if err != nil || in.seen[source] {
		return ignore(err)
	}
	in.seen[source] = true
	f := Fault{Source: source, Family: i.family, Op: i.op, Line: FirstLine(in.program.Source(), source), Func: i.fn, Description: i.describe}
	return in.add(f)
}

// realize carries an idea out: a gofmt'ed source that type-checks.
func (in *injector) realize(i idea) (string, error) {
	if i.edit != nil {
		return in.program.Realize(*i.edit)
	}
	return in.outline.apply(i.change, in.imp)
}

// ignore drops what only says that a change is none.
func ignore(err error) error {
	var e *synth.EditError
	if err == nil || errors.As(err, &e) {
		return nil
	}
	return err
}

// add finds out whether a fault is inside or outside, and keeps it. What was meant to be
// outside and is not goes to the family of the edit that undoes it. What was made by an
// edit that no edit undoes is of no family, and dropped, unless it is a statement that
// was left out.
func (in *injector) add(f Fault) error {
	undo, found, err := Undo(f.Source, in.program.Source(), in.imp)
	if err != nil {
		return err
	}
	switch {
	case found:
		f.Inside, f.Undo = true, undo
		if !Inside(f.Family) {
			f.Family = familyOf(undo)
			if in.count[f.Family] > len(in.faults)/8 {
				return nil // there are enough of these
			}
		}
	case Inside(f.Family) && f.Op == "statement delete":
		f.Family = MissingStatement
	case Inside(f.Family):
		return nil
	}
	in.count[f.Family]++
	in.faults = append(in.faults, f)
	return nil
}

// pair puts a second fault into the program of an inside fault, in another function if
// there is one, else on another line.
func (in *injector) pair() error {
	var singles []Fault
	for _, f := range in.faults {
		if f.Inside {
			singles = append(singles, f)
		}
	}
	if len(singles) == 0 {
		return nil
	}
	first := singles[in.rng.IntN(len(singles))]
	p, err := synth.Parse(first.Source, in.imp)
	if err != nil {
		return err
	}
	outline, err := newOutline(first.Source)
	if err != nil {
		return err
	}
	all := p.Proposals()
	for range 40 {
		pr := all[in.rng.IntN(len(all))]
		fn, line := outline.function(pr.From), lineAt(first.Source, pr.From)
		if fn == first.Func && (len(outline.funcs) > 1 || line == first.Line) {
			continue
		}
		source, err := p.Realize(pr)
		if err != nil || in.seen[source] {
			continue
		}
		in.seen[source] = true
		if _, found, err := Undo(source, first.Source, in.imp); err != nil || !found {
			return err
		}
		return in.add(Fault{
			Source: source, Family: TwoFaults, Op: first.Family + ", " + familyOf(pr.Edit), Line: FirstLine(in.program.Source(), source), Func: first.Func,
			Description: first.Description + "; and " + synth.Describe(pr.Edit),
		})
	}
	return nil
}

// Undo looks for a single edit that turns one source into another, to the byte; of
// several it returns the one with the highest prior. It fails if the first does not
// type-check.
func Undo(faulty, right string, imp types.Importer) (synth.Edit, bool, error) {
	p, err := synth.Parse(faulty, imp)
	if err != nil {
		return synth.Edit{}, false, fmt.Errorf("faults: %w", err)
	}
	var best synth.Edit
	leading := p.Leading(right)
	for i, pr := range leading {
		if i == 0 || synth.Prior(pr.Edit) > synth.Prior(best) {
			best = pr.Edit
		}
	}
	return best, len(leading) > 0, nil
}

// familyOf is the family of the repair lab that an edit belongs to.
func familyOf(e synth.Edit) string {
	switch e.Family {
	case "variable":
		return Variable
	case "operator":
		return Operator
	case "conditional", "clause":
		return Conditional
	case "literal", "value":
		return Literal
	case "call", "conversion":
		return Call
	case "slice":
		return Slice
	case "ingredient":
		return Ingredient
	case "expression":
		switch e.Op {
		case "variable", "field", "element", "length", "target":
			return Variable
		}
		return Operator
	}
	return Statement
}

// FirstLine is the first line of b that differs from a, from 1.
func FirstLine(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return lineAt(b, i)
}

func lineAt(s string, offset int) int { return 1 + strings.Count(s[:offset], "\n") }
