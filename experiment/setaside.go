package experiment

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"toolgen/datasets"
	"toolgen/pipeline/evaluate"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/testgen"
)

// A candidate whose job dies (see isolate.DeathError) has shown nothing that a row could
// hold: on another machine it may have ended. So it is no verdict, and no error either. It
// is set aside: the run so far was a rehearsal that has found it, its id becomes an input
// of the experiment, as agents' answers are, and the experiment is computed again from its
// first epoch as if `exclude:` named it. Whoever computes it later has the same list, and
// executes none of them. What died, and of what, is observed.

// Jobs that may die, as isolate.DeathError names them; a test's fate knows jobCommand, too.
const (
	jobInspect = "inspect"
	jobBuild   = "build"
	jobCall    = "call"
	jobCommand = "command"
)

// maxSettlings is how often a run is begun anew because more candidates have died. Each
// time they cost a wall clock or two, and whoever always writes another one that dies
// (a style, an agent) must not keep a run from ending.
const maxSettlings = 100

// death is what a job died of, as a cache keeps it.
type death struct {
	Job    string `json:"job"`
	Case   string `json:"case,omitempty"` // of a call, if it is known
	Reason string `json:"reason"`
}

// deathOf is the death that an error reports; nil if it reports none.
func deathOf(err error) *death {
	died, ok := isolate.Died(err)
	if !ok {
		return nil
	}
	d := &death{Job: died.Job, Reason: died.Reason}
	if on, ok := errors.AsType[*evaluate.CaseError](err); ok {
		d.Case = on.Case
	}
	return d
}

// SetAside is a candidate that cannot be measured on this machine: a job of it died.
type SetAside struct {
	CandidateID string `json:"candidate_id"`
	Spec        string `json:"spec"`
	Seed        int64  `json:"seed"` // the first that met it
	Style       string `json:"style,omitempty"`
	Label       string `json:"label,omitempty"` // of an entrant
	Origin      string `json:"origin"`
	Job         string `json:"job"`            // "inspect", "build", "compile" or "call"
	Case        string `json:"case,omitempty"` // of a call: its name
	Reason      string `json:"reason"`
	Source      string `json:"-"` // in a file of its own
}

func (s *SetAside) String() string {
	what := s.Job
	if what == "" {
		return fmt.Sprintf("candidate %.12s", s.CandidateID) // it was told on another machine
	}
	if s.Case != "" {
		what += " of case " + s.Case
	}
	who := ""
	if s.Label != "" {
		who = " (" + s.Label + ")"
	}
	return fmt.Sprintf("candidate %.12s%s of %s: %s: %s", s.CandidateID, who, s.Spec, what, s.Reason)
}

// setAside is what is to be said of a contestant that died.
func (c *contestant) setAside(seed int64, d *death) SetAside {
	return SetAside{
		CandidateID: c.id, Spec: c.spec, Seed: seed, Style: c.style, Label: c.label, Origin: c.origin,
		Job: d.Job, Case: d.Case, Reason: d.Reason, Source: c.source,
	}
}

// DiedError says that candidates cannot be measured on this machine. A run sets them
// aside; whoever was asked about one of them has no verdict to give (exit 1).
type DiedError struct{ Died []SetAside }

func (e *DiedError) Error() string {
	more := ""
	if n := len(e.Died) - 1; n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	return fmt.Sprintf("cannot be measured on this machine, so there is no verdict: %s%s; the process ended twice without an answer, and a control job succeeded", &e.Died[0], more)
}

// nothingToSay makes a new death on this machine, in computing again what another has
// computed, an *IncomparableError. Other errors it returns as they are.
func nothingToSay(err error) error {
	what := ""
	if died, ok := errors.AsType[*DiedError](err); ok {
		what = died.Died[0].String()
	} else if bad, ok := errors.AsType[*testgen.SpecError](err); ok && bad.Died != nil {
		what = bad.Error()
	} else if d := deathOf(err); d != nil {
		what = err.Error()
	}
	if what == "" {
		return err
	}
	return &IncomparableError{
		What: "the run was made on a machine where this ended, and here it does not: " + what,
		Hint: "try again on a machine that is faster, less busy, or has more memory",
	}
}

// asideInput is where the ids of candidates that are set aside stand among the inputs.
const asideInput = "set_aside.json"

// without is the experiment with candidates set aside, beside those that are already.
func (x *Experiment) without(ids []string) *Experiment {
	y := *x
	y.aside = maps.Clone(x.aside)
	for _, id := range ids {
		if y.aside == nil {
			y.aside = map[string]bool{}
		}
		y.aside[id] = true
	}
	return &y
}

// excluded says whether a candidate must not play: the manifest excludes it, or it is
// set aside.
func (x *Experiment) excluded(id string) bool {
	return x.aside[id] || slices.Contains(x.Manifest.Exclude, id)
}

// asideIDs are the ids of the candidates that are set aside, sorted.
func (x *Experiment) asideIDs() []string { return slices.Sorted(maps.Keys(x.aside)) }

// asideInputs is the list of those that are set aside as an input; there is none if
// nobody is.
func (x *Experiment) asideInputs() []input {
	if len(x.aside) == 0 {
		return nil
	}
	return []input{{asideInput, encodeAside(x.asideIDs())}}
}

// encodeAside writes ids in the one form that there is.
func encodeAside(ids []string) []byte {
	data, err := json.MarshalIndent(ids, "", "  ")
	if err != nil {
		panic(err) // a list of strings
	}
	return append(data, '\n')
}

