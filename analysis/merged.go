package analysis

import (
	"encoding/json"
	"maps"
	"slices"

	"toolgen/datasets"
)

// ReadMerged reads the runs in a folder of merged tables, in the order of their ids.
// A run whose identity the files have is folded with those that differ from it in their
// seeds alone; one without stands for itself and has no Rules. Where there is no table of
// candidates they stand as they did in their latest epoch.
func ReadMerged(m *datasets.Merged) ([]*Run, error) {
	evaluations, err := datasets.Evaluations.ReadMerged(m)
	if err != nil {
		return nil, err
	}
	candidates, err := datasets.Candidates.ReadMerged(m)
	if err != nil {
		return nil, err
	}
	handoffs, err := datasets.Handoffs.ReadMerged(m)
	if err != nil {
		return nil, err
	}
	var out []*Run
	for _, id := range slices.Sorted(maps.Keys(evaluations)) {
		rows := evaluations[id]
		r := &Run{Dir: m.Dir, RunID: id, Group: id, Experiment: rows[0].Experiment, Evaluations: rows, Candidates: candidates[id], Handoffs: handoffs[id]}
		if len(m.Paths(datasets.Candidates.Schema)) == 0 {
			r.Candidates = latest(rows)
		}
		if identity := m.Identity(id); identity != nil {
			var known datasets.Identity
			if err := json.Unmarshal(identity, &known); err != nil || len(known.Manifest) == 0 {
				return nil, &datasets.FileError{File: m.Dir, Kind: datasets.ErrCorrupt, Detail: "the identity of run " + id + " cannot be read"}
			}
			if r.Group, err = known.ExperimentID(); err != nil {
				return nil, err
			}
			if r.Experiment, r.Rules, err = readRules(known.Manifest); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	return out, nil
}
