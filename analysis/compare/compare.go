package compare

import (
	"fmt"
	"slices"
	"strings"

	"toolgen/analysis/stats"
)

// Options say how experiments are compared.
type Options struct {
	Alpha      float64  // error that a test, and 1 minus the coverage of intervals, may have; 0: 0.05
	Generalize bool     // test whether differences hold beyond these seeds
	Wall       bool     // wall-clock time instead of virtual time; the experiments were read with Timings
	Allow      []string // kinds of incomparability that are not looked at
	Gates      *Gates   // nil: the rows themselves decide
}

// Answer is what a comparison comes to.
type Answer string

// The answers, the one that goes before the others first.
const (
	NotComparable Answer = "not_comparable"
	Regression    Answer = "regression"
	CannotTell    Answer = "inconclusive"
	NoRegression  Answer = "no_regression"

	// Failed is never Compare's own: what was to be compared cannot be read.
	Failed Answer = "error"
)

// Side is one of the experiments.
type Side struct {
	Name         string   `json:"name"`
	Experiment   string   `json:"experiment"`
	ExperimentID string   `json:"experiment_id"`
	Seeds        []int64  `json:"seeds"`
	Specs        []string `json:"specs"`
}

// NotCompared is a metric whose scale is not the same on both sides.
type NotCompared struct {
	New    string `json:"new"`
	Metric string `json:"metric"`
	Reason string `json:"reason"`
}

// Geomean is the geometric mean of ratios, over the specs (or timed candidates) that
// both sides have.
type Geomean struct {
	New    string  `json:"new"`
	Metric string  `json:"metric"`
	Rows   int     `json:"rows"` // that it is taken over
	Of     int     `json:"of"`   // that there are: the others have no ratio
	Ratio  float64 `json:"ratio"`
}

// Result is what Compare has to say.
type Result struct {
	Answer       Answer            `json:"answer"`
	Error        *string           `json:"error"` // of Failed alone
	Alpha        float64           `json:"alpha"`
	Base         Side              `json:"base"`
	News         []Side            `json:"news"`
	Incomparable []Incomparability `json:"incomparable"`
	Gates        []GateResult      `json:"gates"`
	Rows         []Row             `json:"rows"`
	Geomeans     []Geomean         `json:"geomeans"`
	NotCompared  []NotCompared     `json:"not_compared"`
	Differences  []Difference      `json:"differences"`
	Notes        []string          `json:"notes"`
}

// comparison is a comparison under way.
type comparison struct {
	opt    Options
	base   *Experiment
	news   []*Experiment
	result *Result

	scale     map[string]string    // by the name of a side: why metrics on the budget are not compared
	contrasts map[string]*contrast // nil where neither side has a value
	order     []*contrast
	untold    bool // wall-clock time was asked for, and there is none
}

// Compare holds experiments against a base. Their names must differ.
func Compare(base *Experiment, news []*Experiment, opt Options) *Result {
	if opt.Alpha == 0 {
		opt.Alpha = 0.05
	}
	c := &comparison{opt: opt, base: base, scale: map[string]string{}, contrasts: map[string]*contrast{}, result: empty()}
	r := c.result
	r.Alpha, r.Base = opt.Alpha, side(base)
	for _, other := range news {
		r.News = append(r.News, side(other))
		r.Differences = append(r.Differences, differences(base, other)...)
		if reasons := incomparable(base, other, opt.Allow); len(reasons) > 0 {
			r.Incomparable = append(r.Incomparable, reasons...)
			continue
		}
		c.news = append(c.news, other)
		if what, a, b := base.settings.sameScale(&other.settings); what != "" {
			c.scale[other.Name] = fmt.Sprintf("%s differs: %s in the base, %s in %s", what, a, b, other.Name)
		}
	}
	rows := c.rows()
	gates := c.prepareGates()
	c.correct()
	for _, row := range rows {
		bar := bar{Floors: DefaultFloors, alpha: opt.Alpha}
		row.row.Verdict, row.row.Reason, row.row.SeedsNeeded = row.judge(bar)
		r.Rows = append(r.Rows, row.row)
	}
	c.geomeans()
	for _, g := range gates {
		r.Gates = append(r.Gates, c.judgeGate(g))
	}
	r.Answer = c.answer()
	return r
}

// empty is a result whose lists are lists, in JSON too.
func empty() *Result {
	return &Result{
		Base: Side{Seeds: []int64{}, Specs: []string{}}, News: []Side{}, Incomparable: []Incomparability{}, Gates: []GateResult{}, Rows: []Row{},
		Geomeans: []Geomean{}, NotCompared: []NotCompared{}, Differences: []Difference{}, Notes: []string{},
	}
}

// Failure is the result of a comparison that cannot be made.
func Failure(base string, news []string, alpha float64, err error) *Result {
	r := empty()
	message := err.Error()
	r.Answer, r.Error, r.Alpha, r.Base.Name = Failed, &message, alpha, base
	for _, name := range news {
		r.News = append(r.News, Side{Name: name, Seeds: []int64{}, Specs: []string{}})
	}
	return r
}

func side(x *Experiment) Side {
	s := Side{Name: x.Name, Experiment: x.Experiment, ExperimentID: x.ExperimentID, Seeds: append([]int64{}, x.Seeds()...), Specs: []string{}}
	for _, scope := range x.scopes() {
		if !slices.Contains(s.Specs, scope[0]) {
			s.Specs = append(s.Specs, scope[0])
		}
	}
	return s
}

