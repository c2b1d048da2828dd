// Package generate writes inputs for json_flatten: JSON texts with every kind of
// token, and some that are nearly JSON.
package generate

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// timing is the size from which on texts serve for timing: they are all well
// formed and have the same mixture of values, so that two seeds cost about the
// same. Below it the mixture changes from text to text, which finds more faults.
const timing = 1000

// Generate returns a JSON text with about size leaves, or for size 0 a scalar, an
// empty container, or a fragment. Some texts are damaged, so that a tool has to
// refuse them. It depends on its arguments alone.
func Generate(seed uint64, size int) []byte {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 0x6a736f6e666c6174))}
	g.mix(size)
	switch {
	case size <= 0:
		g.tiny()
	case size < timing && g.chance(8):
		g.tower(size)
	default:
		g.leaves = size
		g.container(1)
	}
	g.space()
	text := g.text.String()
	if size < timing && g.chance(12) {
		text = g.damage(text)
	}
	return []byte(text)
}

type generator struct {
	rng    *rand.Rand
	text   strings.Builder
	leaves int // still to be written

	// The mixture.
	spaces    int // percent of places with white space
	repeat    int // percent of keys that repeat an earlier one of the object
	odd       int // percent of keys that need an escape, or are none of the common words
	depth     int // of containers
	numerical int // percent of scalars that are numbers
}

// mix chooses what the text is made of.
func (g *generator) mix(size int) {
	g.spaces, g.repeat, g.odd, g.depth, g.numerical = 10, 3, 10, 7, 40
	if size >= timing {
		return
	}
	g.spaces = pick(g, []int{0, 0, 30, 100})
	g.repeat = pick(g, []int{0, 5, 40})
	g.odd = g.rng.IntN(60)
	g.depth = 1 + g.rng.IntN(24)
	g.numerical = g.rng.IntN(101)
}

