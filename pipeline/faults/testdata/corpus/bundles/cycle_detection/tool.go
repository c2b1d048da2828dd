package tool

import (
	"encoding/json"
	"errors"
)

type node struct {
	value int
	next  *node
}

type list struct {
	Values []int `json:"values"`
	Tail   int   `json:"tail"` // the index that the last node leads to, -1 for none
}

func (l list) build() (*node, error) {
	nodes := make([]node, len(l.Values))
	for i, v := range l.Values {
		nodes[i].value = v
		if i > 0 {
			nodes[i-1].next = &nodes[i]
		}
	}
	if l.Tail >= len(nodes) {
		return nil, errors.New("tail leads nowhere")
	}
	if len(nodes) == 0 {
		return nil, nil
	}
	if l.Tail >= 0 {
		nodes[len(nodes)-1].next = &nodes[l.Tail]
	}
	return &nodes[0], nil
}

// circular lets two pointers run at different speeds; they meet only in a circle.
func circular(head *node) bool {
	slow, fast := head, head
	for fast != nil {
		slow = slow.next
		fast = fast.next.next
		if slow == fast {
			return true
		}
	}
	return false
}

// Run answers for each list whether it runs in a circle.
func Run(input []byte) ([]byte, error) {
	var lists []list
	if err := json.Unmarshal(input, &lists); err != nil {
		return nil, err
	}
	answers := []bool{}
	for _, l := range lists {
		head, err := l.build()
		if err != nil {
			return nil, err
		}
		answers = append(answers, circular(head))
	}
	return json.Marshal(answers)
}
