// Package reference answers interval_merge the plain way: it keeps a sorted list
// of disjoint intervals and puts one interval after the other in its place.
package reference

import (
	"errors"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// interval holds the integers from lo to hi, both included.
type interval struct{ lo, hi int64 }

// Run returns the union of the intervals in the lines of input. It returns an
// error if a line is neither empty nor an interval.
func Run(input []byte) ([]byte, error) {
	var union []interval // ascending; neither overlap nor touch
	for i, line := range strings.Split(string(input), "\n") {
		if line == "" {
			continue
		}
		v, err := parse(line)
		if err != nil {
			return nil, errors.New("line " + strconv.Itoa(i+1) + ": " + err.Error())
		}
		union = add(union, v)
	}
	var out []byte
	for _, v := range union {
		out = append(out, strconv.FormatInt(v.lo, 10)+" "+strconv.FormatInt(v.hi, 10)+"\n"...)
	}
	return out, nil
}

// add returns the union with v in the place of all that overlaps or touches it.
func add(union []interval, v interval) []interval {
	first := sort.Search(len(union), func(i int) bool { return !apart(union[i], v) })
	end := first
	for end < len(union) && !apart(v, union[end]) {
		v.lo = min(v.lo, union[end].lo)
		v.hi = max(v.hi, union[end].hi)
		end++
	}
	return slices.Replace(union, first, end, v)
}

// apart reports whether an integer lies between a and, above it, b.
func apart(a, b interval) bool {
	return a.hi != math.MaxInt64 && a.hi+1 < b.lo
}

func parse(line string) (interval, error) {
	fields := strings.Split(line, " ")
	if len(fields) != 2 {
		return interval{}, errors.New("not two numbers with one space between them")
	}
	lo, err := parseInt(fields[0])
	if err != nil {
		return interval{}, err
	}
	hi, err := parseInt(fields[1])
	if err != nil {
		return interval{}, err
	}
	if lo > hi {
		return interval{}, errors.New("lower end above upper end")
	}
	return interval{lo, hi}, nil
}

func parseInt(s string) (int64, error) {
	if strings.HasPrefix(s, "+") { // which strconv would take
		return 0, errors.New("a number starts with a plus sign")
	}
	return strconv.ParseInt(s, 10, 64)
}
