package handoff

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"toolgen/seed"
)

// errCrashed is what every step returns once the program is dead.
var errCrashed = errors.New("crashed")

// faultDisk ends the program before its step number crashAt, which counts from 1 and
// is never reached if it is 0. A file that is being created then has got a part of its
// content, or none at all. What is renamed, created and removed is unsafe until its
// folder is synced, folders too.
type faultDisk struct {
	osDisk
	crashAt int
	steps   int
	part    func(n int) int // how much of n bytes is written when it crashes
	unsafe  map[string]bool // folders
	log     []string
}

// lenient are folders whose loss costs nothing: a lock of the dead is swept again.
const lenient = "watchers"

func (d *faultDisk) step(op string, paths ...string) error {
	if d.crashAt > 0 && d.steps+1 >= d.crashAt {
		d.steps = d.crashAt
		return errCrashed
	}
	d.steps++
	d.log = append(d.log, op+" "+strings.Join(paths, " "))
	for _, p := range paths {
		if op != "sync" && op != "mkdir" && filepath.Base(filepath.Dir(p)) != lenient {
			d.unsafe[filepath.Dir(p)] = true
		}
	}
	return nil
}

func (d *faultDisk) mkdir(dir string) error {
	if err := d.step("mkdir", dir); err != nil {
		return err
	}
	for missing := filepath.Clean(dir); ; missing = filepath.Dir(missing) {
		if _, err := os.Lstat(missing); err == nil {
			return d.osDisk.mkdir(dir)
		}
		d.unsafe[filepath.Dir(missing)] = true
	}
}

func (d *faultDisk) create(path string, data []byte) error {
	if err := d.step("create", path); err != nil {
		if d.part != nil {
			if n := d.part(len(data) + 1); n > 0 {
				os.WriteFile(path, data[:n-1], 0o644)
			}
			d.part = nil // once
		}
		return err
	}
	return os.WriteFile(path, data, 0o644) // syncing it would only take time here
}

func (d *faultDisk) rename(from, to string) error {
	if err := d.step("rename", from, to); err != nil {
		return err
	}
	return d.osDisk.rename(from, to)
}

func (d *faultDisk) remove(path string) error {
	if _, err := os.Lstat(path); err != nil {
		return err // it changes nothing
	}
	if err := d.step("remove", path); err != nil {
		return err
	}
	return d.osDisk.remove(path)
}

func (d *faultDisk) sync(dir string) error {
	if err := d.step("sync", dir); err != nil {
		return err
	}
	delete(d.unsafe, filepath.Clean(dir))
	return nil
}

// safe checks that nothing that was promised can be lost by a power cut.
func (d *faultDisk) safe(t *testing.T, after string) {
	t.Helper()
	if len(d.unsafe) > 0 {
		t.Errorf("after %s a power cut may undo moves in %v; the steps:\n%s", after, slices.Sorted(maps.Keys(d.unsafe)), strings.Join(d.log, "\n"))
	}
	d.log = nil
}

// ledger is what the programs of a scenario were promised and told.
type ledger struct {
	begun    map[string]int  // the last attempt that was made and not released, by id
	finished map[string]bool // Finish has returned without an error
}

// work is a program that works on a queue until nothing is left: of each four jobs it
// retries one, releases one and finishes two. It returns at its first error.
func work(t *testing.T, dir string, attempts int, d *faultDisk, c *clock, l *ledger) error {
	q, err := Open(dir, Options{Now: c.Now, Attempts: attempts, disk: d})
	if err != nil {
		return err
	}
	defer q.die()
	d.safe(t, "Open")
	for n := 0; ; n++ {
		if err := q.TakeBack(context.Background()); err != nil {
			return err
		}
		d.safe(t, "TakeBack")
		job, err := q.Claim(context.Background())
		if err != nil || job == nil {
			if err == nil {
				d.safe(t, "Claim")
			}
			return err
		}
		d.safe(t, "Claim")
		if l.finished[job.ID] {
			t.Errorf("job %.8s was finished and is claimed again", job.ID)
		}
		if job.Attempt <= l.begun[job.ID] {
			t.Errorf("job %.8s: attempt %d, though attempt %d was begun", job.ID, job.Attempt, l.begun[job.ID])
		}
		switch n % 4 {
		case 0:
			l.begun[job.ID] = job.Attempt
			if gaveUp, err := q.Retry(job, "again"); err != nil {
				return err
			} else if gaveUp {
				l.finished[job.ID] = true
			}
		case 1:
			if err := q.Release(job); err != nil {
				return err
			}
		default:
			l.begun[job.ID] = job.Attempt
			if err := q.Finish(job, []string{OutcomeRepaired, OutcomeNotRepaired}[n%2], "because", ""); err != nil {
				return err
			}
			l.finished[job.ID] = true
		}
		d.safe(t, "the end of an attempt")
	}
}

// place is Put, but for the time that it takes to be sure.
func place(t *testing.T, dir string, epoch int) string {
	t.Helper()
	h := example()
	h.Epoch = epoch
	data, err := h.encode()
	if err != nil {
		t.Fatal(err)
	}
	id := ID(h.Seed, h.Epoch, h.CandidateID)
	if err := os.MkdirAll(filepath.Join(dir, NewDir), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, NewDir, FileName(id)), string(data))
	return id
}

