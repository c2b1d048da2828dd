package datasets

// The rules of a schema stand here, above the rows they govern:
//
//   - Every table starts with run_id, experiment and seed. run_id takes no part in
//     digests and comparisons: it is a hash of the identity, not a result.
//   - A nullable column is a pointer, or a []byte whose nil is null (an empty,
//     non-nil []byte is a value of length 0). Absent is null, never -1 or "".
//   - Units are in the name (_ms, _bytes). Integers stay within ±(2^53-1), scores
//     in [0, 1], doubles are finite, strings are valid UTF-8.
//   - A column is never renamed, retyped, moved or removed. A new one is appended
//     with `since:"N"`, and the table's version becomes N.
//   - json tags equal the column names, since those are the keys of every JSON answer.
//
// Encodings follow from the type (write.go); a tag overrides: `dict` for doubles that
// take few values, `plain` for long text that hardly repeats.

// Evaluation is a row of evaluations.parquet: one candidate in one slot of one epoch.
// Key: seed, epoch, spec, slot.
type Evaluation struct {
	RunID      string `parquet:"run_id" json:"run_id"`
	Experiment string `parquet:"experiment" json:"experiment"` // the manifest's name
	Seed       int64  `parquet:"seed" json:"seed"`

	Epoch       int32    `parquet:"epoch" json:"epoch"` // from 0
	Slot        int32    `parquet:"slot" json:"slot"`   // from 0, within the spec
	Spec        string   `parquet:"spec" json:"spec"`
	Style       *string  `parquet:"style" json:"style"` // null for an entrant
	Label       *string  `parquet:"label" json:"label"` // an entrant's name
	AnnealTemp  *float64 `parquet:"anneal_temp,dict" json:"anneal_temp"`
	CandidateID string   `parquet:"candidate_id" json:"candidate_id"`
	Origin      string   `parquet:"origin" json:"origin" enum:"origin"`
	Verdict     string   `parquet:"verdict" json:"verdict" enum:"verdict"`

	Correctness         float64  `parquet:"correctness,dict" json:"correctness"`
	Safety              float64  `parquet:"safety,dict" json:"safety"`
	Robustness          *float64 `parquet:"robustness,dict" json:"robustness"`
	Documentation       float64  `parquet:"documentation,dict" json:"documentation"`
	Performance         *float64 `parquet:"performance,dict" json:"performance"` // null without a benchmark
	Quality             *float64 `parquet:"quality,dict" json:"quality"`         // mean score of check
	ValidateCorrectness *float64 `parquet:"validate_correctness,dict" json:"validate_correctness"`
	HoldoutCorrectness  *float64 `parquet:"holdout_correctness,dict" json:"holdout_correctness"`
	Stability           float64  `parquet:"stability,dict" json:"stability"` // 1, or 0.5 if flaky
	FlakeCase           *string  `parquet:"flake_case" json:"flake_case"`    // with FlakeEntropy, what exposes the flake
	FlakeEntropy        *int64   `parquet:"flake_entropy" json:"flake_entropy"`
	DiversityBonus      float64  `parquet:"diversity_bonus" json:"diversity_bonus"`
	BaseFitness         float64  `parquet:"base_fitness" json:"base_fitness"` // without the bonus
	Fitness             float64  `parquet:"fitness" json:"fitness"`

	CasesTotal      int32    `parquet:"cases_total" json:"cases_total"` // search cases
	CasesPassed     int32    `parquet:"cases_passed" json:"cases_passed"`
	Fuel            *int64   `parquet:"fuel" json:"fuel"` // lower median of the timed calls
	FuelP10         *int64   `parquet:"fuel_p10" json:"fuel_p10"`
	FuelP90         *int64   `parquet:"fuel_p90" json:"fuel_p90"`
	VirtualMS       *float64 `parquet:"virtual_ms" json:"virtual_ms"` // fuel / fuel_per_ms
	PeakMemoryBytes *int64   `parquet:"peak_memory_bytes" json:"peak_memory_bytes"`
	SourceBytes     int64    `parquet:"source_bytes" json:"source_bytes"`
	Batch           *string  `parquet:"batch" json:"batch"` // hash of the composition; null where nothing was built

	BudgetTimeoutMS   float64  `parquet:"budget_timeout_ms,dict" json:"budget_timeout_ms"` // in force in this epoch
	BudgetMemoryBytes int64    `parquet:"budget_memory_bytes" json:"budget_memory_bytes"`
	Feasible          bool     `parquet:"feasible" json:"feasible"` // verdict pass and safety 1
	Violation         float64  `parquet:"violation" json:"violation"`
	ParetoRank        int32    `parquet:"pareto_rank" json:"pareto_rank"` // within seed, spec and epoch; 0 is the front
	Novelty           *float64 `parquet:"novelty" json:"novelty"`         // null for the fittest
	Selected          bool     `parquet:"selected" json:"selected"`       // survived into the spec's next epoch
}

