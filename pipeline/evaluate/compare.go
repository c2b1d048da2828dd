package evaluate

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"toolgen/specs"
)

const checkCompare = specs.CompareCheck

// Equal says whether an output is as good as the wanted one, by a spec's
// comparison: specs.CompareBytes, CompareJSON or CompareLinesUnordered.
func Equal(compare string, want, got []byte) bool {
	switch compare {
	case specs.CompareJSON:
		return equalJSON(want, got)
	case specs.CompareLinesUnordered:
		if len(want) != len(got) {
			return false // and a flood of line feeds is not taken apart
		}
		a, b := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
		slices.SortFunc(a, bytes.Compare)
		slices.SortFunc(b, bytes.Compare)
		return slices.EqualFunc(a, b, bytes.Equal)
	default:
		return bytes.Equal(want, got)
	}
}

// equalJSON compares two documents as JSON values: objects without regard to the
// order of their keys, numbers by their decimal value whatever way they are
// written, strings as encoding/json reads them. What is no single JSON document in
// UTF-8 equals only itself.
func equalJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if values(a) != values(b) {
		return false
	}
	va, okA := decodeJSON(a)
	vb, okB := decodeJSON(b)
	return okA && okB && equalValue(va, vb)
}

// values counts what may separate the values of a JSON document: what begins or follows one
// outside of strings. Documents that are equal have as many. (An object that names a key
// twice has more than the one that encoding/json reads out of it, and is not its equal.) So
// 16 MiB of empty arrays are not taken apart, which took seconds and 700 MiB.
func values(data []byte) (n int) {
	inString := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == ',' || c == '[' || c == '{'):
			n++
		}
	}
	return n
}

func decodeJSON(data []byte) (v any, ok bool) {
	if !utf8.Valid(data) {
		return nil, false // encoding/json would take all bad bytes for one character
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil, false
	}
	_, err := d.Token()
	return v, err == io.EOF
}

func equalValue(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && decimal(string(a)) == decimal(string(b))
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equalValue)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a { // any order: all must be equal
			w, ok := b[k]
			if !ok || !equalValue(v, w) {
				return false
			}
		}
		return true
	default:
		return a == b
	}
}

// decimal is a JSON number in a normal form: sign, digits without zeros at either
// end, exponent of ten. It works on the text, since 1e999999999 must not be
// computed. An exponent beyond int64 leaves the number as it is written.
func decimal(s string) string {
	orig := s
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	exp := int64(0)
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.ParseInt(s[i+1:], 10, 64)
		if err != nil || n > 1<<62 || n < -1<<62 {
			return orig
		}
		exp, s = n, s[:i]
	}
	whole, frac, _ := strings.Cut(s, ".")
	digits := whole + frac
	exp -= int64(len(frac))
	trimmed := strings.TrimRight(digits, "0")
	exp += int64(len(digits) - len(trimmed))
	trimmed = strings.TrimLeft(trimmed, "0")
	if trimmed == "" {
		return "0"
	}
	return sign + trimmed + "e" + strconv.FormatInt(exp, 10)
}
