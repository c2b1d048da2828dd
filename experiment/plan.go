package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"toolgen/datasets"
	"toolgen/experiment/evolve"
	"toolgen/pipeline/agent"
)

// Plan is what a run would do.
type Plan struct {
	RunID       *string     `json:"run_id"` // nil: not known, for it depends on what agents answer
	Name        string      `json:"name"`
	Dir         *string     `json:"dir"` // where the run would go by default; nil as run_id
	Seeds       []int64     `json:"seeds"`
	Epochs      int         `json:"epochs"`
	Evaluations int         `json:"evaluations"` // rows, if no tournament ends early
	Phases      []PlanPhase `json:"phases"`
	Cached      int         `json:"cached_evaluations"` // rows that need no execution, up to where the cache ends
	Complete    bool        `json:"complete"`           // the whole run is in the cache
	Missing     *string     `json:"missing"`            // what the cassette lacks first, as far as the cache goes; nil: nothing
	SetAside    int         `json:"set_aside"`          // candidates that are known to be beyond this machine, and would not play
}

// PlanPhase is a spec's part of a plan.
type PlanPhase struct {
	Spec          string   `json:"spec"`
	Styles        []string `json:"styles"`
	EpochsPlayed  int      `json:"epochs"`
	Slots         int      `json:"slots"` // per epoch, without entrants that left
	FirstBudgetMS float64  `json:"first_timeout_ms"`
	LastBudgetMS  float64  `json:"last_timeout_ms"`
	FirstBytes    int64    `json:"first_memory_bytes"`
	LastBytes     int64    `json:"last_memory_bytes"`
	SuiteCases    int      `json:"suite_cases"` // generated search, validate and holdout cases
}

// Plan says what a run would do, and how much of it the cache answers. To know that
// it walks through the run without executing anything, until the cache has no answer.
func (e *Env) Plan(ctx context.Context, x *Experiment) (*Plan, error) {
	m := x.Manifest
	p := &Plan{Name: m.Name, Seeds: m.Seeds, Epochs: m.Epochs}
	if !x.asks() {
		if err := p.name(e, x); err != nil {
			return nil, err
		}
	}
	for _, s := range x.Specs {
		ph := PlanPhase{Spec: s.ID, Styles: x.styles(s), Slots: m.Population}
		for _, en := range x.entrants {
			if en.spec == s.ID {
				ph.Slots++
			}
		}
		for epoch := range m.Epochs {
			if slices.Contains(evolve.Playing(x.phases, x.specIDs(), epoch), s.ID) {
				b := x.budget(epoch)
				if ph.EpochsPlayed == 0 {
					ph.FirstBudgetMS, ph.FirstBytes = b.TimeoutMS, b.MemoryBytes
				}
				ph.LastBudgetMS, ph.LastBytes = b.TimeoutMS, b.MemoryBytes
				ph.EpochsPlayed++
			}
		}
		z := x.sizes(s).Suite
		ph.SuiteCases = z.Search + z.Validate + z.Holdout
		p.Phases = append(p.Phases, ph)
		for _, en := range x.entrants {
			if en.spec == s.ID && !en.keep {
				p.Evaluations -= max(0, ph.EpochsPlayed-1) * len(m.Seeds)
			}
		}
		p.Evaluations += ph.EpochsPlayed * ph.Slots * len(m.Seeds)
	}
	var deck *agent.Deck
	var out *outcome
	var err error
	s := &settling{found: map[string]SetAside{}}
	for {
		p.Cached = 0
		deck = agent.OpenCassette(x.cassette, x.agents, false)
		out, err = e.execute(ctx, x, executeOptions{believe: true, recall: true, dry: true, deck: deck, commit: func(rows []datasets.Evaluation) { p.Cached += len(rows) }})
		if _, died := errors.AsType[*DiedError](err); !died {
			break
		}
		if err := s.take(err); err != nil {
			return nil, err
		}
		x = x.without(slices.Collect(maps.Keys(s.found)))
	}
	p.SetAside = len(s.found)
	if p.SetAside > 0 && !x.asks() {
		if err := p.name(e, x); err != nil {
			return nil, err
		}
	}
	missing, lacks := errors.AsType[*agent.MissingError](err)
	switch {
	case err == nil:
		p.Complete, p.Evaluations = true, len(out.tables.Evaluations)
		return p, p.name(e, x.settled(deck.Read()))
	case lacks:
		p.Missing = null(missing.Error())
	case !errors.Is(err, errNotCached):
		return nil, agentError(err)
	}
	return p, nil
}

// name fills in what the run would be called.
func (p *Plan) name(e *Env, x *Experiment) error {
	runID, err := x.RunID(e)
	if err != nil {
		return err
	}
	dir := filepath.Join("runs", p.Name+"-"+runID[:8])
	p.RunID, p.Dir = &runID, &dir
	return nil
}

// Listed is a run in a folder of runs.
type Listed struct {
	Dir         string   `json:"dir"`
	Name        string   `json:"name"`
	RunID       string   `json:"run_id"`
	Seeds       []int64  `json:"seeds"`
	Epochs      int      `json:"epochs"`       // played
	BestFitness *float64 `json:"best_fitness"` // final_base_fitness of the best feasible candidate
	State       string   `json:"state"`        // verified, unverified, partial or damaged
	Detail      string   `json:"detail"`       // of a damaged one: what is wrong; of others: who was set aside
}

// List finds the runs below a folder, in the order of their paths. It does not look
// inside of runs.
func List(dir string) ([]Listed, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, &UsageError{Msg: "there is no such folder", Err: err}
	}
	var out []Listed
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return ignoreGone(err)
		}
		run, err := datasets.OpenRun(path)
		if errors.Is(err, datasets.ErrNotRun) {
			return nil
		}
		out = append(out, listed(path, run, err))
		return filepath.SkipDir
	})
	return out, err
}

func listed(path string, run *datasets.Run, err error) Listed {
	l := Listed{Dir: path, Name: filepath.Base(path)}
	if err != nil {
		l.State, l.Detail = "damaged", err.Error()
		return l
	}
	evals, err := run.ReadEvaluations()
	if err != nil {
		l.State, l.Detail = "damaged", err.Error()
		return l
	}
	for i := range evals {
		ev := &evals[i]
		l.Name, l.RunID, l.Epochs = ev.Experiment, ev.RunID, max(l.Epochs, int(ev.Epoch)+1)
		if !slices.Contains(l.Seeds, ev.Seed) {
			l.Seeds = append(l.Seeds, ev.Seed)
		}
	}
	slices.Sort(l.Seeds)
	if run.Partial {
		l.State = "partial"
		return l
	}
	l.State, l.RunID = "unverified", run.Lock.RunID
	if ReadVerified(path, run.Lock.RunID) != nil {
		l.State = "verified"
	}
	if n := len(ReadSetAside(run)); n > 0 {
		l.Detail = fmt.Sprintf("%d set aside", n)
	}
	candidates, err := datasets.Candidates.ReadRun(run)
	if err != nil {
		l.State, l.Detail = "damaged", err.Error()
		return l
	}
	for i := range candidates {
		if c := &candidates[i]; c.FinalFeasible && (l.BestFitness == nil || c.FinalBaseFitness > *l.BestFitness) {
			l.BestFitness = &c.FinalBaseFitness
		}
	}
	return l
}
