package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Package is a package of the standard library as it is compiled for wasip1/wasm.
type Package struct {
	Path    string
	Imports []string // direct, sorted
	SHA256  string   // of its sources, by name and content, lower-case hex
}

// Packages returns what a program that imports the given packages of the standard
// library contains of it: these and everything they depend on, sorted by path. It
// fails only if the toolchain's own sources cannot be read.
func (b *Builder) Packages(imports []string) ([]Package, error) {
	set := map[string]bool{}
	b.packages.reach(set, imports)
	var out []Package
	for _, path := range slices.Sorted(maps.Keys(set)) {
		sum, err := b.packages.hash(path)
		if err != nil {
			return nil, err
		}
		out = append(out, Package{Path: path, Imports: slices.Sorted(slices.Values(b.packages.imports[path])), SHA256: sum})
	}
	return out, nil
}

// hash is the SHA-256 of a package's sources: of each file's base name and content,
// framed by their lengths. Package unsafe has none.
func (p *packages) hash(path string) (string, error) {
	if sum, ok := p.hashes.Load(path); ok {
		return sum.(string), nil
	}
	h := sha256.New()
	for _, file := range p.sources[path] {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("build: the toolchain's source of %s: %w", path, err)
		}
		name := filepath.Base(file)
		fmt.Fprintf(h, "%d:%s%d:", len(name), name, len(data))
		h.Write(data)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	p.hashes.Store(path, sum)
	return sum, nil
}
