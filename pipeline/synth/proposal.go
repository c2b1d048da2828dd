package synth

import (
	"cmp"
	"go/ast"
	"slices"
)

// maxProposals bounds what one program proposes.
const maxProposals = 40_000

// Proposal is an edit with all that is needed to carry it out, so that a search can
// order tens of thousands of them and realize a few.
type Proposal struct {
	Edit     Edit
	From, To int // range of the site in Source, in bytes
	Order    int // number among the proposals of the program, in the order of the source
	Rank     int // number among the choices of its site and op, which are listed nearest first

	node    ast.Node
	splices []splice
}

// Proposals returns the edits of all families, in the order of their sites, then of
// the operations, then of their choices. Of those that lead to the same text at the
// same place only the one with the highest prior is among them. Of a program that
// offers more than 40,000 the farthest choices of each site are left out: choices
// are listed nearest first. Nothing is type-checked; see Realize.
func (p *Program) Proposals() []Proposal {
	var all []Proposal
	best := map[splice]int{}
	p.enumerate(func(*operation) bool { return true }, func(n ast.Node, e Edit, i int, splices []splice) {
		pr := Proposal{Edit: e, From: p.from(n), To: p.to(n), Rank: i, node: n, splices: splices}
		if len(splices) == 1 {
			s := splices[0]
			if p.src[s.from:s.to] == s.text {
				return
			}
			if at, ok := best[s]; ok {
				if Prior(all[at].Edit) < Prior(e) {
					all[at] = pr
				}
				return
			}
			best[s] = len(all)
		}
		all = append(all, pr)
	})
	if len(all) > maxProposals {
		all = nearest(all, maxProposals)
	}
	slices.SortStableFunc(all, func(a, b Proposal) int { return cmp.Compare(a.From, b.From) })
	for i := range all {
		all[i].Order = i
	}
	return all
}

// nearest keeps limit proposals, those with the least ranks; of the last rank that fits
// the first ones.
func nearest(all []Proposal, limit int) []Proposal {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[a].Rank, all[b].Rank) })
	order = order[:limit]
	slices.Sort(order)
	kept := make([]Proposal, len(order))
	for i, at := range order {
		kept[i] = all[at]
	}
	return kept
}

// Realize carries out a proposal of this program: the same result, or *EditError, as
// Apply of its edit. It is safe for concurrent use.
func (p *Program) Realize(pr Proposal) (string, error) {
	return p.realize(pr.Edit, pr.node, pr.splices)
}

// Leading returns the proposals whose result is the given source, in their order: what
// undoes a fault, say. To realize all of them would take minutes, so it looks at their
// texts first, without white space, which is all that formatting changes.
func (p *Program) Leading(to string) []Proposal {
	want := squeezed(to)
	before := make([]int, len(p.src)+1) // how much of the source is no white space
	for i := range len(p.src) {
		before[i+1] = before[i]
		if !blank(p.src[i]) {
			before[i+1]++
		}
	}
	var found []Proposal
	for _, pr := range p.Proposals() {
		size := before[len(p.src)]
		for _, s := range pr.splices {
			size += len(squeezed(s.text)) - (before[s.to] - before[s.from])
		}
		if size != len(want) || squeezed(p.splice(pr.splices)) != want {
			continue
		}
		if got, err := p.Realize(pr); err == nil && got == to {
			found = append(found, pr)
		}
	}
	return found
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// squeezed is a text without white space.
func squeezed(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if !blank(s[i]) {
			out = append(out, s[i])
		}
	}
	return string(out)
}
