package datasets

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Scan and Read are two ways to the same values, whatever the batches.
func TestScanAgreesWithRead(t *testing.T) {
	all := rows(Candidates, 20_000, meta(t).RunID)
	for i := range all {
		all[i].Source += strings.Repeat("s", 200) // several pages a group, in this column alone
	}
	var buf bytes.Buffer
	w := Candidates.newWriter(&buf, meta(t), small(6400, 2000)) // three full row groups and a bit; dictionaries overflow
	if err := w.Append(all); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := Candidates.open("c", bytes.NewReader(buf.Bytes()), int64(buf.Len()), Candidates.pq)
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"source", "seed", "parent_ids", "style", "first_epoch", "input_tokens", "final_correctness", "final_feasible"}
	seen, batches := 0, 0
	var kept []string
	err = Candidates.scan(f, columns, func(c *Columns) error {
		batches++
		if c.First != int64(seen) || c.Rows == 0 {
			t.Fatalf("batch at %d of %d rows, after %d", c.First, c.Rows, seen)
		}
		source, seed, parents, style := c.String("source"), c.Int64("seed"), c.Strings("parent_ids"), c.String("style")
		epoch, tokens, valid := c.Int32("first_epoch"), c.Int64("input_tokens"), c.Valid("input_tokens")
		number, correct, feasible := c.Number("input_tokens"), c.Double("final_correctness"), c.Bool("final_feasible")
		epochs := c.Number("first_epoch")
		for i := range c.Rows {
			want := &all[seen]
			ok := source.At(i) == want.Source && seed[i] == want.Seed && slices.Equal(parents[i], want.ParentIDs) &&
				(style.Index[i] < 0) == (want.Style == nil) && (want.Style == nil || style.At(i) == *want.Style) &&
				epoch[i] == want.FirstEpoch && epochs[i] == float64(want.FirstEpoch) &&
				correct[i] == want.FinalCorrectness && feasible[i] == want.FinalFeasible
			if want.InputTokens == nil {
				ok = ok && valid != nil && !valid[i] && tokens[i] == 0 && math.IsNaN(number[i])
			} else {
				ok = ok && (valid == nil || valid[i]) && tokens[i] == *want.InputTokens && number[i] == float64(*want.InputTokens)
			}
			if !ok {
				t.Fatalf("row %d differs from what was written", seen)
			}
			kept = append(kept, source.At(i))
			seen++
		}
		return nil
	})
	if err != nil || seen != len(all) {
		t.Fatalf("%d of %d rows, %v", seen, len(all), err)
	}
	if batches < 10 {
		t.Errorf("%d batches: pages and groups do not show", batches)
	}
	for i := range kept {
		if kept[i] != all[i].Source {
			t.Fatalf("the string kept from row %d has changed", i)
		}
	}
}

func TestScanErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "samples.parquet")
	if _, err := Samples.WriteFile(path, rows(Samples, 100, meta(t).RunID), meta(t)); err != nil {
		t.Fatal(err)
	}
	mine := errors.New("enough")
	if err := Samples.Scan(path, []string{"seed"}, func(*Columns) error { return mine }); err != mine {
		t.Errorf("an error of the callback comes back as %v", err)
	}
	if err := Samples.Scan(path, []string{"speed"}, func(*Columns) error { return nil }); err == nil || !strings.Contains(err.Error(), `no column "speed"`) {
		t.Errorf("an unknown column: %v", err)
	}
	if err := Samples.Scan(path+"x", []string{"seed"}, func(*Columns) error { return nil }); !errors.Is(err, ErrMissing) {
		t.Errorf("a missing file: %v", err)
	}
	// A mistake of the caller's must not look like a damaged file.
	for name, fn := range map[string]func(*Columns) error{
		"not selected": func(c *Columns) error { c.Int64("fuel"); return nil },
		"other type":   func(c *Columns) error { c.Double("seed"); return nil },
		"own":          func(c *Columns) error { panic("own") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			err := Samples.Scan(path, []string{"seed"}, fn)
			t.Errorf("%s: %v", name, err)
		}()
	}
}
