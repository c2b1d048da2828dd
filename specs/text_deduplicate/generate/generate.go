// Package generate writes inputs for text_deduplicate: texts with repeated
// lines, and with lines that nearly repeat another one.
package generate

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// timing is the size from which on texts serve for timing: they all have the
// same mixture of lines, so that two seeds cost about the same. Below it the
// mixture changes from text to text, which finds more faults.
const timing = 1000

// Generate returns a text of size lines, or for size 0 a fragment of one line or
// none. It depends on its arguments alone.
func Generate(seed uint64, size int) []byte {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 0x7465787464656475))}
	if size <= 0 {
		return []byte(g.fragment())
	}
	g.mix(size)
	var text strings.Builder
	for i := range size {
		line := g.line()
		g.lines = append(g.lines, line)
		text.WriteString(line)
		if i == size-1 && g.open {
			break
		}
		if g.chance(g.crlf) {
			text.WriteByte('\r')
		}
		text.WriteByte('\n')
	}
	return []byte(text.String())
}

type generator struct {
	rng   *rand.Rand
	lines []string // so far, without their ends

	// The mixture, in percent of lines.
	repeat, near, long, raw, crlf int
	open                          bool // the last line has no end
}

// mix chooses what the text is made of.
func (g *generator) mix(size int) {
	g.repeat, g.near, g.long, g.raw, g.crlf = 30, 15, 1, 1, 2
	if size >= timing {
		return
	}
	g.repeat = g.rng.IntN(101) * g.rng.IntN(2)
	g.near = g.rng.IntN(60)
	g.long = g.rng.IntN(4)
	g.raw = 10 * g.rng.IntN(2)
	g.crlf = pick(g, []int{0, 0, 50, 100})
	g.open = g.chance(40)
}

// fragment returns what a text without lines may still hold.
func (g *generator) fragment() string {
	switch g.rng.IntN(4) {
	case 0:
		return ""
	case 1:
		return pick(g, []string{"\n", "\r", "\r\n", "\n\n", "\n\r\n", " ", "\t\n", "\x00", "\x00\n\x00", "\xff\n\xff", "\u2028", "\ufeff\n"})
	case 2:
		return g.fresh()
	default:
		line := g.fresh()
		return line + "\n" + line
	}
}

// line returns the next line: a repetition, a near repetition or a new one.
func (g *generator) line() string {
	if len(g.lines) > 0 {
		earlier := g.lines[g.rng.IntN(len(g.lines))]
		if g.chance(g.repeat) {
			return earlier
		}
		if g.chance(g.near) {
			return g.alter(earlier)
		}
	}
	return g.fresh()
}

// alter returns line with a change that careless comparison overlooks.
func (g *generator) alter(line string) string {
	if line == "" {
		return pick(g, []string{" ", "\t", "\r", "\x00"})
	}
	at := g.rng.IntN(len(line))
	switch g.rng.IntN(9) {
	case 0:
		return line + pick(g, []string{" ", "\t", "\r", "\x00", "."})
	case 1:
		return " " + line
	case 2:
		return line[:len(line)-1]
	case 3:
		return line[1:]
	case 4:
		return strings.ToUpper(line)
	case 5:
		return line[:at] + string(rune('a'+g.rng.IntN(26))) + line[at+1:]
	case 6:
		return line[:at] + line[at:at+1] + line[at:]
	case 7:
		return line[at:] + line[:at]
	default:
		return line + line[at:]
	}
}

// fresh returns a line that is most likely new.
func (g *generator) fresh() string {
	if g.chance(g.long) {
		return g.longLine()
	}
	if g.chance(g.raw) {
		return g.rawBytes()
	}
	switch g.rng.IntN(10) {
	case 0:
		return pick(g, []string{"", "", " ", "\t", "-", "# ---"})
	case 1, 2:
		return g.word() + "/" + g.word() + "/" + g.number(100) + ".log"
	case 3, 4:
		return "2031-07-" + g.number(28) + " INFO service=" + g.word() + " request=" + g.number(1_000_000)
	case 5:
		return g.number(1_000_000_000)
	case 6:
		return pick(g, []string{"größe", "GRÖSSE", "e\u0301te\u0301", "été", "日本語", "日本", "Ωμέγα", "🙂🙃", "a\u00a0b", "İstanbul"}) + g.number(500)
	default:
		words := make([]string, 1+g.rng.IntN(6))
		for i := range words {
			words[i] = g.word()
		}
		return strings.Join(words, " ")
	}
}

// longLine returns a line of some hundred bytes: the start of one period of
// bytes, so that long lines share long prefixes, with or without an end of its own.
func (g *generator) longLine() string {
	line := strings.Repeat("the quick brown fox, ", 10+g.rng.IntN(60))
	return line[:len(line)-g.rng.IntN(20)] + g.number(3)
}

// rawBytes returns bytes that are most likely no UTF-8, without a line feed.
func (g *generator) rawBytes() string {
	raw := make([]byte, 1+g.rng.IntN(12))
	for i := range raw {
		raw[i] = pick(g, []byte("\x00\x01\x7f\x80\xbf\xc0\xe2\x82\xac\xff\r a"))
	}
	return string(raw)
}

func (g *generator) word() string {
	return pick(g, []string{"alpha", "beta", "gamma", "delta", "alphabet", "betamax", "gam", "del", "a", "of", "omega", "Alpha", "sigma", "tau"})
}

// number returns a number below limit, sometimes with leading zeros.
func (g *generator) number(limit int) string {
	n := strconv.Itoa(g.rng.IntN(limit))
	if g.chance(10) {
		n = "00" + n
	}
	return n
}

func (g *generator) chance(percent int) bool {
	return g.rng.IntN(100) < percent
}

func pick[T any](g *generator, choices []T) T {
	return choices[g.rng.IntN(len(choices))]
}
