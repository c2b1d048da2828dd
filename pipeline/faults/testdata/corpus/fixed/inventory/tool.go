package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type item struct {
	name  string
	stock int
}

type inventory struct {
	items []item
}

func (inv *inventory) change(name string, by int) error {
	for i, it := range inv.items {
		if it.name != name {
			continue
		}
		if it.stock+by < 0 {
			return errors.New("not enough " + name)
		}
		inv.items[i].stock += by
		inv.items[i].name = name
		return nil
	}
	if by < 0 {
		return errors.New("no " + name)
	}
	inv.items = append(inv.items, item{name, by})
	return nil
}

// Run reads lines "name +n" or "name -n" and writes what is in stock.
func Run(input []byte) ([]byte, error) {
	inv := &inventory{}
	for line := range strings.Lines(string(input)) {
		f := strings.Fields(line)
		if len(f) != 2 {
			return nil, fmt.Errorf("bad line %q", line)
		}
		n, err := strconv.Atoi(f[1])
		if err != nil {
			return nil, err
		}
		if err := inv.change(f[0], n); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	for _, it := range inv.items {
		fmt.Fprintf(&b, "%s %d\n", it.name, it.stock)
	}
	return []byte(b.String()), nil
}
