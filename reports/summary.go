package reports

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"toolgen/analysis/compare"
)

// Summary writes a comparison as Markdown for the summary of a CI step: the verdict, the
// tables, and a chart that the page draws by itself (Mermaid), since pictures cannot be
// put there.
func Summary(w io.Writer, r *compare.Result) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "## toolgen compare: %s\n\n", AnswerWords(r.Answer))
	fmt.Fprintf(&out, "%s\n\n", markdownText(headline(r)))
	tables := Compare(r)
	slices.Reverse(tables) // the gates are what was asked
	for _, t := range tables {
		if len(t.Rows) == 0 && len(t.Notes) == 0 {
			continue
		}
		if err := t.Render(&out, Markdown); err != nil {
			return err
		}
		out.WriteByte('\n')
	}
	for _, s := range r.News {
		out.WriteString(mermaid(r, s.Name))
	}
	_, err := w.Write(out.Bytes())
	return err
}

// headline counts what was found.
func headline(r *compare.Result) string {
	if r.Error != nil {
		return *r.Error
	}
	counts := map[string]int{}
	what := "row"
	total := len(r.Rows)
	if len(r.Gates) > 0 {
		what, total = "gate", len(r.Gates)
		for _, g := range r.Gates {
			counts[string(g.Verdict)]++
		}
	} else {
		for i := range r.Rows {
			counts[string(r.Rows[i].Verdict)]++
		}
	}
	var parts []string
	for _, v := range []string{
		string(compare.GateFail), string(compare.GatePass), string(compare.Worse), string(compare.Missing), string(compare.Inconclusive),
		string(compare.Undecided), string(compare.Better), string(compare.Same), string(compare.New),
	} {
		if n := counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	if total != 1 {
		what += "s"
	}
	s := fmt.Sprintf("%s: %d %s", title(r), total, what)
	if len(parts) > 0 {
		s += ", " + strings.Join(parts, ", ")
	}
	return s + "."
}

// mermaidBars is how many bars a chart has: more cannot be read.
const mermaidBars = 16

// mermaid is a bar chart of ratios in percent of the base, those furthest from 100 first.
func mermaid(r *compare.Result, name string) string {
	var rows []*compare.Row
	for i := range r.Rows {
		if w := &r.Rows[i]; w.New == name && w.Ratio != nil {
			rows = append(rows, w)
		}
	}
	if len(rows) == 0 {
		return ""
	}
	slices.SortStableFunc(rows, func(a, b *compare.Row) int {
		x, y := math.Abs(math.Log(*a.Ratio)), math.Abs(math.Log(*b.Ratio))
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	more := ""
	if len(rows) > mermaidBars {
		more = fmt.Sprintf(", the %d that differ most of %d", mermaidBars, len(rows))
		rows = rows[:mermaidBars]
	}
	var labels, bars, base []string
	top := 110.0
	for _, w := range rows {
		label := strings.TrimSpace(strings.Join([]string{strings.ReplaceAll(w.Metric, "_", " "), orEmpty(w.Spec), orEmpty(w.Style)}, " "))
		if w.Seed != nil {
			label += fmt.Sprintf(" seed %d", *w.Seed)
		}
		percent := min(float64(*w.Ratio*100), 1000) // beyond, a bar is only "off the chart"
		labels = append(labels, mermaidText(label))
		bars = append(bars, strconv.FormatFloat(percent, 'f', 2, 64))
		base = append(base, "100")
		top = max(top, math.Ceil(percent/10)*10)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "```mermaid\nxychart-beta\n    title %s\n", mermaidText(fmt.Sprintf("%s in percent of %s%s", name, r.Base.Name, more)))
	fmt.Fprintf(&out, "    x-axis [%s]\n", strings.Join(labels, ", "))
	fmt.Fprintf(&out, "    y-axis \"%% of the base\" 0 --> %s\n", strconv.FormatFloat(top, 'f', 0, 64))
	fmt.Fprintf(&out, "    bar [%s]\n    line [%s]\n```\n\n", strings.Join(bars, ", "), strings.Join(base, ", "))
	return out.String()
}

// mermaidText is a quoted text that cannot end its quotes or its line.
func mermaidText(s string) string {
	s = strings.NewReplacer(`"`, "'", "`", "'", "\n", " ", "\r", " ").Replace(s)
	return `"` + Printable(s) + `"`
}

// markdownText is a text that Markdown shows as it is, on one line.
func markdownText(s string) string {
	s = strings.NewReplacer("\n", " ", "\r", " ", "|", `\|`, "<", "&lt;", "`", "'").Replace(s)
	return Printable(s)
}
