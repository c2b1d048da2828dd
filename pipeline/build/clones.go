package build

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"toolgen/pipeline/sandbox"
)

// CloneLimit is the largest number of programs in a module of clones.
const CloneLimit = 512

// Clones compiles many versions of a program into one module, for screening them.
// They share a package, in which the names of version i end in _m<i>, and what the
// version has in common with base (see share) it does not even have a copy of. That
// takes a hundredth of the time that a module for each would take. The index of a
// version is the Index of sandbox.Call.
//
// Every version must be a single file that Inspect accepted as a Tool; base is one, or
// nil. What a call costs here is not what it costs in a batch of Plan: the base set is
// left out, package-level variables are set when a version is selected, and the
// machine code is not optimized. Type names that a program prints may end in _m<i>. So
// a version that matters is measured again in a batch.
//
// The compiler's back end refuses a program now and then that types say is fine, such
// as one with too large a frame. Such versions are in refused, and calling them traps.
// The module is not kept by the Store; the caller closes it.
func (b *Builder) Clones(ctx context.Context, base *Report, versions []*Report) (m *sandbox.Module, refused []int, err error) {
	if b.screening == nil {
		return nil, nil, errors.New("build: Config.Screening is nil, and a module of clones is asked for")
	}
	if n := len(versions); n == 0 || n > CloneLimit {
		return nil, nil, fmt.Errorf("build: %d clones: want 1 to %d", n, CloneLimit)
	}
	out := make([]bool, len(versions))
	for {
		sources, err := cloneSources(base, versions, out)
		if err != nil {
			return nil, nil, err
		}
		wasm, err := b.goBuild(ctx, sources, "c-shared")
		if err != nil {
			if !leaveOut(err, out) {
				return nil, nil, err
			}
			continue
		}
		done := b.observe(Compiling)
		m, err := b.screening.Compile(wasm)
		done()
		if err != nil {
			return nil, nil, fmt.Errorf("build: a module of %d clones: %w", len(versions), err)
		}
		for i := range out {
			if out[i] {
				refused = append(refused, i)
			}
		}
		return m, refused, nil
	}
}

// cloneMention finds the files of clones in what the go command prints.
var cloneMention = regexp.MustCompile(`(?m)\bm/m(\d+)\.go:`)

// leaveOut marks the versions that a failed build complains of, and reports whether
// there are any.
func leaveOut(err error, out []bool) bool {
	var failed *commandError
	if !errors.As(err, &failed) || failed.machine() {
		return false
	}
	found := false
	for _, match := range cloneMention.FindAllStringSubmatch(failed.stderr, -1) {
		if i, err := strconv.Atoi(match[1]); err == nil && i < len(out) && !out[i] {
			out[i], found = true, true
		}
	}
	return found
}

// cloneSources returns the module of the versions that are not left out.
func cloneSources(base *Report, versions []*Report, out []bool) ([]source, error) {
	var files []source
	var cases strings.Builder
	based := false
	for i, r := range versions {
		if r.Verdict != "" || r.text == nil {
			return nil, fmt.Errorf("build: clone %d: want a Report of Inspect that accepts a tool of one file", i)
		}
		if out[i] {
			continue
		}
		suffix := fmt.Sprintf("_m%d", i)
		var text, prepare string
		if c := newCloner(r, suffix); c.share(base) {
			text, based = c.part(), true
		} else {
			text, prepare = c.whole()
		}
		files = append(files, source{fmt.Sprintf("m/m%d.go", i), []byte(text)})
		fmt.Fprintf(&cases, "\tcase %d:\n", i)
		if prepare != "" {
			fmt.Fprintf(&cases, "\t\tm.%s()\n", prepare)
		}
		fmt.Fprintf(&cases, "\t\tcurrent = m.Run%s\n", suffix)
	}
	if based {
		c := newCloner(base, "")
		c.put(c.file.Name.Pos(), c.file.Name.End(), "m")
		files = append(files, source{"m/base.go", []byte(c.spliced(0, len(base.text)))})
	}
	imports := ""
	if len(files) > 0 {
		imports = "\tm " + strconv.Quote(guestModule+"/m") + "\n"
	}
	slices.SortFunc(files, func(a, b source) int { return strings.Compare(a.path, b.path) })
	return append(files, source{"main.go", gofmt(fmt.Sprintf(guestMain, imports, cases.String(), ""))}), nil
}
