package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"toolgen/analysis/compare"
	"toolgen/datasets"
	"toolgen/pipeline/build"
)

var update = flag.Bool("update", false, "write what commands print into testdata/script")

func TestMain(m *testing.M) {
	build.Main()
	testscript.Main(m, map[string]func(){
		"toolgen":       func() { os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr)) },
		"toolgen-crash": func() { crash(os.Args[1]) },
	})
}

// figuresOf is the Go toolchain that the figures in the scripts were made with. They
// are exact, and another toolchain has others: then scripts with `[figures]` lines
// check everything else.
const figuresOf = "go1.26.8"

// TestScripts runs the scripts as a user would, in a folder that holds the tiny
// experiment (testdata/tiny), the run that it makes, in run, and the same saved, in saved.json. All share a cache, so
// that the standard library is compiled once and nothing is measured twice.
func TestScripts(t *testing.T) {
	cache := os.Getenv("TOOLGEN_TEST_CACHE") // a cache that stays makes work on the scripts quicker
	if cache == "" {
		cache = t.TempDir()
	}
	made := filepath.Join(t.TempDir(), "run")
	t.Setenv("TOOLGEN_CACHE", cache)
	var out, errs bytes.Buffer
	if code := run([]string{"toolgen", "run", "testdata/tiny/tiny.yaml", "-q", "-o", made}, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("toolgen run: exit %d\n%s%s", code, &out, &errs)
	}
	opened, err := datasets.OpenRun(made)
	if err != nil {
		t.Fatal(err)
	}
	x, err := compare.Read(made, []*datasets.Run{opened}, compare.ReadOptions{Timings: true})
	if err != nil {
		t.Fatal(err)
	}
	saved, err := x.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	testAnswers(t, made)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TOOLGEN_CACHE", cache)
			env.Setenv("NO_COLOR", "")
			return errors.Join(
				os.CopyFS(env.WorkDir, os.DirFS("testdata/tiny")), os.CopyFS(filepath.Join(env.WorkDir, "run"), os.DirFS(made)),
				os.WriteFile(filepath.Join(env.WorkDir, "saved.json"), saved, 0o666),
			)
		},
		Condition: func(name string) (bool, error) {
			if name != "figures" {
				return false, errors.New("no such condition")
			}
			version, err := exec.Command("go", "env", "GOVERSION").Output()
			return strings.TrimSpace(string(version)) == figuresOf, err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"interrupt": interrupt,
		},
	})
}

// exits runs a command and checks its exit code: exits CODE COMMAND ARG...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// interrupt starts a command, waits for a file that is not empty, sends a signal and
// checks the exit code: interrupt SIGNAL CODE FILE COMMAND ARG... What the command
// wrote goes to the files interrupted.out and interrupted.err.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: interrupt SIGNAL CODE FILE COMMAND ARG...")
	}
	signal := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill}[args[0]]
	var out, errs bytes.Buffer
	path, err := exec.LookPath(args[3])
	ts.Check(err)
	cmd := exec.Command(path, args[4:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Args[0] = args[3] // the test's binary tells by its name which command it is
	cmd.Env = append(os.Environ(), "TOOLGEN_CACHE="+ts.Getenv("TOOLGEN_CACHE"))
	cmd.Stdout, cmd.Stderr = &out, &errs
	ts.Check(cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for sent := false; ; {
		select {
		case err := <-done:
			ts.Check(os.WriteFile(ts.MkAbs("interrupted.out"), out.Bytes(), 0o666))
			ts.Check(os.WriteFile(ts.MkAbs("interrupted.err"), errs.Bytes(), 0o666))
			if !sent {
				ts.Fatalf("it ended before %s was there: %v\n%s", args[2], err, &errs)
			}
			if code := strconv.Itoa(cmd.ProcessState.ExitCode()); code != args[1] {
				ts.Fatalf("exit code %s, want %s\n%s", code, args[1], &errs)
			}
			return
		case <-time.After(2 * time.Millisecond):
			if info, err := os.Stat(ts.MkAbs(args[2])); !sent && err == nil && info.Size() > 0 {
				ts.Check(cmd.Process.Signal(signal))
				sent = true
			}
		}
	}
}
