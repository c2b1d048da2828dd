package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"toolgen/pipeline/confine"
	"toolgen/pipeline/isolate"
)

// The go command runs in a process of its own, which may start programs of the Go
// distribution, and write to its build cache and to one folder of ours.

// GoCommand is the kind of these processes.
var GoCommand = isolate.Kind{Name: "go", Open: openGoCommand}

// Limits of the processes that compile. They are generous: the gate keeps what it
// accepts far below, and no verdict depends on them.
const (
	limitCPU    = 900              // seconds of each process
	limitMemory = 8 << 30          // bytes that each process may write to
	limitFile   = 1 << 30          // bytes of each file
	limitWall   = 20 * time.Minute // of the whole command
	limitOutput = 64 << 20         // bytes of standard output
	limitStderr = 64 << 10         // bytes kept
	limitModule = 1 << 30          // bytes of a WebAssembly module
)

// goSetup is what such a process works with.
type goSetup struct {
	Root  string // GOROOT
	Cache string // GOCACHE
	Work  string // where each command has a folder of its own
}

// goJob is a command: the bytes beside it are the files, one after another.
type goJob struct {
	Args  []string
	Files []filePart
	Out   string // the file to return, in place of standard output; "" for that
}

// filePart is a file in the bytes beside a header.
type filePart struct {
	Path string
	Size int
}

// goAnswer says how a command ended.
type goAnswer struct {
	Failure *commandError `json:",omitempty"`
}

// newGoPool makes the processes of a toolchain.
func (b *Builder) newGoPool(work string, execute []string) *isolate.Pool {
	setup := goSetup{Root: b.toolchain.goroot, Cache: filepath.Join(b.dir, "go-build"), Work: work}
	return b.host.NewPool(GoCommand, isolate.PoolConfig{
		Job: "build", Setup: setup,
		Policy: confine.Policy{
			Exec: true, Execute: append([]string{setup.Root}, execute...), ReadWrite: []string{setup.Cache, setup.Work},
			DataBytes: limitMemory, FileBytes: limitFile, CPUSeconds: limitCPU,
		},
		Control: isolate.Job{
			Op: opGo, Header: goJob{Args: []string{"build", "."}, Files: []filePart{{"p.go", len(controlPackage)}}},
			Blob: []byte(controlPackage), Wall: limitWall, MaxBlob: limitOutput,
		},
	})
}

const (
	opGo           = "go"
	controlPackage = "package p\n"
)

// goCommand runs the go command in a module of the given files, and returns what it writes
// to standard output, or to the file out. The error is a *commandError, the context's, an
// *isolate.DeathError, or one of the machine.
func (b *Builder) goCommand(ctx context.Context, files []source, out string, args ...string) ([]byte, error) {
	job := goJob{Args: args, Out: out}
	var blob []byte
	for _, f := range files {
		job.Files = append(job.Files, filePart{f.path, len(f.data)})
		blob = append(blob, f.data...)
	}
	most := int64(limitOutput)
	if out != "" {
		most = limitModule
	}
	var answer goAnswer
	data, err := b.goPool.Do(ctx, isolate.Job{Op: opGo, Header: job, Blob: blob, Wall: limitWall, MaxBlob: most}, &answer)
	if err != nil {
		return nil, err
	}
	if answer.Failure != nil {
		return nil, answer.Failure
	}
	return data, nil
}

func openGoCommand(setup json.RawMessage, _ []byte) (isolate.Handler, error) {
	var s goSetup
	if err := json.Unmarshal(setup, &s); err != nil {
		return nil, err
	}
	return func(op string, header json.RawMessage, blob []byte) (any, []byte, error) {
		var job goJob
		if err := json.Unmarshal(header, &job); err != nil {
			return nil, nil, err
		}
		data, err := s.run(job, blob)
		if failed, ok := errors.AsType[*commandError](err); ok {
			return goAnswer{Failure: failed}, nil, nil
		}
		return goAnswer{}, data, err
	}, nil
}

