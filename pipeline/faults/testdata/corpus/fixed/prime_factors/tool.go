package tool

import (
	"errors"
	"strconv"
	"strings"
)

type power struct {
	prime, times int
}

func factors(n int) []power {
	var ps []power
	add := func(p int) {
		if len(ps) > 0 && ps[len(ps)-1].prime == p {
			ps[len(ps)-1].times++
			return
		}
		ps = append(ps, power{p, 1})
	}
	for d := 2; d*d <= n; d++ {
		for n%d == 0 {
			add(d)
			n /= d
		}
	}
	if n > 1 {
		add(n)
	}
	return ps
}

func format(ps []power) string {
	var parts []string
	for _, p := range ps {
		s := strconv.Itoa(p.prime)
		if p.times > 1 {
			s += "^" + strconv.Itoa(p.times)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

// Run factors a number per line.
func Run(input []byte) ([]byte, error) {
	var b strings.Builder
	for _, line := range strings.Fields(string(input)) {
		n, err := strconv.Atoi(line)
		if err != nil {
			return nil, err
		}
		if n < 1 || n > 1_000_000 {
			return nil, errors.New("out of range: " + line)
		}
		b.WriteString(line + " = " + format(factors(n)) + "\n")
	}
	return []byte(b.String()), nil
}
