package experiment

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"toolgen/datasets"
	"toolgen/pipeline/build"
)

// TestRefusedByCompiler: what the gate accepts and the compiler refuses costs itself
// alone, in whatever way it is found out.
func TestRefusedByCompiler(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many modules")
	}
	manifest, ids := enter(t, "none")
	x := mustLoad(t, LoadOptions{Manifest: manifest, Seeds: []string{"1"}})
	refuse := func(units ...string) func(job, source string) error {
		return func(job, source string) error {
			if job != jobBuild || !strings.Contains(source, "number two") && !strings.Contains(source, "number four") {
				return nil
			}
			return &build.BuildError{Units: units, Err: fmt.Errorf("too large")}
		}
	}
	env := newEnv(t, EnvOptions{Jobs: 8})
	env.fate = refuse(ids["two"])
	reference, s := mustRun(t, env, x)
	if s.SetAside != nil {
		t.Fatalf("%+v", s.SetAside)
	}
	again, _ := mustRun(t, env, x)
	same(t, "warm", reference, again)
	other := newEnv(t, EnvOptions{Jobs: 1, NoCache: true})
	other.fate = refuse()
	unnamed, _ := mustRun(t, other, x)
	same(t, "the go command names nobody", reference, unnamed)
	for _, row := range readEvaluations(t, reference) {
		refused := row.CandidateID == ids["two"] || row.CandidateID == ids["four"]
		if refused != (row.Verdict == datasets.VerdictBuildError) || refused != (row.Batch == nil) {
			t.Errorf("slot %d: %s", row.Slot, row.Verdict)
		}
	}
	r, err := OpenRecorded(reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := env.Verify(t.Context(), r, VerifyOptions{}); err != nil || !v.Verified {
		t.Errorf("%+v, %v", v, err)
	}
	for _, name := range []string{"one", "two"} {
		if again, err := env.Replay(t.Context(), r, ids[name], ReplayOptions{}); err != nil || !again.Same || !again.Recorded {
			t.Errorf("replay of %s: %+v, %v", name, again, err)
		}
	}
	// A compiler that dies, or a disk that is full, is no refusal.
	env = newEnv(t, EnvOptions{Jobs: 2})
	env.fate = func(job, source string) error {
		if job == jobBuild && strings.Contains(source, "number two") {
			return errors.New("no space left on device")
		}
		return nil
	}
	if _, err := env.Run(t.Context(), x, RunOptions{Out: filepath.Join(t.TempDir(), "run")}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a full disk became %v", err)
	}
}
