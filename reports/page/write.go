package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// markFile names the files of a report, so that a folder is known to be one and nothing
// else.
const (
	markFile   = "report.json"
	markSchema = "toolgen/report-folder/1"
)

type mark struct {
	Schema string   `json:"schema"`
	Files  []string `json:"files"` // with slashes, sorted; without itself
}

// ErrNotReport is a folder that holds something else than a report.
var ErrNotReport = errors.New("it holds something else than a report, and is not touched")

// FolderError is a folder that a report cannot be written into.
type FolderError struct {
	Dir    string
	Detail string // what is there
	Err    error
}

func (e *FolderError) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("%s: %v", e.Dir, e.Err)
	}
	return fmt.Sprintf("%s: %v: %s", e.Dir, e.Err, e.Detail)
}

func (e *FolderError) Unwrap() error { return e.Err }

// Check says whether a report may be written to a folder: it is not there, is empty, or
// holds an earlier report and nothing else. Errors are *FolderError, with ErrNotReport
// where the folder is somebody else's.
func Check(dir string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &FolderError{Dir: dir, Err: err}
	}
	if !info.IsDir() {
		return &FolderError{Dir: dir, Err: ErrNotReport, Detail: "it is no folder"}
	}
	var m mark
	data, err := os.ReadFile(filepath.Join(dir, markFile))
	known := err == nil && json.Unmarshal(data, &m) == nil && m.Schema == markSchema
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if known && d.IsDir() {
			return nil
		}
		if !known || rel != markFile && !slices.Contains(m.Files, rel) {
			return &FolderError{Dir: dir, Err: ErrNotReport, Detail: "there is " + rel}
		}
		return nil
	})
	var fe *FolderError
	if err != nil && !errors.As(err, &fe) {
		err = &FolderError{Dir: dir, Err: err}
	}
	return err
}

// Write writes the files of a report into a folder. Either all of them are there
// afterwards, and nothing else, or the folder is as it was: they are written beside it
// and the folders change places in one step (on Linux; elsewhere in two, between which
// the folder is not there). See Check for folders that are refused.
func Write(dir string, files []File) (err error) {
	if err := Check(dir); err != nil {
		return err
	}
	dir = filepath.Clean(dir)
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+"-*.tmp")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	// MkdirTemp makes folders for their owner alone; a report is as open as its parent.
	if info, err := os.Stat(parent); err != nil {
		return err
	} else if err := os.Chmod(temp, info.Mode().Perm()|0o700); err != nil {
		return err
	}
	m := mark{Schema: markSchema}
	for _, f := range files {
		m.Files = append(m.Files, f.Name)
	}
	slices.Sort(m.Files)
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	for _, f := range append(slices.Clone(files), File{markFile, append(data, '\n')}) {
		path := filepath.Join(temp, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := writeSynced(path, f.Data); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(temp, dir)
	}
	return exchange(temp, dir)
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// exchangeInSteps puts b aside first. If the second step fails, b is put back.
func exchangeInSteps(a, b string) error {
	aside := a + ".old"
	if err := os.Rename(b, aside); err != nil {
		return err
	}
	if err := os.Rename(a, b); err != nil {
		return errors.Join(err, os.Rename(aside, b))
	}
	return os.Rename(aside, a) // where the caller removes it
}
