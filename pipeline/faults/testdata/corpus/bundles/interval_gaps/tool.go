package tool

import (
	"encoding/json"
	"errors"
	"slices"
)

type span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

type day struct {
	Open  span   `json:"open"`
	Taken []span `json:"taken"`
}

func (d day) free() []span {
	gaps := []span{}
	at := d.Open.From
	for _, t := range d.Taken {
		if t.From > at {
			gaps = append(gaps, span{at, min(t.From, d.Open.To)})
		}
		at = t.To
	}
	if at < d.Open.To {
		gaps = append(gaps, span{at, d.Open.To})
	}
	return gaps
}

// Run answers the gaps of a day.
func Run(input []byte) ([]byte, error) {
	var d day
	if err := json.Unmarshal(input, &d); err != nil {
		return nil, err
	}
	for _, t := range append(d.Taken, d.Open) {
		if t.From > t.To {
			return nil, errors.New("a span ends before it starts")
		}
	}
	slices.SortFunc(d.Taken, func(a, b span) int { return a.From - b.From })
	return json.Marshal(d.free())
}
