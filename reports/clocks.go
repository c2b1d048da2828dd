package reports

import "toolgen/analysis"

// Clocks is the table of both clocks: for each style of each spec, how many
// candidates were timed, and the middle of them on both clocks.
func Clocks(clocks []analysis.Clock) *Table {
	t := &Table{Title: "Virtual and wall time", Columns: []Column{
		{Name: "spec"}, {Name: "style"}, {Name: "candidates", Right: true},
		Number("virtual_ms", "virtual", "ms, median", 3), Number("wall_ms", "wall", "ms, median", 3), Number("wall_per_virtual", "wall / virtual", "median", 2),
	}}
	for _, s := range analysis.ClocksByStyle(clocks) {
		t.Add(s.Spec, nameOf(s.Style), s.Candidates, s.VirtualMS, s.WallMS, s.Ratio)
	}
	return t
}

// nameOf is a style, or what stands where there is none.
func nameOf(style string) string {
	if style == "" {
		return "entrant"
	}
	return style
}
