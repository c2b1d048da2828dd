package experiment

import (
	"maps"
	"slices"
	"sync"

	"toolgen/datasets"
	"toolgen/pipeline/synth"
)

// graveyard is where a search in the lab leaves the versions that jobs died of, and what
// the cache knows of those that died in the same search before: so a run that was killed
// does not wait for them again. It is one entry of the cache for a search, since a search
// tries thousands of versions and hardly ever one dies.
type graveyard struct {
	env *Env
	w   *ward
	key string

	mu    sync.Mutex
	known map[string]death    // by version's id, from the cache; more are added as they die
	met   map[string]SetAside // of this search
	err   error               // of the cache
}

func (e *Env) openGraveyard(w *ward) *graveyard {
	g := &graveyard{env: e, w: w, key: e.key("deaths", struct{ Search string }{e.cureKey([]ward{*w})}), met: map[string]SetAside{}}
	if w.recall {
		if known, ok := getJSON[map[string]death](e.store, g.key); ok {
			g.known = *known
		}
	}
	return g
}

// refuses says whether a version must not be executed. One that is known to die is met
// here as if it had died now.
func (g *graveyard) refuses(source string) bool {
	if len(g.w.aside) == 0 && len(g.known) == 0 {
		return false // nearly always, and then nothing need be hashed
	}
	id := synth.ID(g.w.spec.ID, source)
	if g.w.aside[id] {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	d, dies := g.known[id]
	if dies {
		g.meet(id, source, &d)
	}
	return dies
}

// bury takes a version that a job in the lab died of.
func (g *graveyard) bury(source string, err error) {
	g.lay(synth.ID(g.w.spec.ID, source), source, deathOf(err))
}

// lay takes a version that has died, and has the cache remember it.
func (g *graveyard) lay(id, source string, d *death) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.meet(id, source, d)
	if _, known := g.known[id]; known {
		return
	}
	if g.known = maps.Clone(g.known); g.known == nil {
		g.known = map[string]death{}
	}
	g.known[id] = *d
	if err := putJSON(g.env.store, g.key, g.known); err != nil && g.err == nil {
		g.err = err
	}
}

// meet is called with mu held. A version may die in several calls; the first one is told.
func (g *graveyard) meet(id, source string, d *death) {
	if _, met := g.met[id]; met {
		return
	}
	g.met[id] = SetAside{
		CandidateID: id, Spec: g.w.spec.ID, Seed: g.w.suite.Seed, Origin: datasets.OriginRepair,
		Job: d.Job, Case: d.Case, Reason: d.Reason, Source: source,
	}
}

// close returns who has died in the search.
func (g *graveyard) close() ([]SetAside, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Values(g.met)), g.err
}
