package tool

import (
	"strings"
)

func merge(a, b []string) []string {
	out := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0] <= b[0] {
			out = append(out, a[0])
			a = a[1:]
		} else {
			out = append(out, b[0])
			b = b[1:]
		}
	}
	out = append(out, a...)
	return append(out, b...)
}

func sorted(lines []string) []string {
	if len(lines) < 2 {
		return lines
	}
	half := len(lines) / 2
	return merge(sorted(lines[:half]), sorted(lines[half:]))
}

// Run sorts its lines.
func Run(input []byte) ([]byte, error) {
	text := strings.TrimSuffix(string(input), "\n")
	if text == "" {
		return nil, nil
	}
	return []byte(strings.Join(sorted(strings.Split(text, "\n")), "\n") + "\n"), nil
}
