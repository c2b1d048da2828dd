package trial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

var errServed = errors.New("the round is broken")

// play runs searches that ask as often as asks says, with random delays before, and
// returns what the rounds held. A round that is fail is answered by an error; the
// search that is quit ends with one before it has asked at all.
func play(t *testing.T, sd uint64, asks []int, fail, quit int) (rounded [][]string, err error) {
	t.Helper()
	var mu sync.Mutex
	delay := func(who int) func() {
		rng := rand.New(rand.NewPCG(sd, uint64(who)))
		return func() { time.Sleep(time.Duration(rng.IntN(300)) * time.Microsecond) }
	}
	served := delay(len(asks))
	r := &rounds[string, string]{active: len(asks)}
	r.serve = func(ctx context.Context, who []int, requests []string) ([]string, error) {
		served()
		mu.Lock()
		defer mu.Unlock()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(rounded) == fail {
			return nil, errServed
		}
		var answers []string
		for i, q := range requests {
			if want := fmt.Sprintf("%d.", who[i]); q[:len(want)] != want {
				t.Errorf("request %s is said to be of search %d", q, who[i])
			}
			answers = append(answers, "re "+q)
		}
		rounded = append(rounded, append([]string{}, requests...))
		return answers, nil
	}
	g, ctx := errgroup.WithContext(t.Context())
	for who, n := range asks {
		g.Go(func() error {
			defer r.leave()
			wait := delay(who)
			for k := range n {
				wait()
				if who == quit {
					return errors.New("this one has left")
				}
				q := fmt.Sprintf("%d.%d", who, k)
				a, err := r.ask(ctx, who, q)
				if err != nil {
					return err
				}
				if a != "re "+q {
					t.Errorf("%s was answered by %s", q, a)
				}
			}
			return nil
		})
	}
	err = g.Wait()
	if len(r.asked) != 0 || r.active != 0 {
		t.Errorf("%d are still asking, %d are there", len(r.asked), r.active)
	}
	return rounded, err
}

// TestRounds: what a round holds follows from how often each search asks, and never
// from who is quick. Searches leave early, late, and without having asked.
func TestRounds(t *testing.T) {
	want := [][]string{{"0.0", "1.0", "3.0"}, {"0.1", "3.1"}, {"0.2", "3.2"}, {"3.3"}}
	for sd := range uint64(40) {
		got, err := play(t, sd, []int{3, 1, 0, 4}, -1, -1)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("delays of seed %d: %v, rounds %v, want %v", sd, err, got, want)
		}
	}
	if got, err := play(t, 1, nil, -1, -1); err != nil || got != nil {
		t.Errorf("nobody: %v, %v", got, err)
	}
}

// TestRoundsEnd: an error in a round, or of a search, ends everybody.
func TestRoundsEnd(t *testing.T) {
	for sd := range uint64(40) {
		if got, err := play(t, sd, []int{3, 2, 4}, 1, -1); !errors.Is(err, errServed) || len(got) != 1 {
			t.Errorf("delays of seed %d: %v after %d rounds", sd, err, len(got))
		}
		if _, err := play(t, sd, []int{3, 2, 4}, -1, 1); err == nil || err.Error() != "this one has left" {
			t.Errorf("delays of seed %d: %v", sd, err)
		}
	}
	// An answer too few is an error, and no crash.
	r := &rounds[int, int]{active: 1, serve: func(context.Context, []int, []int) ([]int, error) { return nil, nil }}
	if _, err := r.ask(t.Context(), 0, 1); err == nil {
		t.Error("a round that was answered in part")
	}
}
