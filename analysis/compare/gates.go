package compare

import (
	"fmt"
	"path"
	"strings"

	"toolgen/analysis/stats"
)

// Gates are a gate file as read.
type Gates struct {
	File  string
	Gates []Gate
}

// Gate is one condition.
type Gate struct {
	Metric    string    `json:"metric"`
	Spec      *string   `json:"spec"`  // a glob; null: the whole experiment
	Style     *string   `json:"style"` // a glob; null: whole specs
	Direction Direction `json:"direction"`
	Floors
	Alpha          *float64 `json:"alpha"` // null: that of the comparison
	MinSeeds       int      `json:"min_seeds"`
	Missing        string   `json:"missing"`         // fail or report
	OnInconclusive string   `json:"on_inconclusive"` // report or fail
	Limit          *float64 `json:"limit"`           // null: the gate is about the difference
	Test           bool     `json:"test"`
	Line           int      `json:"line"` // of the file
}

// Words of a gate.
const (
	Fail   = "fail"
	Report = "report"
)

// Name is what a gate is called in answers.
func (g *Gate) Name() string {
	var scope []string
	if g.Spec != nil {
		scope = append(scope, "spec: "+*g.Spec)
	}
	if g.Style != nil {
		scope = append(scope, "style: "+*g.Style)
	}
	name := g.Metric + " {" + strings.Join(scope, ", ") + "}"
	switch {
	case g.Limit != nil && g.Direction == Min:
		name += " at most " + number(*g.Limit)
	case g.Limit != nil:
		name += " at least " + number(*g.Limit)
	case g.Test:
		name += " tested"
	}
	return name
}

// GateVerdict is the colour of a gate.
type GateVerdict string

// The verdicts of gates and their checks.
const (
	GatePass         GateVerdict = "pass"
	GateFail         GateVerdict = "fail"
	GateInconclusive GateVerdict = "inconclusive"
)

// GateResult is a gate with what it has found.
type GateResult struct {
	Name    string      `json:"name"`
	Verdict GateVerdict `json:"verdict"`
	Gate    Gate        `json:"gate"`
	Checks  []Check     `json:"checks"` // one for each scope and side it is about
}

// Check is a gate held against one scope of one side.
type Check struct {
	New     string          `json:"new"`
	Spec    *string         `json:"spec"`
	Style   *string         `json:"style"`
	Verdict GateVerdict     `json:"verdict"`
	Reason  string          `json:"reason"`
	Base    *float64        `json:"base"`  // lower median of the values
	Value   *float64        `json:"value"` // of a limit on a rate: the rate over all seeds
	Bounds  *stats.Interval `json:"bounds"`
	Count   *Count          `json:"count"` // of a limit on a rate
	Q       *float64        `json:"q"`
}

// gateCheck is a check before it is judged.
type gateCheck struct {
	other       *Experiment
	spec, style string
	contrast    *contrast // nil for a limit, or where nobody has a value
}

type preparedGate struct {
	gate   Gate
	checks []gateCheck
}

// prepareGates finds what the gates are about, so that their tests count among all
// tests before any is judged.
func (c *comparison) prepareGates() []preparedGate {
	var out []preparedGate
	if c.opt.Gates == nil {
		return nil
	}
	for _, g := range c.opt.Gates.Gates {
		p := preparedGate{gate: g}
		for _, other := range c.news {
			for _, s := range c.gateScopes(&g, other) {
				check := gateCheck{other: other, spec: s[0], style: s[1]}
				if g.Limit == nil {
					check.contrast = c.contrast(other, g.Metric, g.Direction, s[0], s[1], g.Test)
				}
				p.checks = append(p.checks, check)
			}
		}
		out = append(out, p)
	}
	return out
}

// gateScopes are the scopes of a gate that one of two sides plays.
func (c *comparison) gateScopes(g *Gate, other *Experiment) [][2]string {
	if g.Spec == nil && g.Style == nil {
		return [][2]string{{"", ""}}
	}
	matches := func(glob *string, name string) bool {
		if glob == nil {
			return true
		}
		ok, err := path.Match(*glob, name)
		return ok && err == nil // the reader has tried the pattern
	}
	var out [][2]string
	for _, s := range c.scopes() {
		if len(c.base.scope(s[0], s[1]))+len(other.scope(s[0], s[1])) == 0 {
			continue
		}
		if (s[1] != "") == (g.Style != nil) && matches(g.Spec, s[0]) && (g.Style == nil || matches(g.Style, s[1])) {
			out = append(out, s)
		}
	}
	return out
}

