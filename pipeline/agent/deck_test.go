package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// fake is an agent that counts, and answers something else each time.
type fake struct {
	name  string
	asked atomic.Int64
	err   error
}

func (f *fake) Name() string       { return f.name }
func (f *fake) Identity() Identity { return Identity{Exec: []string{"fake"}} }
func (f *fake) Ask(context.Context, Request) (*Response, error) {
	n := f.asked.Add(1)
	if f.err != nil {
		return nil, f.err
	}
	return &Response{Protocol: Protocol, Source: fmt.Sprintf("package tool // %d", n), Notes: "<&>\u2028", Usage: &Usage{Model: "m", InputTokens: n}}, nil
}

func files(t *testing.T, dir string) string {
	t.Helper()
	all := ""
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all += e.Name() + "\n" + string(data)
	}
	return all
}

func propose(t *testing.T, d *Deck, name string, r Request) (string, error) {
	t.Helper()
	p, err := d.Player(name)
	if err != nil {
		t.Fatal(err)
	}
	source, _, _, err := p.Propose(t.Context(), r)
	return source, err
}

// TestDeck asks once, and answers from then on: in this deck, in a strict one over the
// same folder, in one over the exchanges alone.
func TestDeck(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "cassettes")
	f := &fake{name: "mine"}
	strict := OpenCassette(dir, []Agent{f}, false)
	_, err := propose(t, strict, "mine", request())
	missing, ok := errors.AsType[*MissingError](err)
	if !ok || missing.Agent != "mine" || missing.Task != Repair || missing.Dir != dir {
		t.Fatalf("%v, want that it is missing", err)
	}
	for _, want := range []string{dir, "agent mine", "task repair", "spec upper", missing.Key + ".json", "toolgen run --ask"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: no %q", err, want)
		}
	}
	if _, err := os.Stat(dir); err == nil || f.asked.Load() != 0 || len(strict.Read()) != 0 {
		t.Error("a strict deck makes folders, asks, or reads what is not there")
	}
	asking := OpenCassette(dir, []Agent{f}, true)
	for range 3 {
		if source, err := propose(t, asking, "mine", request()); err != nil || source != "package tool // 1" {
			t.Errorf("%q, %v", source, err)
		}
	}
	other := request()
	other.Seed++
	if source, err := propose(t, asking, "mine", other); err != nil || source != "package tool // 2" {
		t.Errorf("%q, %v", source, err)
	}
	if f.asked.Load() != 2 || asking.Asked() != 2 || len(asking.Read()) != 2 {
		t.Errorf("asked %d times, the deck counts %d and has read %d; want 2", f.asked.Load(), asking.Asked(), len(asking.Read()))
	}
	// Only what was read counts.
	strict = OpenCassette(dir, []Agent{f}, false)
	if source, err := propose(t, strict, "mine", other); err != nil || source != "package tool // 2" {
		t.Errorf("%q, %v", source, err)
	}
	read := strict.Read()
	if len(read) != 1 || read[0].Request.Seed != other.Seed {
		t.Fatalf("%d exchanges were read", len(read))
	}
	closed, err := Replay(read, []Agent{f})
	if err != nil {
		t.Fatal(err)
	}
	if source, err := propose(t, closed, "mine", other); err != nil || source != "package tool // 2" {
		t.Errorf("%q, %v", source, err)
	}
	_, err = propose(t, closed, "mine", request())
	if _, ok := errors.AsType[*MissingError](err); !ok || !strings.Contains(err.Error(), "inputs/cassettes/") {
		t.Error(err)
	}
	if f.asked.Load() != 2 {
		t.Error("somebody asked")
	}
	if _, err := strict.Player("yours"); err == nil {
		t.Error("there is a player of no agent")
	}
}

// TestDeckRecordsFailures: an agent's failure is an answer, an error of the machine is none.
func TestDeckRecordsFailures(t *testing.T) {
	dir := t.TempDir()
	f := &fake{name: "mine", err: &UnreachableError{Agent: "mine", Msg: "it is down"}}
	if _, err := propose(t, OpenCassette(dir, []Agent{f}, true), "mine", request()); !errors.Is(err, f.err) {
		t.Error(err)
	}
	if got := files(t, dir); got != "" {
		t.Errorf("recorded: %s", got)
	}
	f.err = &Failure{Agent: "mine", Kind: Exited, Reason: "its program ended with exit status 3"}
	_, first := propose(t, OpenCassette(dir, []Agent{f}, true), "mine", request())
	_, second := propose(t, OpenCassette(dir, []Agent{f}, false), "mine", request())
	failure, ok := errors.AsType[*Failure](second)
	if !ok || *failure != *f.err.(*Failure) || first.Error() != second.Error() {
		t.Errorf("%v, then %v", first, second)
	}
	if f.asked.Load() != 2 {
		t.Errorf("asked %d times, want 2: once in vain, once with an answer", f.asked.Load())
	}
}

func TestDeckAsksOnceAtATime(t *testing.T) {
	f := &fake{name: "mine"}
	d := OpenCassette(t.TempDir(), []Agent{f}, true)
	var wg sync.WaitGroup
	sources := make([]string, 16)
	for i := range sources {
		wg.Go(func() {
			r := request()
			r.Seed = int64(i % 4)
			sources[i], _ = propose(t, d, "mine", r)
		})
	}
	wg.Wait()
	if f.asked.Load() != 4 || len(d.Read()) != 4 {
		t.Errorf("asked %d times, read %d, want 4", f.asked.Load(), len(d.Read()))
	}
	for i := range sources {
		if sources[i] == "" || sources[i] != sources[i%4] {
			t.Errorf("%d: %q and %q", i, sources[i], sources[i%4])
		}
	}
	keys := []string{}
	for _, e := range d.Read() {
		key, _ := e.Key()
		keys = append(keys, key)
	}
	if !slices.IsSorted(keys) {
		t.Error("what was read is not sorted")
	}
}

// TestDeckBelievesWhoWroteFirst: two processes ask at once, and both go on with the same answer.
func TestDeckBelievesWhoWroteFirst(t *testing.T) {
	dir := t.TempDir()
	f := &fake{name: "mine"}
	late := &racing{fake: f, before: func() {
		other := &fake{name: "mine"}
		other.asked.Store(41)
		if _, err := propose(t, OpenCassette(dir, []Agent{other}, true), "mine", request()); err != nil {
			t.Error(err)
		}
	}}
	if source, err := propose(t, OpenCassette(dir, []Agent{late}, true), "mine", request()); err != nil || source != "package tool // 42" {
		t.Errorf("%q, %v; want the other's answer", source, err)
	}
}

type racing struct {
	*fake
	before func()
}

func (r *racing) Ask(ctx context.Context, q Request) (*Response, error) {
	r.before()
	return r.fake.Ask(ctx, q)
}
