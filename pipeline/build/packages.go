package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// allowed are the packages that a source may import: those that compute, and touch
// nothing but their arguments. Time and randomness are allowed, since what a guest
// sees of them comes from the sandbox. fmt is, although it can print: the sandbox
// keeps what is printed.
var allowed = setOf(`
	bufio bytes cmp
	compress/bzip2 compress/flate compress/gzip compress/lzw compress/zlib
	container/heap container/list container/ring
	context
	crypto/md5 crypto/sha1 crypto/sha256 crypto/sha512
	encoding encoding/ascii85 encoding/base32 encoding/base64 encoding/binary
	encoding/csv encoding/hex encoding/json encoding/xml
	errors fmt
	hash hash/adler32 hash/crc32 hash/crc64 hash/fnv hash/maphash
	html
	index/suffixarray
	io iter maps
	math math/big math/bits math/cmplx math/rand math/rand/v2
	path
	regexp regexp/syntax
	slices sort strconv strings
	sync sync/atomic
	text/scanner text/tabwriter
	time
	unicode unicode/utf16 unicode/utf8
	unique`)

// Importable lists the packages that a source may import, be they in this toolchain or
// not, sorted.
func Importable() []string { return slices.Sorted(maps.Keys(allowed)) }

// base is what every module imports, whether its units do or not, so that the many
// candidates that need no more share one import set. It is kept light: what it
// initializes, everyone pays.
var base = strings.Fields(`
	bufio bytes cmp container/heap errors io maps math math/bits slices sort
	strconv strings unicode unicode/utf16 unicode/utf8`)

// refused says why some packages that one might expect are not allowed.
var refused = map[string]string{
	"C":             "no cgo",
	"unsafe":        "memory is reached by typed values alone",
	"embed":         "a program is its source, and no files beside it",
	"reflect":       "its Value.UnsafePointer and NewAt are package unsafe by another name; want slices.Equal, maps.Equal, fmt, or a type switch",
	"os":            "a tool sees its input and nothing else",
	"io/fs":         "a tool sees its input and nothing else",
	"io/ioutil":     "a tool sees its input and nothing else",
	"path/filepath": "a tool sees its input and nothing else; want path",
	"text/template": "it reads files, and calls methods by name; want fmt or strings.Builder",
	"html/template": "it reads files, and calls methods by name; want html and strings.Builder",
	"log":           "a tool answers by its output or its error; want fmt.Errorf",
	"log/slog":      "a tool answers by its output or its error; want fmt.Errorf",
	"net":           "there is no network",
	"net/http":      "there is no network",
	"runtime":       "it changes what is measured",
	"runtime/debug": "it changes what is measured",
	"syscall":       "a tool sees its input and nothing else",
	"testing":       "a tool is measured from outside",
	"plugin":        "a program is its source",
	"encoding/gob":  "it builds types at run time; want encoding/json or encoding/binary",
}

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// packages holds the types of the allowed packages for wasip1/wasm, and what they
// and their dependencies import. It does not change once loaded.
type packages struct {
	exports map[string][]byte   // export data of the allowed ones
	imports map[string][]string // direct imports of every package in their closure
	base    map[string]bool     // the closure of base
	sources map[string][]string // files that every package in their closure is compiled from
	hashes  sync.Map            // path -> SHA-256 of its sources; see Builder.Packages

	mu    sync.Mutex
	types map[string]*types.Package // what was read of exports; see lookup
	read  types.Importer
}

// lookup returns an allowed package, or nil. Its types are read when they are first needed.
func (p *packages) lookup(path string) (*types.Package, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pkg := p.types[path]; pkg != nil {
		return pkg, nil
	}
	if _, ok := p.exports[path]; !ok {
		return nil, nil
	}
	if p.read == nil {
		p.types = map[string]*types.Package{}
		p.read = importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
			data, ok := p.exports[path]
			if !ok {
				return nil, fmt.Errorf("go list names no export data for %s", path)
			}
			return io.NopCloser(bytes.NewReader(data)), nil
		})
	}
	pkg, err := p.read.Import(path)
	if err != nil {
		return nil, fmt.Errorf("its export data for %s cannot be read: %v", path, err)
	}
	p.types[path] = pkg
	return pkg, nil
}

