package experiment

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"toolgen/datasets"
	"toolgen/pipeline/handoff"
	"toolgen/pipeline/synth"
)

// Challengers that a repair lab has left in a folder are arguments of the function, as
// entrants are: they play in their spec's first epoch, beside the population, and what
// the folder holds later has no say.

// challengersInput is where they stand among the inputs of a run.
const challengersInput = "challengers"

// waitingIn reads a folder of challengers. Those of other specs than the experiment's
// are none of its business.
func (x *Experiment) waitingIn(dir string) ([]handoff.Challenger, error) {
	all, err := handoff.ReadChallengers(dir)
	if err != nil {
		return nil, err
	}
	var mine []handoff.Challenger
	for _, c := range all {
		if !slices.Contains(x.specIDs(), c.Spec) {
			continue
		}
		if id := synth.ID(c.Spec, string(c.Source)); id != c.ID {
			return nil, fmt.Errorf("%s: its source is that of candidate %.12s of %s; a challenger's id is the hash of spec and source", filepath.Join(dir, handoff.ChallengerName(c.ID)), id, c.Spec)
		}
		mine = append(mine, c)
	}
	return mine, nil
}

// challengerInputs are the challengers as inputs.
func (x *Experiment) challengerInputs() ([]input, error) {
	var list []input
	for _, c := range x.waiting {
		files, err := c.Files()
		if err != nil {
			return nil, err
		}
		for name, data := range files { // any order: inputs are sorted
			list = append(list, input{path.Join(challengersInput, name), data})
		}
	}
	return list, nil
}

// challengersOf finds the challengers that a lock names among its inputs.
func (r *Recorded) challengersOf(x *Experiment) ([]handoff.Challenger, error) {
	inputs := r.Lock.Identity.Inputs
	named := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if file, ok := strings.CutPrefix(name, challengersInput+"/"); ok {
			if _, err := r.findInput(name, inputs[name]); err != nil {
				return nil, &UsageError{Msg: fmt.Sprintf("a challenger, an input of run %.8s, is not beside the lock", r.Lock.RunID), Err: err}
			}
			named[file] = true
		}
	}
	if len(named) == 0 {
		return nil, nil
	}
	all, err := x.waitingIn(filepath.Join(r.Dir, "inputs", challengersInput))
	if err != nil {
		return nil, &UsageError{Msg: "the run's challengers cannot be read", Err: err}
	}
	return slices.DeleteFunc(all, func(c handoff.Challenger) bool { return !named[handoff.ChallengerName(c.ID)] }), nil
}

// welcome makes contestants of the challengers of a spec.
func (x *Experiment) welcome(st *specState, epoch int) []challenger {
	var list []challenger
	for _, w := range x.waiting {
		if w.Spec != st.spec.ID || x.excluded(w.ID) {
			continue
		}
		c := st.contestants[w.ID]
		if c == nil {
			c = &contestant{
				id: w.ID, spec: st.spec.ID, source: string(w.Source), genome: synth.Genome{Base: string(w.Source)},
				origin: datasets.OriginRepair, parents: w.ParentIDs, firstEpoch: epoch,
			}
			st.contestants[w.ID] = c
		}
		list = append(list, challenger{c: c})
	}
	return list
}
