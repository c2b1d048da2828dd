package tool

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type stats struct {
	count   int
	lo, hi  float64
	sum     float64
	skipped int
}

func (s *stats) add(v float64) {
	if s.count == 0 {
		s.lo = v
	}
	if v < s.lo {
		s.lo = v
	}
	if v > s.hi {
		s.hi = v
	}
	s.sum += v
	s.count++
}

// Run reads the name of a column on the first line and a CSV with a header
// after it, and describes the numbers in that column.
func Run(input []byte) ([]byte, error) {
	name, rest, ok := strings.Cut(string(input), "\n")
	if !ok {
		return nil, errors.New("no table")
	}
	rows, err := csv.NewReader(strings.NewReader(rest)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("no header")
	}
	col := -1
	for i, h := range rows[0] {
		if h == strings.TrimSpace(name) {
			col = i
		}
	}
	if col < 0 {
		return nil, errors.New("no such column")
	}
	var s stats
	for _, row := range rows[1:] {
		v, err := strconv.ParseFloat(row[col], 64)
		if err != nil {
			s.skipped++
			continue
		}
		s.add(v)
	}
	if s.count == 0 {
		return []byte("empty\n"), nil
	}
	return []byte(fmt.Sprintf("min %.2f max %.2f mean %.2f skipped %d\n", s.lo, s.hi, s.sum/float64(s.count), s.skipped)), nil
}
