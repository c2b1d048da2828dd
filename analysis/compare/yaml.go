package compare

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Bounds of a gate file. A file beyond them is none.
const (
	maxGateBytes = 1 << 20
	maxGateDepth = 8 // of nesting; a gate file needs four levels
)

type yamlKind int

const (
	yamlScalar yamlKind = iota
	yamlMapping
	yamlSequence
)

// yamlNode is a YAML value and where it stands, without what would let a file mean
// more than it shows: aliases, tags, merge keys.
type yamlNode struct {
	line, column int
	kind         yamlKind
	text, tag    string // of a scalar
	plain        bool   // of a scalar: not quoted
	members      []yamlMember
	items        []*yamlNode
}

type yamlMember struct{ key, value *yamlNode }

// member is the value of a key, or nil.
func (n *yamlNode) member(key string) *yamlNode {
	for _, m := range n.members {
		if m.key.text == key {
			return m.value
		}
	}
	return nil
}

// describe says what a value is, for "expected ..., got ...".
func (n *yamlNode) describe() string {
	switch {
	case n.kind == yamlMapping:
		return "a mapping"
	case n.kind == yamlSequence:
		return "a list"
	case n.plain && n.tag == "!!null":
		return "nothing"
	case n.plain && n.tag != "!!str":
		return n.text
	}
	return fmt.Sprintf("the text %.60q", n.text)
}

// gateReader reads a gate file and collects what is wrong with it.
type gateReader struct {
	file     string
	problems []Problem
}

func (r *gateReader) add(n *yamlNode, path, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: n.line, Column: n.column, Path: path, Message: fmt.Sprintf(format, args...)})
}

// parse reads one YAML document. It is nil after an error that leaves nothing to look at.
func (r *gateReader) parse(data []byte) *yamlNode {
	start := &yamlNode{line: 1, column: 1}
	if len(data) > maxGateBytes {
		r.add(start, "", "the file is larger than %d bytes", maxGateBytes)
		return nil
	}
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && size == 1 || c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			before := data[:i]
			at := &yamlNode{line: bytes.Count(before, []byte("\n")) + 1, column: utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1}
			r.add(at, "", "byte 0x%02x is no text; expected UTF-8 without control characters", data[i])
			return nil
		}
		i += size
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		panic(err) // only options can be wrong
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err != nil {
		r.broken(err)
		return nil
	}
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.broken(err)
		return nil
	default:
		r.add(&yamlNode{line: max(second.Line, 1), column: max(second.Column, 1)}, "", "a second document; expected one")
		return nil
	}
	if len(doc.Content) == 0 {
		r.add(start, "", "the file says nothing; expected version and gates")
		return nil
	}
	before := len(r.problems)
	root := r.convert(doc.Content[0], 0)
	if len(r.problems) > before {
		return nil
	}
	return root
}

// broken reports what is no YAML.
func (r *gateReader) broken(err error) {
	at := &yamlNode{line: 1, column: 1}
	if errors.Is(err, io.EOF) {
		r.add(at, "", "the file says nothing; expected version and gates")
		return
	}
	message := err.Error()
	if load, ok := errors.AsType[*yaml.LoadError](err); ok {
		message = strings.TrimSpace(load.Message + " " + load.ContextMsg)
		if load.Mark.Line > 0 {
			at.line, at.column = load.Mark.Line, max(load.Mark.Column, 1)
		}
	}
	r.add(at, "", "no YAML: %s", message)
}

func (r *gateReader) convert(y *yaml.Node, depth int) *yamlNode {
	n := &yamlNode{line: max(y.Line, 1), column: max(y.Column, 1)}
	switch {
	case depth > maxGateDepth:
		r.add(n, "", "nested more than %d deep", maxGateDepth)
		return n
	case y.Kind == yaml.AliasNode:
		r.add(n, "", "alias *%s; write the value out", y.Value)
		return n
	case y.Style&yaml.TaggedStyle != 0:
		r.add(n, "", "tag %s; values are written without tags", y.Tag)
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.kind = yamlMapping
		for i := 0; i+1 < len(y.Content); i += 2 {
			key, value := r.convert(y.Content[i], depth+1), r.convert(y.Content[i+1], depth+1)
			switch {
			case key.kind != yamlScalar || key.tag == "!!merge":
				r.add(key, "", "expected a key, got %s", key.describe())
			case n.member(key.text) != nil:
				r.add(key, "", "key %q stands twice", key.text)
			default:
				n.members = append(n.members, yamlMember{key, value})
			}
		}
	case yaml.SequenceNode:
		n.kind = yamlSequence
		for _, c := range y.Content {
			n.items = append(n.items, r.convert(c, depth+1))
		}
	default:
		n.text, n.tag = y.Value, y.ShortTag()
		n.plain = y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	}
	return n
}

// object checks that a node is a mapping without unknown keys. What is none is reported
// and has no members.
func (r *gateReader) object(path string, n *yamlNode, keys []string) *yamlNode {
	if n.kind != yamlMapping {
		r.add(n, path, "expected a mapping with the keys %s, got %s", strings.Join(keys, ", "), n.describe())
		return &yamlNode{line: n.line, column: n.column}
	}
	for _, m := range n.members {
		if !slices.Contains(keys, m.key.text) {
			r.add(m.key, path, "unknown key %q%s", m.key.text, suggestion(m.key.text, keys))
		}
	}
	return n
}

var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

func (r *gateReader) number(path string, n *yamlNode, low, high float64) (float64, bool) {
	if n.kind == yamlScalar && n.plain && plainNumber.MatchString(n.text) {
		v, err := strconv.ParseFloat(n.text, 64)
		if err == nil && !math.IsInf(v, 0) && v >= low && v <= high {
			return v, true
		}
		r.add(n, path, "%.60s is out of range; expected a number from %v to %v", n.text, low, high)
		return 0, false
	}
	r.add(n, path, "expected a plain number such as 0.05, got %s", n.describe())
	return 0, false
}

func (r *gateReader) whole(path string, n *yamlNode, low, high int) (int, bool) {
	if n.kind == yamlScalar && n.plain && plainNumber.MatchString(n.text) && !strings.Contains(n.text, ".") {
		v, err := strconv.Atoi(n.text)
		if err == nil && v >= low && v <= high {
			return v, true
		}
		r.add(n, path, "%.60s is out of range; expected a whole number from %d to %d", n.text, low, high)
		return 0, false
	}
	r.add(n, path, "expected a whole number such as 6, got %s", n.describe())
	return 0, false
}

func (r *gateReader) boolean(path string, n *yamlNode) bool {
	if n.kind != yamlScalar || !n.plain || n.text != "true" && n.text != "false" {
		r.add(n, path, "expected true or false, got %s", n.describe())
		return false
	}
	return n.text == "true"
}

func (r *gateReader) text(path string, n *yamlNode) (string, bool) {
	if n.kind != yamlScalar || n.plain && n.tag != "!!str" {
		r.add(n, path, "expected text, got %s", n.describe())
		return "", false
	}
	return n.text, true
}

// word reads one of a few words; the first stands in for what is none.
func (r *gateReader) word(path string, n *yamlNode, known ...string) string {
	s, ok := r.text(path, n)
	if !ok {
		return known[0]
	}
	if !slices.Contains(known, s) {
		r.add(n, path, "unknown value %q%s", s, suggestion(s, known))
		return known[0]
	}
	return s
}
