package compare

import (
	"toolgen/analysis/stats"
)

// Verdict is what a row says.
type Verdict string

// The verdicts of a row.
const (
	Same         Verdict = "same"         // within the floors
	Better       Verdict = "better"       //
	Worse        Verdict = "worse"        //
	Undecided    Verdict = "undecided"    // ~: a test sees no difference, and none beyond the floors shows
	Inconclusive Verdict = "inconclusive" // too little to tell
	Missing      Verdict = "missing"      // the base has a value, the other side has none
	New          Verdict = "new"          // the other side has a value, the base has none
)

// Row is one metric of one scope, held against the base's. Null is what cannot be said.
type Row struct {
	Metric      string    `json:"metric"`
	Spec        *string   `json:"spec"`  // null: all specs together
	Style       *string   `json:"style"` // null: the whole spec
	New         string    `json:"new"`   // the side that is held against the base
	Seed        *int64    `json:"seed"`  // of wall-clock time alone, as is the candidate
	CandidateID *string   `json:"candidate_id"`
	Direction   Direction `json:"direction"`
	Verdict     Verdict   `json:"verdict"`
	Reason      string    `json:"reason"` // in words
	Method      string    `json:"method"`

	BaseN         int             `json:"base_n"` // values: seeds, or timed calls
	NewN          int             `json:"new_n"`
	Pairs         int             `json:"pairs"` // seeds that both have a value under
	Base          *float64        `json:"base"`  // lower median of the values; of those under common seeds, where there are pairs
	BaseInterval  *stats.Interval `json:"base_interval"`
	Value         *float64        `json:"value"`
	ValueInterval *stats.Interval `json:"value_interval"`
	Shift         *float64        `json:"shift"` // the other side minus the base
	ShiftInterval *stats.Interval `json:"shift_interval"`
	Ratio         *float64        `json:"ratio"` // the other side over the base
	RatioInterval *stats.Interval `json:"ratio_interval"`
	CliffsDelta   *float64        `json:"cliffs_delta"` // from -1 to 1; above 0 the other side's values are larger
	P             *float64        `json:"p"`            // of a test
	Q             *float64        `json:"q"`            // p, corrected for all tests of the answer
	SeedsNeeded   *int            `json:"seeds_needed"` // values that it takes for any answer, where there are too few

	Seeds []SeedDifference `json:"seeds"` // by seed, where both sides played it
}

// SeedDifference is a row under one seed.
type SeedDifference struct {
	Seed       int64    `json:"seed"`
	Base       *float64 `json:"base"` // null: nothing feasible, or not measured
	Value      *float64 `json:"value"`
	Difference *float64 `json:"difference"`
	Noise      bool     `json:"noise"` // no larger than what other neighbours in the module make, so it counts as none
}

// Floors are what a difference must exceed, both of them, to be one.
type Floors struct {
	Rel float64 `json:"floor_rel"` // of the base's value
	Abs float64 `json:"floor_abs"`
}

// DefaultFloors hold where no gate says otherwise.
var DefaultFloors = Floors{Rel: 0.02}

// bar is what a contrast is held against.
type bar struct {
	Floors
	alpha    float64
	minSeeds int
}
