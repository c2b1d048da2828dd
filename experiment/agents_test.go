package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"toolgen/datasets"
	"toolgen/pipeline/agent"
	"toolgen/pipeline/testgen"
)

// askingManifest lets two programs vary a style that is right and one that is wrong: one
// program that writes, and one that always fails.
const askingManifest = `version: 1
name: asking
license: MIT
seeds: [1]
epochs: 3
population: 7
specs: [SPEC]
search_space: {impl_style: [table, wrong], anneal_temp: [1.0]}
budget:
  timeout_ms: {from: 200, to: 100}
  memory_mib: {from: 16, to: 8}
  over_epochs: 2
selection: {survivors: 3, tournament_size: 1}
variation: {params: 0.1, agent: 0.9}
repair: {agent: none}
agents:
  broken: {exec: [./broken.sh]}
  writer: {exec: [./writer.sh, "-v"]}
measure: {samples: 3}
`

// written is a tool for the spec caps with a number in it. One in three is right, one
// forgets every letter but a, and one is refused by the gate.
const written = `// SPDX-License-Identifier: MIT

// Package tool is number NUMBER.
package tool

import "errors"
EXTRA
// Run writes letters as capitals. An input that begins with a digit is an error.
func Run(input []byte) ([]byte, error) {
	if len(input) > 0 && input[0] >= '0' && input[0] <= '9' {
		return nil, errors.New("a digit first")
	}
	var out []byte
	for _, c := range input {
		if c >= 'a' && c <= 'z' && (NUMBER%3 != 1 || c == 'a') {
			c -= 'a' - 'A'
		}
		out = append(out, c)
	}
	return out, nil
}
`

// askingFolder is a folder with a manifest and its agents, which keep what they are
// asked in asked.jsonl.
func askingFolder(t *testing.T, manifest string) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	source, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := filepath.Abs("../cmd/toolgen/testdata/tiny/caps")
	if err != nil {
		t.Fatal(err)
	}
	writer := `#!/bin/sh
[ "$1" = -v ] || exit 9
cat >>asked.jsonl
echo >>wrote
number=$(($(wc -l <wrote)))
extra=
[ $((number % 3)) = 2 ] && extra='import _ \\"os\\"'
sed -e "s/NUMBER/$number/g" -e "s/EXTRA/$extra/" answer.json
`
	for name, text := range map[string]string{ // any order: each on its own
		"manifest.yaml": strings.Replace(manifest, "SPEC", spec, 1),
		"writer.sh":     writer,
		"broken.sh":     "#!/bin/sh\ncat >>asked.jsonl\necho 'I am broken' >&2\nexit 3\n",
		"answer.json":   fmt.Sprintf(`{"protocol":1,"source":%s,"usage":{"model":"sh","input_tokens":11,"output_tokens":7}}`, source),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir, filepath.Join(dir, "manifest.yaml")
}

