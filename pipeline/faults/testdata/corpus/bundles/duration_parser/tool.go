package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
)

func seconds(unit byte) (int, error) {
	switch unit {
	case 's':
		return 1, nil
	case 'm':
		return 60, nil
	case 'd':
		return 86400, nil
	}
	return 0, errors.New("unknown unit")
}

func parse(text string) (int, error) {
	total, n, seen := 0, 0, false
	for i := range len(text) {
		c := text[i]
		if c >= '0' && c <= '9' {
			n = n*10 + int(c-'0')
			seen = true
			continue
		}
		s, err := seconds(c)
		if err != nil {
			return 0, err
		}
		if !seen {
			return 0, errors.New("unit without a number")
		}
		total += n * s
		n, seen = 0, false
	}
	if seen {
		return 0, errors.New("number without a unit")
	}
	return total, nil
}

// Run writes the seconds of each line, or what is wrong with it.
func Run(input []byte) ([]byte, error) {
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		n, err := parse(sc.Text())
		if err != nil {
			fmt.Fprintf(&out, "%s: %v\n", sc.Text(), err)
			continue
		}
		fmt.Fprintf(&out, "%d\n", n)
	}
	return out.Bytes(), sc.Err()
}