// Candidate is a row of candidates.parquet: one per seed and distinct candidate. The
// final columns say how it stands at the last epoch's budget, whenever it lived.
// Key: seed, candidate_id.
type Candidate struct {
	RunID      string `parquet:"run_id" json:"run_id"`
	Experiment string `parquet:"experiment" json:"experiment"`
	Seed       int64  `parquet:"seed" json:"seed"`

	CandidateID  string   `parquet:"candidate_id" json:"candidate_id"`
	Spec         string   `parquet:"spec" json:"spec"`
	Style        *string  `parquet:"style" json:"style"`
	Params       string   `parquet:"params" json:"params"`     // JSON object
	Edits        string   `parquet:"edits,plain" json:"edits"` // JSON array
	Origin       string   `parquet:"origin" json:"origin" enum:"origin"`
	ParentIDs    []string `parquet:"parent_ids,list" json:"parent_ids"`
	FirstEpoch   int32    `parquet:"first_epoch" json:"first_epoch"`
	Source       string   `parquet:"source,plain" json:"source"`
	SourceBytes  int64    `parquet:"source_bytes" json:"source_bytes"`
	License      string   `parquet:"license" json:"license"` // SPDX id
	Agent        *string  `parquet:"agent" json:"agent"`
	Model        *string  `parquet:"model" json:"model"`
	InputTokens  *int64   `parquet:"input_tokens" json:"input_tokens"`
	OutputTokens *int64   `parquet:"output_tokens" json:"output_tokens"`

	FinalVerdict     string  `parquet:"final_verdict" json:"final_verdict" enum:"verdict"`
	FinalCorrectness float64 `parquet:"final_correctness,dict" json:"final_correctness"`
	FinalBaseFitness float64 `parquet:"final_base_fitness" json:"final_base_fitness"`
	FinalFeasible    bool    `parquet:"final_feasible" json:"final_feasible"`
}

// CaseRow is a row of cases.parquet: one run of one case by one candidate. Use Cut
// for the three binary columns. Key: seed, candidate_id, case_id, rerun.
type CaseRow struct {
	RunID      string `parquet:"run_id" json:"run_id"`
	Experiment string `parquet:"experiment" json:"experiment"`
	Seed       int64  `parquet:"seed" json:"seed"`

	CandidateID string `parquet:"candidate_id" json:"candidate_id"`
	Spec        string `parquet:"spec" json:"spec"`
	CaseID      string `parquet:"case_id" json:"case_id"` // hash of kind and input
	Rerun       int32  `parquet:"rerun" json:"rerun"`     // 0, or the number of the run under other entropy
	Kind        string `parquet:"kind" json:"kind" enum:"kind"`
	Verdict     string `parquet:"verdict" json:"verdict" enum:"case_verdict"` // at the most generous budget

	Input           []byte  `parquet:"input,dict" json:"input"`
	InputBytes      int64   `parquet:"input_bytes" json:"input_bytes"` // before it was cut
	Expected        []byte  `parquet:"expected,optional,dict" json:"expected"`
	ExpectedBytes   *int64  `parquet:"expected_bytes" json:"expected_bytes"`
	Got             []byte  `parquet:"got,optional,plain" json:"got"`
	GotBytes        *int64  `parquet:"got_bytes" json:"got_bytes"`
	Error           *string `parquet:"error" json:"error"` // the error that the tool returned
	Trap            *string `parquet:"trap" json:"trap"`
	Fuel            *int64  `parquet:"fuel" json:"fuel"`
	PeakMemoryBytes *int64  `parquet:"peak_memory_bytes" json:"peak_memory_bytes"`
	Entropy         int64   `parquet:"entropy" json:"entropy"`
}

