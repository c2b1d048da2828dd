// Package specs defines what tools must do.
//
// A spec is a folder: spec.json, and beside it Go sources for a reference, a generator
// and a checker, a template per implementation style, and written cases. The folder's
// name is the spec's id. Some specs ship inside the binary (Shipped), any other folder
// serves as well.
//
// Load reads a folder, checks all that can be checked without running anything, and
// reports everything that is wrong at once, with file, line and column. A loaded Spec is
// immutable.
//
// The package compiles and executes nothing: whether the reference answers the examples
// and whether a style's template renders is for the pipeline to find out. Source of a
// spec is as untrusted as that of a candidate.
package specs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var idPattern = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// List returns the ids of the specs in a file system, sorted: the folders at its top that
// hold a spec.json. It does not load them.
func List(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if !e.IsDir() || !idPattern.MatchString(e.Name()) {
			continue
		}
		if _, err := fs.Stat(fsys, e.Name()+"/spec.json"); err == nil {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Load reads the spec in folder id of fsys. What is wrong with the spec comes back as an
// *Error; any other error is the file system's.
func Load(fsys fs.FS, id string) (*Spec, error) {
	ps := &problems{id: id}
	if !idPattern.MatchString(id) {
		ps.add("", 1, 1, "%q is no id of a spec: expected up to 64 of a-z, 0-9 and _", id)
		return nil, ps.err()
	}
	info, err := fs.Stat(fsys, id)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		known, err := List(fsys)
		if err != nil {
			return nil, err
		}
		ps.add("", 1, 1, "no such spec%s", suggest(id, known))
		return nil, ps.err()
	}
	if err != nil {
		return nil, err
	}
	sub, err := fs.Sub(fsys, id)
	if err != nil {
		return nil, err
	}
	origin := id
	if fsys == Shipped() {
		origin = OriginShipped
	}
	return load(sub, id, origin)
}

// OriginShipped is the Origin of the specs in the binary.
const OriginShipped = "shipped"

// LoadDir reads the spec in a folder, whose base name is its id. What is wrong with the
// spec comes back as an *Error; any other error is the file system's.
func LoadDir(dir string) (*Spec, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	id := filepath.Base(abs)
	if !idPattern.MatchString(id) {
		ps := &problems{id: id}
		ps.add("", 1, 1, "the folder's name %q is no id of a spec: expected up to 64 of a-z, 0-9 and _", id)
		return nil, ps.err()
	}
	// Through a Root nothing outside the folder can be opened, whatever links it holds
	// by the time we come to read them.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return load(root.FS(), id, dir)
}

func load(fsys fs.FS, id, origin string) (*Spec, error) {
	ps := &problems{id: id}
	files, err := readFolder(fsys, ps)
	if err != nil {
		return nil, fmt.Errorf("spec %s: %w", id, err)
	}
	s := &Spec{ID: id, Origin: origin, Files: files}
	var specJSON []byte
	found := false
	for _, f := range files {
		dir, base, nested := strings.Cut(f.Name, "/")
		switch {
		case f.Name == "spec.json":
			specJSON, found = f.Data, true
		case nested && dir == "reference":
			s.Reference = append(s.Reference, File{base, f.Data})
		case nested && dir == "generate":
			s.Generate = append(s.Generate, File{base, f.Data})
		case nested && dir == "check":
			s.Check = append(s.Check, File{base, f.Data})
		}
	}
	if !found {
		if !ps.about("spec.json") {
			ps.add("spec.json", 1, 1, "the file is missing")
		}
		return nil, ps.err()
	}
	s.read(specJSON, ps)
	if err := ps.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// Style returns a style by its name.
func (s *Spec) Style(name string) (*Style, bool) {
	for i := range s.Styles {
		if s.Styles[i].Name == name {
			return &s.Styles[i], true
		}
	}
	return nil, false
}

// file returns the data of a file of the spec.
func (s *Spec) file(name string) ([]byte, bool) {
	for _, f := range s.Files {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
}
