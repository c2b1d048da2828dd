package specs

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed edit_distance_match interval_merge json_flatten text_deduplicate top_k_words
var shipped embed.FS

// Shipped returns the specs that are part of the binary, a folder each.
func Shipped() fs.FS { return shipped }

//go:embed skeleton
var skeleton embed.FS

// Skeleton returns the files of a small spec that works as it is: a spec to begin with.
// Names are relative to the new spec's folder, which must be called id.
func Skeleton(id string) ([]File, error) {
	if !idPattern.MatchString(id) {
		return nil, fmt.Errorf("%q is no id of a spec: expected up to 64 of a-z, 0-9 and _", id)
	}
	var files []File
	err := fs.WalkDir(skeleton, "skeleton", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := skeleton.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "skeleton/")
		if name == "spec.json" || name == "README.md" {
			data = bytes.ReplaceAll(data, []byte("skeleton"), []byte(id))
		}
		files = append(files, File{Name: name, Data: data})
		return nil
	})
	return files, err
}
