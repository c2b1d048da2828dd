package tool

import (
	"cmp"
	"encoding/json"
	"slices"
)

type player struct {
	Name   string `json:"name"`
	Points int    `json:"points"`
	Age    int    `json:"age"`
}

type place struct {
	Place int    `json:"place"`
	Name  string `json:"name"`
}

func compare(a, b player) int {
	return cmp.Or(
		cmp.Compare(b.Points, a.Points),
		cmp.Compare(a.Age, b.Age),
		cmp.Compare(a.Name, b.Name),
	)
}

// Run ranks by points, then the younger first, then by name; equal points share a place.
func Run(input []byte) ([]byte, error) {
	var players []player
	if err := json.Unmarshal(input, &players); err != nil {
		return nil, err
	}
	slices.SortFunc(players, compare)
	places := make([]place, len(players))
	for i, p := range players {
		places[i] = place{i + 1, p.Name}
		if i > 0 && players[i-1].Points == p.Points {
			places[i].Place = places[i-1].Place
		}
	}
	return json.Marshal(places)
}
