package manifests

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

const (
	maxBytes = 1 << 20 // of a manifest
	maxDepth = 16      // of nesting; a manifest needs four levels
)

// node is a YAML value and where it stands. It differs from yaml.Node in what it leaves
// out (anchors, tags, comments) and in that nodes of different texts mix: an override of
// the command line replaces a value of the file and keeps its own position.
type node struct {
	src          *source
	line, column int
	kind         kind
	text         string // of a scalar
	plain        bool   // of a scalar: not quoted
	tag          string // of a scalar: !!str, !!int, !!float, !!bool, !!null, !!timestamp
	members      []member
	elems        []*node
}

type member struct {
	key   *node // a scalar
	value *node
}

type kind int

const (
	scalar kind = iota
	mapping
	sequence
)

func (n *node) position() Position { return Position{n.src.name, n.line, n.column} }
func (n *node) excerpt() string    { return n.src.excerpt(n.line, n.column) }

func (n *node) member(key string) *member {
	for i := range n.members {
		if n.members[i].key.text == key {
			return &n.members[i]
		}
	}
	return nil
}

// describe says what a node is, for "expected ..., got ...".
func (n *node) describe() string {
	switch n.kind {
	case mapping:
		return "a mapping"
	case sequence:
		return "a list"
	}
	switch n.tag {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + n.text
	case "!!bool":
		return n.text
	}
	const longest = 40
	if text := []rune(n.text); len(text) > longest {
		return fmt.Sprintf("the text %q...", string(text[:longest]))
	}
	return fmt.Sprintf("the text %q", n.text)
}

// tree is a parsed manifest: its root and its keys by path.
type tree struct {
	root  *node
	nodes map[string]*node // values by path, of all that the file or an override says
}

// at returns the node of a path, or of the longest part of it that is there.
func (t *tree) at(path string) *node {
	for path != "" {
		if n := t.nodes[path]; n != nil {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return t.root
}

// parseYAML reads one YAML document. It returns nil after an error that leaves nothing to
// look at, and reports every other problem through ps.
func parseYAML(src *source, data []byte, ps *problemList) *node {
	if len(data) > maxBytes {
		ps.add(src.at(1, 1), "", "the file is larger than %d bytes", maxBytes)
		return nil
	}
	if at := firstBadByte(data); at >= 0 {
		before := lineBreak.Split(string(data[:at]), -1)
		last := before[len(before)-1]
		ps.add(src.at(len(before), 1+utf8.RuneCountInString(last)), "", "byte 0x%02x is no text; expected UTF-8 without control characters", data[at])
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		panic(err) // only options can be wrong
	}
	var doc yaml.Node
	if err := loader.Load(&doc); err != nil {
		brokenYAML(src, err, ps)
		return nil
	}
	var second yaml.Node
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		brokenYAML(src, err, ps)
		return nil
	default:
		ps.add(src.at(second.Line, second.Column), "", "a second document; expected one")
		return nil
	}
	before := len(ps.list)
	root := convert(src, doc.Content[0], 0, ps)
	if len(ps.list) > before {
		return nil
	}
	return root
}

func brokenYAML(src *source, err error, ps *problemList) {
	n := src.at(1, 1)
	var load *yaml.LoadError
	switch {
	case errors.Is(err, io.EOF):
		ps.add(n, "", "the file says nothing; expected a mapping with the keys of a manifest")
		return
	case !errors.As(err, &load):
		ps.add(n, "", "no YAML: %v", err)
		return
	}
	if load.Mark.Line > 0 {
		n = src.at(load.Mark.Line, load.Mark.Column)
	}
	message := load.Message
	if load.ContextMsg != "" {
		message += " " + load.ContextMsg
		if c := load.ContextMark; c.Line > 0 && c != load.Mark {
			start := src.at(c.Line, c.Column)
			message += fmt.Sprintf(" that starts at line %d, column %d", start.line, start.column)
		}
	}
	if runes := []rune(src.lines[n.line-1]); n.column <= len(runes) && runes[n.column-1] == '\t' {
		message += "; indent with spaces, not with tabs"
	}
	ps.add(n, "", "no YAML: %s", message)
}

// convert turns a yaml.Node into ours and refuses what makes a file mean more than it
// shows: aliases, tags, merge keys, keys that stand twice.
func convert(src *source, y *yaml.Node, depth int, ps *problemList) *node {
	n := src.at(max(y.Line, 1), max(y.Column, 1))
	switch {
	case depth > maxDepth:
		ps.add(n, "", "nested more than %d deep", maxDepth)
		return n
	case y.Kind == yaml.AliasNode:
		ps.add(n, "", "alias *%s; write the value out", y.Value)
		return n
	case y.Style&yaml.TaggedStyle != 0:
		ps.add(n, "", "tag %s; values are written without tags", y.Tag)
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.kind = mapping
		for i := 0; i+1 < len(y.Content); i += 2 {
			key := convert(src, y.Content[i], depth+1, ps)
			value := convert(src, y.Content[i+1], depth+1, ps)
			switch before := n.member(key.text); {
			case key.tag == "!!merge":
				ps.add(key, "", "merge key <<; write the keys out")
			case key.kind != scalar:
				ps.add(key, "", "expected a key, got %s", key.describe())
			case before != nil:
				ps.add(key, "", "key %q stands twice; it was first on line %d", key.text, before.key.line)
			default:
				n.members = append(n.members, member{key, value})
			}
		}
	case yaml.SequenceNode:
		n.kind = sequence
		for _, c := range y.Content {
			n.elems = append(n.elems, convert(src, c, depth+1, ps))
		}
	default:
		n.text, n.tag = y.Value, y.ShortTag()
		n.plain = y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	}
	return n
}

// firstBadByte returns the offset of the first byte that YAML does not allow, or -1.
func firstBadByte(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return i
		}
		i += size
	}
	return -1
}

