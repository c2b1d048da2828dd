// Package page makes the report of runs: one HTML file that needs nothing but itself,
// and the charts beside it as PNG and SVG.
//
// # Model
//
// Read takes a run folder apart once. Build asks analysis for statistics, figures for
// charts and reports for tables, and puts them into one template. Write puts the files
// into a folder, all of them or none.
//
// The page works without scripts; a script adds sorting and filtering. No request
// leaves it: a content security policy allows its own style and its own script by their
// digests, and nothing else. Whatever comes out of a run (sources, outputs, names) is
// text to html/template, and characters that could hide or reorder text are escaped.
//
// The same runs in folders of the same names give the same bytes: nothing in the page
// is of today. The PNGs beside it may differ between kinds of CPU (see chart).
//
// A table of more than 5,000 rows is not written out but counted, and the page names
// the Parquet file that has the rows.
//
// # Non-goals
//
// It is no server and no dashboard, it computes no statistics, and it has no settings of
// looks: what a report of one's own needs is in the Parquet files.
package page
