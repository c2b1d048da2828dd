package specs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// node is a JSON value that knows where it stands. encoding/json forgets positions,
// the order of keys and keys that stand twice; messages and styles need all three.
type node struct {
	offset  int      // of the value's first byte
	value   any      // string, json.Number in its plain form, bool or nil; of objects and arrays: unused
	members []member // of an object, in the order of the file, each key once
	elems   []*node  // of an array
	kind    nodeKind
}

type member struct {
	key    string
	offset int // of the key
	value  *node
}

type nodeKind int

const (
	scalar nodeKind = iota
	object
	array
)

// maxDepth bounds nesting: spec.json needs five levels.
const maxDepth = 32

// maxInteger bounds integers, so that every reader of JSON keeps them exactly.
const maxInteger = 1<<53 - 1

// parseJSON reads one JSON value. report is called for what is wrong, in any number;
// the result is nil if the text is no JSON at all.
func parseJSON(data []byte, report func(offset int, format string, args ...any)) *node {
	if !utf8.Valid(data) {
		report(invalidUTF8(data), "not UTF-8; bytes that are no text go into input_base64 or output_base64")
		return nil
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		report(0, "starts with a byte order mark; save it as UTF-8 without one")
		return nil
	}
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		var syntax *json.SyntaxError
		offset := len(data)
		if errors.As(err, &syntax) {
			offset = int(syntax.Offset) - 1
			if syntax.Error() == "unexpected end of JSON input" {
				offset = len(bytes.TrimRight(data, " \t\r\n"))
			}
		}
		report(offset, "no JSON: %v", err)
		return nil
	}
	p := parser{data: data, dec: json.NewDecoder(bytes.NewReader(data)), report: report}
	p.dec.UseNumber()
	n := p.value(0)
	if p.broken {
		return nil
	}
	return n
}

// parser walks the tokens of a text that is known to be valid JSON.
type parser struct {
	data   []byte
	dec    *json.Decoder
	report func(offset int, format string, args ...any)
	broken bool
}

// next returns the next token and where it starts.
func (p *parser) next() (json.Token, int) {
	offset := int(p.dec.InputOffset())
	for offset < len(p.data) && bytes.IndexByte([]byte(" \t\r\n,:"), p.data[offset]) >= 0 {
		offset++
	}
	token, err := p.dec.Token()
	if err != nil {
		p.fail(offset, "no JSON: %v", err)
	}
	return token, offset
}

func (p *parser) fail(offset int, format string, args ...any) {
	if !p.broken {
		p.report(offset, format, args...)
	}
	p.broken = true
}

func (p *parser) value(depth int) *node {
	token, offset := p.next()
	if p.broken {
		return nil
	}
	if depth > maxDepth {
		p.fail(offset, "nested more than %d deep", maxDepth)
		return nil
	}
	n := &node{offset: offset}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' {
			n.kind = array
			for !p.broken && p.dec.More() {
				n.elems = append(n.elems, p.value(depth+1))
			}
		} else {
			n.kind = object
			p.members(n, depth)
		}
		p.next() // the closing bracket
	case json.Number:
		plain, err := plainNumber(string(token))
		if err != nil {
			p.report(offset, "%v", err)
		}
		n.value = plain
	default:
		n.value = token
	}
	return n
}

func (p *parser) members(n *node, depth int) {
	first := map[string]int{} // key -> offset of its first appearance
	for !p.broken && p.dec.More() {
		token, offset := p.next()
		key, _ := token.(string)
		value := p.value(depth + 1)
		if before, twice := first[key]; twice {
			line, _ := position(p.data, before)
			p.report(offset, "key %q stands twice; it was first on line %d", key, line)
			continue
		}
		first[key] = offset
		n.members = append(n.members, member{key, offset, value})
	}
}

// plainNumber returns the one spelling of a number: 40 for 40, 40.0 and 4e1. Digests and
// integer fields then need not know how it was written.
func plainNumber(s string) (json.Number, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return "0", fmt.Errorf("number %s is out of range", s)
	}
	if f == math.Trunc(f) {
		if math.Abs(f) > maxInteger {
			return "0", fmt.Errorf("number %s is out of range: integers stay below 2^53", s)
		}
		return json.Number(strconv.FormatInt(int64(f), 10)), nil
	}
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64)), nil
}

// plain returns the value as encoding/json would with UseNumber, without the nodes in skip.
func (n *node) plain(skip map[*node]bool) any {
	switch n.kind {
	case object:
		m := map[string]any{}
		for _, mem := range n.members {
			if !skip[mem.value] {
				m[mem.key] = mem.value.plain(skip)
			}
		}
		return m
	case array:
		list := []any{}
		for _, e := range n.elems {
			if !skip[e] {
				list = append(list, e.plain(skip))
			}
		}
		return list
	}
	return n.value
}

// find follows a path of keys and indexes as far as it leads.
func (n *node) find(path ...string) *node {
	for _, step := range path {
		var next *node
		switch n.kind {
		case object:
			if m := n.member(step); m != nil {
				next = m.value
			}
		case array:
			if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.elems) {
				next = n.elems[i]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// member returns an object's member by its key, or nil.
func (n *node) member(key string) *member {
	for i := range n.members {
		if n.members[i].key == key {
			return &n.members[i]
		}
	}
	return nil
}

// membersOf returns the members of the object below a key, none if there is no such object.
func (n *node) membersOf(key string) []member {
	if m := n.member(key); m != nil {
		return m.value.members
	}
	return nil
}

// elemsOf returns the elements of the array below a key, none if there is no such array.
func (n *node) elemsOf(key string) []*node {
	if m := n.member(key); m != nil {
		return m.value.elems
	}
	return nil
}

// invalidUTF8 returns the offset of the first byte that is no UTF-8.
func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}
