package tool

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

func encode(text string) string {
	var b strings.Builder
	var last rune
	count := 0
	flush := func() {
		if count > 1 {
			b.WriteString(strconv.Itoa(count))
		}
		if count > 0 {
			b.WriteRune(last)
		}
	}
	for _, r := range text {
		if r == last && count > 0 {
			count++
			continue
		}
		flush()
		last, count = r, 1
	}
	flush()
	return b.String()
}

func decode(text string) (string, error) {
	var b strings.Builder
	count := 0
	for _, r := range text {
		if unicode.IsDigit(r) {
			count = count*10 + int(r-'0')
			if count > 1000 {
				return "", errors.New("run too long")
			}
			continue
		}
		b.WriteString(strings.Repeat(string(r), max(count, 1)))
		count = 0
	}
	if count > 0 {
		return "", errors.New("a number ends the line")
	}
	return b.String(), nil
}

// Run reads lines "+ text" to encode and "- text" to decode.
func Run(input []byte) ([]byte, error) {
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimRight(string(input), "\n"), "\n") {
		op, text, _ := strings.Cut(line, " ")
		switch op {
		case "+":
			out.WriteString(encode(text) + "\n")
		case "-":
			d, err := decode(text)
			if err != nil {
				return nil, err
			}
			out.WriteString(d + "\n")
		default:
			return nil, errors.New("want + or -")
		}
	}
	return []byte(out.String()), nil
}
