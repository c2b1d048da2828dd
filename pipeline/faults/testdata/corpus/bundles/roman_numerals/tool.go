package tool

import (
	"bufio"
	"bytes"
	"fmt"
)

func worth(r byte) int {
	return map[byte]int{'I': 1, 'V': 5, 'X': 10, 'L': 50, 'C': 100, 'D': 500, 'M': 1000}[r]
}

func number(numeral string) (int, error) {
	total := 0
	for i := range len(numeral) {
		w := worth(numeral[i])
		if w == 0 {
			return 0, fmt.Errorf("%q is no numeral", numeral)
		}
		if i > 0 && w < worth(numeral[i-1]) {
			total -= w
		} else {
			total += w
		}
	}
	return total, nil
}

// Run writes the number of each numeral.
func Run(input []byte) ([]byte, error) {
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		if sc.Text() == "" {
			continue
		}
		n, err := number(sc.Text())
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%s %d\n", sc.Text(), n)
	}
	return out.Bytes(), sc.Err()
}
