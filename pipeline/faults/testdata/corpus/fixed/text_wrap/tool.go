package tool

import (
	"errors"
	"strconv"
	"strings"
)

type wrapper struct {
	width int
	lines []string
	line  string
}

func (w *wrapper) add(word string) {
	switch {
	case w.line == "":
		w.line = word
	case len(w.line)+1+len(word) <= w.width:
		w.line += " " + word
	default:
		w.lines = append(w.lines, w.line)
		w.line = word
	}
}

func (w *wrapper) finish() []string {
	if w.line != "" {
		w.lines = append(w.lines, w.line)
	}
	return w.lines
}

// Run reads the width from its first line and wraps the rest.
func Run(input []byte) ([]byte, error) {
	first, rest, _ := strings.Cut(string(input), "\n")
	width, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return nil, err
	}
	if width < 1 {
		return nil, errors.New("the width is at least 1")
	}
	w := &wrapper{width: width}
	for _, word := range strings.Fields(rest) {
		w.add(word)
	}
	return []byte(strings.Join(w.finish(), "\n") + "\n"), nil
}
