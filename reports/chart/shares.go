package chart

import (
	"fmt"
	"slices"
)

// DiversityPanel is which styles stood in the slots of one spec in one run.
type DiversityPanel struct {
	Run, Spec string
	Epochs    []EpochShares // ascending
}

// EpochShares are the shares of styles in an epoch, 0 to 1; a style that is not named
// had none.
type EpochShares struct {
	Epoch  int
	Shares []StyleShare
}

// StyleShare is the share of a style.
type StyleShare struct {
	Style string
	Share float64
}

// Diversity draws the shares of styles on top of one another, epoch by epoch.
func Diversity(title string, inputs []DiversityPanel) *Figure {
	xs := newExtent()
	var styles []string
	for _, in := range inputs {
		for _, e := range in.Epochs {
			xs.take(float64(e.Epoch))
			for _, s := range e.Shares {
				styles = append(styles, s.Style)
			}
		}
	}
	if xs.empty() || len(styles) == 0 {
		return nothing("diversity", title, "nothing was evaluated")
	}
	all := namesOf(styles)
	f := &Figure{Kind: "diversity", Title: title, Note: "Share of an epoch's slots that each style holds."}
	x, y := epochs(xs, 5), share("share of slots, %", 4)
	var said, labelled []string
	f.grid, _ = arrange(inputs, func(in *DiversityPanel) (string, string) { return in.Run, in.Spec }, func(in *DiversityPanel) *panel {
		p := &panel{x: x, y: y}
		var here []string
		for _, e := range in.Epochs {
			for _, s := range e.Shares {
				here = append(here, s.Style)
			}
		}
		stack := namesOf(here)
		// From the top down in alphabetical order, as the labels beside it.
		slices.Reverse(stack)
		low := make([]xy, len(in.Epochs))
		for i, e := range in.Epochs {
			low[i] = xy{float64(e.Epoch), 0}
		}
		last := ""
		for _, name := range stack {
			high := slices.Clone(low)
			for i, e := range in.Epochs {
				for _, s := range e.Shares {
					if s.Style == name {
						high[i].y += s.Share
					}
				}
			}
			lows, highs := unbroken(low), unbroken(high)
			for k := range lows {
				p.marks = append(p.marks, band(spread(lows[k]), spread(highs[k]), all.series(name), 0.82))
			}
			if n := len(high); n > 0 && high[n-1].y > low[n-1].y {
				labelled = append(labelled, name)
				of := high[n-1].y - low[n-1].y
				p.labels = append(p.labels, endLabel{name, all.series(name), xy{high[n-1].x, (high[n-1].y + low[n-1].y) / 2}})
				last = fmt.Sprintf(", %s %.0f %%", name, of*100) + last
			}
			low = high
		}
		said = append(said, subject(in.Run, in.Spec)+" in its last epoch: "+trimComma(last))
		return p
	})
	for i, s := range all {
		if !slices.Contains(labelled, s) {
			f.keys = append(f.keys, key{s, i, square})
		}
	}
	f.Desc = "Shares of styles by epoch. " + sentences(said)
	f.suit(1.7)
	return f
}

// spread makes an area out of a single epoch.
func spread(list []xy) []xy {
	if len(list) != 1 {
		return list
	}
	return []xy{{list[0].x - 0.4, list[0].y}, {list[0].x + 0.4, list[0].y}}
}

func trimComma(s string) string {
	if len(s) > 2 {
		return s[2:]
	}
	return s
}

// StabilityPanel is how often candidates of one spec in one run were flaky.
type StabilityPanel struct {
	Run, Spec string
	Rows      []FlakeRate
}

// FlakeRate is the share of flaky ones among candidates, with the interval of a
// confidence that the caller knows.
type FlakeRate struct {
	Name            string // of the style
	Flaky, Total    int
	Rate, Low, High float64
}

