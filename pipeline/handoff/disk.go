package handoff

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
)

// disk is everything that this package changes on the file system, step by step, so that
// a test can end the program between any two steps. Reading is open alone.
type disk interface {
	mkdir(dir string) error
	open(path string) (*os.File, error)    // to read; never blocks, never follows a link
	create(path string, data []byte) error // a new file, whose content is on disk when create returns
	rename(from, to string) error          // replaces what is there
	remove(path string) error              // one file
	sync(dir string) error                 // makes the names in a folder outlive a crash
}

type osDisk struct{}

var _ disk = osDisk{}

func (osDisk) mkdir(dir string) error { return os.MkdirAll(dir, 0o755) }

func (osDisk) open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

func (osDisk) create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (osDisk) rename(from, to string) error { return os.Rename(from, to) }
func (osDisk) remove(path string) error     { return os.Remove(path) }

func (osDisk) sync(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// makeFolder makes a folder that outlives a crash, and those above it that are missing.
// A folder's name is synced before anything is made in it, and by whoever finds it too,
// since its maker may have died in between: only the last of those that are there can
// lack it.
func makeFolder(d disk, dir string) error {
	dir = filepath.Clean(dir)
	parent := filepath.Dir(dir)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		if err != nil && parent != dir {
			if err := makeFolder(d, parent); err != nil {
				return err
			}
		}
		if err := d.mkdir(dir); err != nil {
			return err
		}
	}
	if err := d.sync(parent); err != nil && !cannotSync(err) {
		return err
	}
	return nil
}

// cannotSync says whether it is the folder that does not allow it: it is not ours to
// read, or its file system knows no such thing. Then its names are as safe as they get.
func cannotSync(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EROFS) || errors.Is(err, errors.ErrUnsupported)
}

// writeFile makes a file appear under its name with all of its content. Only the
// holder of the queue's lock may call it: two at once would use the same name for the
// file that is being written. In return a crash leaves no more than one of these.
func writeFile(d disk, path string, data []byte) error {
	dir, name := filepath.Split(path)
	tmp := filepath.Join(dir, ".tmp-"+name)
	if err := d.remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return show(d, tmp, path, d.create(tmp, data))
}

// shared counts the files that this program has written by shareFile.
var shared atomic.Int64

// shareFile is writeFile for those who hold no lock: several may write the same file at
// once, and the last one stays.
func shareFile(d disk, path string, data []byte) error {
	dir, name := filepath.Split(path)
	for {
		tmp := filepath.Join(dir, fmt.Sprintf(".tmp-%d-%d-%s", os.Getpid(), shared.Add(1), name))
		err := d.create(tmp, data)
		if errors.Is(err, fs.ErrExist) {
			continue // a program of the same number left it behind, or is at it on another machine
		}
		return show(d, tmp, path, err)
	}
}

// show ends the writing of a file, which is complete if err is nil.
func show(d disk, tmp, path string, err error) error {
	if err == nil {
		err = d.rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(d.remove(tmp)))
	}
	return d.sync(filepath.Dir(path))
}

// moveFile renames a file into another folder, for good.
func moveFile(d disk, from, to string) error {
	if err := d.rename(from, to); err != nil {
		return err
	}
	// The new name first: should only one of the two be kept, the file has two names
	// and not none.
	for _, dir := range []string{filepath.Dir(to), filepath.Dir(from)} {
		if err := d.sync(dir); err != nil {
			return err
		}
	}
	return nil
}

// removeFile removes a file for good; that there is none is fine.
func removeFile(d disk, path string) error {
	if err := d.remove(path); err != nil {
		return ignoreMissing(err)
	}
	return d.sync(filepath.Dir(path))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// exists looks for a name, whatever it stands for.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if err != nil {
		return false, ignoreMissing(err)
	}
	return true, nil
}

// BadFileError says why a file is not read: it is no regular one, too large, or not ours
// to read.
type BadFileError struct{ Reason string }

func (e *BadFileError) Error() string { return e.Reason }

// ReadFile reads a regular file of at most limit bytes that a handoff points to. It
// follows no link and waits for nobody: anything that is no such file is a
// *BadFileError, or fs.ErrNotExist.
func ReadFile(path string, limit int64) ([]byte, error) {
	data, _, err := readFile(osDisk{}, path, limit)
	return data, err
}

// kind names what a file is that is no regular one.
func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "no regular file"
}

// readFile reads a regular file of at most limit bytes, and says which file that was.
// Anything else is a *BadFileError, a file that vanished fs.ErrNotExist.
func readFile(d disk, path string, limit int64) ([]byte, fs.FileInfo, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, &BadFileError{"it is " + kind(info.Mode()) + ", expected a regular file"}
	}
	f, err := d.open(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, nil, &BadFileError{"it cannot be read: permission denied"}
	case errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.ENXIO):
		// It became one between the two looks.
		return nil, nil, &BadFileError{"it is no regular file"}
	case err != nil:
		return nil, nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, &BadFileError{"it is " + kind(info.Mode()) + ", expected a regular file"}
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, nil, err
	}
	if int64(len(data)) > limit {
		return nil, nil, &BadFileError{"it is larger than " + size(limit)}
	}
	return data, info, nil
}
