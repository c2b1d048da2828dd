package synth

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"toolgen/specs"
)

// floatCells is how many steps the range of a float parameter has for the search.
const floatCells = 1000

// axis is a parameter as the search sees it: positions 0 to size-1 and their
// values. Values of any type and ranges of integers are positions as they are; a
// range of floats is cut into floatCells steps.
type axis struct {
	param *specs.Param
	size  int64
}

func axisOf(p *specs.Param) axis {
	switch {
	case p.Values != nil:
		return axis{p, int64(len(p.Values))}
	case p.Type == specs.ParamBool:
		return axis{p, 2}
	case p.Range == nil || p.Range[0] > p.Range[1]:
		return axis{p, 1} // such a parameter never changes; the loader of specs refuses it
	case p.Type == specs.ParamInt:
		return axis{p, 1 + int64(math.Floor(p.Range[1])) - int64(math.Ceil(p.Range[0]))}
	case p.Range[0] == p.Range[1]:
		return axis{p, 1}
	}
	return axis{p, floatCells + 1}
}

// at returns the value at a position.
func (a axis) at(i int64) any {
	p := a.param
	switch {
	case p.Values != nil:
		return p.Values[i]
	case p.Type == specs.ParamBool:
		return i == 1
	case p.Range == nil:
		return p.Default
	case p.Type == specs.ParamInt:
		return int64(math.Ceil(p.Range[0])) + i
	case i == 0 || a.size == 1:
		return p.Range[0]
	case i == a.size-1:
		return p.Range[1]
	}
	lo, hi := p.Range[0], p.Range[1]
	return short(lo+float64((hi-lo)*float64(i)/floatCells), lo, hi)
}

// short rounds to nine significant digits, so that 0.3 is not 0.30000000000000004
// in a candidate's source, unless that would leave the range.
func short(v, lo, hi float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 9, 64), 64)
	if err != nil || r < lo || r > hi {
		return v
	}
	return r
}

// position returns the position of a value, of the nearest one within a range of
// floats; -1 if the value is not on the axis.
func (a axis) position(v any) int64 {
	p := a.param
	switch {
	case p.Values != nil:
		return int64(slices.Index(p.Values, v))
	case p.Range == nil && p.Type != specs.ParamBool:
		if v != p.Default {
			return -1
		}
		return 0
	}
	switch v := v.(type) {
	case bool:
		if p.Type != specs.ParamBool {
			return -1
		}
		if v {
			return 1
		}
		return 0
	case int64:
		lo := int64(math.Ceil(p.Range[0]))
		if p.Type != specs.ParamInt || v < lo || v-lo >= a.size {
			return -1
		}
		return v - lo
	case float64:
		if p.Type != specs.ParamFloat || !(v >= p.Range[0] && v <= p.Range[1]) {
			return -1
		}
		return int64(math.Round(a.share(v) * float64(a.size-1)))
	}
	return -1
}

// share returns where a value lies on the axis, from 0 to 1; 0 for what is not on it.
func (a axis) share(v any) float64 {
	if a.size < 2 {
		return 0
	}
	if f, ok := v.(float64); ok && a.param.Values == nil {
		return min(1, max(0, (f-a.param.Range[0])/(a.param.Range[1]-a.param.Range[0])))
	}
	return max(0, float64(a.position(v))/float64(a.size-1))
}

// ordered reports whether near positions mean near values.
func (a axis) ordered() bool {
	return a.param.Type == specs.ParamInt || a.param.Type == specs.ParamFloat
}

// expected says in words which values the parameter takes.
func (a axis) expected() string {
	p := a.param
	switch {
	case p.Values != nil:
		words := make([]string, len(p.Values))
		for i, v := range p.Values {
			words[i] = fmt.Sprintf("%#v", v)
			if f, ok := v.(float64); ok {
				words[i] = strconv.FormatFloat(f, 'g', -1, 64)
			}
		}
		return "one of " + strings.Join(words, ", ")
	case p.Type == specs.ParamBool:
		return "true or false"
	case p.Range == nil:
		return fmt.Sprintf("%v", p.Default)
	}
	return fmt.Sprintf("%v to %v", p.Range[0], p.Range[1])
}

func styleOf(spec *specs.Spec, name string) (*specs.Style, error) {
	names := make([]string, len(spec.Styles))
	for i := range spec.Styles {
		if spec.Styles[i].Name == name {
			return &spec.Styles[i], nil
		}
		names[i] = spec.Styles[i].Name
	}
	return nil, fmt.Errorf("synth: spec %q has no style %q, expected one of: %s", spec.ID, name, strings.Join(names, ", "))
}

func paramError(style *specs.Style, name, format string, args ...any) error {
	return fmt.Errorf("synth: style %q: parameter %q: %s", style.Name, name, fmt.Sprintf(format, args...))
}

