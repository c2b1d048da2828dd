package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes a bundle into dir: all of it or, on any error, nothing. The files are
// written and synced in a folder beside it, which then takes its name. dir must not
// exist or be empty; what else is there is refused, with fs.ErrExist, and not touched.
func Write(dir string, files []File) (err error) {
	dir = filepath.Clean(dir)
	fail := func(err error) error { return fmt.Errorf("bundle: write %s: %w", dir, err) }
	names := map[string]bool{}
	for _, f := range files {
		if f.Name != filepath.Base(f.Name) || !filepath.IsLocal(f.Name) || f.Name == "." || names[f.Name] {
			return fail(fmt.Errorf("file name %q, expected a base name, each once", f.Name))
		}
		names[f.Name] = true
	}
	switch entries, err := os.ReadDir(dir); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fail(err)
	case len(entries) > 0:
		return fail(fmt.Errorf("%w and is not empty, expected a new folder", fs.ErrExist))
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fail(err)
	}
	temp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".*")
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(temp)
		}
	}()
	for _, f := range files {
		if err := writeSynced(filepath.Join(temp, f.Name), f.Data); err != nil {
			return fail(err)
		}
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return fail(err)
	}
	if err := syncDir(temp); err != nil {
		return fail(err)
	}
	// os.Rename refuses to replace a folder, even an empty one. Removing it fails if
	// somebody has put something there meanwhile.
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err)
	}
	if err := os.Rename(temp, dir); err != nil {
		return fail(err)
	}
	if err := syncDir(parent); err != nil {
		return fail(err)
	}
	return nil
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes the names in a folder outlive a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
