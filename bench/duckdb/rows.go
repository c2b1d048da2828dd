package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"

	"toolgen/datasets"
)

// What the synthetic tournament is made of: as a baseline has them, but for many more seeds.
const (
	specCount  = 4
	styleCount = 6
	epochs     = 41
	slots      = 24
	perSeed    = specCount * epochs * slots
	pool       = 160 // distinct candidates of a spec under a seed
)

var specNames = []string{"edit_distance_match", "json_flatten", "text_deduplicate", "url_normalize"}

var styleNames = []string{"lsh", "map", "set", "sorted", "suffixarray", "trie"}

// seedRows returns the evaluations of a seed, sorted by key. The same seed gives the
// same rows, whatever was made before it.
func seedRows(seed int64, runID string) []datasets.Evaluation {
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	one, half := 1.0, 0.5
	type candidate struct {
		row datasets.Evaluation
	}
	candidates := make([][]candidate, specCount)
	for s := range candidates {
		candidates[s] = make([]candidate, pool)
		for i := range candidates[s] {
			sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %d", seed, s, i))
			batch := sha256.Sum256(fmt.Appendf(nil, "batch %d %d %d", seed, s, i/32))
			batchID := hex.EncodeToString(batch[:])
			temp := []float64{0.8, 1, 1.2}[rng.IntN(3)]
			style := styleNames[rng.IntN(styleCount)]
			e := datasets.Evaluation{
				RunID: runID, Experiment: "synthetic", Seed: seed, Spec: specNames[s], Style: &style, AnnealTemp: &temp,
				CandidateID: hex.EncodeToString(sum[:]), Origin: datasets.OriginEdit, Verdict: datasets.VerdictPass,
				Safety: 1, Documentation: 1, Stability: 1, CasesTotal: 40, SourceBytes: 800 + rng.Int64N(4000), Batch: &batchID,
				BudgetMemoryBytes: 128 << 20,
			}
			passed := 40
			if rng.IntN(3) == 0 {
				passed = rng.IntN(40)
				e.Verdict = datasets.VerdictWrongOutput
			}
			e.CasesPassed, e.Correctness = int32(passed), float64(passed)/40
			correct := e.Correctness
			e.ValidateCorrectness, e.HoldoutCorrectness = &correct, &correct
			e.Robustness = &one
			if rng.IntN(8) == 0 {
				e.Robustness = &half
			}
			e.Feasible, e.Violation = passed == 40, 1-e.Correctness
			if rng.IntN(20) > 0 { // the timed calls of the others failed
				fuel := int64(math.Exp(rng.NormFloat64()*1.2+16.5)) + 1
				p10, p90, ms := fuel-fuel/50, fuel+fuel/40, float64(fuel)/1e7
				performance := min(1, 5/ms)
				memory := (40 + rng.Int64N(200)) << 16
				e.Fuel, e.FuelP10, e.FuelP90, e.VirtualMS, e.Performance, e.PeakMemoryBytes = &fuel, &p10, &p90, &ms, &performance, &memory
			}
			e.BaseFitness = float64(0.4*e.Correctness) + 0.35 + float64(0.1**e.Robustness)
			if e.Performance != nil {
				e.BaseFitness += float64(0.15 * *e.Performance)
			}
			candidates[s][i].row = e
		}
	}
	rows := make([]datasets.Evaluation, 0, perSeed)
	for epoch := range epochs {
		for s := range specCount {
			for slot := range slots {
				// Candidates live for some epochs: a window moves through the pool.
				e := candidates[s][(epoch*3+rng.IntN(36))%pool].row
				e.Epoch, e.Slot = int32(epoch), int32(slot)
				e.DiversityBonus = 0.02 * rng.Float64() * (1 - float64(epoch)/40)
				e.Fitness = e.BaseFitness + e.DiversityBonus
				e.BudgetTimeoutMS = 2000 - 25*float64(epoch)
				e.ParetoRank = rng.Int32N(6)
				novelty := rng.Float64()
				e.Novelty = &novelty
				e.Selected = rng.IntN(2) == 0
				rows = append(rows, e)
			}
		}
	}
	return rows
}
