package tool

import (
	"encoding/json"
	"sort"
)

// tails keeps, for each length, the smallest number that a run of this length ends in.
type tails []int

func (t *tails) add(n int) {
	i := sort.Search(len(*t), func(i int) bool {
		return (*t)[i] >= n
	})
	if i == len(*t) {
		*t = append(*t, n)
	} else {
		(*t)[i] = n
	}
}

type result struct {
	Length int `json:"length"`
	Last   int `json:"last"`
}

// Run reads a JSON array of arrays and measures each.
func Run(input []byte) ([]byte, error) {
	var rows [][]int
	if err := json.Unmarshal(input, &rows); err != nil {
		return nil, err
	}
	results := []result{}
	for _, row := range rows {
		var t tails
		for _, n := range row {
			t.add(n)
		}
		r := result{Length: len(t)}
		if len(t) > 0 {
			r.Last = t[len(t)-1]
		}
		results = append(results, r)
	}
	return json.Marshal(results)
}
