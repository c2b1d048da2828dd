// Guest is a batch of tools, good and hostile, that the tests select by index:
// the order of tools below is that of the constants in guest_test.go.
package main

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

var (
	input, output []byte
	current       func([]byte) ([]byte, error)
)

var tools = []func([]byte) ([]byte, error){
	echo, fail, jsonDedupe, parse, floats, garbage, entropy, clock, // well-behaved
	loop, memoryBomb, recursionBomb, outputFlood, textFlood, printLine, openFile,
	sleep, deadlock, panics, exits, leftBehind, copies, retryGrow, noResult, spinClock, deepJSON, gosched,
}

//go:wasmexport toolgen_select
func toolgenSelect(i uint32) { current = tools[i] }

//go:wasmexport toolgen_alloc
func toolgenAlloc(n uint32) uint32 {
	input = make([]byte, n, n+1)
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(input))))
}

//go:wasmexport toolgen_run
func toolgenRun() uint32 {
	out, err := current(input)
	if err != nil {
		output = []byte(err.Error())
		return 1
	}
	if out == nil && outside {
		return 7
	}
	output = out
	return 0
}

//go:wasmexport toolgen_output
func toolgenOutput() uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(output))))<<32 | uint64(len(output))
}

func main() {}

func number(in []byte) int {
	n, err := strconv.Atoi(string(in))
	if err != nil {
		panic(err)
	}
	return n
}

func echo(in []byte) ([]byte, error) { return in, nil }

func fail(in []byte) ([]byte, error) { return nil, errors.New("cannot: " + string(in)) }

func jsonDedupe(in []byte) ([]byte, error) {
	var lines []string
	if err := json.Unmarshal(in, &lines); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	res := []string{}
	for _, l := range lines {
		if l = strings.TrimRight(l, " "); !seen[l] {
			seen[l] = true
			res = append(res, l)
		}
	}
	sort.Strings(res)
	return json.Marshal(res)
}

// parse is a recursive-descent parser: it evaluates sums, products and
// parentheses.
func parse(in []byte) ([]byte, error) {
	p := parser{text: in}
	v, err := p.sum()
	if err == nil && p.at < len(p.text) {
		err = fmt.Errorf("unexpected %q at %d", p.text[p.at], p.at)
	}
	if err != nil {
		return nil, err
	}
	return strconv.AppendInt(nil, v, 10), nil
}

type parser struct {
	text []byte
	at   int
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) sum() (int64, error) {
	v, err := p.product()
	for err == nil && p.peek() == '+' {
		p.at++
		var w int64
		w, err = p.product()
		v += w
	}
	return v, err
}

func (p *parser) product() (int64, error) {
	v, err := p.factor()
	for err == nil && p.peek() == '*' {
		p.at++
		var w int64
		w, err = p.factor()
		v *= w
	}
	return v, err
}

func (p *parser) factor() (int64, error) {
	if p.peek() == '(' {
		p.at++
		v, err := p.sum()
		if err != nil {
			return 0, err
		}
		if p.peek() != ')' {
			return 0, fmt.Errorf("no ) at %d", p.at)
		}
		p.at++
		return v, nil
	}
	start := p.at
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	return strconv.ParseInt(string(p.text[start:p.at]), 10, 64)
}

func floats(in []byte) ([]byte, error) {
	n := number(in)
	a := make([]float64, n)
	x := 0.5
	for i := range a {
		x = 3.9 * x * (1 - x)
		a[i] = math.Sin(x) * math.Sqrt(float64(i))
	}
	sort.Float64s(a)
	sum := 0.0
	for _, v := range a {
		sum += v * v
	}
	zero := sum - sum
	bits := math.Float64bits(zero / zero)
	return fmt.Appendf(nil, "%x %d %d", math.Float64bits(sum), int64(sum*1e3), bits), nil
}

// garbage keeps the collector busy.
func garbage(in []byte) ([]byte, error) {
	type node struct {
		left, right *node
		name        string
	}
	var build func(depth int) *node
	build = func(depth int) *node {
		if depth == 0 {
			return nil
		}
		return &node{build(depth - 1), build(depth - 1), strconv.Itoa(depth)}
	}
	var count func(*node) int
	count = func(n *node) int {
		if n == nil {
			return 0
		}
		return len(n.name) + count(n.left) + count(n.right)
	}
	total := 0
	for range number(in) {
		total += count(build(14))
	}
	return strconv.AppendInt(nil, int64(total), 10), nil
}