// askedOf are the requests that the agents of a folder got.
func askedOf(t *testing.T, dir string) []agent.Request {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "asked.jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []agent.Request
	for line := range strings.Lines(string(data)) {
		var r agent.Request
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func readCandidates(t *testing.T, dir string) []datasets.Candidate {
	t.Helper()
	run, err := datasets.OpenRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := datasets.Candidates.ReadRun(run)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestAgents plays an experiment with agents: strictly, which must fail; asking; and
// then in every way that must give the same without asking again.
func TestAgents(t *testing.T) {
	env := newEnv(t, EnvOptions{Jobs: 2})
	dir, manifest := askingFolder(t, askingManifest)
	load := LoadOptions{Manifest: manifest}
	cassette := filepath.Join(dir, "cassettes")

	_, err := env.Run(t.Context(), mustLoad(t, load), RunOptions{Out: filepath.Join(dir, "strict")})
	missing, ok := errors.AsType[*agent.MissingError](err)
	if !ok || missing.Task != agent.Mutate || missing.Spec != "caps" || missing.Dir != cassette || !strings.Contains(err.Error(), "toolgen run --ask") {
		t.Fatalf("%v, want that an answer is missing, and how to get it", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "strict*")); err != nil || left != nil || askedOf(t, dir) != nil {
		t.Errorf("it asks, or leaves something behind: %v %v", left, err)
	}

	reference := filepath.Join(t.TempDir(), "run")
	s, err := env.Run(t.Context(), mustLoad(t, load), RunOptions{Out: reference, Ask: true})
	if err != nil {
		t.Fatal(err)
	}
	asked := len(askedOf(t, dir))
	a := s.Agents
	if asked == 0 || a.Asked != asked || a.Exchanges != asked || a.Failed == 0 || a.Failed == asked || a.Failure.Agent != "broken" || !strings.Contains(a.Failure.Reason, "I am broken") {
		t.Fatalf("asked %d times, %+v", asked, a)
	}
	ofAgents, refused, first := 0, 0, 0
	verdicts := map[string]bool{}
	for _, c := range readCandidates(t, reference) {
		if c.FirstEpoch == 0 {
			first++
		}
		if c.Origin != datasets.OriginAgent {
			if c.Agent != nil || c.Model != nil || c.InputTokens != nil || c.OutputTokens != nil {
				t.Errorf("%s by %s is credited to an agent", c.CandidateID, c.Origin)
			}
			continue
		}
		ofAgents++
		verdicts[c.FinalVerdict] = true
		if c.FinalVerdict == datasets.VerdictUnsafe {
			refused++ // and so neither measured nor cached
		}
		if c.Agent == nil || *c.Agent != "writer" || c.Model == nil || *c.Model != "sh" || *c.InputTokens != 11 || *c.OutputTokens != 7 || c.Style != nil || len(c.ParentIDs) != 1 {
			t.Errorf("%+v", c)
		}
	}
	if s.Cached != first {
		t.Errorf("%d candidates are said to come from the cache; %d were there, and the rehearsal has measured the others", s.Cached, first)
	}
	// What the gate refuses is a candidate like any other.
	for _, want := range []string{datasets.VerdictPass, datasets.VerdictWrongOutput, datasets.VerdictUnsafe} {
		if !verdicts[want] {
			t.Errorf("no agent's candidate has the verdict %s: %v", want, verdicts)
		}
	}
	if ofAgents != asked-a.Failed {
		t.Errorf("%d candidates of agents, %d answers", ofAgents, asked-a.Failed)
	}
	inputs, err := os.ReadDir(filepath.Join(reference, "inputs", "cassettes"))
	if err != nil || len(inputs) != asked {
		t.Errorf("%d inputs, %v, want %d", len(inputs), err, asked)
	}

	// From now on nobody is there to be asked, and other answers are in the way.
	for _, name := range []string{"writer.sh", "broken.sh"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(cassette, strings.Repeat("0", 64)+".json"), []byte("never read"), 0o666); err != nil {
		t.Fatal(err)
	}
	again, s2 := mustRun(t, env, mustLoad(t, load))
	same(t, "strictly from the cassette", reference, again)
	if s2.Agents.Asked != 0 || s2.Cached != s2.Executed-refused {
		t.Errorf("%+v %+v", s2, s2.Agents)
	}
	if s3, err := env.Run(t.Context(), mustLoad(t, load), RunOptions{Out: again, Ask: true}); err != nil || !s3.UpToDate {
		t.Errorf("run again: %+v, %v", s3, err)
	}
	short := load
	short.Sets = []string{"epochs=2"}
	cached, _ := mustRun(t, env, mustLoad(t, short))
	alone, s4 := mustRun(t, newEnv(t, EnvOptions{Jobs: 8, NoCache: true}), mustLoad(t, short))
	same(t, "no cache, eight workers", cached, alone)
	if s4.Cached != 0 {
		t.Errorf("%d candidates came from a cache that was not to be read", s4.Cached)
	}
	// The manifest in the run folder names the answers beside it.
	inside, _ := mustRun(t, env, mustLoad(t, LoadOptions{Manifest: filepath.Join(reference, "manifest.yaml")}))
	same(t, "from the run's own manifest", reference, inside)
	t.Run("seen", func(t *testing.T) { agentsSeeWhatSelectionSees(t, env, mustLoad(t, load), askedOf(t, dir), reference) })
	t.Run("plan", func(t *testing.T) { planOfAgents(t, env, load, s.RunID) })
	t.Run("copied", func(t *testing.T) { copiedAgents(t, env, reference) })
	t.Run("other answers", func(t *testing.T) { otherAnswers(t, env, load, s.RunID) })
	t.Run("damaged", func(t *testing.T) { damagedAnswers(t, reference) })
	t.Run("from nothing", func(t *testing.T) { agentsWriteFromNothing(t, env) })
	t.Run("out of reach", func(t *testing.T) { agentsThatCannotBeAsked(t, env) })
}

// copiedAgents has a copy of a run folder alone, and machine code that is known.
func copiedAgents(t *testing.T, env *Env, reference string) {
	dir := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(dir, os.DirFS(reference)); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRecorded(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := env.Verify(t.Context(), r, VerifyOptions{})
	if err != nil || !v.Verified || v.Cached != 0 {
		t.Errorf("%+v, %v", v, err)
	}
	for _, c := range readCandidates(t, dir) {
		if c.Origin != datasets.OriginAgent || c.FinalVerdict != datasets.VerdictPass {
			continue
		}
		again, err := env.Replay(t.Context(), r, c.CandidateID, ReplayOptions{})
		if err != nil || !again.Same || !again.Recorded {
			t.Errorf("replay of %s: %+v, %v", c.CandidateID, again, err)
		}
		return
	}
	t.Error("nothing to replay")
}

// planOfAgents: all is in the cache and in the cassette, so that the run has a name;
// with other seeds it has none yet.
func planOfAgents(t *testing.T, env *Env, load LoadOptions, runID string) {
	p, err := env.Plan(t.Context(), mustLoad(t, load))
	if err != nil || !p.Complete || p.RunID == nil || *p.RunID != runID || p.Missing != nil {
		t.Errorf("%+v, %v", p, err)
	}
	load.Sets = []string{"epochs=4"} // the next generation was never asked for
	p, err = env.Plan(t.Context(), mustLoad(t, load))
	if err != nil || p.Complete || p.RunID != nil || p.Dir != nil || p.Missing == nil || !strings.Contains(*p.Missing, "--ask") || p.Cached != 3*7 {
		t.Errorf("%+v, %v", p, err)
	}
}

// otherAnswers alters one answer, as if the agent had said something else: another run.
func otherAnswers(t *testing.T, env *Env, load LoadOptions, runID string) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(load.Manifest))); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "cassettes", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		key := strings.TrimSuffix(filepath.Base(name), ".json")
		e, err := agent.DecodeExchange(name, data, key)
		if err != nil || e.Response == nil {
			continue
		}
		e.Response.Notes += "I have thought better of it."
		if data, err = e.Encode(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
		changed++
	}
	_, s := mustRun(t, env, mustLoad(t, LoadOptions{Manifest: filepath.Join(dir, "manifest.yaml")}))
	if changed == 0 || s.RunID == runID {
		t.Errorf("%d answers were altered, and the run is %s as before", changed, s.RunID)
	}
	// Altered by hand, an answer is refused.
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Replace(string(data), "thought better", "thought worse", 1)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, err = env.Run(t.Context(), mustLoad(t, LoadOptions{Manifest: filepath.Join(dir, "manifest.yaml")}), RunOptions{Out: filepath.Join(dir, "run")})
	if _, ok := errors.AsType[*agent.CassetteError](err); !ok || !strings.Contains(err.Error(), "altered") {
		t.Errorf("%v, want that an answer was altered", err)
	}
}

// damagedAnswers: a run whose answers are gone or changed cannot be verified, and says so.
func damagedAnswers(t *testing.T, reference string) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS(reference)); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "inputs", "cassettes", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, damage := range []struct {
		what, want string
		do         func() error
	}{
		{"changed", "was changed", func() error { return os.WriteFile(names[0], append(data, '\n'), 0o666) }},
		{"gone", "no such file", func() error { return os.Remove(names[0]) }},
	} {
		if err := damage.do(); err != nil {
			t.Fatal(err)
		}
		_, err := OpenRecorded(dir, nil)
		if _, ok := errors.AsType[*UsageError](err); !ok || !strings.Contains(err.Error(), damage.want) || !strings.Contains(err.Error(), "an agent's answer") {
			t.Errorf("%s: %v", damage.what, err)
		}
	}
}

