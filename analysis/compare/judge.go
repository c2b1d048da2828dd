package compare

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// judge says what a contrast is worth against a bar. It changes nothing: the same
// contrast may be held against several.
func (c *contrast) judge(b bar) (Verdict, string, *int) {
	switch {
	case c.unmeasured != "":
		return Missing, c.unmeasured, nil
	case c.noNew != "":
		return Missing, c.row.New + " has no value: " + c.noNew, nil
	case c.noBase != "":
		return New, "the base has no value: " + c.noBase, nil
	}
	if c.tested {
		return c.judgeTest(b)
	}
	if c.compared == 0 {
		return Inconclusive, "no seed in common; --generalize compares without", nil
	}
	if c.compared < b.minSeeds {
		return Inconclusive, fmt.Sprintf("%s in common, the gate wants %d", plural(c.compared, "seed"), b.minSeeds), &b.minSeeds
	}
	if c.equal {
		return Same, c.equality(), nil
	}
	verdict, by := c.direction(b.Floors)
	switch verdict {
	case Same:
		return Same, "within the floors" + c.absences(), nil
	default:
		return verdict, by + c.absences(), nil
	}
}

// judgeTest judges what a test has seen.
func (c *contrast) judgeTest(b bar) (Verdict, string, *int) {
	what := "seed"
	switch {
	case c.samples:
		what = "timed call"
	case c.row.Pairs > 0:
		what = "pair"
	}
	n := c.row.Pairs
	if n == 0 {
		n = min(c.row.BaseN, c.row.NewN)
	}
	if c.samples && c.equal {
		return Same, "one measurement: the cache answered", nil
	}
	if c.row.P == nil {
		return Inconclusive, "no seed has a value on both sides" + c.absences(), nil
	}
	if n < b.minSeeds && !c.samples {
		return Inconclusive, fmt.Sprintf("%s, the gate wants %d", plural(n, what), b.minSeeds), &b.minSeeds
	}
	if c.least > b.alpha {
		needed := c.needed(b.alpha)
		return Inconclusive, fmt.Sprintf("%s cannot reach p %s; it takes %d", plural(n, what), number(b.alpha), needed), &needed
	}
	if c.equal {
		return Same, c.equality(), nil
	}
	verdict, by := c.direction(b.Floors)
	significant := *c.row.Q <= b.alpha
	seen := fmt.Sprintf("q %s", number(*c.row.Q))
	switch {
	case significant && verdict == Same:
		return Same, seen + ", but within the floors" + c.absences(), nil
	case significant && verdict == Better && len(c.lost) > 0:
		return Inconclusive, by + ", " + seen + ", but" + strings.TrimPrefix(c.absences(), ";"), nil
	case significant:
		return verdict, by + ", " + seen + c.absences(), nil
	case verdict == Worse:
		return Inconclusive, by + ", but " + seen + ": it may be chance, more " + what + "s would tell" + c.absences(), nil
	case len(c.lost) > 0:
		return Inconclusive, seen + ", but" + strings.TrimPrefix(c.absences(), ";"), nil
	}
	return Undecided, seen + c.absences(), nil
}

// direction holds the median difference against floors, and says how large it is.
func (c *contrast) direction(f Floors) (Verdict, string) {
	switch {
	case c.worseAbs > f.Abs && c.worseRel > f.Rel:
		return Worse, c.size()
	case -c.worseAbs > f.Abs && -c.worseRel > f.Rel:
		return Better, c.size()
	}
	return Same, ""
}

// size is the median difference in words.
func (c *contrast) size() string {
	sign := c.row.Direction.sign()
	switch {
	case math.Abs(c.worseRel) >= beyond/2 && len(c.lost) > 0:
		return fmt.Sprintf("the value is gone under %d of %s", len(c.lost), plural(c.compared, "seed"))
	case math.Abs(c.worseRel) >= beyond/2 && len(c.gained) > 0:
		return fmt.Sprintf("the base has no value under %d of %s", len(c.gained), plural(c.compared, "seed"))
	case math.Abs(c.worseRel) >= beyond/2:
		return signed(sign*c.worseAbs) + " from 0"
	}
	return percent(sign * c.worseRel)
}

// percent is a relative difference as people write it.
func percent(rel float64) string { return signed(float64(rel*100)) + " %" }

func signed(v float64) string {
	s := strconv.FormatFloat(v, 'g', 4, 64)
	if v > 0 {
		s = "+" + s
	}
	return s
}

func (c *contrast) equality() string {
	for _, d := range c.row.Seeds {
		if d.Noise {
			return "no more than the noise between batches"
		}
	}
	return "no difference under any seed"
}

// absences says under which seeds a side has no value.
func (c *contrast) absences() string {
	var out string
	if len(c.lost) > 0 {
		out += fmt.Sprintf("; none in %s under %s", c.row.New, seedList(c.lost))
	}
	if len(c.gained) > 0 {
		out += "; none in the base under " + seedList(c.gained)
	}
	return out
}

func seedList(seeds []int64) string {
	parts := make([]string, len(seeds))
	for i, s := range seeds {
		parts[i] = strconv.FormatInt(s, 10)
	}
	if len(parts) > 8 {
		parts = append(parts[:8], "...")
	}
	word := "seed "
	if len(seeds) > 1 {
		word = "seeds "
	}
	return word + strings.Join(parts, " ")
}
