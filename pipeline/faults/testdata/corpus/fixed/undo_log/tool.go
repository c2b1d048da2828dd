package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type change struct {
	key string
	old string
	had bool
}

type store struct {
	values map[string]string
	marks  []int
	log    []change
}

func (s *store) set(key, value string) {
	old, had := s.values[key]
	s.log = append(s.log, change{key, old, had})
	s.values[key] = value
}

func (s *store) rollback() error {
	if len(s.marks) == 0 {
		return errors.New("nothing begun")
	}
	mark := s.marks[len(s.marks)-1]
	s.marks = s.marks[:len(s.marks)-1]
	for i := len(s.log) - 1; i >= mark; i-- {
		c := s.log[i]
		if c.had {
			s.values[c.key] = c.old
		} else {
			delete(s.values, c.key)
		}
	}
	s.log = s.log[:mark]
	return nil
}

// Run obeys begin, rollback, "set key value" and "get key".
func Run(input []byte) ([]byte, error) {
	s := &store{values: map[string]string{}}
	var out strings.Builder
	for n, line := range strings.Split(strings.TrimSpace(string(input)), "\n") {
		f := strings.Fields(line)
		switch {
		case len(f) == 1 && f[0] == "begin":
			s.marks = append(s.marks, len(s.log))
		case len(f) == 1 && f[0] == "rollback":
			if err := s.rollback(); err != nil {
				return nil, err
			}
		case len(f) == 3 && f[0] == "set":
			s.set(f[1], f[2])
		case len(f) == 2 && f[0] == "get":
			v, ok := s.values[f[1]]
			fmt.Fprintln(&out, strconv.Quote(v), ok)
		default:
			return nil, fmt.Errorf("line %d: what?", n+1)
		}
	}
	return []byte(out.String()), nil
}
