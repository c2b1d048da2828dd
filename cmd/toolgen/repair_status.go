package main

import (
	"path/filepath"
	"sort"
	"time"

	"github.com/urfave/cli/v2"

	"toolgen/analysis/stats"
	"toolgen/pipeline/handoff"
	"toolgen/reports"
)

func (p *program) repairStatusCommand() *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "how many handoffs of a queue wait, are worked on, and are done",
		Description: "toolgen repair status --queue queue\ntoolgen repair status --queue queue --format json",
		Flags:       []cli.Flag{queueFlag(), formatFlag()}, Action: p.repairStatus,
	}
}

// queueStatus is the JSON answer of repair status.
type queueStatus struct {
	Queue         string         `json:"queue"`
	New           int            `json:"new"`
	Work          int            `json:"work"`
	OK            int            `json:"ok"`
	Fail          int            `json:"fail"`
	Poison        int            `json:"poison"`
	Repaired      int            `json:"repaired"`
	Attempted     int            `json:"attempted"`    // to the end; what had nothing to repair, or could not be tried, is not in it
	SuccessRate   *float64       `json:"success_rate"` // null: nothing was attempted
	SuccessLow    *float64       `json:"success_low"`  // 95 % interval (Wilson)
	SuccessHigh   *float64       `json:"success_high"`
	Outcomes      map[string]int `json:"outcomes"`
	Oldest        *string        `json:"oldest"` // file that has waited longest, or been worked on; null: none
	OldestSince   *string        `json:"oldest_since"`
	OldestSeconds *int64         `json:"oldest_seconds"`
}

func (p *program) repairStatus(c *cli.Context) error {
	f, err := format(c)
	if err != nil {
		return err
	}
	queue, err := queueOf(c)
	if err != nil {
		return err
	}
	counts, err := handoff.Count(queue)
	if err != nil {
		return inputError(err)
	}
	s := newQueueStatus(queue, counts, time.Now())
	t := &reports.Table{Columns: []reports.Column{
		reports.Number("new", "new", "", 0), reports.Number("work", "in work", "", 0), reports.Number("ok", "ok", "", 0),
		reports.Number("fail", "fail", "", 0), reports.Number("poison", "poison", "", 0),
		reports.Number("repaired", "repaired", "", 0), reports.Number("attempted", "attempted", "", 0),
		reports.Number("success_rate", "success rate", "", 3), reports.Number("success_low", "from", "95 %", 3), reports.Number("success_high", "to", "95 %", 3),
		{Name: "oldest"}, {Name: "oldest_since", Title: "since"}, reports.Number("oldest_seconds", "age", "s", 0),
	}}
	t.Add(s.New, s.Work, s.OK, s.Fail, s.Poison, s.Repaired, s.Attempted, s.SuccessRate, s.SuccessLow, s.SuccessHigh, s.Oldest, s.OldestSince, s.OldestSeconds)
	if s.Poison > 0 {
		t.Notes = append(t.Notes, "why files were set aside stands beside them: "+filepath.Join(queue, handoff.PoisonDir))
	}
	outcomes := &reports.Table{Title: "Done", Columns: []reports.Column{{Name: "outcome"}, reports.Number("jobs", "jobs", "", 0)}}
	for _, o := range sortedKeys(s.Outcomes) {
		outcomes.Add(o, s.Outcomes[o])
	}
	tables := []*reports.Table{t}
	if len(outcomes.Rows) > 0 {
		tables = append(tables, outcomes)
	}
	return p.answer(f, "repair-status", s, tables...)
}

func newQueueStatus(queue string, c *handoff.Counts, now time.Time) *queueStatus {
	s := &queueStatus{
		Queue: queue, New: c.New, Work: c.Work, OK: c.OK, Fail: c.Fail, Poison: c.Poison,
		Repaired: c.Repaired(), Attempted: c.Attempted(), Outcomes: c.Outcomes,
	}
	if s.Attempted > 0 {
		rate := float64(s.Repaired) / float64(s.Attempted)
		interval := stats.Wilson(s.Repaired, s.Attempted, 0.05)
		s.SuccessRate, s.SuccessLow, s.SuccessHigh = &rate, &interval.Low, &interval.High
	}
	if c.Oldest != nil {
		name := reports.Printable(c.Oldest.Name)
		since := c.Oldest.Since.UTC().Format(time.RFC3339)
		seconds := int64(max(now.Sub(c.Oldest.Since), 0) / time.Second)
		s.Oldest, s.OldestSince, s.OldestSeconds = &name, &since, &seconds
	}
	return s
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
