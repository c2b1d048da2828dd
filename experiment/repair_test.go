package experiment

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"toolgen/specs"
)

// TestRepairDeterminism: what the lab finds, and what it tried on the way, is the same
// at any number of workers. One program is repaired by a single edit, one has two faults,
// and the answer of one hangs on the order of a map.
func TestRepairDeterminism(t *testing.T) {
	type program struct {
		name, source string
		spec         *specs.Spec
	}
	const corpus = "../pipeline/faults/testdata/corpus"
	var programs []program
	for _, name := range []string{"bit_count"} {
		spec, err := specs.LoadDir(corpus + "/specs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(corpus + "/bundles/" + name + "/tool.go")
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, program{name, string(source), spec})
	}
	one := programs[0]
	for _, change := range [][2]string{
		{"a.Total += c", "a.Total = c"},
		{"count++", "for v := range map[int]bool{1: true, 2: true} {\n\t\t\t\tcount += v\n\t\t\t\tbreak\n\t\t\t}"},
	} {
		source := strings.Replace(one.source, change[0], change[1], 1)
		if source == one.source {
			t.Fatalf("the program has no %s", change[0])
		}
		programs = append(programs, program{change[0], source, one.spec})
	}
	answers := map[string][]string{}
	for _, jobs := range []int{1, 8} {
		env := newEnv(t, EnvOptions{Jobs: jobs})
		for _, p := range programs {
			got, err := env.Repair(t.Context(), RepairOptions{Spec: p.spec, Source: []byte(p.source), Patches: 110, Seed: 3, All: true})
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
