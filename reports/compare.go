package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"toolgen/analysis/compare"
	"toolgen/analysis/stats"
)

// Answers are the answers of a comparison in words.
var answers = map[compare.Answer]string{
	compare.NoRegression:  "no regression",
	compare.Regression:    "regression",
	compare.CannotTell:    "inconclusive",
	compare.NotComparable: "not comparable",
	compare.Failed:        "error",
}

// AnswerWords is what a comparison comes to, in words.
func AnswerWords(a compare.Answer) string {
	if s, ok := answers[a]; ok {
		return s
	}
	return string(a)
}

// CompareRows is the table of a comparison for programs: a row for each metric, scope and
// side, its columns the keys of compare.Row.
func CompareRows(r *compare.Result) *Table {
	t := &Table{Columns: []Column{
		{Name: "metric"}, {Name: "spec"}, {Name: "style"}, {Name: "new"}, {Name: "seed"}, {Name: "candidate_id"}, {Name: "direction"},
		{Name: "verdict"}, {Name: "reason"}, {Name: "method"}, {Name: "base_n"}, {Name: "new_n"}, {Name: "pairs"},
		{Name: "base"}, {Name: "base_low"}, {Name: "base_high"}, {Name: "value"}, {Name: "value_low"}, {Name: "value_high"},
		{Name: "shift"}, {Name: "shift_low"}, {Name: "shift_high"}, {Name: "ratio"}, {Name: "ratio_low"}, {Name: "ratio_high"},
		{Name: "cliffs_delta"}, {Name: "p"}, {Name: "q"}, {Name: "seeds_needed"},
	}}
	for i := range r.Rows {
		w := &r.Rows[i]
		cells := []any{
			w.Metric, w.Spec, w.Style, w.New, w.Seed, w.CandidateID, string(w.Direction), string(w.Verdict), w.Reason, w.Method, w.BaseN, w.NewN, w.Pairs,
		}
		for _, v := range []struct {
			value    *float64
			interval *stats.Interval
		}{{w.Base, w.BaseInterval}, {w.Value, w.ValueInterval}, {w.Shift, w.ShiftInterval}, {w.Ratio, w.RatioInterval}} {
			var low, high any
			if v.interval != nil {
				low, high = v.interval.Low, v.interval.High
			}
			cells = append(cells, v.value, low, high)
		}
		t.Add(append(cells, w.CliffsDelta, w.P, w.Q, w.SeedsNeeded)...)
	}
	return t
}

// Compare are the tables of a comparison for people: the rows, the sides next to one
// another, and the gates if there are any.
func Compare(r *compare.Result) []*Table {
	rows := compareSides(r)
	rows.Notes = compareNotes(r)
	out := []*Table{rows}
	if len(r.Gates) > 0 {
		out = append(out, compareGates(r))
	}
	return out
}

// compareSides has a row for each metric and scope, and columns for each side.
func compareSides(r *compare.Result) *Table {
	t := &Table{Title: title(r), Columns: []Column{{Name: "metric"}, {Name: "spec"}, {Name: "style"}}}
	wall := slices.ContainsFunc(r.Rows, func(w compare.Row) bool { return w.Metric == compare.WallMS })
	if wall {
		t.Columns = append(t.Columns, Column{Name: "seed", Right: true}, Column{Name: "candidate_id", Title: "candidate", Show: ShortID})
	}
	t.Columns = append(t.Columns, Column{Name: "base", Title: Printable(r.Base.Name), Right: true})
	tested := slices.ContainsFunc(r.Rows, func(w compare.Row) bool { return w.P != nil })
	var names []string
	for _, s := range r.News {
		if !slices.ContainsFunc(r.Incomparable, func(i compare.Incomparability) bool { return i.NewName == s.Name && i.Kind != compare.KindMachine }) {
			names = append(names, s.Name)
		}
	}
	for _, name := range names {
		t.Columns = append(t.Columns, Column{Name: "value", Title: Printable(name), Right: true}, Column{Name: "change", Right: true},
			Column{Name: "n", Right: true}, Column{Name: "cliffs_delta", Title: "effect", Right: true, Show: Decimals(2)})
		if tested {
			t.Columns = append(t.Columns, Column{Name: "q", Right: true})
		}
		t.Columns = append(t.Columns, Column{Name: "verdict"})
		if len(names) == 1 {
			t.Columns = append(t.Columns, Column{Name: "reason", Title: "why"})
		}
	}
	type key struct{ metric, spec, style, seed, candidate string }
	keyOf := func(w *compare.Row) key {
		k := key{metric: w.Metric, spec: orEmpty(w.Spec), style: orEmpty(w.Style), candidate: orEmpty(w.CandidateID)}
		if w.Seed != nil {
			k.seed = strconv.FormatInt(*w.Seed, 10)
		}
		return k
	}
	rows := map[key][]*compare.Row{}
	var order []key
	for i := range r.Rows {
		k := keyOf(&r.Rows[i])
		if rows[k] == nil {
			order = append(order, k)
		}
		rows[k] = append(rows[k], &r.Rows[i])
	}
	for _, k := range order {
		first := rows[k][0]
		cells := []any{metricName(k.metric), orDash(k.spec), first.Style}
		if wall {
			cells = append(cells, first.Seed, first.CandidateID)
		}
		cells = append(cells, withInterval(k.metric, first.Base, first.BaseInterval))
		for _, name := range names {
			at := slices.IndexFunc(rows[k], func(w *compare.Row) bool { return w.New == name })
			if at < 0 {
				at = len(rows[k])
				rows[k] = append(rows[k], &compare.Row{Metric: k.metric})
			}
			w := rows[k][at]
			cells = append(cells, withInterval(k.metric, w.Value, w.ValueInterval), change(w), count(w), w.CliffsDelta)
			if tested {
				cells = append(cells, significance(w))
			}
			cells = append(cells, verdict(w.Verdict))
			if len(names) == 1 {
				cells = append(cells, w.Reason)
			}
		}
		t.Add(cells...)
	}
	return t
}