// Stability draws flake rates with their intervals. confidence is in percent, method is
// the interval's name.
func Stability(title, confidence, method string, inputs []StabilityPanel) *Figure {
	xs := newExtent()
	xs.take(0)
	n := 0
	for _, in := range inputs {
		for _, r := range in.Rows {
			if r.Total > 0 {
				xs.take(r.Rate*100, r.High*100)
				n++
			}
		}
	}
	if n == 0 {
		return nothing("stability", title, "no candidate was run twice")
	}
	f := &Figure{
		Kind: "stability", Title: title,
		Note: fmt.Sprintf("Dot: share of candidates whose answers changed under other entropy. Line: %s %% interval (%s). Behind it: flaky of all.", confidence, method),
	}
	xs.hi = max(xs.hi*1.2, 1) // room for the counts behind the intervals
	x := linear("flake rate, %", xs, 4)
	var said []string
	most := 0
	f.grid, _ = arrange(inputs, func(in *StabilityPanel) (string, string) { return in.Run, in.Spec }, func(in *StabilityPanel) *panel {
		rows := slices.DeleteFunc(slices.Clone(in.Rows), func(r FlakeRate) bool { return r.Total == 0 })
		most = max(most, len(rows))
		p := &panel{x: x, y: rowAxis(len(rows), func(i int) string { return rows[i].Name }), bare: true}
		for i, r := range rows {
			at := rowAt(len(rows), i)
			p.marks = append(p.marks, line([]xy{{r.Low * 100, at}, {r.High * 100, at}}, 0, 2.2),
				cloud([]point{{xy{r.Rate * 100, at}, 0, 3.2, true, 1, fmt.Sprintf("%s: %d of %d, %.1f %% to %.1f %%", r.Name, r.Flaky, r.Total, r.Low*100, r.High*100)}}),
				beside(xy{r.High * 100, at}, fmt.Sprintf("%d/%d", r.Flaky, r.Total)))
			said = append(said, fmt.Sprintf("%s %s: %d of %d flaky", subject(in.Run, in.Spec), r.Name, r.Flaky, r.Total))
		}
		return p
	})
	f.Desc = "Flake rates of styles with their intervals. " + sentences(said)
	f.suit(max(0.8, 0.22*float64(most)+0.35))
	return f
}

// rowAxis is an axis of n named rows from the top down.
func rowAxis(n int, name func(int) string) *axis {
	a := &axis{lo: 0, hi: float64(max(n, 1))}
	for i := range n {
		a.ticks = append(a.ticks, tick{rowAt(n, i), name(i)})
	}
	return a
}

// rowAt is the middle of a row.
func rowAt(n, i int) float64 { return float64(n-i) - 0.5 }

// HandoffPanel is what became of the failing candidates of one spec in one run.
type HandoffPanel struct {
	Run, Spec string
	Stages    []Stage // of a funnel: each counts some of the one before
}

// Stage is a stage of a funnel.
type Stage struct {
	Name  string
	Count int
}

// Handoffs draws the funnel from failing candidates to repaired ones.
func Handoffs(title string, inputs []HandoffPanel) *Figure {
	xs := newExtent()
	xs.take(0)
	most := 0
	for _, in := range inputs {
		for _, s := range in.Stages {
			xs.take(float64(s.Count))
		}
		most = max(most, len(in.Stages))
	}
	if xs.hi == 0 || most == 0 {
		return nothing("handoffs", title, "no candidate was handed off")
	}
	f := &Figure{Kind: "handoffs", Title: title, Note: "Each bar counts some of those above it; percentages are of all that failed."}
	xs.hi *= 1.15 // room for the counts behind the bars
	x := linear("candidates", xs, 4)
	var said []string
	f.grid, _ = arrange(inputs, func(in *HandoffPanel) (string, string) { return in.Run, in.Spec }, func(in *HandoffPanel) *panel {
		p := &panel{x: x, y: rowAxis(len(in.Stages), func(i int) string { return in.Stages[i].Name }), bare: true}
		words := ""
		for i, s := range in.Stages {
			at := xy{float64(s.Count), rowAt(len(in.Stages), i)}
			text := plain(float64(s.Count))
			if first := in.Stages[0].Count; i > 0 && first > 0 && s.Count > 0 {
				text += fmt.Sprintf(" (%.0f %%)", 100*float64(s.Count)/float64(first))
			}
			p.marks = append(p.marks, bar(at, 11, 0, 1, s.Name+": "+text), barText(at, text))
			words += fmt.Sprintf(", %s %d", s.Name, s.Count)
		}
		said = append(said, subject(in.Run, in.Spec)+": "+trimComma(words))
		return p
	})
	f.Desc = "From failing candidates to repaired ones. " + sentences(said)
	f.suit(max(0.8, 0.21*float64(most)+0.35))
	return f
}
