package tool

import (
	"fmt"
	"strconv"
	"strings"
)

const idle = 30

type session struct {
	start, end int
	events     int
}

func (s session) String() string {
	return fmt.Sprintf("%d-%d %d", s.start, s.end, s.events)
}

// Run reads "minute event" lines in order of time; a pause of more than 30
// minutes starts a new session.
func Run(input []byte) ([]byte, error) {
	var sessions []session
	var current session
	for n, line := range strings.Split(string(input), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		minute, err := strconv.Atoi(fields[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		if current.events > 0 && minute-current.end > idle {
			sessions = append(sessions, current)
			current = session{}
		}
		if current.events == 0 {
			current.start = minute
		}
		current.end = minute
		current.events++
	}
	if current.events > 0 {
		sessions = append(sessions, current)
	}
	var out strings.Builder
	for i, s := range sessions {
		fmt.Fprintf(&out, "#%d %s\n", i+1, s)
	}
	return []byte(out.String()), nil
}
