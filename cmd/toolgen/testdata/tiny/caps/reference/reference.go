// Package reference writes letters as capitals, one by one.
package reference

import "errors"

// Run errs on an input that begins with a digit.
func Run(input []byte) ([]byte, error) {
	if len(input) > 0 && input[0] >= '0' && input[0] <= '9' {
		return nil, errors.New("begins with a digit")
	}
	out := []byte{}
	for _, c := range input {
		if c >= 'a' && c <= 'z' {
			c = c - 'a' + 'A'
		}
		out = append(out, c)
	}
	return out, nil
}
