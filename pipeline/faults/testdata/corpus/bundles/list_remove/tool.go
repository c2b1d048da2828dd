package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type node struct {
	value int
	next  *node
}

type list struct {
	head *node
	size int
}

func (l *list) push(v int) {
	tail := &l.head
	for *tail != nil {
		tail = &(*tail).next
	}
	*tail = &node{value: v}
	l.size++
}

func (l *list) remove(v int) int {
	removed := 0
	for at := &l.head; *at != nil; {
		if (*at).value == v {
			*at = (*at).next
			removed++
		}
		if *at != nil {
			at = &(*at).next
		}
	}
	l.size -= removed
	return removed
}

func (l *list) String() string {
	var parts []string
	for n := l.head; n != nil; n = n.next {
		parts = append(parts, strconv.Itoa(n.value))
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// Run reads numbers; -N removes every N added so far.
func Run(input []byte) ([]byte, error) {
	l := &list{}
	removed := 0
	for _, word := range strings.Fields(string(input)) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		switch {
		case n > 0:
			l.push(n)
		case n < 0:
			removed += l.remove(-n)
		default:
			return nil, errors.New("zero")
		}
	}
	return []byte(fmt.Sprintf("%s size %d removed %d\n", l, l.size, removed)), nil
}
