package experiment

import (
	"sync"
	"time"

	"toolgen/pipeline/build"
)

// phases keeps account of what the wall-clock time of a machine goes into. At any
// moment some workers build, some compile, some execute; the moment is shared out
// equally among them, and it is nobody's when all of them wait for something else.
// The account is observed and decides nothing.
type phases struct {
	mu     sync.Mutex
	active map[build.Phase]int
	spent  map[build.Phase]time.Duration
	since  time.Time // when active last changed
}

// The phases besides those of build.
const (
	executing build.Phase = "execute"
	otherwise build.Phase = "else"
)

func newPhases() *phases {
	return &phases{active: map[build.Phase]int{}, spent: map[build.Phase]time.Duration{}, since: time.Now()}
}

// enter begins a phase in one worker; what it returns ends it.
func (p *phases) enter(phase build.Phase) (done func()) {
	p.change(phase, 1)
	return func() { p.change(phase, -1) }
}

func (p *phases) change(phase build.Phase, by int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle()
	p.active[phase] += by
}

// settle books the time since the last change.
func (p *phases) settle() {
	now := time.Now()
	passed := now.Sub(p.since)
	p.since = now
	workers := 0
	for _, n := range p.active { // any order: a sum of integers
		workers += n
	}
	if workers == 0 {
		p.spent[otherwise] += passed
		return
	}
	for phase, n := range p.active { // any order: each books into its own account
		p.spent[phase] += passed * time.Duration(n) / time.Duration(workers)
	}
}

// account is the time booked so far, in milliseconds.
func (p *phases) account() map[build.Phase]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle()
	out := map[build.Phase]int64{}
	for phase, d := range p.spent { // any order: a map becomes a map
		out[phase] = d.Milliseconds()
	}
	return out
}
