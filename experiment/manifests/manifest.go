// Package manifests reads the YAML files that say what an experiment is.
//
// A manifest names specs, styles, budgets and seeds. Parse checks it as a whole before
// anything runs and reports every problem at once, each with its line, its column and the
// line itself. What comes back is plain values with every default filled in; Resolved
// writes them out again, and what it writes parses to the same values.
//
// The package knows what a manifest can be, and nothing of what it refers to: whether a
// spec exists, and has the styles that are named, the experiment finds out. It reports
// that through At, which remembers where each key stands.
//
// Not done here: running, file lookup beside the manifest, the digest that a run's lock
// takes of it.
package manifests

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// Version is the manifest format that this package reads and writes.
const Version = 1

// MaxSeed is the largest seed: every number of a run stays below 2^53, so that readers
// which know doubles alone keep it.
const MaxSeed = 1<<53 - 1

// Alternating as a phase's spec means: of n specs, epoch e plays number e mod n.
const Alternating = "alternating"

// Agents that every manifest knows, by their names in Repair.Agent. No agent of a
// manifest may be called so.
const (
	NoAgent       = "none"     // switches the repair lab off
	BaselineAgent = "baseline" // the repair lab's own search
)

// What Record may ask for.
const (
	RecordFailed  = "failed"  // cases that fail
	RecordWinners = "winners" // bundles of the winners and the repaired
	RecordAll     = "all"
)

// Manifest is what an experiment is. Its values are checked and complete.
//
// The tags describe the file's form; the JSON form of a Manifest has the same keys.
type Manifest struct {
	Version        int              `yaml:"version" json:"version"`
	Name           string           `yaml:"name" json:"name"`
	Description    string           `yaml:"description" json:"description"`
	License        string           `yaml:"license" json:"license"`     // SPDX id stamped on generated code
	Timestamp      time.Time        `yaml:"timestamp" json:"timestamp"` // UTC, whole seconds: the only time that artifacts carry
	Seeds          []int64          `yaml:"seeds" json:"seeds"`         // one independent tournament each, in the order given, distinct
	Epochs         int              `yaml:"epochs" json:"epochs"`
	Population     int              `yaml:"population" json:"population"` // slots per spec in a generation
	Specs          []string         `yaml:"specs" json:"specs"`           // shipped ids, or folders relative to the file; see SpecID
	Curriculum     []Phase          `yaml:"curriculum" json:"curriculum"` // sorted, gapless; empty: every spec in every epoch
	SearchSpace    SearchSpace      `yaml:"search_space" json:"search_space"`
	Budget         Budget           `yaml:"budget" json:"budget"`
	FuelPerMS      int64            `yaml:"fuel_per_ms" json:"fuel_per_ms"`
	FitnessWeights FitnessWeights   `yaml:"fitness_weights" json:"fitness_weights"`
	DiversityBonus DiversityBonus   `yaml:"diversity_bonus" json:"diversity_bonus"`
	Variation      Variation        `yaml:"variation" json:"variation"`
	Selection      Selection        `yaml:"selection" json:"selection"`
	Stop           Stop             `yaml:"stop" json:"stop"`
	Measure        Measure          `yaml:"measure" json:"measure"`
	Flake          Flake            `yaml:"flake" json:"flake"`
	Suite          Suite            `yaml:"suite" json:"suite"`
	Repair         Repair           `yaml:"repair" json:"repair"`
	Agents         map[string]Agent `yaml:"agents" json:"agents"`
	Cassettes      string           `yaml:"cassettes" json:"cassettes"` // folder relative to the file: what agents answered
	Entrants       []Entrant        `yaml:"entrants" json:"entrants"`
	Challengers    string           `yaml:"challengers" json:"challengers"` // folder that the repair lab has left; "": none
	Exclude        []string         `yaml:"exclude" json:"exclude"`         // ids of candidates to leave out
	Record         Record           `yaml:"record" json:"record"`

	tree *tree // where the keys stand; nil in a Manifest that was not parsed
}

