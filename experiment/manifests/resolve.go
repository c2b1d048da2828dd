package manifests

import (
	"strconv"

	"go.yaml.in/yaml/v4"
)

// SchemaFile is the name under which manifests expect the JSON Schema beside them;
// `toolgen manifest schema` prints it.
const SchemaFile = "manifest.schema.json"

const schemaComment = "# yaml-language-server: $schema=" + SchemaFile + "\n"

// Resolved returns the manifest as YAML with every default written out. The same manifest
// gives the same bytes, and they parse to the same manifest.
//
// One key may still be absent: search_space.impl_style, whose default is the styles that
// each spec has.
func (m *Manifest) Resolved() []byte {
	return append([]byte(schemaComment), dump(m)...)
}

// dump writes plain values as YAML: short mappings on one line, numbers plain.
func dump(v any) []byte {
	text, err := yaml.Dump(v, yaml.WithLineWidth(-1))
	if err != nil {
		panic(err) // plain values, all of them
	}
	var doc yaml.Node
	if err := yaml.Load(text, &doc); err != nil {
		panic(err) // we wrote it
	}
	plainFloats(&doc)
	text, err = yaml.Dump(&doc, yaml.WithLineWidth(-1), yaml.WithFlowSimpleCollections(true))
	if err != nil {
		panic(err)
	}
	return text
}

// plainFloats writes small numbers as 0.0000001: a manifest's numbers are plain, and the
// YAML library would write 1e-07.
func plainFloats(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!float" {
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			n.Value = strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	for _, c := range n.Content {
		plainFloats(c)
	}
}
