package manifests

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// problemList collects what is wrong.
type problemList struct{ list []Problem }

// add records a problem at a node.
func (ps *problemList) add(n *node, path, format string, args ...any) {
	ps.list = append(ps.list, Problem{
		Position: n.position(),
		Path:     path,
		Message:  fmt.Sprintf(format, args...),
		Excerpt:  n.excerpt(),
	})
}

// reader takes typed values out of a tree. Its methods report what does not fit and go
// on, so that one pass finds everything.
type reader struct {
	problemList
	tree tree
}

// keysOf returns the keys that a struct has in a manifest, in order.
func keysOf[T any]() []string {
	var keys []string
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		if tag, ok := t.Field(i).Tag.Lookup("yaml"); ok {
			name, _, _ := strings.Cut(tag, ",")
			keys = append(keys, name)
		}
	}
	return keys
}

// object is a mapping whose keys are known. Of a mapping that is not there it is empty:
// then every key gets its default.
type object struct {
	r      *reader
	path   string
	node   *node // never nil; the parent's where the mapping is not there
	absent bool
}

// object checks that a node is a mapping without unknown keys and remembers where its
// keys stand.
func (r *reader) object(path string, n *node, keys []string) object {
	o := object{r: r, path: path, node: n}
	if n.kind != mapping {
		r.add(n, path, "expected a mapping, got %s", n.describe())
		o.absent = true
		return o
	}
	for _, m := range n.members {
		known := false
		for _, k := range keys {
			known = known || k == m.key.text
		}
		if !known {
			r.add(m.key, path, "unknown key %q%s", m.key.text, suggest(m.key.text, keys))
			continue
		}
		r.tree.nodes[o.at(m.key.text)] = m.value
	}
	return o
}

