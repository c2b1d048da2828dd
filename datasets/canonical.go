package datasets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds the nesting of JSON that is read.
const maxDepth = 64

// node is a JSON value that remembers where it stood. The standard decoder will not do
// for a lock: it takes duplicate keys, matches keys without regard to case, and gives
// no position for an unknown key.
type node struct {
	kind    byte // one of { [ s 0 b n: object, array, string, number, bool, null
	offset  int  // of its first byte
	text    string
	members []member // of an object, in file order
	items   []*node  // of an array
}

type member struct {
	key    string
	offset int // of the key
	value  *node
}

// get returns the member of an object, or nil.
func (n *node) get(key string) *node {
	for _, m := range n.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// syntaxError is a problem at an offset; the caller knows the file.
type syntaxError struct {
	offset  int
	problem string
}

func (e *syntaxError) Error() string { return e.problem }

// parseJSON parses one JSON document and refuses duplicate keys, invalid UTF-8 and
// anything behind it. Its errors are *syntaxError.
func parseJSON(data []byte) (*node, error) {
	if !utf8.Valid(data) {
		bad := 0
		for bad < len(data) {
			r, size := utf8.DecodeRune(data[bad:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			bad += size
		}
		return nil, &syntaxError{bad, "not UTF-8"}
	}
	// The syntax first: in a stream of tokens a syntax error has no position.
	if err := json.Unmarshal(data, new(json.RawMessage)); err != nil {
		at := len(data)
		if se, ok := err.(*json.SyntaxError); ok && se.Error() != "unexpected end of JSON input" {
			at = min(at, max(0, int(se.Offset)-1)) // Offset is behind the bad byte
		}
		return nil, &syntaxError{at, err.Error()}
	}
	p := &parser{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	return p.value(0)
}

type parser struct {
	data []byte
	dec  *json.Decoder
}

// next returns the offset at which the next token starts.
func (p *parser) next() int {
	i := int(p.dec.InputOffset())
	for i < len(p.data) && bytes.IndexByte([]byte(" \t\r\n,:"), p.data[i]) >= 0 {
		i++
	}
	return i
}

func (p *parser) token() (json.Token, int, error) {
	at := p.next()
	t, err := p.dec.Token()
	if err != nil {
		return nil, 0, &syntaxError{at, err.Error()}
	}
	return t, at, nil
}

func (p *parser) value(depth int) (*node, error) {
	t, at, err := p.token()
	if err != nil {
		return nil, err
	}
	n := &node{offset: at}
	switch t := t.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, &syntaxError{at, fmt.Sprintf("nested deeper than %d", maxDepth)}
		}
		n.kind = byte(t)
		seen := make(map[string]bool)
		for p.dec.More() {
			var m member
			if n.kind == '{' {
				key, at, err := p.token()
				if err != nil {
					return nil, err
				}
				m.key, m.offset = key.(string), at
				if seen[m.key] {
					return nil, &syntaxError{at, fmt.Sprintf("duplicate key %q", m.key)}
				}
				seen[m.key] = true
			}
			if m.value, err = p.value(depth + 1); err != nil {
				return nil, err
			}
			if n.kind == '{' {
				n.members = append(n.members, m)
			} else {
				n.items = append(n.items, m.value)
			}
		}
		_, _, err := p.token() // the closing delimiter
		return n, err
	case string:
		n.kind, n.text = 's', t
	case json.Number:
		n.kind, n.text = '0', t.String()
	case bool:
		n.kind, n.text = 'b', strconv.FormatBool(t)
	case nil:
		n.kind = 'n'
	}
	return n, nil
}

// appendCanonical appends the canonical form of a JSON value, the form that is hashed:
// no white space, keys sorted by their bytes, no escapes but those that encoding/json
// needs without HTML escaping, integers plain. A number that is written with a point
// or an exponent is the double it stands for: plain if that is an integer below 2^53,
// else the shortest digits that give it back.
func (n *node) appendCanonical(b []byte) ([]byte, error) {
	switch n.kind {
	case '{':
		members := slices.Clone(n.members)
		slices.SortFunc(members, func(x, y member) int { return bytes.Compare([]byte(x.key), []byte(y.key)) })
		b = append(b, '{')
		for i, m := range members {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendQuoted(b, m.key), ':')
			var err error
			if b, err = m.value.appendCanonical(b); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	case '[':
		b = append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = item.appendCanonical(b); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case 's':
		return appendQuoted(b, n.text), nil
	case '0':
		if _, err := strconv.ParseInt(n.text, 10, 64); err == nil && n.text != "-0" {
			return append(b, n.text...), nil
		}
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			return nil, &syntaxError{n.offset, fmt.Sprintf("number %s is out of range", n.text)}
		}
		if i := int64(f); f == float64(i) && i <= maxInteger && i >= -maxInteger {
			return strconv.AppendInt(b, i, 10), nil
		}
		text, err := json.Marshal(f)
		return append(b, text...), err
	case 'b':
		return append(b, n.text...), nil
	}
	return append(b, "null"...), nil
}

// appendQuoted appends a JSON string.
func appendQuoted(b []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.Encode(s) // a string always encodes
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

// canonicalJSON returns the canonical form of what v marshals to.
func canonicalJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	n, err := parseJSON(buf.Bytes())
	if err != nil {
		return nil, err
	}
	return n.appendCanonical(nil)
}
