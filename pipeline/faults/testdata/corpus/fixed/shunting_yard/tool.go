package tool

import (
	"errors"
	"fmt"
	"strings"
)

func rank(op byte) int {
	switch op {
	case '+', '-':
		return 1
	case '*', '/':
		return 2
	}
	return 0
}

type yard struct {
	out []string
	ops []byte
}

func (y *yard) flush() {
	top := y.ops[len(y.ops)-1]
	y.ops = y.ops[:len(y.ops)-1]
	y.out = append(y.out, string(top))
}

func (y *yard) operator(op byte) {
	for len(y.ops) > 0 && rank(y.ops[len(y.ops)-1]) >= rank(op) {
		y.flush()
	}
	y.ops = append(y.ops, op)
}

func (y *yard) close() error {
	for len(y.ops) > 0 && y.ops[len(y.ops)-1] != '(' {
		y.flush()
	}
	if len(y.ops) == 0 {
		return errors.New("a bracket is closed that was not opened")
	}
	y.ops = y.ops[:len(y.ops)-1]
	return nil
}

func postfix(text string) (string, error) {
	y := &yard{}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ':
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
			y.out = append(y.out, string(c))
		case rank(c) > 0:
			y.operator(c)
		case c == '(':
			y.ops = append(y.ops, c)
		case c == ')':
			if err := y.close(); err != nil {
				return "", err
			}
		default:
			return "", fmt.Errorf("unexpected %q", c)
		}
	}
	for len(y.ops) > 0 {
		if y.ops[len(y.ops)-1] == '(' {
			return "", errors.New("a bracket stays open")
		}
		y.flush()
	}
	return strings.Join(y.out, " "), nil
}

// Run turns the expression of each line into postfix notation.
func Run(input []byte) ([]byte, error) {
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(string(input)), "\n") {
		p, err := postfix(line)
		if err != nil {
			return nil, err
		}
		lines = append(lines, p)
	}
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}
