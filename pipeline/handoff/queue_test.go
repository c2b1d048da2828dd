package handoff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var ctx = context.Background()

// clock is one that only moves when it is told to. It begins when files that are
// written now have settled.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now().Add(time.Hour)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func open(t *testing.T, dir string, opt Options) *Queue {
	t.Helper()
	if opt.Now == nil {
		opt.Now = newClock().Now
	}
	q, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.self.Close() })
	return q
}

// die ends a Queue as SIGKILL would: its locks are gone, and nothing else.
func (q *Queue) die() { q.self.Close() }

func put(t *testing.T, dir string, epoch int) string {
	t.Helper()
	h := example()
	h.Epoch = epoch
	if _, _, err := Put(dir, h); err != nil {
		t.Fatal(err)
	}
	return ID(h.Seed, h.Epoch, h.CandidateID)
}

func write(t *testing.T, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func claimOne(t *testing.T, q *Queue) *Job {
	t.Helper()
	if err := q.TakeBack(ctx); err != nil {
		t.Fatal(err)
	}
	job, err := q.Claim(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if job == nil {
		t.Fatal("nothing can be claimed")
	}
	return job
}

func noClaim(t *testing.T, q *Queue) {
	t.Helper()
	if err := q.TakeBack(ctx); err != nil {
		t.Fatal(err)
	}
	if job, err := q.Claim(ctx); job != nil || err != nil {
		t.Fatalf("claimed %+v, %v; want nothing", job, err)
	}
}

func marker(t *testing.T, dir, name string) Marker {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, ProcessedDir, name))
	if err != nil {
		t.Fatal(err)
	}
	var m Marker
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, data)
	}
	return m
}

// names lists the files of a folder, but for those being written.
func names(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		if f.Name()[0] != '.' {
			out = append(out, f.Name())
		}
	}
	return out
}

func TestLifeOfAJob(t *testing.T) {
	dir := t.TempDir()
	id := put(t, dir, 3)
	c := newClock()
	q := open(t, dir, Options{Now: c.Now})
	job := claimOne(t, q)
	if job.ID != id || job.Attempt != 1 || job.Old || job.Seed != 7 || *job.ImplStyle != "set" || job.Metrics.Fitness != 0.8 {
		t.Errorf("job %+v", job)
	}
	if got := names(t, filepath.Join(dir, WorkDir)); !slices.Equal(got, []string{FileName(id)}) {
		t.Errorf("claimed, and work holds %v", got)
	}
	noClaim(t, q)
	if _, written, err := Put(dir, job.Handoff); written || err != nil {
		t.Errorf("put again while it is worked on: %v, %v", written, err)
	}
	if err := q.Renew(job); err != nil {
		t.Error(err)
	}
	if err := q.Finish(job, OutcomeRepaired, "as good as new", strings.Repeat("ab", 32)); err != nil {
		t.Fatal(err)
	}
	m := marker(t, dir, id+OK)
	if m.ID != id || m.Outcome != OutcomeRepaired || m.Reason != "as good as new" || m.Attempts != 1 ||
		*m.ChallengerID != strings.Repeat("ab", 32) || !m.Finished.Equal(c.Now().Truncate(time.Second)) {
		t.Errorf("marker %+v", m)
	}
	var back Handoff
	if err := json.Unmarshal(m.Handoff, &back); err != nil || back.ID != id || back.BundleDir != "bundles/<x>" {
		t.Errorf("the marker's handoff: %+v, %v", back, err)
	}
	for _, d := range []string{NewDir, WorkDir, q.claims(), PoisonDir} {
		if got := names(t, q.at(d)); len(got) != 0 {
			t.Errorf("done, and %s holds %v", d, got)
		}
	}
	for what, err := range map[string]error{
		"finish": q.Finish(job, OutcomeNotRepaired, "", ""), "renew": q.Renew(job), "release": q.Release(job),
	} {
		if !errors.Is(err, ErrLost) {
			t.Errorf("%s after the end: %v", what, err)
		}
	}
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	if got := names(t, q.at(q.watchers())); len(got) != 0 {
		t.Errorf("closed, and it left %v", got)
	}
}

