package trial

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
)

// rounds makes the requests of several searches that go on side by side into few calls.
// A round begins when every search that is still under way has asked for something, so
// what is served together follows from the searches alone and never from who is quick.
type rounds[Q, A any] struct {
	serve func(ctx context.Context, who []int, requests []Q) ([]A, error)

	mu     sync.Mutex
	active int
	asked  []*asked[Q, A]
}

type asked[Q, A any] struct {
	ctx     context.Context
	who     int
	request Q
	done    chan struct{}
	answer  A
	err     error
}

// ask waits for the round to be served.
func (r *rounds[Q, A]) ask(ctx context.Context, who int, request Q) (A, error) {
	a := &asked[Q, A]{ctx: ctx, who: who, request: request, done: make(chan struct{})}
	r.mu.Lock()
	r.asked = append(r.asked, a)
	r.begin()
	r.mu.Unlock()
	<-a.done
	return a.answer, a.err
}

// leave takes a search out that is over.
func (r *rounds[Q, A]) leave() {
	r.mu.Lock()
	r.active--
	r.begin()
	r.mu.Unlock()
}

// begin serves a round if everybody has asked. It is called with mu held.
func (r *rounds[Q, A]) begin() {
	if len(r.asked) == 0 || len(r.asked) < r.active {
		return
	}
	round := r.asked
	r.asked = nil
	slices.SortFunc(round, func(a, b *asked[Q, A]) int { return cmp.Compare(a.who, b.who) })
	go func() {
		who, requests := make([]int, len(round)), make([]Q, len(round))
		for i, a := range round {
			who[i], requests[i] = a.who, a.request
		}
		answers, err := r.serve(round[0].ctx, who, requests)
		if err == nil && len(answers) != len(round) {
			err = errors.New("trial: a round was answered in part")
		}
		for i, a := range round {
			if a.err = err; err == nil {
				a.answer = answers[i]
			}
			close(a.done)
		}
	}()
}
