package analysis

import "toolgen/datasets"

// Keeps says whether the filter chooses a row.
func (f *Filter) Keeps(e *datasets.Evaluation) bool { return f.keeps(e) }