func TestEndings(t *testing.T) {
	for outcome, ending := range map[string]string{
		OutcomeRepaired: OK, OutcomeNothingToRepair: OK,
		OutcomeNotRepaired: Fail, OutcomeBudgetExhausted: Fail, OutcomeNotAttempted: Fail, OutcomeError: Fail,
	} {
		dir := t.TempDir()
		id := put(t, dir, 0)
		q := open(t, dir, Options{})
		if err := q.Finish(claimOne(t, q), outcome, "so", ""); err != nil {
			t.Fatal(err)
		}
		if m := marker(t, dir, id+ending); m.Outcome != outcome || m.ChallengerID != nil {
			t.Errorf("%s: %+v", outcome, m)
		}
	}
}

// Files that other programs drop: the old form, in the queue's own folder, under any name.
func TestOldForm(t *testing.T) {
	const old = `{"ts": "2024-05-01T10:00:00.5", "source": "other", "spec_path": "/s/text_deduplicate", "bundle_dir": "/b/1",
		"epoch": 4, "impl_style": null, "reason": "toolgen_incorrect", "metrics": {"correctness": 1, "fitness": 0.5, "more": 1}, "host": "x"}`
	dir := t.TempDir()
	q := open(t, dir, Options{})
	write(t, filepath.Join(dir, "handoff_17.json"), old)
	write(t, filepath.Join(dir, "notes.txt"), "not for the queue")
	job := claimOne(t, q)
	if !job.Old || !hexDigest.MatchString(job.ID) || job.SpecPath != "/s/text_deduplicate" || job.Epoch != 4 || job.ImplStyle != nil || job.Metrics.Correctness != 1 {
		t.Errorf("job %+v", job)
	}
	if want := time.Date(2024, 5, 1, 10, 0, 0, 5e8, time.UTC); !job.TS.Equal(want) {
		t.Errorf("ts %v, want %v", job.TS, want)
	}
	// The same file again, under another name, while it is worked on and when it is done.
	write(t, filepath.Join(dir, NewDir, "again once more.json"), old)
	noClaim(t, q)
	if err := q.Finish(job, OutcomeNotRepaired, "no", ""); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "again.json"), old)
	noClaim(t, q)
	if got := slices.Concat(names(t, filepath.Join(dir, NewDir)), names(t, filepath.Join(dir, PoisonDir))); len(got) != 0 {
		t.Errorf("left over: %v", got)
	}
	if m := marker(t, dir, job.ID+Fail); !strings.Contains(string(m.Handoff), `"host"`) {
		t.Errorf("a key of somebody else's is lost: %s", m.Handoff)
	}
	if job.Seed != 1 {
		t.Errorf("no seed is said, and it is %d", job.Seed)
	}
	// Another file is another job, of the seed that it says.
	write(t, filepath.Join(dir, "other.json"), strings.Replace(old, `"/b/1"`, `"/b/2", "seed": 9007199254740991`, 1))
	if other := claimOne(t, q); other.ID == job.ID || !other.Old || other.Seed != 1<<53-1 {
		t.Errorf("the other file: %+v", other)
	}
	if got := names(t, dir); !slices.Contains(got, "notes.txt") {
		t.Error("a file that is not for the queue is gone")
	}
}

func TestOldestFirst(t *testing.T) {
	dir := t.TempDir()
	want := map[int]string{}
	for i, epoch := range []int{2, 0, 1} {
		id := put(t, dir, epoch)
		at := time.Unix(int64(1_000_000+epoch), 0)
		if err := os.Chtimes(filepath.Join(dir, NewDir, FileName(id)), at, at); err != nil {
			t.Fatal(i, err)
		}
		want[epoch] = id
	}
	q := open(t, dir, Options{})
	for epoch := range 3 {
		if job := claimOne(t, q); job.ID != want[epoch] {
			t.Errorf("claim %d: epoch %d", epoch, job.Epoch)
		}
	}
}

