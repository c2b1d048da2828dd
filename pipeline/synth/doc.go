// Package synth turns a genome and a spec into the Go source of a candidate.
//
// A genome is a style of the spec with typed parameters, or a source of its own
// (Base), and a list of edits. Its source comes about in three steps:
//
//  1. [Render] executes the style's template. Templates come from strangers and
//     run on the host, so they are restricted: no definitions, no calls of other
//     templates, loops over integer parameters only, and bounds on steps and
//     output.
//  2. [Apply] carries out the edits one after another. An edit names its site by
//     counting the sites of its kind in the source that it meets, so it is small,
//     serializable and independent of positions. It replaces ranges of bytes
//     found in the syntax tree instead of printing a changed tree, so comments
//     stay where they are.
//  3. The result of every edit is type-checked and gofmt'ed. An edit that does
//     not type-check is no edit.
//
// Search for a repair looks at all edits that a program offers, orders them and tries
// the best: [Program.Proposals] lists them without type-checking any, [Prior] says
// which are likely, and [Program.Realize] carries one out. It has families of edits of
// its own, from which variation never draws, so that adding one changes no evolution.
//
// All functions are pure: the same genome gives the same bytes, and everything
// drawn comes from the generator that the caller passes. Nothing here builds or
// runs a candidate, and nothing judges whether one is safe: [Synthesizer.Vet]
// lets a caller put its source gate in front of the type checker.
package synth
