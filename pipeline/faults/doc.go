// Package faults is what the repair lab is measured with: a corpus of small faulty
// programs, and an injector of faults into programs that are right.
//
// The corpus ([LoadCorpus], testdata/corpus) holds programs with one fault each, such
// as people make, a few search cases, and more cases that tell a correct repair from
// one that merely passes.
//
// The injector ([Inject]) makes faults by the hundred. Whoever injects faults with the
// operators that the search undoes measures little but the order of the search, so
// each fault says whether it is inside or outside of the search space, and the two are
// never added up without being shown apart:
//
//   - inside: some single edit of package synth turns the faulty program back into the
//     right one, to the byte. That is looked for among all proposals of the faulty
//     program and never assumed. The family says what kind of edit was applied, which is
//     most often of the family of the one that undoes it.
//   - outside: no single edit does. The family says what was done: whole statements and
//     cases left out, branches exchanged, initial values far off, steps of a data
//     structure confused, two faults at once.
//
// A fault may be harmless: the program that it leads to differs from the right one, but
// perhaps not in what it answers. Whoever injects runs it. The package executes nothing.
package faults
