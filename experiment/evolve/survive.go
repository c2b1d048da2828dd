package evolve

// Survivors returns the candidates that live on, at most n: the best final base
// fitness overall, then the best of each style in the order of styles, then the rest
// in total order. ranked is the result of [Rank]; of equals the first in total order
// is the best. As the first survivor has the best final base fitness, which no budget
// moves, a spec's best never falls from epoch to epoch.
func Survivors(ranked []Ranked, n int, styles []string) []Ranked {
	n = min(n, len(ranked))
	if n <= 0 {
		return nil
	}
	out := make([]Ranked, 0, n)
	taken := make([]bool, len(ranked))
	take := func(i int) {
		if i >= 0 && !taken[i] && len(out) < n {
			taken[i] = true
			out = append(out, ranked[i])
		}
	}
	best := 0
	for i := range ranked {
		if worst(ranked[i].FinalBaseFitness, ranked[best].FinalBaseFitness, -1) < 0 {
			best = i
		}
	}
	take(best)
	for _, style := range styles {
		for i := range ranked {
			if ranked[i].Genome.Style == style {
				take(i)
				break
			}
		}
	}
	for i := range ranked {
		take(i)
	}
	return out
}
