package tool

import (
	"errors"
	"fmt"
	"strings"
)

type turnstile struct {
	locked bool
	coins  int
	passed int
}

func (t *turnstile) coin() {
	t.locked = false
	t.coins++
}

func (t *turnstile) push() bool {
	if t.locked {
		return false
	}
	t.locked = true
	t.passed++
	return true
}

// Run plays a string of c (a coin) and p (a push).
func Run(input []byte) ([]byte, error) {
	t := &turnstile{locked: true}
	refused := 0
	for _, event := range strings.TrimSpace(string(input)) {
		switch event {
		case 'c':
			t.coin()
		case 'p':
			if !t.push() {
				refused++
			}
		default:
			return nil, errors.New("want c and p")
		}
	}
	return []byte(fmt.Sprintf("coins %d passed %d refused %d\n", t.coins, t.passed, refused)), nil
}
