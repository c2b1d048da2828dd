package tool

import (
	"errors"
	"strings"
)

type state int

const (
	untouched state = iota
	active
	done
)

type installer struct {
	needs map[string][]string
	state map[string]state
	order []string
}

func (in *installer) install(name string) error {
	switch in.state[name] {
	case done:
		return nil
	case active:
		return errors.New("cycle through " + name)
	}
	in.state[name] = active
	for _, dep := range in.needs[name] {
		if err := in.install(dep); err != nil {
			return err
		}
	}
	in.order = append(in.order, name)
	return nil
}

// Run reads lines "package: dependency dependency" and lists every package
// after what it needs.
func Run(input []byte) ([]byte, error) {
	in := &installer{needs: map[string][]string{}, state: map[string]state{}}
	var names []string
	for _, line := range strings.Split(string(input), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, deps, ok := strings.Cut(line, ":")
		if !ok {
			return nil, errors.New("want a colon")
		}
		name = strings.TrimSpace(name)
		names = append(names, name)
		in.needs[name] = append(in.needs[name], strings.Fields(deps)...)
	}
	for _, name := range names {
		if err := in.install(name); err != nil {
			return nil, err
		}
	}
	return []byte(strings.Join(in.order, " ") + "\n"), nil
}
