package experiment

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"toolgen/pipeline/synth"
	"toolgen/specs"
)

// TestRepairDeterminism: what the lab finds, and what it tried on the way, is the same
// at any number of workers. One program is repaired by a single edit, one has two faults,
// and the answer of one hangs on the order of a map.
func TestRepairDeterminism(t *testing.T) {
	type program struct{ name, source string }
	const corpus = "../pipeline/faults/testdata/corpus"
	spec, err := specs.LoadDir(corpus + "/specs/bit_count")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(corpus + "/bundles/bit_count/tool.go")
	if err != nil {
		t.Fatal(err)
	}
	shipped := string(data)
	programs := []program{{"as it is", shipped}}
	for _, change := range [][2]string{
		{"a.Total += c", "a.Total = c"},
		{"count++", "for v := range map[int]bool{1: true, 2: true} {\n\t\t\t\tcount += v\n\t\t\t\tbreak\n\t\t\t}"},
	} {
		source := strings.Replace(shipped, change[0], change[1], 1)
		if source == shipped {
			t.Fatalf("the program has no %s", change[0])
		}
		programs = append(programs, program{change[0], source})
	}
	answers := map[string][]string{}
	for _, jobs := range []int{1, 8} {
		env := newEnv(t, EnvOptions{Jobs: jobs})
		for _, p := range programs {
			got, err := env.Repair(t.Context(), RepairOptions{Spec: spec, Source: []byte(p.source), Patches: 110, Seed: 3, All: true})
			if err != nil {
				t.Fatalf("%s: %v", p.name, err)
			}
			data, err := json.MarshalIndent(got, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			answers[p.name] = append(answers[p.name], string(data))
			t.Logf("%s, %d workers: %s after %d patches, %d of %d turned", p.name, jobs, got.Outcome, got.PatchesTried, got.Turned, got.Failing)
		}
	}
	for name, a := range answers {
		if a[0] != a[1] {
			t.Errorf("%s: with 1 worker\n%s\nwith 8\n%s", name, a[0], a[1])
		}
	}
}

// BenchmarkPatches: how many patches of a tool of 60 lines are validated in a second: by
// a search that exhausts its budget (traced, built, compiled, tested, all of it), and
// one by one, as candidates are.
func BenchmarkPatches(b *testing.B) {
	const corpus = "../pipeline/faults/testdata/corpus"
	spec, err := specs.LoadDir(corpus + "/specs/duration_parser")
	if err != nil {
		b.Fatal(err)
	}
	source, err := os.ReadFile(corpus + "/bundles/duration_parser/tool.go")
	if err != nil {
		b.Fatal(err)
	}
	env := newEnv(b, EnvOptions{NoCache: true})
	if _, err := env.Repair(b.Context(), RepairOptions{Spec: spec, Source: source, Patches: 1}); err != nil {
		b.Fatal(err) // what all share is compiled by now
	}
	b.Run("together", func(b *testing.B) {
		tried := 0
		for b.Loop() {
			got, err := env.Repair(b.Context(), RepairOptions{Spec: spec, Source: source})
			if err != nil {
				b.Fatal(err)
			}
			tried += got.PatchesTried
		}
		b.ReportMetric(float64(tried)/b.Elapsed().Seconds(), "patches/s")
	})
	b.Run("one_by_one", func(b *testing.B) {
		p, err := synth.Parse(string(source), env.builder.Importer())
		if err != nil {
			b.Fatal(err)
		}
		x, err := single(spec)
		if err != nil {
			b.Fatal(err)
		}
		programs := &lazyPrograms{env: env, spec: spec}
		defer programs.close()
		suite, err := env.suiteFor(b.Context(), spec, 0, x.sizes(spec), true, programs.get)
		if err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		tried := 0
		for b.Loop() {
			for _, pr := range p.Proposals() {
				version, err := p.Realize(pr)
				if err != nil {
					continue
				}
				entries := []*entry{{id: synth.ID(spec.ID, version), source: []byte(version)}}
				if err := env.measure(b.Context(), entries, suite, programs.get, measureOptions{Options: x.measureOptions()}); err != nil {
					b.Fatal(err)
				}
				if tried++; tried%10 == 0 {
					break
				}
			}
		}
		b.ReportMetric(float64(tried)/b.Elapsed().Seconds(), "patches/s")
	})
}
