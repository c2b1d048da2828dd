package adapt

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"toolgen/specs"
)

// maxCases bounds the file of cases, in bytes.
const maxCases = 16 << 20

// A line of the file of cases. One of Want and Error says what is right.
type testCase struct {
	Name  string            `json:"name"`
	Args  []json.RawMessage `json:"args"`
	Want  json.RawMessage   `json:"want"`
	Error bool              `json:"error"`
	Split string            `json:"split"` // "", "search", "validate" or "holdout"
}

// Spec makes a spec of cases alone of test cases, JSON lines
//
//	{"name": "...", "args": [...], "want": ...}
//	{"name": "...", "args": [...], "error": true}
//
// with an optional "split" of validate or holdout. id names the spec. The error is an
// *Error, or the machine's.
func (t *Tool) Spec(file string, data []byte, id string) (*specs.Spec, error) {
	if len(data) > maxCases {
		return nil, &Error{File: file, Msg: fmt.Sprintf("%d bytes of cases, expected at most %d", len(data), maxCases)}
	}
	var lines bytes.Buffer
	n, search := 0, 0
	for number, line := range bytes.Split(data, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			lines.WriteByte('\n') // lines keep their numbers
			continue
		}
		n++
		c, err := t.parse(line)
		if bad, ok := errors.AsType[*misfits](err); ok {
			return nil, &Error{File: file, Line: number + 1, Msg: fmt.Sprintf("case %s: %v", cmp.Or(bad.name, strconv.Itoa(n)), bad.error)}
		}
		if err != nil {
			return nil, &Error{File: file, Line: number + 1, Msg: err.Error()}
		}
		if c["name"] == "" {
			c["name"] = fmt.Sprintf("case %d", n)
		}
		if c["split"] == nil {
			search++
		}
		out, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		lines.Write(append(out, '\n'))
	}
	if n == 0 {
		return nil, &Error{File: file, Msg: `no cases; expected JSON lines such as {"name": "two", "args": [1, 2], "want": 3}`}
	}
	if search == 0 {
		return nil, &Error{File: file, Msg: "no case without a split; expected some for the search to go by"}
	}
	spec, err := load(id, lines.Bytes())
	if bad, ok := errors.AsType[*specs.Error](err); ok {
		e := &Error{File: file, Msg: bad.Problems[0].Message}
		if p := bad.Problems[0]; strings.HasSuffix(p.File, "/"+casesFile) {
			e.Line = p.Line
		}
		return nil, e
	}
	return spec, err
}

// misfits is a case that does not fit the function.
type misfits struct {
	name string // of the case, quoted; "": it has none
	error
}

// parse turns a line into one of the spec format.
func (t *Tool) parse(line []byte) (map[string]any, error) {
	var c testCase
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("%w; expected an object with name, args, and want or error", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one value on the line")
	}
	switch {
	case c.Args == nil:
		return nil, fmt.Errorf(`no "args"; expected an array of arguments`)
	case len(c.Args) != len(t.params) && t.variadic:
		return nil, fmt.Errorf("%d arguments, and the function takes %d, the last of them an array", len(c.Args), len(t.params))
	case len(c.Args) != len(t.params):
		return nil, fmt.Errorf("%d arguments, and the function takes %d", len(c.Args), len(t.params))
	case c.Error == (c.Want != nil):
		return nil, fmt.Errorf(`expected one of "want" and "error": true`)
	case c.Split != "" && !slices.Contains([]string{specs.SplitSearch, specs.SplitValidate, specs.SplitHoldout}, c.Split):
		return nil, fmt.Errorf(`split %q; expected search, validate or holdout`, c.Split)
	}
	if err := t.fit(&c); err != nil {
		name := ""
		if c.Name != "" {
			name = strconv.Quote(c.Name)
		}
		return nil, &misfits{name, err}
	}
	args, err := json.Marshal(c.Args)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"name": c.Name, "input": string(args)}
	if c.Split != "" && c.Split != specs.SplitSearch {
		out["split"] = c.Split
	}
	if c.Error {
		out["error"] = true
		return out, nil
	}
	out["output"] = string(t.emptied(c.Want))
	return out, nil
}

// emptied writes what is wanted of slices and maps that are nil as the function's
// answer is written: as empty ones.
func (t *Tool) emptied(want json.RawMessage) json.RawMessage {
	switch {
	case len(t.empty) == 1 && t.empty[0] != "" && string(want) == "null":
		return json.RawMessage(t.empty[0])
	case len(t.empty) < 2:
		return want
	}
	var list []json.RawMessage
	if json.Unmarshal(want, &list) != nil || len(list) != len(t.empty) {
		return want // which is never answered
	}
	for i, empty := range t.empty {
		if empty != "" && string(list[i]) == "null" {
			list[i] = json.RawMessage(empty)
		}
	}
	out, err := json.Marshal(list)
	if err != nil {
		return want
	}
	return out
}

// casesFile is what a spec calls its file of cases.
const casesFile = "cases.jsonl"

// load makes a spec of lines, by way of a folder: the loader checks what it reads.
func load(id string, cases []byte) (*specs.Spec, error) {
	dir, err := os.MkdirTemp("", "toolgen-cases-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	dir = filepath.Join(dir, id)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	header := fmt.Appendf(nil, "{\"spec_version\": 1, \"id\": %q, \"compare\": \"json\"}\n", id)
	for name, data := range map[string][]byte{"spec.json": header, casesFile: cases} { // any order: two files
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return nil, err
		}
	}
	return specs.LoadDir(dir)
}

// maxID is how long the id of a spec may be.
const maxID = 64

// SpecID is a name that a spec may have, made of a function's.
func SpecID(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			if b.Len() > 0 {
				b.WriteByte('_')
			}
			b.WriteRune(c - 'A' + 'a')
		case 'a' <= c && c <= 'z', b.Len() > 0 && ('0' <= c && c <= '9' || c == '_'):
			b.WriteRune(c)
		}
	}
	if b.Len() == 0 {
		return "function"
	}
	return b.String()[:min(b.Len(), maxID)]
}
