package tool

import (
	"encoding/json"
	"errors"
	"slices"
)

type plan struct {
	Tasks []string            `json:"tasks"`
	After map[string][]string `json:"after"` // what must be done before a task
}

func order(p plan) ([]string, error) {
	blockers := map[string]int{}
	unblocks := map[string][]string{}
	for _, task := range p.Tasks {
		for _, before := range p.After[task] {
			blockers[task]++
			unblocks[before] = append(unblocks[before], task)
		}
	}
	var ready, done []string
	for _, task := range p.Tasks {
		if blockers[task] == 0 {
			ready = append(ready, task)
		}
	}
	for len(ready) > 0 {
		slices.Sort(ready)
		task := ready[0]
		ready = ready[1:]
		done = append(done, task)
		for _, next := range unblocks[task] {
			blockers[next]--
			if blockers[next] <= 1 {
				ready = append(ready, next)
			}
		}
	}
	if len(done) < len(p.Tasks) {
		return nil, errors.New("tasks wait for each other")
	}
	return done, nil
}

// Run answers the first order by name.
func Run(input []byte) ([]byte, error) {
	var p plan
	if err := json.Unmarshal(input, &p); err != nil {
		return nil, err
	}
	done, err := order(p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(done)
}
