// Package reference is what every text_deduplicate tool is held against: slow,
// and obviously right.
package reference

import "bytes"

// Run returns input without the lines that repeat an earlier line, byte for
// byte. A line ends with a line feed, which is not part of it, or at the end of
// input; every line of the output ends with a line feed. Any input is fine: Run
// never returns an error.
func Run(input []byte) ([]byte, error) {
	var kept [][]byte
	for line := range bytes.Lines(input) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if !contains(kept, line) {
			kept = append(kept, line)
		}
	}
	var output []byte
	for _, line := range kept {
		output = append(output, line...)
		output = append(output, '\n')
	}
	return output, nil
}

func contains(lines [][]byte, wanted []byte) bool {
	for _, line := range lines {
		if bytes.Equal(line, wanted) {
			return true
		}
	}
	return false
}
