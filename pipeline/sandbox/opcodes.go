package sandbox

// Opcodes that the metering pass writes or looks at.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opDrop         = 0x1a
	opCall         = 0x10
	opCallIndirect = 0x11
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opI32Ne        = 0x47
	opI32LtS       = 0x48
	opI64LtS       = 0x53
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI64Sub       = 0x7d
	opI64ExtendU   = 0xad // i64.extend_i32_u
	opPrefix       = 0xfc // saturating conversions and bulk memory

	subMemoryCopy = 10
	subMemoryFill = 11
)

// immediate says what follows an opcode.
type immediate byte

const (
	immUnknown  immediate = iota // an opcode that the pass refuses
	immNone                      //
	immBlock                     // a block type
	immLabel                     // the index of a label
	immLabels                    // br_table: a vector of labels and a default
	immLocal                     // the index of a local
	immGlobal                    // the index of a global
	immIndex                     // an index that the pass leaves alone
	immIndirect                  // a type index and table 0
	immMemory                    // alignment and offset
	immZero                      // the byte 0, for memory 0
	immSigned32                  // i32.const
	immSigned64                  // i64.const
	immFour                      // f32.const
	immEight                     // f64.const
	immPrefixed                  // a second opcode
)

// immediates lists every opcode of WebAssembly 1.0 and of the sign-extension
// proposal, plus the prefix byte. Whatever stands not in here (typed select,
// table and reference instructions, exceptions, tail calls, SIMD, atomics) Go's
// compiler does not emit.
var immediates = func() (t [256]immediate) {
	set := func(kind immediate, from, to int) {
		for op := from; op <= to; op++ {
			t[op] = kind
		}
	}
	set(immNone, 0x00, 0x01)     // unreachable, nop
	set(immBlock, 0x02, 0x04)    // block, loop, if
	set(immNone, 0x05, 0x05)     // else
	set(immNone, 0x0b, 0x0b)     // end
	set(immLabel, 0x0c, 0x0d)    // br, br_if
	set(immLabels, 0x0e, 0x0e)   // br_table
	set(immNone, 0x0f, 0x0f)     // return
	set(immIndex, 0x10, 0x10)    // call
	set(immIndirect, 0x11, 0x11) // call_indirect
	set(immNone, 0x1a, 0x1b)     // drop, select
	set(immLocal, 0x20, 0x22)    // local.get, local.set, local.tee
	set(immGlobal, 0x23, 0x24)   // global.get, global.set
	set(immMemory, 0x28, 0x3e)   // loads and stores
	set(immZero, 0x3f, 0x40)     // memory.size, memory.grow
	set(immSigned32, 0x41, 0x41) // i32.const
	set(immSigned64, 0x42, 0x42) // i64.const
	set(immFour, 0x43, 0x43)     // f32.const
	set(immEight, 0x44, 0x44)    // f64.const
	set(immNone, 0x45, 0xbf)     // comparison, arithmetic, conversion
	set(immNone, 0xc0, 0xc4)     // sign extension
	set(immPrefixed, opPrefix, opPrefix)
	return t
}()

// surcharges are what instructions cost beyond the unit of fuel that wasmtime charges
// each, from BenchmarkPrices: what four of them side by side take, in units of 0.1 ns. So
// honest code, in which the CPU finds something else to do, does not look dearer than it
// is, and a chain of nothing else takes no more than 10 times what its fuel promises.
// Integer division has none: it is 6 to 10 times off in a chain, and by a constant it
// becomes a multiplication, which is not seen here.
var surcharges = func() (t [256]int) {
	set := func(fuel int, ops ...int) {
		for _, op := range ops {
			t[op] = fuel
		}
	}
	set(20, 0x91, 0x9f)                                    // f32.sqrt, f64.sqrt
	set(10, 0x95, 0xa3)                                    // f32.div, f64.div
	set(5, 0x8d, 0x8e, 0x8f, 0x90, 0x9b, 0x9c, 0x9d, 0x9e) // ceil, floor, trunc, nearest
	set(5, 0xa8, 0xa9, 0xaa, 0xab, 0xae, 0xaf, 0xb0, 0xb1) // float to integer; the saturating ones: saturatingFuel
	set(10, 0xb6, 0xbb)                                    // f32.demote_f64, f64.promote_f32
	return t
}()

