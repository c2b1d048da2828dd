package tool

import (
	"encoding/json"
	"errors"
)

type plan struct {
	People []string       `json:"people"`
	Length int            `json:"length"`
	Days   []int          `json:"days"`
	Swaps  map[int]string `json:"swaps"`
}

// turn is the number of the shift a day falls in, rounding down.
func turn(day, length int) int {
	if day < 0 {
		return (day - length + 1) / length
	}
	return day / length
}

func (p plan) onCall(day int) string {
	if name, ok := p.Swaps[day]; ok {
		return name
	}
	n := len(p.People)
	i := (turn(day, p.Length)%n + n) % n
	return p.People[i]
}

// Run answers who is on call on each day; day 0 starts the first shift.
func Run(input []byte) ([]byte, error) {
	var p plan
	if err := json.Unmarshal(input, &p); err != nil {
		return nil, err
	}
	if len(p.People) == 0 || p.Length < 1 {
		return nil, errors.New("empty plan")
	}
	names := make([]string, 0, len(p.Days))
	for _, d := range p.Days {
		names = append(names, p.onCall(d))
	}
	return json.Marshal(names)
}
