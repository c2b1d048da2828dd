package manifests

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	reflector "github.com/invopop/jsonschema"
)

// Schema returns the JSON Schema of manifests (draft 2020-12), indented: for editors.
// Parse does not use it; Parse reads what the schema describes and checks more, such as
// what depends on two keys.
func Schema() []byte {
	r := reflector.Reflector{
		Anonymous:                  true,
		RequiredFromJSONSchemaTags: true, // a manifest leaves out what it likes; see keys
		FieldNameTag:               "yaml",
		Mapper:                     mapType,
	}
	s := r.Reflect(&Manifest{})
	s.Title = "ToolGen manifest"
	s.Description = "What an experiment is. Keys that are left out have their defaults."
	for _, k := range keys {
		structName, name, _ := strings.Cut(k.path, ".")
		definition := s.Definitions[structName]
		p, ok := definition.Properties.Get(name)
		if !ok {
			panic("manifests: no key " + k.path)
		}
		k.describe(p)
		if k.required {
			definition.Required = append(definition.Required, name)
		}
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // the schema is a constant in all but name
	}
	return append(text, '\n')
}

// mapType describes the types whose text in a manifest is not that of the struct.
func mapType(t reflect.Type) *reflector.Schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &reflector.Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[Span]():
		return &reflector.Schema{OneOf: []*reflector.Schema{
			{Type: "integer", Minimum: "0"},
			{Type: "string", Pattern: spanPattern.String()},
		}}
	case reflect.TypeFor[Objective]():
		s := &reflector.Schema{Type: "string"}
		for _, c := range columns {
			s.Enum = append(s.Enum, c+":max", c+":min")
		}
		return s
	}
	return nil
}

// key is what the schema says of a key beyond its type. Bounds of a list are those of its
// items.
type key struct {
	path      string // struct.key
	text      string
	required  bool
	fallback  any // the default; nil where there is none or it depends on other keys
	low, high any // bounds, included; of positive the lower one is excluded
	positive  bool
	pattern   *regexp.Regexp
	enum      []any
	nullable  bool
	least     int // items of a list
	unique    bool
	atMostLen int // bytes of a text
}

