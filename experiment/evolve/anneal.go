package evolve

import "math"

// page is the unit of WebAssembly memory, in bytes.
const page = 64 << 10

// Anneal tightens the budgets of an experiment from epoch to epoch, linearly, from
// the first value to the second over OverEpochs epochs, and leaves them there.
type Anneal struct {
	TimeoutFromMS, TimeoutToMS float64 // virtual milliseconds
	MemoryFromMiB, MemoryToMiB float64
	OverEpochs                 int // 0 or less: annealed from the start, the second value holds in every epoch
}

// K says how far annealing has come in an epoch: 0 at the start, 1 when it is over.
func (a Anneal) K(epoch int) float64 {
	if epoch >= a.OverEpochs {
		return 1
	}
	return float64(max(epoch, 0)) / float64(a.OverEpochs)
}

// TimeoutMS is the time budget of an epoch in virtual milliseconds.
func (a Anneal) TimeoutMS(epoch int) float64 {
	return a.at(epoch, a.TimeoutFromMS, a.TimeoutToMS)
}

// MemoryBytes is the memory budget of an epoch, rounded down to whole WebAssembly
// pages of 64 KiB, for memory grows by no less.
func (a Anneal) MemoryBytes(epoch int) int64 {
	pages := a.at(epoch, a.MemoryFromMiB*(1<<20/page), a.MemoryToMiB*(1<<20/page))
	return int64(math.Floor(pages)) * page
}

// at multiplies before it divides: from - (from-to)*K would lose a page to rounding
// where the budget is a whole number of pages on paper.
func (a Anneal) at(epoch int, from, to float64) float64 {
	if epoch >= a.OverEpochs {
		return to
	}
	return from - float64((from-to)*float64(max(epoch, 0)))/float64(a.OverEpochs)
}
