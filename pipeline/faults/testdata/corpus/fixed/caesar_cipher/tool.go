package tool

import (
	"errors"
	"strconv"
	"strings"
)

func shift(r rune, by int) rune {
	rotate := func(first rune) rune {
		return first + (r-first+rune(by)+26)%26
	}
	switch {
	case r >= 'a' && r <= 'z':
		return rotate('a')
	case r >= 'A' && r <= 'Z':
		return rotate('A')
	}
	return r
}

// Run reads the shift from the first line and writes the rest shifted.
func Run(input []byte) ([]byte, error) {
	first, text, ok := strings.Cut(string(input), "\n")
	if !ok {
		return nil, errors.New("want a line with the shift")
	}
	by, err := strconv.Atoi(first)
	if err != nil || by < -25 || by > 25 {
		return nil, errors.New("want a shift from -25 to 25")
	}
	return []byte(strings.Map(func(r rune) rune { return shift(r, by) }, text)), nil
}
