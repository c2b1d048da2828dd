package evolve

import (
	"cmp"
	"math"
	"slices"

	"toolgen/pipeline/synth"
)

// DiversityBonus is what a candidate's fitness gains for being of a style other than
// the baseline's, so that a strategy may live while it is still worse:
//
//	max * min(1, annealTemp * (1 - k)) * (1 - share)
//
// and 0 for the baseline and below minCorrectness. share is the style's part of the
// spec's slots in the epoch, in [0, 1]; k is [Anneal.K]. What has no style has no
// temperature either: pass 0.
func DiversityBonus(max, minCorrectness, correctness, annealTemp, k, share float64, isBaseline bool) float64 {
	if isBaseline || correctness < minCorrectness {
		return 0
	}
	return max * min(1, annealTemp*(1-k)) * (1 - share)
}

// Distance says how different two candidates are, in [0, 1]: the mean of four parts,
// each in [0, 1].
//
//   - Style: 0 if equal, 1 if not. Candidates without a style are alike if they start
//     from the same source.
//   - Parameters: the mean absolute difference of the normalized values; 1 between
//     styles, where nothing can be compared; 0 if the style has none.
//   - Edits: 1 - shared / longer, where shared counts the edits before the first that
//     differs. An edit's site counts in the source that the edits before it left, so
//     behind a difference the same edit means something else. 0 if there are none.
//   - Behaviour: the mean over virtual_ms and peak memory of d / (1 + d), where
//     d = |log2 a - log2 b|: a factor of two is 1/2, a factor of eight is 3/4. Two
//     nulls are alike, a null and a value are 1 apart.
func Distance(a, b *Individual) float64 {
	style, params := 0.0, 0.0
	if a.Genome.Style != b.Genome.Style || a.Genome.Base != b.Genome.Base {
		style, params = 1, 1
	} else {
		params = paramsApart(a.Params, b.Params)
	}
	behaviour := (apart(a.VirtualMS, b.VirtualMS) + apart(a.PeakMemoryBytes, b.PeakMemoryBytes)) / 2
	return (style + params + editsApart(a.Genome.Edits, b.Genome.Edits) + behaviour) / 4
}

func paramsApart(a, b []float64) float64 {
	if len(a) != len(b) {
		return 1
	}
	if len(a) == 0 {
		return 0
	}
	sum := 0.0
	for i := range a {
		sum += math.Abs(a[i] - b[i])
	}
	return sum / float64(len(a))
}

func editsApart(a, b []synth.Edit) float64 {
	longer := max(len(a), len(b))
	if longer == 0 {
		return 0
	}
	shared := 0
	for shared < min(len(a), len(b)) && a[shared] == b[shared] {
		shared++
	}
	return 1 - float64(shared)/float64(longer)
}

func apart(a, b float64) float64 {
	switch {
	case a == b || math.IsNaN(a) && math.IsNaN(b):
		return 0
	case !(a > 0 && b > 0) || math.IsInf(a, 1) || math.IsInf(b, 1):
		return 1
	}
	d := math.Abs(log2(a) - log2(b))
	return d / (1 + d)
}

// novelty returns the mean distance of each candidate to its nearest neighbours among
// those that are fitter: the competition of dominated novelty search (Bahlous-Boldi et
// al., 2025), in which only being unlike one's betters counts. The fittest has no
// better and gets NaN.
func novelty(pop []Individual, neighbours int) []float64 {
	out := make([]float64, len(pop))
	var distances []float64
	for i := range pop {
		distances = distances[:0]
		for j := range pop {
			if compareFitness(&pop[j], &pop[i]) > 0 {
				distances = append(distances, Distance(&pop[i], &pop[j]))
			}
		}
		slices.Sort(distances)
		nearest := distances[:min(max(neighbours, 0), len(distances))]
		if len(nearest) == 0 {
			out[i] = math.NaN()
			continue
		}
		sum := 0.0 // in ascending order, whatever the order of pop
		for _, d := range nearest {
			sum += d
		}
		out[i] = sum / float64(len(nearest))
	}
	return out
}

// compareFitness compares by (fitness, -virtual_ms, id): positive if a is the fitter.
func compareFitness(a, b *Individual) int {
	return cmp.Or(
		-worst(a.Fitness, b.Fitness, -1),
		-worst(a.VirtualMS, b.VirtualMS, 1),
		cmp.Compare(a.ID, b.ID),
	)
}
