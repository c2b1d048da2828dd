package tool

import (
	"fmt"
	"sort"
	"strings"
)

type habit struct {
	name             string
	longest, current int
	done, days       int
}

func (h *habit) record(days string) error {
	run := 0
	for i, day := range days {
		switch day {
		case 'x':
			run++
			h.done++
			h.longest = max(h.longest, run)
		case '-':
			run = 0
		case 's':
			// a sick day neither counts nor breaks a streak
			continue
		default:
			return fmt.Errorf("%s: day %d: %q", h.name, i+1, day)
		}
		h.days++
	}
	h.current = run
	return nil
}

func (h *habit) percent() int {
	if h.days == 0 {
		return 0
	}
	return h.done * 100 / h.days
}

// Run reads lines "name days", a day being x done, - missed or s sick.
func Run(input []byte) ([]byte, error) {
	var habits []*habit
	for _, line := range strings.Split(string(input), "\n") {
		name, days, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			continue
		}
		h := &habit{name: name}
		if err := h.record(days); err != nil {
			return nil, err
		}
		habits = append(habits, h)
	}
	sort.SliceStable(habits, func(i, j int) bool { return habits[i].longest > habits[j].longest })
	var out strings.Builder
	for _, h := range habits {
		fmt.Fprintf(&out, "%-8s longest %d current %d %3d%%\n", h.name, h.longest, h.current, h.percent())
	}
	return []byte(out.String()), nil
}