var setPath = regexp.MustCompile(`^[A-Za-z0-9_-]+(\[[0-9]{1,4}\])?(\.[A-Za-z0-9_-]+(\[[0-9]{1,4}\])?)*$`)

// set applies one --set key=value to a tree. The value is YAML, of any kind.
func set(root *node, arg string, ps *problemList) {
	src := newSource("--set", arg)
	here := func(column int) *node { return &node{src: src, line: 1, column: column} }
	path, text, found := strings.Cut(arg, "=")
	if !found || !setPath.MatchString(path) {
		ps.add(here(1), "", "expected KEY=VALUE, with a key such as epochs, budget.timeout_ms.from or seeds[0]")
		return
	}
	src.indent = len(path) + 1 // the path is ASCII
	if strings.TrimSpace(text) == "" {
		ps.add(src.at(1, 1), "", "expected a value after the %q", "=")
		return
	}
	value := parseYAML(src, []byte(text), ps)
	if value == nil {
		return
	}
	at, column := root, 1
	steps := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' })
	for i, step := range steps {
		last := i == len(steps)-1
		if number, isIndex := strings.CutSuffix(step, "]"); isIndex {
			n, _ := strconv.Atoi(number)
			if at.kind != sequence || n >= len(at.elems) {
				ps.add(here(column), "", "there is no item %s: %s has %d", number, strings.TrimSuffix(path[:column-1], "["), len(at.elems))
				return
			}
			if last {
				at.elems[n] = value
			}
			at = at.elems[n]
		} else {
			if at.kind != mapping {
				if at.kind == sequence || at.tag != "!!null" {
					ps.add(here(column), "", "%s is %s and has no keys", strings.TrimSuffix(path[:column-1], "."), at.describe())
					return
				}
				*at = node{src: at.src, line: at.line, column: at.column, kind: mapping}
			}
			m := at.member(step)
			if m == nil {
				key := here(column)
				key.text, key.tag, key.plain = step, "!!str", true
				at.members = append(at.members, member{key, &node{src: src, line: 1, column: column, kind: mapping}})
				m = &at.members[len(at.members)-1]
			}
			if last {
				m.value = value
			}
			at = m.value
		}
		column += len(step) + 1
	}
}

// setSeeds replaces the seeds by those of --seed arguments.
func setSeeds(root *node, args []string) {
	list := &node{src: newSource("--seed", args[0]), line: 1, column: 1, kind: sequence}
	for _, arg := range args {
		list.elems = append(list.elems, &node{
			src: newSource("--seed", arg), line: 1, column: 1,
			text: arg, tag: "!!str", plain: true,
		})
	}
	if m := root.member("seeds"); m != nil {
		m.value = list
		return
	}
	key := &node{src: list.src, line: 1, column: 1, text: "seeds", tag: "!!str", plain: true}
	root.members = append(root.members, member{key, list})
}