func entropy([]byte) ([]byte, error) {
	var b [16]byte
	_, err := rand.Read(b[:])
	keys := map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8, "i": 9}
	out := fmt.Appendf(nil, "%x", b)
	for k := range keys {
		out = append(out, k...)
	}
	return out, err
}

func clock([]byte) ([]byte, error) {
	start := time.Now()
	time.Sleep(3 * time.Second)
	return fmt.Appendf(nil, "%d %v", start.UnixNano(), time.Since(start).Round(time.Millisecond)), nil
}

var sink int

func loop([]byte) ([]byte, error) {
	for {
		sink++
	}
}

var kept [][]byte

func memoryBomb([]byte) ([]byte, error) {
	for {
		kept = append(kept, make([]byte, 1<<20))
	}
}

type frame struct{ a, b, c int }

func recurse(n int, f frame) int {
	if n == math.MaxInt {
		return 0
	}
	deepest = n
	return recurse(n+1, frame{f.b, f.c, f.a + n}) + f.a
}

var deepest int

func recursionBomb([]byte) ([]byte, error) {
	return strconv.AppendInt(nil, int64(recurse(0, frame{})), 10), nil
}

func outputFlood(in []byte) ([]byte, error) { return make([]byte, number(in)), nil }

func textFlood([]byte) ([]byte, error) {
	for {
		println("a line of text on stderr")
	}
}

func printLine(in []byte) ([]byte, error) {
	fmt.Println("hello")
	_, err := os.Stdin.Read(make([]byte, 8))
	return fmt.Append(nil, err != nil), nil
}

func openFile([]byte) ([]byte, error) {
	_, err := os.ReadFile("/etc/passwd")
	if err == nil {
		return nil, errors.New("there are files")
	}
	return []byte(os.Getenv("HOME") + strings.Join(os.Args, " ")), nil
}

func sleep(in []byte) ([]byte, error) {
	time.Sleep(time.Duration(number(in)) * time.Millisecond)
	return nil, nil
}

func deadlock([]byte) ([]byte, error) {
	<-make(chan int)
	return nil, nil
}

func panics(in []byte) ([]byte, error) {
	switch string(in) {
	case "index":
		return in[number([]byte("7")):], nil
	case "nil":
		var p *parser
		return p.text, nil
	case "pointer":
		panic(&parser{})
	case "nested":
		defer func() { panic("second") }()
		panic("first")
	case "long":
		panic(strings.Repeat("ä", 1<<16))
	case "goroutine":
		go panic("elsewhere")
		runtime.Gosched()
	}
	println("panic: not yet")
	panic(fmt.Sprintf("told to: %s", in))
}

func exits(in []byte) ([]byte, error) {
	os.Exit(number(in))
	return nil, nil
}

func leftBehind([]byte) ([]byte, error) {
	go func() {
		for {
			sink++
			runtime.Gosched()
		}
	}()
	runtime.Gosched()
	return []byte("done"), nil
}

func copies(in []byte) ([]byte, error) {
	a, b := make([]byte, 1<<20), make([]byte, 1<<20)
	for range number(in) {
		copy(a, b)
	}
	return nil, nil
}

// retryGrow has the runtime refused memory, and goes on with less: the
// allocation of too large a slice is a panic that it recovers from, or fatal.
func retryGrow(in []byte) ([]byte, error) {
	kept = append(kept, make([]byte, number(in)<<20))
	return []byte("fits"), nil
}

var outside bool

func noResult([]byte) ([]byte, error) {
	outside = true
	return nil, nil
}

func spinClock([]byte) ([]byte, error) {
	for start := time.Now(); time.Since(start) < time.Hour; {
	}
	return nil, nil
}

func deepJSON(in []byte) ([]byte, error) {
	n := number(in)
	var v any
	if err := json.Unmarshal([]byte(strings.Repeat("[", n)+strings.Repeat("]", n)), &v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func gosched(in []byte) ([]byte, error) {
	done := make(chan uint32)
	for i := range number(in) {
		go func() { done <- uint32(i) }()
	}
	sum := uint32(0)
	for range number(in) {
		sum += <-done
	}
	return binary.LittleEndian.AppendUint32(nil, sum), nil
}