// agentsSeeWhatSelectionSees looks at what agents were asked: no validate or holdout
// case, the parent's source, the epoch's budget.
func agentsSeeWhatSelectionSees(t *testing.T, env *Env, x *Experiment, requests []agent.Request, out string) {
	suite := mustSuite(t, env, x, x.Specs[0])
	hidden, open := map[string]bool{}, map[string]bool{}
	for _, c := range suite.Cases {
		if c.Kind == testgen.Validate || c.Kind == testgen.Holdout {
			hidden[string(c.Input)] = true
		} else {
			open[string(c.Input)] = true
		}
	}
	sources := map[string]bool{}
	for _, c := range readCandidates(t, out) {
		sources[c.Source] = true
	}
	var failing, passing, rejected int
	for _, r := range requests {
		for _, c := range slices.Concat(r.Failing, r.Passing) {
			if hidden[string(c.Input)] || !open[string(c.Input)] {
				t.Errorf("case %s is none that selection sees", c.Name)
			}
		}
		for _, c := range r.Failing {
			if c.Verdict == "" || string(c.Got) == string(c.Output) && c.Message == "" && c.Verdict == "wrong_output" {
				t.Errorf("a failing case without a reason: %+v", c)
			}
		}
		failing, passing = failing+len(r.Failing), passing+len(r.Passing)
		if strings.Contains(r.Diagnostics, "unsafe") {
			rejected++
		}
		if len(r.Failing) > maxFailingCases || len(r.Passing) > maxPassingCases || r.Protocol != agent.Protocol || r.Task != agent.Mutate {
			t.Errorf("%+v", r)
		}
		if !sources[r.Source] {
			t.Errorf("the source is of no candidate: %s", r.Source)
		}
		// Epochs 1 and 2, over 2: 200 - 50 and 200 - 100 ms, 16 - 4 and 16 - 8 MiB.
		if b := r.Budget; b.FuelPerMS != 10_000_000 || b.TimeoutMS != 150 && b.TimeoutMS != 100 || b.MemoryBytes != int64(b.TimeoutMS/50)*4<<20 {
			t.Errorf("%+v", b)
		}
		if r.Spec.ID != "caps" || r.Spec.Description == "" || r.Spec.License != "MIT" || len(r.Spec.Examples) == 0 {
			t.Errorf("%+v", r.Spec)
		}
	}
	if passing == 0 || failing == 0 {
		t.Errorf("%d requests with %d failing and %d passing cases, %d of rejected parents: nothing was seen", len(requests), failing, passing, rejected)
	}
}

