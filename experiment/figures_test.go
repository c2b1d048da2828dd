package experiment

import (
	"context"
	"fmt"
	"testing"

	"toolgen/datasets"
	"toolgen/pipeline/build"
	"toolgen/pipeline/sandbox"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/seed"
	"toolgen/specs"
)

// variants are distinct candidates of a spec that need no more than the base import
// set: every style under its defaults, then variations of their parameters and edits.
func variants(t testing.TB, env *Env, x *Experiment, spec *specs.Spec, n int) []build.Unit {
	t.Helper()
	v := (&run{env: env, x: x}).newVariator(t.Context(), spec)
	var units []build.Unit
	seen := map[string]bool{}
	add := func(g synth.Genome) {
		id, err := v.ID(g)
		if err != nil {
			t.Fatal(err)
		}
		files := sourceFiles([]byte(v.source(id)))
		report, err := env.builder.Inspect(t.Context(), build.Tool, files)
		if err != nil {
			t.Fatal(err)
		}
		if seen[id] || report.Verdict != "" || report.Alone || len(units) > 0 && len(report.ImportSet) != len(units[0].Report.ImportSet) {
			return
		}
		seen[id] = true
		units = append(units, build.Unit{ID: id, Role: build.Tool, Files: files, Report: report})
	}
	var base []synth.Genome
	for _, style := range spec.Styles {
		g, err := v.Default(style.Name)
		if err != nil {
			t.Fatal(err)
		}
		base = append(base, g)
		add(g)
	}
	if len(units) != len(base) {
		t.Fatalf("%s: the styles under their defaults are %d batches' worth", spec.ID, len(base)-len(units)+1)
	}
	for i := 0; len(units) < n; i++ {
		if i == 100*n {
			t.Fatalf("%s has only %d variants", spec.ID, len(units))
		}
		g, err := v.Mutate(seed.Derive(1, "variants", spec.ID, i), base[i%len(base)], 1)
		if err != nil {
			t.Fatal(err)
		}
		add(g)
	}
	return units
}

// TestFuelAcrossBatches measures every shipped style alone, among 8 and among 32 of
// its kind: on the benchmark's input, under one entropy. What differs is the noise
// that comparisons of runs must tolerate.
func TestFuelAcrossBatches(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles six modules for each spec")
	}
	env := newEnv(t, EnvOptions{})
	ids, err := specs.List(specs.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	for _, id := range ids {
		spec, err := FindSpec(id, nil)
		if err != nil {
			t.Fatal(err)
		}
		x, err := single(spec)
		if err != nil {
			t.Fatal(err)
		}
		suite := mustSuite(t, env, x, spec)
		units := variants(t, env, x, spec, 32)
		var fuel [3][]int64 // by batch size, by style
		for s, size := range []int{32, 8, 1} {
			for i := range spec.Styles {
				list, at := units[:size], i
				if size == 1 {
					list, at = units[i:i+1], 0
				}
				if at == 0 {
					fuel[s] = append(fuel[s], fuelIn(t, env, list, suite, len(spec.Styles))...)
				}
			}
		}
		for i, style := range spec.Styles {
			a, b, c := fuel[0][i], fuel[1][i], fuel[2][i]
			apart := max(a, b, c) - min(a, b, c)
			rel := float64(apart) / float64(c)
			worst = max(worst, rel)
			if noise := datasets.FuelNoise(c); apart > noise {
				t.Errorf("%s %s: fuel differs between batches by %d, more than datasets.FuelNoise %d", spec.ID, style.Name, apart, noise)
			}
			t.Logf("%-20s %-14s alone %12d, of 8 %+d, of 32 %+d, %.1e", spec.ID, style.Name, c, b-c, a-c, rel)
		}
	}
	t.Logf("largest relative difference %.2e", worst)
}

// fuelIn is the fuel of the first n units of a batch on the benchmark's input.
func fuelIn(t *testing.T, env *Env, units []build.Unit, suite *testgen.Suite, n int) []int64 {
	t.Helper()
	batches := build.Plan(units)
	if len(batches) != 1 {
		t.Fatalf("%d units became %d batches", len(units), len(batches))
	}
	module, err := env.builder.Module(t.Context(), batches[0])
	if err != nil {
		t.Fatal(err)
	}
	defer module.Close()
	var out []int64
	for i := range min(n, len(units)) {
		r, err := module.Call(context.Background(), sandbox.Call{Index: uint32(i), Input: suite.Bench.Input, Entropy: 42, Limits: sandbox.Limits{
			Fuel: 2e11, FuelPerMS: 1e7, MemoryBytes: 512 << 20, OutputBytes: 64 << 20, Wall: 1e12,
		}})
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome != sandbox.OK {
			t.Fatalf("unit %d: %s", i, r.Outcome)
		}
		out = append(out, r.Fuel)
	}
	return out
}

// BenchmarkModule builds and compiles the same 32 candidates in one module and in 32.
//
//	go test ./experiment -run '^$' -bench Module -benchtime 1x
func BenchmarkModule(b *testing.B) {
	dir := b.TempDir()
	env, err := Open(b.Context(), EnvOptions{CacheDir: dir, NoCache: true})
	if err != nil {
		b.Fatal(err)
	}
	defer env.Close()
	spec, err := FindSpec("text_deduplicate", nil)
	if err != nil {
		b.Fatal(err)
	}
	x, err := single(spec)
	if err != nil {
		b.Fatal(err)
	}
	units := variants(b, env, x, spec, 32)
	for _, size := range []int{32, 1} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			for range b.N {
				for i := 0; i < len(units); i += size {
					for _, batch := range build.Plan(units[i : i+size]) {
						m, err := env.builder.Module(b.Context(), batch)
						if err != nil {
							b.Fatal(err)
						}
						m.Close()
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(units)), "ms/candidate")
		})
	}
}
