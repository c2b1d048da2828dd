// Package reference answers top_k_words the plain way: sort all words, count
// the runs of equal ones, sort the runs by their length.
package reference

import (
	"errors"
	"sort"
	"strconv"
	"strings"
)

const (
	maxK    = 1000000 // largest k
	maxWord = 64      // bytes in the longest word
)

// Run returns the k most frequent words of the text, k being the first line.
// It returns an error if that line is no number from 0 to maxK, or if a word
// is longer than maxWord bytes.
func Run(input []byte) ([]byte, error) {
	first, text, _ := strings.Cut(string(input), "\n")
	k, err := parseK(first)
	if err != nil {
		return nil, err
	}
	// Words are split before they are lower-cased: some letters beyond ASCII,
	// the Kelvin sign for one, have an ASCII letter for their lower case.
	words := strings.FieldsFunc(text, func(r rune) bool { return !isWord(r) })
	for i, w := range words {
		if len(w) > maxWord {
			return nil, errors.New("word longer than 64 bytes: " + w[:maxWord] + "...")
		}
		words[i] = strings.ToLower(w)
	}
	sort.Strings(words)

	type run struct {
		word  string
		count int
	}
	var runs []run // in ascending order of words
	for _, w := range words {
		if len(runs) == 0 || runs[len(runs)-1].word != w {
			runs = append(runs, run{word: w})
		}
		runs[len(runs)-1].count++
	}
	sort.SliceStable(runs, func(i, j int) bool { return runs[i].count > runs[j].count })
	var out []byte
	for _, r := range runs[:min(k, len(runs))] {
		out = append(out, r.word+" "+strconv.Itoa(r.count)+"\n"...)
	}
	return out, nil
}

func parseK(line string) (int, error) {
	for _, c := range []byte(line) {
		if c < '0' || c > '9' {
			return 0, errors.New("first line: k holds a byte that is no digit")
		}
	}
	k, err := strconv.Atoi(line) // errs if the line is empty, or beyond any int
	if err != nil {
		return 0, err
	}
	if k > maxK {
		return 0, errors.New("first line: k is above 1000000")
	}
	return k, nil
}

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
