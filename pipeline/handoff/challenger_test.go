package handoff

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func challenger(c string) Challenger {
	half, fitness := 0.5, 0.9
	return Challenger{
		ID: strings.Repeat(c, 32), HandoffID: strings.Repeat("ee", 32), Spec: "text_deduplicate", ParentIDs: []string{strings.Repeat("dd", 32)},
		Lineage: LineageRepaired, Metrics: ChallengerMetrics{Correctness: 1, Fitness: &fitness, HoldoutCorrectness: &half}, Source: []byte("package tool // " + c + "\n"),
	}
}

// The file is a contract: its bytes are frozen.
func TestChallengerFile(t *testing.T) {
	const want = `{
  "challenger_id": "abababababababababababababababababababababababababababababababab",
  "handoff_id": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
  "spec": "text_deduplicate",
  "source_path": "challenger_abababababababababababababababababababababababababababababababab.go",
  "parent_ids": [
    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
  ],
  "lineage": "repairlab_fixed",
  "metrics": {
    "correctness": 1,
    "fitness": 0.9,
    "validate_correctness": null,
    "holdout_correctness": 0.5
  }
}
`
	dir := filepath.Join(t.TempDir(), "a", "challengers")
	path, err := WriteChallenger(dir, challenger("ab"))
	if err != nil || path != filepath.Join(dir, "challenger_"+strings.Repeat("ab", 32)+".json") {
		t.Fatal(path, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%v:\n%s", err, got)
	}
	// Found again for another handoff it stays as it is.
	again := challenger("ab")
	again.HandoffID = strings.Repeat("11", 32)
	if _, err := WriteChallenger(dir, again); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("written twice, %v:\n%s", err, got)
	}
	// Damaged, it is written anew.
	write(t, path, want[:20])
	if _, err := WriteChallenger(dir, challenger("ab")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"cd", "01"} {
		if _, err := WriteChallenger(dir, challenger(c)); err != nil {
			t.Fatal(err)
		}
	}
	// What a crash leaves before the file is there, and what is somebody else's.
	write(t, filepath.Join(dir, "challenger_"+strings.Repeat("77", 32)+".go"), "package tool\n")
	write(t, filepath.Join(dir, ".challenger_x.json123"), "{")
	write(t, filepath.Join(dir, "README"), "")
	list, err := ReadChallengers(dir)
	if err != nil {
		t.Fatal(err)
	}
	var ids, sources []string
	for _, c := range list {
		ids, sources = append(ids, c.ID[:2]), append(sources, string(c.Source))
	}
	if !slices.Equal(ids, []string{"01", "ab", "cd"}) || !slices.Equal(sources, []string{"package tool // 01\n", "package tool // ab\n", "package tool // cd\n"}) {
		t.Errorf("read %v %q", ids, sources)
	}
	if c := list[1]; c.HandoffID != strings.Repeat("ee", 32) || c.Metrics.ValidateCorrectness != nil || *c.Metrics.HoldoutCorrectness != 0.5 {
		t.Errorf("read %+v", c)
	}
}

func TestBadChallengers(t *testing.T) {
	id := strings.Repeat("ab", 32)
	for want, change := range map[string][2]string{
		"challenger_id":  {`"challenger_id": "ab`, `"challenger_id": "cd`},
		"handoff_id \"x": {`"handoff_id": "ee`, `"handoff_id": "x`},
		`spec "../x"`:    {"text_deduplicate", "../x"},
		`source_path "../../etc/passwd", expected the`:  {"challenger_" + id + ".go", "../../etc/passwd"},
		`source_path "/etc/passwd", expected the name`:  {"challenger_" + id + ".go", "/etc/passwd"},
		`source_path "..", expected the name`:           {"challenger_" + id + ".go", ".."},
		`source_path "gone.go": there is no such file`:  {"challenger_" + id + ".go", "gone.go"},
		`source_path "link.go": it is a symbolic link`:  {"challenger_" + id + ".go", "link.go"},
		`source_path "pipe.go": it is a named pipe`:     {"challenger_" + id + ".go", "pipe.go"},
		`source_path "empty.go": it is empty`:           {"challenger_" + id + ".go", "empty.go"},
		"it has no source_path":                         {"challenger_" + id + ".go", ""},
		`parent_ids: "xd`:                               {`"ddd`, `"xdd`},
		"it has no parent_ids":                          {`"parent_ids": [`, `"parent_ids": null, "metrics": {}, "lineage": "repairlab_fixed"}` + "\x00"},
		`lineage "mine", expected repairlab_fixed`:      {"repairlab_fixed", "mine"},
		"metrics.fitness is of the wrong type: string":  {`"fitness": 0.9`, `"fitness": "0.9"`},
		"metrics: correctness 2, expected 0 to 1":       {`"correctness": 1`, `"correctness": 2`},
		`a key that challengers do not have: "surplus"`: {`"spec":`, `"surplus": 1, "spec":`},
		"goes on behind its JSON object":                {"}\n}\n", "}\n} 1\n"},
		"it is no UTF-8":                                {"text_d", "text_\xff"},
	} {
		dir := t.TempDir()
		path, err := WriteChallenger(dir, challenger("ab"))
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed, _, _ := strings.Cut(strings.Replace(string(data), change[0], change[1], 1), "\x00")
		if changed == string(data) {
			t.Fatalf("%s: nothing was changed", want)
		}
		write(t, path, changed)
		if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link.go")); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(filepath.Join(dir, "pipe.go"), 0o644); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "empty.go"), "")
		if _, err := ReadChallengers(dir); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	if _, err := ReadChallengers(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("read a folder that is not there")
	}
	for want, change := range map[string]func(*Challenger){
		"a source of 0 bytes": func(c *Challenger) { c.Source = nil },
		"challenger_id":       func(c *Challenger) { c.ID = "../x" },
		"handoff_id":          func(c *Challenger) { c.HandoffID = "" },
		"spec":                func(c *Challenger) { c.Spec = "" },
		"correctness NaN":     func(c *Challenger) { c.Metrics.Correctness = math.NaN() },
	} {
		dir := filepath.Join(t.TempDir(), "x")
		c := challenger("ab")
		change(&c)
		if _, err := WriteChallenger(dir, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: the folder was made", want)
		}
	}
}
