package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"toolgen/experiment"
	"toolgen/pipeline/build"
	"toolgen/pipeline/confine"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/sandbox"
	"toolgen/reports"
)

func (p *program) doctorCommand() *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "what is missing on this machine, and how to get it",
		Description: "toolgen doctor\ntoolgen doctor --format json",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "cache", Usage: "`DIR` of the cache; default: $TOOLGEN_CACHE, or toolgen below the user's cache folder"},
			formatFlag(),
		},
		Action: p.doctor,
	}
}

// States of what doctor looks at.
const (
	stateOK       = "ok"
	stateMissing  = "missing"
	stateOptional = "optional" // missing, and only needed for something special
)

// diagnosis is one thing that doctor looked at.
type diagnosis struct {
	Check  string `json:"check"`
	State  string `json:"state"`
	Detail string `json:"detail"` // what was found, or how to get it
}

func (p *program) doctor(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	if _, err := arguments(c); err != nil {
		return err
	}
	list := p.examine(c)
	t := &reports.Table{Columns: []reports.Column{{Name: "check"}, {Name: "state"}, {Name: "detail"}}}
	missing := 0
	for _, d := range list {
		t.Add(d.Check, d.State, d.Detail)
		if d.State == stateMissing {
			missing++
		}
	}
	if err := p.answer(f, "doctor", struct {
		OK     bool        `json:"ok"`
		Checks []diagnosis `json:"checks"`
	}{missing == 0, list}, t); err != nil {
		return err
	}
	if missing > 0 {
		return &experiment.MachineError{Msg: fmt.Sprintf("%d of %d things are missing on this machine", missing, len(list))}
	}
	return nil
}

// examine looks at everything, what is missing or not: people want to be told once.
func (p *program) examine(c *cli.Context) []diagnosis {
	var list []diagnosis
	add := func(check string, err error, ok string) bool {
		d := diagnosis{check, stateOK, ok}
		if err != nil {
			d.State, d.Detail = stateMissing, err.Error()
		}
		list = append(list, d)
		return err == nil
	}
	dir, err := cacheFolder(c)
	if err == nil {
		_, err = experiment.OpenCache(dir)
	}
	if err == nil {
		err = writable(dir)
	}
	cached := add("cache folder", err, dir+" can be written")
	space, err := diskSpace(dir)
	add("disk space", err, space)
	if !cached {
		// The toolchain is looked at all the same.
		if dir, err = os.MkdirTemp("", "toolgen-doctor-"); err == nil {
			defer os.RemoveAll(dir)
		}
	}
	builder, err := build.Open(c.Context, build.Config{Dir: dir, Host: isolate.NewHost(1)})
	found := ""
	if err == nil {
		defer builder.Close()
		found = builder.GoVersion()
		if path, err := exec.LookPath("go"); err == nil {
			found += " at " + path
		}
	}
	compiles := add("Go toolchain", err, found)
	answer := ""
	switch {
	case !compiles:
		err = errors.New("not tried: it needs the Go toolchain to build a tool")
	case !cached:
		err = errors.New("not tried: it needs the cache folder to build a tool")
	default:
		answer, err = tryTool(c.Context, builder)
	}
	add("sandbox", err, answer)
	list = append(list, isolation())
	return append(list, compiler())
}

func writable(dir string) error {
	f, err := os.CreateTemp(dir, "doctor-")
	if err != nil {
		return fmt.Errorf("%w; name another folder by --cache or TOOLGEN_CACHE", err)
	}
	_, err = f.WriteString("x")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// leastSpace is what a cache needs to begin with: the standard library takes about
// 200 MB, a batch of modules 10 MB.
const leastSpace = 1 << 30

func diskSpace(dir string) (string, error) {
	// The folder need not exist yet.
	for {
		var s unix.Statfs_t
		err := unix.Statfs(dir, &s)
		if parent := filepath.Dir(dir); (errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)) && parent != dir {
			dir = parent
			continue
		}
		if err != nil {
			return "", err
		}
		free := int64(s.Bavail) * int64(s.Bsize)
		if free < leastSpace {
			return "", fmt.Errorf("%s MiB are free at %s; 1024 are needed: make room, or name another folder by --cache or TOOLGEN_CACHE", reports.MiB(free), dir)
		}
		return "enough at " + dir, nil
	}
}

// tool is a small tool that leans on a package that is no light one.
const tool = `// SPDX-License-Identifier: MIT

// Package tool answers in capitals.
package tool

import "strings"

// Run never errs.
func Run(input []byte) ([]byte, error) { return []byte(strings.ToUpper(string(input))), nil }
`

// tryTool builds a tool and calls it, as a run would.
func tryTool(ctx context.Context, b *build.Builder) (string, error) {
	files := []build.File{{Name: "tool.go", Data: []byte(tool)}}
	report, err := b.Inspect(ctx, build.Tool, files)
	if err != nil {
		return "", err
	}
	if report.Verdict != "" {
		return "", fmt.Errorf("the gate refuses a tool that is as it should be: %s", report.Problems[0])
	}
	batches := build.Plan([]build.Unit{{ID: "doctor", Role: build.Tool, Files: files, Report: report}})
	m, err := b.Module(ctx, batches[0])
	if err != nil {
		return "", err
	}
	defer m.Close()
	got, err := m.Call(ctx, sandbox.Call{Input: []byte("well"), Limits: sandbox.Limits{
		Fuel: 1 << 32, FuelPerMS: 10_000_000, MemoryBytes: 128 << 20, OutputBytes: 1 << 10, Wall: time.Minute,
	}})
	if err != nil {
		return "", err
	}
	if got.Outcome != sandbox.OK || string(got.Output) != "WELL" {
		return "", fmt.Errorf("a tool was called and answered %q (%s %s)", got.Output, got.Outcome, got.Message)
	}
	return fmt.Sprintf("a tool was built and called: %d fuel", got.Fuel), nil
}

// isolation says how far the processes are restricted in which strangers' code is compiled
// and run. A run does not need it, since WebAssembly holds a candidate by itself.
func isolation() diagnosis {
	has := confine.Probe()
	detail := "processes are held by " + strings.Join(has.Holds(), ", ")
	if has.Complete() {
		return diagnosis{"isolation", stateOK, detail}
	}
	detail += "; this system lacks " + strings.Join(has.Missing(), ", ")
	if has.Why != "" {
		detail += " (" + has.Why + ")"
	}
	return diagnosis{"isolation", stateOptional, detail}
}

// compiler looks for what only building toolgen itself needs.
func compiler() diagnosis {
	names := []string{"cc", "gcc", "clang"}
	if cc := strings.Fields(os.Getenv("CC")); len(cc) > 0 {
		names = cc[:1]
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return diagnosis{"C compiler", stateOK, path}
		}
	}
	return diagnosis{"C compiler", stateOptional, "none found (" + strings.Join(names, ", ") + "); only building toolgen itself needs one: install gcc or clang"}
}