func title(r *compare.Result) string {
	var names []string
	for _, s := range r.News {
		names = append(names, s.Name)
	}
	return fmt.Sprintf("%s v %s: %s", r.Base.Name, strings.Join(names, ", "), AnswerWords(r.Answer))
}

func compareGates(r *compare.Result) *Table {
	t := &Table{Title: "Gates", Columns: []Column{
		{Name: "gate"}, {Name: "verdict"}, {Name: "new"}, {Name: "spec"}, {Name: "style"},
		{Name: "base", Right: true}, {Name: "value", Right: true}, {Name: "reason", Title: "why"},
	}}
	for _, g := range r.Gates {
		for _, k := range g.Checks {
			t.Add(g.Name, string(k.Verdict), k.New, k.Spec, k.Style, withInterval(g.Gate.Metric, k.Base, nil), withInterval(g.Gate.Metric, k.Value, nil), k.Reason)
		}
	}
	return t
}

// shownDifferences is how many differences of manifests stand below a table.
const shownDifferences = 8

func compareNotes(r *compare.Result) []string {
	var out []string
	for _, g := range r.Geomeans {
		if g.Of < 2 {
			continue // it would repeat the row
		}
		what := "specs"
		if g.Metric == compare.WallMS {
			what = "candidates"
		}
		out = append(out, fmt.Sprintf("geomean of %s: %s is %s times the base, over %d of %d %s", metricName(g.Metric), g.New, strconv.FormatFloat(g.Ratio, 'f', 4, 64), g.Rows, g.Of, what))
	}
	for _, n := range r.NotCompared {
		out = append(out, fmt.Sprintf("%s is not compared with %s: %s", metricName(n.Metric), n.New, n.Reason))
	}
	for i := range r.Incomparable {
		out = append(out, "not comparable: "+r.Incomparable[i].String())
	}
	for i, d := range r.Differences {
		if i == shownDifferences {
			out = append(out, fmt.Sprintf("and %d more differences, which --format json lists", len(r.Differences)-i))
			break
		}
		out = append(out, fmt.Sprintf("%s: %s is %s, in the base %s", d.New, d.What, orNothing(d.Value), orNothing(d.Base)))
	}
	out = append(out, r.Notes...)
	if len(r.Rows) == 0 && r.Error == nil && len(r.Incomparable) == 0 {
		out = append(out, "there is nothing that both sides have, so nothing was compared")
	}
	if r.Error != nil {
		out = append(out, *r.Error)
	}
	return out
}

func orNothing(s *string) string {
	if s == nil {
		return "none"
	}
	return Printable(cut(*s, 60))
}

// cut shortens a text to so many runes.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "..."
	}
	return s
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func orDash(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// metricName is a metric as people read it.
func metricName(metric string) string {
	name, isBytes := strings.CutSuffix(metric, "_bytes")
	name = strings.ReplaceAll(name, "_", " ")
	if isBytes {
		name += " (MiB)"
	}
	return name
}

// metricValue is a value as people read it.
func metricValue(metric string, v float64) string {
	switch {
	case strings.HasSuffix(metric, "_bytes"):
		return strconv.FormatFloat(v/(1<<20), 'f', 2, 64)
	case strings.HasSuffix(metric, "_ms"):
		return strconv.FormatFloat(v, 'f', 3, 64)
	case v == math.Trunc(v) && math.Abs(v) < 1e15 && v != 0 && v != 1:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

// withInterval is a median, and its interval where there is one.
func withInterval(metric string, v *float64, i *stats.Interval) any {
	if v == nil {
		return nil
	}
	s := metricValue(metric, *v)
	if i != nil {
		s += " [" + metricValue(metric, i.Low) + ", " + metricValue(metric, i.High) + "]"
	}
	return s
}

// change is the ratio as a percentage, with its interval; the shift where there is no ratio.
func change(w *compare.Row) any {
	percent := func(ratio float64) string {
		return strconv.FormatFloat(float64((ratio-1)*100), 'f', 2, 64)
	}
	plus := func(s string) string {
		if strings.HasPrefix(s, "-") {
			if strings.Trim(s, "-0.") == "" {
				return s[1:] // rounded to nothing
			}
			return s
		}
		return "+" + s
	}
	switch {
	case w.Ratio != nil && w.RatioInterval != nil:
		return plus(percent(*w.Ratio)) + " % [" + plus(percent(w.RatioInterval.Low)) + ", " + plus(percent(w.RatioInterval.High)) + "]"
	case w.Ratio != nil:
		return plus(percent(*w.Ratio)) + " %"
	case w.Shift != nil:
		return plus(metricValue(w.Metric, *w.Shift))
	}
	return nil
}

// count is how many values a row rests on: pairs, or those of either side.
func count(w *compare.Row) any {
	switch {
	case w.Verdict == "":
		return nil
	case w.Pairs > 0:
		return strconv.Itoa(w.Pairs)
	}
	return fmt.Sprintf("%d v %d", w.BaseN, w.NewN)
}

func significance(w *compare.Row) any {
	if w.Q == nil {
		return nil
	}
	return strconv.FormatFloat(*w.Q, 'g', 3, 64)
}

// verdict is a verdict as benchmark tables write it.
func verdict(v compare.Verdict) any {
	switch v {
	case "":
		return nil
	case compare.Undecided:
		return "~"
	}
	return string(v)
}
