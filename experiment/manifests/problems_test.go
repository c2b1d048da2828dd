package manifests

import (
	"bytes"
	"fmt"
	"testing"
)

// badManifests are manifests that Parse refuses, each for its own reason.
var badManifests = []struct {
	name  string
	text  string
	sets  []string
	seeds []string
}{
	{name: "nothing", text: ""},
	{name: "comment only", text: "# nothing\n"},
	{name: "no mapping", text: "- 1\n"},
	{name: "empty mapping", text: "{}\n"},
	{name: "broken", text: "version: 1\nname: [a\nseeds: [1]\n"},
	{name: "broken quotes", text: "version: 1\nname: \"a\n"},
	{name: "tab", text: "version: 1\nbudget:\n\ttimeout_ms: 1\n"},
	{name: "control character", text: "version: 1\nname: a\x1b[31m\n"},
	{name: "no UTF-8", text: "version: 1\nname: é\xff\n"},
	{name: "two documents", text: smallest + "---\nversion: 1\n"},
	{name: "alias", text: smallest + "x: &a [1]\ny: *a\n"},
	{name: "tag", text: smallest + "population: !!int \"5\"\n"},
	{name: "merge key", text: smallest + "budget: {<<: {over_epochs: 3}}\n"},
	{name: "twice", text: smallest + "epochs: 5\n"},
	{name: "deep", text: smallest + "x: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n"},

	{name: "unknown keys", text: smallest + "epoch: 5\nbudgets: {}\nbudget: {timeout: 5}\nzzzzzzzzzz: 1\n"},
	{name: "version", text: "version: 2\nname: small\nspecs: [text_deduplicate]\nseeds: [1]\nepochs: 4\n"},
	{name: "names", text: "version: 1\nname: My Run\nspecs: [Text, text_deduplicate, ./a/text_deduplicate, ./Up/, 7]\nseeds: [1]\nepochs: 4\n"},
	{name: "types", text: smallest + "description: 5\nlicense: true\npopulation: twelve\nbudget: 3\nstop: []\nexclude: {}\nflake: {reruns: \"1\"}\nrecord:\n"},
	{name: "license", text: smallest + "license: MIT OR Apache-2.0\n"},
	{name: "timestamp", text: smallest + "timestamp: 2026-01-01\n"},
	{name: "timestamp with a fraction", text: smallest + "timestamp: 2026-01-01T00:00:00.5Z\n"},
	{name: "timestamp out of range", text: smallest + "timestamp: 1969-12-31T23:00:00Z\n"},

	{name: "seeds", text: "version: 1\nname: small\nspecs: [text_deduplicate]\nseeds: [1e3, 18446744073709551616, 9007199254740992, 1.5, -1, 0x10, 1_000, 007, +5, .inf, \"5-3\", 1-5, 3, \"7\", x]\nepochs: 4\n"},
	{name: "no seeds", text: "version: 1\nname: small\nspecs: []\nseeds: []\nepochs: 4\n"},
	{name: "too many seeds", text: "version: 1\nname: small\nspecs: [text_deduplicate]\nseeds: [0-9007199254740991]\nepochs: 4\n"},
	{name: "bounds", text: smallest + "population: 0\nfuel_per_ms: 0\nflake: {reruns: -1}\nmeasure: {samples: 2}\nsuite: {search: -1, sizes: []}\nrepair: {patches: 0}\n"},
	{name: "epochs", text: "version: 1\nname: small\nspecs: [text_deduplicate]\nseeds: [1]\nepochs: 0\n"},

	{name: "budget", text: smallest + "budget:\n  timeout_ms: {from: -5, to: 0}\n  memory_mib: {from: 4097, to: 1.5}\n  over_epochs: 0\n"},
	{name: "growing budget", text: smallest + "budget:\n  timeout_ms: {from: 1000, to: 2000}\n  memory_mib: {from: 64, to: 128}\n"},
	{name: "half a budget", text: smallest + "budget: {timeout_ms: {from: 1000}}\n"},
	{name: "infinite budget", text: smallest + "budget: {timeout_ms: {from: .inf, to: .nan}}\n"},
	{name: "too much fuel", text: smallest + "fuel_per_ms: 4503599627370496\n"},
	{name: "no fuel", text: smallest + "fuel_per_ms: 1\nbudget: {timeout_ms: {from: 2, to: 0.5}}\n"},
	{name: "weights", text: smallest + "fitness_weights: {correctness: 0.4, safety: 0.25, performance: 0.15, robustness: 0.10, documentation: 0.11}\nvariation: {edit: 0.5, style: 0.4}\n"},
	{name: "weight out of range", text: smallest + "fitness_weights: {correctness: 1.5, safety: -0.5}\n"},

	{name: "empty search space", text: smallest + "search_space: {impl_style: [], anneal_temp: []}\n"},
	{name: "search space", text: smallest + "search_space: {impl_style: [set, Trie, set], anneal_temp: [0, 1.0, 1, 11]}\n"},
	{name: "too few survivors", text: smallest + "search_space: {impl_style: [set, trie, lsh]}\nselection: {survivors: 3}\n"},
	{name: "too many survivors", text: smallest + "population: 5\nselection: {survivors: 6, tournament_size: 7}\n"},
	{name: "small population", text: smallest + "population: 3\nsearch_space: {impl_style: [set, trie, lsh]}\n"},
	{name: "objectives", text: smallest + "selection: {objectives: [\"fitness\", \"fitnes:max\", \"holdout_correctness:max\", \"fuel:min\", \"fuel:max\", \"virtual_ms:up\"]}\n"},
	{name: "stop", text: smallest + "stop: {target_fitness: 0, patience: 0}\n"},

	{name: "hole", text: smallest + "curriculum: [{epochs: 0, spec: text_deduplicate}, {epochs: \"2-\", spec: text_deduplicate}]\n"},
	{name: "overlap", text: smallest + "curriculum: [{epochs: 0-2, spec: text_deduplicate}, {epochs: \"2-\", spec: text_deduplicate}]\n"},
	{name: "open too early", text: smallest + "curriculum: [{epochs: \"0-\", spec: text_deduplicate}, {epochs: 3, spec: text_deduplicate}]\n"},
	{name: "short", text: smallest + "curriculum:\n  - {epochs: 0-1, spec: text_deduplicate}\n"},
	{name: "long", text: smallest + "curriculum: [{epochs: 0-4, spec: text_deduplicate}]\n"},
	{name: "phases", text: smallest + "curriculum: [{epochs: 3-0, spec: text_dedupe}, {spec: alternating}, {epochs: one, spec: alternating}, 5]\n"},

	{name: "entrants", text: smallest + "entrants: [{name: a, spec: text_deduplicate, source: a.go}, {name: a, spec: json, source: \"\", keep: yes}, {nam: b}]\n"},
	{name: "exclude", text: smallest + "exclude: [abc, " + hash + ", " + hash + "]\n"},
	{name: "record", text: smallest + "record: {cases: fail, bundles: none}\n"},
	{name: "repair lab", text: smallest + "repair: {agent: basline, patches: 0, handoffs_per_epoch: -1}\nchallengers: [left]\n"},
	{name: "agents", text: smallest + "agents: {mine: {}, \"a b\": {exec: [x]}, c: {openai: {url: x}}, none: {exec: [x]}, d: {exec: [x], openai: {base_url: \"https://a\", model: m}}}\n"},
	{name: "unknown agents", text: smallest + "repair: {agent: fixr}\nagents: {fixer: {exec: [x]}}\n"},
	{name: "no agents", text: smallest + "repair: {agent: fixer}\nvariation: {edit: 0.5, agent: 0.5}\n"},
	{name: "programs", text: smallest + "agents:\n  a: {exec: []}\n  b: {exec: program}\n  c: {exec: [\"x\\0y\", 5], env: [A, A, 1B, \"A=b\"]}\n  d: {openai: {base_url: \"https://a\", model: m}, env: [A]}\n"},
	{name: "servers", text: smallest + "agents:\n  a: {openai: {base_url: \"https://user:secret@example.com\", model: \"\", key_env: sk-1234}}\n" +
		"  b: {openai: {base_url: \"http://example.com/v1\", model: m, key_env: KEY}}\n  c: {openai: {base_url: example.com, model: \"m\\e\"}}\n  d: {openai: {base_url: \"https://example.com?key=1\", model: m}}\n"},

	{name: "set", text: smallest, sets: []string{
		"epochs=1e3", "epochs", "=1", "population=", "nam=x", "budget.timeout_ms.from=-1", "seeds[3]=1", "epochs.x=1", "description=[a", "search_space.impl_style=[a, B]",
	}},
	{name: "seed", text: smallest, seeds: []string{"1-3", "2", "1e3", "-4", ""}},
	{name: "long line", text: smallest + "description: " + long + "\nexclude: [" + hash + ", " + hash + ", x]\n"},
}

