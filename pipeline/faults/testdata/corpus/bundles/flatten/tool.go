package tool

import (
	"bytes"
	"encoding/json"
	"errors"
)

type flattener struct {
	out   []json.Number
	depth int
}

func (f *flattener) walk(v any, depth int) error {
	f.depth = max(f.depth, depth)
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := f.walk(e, depth); err != nil {
				return err
			}
		}
	case json.Number:
		f.out = append(f.out, v)
	default:
		return errors.New("want arrays and numbers")
	}
	return nil
}

// Run answers all numbers in order and how deep the nesting is.
func Run(input []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(input))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	f := &flattener{out: []json.Number{}}
	if err := f.walk(v, 0); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"values": f.out, "depth": f.depth})
}