// packagesSetup is what wire sends beside the export data, one package after another.
type packagesSetup struct {
	Exports []filePart
	Imports map[string][]string
}

// wire is what another process needs to know of the packages.
func (p *packages) wire() (packagesSetup, []byte) {
	s := packagesSetup{Imports: p.imports}
	var blob []byte
	for _, path := range slices.Sorted(maps.Keys(p.exports)) {
		s.Exports = append(s.Exports, filePart{path, len(p.exports[path])})
		blob = append(blob, p.exports[path]...)
	}
	return s, blob
}

// readPackages is the other end of wire.
func readPackages(setup json.RawMessage, blob []byte) (*packages, error) {
	var s packagesSetup
	if err := json.Unmarshal(setup, &s); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	p := &packages{exports: map[string][]byte{}, imports: s.Imports, base: map[string]bool{}}
	for _, e := range s.Exports {
		if e.Size < 0 || e.Size > len(blob) {
			return nil, fmt.Errorf("build: %d bytes for the export data of %s, which has %d", len(blob), e.Path, e.Size)
		}
		p.exports[e.Path] = blob[:e.Size]
		blob = blob[e.Size:]
	}
	p.reach(p.base, base)
	return p, nil
}

var _ types.Importer = (*packages)(nil)

// Import returns an allowed package.
func (p *packages) Import(path string) (*types.Package, error) {
	pkg, err := p.lookup(path)
	if err == nil && pkg == nil {
		err = fmt.Errorf("%q is no package that a source may import", path)
	}
	return pkg, err
}

// closure returns the given packages and everything they depend on, united with
// the base set's, sorted.
func (p *packages) closure(paths []string) []string {
	set := maps.Clone(p.base)
	p.reach(set, paths)
	return slices.Sorted(maps.Keys(set))
}

func (p *packages) reach(set map[string]bool, paths []string) {
	for _, path := range paths {
		if !set[path] {
			set[path] = true
			p.reach(set, p.imports[path])
		}
	}
}

// importable says whether our own main package may import a package of the
// standard library.
func importable(path string) bool {
	for elem := range strings.SplitSeq(path, "/") {
		if elem == "internal" || elem == "vendor" {
			return false
		}
	}
	return path != "unsafe"
}

// loadPackages asks the go command for export data, compiling the standard library
// if the build cache lacks it, and reads all of it at once: no inspection can fail
// for want of a file later.
func (b *Builder) loadPackages(ctx context.Context) (*packages, error) {
	args := []string{"list", "-trimpath", "-export", "-deps", "-json=ImportPath,Export,Imports,Dir,GoFiles,SFiles"}
	out, err := b.goCommand(ctx, nil, "", append(args, Importable()...)...)
	if err != nil {
		if failed, ok := errors.AsType[*commandError](err); ok && !failed.machine() {
			return nil, &ToolchainError{Command: b.toolchain.command, Found: b.toolchain.version,
				Reason: "it cannot compile the standard library for wasip1/wasm: " + failed.Error()}
		}
		return nil, fmt.Errorf("build: compiling the standard library for wasip1/wasm: %w", err)
	}
	p := &packages{exports: map[string][]byte{}, imports: map[string][]string{}, base: map[string]bool{}, sources: map[string][]string{}}
	export := map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			ImportPath, Export, Dir  string
			Imports, GoFiles, SFiles []string
		}
		if err := dec.Decode(&pkg); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("build: reading the answer of go list: %w", err)
		}
		export[pkg.ImportPath] = pkg.Export
		p.imports[pkg.ImportPath] = pkg.Imports
		for _, name := range append(pkg.GoFiles, pkg.SFiles...) {
			p.sources[pkg.ImportPath] = append(p.sources[pkg.ImportPath], filepath.Join(pkg.Dir, name))
		}
	}
	for _, path := range Importable() {
		if p.exports[path], err = os.ReadFile(export[path]); err == nil {
			_, err = p.lookup(path)
		}
		if err != nil {
			return nil, &ToolchainError{Command: b.toolchain.command, Found: b.toolchain.version, Reason: fmt.Sprintf("its export data for %s cannot be read: %v", path, err)}
		}
	}
	p.reach(p.base, base)
	return p, nil
}
