package tool

import (
	"encoding/json"
	"errors"
	"strings"
)

// split takes a line apart; a quote within quotes is written twice.
func split(line string) ([]string, error) {
	fields := []string{}
	var field strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '"' && quoted && i+1 < len(line) && line[i+1] == '"':
			field.WriteByte('"')
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			fields = append(fields, field.String())
			field.Reset()
		default:
			field.WriteByte(c)
		}
	}
	if quoted {
		return nil, errors.New("open quote")
	}
	return append(fields, field.String()), nil
}

// Run answers the fields of each line.
func Run(input []byte) ([]byte, error) {
	rows := [][]string{}
	for _, line := range strings.Split(strings.TrimRight(string(input), "\n"), "\n") {
		f, err := split(line)
		if err != nil {
			return nil, err
		}
		rows = append(rows, f)
	}
	return json.Marshal(rows)
}
