package build

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// SourceError says what keeps a folder from being read as a source. It is about
// the folder's content, not about the machine.
type SourceError struct {
	Dir      string
	Problems []Problem // in the order of file names
}

func (e *SourceError) Error() string {
	var parts []string
	for _, p := range e.Problems {
		parts = append(parts, p.String())
	}
	return fmt.Sprintf("%s: %s", e.Dir, strings.Join(parts, "; "))
}

// foreignSuffixes are the endings of files that the go command would compile or
// link along with Go files.
var foreignSuffixes = []string{
	".s", ".S", ".sx", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx",
	".m", ".f", ".F", ".for", ".f90", ".swig", ".swigcxx", ".syso",
}

// ReadFiles reads the Go files of a folder, in the order of their names, for
// Inspect to judge. Tests, folders and files that the go command ignores are left
// out. Links, irregular files and sources in other languages are a *SourceError,
// and so is more than the gate would accept, which is not read at all; what the
// machine denies is another error.
func ReadFiles(dir string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []File
	var problems []Problem
	left := int64(maxSourceBytes)
	object := func(rule, name, format string, args ...any) {
		problems = append(problems, Problem{Rule: rule, File: bound(name), Message: fmt.Sprintf(format, args...)})
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case slices.Contains(foreignSuffixes, filepath.Ext(name)):
			object(RuleFile, name, "a source in another language, or an object file: want Go files only")
			continue
		case filepath.Ext(name) != ".go", strings.HasSuffix(name, "_test.go"):
			continue
		case entry.Type()&os.ModeSymlink != 0:
			object(RuleFile, name, "a symbolic link: want a regular file")
			continue
		case !entry.Type().IsRegular():
			object(RuleFile, name, "neither link nor regular file: want a regular file")
			continue
		case len(files) == maxFiles:
			object(RuleFile, name, "the folder has more than %d Go files", maxFiles)
			return nil, &SourceError{dir, problems}
		}
		data, err := readRegular(filepath.Join(dir, name), left+1)
		if err != nil {
			return nil, err
		}
		if left -= int64(len(data)); left < 0 {
			object(RuleSize, name, "the Go files up to this one have more than %d bytes", maxSourceBytes)
			return nil, &SourceError{dir, problems}
		}
		files = append(files, File{Name: name, Data: data})
	}
	if len(files) == 0 && len(problems) == 0 {
		object(RuleFile, "", "the folder has no Go files")
	}
	if len(problems) > 0 {
		return nil, &SourceError{dir, problems}
	}
	return files, nil
}

// readRegular reads up to limit bytes of a regular file. The open file is looked at
// again: it may have been replaced since the folder was listed.
func readRegular(name string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file any more", name)
	}
	return io.ReadAll(io.LimitReader(f, limit))
}