// tiny writes a text without members, or next to nothing.
func (g *generator) tiny() {
	switch g.rng.IntN(6) {
	case 0:
		g.text.WriteString(pick(g, []string{"", "{}", "[]", "{ }", "[\n]", "\ufeff{}", "nul", "-", "{", "]", `"`, `"\`, `{"a"}`, "[,]", "\x00", "true false"}))
	case 1:
		g.text.WriteString(pick(g, []string{"{}", "[]", "{ }", "[\r\n\t]"}))
	case 2:
		g.text.WriteString(`{"` + g.name() + `":[]}`)
	default:
		g.space()
		g.scalar()
	}
}

// tower writes containers one in another, each with little else in it.
func (g *generator) tower(size int) {
	height := 1 + g.rng.IntN(min(size, 300))
	var closing strings.Builder
	for range height {
		if g.chance(50) {
			g.text.WriteString(pick(g, []string{"[", "[0,", "[ {},"}))
			closing.WriteByte(']')
			continue
		}
		g.text.WriteString(pick(g, []string{`{"a":`, `{"b.":`, `{"":`, `{"a":1,"a":`, `{"c":null, "d":`}))
		closing.WriteByte('}')
	}
	g.scalar()
	for i := closing.Len() - 1; i >= 0; i-- {
		g.text.WriteByte(closing.String()[i])
	}
}

// container writes an object or array with some of the leaves that are left.
func (g *generator) container(depth int) {
	members := 1 + g.rng.IntN(12)
	if depth == 1 {
		members = g.leaves // goes on until all leaves are written
	}
	if g.chance(40) {
		g.array(depth, members)
	} else {
		g.object(depth, members)
	}
}

func (g *generator) array(depth, members int) {
	g.text.WriteByte('[')
	for i := 0; i < members && g.leaves > 0; i++ {
		if i > 0 {
			g.text.WriteByte(',')
		}
		g.value(depth)
	}
	g.space()
	g.text.WriteByte(']')
}

func (g *generator) object(depth, members int) {
	var names []string
	g.text.WriteByte('{')
	for i := 0; i < members && g.leaves > 0; i++ {
		if i > 0 {
			g.text.WriteByte(',')
		}
		name := g.name()
		if i > 0 && g.chance(g.repeat) {
			name = names[g.rng.IntN(len(names))]
		}
		names = append(names, name)
		g.space()
		g.text.WriteString(`"` + name + `"`)
		g.space()
		g.text.WriteByte(':')
		g.value(depth)
	}
	g.space()
	g.text.WriteByte('}')
}

// value writes a value inside a container of that depth.
func (g *generator) value(depth int) {
	g.space()
	if depth < g.depth && g.chance(35) {
		g.container(depth + 1)
	} else {
		g.leaves--
		g.scalar()
	}
	g.space()
}

// scalar writes a scalar, or now and then an empty container.
func (g *generator) scalar() {
	switch {
	case g.chance(g.numerical):
		g.text.WriteString(g.number())
	case g.chance(25):
		g.text.WriteString(pick(g, []string{"true", "false", "null", "{}", "[]", "{ }", "[ ]"}))
	default:
		g.text.WriteString(`"` + g.content() + `"`)
	}
}

// number returns a number as it may be written: not all of them fit a float64.
func (g *generator) number() string {
	switch g.rng.IntN(8) {
	case 0:
		return pick(g, []string{"0", "-0", "0.0", "-0.0", "0e0", "1E400", "1e-400", "1.0", "1.00", "9007199254740993", "18446744073709551616", "-9223372036854775809"})
	case 1:
		return strconv.Itoa(g.rng.IntN(100)) + pick(g, []string{"e", "E"}) + pick(g, []string{"", "+", "-"}) + pick(g, []string{"5", "05", "300"})
	case 2:
		return "-" + strconv.Itoa(g.rng.IntN(1000)) + "." + strconv.Itoa(g.rng.IntN(1000))
	case 3:
		return strconv.Itoa(1+g.rng.IntN(9)) + strings.Repeat("0", g.rng.IntN(40))
	default:
		return strconv.Itoa(g.rng.IntN(100_000))
	}
}

// name returns a key, without its quotes.
func (g *generator) name() string {
	word := pick(g, []string{"id", "name", "user", "users", "address_line", "item", "items", "a", "b", "key", "value", "created_at", "description"})
	switch {
	case g.chance(g.odd):
		return pick(g, []string{
			"", ".", "..", "a.b", ".a", `a\\`, `\\.`, `\\\\`, `a\u002eb`, `\u005c`, `\"`, `\/`, `/`, `\n`, `\u000A`, `\u0000`, `\u001F`, `\u007f`,
			"0", "1", "2", "00", "größe", `gr\u00f6\u00dfe`, "日本", "🙂", `\ud83d\ude42`, "\u2028", "\x7f", " ", "a b", "A", "{", "[0]", ":", ",",
		})
	case g.chance(40):
		return word
	default:
		return word + "_" + strconv.Itoa(g.rng.IntN(100_000))
	}
}

// content returns a string value, without its quotes.
func (g *generator) content() string {
	var s strings.Builder
	for range g.rng.IntN(5) {
		s.WriteString(pick(g, []string{
			"lorem ", "ipsum", "dolor sit amet", " ", "a", "x.y", "größe", "日本語", "🙂", "e\u0301", "/", "'", "{[,:]}", "\x7f", "\u2029",
			`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0041`, `\u00e9`, `\uFFFD`, `\u0000`, `\u001b`, `\u2028`, `\ud834\udd1e`, `\uDBFF\uDFFF`, `\\u0041`,
		}))
	}
	return s.String()
}

// space writes white space, or not.
func (g *generator) space() {
	for g.chance(g.spaces) {
		g.text.WriteString(pick(g, []string{" ", "\n", "\t", "\r\n", "  "}))
		if g.chance(50) {
			return
		}
	}
}

// damage returns text with a fault. It may happen to be well formed all the same.
func (g *generator) damage(text string) string {
	at := g.rng.IntN(len(text) + 1)
	before, after := text[:at], text[at:]
	switch g.rng.IntN(7) {
	case 0:
		return before
	case 1:
		return before + pick(g, []string{"\x00", "\xff", "\xc3(", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\ufeff", "\u00a0", "\v", "\x1f"}) + after
	case 2:
		return before + pick(g, []string{`"`, `\`, `\u12`, `\x41`, `\u00gg`, `\ud800`, `\udc00\ud800`, `\ud800\u0041`, "/**/", "'"}) + after
	case 3:
		return before + pick(g, []string{",", ":", "{", "}", "[", "]", "0", "-", "+", ".", "e", "null", "tru"}) + after
	case 4:
		return text + pick(g, []string{",", "}", "]", "0", "null", `""`, "\x00", "//"})
	case 5:
		return strings.Replace(text, pick(g, []string{"0", "1", "2"}), pick(g, []string{"01", "1.", ".5", "-", "1e", "1e+", "0x1", "NaN", "+1", "--1", "1.e1", "٣"}), 1)
	default:
		return strings.Replace(text, pick(g, []string{",", ":", `"`, "}", "]"}), pick(g, []string{"", ",,", " "}), 1)
	}
}

func (g *generator) chance(percent int) bool {
	return g.rng.IntN(100) < percent
}

func pick[T any](g *generator, choices []T) T {
	return choices[g.rng.IntN(len(choices))]
}