// memory is a folder for many small files: in memory where there is such a place, since
// these tests end programs and not the machine.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "toolgen-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// furnish fills a queue with a bit of everything, and returns the ids of the jobs.
func furnish(t *testing.T, dir string) []string {
	t.Helper()
	ids := []string{place(t, dir, 0), place(t, dir, 1)}
	old := valid
	write(t, filepath.Join(dir, "old.json"), old)
	write(t, filepath.Join(dir, NewDir, "old again.json"), old)
	h, _, err := Parse([]byte(old))
	if err != nil {
		t.Fatal(err)
	}
	ids = append(ids, h.ID)
	write(t, filepath.Join(dir, "bad.json"), "{")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, NewDir, "link.json")); err != nil {
		t.Fatal(err)
	}
	return ids
}

// settled checks that a queue is done with: each job ended once, all else was set
// aside, and nothing is half written.
func settled(t *testing.T, dir string, ids []string) {
	t.Helper()
	var ended []string
	for _, name := range names(t, filepath.Join(dir, ProcessedDir)) {
		id, _, _ := strings.Cut(name, ".")
		if m := marker(t, dir, name); m.ID != id || m.Outcome == "" || m.Attempts < 1 {
			t.Errorf("marker %s: %+v", name, m)
		}
		ended = append(ended, id)
	}
	slices.Sort(ended)
	want := slices.Sorted(slices.Values(ids))
	if !slices.Equal(ended, want) {
		t.Errorf("%d jobs ended, %v; want each of %v once", len(ended), ended, want)
	}
	for _, d := range []string{NewDir, WorkDir, filepath.Join(stateDir, "claims")} {
		if got := names(t, filepath.Join(dir, d)); len(got) != 0 {
			t.Errorf("%s holds %v", d, got)
		}
	}
	if got, want := names(t, filepath.Join(dir, PoisonDir)), []string{"bad.json", "bad.json.reason.json", "link.json", "link.json.reason.json"}; !slices.Equal(got, want) {
		t.Errorf("set aside: %v, want %v", got, want)
	}
	reasonOf(t, dir, "bad.json")
	reasonOf(t, dir, "link.json")
}

// TestCrashAnywhere ends a program before each of its steps, one run for each, and lets
// another go on; with attempts to spare, and with one alone.
func TestCrashAnywhere(t *testing.T) {
	for _, attempts := range []int{5, 1} {
		base := memory(t)
		c := newClock()
		for step, over := 1, false; !over; step++ {
			dir := filepath.Join(base, fmt.Sprint(step))
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			ids := furnish(t, dir)
			l := &ledger{map[string]int{}, map[string]bool{}}
			rng := seed.Derive(1, "crash", step)
			err := work(t, dir, attempts, &faultDisk{crashAt: step, part: rng.IntN, unsafe: map[string]bool{}}, c, l)
			if err != nil && !errors.Is(err, errCrashed) {
				t.Fatalf("step %d: %v", step, err)
			}
			over = err == nil
			if err := work(t, dir, attempts, &faultDisk{unsafe: map[string]bool{}}, c, l); err != nil {
				t.Fatalf("after a crash at step %d: %v", step, err)
			}
			settled(t, dir, ids)
			if t.Failed() {
				t.Fatalf("it had crashed at step %d, with %d attempts", step, attempts)
			}
			if over && step < 60 {
				t.Errorf("only %d steps", step)
			}
		}
	}
}

