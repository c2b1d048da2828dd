package tool

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

func unescape(s string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			out.WriteByte(' ')
		case '%':
			if i+2 >= len(s) {
				return "", errors.New("short escape")
			}
			b, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", err
			}
			out.WriteByte(byte(b))
			i += 2
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String(), nil
}

// Run collects the values of every key in order of appearance.
func Run(input []byte) ([]byte, error) {
	query := strings.TrimPrefix(strings.TrimSpace(string(input)), "?")
	values := map[string][]string{}
	for _, pair := range strings.Split(query, "&") {
		if pair == "" {
			continue
		}
		parts := strings.Split(pair, "=")
		key, err := unescape(parts[0])
		if err != nil {
			return nil, err
		}
		value := ""
		if len(parts) > 1 {
			if value, err = unescape(parts[1]); err != nil {
				return nil, err
			}
		}
		values[key] = append(values[key], value)
	}
	return json.Marshal(values)
}
