package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
