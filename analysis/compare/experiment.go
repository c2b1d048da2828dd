package compare

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"toolgen/analysis"
	"toolgen/datasets"
)

// Experiment is one side of a comparison.
type Experiment struct {
	Name         string            // what the user calls it: a path; not saved
	Experiment   string            // the manifest's name
	ExperimentID string            // of all its runs
	Identity     datasets.Identity // of its runs, with the seeds of all of them
	Points       []Point           // sorted by spec, style, seed
	Timings      []Timing          // sorted by spec, style, seed, candidate; nil unless asked for

	settings settings
}

// Point is what is known of a scope under one seed.
type Point struct {
	Spec        string             `json:"spec"`
	Style       string             `json:"style"` // a style, or an entrant's name; "" is the whole spec
	Seed        int64              `json:"seed"`
	CandidateID *string            `json:"candidate_id"` // the best feasible at the last budget; null: there is none
	Metrics     map[string]float64 `json:"metrics"`      // what is null is not there
	Counts      map[string]Count   `json:"counts"`       // of rates
}

// Count is a rate as it was counted.
type Count struct {
	K int `json:"k"`
	N int `json:"n"`
}

// Timing is the wall-clock time of the timed calls of one feasible candidate.
type Timing struct {
	Spec        string  `json:"spec"`
	Style       string  `json:"style"`
	Seed        int64   `json:"seed"`
	CandidateID string  `json:"candidate_id"`
	Host        string  `json:"host"` // the machine that measured
	Rank        int     `json:"rank"` // among the style's candidates under this seed; 0 is the best
	WallNS      []int64 `json:"wall_ns"`
}

// settings are what a manifest says about scales.
type settings struct {
	fuelPerMS     int64
	lastTimeoutMS float64
	lastMemoryMiB float64
	weights       analysis.Weights
}

// ReadOptions say what of an experiment is read.
type ReadOptions struct {
	Filter  analysis.Filter
	Timings bool // read the wall-clock samples, too
}

