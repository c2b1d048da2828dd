package analysis

import (
	"math"
	"testing"

	"toolgen/datasets"
)

// TestAgreement: the ranks of {1, 2, 3, 4} and {10, 20, 40, 30} differ by 0, 0, 1, 1,
// so rho = 1 - 6*2/(4*15) = 0.8. With ties {1, 1, 2} and {1, 2, 3} the ranks are
// {1.5, 1.5, 3} and {1, 2, 3}: covariance 1.5, variances 1.5 and 2, rho = 1.5/sqrt(3).
func TestAgreement(t *testing.T) {
	pair := func(x, y []float64) []Clock {
		var out []Clock
		for i := range x {
			out = append(out, Clock{VirtualMS: x[i], WallMS: y[i]})
		}
		return out
	}
	for _, tt := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4}, []float64{10, 20, 40, 30}, 0.8},
		{[]float64{1, 2, 3}, []float64{3, 2, 1}, -1},
		{[]float64{1, 1, 2}, []float64{1, 2, 3}, 1.5 / math.Sqrt(3)},
	} {
		if got := Agreement(pair(tt.x, tt.y)); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("Agreement(%v, %v) = %v, want %v", tt.x, tt.y, got, tt.want)
		}
	}
	if !math.IsNaN(Agreement(pair([]float64{1}, []float64{1}))) {
		t.Error("one candidate has an agreement")
	}
}

func TestClocks(t *testing.T) {
	style := "set"
	r := &Run{Candidates: []datasets.Candidate{
		{Seed: 1, CandidateID: "b", Spec: "s", Style: &style},
		{Seed: 1, CandidateID: "a", Spec: "s"},
		{Seed: 1, CandidateID: "never timed", Spec: "s"},
	}}
	var samples []datasets.Sample
	for i, wall := range []int64{5e6, 1e6, 9e6, 3e6} {
		samples = append(samples, datasets.Sample{Seed: 1, CandidateID: "b", WallNS: wall, Fuel: int64(10 * (i + 1))})
	}
	samples = append(samples, datasets.Sample{Seed: 1, CandidateID: "a", WallNS: 2e6, Fuel: 10})
	got := Clocks(r, samples, 10)
	if len(got) != 2 || got[0].CandidateID != "a" || got[0].Style != "" {
		t.Fatalf("%+v", got)
	}
	// Of {1, 3, 5, 9} ms and {10, 20, 30, 40} fuel the lower medians are 3 ms and 20 fuel.
	if b := got[1]; b.WallMS != 3 || b.VirtualMS != 2 || b.Samples != 4 || b.Style != "set" {
		t.Errorf("%+v", b)
	}
}
