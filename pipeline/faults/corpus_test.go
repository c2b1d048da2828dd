package faults_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"toolgen/pipeline/build"
	"toolgen/pipeline/build/buildtest"
	"toolgen/pipeline/faults"
	"toolgen/pipeline/sandbox"
	"toolgen/seed"
	"toolgen/specs"
)

const corpusDir = "testdata/corpus"

var update = flag.Bool("update", false, "let the fixed programs of the corpus write the answers of its cases")

// TestCorpus holds the corpus to what it is for: the gate accepts every program; the
// fixed ones pass all cases, under more than one entropy; the faulty ones fail a search case, and
// most pass one, so that there is something to learn from.
func TestCorpus(t *testing.T) {
	programs, err := faults.LoadCorpus(corpusDir)
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) < 48 {
		t.Errorf("%d programs, want 48 or more", len(programs))
	}
	readme, err := os.ReadFile(filepath.Join(corpusDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var units []unit
	for _, p := range programs {
		id := p.Spec.ID
		if !strings.Contains(string(readme), "\n| "+id+" |") {
			t.Errorf("%s is not in the README of the corpus", id)
		}
		var cases []specs.Case
		for _, c := range p.Spec.Cases {
			if c.Split != specs.SplitHoldout {
				cases = append(cases, c)
			}
		}
		search := len(cases)
		for _, c := range cases {
			if c.Split != specs.SplitSearch {
				search--
			}
		}
		if search < 8 || search > 25 || len(p.Heldout) < 6 || len(p.Heldout) > 15 {
			t.Errorf("%s has %d search and %d held-out cases, want 8 to 25 and 6 to 15", id, search, len(p.Heldout))
		}
		cases = append(cases, p.Heldout...)
		units = append(units, unit{id + ", fixed", p.Fixed, cases, 2}, unit{id + ", faulty", p.Source, cases, 1})
	}
	if testing.Short() {
		t.Skip("programs are not run")
	}
	answers := answer(t, units)
	if *update {
		writeAnswers(t, programs, answers)
		return
	}
	hopeless, caught := 0, 0
	for i, u := range units {
		failed := map[string]int{}
		passed := map[string]int{}
		for c, a := range answers[i] {
			if want := u.cases[c]; slices.ContainsFunc(a, func(a answered) bool { return !a.right(want) }) {
				failed[want.Split]++
				if i%2 == 0 {
					t.Errorf("%s: %q is answered by %v, want %q (error: %v)", u.name, want.Input, a, want.Output, want.Error)
				}
			} else {
				passed[want.Split]++
			}
		}
		if i%2 == 0 {
			continue
		}
		if failed[specs.SplitSearch] == 0 {
			t.Errorf("%s passes every search case", u.name)
		}
		if passed[specs.SplitSearch] == 0 {
			hopeless++
		}
		if failed[specs.SplitHoldout] > 0 {
			caught++
		}
	}
	if hopeless > len(programs)/10 {
		t.Errorf("%d of %d faulty programs pass no search case", hopeless, len(programs))
	}
	if caught < len(programs)*9/10 {
		t.Errorf("held-out cases see the fault of %d of %d programs only", caught, len(programs))
	}
}

// unit is a program to run.
type unit struct {
	name   string
	source string
	cases  []specs.Case
	// entropies is under how many each case is run: what leans on the order of a map
	// shows under more than one.
	entropies int
}

// answered is what a program answered once.
type answered struct {
	outcome sandbox.Outcome
	output  string
}

func (a answered) right(c specs.Case) bool {
	return a.outcome == sandbox.ToolError && c.Error || a.outcome == sandbox.OK && !c.Error && a.output == string(c.Output)
}

// answer runs programs on their cases. All of them are in one module.
func answer(t *testing.T, programs []unit) [][][]answered {
	t.Helper()
	b := builder(t)
	reports := make([]*build.Report, len(programs))
	for i, p := range programs {
		if reports[i] = buildtest.Inspect(t, build.Tool, files(p.source)); reports[i].Verdict != "" {
			t.Fatalf("%s: the gate refuses it: %v", p.name, reports[i].Problems)
		}
	}
	m, refused, err := b.Clones(t.Context(), []build.CloneGroup{{Versions: reports}})
	if err != nil || len(refused) > 0 {
		t.Fatalf("%v; refused: %v", err, refused)
	}
	defer m.Close()
	limits := sandbox.Limits{Fuel: 50_000_000, FuelPerMS: 10_000_000, MemoryBytes: 64 << 20, OutputBytes: 1 << 20, Wall: time.Minute}
	answers := make([][][]answered, len(programs))
	var g errgroup.Group
	g.SetLimit(2)
	for i, p := range programs {
		g.Go(func() error {
			answers[i] = make([][]answered, len(p.cases))
			for c := range p.cases {
				for e := range p.entropies {
					entropy := seed.Entropy(1, "corpus", p.name, c, e)
					r, err := m.Call(t.Context(), sandbox.Call{Index: uint32(i), Input: p.cases[c].Input, Entropy: entropy, Limits: limits})
					if err != nil {
						return err
					}
					answers[i][c] = append(answers[i][c], answered{r.Outcome, string(r.Output)})
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return answers
}

// caseLine is a line of cases.jsonl.
type caseLine struct {
	Name         string `json:"name,omitempty"`
	Input        string `json:"input"`
	InputBase64  string `json:"input_base64,omitempty"`
	Output       any    `json:"output,omitempty"`
	OutputBase64 string `json:"output_base64,omitempty"`
	Error        bool   `json:"error,omitempty"`
	Split        string `json:"split,omitempty"`
}

// writeAnswers writes the cases of the corpus anew, with what the fixed programs
// answered.
func writeAnswers(t *testing.T, programs []faults.Program, answers [][][]answered) {
	t.Helper()
	for i, p := range programs {
		byInput := map[string]answered{}
		of := answers[2*i]
		var inputs []specs.Case
		for _, c := range p.Spec.Cases {
			if c.Split != specs.SplitHoldout {
				inputs = append(inputs, c)
			}
		}
		for c, k := range append(inputs, p.Heldout...) {
			if a := of[c]; a[0].outcome != sandbox.OK && a[0].outcome != sandbox.ToolError || a[0] != a[len(a)-1] {
				t.Errorf("%s: the fixed program answers %q by %v", p.Spec.ID, k.Input, a)
			}
			byInput[string(k.Input)] = of[c][0]
		}
		rewrite(t, filepath.Join(corpusDir, "specs", p.Spec.ID, "cases.jsonl"), byInput)
		more := filepath.Join(corpusDir, "heldout", p.Spec.ID, "cases.jsonl")
		if _, err := os.Stat(more); err == nil {
			rewrite(t, more, byInput)
		}
	}
}

func rewrite(t *testing.T, file string, byInput map[string]answered) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for line := range bytes.Lines(data) {
		var c caseLine
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		a, ok := byInput[c.Input]
		if !ok || c.InputBase64 != "" {
			t.Fatalf("%s: no answer to %q", file, c.Input)
		}
		c.Output, c.OutputBase64, c.Error = nil, "", a.outcome == sandbox.ToolError
		switch {
		case c.Error:
		case utf8.ValidString(a.output):
			c.Output = a.output
		default:
			c.OutputBase64 = base64.StdEncoding.EncodeToString([]byte(a.output))
		}
		if err := enc.Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, out.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}