// Phase is a stretch of epochs that one spec plays, or all of them in turn.
type Phase struct {
	Epochs Span   `yaml:"epochs" json:"epochs"`
	Spec   string `yaml:"spec" json:"spec"` // a spec's id, or Alternating
}

// Span is a range of epochs, both ends included. Its text is "6-10", or "6" for one epoch.
type Span struct{ From, To int }

func (s Span) String() string {
	if s.From == s.To {
		return fmt.Sprint(s.From)
	}
	return fmt.Sprintf("%d-%d", s.From, s.To)
}

// MarshalText writes the span as in a manifest.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SearchSpace is what the first epoch walks through: styles times temperatures.
type SearchSpace struct {
	ImplStyle  []string  `yaml:"impl_style,omitempty" json:"impl_style,omitempty"` // nil: all styles of the spec
	AnnealTemp []float64 `yaml:"anneal_temp" json:"anneal_temp"`                   // in (0, 10]; times (1 - k) the strength of variation
}

// Budget is what a call may spend, tightened from epoch to epoch.
type Budget struct {
	TimeoutMS  TimeRange   `yaml:"timeout_ms" json:"timeout_ms"`   // virtual milliseconds
	MemoryMiB  MemoryRange `yaml:"memory_mib" json:"memory_mib"`   // linear memory, 1 MiB = 16 WebAssembly pages
	OverEpochs int         `yaml:"over_epochs" json:"over_epochs"` // the epoch that has reached To; default: the last
}

// TimeRange is a budget of virtual milliseconds in the first epoch and at the end.
type TimeRange struct {
	From float64 `yaml:"from" json:"from"`
	To   float64 `yaml:"to" json:"to"`
}

// MemoryRange is a budget of MiB in the first epoch and at the end.
type MemoryRange struct {
	From int `yaml:"from" json:"from"`
	To   int `yaml:"to" json:"to"`
}

// FitnessWeights are the shares of the scores in the base fitness. They sum to 1.
type FitnessWeights struct {
	Correctness   float64 `yaml:"correctness" json:"correctness"`
	Safety        float64 `yaml:"safety" json:"safety"`
	Performance   float64 `yaml:"performance" json:"performance"`
	Robustness    float64 `yaml:"robustness" json:"robustness"`
	Documentation float64 `yaml:"documentation" json:"documentation"`
}

// DiversityBonus is what a style other than the baseline may gain.
type DiversityBonus struct {
	Max            float64 `yaml:"max" json:"max"`
	MinCorrectness float64 `yaml:"min_correctness" json:"min_correctness"`
}

// Variation is how new candidates come about: probabilities that sum to 1.
type Variation struct {
	Params    float64 `yaml:"params" json:"params"`
	Style     float64 `yaml:"style" json:"style"`
	Edit      float64 `yaml:"edit" json:"edit"`
	Crossover float64 `yaml:"crossover" json:"crossover"`
	Agent     float64 `yaml:"agent" json:"agent"`
}

// Selection is who survives into the next epoch.
type Selection struct {
	Survivors         int         `yaml:"survivors" json:"survivors"`
	TournamentSize    int         `yaml:"tournament_size" json:"tournament_size"`
	Objectives        []Objective `yaml:"objectives" json:"objectives"`
	NoveltyNeighbours int         `yaml:"novelty_neighbours" json:"novelty_neighbours"`
}

// Objective is a column of evaluations.parquet and the direction that is better. Its text
// is "fitness:max".
type Objective struct {
	Column   string // one of Columns
	Maximize bool
}

func (o Objective) String() string {
	if o.Maximize {
		return o.Column + ":max"
	}
	return o.Column + ":min"
}

// MarshalText writes the objective as in a manifest.
func (o Objective) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Stop ends a tournament early.
type Stop struct {
	TargetFitness *float64 `yaml:"target_fitness" json:"target_fitness"` // reached by each spec; nil: never
	Patience      *int     `yaml:"patience" json:"patience"`             // epochs without improvement; nil: never
}