func TestRetriesAreBounded(t *testing.T) {
	dir := t.TempDir()
	id := put(t, dir, 0)
	c := newClock()
	opt := Options{Now: c.Now, Attempts: 4, Backoff: time.Minute}
	q := open(t, dir, opt)
	// Waits: 1 and 2 minutes; the third attempt ends with its claimer; a release counts not.
	for attempt, wait := range []time.Duration{time.Minute, 2 * time.Minute} {
		job := claimOne(t, q)
		if job.Attempt != attempt+1 {
			t.Errorf("attempt %d, want %d", job.Attempt, attempt+1)
		}
		if gaveUp, err := q.Retry(job, "disk full"); gaveUp || err != nil {
			t.Fatal(gaveUp, err)
		}
		c.pass(wait - time.Second)
		noClaim(t, q)
		if at, ok := q.Next(); !ok || !at.Equal(c.Now().Add(time.Second)) {
			t.Errorf("next at %v, %t; it is %v", at, ok, c.Now())
		}
		c.pass(time.Second)
	}
	for range 5 {
		job := claimOne(t, q)
		if job.Attempt != 3 {
			t.Fatalf("attempt %d, want 3", job.Attempt)
		}
		if err := q.Release(job); err != nil {
			t.Fatal(err)
		}
	}
	claimOne(t, q)
	q.die()
	q = open(t, dir, opt)
	noClaim(t, q) // taken back, with a wait
	c.pass(4 * time.Minute)
	job := claimOne(t, q)
	if job.Attempt != 4 {
		t.Fatalf("attempt %d, want 4", job.Attempt)
	}
	if gaveUp, err := q.Retry(job, "disk still full"); !gaveUp || err != nil {
		t.Fatal(gaveUp, err)
	}
	m := marker(t, dir, id+Fail)
	if m.Outcome != OutcomeError || m.Attempts != 4 || !strings.Contains(m.Reason, "after 4 attempts; the last error: disk still full") {
		t.Errorf("marker %+v", m)
	}
	noClaim(t, q)
}

// A job that takes its watcher down with it every time fails in the end.
func TestDeadlyJob(t *testing.T) {
	dir := t.TempDir()
	id := put(t, dir, 0)
	var events []string
	opt := Options{Now: newClock().Now, Observe: func(e Event) { events = append(events, e.Kind) }}
	for attempt := 1; attempt <= 3; attempt++ {
		q := open(t, dir, opt)
		if job := claimOne(t, q); job.Attempt != attempt {
			t.Errorf("attempt %d, want %d", job.Attempt, attempt)
		}
		q.die()
	}
	noClaim(t, open(t, dir, opt))
	if m := marker(t, dir, id+Fail); m.Outcome != OutcomeError || m.Attempts != 3 || !strings.Contains(m.Reason, "killed") {
		t.Errorf("marker %+v", m)
	}
	if want := []string{EventTakenBack, EventTakenBack, EventGivenUp}; !slices.Equal(events, want) {
		t.Errorf("events %v, want %v", events, want)
	}
}

func TestLeases(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, 0)
	c := newClock()
	opt := Options{Now: c.Now, Lease: time.Minute}
	slow, other := open(t, dir, opt), open(t, dir, opt)
	job := claimOne(t, slow)
	for range 3 { // renewed, it stays
		c.pass(59 * time.Second)
		noClaim(t, other)
		if err := slow.Renew(job); err != nil {
			t.Fatal(err)
		}
	}
	c.pass(time.Minute)
	again := claimOne(t, other)
	if again.ID != job.ID || again.Attempt != 2 {
		t.Errorf("taken back: %+v", again)
	}
	// The slow one comes too late, with whatever it wants.
	gaveUp, err := slow.Retry(job, "x")
	for what, err := range map[string]error{
		"retry": err, "renew": slow.Renew(job), "release": slow.Release(job), "finish": slow.Finish(job, OutcomeRepaired, "", ""),
	} {
		if !errors.Is(err, ErrLost) || gaveUp {
			t.Errorf("%s: %v, %t", what, err, gaveUp)
		}
	}
	if err := other.Finish(again, OutcomeNotRepaired, "no", ""); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Join(dir, ProcessedDir)); len(got) != 1 {
		t.Errorf("markers %v", got)
	}
}

// A clock that was set back does not make a dead claim live for ever.
func TestClockSetBack(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, 0)
	c := newClock()
	q, other := open(t, dir, Options{Now: c.Now}), open(t, dir, Options{Now: c.Now})
	claimOne(t, q)
	c.pass(-20 * time.Minute)
	claimOne(t, other)
}

