package tool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const far = 1 << 40

type road struct {
	from, to, cost int
}

func parse(text string) (n int, roads []road, err error) {
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		nums := make([]int, len(f))
		for j, w := range f {
			if nums[j], err = strconv.Atoi(w); err != nil {
				return 0, nil, err
			}
		}
		switch {
		case i == 0 && len(nums) == 1:
			n = nums[0]
		case i > 0 && len(nums) == 3:
			r := road{nums[0], nums[1], nums[2]}
			if r.from < 0 || r.to < 0 || r.from >= n || r.to >= n {
				return 0, nil, fmt.Errorf("line %d: no such place", i+1)
			}
			roads = append(roads, r)
		default:
			return 0, nil, fmt.Errorf("line %d: bad line", i+1)
		}
	}
	return n, roads, nil
}

// relax improves the distances by one more road; it reports whether any changed.
func relax(dist []int, roads []road) bool {
	changed := false
	for i := len(roads) - 1; i >= 0; i-- {
		r := roads[i]
		if dist[r.from] < far && dist[r.from]+r.cost < dist[r.to] {
			dist[r.to] = dist[r.from] + r.cost
			changed = true
		}
	}
	return changed
}

// Run answers the cost of each place from place 0, - if it cannot be reached.
func Run(input []byte) ([]byte, error) {
	n, roads, err := parse(string(input))
	if err != nil {
		return nil, err
	}
	if n < 1 || n > 100 {
		return nil, errors.New("1 to 100 places")
	}
	dist := make([]int, n)
	for i := range dist {
		dist[i] = far
	}
	dist[0] = 0
	for range n - 2 {
		relax(dist, roads)
	}
	if relax(dist, roads) {
		return nil, errors.New("a circle pays for itself")
	}
	var b strings.Builder
	for i, d := range dist {
		if d >= far {
			fmt.Fprintf(&b, "%d -\n", i)
			continue
		}
		fmt.Fprintf(&b, "%d %d\n", i, d)
	}
	return []byte(b.String()), nil
}
