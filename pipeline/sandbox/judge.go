package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// judge says how a phase ended, given what the guest's functions returned, in
// the order that the package comment explains. An error is one of the machine.
func (a *attempt) judge(err error) (Outcome, string, error) {
	code := wasmtime.TrapCode(noTrapCode)
	var trap *wasmtime.Trap
	switch {
	case errors.As(err, &trap):
		if c := trap.Code(); c != nil {
			code = *c
		}
	case err != nil && a.host.end == endNone: // what the host ends is no Trap to wasmtime
		return "", "", fmt.Errorf("sandbox: call: %w", err)
	}
	switch {
	case a.spent() > a.call.Limits.Fuel:
		return Timeout, "out of fuel", nil
	case err == nil:
		return OK, "", nil
	case a.depth.Get(a.store).I32() < 0, code == wasmtime.StackOverflow:
		return StackOverflow, "calls are nested too deeply", nil
	case a.host.end == endFlood:
		return OutputFlood, fmt.Sprintf("more than %d bytes of text on stderr", a.call.Limits.OutputBytes), nil
	}
	if asked := uint32(a.grow.Get(a.store).I32()); asked > 0 {
		pages := a.host.memory.Size(a.store) + uint64(asked)
		if pages <= a.module.maxPages && pages*pageBytes <= uint64(a.call.Limits.MemoryBytes) {
			return "", "", fmt.Errorf("%w: %d pages of 64 KiB", ErrHostMemory, pages)
		}
		return OutOfMemory, "the memory limit refused the guest more memory", nil
	}
	switch {
	case a.host.end == endExit:
		message := fmt.Sprintf("exit status %d", a.host.exitCode)
		if text := panicText(a.host.stderr); text != "" {
			message += ": " + text
		}
		return Trap, boundText(message), nil
	case a.host.end == endBounds:
		return Trap, "a host function got an address outside of memory", nil
	case code == wasmtime.UnreachableCodeReached:
		// This is how Go's runtime aborts a library, after it has printed why.
		if text := panicText(a.host.stderr); text != "" {
			return Trap, boundText(text), nil
		}
		return Trap, "unreachable code", nil
	}
	if text, ok := trapTexts[code]; ok {
		return Trap, text, nil
	}
	return "", "", fmt.Errorf("sandbox: call: unknown trap: %w", err)
}

// noTrapCode stands for traps that are not wasmtime's own.
const noTrapCode = 0xff

var trapTexts = map[wasmtime.TrapCode]string{
	wasmtime.MemoryOutOfBounds:      "memory access out of bounds",
	wasmtime.TableOutOfBounds:       "table access out of bounds",
	wasmtime.IndirectCallToNull:     "indirect call to null",
	wasmtime.BadSignature:           "indirect call with the wrong signature",
	wasmtime.IntegerOverflow:        "integer overflow",
	wasmtime.IntegerDivisionByZero:  "integer division by zero",
	wasmtime.BadConversionToInteger: "float does not fit an integer",
}

// messageBytes bounds Result.Message.
const messageBytes = 4 << 10

// panicStarts are what Go's runtime prints when a program dies, at the start of a line;
// the guest may have written more to stderr before that.
var panicStarts = [...]string{"panic: ", "fatal error: "}

// panicEnd finds what follows: stack traces and registers.
var panicEnd = regexp.MustCompile(`(?m)^(goroutine \d|runtime stack:|\[signal |\[originating )`)

// hexNumber matches addresses, which differ between batches.
var hexNumber = regexp.MustCompile(`0x[0-9a-fA-F]+`)

// goroutineNumber matches what Go prints where a panic was not the main
// goroutine's.
var goroutineNumber = regexp.MustCompile(`\bgoroutine \d+`)

const (
	// panicWindow is how much of the end of stderr is searched for a panic.
	panicWindow = 1 << 20
	// panicBytes is how much of what a panic prints is looked at: some times what a message
	// holds, since addresses become shorter.
	panicBytes = 8 * messageBytes
)

// panicText takes the reason of a panic or fatal error out of what the guest
// wrote to stderr. Only the message depends on it, no outcome does. The guest may have
// written 16 MiB, full of what looks like panics: expressions that looked at all of it
// took seconds.
func panicText(stderr []byte) string {
	stderr = stderr[max(0, len(stderr)-panicWindow):]
	start := -1
	for _, s := range panicStarts {
		if bytes.HasPrefix(stderr, []byte(s)) {
			start = max(start, 0)
		}
		if i := bytes.LastIndex(stderr, []byte("\n"+s)); i >= 0 {
			start = max(start, i+1)
		}
	}
	if start < 0 {
		return ""
	}
	text := stderr[start:]
	text = text[:min(len(text), panicBytes)]
	if end := panicEnd.FindIndex(text); end != nil {
		text = text[:end[0]]
	}
	text = hexNumber.ReplaceAll(text, []byte("0x?"))
	text = goroutineNumber.ReplaceAll(text, []byte("goroutine ?"))
	return strings.TrimSpace(string(text))
}

// boundText makes s valid UTF-8 of at most messageBytes bytes.
func boundText(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= messageBytes {
		return s
	}
	const mark = " [...]"
	cut := messageBytes - len(mark)
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}
