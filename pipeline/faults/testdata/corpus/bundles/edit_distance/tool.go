package tool

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
)

func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		diagonal := row[0]
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			above := row[j]
			row[j] = min(above+1, row[j-1]+1, diagonal+cost)
			diagonal = above
		}
	}
	return row[len(y)]
}

// Run reads "word word" lines and writes the distance before each.
func Run(input []byte) ([]byte, error) {
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(input))
	for line := 1; sc.Scan(); line++ {
		a, b, ok := strings.Cut(sc.Text(), " ")
		if !ok {
			return nil, fmt.Errorf("line %d: want two words", line)
		}
		fmt.Fprintf(&out, "%d %s %s\n", distance(a, b), a, b)
	}
	return out.Bytes(), sc.Err()
}
