// Light is a guest that imports no more than most tools do.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"sort"
	"strconv"
	"strings"
	"unsafe"
)

var (
	input, output []byte
	current       func([]byte) ([]byte, error)
)

//go:wasmexport toolgen_select
func toolgenSelect(i uint32) {
	switch i {
	case 0:
		current = dedupe
	case 1:
		current = words
	case 2:
		current = primes
	}
}

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
	output = out
	return 0
}

//go:wasmexport toolgen_output
func toolgenOutput() uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(output))))<<32 | uint64(len(output))
}

func main() {}

func dedupe(in []byte) ([]byte, error) {
	seen := map[string]bool{}
	var out bytes.Buffer
	s := bufio.NewScanner(bytes.NewReader(in))
	for s.Scan() {
		if line := strings.TrimSpace(s.Text()); !seen[line] {
			seen[line] = true
			out.WriteString(line)
			out.WriteByte('\n')
		}
	}
	return out.Bytes(), s.Err()
}

func words(in []byte) ([]byte, error) {
	counts := map[string]int{}
	for _, w := range strings.Fields(string(in)) {
		counts[strings.ToLower(w)]++
	}
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		if counts[keys[i]] != counts[keys[j]] {
			return counts[keys[i]] > counts[keys[j]]
		}
		return keys[i] < keys[j]
	})
	var b strings.Builder
	for _, k := range keys {
		b.WriteString(k + " " + strconv.Itoa(counts[k]) + "\n")
	}
	return []byte(b.String()), nil
}

func primes(in []byte) ([]byte, error) {
	n, err := strconv.Atoi(strings.TrimSpace(string(in)))
	if err != nil || n < 0 {
		return nil, errors.New("want a number")
	}
	composite := make([]bool, n+1)
	count := 0
	for i := 2; i <= n; i++ {
		if composite[i] {
			continue
		}
		count++
		for j := i * i; j <= n; j += i {
			composite[j] = true
		}
	}
	return strconv.AppendInt(nil, int64(count), 10), nil
}
