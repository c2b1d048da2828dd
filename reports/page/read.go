package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"toolgen/analysis"
	"toolgen/datasets"
)

// Run is a run as a report needs it.
type Run struct {
	Dir      string // as the user named it; stands in commands
	Link     string // from the report's folder to Dir, with slashes; "" where there is no way
	Verified string // when and where it was verified; "" if it was not
	Lock     *datasets.Lock

	rows       *analysis.Run
	cases      []caseCount
	failures   map[seedCandidate][]failure
	components []component
}

type seedCandidate struct {
	seed int64
	id   string
}

// caseCount is how many recorded runs of cases had a verdict.
type caseCount struct {
	spec, style, kind, verdict string
	candidates, runs           int
}

// failure is a case that a candidate failed.
type failure struct {
	CaseID, Kind, Verdict string
	Input, Expected, Got  excerpt
	Error, Trap           string
}

// component is a library, and how many candidates have it in their bill of materials.
type component struct {
	kind, name, version, license, supplier string
	candidates                             int
}

// failuresShown is how many failing cases the page shows of a candidate.
const failuresShown = 3

// Read reads what a report needs of a run that is done. dir is how the user named it.
func Read(run *datasets.Run, dir string) (*Run, error) {
	if run.Partial {
		return nil, &datasets.FileError{File: dir, Kind: datasets.ErrPartial, Detail: "a report is of runs that are done"}
	}
	rows, err := analysis.Read(run)
	if err != nil {
		return nil, err
	}
	if err := rows.ReadHandoffs(run); err != nil {
		return nil, err
	}
	if err := rows.ReadSamples(run); err != nil {
		return nil, err
	}
	r := &Run{Dir: dir, Lock: run.Lock, rows: rows, failures: map[seedCandidate][]failure{}}
	if err := r.readCases(run); err != nil {
		return nil, err
	}
	return r, r.readComponents(run)
}

// readCases counts cases, and keeps the first failing ones of candidates that were
// handed off: the table may be far larger than memory.
func (r *Run) readCases(run *datasets.Run) error {
	wanted := map[seedCandidate]bool{}
	for i := range r.rows.Handoffs {
		wanted[seedCandidate{r.rows.Handoffs[i].Seed, r.rows.Handoffs[i].CandidateID}] = true
	}
	styles := map[seedCandidate]string{}
	for i := range r.rows.Evaluations {
		e := &r.rows.Evaluations[i]
		style := "entrant"
		if e.Style != nil {
			style = *e.Style
		} else if e.Label != nil {
			style = *e.Label
		}
		styles[seedCandidate{e.Seed, e.CandidateID}] = style
	}
	type key struct{ spec, style, kind, verdict string }
	counts := map[key]*caseCount{}
	last := map[key]seedCandidate{} // rows of a candidate stand together
	columns := []string{"seed", "candidate_id", "spec", "case_id", "rerun", "kind", "verdict", "input", "input_bytes", "expected", "expected_bytes", "got", "got_bytes", "error", "trap"}
	err := datasets.Cases.ScanRun(run, columns, func(c *datasets.Columns) error {
		seeds, reruns := c.Int64("seed"), c.Int32("rerun")
		ids, specs, kinds, verdicts := c.String("candidate_id"), c.String("spec"), c.String("kind"), c.String("verdict")
		for i := range c.Rows {
			of := seedCandidate{seeds[i], ids.At(i)}
			k := key{specs.At(i), styles[of], kinds.At(i), verdicts.At(i)}
			n := counts[k]
			if n == nil {
				n = &caseCount{spec: k.spec, style: k.style, kind: k.kind, verdict: k.verdict}
				counts[k] = n
			}
			n.runs++
			if last[k] != of {
				last[k] = of
				n.candidates++
			}
			if !wanted[of] || reruns[i] != 0 || k.verdict == datasets.VerdictPass || k.verdict == datasets.VerdictNotRun || len(r.failures[of]) >= failuresShown {
				continue
			}
			f := failure{CaseID: c.String("case_id").At(i), Kind: k.kind, Verdict: k.verdict, Error: c.String("error").At(i), Trap: c.String("trap").At(i)}
			f.Input = excerptOf(c.String("input").At(i), c.Int64("input_bytes")[i])
			if c.String("expected").Index[i] >= 0 {
				f.Expected = excerptOf(c.String("expected").At(i), c.Int64("expected_bytes")[i])
			}
			if c.String("got").Index[i] >= 0 {
				f.Got = excerptOf(c.String("got").At(i), c.Int64("got_bytes")[i])
			}
			r.failures[of] = append(r.failures[of], f)
		}
		return nil
	})
	// any order: sorted below
	for _, n := range counts {
		r.cases = append(r.cases, *n)
	}
	slices.SortFunc(r.cases, func(a, b caseCount) int {
		return cmp.Or(strings.Compare(a.spec, b.spec), strings.Compare(a.style, b.style), strings.Compare(a.kind, b.kind), strings.Compare(a.verdict, b.verdict))
	})
	return err
}

func (r *Run) readComponents(run *datasets.Run) error {
	type key struct{ kind, name, version, license, supplier string }
	counts := map[key]int{}
	columns := []string{"type", "name", "version", "license", "supplier"}
	// The candidates themselves are components of kind application, each under the name
	// of its spec: they are counted without their versions, which are their ids.
	err := datasets.SBOMs.ScanRun(run, columns, func(c *datasets.Columns) error {
		kinds, names, versions, licenses, suppliers := c.String("type"), c.String("name"), c.String("version"), c.String("license"), c.String("supplier")
		for i := range c.Rows {
			k := key{kinds.At(i), names.At(i), versions.At(i), licenses.At(i), suppliers.At(i)}
			if k.kind == "application" {
				k.version = ""
			}
			counts[k]++
		}
		return nil
	})
	// any order: sorted below
	for k, n := range counts {
		r.components = append(r.components, component{k.kind, k.name, k.version, k.license, k.supplier, n})
	}
	slices.SortFunc(r.components, func(a, b component) int {
		return cmp.Or(strings.Compare(a.kind, b.kind), -cmp.Compare(a.candidates, b.candidates), strings.Compare(a.name, b.name), strings.Compare(a.version, b.version), strings.Compare(a.license, b.license), strings.Compare(a.supplier, b.supplier))
	})
	return err
}

// excerpt is the beginning of bytes, as text.
type excerpt struct {
	Text string
	More int64 // bytes that are not shown
	Set  bool
}

// excerptBytes is how much of an input or output the page shows.
const excerptBytes = 240

// excerptOf quotes what was recorded of so many bytes, as Go does: a reader sees every
// space and every byte that is no text.
func excerptOf(recorded string, full int64) excerpt {
	shown := recorded[:min(len(recorded), excerptBytes)]
	return excerpt{Text: fmt.Sprintf("%+q", shown), More: full - int64(len(shown)), Set: true}
}
