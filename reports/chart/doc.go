// Package chart draws statistics: as PNG, as SVG that stands alone, and as SVG that
// stands in an HTML page and follows its colours.
//
// A constructor (Latency, Pareto, Fitness, Stability, Handoffs, Diversity, Clocks)
// takes plain numbers and returns a Figure. A figure is a grid of panels, one for each
// spec and run, on common scales, so that what is to be compared can be. A Figure is
// drawn under a Theme, which is the one place where colours, sizes and the typeface are
// decided.
//
// gonum/plot gives the canvas, the typeface (Liberation Sans, SIL Open Font License, built
// in) and the rasterizer. The frame is ours: plot.Plot pads each plot by its own glyphs
// and labels, and panels that are to be compared must stand on one scale; its legends
// are boxes, and lines are read best when their names stand at their ends. The SVG is
// ours too: vgsvg writes style attributes, which a strict content security policy
// forbids, and has no title, description or role.
//
// The bytes of an SVG are a function of the numbers. Those of a PNG may differ between
// kinds of CPU, whose floating point rounds edges differently.
//
// It computes no statistics, reads no files, and knows no run. Numbers without data
// give a figure that says so in words, never a panic.
package chart
