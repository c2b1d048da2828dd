package experiment

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/cache"
)

// Cache keeps what is dear to compute and cheap to check: compiled modules, suites
// and measurements, each under the hash of everything it depends on. It is shared
// by all runs of a machine and safe for concurrent processes.
//
// Entries are content-addressed: one whose bytes do not match their digest is no
// entry. Losing the cache loses time and never an answer.
//
//	DIR/CACHEDIR.TAG    marks the folder as ours, and as not worth a backup
//	DIR/content/        the Go build cache's format, through go-internal/cache
//	DIR/go-build/       GOCACHE of the guests
//	DIR/build-*         folders of builds that are under way, or were when a process was killed
type Cache struct {
	dir     string
	content *cache.Cache
}

// cacheTag is the content of CACHEDIR.TAG. The first line is the signature of the
// Cache Directory Tagging Specification (bford.info/cachedir); the second is ours:
// what does not bear it is never cleaned.
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder was made by toolgen. `toolgen cache clean` empties it.\n"

// cacheLimit is how much content the cache keeps, in bytes; what was not used for
// longest goes first. A compiled module of a batch takes about 10 MB.
const cacheLimit = 4 << 30

// DefaultCacheDir is $TOOLGEN_CACHE, or toolgen below the user's cache folder.
func DefaultCacheDir() (string, error) {
	if dir := os.Getenv("TOOLGEN_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", &MachineError{Msg: "there is no folder for the cache: set TOOLGEN_CACHE, or --cache DIR", Err: err}
	}
	return filepath.Join(base, "toolgen"), nil
}

// OpenCache opens the cache in a folder, which is made if it is absent. A folder
// that holds anything else is refused.
func OpenCache(dir string) (*Cache, error) {
	tag := filepath.Join(dir, "CACHEDIR.TAG")
	switch _, err := os.Stat(tag); {
	case errors.Is(err, fs.ErrNotExist):
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, &MachineError{Msg: "the cache folder cannot be read", Err: err}
		}
		// Folders of a cache whose tag another process is about to write are no strangers.
		for _, e := range entries {
			if !slices.Contains(cacheFolders, e.Name()) && e.Name() != "CACHEDIR.TAG" && !strings.HasPrefix(e.Name(), buildPrefix) {
				return nil, &UsageError{Msg: fmt.Sprintf("%s holds %s, so it is no cache of toolgen; name an empty folder", dir, e.Name())}
			}
		}
	case err != nil:
		return nil, &MachineError{Msg: "the cache folder cannot be read", Err: err}
	}
	for _, sub := range cacheFolders {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			return nil, &MachineError{Msg: "the cache folder cannot be written; name another by --cache or TOOLGEN_CACHE", Err: err}
		}
	}
	if err := os.WriteFile(tag, []byte(cacheTag), 0o666); err != nil {
		return nil, &MachineError{Msg: "the cache folder cannot be written; name another by --cache or TOOLGEN_CACHE", Err: err}
	}
	content, err := cache.Open(filepath.Join(dir, "content"))
	if err != nil {
		return nil, &MachineError{Msg: "the cache cannot be opened", Err: err}
	}
	return &Cache{dir: dir, content: content}, nil
}

var cacheFolders = []string{"content", "go-build"}

const buildPrefix = "build-"

// Dir is the cache's folder.
func (c *Cache) Dir() string { return c.dir }

// Get returns what was put under a key. What is missing, cut short or altered is
// not there.
func (c *Cache) Get(key string) ([]byte, bool) {
	data, _, err := c.content.GetBytes(sha256.Sum256([]byte(key)))
	if err != nil {
		return nil, false
	}
	return data, true
}

// Put keeps data under a key. Failing to is no failure of a run: the entry is then
// computed again next time. But a full disk will stop the run soon, so it is told.
func (c *Cache) Put(key string, data []byte) error {
	if err := c.content.PutBytes(sha256.Sum256([]byte(key)), data); err != nil {
		return &MachineError{Msg: "the cache cannot be written", Err: err}
	}
	return nil
}

// Size is how many bytes and files the cache takes.
func (c *Cache) Size() (bytes int64, files int, err error) {
	err = filepath.WalkDir(c.dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreGone(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreGone(err)
		}
		bytes += info.Size()
		files++
		return nil
	})
	return bytes, files, err
}

// Clean removes everything that the cache holds.
func (c *Cache) Clean() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return &MachineError{Msg: "the cache cannot be read", Err: err}
	}
	for _, e := range entries {
		if !slices.Contains(cacheFolders, e.Name()) && !strings.HasPrefix(e.Name(), buildPrefix) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(c.dir, e.Name())); err != nil {
			return &MachineError{Msg: "the cache cannot be cleaned", Err: err}
		}
	}
	return nil
}

// Trim removes what was not used for longest until the content takes no more than
// limit bytes, and build folders that a killed process left a day ago.
func (c *Cache) Trim(limit int64) error {
	type file struct {
		path string
		size int64
		used time.Time
	}
	var files []file
	var total int64
	var newest time.Time
	err := filepath.WalkDir(filepath.Join(c.dir, "content"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "-a") && !strings.HasSuffix(path, "-d") {
			return ignoreGone(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreGone(err)
		}
		files = append(files, file{path, info.Size(), info.ModTime()})
		total += info.Size()
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(files, func(a, b file) int { return a.used.Compare(b.used) })
	for _, f := range files {
		if total <= limit {
			break
		}
		if err := os.Remove(f.path); ignoreGone(err) != nil {
			return err
		}
		total -= f.size
	}
	left, err := os.ReadDir(c.dir)
	if err != nil {
		return ignoreGone(err)
	}
	for _, b := range left {
		info, err := b.Info()
		if err == nil && strings.HasPrefix(b.Name(), buildPrefix) && newest.Sub(info.ModTime()) > 24*time.Hour {
			if err := os.RemoveAll(filepath.Join(c.dir, b.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// memory is a Store that lasts as long as the process.
type memory struct {
	mu      sync.Mutex
	content map[string][]byte
}

func newMemory() *memory { return &memory{content: map[string][]byte{}} }

func (m *memory) Get(key string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.content[key]
	return data, ok
}

func (m *memory) Put(key string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.content[key] = data
	return nil
}

// getJSON reads a value that was put by putJSON. An entry that does not decode is
// no entry.
func getJSON[T any](store Store, key string) (*T, bool) {
	if store == nil {
		return nil, false
	}
	data, ok := store.Get(key)
	if !ok {
		return nil, false
	}
	v := new(T)
	if json.Unmarshal(data, v) != nil {
		return nil, false
	}
	return v, true
}

func putJSON(store Store, key string, v any) error {
	if store == nil {
		return nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return store.Put(key, data)
}
