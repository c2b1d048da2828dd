package analysis

import (
	"cmp"
	"slices"

	"toolgen/analysis/stats"
	"toolgen/datasets"
)

// Clock is one candidate on both clocks.
type Clock struct {
	Spec        string
	Style       string // "" for an entrant
	CandidateID string
	Seed        int64
	VirtualMS   float64 // lower median of the timed calls
	WallMS      float64 // lower median of the same calls on the machine that made them
	Samples     int
}

// Clocks returns every candidate of a run whose timed calls were measured, by spec,
// seed and id. samples are the rows of observed/samples.parquet, fuelPerMS the
// manifest's.
func Clocks(r *Run, samples []datasets.Sample, fuelPerMS int64) []Clock {
	type key struct {
		seed int64
		id   string
	}
	wall, fuel := map[key][]float64{}, map[key][]float64{}
	for i := range samples {
		s := &samples[i]
		k := key{s.Seed, s.CandidateID}
		wall[k], fuel[k] = append(wall[k], float64(s.WallNS)/1e6), append(fuel[k], float64(s.Fuel)/float64(fuelPerMS))
	}
	var out []Clock
	for i := range r.Candidates {
		c := &r.Candidates[i]
		k := key{c.Seed, c.CandidateID}
		if len(wall[k]) == 0 {
			continue
		}
		style := ""
		if c.Style != nil {
			style = *c.Style
		}
		out = append(out, Clock{
			Spec: c.Spec, Style: style, CandidateID: c.CandidateID, Seed: c.Seed,
			VirtualMS: lowerMedian(fuel[k]), WallMS: lowerMedian(wall[k]), Samples: len(wall[k]),
		})
	}
	slices.SortFunc(out, func(a, b Clock) int {
		return cmp.Or(cmp.Compare(a.Spec, b.Spec), cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.CandidateID, b.CandidateID))
	})
	return out
}

// StyleClock is the middle of a style's candidates on both clocks.
type StyleClock struct {
	Spec, Style       string
	Candidates        int
	VirtualMS, WallMS float64 // lower medians over the candidates
	Ratio             float64 // lower median of wall over virtual
}

// ClocksByStyle returns the middle of each style of each spec, sorted by both names.
func ClocksByStyle(clocks []Clock) []StyleClock {
	sorted := slices.Clone(clocks)
	slices.SortStableFunc(sorted, func(a, b Clock) int {
		return cmp.Or(cmp.Compare(a.Spec, b.Spec), cmp.Compare(a.Style, b.Style))
	})
	var out []StyleClock
	for i := 0; i < len(sorted); {
		s := StyleClock{Spec: sorted[i].Spec, Style: sorted[i].Style}
		var virtual, wall, ratio []float64
		for ; i < len(sorted) && sorted[i].Spec == s.Spec && sorted[i].Style == s.Style; i++ {
			virtual, wall = append(virtual, sorted[i].VirtualMS), append(wall, sorted[i].WallMS)
			ratio = append(ratio, sorted[i].WallMS/sorted[i].VirtualMS)
		}
		s.Candidates, s.VirtualMS, s.WallMS, s.Ratio = len(virtual), lowerMedian(virtual), lowerMedian(wall), lowerMedian(ratio)
		out = append(out, s)
	}
	return out
}

// Agreement is Spearman's rank correlation of the two clocks. It is NaN for fewer than
// two candidates, or if one of the clocks stands still.
func Agreement(clocks []Clock) float64 {
	x, y := make([]float64, len(clocks)), make([]float64, len(clocks))
	for i, c := range clocks {
		x[i], y[i] = c.VirtualMS, c.WallMS
	}
	return stats.Spearman(x, y)
}
