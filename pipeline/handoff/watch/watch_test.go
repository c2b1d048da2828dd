package watch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"toolgen/pipeline/handoff"
)

// lab answers attempts by a function.
type lab func(ctx context.Context, job *handoff.Job) (Result, error)

func (l lab) Attempt(ctx context.Context, job *handoff.Job) (Result, error) { return l(ctx, job) }

var _ Attempter = lab(nil)

func put(t *testing.T, queue string, epoch int) string {
	t.Helper()
	id, err := putJob(queue, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func putJob(queue string, epoch int) (string, error) {
	candidate := strings.Repeat("c0", 32)
	_, _, err := handoff.Put(queue, handoff.Handoff{
		Source: "test", SpecPath: "spec", BundleDir: "bundle", Epoch: epoch, Reason: "toolgen_incorrect", Seed: 1, CandidateID: candidate,
	})
	return handoff.ID(1, epoch, candidate), err
}

func repaired(c string) Result {
	return Result{Outcome: handoff.OutcomeRepaired, Reason: "it passes", Challenger: &handoff.Challenger{
		ID: strings.Repeat(c, 32), Spec: "spec", Metrics: handoff.ChallengerMetrics{Correctness: 1}, Source: []byte("package tool\n"),
	}}
}

func options(queue string) Options {
	return Options{Queue: queue, Once: true, Now: time.Now, Settle: time.Nanosecond, Grace: 10 * time.Second}
}

func once(t *testing.T, opt Options, l lab) Summary {
	t.Helper()
	s, err := Run(context.Background(), opt, l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func markerOf(t *testing.T, queue, id string) handoff.Marker {
	t.Helper()
	var found []string
	for _, ending := range []string{handoff.OK, handoff.Fail} {
		if path := filepath.Join(queue, handoff.ProcessedDir, id+ending); exists(path) {
			found = append(found, path)
		}
	}
	if len(found) != 1 {
		t.Fatalf("job %.8s has the markers %v, want one", id, found)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	var m handoff.Marker
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatalf("%s: %v\n%s", found[0], err, data)
	}
	if filepath.Ext(found[0]) != handoff.Ending(m.Outcome) {
		t.Errorf("%s says %s", found[0], m.Outcome)
	}
	return m
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// lines reads a log, which must be a JSON object a line.
func lines(t *testing.T, path string) []Record {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		if os.IsNotExist(err) {
			return nil
		}
		t.Fatal(err)
	}
	defer f.Close()
	var out []Record
	for s := bufio.NewScanner(f); s.Scan(); {
		var r Record
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Errorf("%s: %v: %s", path, err, s.Bytes())
		}
		out = append(out, r)
	}
	return out
}

func TestOutcomes(t *testing.T) {
	queue := t.TempDir()
	answers := map[string]func(ctx context.Context, attempt int) (Result, error){
		put(t, queue, 0): func(context.Context, int) (Result, error) { return repaired("ab"), nil },
		put(t, queue, 1): func(context.Context, int) (Result, error) {
			return Result{Outcome: handoff.OutcomeNotRepaired, Reason: "no luck"}, nil
		},
		put(t, queue, 2): func(context.Context, int) (Result, error) {
			return Result{Outcome: handoff.OutcomeNothingToRepair}, nil
		},
		put(t, queue, 3): func(ctx context.Context, _ int) (Result, error) { <-ctx.Done(); return Result{}, ctx.Err() },
		put(t, queue, 4): func(context.Context, int) (Result, error) { return Result{}, errors.New("disk full") },
		put(t, queue, 5): func(_ context.Context, attempt int) (Result, error) {
			if attempt == 1 {
				panic("oh")
			}
			return repaired("cd"), nil
		},
		put(t, queue, 6): func(context.Context, int) (Result, error) { return Result{Outcome: "splendid"}, nil },
		put(t, queue, 7): func(context.Context, int) (Result, error) { return Result{Outcome: handoff.OutcomeRepaired}, nil },
	}
	wants := []struct {
		outcome, reason string
		attempts        int
	}{
		{handoff.OutcomeRepaired, "it passes", 1},
		{handoff.OutcomeNotRepaired, "no luck", 1},
		{handoff.OutcomeNothingToRepair, "", 1},
		{handoff.OutcomeBudgetExhausted, "no repair within 300ms", 1},
		{handoff.OutcomeError, "disk full", 2},
		{handoff.OutcomeRepaired, "it passes", 2},
		{handoff.OutcomeError, `"splendid"`, 2},
		{handoff.OutcomeError, "challenger: false", 2},
	}
	if err := os.WriteFile(filepath.Join(queue, "bad.json"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	opt := options(queue)
	opt.Timeout, opt.Attempts = 300*time.Millisecond, 2
	var observed []Record
	opt.Observe = func(r Record) { observed = append(observed, r) }
	s := once(t, opt, func(ctx context.Context, job *handoff.Job) (Result, error) { return answers[job.ID](ctx, job.Attempt) })
	if want := (Summary{Repaired: 2, Fine: 1, Failed: 5, Retried: 4, SetAside: 1}); s != want {
		t.Errorf("summary %+v, want %+v", s, want)
	}
	for epoch, want := range wants {
		m := markerOf(t, queue, handoff.ID(1, epoch, strings.Repeat("c0", 32)))
		if m.Outcome != want.outcome || !strings.Contains(m.Reason, want.reason) || m.Attempts != want.attempts {
			t.Errorf("job %d: %+v, want %+v", epoch, m, want)
		}
	}
	list, err := handoff.ReadChallengers(filepath.Join(queue, "challengers"))
	if err != nil || len(list) != 2 {
		t.Fatalf("challengers %+v, %v", list, err)
	}
	if c := list[0]; c.HandoffID != handoff.ID(1, 0, strings.Repeat("c0", 32)) || c.Lineage != handoff.LineageRepaired || string(c.Source) != "package tool\n" {
		t.Errorf("challenger %+v", c)
	}
	runs := lines(t, filepath.Join(queue, "logs", runsLog))
	counts := map[string]int{}
	for _, r := range runs {
		counts[r.Outcome]++
	}
	if len(runs) != 12 || counts[handoff.OutcomeError] != 7 || counts[handoff.OutcomeRepaired] != 2 {
		t.Errorf("12 attempts were made, 7 ended in errors; runs.log says %v", counts)
	}
	errs := lines(t, filepath.Join(queue, "logs", errorLog))
	if len(errs) != 8 || !slices.ContainsFunc(errs, func(r Record) bool { return r.Event == handoff.EventPoison && r.File == "bad.json" }) ||
		!slices.ContainsFunc(errs, func(r Record) bool { return strings.Contains(r.Reason, "defect: oh") }) {
		t.Errorf("error.log: %+v", errs)
	}
	if len(observed) != 13 {
		t.Errorf("%d records were observed, want 12 attempts and a file set aside", len(observed))
	}
}

// Stopped in the middle of an attempt, the job is as if it had not been begun.
func TestStopReleases(t *testing.T) {
	for name, late := range map[string]Result{"an error": {}, "a hasty no": {Outcome: handoff.OutcomeNotRepaired}} {
		queue := t.TempDir()
		id := put(t, queue, 0)
		ctx, stop := context.WithCancel(context.Background())
		opt := options(queue)
		opt.Once = false
		s, err := Run(ctx, opt, lab(func(ctx context.Context, job *handoff.Job) (Result, error) {
			stop()
			<-ctx.Done()
			if late.Outcome == "" {
				return late, ctx.Err()
			}
			return late, nil
		}))
		if !errors.Is(err, context.Canceled) || s != (Summary{Released: 1}) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if !exists(filepath.Join(queue, handoff.NewDir, handoff.FileName(id))) {
			t.Errorf("%s: the job is not back in new", name)
		}
		s = once(t, options(queue), func(_ context.Context, job *handoff.Job) (Result, error) {
			if job.Attempt != 1 {
				t.Errorf("%s: attempt %d, want 1", name, job.Attempt)
			}
			return repaired("ab"), nil
		})
		if s.Repaired != 1 {
			t.Errorf("%s: then %+v", name, s)
		}
	}
}

// What is repaired when the watcher is stopped is not thrown away.
func TestStopKeepsARepair(t *testing.T) {
	queue := t.TempDir()
	id := put(t, queue, 0)
	ctx, stop := context.WithCancel(context.Background())
	s, err := Run(ctx, options(queue), lab(func(context.Context, *handoff.Job) (Result, error) {
		stop()
		return repaired("ab"), nil
	}))
	if !errors.Is(err, context.Canceled) || s.Repaired != 1 || markerOf(t, queue, id).Outcome != handoff.OutcomeRepaired {
		t.Errorf("%+v, %v", s, err)
	}
}

// Files that appear while a watcher waits are found: by the bell, long before the next
// interval, and without it.
func TestNewFilesAreFound(t *testing.T) {
	for _, interval := range []time.Duration{time.Hour, 10 * time.Millisecond} {
		queue := t.TempDir()
		ctx, stop := context.WithCancel(context.Background())
		opt := options(queue)
		opt.Once, opt.Interval, opt.Settle = false, interval, time.Minute
		done := make(chan string)
		var group sync.WaitGroup
		group.Go(func() {
			Run(ctx, opt, lab(func(_ context.Context, job *handoff.Job) (Result, error) {
				done <- job.SpecPath
				return Result{Outcome: handoff.OutcomeNotRepaired}, nil
			}))
		})
		for n := range 3 {
			put(t, queue, n)
			if got := <-done; got != "spec" {
				t.Errorf("job %d: spec %q", n, got)
			}
		}
		// Dropped as other programs do, in two pieces.
		f, err := os.Create(filepath.Join(queue, "dropped.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`{"spec_path": "other", `, `"bundle_dir": "b"}`} {
			if _, err := f.WriteString(part); err != nil {
				t.Fatal(err)
			}
		}
		f.Close()
		if got := <-done; got != "other" {
			t.Errorf("spec %q", got)
		}
		stop()
		group.Wait()
	}
}

func TestHungAttempt(t *testing.T) {
	queue := t.TempDir()
	put(t, queue, 0)
	opt := options(queue)
	opt.Timeout, opt.Grace = 10*time.Millisecond, 10*time.Millisecond
	free := make(chan struct{})
	_, err := Run(context.Background(), opt, lab(func(context.Context, *handoff.Job) (Result, error) {
		<-free
		return Result{}, nil
	}))
	close(free)
	if !errors.Is(err, ErrHung) {
		t.Errorf("%v", err)
	}
	s := once(t, options(queue), func(_ context.Context, job *handoff.Job) (Result, error) {
		if job.Attempt != 2 {
			t.Errorf("attempt %d, want 2", job.Attempt)
		}
		return Result{Outcome: handoff.OutcomeNotRepaired}, nil
	})
	if s.Failed != 1 {
		t.Errorf("%+v", s)
	}
}

// A challenger that cannot be written is the machine's failure, not the candidate's.
func TestChallengersFolderIsBroken(t *testing.T) {
	queue := t.TempDir()
	id := put(t, queue, 0)
	opt := options(queue)
	opt.Challengers = filepath.Join(queue, "file")
	if err := os.WriteFile(opt.Challengers, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := once(t, opt, func(context.Context, *handoff.Job) (Result, error) { return repaired("ab"), nil })
	if m := markerOf(t, queue, id); s.Retried != 2 || s.Failed != 1 || m.Outcome != handoff.OutcomeError || m.ChallengerID != nil {
		t.Errorf("%+v, %+v", s, m)
	}
}

func TestQueueThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), options(file), nil); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
}

func TestLogs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "x.log")
	line := func(s string) {
		t.Helper()
		if err := appendLine(path, []byte(s+"\n"), 20); err != nil {
			t.Fatal(err)
		}
	}
	line("one")
	if err := os.WriteFile(path, []byte("one\ntw"), 0o644); err != nil { // a crash cut the second line
		t.Fatal(err)
	}
	line("three") // 13 bytes by now
	line("fourfour")
	line("a line that alone is longer than the limit")
	for file, want := range map[string]string{path: "a line that alone is longer than the limit\n", path + ".1": "fourfour\n"} {
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", filepath.Base(file), got, err, want)
		}
	}
	// Two programs at once: no line is lost but by the second rotation, none is cut.
	path = filepath.Join(t.TempDir(), "y.log")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				if err := appendLine(path, []byte("0123456789\n"), 1500); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	// 200 lines of 11 bytes: 136 fill the first log, 64 go into the second.
	for file, want := range map[string]int{path + ".1": 136, path: 64} {
		if got, err := os.ReadFile(file); err != nil || string(got) != strings.Repeat("0123456789\n", want) {
			t.Errorf("%s: %d bytes, %v", filepath.Base(file), len(got), err)
		}
	}
	// A log that is none is neither followed nor waited for.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := appendLine(link, []byte("x\n"), 10); err == nil {
		t.Error("a link was followed")
	}
}
