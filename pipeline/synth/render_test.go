package synth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"toolgen/specs"
)

// testSpec has one style with a parameter of each type, and the given template.
func testSpec(template string) *specs.Spec {
	return &specs.Spec{
		ID: "sample", Title: "A sample", Description: "It does\nthis.",
		Styles: []specs.Style{{
			Name: "set", Template: template,
			Params: []specs.Param{
				{Name: "fast", Type: specs.ParamBool, Default: false},
				{Name: "load", Type: specs.ParamFloat, Range: &[2]float64{0, 1}, Default: 0.5},
				{Name: "mode", Type: specs.ParamString, Values: []any{"a", "b", "c"}, Default: "a"},
				{Name: "n", Type: specs.ParamInt, Range: &[2]float64{0, 1e9}, Default: int64(3)},
				{Name: "size", Type: specs.ParamInt, Values: []any{int64(0), int64(64), int64(4096)}, Default: int64(64)},
			},
		}},
	}
}

func testParams() map[string]any { return DefaultParams(&testSpec("").Styles[0]) }

func TestRender(t *testing.T) {
	const template = `// Package tool is {{.Spec.ID}}, {{.Spec.Title}}.
package tool
{{/* nothing */}}
const size,load   = {{.Params.size}}, {{.Params.load}}
{{- if and .Params.fast (gt .Params.size 10)}}
const mode={{quote .Params.mode}}
{{- else if eq .Params.mode "a" "b"}}
const mode={{printf "%q+%04d" .Params.mode (add .Params.n 1)}}
{{- end}}
{{with $m := .Params.mode}}
var table = []int{ {{- range $i := $.Params.n}}{{mul $i $i}}, {{end -}} } // {{$m}}
{{end}}
func Run(input []byte) ([]byte, error) { return input, nil }
`
	const want = `// SPDX-License-Identifier: Apache-2.0

// Package tool is sample, A sample.
package tool

const size, load = 64, 0.5
const mode = "a" + 0004

var table = []int{0, 1, 4} // a

func Run(input []byte) ([]byte, error) { return input, nil }
`
	spec := testSpec(template)
	got, err := Render(spec, "set", testParams(), "Apache-2.0")
	if err != nil || got != want {
		t.Errorf("Render = %v\n%s\nwant\n%s", err, got, want)
	}
	spec.License = "MIT"
	got, err = Render(spec, "set", testParams(), "Apache-2.0")
	if err != nil || !strings.HasPrefix(got, "// SPDX-License-Identifier: MIT\n\n") {
		t.Errorf("the spec's own license is not used: %v\n%s", err, got)
	}
}

func TestRenderRefusesLicense(t *testing.T) {
	for _, license := range []string{"", "MIT\npackage evil", "MÍT"} {
		if _, err := Render(testSpec("package tool"), "set", testParams(), license); err == nil {
			t.Errorf("license %q was accepted", license)
		}
	}
}

