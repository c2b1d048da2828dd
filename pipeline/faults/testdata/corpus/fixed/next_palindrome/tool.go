package tool

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
)

func allNines(s string) bool { return strings.Trim(s, "9") == "" }

// mirror copies the left half over the right one.
func mirror(d []byte) []byte {
	m := bytes.Clone(d)
	for i := 0; i < len(m)/2; i++ {
		m[len(m)-1-i] = m[i]
	}
	return m
}

func next(s string) string {
	if allNines(s) {
		return "1" + strings.Repeat("0", len(s)-1) + "1"
	}
	m := mirror([]byte(s))
	if string(m) > s {
		return string(m)
	}
	for i := (len(m) - 1) / 2; ; i-- {
		if m[i] < '9' {
			m[i]++
			break
		}
		m[i] = '0'
	}
	return string(mirror(m))
}

// Run answers the next palindrome above the number of each line.
func Run(input []byte) ([]byte, error) {
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		s := strings.TrimSpace(sc.Text())
		if s == "" || strings.Trim(s, "0123456789") != "" || len(s) > 1 && s[0] == '0' {
			return nil, errors.New("no number: " + s)
		}
		out.WriteString(next(s) + "\n")
	}
	return out.Bytes(), sc.Err()
}
