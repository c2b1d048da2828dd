package tool

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
)

type runner struct {
	queue []func() string
}

func (r *runner) plan(line string) error {
	name, rest, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("no name in %q", line)
	}
	for _, step := range strings.Fields(rest) {
		r.queue = append(r.queue, func() string { return name + " does " + step })
	}
	return nil
}

func (r *runner) run() string {
	var b strings.Builder
	for i, step := range r.queue {
		fmt.Fprintf(&b, "%d %s\n", i+1, step())
	}
	return b.String()
}

// Run reads lines "name: step step" and then runs all steps.
func Run(input []byte) ([]byte, error) {
	r := &runner{}
	sc := bufio.NewScanner(bytes.NewReader(input))
	for sc.Scan() {
		if err := r.plan(sc.Text()); err != nil {
			return nil, err
		}
	}
	return []byte(r.run()), sc.Err()
}
