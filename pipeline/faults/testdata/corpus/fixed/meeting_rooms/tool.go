package tool

import (
	"fmt"
	"sort"
	"strings"
)

type event struct {
	at    int
	delta int
}

func parse(line string) (start, end int, err error) {
	if _, err = fmt.Sscanf(line, "%d-%d", &start, &end); err != nil {
		return 0, 0, err
	}
	if end <= start {
		return 0, 0, fmt.Errorf("empty meeting %s", line)
	}
	return start, end, nil
}

// Run reads meetings "start-end", end excluded, and tells how many rooms are
// in use at the busiest time and when that first happens.
func Run(input []byte) ([]byte, error) {
	var events []event
	for _, word := range strings.Fields(string(input)) {
		start, end, err := parse(word)
		if err != nil {
			return nil, err
		}
		events = append(events, event{start, 1}, event{end, -1})
	}
	sort.SliceStable(events, func(i, j int) bool {
		a, b := events[i], events[j]
		return a.at < b.at || a.at == b.at && a.delta < b.delta
	})
	rooms, busiest, when := 0, 0, 0
	for _, e := range events {
		rooms += e.delta
		if rooms > busiest {
			busiest = rooms
			when = e.at
		}
	}
	if busiest == 0 {
		return []byte("no meetings\n"), nil
	}
	return []byte(fmt.Sprintf("%d rooms at %d\n", busiest, when)), nil
}
