package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"toolgen/experiment"
	"toolgen/pipeline/handoff"
	"toolgen/pipeline/synth"
)

// fakeLab answers repairs by a function.
type fakeLab func(opt experiment.RepairOptions) (*experiment.Repair, error)

func (f fakeLab) Repair(_ context.Context, opt experiment.RepairOptions) (*experiment.Repair, error) {
	return f(opt)
}

// labJob is a job for the tiny spec, with a bundle that holds a source.
func labJob(t *testing.T, source string) *handoff.Job {
	t.Helper()
	bundle := t.TempDir()
	if err := os.WriteFile(filepath.Join(bundle, "tool.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	style := "table"
	return &handoff.Job{Attempt: 1, Handoff: handoff.Handoff{
		SpecPath: "testdata/tiny/caps", BundleDir: bundle, ImplStyle: &style, Seed: 7, ID: strings.Repeat("1", 64), CandidateID: synth.ID("caps", source),
	}}
}

func TestLabAnswers(t *testing.T) {
	source := "package tool\n"
	id, half := strings.Repeat("ab", 32), 0.5
	repaired := &experiment.Repair{
		Outcome: "repaired", Spec: "caps", CandidateID: strings.Repeat("cd", 32), ChallengerID: &id, Source: []byte("fixed"), HoldoutCorrectness: &half,
		Edits: []experiment.RepairEdit{{Description: "a guard"}, {Description: "a constant"}},
	}
	refused := &experiment.Repair{Outcome: "error", Verdict: "unsafe", Problems: []string{`tool.go:5:2: "os" is not allowed`}}
	var asked experiment.RepairOptions
	for name, c := range map[string]struct {
		repair          *experiment.Repair
		err             error
		outcome, reason string
	}{
		"repaired": {repaired, nil, handoff.OutcomeRepaired, "repaired: a guard; a constant"},
		"not":      {&experiment.Repair{Outcome: "not_repaired"}, nil, handoff.OutcomeNotRepaired, "nothing more to try"},
		"budget":   {&experiment.Repair{Outcome: "budget_exhausted"}, nil, handoff.OutcomeBudgetExhausted, "budget is used up"},
		"nothing":  {&experiment.Repair{Outcome: "nothing_to_repair", Verdict: "pass"}, nil, handoff.OutcomeNothingToRepair, "its verdict is pass"},
		"refused":  {refused, nil, handoff.OutcomeNotAttempted, `"os" is not allowed`},
		"usage":    {nil, &experiment.UsageError{Msg: "the spec is broken"}, handoff.OutcomeNotAttempted, "the spec is broken"},
		"died":     {nil, &experiment.DiedError{Died: []experiment.SetAside{{Job: "call", Reason: "the wall clock"}}}, handoff.OutcomeNotAttempted, "the wall clock"},
		"machine":  {nil, errors.New("disk full"), "", ""},
	} {
		l := &lab{env: fakeLab(func(opt experiment.RepairOptions) (*experiment.Repair, error) { asked = opt; return c.repair, c.err })}
		got, err := l.Attempt(t.Context(), labJob(t, source))
		if (err != nil) != (c.outcome == "") || got.Outcome != c.outcome || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if asked.Spec.ID != "caps" || string(asked.Source) != source || asked.Style != "table" || asked.Seed != 7 {
			t.Errorf("%s: the lab was asked %+v", name, asked)
		}
		if (got.Challenger != nil) != (name == "repaired") {
			t.Errorf("%s: challenger %+v", name, got.Challenger)
		}
		if ch := got.Challenger; ch != nil && (ch.ID != id || ch.Spec != "caps" || ch.ParentIDs[0] != repaired.CandidateID || string(ch.Source) != "fixed" || *ch.Metrics.HoldoutCorrectness != half) {
			t.Errorf("challenger %+v", ch)
		}
	}
	// The old form: what it says counts, the seed too.
	for said, want := range map[string]int64{"": 1, `, "seed": 7`: 7, `, "seed": 0`: 0} {
		job := labJob(t, source)
		h, old, err := handoff.Parse([]byte(`{"spec_path": "testdata/tiny/caps", "bundle_dir": "` + job.BundleDir + `"` + said + `}`))
		if err != nil || !old {
			t.Fatal(old, err)
		}
		l := &lab{env: fakeLab(func(opt experiment.RepairOptions) (*experiment.Repair, error) { asked = opt; return repaired, nil })}
		if _, err := l.Attempt(t.Context(), &handoff.Job{Handoff: h, Old: old, Attempt: 1}); err != nil || asked.Seed != want {
			t.Errorf("%q: seed %d, %v; want %d", said, asked.Seed, err, want)
		}
	}
	// A usage error that comes of stopping in the middle says nothing about the candidate.
	ctx, stop := context.WithCancel(t.Context())
	l := &lab{env: fakeLab(func(experiment.RepairOptions) (*experiment.Repair, error) {
		stop()
		return nil, &experiment.UsageError{Msg: "cut short"}
	})}
	if _, err := l.Attempt(ctx, labJob(t, source)); err == nil {
		t.Error("an attempt that was cut short has an outcome")
	}
}

func TestLabFindsSpecs(t *testing.T) {
	l := &lab{specDirs: []string{"testdata/tiny"}}
	for path, want := range map[string]string{
		"testdata/tiny/caps":           "caps",
		"testdata/tiny/caps/spec.json": "caps",
		"/gone/specs/caps":             "caps",
		"/gone/specs/caps/":            "caps",
		"/gone/specs/caps/spec.json":   "caps",
		`C:\runs\specs\caps`:           "caps",
		"caps":                         "caps",
		"inputs/specs/json_flatten":    "json_flatten",
		"text_deduplicate":             "text_deduplicate",
		"/gone/nosuch":                 "",
		"/":                            "",
		"..":                           "",
		"/gone/../..":                  "",
	} {
		s, err := l.spec(path)
		if want == "" {
			if err == nil {
				t.Errorf("%s: found %s", path, s.ID)
			}
			continue
		}
		if err != nil || s.ID != want {
			t.Errorf("%s: %v, %v; want %s", path, s, err, want)
		}
	}
}

func TestLabRefusesBundles(t *testing.T) {
	link := func(t *testing.T, bundle string) error {
		return os.Symlink("/etc/passwd", filepath.Join(bundle, "tool.go"))
	}
	for want, change := range map[string]func(t *testing.T, bundle string) error{
		"tool.go: it is a symbolic link": link,
		"tool.go: it is a folder":        func(_ *testing.T, b string) error { return os.Mkdir(filepath.Join(b, "tool.go"), 0o755) },
		"tool.go: it is larger than": func(_ *testing.T, b string) error {
			return os.WriteFile(filepath.Join(b, "tool.go"), make([]byte, handoff.MaxSourceBytes+1), 0o644)
		},
		`no tool.go, but "tool.py"`: func(_ *testing.T, b string) error { return os.WriteFile(filepath.Join(b, "tool.py"), nil, 0o644) },
		"has no tool.go":            func(*testing.T, string) error { return nil },
		"cannot be read":            func(_ *testing.T, b string) error { return os.Remove(b) },
		"by now, and ": func(_ *testing.T, b string) error {
			return os.WriteFile(filepath.Join(b, "tool.go"), []byte("package other\n"), 0o644)
		},
	} {
		job := labJob(t, "package tool\n")
		if err := os.Remove(filepath.Join(job.BundleDir, "tool.go")); err != nil {
			t.Fatal(err)
		}
		if err := change(t, job.BundleDir); err != nil {
			t.Fatal(err)
		}
		l := &lab{env: fakeLab(func(experiment.RepairOptions) (*experiment.Repair, error) {
			t.Errorf("%s: the lab was asked", want)
			return nil, errors.New("asked")
		})}
		got, err := l.Attempt(t.Context(), job)
		if err != nil || got.Outcome != handoff.OutcomeNotAttempted || !strings.Contains(got.Reason, want) || !strings.Contains(got.Reason, job.BundleDir) {
			t.Errorf("want %q: %+v, %v", want, got, err)
		}
	}
}
