package manifests

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.yaml
var shipped embed.FS

// Shipped returns the manifests that are part of the binary, as NAME.yaml.
func Shipped() fs.FS { return shipped }

// List returns the names of the shipped manifests, sorted.
func List() []string {
	files, err := fs.Glob(shipped, "*.yaml")
	if err != nil {
		panic(err) // the pattern is ours
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f, path.Ext(f)))
	}
	slices.Sort(names)
	return names
}

// Named returns the text of a shipped manifest. Its error says what there is.
func Named(name string) ([]byte, error) {
	data, err := fs.ReadFile(shipped, name+".yaml")
	if err != nil {
		return nil, fmt.Errorf("no manifest %q ships with ToolGen%s", name, suggest(name, List()))
	}
	return data, nil
}
