// Package repair searches for a smallest edit that repairs a failing program. It needs
// no model and no network: it is search, guided by where the program goes when it
// fails and by what kind of edit repairs programs.
//
//	localize   which statements and conditions do failing cases go through (Ochiai)
//	propose    every single edit, ordered by prior x (suspiciousness + 0.05)
//	screen     hundreds of versions in one module, failing cases first, fail-fast
//	combine    pairs of edits that each help without harm, then a small genetic search
//	choose     among plausible versions: validate cases, fresh inputs, score, size
//	minimize   no edit that is not needed
//	confirm    measured as any candidate is
//
// The model is generate-and-validate program repair: Weimer et al., "Automatically
// finding patches using genetic programming" (ICSE 2009) for the search, Abreu et al.,
// "On the accuracy of spectrum-based fault localization" (TAIC PART 2007) for Ochiai,
// Liu et al., "TBar: revisiting template-based automated program repair" (ISSTA 2019)
// for the kinds of edits, and Le et al., "History driven program repair" (SANER 2016)
// for the priors.
//
// A search is a pure function of the program, its cases, the options and the seed.
// Budgets are counted in versions tried and fuel, never in seconds. Executing is left
// to an [Executor], so the package builds and runs nothing itself. It knows no queue,
// no bundle and no tournament.
package repair
