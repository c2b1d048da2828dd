package datasets

// Verdicts, in the order in which the first that applies is given: Unsafe and
// BuildError come from the gate and the type checker, Pass is what is left.
const (
	VerdictUnsafe        = "unsafe"
	VerdictBuildError    = "build_error"
	VerdictTrap          = "trap"
	VerdictStackOverflow = "stack_overflow"
	VerdictOutOfMemory   = "out_of_memory"
	VerdictTimeout       = "timeout"
	VerdictOutputFlood   = "output_flood"
	VerdictWrongOutput   = "wrong_output"
	VerdictFlaky         = "flaky"
	VerdictPass          = "pass"
	VerdictNotRun        = "not_run" // of a case alone: the candidate was given up before it
)

// Origins say how a candidate came to its slot.
const (
	OriginInitial   = "initial"
	OriginParams    = "params"
	OriginStyle     = "style"
	OriginEdit      = "edit"
	OriginCrossover = "crossover"
	OriginRepair    = "repair"
	OriginAgent     = "agent"
	OriginEntrant   = "entrant"
	OriginSurvivor  = "survivor"
)

// Kinds of cases: search cases are seen by selection, validate cases by the repair
// lab alone, holdout cases decide nothing, robustness cases are mutated inputs.
const (
	KindSearch     = "search"
	KindValidate   = "validate"
	KindHoldout    = "holdout"
	KindRobustness = "robustness"
)

// Reasons of a handoff.
const (
	ReasonIncorrect  = "toolgen_incorrect"   // wrong_output, trap, stack_overflow, output_flood
	ReasonOverBudget = "toolgen_over_budget" // timeout, out_of_memory
	ReasonFlaky      = "toolgen_flaky"
	ReasonUnsafe     = "toolgen_unsafe" // a pass with safety below 1
)

// Outcomes of a handoff.
const (
	OutcomeRepaired        = "repaired"
	OutcomeNotRepaired     = "not_repaired"
	OutcomeBudgetExhausted = "budget_exhausted"
	OutcomeNotAttempted    = "not_attempted"
	OutcomeNothingToRepair = "nothing_to_repair"
	OutcomeError           = "error"
)

// enums holds what a column with an enum tag may hold. The writer refuses anything
// else, so that a new verdict is a decision about the schema and not an accident; the
// reader takes what it finds.
var enums = map[string][]string{
	"verdict": {VerdictPass, VerdictWrongOutput, VerdictBuildError, VerdictUnsafe, VerdictTrap,
		VerdictStackOverflow, VerdictTimeout, VerdictOutOfMemory, VerdictOutputFlood, VerdictFlaky},
	"case_verdict": {VerdictPass, VerdictWrongOutput, VerdictTrap, VerdictStackOverflow, VerdictTimeout,
		VerdictOutOfMemory, VerdictOutputFlood, VerdictFlaky, VerdictNotRun},
	"origin": {OriginInitial, OriginParams, OriginStyle, OriginEdit, OriginCrossover, OriginRepair,
		OriginAgent, OriginEntrant, OriginSurvivor},
	"kind":    {KindSearch, KindValidate, KindHoldout, KindRobustness},
	"reason":  {ReasonIncorrect, ReasonOverBudget, ReasonFlaky, ReasonUnsafe},
	"outcome": {OutcomeRepaired, OutcomeNotRepaired, OutcomeBudgetExhausted, OutcomeNotAttempted, OutcomeNothingToRepair, OutcomeError},
}
