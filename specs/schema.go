package specs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"

	reflector "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema returns the JSON Schema of spec.json (draft 2020-12), indented.
func Schema() []byte {
	return slices.Clone(schemas().text)
}

// namePattern is that of styles and parameters: file names and template fields.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// compiled holds the schemas that documents are checked against.
type compiled struct {
	text     []byte         // the schema of spec.json
	doc      map[string]any // the same, parsed
	spec     *jsonschema.Schema
	caseLine *jsonschema.Schema // a line of cases.jsonl
}

var schemas = sync.OnceValue(func() *compiled {
	r := reflector.Reflector{Anonymous: true, RequiredFromJSONSchemaTags: true}
	s := r.Reflect(&specDoc{})
	s.Title = "spec.json"
	s.Description = "What a tool must do: a tool is a filter, bytes in, bytes or an error out."
	property := func(doc, name string) *reflector.Schema {
		p, ok := s.Definitions[doc].Properties.Get(name)
		if !ok {
			panic("specs: no property " + doc + "." + name)
		}
		return p
	}
	property("specDoc", "styles").PropertyNames = &reflector.Schema{Pattern: namePattern.String()}
	property("styleDoc", "params").PropertyNames = &reflector.Schema{Pattern: namePattern.String()}
	var mutators []any
	for _, m := range Mutators {
		mutators = append(mutators, m)
	}
	property("specDoc", "robustness").Items = &reflector.Schema{Type: "string", Enum: mutators}
	property("paramDoc", "range").Items = &reflector.Schema{Type: "number"}
	property("suiteDoc", "sizes").Items = &reflector.Schema{Type: "integer", Minimum: "0", Maximum: "1048576"}
	property("specDoc", "spec_version").Enum = []any{json.Number("1")}

	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // the schema is a constant in all but name
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	const url = "spec.schema.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(url, doc); err != nil {
		panic(err)
	}
	return &compiled{
		text:     append(text, '\n'),
		doc:      doc.(map[string]any),
		spec:     c.MustCompile(url),
		caseLine: c.MustCompile(url + "#/$defs/caseDoc"),
	}
})

// violation is what a schema has against a value. key is set if a key of the object at
// path is meant and not its value.
type violation struct {
	path    []string
	key     string
	message string
}

// validate returns every violation of a schema.
func validate(schema *jsonschema.Schema, value any) []violation {
	err := schema.Validate(value)
	if err == nil {
		return nil
	}
	var list []violation
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if _, names := e.ErrorKind.(*kind.PropertyNames); !names && len(e.Causes) > 0 {
			for _, c := range e.Causes {
				walk(c)
			}
			return
		}
		list = append(list, explain(e)...)
	}
	walk(err.(*jsonschema.ValidationError))
	return list
}

// explain puts one violation into words: what stands there and what was expected.
func explain(e *jsonschema.ValidationError) []violation {
	path := e.InstanceLocation
	where := ""
	if len(path) > 0 {
		where = joinPath(path) + ": "
	}
	one := func(format string, args ...any) []violation {
		return []violation{{path: path, message: where + fmt.Sprintf(format, args...)}}
	}
	number := func(r *big.Rat) string { return strings.TrimSuffix(r.RatString(), "/1") }
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		if k.Got == "number" && slices.Contains(k.Want, "integer") {
			return one("expected an integer, got a fraction")
		}
		return one("expected %s, got %s", withArticle(k.Want...), withArticle(k.Got))
	case *kind.Required:
		var list []violation
		for _, name := range k.Missing {
			list = append(list, violation{path: path, message: fmt.Sprintf("%skey %q is missing", where, name)})
		}
		return list
	case *kind.AdditionalProperties:
		known := schemas().propertiesAt(e.SchemaURL)
		var list []violation
		for _, name := range k.Properties {
			list = append(list, violation{path, name, fmt.Sprintf("%sunknown key %q%s", where, name, suggest(name, known))})
		}
		return list
	case *kind.PropertyNames:
		// Names are checked in check.go: jsonschema 6.0.3 reports these at the path of
		// whatever it visited before.
		return nil
	case *kind.Enum:
		var known []string
		for _, w := range k.Want {
			if s, ok := w.(string); ok {
				known = append(known, s)
			}
		}
		if got, ok := k.Got.(string); ok && len(known) > 0 {
			return one("unknown value %q%s", got, suggest(got, known))
		}
		return one("expected %s, got %v", fmt.Sprint(k.Want...), k.Got)
	case *kind.Minimum:
		return one("%s is too small; expected at least %s", number(k.Got), number(k.Want))
	case *kind.Maximum:
		return one("%s is too large; expected at most %s", number(k.Got), number(k.Want))
	case *kind.MinItems:
		return one("holds %d items; expected at least %d", k.Got, k.Want)
	case *kind.MaxItems:
		return one("holds %d items; expected at most %d", k.Got, k.Want)
	case *kind.MaxLength:
		return one("is %d characters long; expected at most %d", k.Got, k.Want)
	case *kind.Pattern:
		return one("%q does not match %s", k.Got, k.Want)
	case *kind.UniqueItems:
		first, second := min(k.Duplicates[0], k.Duplicates[1]), max(k.Duplicates[0], k.Duplicates[1])
		path = append(slices.Clone(path), fmt.Sprint(second))
		return []violation{{path: path, message: fmt.Sprintf("%s: the same as item %d", joinPath(path), first)}}
	}
	return one("%s", e.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
}

// propertiesAt returns the keys that an object may have, in the schema's order, given the
// address of its schema: "...#/$defs/suiteDoc".
func (c *compiled) propertiesAt(url string) []string {
	_, pointer, _ := strings.Cut(url, "#")
	at := any(c.doc)
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		if step == "" {
			continue
		}
		m, _ := at.(map[string]any)
		at = m[step]
	}
	m, _ := at.(map[string]any)
	properties, _ := m["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(properties))
}

func joinPath(path []string) string {
	var b strings.Builder
	for i, step := range path {
		if step != "" && strings.Trim(step, "0123456789") == "" {
			b.WriteString("[" + step + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return b.String()
}

func withArticle(types ...string) string {
	words := make([]string, len(types))
	for i, t := range types {
		switch t {
		case "integer", "object", "array":
			words[i] = "an " + t
		case "null":
			words[i] = t
		default:
			words[i] = "a " + t
		}
	}
	return strings.Join(words, " or ")
}
