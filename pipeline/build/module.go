package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"toolgen/pipeline/isolate"
	"toolgen/pipeline/sandbox"
)

// BuildError says that the toolchain or the engine refuses sources that the gate had
// accepted: a gap in the gate. It says something of the sources alone, never of the
// machine; see refusal.go.
type BuildError struct {
	Units []string // ids of those at fault, or of the whole batch if that cannot be told
	Err   error
}

func (e *BuildError) Error() string {
	return fmt.Sprintf("build: accepted by the gate, and yet not compiled: %s: %v", strings.Join(e.Units, ", "), e.Err)
}

func (e *BuildError) Unwrap() error { return e.Err }

// Module compiles a batch, or loads what the Store kept of it. The caller closes
// the module. Of concurrent calls for the same batch one compiles. Errors are the
// machine's, or a *BuildError that names units.
func (b *Builder) Module(ctx context.Context, batch Batch) (*isolate.Module, error) {
	if err := batch.check(); err != nil {
		return nil, err
	}
	engine, err := b.engine()
	if err != nil {
		return nil, err
	}
	sources := guestSources(batch)
	key := b.key("module", sources, sandbox.Settings(), runtime.GOOS, runtime.GOARCH)
	if kept, ok := b.load(key); ok {
		// The engine refuses what it compiled with other settings, or for another CPU.
		m, err := engine.Deserialize(ctx, kept)
		if _, refused := errors.AsType[*isolate.RefusedError](err); !refused {
			return m, err
		}
	}
	data, err := b.once(ctx, key, func() ([]byte, error) {
		return b.compileModule(ctx, engine, batch, sources)
	})
	if err != nil {
		return nil, err
	}
	m, err := engine.Deserialize(ctx, data)
	if _, refused := errors.AsType[*isolate.RefusedError](err); refused {
		return nil, fmt.Errorf("build: what the engine has compiled it does not load: %w", err)
	}
	return m, err
}

// Empty compiles a candidate that does nothing, in a module with the given import
// set: what initialization costs by itself.
func (b *Builder) Empty(ctx context.Context, importSet []string) (*isolate.Module, error) {
	for _, path := range importSet {
		if _, ok := b.packages.imports[path]; !ok {
			return nil, fmt.Errorf("build: %q is in no import set: want the ImportSet of a Report", path)
		}
	}
	files := []File{{Name: "tool.go", Data: []byte(emptySource)}}
	report := &Report{ImportSet: importSet, source: hashSource(Tool, files)}
	return b.Module(ctx, Plan([]Unit{{ID: "empty", Role: Tool, Files: files, Report: report}})[0])
}

// Command compiles a tool to a WASI command that filters standard input to standard
// output; if the tool answers with an error, it goes to standard error and the exit
// status is 1. The same files and toolchain give the same bytes everywhere. Files
// must be ones that the gate accepts. Errors are those of Module.
func (b *Builder) Command(ctx context.Context, files []File) ([]byte, error) {
	r, err := b.Inspect(ctx, Tool, files)
	if err != nil {
		return nil, err
	}
	if r.Verdict != "" {
		return nil, fmt.Errorf("build: the gate refuses the source of the command: %s: %v", r.Verdict, r.Problems[0])
	}
	sources := []source{{"main.go", []byte(commandMain)}}
	for _, f := range sortFiles(files) {
		sources = append(sources, source{"tool/" + f.Name, f.Data})
	}
	key := b.key("command", sources)
	if wasm, ok := b.load(key); ok {
		return wasm, nil
	}
	return b.once(ctx, key, func() ([]byte, error) {
		wasm, err := b.goBuild(ctx, sources, "exe")
		return wasm, commandRefusal([]string{"command"}, err)
	})
}

// check refuses batches that Plan would not make.
func (batch Batch) check() error {
	if n := len(batch.Units); n == 0 || n > BatchSize {
		return fmt.Errorf("build: a batch of %d units: want 1 to %d", n, BatchSize)
	}
	for _, u := range batch.Units {
		switch r := u.Report; {
		case r == nil || r.Verdict != "" || r.source != hashSource(u.Role, u.Files):
			return fmt.Errorf("build: unit %s: want a Report of Inspect that accepts these files", u.ID)
		case !slices.Equal(r.ImportSet, batch.Units[0].Report.ImportSet):
			return fmt.Errorf("build: units %s and %s of one batch have different import sets", batch.Units[0].ID, u.ID)
		case r.Alone && len(batch.Units) > 1:
			return fmt.Errorf("build: unit %s must be compiled alone and is in a batch of %d", u.ID, len(batch.Units))
		}
	}
	if want := hashUnits(batch.Units); batch.Hash != want {
		return fmt.Errorf("build: the batch of %s has hash %q: want %q", strings.Join(batch.ids(), ", "), batch.Hash, want)
	}
	return nil
}

