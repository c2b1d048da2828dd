package handoff

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Counts is how many jobs of a queue are in which state.
type Counts struct {
	New      int            // waiting
	Work     int            // claimed
	OK, Fail int            // done
	Poison   int            // set aside
	Outcomes map[string]int // of those done, by outcome, or by ending where the marker says none
	Oldest   *Waiting       // of those waiting or claimed; nil if there are none
}

// Waiting is a file that waits, or is being worked on.
type Waiting struct {
	Name  string // relative to the queue
	Since time.Time
}

// Attempted is how many jobs say something about repair: those that were attempted to
// the end. A marker that does not say its outcome is believed by its ending.
func (c *Counts) Attempted() int {
	return c.Repaired() + c.Outcomes[OutcomeNotRepaired] + c.Outcomes[OutcomeBudgetExhausted] + c.Outcomes[Fail]
}

// Repaired is how many of these were repaired.
func (c *Counts) Repaired() int { return c.Outcomes[OutcomeRepaired] + c.Outcomes[OK] }

// Count counts the jobs of a queue and changes nothing. Jobs that move meanwhile may be
// counted in both of two states, or in none.
func Count(queue string) (*Counts, error) {
	c := &Counts{Outcomes: map[string]int{}}
	list := func(dir string, needed bool, visit func(name string, info fs.FileInfo)) error {
		files, err := os.ReadDir(filepath.Join(queue, dir))
		if !needed {
			err = ignoreMissing(err)
		}
		if err != nil {
			return err
		}
		for _, f := range files {
			info, err := f.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return err
			}
			if f.Name()[0] != '.' {
				visit(f.Name(), info)
			}
		}
		return nil
	}
	wait := func(n *int, dir string) func(string, fs.FileInfo) {
		return func(name string, info fs.FileInfo) {
			if dir != WorkDir && !incoming(name) {
				return
			}
			*n++
			if c.Oldest == nil || info.ModTime().Before(c.Oldest.Since) {
				c.Oldest = &Waiting{filepath.Join(dir, name), info.ModTime()}
			}
		}
	}
	err := errors.Join(
		list("", true, wait(&c.New, "")),
		list(NewDir, false, wait(&c.New, NewDir)),
		list(WorkDir, false, wait(&c.Work, WorkDir)),
		list(PoisonDir, false, func(name string, _ fs.FileInfo) {
			if !strings.HasSuffix(name, reasonSuffix) {
				c.Poison++
			}
		}),
		list(ProcessedDir, false, func(name string, _ fs.FileInfo) {
			ending := filepath.Ext(name)
			switch ending {
			case OK:
				c.OK++
			case Fail:
				c.Fail++
			default:
				return
			}
			c.Outcomes[outcomeOf(filepath.Join(queue, ProcessedDir, name), ending)]++
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("handoff: queue %s: %w", queue, err)
	}
	return c, nil
}

// outcomeOf reads the outcome in a marker. Programs that write none just leave a file:
// then the ending says it.
func outcomeOf(path, ending string) string {
	data, _, err := readFile(osDisk{}, path, 2*MaxBytes)
	var m Marker
	if err != nil || json.Unmarshal(data, &m) != nil || m.Outcome == "" || Ending(m.Outcome) != ending {
		return ending
	}
	return m.Outcome
}