// Fold groups runs that differ only in their seeds, in the order in which the first of
// each group stands.
func Fold(runs []*datasets.Run) [][]*datasets.Run {
	var out [][]*datasets.Run
	for _, r := range runs {
		i := slices.IndexFunc(out, func(g []*datasets.Run) bool { return g[0].Lock.ExperimentID == r.Lock.ExperimentID })
		if i < 0 {
			i = len(out)
			out = append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out
}

// Read reads an experiment from its runs, which must be done and differ only in their
// seeds. A seed that several of them hold counts once. Errors are those of datasets.
func Read(name string, runs []*datasets.Run, opt ReadOptions) (*Experiment, error) {
	if len(runs) == 0 {
		return nil, errors.New("compare: an experiment without runs")
	}
	for _, r := range runs {
		if r.Partial {
			return nil, &datasets.FileError{File: r.Dir, Kind: datasets.ErrPartial, Detail: "only runs that are done can be compared"}
		}
		if r.Lock.ExperimentID != runs[0].Lock.ExperimentID {
			return nil, fmt.Errorf("compare: runs of the experiments %.8s and %.8s were taken for one", runs[0].Lock.ExperimentID, r.Lock.ExperimentID)
		}
	}
	x := &Experiment{Name: name, ExperimentID: runs[0].Lock.ExperimentID, Identity: runs[0].Lock.Identity}
	var err error
	if x.settings, err = readSettings(x.Identity.Manifest); err != nil {
		return nil, err
	}
	x.Identity.Seeds = nil
	for _, r := range runs {
		rows, err := analysis.Read(r)
		if err != nil {
			return nil, err
		}
		handoffs, err := datasets.Handoffs.ReadRun(r)
		if err != nil {
			return nil, err
		}
		var samples []datasets.Sample
		if opt.Timings {
			if samples, err = datasets.Samples.ReadRun(r); err != nil {
				return nil, err
			}
		}
		x.Experiment = rows.Experiment
		known := slices.Clone(x.Identity.Seeds)
		fresh := func(seed int64) bool { return !slices.Contains(known, seed) }
		x.take(rows, handoffs, samples, fresh, &opt.Filter)
		for _, seed := range r.Lock.Identity.Seeds {
			if fresh(seed) {
				x.Identity.Seeds = append(x.Identity.Seeds, seed)
			}
		}
	}
	slices.Sort(x.Identity.Seeds)
	x.sort()
	for i := range x.Points {
		if metric, v := x.Points[i].extreme(); metric != "" {
			return nil, &datasets.FileError{File: runs[0].Dir, Kind: datasets.ErrCorrupt, Detail: fmt.Sprintf("%s of %s is %v, which no metric reaches", metric, x.Points[i].Spec, v)}
		}
	}
	return x, nil
}

func (x *Experiment) sort() {
	slices.SortFunc(x.Points, comparePoints)
	slices.SortFunc(x.Timings, func(a, b Timing) int {
		return cmp.Or(strings.Compare(a.Spec, b.Spec), strings.Compare(a.Style, b.Style), cmp.Compare(a.Seed, b.Seed), strings.Compare(a.CandidateID, b.CandidateID))
	})
}

func comparePoints(a, b Point) int {
	return cmp.Or(strings.Compare(a.Spec, b.Spec), strings.Compare(a.Style, b.Style), cmp.Compare(a.Seed, b.Seed))
}

// Seeds are the seeds under which there is anything.
func (x *Experiment) Seeds() []int64 {
	var out []int64
	for i := range x.Points {
		out = append(out, x.Points[i].Seed)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// scope is the points of a spec (style "") or of one of its styles, by seed.
func (x *Experiment) scope(spec, style string) []Point {
	less := func(p Point, _ int) int {
		return cmp.Or(strings.Compare(p.Spec, spec), strings.Compare(p.Style, style))
	}
	from, _ := slices.BinarySearchFunc(x.Points, 0, less)
	to := from
	for to < len(x.Points) && less(x.Points[to], 0) == 0 {
		to++
	}
	return x.Points[from:to]
}

// scopes are the specs and styles that have points, sorted; the spec itself, with style
// "", before its styles.
func (x *Experiment) scopes() [][2]string {
	var out [][2]string
	for i := range x.Points {
		if s := [2]string{x.Points[i].Spec, x.Points[i].Style}; len(out) == 0 || out[len(out)-1] != s {
			out = append(out, s)
		}
	}
	return out
}

// readSettings reads a manifest as it stands in a lock.
func readSettings(manifest json.RawMessage) (settings, error) {
	type span struct {
		From float64 `json:"from"`
		To   float64 `json:"to"`
	}
	var m struct {
		Epochs int `json:"epochs"`
		Budget struct {
			TimeoutMS  span `json:"timeout_ms"`
			MemoryMiB  span `json:"memory_mib"`
			OverEpochs int  `json:"over_epochs"`
		} `json:"budget"`
		Weights   analysis.Weights `json:"fitness_weights"`
		FuelPerMS int64            `json:"fuel_per_ms"`
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return settings{}, &datasets.LockError{Path: "identity.manifest", Problem: err.Error()}
	}
	b := m.Budget
	if m.Epochs < 1 || m.FuelPerMS < 1 || b.TimeoutMS.From <= 0 || b.TimeoutMS.To <= 0 || b.MemoryMiB.From <= 0 || b.MemoryMiB.To <= 0 {
		return settings{}, &datasets.LockError{Path: "identity.manifest", Problem: "it has no epochs, no budget or no fuel_per_ms"}
	}
	last := func(s span) float64 {
		if m.Epochs-1 >= b.OverEpochs {
			return s.To
		}
		return s.From - float64((s.From-s.To)*float64(m.Epochs-1))/float64(b.OverEpochs)
	}
	return settings{fuelPerMS: m.FuelPerMS, weights: m.Weights, lastTimeoutMS: last(b.TimeoutMS), lastMemoryMiB: last(b.MemoryMiB)}, nil
}
