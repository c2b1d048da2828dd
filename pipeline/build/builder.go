package build

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"toolgen/pipeline/isolate"
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

	// Host has the processes in which everything happens that a source could upset. Required.
	Host *isolate.Host

	// Observe is told when a phase begins; what it returns is called when the phase
	// ends. It may be called concurrently. Nil observes nothing.
	Observe func(Phase) (done func())

	execute []string // of tests: what else the go command's processes may execute
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
	work      string // below dir: where the go command works
	store     Store
	host      *isolate.Host
	engine    func() (*isolate.Engine, error) // opened when it is first needed
	screening func() (*isolate.Engine, error) // of modules of clones
	goPool    *isolate.Pool
	gatePool  *isolate.Pool
	closers   *closers
	observe   func(Phase) (done func())
	toolchain toolchain
	packages  *packages
	flights   singleflight.Group
}

// closers are what Close closes.
type closers struct {
	mu   sync.Mutex
	list []func()
}

func (c *closers) add(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, f)
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
	if cfg.Host == nil {
		return nil, errors.New("build: Config.Host is nil: want a host for the processes that compile")
	}
	if err := os.MkdirAll(filepath.Join(dir, "go-build"), 0o777); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	b := &Builder{dir: dir, store: cfg.Store, host: cfg.Host, observe: cfg.Observe, closers: &closers{}}
	b.engine = b.opener(isolate.Optimizing)
	b.screening = b.opener(isolate.Screening)
	if b.observe == nil {
		b.observe = func(Phase) func() { return func() {} }
	}
	if err := b.open(ctx, cfg); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *Builder) open(ctx context.Context, cfg Config) (err error) {
	if b.toolchain, err = findToolchain(ctx, cfg.GoCommand, b.dir); err != nil {
		return err
	}
	if b.work, err = os.MkdirTemp(b.dir, "build-"); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	b.closers.add(func() { os.RemoveAll(b.work) })
	b.goPool = b.newGoPool(b.work, cfg.execute)
	b.closers.add(b.goPool.Close)
	if b.packages, err = b.loadPackages(ctx); err != nil {
		return err
	}
	b.gatePool = b.newGatePool()
	b.closers.add(b.gatePool.Close)
	return nil
}

func (b *Builder) opener(mode isolate.Mode) func() (*isolate.Engine, error) {
	return sync.OnceValues(func() (*isolate.Engine, error) {
		e, err := b.host.NewEngine(mode)
		if err == nil {
			b.closers.add(e.Close)
		}
		return e, err
	})
}

// Close ends all processes. Nothing may be under way.
func (b *Builder) Close() {
	b.closers.mu.Lock()
	defer b.closers.mu.Unlock()
	for _, f := range slices.Backward(b.closers.list) {
		f()
	}
	b.closers.list = nil
}

// Main makes this process what it was started for, and does not return, if it is one of
// those in which builders and engines work. Every program and every test binary that opens
// a Builder calls it before anything else.
func Main() { isolate.Main(Gate, GoCommand, isolate.Compile, isolate.Guest) }

// GoVersion returns the version of the toolchain, such as "go1.26.8".
func (b *Builder) GoVersion() string { return b.toolchain.version }

// Importer returns the types of the standard packages that candidates may import,
// as they are for wasip1/wasm. It is safe for concurrent use, and always returns
// the same package for the same path.
func (b *Builder) Importer() types.Importer { return b.packages }