func (batch Batch) ids() []string {
	var ids []string
	for _, u := range batch.Units {
		ids = append(ids, u.ID)
	}
	return ids
}

// key identifies what a build makes: by every source, written or generated, the
// toolchain, the flags, and whatever else shapes it.
func (b *Builder) key(kind string, sources []source, more ...string) string {
	h := sha256.New()
	put := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	put("toolgen " + kind)
	put(b.toolchain.version)
	put(strings.Join(buildFlags, " "))
	for _, s := range sources {
		put(s.path)
		put(string(s.data))
	}
	for _, m := range more {
		put(m)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// once runs produce for a key, once for all concurrent callers, and keeps the result.
func (b *Builder) once(ctx context.Context, key string, produce func() ([]byte, error)) ([]byte, error) {
	for {
		v, err, shared := b.flights.Do(key, func() (any, error) {
			data, err := produce()
			if err != nil {
				return nil, err
			}
			return data, b.keep(key, data)
		})
		if err == nil {
			return v.([]byte), nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// The caller that did the work was called off; this one was not.
		if !shared || !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
	}
}

// Kept data is preceded by its SHA-256: a damaged module must not reach the engine,
// which trusts what it loads.

func (b *Builder) load(key string) ([]byte, bool) {
	if b.store == nil {
		return nil, false
	}
	kept, ok := b.store.Get(key)
	if !ok || len(kept) < sha256.Size {
		return nil, false
	}
	data := kept[sha256.Size:]
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], kept[:sha256.Size]) {
		return nil, false
	}
	return data, true
}

func (b *Builder) keep(key string, data []byte) error {
	if b.store == nil {
		return nil
	}
	sum := sha256.Sum256(data)
	if err := b.store.Put(key, append(sum[:], data...)); err != nil {
		return fmt.Errorf("build: keeping a compiled module: %w", err)
	}
	return nil
}

// compileModule builds, meters and compiles a batch, and returns the compiled
// module in the engine's serialized form.
func (b *Builder) compileModule(ctx context.Context, engine *isolate.Engine, batch Batch, sources []source) ([]byte, error) {
	wasm, err := b.goBuild(ctx, sources, "c-shared")
	if err != nil {
		units := batch.ids()
		if failed, ok := errors.AsType[*commandError](err); ok {
			units = batch.culprits(failed.Stderr)
		}
		return nil, commandRefusal(units, err)
	}
	defer b.observe(Compiling)()
	m, err := engine.Compile(ctx, wasm)
	if err != nil {
		return nil, engineRefusal(batch.ids(), err)
	}
	defer m.Close()
	return m.Serialize()
}

// mention finds the packages of units in what the go command prints: in the heading
// of a package's messages, and in positions.
var mention = regexp.MustCompile(`(?m)^(?:# ` + regexp.QuoteMeta(guestModule) + `/|(?:\./)?)c(\d{3})(?:/|$)`)

// culprits returns the ids of the units that the go command complains of, or all.
func (batch Batch) culprits(stderr string) []string {
	found := map[int]bool{}
	for _, m := range mention.FindAllStringSubmatch(stderr, -1) {
		if i, err := strconv.Atoi(m[1]); err == nil && i < len(batch.Units) {
			found[i] = true
		}
	}
	if len(found) == 0 {
		return batch.ids()
	}
	var ids []string
	for i, u := range batch.Units {
		if found[i] {
			ids = append(ids, u.ID)
		}
	}
	return ids
}

// buildFlags make builds independent of where they happen: no paths, no build id,
// no version control.
var buildFlags = []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}

// goBuild compiles a module to WebAssembly.
func (b *Builder) goBuild(ctx context.Context, sources []source, mode string) ([]byte, error) {
	defer b.observe(GoBuilding)()
	const out = "out.wasm"
	args := append([]string{"build"}, buildFlags...)
	return b.goCommand(ctx, sources, out, append(args, "-buildmode="+mode, "-o", out, ".")...)
}
