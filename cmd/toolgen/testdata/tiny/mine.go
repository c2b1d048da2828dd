// SPDX-License-Identifier: MIT

// Package tool is an entrant: it looks at the first byte without asking whether there
// is one.
package tool

import (
	"bytes"
	"errors"
)

// Run errs on an input that begins with a digit.
func Run(input []byte) ([]byte, error) {
	if c := input[0]; c >= '0' && c <= '9' {
		return nil, errors.New("begins with a digit")
	}
	return bytes.ToUpper(input), nil
}
