package specs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Limits on a spec's folder. They are far above what any spec needs and keep a hostile
// folder from filling memory before anything is checked.
const (
	maxFiles      = 500
	maxSpecJSON   = 1 << 20  // bytes of spec.json
	maxSourceFile = 1 << 20  // bytes of a Go file or a template
	maxCasesFile  = 64 << 20 // bytes of cases.jsonl
)

var goFileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_]*\.go$`)

// place says what the format makes of a path in a spec's folder.
type place int

const (
	unknown place = iota // an error: most often a misspelt name
	beside               // allowed and not part of the spec: hidden files, README, LICENSE, Go tests
	belongs              // part of the spec
)

// placeOf decides by the path alone and returns the size limit of what belongs.
func placeOf(name string) (place, int64) {
	dir, base := path.Split(name)
	switch {
	case strings.HasPrefix(base, "."):
		return beside, 0
	case name == "spec.json":
		return belongs, maxSpecJSON
	case name == "cases.jsonl":
		return belongs, maxCasesFile
	case dir == "" && (strings.HasPrefix(base, "README") || strings.HasPrefix(base, "LICENSE") || strings.HasPrefix(base, "NOTICE")):
		return beside, 0
	case dir == "reference/" || dir == "generate/" || dir == "check/":
		if strings.HasSuffix(base, "_test.go") {
			return beside, 0
		}
		if goFileName.MatchString(base) {
			return belongs, maxSourceFile
		}
	case dir == "styles/" && strings.HasSuffix(base, templateSuffix):
		return belongs, maxSourceFile
	}
	return unknown, 0
}

const (
	templateSuffix = ".go.tmpl"
	layout         = "a spec holds spec.json, cases.jsonl, styles/NAME.go.tmpl and *.go in reference, generate and check"
)

// readFolder reads the files of a spec, sorted by path. Symbolic links and whatever else
// is no regular file are refused before they are opened: a link may lead out of the
// folder, a pipe never ends.
func readFolder(fsys fs.FS, ps *problems) ([]File, error) {
	var files []File
	seen := 0
	walk := func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == "." {
			return nil
		}
		if seen++; seen > maxFiles {
			ps.add("", 1, 1, "the folder holds more than %d files", maxFiles)
			return fs.SkipAll
		}
		if entry.IsDir() {
			switch name {
			case "reference", "generate", "check", "styles":
				return nil
			}
			if !strings.HasPrefix(path.Base(name), ".") {
				ps.add(name, 1, 1, "unexpected folder; %s", layout)
			}
			return fs.SkipDir
		}
		where, limit := placeOf(name)
		switch {
		case where == beside:
			return nil
		case !entry.Type().IsRegular():
			ps.add(name, 1, 1, "%s; a spec holds regular files only", kindOf(entry.Type()))
			return nil
		case where == unknown:
			ps.add(name, 1, 1, "unexpected file; %s", layout)
			return nil
		}
		data, err := readLimited(fsys, name, limit)
		var large *tooLarge
		if errors.As(err, &large) {
			ps.add(name, 1, 1, "%v", large)
			return nil
		}
		if err != nil {
			return err
		}
		files = append(files, File{Name: name, Data: data})
		return nil
	}
	if err := fs.WalkDir(fsys, ".", walk); err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

type tooLarge struct{ limit int64 }

func (e *tooLarge) Error() string {
	return fmt.Sprintf("the file is larger than %d bytes", e.limit)
}

// readLimited reads a file through its limit and not by its reported size, which lies in
// folders like /proc and may change under our hands.
func readLimited(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &tooLarge{limit}
	}
	return data, nil
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "no regular file"
}
