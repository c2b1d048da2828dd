package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"toolgen/pipeline/isolate"
)

// CloneLimit is the largest number of programs in a module of clones.
const CloneLimit = 2048

// CloneGroup is a program with versions of it.
type CloneGroup struct {
	Base     *Report   // nil: the versions have nothing in common
	Versions []*Report // at least one
}

// Clones compiles many versions of some programs into one module, for screening them.
// The versions of a program share a package, in which the names of version i end in
// _m<i>, and what a version has in common with its base (see share) it does not even
// have a copy of. That takes a hundredth of the time that a module for each would take.
// The Index of sandbox.Call counts through the versions of all groups.
//
// Every version must be a single file that Inspect accepted as a Tool; so must a base.
// What a call costs here is not what it costs in a batch of Plan: the base set is left
// out, package-level variables are set when a version is selected, and the machine code
// is not optimized. Type names that a program prints may end in _m<i>. So a version that
// matters is measured again in a batch.
//
// The compiler's back end refuses a program now and then that types say is fine, such
// as one with too large a frame. Such versions are in refused, and calling them traps.
// Where the go command does not say which, or the engine refuses, that is a *BuildError.
// The module is not kept by the Store; the caller closes it.
func (b *Builder) Clones(ctx context.Context, groups []CloneGroup) (m *isolate.Module, refused []int, err error) {
	screening, err := b.screening()
	if err != nil {
		return nil, nil, err
	}
	n := 0
	for _, g := range groups {
		n += len(g.Versions)
	}
	if n == 0 || n > CloneLimit {
		return nil, nil, fmt.Errorf("build: %d clones: want 1 to %d", n, CloneLimit)
	}
	out := make([]bool, n)
	for {
		sources, err := cloneSources(groups, out)
		if err != nil {
			return nil, nil, err
		}
		wasm, err := b.goBuild(ctx, sources, "c-shared")
		if err != nil {
			if !leaveOut(err, out) {
				return nil, nil, commandRefusal(nil, err)
			}
			continue
		}
		done := b.observe(Compiling)
		m, err := screening.Compile(ctx, wasm)
		done()
		if err != nil {
			return nil, nil, engineRefusal(nil, fmt.Errorf("build: a module of %d clones: %w", n, err))
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
var cloneMention = regexp.MustCompile(`(?m)\bg\d+/m(\d+)\.go:`)

// leaveOut marks the versions that a failed build complains of, and reports whether
// there are any.
func leaveOut(err error, out []bool) bool {
	var failed *commandError
	if !errors.As(err, &failed) || failed.machine() {
		return false
	}
	found := false
	for _, match := range cloneMention.FindAllStringSubmatch(failed.Stderr, -1) {
		if i, err := strconv.Atoi(match[1]); err == nil && i < len(out) && !out[i] {
			out[i], found = true, true
		}
	}
	return found
}

// slotName returns a prefix for names that no version has.
func slotName(g CloneGroup) string {
	name := "instead"
	for _, r := range g.Versions {
		for bytes.Contains(r.text, []byte(name)) {
			name += "_"
		}
	}
	return name
}

// cloneSources returns the module of the versions that are not left out: a package for
// each group.
func cloneSources(groups []CloneGroup, out []bool) ([]source, error) {
	var files []source
	var imports, cases strings.Builder
	i := 0
	for k, g := range groups {
		pkg := fmt.Sprintf("g%d", k)
		empty := true
		var replaced []bool // by declaration of the base; nil: nobody leans on it
		slot := slotName(g)
		for _, r := range g.Versions {
			index := i
			i++
			if r.Verdict != "" || r.text == nil {
				return nil, fmt.Errorf("build: clone %d: want a Report of Inspect that accepts a tool of one file", index)
			}
			if out[index] {
				continue
			}
			c := newCloner(r, pkg, fmt.Sprintf("_m%d", index))
			c.slot = slot
			entry := "Run"
			var text, prepare string
			if c.share(g.Base) {
				text, prepare = c.part()
				if replaced == nil {
					replaced = make([]bool, len(c.differs))
				}
				for k, differs := range c.differs {
					replaced[k] = replaced[k] || differs
				}
			} else {
				text, prepare = c.whole()
				entry += c.suffix
			}
			empty = false
			files = append(files, source{fmt.Sprintf("%s/m%d.go", pkg, index), []byte(text)})
			fmt.Fprintf(&cases, "\tcase %d:\n", index)
			if prepare != "" {
				fmt.Fprintf(&cases, "\t\t%s.%s()\n", pkg, prepare)
			}
			fmt.Fprintf(&cases, "\t\tcurrent = %s.%s\n", pkg, entry)
		}
		if replaced != nil {
			c := newCloner(g.Base, pkg, "")
			c.slot = slot
			c.put(c.file.Name.Pos(), c.file.Name.End(), pkg)
			files = append(files, source{pkg + "/base.go", []byte(c.replaceable(replaced))})
		}
		if !empty {
			fmt.Fprintf(&imports, "\t%s %q\n", pkg, guestModule+"/"+pkg)
		}
	}
	slices.SortFunc(files, func(a, b source) int { return strings.Compare(a.path, b.path) })
	return append(files, source{"main.go", gofmt(fmt.Sprintf(guestMain, imports.String(), cases.String(), ""))}), nil
}
