package specs

// Spec is what a tool must do. It is immutable once loaded.
type Spec struct {
	ID          string
	Title       string
	Description string
	License     string // SPDX id; "" means the manifest's
	InputType   string // media type of the input; may be ""
	OutputType  string // media type of the output; may be ""
	Compare     string // CompareBytes, CompareJSON, CompareLinesUnordered or CompareCheck
	Examples    []Case // from spec.json, all search cases
	Cases       []Case // from cases.jsonl
	Suite       SuiteSizes
	Robustness  []string   // names of mutators, see Mutators
	Benchmark   *Benchmark // nil where the spec has none
	Styles      []Style    // in the order of spec.json

	// Programs of the spec, each a package in files of its own; nil where absent.
	Reference, Generate, Check []File

	// Files holds every file that belongs to the spec, sorted by path, slash
	// separated and relative to the spec's folder.
	Files []File

	// Origin says where the spec was found: "shipped", or a folder. For messages only.
	Origin string
}

// File is a file of a spec.
type File struct {
	Name string // slash separated; relative to the spec's folder in Spec.Files, a base name in Spec.Reference and its like
	Data []byte
}

// How an output is compared with the expected one.
const (
	CompareBytes          = "bytes"
	CompareJSON           = "json"
	CompareLinesUnordered = "lines_unordered"
	CompareCheck          = "check"
)

// Where a case belongs.
const (
	SplitSearch   = "search"
	SplitValidate = "validate"
	SplitHoldout  = "holdout"
)

// Case is a written case: an example of spec.json or a line of cases.jsonl.
type Case struct {
	Name   string
	Split  string // SplitSearch, SplitValidate or SplitHoldout
	Input  []byte
	Output []byte // nil if Error
	Error  bool   // the tool must answer with an error
}

// SuiteSizes says how many cases are generated.
type SuiteSizes struct {
	Search, Validate, Holdout int
	Sizes                     []int // what size Generate is called with, in turn
}

// Benchmark is the timed part of a suite.
type Benchmark struct {
	Size    int // passed to Generate
	Samples int // timed calls, each in a fresh instance
}

// Style is an implementation strategy: a template and its parameters.
type Style struct {
	Name     string
	Baseline bool // must pass the whole suite; exactly one style of a spec with styles
	Summary  string
	Params   []Param // sorted by name
	Template string  // text of styles/<name>.go.tmpl
}

// Types of parameters, with the Go type of their values.
const (
	ParamInt    = "int"    // int64
	ParamFloat  = "float"  // float64
	ParamBool   = "bool"   // bool
	ParamString = "string" // string
)

// Param is a typed parameter of a style. It has Values or, if numeric, a Range.
type Param struct {
	Name    string
	Type    string
	Values  []any       // allowed values, in the order of spec.json; nil with a Range
	Range   *[2]float64 // inclusive; nil with Values
	Default any
}
