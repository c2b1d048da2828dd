// Package reference is what every json_flatten tool is held against: slow, and
// obviously right. It leaves the grammar to encoding/json and adds the rules
// where that is lenient.
package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays may be nested.
const maxDepth = 512

// Run flattens a JSON text (RFC 8259) to one object without white space. A leaf
// is a scalar or an empty object or array; its path is the keys and the array
// indices that lead to it, joined by dots, with a backslash before each dot and
// backslash of a key. The output has a member per path, in order of the first
// leaf with that path, whose value is the last leaf with that path. A text that
// is itself a leaf is returned alone. Numbers stay as written; strings are
// written with the shortest escapes, and only where JSON requires one.
//
// Run returns an error if input is not one JSON text in UTF-8, if an escape
// leaves half of a surrogate pair alone, or if objects and arrays are nested
// more than 512 deep.
func Run(input []byte) ([]byte, error) {
	if !utf8.Valid(input) {
		return nil, errors.New("not UTF-8")
	}
	if !json.Valid(input) {
		return nil, errors.New("not JSON")
	}
	if loneSurrogate(input) {
		return nil, errors.New("half of a surrogate pair stands alone")
	}
	decoder := json.NewDecoder(bytes.NewReader(input))
	decoder.UseNumber() // keeps numbers as written
	var flat flattener
	if err := flat.value(decoder, nil); err != nil {
		return nil, err
	}
	if flat.root {
		return []byte(flat.members[0].value), nil
	}
	var output []byte
	for i, m := range flat.members {
		if i > 0 {
			output = append(output, ',')
		}
		output = append(output, quote(m.path)+":"+m.value...)
	}
	return []byte("{" + string(output) + "}"), nil
}

// member is a member of the output: a path, and a value as JSON.
type member struct{ path, value string }

type flattener struct {
	members []member
	root    bool // the text is itself a leaf
}

// value adds the leaves of the next value; keys lead to it.
func (f *flattener) value(d *json.Decoder, keys []string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case nil:
		f.leaf(keys, "null")
	case bool:
		f.leaf(keys, strconv.FormatBool(t))
	case json.Number:
		f.leaf(keys, t.String())
	case string:
		f.leaf(keys, quote(t))
	case json.Delim:
		return f.container(d, keys, t)
	}
	return nil
}

// container adds the leaves of an object or array that was just opened.
func (f *flattener) container(d *json.Decoder, keys []string, open json.Delim) error {
	if len(keys) == maxDepth {
		return errors.New("nested too deep")
	}
	if !d.More() {
		if open == '{' {
			f.leaf(keys, "{}")
		} else {
			f.leaf(keys, "[]")
		}
	}
	for i := 0; d.More(); i++ {
		key := strconv.Itoa(i)
		if open == '{' {
			token, err := d.Token()
			if err != nil {
				return err
			}
			name, ok := token.(string)
			if !ok {
				return errors.New("a key is no string")
			}
			key = strings.NewReplacer(`\`, `\\`, `.`, `\.`).Replace(name)
		}
		if err := f.value(d, append(keys, key)); err != nil {
			return err
		}
	}
	_, err := d.Token() // the closing bracket
	return err
}

// leaf adds a leaf, or replaces the value of the earlier one with the same path.
func (f *flattener) leaf(keys []string, value string) {
	f.root = len(keys) == 0
	path := strings.Join(keys, ".")
	for i := range f.members {
		if f.members[i].path == path {
			f.members[i].value = value
			return
		}
	}
	f.members = append(f.members, member{path, value})
}

// quote returns a string as JSON.
func quote(s string) string {
	const hex = "0123456789abcdef"
	var q strings.Builder
	q.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			q.WriteString(`\` + string(r))
		case r == '\b':
			q.WriteString(`\b`)
		case r == '\f':
			q.WriteString(`\f`)
		case r == '\n':
			q.WriteString(`\n`)
		case r == '\r':
			q.WriteString(`\r`)
		case r == '\t':
			q.WriteString(`\t`)
		case r < ' ':
			q.WriteString(`\u00` + hex[r>>4:r>>4+1] + hex[r&15:r&15+1])
		default:
			q.WriteRune(r)
		}
	}
	q.WriteByte('"')
	return q.String()
}

// loneSurrogate reports whether a valid JSON text has a \u escape for half of a
// surrogate pair without the other half right beside it.
func loneSurrogate(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++ // the character after a backslash starts no escape
		if text[i] != 'u' {
			continue
		}
		high := unit(text[i+1:])
		if !utf16.IsSurrogate(high) {
			continue
		}
		if !bytes.HasPrefix(text[i+5:], []byte(`\u`)) {
			return true
		}
		i += 6
		if utf16.DecodeRune(high, unit(text[i+1:])) == utf8.RuneError {
			return true
		}
	}
	return false
}

// unit returns the value of the four hexadecimal digits that text starts with.
func unit(text []byte) rune {
	n, err := strconv.ParseUint(string(text[:4]), 16, 16)
	if err != nil {
		return 0 // not in a valid text
	}
	return rune(n)
}