var keys = []key{
	{path: "Manifest.version", text: "format of this file", required: true, enum: []any{Version}},
	{path: "Manifest.name", text: "names the run's folder", required: true, pattern: namePattern},
	{path: "Manifest.description", text: "for people", fallback: "", atMostLen: 4000},
	{path: "Manifest.license", text: "SPDX id stamped on generated code", fallback: "MIT", pattern: licensePattern},
	{path: "Manifest.timestamp", text: "the only time that artifacts carry", fallback: DefaultTimestamp},
	{path: "Manifest.specs", text: "ids of shipped specs, or folders relative to this file", required: true, least: 1},
	{path: "Manifest.seeds", text: "one independent tournament each; 0 to 2^53-1, ranges as \"1-5\"", required: true, least: 1},
	{path: "Manifest.epochs", text: "how many generations", required: true, low: 1, high: maxEpochs},
	{path: "Manifest.population", text: "slots per spec in a generation", fallback: 12, low: 1, high: maxPopulation},
	{path: "Manifest.curriculum", text: "which spec plays when; default: every spec in every epoch", fallback: []any{}},
	{path: "Manifest.search_space", text: "what the first epoch walks through: styles times temperatures"},
	{path: "Manifest.budget", text: "what a call may spend, tightened from epoch to epoch"},
	{path: "Manifest.fuel_per_ms", text: "turns executed instructions into virtual milliseconds", fallback: 10_000_000, low: 1, high: int64(maxFuel)},
	{path: "Manifest.fitness_weights", text: "shares of the scores in the fitness; they sum to 1, one that is left out counts 0"},
	{path: "Manifest.diversity_bonus", text: "what a style other than the baseline may gain"},
	{path: "Manifest.variation", text: "how new candidates come about: probabilities that sum to 1, one that is left out counts 0"},
	{path: "Manifest.selection", text: "who survives into the next epoch"},
	{path: "Manifest.stop", text: "ends a tournament early"},
	{path: "Manifest.measure", text: "overrides the specs' own benchmark"},
	{path: "Manifest.flake", text: "tests candidates for answers that depend on entropy"},
	{path: "Manifest.suite", text: "overrides the specs' own suite sizes"},
	{path: "Manifest.repair", text: "the repair lab's share of a run"},
	{path: "Manifest.agents", text: "programs and models that write source, by name; none is called none or baseline"},
	{path: "Manifest.cassettes", text: "folder beside this file: what agents answered", fallback: "cassettes"},
	{path: "Manifest.entrants", text: "contestants of your own", fallback: []any{}},
	{path: "Manifest.challengers", text: "a folder of challengers that the repair lab has left", fallback: ""},
	{path: "Manifest.exclude", text: "ids of candidates to leave out", fallback: []any{}, pattern: hashPattern, unique: true},
	{path: "Manifest.record", text: "how much a run leaves behind"},

	{path: "Phase.epochs", text: "\"0-5\", \"6\", or \"11-\" to the end; phases follow each other without holes", required: true},
	{path: "Phase.spec", text: "a spec's id, or alternating: of n specs, epoch e plays number e mod n", required: true},

	{path: "SearchSpace.impl_style", text: "default: all styles of the spec", least: 1, unique: true, pattern: stylePattern},
	{path: "SearchSpace.anneal_temp", text: "strength of variation: edits a mutation makes, how far parameters move", fallback: []any{0.8, 1.0, 1.2}, least: 1, unique: true, low: 0, high: 10, positive: true},

	{path: "Budget.timeout_ms", text: "virtual milliseconds of one call"},
	{path: "Budget.memory_mib", text: "linear memory, 1 MiB = 16 WebAssembly pages"},
	{path: "Budget.over_epochs", text: "the epoch that has reached the end of both; default: the last", low: 1, high: 1_000_000},
	{path: "TimeRange.from", text: "in the first epoch", required: true, low: 0, high: maxTimeoutMS, positive: true},
	{path: "TimeRange.to", text: "at the end, not above from", required: true, low: 0, high: maxTimeoutMS, positive: true},
	{path: "MemoryRange.from", text: "in the first epoch", required: true, low: 1, high: maxMemoryMiB},
	{path: "MemoryRange.to", text: "at the end, not above from", required: true, low: 1, high: maxMemoryMiB},

	{path: "FitnessWeights.correctness", text: "search cases passed", low: 0, high: 1},
	{path: "FitnessWeights.safety", text: "rules of safety kept", low: 0, high: 1},
	{path: "FitnessWeights.performance", text: "budget over virtual time, at most 1", low: 0, high: 1},
	{path: "FitnessWeights.robustness", text: "robustness cases passed", low: 0, high: 1},
	{path: "FitnessWeights.documentation", text: "rules of documentation kept", low: 0, high: 1},

	{path: "DiversityBonus.max", text: "the largest bonus", fallback: 0.02, low: 0, high: 1},
	{path: "DiversityBonus.min_correctness", text: "correctness that earns it", fallback: 0.9, low: 0, high: 1},

	{path: "Variation.params", text: "other parameters of the style", low: 0, high: 1},
	{path: "Variation.style", text: "another style", low: 0, high: 1},
	{path: "Variation.edit", text: "edits of the source", low: 0, high: 1},
	{path: "Variation.crossover", text: "parts of two parents", low: 0, high: 1},
	{path: "Variation.agent", text: "by one of the agents, drawn at even odds", low: 0, high: 1},

	{path: "Selection.survivors", text: "at least the number of styles + 1; default: half the population, or that", low: 1, high: maxPopulation},
	{path: "Selection.tournament_size", text: "candidates of which the best becomes a parent", fallback: 3, low: 1, high: maxPopulation},
	{path: "Selection.objectives", text: "columns of evaluations.parquet and their better direction", least: 1, fallback: []any{"fitness:max", "virtual_ms:min", "peak_memory_bytes:min"}},
	{path: "Selection.novelty_neighbours", text: "fitter neighbours that novelty averages over", fallback: 3, low: 1, high: maxPopulation},

	{path: "Stop.target_fitness", text: "ends once every spec has reached it", low: 0, high: 2, positive: true, nullable: true},
	{path: "Stop.patience", text: "ends after so many epochs without improvement", low: 1, high: maxEpochs, nullable: true},
	{path: "Measure.samples", text: "timed calls", low: 3, high: 1000, nullable: true},
	{path: "Flake.reruns", text: "suite runs beside the first, each under other entropy", fallback: 1, low: 0, high: 100},
	{path: "Suite.search", text: "generated cases that selection sees", low: 0, high: 10_000, nullable: true},
	{path: "Suite.validate", text: "generated cases that only the repair lab chooses by", low: 0, high: 10_000, nullable: true},
	{path: "Suite.holdout", text: "generated cases that nothing decides by", low: 0, high: 10_000, nullable: true},
	{path: "Suite.sizes", text: "what size the generator is called with, in turn", least: 1, low: 0, high: 1 << 20},

	{path: "Repair.agent", text: "none, baseline, or one of the agents", fallback: BaselineAgent, pattern: labelPattern},
	{path: "Repair.patches", text: "patches tried for each handoff", fallback: 500, low: 1, high: 1_000_000},
	{path: "Repair.handoffs_per_epoch", text: "handoffs attempted per spec and epoch", fallback: 4, low: 0, high: maxPopulation},
	{path: "Agent.exec", text: "a program and its arguments: one JSON request on stdin, one answer on stdout", least: 1},
	{path: "Agent.env", text: "names of environment variables that the program gets, beside PATH, HOME and LANG", pattern: envPattern, unique: true},
	{path: "Agent.openai", text: "a server that speaks the OpenAI chat API"},
	{path: "OpenAI.base_url", text: "address of the server, such as https://api.openai.com/v1: https, or http where no key goes to another machine", required: true},
	{path: "OpenAI.model", text: "name of the model", required: true},
	{path: "OpenAI.key_env", text: "environment variable that holds the key; left out where the server needs none", pattern: envPattern},

	{path: "Entrant.name", text: "the entrant's label", required: true, pattern: labelPattern},
	{path: "Entrant.spec", text: "a spec's id", required: true},
	{path: "Entrant.source", text: "Go file relative to this file", required: true},
	{path: "Entrant.keep", text: "plays in every epoch, selected or not", fallback: false},

	{path: "Record.cases", text: "cases in the dataset", fallback: RecordFailed, enum: []any{RecordFailed, RecordAll}},
	{path: "Record.bundles", text: "bundles in the run's folder", fallback: RecordWinners, enum: []any{RecordWinners, RecordAll}},
}

