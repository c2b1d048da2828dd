package synth

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
)

// Edit is one change of a source. It is plain data: comparable, stable as JSON,
// and independent of positions. The families and their ops:
//
//	variable     use, target: another variable in scope of the same type
//	operator     relational, arithmetic, bit, logical, assignment: another operator;
//	             swap: swap the operands; keep: keep one of them
//	conditional  negate, constant; replace, and, or: by another condition of the source
//	literal      number, char, string, bool; zero: the zero value for an expression;
//	             offset: one more or less for an index, a bound or a compared integer
//	statement    delete, duplicate, swap with the next one; guard_return,
//	             guard_continue, guard_break: leave before it if a condition holds
//
// Variation draws from these. The rest serve repair alone:
//
//	expression   variable, field, element, length: what is in scope, for any value;
//	             target: another place to assign to; grow: e + v, e * v and so on;
//	             unary: -, ! and ^; round: of an integer quotient; modulo: never negative; regroup: x - (y + z);
//	             exchange: two values of a list
//	name         all, trade: another variable at all places of a statement; step: of ++
//	             and +=
//	clause       replace, and, or, loop: by a condition built from what is in scope;
//	             tie: x > y || x == y && a < b
//	guard        return, leave: if such a condition holds
//	value        number, text: another one of the source or a usual one; usual, format; offset: of any
//	             integer; empty: T{}, nil or 0; element, field, drop: of a composite literal
//	call         callee: of the same type; respell: one of other arguments; unwrap: f(x) to x; wrap: x to f(x), min, max;
//	             drop: an argument; halve: an argument
//	slice        cut: s to s[1:] and so on; bounds: drop or exchange them; index,
//	             transpose: m[j][i]; append: in another order; add: append to it; copy
//	insert       before, after, inside, else: a statement built from what is in scope
//	move         along, out, in: a statement, in its list, out of its block, into one; branch: after the next
//	block        wrap: in an if; unwrap; else: of and to branches; loop: if to for;
//	             defer: with later values; branch: break, continue and return
//	loop         reverse; range: exchange key and value; element: the slice's own, not a
//	             copy; last: do it behind the loop, too; outer: leave the outer one
//	ingredient   expression, target: from elsewhere in the file; statement: in its
//	             place; assign, insert, append: before it or behind it
//	conversion   distribute, gather: T(x/y) to T(x)/T(y) and back; type; wrap
//	declare      value: of a variable without one; outer: = for :=; round: x := x in a
//	             loop; type: a wider one, with conversions; receiver: by pointer
//	given        literal, case, equal, set, clause, entry, guard: with literals from
//	             elsewhere, such as what the program must read or write
type Edit struct {
	Family string `json:"family"`         // one of those above
	Op     string `json:"op"`             // what is done, within the family
	Site   int    `json:"site"`           // which site of this family and op, from 0, in the order of the source that the edit meets
	Arg    string `json:"arg,omitempty"`  // what the site becomes, in words or as source
	From   int    `json:"from,omitempty"` // what the site becomes, if that is a condition of the same source: its number, from 0
}

// Reason says why an edit was not applied.
type Reason string

// The reasons, in the order in which they are found out.
const (
	BadSource Reason = "source"    // the source that the edit meets does not parse or type-check
	NoSite    Reason = "no_site"   // family and op are unknown, or have fewer sites in this source
	NoChoice  Reason = "no_choice" // the site cannot become what the edit says
	BadSyntax Reason = "syntax"    // the result does not parse
	BadTypes  Reason = "types"     // the result does not type-check
	Unchanged Reason = "unchanged" // the result is the source
)

// EditError says why an edit was not applied.
type EditError struct {
	Edit   Edit // zero if the source was at fault before any edit
	Reason Reason
	Detail string
}

func (e *EditError) Error() string {
	if e.Edit == (Edit{}) {
		return "synth: " + e.Detail
	}
	return fmt.Sprintf("synth: %s: %s", Describe(e.Edit), e.Detail)
}

// Enumerate returns every edit that src offers, in the order of its sites, then of
// the operations, then of their choices. Edits are not type-checked: Apply may
// refuse them. It fails with an *EditError if src does not parse or type-check.
func Enumerate(src string, imp types.Importer) ([]Edit, error) {
	p, err := Parse(src, imp)
	if err != nil {
		return nil, err
	}
	return p.Edits(), nil
}

// Apply carries out an edit and returns the gofmt'ed, type-checked result, which
// differs from src. It never touches comments outside of the expressions and
// statements that it replaces, the package clause, types, or the signature of a
// function. Edits of repair may add an import, and make a receiver a pointer. It fails
// with an *EditError.
func Apply(src string, e Edit, imp types.Importer) (string, error) {
	p, err := Parse(src, imp)
	if err != nil {
		return "", err
	}
	return p.Apply(e)
}

// Locate returns the line and column in src, from 1, of the site of an edit. It
// fails with an *EditError.
func Locate(src string, e Edit, imp types.Importer) (line, column int, err error) {
	p, err := Parse(src, imp)
	if err != nil {
		return 0, 0, err
	}
	from, _, err := p.Span(e)
	if err != nil {
		return 0, 0, err
	}
	line, column = lineColumn(src, from)
	return line, column, nil
}

// Describe says what an edit does, for humans.
func Describe(e Edit) string {
	s := e.Family + " " + e.Op + ", site " + strconv.Itoa(e.Site)
	o := operationOf(e)
	if o == nil {
		return s + " (unknown)"
	}
	s = fmt.Sprintf("%s (%s)", o.verb, s)
	switch {
	case e.Arg != "":
		s += ": " + oneLine(e.Arg)
	case o.donors:
		s += ": condition " + strconv.Itoa(e.From)
	}
	return s
}

// oneLine writes source of several lines in one.
func oneLine(src string) string {
	if !strings.Contains(src, "\n") {
		return src
	}
	var lines []string
	for line := range strings.Lines(src) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, " ⏎ ")
}
