package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var errStack = errors.New("stack")

type machine struct {
	stack []int
}

func (m *machine) pop() (int, error) {
	if len(m.stack) == 0 {
		return 0, errStack
	}
	top := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return top, nil
}

func (m *machine) apply(op string) error {
	b, err := m.pop()
	if err != nil {
		return err
	}
	a, err := m.pop()
	if err != nil {
		return err
	}
	ops := map[string]func(a, b int) (int, error){
		"+": func(a, b int) (int, error) { return a + b, nil },
		"-": func(a, b int) (int, error) { return a - b, nil },
		"*": func(a, b int) (int, error) { return a * b, nil },
		"/": func(a, b int) (int, error) {
			if b == 0 {
				return 0, errors.New("division by zero")
			}
			return a / b, nil
		},
	}
	r, err := ops[op](b, a)
	if err != nil {
		return err
	}
	m.stack = append(m.stack, r)
	return nil
}

func eval(words []string) (int, error) {
	m := &machine{}
	for _, w := range words {
		if strings.Contains("+-*/", w) {
			if err := m.apply(w); err != nil {
				return 0, err
			}
			continue
		}
		n, err := strconv.Atoi(w)
		if err != nil {
			return 0, err
		}
		m.stack = append(m.stack, n)
	}
	if len(m.stack) != 1 {
		return 0, errStack
	}
	return m.stack[0], nil
}

// Run evaluates an expression per line; a bad one answers "error".
func Run(input []byte) ([]byte, error) {
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		v, err := eval(strings.Fields(sc.Text()))
		if err != nil {
			out.WriteString("error\n")
			continue
		}
		fmt.Fprintln(&out, v)
	}
	return out.Bytes(), sc.Err()
}
