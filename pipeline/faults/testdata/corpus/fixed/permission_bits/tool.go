package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var bits = map[rune]uint{'r': 4, 'w': 2, 'x': 1}
var shifts = map[rune]uint{'u': 6, 'g': 3, 'o': 0}

// change applies one clause such as "ug+rw".
func change(mode uint, clause string) (uint, error) {
	at := strings.IndexAny(clause, "+-=")
	if at < 0 {
		return 0, errors.New("no operator in " + clause)
	}
	who := clause[:at]
	if who == "" || who == "a" {
		who = "ugo"
	}
	var perm uint
	for _, p := range clause[at+1:] {
		b, ok := bits[p]
		if !ok {
			return 0, fmt.Errorf("unknown permission %c", p)
		}
		perm |= b
	}
	for _, w := range who {
		shift, ok := shifts[w]
		if !ok {
			return 0, fmt.Errorf("unknown class %c", w)
		}
		switch clause[at] {
		case '+':
			mode |= perm << shift
		case '-':
			mode &^= perm << shift
		case '=':
			mode = mode&^(7<<shift) | perm<<shift
		}
	}
	return mode, nil
}

// Run reads an octal mode and clauses separated by commas.
func Run(input []byte) ([]byte, error) {
	f := strings.Fields(string(input))
	if len(f) != 2 {
		return nil, errors.New("want mode and changes")
	}
	start, err := strconv.ParseUint(f[0], 8, 9)
	if err != nil {
		return nil, err
	}
	mode := uint(start)
	for _, clause := range strings.Split(f[1], ",") {
		if mode, err = change(mode, clause); err != nil {
			return nil, err
		}
	}
	return []byte(fmt.Sprintf("%03o\n", mode)), nil
}