// run runs a command in a folder of its own, in which is everything that the go command
// would otherwise share with its user.
func (s goSetup) run(job goJob, blob []byte) ([]byte, error) {
	dir, err := os.MkdirTemp(s.Work, "go-")
	if err != nil {
		return nil, failure(job, err)
	}
	// What cannot be deleted stays behind: it is no reason to throw away what was compiled.
	defer os.RemoveAll(dir)
	write := func(name string, data []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o666)
	}
	for _, f := range []struct{ name, text string }{
		{"src/go.mod", "module " + guestModule + "\n\ngo " + strings.TrimPrefix(languageVersion, "go") + "\n"},
		{"tmp/empty", ""},
		{"home/.config/go/telemetry/mode", "off\n"},
	} {
		if err := write(f.name, []byte(f.text)); err != nil {
			return nil, failure(job, err)
		}
	}
	for _, f := range job.Files {
		if f.Size < 0 || f.Size > len(blob) {
			return nil, fmt.Errorf("build: %d bytes for %s of %d", len(blob), f.Path, f.Size)
		}
		if err := write("src/"+f.Path, blob[:f.Size]); err != nil {
			return nil, failure(job, err)
		}
		blob = blob[f.Size:]
	}
	stdout, err := s.command(dir, job)
	if err != nil || job.Out == "" {
		return stdout, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "src", job.Out))
	if err != nil {
		return nil, failure(job, err)
	}
	return data, nil
}

// command runs the go command. It sees no environment but the one made here.
func (s goSetup) command(dir string, job goJob) ([]byte, error) {
	in := func(name string) string { return filepath.Join(dir, name) }
	cmd := exec.Command(filepath.Join(s.Root, "bin", "go"), job.Args...)
	cmd.Dir = in("src")
	cmd.Env = []string{
		"PATH=" + filepath.Join(s.Root, "bin"),
		"HOME=" + in("home"),
		"TMPDIR=" + in("tmp"),
		"GOROOT=" + s.Root,
		"GOPATH=" + in("gopath"),
		"GOCACHE=" + s.Cache,
		"GOENV=off", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "GOTOOLCHAIN=local",
		"GOPROXY=off", "GOSUMDB=off", "GOVCS=*:off", "GOAUTH=off",
		"CGO_ENABLED=0", "GOOS=wasip1", "GOARCH=wasm", "GOWASM=", "GOEXPERIMENT=", "GOFIPS140=off", "GODEBUG=",
		"LC_ALL=C",
	}
	stdout, stderr := head{limit: limitOutput}, head{limit: limitStderr}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err == nil && stdout.cut {
		err = fmt.Errorf("more than %d bytes of output", limitOutput)
	}
	if err != nil {
		failed := failure(job, err)
		failed.Stderr = stderr.String()
		if !failed.full() && starved(failed.Stderr) {
			// The machine had too little of something, which says nothing about the sources:
			// this process ends, and the command is tried again alone.
			panic(failed.Error())
		}
		return nil, failed
	}
	return stdout.Bytes(), nil
}

// commandError is a go command that failed.
type commandError struct {
	Verb   string
	Text   string // what went wrong
	Exited bool   // the command ended by itself
	Full   bool   // the disk was full, or a quota used up
	Stderr string
}

func failure(job goJob, err error) *commandError {
	var exit *exec.ExitError
	return &commandError{
		Verb: job.Args[0], Text: err.Error(),
		Exited: errors.As(err, &exit) && exit.Exited(),
		Full:   errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT),
	}
}

func (e *commandError) Error() string {
	msg := fmt.Sprintf("go %s: %s", e.Verb, e.Text)
	if e.Stderr != "" {
		msg += ": " + firstLines(e.Stderr, 20)
	}
	return msg
}

// Is tells a full disk from other failures: errors.Is(err, syscall.ENOSPC).
func (e *commandError) Is(target error) bool { return target == syscall.ENOSPC && e.full() }

func (e *commandError) full() bool {
	return e.Full || strings.Contains(e.Stderr, syscall.ENOSPC.Error()) || strings.Contains(e.Stderr, syscall.EDQUOT.Error())
}

// machine says whether the machine failed, and not the command's input.
func (e *commandError) machine() bool { return !e.Exited || e.full() || starved(e.Stderr) }

// firstLines returns the first n lines of s as one.
func firstLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	if len(lines) > n {
		lines = append(lines[:n:n], "...")
	}
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "; ")
}

// head keeps the first bytes that are written to it. The zero value keeps few. It does
// not embed the buffer: io.Copy would go past Write by the buffer's ReadFrom.
type head struct {
	buffer bytes.Buffer
	limit  int
	cut    bool
}

func (h *head) Bytes() []byte  { return h.buffer.Bytes() }
func (h *head) String() string { return h.buffer.String() }

func (h *head) Write(p []byte) (int, error) {
	limit := h.limit
	if limit == 0 {
		limit = 4 << 10
	}
	n := min(len(p), limit-h.buffer.Len())
	h.buffer.Write(p[:n])
	h.cut = h.cut || n < len(p)
	return len(p), nil
}
