package tool

import (
	"fmt"
	"strings"
)

type order struct {
	id    string
	state string
	log   []string
}

func (o *order) apply(event string) bool {
	next := ""
	switch o.state + " " + event {
	case "new pay":
		next = "paid"
	case "new cancel":
		next = "cancelled"
	case "paid ship":
		next = "shipped"
	case "shipped deliver":
		next = "delivered"
	case "delivered return":
		next = "refunded"
	}
	if next == "" {
		return false
	}
	o.log = append(o.log, o.state)
	o.state = next
	return true
}

// Run reads lines "id event" and shows where every order ended.
func Run(input []byte) ([]byte, error) {
	var orders []*order
	byID := map[string]*order{}
	refused := 0
	for _, line := range strings.Split(strings.TrimSpace(string(input)), "\n") {
		if line == "" {
			continue
		}
		id, event, ok := strings.Cut(line, " ")
		if !ok {
			return nil, fmt.Errorf("bad line %q", line)
		}
		o := byID[id]
		if o == nil {
			o = &order{id: id, state: "new"}
			byID[id] = o
			orders = append(orders, o)
		}
		if !o.apply(event) {
			refused++
		}
	}
	var out strings.Builder
	for _, o := range orders {
		fmt.Fprintf(&out, "%s %s\n", o.id, strings.Join(append(o.log, o.state), ">"))
	}
	fmt.Fprintf(&out, "refused %d\n", refused)
	return []byte(out.String()), nil
}
