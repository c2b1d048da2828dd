package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func fixture() *Table {
	t := &Table{
		Title: "Winners",
		Columns: []Column{
			{Name: "spec"},
			{Name: "candidate_id", Title: "candidate", Show: ShortID},
			Number("virtual_ms", "latency", "virtual ms", 2),
			{Name: "peak_memory_bytes", Title: "peak memory", Unit: "MiB", Right: true, Show: MiB},
			{Name: "feasible"},
			{Name: "seeds"},
		},
		Notes: []string{"2 of 7 candidates"},
	}
	ms, peak := 1.0/3, int64(3<<20)
	t.Add("text_deduplicate", strings.Repeat("ab", 32), &ms, &peak, true, []int64{1, 2})
	t.Add("a|b \"c\", d\x1b[31m\n\xff", "é", math.NaN(), (*int64)(nil), false, []int64(nil))
	return t
}

func render(t *testing.T, tab *Table, f Format) string {
	t.Helper()
	var out bytes.Buffer
	if err := tab.Render(&out, f); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRenderings(t *testing.T) {
	id := strings.Repeat("ab", 32)
	for f, want := range map[Format]string{
		Text: `Winners
spec                      candidate     latency (virtual ms)  peak memory (MiB)  feasible  seeds
text_deduplicate          abababababab                  0.33               3.00  yes       1 2
a|b "c", d\x1b[31m\n\xff  é                                -                  -  no        -
2 of 7 candidates
`,
		Markdown: `### Winners

| spec | candidate | latency (virtual ms) | peak memory (MiB) | feasible | seeds |
|:--- |:--- | ---:| ---:|:--- |:--- |
| text_deduplicate | abababababab | 0.33 | 3.00 | yes | 1 2 |
| a\|b "c", d\x1b[31m\n\xff | é | - | - | no | - |

2 of 7 candidates
`,
		CSV: `spec,candidate_id,virtual_ms,peak_memory_bytes,feasible,seeds
text_deduplicate,` + id + `,0.3333333333333333,3145728,true,1 2
"a|b ""c"", d\x1b[31m\n\xff",é,,,false,
`,
	} {
		if got := render(t, fixture(), f); got != want {
			t.Errorf("%s:\n%q\nwant\n%q", f, got, want)
		}
	}
}

// What programs read has to survive the way there and back in full.
func TestExact(t *testing.T) {
	tab := fixture()
	rows, err := csv.NewReader(strings.NewReader(render(t, tab, CSV))).ReadAll()
	if err != nil || len(rows) != 3 || len(rows[2]) != 6 {
		t.Fatalf("CSV does not read back: %v %q", err, rows)
	}
	var objects []map[string]any
	if err := json.Unmarshal([]byte(render(t, tab, JSON)), &objects); err != nil {
		t.Fatal(err)
	}
	if got := objects[0]["virtual_ms"]; got != 1.0/3 {
		t.Errorf("virtual_ms is %v, want every digit of 1/3", got)
	}
	for _, key := range []string{"virtual_ms", "peak_memory_bytes"} {
		if v, ok := objects[1][key]; !ok || v != nil {
			t.Errorf("%s is %v, want null", key, v)
		}
	}
	if got := objects[1]["seeds"].([]any); len(got) != 0 {
		t.Errorf("an empty list came out as %v", got)
	}
	if !strings.Contains(objects[1]["spec"].(string), "\x1b[31m\n") {
		t.Errorf("JSON lost a control character: %q", objects[1]["spec"])
	}
}

// The keys of JSON stand in the order of the columns, so that a diff of two answers
// shows what differs.
func TestKeyOrder(t *testing.T) {
	data, err := json.Marshal(fixture())
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, c := range fixture().Columns {
		i := bytes.Index(data, []byte(`"`+c.Name+`":`))
		if i <= at {
			t.Errorf("%s stands at %d, before the column to its left", c.Name, i)
		}
		at = i
	}
}

func TestLocaleAndTerminalHaveNoSay(t *testing.T) {
	want := render(t, fixture(), Text)
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	t.Setenv("RUNEWIDTH_EASTASIAN", "1")
	t.Setenv("FORCE_COLOR", "1")
	if got := render(t, fixture(), Text); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWrongRowsPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"too few cells": func() { fixture().Add("alone") },
		"unknown type":  func() { value(struct{}{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain ünïcode |": "plain ünïcode |",
		"a\tb\r\n":        `a\tb\r\n`,
		"\x1b]0;x\a":      `\x1b]0;x\a`,
		"\u202e":          `\u202e`,
		"\xff\ufffd":      `\xff\ufffd`,
		"":                "",
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}
