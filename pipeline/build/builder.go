package build

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path/filepath"

	"golang.org/x/sync/singleflight"

	"toolgen/pipeline/sandbox"
)

// Role says what a unit is for, and so which package name and entry function it
// must have.
type Role string

// The roles.
const (
	Tool      Role = "tool"      // package tool: func Run(input []byte) ([]byte, error)
	Reference Role = "reference" // package reference: func Run(input []byte) ([]byte, error)
	Generate  Role = "generate"  // package generate: func Generate(seed uint64, size int) []byte
	Check     Role = "check"     // package check: func Check(input, output []byte) (score float64, err error)
)

// File is a source file.
type File struct {
	Name string // base name, *.go
	Data []byte
}

// Store keeps content by key. Get never returns bytes that were not Put, but they
// may have been damaged since; what is read is checked.
type Store interface {
	Get(key string) ([]byte, bool)
	Put(key string, data []byte) error
}

// Config configures a Builder.
type Config struct {
	// Dir holds the build cache of the Go toolchain (go-build) and temporary
	// folders. It is created if need be. Required. A Dir that was used before
	// saves compiling the standard library, some 10 s.
	Dir string

	// GoCommand is the go command: a path, or a name to look up on PATH. Default "go".
	GoCommand string

	// Store keeps compiled modules. Nil keeps none.
	Store Store

	// Engine compiles modules. It may be nil as long as no Module is asked for.
	Engine *sandbox.Engine

	// Screening compiles modules of clones: an engine of sandbox.NewScreeningEngine. It
	// may be nil as long as none is asked for.
	Screening *sandbox.Engine

	// Observe is told when a phase begins; what it returns is called when the phase
	// ends. It may be called concurrently. Nil observes nothing.
	Observe func(Phase) (done func())
}

// Phase is a part of the work that a Builder leaves to others.
type Phase string

// The phases.
const (
	GoBuilding Phase = "go build"            // the go command is running
	Compiling  Phase = "WebAssembly compile" // the engine is compiling
)

// Builder inspects and compiles sources. It is safe for concurrent use.
type Builder struct {
	dir       string // absolute
	store     Store
	engine    *sandbox.Engine
	screening *sandbox.Engine
	observe   func(Phase) (done func())
	toolchain toolchain
	packages  *packages
	flights   singleflight.Group
}

// Open finds the Go toolchain and loads the types of the standard packages that
// candidates may import. It takes about 0.2 s, and some 10 s more when cfg.Dir is
// new and the standard library must be compiled. The error is a *ToolchainError
// if Go is missing, too old, or lacks a package.
func Open(ctx context.Context, cfg Config) (*Builder, error) {
	if cfg.Dir == "" {
		return nil, errors.New("build: Config.Dir is empty: want a folder for the build cache")
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	b := &Builder{dir: dir, store: cfg.Store, engine: cfg.Engine, screening: cfg.Screening, observe: cfg.Observe}
	if b.observe == nil {
		b.observe = func(Phase) func() { return func() {} }
	}
	if b.toolchain, err = findToolchain(ctx, cfg.GoCommand, dir); err != nil {
		return nil, err
	}
	if b.packages, err = b.loadPackages(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

// GoVersion returns the version of the toolchain, such as "go1.26.8".
func (b *Builder) GoVersion() string { return b.toolchain.version }

// Importer returns the types of the standard packages that candidates may import,
// as they are for wasip1/wasm. It is safe for concurrent use, and always returns
// the same package for the same path.
func (b *Builder) Importer() types.Importer { return b.packages }
