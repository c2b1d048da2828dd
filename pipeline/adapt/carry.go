package adapt

import (
	"cmp"
	"go/format"
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// carry makes the changes that lead from one formatted text to another in the text that
// the first was formatted from. Nothing else of that is touched. Where that cannot be
// done, the answer is the second text.
func carry(own, before, after string) string {
	switch {
	case before == after:
		return own
	case own == before:
		return after
	}
	c := newCarrier(own, before, after)
	// At first only what differs in a line. The rest of it may have to go along: around a
	// condition there are parentheses, perhaps, that formatting takes away.
	for _, whole := range []bool{false, true} {
		c.changes = c.lineChanges(whole)
		for _, exact := range []bool{false, true} {
			if out, ok := c.carry(exact); ok && sameTokens(out, after) {
				return out
			}
		}
	}
	return after
}

// carrier has the tokens of three texts, comments among them, without semicolons.
type carrier struct {
	own, before, after texts
	changes            [][4]int // from before to after, as [from, to) in the one and the other
	mine               []int    // of each token of before the same one of own; -1: there is none
}

type texts struct {
	text   string
	tokens []lexeme
}

// lexeme is a token and where it is: bytes, and lines from 0.
type lexeme struct {
	text             string
	from, to         int
	line, behindLine int // its first line, and its last
}

func newCarrier(own, before, after string) *carrier {
	c := &carrier{own: newTexts(own), before: newTexts(before), after: newTexts(after)}
	c.mine = align(c.before.words(), c.own.words())
	return c
}

// align finds for each word of a list the same one in another that differs in a few words
// here and there; -1: there is none. It takes time by the length of the lists alone, and
// may miss what it could find.
func align(a, b []string) []int {
	const (
		far    = 400 // words, in both lists together, that may differ in one place
		enough = 4   // words that are the same behind them
	)
	out := make([]int, len(a))
	for i := range out {
		out[i] = -1
	}
	same := func(i, j int) bool {
		n := min(enough, len(a)-i, len(b)-j)
		return n == enough && slices.Equal(a[i:i+n], b[j:j+n]) || n >= 0 && len(a)-i == n && len(b)-j == n && slices.Equal(a[i:], b[j:])
	}
	i, j := 0, 0
next:
	for i < len(a) && j < len(b) {
		if a[i] == b[j] {
			out[i] = j
			i, j = i+1, j+1
			continue
		}
		for d := 1; d <= far; d++ {
			for x := range d + 1 {
				if i+x <= len(a) && j+d-x <= len(b) && same(i+x, j+d-x) {
					i, j = i+x, j+d-x
					continue next
				}
			}
		}
		break
	}
	return out
}

func newTexts(text string) texts { return texts{text, lexemes(text, false)} }

func (t *texts) words() []string {
	words := make([]string, len(t.tokens))
	for i := range t.tokens {
		words[i] = t.tokens[i].text
	}
	return words
}

// gap is the text before a token; behind the last one it is what is left.
func (t *texts) gap(i int) string {
	from, to := 0, len(t.text)
	if i > 0 {
		from = t.tokens[i-1].to
	}
	if i < len(t.tokens) {
		to = t.tokens[i].from
	}
	return t.text[from:to]
}

// inner is the text of tokens from one up to another.
func (t *texts) inner(from, to int) string {
	if from >= to {
		return ""
	}
	return t.text[t.tokens[from].from:t.tokens[to-1].to]
}

// lineChanges are the lines that differ, as ranges of tokens: whole, or without what the
// ranges begin and end with in common. If lines and tokens do not go together, they are
// the tokens that differ.
func (c *carrier) lineChanges(whole bool) [][4]int {
	tokens := func() [][4]int { return hunks(c.before.words(), c.after.words()) }
	var out [][4]int
	was := [2]int{}
	for _, h := range hunks(strings.SplitAfter(c.before.text, "\n"), strings.SplitAfter(c.after.text, "\n")) {
		a, b := c.before.covering(h[0], h[1])
		d, e := c.after.covering(h[2], h[3])
		if a < was[0] || d < was[1] || a-was[0] != d-was[1] {
			return tokens()
		}
		was = [2]int{b, e}
		for !whole && a < b && d < e && c.before.tokens[a].text == c.after.tokens[d].text {
			a, d = a+1, d+1
		}
		for !whole && a < b && d < e && c.before.tokens[b-1].text == c.after.tokens[e-1].text {
			b, e = b-1, e-1
		}
		if a < b || d < e {
			out = append(out, [4]int{a, b, d, e})
		}
	}
	if len(c.before.tokens)-was[0] != len(c.after.tokens)-was[1] {
		return tokens()
	}
	return out
}

// covering are the tokens of the lines from one up to another.
func (t *texts) covering(from, to int) (first, behind int) {
	first, _ = slices.BinarySearchFunc(t.tokens, from, func(l lexeme, line int) int { return l.behindLine - line })
	behind, _ = slices.BinarySearchFunc(t.tokens, to, func(l lexeme, line int) int { return l.line - line })
	return first, behind
}

// carry makes the changes. exact takes the space around them from the second text, for
// the file's own may not do: where it has statements on one line, say.
func (c *carrier) carry(exact bool) (string, bool) {
	var out strings.Builder
	at, least := 0, 0 // bytes of own that are copied, and tokens of before that are behind
	for _, h := range c.changes {
		a, b, d, e := h[0], h[1], h[2], h[3]
		for a > least && c.mine[a-1] < 0 {
			a, d = a-1, d-1
		}
		for b < len(c.mine) && c.mine[b] < 0 {
			b, e = b+1, e+1
		}
		from, to := 0, len(c.own.tokens) // the tokens of own that are replaced
		if a > 0 {
			from = c.mine[a-1] + 1
		}
		if b < len(c.mine) {
			to = c.mine[b]
		}
		if !exact && a < b && c.mine[a] >= 0 && c.mine[b-1] >= 0 {
			from, to = c.mine[a], c.mine[b-1]+1 // without parentheses around them
		}
		if a > 0 && c.mine[a-1] < 0 || a < least || from > to || e > len(c.after.tokens) {
			return "", false
		}
		start, end := 0, len(c.own.text)
		if from > 0 {
			start = c.own.tokens[from-1].to
		}
		if to < len(c.own.tokens) {
			end = c.own.tokens[to].from
		}
		if start < at {
			return "", false
		}
		out.WriteString(c.own.text[at:start])
		out.WriteString(c.change(change{a, b, d, e, from, to}, exact))
		at, least = end, b
	}
	out.WriteString(c.own.text[at:])
	return out.String(), true
}

// change are tokens a to b of the text before, which become d to e of the one after, and
// stand from one to another of own.
type change struct{ a, b, d, e, from, to int }

// change is what comes between two tokens of own that stay.
func (c *carrier) change(h change, exact bool) string {
	first, last := c.after.gap(h.d), c.after.gap(h.e)
	inner := c.after.inner(h.d, h.e)
	if exact {
		if h.d == h.e {
			return first
		}
		return first + inner + last
	}
	wasFirst, wasLast := c.before.gap(h.a), c.before.gap(h.b)
	ownFirst, ownLast := c.own.gap(h.from), c.own.gap(h.to)
	switch {
	case h.d == h.e: // nothing is left
		for _, own := range []string{ownLast, ownFirst} {
			if breaks(own) && breaks(first) {
				return own
			}
		}
		return first
	case h.from == h.to: // nothing was there
		return indented(first, wasFirst, ownFirst) + inner + indented(last, wasFirst, ownFirst)
	}
	if alike(first, wasFirst) {
		first = ownFirst
	}
	if alike(last, wasLast) {
		last = ownLast
	}
	return first + inner + last
}

// breaks reports whether a gap ends a line.
func breaks(gap string) bool { return strings.Contains(gap, "\n") }

// alike reports whether gaps separate in the same way.
func alike(a, b string) bool {
	return breaks(a) == breaks(b) && strings.Count(a, ";") == strings.Count(b, ";")
}

// indented is a new gap beside one that was there: as the file has it, if it indents as
// much.
func indented(gap, was, own string) string {
	if !breaks(gap) || !breaks(was) || !breaks(own) {
		return gap
	}
	if gap == was {
		return own
	}
	lines, indent := cutLast(gap)
	_, wasIndent := cutLast(was)
	_, ownIndent := cutLast(own)
	if indent == wasIndent {
		return lines + ownIndent
	}
	return gap
}

// cutLast cuts a gap behind its last line end.
func cutLast(gap string) (lines, indent string) {
	i := strings.LastIndex(gap, "\n") + 1
	return gap[:i], gap[i:]
}

// lexemes are the tokens of a text; semicolons among them are all the same.
func lexemes(text string, semicolons bool) (list []lexeme) {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		switch {
		case tok == token.EOF:
			return list
		case tok == token.SEMICOLON && !semicolons:
			continue
		case tok == token.SEMICOLON:
			lit = ";"
		case lit == "":
			lit = tok.String()
		}
		from := file.Offset(pos)
		line := file.PositionFor(pos, false).Line - 1
		list = append(list, lexeme{lit, from, from + len(lit), line, line + strings.Count(lit, "\n")})
	}
}