// ValidateParams reports whether params are exactly the parameters of the style,
// each of the Go type that belongs to its declaration (int64, float64, bool or
// string) and among its values or within its range.
func ValidateParams(style *specs.Style, params map[string]any) error {
	known := map[string]bool{}
	for i := range style.Params {
		p := &style.Params[i]
		known[p.Name] = true
		v, ok := params[p.Name]
		if !ok {
			return paramError(style, p.Name, "missing, expected %s", axisOf(p).expected())
		}
		right := false
		switch v.(type) {
		case int64:
			right = p.Type == specs.ParamInt
		case float64:
			right = p.Type == specs.ParamFloat
		case bool:
			right = p.Type == specs.ParamBool
		case string:
			right = p.Type == specs.ParamString
		}
		if !right {
			return paramError(style, p.Name, "value %v has Go type %T, which is no %s", v, v, p.Type)
		}
		if axisOf(p).position(v) < 0 {
			return paramError(style, p.Name, "%v, expected %s", v, axisOf(p).expected())
		}
	}
	unknown := []string{}
	for name := range params { // any order: the least is named
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return paramError(style, slices.Min(unknown), "the style has no such parameter")
	}
	return nil
}

// DefaultParams returns the parameters of a style at their defaults.
func DefaultParams(style *specs.Style) map[string]any {
	params := make(map[string]any, len(style.Params))
	for _, p := range style.Params {
		params[p.Name] = p.Default
	}
	return params
}

// RandomParams draws every parameter of a style uniformly.
func RandomParams(rng *rand.Rand, style *specs.Style) map[string]any {
	params := make(map[string]any, len(style.Params))
	for i := range style.Params {
		a := axisOf(&style.Params[i])
		params[a.param.Name] = a.at(rng.Int64N(a.size))
	}
	return params
}

// NormalizedParams returns where each parameter lies between its first and its
// last possible value, from 0 to 1, in the order of the style's parameters. What
// is missing or impossible counts as 0.
func NormalizedParams(style *specs.Style, params map[string]any) []float64 {
	shares := make([]float64, len(style.Params))
	for i := range style.Params {
		shares[i] = axisOf(&style.Params[i]).share(params[style.Params[i].Name])
	}
	return shares
}

// perturb moves parameters. A numeric one takes a normally distributed step whose
// deviation is a quarter of its axis at strength 1, at least one position; any
// other is drawn again with probability strength/2. Each is left alone half of the
// time. If nothing changed, one parameter that can change is made to.
func perturb(rng *rand.Rand, style *specs.Style, params map[string]any, strength float64) map[string]any {
	if !(strength > 0) {
		strength = 0
	}
	strength = min(strength, 4) // beyond this every step crosses the whole axis
	moved := make(map[string]any, len(params))
	changed := false
	var movable []axis
	for i := range style.Params {
		a := axisOf(&style.Params[i])
		old := params[a.param.Name]
		moved[a.param.Name] = old
		if a.size < 2 {
			continue
		}
		movable = append(movable, a)
		if rng.IntN(2) == 0 {
			continue
		}
		if !a.ordered() {
			if rng.Float64() < strength/2 {
				moved[a.param.Name] = a.other(rng, old)
				changed = true
			}
			continue
		}
		if v := a.step(rng, old, strength); v != old {
			moved[a.param.Name] = v
			changed = true
		}
	}
	if !changed && len(movable) > 0 {
		a := movable[rng.IntN(len(movable))]
		old := params[a.param.Name]
		if a.ordered() {
			moved[a.param.Name] = a.step(rng, old, strength)
		}
		switch at := a.position(old); {
		case moved[a.param.Name] != old:
		case !a.ordered():
			moved[a.param.Name] = a.other(rng, old)
		case at > 0:
			moved[a.param.Name] = a.at(at - 1) // the step went off the upper end
		default:
			moved[a.param.Name] = a.at(1)
		}
	}
	return moved
}

// step moves a value along an ordered axis; it stays where the axis ends.
func (a axis) step(rng *rand.Rand, old any, strength float64) any {
	z := rng.NormFloat64()
	by := math.Round(z * strength * float64(a.size-1) / 4)
	if by == 0 {
		by = math.Copysign(1, z)
	}
	to := float64(max(0, a.position(old))) + by
	return a.at(int64(min(max(to, 0), float64(a.size-1))))
}

// other draws uniformly among the positions that old is not at.
func (a axis) other(rng *rand.Rand, old any) any {
	at := a.position(old)
	i := rng.Int64N(a.size - 1)
	if at >= 0 && i >= at {
		i++
	}
	return a.at(i)
}

// cross takes each parameter from one of two parents, at even odds.
func cross(rng *rand.Rand, style *specs.Style, a, b map[string]any) map[string]any {
	child := make(map[string]any, len(style.Params))
	for _, p := range style.Params {
		child[p.Name] = a[p.Name]
		if rng.IntN(2) == 1 {
			child[p.Name] = b[p.Name]
		}
	}
	return child
}