// Errors name file, line and column, and what was expected.
func TestTemplateErrors(t *testing.T) {
	const head = "package tool\n\n"
	const all = "// {{.Params.fast}} {{.Params.load}} {{.Params.mode}} {{.Params.n}} {{.Params.size}}\n"
	for _, tt := range []struct{ name, template, want string }{
		{"no parse", head + "var x = {{ if }} {{end}}", "styles/set.go.tmpl:3:9: the template does not parse: missing value for if"},
		{"unclosed", head + "{{if .Params.fast}}", "styles/set.go.tmpl:3:1: the template does not parse: unexpected EOF"},
		{"unknown parameter", head + "var x = {{.Params.sizes}}", `styles/set.go.tmpl:3:18: style "set" has no parameter "sizes", expected one of: fast, load, mode, n, size`},
		{"unknown field of the spec", head + "// {{.Spec.Name}}", `styles/set.go.tmpl:3:11: .Spec has no field "Name", expected one of: ID,`},
		{"parameters as a value", head + "// {{.Params}}", "styles/set.go.tmpl:3:6: .Params is not allowed in a style"},
		{"a field of a parameter", head + "// {{.Params.n.x}}", "styles/set.go.tmpl:3:13: .Params.n.x is not allowed"},
		{"dot", head + "// {{.}}", "styles/set.go.tmpl:3:6: dot as a value"},
		{"dot of range", head + "{{range .Params.n}}{{.Params.size}}{{end}}", "styles/set.go.tmpl:3:29: .Params.size inside range or with, where dot is the element, expected $.Params.size"},
		{"function", head + "{{html .Params.mode}}", `styles/set.go.tmpl:3:3: function "html" is not allowed in a style, expected one of: add, and, div`},
		{"call", head + "{{call .Params.mode}}", `function "call" is not allowed`},
		{"index", head + `{{index .Params "n"}}`, `function "index" is not allowed`},
		{"method", head + "{{.Spec.ID.String}}", ".Spec.ID.String is not allowed"},
		{"chain", head + "{{(.Spec).ID}}", "styles/set.go.tmpl:3:10: (.Spec).ID is not allowed"},
		{"field of a variable", head + "{{$x := .Spec.ID}}{{$x.ID}}", "$x.ID is not allowed"},
		{"range over a literal", head + "{{range 1000000000}}{{end}}", "styles/set.go.tmpl:3:9: range over 1000000000 is not allowed in a style, expected range over an integer parameter"},
		{"range over a string", head + "{{range .Params.mode}}{{end}}", "range over .Params.mode is not allowed"},
		{"range over a calculation", head + "{{range mul .Params.n 100}}{{end}}", "range over mul .Params.n 100 is not allowed"},
		{"range over a variable", head + "{{$x := 1000000000}}{{range $x}}{{end}}", "range over $x is not allowed"},
		{"break", head + "{{range .Params.n}}{{break}}{{end}}", "{{break}} is not allowed"},
		{"define", head + `{{define "x"}}y{{end}}`, `styles/set.go.tmpl:3:15: define or block of "x" is not allowed`},
		{"define of itself", `{{define "styles/set.go.tmpl"}}{{template "styles/set.go.tmpl"}}{{end}}`, "template and block are not allowed"},
		{"recursion", head + `{{template "styles/set.go.tmpl"}}`, "template and block are not allowed"},
		{"block", head + `{{block "x" .}}y{{end}}`, "is not allowed"},
		{"NUL", head + "\x00", "styles/set.go.tmpl:3:1: NUL byte"},
		{"unread parameter", "package tool", `styles/set.go.tmpl:1:1: the template never reads parameter "fast"`},
		{"other package", all + "package main\n", `has package "main", expected "tool"`},
		{"statements", all + "x := 1\n", "styles/set.go.tmpl:2:1: the output does not parse as Go: expected 'package', found x"},
		{"Go in text", all + head + "func Run( {\n}\n", "styles/set.go.tmpl:4:11: the output does not parse as Go: expected ')', found '{'"},
		{"Go in text after an action", all + head + "const x = {{.Params.n}} }", "styles/set.go.tmpl:4:25: the output does not parse as Go"},
		{"Go in an action", all + head + "const {{.Params.n}} = 1", "styles/set.go.tmpl:4:9: the output does not parse as Go: expected 'IDENT', found 3"},
		{"Go of one value", all + head + "const x = 1 {{if .Params.fast}}}{{end}}", "styles/set.go.tmpl:4:32: the output does not parse as Go"},
		{"execution", all + head + "const x = {{div 1 (sub .Params.n 3)}}", "styles/set.go.tmpl:4:13: error calling div: div of 1 by zero"},
		{"type", all + head + "const x = {{add .Params.mode 1}}", "styles/set.go.tmpl:4:13: error calling add: add of a, expected a number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckTemplate(testSpec(tt.template), "set")
			var te *TemplateError
			if !errors.As(err, &te) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("CheckTemplate = %v\nwant %s", err, tt.want)
			}
		})
	}
	if err := CheckTemplate(testSpec(all+head), "set"); err != nil {
		t.Errorf("a good template: %v", err)
	}
	if err := CheckTemplate(testSpec(""), "sets"); err == nil || !strings.Contains(err.Error(), `no style "sets", expected one of: set`) {
		t.Errorf("unknown style: %v", err)
	}
}

// Templates that would take forever or fill the memory are stopped by counting, not
// by a clock; the deadline here only keeps a broken bound from hanging the tests.
func TestHostileTemplatesAreStopped(t *testing.T) {
	nested := "package tool\n" + strings.Repeat("{{range $.Params.n}}", 50) + strings.Repeat("{{end}}", 50)
	for _, tt := range []struct {
		name, template, want string
		n                    int64
	}{
		{"empty loop", "package tool\n{{range .Params.n}}{{end}}", "more than 20000 steps", 1e9},
		{"nested loops", nested, "more than 20000 steps", 2},
		{"loop in else", "package tool\n{{if .Params.fast}}{{else}}{{range .Params.n}}{{$x := 1}}{{end}}{{end}}", "more than 20000 steps", 1e9},
		{"much text", "package tool\n{{range .Params.n}}// " + strings.Repeat("x", 1000) + "\n{{end}}", "more than 262144 bytes", 1e9},
		{"width", "package tool\n// {{printf \"%1000000d\" 1}}", "width or precision above 99", 1},
		{"precision", "package tool\n// {{printf \"%.100f\" 1.0}}", "width or precision above 99", 1},
		{"width from an argument", "package tool\n// {{printf \"%*d\" 1000000000 1}}", "not allowed", 1},
		{"format from a string", "package tool\n{{$f := print \"%\" 1000000 \"d\"}}// {{printf $f 1}}", "width or precision above 99", 1},
		{"doubling", "package tool\n{{$s := \"x\"}}{{range .Params.n}}{{$s = print $s $s}}{{end}}", "expected at most 4096", 60},
		{"doubling by printf", "package tool\n{{$s := \"x\"}}{{range .Params.n}}{{$s = printf \"%s%s\" $s $s}}{{end}}", "expected at most 4096", 60},
		{"doubling by quote", "package tool\n{{$s := \"\\\\\"}}{{range .Params.n}}{{$s = quote $s}}{{end}}", "expected at most 4096", 60},
		{"long pipeline", "package tool\n{{1" + strings.Repeat("|add 1", 100) + "}}", "more than 100 operands", 1},
		{"deep parentheses", "package tool\n{{" + strings.Repeat("(", 50_000) + "1" + strings.Repeat(")", 50_000) + "}}", "max expression depth", 1},
		{"size", "package tool\n" + strings.Repeat(" ", maxTemplate), "expected at most 262144", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			params := testParams()
			params["n"] = tt.n
			done := make(chan error, 1)
			go func() {
				_, err := Render(testSpec(tt.template), "set", params, "MIT")
				done <- err
			}()
			select {
			case err := <-done:
				var te *TemplateError
				if !errors.As(err, &te) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Render = %v, want %s", err, tt.want)
				}
			case <-time.After(time.Minute):
				t.Fatal("still running")
			}
		})
	}
}
