package datasets

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
)

var benchRows = flag.Int("rows", 50_000, "rows that benchmarks write and read")

// tournament returns evaluations as a run has them: 41 epochs of two specs with twelve
// slots, candidates that stay for some epochs, scores that repeat.
func tournament(n int, runID string) []Evaluation {
	rng := rand.New(rand.NewPCG(1, 2))
	hash := func(x int) string { return fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, x))) }
	specs := []string{"json_flatten", "text_deduplicate"}
	styles := []string{"set", "trie", "lsh", "suffixarray"}
	out := make([]Evaluation, n)
	for i := range out {
		seed, slot := i/(41*24), i%(41*24)
		epoch, slot := slot/24, slot%24
		id := seed*400 + rng.IntN(400)
		c := rand.New(rand.NewPCG(uint64(id), 3)) // what stays with the candidate
		style, temp, batch := styles[c.IntN(4)], []float64{0.8, 1, 1.2}[c.IntN(3)], hash(-id/32)
		fuel := c.Int64N(1 << 28)
		p10, p90, ms, memory := fuel-100, fuel+100, float64(fuel)/1e7, c.Int64N(200)<<16
		correct, one, performance, novelty := float64(c.IntN(41))/40, 1.0, min(1, 5/ms), rng.Float64()
		verdict := VerdictWrongOutput
		if correct == 1 {
			verdict = VerdictPass
		}
		base := rng.Float64()
		out[i] = Evaluation{
			RunID: runID, Experiment: "baseline", Seed: int64(seed), Epoch: int32(epoch), Slot: int32(slot % 12), Spec: specs[slot/12],
			Style: &style, AnnealTemp: &temp, CandidateID: hash(id), Origin: OriginEdit, Verdict: verdict,
			Correctness: correct, Safety: 1, Robustness: &one, Documentation: 1, Performance: &performance,
			ValidateCorrectness: &correct, HoldoutCorrectness: &correct, Stability: 1, DiversityBonus: 0.01,
			BaseFitness: base, Fitness: base + 0.01, CasesTotal: 40, CasesPassed: int32(correct * 40),
			Fuel: &fuel, FuelP10: &p10, FuelP90: &p90, VirtualMS: &ms, PeakMemoryBytes: &memory, SourceBytes: c.Int64N(5000),
			Batch: &batch, BudgetTimeoutMS: 2000 - float64(epoch)*25, BudgetMemoryBytes: 128 << 20, Feasible: correct == 1,
			Violation: 1 - correct, ParetoRank: rng.Int32N(6), Novelty: &novelty, Selected: rng.IntN(2) == 0,
		}
	}
	return out
}

func BenchmarkEvaluations(b *testing.B) {
	m := meta(b)
	all := tournament(*benchRows, m.RunID)
	data, _ := encode(b, Evaluations, all, m)
	perRow := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(all)), "ns/row")
	}
	b.Run("do=write", func(b *testing.B) {
		for b.Loop() {
			encode(b, Evaluations, all, m)
		}
		perRow(b)
		b.ReportMetric(float64(len(data))/float64(len(all)), "B/row")
	})
	b.Run("do=digest", func(b *testing.B) {
		for b.Loop() {
			Evaluations.Digest(all)
		}
		perRow(b)
	})
	b.Run("do=read", func(b *testing.B) {
		for b.Loop() {
			if _, err := decode(Evaluations, data); err != nil {
				b.Fatal(err)
			}
		}
		perRow(b)
	})
	b.Run("do=scan/columns=3", func(b *testing.B) {
		for b.Loop() {
			f, err := Evaluations.open("b", bytes.NewReader(data), int64(len(data)), Evaluations.pq)
			if err != nil {
				b.Fatal(err)
			}
			if err := Evaluations.scan(f, []string{"spec", "fitness", "virtual_ms"}, func(*Columns) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
		perRow(b)
	})
}