var candidateID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// decodeAside reads what encodeAside has written, and nothing else.
func decodeAside(data []byte) ([]string, error) {
	var ids []string
	err := json.Unmarshal(data, &ids)
	sound := err == nil && len(ids) > 0
	for i, id := range ids {
		sound = sound && candidateID.MatchString(id) && (i == 0 || ids[i-1] < id)
	}
	if !sound || !bytes.Equal(data, encodeAside(ids)) {
		return nil, fmt.Errorf("inputs/%s is not in the form that toolgen writes: expected a sorted list of candidate ids", asideInput)
	}
	return ids, nil
}

// asideOf finds the list of those that are set aside, if a lock names one.
func (r *Recorded) asideOf() ([]string, error) {
	sum, ok := r.Lock.Identity.Inputs[asideInput]
	if !ok {
		return nil, nil
	}
	data, err := r.findInput(asideInput, sum)
	var ids []string
	if err == nil {
		ids, err = decodeAside(data)
	}
	if err != nil {
		return nil, &UsageError{Msg: fmt.Sprintf("the list of candidates that were set aside, an input of run %.8s, is not beside the lock", r.Lock.RunID), Err: err}
	}
	return ids, nil
}

// settling is how the list of a run comes about.
type settling struct {
	found map[string]SetAside // by id
	times int
	asked int // agents, in all rehearsals
}

// take takes those that have died off an error, so that the experiment can be computed
// without them.
func (s *settling) take(err error) error {
	died, ok := errors.AsType[*DiedError](err)
	if !ok {
		return err
	}
	fresh := false
	for _, d := range died.Died {
		if _, known := s.found[d.CandidateID]; !known {
			s.found[d.CandidateID], fresh = d, true
		}
	}
	if !fresh {
		return fmt.Errorf("they are set aside and executed all the same, a defect of toolgen: %w", err)
	}
	if s.times++; s.times > maxSettlings {
		return &UsageError{Msg: fmt.Sprintf("%d candidates cannot be measured on this machine, and there are always more, the last one %s; leave out what makes them (a style, an entrant, an agent)", len(s.found), &died.Died[0])}
	}
	return nil
}

// list is who was set aside, sorted by id.
func (s *settling) list() []SetAside {
	return sortedAside(slices.Collect(maps.Values(s.found)))
}

// sortedAside are candidates that died, each once and sorted by id: of two seeds that met
// the same one the first.
func sortedAside(list []SetAside) []SetAside {
	slices.SortStableFunc(list, func(a, b SetAside) int {
		return cmp.Or(cmp.Compare(a.CandidateID, b.CandidateID), cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Reason, b.Reason))
	})
	return slices.CompactFunc(list, func(a, b SetAside) bool { return a.CandidateID == b.CandidateID })
}

// asideFile is where a run says what its candidates died of: observed/set_aside.json, with
// the source of each in observed/set_aside.
const asideFile = "set_aside.json"

// writeAside writes what is to be said of those that were set aside.
func (p *partial) writeAside(list []SetAside) error {
	if len(list) == 0 {
		return nil
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	if err := p.write(filepath.Join("observed", asideFile), append(data, '\n')); err != nil {
		return err
	}
	for i := range list {
		if err := p.write(filepath.Join("observed", "set_aside", list[i].CandidateID+".go"), []byte(list[i].Source)); err != nil {
			return err
		}
	}
	return nil
}

// ReadSetAside says who was set aside in a run: the ids are those of its inputs, and what
// they died of is what the run has observed, if that can be read. A run without any, or
// one whose list is damaged, has none.
func ReadSetAside(run *datasets.Run) []SetAside {
	if run.Lock == nil {
		return nil
	}
	r := &Recorded{Dir: run.Dir, Lock: run.Lock}
	ids, err := r.asideOf()
	if err != nil || ids == nil {
		return nil
	}
	observed := map[string]SetAside{}
	var told []SetAside
	if data, err := os.ReadFile(filepath.Join(run.Dir, "observed", asideFile)); err == nil && json.Unmarshal(data, &told) == nil {
		for _, s := range told {
			observed[s.CandidateID] = s
		}
	}
	out := make([]SetAside, len(ids))
	for i, id := range ids {
		out[i] = observed[id]
		out[i].CandidateID = id
	}
	return out
}

// settledIn says whether a folder holds this experiment, settled with some list, intact.
// Such a run is what its lock says on whatever machine it was made, so it is not made again.
func (e *Env) settledIn(x *Experiment, dir string) (*datasets.Run, error) {
	run, err := datasets.OpenRun(dir)
	if err != nil || run.Lock == nil {
		return nil, nil // whatever it is, inspectOut has a word for it
	}
	ids, err := (&Recorded{Dir: dir, Lock: run.Lock}).asideOf()
	if err != nil || ids == nil {
		return nil, nil
	}
	runID, err := x.without(ids).RunID(e)
	if err != nil || runID != run.Lock.RunID || run.CheckFiles() != nil {
		return nil, err
	}
	return run, nil
}

// nobodyLeft says that a spec has no candidate to play; nil if that is not what err says.
func (x *Experiment) nobodyLeft(spec, why string) error {
	if n := len(x.aside); n > 0 {
		why += fmt.Sprintf("; %d candidates of this run cannot be measured on this machine and were set aside", n)
	}
	return &UsageError{Msg: fmt.Sprintf("spec %s has nobody to play: %s", spec, why)}
}
