package tool

import (
	"errors"
	"fmt"
	"strings"
)

var lengths = [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

type date struct {
	year, month, day int
}

func leap(year int) bool {
	return year%4 == 0 && (year%100 != 0 || year%400 == 0)
}

func monthLength(year, month int) int {
	if month == 2 && leap(year) {
		return 29
	}
	return lengths[month-1]
}

func (d date) valid() bool {
	return d.year > 0 && d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= monthLength(d.year, d.month)
}

func (d date) yearDay() int {
	n := d.day
	for m := 1; m < d.month; m++ {
		n += monthLength(d.year, m)
	}
	return n
}

// Run reads dates as yyyy-mm-dd and tells how far each year has gone.
func Run(input []byte) ([]byte, error) {
	var out strings.Builder
	for _, word := range strings.Fields(string(input)) {
		var d date
		if _, err := fmt.Sscanf(word, "%d-%d-%d", &d.year, &d.month, &d.day); err != nil {
			return nil, err
		}
		if !d.valid() {
			return nil, errors.New("no such day: " + word)
		}
		total := 365
		if leap(d.year) {
			total++
		}
		fmt.Fprintf(&out, "%s %d/%d\n", word, d.yearDay(), total)
	}
	return []byte(out.String()), nil
}