// agentsWriteFromNothing plays a spec without styles: agents write its first
// generation.
func agentsWriteFromNothing(t *testing.T, env *Env) {
	manifest := strings.NewReplacer(
		"specs: [SPEC]", "specs: [./capitals]",
		"search_space: {impl_style: [table, wrong], anneal_temp: [1.0]}\n", "",
		"params: 0.1, agent: 0.9", "agent: 1", "epochs: 3", "epochs: 2", "over_epochs: 2", "over_epochs: 1",
	).Replace(askingManifest)
	dir, path := askingFolder(t, manifest)
	if err := os.Mkdir(filepath.Join(dir, "capitals"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{ // any order: each on its own
		"spec.json":   `{"spec_version": 1, "id": "capitals", "description": "Write letters as capitals."}`,
		"cases.jsonl": `{"name": "letters", "input": "abz", "output": "ABZ"}` + "\n" + `{"input": "hidden", "output": "HIDDEN", "split": "validate"}` + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, "capitals", name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "run")
	s, err := env.Run(t.Context(), mustLoad(t, LoadOptions{Manifest: path}), RunOptions{Out: out, Ask: true})
	if err != nil {
		t.Fatal(err)
	}
	first := 0
	for _, r := range readEvaluations(t, out) {
		if r.Epoch == 0 {
			first++
			if r.Origin != datasets.OriginAgent || r.Style != nil {
				t.Errorf("slot %d is %s", r.Slot, r.Origin)
			}
		}
	}
	tasks := map[agent.Task]int{}
	failed := 0
	for _, r := range askedOf(t, dir) {
		tasks[r.Task]++
		if r.Task == agent.Synthesize && (r.Source != "" || len(r.Failing) > 0) {
			t.Errorf("%+v", r)
		}
		for _, c := range slices.Concat(r.Failing, r.Passing) {
			if strings.Contains(string(c.Input), "hidden") {
				t.Errorf("a validate case was shown: %+v", c)
			}
		}
	}
	for name, data := range files(t, out) {
		if strings.HasPrefix(name, filepath.Join("inputs", "cassettes")) && strings.Contains(string(data), `"synthesize"`) && strings.Contains(string(data), `"failure"`) {
			failed++
		}
	}
	if tasks[agent.Synthesize] != 7 || first != 7-failed || first == 0 || failed == 0 || tasks[agent.Mutate] == 0 {
		t.Errorf("%d slots; %d of 7 failed; asked %v", first, failed, tasks)
	}
	r, err := OpenRecorded(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := env.Verify(t.Context(), r, VerifyOptions{}); err != nil || !v.Verified || v.RunID != s.RunID {
		t.Errorf("%+v, %v", v, err)
	}
	// Nobody answers with anything.
	if err := os.WriteFile(filepath.Join(dir, "writer.sh"), []byte("#!/bin/sh\nexit 1\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	_, err = env.Run(t.Context(), mustLoad(t, LoadOptions{Manifest: path, Seeds: []string{"3"}}), RunOptions{Out: out, Ask: true, Force: true})
	if _, ok := errors.AsType[*UsageError](err); !ok || !strings.Contains(err.Error(), "no agent that wrote one") {
		t.Error(err)
	}
}

// agentsThatCannotBeAsked: nothing is recorded, and the machine is to blame.
func agentsThatCannotBeAsked(t *testing.T, env *Env) {
	dir, manifest := askingFolder(t, strings.ReplaceAll(askingManifest, ".sh", ".py"))
	_, err := env.Run(t.Context(), mustLoad(t, LoadOptions{Manifest: manifest}), RunOptions{Out: filepath.Join(dir, "run"), Ask: true})
	if _, ok := errors.AsType[*MachineError](err); !ok || !strings.Contains(err.Error(), "does not start") || !strings.Contains(err.Error(), "asking again goes on from there") {
		t.Error(err)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "cassettes")); len(left) != 0 {
		t.Errorf("%d files were recorded", len(left))
	}
	_, err = Load(LoadOptions{Manifest: manifest, Sets: []string{"agents={a: {openai: {base_url: 'http://example.com', model: m, key_env: KEY}}}"}})
	if err == nil || !strings.Contains(err.Error(), "agents.a.openai.base_url: a key would go to another machine in plain text") {
		t.Error(err)
	}
}
