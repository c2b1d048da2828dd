package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"toolgen/analysis/compare"
	"toolgen/datasets"
	"toolgen/experiment"
	"toolgen/experiment/manifests"
	"toolgen/pipeline/build"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

func TestExitCodes(t *testing.T) {
	wrapped := func(err error) error { return fmt.Errorf("seed 1: %w", err) }
	incomparable := &experiment.IncomparableError{What: "the Go toolchain", There: "go1.26.1", Here: "go1.26.2"}
	machine := &experiment.MachineError{Msg: "the disk is full"}
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errBadNews, 1},
		{wrapped(&experiment.DiedError{Died: []experiment.SetAside{{}}}), 1},
		{usagef("no"), 2},
		{wrapped(&experiment.UsageError{Msg: "no"}), 2},
		{wrapped(&manifests.Error{Problems: []manifests.Problem{{}}}), 2},
		{wrapped(&specs.Error{Problems: []specs.Problem{{}}}), 2},
		{wrapped(&synth.TemplateError{}), 2},
		{wrapped(&testgen.SpecError{}), 2},
		{wrapped(&datasets.FileError{Kind: datasets.ErrCorrupt}), 2},
		{wrapped(&datasets.LockError{}), 2},
		{wrapped(machine), 3},
		{wrapped(&build.ToolchainError{}), 3},
		{wrapped(&build.BuildError{Err: errors.New("killed")}), 3},
		{errors.New("what nobody thought of"), 3},
		{wrapped(&compare.SavedError{}), 2},
		{wrapped(&compare.GatesError{Problems: []compare.Problem{{}}}), 2},
		{errInconclusive, 4},
		{wrapped(incomparable), 5},
		{wrapped(&compare.IncomparableError{}), 5},
		// If several apply: 2, 3, 5, 1, 4.
		{errors.Join(errInconclusive, errBadNews), 1},
		{errors.Join(errBadNews, incomparable), 5},
		{errors.Join(errBadNews, incomparable, machine), 3},
		{errors.Join(errBadNews, incomparable, machine, usagef("no")), 2},
	} {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%v: exit code %d, want %d", test.err, got, test.want)
		}
	}
}

// A signal decides the code, whatever error it led to; what ended well ended well.
func TestInterrupted(t *testing.T) {
	p := &program{out: io.Discard, err: io.Discard}
	for signal, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(&interrupted{signal})
		for _, err := range []error{ctx.Err(), fmt.Errorf("go build: %w", ctx.Err()), errors.New("killed")} {
			if got := p.end(ctx, err); got != want {
				t.Errorf("%v, %v: exit code %d, want %d", signal, err, got, want)
			}
		}
		if got := p.end(ctx, nil); got != 0 {
			t.Errorf("%v, no error: exit code %d, want 0", signal, got)
		}
	}
}

// What an interrupted command says of what it has left is true of that command.
func TestAfterInterrupt(t *testing.T) {
	t.Setenv("TOOLGEN_CACHE", t.TempDir())
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"run", "testdata/tiny/tiny.yaml", "-o", filepath.Join(t.TempDir(), "run")}, "interrupted; what was done stays in the cache, and running again goes on from there"},
		{[]string{"run", "testdata/tiny/tiny.yaml", "-o", filepath.Join(t.TempDir(), "run"), "--no-cache"}, "interrupted; nothing is kept without the cache, and running again begins anew"},
		{[]string{"repair", "run", "--source", "main.go", "--func", "main", "--cases", "main.go"}, "interrupted; a search that was not finished is not kept, and running again begins it anew"},
		{[]string{"repair", "watch", "--queue", t.TempDir(), "--no-cache"}, "interrupted; a job that was not finished waits in the queue again, and is begun anew"},
		{[]string{"leaderboard", "nowhere"}, "interrupted"},
	} {
		var errs bytes.Buffer
		p := &program{in: strings.NewReader(""), out: io.Discard, err: &errs}
		p.setLog("text", slog.LevelError)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&interrupted{syscall.SIGINT})
		app := p.app()
		r, err := understand(app, append([]string{"toolgen"}, c.args...))
		if err != nil {
			t.Fatal(err)
		}
		code := p.end(ctx, app.RunContext(ctx, r.argv))
		if code != exitInterrupted || errs.String() != "toolgen: "+c.want+"\n" {
			t.Errorf("%v: exit code %d, %q; want %q", c.args, code, errs.String(), c.want)
		}
	}
}

// A defect of the program is no fault of its user, as Go's own exit code 2 would say.
func TestPanics(t *testing.T) {
	if code := run([]string{"toolgen", "version"}, nil, brokenWriter{}, io.Discard); code != exitMachine {
		t.Errorf("exit code %d, want %d", code, exitMachine)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { panic("broken") }
