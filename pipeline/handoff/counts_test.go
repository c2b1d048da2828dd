package handoff

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	dir := t.TempDir()
	if _, err := Count(filepath.Join(dir, "gone")); err == nil {
		t.Error("counted a queue that is not there")
	}
	if c, err := Count(dir); err != nil || c.New+c.Work+c.OK+c.Fail+c.Poison != 0 || c.Oldest != nil || c.Attempted() != 0 {
		t.Errorf("an empty folder: %+v, %v", c, err)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("counting made %v", got)
	}
	q := open(t, dir, Options{})
	for epoch, outcome := range []string{OutcomeRepaired, OutcomeRepaired, OutcomeNotRepaired, OutcomeBudgetExhausted, OutcomeNothingToRepair, OutcomeNotAttempted, OutcomeError} {
		put(t, dir, epoch)
		if err := q.Finish(claimOne(t, q), outcome, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	// Markers of a program that leaves empty ones.
	write(t, filepath.Join(dir, ProcessedDir, strings.Repeat("1", 64)+OK), "")
	write(t, filepath.Join(dir, ProcessedDir, strings.Repeat("2", 64)+Fail), `{"outcome": "repaired"}`) // says two things
	write(t, filepath.Join(dir, ProcessedDir, strings.Repeat("3", 64)+Fail), "")
	write(t, filepath.Join(dir, ProcessedDir, "other.txt"), "")
	write(t, filepath.Join(dir, "bad.json"), "x")
	noClaim(t, q)
	put(t, dir, 20)
	claimOne(t, q)
	put(t, dir, 21)
	write(t, filepath.Join(dir, NewDir, ".handoff_being_written"), "x")
	write(t, filepath.Join(dir, "dropped.json"), valid)
	write(t, filepath.Join(dir, "dropped.log"), "")
	old := time.Unix(1_700_000_000, 0)
	if err := os.Chtimes(filepath.Join(dir, "dropped.json"), old, old); err != nil {
		t.Fatal(err)
	}
	c, err := Count(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.New != 2 || c.Work != 1 || c.OK != 4 || c.Fail != 6 || c.Poison != 1 {
		t.Errorf("%+v", c)
	}
	if c.Oldest == nil || c.Oldest.Name != "dropped.json" || !c.Oldest.Since.Equal(old) {
		t.Errorf("oldest %+v", c.Oldest)
	}
	want := map[string]int{OutcomeRepaired: 2, OutcomeNotRepaired: 1, OutcomeBudgetExhausted: 1, OutcomeNothingToRepair: 1, OutcomeNotAttempted: 1, OutcomeError: 1, OK: 1, Fail: 2}
	if !maps.Equal(c.Outcomes, want) {
		t.Errorf("outcomes %v, want %v", c.Outcomes, want)
	}
	// Repaired: 2 and one by its ending; not: 1 + 1 and two by their endings.
	if c.Repaired() != 3 || c.Attempted() != 7 {
		t.Errorf("%d of %d repaired, want 3 of 7", c.Repaired(), c.Attempted())
	}
}
