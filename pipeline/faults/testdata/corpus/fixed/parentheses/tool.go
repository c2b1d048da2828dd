package tool

import (
	"bufio"
	"bytes"
	"strings"
)

const (
	opening = "([{"
	closing = ")]}"
)

type stack []rune

func (s *stack) push(r rune) { *s = append(*s, r) }

func (s *stack) pop() (rune, bool) {
	if len(*s) == 0 {
		return 0, false
	}
	top := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return top, true
}

func balanced(line string) bool {
	var s stack
	for _, r := range line {
		if strings.ContainsRune(opening, r) {
			s.push(r)
			continue
		}
		i := strings.IndexRune(closing, r)
		if i < 0 {
			continue
		}
		top, ok := s.pop()
		if !ok || top != rune(opening[i]) {
			return false
		}
	}
	return len(s) == 0
}

// Run says yes or no to each line.
func Run(input []byte) ([]byte, error) {
	var out bytes.Buffer
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		if balanced(sc.Text()) {
			out.WriteString("yes\n")
		} else {
			out.WriteString("no\n")
		}
	}
	return out.Bytes(), sc.Err()
}