// describe completes the schema of a key.
func (k *key) describe(s *reflector.Schema) {
	s.Description, s.Default = k.text, k.fallback
	if k.least > 0 {
		least := uint64(k.least)
		s.MinItems = &least
	}
	s.UniqueItems = k.unique
	if k.atMostLen > 0 {
		most := uint64(k.atMostLen)
		s.MaxLength = &most
	}
	value := s
	if s.Items != nil {
		value = s.Items
	}
	if k.path == "Manifest.seeds" {
		value.Type = ""
		value.OneOf = []*reflector.Schema{
			{Type: "integer", Minimum: "0", Maximum: number(int64(MaxSeed))},
			{Type: "string", Pattern: seedRangePattern.String()},
		}
	}
	if k.pattern != nil {
		value.Pattern = k.pattern.String()
	}
	if len(k.enum) > 0 {
		value.Enum = k.enum
	}
	if k.positive {
		value.ExclusiveMinimum = number(k.low)
	} else {
		value.Minimum = number(k.low)
	}
	value.Maximum = number(k.high)
	if k.nullable {
		s.OneOf = []*reflector.Schema{
			{Type: s.Type, Minimum: s.Minimum, ExclusiveMinimum: s.ExclusiveMinimum, Maximum: s.Maximum},
			{Type: "null"},
		}
		s.Type, s.Minimum, s.ExclusiveMinimum, s.Maximum = "", "", "", ""
	}
}

func number(v any) json.Number {
	if v == nil {
		return ""
	}
	return json.Number(fmt.Sprint(v))
}
