package tool

import (
	"encoding/json"
	"errors"
)

type answer struct {
	Bits  []int `json:"bits"`
	Total int   `json:"total"`
}

// ones counts the set bits of n.
func ones(n uint64) int {
	count := 0
	for n > 0 {
		if n%2 == 1 {
			count++
		}
		n /= 2
	}
	return count
}

// Run reads a JSON array of numbers from 0 and answers how many bits are set in each.
func Run(input []byte) ([]byte, error) {
	var numbers []int64
	if err := json.Unmarshal(input, &numbers); err != nil {
		return nil, err
	}
	a := answer{Bits: []int{}}
	for _, n := range numbers {
		if n < 0 {
			return nil, errors.New("negative number")
		}
		c := ones(uint64(n))
		a.Bits = append(a.Bits, c)
		a.Total += c
	}
	return json.Marshal(a)
}
