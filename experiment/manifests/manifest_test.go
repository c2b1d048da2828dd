package manifests

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"toolgen/fuzzing"
)

var update = flag.Bool("update", false, "write the goldens anew; read them before you commit them")

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs (-want +got), -update writes it anew:\n%s", name, d)
	}
}

// smallest is what no manifest can go without.
const smallest = `version: 1
name: small
specs: [text_deduplicate]
seeds: [1]
epochs: 4
`

func parse(t *testing.T, text string, sets ...string) *Manifest {
	t.Helper()
	m, err := Parse("small.yaml", []byte(text), sets, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// equal compares manifests by value: where the keys stand does not count.
var equal = cmpopts.IgnoreUnexported(Manifest{})

func TestDefaults(t *testing.T) {
	m := parse(t, smallest)
	golden(t, "defaults.yaml", m.Resolved())
	if !m.Defaulted("selection.survivors") || m.Defaulted("epochs") {
		t.Error("Defaulted does not tell selection.survivors, which is left out, from epochs")
	}
}

// The resolved form of a manifest parses to the same values and resolves to itself.
func TestResolved(t *testing.T) {
	texts := map[string]string{
		"smallest": smallest,
		"tiny weight": smallest + "fitness_weights: {correctness: 0.9999999, safety: 0.0000001}\n" +
			"stop: {target_fitness: 0.00001, patience: 3}\n",
		"all": smallest + `timestamp: 2026-06-01T12:00:00+02:00
description: "a: colon, 'quotes', # and ünïcode"
curriculum: [{epochs: 0, spec: text_deduplicate}, {epochs: "1-", spec: alternating}]
search_space: {impl_style: [set, trie], anneal_temp: [0.5]}
measure: {samples: 5}
suite: {search: 0, sizes: [0, 1]}
selection: {objectives: ["violation:min"]}
entrants: [{name: "1", spec: text_deduplicate, source: ./mine.go, keep: true}]
exclude: [` + strings.Repeat("0a", 32) + `]
record: {cases: all, bundles: all}
`,
	}
	for _, name := range List() {
		data, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name+".yaml"] = string(data)
	}
	for name, text := range texts {
		m := parse(t, text)
		resolved := m.Resolved()
		again, err := Parse(name, resolved, nil, nil)
		if err != nil {
			t.Errorf("%s: its resolved form does not parse: %v\n%s", name, err, resolved)
			continue
		}
		if d := cmp.Diff(m, again, equal); d != "" {
			t.Errorf("%s: its resolved form is another manifest (-is +resolved):\n%s", name, d)
		}
		if !bytes.Equal(again.Resolved(), resolved) {
			t.Errorf("%s: resolved twice is not resolved once", name)
		}
		for _, key := range keysOf[Manifest]() {
			if again.Defaulted(key) {
				t.Errorf("%s: its resolved form leaves out %s", name, key)
			}
		}
	}
}

// The baseline says in every key what its page says, defaults are not meant.
func TestBaseline(t *testing.T) {
	data, err := Named("baseline")
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, string(data))
	for _, key := range keysOf[Manifest]() {
		if m.Defaulted(key) {
			t.Errorf("baseline.yaml leaves %s to its default", key)
		}
	}
	want := []Phase{
		{Span{0, 5}, "text_deduplicate"}, {Span{6, 10}, "json_flatten"}, {Span{11, 40}, Alternating},
	}
	if d := cmp.Diff(want, m.Curriculum); d != "" {
		t.Error(d)
	}
	if want := (Budget{TimeRange{2000, 1000}, MemoryRange{128, 64}, 40}); m.Budget != want {
		t.Errorf("budget %v, want %v", m.Budget, want)
	}
	if want := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); !m.Timestamp.Equal(want) {
		t.Errorf("timestamp %v, want %v", m.Timestamp, want)
	}
}

