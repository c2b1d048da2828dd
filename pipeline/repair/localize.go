package repair

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Localizer says how suspicious an element is of being at fault. Its arguments count
// cases: ef failing and ep passing ones that went through it, nf and np those that did
// not. The result lies in [0, 1] but for DStar, which has no upper bound.
type Localizer func(ef, ep, nf, np float64) float64

// Localizers by name. The default is ochiai.
//
//   - ochiai: ef / sqrt((ef+nf)(ef+ep)); Abreu et al., TAIC PART 2007
//   - tarantula: (ef/F) / (ef/F + ep/P); Jones and Harrold, ASE 2005
//   - dstar: ef^2 / (ep+nf); Wong et al., IEEE Trans. Reliability 63(1), 2014
var Localizers = map[string]Localizer{
	"ochiai": func(ef, ep, nf, _ float64) float64 {
		return ratio(ef, math.Sqrt(float64((ef+nf)*(ef+ep))))
	},
	"tarantula": func(ef, ep, nf, np float64) float64 {
		failing, passing := ratio(ef, ef+nf), ratio(ep, ep+np)
		return ratio(failing, failing+passing)
	},
	"dstar": func(ef, ep, nf, _ float64) float64 {
		if ef > 0 && ep+nf == 0 {
			return math.Inf(1)
		}
		return ratio(float64(ef*ef), ep+nf)
	},
}

// LocalizerNames lists the names of Localizers, the default first.
func LocalizerNames() []string { return []string{"ochiai", "tarantula", "dstar"} }

// LocalizerNamed finds a localizer; "" is the default.
func LocalizerNamed(name string) (Localizer, error) {
	if name == "" {
		name = LocalizerNames()[0]
	}
	l, ok := Localizers[name]
	if !ok {
		return nil, fmt.Errorf("repair: unknown localizer %q, expected one of %s", name, strings.Join(LocalizerNames(), ", "))
	}
	return l, nil
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// Suspicion is how suspicious each element of a program is, scaled so that the most
// suspicious one has 1. The zero value knows nothing, and suspects all alike.
type Suspicion struct {
	elements []Element
	score    []float64
	always   float64 // of what every execution depends on: initial values of the package
}

// Localize turns what the cases went through into suspicion. Point i went through the
// elements that hits[i] marks; failing[i] says how it ended. Points without hits left
// no trace, and do not count.
func Localize(in Instrumented, hits [][]byte, failing []bool, score Localizer) Suspicion {
	var failed, passed float64
	ef, ep := make([]float64, len(in.Elements)), make([]float64, len(in.Elements))
	for i, row := range hits {
		if len(row) != len(in.Elements) {
			continue
		}
		count, total := ep, &passed
		if failing[i] {
			count, total = ef, &failed
		}
		*total++
		for e, hit := range row {
			if hit != 0 {
				count[e]++
			}
		}
	}
	if failed == 0 {
		return Suspicion{}
	}
	s := Suspicion{elements: in.Elements, score: make([]float64, len(in.Elements))}
	finite := 0.0
	for e := range s.score {
		s.score[e] = score(ef[e], ep[e], failed-ef[e], passed-ep[e])
		if !math.IsInf(s.score[e], 1) {
			finite = max(finite, s.score[e])
		}
	}
	for e := range s.score {
		if math.IsInf(s.score[e], 1) {
			s.score[e] = float64(2 * max(finite, 1)) // above all others
		}
	}
	if top := slices.Max(append(s.score, 0)); top > 0 {
		for e := range s.score {
			s.score[e] /= top
		}
		s.always = min(1, score(failed, passed, 0, 0)/top)
	}
	return s
}

// At is the suspicion of a range of the source: that of the innermost statement around
// it and, inside a condition, of the condition's outcomes. Of a range that no statement
// is around, such as a function's body, it is that of the most suspicious one inside.
func (s Suspicion) At(from, to int) float64 {
	if s.elements == nil {
		return 1
	}
	best, width := 0.0, math.MaxInt
	condition, inside, touched := 0.0, 0.0, false
	for e, el := range s.elements {
		if from <= el.From && el.To <= to {
			inside, touched = max(inside, s.score[e]), true
		}
		if el.From > from || to > el.To {
			continue
		}
		if el.Kind != Statement {
			condition = max(condition, s.score[e])
		} else if w := el.To - el.From; w < width {
			best, width = s.score[e], w
		}
	}
	switch {
	case width < math.MaxInt || condition > 0:
		return max(best, condition)
	case touched:
		return inside
	}
	return s.always
}

// Place is a statement or condition and how suspicious it is.
type Place struct {
	Line      int     `json:"line"` // from 1
	Text      string  `json:"text"` // its first line
	Suspicion float64 `json:"suspicion"`
	from      int
}

// Places lists the n most suspicious lines of the source, each once, but for those in
// some ranges, in bytes.
func (s Suspicion) Places(source string, n int, but ...[2]int) []Place {
	var all []Place
	for e, el := range s.elements {
		if slices.ContainsFunc(but, func(r [2]int) bool { return r[0] <= el.From && el.To <= r[1] }) {
			continue
		}
		text, _, _ := strings.Cut(source[el.From:el.To], "\n")
		all = append(all, Place{Line: 1 + strings.Count(source[:el.From], "\n"), Text: text, Suspicion: s.score[e], from: el.From})
	}
	slices.SortStableFunc(all, func(a, b Place) int {
		switch {
		case a.Suspicion > b.Suspicion:
			return -1
		case a.Suspicion < b.Suspicion:
			return 1
		}
		return a.from - b.from
	})
	var out []Place
	seen := map[int]bool{}
	for _, p := range all {
		if !seen[p.Line] && len(out) < n && p.Suspicion > 0 {
			seen[p.Line] = true
			out = append(out, p)
		}
	}
	return out
}
