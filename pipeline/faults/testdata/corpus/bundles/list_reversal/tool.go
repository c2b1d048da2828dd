package tool

import (
	"errors"
	"strings"
)

type node struct {
	word string
	next *node
}

type list struct {
	head *node
	size int
}

func (l *list) append(word string) {
	l.size++
	n := &node{word: word}
	if l.head == nil {
		l.head = n
		return
	}
	last := l.head
	for last.next != nil {
		last = last.next
	}
	last.next = n
}

func (l *list) reverse() {
	var prev *node
	for n := l.head; n != nil; {
		next := n.next
		n.next = prev
		n = next
	}
	l.head = prev
}

func (l *list) String() string {
	var words []string
	for n := l.head; n != nil; n = n.next {
		words = append(words, n.word)
	}
	return strings.Join(words, " -> ")
}

// Run reverses the words of each line.
func Run(input []byte) ([]byte, error) {
	if len(input) == 0 {
		return nil, errors.New("no input")
	}
	var b strings.Builder
	for line := range strings.Lines(string(input)) {
		l := &list{}
		for _, w := range strings.Fields(line) {
			l.append(w)
		}
		l.reverse()
		b.WriteString(l.String() + "\n")
	}
	return []byte(b.String()), nil
}
