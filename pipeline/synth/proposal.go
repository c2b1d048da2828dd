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
		all = nearest(all)
	}
	slices.SortStableFunc(all, func(a, b Proposal) int { return cmp.Compare(a.From, b.From) })
	for i := range all {
		all[i].Order = i
	}
	return all
}

// nearest keeps maxProposals, those with the least ranks; of the last rank that fits
// the first ones.
func nearest(all []Proposal) []Proposal {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[a].Rank, all[b].Rank) })
	order = order[:maxProposals]
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