func (c *comparison) judgeGate(p preparedGate) GateResult {
	r := GateResult{Name: p.gate.Name(), Gate: p.gate, Verdict: GatePass, Checks: []Check{}}
	absent := 0 // scopes that have no value on either side are no rows
	for _, check := range p.checks {
		k := Check{New: check.other.Name, Spec: optional(check.spec), Style: optional(check.style)}
		switch {
		case p.gate.Limit != nil:
			c.judgeLimit(&k, &p.gate, check)
		case check.contrast == nil:
			absent++
			continue
		default:
			c.judgeDifference(&k, &p.gate, check.contrast)
		}
		r.Checks = append(r.Checks, k)
	}
	if len(r.Checks) == 0 {
		for _, other := range c.news {
			k := Check{New: other.Name}
			k.missing(&p.gate, "nothing that the gate speaks of has a value")
			r.Checks = append(r.Checks, k)
		}
		if len(c.news) == 0 {
			k := Check{Verdict: GateInconclusive, Reason: "not compared: no side can be held against the base"}
			r.Checks = append(r.Checks, k)
		}
	}
	for _, k := range r.Checks {
		if k.Verdict == GateFail || k.Verdict == GateInconclusive && r.Verdict == GatePass {
			r.Verdict = k.Verdict
		}
	}
	return r
}

func (k *Check) missing(g *Gate, reason string) {
	k.Verdict, k.Reason = GateFail, "missing: "+reason
	if g.Missing == Report {
		k.Verdict = GateInconclusive
	}
}

func (k *Check) inconclusive(g *Gate, reason string) {
	k.Verdict, k.Reason = GateInconclusive, reason
	if g.OnInconclusive == Fail {
		k.Verdict = GateFail
	}
}

func (c *comparison) alpha(g *Gate) float64 {
	if g.Alpha != nil {
		return *g.Alpha
	}
	return c.opt.Alpha
}

// judgeDifference is a gate about what has changed.
func (c *comparison) judgeDifference(k *Check, g *Gate, x *contrast) {
	k.Base, k.Value, k.Q = x.row.Base, x.row.Value, x.row.Q
	verdict, reason, _ := x.judge(bar{Floors: g.Floors, alpha: c.alpha(g), minSeeds: g.MinSeeds})
	k.Verdict, k.Reason = GatePass, reason
	switch verdict {
	case Worse:
		k.Verdict, k.Reason = GateFail, "worse: "+reason
	case Better:
		k.Reason = "better: " + reason
	case Missing, New:
		k.missing(g, reason)
	case Inconclusive:
		k.inconclusive(g, reason)
	}
}

// judgeLimit is a gate about what is, whatever it was. A rate is red if its
// Clopper-Pearson bounds lie beyond the limit, green if they lie within, and
// inconclusive otherwise. Any other metric is a fact, and must keep the limit under each seed.
func (c *comparison) judgeLimit(k *Check, g *Gate, check gateCheck) {
	limit := *g.Limit
	values, _ := check.other.values(g.Metric, check.spec, check.style)
	if len(values) == 0 {
		k.missing(g, check.other.Name+" has no value")
		return
	}
	if len(values) < g.MinSeeds {
		k.inconclusive(g, fmt.Sprintf("%s, the gate wants %d", plural(len(values), "seed"), g.MinSeeds))
		return
	}
	side, beyond := "at most", func(v float64) bool { return v > limit }
	if g.Direction == Max {
		side, beyond = "at least", func(v float64) bool { return v < limit }
	}
	if !isRate(g.Metric) {
		c.judgeFacts(k, values, side, limit, beyond)
		return
	}
	n := check.other.count(g.Metric, check.spec, check.style, nil)
	rate := float64(n.K) / float64(n.N)
	alpha := c.alpha(g)
	bounds := stats.ClopperPearson(n.K, n.N, alpha)
	k.Value, k.Count, k.Bounds = &rate, &n, &bounds
	found := fmt.Sprintf("%d of %d, with %s %% confidence %s to %s, limit %s %s", n.K, n.N, number(100*(1-alpha)), number(bounds.Low), number(bounds.High), side, number(limit))
	best, worst := bounds.Low, bounds.High
	if g.Direction == Max {
		best, worst = worst, best
	}
	switch {
	case beyond(best):
		k.Verdict, k.Reason = GateFail, found
	case !beyond(worst):
		k.Verdict, k.Reason = GatePass, found
	default:
		k.inconclusive(g, found)
	}
}

func (c *comparison) judgeFacts(k *Check, values []valueAt, side string, limit float64, beyond func(float64) bool) {
	m := stats.LowerMedian(plain(values))
	k.Value = &m
	var broken []int64
	worst := values[0].value
	for _, v := range values {
		if beyond(v.value) {
			broken = append(broken, v.seed)
		}
		if side == "at most" && v.value > worst || side == "at least" && v.value < worst {
			worst = v.value
		}
	}
	k.Verdict, k.Reason = GatePass, fmt.Sprintf("%s at worst, limit %s %s", number(worst), side, number(limit))
	if len(broken) > 0 {
		k.Verdict = GateFail
		k.Reason += ", broken under " + seedList(broken)
	}
}