// at returns the path of a key.
func (o object) at(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// get returns a key's value, nil where it is not there.
func (o object) get(key string) *node {
	if o.absent {
		return nil
	}
	if m := o.node.member(key); m != nil {
		return m.value
	}
	return nil
}

// required is get for a key that must be there.
func (o object) required(key string) *node {
	n := o.get(key)
	if n == nil && !o.absent {
		o.r.add(o.node, o.path, "key %q is missing", key)
	}
	return n
}

// object returns the mapping below a key.
func (o object) object(key string, keys []string) object {
	if n := o.get(key); n != nil {
		return o.r.object(o.at(key), n, keys)
	}
	return object{r: o.r, path: o.at(key), node: o.node, absent: true}
}

// list returns the items below a key, their paths, and whether the key is there.
func (o object) list(key string) (items []*node, paths []string, found bool) {
	n := o.get(key)
	if n == nil {
		return nil, nil, false
	}
	if n.kind != sequence {
		o.r.add(n, o.at(key), "expected a list, got %s", n.describe())
		return nil, nil, true
	}
	for i, e := range n.elems {
		p := fmt.Sprintf("%s[%d]", o.at(key), i)
		o.r.tree.nodes[p] = e
		paths = append(paths, p)
	}
	return n.elems, paths, true
}

// integer reads a whole number between bounds, both included.
func (o object) integer(key string, fallback, low, high int64) int64 {
	n := o.get(key)
	if n == nil {
		return fallback
	}
	v, ok := o.r.integer(o.at(key), n, low, high)
	if !ok {
		return fallback
	}
	return v
}

// optional is integer for a key whose absence or null means nil.
func (o object) optional(key string, low, high int64) *int {
	n := o.get(key)
	if n == nil || n.kind == scalar && n.tag == "!!null" {
		return nil
	}
	v, ok := o.r.integer(o.at(key), n, low, high)
	if !ok {
		return nil
	}
	i := int(v)
	return &i
}

// number reads a number between bounds, both included.
func (o object) number(key string, fallback, low, high float64) float64 {
	n := o.get(key)
	if n == nil {
		return fallback
	}
	v, ok := o.r.number(o.at(key), n, low, high)
	if !ok {
		return fallback
	}
	return v
}

// positive reads a number above 0 and at most high.
func (o object) positive(key string, fallback, high float64) float64 {
	n := o.get(key)
	if n == nil {
		return fallback
	}
	v, ok := o.r.positive(o.at(key), n, high)
	if !ok {
		return fallback
	}
	return v
}

// boolean reads true or false.
func (o object) boolean(key string, fallback bool) bool {
	n := o.get(key)
	if n == nil {
		return fallback
	}
	if n.kind != scalar || !n.plain || n.tag != "!!bool" {
		o.r.add(n, o.at(key), "expected true or false, got %s", n.describe())
		return fallback
	}
	return strings.EqualFold(n.text, "true")
}

// text reads a text that check accepts; check returns what was expected, or "".
func (o object) text(key, fallback string, check func(string) string) string {
	n := o.get(key)
	if n == nil {
		return fallback
	}
	s, ok := o.r.text(o.at(key), n, check)
	if !ok {
		return fallback
	}
	return s
}

// word reads one of a few words.
func (o object) word(key, fallback string, known ...string) string {
	n := o.get(key)
	if n == nil {
		return fallback
	}
	s, ok := o.r.text(o.at(key), n, nil)
	if !ok {
		return fallback
	}
	for _, k := range known {
		if k == s {
			return s
		}
	}
	o.r.add(n, o.at(key), "unknown value %q%s", s, suggest(s, known))
	return fallback
}

var (
	plainInteger = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	plainNumber  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

// isNumber says that a text is a number in some notation, plain or not.
func isNumber(n *node) bool {
	_, err := strconv.ParseFloat(n.text, 64)
	return n.kind == scalar && n.plain && (err == nil || n.tag == "!!int" || n.tag == "!!float" || plainNumber.MatchString(n.text))
}

func (r *reader) integer(path string, n *node, low, high int64) (int64, bool) {
	switch {
	case n.kind == scalar && n.plain && plainInteger.MatchString(n.text):
		v, err := strconv.ParseInt(n.text, 10, 64)
		if err != nil || v < low || v > high {
			if low == high {
				r.add(n, path, "expected %d, got %s", low, n.text)
			} else {
				r.add(n, path, "%s is out of range; expected a whole number from %d to %d", n.text, low, high)
			}
			return 0, false
		}
		return v, true
	case isNumber(n):
		r.add(n, path, "%s is not a plain whole number; numbers must be plain, such as 1000", n.text)
	case n.kind == scalar && !n.plain && plainNumber.MatchString(n.text):
		r.add(n, path, "expected a whole number, got the text %q; leave the quotes out", n.text)
	default:
		r.add(n, path, "expected a whole number, got %s", n.describe())
	}
	return 0, false
}

func (r *reader) number(path string, n *node, low, high float64) (float64, bool) {
	v, ok := r.float(path, n)
	if ok && (v < low || v > high) {
		r.add(n, path, "%s is out of range; expected a number from %v to %v", n.text, low, high)
		return 0, false
	}
	return v, ok
}

func (r *reader) positive(path string, n *node, high float64) (float64, bool) {
	v, ok := r.float(path, n)
	if ok && (v <= 0 || v > high) {
		r.add(n, path, "%s is out of range; expected a number above 0, at most %s", n.text, strconv.FormatFloat(high, 'f', -1, 64))
		return 0, false
	}
	return v, ok
}

func (r *reader) float(path string, n *node) (float64, bool) {
	switch {
	case n.kind == scalar && n.plain && plainNumber.MatchString(n.text):
		v, err := strconv.ParseFloat(n.text, 64)
		if err != nil || math.IsInf(v, 0) {
			r.add(n, path, "the number is out of range")
			return 0, false
		}
		return v + 0, true // + 0: there is no -0
	case isNumber(n):
		r.add(n, path, "%s is not a plain number; numbers must be plain and finite, such as 0.25", n.text)
	case n.kind == scalar && !n.plain && plainNumber.MatchString(n.text):
		r.add(n, path, "expected a number, got the text %q; leave the quotes out", n.text)
	default:
		r.add(n, path, "expected a number, got %s", n.describe())
	}
	return 0, false
}

func (r *reader) text(path string, n *node, check func(string) string) (string, bool) {
	if n.kind != scalar {
		r.add(n, path, "expected text, got %s", n.describe())
		return "", false
	}
	if n.plain && n.tag != "!!str" {
		if n.tag == "!!null" {
			r.add(n, path, "expected text, got nothing")
		} else {
			r.add(n, path, "expected text, got %s; put it in quotes if it is meant", n.text)
		}
		return "", false
	}
	if check != nil {
		if expected := check(n.text); expected != "" {
			r.add(n, path, "%s; expected %s", n.describe(), expected)
			return "", false
		}
	}
	return n.text, true
}