// Handoff is a row of handoffs.parquet: a failing candidate on its way to the repair
// lab, and what came of it. Key: seed, epoch, handoff_id.
type Handoff struct {
	RunID      string `parquet:"run_id" json:"run_id"`
	Experiment string `parquet:"experiment" json:"experiment"`
	Seed       int64  `parquet:"seed" json:"seed"`

	HandoffID           string   `parquet:"handoff_id" json:"handoff_id"` // hash of seed, epoch, candidate_id
	Epoch               int32    `parquet:"epoch" json:"epoch"`
	Spec                string   `parquet:"spec" json:"spec"`
	Style               *string  `parquet:"style" json:"style"`
	CandidateID         string   `parquet:"candidate_id" json:"candidate_id"`
	Reason              string   `parquet:"reason" json:"reason" enum:"reason"`
	Correctness         float64  `parquet:"correctness,dict" json:"correctness"`
	Fitness             float64  `parquet:"fitness" json:"fitness"`
	FailingCases        int32    `parquet:"failing_cases" json:"failing_cases"`
	Agent               string   `parquet:"agent" json:"agent"`
	Outcome             string   `parquet:"outcome" json:"outcome" enum:"outcome"`
	PatchesTried        int32    `parquet:"patches_tried" json:"patches_tried"`
	PatchesPlausible    int32    `parquet:"patches_plausible" json:"patches_plausible"`
	Patch               *string  `parquet:"patch,plain" json:"patch"` // unified diff
	Edits               *string  `parquet:"edits,plain" json:"edits"` // JSON array
	ChallengerID        *string  `parquet:"challenger_id" json:"challenger_id"`
	ValidateCorrectness *float64 `parquet:"validate_correctness,dict" json:"validate_correctness"`
	HoldoutCorrectness  *float64 `parquet:"holdout_correctness,dict" json:"holdout_correctness"`
	RepairFuel          int64    `parquet:"repair_fuel" json:"repair_fuel"`
}

// SBOMComponent is a row of sboms.parquet: one component of the bill of materials of
// one candidate that was built. Key: seed, candidate_id, bom_ref.
type SBOMComponent struct {
	RunID      string `parquet:"run_id" json:"run_id"`
	Experiment string `parquet:"experiment" json:"experiment"`
	Seed       int64  `parquet:"seed" json:"seed"`

	CandidateID  string   `parquet:"candidate_id" json:"candidate_id"`
	SerialNumber string   `parquet:"serial_number" json:"serial_number"`
	BOMRef       string   `parquet:"bom_ref" json:"bom_ref"`
	Type         string   `parquet:"type" json:"type"`
	Name         string   `parquet:"name" json:"name"`
	Version      string   `parquet:"version" json:"version"`
	PURL         *string  `parquet:"purl" json:"purl"`
	License      *string  `parquet:"license" json:"license"`
	Supplier     *string  `parquet:"supplier" json:"supplier"`
	SHA256       *string  `parquet:"sha256" json:"sha256"`
	DependsOn    []string `parquet:"depends_on,list" json:"depends_on"`
}

// Sample is a row of samples.parquet: one timed call on one machine. It is observed,
// not computed, so no lock covers it. Key: seed, candidate_id, sample.
type Sample struct {
	RunID      string `parquet:"run_id" json:"run_id"`
	Experiment string `parquet:"experiment" json:"experiment"`
	Seed       int64  `parquet:"seed" json:"seed"`

	CandidateID string `parquet:"candidate_id" json:"candidate_id"`
	Sample      int32  `parquet:"sample" json:"sample"` // from 0
	WallNS      int64  `parquet:"wall_ns" json:"wall_ns"`
	Fuel        int64  `parquet:"fuel" json:"fuel"`
	Entropy     int64  `parquet:"entropy" json:"entropy"`
	Host        string `parquet:"host" json:"host"` // the machine that measured it; a cached sample keeps its own
}
