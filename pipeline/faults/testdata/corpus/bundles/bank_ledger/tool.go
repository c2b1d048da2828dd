package tool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
)

type bank struct {
	balance map[string]int
	order   []string
}

func (b *bank) open(name string) {
	if _, ok := b.balance[name]; !ok {
		b.order = append(b.order, name)
		b.balance[name] = 0
	}
}

func (b *bank) transfer(from, to string, amount int) error {
	b.open(from)
	b.open(to)
	if amount <= 0 {
		return errors.New("nothing to transfer")
	}
	if from != "cash" && b.balance[from] < amount {
		amount = b.balance[from]
	}
	b.balance[from] -= amount
	b.balance[to] += amount
	return nil
}

// Run reads lines "from to amount"; cash may be overdrawn.
func Run(input []byte) ([]byte, error) {
	b := &bank{balance: map[string]int{}}
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		var from, to string
		var amount int
		if _, err := fmt.Sscan(sc.Text(), &from, &to, &amount); err != nil {
			return nil, err
		}
		if err := b.transfer(from, to, amount); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	for _, name := range b.order {
		fmt.Fprintf(&out, "%s %d\n", name, b.balance[name])
	}
	return out.Bytes(), sc.Err()
}
