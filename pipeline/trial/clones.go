package trial

import (
	"context"
	"errors"
	"maps"
	"slices"

	"toolgen/pipeline/build"
	"toolgen/pipeline/isolate"
)

// One version must not cost a round: of those that a module cannot be built with, each is
// found and left out, and the rest is built without them.

// clone is a version that is to be in a module.
type clone struct {
	group  int // the versions of a program, which share a package, follow one another
	base   *build.Report
	report *build.Report
	source string
}

// build makes a module of all versions that can be built. index says where each one is in
// it, or -1; failed says of those what they failed by, nil if the go command refused them
// in passing. The module is nil if none is left.
func (l *Lab) build(ctx context.Context, all []clone) (m *isolate.Module, index []int, failed []error, err error) {
	failed = make([]error, len(all))
	for {
		var list []int
		for i := range all {
			if failed[i] == nil {
				list = append(list, i)
			}
		}
		index = slices.Repeat([]int{-1}, len(all))
		if len(list) == 0 {
			return nil, index, failed, nil
		}
		m, refused, err := l.clones(ctx, all, list)
		if err == nil {
			for k, i := range list {
				index[i] = k
			}
			for _, k := range refused {
				index[list[k]] = -1
			}
			return m, index, failed, nil
		}
		if !atFault(err) {
			return nil, nil, nil, err
		}
		found, other := build.Blame(len(list), err, atFault, func(some []int) error {
			part := make([]int, len(some))
			for k, i := range some {
				part[k] = list[i]
			}
			m, _, err := l.clones(ctx, all, part)
			if err == nil {
				m.Close()
			}
			return err
		})
		if other != nil {
			return nil, nil, nil, other
		}
		if len(found) == 0 {
			return nil, nil, nil, errors.Join(errors.New("trial: a module of versions is not built, and none of them is at fault by itself"), err)
		}
		for _, k := range slices.Sorted(maps.Keys(found)) {
			failed[list[k]] = found[k]
		}
	}
}

// atFault says whether what keeps a module from being built is something in it.
func atFault(err error) bool {
	_, refused := errors.AsType[*build.BuildError](err)
	_, died := isolate.Died(err)
	return refused || died
}

// clones makes a module of some of the versions.
func (l *Lab) clones(ctx context.Context, all []clone, list []int) (*isolate.Module, []int, error) {
	var groups []build.CloneGroup
	last := -1
	for _, i := range list {
		c := &all[i]
		if l.cfg.Fate != nil {
			if err := l.cfg.Fate("build", c.source); err != nil {
				return nil, nil, err
			}
		}
		if c.group != last {
			last = c.group
			groups = append(groups, build.CloneGroup{Base: c.base})
		}
		g := &groups[len(groups)-1]
		g.Versions = append(g.Versions, c.report)
	}
	return l.cfg.Builder.Clones(ctx, groups)
}
