// Package compare holds experiments against one another, and against gates.
//
// # Model
//
// An Experiment is what is left of one or several runs that differ only in their seeds:
// for each spec, and each style of it, under each seed, the numbers of the best
// feasible candidate at the last budget, and counts. It is read from run folders (Read)
// or from the file that one was saved in (Parse), and both compare alike.
//
// Compare puts one of them, the base, against others. What they have in common is a
// list of contrasts, metric x scope: a spec, or one of its styles. What a contrast is
// judged by depends on what is asked:
//
//  1. Under the same seeds, a deterministic metric is a fact and needs no statistics: the
//     median difference is held against floors, once what neighbours in a module add by
//     chance (datasets.FuelNoise) has been left out.
//  2. Whether the seeds generalize is a question to statistics: sign flips of pairs by
//     seed, or Mann-Whitney where no seed is common, corrected for the number of tests
//     (Benjamini-Hochberg).
//  3. Wall clock is noise on one machine: Mann-Whitney on the timed calls of the same
//     candidate. Between machines it is refused.
//
// Too little to tell is an answer of its own, Inconclusive, and never reads as a pass.
//
// Experiments with another task, toolchain, fuel model or semantics are different
// functions, so that a difference would mean nothing: that is an Incomparability, and
// not a difference. Manifests and styles may differ, that is what experiments are; the
// differences are listed.
//
// # Non-goals
//
// It opens no folder, prints nothing and knows no exit codes: Result.Verdict says what
// there is to say. It does not explain why a candidate is slower.
package compare
