package repair

import (
	"context"

	"toolgen/pipeline/synth"
)

// Executor runs versions of one failing program on the points that decide about it.
// What it is given and answers is all that a search knows of the program's behaviour;
// it must answer the same to the same calls.
//
// A point is one case under one entropy. Those that the program fails come first.
type Executor interface {
	// Points says of each point whether the program fails there.
	Points() (failing []bool)

	// Vocabulary lists Go literals that the program may lack, the likely first: what the
	// failing points have in them and the others have not.
	Vocabulary() []string

	// Trace runs instrumented versions on the points. hits[v][i] holds a byte for each
	// element of version v; nil where point i left no trace.
	Trace(ctx context.Context, versions []Instrumented) (hits [][][]byte, err error)

	// Screen tries at most ScreenLimit versions of the program, base, on the points, and
	// those that pass all of them on more.
	Screen(ctx context.Context, base string, versions []string) ([]Screening, error)

	// Confirm measures a version as any candidate is.
	Confirm(ctx context.Context, source string) (Confirmation, error)
}

// ScreenLimit is the most versions of one Screen.
const ScreenLimit = 1024

// Screening is how a version did. It may have been given up before the last point:
// what counts then is that it is not plausible.
type Screening struct {
	Refused bool // by the gate or the compiler: it was not run
	Turned  int  // points that the program fails and the version passes, as far as it was run
	Broken  int  // points that the program passes and the version fails, as far as it was run

	// Plausible versions pass every point, and do so again under other entropy. Only of
	// these the rest is known.
	Plausible bool
	Validate  Share // cases that repair alone sees
	Fresh     Share // inputs made for this search, held against the reference

	Fuel int64 // of all its executions
}

// Share is how many of some cases passed.
type Share struct {
	Passed int `json:"passed"`
	Total  int `json:"total"`
}

// All reports whether none failed.
func (s Share) All() bool { return s.Passed == s.Total }

// Confirmation is what an ordinary measurement said of a version.
type Confirmation struct {
	Repaired bool
	Why      string // not repaired: what is missing
	Verdict  string
	Fuel     int64 // that the measurement spent

	ValidateCorrectness, HoldoutCorrectness *float64 // nil: there are no such cases
}

// Outcomes of a search.
const (
	Repaired        = "repaired"
	NotRepaired     = "not_repaired"     // nothing is left to be tried
	BudgetExhausted = "budget_exhausted" // there would have been more
	NothingToRepair = "nothing_to_repair"
)

// Options of a search. The zero value of Patches or Fuel allows nothing.
type Options struct {
	Patches   int    // versions to screen at most, but for the few that make a repair shorter
	Fuel      int64  // units of fuel that executions may spend; checked between chunks
	Localizer string // a key of Localizers; "": ochiai
	Seed      int64
	Purpose   string   // what the search is for, mixed into the seed: the candidate's id, say
	Frozen    []string // functions of the program that are not to be edited
	All       bool     // go on after a repair was found, for the list of all plausible patches

	// Observe is told how the search gets on; nil: nobody is. It is called in order.
	Observe func(Progress)
}

// Progress of a search.
type Progress struct {
	Stage     string // "localize", "single edits", "pairs", "genetic", "minimize", "confirm"
	Tried     int    // versions screened
	Patches   int    // of so many at most
	Plausible int
	Best      int // most failing points that a version turned without harm
	Failing   int // points that the program fails
}

// Patch is a version of the program with the edits that lead to it.
type Patch struct {
	Edits  []synth.Edit
	Source string
	Weight float64 // prior x (suspicion + 0.05); of several edits the product
	Screening
}

// Result of a search.
type Result struct {
	Outcome   string
	Patch     *Patch // the repair, or the best there is; nil: no edit helped
	Confirmed Confirmation
	Plausible []Patch // every plausible one, best first
	Places    []Place // where the search looked first
	Tried     int     // versions screened
	Fuel      int64   // of everything that was executed but for traces
}
