package synth

// fault is a function with one fault. Where it is, the source has the faulty text and
// the right one as ⟦faulty¦right⟧, in one place or in more.
type fault struct {
	name   string
	source string
}

// faults are small algorithms with the kind of fault that people make, each of which
// one edit repairs.
var faults = []fault{
	{"bit count", `
func bitCount(n int) int {
	count := 0
	for n != 0 {
		n ⟦^=¦&=⟧ n - 1
		count++
	}
	return count
}`},
	{"breadth first search: condition of the loop", `
type node struct {
	value int
	next  []*node
}

func search(start, goal *node) bool {
	queue := []*node{start}
	seen := map[*node]bool{start: true}
	for ⟦true¦len(queue) > 0⟧ {
		n := queue[0]
		queue = queue[1:]
		if n == goal {
			return true
		}
		for _, m := range n.next {
			if !seen[m] {
				seen[m] = true
				queue = append(queue, m)
			}
		}
	}
	return false
}`},
	{"breadth first search: endless loop", `
func reach(graph [][]int, start int) int {
	queue := []int{start}
	seen := make([]bool, len(graph))
	count := 0
	for ⟦¦len(queue) > 0 ⟧{
		n := queue[0]
		queue = queue[1:]
		if seen[n] {
			continue
		}
		seen[n] = true
		count++
		queue = append(queue, graph[n]...)
	}
	return count
}`},
	{"bucket sort: wrong slice", `
func bucketSort(arr []int, k int) []int {
	counts := make([]int, k)
	for _, x := range arr {
		counts[x]++
	}
	var sorted []int
	for i, count := range ⟦arr¦counts⟧ {
		for range count {
			sorted = append(sorted, i)
		}
	}
	return sorted
}`},
	{"depth first search: node not marked", `
type node struct {
	next []*node
}

func search(start, goal *node) bool {
	visited := map[*node]bool{}
	var from func(n *node) bool
	from = func(n *node) bool {
		if visited[n] {
			return false
		}
		if n == goal {
			return true
		}
		⟦¦visited[n] = true
		⟧for _, m := range n.next {
			if from(m) {
				return true
			}
		}
		return false
	}
	return from(start)
}`},
	{"cycle: missing nil clause", `
type node struct {
	next *node
}

func cyclic(n *node) bool {
	hare, tortoise := n, n
	for {
		if ⟦¦hare == nil || ⟧hare.next == nil {
			return false
		}
		tortoise = tortoise.next
		hare = hare.next.next
		if hare == tortoise {
			return true
		}
	}
}`},
	{"binary search: first of equals", `
func first(arr []int, x int) int {
	lo, hi := 0, len(arr)
	for lo ⟦<=¦<⟧ hi {
		mid := (lo + hi) / 2
		switch {
		case x == arr[mid] && (mid == 0 || x != arr[mid-1]):
			return mid
		case x <= arr[mid]:
			hi = mid
		default:
			lo = mid + 1
		}
	}
	return -1
}`},
	{"binary search: no progress", `
func find(arr []int, x int) int {
	var between func(start, end int) int
	between = func(start, end int) int {
		if start == end {
			return -1
		}
		mid := start + (end-start)/2
		if x < arr[mid] {
			return between(start, mid)
		}
		if x > arr[mid] {
			return between(⟦mid¦mid + 1⟧, end)
		}
		return mid
	}
	return between(0, len(arr))
}`},
	{"flatten: result wrapped once more", `
type tree struct {
	leaf bool
	n    int
	subs []tree
}

func flatten(t tree) []int {
	if t.leaf {
		return []int{t.n}
	}
	var out []int
	for _, s := range t.subs {
		out = append(out, ⟦twice(flatten(s))¦flatten(s)⟧...)
	}
	return out
}

func twice(a []int) []int { return append(a, a...) }`},
	{"gcd: arguments", `
func gcd(a, b int) int {
	if b == 0 {
		return a
	}
	return gcd(⟦a%b, b¦b, a%b⟧)
}`},
	{"factors: base case", `
func factors(n int) []int {
	if n == 1 {
		return []int{}
	}
	for i := 2; i*i <= n; i++ {
		if n%i == 0 {
			return append([]int{i}, factors(n/i)...)
		}
	}
	return []int{⟦¦n⟧}
}`},
	{"hanoi: helper peg", `
type move struct{ from, to int }

func hanoi(height, start, end int) []move {
	var steps []move
	if height > 0 {
		helper := 6 - start - end
		steps = append(steps, hanoi(height-1, start, helper)...)
		steps = append(steps, move{start, ⟦helper¦end⟧})
		steps = append(steps, hanoi(height-1, helper, end)...)
	}
	return steps
}`},
	{"parentheses: final check", `
func valid(s string) bool {
	depth := 0
	for _, c := range s {
		if c == '(' {
			depth++
		} else {
			depth--
			if depth < 0 {
				return false
			}
		}
	}
	return ⟦true¦depth == 0⟧
}`},
	{"k-heap sort: elements pushed twice", `
import "container/heap"

type ints []int

func (h ints) Len() int           { return len(h) }
func (h ints) Less(i, j int) bool { return h[i] < h[j] }
func (h ints) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ints) Push(x any)        { *h = append(*h, x.(int)) }

func (h *ints) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func kHeapSort(arr []int, k int) []int {
	h := append(ints(nil), arr[:k]...)
	heap.Init(&h)
	var out []int
	for _, x := range ⟦arr¦arr[k:]⟧ {
		heap.Push(&h, x)
		out = append(out, heap.Pop(&h).(int))
	}
	for h.Len() > 0 {
		out = append(out, heap.Pop(&h).(int))
	}
	return out
}`},
	{"knapsack: strict comparison", `
type item struct{ weight, value int }

func knapsack(capacity int, items []item) int {
	memo := make([][]int, len(items)+1)
	for i := range memo {
		memo[i] = make([]int, capacity+1)
	}
	for i, it := range items {
		for j := 1; j <= capacity; j++ {
			memo[i+1][j] = memo[i][j]
			if it.weight ⟦<¦<=⟧ j {
				memo[i+1][j] = max(memo[i][j], it.value+memo[i][j-it.weight])
			}
		}
	}
	return memo[len(items)][capacity]
}`},
	{"quickselect: rank of the upper part", `
func kth(arr []int, k int) int {
	pivot := arr[0]
	var below, above []int
	for _, x := range arr {
		if x < pivot {
			below = append(below, x)
		} else if x > pivot {
			above = append(above, x)
		}
	}
	numLess := len(below)
	numLessOrEqual := len(arr) - len(above)
	if k < numLess {
		return kth(below, k)
	}
	if k >= numLessOrEqual {
		return kth(above, ⟦k¦k - numLessOrEqual⟧)
	}
	return pivot
}`},
	{"common substring: index", `
func common(s, t string) int {
	dp := map[[2]int]int{}
	best := 0
	for i := range len(s) {
		for j := range len(t) {
			if s[i] == t[j] {
				dp[[2]int{i, j}] = dp[[2]int{i - 1, ⟦j¦j - 1⟧}] + 1
				best = max(best, dp[[2]int{i, j}])
			}
		}
	}
	return best
}`},
	{"edit distance: one too many", `
func distance(a, b string) int {
	if a == "" || b == "" {
		return max(len(a), len(b))
	}
	if a[0] == b[0] {
		return ⟦1 + distance(a[1:], b[1:])¦distance(a[1:], b[1:])⟧
	}
	return 1 + min(distance(a, b[1:]), distance(a[1:], b[1:]), distance(a[1:], b))
}`},
	{"increasing subsequence: no maximum", `
func lis(arr []int) int {
	ends := map[int]int{}
	longest := 0
	for i, x := range arr {
		length := 0
		for l, e := range ends {
			if arr[e] < x {
				length = max(length, l)
			}
		}
		if e, ok := ends[length+1]; !ok || x < arr[e] {
			ends[length+1] = i
			longest = ⟦length + 1¦max(longest, length+1)⟧
		}
	}
	return longest
}`},
	{"common subsequence: both are used up", `
func common(a, b string) string {
	if a == "" || b == "" {
		return ""
	}
	if a[0] == b[0] {
		return a[:1] + common(a[1:], ⟦b¦b[1:]⟧)
	}
	x, y := common(a, b[1:]), common(a[1:], b)
	if len(x) > len(y) {
		return x
	}
	return y
}`},
	{"maximum subarray: not clamped", `
func maxSum(arr []int) int {
	ending, best := 0, 0
	for _, x := range arr {
		ending = ⟦ending + x¦max(0, ending+x)⟧
		best = max(best, ending)
	}
	return best
}`},
	{"merge sort: base case", `
func mergeSort(arr []int) []int {
	if len(arr) ⟦== 0¦<= 1⟧ {
		return arr
	}
	middle := len(arr) / 2
	return merge(mergeSort(arr[:middle]), mergeSort(arr[middle:]))
}

func merge(a, b []int) []int {
	var out []int
	for len(a) > 0 && len(b) > 0 {
		if a[0] <= b[0] {
			out = append(out, a[0])
			a = a[1:]
		} else {
			out = append(out, b[0])
			b = b[1:]
		}
	}
	return append(append(out, a...), b...)
}`},
	{"spanning tree: groups are not joined", `
import "sort"

type edge struct{ u, v, weight int }

func tree(edges []edge) []edge {
	sort.Slice(edges, func(i, j int) bool { return edges[i].weight < edges[j].weight })
	groups := map[int][]int{}
	group := map[int]int{}
	for _, e := range edges {
		for _, n := range []int{e.u, e.v} {
			if _, ok := group[n]; !ok {
				group[n] = n
				groups[n] = []int{n}
			}
		}
	}
	var out []edge
	for _, e := range edges {
		u, v := group[e.u], group[e.v]
		if u != v {
			out = append(out, e)
			groups[u] = append(groups[u], groups[v]...)
			for _, n := range groups[v] {
				group[n] = ⟦v¦u⟧
			}
		}
	}
	return out
}`},
	{"next palindrome: one digit too many", `
func next(digits []int) []int {
	hi := len(digits) / 2
	lo := (len(digits) - 1) / 2
	for hi < len(digits) && lo >= 0 {
		if digits[hi] == 9 {
			digits[hi], digits[lo] = 0, 0
			hi++
			lo--
			continue
		}
		digits[hi]++
		if lo != hi {
			digits[lo]++
		}
		return digits
	}
	out := append([]int{1}, make([]int, ⟦len(digits)¦len(digits) - 1⟧)...)
	return append(out, 1)
}`},
	{"next permutation: comparison", `
func next(perm []int) []int {
	for i := len(perm) - 2; i >= 0; i-- {
		if perm[i] < perm[i+1] {
			for j := len(perm) - 1; j > i; j-- {
				if perm[j] ⟦<¦>⟧ perm[i] {
					out := append([]int(nil), perm...)
					out[i], out[j] = perm[j], perm[i]
					for a, b := i+1, len(out)-1; a < b; a, b = a+1, b-1 {
						out[a], out[b] = out[b], out[a]
					}
					return out
				}
			}
		}
	}
	return nil
}`},
	{"pascal: bound of the row", `
func pascal(n int) [][]int {
	rows := [][]int{{1}}
	for r := 1; r < n; r++ {
		var row []int
		for c := range ⟦r¦r + 1⟧ {
			up, left := 0, 0
			if c < r {
				up = rows[r-1][c]
			}
			if c > 0 {
				left = rows[r-1][c-1]
			}
			row = append(row, up+left)
		}
		rows = append(rows, row)
	}
	return rows
}`},
	{"possible change: no coins", `
func change(coins []int, total int) int {
	if total == 0 {
		return 1
	}
	if ⟦total < 0¦len(coins) == 0 || total < 0⟧ {
		return 0
	}
	first, rest := coins[0], coins[1:]
	return change(coins, total-first) + change(rest, total)
}`},
	{"powerset: sets without the first are lost", `
func powerset(arr []int) [][]int {
	if len(arr) == 0 {
		return [][]int{{}}
	}
	rest := powerset(arr[1:])
	out := ⟦[][]int{}¦rest⟧
	for _, s := range rest {
		out = append(out, append([]int{arr[0]}, s...))
	}
	return out
}`},
	{"quicksort: equal elements are lost", `
func quicksort(arr []int) []int {
	if len(arr) == 0 {
		return nil
	}
	pivot := arr[0]
	var lesser, greater []int
	for _, x := range arr[1:] {
		if x < pivot {
			lesser = append(lesser, x)
		} else if x ⟦>¦>=⟧ pivot {
			greater = append(greater, x)
		}
	}
	return append(append(quicksort(lesser), pivot), quicksort(greater)...)
}`},
	{"list reversal: missing assignment", `
type node struct {
	value int
	next  *node
}

func reverse(n *node) *node {
	var prev *node
	for n != nil {
		next := n.next
		n.next = prev
		⟦¦prev = n
		⟧n = next
	}
	return prev
}`},
	{"RPN: operands", `
import "strconv"

func eval(tokens []string) float64 {
	ops := map[string]func(a, b float64) float64{
		"+": func(a, b float64) float64 { return a + b },
		"-": func(a, b float64) float64 { return a - b },
		"/": func(a, b float64) float64 { return a / b },
	}
	var stack []float64
	for _, t := range tokens {
		op, ok := ops[t]
		if !ok {
			x, _ := strconv.ParseFloat(t, 64)
			stack = append(stack, x)
			continue
		}
		a, b := stack[len(stack)-1], stack[len(stack)-2]
		stack = append(stack[:len(stack)-2], op(⟦a, b¦b, a⟧))
	}
	return stack[0]
}`},
	{"shortest path: length of the edge alone", `
type edge struct{ to, length int }

func path(graph [][]edge, start, goal int) int {
	best := map[int]int{start: 0}
	queue := []edge{{start, 0}}
	for len(queue) > 0 {
		at := 0
		for i := range queue {
			if queue[i].length < queue[at].length {
				at = i
			}
		}
		here := queue[at]
		queue = append(queue[:at], queue[at+1:]...)
		if here.to == goal {
			return here.length
		}
		for _, e := range graph[here.to] {
			length := ⟦e.length¦e.length + here.length⟧
			if old, ok := best[e.to]; !ok || length < old {
				best[e.to] = length
				queue = append(queue, edge{e.to, length})
			}
		}
	}
	return -1
}`},
	{"shortest paths of all pairs: indices", `
func paths(d [][]int) {
	for k := range d {
		for i := range d {
			for j := range d {
				d[i][j] = min(d[i][j], d[i][k]+⟦d[j][k]¦d[k][j]⟧)
			}
		}
	}
}`},
	{"shortest paths from one: what is relaxed", `
type edge struct{ u, v int }

func paths(n, source int, weights map[edge]int) map[int]int {
	dist := map[int]int{}
	for i := range n {
		dist[i] = 1 << 30
	}
	dist[source] = 0
	for range n - 1 {
		for e, w := range weights {
			⟦weights[e]¦dist[e.v]⟧ = min(dist[e.u]+w, dist[e.v])
		}
	}
	return dist
}`},
	{"shunting yard: operator not pushed", `
func rpn(tokens []string, precedence map[string]int) []string {
	var out, ops []string
	for _, t := range tokens {
		p, isOp := precedence[t]
		if !isOp {
			out = append(out, t)
			continue
		}
		for len(ops) > 0 && p <= precedence[ops[len(ops)-1]] {
			out = append(out, ops[len(ops)-1])
			ops = ops[:len(ops)-1]
		}
		⟦¦ops = append(ops, t)
	⟧}
	for len(ops) > 0 {
		out = append(out, ops[len(ops)-1])
		ops = ops[:len(ops)-1]
	}
	return out
}`},
	{"sieve: any for all", `
func sieve(limit int) []int {
	var primes []int
	for n := 2; n <= limit; n++ {
		if ⟦any¦all⟧Of(primes, func(p int) bool { return n%p > 0 }) {
			primes = append(primes, n)
		}
	}
	return primes
}

func allOf(xs []int, f func(int) bool) bool {
	for _, x := range xs {
		if !f(x) {
			return false
		}
	}
	return true
}

func anyOf(xs []int, f func(int) bool) bool {
	for _, x := range xs {
		if f(x) {
			return true
		}
	}
	return false
}`},
	{"square root: not squared", `
import "math"

func sqrt(x, epsilon float64) float64 {
	approx := x / 2
	for math.Abs(x-⟦approx¦approx*approx⟧) > epsilon {
		approx = 0.5 * (approx + x/approx)
	}
	return approx
}`},
	{"subsequences: base case", `
func subsequences(a, b, k int) [][]int {
	if k == 0 {
		return [][]int{⟦¦{}⟧}
	}
	var out [][]int
	for i := a; i < b+1-k; i++ {
		for _, rest := range subsequences(i+1, b, k-1) {
			out = append(out, append([]int{i}, rest...))
		}
	}
	return out
}`},
	{"base conversion: order of the digits", `
func toBase(num, base int) string {
	const alphabet = "0123456789ABCDEF"
	result := ""
	for num > 0 {
		i := num % base
		num /= base
		result = ⟦result + alphabet[i:i+1]¦alphabet[i:i+1] + result⟧
	}
	return result
}`},
	{"base conversion of bytes: order of the digits", `
func digits(n, base int) []int {
	var out []int
	for n > 0 {
		out = ⟦append(out, n%base)¦append([]int{n % base}, out...)⟧
		n /= base
	}
	return out
}`},
	{"topological order: outgoing for incoming", `
type node struct {
	incoming, outgoing []*node
}

func order(nodes []*node) []*node {
	var ordered []*node
	done := map[*node]bool{}
	for _, n := range nodes {
		if len(n.incoming) == 0 {
			ordered = append(ordered, n)
			done[n] = true
		}
	}
	for i := 0; i < len(ordered); i++ {
		for _, next := range ordered[i].outgoing {
			if subset(next.⟦outgoing¦incoming⟧, done) && !done[next] {
				ordered = append(ordered, next)
				done[next] = true
			}
		}
	}
	return ordered
}

func subset(nodes []*node, of map[*node]bool) bool {
	for _, n := range nodes {
		if !of[n] {
			return false
		}
	}
	return true
}`},
	{"wrap: last line is lost", `
import "strings"

func wrap(text string, cols int) []string {
	var lines []string
	for len(text) > cols {
		end := strings.LastIndex(text[:cols+1], " ")
		if end == -1 {
			end = cols
		}
		line := text[:end]
		text = text[end:]
		lines = append(lines, line)
	}
	⟦¦lines = append(lines, text)
	⟧return lines
}`},
}
