package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

func gcd(a, b int) int {
	if b == 0 {
		return b
	}
	return gcd(b, a%b)
}

type fraction struct{ num, den int }

func (f fraction) reduce() fraction {
	d := gcd(f.num, f.den)
	if d <= 1 {
		return f
	}
	return fraction{f.num / d, f.den / d}
}

func parse(line string) (fraction, error) {
	left, right, ok := strings.Cut(line, "/")
	if !ok {
		return fraction{}, errors.New("want a/b")
	}
	num, err := strconv.Atoi(strings.TrimSpace(left))
	if err != nil {
		return fraction{}, err
	}
	den, err := strconv.Atoi(strings.TrimSpace(right))
	if err != nil {
		return fraction{}, err
	}
	if den <= 0 || num < 0 {
		return fraction{}, errors.New("want positive numbers")
	}
	return fraction{num, den}, nil
}

// Run reduces a fraction per line.
func Run(input []byte) ([]byte, error) {
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		f, err := parse(sc.Text())
		if err != nil {
			return nil, err
		}
		r := f.reduce()
		fmt.Fprintf(&out, "%d/%d\n", r.num, r.den)
	}
	return out.Bytes(), sc.Err()
}
