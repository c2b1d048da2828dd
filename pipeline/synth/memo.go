package synth

import (
	"crypto/sha256"
	"fmt"
	"sync"
)

// memoSize is how many sources a Synthesizer remembers, a few MiB of them.
const memoSize = 1024

// memo remembers what edits led to, since a genome has nearly always the edits of
// its parent and then one or two of its own. It changes how long things take and
// nothing else: a chain of edits has one result.
type memo struct {
	mu      sync.Mutex
	results map[chain]string
	ring    [memoSize]chain // keys in the order in which they came; the oldest goes first
	next    int
}

// chain identifies a source and a list of edits.
type chain [sha256.Size]byte

func chainOf(source string) chain { return sha256.Sum256([]byte(source)) }

func (c chain) then(e Edit) chain {
	return sha256.Sum256(fmt.Appendf(c[:], "%q %q %d %q %d", e.Family, e.Op, e.Site, e.Arg, e.From))
}

func (m *memo) get(c chain) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	src, ok := m.results[c]
	return src, ok
}

func (m *memo) put(c chain, src string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.results[c]; ok {
		return
	}
	if m.results == nil {
		m.results = make(map[chain]string, memoSize)
	}
	delete(m.results, m.ring[m.next])
	m.ring[m.next] = c
	m.next = (m.next + 1) % memoSize
	m.results[c] = src
}