const (
	saturatingFuel = 5   // surcharge of the saturating conversions from float to integer
	growCallFuel   = 300 // what memory.grow costs, beside the memory that it adds
)

// siteKind is a kind of place that the pass rewrites.
type siteKind byte

const (
	siteReturn siteKind = iota
	siteBulk            // memory.copy or memory.fill
	siteGrow            // memory.grow
	siteDear            // an instruction with a surcharge
)

// site is an instruction to rewrite, at module[start:end], inside that many
// open blocks of its function.
type site struct {
	kind       siteKind
	start, end int
	nesting    uint32
	surcharge  int // fuel
}

// scan walks over the instructions of one function body up to its end.
//
// A module that is invalid must not become valid by what the pass adds, or the
// guest could touch the meters. So indices that would fall on an added label,
// local or global are refused here; everything else is wasmtime's to validate.
type scan struct {
	locals, globals uint32 // how many the function can name

	sites []site
	calls bool // there is a call: the function is no leaf
}

func (s *scan) body(r *reader) {
	nesting := uint32(0)
	for r.err == nil {
		at := r.pos
		op := r.byte()
		kind, found := siteDear, surcharges[op] > 0
		surcharge := surcharges[op]
		switch immediates[op] {
		case immUnknown:
			r.failf(at, "opcode %#02x is unknown", op)
		case immNone:
		case immBlock:
			// A type index would stand for several results: Go emits none.
			if t := r.byte(); r.err == nil && t != typeEmpty && !isValueType(t) {
				r.failf(at, "block type %#02x, want one value type or none", t)
			}
		case immLabel:
			s.label(r, nesting)
		case immLabels:
			for range r.count() {
				if r.err != nil {
					return
				}
				s.label(r, nesting)
			}
			s.label(r, nesting)
		case immLocal:
			s.index(r, "local", s.locals)
		case immGlobal:
			s.index(r, "global", s.globals)
		case immIndex:
			r.u32()
		case immIndirect:
			r.u32()
			r.zero()
		case immMemory:
			r.u32()
			r.u32()
		case immZero:
			r.zero()
		case immSigned32:
			r.skipSigned(5)
		case immSigned64:
			r.skipSigned(10)
		case immFour:
			r.skip(4)
		case immEight:
			r.skip(8)
		case immPrefixed:
			switch sub := r.u32(); {
			case r.err != nil:
			case sub < 8: // saturating conversions
				surcharge, found = saturatingFuel, true
			case sub == subMemoryCopy:
				r.zero()
				r.zero()
				kind, found = siteBulk, true
			case sub == subMemoryFill:
				r.zero()
				kind, found = siteBulk, true
			default:
				r.failf(at, "opcode %#02x %d is unknown", op, sub)
			}
		}

		switch op {
		case opBlock, opLoop, opIf:
			nesting++
		case opElse:
			if nesting == 0 {
				r.failf(at, "else outside a block")
			}
		case opEnd:
			if nesting == 0 {
				return
			}
			nesting--
		case opCall, opCallIndirect:
			s.calls = true
		case opReturn:
			kind, found = siteReturn, true
		case opMemoryGrow:
			kind, found = siteGrow, true
		}
		if found {
			s.sites = append(s.sites, site{kind: kind, start: at, end: r.pos, nesting: nesting, surcharge: surcharge})
		}
	}
}

// label reads a label; the function's own is the one past its open blocks.
func (s *scan) label(r *reader, nesting uint32) {
	at := r.pos
	if l := r.u32(); r.err == nil && l > nesting {
		r.failf(at, "label %d inside %d blocks", l, nesting)
	}
}

func (s *scan) index(r *reader, what string, n uint32) {
	at := r.pos
	if i := r.u32(); r.err == nil && i >= n {
		r.failf(at, "%s %d of %d", what, i, n)
	}
}

func (r *reader) zero() {
	at := r.pos
	if b := r.byte(); r.err == nil && b != 0 {
		r.failf(at, "byte %#02x, want 0: there is one memory and one table", b)
	}
}
