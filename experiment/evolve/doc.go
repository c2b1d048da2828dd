// Package evolve decides who plays: which specs an epoch plays, how tight its
// budgets are, how its candidates are ordered, which of them live on, and what the
// next generation tries.
//
// The model is a (mu + lambda) evolution strategy over genomes. A generation of
// mu survivors and lambda variations is evaluated elsewhere and comes back as
// [Individual] values. [Rank] puts the distinct ones into a total order: constrained
// Pareto rank first, novelty within a rank. [Survivors] keeps the best, with a place
// for each style, and [Next] draws variations of those it kept. Budgets anneal from
// epoch to epoch ([Anneal]), and so does the strength of variation: early
// generations leap, late ones step.
//
// Everything here is a pure function of its arguments. Random draws come from
// generators keyed by seed, spec, epoch, slot and attempt, so a slot's draw depends
// neither on the slots beside it nor on how often they had to draw. Floating-point
// products that are summed are rounded explicitly, and logarithms are our own: a
// fused multiply-add or another machine's math.Log must never turn an order around.
//
// The package runs nothing and renders nothing. What can be done to a genome
// arrives as a [Variator], which whoever owns the synthesizer implements.
package evolve