// rows are the contrasts of the answer: the default metrics of each spec, then of each
// style that both sides play, one experiment after the other.
func (c *comparison) rows() []*contrast {
	var out []*contrast
	for _, metric := range defaultMetrics {
		if metric.name == "virtual_ms" && c.opt.Wall {
			for _, other := range c.news {
				list, notes, refused := wallContrasts(c.base, other, c.opt.Alpha)
				c.result.Notes = append(c.result.Notes, notes...)
				c.untold = c.untold || len(list) == 0
				if refused != nil {
					c.result.Incomparable = append(c.result.Incomparable, *refused)
				}
				out = append(out, list...)
				c.order = append(c.order, list...)
			}
			continue
		}
		for _, other := range c.news {
			if why := c.unmeasured(metric.name, other); why != "" {
				c.result.NotCompared = append(c.result.NotCompared, NotCompared{New: other.Name, Metric: metric.name, Reason: why})
			}
		}
		for _, s := range c.scopes() {
			for _, other := range c.news {
				// A style that one side does not play is a difference of manifests, and
				// not a loss. A spec is.
				if s[1] != "" && (len(c.base.scope(s[0], s[1])) == 0 || len(other.scope(s[0], s[1])) == 0) {
					continue
				}
				if c.unmeasured(metric.name, other) != "" {
					continue
				}
				if x := c.contrast(other, metric.name, metric.direction, s[0], s[1], c.opt.Generalize); x != nil {
					out = append(out, x)
				}
			}
		}
	}
	return out
}

// scopes are those of all sides, sorted.
func (c *comparison) scopes() [][2]string {
	var out [][2]string
	for _, x := range append([]*Experiment{c.base}, c.news...) {
		out = append(out, x.scopes()...)
	}
	slices.SortFunc(out, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out)
}

// unmeasured says why a metric of an experiment has another scale than the base's.
func (c *comparison) unmeasured(metric string, other *Experiment) string {
	if !slices.Contains(onBudget, metric) {
		return ""
	}
	return c.scale[other.Name]
}

// contrast finds or makes a contrast. Rows and gates that ask for the same share it, so
// that it counts as one test.
func (c *comparison) contrast(other *Experiment, metric string, d Direction, spec, style string, tested bool) *contrast {
	key := strings.Join([]string{other.Name, metric, string(d), spec, style, fmt.Sprint(tested)}, "\x00")
	if x, ok := c.contrasts[key]; ok {
		return x
	}
	x := newContrast(c.base, other, metric, d, spec, style, tested, c.opt.Alpha)
	if x != nil {
		x.unmeasured = c.unmeasured(metric, other)
		c.order = append(c.order, x)
	}
	c.contrasts[key] = x
	return x
}

// correct corrects the p-values for their number. A test of too few values to reach
// alpha whatever they are was none, and takes no part.
func (c *comparison) correct() {
	alpha := c.opt.Alpha
	if c.opt.Gates != nil {
		for i := range c.opt.Gates.Gates {
			alpha = max(alpha, c.alpha(&c.opt.Gates.Gates[i]))
		}
	}
	var list []*contrast
	var p []float64
	for _, x := range c.order {
		if x.row.P != nil && x.least <= alpha {
			list, p = append(list, x), append(p, *x.row.P)
		} else if x.row.P != nil {
			x.row.Q = x.row.P
		}
	}
	for i, q := range stats.BenjaminiHochberg(p) {
		list[i].row.Q = &q
	}
}

// geomeans takes the mean over the rows of whole specs, or of timed candidates.
func (c *comparison) geomeans() {
	type group struct {
		of     Geomean
		ratios []float64
	}
	var groups []*group
	for i := range c.result.Rows {
		row := &c.result.Rows[i]
		if row.Style != nil && row.Metric != WallMS {
			continue
		}
		at := slices.IndexFunc(groups, func(g *group) bool { return g.of.New == row.New && g.of.Metric == row.Metric })
		if at < 0 {
			at = len(groups)
			groups = append(groups, &group{of: Geomean{New: row.New, Metric: row.Metric}})
		}
		g := groups[at]
		g.of.Of++
		if row.Ratio != nil && *row.Ratio > 0 {
			g.ratios = append(g.ratios, *row.Ratio)
		}
	}
	for _, g := range groups {
		if g.of.Rows = len(g.ratios); g.of.Rows > 0 {
			g.of.Ratio = stats.GeometricMean(g.ratios)
			c.result.Geomeans = append(c.result.Geomeans, g.of)
		}
	}
}

// answer is the first that applies: not comparable, bad news, inconclusive, none. With
// gates they decide, and otherwise the rows.
func (c *comparison) answer() Answer {
	r := c.result
	if len(r.Incomparable) > 0 {
		return NotComparable
	}
	answer := NoRegression
	if c.untold {
		answer = CannotTell
	}
	if c.opt.Gates != nil {
		for _, g := range r.Gates {
			switch g.Verdict {
			case GateFail:
				return Regression
			case GateInconclusive:
				answer = CannotTell
			}
		}
		return answer
	}
	for i := range r.Rows {
		switch r.Rows[i].Verdict {
		case Worse, Missing:
			return Regression
		case Inconclusive:
			answer = CannotTell
		}
	}
	if len(r.Rows) == 0 {
		return CannotTell
	}
	return answer
}
