// Package reference answers edit_distance_match the plain way: the textbook's
// table for every query and every word.
package reference

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

const maxLength = 64 // bytes in the longest word or query

// Run returns the nearest word of the dictionary for each query. It returns an
// error if no empty line ends the dictionary, if the dictionary is empty, or if
// a word or a query is longer than maxLength bytes.
func Run(input []byte) ([]byte, error) {
	lines := strings.Split(string(input), "\n")
	if lines[len(lines)-1] == "" { // what follows the last line feed is no line
		lines = lines[:len(lines)-1]
	}
	for i, line := range lines {
		if len(line) > maxLength {
			return nil, errors.New("line " + strconv.Itoa(i+1) + " is longer than 64 bytes")
		}
	}
	end := slices.Index(lines, "")
	if end < 0 {
		return nil, errors.New("no empty line ends the dictionary")
	}
	words, queries := lines[:end], lines[end+1:]
	if len(words) == 0 {
		return nil, errors.New("the dictionary is empty")
	}
	var out []byte
	for _, query := range queries {
		nearest, least := "", maxLength+1
		for _, word := range words {
			d := distance(query, word)
			if d < least || d == least && word < nearest {
				nearest, least = word, d
			}
		}
		out = append(out, strconv.Itoa(least)+" "+nearest+"\n"...)
	}
	return out, nil
}

// distance returns the Levenshtein distance. Cell [i][j] of its table is the
// distance from the first i bytes of a to the first j bytes of b.
func distance(a, b string) int {
	var table [maxLength + 1][maxLength + 1]int
	for i := range len(a) + 1 {
		for j := range len(b) + 1 {
			switch {
			case i == 0:
				table[i][j] = j
			case j == 0:
				table[i][j] = i
			case a[i-1] == b[j-1]:
				table[i][j] = table[i-1][j-1]
			default:
				table[i][j] = 1 + min(table[i-1][j-1], table[i-1][j], table[i][j-1])
			}
		}
	}
	return table[len(a)][len(b)]
}
