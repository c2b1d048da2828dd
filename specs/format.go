package specs

import "encoding/json"

// The structs below are spec.json as it is written. The JSON Schema is generated from
// them (schema.go); what a schema cannot say is checked in check.go.

type specDoc struct {
	Schema      string              `json:"$schema,omitempty" jsonschema:"description=for editors; ToolGen does not read it"`
	SpecVersion int                 `json:"spec_version" jsonschema:"required,enum=1"`
	ID          string              `json:"id" jsonschema:"required,pattern=^[a-z0-9_]+$,maxLength=64,description=the folder's name"`
	Title       string              `json:"title,omitempty" jsonschema:"maxLength=200"`
	Description string              `json:"description,omitempty" jsonschema:"maxLength=10000,description=what the tool must do"`
	License     string              `json:"license,omitempty" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9.+-]*$,maxLength=64,description=SPDX id of the spec and of tools made from it; default: the manifest's"`
	Input       *mediaDoc           `json:"input,omitempty"`
	Output      *mediaDoc           `json:"output,omitempty"`
	Compare     string              `json:"compare,omitempty" jsonschema:"enum=bytes,enum=json,enum=lines_unordered,enum=check,default=bytes,description=how an output is compared with the expected one"`
	Examples    []caseDoc           `json:"examples,omitempty" jsonschema:"maxItems=1000,description=search cases; people read them too"`
	Suite       *suiteDoc           `json:"suite,omitempty" jsonschema:"description=how many cases are generated"`
	Robustness  []string            `json:"robustness,omitempty" jsonschema:"uniqueItems=true,description=mutators of generated inputs; the tool must answer as the reference does"`
	Benchmark   *benchmarkDoc       `json:"benchmark,omitempty"`
	Styles      map[string]styleDoc `json:"styles,omitempty" jsonschema:"description=implementation strategies; each has its template styles/NAME.go.tmpl"`
}

type mediaDoc struct {
	MediaType string `json:"media_type" jsonschema:"required,maxLength=200"`
}

type suiteDoc struct {
	Search   int   `json:"search" jsonschema:"required,minimum=0,maximum=10000,description=cases that selection sees"`
	Validate int   `json:"validate" jsonschema:"required,minimum=0,maximum=10000,description=cases that only the repair lab chooses by"`
	Holdout  int   `json:"holdout" jsonschema:"required,minimum=0,maximum=10000,description=cases that nothing ever decides by"`
	Sizes    []int `json:"sizes" jsonschema:"required,minItems=1,maxItems=64,description=what size Generate is called with, in turn"`
}

type benchmarkDoc struct {
	Size    int `json:"size" jsonschema:"required,minimum=0,maximum=16777216,description=size that Generate is called with"`
	Samples int `json:"samples" jsonschema:"required,minimum=3,maximum=1000,description=timed calls, each in a fresh instance; the median counts"`
}

type styleDoc struct {
	Baseline bool                `json:"baseline,omitempty" jsonschema:"description=passes the whole suite; exactly one style has it"`
	Summary  string              `json:"summary,omitempty" jsonschema:"maxLength=500"`
	Params   map[string]paramDoc `json:"params,omitempty" jsonschema:"description=what the search varies and the template reads"`
}

type paramDoc struct {
	Type    string        `json:"type" jsonschema:"required,enum=int,enum=float,enum=bool,enum=string"`
	Values  []any         `json:"values,omitempty" jsonschema:"minItems=1,maxItems=1000,uniqueItems=true,description=allowed values"`
	Range   []json.Number `json:"range,omitempty" jsonschema:"minItems=2,maxItems=2,description=smallest and largest value of an int or a float"`
	Default any           `json:"default" jsonschema:"required"`
}

// caseDoc is a case in spec.json's examples or on a line of cases.jsonl. The fields are
// pointers because an empty input is a case and a missing one is a mistake.
type caseDoc struct {
	Name         string  `json:"name,omitempty" jsonschema:"maxLength=200"`
	Input        *string `json:"input,omitempty"`
	InputBase64  *string `json:"input_base64,omitempty" jsonschema:"description=an input that is no UTF-8"`
	Output       *string `json:"output,omitempty"`
	OutputBase64 *string `json:"output_base64,omitempty" jsonschema:"description=an output that is no UTF-8"`
	Error        bool    `json:"error,omitempty" jsonschema:"description=the tool must answer with an error"`
	Split        string  `json:"split,omitempty" jsonschema:"enum=search,enum=validate,enum=holdout,default=search,description=of a line of cases.jsonl: what the case may decide"`
}

// Mutators are the names that robustness may list. pipeline/testgen implements them.
var Mutators = []string{
	"empty", "no_final_newline", "invalid_utf8", "nul_bytes",
	"long_line", "truncated", "deep_nesting", "huge_number",
}
