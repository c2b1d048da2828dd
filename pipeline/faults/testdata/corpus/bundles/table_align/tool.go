package tool

import (
	"errors"
	"strings"
	"unicode/utf8"
)

type table struct {
	rows   [][]string
	widths []int
}

func (t *table) add(cells []string) error {
	if len(t.rows) > 0 && len(cells) != len(t.rows[0]) {
		return errors.New("ragged table")
	}
	for i, c := range cells {
		w := len(c)
		if i == len(t.widths) {
			t.widths = append(t.widths, w)
		} else {
			t.widths[i] = max(t.widths[i], w)
		}
	}
	t.rows = append(t.rows, cells)
	return nil
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", width-utf8.RuneCountInString(s))
}

func (t *table) render() string {
	var out strings.Builder
	for n, row := range t.rows {
		cells := make([]string, len(row))
		rule := make([]string, len(row))
		for i, c := range row {
			cells[i] = pad(c, t.widths[i])
			rule[i] = strings.Repeat("-", t.widths[i])
		}
		out.WriteString(strings.TrimRight(strings.Join(cells, " | "), " ") + "\n")
		if n == 0 {
			out.WriteString(strings.Join(rule, "-+-") + "\n")
		}
	}
	return out.String()
}

// Run reads rows of cells separated by semicolons, the header first.
func Run(input []byte) ([]byte, error) {
	t := &table{}
	for _, line := range strings.Split(string(input), "\n") {
		if line == "" {
			continue
		}
		cells := strings.Split(line, ";")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if err := t.add(cells); err != nil {
			return nil, err
		}
	}
	return []byte(t.render()), nil
}
