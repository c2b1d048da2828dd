package watch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"toolgen/pipeline/handoff"
	"toolgen/seed"
)

// tortureVar names the folder that this program, started by TestKilled, is to watch.
const tortureVar = "TOOLGEN_WATCH_TORTURE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(tortureVar); dir != "" {
		victim(dir)
		return
	}
	os.Exit(m.Run())
}

// victim is a watcher that waits to be killed.
func victim(dir string) {
	opt := tortured(dir)
	opt.Once = false
	fmt.Println("ready")
	_, err := Run(context.Background(), opt, lab(fake(dir)))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func tortured(dir string) Options {
	return Options{
		Queue: filepath.Join(dir, "queue"), Interval: 5 * time.Millisecond, Attempts: 10_000, Once: true, Settle: time.Nanosecond, Now: time.Now,
	}
}

// fake is an attempt that takes a few milliseconds and whose outcome follows from the
// job; now and then the machine fails. It leaves a file in violations where two have the
// same job, or a job is attempted that is done.
func fake(dir string) lab {
	return func(_ context.Context, job *handoff.Job) (Result, error) {
		violation := func(what string) {
			os.WriteFile(filepath.Join(dir, "violations", what+job.ID), nil, 0o644)
		}
		// The lock goes when the process does, as the claim.
		busy, err := os.OpenFile(filepath.Join(dir, "busy", job.ID), os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return Result{}, err
		}
		defer busy.Close()
		if err := syscall.Flock(int(busy.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
			violation("twice-at-once-")
		}
		for _, ending := range []string{handoff.OK, handoff.Fail} {
			if exists(filepath.Join(dir, "queue", handoff.ProcessedDir, job.ID+ending)) {
				violation("after-the-end-")
			}
		}
		rng := seed.Derive(3, "fake", job.ID, job.Attempt)
		time.Sleep(time.Duration(rng.IntN(8)) * time.Millisecond)
		if rng.IntN(10) == 0 {
			return Result{}, errors.New("the machine fails")
		}
		return fate(job.ID), nil
	}
}

func fate(id string) Result {
	switch id[0] % 3 {
	case 0:
		r := repaired("00")
		r.Challenger.ID = id
		return r
	case 1:
		return Result{Outcome: handoff.OutcomeNotRepaired, Reason: "no luck"}
	}
	return Result{Outcome: handoff.OutcomeBudgetExhausted}
}

// TestKilled kills watchers at drawn moments, two of them at work, while jobs are put
// and dropped all the time. In the end each job has ended once, and every file is whole.
func TestKilled(t *testing.T) {
	kills, jobs := 200, 400
	if testing.Short() {
		kills, jobs = 30, 60
	}
	dir, err := os.MkdirTemp("/dev/shm", "toolgen-test-") // in memory: processes are killed, not the machine
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, d := range []string{"queue", "busy", "violations"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var group sync.WaitGroup
	var ids []string
	killed := make(chan struct{}, kills)
	group.Go(func() { // jobs come as watchers go, so that there are some until the end
		for n := range jobs {
			id, err := produce(dir, n)
			if err != nil {
				t.Error(err)
				return
			}
			ids = append(ids, id)
			if n%2 == 1 {
				select {
				case <-killed:
				case <-ctx.Done():
				}
			}
		}
	})
	var victims sync.WaitGroup
	for v := range 2 {
		victims.Go(func() {
			rng := seed.Derive(3, "kill", v)
			for range kills / 2 {
				if err := killOne(dir, rng); err != nil {
					t.Error(err)
					return
				}
				select {
				case killed <- struct{}{}:
				default:
				}
			}
		})
	}
	victims.Wait()
	stop()
	group.Wait()
	if t.Failed() {
		return
	}
	waiting, err := handoff.Count(filepath.Join(dir, "queue"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("after %d kills of seed 3: %d of %d jobs done, %d in work", kills, waiting.OK+waiting.Fail, jobs, waiting.Work)
	if waiting.OK+waiting.Fail < kills/10 {
		t.Errorf("the watchers were killed too early to say anything: %+v", waiting)
	}
	once(t, tortured(dir), fake(dir))

	want := map[string]bool{}
	attempts := 0
	for _, id := range ids {
		m := markerOf(t, filepath.Join(dir, "queue"), id)
		if m.Outcome != fate(id).Outcome || (m.ChallengerID != nil) != (m.Outcome == handoff.OutcomeRepaired) {
			t.Errorf("job %.8s: %+v, want %s", id, m, fate(id).Outcome)
		}
		want[id] = m.Outcome == handoff.OutcomeRepaired
		attempts += m.Attempts
	}
	if attempts <= jobs {
		t.Errorf("%d attempts for %d jobs: none was killed", attempts, jobs)
	}
	c, err := handoff.Count(filepath.Join(dir, "queue"))
	if err != nil || c.New+c.Work+c.Poison != 0 || c.OK+c.Fail != jobs || len(want) != jobs {
		t.Errorf("%+v, %v; want %d done and nothing else", c, err, jobs)
	}
	list, err := handoff.ReadChallengers(filepath.Join(dir, "queue", "challengers"))
	if err != nil {
		t.Error(err)
	}
	for _, c := range list {
		if !want[c.ID] || c.HandoffID != c.ID {
			t.Errorf("challenger %.8s of a job that was not repaired", c.ID)
		}
		delete(want, c.ID)
	}
	for id, missing := range want { // any order: each is told
		if missing {
			t.Errorf("job %.8s was repaired and left no challenger", id)
		}
	}
	lines(t, filepath.Join(dir, "queue", "logs", runsLog))
	lines(t, filepath.Join(dir, "queue", "logs", errorLog))
	violations, err := os.ReadDir(filepath.Join(dir, "violations"))
	if err != nil || len(violations) > 0 {
		t.Errorf("%v, %v", violations, err)
	}
	left, err := os.ReadDir(filepath.Join(dir, "queue", "state", "claims"))
	if err != nil || slices.ContainsFunc(left, func(f os.DirEntry) bool { return f.Name()[0] != '.' }) {
		t.Errorf("claims of jobs that are done: %v, %v", left, err)
	}
}

// produce makes the n-th job: put, or dropped by another program, some of them twice.
func produce(dir string, n int) (string, error) {
	queue := filepath.Join(dir, "queue")
	if n%2 == 0 {
		return putJob(queue, n)
	}
	data := []byte(`{"spec_path": "spec", "bundle_dir": "bundle ` + strconv.Itoa(n) + `"}`)
	h, _, err := handoff.Parse(data)
	for copies := range 1 + n%3 {
		tmp, name := filepath.Join(queue, ".dropping"), filepath.Join(queue, fmt.Sprintf("%d-%d.json", n, copies))
		err = errors.Join(err, os.WriteFile(tmp, data, 0o644), os.Rename(tmp, name))
	}
	return h.ID, err
}

// killOne starts a watcher and kills it some time after it has begun.
func killOne(dir string, rng *rand.Rand) error {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), tortureVar+"="+dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, err = bufio.NewReader(out).ReadString('\n')
	time.Sleep(time.Duration(rng.IntN(30_000)) * time.Microsecond)
	err = errors.Join(err, cmd.Process.Kill())
	if wait := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		return fmt.Errorf("a watcher ended by itself: %w\n%s", errors.Join(err, wait), errs.String())
	}
	return err
}