func TestOverrides(t *testing.T) {
	m, err := Parse("small.yaml", []byte(smallest),
		[]string{"epochs=7", "epochs=8", "budget.timeout_ms={from: 10.5, to: 2}", "budget.timeout_ms.to=3", "specs[0]=./x/json_flatten", "description=a=b"},
		[]string{"7", "1-3"})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{m.Epochs, m.Budget.TimeoutMS, m.Budget.OverEpochs, m.Specs, m.Seeds, m.Description}
	want := []any{8, TimeRange{10.5, 3}, 7, []string{"./x/json_flatten"}, []int64{7, 1, 2, 3}, "a=b"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if at := m.At("epochs"); at != (Position{"--set", 1, 8}) {
		t.Errorf("epochs stands at %v, want --set:1:8", at)
	}
}

func TestAt(t *testing.T) {
	m := parse(t, smallest+"search_space:\n  impl_style: [set,  trie]\n")
	for path, want := range map[string]Position{
		"search_space.impl_style[1]":  {"small.yaml", 7, 22},
		"search_space.impl_style[9]":  {"small.yaml", 7, 15},
		"search_space.anneal_temp[0]": {"small.yaml", 7, 3},
		"specs[0]":                    {"small.yaml", 3, 9},
		"flake.reruns":                {"small.yaml", 1, 1},
	} {
		if got := m.At(path); got != want {
			t.Errorf("%s stands at %v, want %v", path, got, want)
		}
	}
	p := m.Problem("search_space.impl_style[1]", "no such style")
	want := "small.yaml:7:22: search_space.impl_style[1]: no such style\n" +
		"  7 |   impl_style: [set,  trie]\n" +
		"    |                      ^"
	if p.String() != want {
		t.Errorf("got\n%s\nwant\n%s", p, want)
	}
}

func TestLoad(t *testing.T) {
	m, err := Load("baseline.yaml")
	if err != nil || m.Name != "baseline" || m.At("epochs").File != "baseline.yaml" {
		t.Errorf("got %+v, %v", m, err)
	}
	if _, err := Load("nowhere.yaml"); !os.IsNotExist(err) {
		t.Errorf("got %v, want the file system's error", err)
	}
	large := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 1<<40); err != nil { // a hole: large by size, small on the disk
		t.Fatal(err)
	}
	if _, err := Load(large); err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
		t.Errorf("got %v, want a refusal by size", err)
	}
}

func TestSpecID(t *testing.T) {
	for ref, want := range map[string]string{"a_b": "a_b", "./x/a_b": "a_b", "../a_b/": "a_b", "/x/a_b//": "a_b"} {
		if got := SpecID(ref); got != want {
			t.Errorf("SpecID(%q) = %q, want %q", ref, got, want)
		}
	}
}

func TestNew(t *testing.T) {
	text, err := New("my-first")
	if err != nil {
		t.Fatal(err)
	}
	if m := parse(t, string(text)); m.Name != "my-first" {
		t.Errorf("name %q", m.Name)
	}
	if _, err := New("My first"); err == nil {
		t.Error("a name with a space is accepted")
	}
}

