package tool

import (
	"fmt"
	"strconv"
	"strings"
)

const unit = 1024

var suffixes = []string{"B", "KiB", "MiB", "GiB", "TiB"}

func human(n int64) string {
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value := float64(n)
	i := 0
	for value >= unit && i < len(suffixes)-1 {
		value /= unit
		i++
	}
	return fmt.Sprintf("%.1f %s", value, suffixes[i])
}

// Run reads lines "size path" and ends with the total.
func Run(input []byte) ([]byte, error) {
	var out strings.Builder
	var total int64
	for _, line := range strings.Split(strings.TrimSpace(string(input)), "\n") {
		if line == "" {
			continue
		}
		size, path, _ := strings.Cut(line, " ")
		n, err := strconv.ParseInt(size, 10, 64)
		if err != nil {
			return nil, err
		}
		if n < 0 {
			return nil, fmt.Errorf("negative size of %s", path)
		}
		total += n
		fmt.Fprintf(&out, "%10s  %s\n", human(n), path)
	}
	fmt.Fprintf(&out, "%10s  total\n", human(total))
	return []byte(out.String()), nil
}