// TestCrashesAnywhere lets programs crash one after another at drawn steps.
func TestCrashesAnywhere(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 20
	}
	base := memory(t)
	c := newClock()
	for round := range rounds {
		dir := filepath.Join(base, fmt.Sprint(round))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		ids := furnish(t, dir)
		l := &ledger{map[string]int{}, map[string]bool{}}
		rng := seed.Derive(2, "crash", round)
		crashes := 0
		for ; ; crashes++ {
			d := &faultDisk{part: rng.IntN, unsafe: map[string]bool{}}
			if crashes < 12 {
				d.crashAt = 9 + rng.IntN(40) // nine steps open a queue
			}
			err := work(t, dir, 1+round%5, d, c, l)
			if err == nil {
				break
			}
			if !errors.Is(err, errCrashed) {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		settled(t, dir, ids)
		if t.Failed() {
			t.Fatalf("round %d of seed 2, after %d crashes", round, crashes)
		}
	}
}

// TestPromisesHold ends programs before each of their steps, and lets another do the same
// over. What that one promises holds whatever the first has left half done: it is not
// there to sync what it did any more.
func TestPromisesHold(t *testing.T) {
	base := memory(t)
	for name, f := range map[string]func(dir string, d *faultDisk) error{
		"Put": func(dir string, d *faultDisk) error {
			path, _, err := putBy(d, filepath.Join(dir, "a", "b", "queue"), example())
			if err == nil && path != filepath.Join(dir, "a", "b", "queue", NewDir, FileName(ID(7, 3, strings.Repeat("c0", 32)))) {
				t.Errorf("path %s", path)
			}
			return err
		},
		"WriteChallenger": func(dir string, d *faultDisk) error {
			dir = filepath.Join(dir, "a", "b", "challengers")
			if _, err := writeChallengerBy(d, dir, challenger("ab")); err != nil {
				return err
			}
			list, err := ReadChallengers(dir)
			if err == nil && len(list) != 1 {
				t.Errorf("%d challengers, want 1", len(list))
			}
			return err
		},
		"Open": func(dir string, d *faultDisk) error {
			q, err := Open(filepath.Join(dir, "a", "b", "queue"), Options{Now: newClock().Now, disk: d})
			if err == nil {
				q.die()
			}
			return err
		},
	} {
		for step, over := 1, false; !over; step++ {
			dir := filepath.Join(base, fmt.Sprint(name, step))
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			unsafe := map[string]bool{}
			err := f(dir, &faultDisk{crashAt: step, part: seed.Derive(3, name, step).IntN, unsafe: unsafe})
			if err != nil && !errors.Is(err, errCrashed) {
				t.Fatalf("%s, step %d: %v", name, step, err)
			}
			if over = err == nil; over && step < 8 {
				t.Errorf("%s has only %d steps", name, step)
			}
			d := &faultDisk{unsafe: unsafe}
			if err := f(dir, d); err != nil {
				t.Fatalf("%s, after a crash at step %d: %v", name, step, err)
			}
			d.safe(t, fmt.Sprintf("%s, which had crashed at step %d,", name, step))
		}
	}
}

// Wherever the queue has a handoff already, Put answers that it is safe, so it is.
func TestKnownIsSafe(t *testing.T) {
	id := ID(7, 3, strings.Repeat("c0", 32))
	for _, known := range []string{filepath.Join(NewDir, FileName(id)), filepath.Join(WorkDir, FileName(id)), filepath.Join(ProcessedDir, id+OK), filepath.Join(ProcessedDir, id+Fail)} {
		dir := memory(t)
		folder := filepath.Join(dir, filepath.Dir(known))
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, known), "{}")
		d := &faultDisk{unsafe: map[string]bool{folder: true}}
		if _, written, err := putBy(d, dir, example()); written || err != nil {
			t.Errorf("%s: %t, %v", known, written, err)
		}
		d.safe(t, "Put of what is in "+known)
	}
}

// Files of writers that died stand in nobody's way, nor does what cannot be replaced hang one.
func TestSharedNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for n := range int64(3) {
		write(t, filepath.Join(dir, fmt.Sprintf(".tmp-%d-%d-f", os.Getpid(), shared.Load()+1+n)), "half")
	}
	if err := shareFile(osDisk{}, path, []byte("whole")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "whole" {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "g"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := shareFile(osDisk{}, filepath.Join(dir, "g"), nil); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".tmp-*")); err != nil || len(left) != 3 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A file goes only when what stands for it is safe: its marker, or its copy in work.
func TestNothingGoesBeforeItIsSafe(t *testing.T) {
	for _, c := range []struct{ known, file string }{
		{"processed/ID.ok", "work/handoff_ID.json"}, // a watcher died in the middle of the end
		{"processed/ID.fail", "new/again.json"},
		{"work/handoff_ID.json", "again.json"},
	} {
		dir := memory(t)
		id := oldID(t, valid)
		d := &faultDisk{unsafe: map[string]bool{}}
		q := open(t, dir, Options{disk: d})
		known, file := filepath.Join(dir, strings.Replace(c.known, "ID", id, 1)), filepath.Join(dir, strings.Replace(c.file, "ID", id, 1))
		write(t, known, valid)
		write(t, file, valid)
		d.log = nil
		d.unsafe[filepath.Dir(known)] = true
		var err error
		if filepath.Base(filepath.Dir(file)) == WorkDir {
			err = q.TakeBack(ctx)
		} else {
			_, err = q.Claim(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		synced, removed := slices.Index(d.log, "sync "+filepath.Dir(known)), slices.Index(d.log, "remove "+file)
		if removed < 0 || synced < 0 || synced > removed {
			t.Errorf("%s stands for %s; the steps:\n%s", c.known, c.file, strings.Join(d.log, "\n"))
		}
	}
}

// stubbornDisk syncs none of the folders above the queue.
type stubbornDisk struct {
	osDisk
	queue string
	err   error
}

func (d stubbornDisk) sync(dir string) error {
	if !strings.HasPrefix(dir, d.queue) {
		return &os.PathError{Op: "sync", Path: dir, Err: d.err}
	}
	return d.osDisk.sync(dir)
}

// A folder above the queue that cannot be synced, since it is somebody else's, keeps
// nobody from working; one that fails to be does.
func TestFoldersOfOthers(t *testing.T) {
	for err, fine := range map[error]bool{syscall.EACCES: true, syscall.EINVAL: true, syscall.EIO: false} {
		queue := filepath.Join(t.TempDir(), "queue")
		if _, _, got := putBy(stubbornDisk{queue: queue, err: err}, queue, example()); (got == nil) != fine {
			t.Errorf("%v: %v", err, got)
		}
	}
}
