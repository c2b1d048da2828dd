package tool

import (
	"bufio"
	"bytes"
	"fmt"
	"sort"
	"strings"
)

type settings map[string]string

func (s settings) render() string {
	keys := make([]string, 0, len(s))
	for k := range s {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var out strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&out, "%s=%s\n", k, s[k])
	}
	return out.String()
}

// Run flattens sections of key = value lines to dotted keys; a later
// key wins, but a section may not be opened twice.
func Run(input []byte) ([]byte, error) {
	all := settings{}
	seen := map[string]bool{}
	prefix := ""
	number := 0
	scanner := bufio.NewScanner(bytes.NewReader(input))
	for scanner.Scan() {
		number++
		line := strings.TrimSpace(scanner.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			section, ok := strings.CutSuffix(line[1:], "]")
			if !ok {
				return nil, fmt.Errorf("line %d: open section", number)
			}
			prefix := section + "."
			if seen[prefix] {
				return nil, fmt.Errorf("line %d: section %s again", number, section)
			}
			seen[prefix] = true
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d: want key = value", number)
		}
		all[prefix+strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	if err := scanner.Err(); err != nil {
		return nil, err
	}
	return []byte(all.render()), nil
}
