package tool

import (
	"encoding/json"
	"errors"
)

type order struct {
	Disks int    `json:"disks"`
	From  string `json:"from"`
	To    string `json:"to"`
}

type tower struct {
	moves [][2]string
}

func (t *tower) move(disks int, from, to, spare string) {
	if disks == 0 {
		return
	}
	t.move(disks-1, from, spare, to)
	t.moves = append(t.moves, [2]string{from, to})
	t.move(disks-1, from, to, spare)
}

// third names the peg that is neither of the two.
func third(a, b string) (string, error) {
	if a == b {
		return "", errors.New("nothing to move")
	}
	for _, peg := range []string{"A", "B", "C"} {
		if peg != a && peg != b {
			return peg, nil
		}
	}
	return "", errors.New("no such peg")
}

// Run answers the list of moves for an order.
func Run(input []byte) ([]byte, error) {
	var o order
	if err := json.Unmarshal(input, &o); err != nil {
		return nil, err
	}
	if o.Disks < 0 || o.Disks > 8 {
		return nil, errors.New("too many disks")
	}
	spare, err := third(o.From, o.To)
	if err != nil {
		return nil, err
	}
	t := tower{moves: [][2]string{}}
	t.move(o.Disks, o.From, o.To, spare)
	return json.Marshal(t.moves)
}
