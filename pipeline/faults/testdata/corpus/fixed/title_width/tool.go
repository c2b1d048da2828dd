package tool

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

type request struct {
	Width  int      `json:"width"`
	Titles []string `json:"titles"`
}

func width(s string) int {
	return utf8.RuneCountInString(s)
}

func center(s string, to int) string {
	free := to - width(s)
	if free <= 0 {
		return s
	}
	left := free / 2
	return strings.Repeat(".", left) + s + strings.Repeat(".", free-left)
}

// Run centers all titles.
func Run(input []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	if r.Width < 0 || r.Width > 200 {
		return nil, errors.New("width out of range")
	}
	out := []string{}
	for _, t := range r.Titles {
		out = append(out, center(t, r.Width))
	}
	return json.Marshal(out)
}
