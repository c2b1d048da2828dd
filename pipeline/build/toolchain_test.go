package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"toolgen/pipeline/isolate"
)

// fakeGo makes a Go distribution whose go command is a script; answers to `go env`
// are made for it.
func fakeGo(t *testing.T, version, script string) (command string) {
	t.Helper()
	root := t.TempDir()
	command = filepath.Join(root, "bin", "go")
	text := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = env ]; then echo '{\"GOROOT\":%q,\"GOVERSION\":%q}'; exit; fi\n%s\n", root, version, script)
	if err := os.MkdirAll(filepath.Dir(command), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(command, []byte(text), 0o777); err != nil {
		t.Fatal(err)
	}
	return command
}

// fakeConfig is a configuration with a command of fakeGo, which runs a shell.
func fakeConfig(dir, command string) Config {
	return Config{Dir: dir, GoCommand: command, Host: isolate.NewHost(1), execute: []string{"/bin", "/usr/bin"}}
}

func TestOpenWithoutToolchain(t *testing.T) {
	tests := []struct {
		name, command string
		want          string
	}{
		{"missing", filepath.Join(t.TempDir(), "go"), "no such file"},
		{"not on PATH", "no-such-go-command", "executable file not found"},
		{"old", fakeGo(t, "go1.25.9", ""), "too old"},
		{"no version", fakeGo(t, "devel +abc", ""), "too old, or no release"},
		{"no go command at all", "/bin/true", "no JSON"},
		{"cannot compile", fakeGo(t, "go1.26.1", "echo 'package unique is not in std' >&2; exit 1"), "package unique is not in std"},
		{"unreadable export data", fakeGo(t, "go1.26.1", `echo '{"ImportPath":"bufio","Export":"/dev/null"}'`), "export data for bufio cannot be read"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Open(context.Background(), fakeConfig(t.TempDir(), test.command))
			var missing *ToolchainError
			if !errors.As(err, &missing) {
				t.Fatalf("error %v, want a *ToolchainError", err)
			}
			for _, want := range []string{test.want, test.command, "https://go.dev/dl/"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
		})
	}
}

func TestOpenOnFullDisk(t *testing.T) {
	command := fakeGo(t, "go1.26.1", "echo 'compile: writing output: write $WORK/b001/_pkg_.a: no space left on device' >&2; exit 1")
	_, err := Open(context.Background(), fakeConfig(t.TempDir(), command))
	var missing *ToolchainError
	if !errors.Is(err, syscall.ENOSPC) || errors.As(err, &missing) {
		t.Fatalf("error %v, want one that is ENOSPC and no *ToolchainError", err)
	}
}

func TestOpenWantsDir(t *testing.T) {
	if _, err := Open(context.Background(), Config{Dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "Config.Host is nil") {
		t.Errorf("error %v", err)
	}
	if _, err := Open(context.Background(), Config{}); err == nil || !strings.Contains(err.Error(), "Config.Dir is empty") {
		t.Errorf("error %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), Config{Dir: file, Host: isolate.NewHost(1)}); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("error %v", err)
	}
}

// The go command sees nothing of its user's environment, and works in a folder of
// its own that is gone afterwards.
func TestEnvironmentIsClean(t *testing.T) {
	t.Setenv("GOFLAGS", "-overlay=/tmp/evil.json")
	t.Setenv("GOWORK", "/tmp/evil.work")
	t.Setenv("GOSECRET", "secret")
	dir := t.TempDir()
	seen := filepath.Join(dir, "go-build", "seen") // one of the folders that may be written to
	command := fakeGo(t, "go1.26.1", "{ /usr/bin/env; /bin/cat go.mod; /bin/ls; ulimit -t; } >"+seen+"; exit 1")
	if _, err := Open(context.Background(), fakeConfig(dir, command)); err == nil {
		t.Fatal("no error")
	}
	data, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	got := string(data)
	for _, want := range []string{"GOFLAGS=\n", "GOWORK=off\n", "GOPROXY=off\n", "GOTOOLCHAIN=local\n", "CGO_ENABLED=0\n", "GOENV=off\n",
		"GOCACHE=" + dir + "/go-build\n", "HOME=" + dir + "/build-", "module toolgen.guest\n\ngo 1.26\ngo.mod\n900\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "secret") || strings.Contains(got, "evil") {
		t.Errorf("the user's environment shows:\n%s", got)
	}
	left, err := filepath.Glob(filepath.Join(dir, "build-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// When the context ends, everything that the go command has started ends.
func TestCancelKillsProcessGroup(t *testing.T) {
	mark := fmt.Sprintf("1000.%d", os.Getpid()) // seconds
	command := fakeGo(t, "go1.26.1", "/bin/sleep "+mark+" & wait")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := Open(ctx, fakeConfig(t.TempDir(), command))
		done <- err
	}()
	var pid int
	for pid = sleeper(mark); pid == 0; pid = sleeper(mark) {
		select {
		case err := <-done:
			t.Fatalf("done before it was called off: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	for alive(pid) { // the test's own deadline ends this if it must
		time.Sleep(time.Millisecond)
	}
}

// sleeper finds the process that sleeps for so long; 0 if there is none. In its own
// namespace it has another number than here.
func sleeper(seconds string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if line, _ := os.ReadFile(f); string(line) == "/bin/sleep\x00"+seconds+"\x00" {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			return pid
		}
	}
	return 0
}

// alive says whether a process exists and is no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !errors.Is(err, os.ErrNotExist)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func TestOutputIsBounded(t *testing.T) {
	var h head
	// As exec does it: by way of ReadFrom, if there were one.
	source := struct{ io.Reader }{bytes.NewReader(make([]byte, 10_000))}
	if n, err := io.Copy(&h, source); n != 10_000 || err != nil {
		t.Fatal(n, err)
	}
	if len(h.Bytes()) != 4<<10 || !h.cut {
		t.Errorf("kept %d bytes, cut %t", len(h.Bytes()), h.cut)
	}
}
