package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type shop struct {
	prices map[string]int
	basket []string
	total  int
	fresh  bool
	sums   int
}

func (s *shop) sum() int {
	if s.fresh {
		return s.total
	}
	s.total = 0
	for _, item := range s.basket {
		s.total += s.prices[item]
	}
	s.sums++
	s.fresh = true
	return s.total
}

func (s *shop) setPrice(item string, cents int) {
	s.prices[item] = cents
	s.fresh = false
}

func (s *shop) add(item string) error {
	if _, ok := s.prices[item]; !ok {
		return errors.New("no price for " + item)
	}
	s.basket = append(s.basket, item)
	s.fresh = false
	return nil
}

// Run obeys "price item cents", "add item" and "total".
func Run(input []byte) ([]byte, error) {
	s := &shop{prices: map[string]int{}}
	var out strings.Builder
	for _, line := range strings.Split(string(input), "\n") {
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "price" && len(f) == 3:
			cents, err := strconv.Atoi(f[2])
			if err != nil {
				return nil, err
			}
			s.setPrice(f[1], cents)
		case f[0] == "add" && len(f) == 2:
			if err := s.add(f[1]); err != nil {
				return nil, err
			}
		case f[0] == "total":
			fmt.Fprintf(&out, "%d (summed %d times)\n", s.sum(), s.sums)
		default:
			return nil, errors.New("unknown command " + line)
		}
	}
	return []byte(out.String()), nil
}