// sameTokens reports whether a text has the tokens of a formatted one when it is
// formatted, too.
func sameTokens(text, formatted string) bool {
	out, err := format.Source([]byte(text))
	if err != nil {
		return false
	}
	return slices.EqualFunc(lexemes(string(out), true), lexemes(formatted, true), func(a, b lexeme) bool { return a.text == b.text })
}

// hunks are the ranges in which lists differ: [from, to) of the one and the other.
func hunks(a, b []string) (out [][4]int) {
	head, tail := 0, 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	for _, op := range difflib.NewMatcherWithJunk(a, b, false, nil).GetOpCodes() {
		if op.Tag != 'e' {
			out = append(out, [4]int{head + op.I1, head + op.I2, head + op.J1, head + op.J2})
		}
	}
	return out
}

// lineEnds are how the lines of a file end.
type lineEnds struct {
	text  string // with line feeds alone
	lines []string
	ends  []string // of each line
	usual string
}

func newLineEnds(file string) *lineEnds {
	l := &lineEnds{usual: "\n"}
	crlf := strings.Count(file, "\r\n")
	l.text = strings.ReplaceAll(file, "\r\n", "\n")
	if crlf == 0 {
		return l
	}
	if crlf > strings.Count(l.text, "\n")/2 {
		l.usual = "\r\n"
	}
	for line := range strings.Lines(file) {
		text := strings.TrimSuffix(line, "\n")
		bare := text
		if text != line {
			bare = strings.TrimSuffix(text, "\r")
		}
		l.lines, l.ends = append(l.lines, bare), append(l.ends, line[len(bare):])
	}
	return l
}

// restore gives the lines of a text that is made of the file's the ends that they had
// there.
func (l *lineEnds) restore(text string) string {
	if l.ends == nil {
		return text
	}
	var out strings.Builder
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	at := 0
	upTo := func(to int, end func(line int) string) {
		for ; at < to; at++ {
			ending := cmp.Or(end(at), l.usual)
			if at == len(lines)-1 && !strings.HasSuffix(text, "\n") {
				ending = ""
			}
			out.WriteString(lines[at] + ending)
		}
	}
	shift := 0 // from lines of the text to the file's
	for _, h := range append(hunks(l.lines, lines), [4]int{len(l.lines), 0, len(lines), len(lines)}) {
		upTo(h[2], func(line int) string { return l.ends[line+shift] })
		upTo(h[3], func(int) string { return l.usual })
		shift = h[1] - h[3]
	}
	return out.String()
}