const (
	hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	long = hash + hash + hash
)

// What Parse says of each, whole: where, what, and what was expected.
func TestProblems(t *testing.T) {
	var b bytes.Buffer
	for _, c := range badManifests {
		_, err := Parse("m.yaml", []byte(c.text), c.sets, c.seeds)
		if err == nil {
			t.Errorf("%s: accepted", c.name)
			continue
		}
		fmt.Fprintf(&b, "=== %s\n%v\n\n", c.name, err)
	}
	golden(t, "problems.txt", b.Bytes())
}

func TestImportProblems(t *testing.T) {
	var b bytes.Buffer
	for _, text := range []string{
		"- 5\n",
		"- {enabled: true, domain: toolgen}\n",
		"- name: a\n  domain: toolgen\n  curriculum: {epoch_0_5: x, epoch_7_plus: alternating}\n",
		"- name: a\n  curriculum: {epochs: x}\n  fitness_weights: {correctness: 0.5}\n",
		"- name: a\n  curriculum: {epoch_0_plus: x}\n  search_space: {impl_style: [A]}\n",
		"- name: a\n  curriculum: {epoch_0_plus: alternating}\n",
	} {
		_, _, err := Import("older.yaml", []byte(text))
		if err == nil {
			t.Errorf("accepted: %s", text)
		}
		fmt.Fprintf(&b, "=== %q\n%v\n\n", text, err)
	}
	golden(t, "import_problems.txt", b.Bytes())
}
