package synth

// declareFaults are faults of Go more than of algorithms: copies, shadows, types, and
// what is not there at all.
var declareFaults = []fault{
	{"value receiver", `
type turnstile struct {
	locked bool
	coins  int
}

func (t ⟦¦*⟧turnstile) coin() {
	t.locked = false
	t.coins++
}

func play(n int) int {
	t := &turnstile{locked: true}
	for range n {
		t.coin()
	}
	return t.coins
}`},
	{"variable of all rounds", `
func plan(words []string) []func() string {
	var steps []func() string
	var word string
	for _, word = range words {⟦¦
		word := word
⟧		steps = append(steps, func() string { return "do " + word })
	}
	return steps
}`},
	{"shadowed variable", `
func last(list []int) int {
	best := -1
	for _, n := range list {
		if n > best {
			best ⟦:=¦=⟧ n
			_ = best
		}
	}
	return best
}`},
	{"shadowed by one of two", `
func parse(text string) (int, bool) { return len(text), text != "" }

func sum(list []string) (int, bool) {
	ok := true
	total := 0
	for _, s := range list {
		if s != "-" {
			⟦n, ok :=¦var n int
			n, ok =⟧ parse(s)
			if ok {
				total += n
			}
		}
	}
	return total, ok
}`},
	{"narrow sum", `
func mean(list []int32) int64 {
	var sum ⟦int32¦int64⟧
	for _, n := range list {
		sum += ⟦n¦int64(n)⟧
	}
	return int64(sum) / int64(len(list))
}`},
	{"copy of the element", `
type item struct{ price, count int }

func raise(items []item) {
	for ⟦_, it¦i⟧ := range items {
		⟦it¦items[i]⟧.price += ⟦it¦items[i]⟧.count
	}
}`},
	{"nil map", `
func count(words []string) map[string]int {
	var counts map[string]int⟦¦ = map[string]int{}⟧
	for _, w := range words {
		counts[w]++
	}
	return counts
}`},
	{"nil map in a field", `
type store struct {
	name  string
	items map[string][]int
}

func open(name string) *store {
	return &store{name: name⟦¦, items: map[string][]int{}⟧}
}`},
	{"field that the constructor forgets", `
type account struct {
	owner string
	limit int
}

func open(owner string, limit int) account {
	return account{owner: owner⟦¦, limit: limit⟧}
}`},
	{"least from zero", `
func least(list []int) int {
	var m int⟦¦ = list[0]⟧
	for _, n := range list {
		if n < m {
			m = n
		}
	}
	return m
}`},
	{"keys in the order of the map", `⟦¦
import "slices"
⟧
func keys(counts map[string]int) []string {
	var list []string
	for k := range counts {
		list = append(list, k)
	}
⟦¦	slices.Sort(list)
⟧	return list
}`},
	{"structs in the order of the map", `
import (
⟦¦	"sort"
⟧	"strings"
)

type entry struct {
	word string
	n    int
}

func entries(counts map[string]int) []entry {
	var list []entry
	for k, n := range counts {
		list = append(list, entry{strings.ToUpper(k), n})
	}
⟦¦	sort.Slice(list, func(i, j int) bool { return list[i].word < list[j].word })
⟧	return list
}`},
	{"case of letters", `
⟦import "bytes"¦import (
	"bytes"
	"strings"
)⟧

func read(text []byte) []string { return []string{string(bytes.TrimSpace(text))} }

func count(words []string) map[string]int {
	counts := map[string]int{}
	for _, w := range words {
		counts[⟦w¦strings.ToLower(w)⟧]++
	}
	return counts
}`},
}

// furtherFaults are faults that people make with formats, cases and calls.
var furtherFaults = []fault{
	{"width of a verb", `
import "fmt"

func clock(minutes int) string { return fmt.Sprintf("%02d:⟦%d¦%02d⟧", minutes/60, minutes%60) }`},
	{"precision of a verb", `
import "fmt"

func price(cents int) string { return fmt.Sprintf("⟦%.1f¦%.2f⟧", float64(cents)/100) }`},
	{"cases in the wrong order", `
func fizz(n int) string {
	switch {
⟦	case n%3 == 0:
		return "fizz"
	case n%15 == 0:
		return "fizzbuzz"
¦	case n%15 == 0:
		return "fizzbuzz"
	case n%3 == 0:
		return "fizz"
⟧	}
	return ""
}`},
	{"branches in the wrong order", `
func grade(points int) string {
	if ⟦points >= 50 {
		return "pass"
	} else if points >= 90 {
		return "best"
	}¦points >= 90 {
		return "best"
	} else if points >= 50 {
		return "pass"
	}⟧
	return "fail"
}`},
	{"negative remainder", `
func rotate(list []int, k int) int { return list[⟦k % len(list)¦(k%len(list) + len(list)) % len(list)⟧] }`},
	{"value is not cleaned", `⟦¦
import "strings"
⟧
func set(m map[string]string, key, value string) {
⟦¦	value = strings.TrimSpace(value)
⟧	m[key] = value
}`},
	{"last session is forgotten", `
type session struct{ start, events int }

func sessions(minutes []int) []session {
	var list []session
	var current session
	for _, m := range minutes {
		if current.events > 0 && m-current.start > 30 {
			list = append(list, current)
			current = session{}
		}
		if current.events == 0 {
			current.start = m
		}
		current.events++
	}
⟦¦	if current.events > 0 {
		list = append(list, current)
	}
⟧	return list
}`},
	{"place is not noted", `
type point struct{ x, y int }

type grid struct{ seen map[point]bool }

func (g *grid) visit(p point) int {
	if g.seen[p] {
		return 0
	}
⟦¦	g.seen[p] = true
⟧	return 1 + g.visit(point{p.x + 1, p.y})
}`},
	{"all of a value behind its name", `
import "strings"

func value(pair string) string {
	parts := ⟦strings.Split(pair, "=")¦strings.SplitN(pair, "=", 2)⟧
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}`},
	{"pay of an hour that is not full", `
func pay(minutes, rate int) int { return minutes ⟦/ 60 * rate¦* rate / 60⟧ }`},
	{"more than there are", `
func top(k int, items []string) []string {
⟦¦	k = min(k, len(items))
⟧	return items[:k]
}`},
	{"hours of a day", `
func hours(days int) int { return days * ⟦60¦24⟧ }`},
	{"no error for nothing", `⟦¦
import "errors"
⟧
func mean(list []int) (int, error) {
	sum := 0
	for _, n := range list {
		sum += n
	}
⟦¦	if len(list) == 0 {
		return 0, errors.New("invalid input")
	}
⟧	return sum / len(list), nil
}`},
}
