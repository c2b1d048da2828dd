package bundle

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/format"
	"strconv"
	"text/template"

	"toolgen/specs"
)

//go:embed tool_test.go.tmpl
var testText string

// Compare is written out in the template for each way, as the evaluator does it: the
// bundle's test must stand alone.
var testTemplate = template.Must(template.New("tool_test.go").Funcs(template.FuncMap{
	"quote": func(b []byte) string { return strconv.Quote(string(b)) },
}).Parse(testText))

func testSource(in Input) ([]byte, error) {
	compare := in.Spec.Compare
	switch compare {
	case "":
		compare = specs.CompareBytes
	case specs.CompareBytes, specs.CompareJSON, specs.CompareLinesUnordered, specs.CompareCheck:
	default:
		return nil, fmt.Errorf("bundle: spec %s compares by %q, expected bytes, json, lines_unordered or check", in.Spec.ID, compare)
	}
	var b bytes.Buffer
	err := testTemplate.Execute(&b, map[string]any{
		"License": in.License, "Spec": in.Spec.ID, "Module": modulePath(in),
		"Compare": compare, "Cases": in.Cases,
	})
	if err != nil {
		return nil, fmt.Errorf("bundle: %s: %w", TestName, err)
	}
	out, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("bundle: %s: %w", TestName, err)
	}
	return out, nil
}
