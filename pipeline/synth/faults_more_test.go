package synth

// moreFaults are of the kind that Go programs have: bytes and characters, slices that
// share memory, maps, closures, generics, methods, several functions.
var moreFaults = []fault{
	{"mean: integer division", `
func mean(xs []int) float64 {
	sum := 0
	for _, x := range xs {
		sum += x
	}
	return ⟦float64(sum / len(xs))¦float64(sum) / float64(len(xs))⟧
}`},
	{"middle: rounded down", `
func middle(lo, hi int) int {
	return (⟦lo + hi¦lo + hi + 1⟧) / 2
}`},
	{"middle: precedence", `
func middle(lo, hi int) int {
	return ⟦lo + hi/2¦(lo + hi) / 2⟧
}`},
	{"bytes for characters", `
func letters(s string) int {
	n := 0
	for range ⟦[]byte(s)¦s⟧ {
		n++
	}
	return n
}`},
	{"length in bytes", `
func width(s string) int {
	return len(⟦s¦[]rune(s)⟧)
}`},
	{"number to character", `
import "strconv"

func join(xs []int) string {
	s := strconv.Itoa(len(xs))
	for _, x := range xs {
		s += ":" + ⟦string(rune(x))¦strconv.Itoa(x)⟧
	}
	return s
}`},
	{"shared memory", `
func prefixes(xs []int) [][]int {
	var out [][]int
	var path []int
	for _, x := range xs {
		path = append(path, x)
		out = append(out, ⟦path¦append([]int(nil), path...)⟧)
		path[0]++
	}
	return out
}`},
	{"key for value", `
func sum(xs []int) int {
	total := 0
	for ⟦x¦_, x⟧ := range xs {
		total += x
	}
	return total
}`},
	{"prefix for suffix", `
import "strings"

func isGo(name string) bool {
	return strings.⟦HasPrefix¦HasSuffix⟧(name, ".go")
}`},
	{"left for right, method", `
type tree struct {
	left, right *tree
	key         int
}

func (t *tree) insert(key int) *tree {
	if t == nil {
		return &tree{key: key}
	}
	if key < t.key {
		t.left = t.left.insert(key)
	} else {
		t.right = t.⟦left¦right⟧.insert(key)
	}
	return t
}`},
	{"assigned to the wrong field", `
type tree struct {
	left, right *tree
}

func mirror(t *tree) {
	if t == nil {
		return
	}
	l := t.left
	t.left = t.right
	t.⟦left¦right⟧ = l
	mirror(t.left)
	mirror(t.right)
}`},
	{"link is not set", `
type list struct {
	head, tail *item
}

type item struct {
	next *item
	n    int
}

func (l *list) push(n int) {
	it := &item{n: n}
	if l.tail == nil {
		l.head = it
	} else {
		l.tail.next = it
	}
	⟦¦l.tail = it
⟧}`},
	{"generic maximum", `
import "cmp"

func greatest[T cmp.Ordered](xs []T) (best T) {
	for i, x := range xs {
		if i == 0 || x ⟦<¦>⟧ best {
			best = x
		}
	}
	return best
}`},
	{"generic filter keeps the rest", `
func filter[T any](xs []T, keep func(T) bool) []T {
	var out []T
	for _, x := range xs {
		if ⟦!keep(x)¦keep(x)⟧ {
			out = append(out, x)
		}
	}
	return out
}`},
	{"generic keys are not stored", `
func distinct[K comparable](xs []K) []K {
	seen := map[K]bool{}
	var out []K
	for _, x := range xs {
		if seen[x] {
			continue
		}
		⟦¦seen[x] = true
		⟧out = append(out, x)
	}
	return out
}`},
	{"counter is not increased", `
func index(words []string) map[string]int {
	ids := map[string]int{}
	next := 0
	for _, w := range words {
		if _, ok := ids[w]; !ok {
			ids[w] = next
			⟦¦next++
		⟧}
	}
	return ids
}`},
	{"set is not asked", `
func unique(words []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, w := range words {
		⟦out = append(out, w)¦if !seen[w] {
			out = append(out, w)
		}⟧
		seen[w] = true
	}
	return out
}`},
	{"break for continue", `
func positive(xs []int) (n int) {
	for _, x := range xs {
		if x < 0 {
			⟦break¦continue⟧
		}
		n += x
	}
	return n
}`},
	{"appended in the loop", `
func fields(s string) (out []string) {
	cur := ""
	for _, r := range s {
		if r == ' ' {
			out = append(out, cur)
			cur = ""
			continue
		}
		cur += string(r)⟦
		out = append(out, cur)
	}¦
	}
	out = append(out, cur)⟧
	return out
}`},
	{"reset inside of the loop", `
func longest(words []string) (best string) {
	⟦for _, w := range words {
		n := 0¦n := 0
	for _, w := range words {⟧
		if len(w) > n {
			n = len(w)
			best = w
		}
	}
	return best
}`},
	{"if for while", `
func trim(s []byte) []byte {
	⟦if¦for⟧ len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	return s
}`},
	{"branches are not exclusive", `
func sign(n int) (s string) {
	if n < 0 {
		s = "negative"
	}⟦
	¦else⟧ if n < 10 {
		s = "small"
	}
	return s
}`},
	{"start of the search", `
func least(xs []int) int {
	best := ⟦0¦xs[0]⟧
	for _, x := range xs {
		best = min(best, x)
	}
	return best
}`},
	{"limit of the search", `
import "math"

func least(xs []int) int {
	best := ⟦0¦math.MaxInt⟧
	for _, x := range xs {
		if x < best && x > math.MinInt {
			best = x
		}
	}
	return best
}`},
	{"product from zero", `
func product(xs []int) int {
	p := ⟦0¦1⟧
	for _, x := range xs {
		p *= x
	}
	return p
}`},
	{"separator", `
import "strings"

func row(cells []string) string {
	return strings.Join(cells, "⟦;¦,⟧")
}`},
	{"missing guard", `
func average(xs []int) int {
	sum := 0
	for _, x := range xs {
		sum += x
	}
	⟦¦if len(xs) == 0 {
		return 0
	}
	⟧return sum / len(xs)
}`},
	{"bounds check of a closure", `
func neighbours(grid [][]int, r, c int) (n int) {
	at := func(i, j int) int {
		if i < 0 || j < 0 || i >= len(grid) || j ⟦>¦>=⟧ len(grid[i]) {
			return 0
		}
		return grid[i][j]
	}
	return at(r-1, c) + at(r+1, c) + at(r, c-1) + at(r, c+1)
}`},
	{"index out of bounds", `
func equalRuns(s []int) (n int) {
	for i := 0; i < len(s); {
		j := i
		for ⟦¦j < len(s) && ⟧s[j] == s[i] {
			j++
		}
		n++
		i = j
	}
	return n
}`},
	{"palindrome: other end", `
func palindrome(s string) bool {
	for i := range len(s) / 2 {
		if s[i] != s[⟦i¦len(s)-1-i⟧] {
			return false
		}
	}
	return true
}`},
	{"row not copied at its length", `
func table(rows, cols int) [][]int {
	t := make([][]int, rows)
	for i := range t {
		t[i] = make([]int, ⟦rows¦cols⟧)
	}
	return t
}`},
	{"recursion does not get smaller", `
func power(x, n int) int {
	if n == 0 {
		return 1
	}
	half := power(x, ⟦n¦n/2⟧)
	if n%2 == 0 {
		return half * half
	}
	return half * half * x
}`},
	{"distance has a sign", `
func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

func near(a, b int) bool {
	return ⟦a - b¦abs(a-b)⟧ <= 1
}`},
	{"minus forgotten", `
func compare(a, b int, reverse bool) int {
	d := a - b
	if reverse {
		return ⟦d¦-d⟧
	}
	return d
}`},
	{"order of a stack", `
func bracket(stack []byte, open byte) ([]byte, bool) {
	if len(stack) == 0 || stack[⟦0¦len(stack)-1⟧] != open {
		return stack, false
	}
	return stack[:len(stack)-1], true
}`},
	{"queue for stack", `
func pop(stack []int) []int {
	return stack⟦[1:]¦[:len(stack)-1]⟧
}`},
	{"result of switch", `
func days(month int, leap bool) int {
	switch month {
	case 2:
		if leap {
			return 29
		}
		return 28
	case 4, 6, ⟦8¦9⟧, 11:
		return 30
	}
	return 31
}`},
	{"swap of two elements", `
func reverse(s []int) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = ⟦s[i], s[j]¦s[j], s[i]⟧
	}
}`},
	{"stable order", `
import "sort"

type word struct {
	text  string
	count int
}

func order(words []word) {
	sort.⟦Slice¦SliceStable⟧(words, func(i, j int) bool { return words[i].count > words[j].count })
}`},
	{"field of the sort", `
import "sort"

type span struct{ from, to int }

func order(spans []span) {
	sort.Slice(spans, func(i, j int) bool { return spans[i].from < spans[j].⟦to¦from⟧ })
}`},
	{"interval: end is the greater one", `
type span struct{ from, to int }

func merge(spans []span) []span {
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = ⟦s.to¦max(out[n-1].to, s.to)⟧
			continue
		}
		out = append(out, s)
	}
	return out
}`},
	{"last field is lost", `
func fields(s string) []string {
	var out []string
	cur := ""
	for _, r := range s {
		if r == ' ' {
			if cur != "" {
				out = append(out, cur)
				cur = ""
			}
			continue
		}
		cur += string(r)
	}
	⟦return out¦return append(out, cur)⟧
}`},
	{"word is not reset", `
func fields(s string) (out []string) {
	cur := ""
	for _, r := range s {
		if r == ' ' {
			out = append(out, cur)
			⟦¦cur = ""
			⟧continue
		}
		cur += string(r)
	}
	return append(out, cur)
}`},
	{"xor of all", `
func single(xs []int) int {
	x := 0
	for _, y := range xs {
		x ⟦|=¦^=⟧ y
	}
	return x
}`},
	{"logical operator", `
func leap(y int) bool {
	return y%4 == 0 && (y%100 != 0 ⟦&&¦||⟧ y%400 == 0)
}`},
	{"error is ignored", `
import "strconv"

func sum(words []string) (int, error) {
	total := 0
	for _, w := range words {
		n, err := strconv.Atoi(w)
		if err != nil {
			return 0, ⟦nil¦err⟧
		}
		total += n
	}
	return total, nil
}`},
	{"pushed on the other stack", `
func split(xs []int) (odd, even []int) {
	for _, x := range xs {
		if x%2 == 1 {
			odd = append(odd, x)
		} else {
			⟦odd = append(odd, x)¦even = append(even, x)⟧
		}
	}
	return odd, even
}`},
	{"last of the other stack", `
func top(values, ops []int) int {
	if len(ops) == 0 {
		return 0
	}
	return ⟦values[len(values)-1]¦ops[len(ops)-1]⟧
}`},
	{"rows for columns", `
func transposed(m [][]int) [][]int {
	out := make([][]int, len(m))
	for i := range out {
		out[i] = make([]int, len(m))
		for j := range m {
			⟦out[i][j] = m[i][j]¦out[j][i] = m[i][j]⟧
		}
	}
	return out
}`},
	{"break leaves the switch only", `
func until(s string) int {
	n := 0
⟦	for¦loop:
	for⟧ _, r := range s {
		switch r {
		case '.':
			⟦break¦break loop⟧
		default:
			n++
		}
	}
	return n
}`},
	{"things are used twice in a round", `
func ways(coins []int, total int) bool {
	can := make([]bool, total+1)
	can[0] = true
	for _, c := range coins {
		for ⟦i := c; i <= total; i++¦i := total; i >= c; i--⟧ {
			can[i] = can[i] || can[i-c]
		}
	}
	return can[total]
}`},
	{"counted by one", `
func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		if n > 0 {
			⟦sum++¦sum += n⟧
		}
	}
	return sum
}`},
	{"not reset in the other branch", `
func streak(xs []bool) int {
	run, best := 0, 0
	for _, x := range xs {
		if x {
			run++
			best = max(best, run)
		}⟦¦ else {
			run = 0
		}⟧
	}
	return best
}`},
	{"nothing done in a case", `
func depth(s string) int {
	d, most := 0, 0
	for _, r := range s {
		switch r {
		case '(':
			d++
			most = max(most, d)
		case ')':⟦¦
			d--⟧
		}
	}
	return most
}`},
	{"not sorted", `
import "sort"

func median(xs []int) int {
	⟦¦sort.Ints(xs)
	⟧return xs[len(xs)/2]
}

func rank(xs []int, x int) int {
	sort.Ints(xs)
	return sort.SearchInts(xs, x)
}`},
	{"heap is not restored", `
type heap struct{ xs []int }

func (h *heap) fix() {
	for i := len(h.xs) - 1; i > 0 && h.xs[i] < h.xs[(i-1)/2]; i = (i - 1) / 2 {
		h.xs[i], h.xs[(i-1)/2] = h.xs[(i-1)/2], h.xs[i]
	}
}

func (h *heap) push(x int) {
	h.xs = append(h.xs, x)⟦¦
	h.fix()⟧
}`},
	{"parent of a node in a heap", `
func up(h []int, i int) {
	for i > 0 && h[i] < h[⟦i/2¦(i-1)/2⟧] {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		i = (i - 1) / 2
	}
}`},
	{"comparison of runs of digits", `
func less(a, b string) bool {
	if len(a) != len(b) {
		return ⟦a < b¦len(a) < len(b)⟧
	}
	return a < b
}`},
	{"half open and closed", `
type span struct{ from, to int }

func overlap(a, b span) bool {
	return a.from < b.to && ⟦a.from < b.to¦b.from < a.to⟧
}`},
	{"neighbours in a grid", `
func flood(grid [][]bool, x, y int) int {
	if y < 0 || x < 0 || y >= len(grid) || x >= len(grid[y]) || !grid[y][x] {
		return 0
	}
	grid[y][x] = false
	return 1 + flood(grid, x-1, y) + flood(grid, ⟦x, y+1¦x+1, y⟧) + flood(grid, x, y-1) + flood(grid, x, y+1)
}`},
	{"use is not noted", `
type cache struct {
	values map[string]int
	order  []string
}

func (c *cache) touch(key string) {
	for i, k := range c.order {
		if k == key {
			c.order = append(c.order[:i], c.order[i+1:]...)
			break
		}
	}
	c.order = append(c.order, key)
}

func (c *cache) get(key string) (int, bool) {
	v, ok := c.values[key]
	if ok {
		⟦¦c.touch(key)
		⟧return v, true
	}
	return 0, false
}`},
	{"argument of defer", `
func run(steps []func() int, done func(int)) {
	total := 0
	defer ⟦done(total)¦func() { done(total) }()⟧
	for _, s := range steps {
		total += s()
	}
}`},
	{"sum is not reduced", `
const modulus = 65521

func checksum(data []byte) (low, high int) {
	for _, b := range data {
		low = (low + int(b)) % modulus
		high += low⟦¦
		high %= modulus⟧
	}
	return low, high
}`},
	{"order of equals", `
import "sort"

type word struct {
	text  string
	count int
}

func order(words []word) {
	sort.Slice(words, func(i, j int) bool {
		return ⟦words[i].count > words[j].count¦words[i].count > words[j].count || words[i].count == words[j].count && words[i].text < words[j].text⟧
	})
}`},
	{"greatest of a map", `
func most(votes map[string]int) string {
	best, name := 0, ""
	for n, v := range votes {
		if v > best⟦¦ || v == best && n < name⟧ {
			best, name = v, n
		}
	}
	return name
}`},
	{"map of slices is overwritten", `
func group(words []string) map[int][]string {
	m := map[int][]string{}
	for _, w := range words {
		n := len(w)
		m[n] = ⟦[]string{w}¦append(m[n], w)⟧
	}
	return m
}`},
}

// pairFaults need two edits, one after the other: no single one of them is meant to
// do it.
var pairFaults = []fault{
	{"merge sort: cut at both places", `
func halves(arr []int) ([]int, []int) {
	middle := len(arr) / 2
	return arr[:⟦len(arr)¦middle⟧], arr[⟦middle / 2¦middle⟧:]
}`},
	{"both bounds", `
func inside(grid [][]int, r, c int) bool {
	return r >= 0 && r ⟦<=¦<⟧ len(grid) && c >= 0 && c ⟦<=¦<⟧ len(grid[r])
}`},
	{"counter and limit", `
func upTo(n int) (out []int) {
	for i := ⟦0¦1⟧; i ⟦<¦<=⟧ n; i++ {
		out = append(out, i)
	}
	return out
}`},
}
