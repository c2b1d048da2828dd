package compare

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// GatesVersion is the version of the gate file that this program reads.
const GatesVersion = 1

// GatesError says what is wrong with a gate file: everything that was found.
type GatesError struct {
	Problems []Problem // by position, never empty
}

// Problem is one thing that is wrong, and what was expected.
type Problem struct {
	File         string
	Line, Column int    // from 1, in characters
	Path         string // the key, as in "gates[0].metric"; "" for the file as a whole
	Message      string
}

func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Path != "" {
		s += p.Path + ": "
	}
	return s + p.Message
}

func (e *GatesError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

var (
	fileKeys    = []string{"version", "defaults", "gates"}
	defaultKeys = []string{"floor_rel", "floor_abs", "alpha", "min_seeds", "missing", "on_inconclusive"}
	gateKeys    = append([]string{"metric", "scope", "direction", "limit", "test"}, defaultKeys...)
	scopeKeys   = []string{"spec", "style"}
)

// ParseGates reads a gate file; name is what positions call it. Any error is a
// *GatesError.
func ParseGates(name string, data []byte) (*Gates, error) {
	r := &gateReader{file: name}
	out := &Gates{File: name}
	if root := r.parse(data); root != nil {
		out.Gates = r.gates(root)
	}
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		const most = 50
		if more := len(r.problems) - most; more > 0 {
			r.problems = r.problems[:most]
			r.problems[most-1].Message += fmt.Sprintf(" (and %d more problems)", more)
		}
		return nil, &GatesError{r.problems}
	}
	return out, nil
}

func (r *gateReader) gates(root *yamlNode) []Gate {
	file := r.object("", root, fileKeys)
	if n := file.member("version"); n == nil {
		r.add(root, "version", "missing; expected version: %d", GatesVersion)
	} else if v, ok := r.whole("version", n, 1, 1<<30); ok && v != GatesVersion {
		r.add(n, "version", "version %d, but this program reads version %d", v, GatesVersion)
	}
	defaults := Gate{Floors: DefaultFloors, MinSeeds: 1, Missing: Fail, OnInconclusive: Report}
	if n := file.member("defaults"); n != nil {
		r.common("defaults", r.object("defaults", n, defaultKeys), &defaults)
	}
	list := file.member("gates")
	switch {
	case list == nil:
		r.add(root, "gates", "missing; expected a list of gates")
		return nil
	case list.kind != yamlSequence:
		r.add(list, "gates", "expected a list, got %s", list.describe())
		return nil
	case len(list.items) == 0:
		r.add(list, "gates", "the list is empty; a file without gates lets everything pass")
		return nil
	}
	var out []Gate
	for i, n := range list.items {
		out = append(out, r.gate(fmt.Sprintf("gates[%d]", i), n, defaults))
	}
	return out
}

func (r *gateReader) gate(at string, n *yamlNode, g Gate) Gate {
	o := r.object(at, n, gateKeys)
	g.Line = n.line
	if o.kind != yamlMapping {
		return g
	}
	known := Metrics()
	if m := o.member("metric"); m == nil {
		r.add(n, at+".metric", "missing; expected a metric such as virtual_ms")
	} else if s, ok := r.text(at+".metric", m); ok {
		if !slices.Contains(known, s) {
			r.add(m, at+".metric", "unknown metric %q%s", s, suggestion(s, known))
		}
		g.Metric = s
	}
	if d := o.member("direction"); d == nil {
		r.add(n, at+".direction", "missing; expected min or max, whichever is better")
	} else {
		g.Direction = Direction(r.word(at+".direction", d, string(Min), string(Max)))
	}
	r.scope(at, o, n, &g)
	r.common(at, o, &g)
	if l := o.member("limit"); l != nil {
		if v, ok := r.number(at+".limit", l, -1e300, 1e300); ok {
			g.Limit = &v
		}
		for _, key := range []string{"floor_rel", "floor_abs", "test"} {
			if m := o.member(key); m != nil {
				r.add(m, at+"."+key, "says nothing beside a limit, which is about the value and not the difference")
			}
		}
	}
	if t := o.member("test"); t != nil {
		g.Test = r.boolean(at+".test", t)
	}
	return g
}

func (r *gateReader) scope(at string, o *yamlNode, n *yamlNode, g *Gate) {
	s := o.member("scope")
	if s == nil {
		r.add(n, at+".scope", `missing; expected {spec: "*"}, {spec: NAME, style: NAME}, or {} for a rate over all specs`)
		return
	}
	scope := r.object(at+".scope", s, scopeKeys)
	for _, key := range scopeKeys {
		m := scope.member(key)
		if m == nil {
			continue
		}
		glob, ok := r.text(at+".scope."+key, m)
		if !ok {
			continue
		}
		if _, err := path.Match(glob, ""); err != nil || glob == "" {
			r.add(m, at+".scope."+key, "%q is no pattern; expected a name, in which * stands for any letters and ? for one", glob)
		}
		if key == "spec" {
			g.Spec = &glob
		} else {
			g.Style = &glob
		}
	}
	if scope.kind == yamlMapping && len(scope.members) == 0 && g.Metric != "" && slices.Contains(Metrics(), g.Metric) && !isRate(g.Metric) {
		r.add(s, at+".scope", `{} is the whole experiment, and only flake_rate and repair_rate are counted over it; expected a spec, such as {spec: "*"}`)
	}
}

// common reads what a gate and the defaults have in common.
func (r *gateReader) common(at string, o *yamlNode, g *Gate) {
	for _, key := range defaultKeys {
		m := o.member(key)
		if m == nil {
			continue
		}
		where := at + "." + key
		switch key {
		case "floor_rel":
			if v, ok := r.number(where, m, 0, 1e6); ok {
				g.Rel = v
			}
		case "floor_abs":
			if v, ok := r.number(where, m, 0, 1e300); ok {
				g.Abs = v
			}
		case "alpha":
			if v, ok := r.number(where, m, 1e-9, 0.5); ok {
				g.Alpha = &v
			}
		case "min_seeds":
			if v, ok := r.whole(where, m, 1, 10_000); ok {
				g.MinSeeds = v
			}
		case "missing":
			g.Missing = r.word(where, m, Fail, Report)
		case "on_inconclusive":
			g.OnInconclusive = r.word(where, m, Report, Fail)
		}
	}
}

// suggestion ends a message about an unknown word.
func suggestion(word string, known []string) string {
	best, distance := "", 1+max(1, len(word)/3)
	if len(word) <= 100 {
		for _, k := range known {
			if d := levenshtein.ComputeDistance(word, k); d < distance {
				best, distance = k, d
			}
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; expected one of " + strings.Join(known, ", ")
}