// Measure overrides what specs say of their benchmark; nil leaves it.
type Measure struct {
	Samples *int `yaml:"samples,omitempty" json:"samples,omitempty"`
}

// Flake is how candidates are tested for answers that depend on entropy.
type Flake struct {
	Reruns int `yaml:"reruns" json:"reruns"` // suite runs beside the first, each under other entropy
}

// Suite overrides the suite sizes of specs; nil leaves them.
type Suite struct {
	Search   *int  `yaml:"search,omitempty" json:"search,omitempty"`
	Validate *int  `yaml:"validate,omitempty" json:"validate,omitempty"`
	Holdout  *int  `yaml:"holdout,omitempty" json:"holdout,omitempty"`
	Sizes    []int `yaml:"sizes,omitempty" json:"sizes,omitempty"`
}

// Repair is the repair lab's share of a run.
type Repair struct {
	Agent            string `yaml:"agent" json:"agent"`                           // NoAgent, baseline, or a name in Agents
	Patches          int    `yaml:"patches" json:"patches"`                       // tried for each handoff
	HandoffsPerEpoch int    `yaml:"handoffs_per_epoch" json:"handoffs_per_epoch"` // attempted per spec and epoch
}

// Agent is a program or a model that writes source; either Exec or OpenAI is set.
type Agent struct {
	Exec   []string `yaml:"exec,omitempty" json:"exec,omitempty"` // a program and its arguments; it runs in the manifest's folder
	Env    []string `yaml:"env,omitempty" json:"env,omitempty"`   // names of environment variables that the program gets, beside PATH, HOME and LANG
	OpenAI *OpenAI  `yaml:"openai,omitempty" json:"openai,omitempty"`
}

// OpenAI is a server that speaks the OpenAI chat API.
type OpenAI struct {
	BaseURL string `yaml:"base_url" json:"base_url"`
	Model   string `yaml:"model" json:"model"`
	KeyEnv  string `yaml:"key_env,omitempty" json:"key_env,omitempty"` // the environment variable that holds the key
}

// Entrant is a contestant of the user's own.
type Entrant struct {
	Name   string `yaml:"name" json:"name"`
	Spec   string `yaml:"spec" json:"spec"`     // a spec's id
	Source string `yaml:"source" json:"source"` // Go file relative to the manifest
	Keep   bool   `yaml:"keep" json:"keep"`     // plays in every epoch, selected or not
}

// Record is how much a run leaves behind.
type Record struct {
	Cases   string `yaml:"cases" json:"cases"`     // RecordFailed or RecordAll
	Bundles string `yaml:"bundles" json:"bundles"` // RecordWinners or RecordAll
}

// SpecID returns the id of a spec that Manifest.Specs names: its folder's name.
func SpecID(ref string) string {
	return path.Base(strings.TrimRight(strings.ReplaceAll(ref, `\`, "/"), "/"))
}

// IsFolder says whether an entry of Manifest.Specs is a folder and not a shipped id.
func IsFolder(ref string) bool { return strings.ContainsAny(ref, `/\`) || ref == "." || ref == ".." }

// At returns where a key stands, for messages about what it refers to. Paths are written
// as in messages: "search_space.impl_style[2]". For a key that is not in the file it is
// the place of the innermost one that is.
func (m *Manifest) At(path string) Position {
	if m.tree == nil {
		return Position{Line: 1, Column: 1}
	}
	return m.tree.at(path).position()
}

// Problem returns a problem at a key, for an Error about what it refers to.
func (m *Manifest) Problem(path, format string, args ...any) Problem {
	p := Problem{Path: path, Message: fmt.Sprintf(format, args...)}
	if m.tree == nil {
		p.Position = Position{Line: 1, Column: 1}
		return p
	}
	n := m.tree.at(path)
	p.Position, p.Excerpt = n.position(), n.excerpt()
	return p
}

// Defaulted says whether a key was left out, so that its value is a default.
func (m *Manifest) Defaulted(path string) bool {
	return m.tree != nil && m.tree.nodes[path] == nil
}
