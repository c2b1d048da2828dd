package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Deck plays a cassette. It answers requests from what is recorded and, if it may ask,
// asks the agent for what is not and records that. It remembers which exchanges were
// read: those are what a run depends on.
//
// A Deck is safe for concurrent use. A question that is asked twice at once goes to the
// agent once.
type Deck struct {
	dir    string // "": exchanges come from preset alone
	preset map[string]*Exchange
	ask    bool
	agents map[string]Agent

	mu    sync.Mutex
	cards map[string]*card
	asked int // agents that were asked, by this deck
}

// card is an exchange that somebody wants.
type card struct {
	mu sync.Mutex // held while the exchange is looked for
	e  *Exchange
}

// OpenCassette returns a deck over a folder. If it may not ask, what the folder lacks is
// a *MissingError.
func OpenCassette(dir string, agents []Agent, ask bool) *Deck {
	return newDeck(&Deck{dir: dir, ask: ask}, agents)
}

// Replay returns a deck over exchanges that are known, and never asks.
func Replay(exchanges []*Exchange, agents []Agent) (*Deck, error) {
	d := newDeck(&Deck{preset: map[string]*Exchange{}}, agents)
	for _, e := range exchanges {
		key, err := e.Key()
		if err != nil {
			return nil, err
		}
		d.preset[key] = e
	}
	return d, nil
}

func newDeck(d *Deck, agents []Agent) *Deck {
	d.agents, d.cards = map[string]Agent{}, map[string]*card{}
	for _, a := range agents {
		d.agents[a.Name()] = a
	}
	return d
}

// Names are the names of the agents, sorted.
func (d *Deck) Names() []string { return slices.Sorted(maps.Keys(d.agents)) }

// Player is an agent as a run meets it: through the cassette.
type Player struct {
	deck  *Deck
	agent Agent
}

// Player returns the agent of a name.
func (d *Deck) Player(name string) (*Player, error) {
	a, ok := d.agents[name]
	if !ok {
		return nil, fmt.Errorf("agent: there is no agent %q", name)
	}
	return &Player{d, a}, nil
}

// Name is what the manifest calls the agent.
func (p *Player) Name() string { return p.agent.Name() }

// Propose returns the agent's answer to a request. usage is nil if the agent does not
// say. The error is a *Failure if the agent gave none, which is as good as an answer;
// anything else ends the run: a *MissingError, a *CassetteError, an *UnreachableError,
// or the context's.
func (p *Player) Propose(ctx context.Context, r Request) (source, notes string, usage *Usage, err error) {
	e, err := p.deck.exchange(ctx, p.agent, r)
	if err != nil {
		return "", "", nil, err
	}
	if e.Failure != nil {
		return "", "", nil, e.Failure
	}
	return e.Response.Source, e.Response.Notes, e.Response.Usage, nil
}

func (d *Deck) exchange(ctx context.Context, a Agent, r Request) (*Exchange, error) {
	key, err := Key(a.Name(), a.Identity(), r)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	c := d.cards[key]
	if c == nil {
		c = new(card)
		d.cards[key] = c
	}
	d.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.e == nil {
		e, err := d.find(ctx, a, r, key)
		if err != nil {
			return nil, err
		}
		d.mu.Lock() // Read looks at it
		c.e = e
		d.mu.Unlock()
	}
	return c.e, nil
}

// find looks an exchange up, or asks.
func (d *Deck) find(ctx context.Context, a Agent, r Request, key string) (*Exchange, error) {
	if e := d.preset[key]; e != nil {
		return e, nil
	}
	missing := &MissingError{Agent: a.Name(), Task: r.Task, Spec: r.Spec.ID, Key: key, Dir: d.dir}
	if d.dir == "" {
		return nil, missing
	}
	e, err := readExchange(d.dir, key)
	if err != nil || e != nil {
		return e, err
	}
	if !d.ask {
		return nil, missing
	}
	response, err := a.Ask(ctx, r)
	e = &Exchange{Agent: a.Name(), Identity: a.Identity(), Request: r, Response: response}
	if err != nil {
		failure, ok := errors.AsType[*Failure](err)
		if !ok {
			return nil, err
		}
		e.Response, e.Failure = nil, failure
	}
	d.mu.Lock()
	d.asked++
	d.mu.Unlock()
	// Another process may have asked meanwhile. Whoever wrote first is believed by both.
	if first, err := readExchange(d.dir, key); err == nil && first != nil {
		return first, nil
	}
	if err := writeExchange(d.dir, key, e); err != nil {
		return nil, &UnreachableError{Agent: a.Name(), Msg: "its answer cannot be recorded", Err: err}
	}
	// Read back, so that this run sees what every later one will.
	return readExchange(d.dir, key)
}

// Read returns the exchanges that were read so far, sorted by key.
func (d *Deck) Read() []*Exchange {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []*Exchange
	for _, key := range slices.Sorted(maps.Keys(d.cards)) {
		if e := d.cards[key].e; e != nil {
			out = append(out, e)
		}
	}
	return out
}

// Asked is how often an agent was asked since the deck was opened.
func (d *Deck) Asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}
