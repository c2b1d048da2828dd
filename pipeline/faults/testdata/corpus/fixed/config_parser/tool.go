package tool

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

type config struct {
	section string
	values  map[string]string
}

func (c *config) line(text string) error {
	text = strings.TrimSpace(text)
	switch {
	case text == "" || text[0] == '#':
		return nil
	case text[0] == '[':
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return fmt.Errorf("open section %q", text)
		}
		c.section = text[1:end]
		return nil
	}
	i := strings.IndexByte(text, '=')
	if i < 1 {
		return fmt.Errorf("want key=value: %q", text)
	}
	key := strings.TrimSpace(text[:i])
	if c.section != "" {
		key = c.section + "." + key
	}
	c.values[key] = strings.TrimSpace(text[i+1:])
	return nil
}

// Run writes all settings, sorted.
func Run(input []byte) ([]byte, error) {
	c := &config{values: map[string]string{}}
	for line := range strings.Lines(string(input)) {
		if err := c.line(line); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		fmt.Fprintf(&b, "%s=%s\n", key, c.values[key])
	}
	return []byte(b.String()), nil
}
