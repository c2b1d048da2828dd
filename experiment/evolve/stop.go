package evolve

import "math"

// Stop says when a tournament ends early. The zero value never stops one.
type Stop struct {
	TargetFitness *float64 // ends it once every spec has reached it
	Patience      *int     // ends it after so many epochs in which no spec improved
}

// Progress is the best fitness of a spec in an epoch that it played. Use the final
// base fitness: it alone means the same under every budget.
type Progress struct {
	Epoch int
	Spec  string
	Best  float64 // NaN: nothing to show
}

// Reached reports whether the tournament is over after the last epoch of history,
// which is in ascending order of epochs, and why. specs are those that play at all; it
// is never over before each has played.
func (s Stop) Reached(specs []string, history []Progress) (why string, over bool) {
	best := map[string]float64{}
	improved := 0
	for _, p := range history {
		old, known := best[p.Spec]
		if !known || worst(p.Best, old, -1) < 0 {
			best[p.Spec], improved = p.Best, p.Epoch
		}
	}
	target := true
	for _, spec := range specs {
		b, played := best[spec]
		if !played {
			return "", false
		}
		target = target && s.TargetFitness != nil && !math.IsNaN(b) && b >= *s.TargetFitness
	}
	switch {
	case len(history) == 0:
		return "", false
	case target && s.TargetFitness != nil:
		return "target_fitness", true
	case s.Patience != nil && history[len(history)-1].Epoch-improved >= *s.Patience:
		return "patience", true
	}
	return "", false
}
