package trial

import (
	"cmp"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"toolgen/pipeline/testgen"
)

const (
	// How many literals of a kind a vocabulary has.
	vocabularyChars = 8
	vocabularyWords = 8
	// vocabularyBytes is how much of an input or an answer is read.
	vocabularyBytes = 4 << 10
	// longestWord is the longest that is taken for something that a program would spell.
	longestWord = 24
)

// Vocabulary implements repair.Executor: what the failing cases have and the passing ones
// have not, in their inputs and in the answers that are right. A letter that a program
// does not know, a word that it never writes, shows there and nowhere in its source.
func (b *Bench) Vocabulary() []string {
	chars, words := newTally(), newTally()
	for i := range b.points {
		p := &b.points[i]
		if p.timed || p.c.Kind != testgen.Search {
			continue
		}
		texts := [][]byte{p.c.Input}
		if p.c.HasWant && !p.c.WantError {
			texts = append(texts, p.c.Want)
		}
		for _, text := range texts {
			text = text[:min(len(text), vocabularyBytes)]
			chars.count(p.fails, charsOf(text))
			words.count(p.fails, wordsOf(text))
		}
	}
	var literals []string
	for _, c := range chars.best(vocabularyChars) {
		r, _ := utf8.DecodeRuneInString(c)
		literals = append(literals, strconv.QuoteRune(r))
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			literals = append(literals, strconv.Quote(c)) // words are of letters and digits
		}
	}
	for _, w := range words.best(vocabularyWords) {
		literals = append(literals, strconv.Quote(w))
		if n, err := strconv.Atoi(w); err == nil && strconv.Itoa(n) == w {
			literals = append(literals, w)
		}
	}
	return literals
}

// charsOf are the characters of a text but for white space, each once.
func charsOf(text []byte) []string {
	var found []string
	for _, r := range string(text) {
		if c := string(r); unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != utf8.RuneError && !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	return found
}

// wordsOf are the runs of letters and digits of a text, each once.
func wordsOf(text []byte) []string {
	var found []string
	seen := map[string]bool{}
	from := -1
	end := func(to int) {
		if from < 0 {
			return
		}
		w := string(text[from:to])
		if from = -1; !seen[w] && len(w) <= longestWord {
			seen[w] = true
			found = append(found, w)
		}
	}
	for i, r := range string(text) {
		switch {
		case r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'):
			if from < 0 {
				from = i
			}
		default:
			end(i)
		}
	}
	end(len(text))
	return found
}

// tally counts in how many texts of failing and of passing cases something is.
type tally struct {
	order          []string
	fails, passes  map[string]int
	failed, passed int
}

func newTally() *tally { return &tally{fails: map[string]int{}, passes: map[string]int{}} }

func (t *tally) count(fails bool, of []string) {
	in, total := t.passes, &t.passed
	if fails {
		in, total = t.fails, &t.failed
	}
	*total++
	for _, s := range of {
		if t.fails[s] == 0 && t.passes[s] == 0 {
			t.order = append(t.order, s)
		}
		in[s]++
	}
}

// best lists what failing cases have more often than passing ones do, the most telling
// first; among equals what came first.
func (t *tally) best(n int) []string {
	score := func(s string) int { // the difference of the two shares, over their product of totals
		return t.fails[s]*max(t.passed, 1) - t.passes[s]*max(t.failed, 1)
	}
	list := slices.DeleteFunc(slices.Clone(t.order), func(s string) bool { return score(s) <= 0 })
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(score(b), score(a)) })
	return list[:min(n, len(list))]
}