// Whatever the number of watchers, a job is claimed once at a time and done once.
func TestManyWatchers(t *testing.T) {
	dir := t.TempDir()
	const jobs, watchers = 60, 4
	for epoch := range jobs {
		put(t, dir, epoch)
	}
	c := newClock()
	var mu sync.Mutex
	held, done := map[string]bool{}, map[string]int{}
	var group sync.WaitGroup
	for w := range watchers {
		q := open(t, dir, Options{Now: c.Now, Attempts: 1000})
		group.Go(func() {
			for n := 0; ; n++ {
				if err := q.TakeBack(ctx); err != nil {
					t.Error(err)
					return
				}
				job, err := q.Claim(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				finished := len(done) == jobs
				if job != nil {
					if held[job.ID] || done[job.ID] > 0 {
						t.Errorf("watcher %d claimed what another has", w)
					}
					held[job.ID] = true
				}
				mu.Unlock()
				if job == nil {
					if finished {
						return
					}
					continue
				}
				mu.Lock()
				held[job.ID] = false
				if n%3 != 0 {
					done[job.ID]++
				}
				mu.Unlock()
				if n%3 == 0 {
					err = q.Release(job)
				} else {
					err = q.Finish(job, OutcomeNotRepaired, fmt.Sprint(w), "")
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got := names(t, filepath.Join(dir, ProcessedDir)); len(got) != jobs {
		t.Errorf("%d markers for %d jobs", len(got), jobs)
	}
}

func TestDamagedClaimRecord(t *testing.T) {
	dir := t.TempDir()
	id := put(t, dir, 0)
	opt := Options{Now: newClock().Now, Attempts: 2}
	q := open(t, dir, opt)
	job := claimOne(t, q)
	write(t, q.claimPath(id), `{"handoff_id": "`)
	if err := q.Finish(job, OutcomeRepaired, "", ""); !errors.Is(err, ErrLost) {
		t.Errorf("finished by a claim that cannot be read: %v", err)
	}
	if again := claimOne(t, q); again.Attempt != 2 {
		t.Errorf("attempt %d, want 2", again.Attempt)
	}
}

func TestLeftoversAreSwept(t *testing.T) {
	dir := t.TempDir()
	id := put(t, dir, 0)
	opt := Options{Now: newClock().Now}
	q := open(t, dir, opt)
	claimOne(t, q)
	q.die()
	if err := os.Remove(filepath.Join(dir, WorkDir, FileName(id))); err != nil { // by hand
		t.Fatal(err)
	}
	other := open(t, dir, opt)
	noClaim(t, other)
	if got := names(t, other.at(other.claims())); len(got) != 0 {
		t.Errorf("claims without a job: %v", got)
	}
	if got := names(t, other.at(other.watchers())); !slices.Equal(got, []string{other.token}) {
		t.Errorf("locks of the dead: %v", got)
	}
}

// What lies in work without being anybody's is looked at like what was dropped.
func TestStrangersInWork(t *testing.T) {
	dir := t.TempDir()
	q := open(t, dir, Options{})
	write(t, filepath.Join(dir, WorkDir, "mine.json"), `{"spec_path": "s", "bundle_dir": "b"}`)
	write(t, filepath.Join(dir, WorkDir, "junk"), `x`)
	if job := claimOne(t, q); job.SpecPath != "s" {
		t.Errorf("job %+v", job)
	}
	noClaim(t, q)
	if got := names(t, filepath.Join(dir, PoisonDir)); !slices.Equal(got, []string{"junk", "junk.reason.json"}) {
		t.Errorf("set aside: %v", got)
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Open(t.TempDir(), Options{}); err == nil {
		t.Error("opened without a clock")
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	if _, err := Open(file, Options{Now: newClock().Now}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a queue that is a file: %v", err)
	}
	dir := t.TempDir()
	q := open(t, dir, Options{})
	if err := os.Symlink("/dev/null", filepath.Join(dir, stateDir, "lock2")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, stateDir, "lock2"), filepath.Join(dir, stateDir, "lock")); err != nil {
		t.Fatal(err)
	}
	if err := q.TakeBack(ctx); err == nil {
		t.Error("a lock that is a link was followed")
	}
}

func TestClaimEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, 0)
	q := open(t, dir, Options{})
	stopped, stop := context.WithCancel(ctx)
	err := q.locked(ctx, func() error { // another's move that does not end
		stop()
		_, err := q.Claim(stopped)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