func TestNamed(t *testing.T) {
	_, err := Named("quikstart")
	if err == nil || !strings.Contains(err.Error(), `did you mean "quickstart"?`) {
		t.Errorf("got %v, want a suggestion", err)
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("m.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("m.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bySchema is what the schema says of a manifest.
func bySchema(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	var doc any
	if err := yaml.Load(text, &doc); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// The schema stands beside the shipped manifests, where their first line expects it.
func TestSchemaFile(t *testing.T) {
	if *update {
		if err := os.WriteFile(SchemaFile, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(SchemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(file), string(Schema())); d != "" {
		t.Errorf("%s is out of date (-file +schema), -update writes it anew:\n%s", SchemaFile, d)
	}
}

// Each key of the structs is described in the schema's table, and nothing else is.
func TestSchemaKeys(t *testing.T) {
	var want []string
	add := func(structName string, keys []string) {
		for _, k := range keys {
			want = append(want, structName+"."+k)
		}
	}
	add("Manifest", keysOf[Manifest]())
	add("Phase", keysOf[Phase]())
	add("SearchSpace", keysOf[SearchSpace]())
	add("Budget", keysOf[Budget]())
	add("TimeRange", keysOf[TimeRange]())
	add("MemoryRange", keysOf[MemoryRange]())
	add("FitnessWeights", keysOf[FitnessWeights]())
	add("DiversityBonus", keysOf[DiversityBonus]())
	add("Variation", keysOf[Variation]())
	add("Selection", keysOf[Selection]())
	add("Stop", keysOf[Stop]())
	add("Measure", keysOf[Measure]())
	add("Flake", keysOf[Flake]())
	add("Suite", keysOf[Suite]())
	add("Repair", keysOf[Repair]())
	add("Agent", keysOf[Agent]())
	add("OpenAI", keysOf[OpenAI]())
	add("Entrant", keysOf[Entrant]())
	add("Record", keysOf[Record]())
	var got []string
	for _, k := range keys {
		got = append(got, k.path)
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-structs +table)\n%s", d)
	}
}

// Schema and Parse agree on what one key may hold.
func TestSchemaAgrees(t *testing.T) {
	s := compileSchema(t)
	for _, name := range List() {
		data, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := bySchema(t, s, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := bySchema(t, s, parse(t, string(data)).Resolved()); err != nil {
			t.Errorf("%s resolved: %v", name, err)
		}
	}
	base := parse(t, smallest)
	for _, set := range []string{
		"epochs=1", "epochs=0", "epochs=10000", "epochs=10001", "epochs=1.5", `epochs="4"`, "version=2", "nam=x", "name=X", "name=", "license=M I T",
		"seeds=[]", "seeds=[0]", "seeds=[-1]", `seeds=["1-5"]`, "seeds=[9007199254740991]", "seeds=[9007199254740992]", "seeds=[1.5]", "seeds=[x]", "seeds=5",
		"specs=[]", "specs=x", "population=0", "population=1001", "timestamp=2026-01-01T00:00:00Z", "timestamp=yesterday",
		"curriculum=[{epochs: 0-3, spec: alternating}]", "curriculum=[{epochs: 0-}]", "curriculum=[{epochs: x, spec: alternating}]", "curriculum=[{epochs: 0-, spec: alternating, x: 1}]",
		"search_space={impl_style: []}", "search_space={impl_style: [set]}", "search_space={impl_style: [set, set]}", "search_space={impl_style: [Set]}",
		"search_space={anneal_temp: []}", "search_space={anneal_temp: [0]}", "search_space={anneal_temp: [10]}", "search_space={anneal_temp: [10.1]}",
		"budget={timeout_ms: {from: 1}}", "budget={timeout_ms: {from: 1, to: 0}}", "budget={timeout_ms: {from: 0.5, to: 0.5}}",
		"budget={memory_mib: {from: 4096, to: 1}}", "budget={memory_mib: {from: 4097, to: 1}}", "budget={memory_mib: {from: 1.5, to: 1}}", "budget={over_epochs: 0}",
		"fuel_per_ms=0", "fitness_weights={correctness: 1}", "fitness_weights={correctness: 1.5}", "fitness_weights={x: 1}",
		"diversity_bonus={max: -1}", "variation={edit: 1}", "variation={edit: true}", "selection={survivors: 0}", `selection={objectives: ["fitness:max"]}`,
		`selection={objectives: ["fitness"]}`, `selection={objectives: ["holdout_correctness:max"]}`, "selection={objectives: []}",
		"stop={target_fitness: null}", "stop={target_fitness: 0}", "stop={target_fitness: 0.9}", "stop={patience: 0}", "measure={samples: 2}", "measure={samples: 3}",
		"flake={reruns: 0}", "flake={reruns: -1}", "suite={search: 0}", "suite={search: -1}", "suite={sizes: []}", "suite={sizes: [-1]}", "suite=3",
		"agents={a: {exec: [x], env: [A]}}", "agents={a: {exec: [x], env: [A, A]}}", "agents={a: {exec: [x], env: [1]}}", "agents={a: {exec: []}}",
		"agents={a: {openai: {base_url: 'https://a', model: m, key_env: KEY}}}", "agents={a: {openai: {base_url: 'https://a', model: m, key_env: sk-1}}}",
		"agents={a: {openai: {base_url: 'https://a'}}}", "agents={a: {openai: {base_url: 'https://a', model: m, key: x}}}",
		"repair={agent: none}", "repair={patches: 0}", "repair={handoffs_per_epoch: 0}", "entrants=[{name: a, spec: text_deduplicate, source: a.go}]",
		"entrants=[{name: a, spec: text_deduplicate}]", "entrants=[{name: a b, spec: text_deduplicate, source: a.go}]", "exclude=[x]", "record={cases: all}", "record={cases: some}",
	} {
		_, parseErr := Parse("small.yaml", base.Resolved(), []string{set}, nil)
		var doc map[string]any
		if err := yaml.Load(base.Resolved(), &doc); err != nil {
			t.Fatal(err)
		}
		key, text, _ := strings.Cut(set, "=")
		var value any
		if err := yaml.Load([]byte(text), &value); err != nil && text != "" {
			t.Fatal(err)
		}
		doc[key] = value
		merged, err := yaml.Dump(doc)
		if err != nil {
			t.Fatal(err)
		}
		schemaErr := bySchema(t, s, merged)
		if (parseErr == nil) != (schemaErr == nil) {
			t.Errorf("%s: Parse and the schema disagree\nParse: %v\nschema: %v", set, parseErr, schemaErr)
		}
	}
}

// FuzzParse: no panic; every problem has a place inside the text; what is accepted
// resolves to itself.
func FuzzParse(f *testing.F) {
	fuzzing.Briefly(f)
	f.Add(smallest, "epochs=3", "1-2")
	for _, name := range List() {
		data, err := Named(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data), "", "")
	}
	for _, c := range badManifests {
		f.Add(c.text, strings.Join(c.sets, ""), strings.Join(c.seeds, ""))
	}
	f.Fuzz(func(t *testing.T, text, setArg, seed string) {
		var sets, seeds []string
		if setArg != "" {
			sets = []string{setArg}
		}
		if seed != "" {
			seeds = []string{seed}
		}
		m, err := Parse("f.yaml", []byte(text), sets, seeds)
		if err != nil {
			problems := err.(*Error).Problems
			if len(problems) == 0 {
				t.Fatal("an error without problems")
			}
			for _, p := range problems {
				lines := len(lineBreak.Split(map[string]string{"f.yaml": text, "--set": setArg, "--seed": seed}[p.File], -1))
				if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" {
					t.Errorf("no place in %d lines: %+v", lines, p)
				}
			}
			return
		}
		again, err := Parse("again.yaml", m.Resolved(), nil, nil)
		if err != nil {
			t.Fatalf("the resolved form does not parse: %v\n%s", err, m.Resolved())
		}
		if !reflect.DeepEqual(again.Resolved(), m.Resolved()) || !cmp.Equal(m, again, equal) {
			t.Fatal(cmp.Diff(m, again, equal))
		}
	})
}

func TestImport(t *testing.T) {
	data, err := os.ReadFile("testdata/older.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list, notes, err := Import("older.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, m := range list {
		fmt.Fprintf(&b, "--- %s\n%s", m.Name, m.YAML)
		if _, err := Parse(m.Name, m.YAML, nil, nil); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
	fmt.Fprintf(&b, "--- notes\n%s\n", strings.Join(notes, "\n"))
	golden(t, "imported.txt", b.Bytes())
}

// The older form of the baseline plays what the baseline plays, with a larger lab.
func TestImportIsBaseline(t *testing.T) {
	data, err := os.ReadFile("testdata/older.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := Import("older.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Named("baseline")
	if err != nil {
		t.Fatal(err)
	}
	names := cmpopts.IgnoreFields(Manifest{}, "Name", "Description", "Repair")
	if d := cmp.Diff(parse(t, string(text)), parse(t, string(list[0].YAML)), equal, names); d != "" {
		t.Errorf("(-baseline +imported)\n%s", d)
	}
}
