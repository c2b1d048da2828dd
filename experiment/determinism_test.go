package experiment

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"toolgen/datasets"
)

// small is the shipped determinism manifest: two seeds, three epochs.
var small = LoadOptions{Manifest: "determinism"}

// files reads everything of a run that is deterministic: all but observed/.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name == "observed" {
				return fs.SkipDir
			}
			return nil
		}
		all[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// same compares two runs file by file.
func same(t *testing.T, what, a, b string) {
	t.Helper()
	x, y := files(t, a), files(t, b)
	for name := range x {
		if !bytes.Equal(x[name], y[name]) {
			t.Errorf("%s: %s differs (%d and %d bytes); replay: toolgen run determinism", what, name, len(x[name]), len(y[name]))
		}
	}
	if len(x) != len(y) || len(x) < 20 {
		t.Errorf("%s: %d files and %d", what, len(x), len(y))
	}
}

// TestDeterminism plays one experiment in every way there is and compares all files.
func TestDeterminism(t *testing.T) {
	cold := newEnv(t, EnvOptions{Jobs: 2})
	x := mustLoad(t, small)
	reference, _ := mustRun(t, cold, x)

	t.Run("warm", func(t *testing.T) {
		warm, s := mustRun(t, cold, mustLoad(t, small))
		same(t, "warm cache", reference, warm)
		if s.Cached != s.Executed || s.Executed == 0 {
			t.Errorf("of %d candidates %d came from the cache", s.Executed, s.Cached)
		}
	})
	t.Run("jobs=1", func(t *testing.T) {
		dir, s := mustRun(t, newEnv(t, EnvOptions{Jobs: 1, NoCache: true}), mustLoad(t, small))
		same(t, "one worker, no cache", reference, dir)
		if s.Cached != 0 {
			t.Errorf("%d candidates came from a cache that was not to be read", s.Cached)
		}
	})
	t.Run("jobs=8", func(t *testing.T) {
		dir, _ := mustRun(t, newEnv(t, EnvOptions{Jobs: 8}), mustLoad(t, small))
		same(t, "eight workers, cold cache", reference, dir)
	})
	t.Run("half warm", func(t *testing.T) {
		// Half of the entries are gone, so that batches are cached in part: their
		// composition must not follow from that.
		dir := cold.cache.dir
		rng := rand.New(rand.NewPCG(7, 7))
		entries, err := filepath.Glob(filepath.Join(dir, "content", "*", "*-a"))
		if err != nil || len(entries) < 10 {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		for _, e := range entries {
			if rng.IntN(2) == 0 {
				if err := os.Remove(e); err != nil {
					t.Fatal(err)
				}
			}
		}
		out, s := mustRun(t, cold, mustLoad(t, small))
		same(t, "half of the cache", reference, out)
		if s.Cached == 0 || s.Cached == s.Executed {
			t.Errorf("of %d candidates %d came from the cache, expected some", s.Executed, s.Cached)
		}
	})
	t.Run("corrupt cache", func(t *testing.T) {
		// Every entry is altered in the middle: none may be believed.
		entries, err := filepath.Glob(filepath.Join(cold.cache.dir, "content", "*", "*-d"))
		if err != nil || len(entries) < 10 {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		for _, e := range entries {
			data, err := os.ReadFile(e)
			if err != nil {
				t.Fatal(err)
			}
			if len(data) > 0 {
				data[len(data)/2] ^= 1
			}
			if err := os.WriteFile(e, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		out, s := mustRun(t, cold, mustLoad(t, small))
		same(t, "an altered cache", reference, out)
		if s.Cached != 0 {
			t.Errorf("%d altered measurements were believed", s.Cached)
		}
	})
	t.Run("copied", func(t *testing.T) { copiedRun(t, reference) })
	t.Run("seeds", func(t *testing.T) {
		opt := small
		opt.Seeds = []string{"2"}
		alone, _ := mustRun(t, cold, mustLoad(t, opt))
		both := readEvaluations(t, reference)
		of2 := slices.DeleteFunc(both, func(e datasets.Evaluation) bool { return e.Seed != 2 })
		if d := datasets.Evaluations.Diff(readEvaluations(t, alone), of2); d != nil {
			t.Errorf("seed 2 alone and beside seed 1: %v", d)
		}
		of1 := slices.DeleteFunc(readEvaluations(t, reference), func(e datasets.Evaluation) bool { return e.Seed != 1 })
		for i := range of1 {
			of1[i].Seed = 2
		}
		if datasets.Evaluations.Diff(of1, of2) == nil {
			t.Error("seeds 1 and 2 gave the same rows")
		}
	})
}

func readEvaluations(t *testing.T, dir string) []datasets.Evaluation {
	t.Helper()
	run, err := datasets.OpenRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := datasets.Evaluations.ReadRun(run)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// copiedRun has nothing but a copy of a run folder: no cache, another place.
func copiedRun(t *testing.T, reference string) {
	dir := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(dir, os.DirFS(reference)); err != nil {
		t.Fatal(err)
	}
	env := newEnv(t, EnvOptions{Jobs: 2})
	r, err := OpenRecorded(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := env.Verify(t.Context(), r, VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !v.Verified || v.Cached != 0 {
		t.Errorf("a copied run: %+v", v)
	}
	if ReadVerified(dir, r.Lock.RunID) == nil {
		t.Error("a green verification left no note")
	}
	rows := readEvaluations(t, dir)
	last := &rows[len(rows)-1]
	again, err := env.Replay(t.Context(), r, last.CandidateID[:12], ReplayOptions{Seed: &last.Seed})
	if err != nil {
		t.Fatal(err)
	}
	if !again.Same || !again.Recorded {
		t.Errorf("replay of %s: %+v", last.CandidateID, again)
	}
	cases, err := datasets.Cases.ReadRun(r.Run)
	if err != nil || len(cases) == 0 {
		t.Fatalf("%d failed cases, %v", len(cases), err)
	}
	c := &cases[0]
	one, err := env.Replay(t.Context(), r, c.CandidateID, ReplayOptions{Seed: &c.Seed, Case: c.CaseID, Entropy: &c.Entropy})
	if err != nil {
		t.Fatal(err)
	}
	if !one.Same || !one.Recorded {
		t.Errorf("replay of case %s: %+v", c.CaseID, one)
	}
	// A lock that locks other rows is a difference, and the first one is named.
	altered := *r.Lock
	altered.Tables = map[string]datasets.TableInfo{}
	for name, info := range r.Lock.Tables {
		altered.Tables[name] = info
	}
	rows[3].Fitness += 1e-9
	meta, err := altered.Identity.Meta()
	if err != nil {
		t.Fatal(err)
	}
	info, err := datasets.Evaluations.WriteFile(filepath.Join(dir, "data", "evaluations.parquet"), rows, meta)
	if err != nil {
		t.Fatal(err)
	}
	altered.Tables["evaluations"] = info
	data, err := altered.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, datasets.LockFile), data, 0o666); err != nil {
		t.Fatal(err)
	}
	if r, err = OpenRecorded(dir, nil); err != nil {
		t.Fatal(err)
	}
	v, err = env.Verify(t.Context(), r, VerifyOptions{Believe: true})
	if err != nil {
		t.Fatal(err)
	}
	if v.Verified || !v.Believed || v.Tables[0].Difference == "" {
		t.Errorf("an altered row was not found: %+v", v)
	}
}

// TestDeterminismKilled kills a run three times at random moments, and lets it end
// the fourth time.
func TestDeterminismKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("plays a tournament twice")
	}
	manifest := filepath.Join(t.TempDir(), "tiny.yaml")
	if err := os.WriteFile(manifest, []byte(tiny), 0o666); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	reference, _ := mustRun(t, newEnv(t, EnvOptions{Jobs: 2}), mustLoad(t, LoadOptions{Manifest: manifest}))
	whole := time.Since(start)
	cache, out := newCache(t), filepath.Join(t.TempDir(), "run")
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	killed := 0
	for attempt := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TOOLGEN_TEST_RUN="+out, "TOOLGEN_TEST_CACHE="+cache, "TOOLGEN_TEST_MANIFEST="+manifest)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if attempt < 3 {
			time.Sleep(time.Duration(rng.Int64N(int64(whole))))
			if cmd.Process.Signal(syscall.SIGKILL) == nil {
				killed++
			}
		}
		if err := cmd.Wait(); attempt == 3 && err != nil {
			t.Fatalf("the last run: %v\n%s", err, stderr.Bytes())
		}
	}
	t.Logf("killed %d times, moments from seed %d", killed, seed)
	same(t, fmt.Sprintf("killed at moments from seed %d", seed), reference, out)
	if _, err := os.Stat(out + datasets.PartialSuffix); err == nil {
		t.Error("a partial folder is left beside the run")
	}
}

// killsVariable names a folder in which each of many kills is a file, so that a long test can
// go on where it was interrupted (make torture).
const killsVariable = "TOOLGEN_TEST_KILLS"

// TestProcessesKilled kills one of a run's own processes (gate, go, compiler, guest) at a
// random moment. The run ends as if nothing had happened.
func TestProcessesKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("plays a tournament several times")
	}
	manifest := filepath.Join(t.TempDir(), "tiny.yaml")
	if err := os.WriteFile(manifest, []byte(tiny), 0o666); err != nil {
		t.Fatal(err)
	}
	x := mustLoad(t, LoadOptions{Manifest: manifest})
	start := time.Now()
	reference, _ := mustRun(t, newEnv(t, EnvOptions{Jobs: 2}), x)
	whole := time.Since(start)
	kills, dir := 2, os.Getenv(killsVariable)
	first := uint64(time.Now().UnixNano())
	if dir != "" {
		kills, first = 50, 0
	}
	tally := map[string]int{}
	for i := range kills {
		path := filepath.Join(dir, fmt.Sprintf("kill-%02d.txt", i))
		if kind, err := os.ReadFile(path); dir != "" && err == nil {
			tally[strings.TrimSpace(string(kind))]++
			continue
		}
		seed := first + uint64(i)
		kind := runWithKill(t, x, reference, seed, whole)
		tally[kind]++
		if dir == "" || t.Failed() {
			continue
		}
		if err := os.WriteFile(path, []byte(kind+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("killed, by kind: %v", tally)
}

// runWithKill plays an experiment with a cold cache and kills one of its processes, after a
// time drawn from seed; it returns the kind of process.
func runWithKill(t *testing.T, x *Experiment, reference string, seed uint64, whole time.Duration) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	moment := time.Duration(rng.Int64N(int64(whole)))
	killed := make(chan string, 1)
	over := make(chan struct{})
	time.AfterFunc(moment, func() {
		for { // at that moment, or as soon as there is a process
			if list := ownProcesses(); len(list) > 0 {
				victim := list[rng.IntN(len(list))]
				if syscall.Kill(victim.pid, syscall.SIGKILL) == nil {
					killed <- victim.kind
					return
				}
			}
			select {
			case <-over:
				killed <- "none was left"
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	out, _ := mustRun(t, newEnv(t, EnvOptions{Jobs: 2}), x)
	close(over)
	kind := <-killed
	same(t, fmt.Sprintf("a process (%s) killed after %v, drawn from seed %d", kind, moment, seed), reference, out)
	return kind
}

type ownProcess struct {
	pid  int
	kind string
}

// ownProcesses are the processes that this one has started for jobs.
func ownProcesses() []ownProcess {
	var list []ownProcess
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		stat, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline"))
		name, _, _ := strings.Cut(string(line), "\x00")
		if kind, ok := strings.CutPrefix(name, "toolgen: "); ok {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			list = append(list, ownProcess{pid, kind})
		}
	}
	return list
}

// tiny is a tournament of some seconds.
const tiny = `version: 1
name: tiny
license: MIT
seeds: [1]
epochs: 3
population: 6
specs: [text_deduplicate]
search_space: {impl_style: [set, lsh], anneal_temp: [1.0]}
selection: {survivors: 4, tournament_size: 2}
measure: {samples: 3}
suite: {search: 4, validate: 1, holdout: 1, sizes: [1, 16]}
`
