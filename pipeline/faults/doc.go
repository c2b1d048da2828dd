// Package faults is what the repair lab is measured with: a corpus of small faulty
// programs, and an injector of faults into programs that are right.
//
// The corpus ([LoadCorpus], testdata/corpus) holds programs with one fault each, such
// as people make, a few search cases, and more cases that tell a correct repair from
// one that merely passes.
package faults
