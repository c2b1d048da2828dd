package experiment

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"toolgen/datasets"
	"toolgen/pipeline/isolate"
	"toolgen/pipeline/synth"
)

// doomed is a machine on which sources that hold a text die at a job.
type doomed struct {
	job, text string
	mu        sync.Mutex
	asked     int // how often it was waited for a death
}

func (d *doomed) fate(job, source string) error {
	if job != d.job || !strings.Contains(source, d.text) {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	name := job
	if job == jobCommand {
		name = jobBuild
	}
	return &isolate.DeathError{Job: name, Reason: "killed by a test"}
}

func (d *doomed) waited() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

// doom makes sources that hold a text die on a machine.
func doom(e *Env, job, text string) *doomed {
	d := &doomed{job: job, text: text}
	e.fate = d.fate
	return d
}

// entered is a small tournament with four entrants. One is wrong, and the lab has work.
const entered = `version: 1
name: entered
license: MIT
seeds: [1, 2]
epochs: 2
population: 3
specs: [SPEC]
search_space: {impl_style: [table, wrong], anneal_temp: [1.0]}
selection: {survivors: 3, tournament_size: 1}
repair: {agent: REPAIR, patches: 128}
measure: {samples: 3}
entrants:
  - {name: one, spec: caps, source: one.go, keep: true}
  - {name: two, spec: caps, source: two.go, keep: true}
  - {name: three, spec: caps, source: three.go, keep: true}
  - {name: four, spec: caps, source: four.go, keep: true}
`

// entrantSource is a tool for caps; what is wrong with it is put where EXTRA stands.
func entrantSource(name string) string {
	return strings.NewReplacer("NUMBER%3 != 1 || ", "c != '!' || ", "NUMBER", name, "EXTRA", "").Replace(written)
}

// enter writes the manifest and its entrants.
func enter(t *testing.T, repair string) (manifest string, ids map[string]string) {
	t.Helper()
	dir := t.TempDir()
	spec, err := filepath.Abs("../cmd/toolgen/testdata/tiny/caps")
	if err != nil {
		t.Fatal(err)
	}
	ids = map[string]string{}
	for _, name := range []string{"one", "two", "three", "four"} {
		source := entrantSource(name)
		ids[name] = synth.ID("caps", source)
		if err := os.WriteFile(filepath.Join(dir, name+".go"), []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	manifest = filepath.Join(dir, "entered.yaml")
	text := strings.NewReplacer("SPEC", spec, "REPAIR", repair).Replace(entered)
	if err := os.WriteFile(manifest, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return manifest, ids
}

// withFate opens a machine on which a source dies.
func withFate(t *testing.T, opt EnvOptions, job, text string) (*Env, *doomed) {
	t.Helper()
	env := newEnv(t, opt)
	return env, doom(env, job, text)
}

func asideOf(t *testing.T, dir string) []string {
	t.Helper()
	r, err := OpenRecorded(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.Experiment.asideIDs()
}

// TestSettled plays a tournament in which an entrant dies at its calls, in every way that
// must give the same.
func TestSettled(t *testing.T) {
	manifest, ids := enter(t, "none")
	load := LoadOptions{Manifest: manifest}
	cold, waited := withFate(t, EnvOptions{Jobs: 2}, jobCall, "number two")
	reference, s := mustRun(t, cold, mustLoad(t, load))
	if len(s.SetAside) != 1 || s.SetAside[0].CandidateID != ids["two"] || s.SetAside[0].Label != "two" || s.SetAside[0].Job != jobCall || s.SetAside[0].Reason != "killed by a test" {
		t.Fatalf("%+v", s.SetAside)
	}
	if got := asideOf(t, reference); !slices.Equal(got, []string{ids["two"]}) {
		t.Fatalf("settled with %v", got)
	}
	if source, err := os.ReadFile(filepath.Join(reference, "observed", "set_aside", ids["two"]+".go")); err != nil || string(source) != entrantSource("two") {
		t.Errorf("its source is not beside what it died of: %v", err)
	}
	for _, c := range readCandidates(t, reference) {
		if c.CandidateID == ids["two"] {
			t.Error("it is a candidate of the run all the same")
		}
	}
	if s.Cached != 0 {
		t.Errorf("%d candidates are said to come from the cache, and this run has measured them", s.Cached)
	}
	// Not one row differs from those of a run that never had it.
	left, _ := mustRun(t, newEnv(t, EnvOptions{Jobs: 2}), mustLoad(t, LoadOptions{Manifest: manifest, Sets: []string{`exclude=["` + ids["two"] + `"]`}}))
	if d := datasets.Evaluations.Diff(readEvaluations(t, left), readEvaluations(t, reference)); d != nil {
		t.Errorf("set aside is not like excluded: %v", d)
	}
	t.Run("jobs=1", func(t *testing.T) {
		env, _ := withFate(t, EnvOptions{Jobs: 1, NoCache: true}, jobCall, "number two")
		dir, s := mustRun(t, env, mustLoad(t, load))
		same(t, "one worker, no cache", reference, dir)
		if s.Cached != 0 {
			t.Errorf("%d from a cache that is not there", s.Cached)
		}
	})
	t.Run("jobs=8", func(t *testing.T) {
		env, _ := withFate(t, EnvOptions{Jobs: 8}, jobCall, "number two")
		dir, _ := mustRun(t, env, mustLoad(t, load))
		same(t, "eight workers", reference, dir)
	})
	t.Run("warm", func(t *testing.T) {
		before := waited.waited()
		dir, s := mustRun(t, cold, mustLoad(t, load))
		same(t, "warm cache", reference, dir)
		if waited.waited() != before || s.Cached != s.Executed {
			t.Errorf("a death that the cache knows was waited for again; %d of %d cached", s.Cached, s.Executed)
		}
		again, err := cold.Run(t.Context(), mustLoad(t, load), RunOptions{Out: dir})
		if err != nil || !again.UpToDate || again.RunID != s.RunID || len(again.SetAside) != 1 || again.SetAside[0].Reason == "" {
			t.Errorf("run again: %+v, %v", again, err)
		}
		p, err := cold.Plan(t.Context(), mustLoad(t, load))
		if err != nil || !p.Complete || *p.RunID != s.RunID || p.SetAside != 1 {
			t.Errorf("plan: %+v, %v", p, err)
		}
	})
	t.Run("by its name", func(t *testing.T) {
		t.Chdir(t.TempDir())
		for _, want := range []bool{false, true} {
			s, err := cold.Run(t.Context(), mustLoad(t, load), RunOptions{})
			if err != nil || s.UpToDate != want || s.Dir != filepath.Join("runs", "entered-"+s.RunID[:8]) {
				t.Errorf("%+v, %v", s, err)
			}
		}
		if left, err := os.ReadDir("runs"); err != nil || len(left) != 1 {
			t.Errorf("%v, %v: the rehearsal is still there", left, err)
		}
	})
	t.Run("verified", func(t *testing.T) { verifySettled(t, cold, waited, reference, ids) })
	t.Run("another list", func(t *testing.T) {
		// Nobody dies on a faster machine: it settles no list, and has another run.
		fast, s := mustRun(t, newEnv(t, EnvOptions{Jobs: 2}), mustLoad(t, load))
		if s.SetAside != nil || len(asideOf(t, fast)) != 0 {
			t.Errorf("%+v", s)
		}
		if _, err := os.Stat(filepath.Join(fast, "inputs", asideInput)); err == nil {
			t.Error("an ordinary run has a list of nobody among its inputs")
		}
		// The slow one cannot say anything of it, whatever its cache knows.
		before := waited.waited()
		r, err := OpenRecorded(fast, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = cold.Verify(t.Context(), r, VerifyOptions{Believe: true})
		if _, ok := errors.AsType[*IncomparableError](err); !ok || !strings.Contains(err.Error(), "killed by a test") {
			t.Errorf("verify on the slow machine: %v", err)
		}
		if waited.waited() == before {
			t.Error("verify believes a death that the cache remembers")
		}
		_, err = cold.Replay(t.Context(), r, ids["two"], ReplayOptions{})
		if _, ok := errors.AsType[*IncomparableError](err); !ok {
			t.Errorf("replay on the slow machine: %v", err)
		}
		cold.fate = nil // it was busy, and is not any more: the cache must not say otherwise
		defer func() { cold.fate = waited.fate }()
		if v, err := cold.Verify(t.Context(), r, VerifyOptions{}); err != nil || !v.Verified {
			t.Errorf("%+v, %v", v, err)
		}
	})
	t.Run("killed", func(t *testing.T) { settledKilled(t, manifest, reference) })
}

// verifySettled: a settled run is verified and replayed from a copy, on any machine; what
// its list names is never executed.
func verifySettled(t *testing.T, slow *Env, waited *doomed, reference string, ids map[string]string) {
	dir := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(dir, os.DirFS(reference)); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRecorded(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := waited.waited()
	for _, env := range []*Env{slow, newEnv(t, EnvOptions{Jobs: 2})} {
		v, err := env.Verify(t.Context(), r, VerifyOptions{})
		if err != nil || !v.Verified || v.Cached != 0 {
			t.Errorf("%+v, %v", v, err)
		}
		again, err := env.Replay(t.Context(), r, ids["three"], ReplayOptions{})
		if err != nil || !again.Same {
			t.Errorf("%+v, %v", again, err)
		}
	}
	if waited.waited() != before {
		t.Error("what was set aside was executed")
	}
	if _, err := slow.Replay(t.Context(), r, ids["two"], ReplayOptions{}); err == nil || !strings.Contains(err.Error(), "was set aside") {
		t.Errorf("replay of the one set aside: %v", err)
	}
	list, err := List(filepath.Dir(dir))
	if err != nil || len(list) != 1 || list[0].State != "verified" || list[0].Detail != "1 set aside" {
		t.Errorf("%+v, %v", list, err)
	}
	name := filepath.Join(dir, "inputs", asideInput)
	for what, data := range map[string]string{"another id": strings.Replace(string(encodeAside([]string{ids["two"]})), ids["two"], ids["one"], 1), "gone": ""} { // any order: each writes it anew
		if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenRecorded(dir, nil); err == nil || !strings.Contains(err.Error(), "set aside") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// settledKilled kills a run in which a death takes a while, and starts it again: what died
// before is not waited for again.
func settledKilled(t *testing.T, manifest, reference string) {
	cache, out, log := newCache(t), filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "deaths")
	deaths := func() int {
		data, err := os.ReadFile(log)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return strings.Count(string(data), "\n")
	}
	child := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TOOLGEN_TEST_RUN="+out, "TOOLGEN_TEST_CACHE="+cache, "TOOLGEN_TEST_MANIFEST="+manifest, "TOOLGEN_TEST_DIES=number two", "TOOLGEN_TEST_DEATHS="+log)
		return cmd
	}
	cmd := child()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deaths() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond) // the cache has had time to learn of it
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	before := deaths()
	if data, err := child().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	same(t, "killed and run again", reference, out)
	// Each seed has a death of its own; those before the kill are remembered.
	if all := deaths(); all > 2 || before == 0 {
		t.Errorf("%d deaths before the kill, %d in all, of two seeds: some were waited for twice", before, all)
	}
}

// TestSettledJobs: a candidate dies at each of its jobs, with neighbours in its batch.
func TestSettledJobs(t *testing.T) {
	manifest, ids := enter(t, "none")
	x := mustLoad(t, LoadOptions{Manifest: manifest, Seeds: []string{"1"}})
	var reference string
	for _, job := range []string{jobInspect, jobBuild, jobCall} {
		env, _ := withFate(t, EnvOptions{Jobs: 2, NoCache: job == jobBuild}, job, "number three")
		dir, s := mustRun(t, env, x)
		if len(s.SetAside) != 1 || s.SetAside[0].CandidateID != ids["three"] || s.SetAside[0].Job != job {
			t.Errorf("%s: %+v", job, s.SetAside)
		}
		if reference == "" {
			reference = dir
		} else {
			same(t, job, reference, dir)
		}
	}
	// At the last step, when its command is built, it is not too late either.
	env, _ := withFate(t, EnvOptions{Jobs: 2}, jobCommand, "number")
	if _, s := mustRun(t, env, x); len(s.SetAside) == 0 || s.SetAside[0].Label == "" {
		t.Errorf("%+v", s.SetAside)
	}
}

// TestSettledNobody: of a spec whose candidates all die nothing is left, and that is for
// the user to mend.
func TestSettledNobody(t *testing.T) {
	manifest, _ := enter(t, "none")
	env, _ := withFate(t, EnvOptions{Jobs: 2}, jobCall, "package tool")
	only := strings.NewReplacer("search_space: {impl_style: [table, wrong], anneal_temp: [1.0]}\n", "").Replace(readText(t, manifest))
	dir := filepath.Dir(manifest)
	spec := filepath.Join(dir, "caps")
	if err := os.Mkdir(spec, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{ // any order: each on its own
		"caps/spec.json":   `{"spec_version": 1, "id": "caps", "description": "Write letters as capitals."}`,
		"caps/cases.jsonl": `{"name": "letters", "input": "abz", "output": "ABZ"}` + "\n",
		"entered.yaml":     only,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	x := mustLoad(t, LoadOptions{Manifest: manifest, Sets: []string{"specs=[./caps]"}})
	_, err := env.Run(t.Context(), x, RunOptions{Out: filepath.Join(dir, "run")})
	if _, ok := errors.AsType[*UsageError](err); !ok || !strings.Contains(err.Error(), "spec caps has nobody to play") || !strings.Contains(err.Error(), "4 candidates of this run cannot be measured") {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "run*")); left != nil {
		t.Logf("left: %v", left)
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSettledLab: versions that die in the lab are set aside, too: the searches refuse
// them before they are executed, and what was repaired without them is the run.
func TestSettledLab(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many modules")
	}
	manifest, _ := enter(t, "baseline")
	load := LoadOptions{Manifest: manifest, Seeds: []string{"1"}}
	healthy, _ := mustRun(t, newEnv(t, EnvOptions{Jobs: 2}), mustLoad(t, load))
	repaired := ""
	for _, c := range readCandidates(t, healthy) {
		if c.Origin == datasets.OriginRepair {
			repaired = c.Source
		}
	}
	if repaired == "" {
		t.Fatal("the lab repairs nothing, so that nothing can die of it")
	}
	var reference string
	for _, job := range []string{jobCall, jobBuild} {
		env := newEnv(t, EnvOptions{Jobs: 2, NoCache: job == jobBuild})
		d := &doomed{job: job, text: repaired}
		env.fate = d.fate
		dir, s := mustRun(t, env, mustLoad(t, load))
		if len(s.SetAside) != 1 || s.SetAside[0].CandidateID != synth.ID("caps", repaired) || s.SetAside[0].Origin != datasets.OriginRepair || s.SetAside[0].Job != job {
			t.Fatalf("%s: %+v", job, s.SetAside)
		}
		if reference == "" {
			reference = dir
			before := d.waited()
			again, _ := mustRun(t, env, mustLoad(t, load))
			same(t, "warm", reference, again)
			if d.waited() != before {
				t.Error("a death in the lab was waited for again")
			}
			r, err := OpenRecorded(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if v, err := env.Verify(t.Context(), r, VerifyOptions{}); err != nil || !v.Verified || d.waited() != before {
				t.Errorf("%+v, %v", v, err)
			}
		} else {
			same(t, job, reference, dir)
		}
	}
}

// TestAsideInput: the list has one form, and what is in another is refused.
func TestAsideInput(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	data := encodeAside([]string{a, b})
	if ids, err := decodeAside(data); err != nil || !slices.Equal(ids, []string{a, b}) {
		t.Errorf("%v, %v", ids, err)
	}
	for _, bad := range []string{"", "null", "[]\n", "[\n  \"" + b + "\",\n  \"" + a + "\"\n]\n", strings.TrimSpace(string(data)), string(data) + "\n",
		"[\n  \"" + a + "\",\n  \"" + a + "\"\n]\n", "[\n  \"../x\"\n]\n"} {
		if ids, err := decodeAside([]byte(bad)); err == nil {
			t.Errorf("%q is read as %v", bad, ids)
		}
	}
}

// TestDiedAlone: who is asked about one program has no verdict to give if it dies here, and
// says so; a spec's style is a check that fails.
func TestDiedAlone(t *testing.T) {
	env, _ := withFate(t, EnvOptions{Jobs: 2}, jobCall, "number two")
	spec, err := FindSpec("../cmd/toolgen/testdata/tiny/caps", nil)
	if err != nil {
		t.Fatal(err)
	}
	source := []byte(entrantSource("two"))
	out := filepath.Join(t.TempDir(), "bundle")
	_, err = env.Harness(t.Context(), HarnessOptions{Spec: spec, Out: out, Source: source, Seed: 1})
	if died, ok := errors.AsType[*DiedError](err); !ok || died.Died[0].CandidateID != synth.ID("caps", string(source)) || !strings.Contains(err.Error(), "no verdict") {
		t.Errorf("harness: %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("harness has written a bundle")
	}
	opt := RepairOptions{Spec: spec, Source: source, Seed: 1, Patches: 10}
	_, err = env.Repair(t.Context(), opt)
	if _, ok := errors.AsType[*DiedError](err); !ok {
		t.Errorf("repair: %v", err)
	}
	well := opt
	well.Source = []byte(entrantSource("one"))
	list, err := env.RepairAll(t.Context(), []RepairOptions{opt, well})
	if err != nil || list[0].Died == nil || list[0].Verdict != "" || list[1].Died != nil || list[1].Verdict != datasets.VerdictPass {
		t.Errorf("one program costs the other its answer: %v", err)
	}
	doom(env, jobCall, "package tool")
	checks, err := env.TestSpec(t.Context(), spec, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if style := strings.HasPrefix(c.Check, "style "); style == c.OK || style && !strings.Contains(c.Detail, "killed by a test") {
			t.Errorf("%+v", c)
		}
	}
}
