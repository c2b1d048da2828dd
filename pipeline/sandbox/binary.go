package sandbox

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// This file reads and writes the WebAssembly binary format (WebAssembly Core
// Specification 1.0, chapter 5), as far as the metering pass needs it.

// Section ids, in the order in which sections must stand.
const (
	secCustom   = 0
	secType     = 1
	secImport   = 2
	secFunction = 3
	secTable    = 4
	secMemory   = 5
	secGlobal   = 6
	secExport   = 7
	secStart    = 8
	secElement  = 9
	secCode     = 10
	secData     = 11
)

const (
	typeI32 = 0x7f
	typeI64 = 0x7e
	typeF32 = 0x7d
	typeF64 = 0x7c

	typeFunc  = 0x60
	typeEmpty = 0x40 // block type without a result

	kindFunc   = 0x00 // of imports and exports
	kindGlobal = 0x03
)

var preamble = [8]byte{0x00, 'a', 's', 'm', 1, 0, 0, 0}

// MeterError reports a module that the metering pass refuses, because it is
// malformed or because it uses what Go's compiler does not emit.
type MeterError struct {
	Offset int    // of the offending byte in the module
	Detail string // what stands there and what was expected
}

func (e *MeterError) Error() string {
	return fmt.Sprintf("sandbox: meter: offset %#x: %s", e.Offset, e.Detail)
}

// reader decodes module[pos:end]. The first failure sticks in err; from then on
// every read returns zero without advancing, so callers check err once per
// item, and loops over counted items must look at it.
type reader struct {
	module   []byte
	pos, end int
	err      *MeterError
}

func (r *reader) failf(at int, format string, args ...any) {
	if r.err == nil {
		r.err = &MeterError{Offset: at, Detail: fmt.Sprintf(format, args...)}
	}
}

func (r *reader) more() bool { return r.err == nil && r.pos < r.end }

func (r *reader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.pos >= r.end {
		r.failf(r.pos, "unexpected end")
		return 0
	}
	b := r.module[r.pos]
	r.pos++
	return b
}

// skip passes over n bytes.
func (r *reader) skip(n uint32) {
	if r.err != nil {
		return
	}
	if uint64(n) > uint64(r.end-r.pos) {
		r.failf(r.pos, "%d bytes announced, %d left", n, r.end-r.pos)
		return
	}
	r.pos += int(n)
}

// sub returns a reader for the next n bytes and passes over them.
func (r *reader) sub(n uint32) *reader {
	start := r.pos
	r.skip(n)
	if r.err != nil {
		return &reader{err: r.err}
	}
	return &reader{module: r.module, pos: start, end: r.pos}
}

// u32 reads an unsigned LEB128 number of at most 32 bits in at most 5 bytes.
func (r *reader) u32() uint32 {
	at := r.pos
	var v uint32
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if shift == 28 && b > 0x0f {
			r.failf(at, "number of more than 32 bits")
		}
		if r.err != nil {
			return 0
		}
		v |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

// skipSigned passes over a signed LEB128 number in at most max bytes. That the
// unused bits of the last byte agree with the sign is left to wasmtime, which
// validates all that the pass writes.
func (r *reader) skipSigned(max int) {
	at := r.pos
	for range max {
		if b := r.byte(); r.err != nil || b < 0x80 {
			return
		}
	}
	r.failf(at, "number longer than %d bytes", max)
}

// count reads the length of a vector. Each element takes a byte or more, so a
// count beyond the bytes left is an error, and callers may allocate by it.
func (r *reader) count() int {
	at := r.pos
	n := r.u32()
	if r.err == nil && uint64(n) > uint64(r.end-r.pos) {
		r.failf(at, "%d elements announced, %d bytes left", n, r.end-r.pos)
		return 0
	}
	return int(n)
}

func (r *reader) name() string {
	n := r.u32()
	start := r.pos
	r.skip(n)
	if r.err != nil {
		return ""
	}
	return string(r.module[start:r.pos])
}

func (r *reader) valueType() byte {
	at := r.pos
	t := r.byte()
	if r.err == nil && !isValueType(t) {
		r.failf(at, "value type %#02x, want i32, i64, f32 or f64", t)
	}
	return t
}

func isValueType(t byte) bool { return t >= typeF64 && t <= typeI32 }

// done checks that everything was read.
func (r *reader) done() *MeterError {
	if r.err == nil && r.pos != r.end {
		r.failf(r.pos, "%d bytes too many", r.end-r.pos)
	}
	return r.err
}

// section is the contents of a section, without its id and size. The zero
// section is absent.
type section struct{ start, end int }

func (s section) present() bool { return s.end > 0 }

// splitSections finds the known sections of a module. It drops custom sections.
// Those that name functions or hold debug information would lie about code
// that has moved; the rest (build id, producers) say nothing about what the
// module does, and without them equal programs have equal bytes.
func splitSections(module []byte) (secs [secData + 1]section, err *MeterError) {
	r := &reader{module: module, end: len(module)}
	for i, want := range preamble {
		if b := r.byte(); r.err == nil && b != want {
			r.failf(i, "not a WebAssembly module of version 1")
		}
	}
	last := byte(0)
	for r.more() {
		at := r.pos
		id := r.byte()
		body := r.sub(r.u32())
		switch {
		case r.err != nil:
		case id == secCustom:
			if name := body.name(); body.err == nil && !utf8.ValidString(name) {
				body.failf(at, "custom section's name is not UTF-8")
			}
			r.err = body.err
		case id > secData:
			r.failf(at, "section %d is unknown", id)
		case id == secStart:
			r.failf(at, "start section: Go emits none, and it would run before the meters are set")
		case id <= last:
			r.failf(at, "section %d after section %d", id, last)
		default:
			last = id
			secs[id] = section{start: body.pos, end: body.end}
		}
	}
	return secs, r.err
}

func appendU32(b []byte, v uint32) []byte { return binary.AppendUvarint(b, uint64(v)) }

// appendI32 writes a signed LEB128 number.
func appendI32(b []byte, v int32) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func appendName(b []byte, s string) []byte { return append(appendU32(b, uint32(len(s))), s...) }

func appendSection(b []byte, id byte, contents []byte) []byte {
	return append(appendU32(append(b, id), uint32(len(contents))), contents...)
}
