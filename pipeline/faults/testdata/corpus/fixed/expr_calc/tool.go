package tool

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

type parser struct {
	src string
	pos int
}

func (p *parser) peek() byte {
	for p.pos < len(p.src) && p.src[p.pos] == ' ' {
		p.pos++
	}
	if p.pos == len(p.src) {
		return 0
	}
	return p.src[p.pos]
}

func (p *parser) factor() (int, error) {
	switch c := p.peek(); {
	case c == '-':
		p.pos++
		v, err := p.factor()
		return -v, err
	case c == '(':
		p.pos++
		v, err := p.binary("+-")
		if err == nil && p.peek() != ')' {
			err = errors.New("want )")
		}
		p.pos++
		return v, err
	case c < '0' || c > '9':
		return 0, errors.New("want a number")
	}
	v := 0
	for ; p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9'; p.pos++ {
		v = v*10 + int(p.src[p.pos]-'0')
	}
	return v, nil
}

func (p *parser) operand(ops string) (int, error) {
	if ops == "+-" {
		return p.binary("*/")
	}
	return p.factor()
}

func (p *parser) binary(ops string) (int, error) {
	left, err := p.operand(ops)
	for err == nil && p.peek() != 0 && strings.IndexByte(ops, p.peek()) >= 0 {
		op := p.peek()
		p.pos++
		var right int
		if right, err = p.operand(ops); err != nil {
			break
		}
		switch op {
		case '+':
			left += right
		case '-':
			left -= right
		case '*':
			left *= right
		case '/':
			if right == 0 {
				return 0, errors.New("division by zero")
			}
			left /= right
		}
	}
	return left, err
}

// Run evaluates one expression.
func Run(input []byte) ([]byte, error) {
	p := &parser{src: string(bytes.TrimSpace(input))}
	v, err := p.binary("+-")
	if err != nil || p.peek() != 0 {
		return nil, errors.Join(err, errors.New("bad expression"))
	}
	return []byte(fmt.Sprintln(v)), nil
}
