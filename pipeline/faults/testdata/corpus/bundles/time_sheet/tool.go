package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type shift struct {
	name   string
	worked int
	rate   int
}

func clock(s string) (int, error) {
	h, m, ok := strings.Cut(s, ":")
	if !ok {
		return 0, errors.New("want hh:mm")
	}
	hours, err := strconv.Atoi(h)
	if err != nil {
		return 0, err
	}
	minutes, err := strconv.Atoi(m)
	if err != nil {
		return 0, err
	}
	if hours > 24 || minutes > 59 {
		return 0, errors.New("no such time")
	}
	return hours*60 + minutes, nil
}

func (s shift) pay() int {
	return s.worked / 60 * s.rate
}

func parse(line string) (shift, error) {
	f := strings.Fields(line)
	if len(f) != 4 {
		return shift{}, errors.New("want name from to rate")
	}
	from, err := clock(f[1])
	if err != nil {
		return shift{}, err
	}
	to, err := clock(f[2])
	if err != nil {
		return shift{}, err
	}
	if to < from {
		to += 24 * 60
	}
	rate, err := strconv.Atoi(f[3])
	return shift{f[0], to - from, rate}, err
}

// Run prices every shift in cents; a shift may run past midnight.
func Run(input []byte) ([]byte, error) {
	var out strings.Builder
	total := 0
	for _, line := range strings.Split(strings.TrimSpace(string(input)), "\n") {
		s, err := parse(line)
		if err != nil {
			return nil, err
		}
		total += s.pay()
		fmt.Fprintf(&out, "%s %d\n", s.name, s.pay())
	}
	fmt.Fprintf(&out, "total %d\n", total)
	return []byte(out.String()), nil
}
