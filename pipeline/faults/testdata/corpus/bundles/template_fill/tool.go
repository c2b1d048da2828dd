package tool

import (
	"encoding/json"
	"errors"
	"strings"
)

type job struct {
	Template string            `json:"template"`
	Values   map[string]string `json:"values"`
}

// lookup resolves "name" or "name|default".
func (j job) lookup(expr string) (string, error) {
	name, fallback, optional := strings.Cut(expr, "|")
	if name == "" {
		return "", errors.New("empty placeholder")
	}
	if v, ok := j.Values[name]; ok {
		return v, nil
	}
	if optional {
		return strings.TrimSpace(fallback), nil
	}
	return "", errors.New("no value for " + name)
}

func (j job) render() (string, error) {
	var out strings.Builder
	rest := j.Template
	for {
		before, after, ok := strings.Cut(rest, "{{")
		out.WriteString(before)
		if !ok {
			return out.String(), nil
		}
		expr, tail, ok := strings.Cut(after, "}}")
		if !ok {
			return "", errors.New("unclosed placeholder")
		}
		value, err := j.lookup(expr)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
		rest = tail
	}
}

// Run renders the template of a JSON job.
func Run(input []byte) ([]byte, error) {
	var j job
	if err := json.Unmarshal(input, &j); err != nil {
		return nil, err
	}
	text, err := j.render()
	if err != nil {
		return nil, err
	}
	return []byte(text), nil
}
