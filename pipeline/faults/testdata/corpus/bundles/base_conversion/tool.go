package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const digits = "0123456789abcdefghijklmnopqrstuvwxyz"

func convert(n, base int) string {
	if n == 0 {
		return "0"
	}
	negative := n < 0
	if negative {
		n = -n
	}
	text := ""
	for n > 0 {
		text = text + string(digits[n%base])
		n /= base
	}
	if negative {
		text = "-" + text
	}
	return text
}

// Run reads lines "number base".
func Run(input []byte) ([]byte, error) {
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) != 2 {
			return nil, errors.New("want number and base")
		}
		n, err := strconv.ParseInt(f[0], 10, 32)
		if err != nil {
			return nil, err
		}
		base, err := strconv.Atoi(f[1])
		if err != nil || base < 2 || base > 36 {
			return nil, fmt.Errorf("bad base %q", f[1])
		}
		out.WriteString(convert(int(n), base) + "\n")
	}
	return out.Bytes(), sc.Err()
}
