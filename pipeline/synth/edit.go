package synth

import (
	"fmt"
	"go/types"
	"strconv"
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
type Edit struct {
	Family string `json:"family"`         // variable, operator, conditional, literal or statement
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
// statements that it replaces, the package clause, imports, types, or the
// signature of a function. It fails with an *EditError.
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
		s += ": " + e.Arg
	case o.donors:
		s += ": condition " + strconv.Itoa(e.From)
	}
	return s
}
