package tool

import (
	"encoding/json"
	"errors"
)

type winner struct {
	Name  string `json:"name"`
	Votes int    `json:"votes"`
}

func elect(votes map[string]int) winner {
	best := winner{Votes: -1}
	for name, n := range votes {
		if n > best.Votes || n == best.Votes && name < best.Name {
			best = winner{name, n}
		}
	}
	return best
}

// Run counts ballots; of equals the first by name wins.
func Run(input []byte) ([]byte, error) {
	var ballots []string
	if err := json.Unmarshal(input, &ballots); err != nil {
		return nil, err
	}
	if len(ballots) == 0 {
		return nil, errors.New("nobody voted")
	}
	votes := map[string]int{}
	for _, b := range ballots {
		votes[b]++
	}
	return json.Marshal(elect(votes))
}
