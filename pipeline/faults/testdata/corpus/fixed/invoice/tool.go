package tool

import (
	"encoding/json"
	"errors"
)

type line struct {
	Name     string `json:"name"`
	Quantity int    `json:"quantity"`
	Price    int    `json:"price"`    // cents
	Discount int    `json:"discount"` // per cent
	Tax      int    `json:"tax"`      // per cent
}

type total struct {
	Net   int `json:"net"`
	Tax   int `json:"tax"`
	Gross int `json:"gross"`
}

func (l line) net() int {
	full := l.Quantity * l.Price
	return full - full*l.Discount/100
}

func (t *total) add(l line) {
	net := l.net()
	tax := net * l.Tax / 100
	t.Net += net
	t.Tax += tax
	t.Gross += net + tax
}

// Run adds up the lines of an invoice.
func Run(input []byte) ([]byte, error) {
	var lines []line
	if err := json.Unmarshal(input, &lines); err != nil {
		return nil, err
	}
	var t total
	for _, l := range lines {
		if l.Quantity < 0 || l.Discount < 0 || l.Discount > 100 {
			return nil, errors.New("bad line: " + l.Name)
		}
		t.add(l)
	}
	return json.Marshal(t)
}
