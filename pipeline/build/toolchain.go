package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ToolchainError says that this machine has no Go toolchain that will do.
type ToolchainError struct {
	Command string // the go command that was looked for
	Found   string // its version, "" if there is none
	Reason  string
}

func (e *ToolchainError) Error() string {
	found := ""
	if e.Found != "" {
		found = " (" + e.Found + ")"
	}
	return fmt.Sprintf("no usable Go toolchain: %s%s: %s; ToolGen needs %s or newer: get it from https://go.dev/dl/ and put its go command on PATH",
		e.Command, found, e.Reason, languageVersion)
}

// toolchain is an installed Go distribution.
type toolchain struct {
	command string // as the user names it, for messages
	goroot  string
	version string // go1.26.8
}

// findToolchain asks a go command which distribution it belongs to. That
// distribution's own command is used from then on, since the one on PATH may be a
// wrapper that needs its user's environment.
func findToolchain(ctx context.Context, command, dir string) (toolchain, error) {
	if command == "" {
		command = "go"
	}
	fail := func(found, format string, args ...any) (toolchain, error) {
		return toolchain{}, &ToolchainError{Command: command, Found: found, Reason: fmt.Sprintf(format, args...)}
	}
	path, err := exec.LookPath(command)
	if err != nil {
		return fail("", "%v", errors.Unwrap(err))
	}
	cmd := exec.CommandContext(ctx, path, "env", "-json", "GOROOT", "GOVERSION")
	// Without modules no go.mod of a folder above can ask for another version.
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GO111MODULE=off", "GOFLAGS=", "GOWORK=off")
	cmd.Dir = dir
	var stderr head
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return toolchain{}, ctx.Err()
	}
	if err != nil {
		return fail("", "go env: %v: %s", err, firstLines(stderr.String(), 3))
	}
	var env struct{ GOROOT, GOVERSION string }
	if err := json.Unmarshal(out, &env); err != nil {
		return fail("", "go env answers no JSON: %v", err)
	}
	v, _, _ := strings.Cut(env.GOVERSION, " ") // experiments follow the version
	if !version.IsValid(v) || version.Compare(v, languageVersion) < 0 {
		return fail(env.GOVERSION, "it is too old, or no release")
	}
	if _, err := os.Stat(filepath.Join(env.GOROOT, "bin", "go")); err != nil {
		return fail(env.GOVERSION, "%v", err)
	}
	return toolchain{command: command, goroot: env.GOROOT, version: v}, nil
}

// Limits of the processes that compile. They are generous: the gate keeps what it
// accepts far below, and no verdict depends on them.
const (
	limitCPU    = 900                    // seconds of each process
	limitMemory = 8 << 20                // KiB of address space of each process
	limitFile   = 2 << 20                // blocks of 512 bytes of each file
	limitWall   = 20 * time.Minute       // of the whole command
	limitStdout = 64 << 20               // bytes kept
	limitStderr = 64 << 10               // bytes kept
	killGrace   = 100 * time.Millisecond // for pipes of killed processes to be closed
)

// limitScript sets the limits, where the system has them, and runs its arguments.
var limitScript = fmt.Sprintf(`
ulimit -c 0 2>/dev/null
ulimit -t %d 2>/dev/null
ulimit -v %d 2>/dev/null
ulimit -f %d 2>/dev/null
exec "$@"`, limitCPU, limitMemory, limitFile)

// workspace is an empty folder to compile in, with everything in it that the go
// command would otherwise share with its user.
type workspace struct {
	b   *Builder
	dir string
}

// newWorkspace makes a folder with an empty module in it.
func (b *Builder) newWorkspace() (*workspace, error) {
	dir, err := os.MkdirTemp(b.dir, "build-")
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	ws := &workspace{b: b, dir: dir}
	for _, f := range []struct{ name, text string }{
		{"src/go.mod", "module " + guestModule + "\n\ngo " + strings.TrimPrefix(languageVersion, "go") + "\n"},
		{"tmp/empty", ""},
		{"home/.config/go/telemetry/mode", "off\n"},
	} {
		if err := ws.write(f.name, []byte(f.text)); err != nil {
			ws.remove()
			return nil, err
		}
	}
	return ws, nil
}

// remove deletes the folder. What cannot be deleted stays behind: it is no reason
// to throw away what was compiled.
func (ws *workspace) remove() { os.RemoveAll(ws.dir) }

func (ws *workspace) write(name string, data []byte) error {
	path := filepath.Join(ws.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	return nil
}

// run runs the go command in the module and returns what it writes to stdout. It
// sees no environment but the one made here. The error is a *commandError, or the
// context's.
func (ws *workspace) run(ctx context.Context, args ...string) ([]byte, error) {
	limited, cancel := context.WithTimeoutCause(ctx, limitWall, fmt.Errorf("not done after %v", limitWall))
	defer cancel()
	tc := ws.b.toolchain
	in := func(name string) string { return filepath.Join(ws.dir, name) }
	argv := append([]string{"-c", limitScript, "sh", filepath.Join(tc.goroot, "bin", "go")}, args...)
	cmd := exec.CommandContext(limited, "/bin/sh", argv...)
	cmd.Dir = in("src")
	cmd.Env = []string{
		"PATH=" + filepath.Join(tc.goroot, "bin"),
		"HOME=" + in("home"),
		"TMPDIR=" + in("tmp"),
		"GOROOT=" + tc.goroot,
		"GOPATH=" + in("gopath"),
		"GOCACHE=" + filepath.Join(ws.b.dir, "go-build"),
		"GOENV=off", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "GOTOOLCHAIN=local",
		"GOPROXY=off", "GOSUMDB=off", "GOVCS=*:off", "GOAUTH=off",
		"CGO_ENABLED=0", "GOOS=wasip1", "GOARCH=wasm", "GOWASM=", "GOEXPERIMENT=", "GOFIPS140=off", "GODEBUG=",
		"LC_ALL=C",
	}
	stdout, stderr := head{limit: limitStdout}, head{limit: limitStderr}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// The go command starts compilers: all of them go when it must go.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killGrace
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if limited.Err() != nil {
		err = context.Cause(limited)
	}
	if err == nil && stdout.cut {
		err = fmt.Errorf("more than %d bytes of output", limitStdout)
	}
	if err != nil {
		return nil, &commandError{verb: args[0], err: err, stderr: stderr.String()}
	}
	return stdout.Bytes(), nil
}

// commandError is a go command that failed.
type commandError struct {
	verb   string
	err    error
	stderr string
}

func (e *commandError) Error() string {
	msg := fmt.Sprintf("go %s: %v", e.verb, e.err)
	if e.stderr != "" {
		msg += ": " + firstLines(e.stderr, 20)
	}
	return msg
}

// Unwrap tells a full disk from other failures: errors.Is(err, syscall.ENOSPC).
func (e *commandError) Unwrap() []error {
	errs := []error{e.err}
	if strings.Contains(e.stderr, syscall.ENOSPC.Error()) || strings.Contains(e.stderr, syscall.EDQUOT.Error()) {
		errs = append(errs, syscall.ENOSPC)
	}
	return errs
}

// machine says whether the machine failed, and not the command's input.
func (e *commandError) machine() bool {
	var exit *exec.ExitError
	return errors.Is(e, syscall.ENOSPC) || !errors.As(e.err, &exit) || !exit.Exited() || starved(e.stderr)
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
