package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"toolgen/datasets"
	"toolgen/experiment/manifests"
	"toolgen/pipeline/sandbox"
	"toolgen/specs"
)

// Recorded is a run that was done before: its lock, and the experiment that it
// locks, put together from inputs that were found by their hashes.
type Recorded struct {
	Dir        string // of the lock
	Lock       *datasets.Lock
	Run        *datasets.Run // nil if there is nothing but a lock
	Experiment *Experiment
}

// OpenRecorded opens a run folder, or a lock by itself, and finds its inputs: in
// inputs/ beside the lock, below specDirs, or among the specs that ship. An input
// that is nowhere, or was changed, is a *UsageError.
func OpenRecorded(at string, specDirs []string) (*Recorded, error) {
	info, err := os.Stat(at)
	if err != nil {
		return nil, &UsageError{Msg: "there is no such run or lock", Err: err}
	}
	r := &Recorded{Dir: at}
	if info.IsDir() {
		r.Run, err = datasets.OpenRun(at)
		if err != nil {
			return nil, err
		}
		if r.Run.Partial {
			return nil, &UsageError{Msg: fmt.Sprintf("%s is a run that was not finished; run its manifest again, the cache answers what was done", at)}
		}
		r.Lock = r.Run.Lock
	} else {
		r.Dir = filepath.Dir(at)
		if ext := filepath.Ext(at); ext == ".yaml" || ext == ".yml" {
			return nil, &UsageError{Msg: at + " is a manifest; expected the folder of a run, or its lock.json"}
		}
		data, err := os.ReadFile(at)
		if err != nil {
			return nil, &UsageError{Msg: "the lock cannot be read", Err: err}
		}
		if r.Lock, err = datasets.ReadLock(at, data); err != nil {
			return nil, err
		}
	}
	r.Experiment, err = r.experiment(specDirs)
	return r, err
}

// experiment puts together what the lock locks.
func (r *Recorded) experiment(specDirs []string) (*Experiment, error) {
	id := &r.Lock.Identity
	seeds := make([]string, len(id.Seeds))
	for i, s := range id.Seeds {
		seeds[i] = strconv.FormatInt(s, 10)
	}
	m, err := manifests.Parse(filepath.Join(r.Dir, datasets.LockFile)+": identity.manifest", id.Manifest, nil, seeds)
	if err != nil {
		return nil, err
	}
	find := finder{
		spec: func(ref string) (*specs.Spec, error) { return r.findSpec(ref, specDirs) },
		source: func(e manifests.Entrant) ([]byte, error) {
			// In the lock, an entrant's source is the hash of its content.
			return r.findInput(path.Join("entrants", e.Name+".go"), e.Source)
		},
	}
	x, err := resolve(m, find)
	if err != nil {
		return nil, err
	}
	if x.waiting, err = r.challengersOf(x); err != nil {
		return nil, err
	}
	exchanges, err := r.exchangesOf()
	if err != nil {
		return nil, err
	}
	aside, err := r.asideOf()
	if err != nil {
		return nil, err
	}
	return x.settled(exchanges).without(aside), nil
}

// findSpec finds a spec whose files are those that the lock names.
func (r *Recorded) findSpec(id string, specDirs []string) (*specs.Spec, error) {
	var tried []string
	for _, look := range []func() (*specs.Spec, error){
		func() (*specs.Spec, error) { return specs.LoadDir(filepath.Join(r.Dir, "inputs", "specs", id)) },
		func() (*specs.Spec, error) { return FindSpec(id, specDirs) },
		func() (*specs.Spec, error) { return specs.Load(specs.Shipped(), id) },
	} {
		s, err := look()
		var bad *specs.Error
		if errors.As(err, &bad) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		why := r.differs(s)
		if why == "" {
			return s, nil
		}
		tried = append(tried, fmt.Sprintf("%s (%s)", s.Origin, why))
	}
	msg := fmt.Sprintf("spec %s, an input of run %.8s, is neither in inputs/ beside the lock, nor among the specs that ship, nor below --specs", id, r.Lock.RunID)
	if tried != nil {
		msg += "; there are others of that name: " + strings.Join(tried, "; ")
	}
	return nil, &UsageError{Msg: msg}
}

// differs says in which file a spec differs from what the lock names; "" if in none.
func (r *Recorded) differs(s *specs.Spec) string {
	prefix := "specs/" + s.ID + "/"
	want := map[string]string{}
	for name, sum := range r.Lock.Identity.Inputs { // any order: a map becomes a map
		if file, ok := strings.CutPrefix(name, prefix); ok {
			want[file] = sum
		}
	}
	for _, f := range s.Files {
		sum, ok := want[f.Name]
		if !ok {
			return f.Name + " is new"
		}
		if sum != sha256Hex(f.Data) {
			return f.Name + " was changed"
		}
		delete(want, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		return name + " is missing"
	}
	return ""
}

// findInput finds a file below inputs/ by name and hash.
func (r *Recorded) findInput(name, sum string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(r.Dir, "inputs", filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	if sha256Hex(data) != sum {
		return nil, fmt.Errorf("inputs/%s was changed: it is not the file of hash %s", name, sum)
	}
	return data, nil
}

// Comparable says whether this machine computes the function that the lock records:
// the same semantics, toolchain, sandbox and fuel model. If not, the error is an
// *IncomparableError.
func (r *Recorded) Comparable(e *Env) error {
	id := &r.Lock.Identity
	for _, c := range []struct{ what, there, here, hint string }{
		{"semantics", strconv.Itoa(id.Semantics), strconv.Itoa(Semantics), "use the version of toolgen that made the run"},
		{"the Go toolchain", id.Toolchain.Go, e.builder.GoVersion(), fmt.Sprintf("install it by `go install golang.org/dl/%s@latest && %[1]s download`, and put it first on PATH", id.Toolchain.Go)},
		{"wasmtime", id.Toolchain.Wasmtime, sandbox.WasmtimeVersion, "use the version of toolgen that made the run"},
		{"the sandbox's settings", id.Toolchain.Settings, sandbox.Settings(), "use the version of toolgen that made the run"},
		{"the fuel model", id.FuelModel, FuelModel, "use the version of toolgen that made the run"},
		{"the tables' schema", schemaText(id.Schemas), schemaText(datasets.SchemaVersions()), "use the version of toolgen that made the run"},
	} {
		if c.there != c.here {
			return &IncomparableError{What: c.what, There: c.there, Here: c.here, Hint: c.hint}
		}
	}
	// All that a lock names has been compared or found by hash, so the identity must be
	// the same; if it is not, this program resolves manifests in another way.
	here, err := r.Experiment.RunID(e)
	if err != nil {
		return err
	}
	if here != r.Lock.RunID {
		return &IncomparableError{What: "the resolved manifest", There: "run " + r.Lock.RunID[:8], Here: "run " + here[:8], Hint: "use the version of toolgen that made the run"}
	}
	return nil
}

func schemaText(versions map[string]int) string {
	data, err := json.Marshal(versions)
	if err != nil {
		panic(err) // a map of integers
	}
	return string(data)
}
