package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type span struct {
	lo, hi, step int
}

func (s span) has(v int) bool {
	return v >= s.lo && v <= s.hi && v%s.step == 0
}

func parseSpan(part string, lo, hi int) (span, error) {
	s := span{lo, hi, 1}
	body, step, stepped := strings.Cut(part, "/")
	var err error
	if stepped {
		if s.step, err = strconv.Atoi(step); err != nil || s.step < 1 {
			return s, errors.New("bad step")
		}
	}
	if body == "*" {
		return s, nil
	}
	from, to, ranged := strings.Cut(body, "-")
	if s.lo, err = strconv.Atoi(from); err != nil {
		return s, err
	}
	if ranged {
		s.hi, err = strconv.Atoi(to)
	} else if !stepped {
		s.hi = s.lo
	}
	if err == nil && (s.lo < lo || s.hi > hi || s.lo > s.hi) {
		err = errors.New("out of range")
	}
	return s, err
}

// Run reads "lo hi field", such as "0 59 5-20/5,40".
func Run(input []byte) ([]byte, error) {
	var lo, hi int
	var field string
	if _, err := fmt.Sscan(string(input), &lo, &hi, &field); err != nil {
		return nil, err
	}
	var spans []span
	for _, part := range strings.Split(field, ",") {
		s, err := parseSpan(part, lo, hi)
		if err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	var hits []string
	for v := lo; v <= hi; v++ {
		for _, s := range spans {
			if s.has(v) {
				hits = append(hits, strconv.Itoa(v))
				break
			}
		}
	}
	return []byte(strings.Join(hits, " ") + "\n"), nil
}
