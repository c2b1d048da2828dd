package faults

import (
	"fmt"
	"os"
	"path/filepath"

	"toolgen/specs"
)

// Program is a faulty program of a corpus, with what a repair of it is measured by.
type Program struct {
	Spec    *specs.Spec  // cases alone
	Source  string       // with the fault
	Fixed   string       // what its author meant; a repair may look different
	Heldout []specs.Case // cases that no repair may see, and a correct one passes
}

// LoadCorpus reads a folder of faulty programs, sorted by id:
//
//	specs/ID/           a spec of cases alone
//	bundles/ID/tool.go  the program with its fault
//	fixed/ID/tool.go    the program without it
//	heldout/ID/         more cases, as a spec whose splits do not matter; optional
//
// A spec has held-out cases of its own, in the split holdout, or its more cases in
// heldout, or both: Heldout is all of them.
func LoadCorpus(dir string) ([]Program, error) {
	ids, err := specs.List(os.DirFS(filepath.Join(dir, "specs")))
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("corpus: %s holds no specs/ID/spec.json", dir)
	}
	var programs []Program
	for _, id := range ids {
		p := Program{}
		if p.Spec, err = specs.LoadDir(filepath.Join(dir, "specs", id)); err != nil {
			return nil, err
		}
		for _, part := range []struct {
			folder string
			into   *string
		}{{"bundles", &p.Source}, {"fixed", &p.Fixed}} {
			data, err := os.ReadFile(filepath.Join(dir, part.folder, id, "tool.go"))
			if err != nil {
				return nil, fmt.Errorf("corpus: %w", err)
			}
			*part.into = string(data)
		}
		p.Heldout = split(p.Spec.Cases, specs.SplitHoldout)
		if _, err := os.Stat(filepath.Join(dir, "heldout", id)); err == nil {
			more, err := specs.LoadDir(filepath.Join(dir, "heldout", id))
			if err != nil {
				return nil, err
			}
			for _, c := range more.Cases {
				c.Split = specs.SplitHoldout
				p.Heldout = append(p.Heldout, c)
			}
		}
		programs = append(programs, p)
	}
	return programs, nil
}

// split returns the cases of one split.
func split(cases []specs.Case, name string) []specs.Case {
	var of []specs.Case
	for _, c := range cases {
		if c.Split == name {
			of = append(of, c)
		}
	}
	return of
}
