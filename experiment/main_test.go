package experiment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"toolgen/pipeline/build"
)

// The Go build cache of the guests is shared by all tests of the package: compiling
// the standard library for WebAssembly takes longer than most of them.
var goBuild string

func TestMain(m *testing.M) {
	build.Main()
	if out := os.Getenv("TOOLGEN_TEST_RUN"); out != "" {
		os.Exit(child(out))
	}
	dir, err := os.MkdirTemp("", "toolgen-experiment-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goBuild = filepath.Join(dir, "go-build")
	if err := os.Mkdir(goBuild, 0o777); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// child is a process that a test kills: it runs the experiment that its environment names.
func child(out string) int {
	ctx := context.Background()
	env, err := Open(ctx, EnvOptions{CacheDir: os.Getenv("TOOLGEN_TEST_CACHE"), Jobs: 2})
	if text := os.Getenv("TOOLGEN_TEST_DIES"); err == nil && text != "" {
		d := &doomed{job: jobCall, text: text}
		env.fate = func(job, source string) error {
			died := d.fate(job, source)
			if died != nil {
				f, err := os.OpenFile(os.Getenv("TOOLGEN_TEST_DEATHS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
				if err != nil {
					return err
				}
				fmt.Fprintln(f, "died")
				f.Close()
			}
			return died
		}
	}
	if err == nil {
		var x *Experiment
		if x, err = Load(LoadOptions{Manifest: os.Getenv("TOOLGEN_TEST_MANIFEST")}); err == nil {
			_, err = env.Run(ctx, x, RunOptions{Out: out})
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// newCache makes an empty cache that shares the Go build cache.
func newCache(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(goBuild, filepath.Join(dir, "go-build")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// newEnv opens a machine with a cache of its own.
func newEnv(t testing.TB, opt EnvOptions) *Env {
	t.Helper()
	if opt.CacheDir == "" {
		opt.CacheDir = newCache(t)
	}
	env, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Close(); err != nil {
			t.Error(err)
		}
	})
	return env
}

func mustLoad(t *testing.T, opt LoadOptions) *Experiment {
	t.Helper()
	x, err := Load(opt)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// mustRun runs an experiment into a folder of its own and returns the folder.
func mustRun(t *testing.T, env *Env, x *Experiment) (string, *Summary) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "run")
	s, err := env.Run(t.Context(), x, RunOptions{Out: out})
	if err != nil {
		t.Fatal(err)
	}
	return out, s
}
