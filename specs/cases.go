package specs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

const (
	maxCases    = 100_000
	maxCaseLine = 8 << 20 // bytes
)

// readCases reads cases.jsonl: a case a line, blank lines between them allowed.
func readCases(data []byte, compare string, seen *answers, ps *problems) []Case {
	const file = "cases.jsonl"
	var cases []Case
	line := 0
	for rest := data; len(rest) > 0; {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		line++
		text = bytes.TrimSuffix(text, []byte("\r"))
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if len(cases) == maxCases {
			ps.add(file, line, 1, "more than %d cases", maxCases)
			break
		}
		if len(text) > maxCaseLine {
			ps.add(file, line, 1, "the line is longer than %d bytes", maxCaseLine)
			continue
		}
		before := len(ps.list)
		root := parseJSON(text, func(offset int, format string, args ...any) {
			ps.add(file, line, offset+1, format, args...)
		})
		if root == nil {
			continue
		}
		checkShape(schemas().caseLine, root, func(offset int, message string) {
			ps.add(file, line, offset+1, "%s", message)
		})
		if len(ps.list) > before {
			continue
		}
		var doc caseDoc
		decode(root.plain(nil), &doc)
		c, at, err := doc.value(root, fmt.Sprintf("line %d", line), compare)
		if err != nil {
			ps.add(file, line, at.offset+1, "%v", err)
			continue
		}
		if earlier, found := seen.contradict(c); found {
			ps.add(file, line, 1, "contradicts the case %q: the same input with another answer", earlier)
			continue
		}
		cases = append(cases, c)
	}
	return cases
}

// value turns a case as written into a case; of an error it says which node it is about.
func (d *caseDoc) value(n *node, name, compare string) (Case, *node, error) {
	c := Case{Name: name, Split: SplitSearch, Error: d.Error}
	if d.Name != "" {
		c.Name = d.Name
	}
	if d.Split != "" {
		c.Split = d.Split
	}
	input, at, err := eitherText(n, "input", d.Input, d.InputBase64)
	if err != nil {
		return c, at, err
	}
	if input == nil {
		return c, n, fmt.Errorf("the case has no input; expected \"input\" or \"input_base64\"")
	}
	c.Input = input
	output, at, err := eitherText(n, "output", d.Output, d.OutputBase64)
	if err != nil {
		return c, at, err
	}
	switch {
	case output != nil && d.Error:
		return c, n, fmt.Errorf("the case has an output and expects an error; expected one of the two")
	case output == nil && !d.Error && compare != CompareCheck:
		return c, n, fmt.Errorf("the case expects nothing; expected \"output\", \"output_base64\" or \"error\": true")
	}
	c.Output = output
	return c, nil, nil
}

// eitherText returns the bytes of a pair of keys, nil if neither is there.
func eitherText(n *node, key string, text, base *string) ([]byte, *node, error) {
	switch {
	case text != nil && base != nil:
		return nil, n.find(key + "_base64"), fmt.Errorf("%s and %s_base64 both stand here; expected one of the two", key, key)
	case text != nil:
		return []byte(*text), nil, nil
	case base != nil:
		data, err := base64.StdEncoding.DecodeString(*base)
		if err != nil {
			return nil, n.find(key + "_base64"), fmt.Errorf("%s_base64: no base64 (RFC 4648, padded): %v", key, err)
		}
		if data == nil {
			data = []byte{}
		}
		return data, nil, nil
	}
	return nil, nil, nil
}

// answers remembers what the cases of a spec expect.
type answers struct {
	compare string
	byInput map[string]Case
}

// contradict says whether an earlier case answers the same input otherwise, and which one.
// Outputs that differ contradict each other only where they are compared as bytes.
func (a *answers) contradict(c Case) (earlier string, found bool) {
	before, ok := a.byInput[string(c.Input)]
	if !ok {
		a.byInput[string(c.Input)] = c
		return "", false
	}
	same := before.Error == c.Error && (a.compare != CompareBytes || bytes.Equal(before.Output, c.Output))
	return before.Name, !same
}

// decode fills a struct from a value that its schema has accepted.
func decode(value any, into any) {
	data, err := json.Marshal(value)
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		err = d.Decode(into)
	}
	if err != nil {
		panic(fmt.Sprintf("specs: the schema accepts what the structs do not: %v", err))
	}
}
